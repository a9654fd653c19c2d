"""Rows of an expression before they are a panel: one row a gene, and the filters that leave genes out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..errors import InputError, NotFound
from ..wording import counted, repeated, some
from .expression import Expression, variances

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class GeneRows:
    """Genes in order, their values, and what has been left out so far.

    Parameters
    ----------
    values : ndarray of float64, shape (g, n)
        After counts normalisation, floor and transform.
    raw : ndarray of float64, shape (g, n)
        As read.
    genes : tuple of str
        g names.
    notes : tuple of str
        One sentence for each step that left rows out.
    left_out : mapping of str to str
        The genes that filters have left out, and what they are: `constant`, or `detected in …`.
    """

    values: NDArray[np.float64]
    raw: NDArray[np.float64]
    genes: tuple[str, ...]
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])

    def select(self, indices: NDArray[np.intp]) -> GeneRows:
        """Return the rows of indices, in that order."""
        genes = tuple(self.genes[int(index)] for index in indices)
        return replace(self, values=self.values[indices], raw=self.raw[indices], genes=genes)

    def with_note(self, sentence: str) -> GeneRows:
        """Return the same rows with one more note."""
        return replace(self, notes=(*self.notes, sentence))

    def filter(self, mask: NDArray[np.bool_], description: str) -> GeneRows:
        """Return the rows of a mask, with a note that counts and describes the others."""
        lost = int(np.count_nonzero(~mask))
        if lost == 0:
            return self
        verb, pronoun = ("was", "it is") if lost == 1 else ("were", "they are")
        sentence = f"{lost:,} of {counted(len(mask), 'gene')} {verb} left out: {pronoun} {description}."
        left_out = {**self.left_out, **{self.genes[i]: description for i in np.flatnonzero(~mask).tolist()}}
        return replace(self.select(np.flatnonzero(mask)).with_note(sentence), left_out=left_out)


def refuse_repeated_genes(genes: tuple[str, ...]) -> None:
    """Refuse genes that stand in more than one row, naming some."""
    repeats = repeated(genes)
    if repeats:
        raise InputError(
            f"{len(repeats):,} of {counted(len(set(genes)), 'gene')} occur in more than one row: {some(repeats)}.",
            code="repeated-genes",
        )


def combine_repeats(expression: Expression, duplicates: Literal["mean", "sum"]) -> Expression:
    """Return one row a gene, the mean or the sum of its rows, in the order of their first rows; O(g n)."""
    groups, genes = _groups(expression.genes)
    if len(genes) == len(groups):
        return expression
    sums = np.zeros((len(genes), len(expression.samples)))
    np.add.at(sums, groups, expression.values)
    if duplicates == "mean":
        sums /= np.bincount(groups)[:, np.newaxis]
    return Expression(sums, genes, expression.samples)


def resolve_duplicates(rows: GeneRows, duplicates: Literal["max-variance", "first"]) -> GeneRows:
    """Return one row of each gene, its most variable or its first; the first of ties; O(g n + g log g)."""
    groups, genes = _groups(rows.genes)
    if len(genes) == len(groups):
        return rows
    by_variance = duplicates == "max-variance"
    order = np.argsort(-variances(rows.values), kind="stable") if by_variance else np.arange(len(groups))
    _, first = np.unique(groups[order], return_index=True)
    return rows.select(np.sort(order[first]))


def select_genes(rows: GeneRows, genes: tuple[str, ...]) -> GeneRows:
    """Return the rows of genes, in the order of the list; a name that is not there is refused."""
    indices = {gene: index for index, gene in enumerate(rows.genes)}
    missing = [gene for gene in genes if gene not in indices]
    if missing:
        raise NotFound(
            f"{len(missing):,} of the {counted(len(genes), 'gene')} wanted ({100 * len(missing) / len(genes):.1f} %) "
            f"are not in the data: {some(missing)}.",
            hint="Remove them from the list, or check that list and data use one kind of name, in one spelling.",
        )
    return rows.select(np.array([indices[gene] for gene in genes], dtype=np.intp))


def most_variable(rows: GeneRows, number: int) -> GeneRows:
    """Return the rows of greatest variance, in the order they have; the first of ties; O(g n + g log g)."""
    if number > len(rows.genes):
        raise InputError(
            f"The {number:,} most variable genes were asked for, and there are {len(rows.genes):,}.",
            code="too-many-most-variable",
            facts={"genes": len(rows.genes)},
        )
    mask = np.zeros(len(rows.genes), dtype=np.bool_)
    mask[np.argsort(-variances(rows.values), kind="stable")[:number]] = True
    return rows.filter(mask, f"not among the {number:,} of greatest variance")


def _groups(genes: tuple[str, ...]) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Return the number of each row's gene, shape (g,), and the genes in order of first appearance."""
    numbers: dict[str, int] = {}
    groups = np.array([numbers.setdefault(gene, len(numbers)) for gene in genes], dtype=np.intp)
    return groups, tuple(numbers)
