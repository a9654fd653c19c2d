"""Loadings on genes by name, before they are matched to a panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import ShapeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class GeneLoadings:
    """One pathway as a file names it.

    Parameters
    ----------
    name : str
        The name of the pathway.
    genes : tuple of str
        m names, each once, in the vocabulary of the file.
    loadings : ndarray of float64, shape (m,)
        One a gene, before any strength; made read-only.
    source : str, optional
        The regulator of a regulon: it loads 1 itself where the panel has it and the file does not say otherwise.
    is_set : bool
        The loadings only say that genes belong: two names of one gene then count once.

    Raises
    ------
    ShapeError
        There is not one loading a gene.
    """

    name: str
    genes: tuple[str, ...]
    loadings: NDArray[np.float64]
    source: str | None = None
    is_set: bool = False

    def __post_init__(self) -> None:
        if self.loadings.shape != (len(self.genes),):
            raise ShapeError(
                f"{len(self.genes)} genes of {self.name} do not fit loadings of shape {self.loadings.shape}."
            )
        self.loadings.setflags(write=False)


@dataclass(frozen=True, slots=True)
class LoadingsFile:
    """What a file of pathways holds.

    Parameters
    ----------
    pathways : tuple of GeneLoadings
        In the order of the file.
    covariance : ndarray of float64, shape (D, D), optional
        The pathway covariance F, where the file holds one.
    notes : tuple of str
        What was decided while reading.
    is_scaled : bool
        The loadings are taken as they are, in units of their own. Others are weights that a strength is to multiply.
    """

    pathways: tuple[GeneLoadings, ...]
    covariance: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()
    is_scaled: bool = False
