"""The gene panel: the ordered, unique names of the p genes, fixed for the life of a store."""

from __future__ import annotations

import difflib
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, SupportsIndex, cast

import numpy as np

from ..errors import InputError, NotFound
from ..wording import some
from .gene_names import GeneNames

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_COMPARED = 100_000
"""Most genes of a panel that a misspelt name is compared with one by one: 100,000 take a second."""

Gene = str | int | np.integer
"""A gene by its name or by its index in the panel."""

GeneSelection = Gene | slice | Iterable[str] | Iterable[SupportsIndex] | np.ndarray[Any, Any]
"""A gene, or several of them."""


def names_of(names: str | Iterable[str]) -> tuple[str, ...]:
    """Return names as a tuple; a text by itself is one name, and not its letters.

    Examples
    --------
    >>> names_of("TP53"), names_of(["TP53", "MDM2"])
    (('TP53',), ('TP53', 'MDM2'))
    """
    return (names,) if isinstance(names, str) else tuple(names)


def is_single(genes: GeneSelection) -> bool:
    """Return whether a selection is one gene, and not several."""
    return isinstance(genes, Gene)


@dataclass(frozen=True, slots=True)
class Panel:
    """The p genes of a store, in order.

    Parameters
    ----------
    genes : sequence of str
        p unique, non-empty names; held as `GeneNames`.
    left_out : callable
        Returns the genes of the data that were left out when the panel was made, and why; nothing by default.
    samples : tuple of str
        The samples of the base that the panel is read with, where it has any: what bears their names is expression.
    deviations : ndarray of float64, shape (p,), optional
        The standard deviations of the genes in that base, by which loadings in units of the expression are judged.

    Raises
    ------
    InputError
        A name is empty, occurs twice or cannot be printed, or there are fewer than two.

    Examples
    --------
    >>> panel = Panel(("TP53", "MDM2", "CDKN1A"))
    >>> panel.locate(["CDKN1A", "TP53"])
    array([2, 0])
    >>> panel.names([2, 0])
    ['CDKN1A', 'TP53']
    """

    genes: Sequence[str]
    left_out: Callable[[], Mapping[str, str]] = field(default=dict[str, str], repr=False, compare=False)
    samples: tuple[str, ...] = field(default=(), repr=False, compare=False)
    deviations: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "genes", GeneNames.of(self.genes))

    def __repr__(self) -> str:
        return f"<Panel of {len(self):,} genes: {', '.join(self.genes[:3])}, …>"

    def __len__(self) -> int:
        return len(self.genes)

    def __contains__(self, gene: object) -> bool:
        return gene in self.genes

    @property
    def gene_names(self) -> GeneNames:
        """The names, packed."""
        return cast("GeneNames", self.genes)

    def index(self, gene: Gene) -> int:
        """Return the index of one gene; raises as `locate`, and for a list of genes."""
        if not is_single(gene):
            raise InputError(f"{gene!r} is not one gene.", hint="Give one name, or one index.")
        return self._locate_one(gene)

    def locate(self, genes: GeneSelection) -> NDArray[np.intp]:
        """Return the indices of genes in the panel.

        Parameters
        ----------
        genes : str, int, slice, or iterable of str or int
            Names, or indices from 0; or an array of p booleans that is true for the genes wanted.

        Returns
        -------
        ndarray of intp, shape (m,)
            One index a gene, in the order of the selection; m = 1 for a single gene.

        Raises
        ------
        NotFound
            A name or index is not on the panel; the hint has similar names, or some of the panel's.
        InputError
            It is neither a gene nor a list of genes.
        """
        if isinstance(genes, str | int | np.integer):
            return np.array([self._locate_one(genes)], dtype=np.intp)
        if isinstance(genes, slice):
            return np.arange(len(self), dtype=np.intp)[genes]
        if isinstance(genes, np.ndarray):
            return self._locate_array(cast("NDArray[Any]", genes))
        if not isinstance(cast("object", genes), Iterable) or isinstance(genes, bytes):
            raise InputError(f"{genes!r} is neither a gene nor a list of genes.", hint="Give names, or indices.")
        return np.array([self._locate_one(gene) for gene in genes], dtype=np.intp)

    def names(self, indices: Iterable[SupportsIndex]) -> list[str]:
        """Return the names of the genes of indices from 0."""
        return self.gene_names.texts(np.fromiter(map(operator.index, indices), dtype=np.intp))

    def _locate_array(self, genes: NDArray[Any]) -> NDArray[np.intp]:
        if genes.dtype == np.bool_ and genes.shape == (len(self),):
            return np.flatnonzero(genes)
        return np.array([self._locate_one(gene) for gene in genes.ravel().tolist()], dtype=np.intp)

    def _locate_one(self, gene: str | SupportsIndex) -> int:
        if isinstance(gene, str):
            index = self.gene_names.find(gene)
            if index is None:
                raise NotFound(f"Gene {gene!r} is not on the panel of {len(self)} genes.", hint=self._near(gene))
            return index
        if isinstance(gene, bool | np.bool_) or not isinstance(cast("object", gene), SupportsIndex):
            raise InputError(f"{gene!r} is neither the name nor the index of a gene.", hint="Give names, or indices.")
        index = operator.index(gene)
        if not 0 <= index < len(self):
            raise NotFound(f"Gene number {index} is not on the panel: they run from 0 to {len(self) - 1}.")
        return index

    def _near(self, gene: str) -> str:
        near = list(self.gene_names.in_any_case([gene]).values())
        if not near and len(self) > MOST_COMPARED:
            near = self.gene_names.one_edit_away(gene)[:3]
        elif not near:
            names = {name.casefold(): name for name in self.genes}
            near = [names[name] for name in difflib.get_close_matches(gene.casefold(), names, n=3, cutoff=0.7)]
        return f"Did you mean {', '.join(near)}?" if near else f"The panel has {some(self.genes)}."
