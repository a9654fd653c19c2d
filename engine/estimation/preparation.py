"""Preparation: from the rows of a file to the values of a panel, one stated step after the other."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

import numpy as np

from ..choices import Duplicates, Scale, Transform
from ..errors import InputError, check_choice
from ..network.panel import Panel
from ..wording import counted, repeated, some
from . import recorded_notes
from .expression import is_constant
from .gene_rows import (
    GeneRows,
    combine_repeats,
    most_variable,
    refuse_repeated_genes,
    resolve_duplicates,
    select_genes,
)
from .normalisation import library_scales, transform
from .scale import are_standardised, check_counts, refuse_second_logarithm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from .expression import Expression

HARDLY_DETECTED = 0.2
"""Share of samples above the floor below which a gene is mentioned in a note."""

UNLOGGED = 100.0
"""Largest value that is plausible on a logarithmic scale."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """The steps of `prepare`.

    Parameters
    ----------
    floor : float, optional
        Values below are raised to it.
    transform : {"none", "log1p", "log2"}
        Applied to every value after the floor.
    counts : bool
        First scale every sample to the median library size.
    duplicates : {"error", "max-variance", "mean", "first", "sum"}
        What becomes of rows that name one gene; sums are for counts.
    genes : tuple of str, optional
        The panel wanted, in this order; all genes when absent.
    top_variance : int, optional
        Keep this many genes, those of greatest variance.
    min_detected : float, optional
        Leave out genes above the floor (0 when there is none) in a smaller share of the samples, 0 to 1.
    drop_constant : bool
        Leave out genes that have one value in all samples.
    scale : {"auto", "linear", "log"}
        What the values are: counts or intensities, or logarithms already. `auto` refuses a logarithm, or counts, of
        values that look like logarithms.

    Raises
    ------
    InputError
        An argument is not one of its possible values.
    """

    floor: float | None = None
    transform: Transform = "none"
    counts: bool = False
    duplicates: Duplicates = "error"
    genes: tuple[str, ...] | None = None
    top_variance: int | None = None
    min_detected: float | None = None
    drop_constant: bool = False
    scale: Scale = "auto"

    def __post_init__(self) -> None:
        check_choice("transform", self.transform, get_args(Transform))
        check_choice("duplicates", self.duplicates, get_args(Duplicates))
        check_choice("scale", self.scale, get_args(Scale))
        if self.duplicates == "sum" and not self.counts:
            raise InputError("Rows of one gene are added up for counts only.", code="sums-of-no-counts")
        if self.floor is not None and not math.isfinite(self.floor):
            raise InputError(f"The floor must be a finite number, not {self.floor}.")
        if self.genes is not None and (repeats := repeated(self.genes)):
            raise InputError(f"The list of genes wanted has some more than once: {some(repeats)}.")
        if self.top_variance is not None and self.top_variance < 2:
            raise InputError(f"A panel needs at least two genes; the {self.top_variance} most variable were asked for.")
        if self.min_detected is not None and not 0.0 <= self.min_detected <= 1.0:
            raise InputError(
                f"The least share of samples in which a gene is detected lies between 0 and 1, "
                f"and is not {self.min_detected:g}.",
                code="detected-share",
            )


NOT_LISTED = "not in the list of genes"
"""Why a gene is left out where the genes wanted were listed."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The panel of a store and its values, ready for an estimator.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        After counts normalisation, floor and transform; made read-only.
    raw : ndarray of float64, shape (p, n)
        The values as read of the same genes: what a store keeps. Made read-only.
    panel : Panel
        The p genes.
    samples : tuple of str
        The n samples.
    detected : ndarray of float64, shape (p,)
        The share of samples in which the value as read lies above the floor, or above 0 when there is none.
    notes : tuple of str
        Sentences that a user should read: genes left out, and values that look wrong.
    left_out : mapping of str to str
        The genes of the file that are not on the panel, in its order, and why.
    """

    values: NDArray[np.float64]
    raw: NDArray[np.float64]
    panel: Panel
    samples: tuple[str, ...]
    detected: NDArray[np.float64]
    notes: tuple[str, ...]
    left_out: Mapping[str, str]

    def __post_init__(self) -> None:
        for array in (self.values, self.raw, self.detected):
            array.setflags(write=False)


def prepare(expression: Expression, preparation: Preparation) -> Prepared:
    """Return the panel and the values that a preparation makes of an expression.

    The order is fixed. Rows of one gene are averaged, as read, if requested; then counts normalisation
    (library sizes over all rows of the file), floor and transform; then one row of each gene is selected (by
    "max-variance" after the transform); then the genes wanted, the detection filter, constant genes, and the most
    variable genes. Genes stay in the order of the file, or of the list, if there is one.

    Parameters
    ----------
    expression : Expression
        The file's rows, g genes by n samples.
    preparation : Preparation
        The steps.

    Returns
    -------
    Prepared
        p ≤ g genes with unique names.

    Raises
    ------
    InputError
        Names repeat and no way to resolve them is chosen; a count is negative or a sample has none; the transform is
        not defined for a value; more genes are requested than there are, or fewer than two are left.
    NotFound
        A gene wanted is not in the data.

    Notes
    -----
    O(g n + g log g), and up to three more arrays of the size of the expression.

    Examples
    --------
    >>> from .expression import Expression
    >>> values = np.array([[1.0, 3.0, 7.0], [1.0, 1.0, 1.0], [0.0, 1.0, 3.0]])
    >>> expression = Expression(values, ("TP53", "ACTB", "MDM2"), ("s1", "s2", "s3"))
    >>> prepared = prepare(expression, Preparation(transform="log1p", drop_constant=True))
    >>> list(prepared.panel.genes), prepared.notes
    (['TP53', 'MDM2'], ('1 of 3 genes was left out: it is constant.',))
    """
    rows = _filter(_unique_rows(expression, preparation), preparation)
    if len(rows.genes) < 2:
        raise InputError(
            f"A panel needs at least two genes, and preparing leaves {len(rows.genes)}. {' '.join(rows.notes)}".strip(),
            code="too-few-genes-left",
        )
    detected = _detected_shares(rows, preparation)
    notes = (*rows.notes, *_warnings(rows, preparation, detected))
    panel = Panel(rows.genes)
    left_out = {gene: rows.left_out.get(gene, NOT_LISTED) for gene in expression.genes if gene not in panel}
    return Prepared(rows.values, rows.raw, panel, expression.samples, detected, notes, left_out)


def _unique_rows(expression: Expression, preparation: Preparation) -> GeneRows:
    """Return one row a gene, after counts normalisation, floor and transform."""
    duplicates = preparation.duplicates
    if preparation.genes is not None and not preparation.counts:
        expression = _rows_wanted(expression, preparation.genes)
    expression.refuse_missing()
    notes = check_counts(expression, preparation.scale) if preparation.counts else ()
    refuse_second_logarithm(expression, preparation.transform, preparation.scale)
    if duplicates == "error":
        refuse_repeated_genes(expression.genes)
    source = combine_repeats(expression, duplicates) if duplicates in ("mean", "sum") else expression
    scaled = replace(source, values=source.values * library_scales(expression)) if preparation.counts else source
    values = transform(scaled, preparation.floor, preparation.transform)
    rows = GeneRows(values, source.values, source.genes, notes)
    if duplicates in ("max-variance", "first"):
        rows = resolve_duplicates(rows, duplicates)
    if len(rows.genes) == len(expression.genes):
        return rows
    what = {
        "mean": "rows of one gene were averaged",
        "sum": "counts of one gene were added",
        "first": "the first row of each was kept",
        "max-variance": "the most variable row of each was kept",
    }[duplicates]
    return rows.with_note(f"{len(expression.genes):,} rows name {counted(len(rows.genes), 'gene')}: {what}.")


def _rows_wanted(expression: Expression, genes: tuple[str, ...]) -> Expression:
    """Return the rows of the genes wanted, so that nothing depends on the others, as library sizes of counts do."""
    wanted = set(genes)
    at = [index for index, gene in enumerate(expression.genes) if gene in wanted]
    if len(at) == len(expression.genes):
        return expression
    return replace(expression, values=expression.values[at], genes=tuple(expression.genes[index] for index in at))


def _filter(rows: GeneRows, preparation: Preparation) -> GeneRows:
    """Return the rows of the genes wanted, well detected, varying and most variable, as the preparation has it."""
    if preparation.genes is not None:
        rows = select_genes(rows, preparation.genes)
    if preparation.min_detected is not None:
        if preparation.floor is None and are_standardised(rows.raw):
            raise InputError(
                "The values look standardised (gene means are about 0), so a value above 0 does not mean that a gene "
                "was detected.",
                code="detection-of-standardised",
            )
        mask = _detected_shares(rows, preparation) >= preparation.min_detected
        rows = rows.filter(mask, f"detected {_describe_hardly_detected(rows, preparation, preparation.min_detected)}")
    if preparation.drop_constant:
        rows = rows.filter(~is_constant(rows.values), "constant")
    if preparation.top_variance is not None:
        rows = most_variable(rows, preparation.top_variance)
    return rows


def _detected_shares(rows: GeneRows, preparation: Preparation) -> NDArray[np.float64]:
    """Return the share of samples in which each gene, as read, lies above the floor, shape (p,)."""
    return np.mean(rows.raw > (preparation.floor or 0.0), axis=1)


def _describe_hardly_detected(rows: GeneRows, preparation: Preparation, share: float) -> str:
    floor = "0" if preparation.floor is None else f"the floor of {preparation.floor:g}"
    return f"(above {floor}) in fewer than {100 * share:g} % of the {rows.raw.shape[1]:,} samples"


def _warnings(rows: GeneRows, preparation: Preparation, detected: NDArray[np.float64]) -> list[str]:
    """Return sentences on steps that were left out and may have been intended."""
    notes: list[str] = []
    hardly = int(np.count_nonzero(detected < HARDLY_DETECTED))
    if preparation.min_detected is None and hardly and not are_standardised(rows.raw):
        description = _describe_hardly_detected(rows, preparation, HARDLY_DETECTED)
        notes.append(recorded_notes.hardly_detected(hardly, len(detected), description, HARDLY_DETECTED))
    smallest, largest = float(rows.values.min()), float(rows.values.max())
    if preparation.transform == "none" and largest > UNLOGGED:
        notes.append(recorded_notes.not_transformed(smallest, largest))
    return notes
