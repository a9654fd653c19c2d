"""Tables that look like expression and are not: results of tests, components, one value a row, genes × genes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..files.kinds import pandas_call
from ..genes.orientation import GENE_WORDS, SAMPLE_WORDS, title_word
from .measures import is_measure
from .titles import WORDS_ON_LIBRARIES, is_component

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_P_VALUE = re.compile(
    r"(?<![a-z])(p[._ -]?val(ue)?s?|p[._ -]?adj(usted)?|pvals?[._]adj|adj(usted)?[._ ]?p([._ -]?val(ue)?)?|fdr|"
    r"q[._ -]?val(ue)?s?|bonferroni|holm|p[._]?bh)(?![a-z])",
    re.IGNORECASE,
)
_EFFECT = re.compile(
    r"(?<![a-z])((avg[._])?log(2|10)?[._ ]?(fc|fold[._ ]?change)s?(se)?|lfc(se)?|fold[._ ]?changes?|base[._]?mean|"
    r"ave[._]?expr|pct[._ ]?\d|log[._]?cpm|t[._ -]?stat(istic)?|z[._ -]?score|odds[._ ]ratio|stat|lr)(?![a-z])",
    re.IGNORECASE,
)
"""Titles of what stands beside p-values; without one, a fold change may be of a sample."""

FEWEST_SAMPLES = 3
"""Fewest columns that are samples beside results of tests."""

MOST_OF_ALL = 0.5
"""Share of the names of genes that are words on libraries, where the table is one of their qualities."""


def find_results(titles: Sequence[str], columns: Sequence[int]) -> list[int]:
    """Return the columns that hold results of tests, where one holds p-values: of one contrast or of several.

    Columns that share the name of a contrast with several of them are of it too, unless they are measures.

    Examples
    --------
    >>> find_results(["gene", "KO1_logFC", "KO1_FDR", "S1", "S2", "S3"], range(1, 6))
    [1, 2]
    >>> find_results(["gene", "logFC_P1", "logFC_P2", "logFC_P3"], range(1, 4))
    []
    """
    values = [column for column in columns if _P_VALUE.search(titles[column])]
    if not values:
        return []
    effects = [column for column in columns if column not in values and _EFFECT.search(titles[column])]
    contrasts = [_P_VALUE.sub("", titles[column]).strip(" ._|:()-") for column in values]
    contrasts += [_EFFECT.sub("", titles[column]).strip(" ._|:()-") for column in effects]
    shared = {contrast for contrast in contrasts if len(contrast) > 1 and contrasts.count(contrast) > 1}
    of_contrasts = [
        column
        for column in columns
        if any(re.match(rf"{re.escape(c)}[ ._|:-]|.*[ ._|:-]{re.escape(c)}$", titles[column]) for c in shared)
        and not is_measure(titles[column])
        and not any(map(str.isdigit, titles[column]))
    ]
    return sorted({*values, *effects, *of_contrasts})


def refuse_results(path: Path, titles: Sequence[str], results: Sequence[int], left: Sequence[int]) -> None:
    """Refuse a table of results of tests, which has too few other columns to be samples."""
    if results and len(left) < FEWEST_SAMPLES:
        raise InputError(
            f"{path} holds results of tests of genes, and no expression of {FEWEST_SAMPLES} samples: "
            f"{some([titles[column] for column in results])}.",
            code="results-not-expression",
        )


def refuse_components(path: Path, names: Sequence[str]) -> None:
    """Refuse columns or rows that are all components, such as PC1, PC2 and so on."""
    if len(names) > 1 and all(map(is_component, names)):
        raise InputError(
            f"{path} holds components or modules ({some(names, 3)}), and no expression.",
            code="components-not-expression",
        )


def refuse_list_of_values(path: Path, titles: Sequence[str], texts: Sequence[Sequence[str]], numbers: int) -> None:
    """Refuse a table that has one value a row, with its gene and its sample in columns of text.

    Parameters
    ----------
    path : Path
    titles : sequence of str
        Of the columns of text.
    texts : sequence of sequence of str
        The first cells of these.
    numbers : int
        How many columns hold numbers.
    """
    words = [title_word(title) for title in titles]
    has_both = any(word in GENE_WORDS for word in words) and any(word in SAMPLE_WORDS for word in words)
    repeating = sum(len(set(cells)) < len(cells) for cells in texts)
    if numbers < FEWEST_SAMPLES and len(texts) > 1 and repeating and (has_both or repeating > 1):
        raise InputError(
            f"{path} seems to hold one value a row: columns {some(list(map(repr, titles)))} hold text that repeats, "
            f"and {counted(numbers, 'column')} {'holds' if numbers == 1 else 'hold'} numbers.",
            code="one-value-a-row",
            facts={"read": pandas_call(path)},
        )


def refuse_square(path: Path, rows: Sequence[str], columns: Sequence[str], values: NDArray[np.float64]) -> None:
    """Refuse a symmetric table that has the same names on both axes: it compares genes, or samples."""
    if len(rows) != len(columns) or len(rows) < FEWEST_SAMPLES or set(rows) != set(columns):
        return
    at = {name: i for i, name in enumerate(columns)}
    ordered = values[:, [at[name] for name in rows]] if len(at) == len(rows) else values
    if np.allclose(ordered, ordered.T, rtol=1e-4, atol=1e-6, equal_nan=True):
        raise InputError(
            f"{path} has the same {len(rows):,} names on both axes ({some(list(rows), 3)}) and is symmetric: it "
            "compares them with each other, and holds no expression of samples.",
            code="square-not-expression",
        )


def refuse_qualities(path: Path, genes: Sequence[str]) -> None:
    """Refuse names of genes of which most are words on libraries, as a report of qualities has them."""
    on_libraries = [gene for gene in genes if not WORDS_ON_LIBRARIES.isdisjoint(title_word(gene).split("_"))]
    if len(on_libraries) > MOST_OF_ALL * len(genes):
        raise InputError(
            f"The genes of {path} would be named {some(on_libraries, 3)}: these describe samples, and are no genes.",
            code="qualities-not-expression",
        )
