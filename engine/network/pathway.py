"""Pathways: the named low-rank terms whose set, on a base, is a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np

from ..choices import Units
from ..errors import InputError, ShapeError
from ..wording import counted, printable
from .covariance import check_pathway_covariance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from .panel import Panel

SMALLEST_LOADING = 1e-150
"""Smallest loading: the square of a smaller one is zero, so that it would silently change nothing."""


@dataclass(frozen=True, slots=True)
class Pathway:
    """One element of a version: loadings on some genes, added to or subtracted from the covariance.

    It is the term sign · X F Xᵀ. Almost always X is one column; columns that share a pathway covariance F which is
    not diagonal are one element together, since none of them can be added or dropped alone.

    Parameters
    ----------
    names : tuple of str
        D names, one a column.
    genes : ndarray of intp, shape (m,)
        Indices in the panel, ascending and unique.
    loadings : ndarray of float64, shape (m, D)
        Finite; no column all zero.
    sign : {1, -1}
        Whether the term is added or subtracted.
    units : {"sd", "raw"}
        The unit of the loadings.
    covariance : ndarray of float64, shape (D, D), optional
        F, symmetric positive definite; the identity when absent.

    Raises
    ------
    ShapeError
        The arrays do not fit together.
    InputError
        A loading is not finite, a column is all zero, or a name is empty or occurs twice.
    NotPositiveDefinite
        F is not positive definite.
    """

    names: tuple[str, ...]
    genes: NDArray[np.intp]
    loadings: NDArray[np.float64]
    sign: Literal[1, -1] = 1
    units: Units = "sd"
    covariance: NDArray[np.float64] | None = None

    def __repr__(self) -> str:
        return f"<Pathway {'+' if self.sign > 0 else '−'} {printable(self.label)}: {counted(len(self.genes), 'gene')}>"

    def __post_init__(self) -> None:
        if self.sign not in (1, -1) or self.units not in get_args(Units):
            raise InputError(
                f"A pathway has the sign 1 or -1 and the units sd or raw, not {self.sign!r} and {self.units!r}."
            )
        if isinstance(cast("object", self.names), str) or not np.issubdtype(self.genes.dtype, np.integer):
            raise InputError(f"A pathway has a tuple of names, not {self.names!r}, and whole numbers for its genes.")
        if not np.issubdtype(self.loadings.dtype, np.floating):
            raise InputError(f"Loadings are real numbers in floating point, not {self.loadings.dtype}.")
        expected = (len(self.genes), len(self.names))
        if self.loadings.shape != expected:
            raise ShapeError(f"Loadings of {self.label} have shape {self.loadings.shape}, not {expected}.")
        self._copy_arrays()
        self._check_names()
        self._check_loadings()
        if self.covariance is not None:
            check_pathway_covariance(self.covariance, len(self.names))

    @staticmethod
    def of(
        panel: Panel, name: str, loadings: Mapping[str, float], *, sign: Literal[1, -1] = 1, units: Units = "sd"
    ) -> Pathway:
        """Return the pathway of one column with these loadings of genes, by name.

        Raises
        ------
        NotFound
            A gene is not on the panel.

        Examples
        --------
        >>> from .panel import Panel
        >>> panel = Panel(("TP53", "MDM2", "CDKN1A"))
        >>> Pathway.of(panel, "p53", {"CDKN1A": 0.2, "TP53": 0.1}).loadings.ravel()
        array([0.1, 0.2])
        """
        indices = panel.locate(list(loadings))
        values = np.array(list(loadings.values()), dtype=np.float64)
        order = np.argsort(indices, kind="stable")
        return Pathway((name,), indices[order], values[order, np.newaxis], sign, units)

    @property
    def label(self) -> str:
        """The names, joined for reading."""
        return ", ".join(self.names)

    @property
    def rank(self) -> int:
        """The number of columns D."""
        return len(self.names)

    def columns(self) -> NDArray[np.float64]:
        """Return X F^½ with the Cholesky root of F, shape (m, D), in the pathway's units."""
        if self.covariance is None:
            return self.loadings
        return self.loadings @ np.linalg.cholesky(self.covariance)

    def _copy_arrays(self) -> None:
        """Make read-only copies, laid out as in a file: the last bit of a product can depend on the layout."""
        arrays: tuple[tuple[str, NDArray[Any] | None, type], ...] = (
            ("genes", self.genes, np.intp),
            ("loadings", self.loadings, np.float64),
            ("covariance", self.covariance, np.float64),
        )
        for name, array, dtype in arrays:
            if array is not None:
                copy = np.array(array, dtype=dtype, order="C")
                copy.setflags(write=False)
                object.__setattr__(self, name, copy)

    def _check_names(self) -> None:
        if not self.names or len(set(self.names)) < len(self.names):
            raise InputError(f"The columns of a pathway need names that differ; these are {self.names!r}.")
        for name in self.names:
            if not name.strip() or not name.isprintable():
                raise InputError(f"The pathway name {name!r} is empty or holds a character that cannot be printed.")

    def _check_loadings(self) -> None:
        if len(self.genes) and (self.genes[0] < 0 or np.any(self.genes[1:] <= self.genes[:-1])):
            raise ShapeError(f"The genes of {self.label} must be indices in ascending order, each once.")
        if not np.all(np.isfinite(self.loadings)):
            raise InputError(f"Pathway {self.label} has a loading that is not finite.")
        empty = ~np.any(np.abs(self.loadings) > SMALLEST_LOADING, axis=0)
        if np.any(empty):
            name = self.names[int(np.argmax(empty))]
            raise InputError(
                f"Pathway {name} has no loading other than zero, or none large enough to count.",
                hint="Leave it out, or give its genes weights.",
            )
