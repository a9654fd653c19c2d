"""Tables of differential expression: known by their titles, and offering the columns that can be a signal."""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import some
from ..tables.fields import is_blank, is_number
from ..tables.id_titles import normalised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

# fmt: off
P_VALUES = frozenset({
    "p", "pval", "pvals", "pvalue", "pvalues", "prob", "praw", "rawp", "padj", "padjust", "adjp", "adjpval", "adjpvals",
    "adjpvalue", "pvaladj", "pvalsadj", "pvalueadj", "padjusted", "adjustedpvalue", "fdr", "qval", "qvals", "qvalue",
    "q", "lfsr", "lfdr", "svalue", "bh", "bonferroni", "fwer", "log10p", "log10pvalue", "neglog10p", "minuslog10p",
    "pwert", "pwerte", "valeurp", "valeursp", "valorp", "valordep", "valoresp", "pvalor", "valorep", "signifikanz",
})
# fmt: on
"""Titles of p-values, in small letters and without signs: DESeq2, edgeR, limma, scanpy, Seurat, sleuth."""

# fmt: off
SIGNALS = (
    "stat", "t", "tstat", "tstatistic", "tvalue", "z", "zscore", "zstat", "zvalue", "wald", "waldstat", "waldstatistic",
    "score", "scores", "log2foldchange", "log2foldchanges", "logfoldchange", "logfoldchanges", "logfc", "log2fc",
    "avglog2fc", "avglogfc", "lfc", "meandiff", "diff", "difference", "effect", "effectsize", "beta", "estimate",
    "coef", "coefficient", "foldchange", "fc",
)
# fmt: on
"""Titles of signed statistics and effects, the best signal first."""


SHORT = frozenset({"p", "q", "bh", "prob", "signifikanz"})
"""Titles that are of p-values where all numbers below are from 0 to 1."""

_WORDS = re.compile(r"[^a-z0-9]+")

_P_WORDS = frozenset({
    "pval", "pvals", "pvalue", "pvalues", "padj", "qval", "qvals", "qvalue", "qvalues", "fdr", "fwer", "lfsr", "lfdr",
})  # fmt: skip
"""Words of titles of p-values with a name beside, as `Pvalue_SKATO`, `neg|fdr`, `CTRL_p_val`, `p_wald`, `TWAS.P`."""

_LETTERS = frozenset({"p", "q"})
"""Words that are of p-values where they stand first or last, or before one of `_VALUE_WORDS`."""

_VALUE_WORDS = frozenset({"val", "vals", "value", "values", "adj"})

_WHY = "which have no sign, and of which the small ones are strong"

_WAY = (
    "Write a column into the file and name it: z with the sign of the effect (scipy.stats.norm.isf(p / 2) times "
    "numpy.sign(effect)), or -log10 p for the strength alone. If these are no p-values, give them another title."
)

_LOGARITHM = re.compile(r"(m|n|neg|negative|minus)?(log10|log2|log|ln)(?P<of>.+)")

_LOGARITHMS = frozenset({"log10p", "log10pvalue", "neglog10p", "minuslog10p", "mlogp", "nlogp", "nlp"})

_FOLD_CHANGES = re.compile(r"(?!.*(log|lfc|ln)).*foldchanges?|fc|ratio|(.*(mean|avg|average))?fc")
"""Titles of fold changes that are no logarithms, in small letters and without signs."""


_AVERAGES = frozenset(
    {"logcpm", "aveexpr", "avelogcpm", "averageexpression", "basemean", "meanobs", "b", "logodds", "lods"}
)
"""Titles of numbers of both signs that are no signal of a test: averages, and limma's log odds."""


def signal_of_test(
    path: Path, names: Sequence[str], numeric: Mapping[str, Sequence[str]]
) -> tuple[list[str], list[str]]:
    """Return the columns that are the signal of a table of numbers, and a note where it is one of test results.

    Parameters
    ----------
    path : Path
        For the sentence of the error.
    names : sequence of str
        All titles but that of the ids.
    numeric : mapping of str to sequence of str
        The fields of columns of numbers, by their titles.

    Raises
    ------
    InputError
        It has p-values, alone or beside other numbers of which none can be the signal, or several can.
    """
    tested = [name for name in names if _is_p_title(name)]
    tested += [name for name, fields in numeric.items() if name not in tested and are_p_values(name, fields)]
    if not tested or (len(numeric) == 1 and not set(numeric) <= set(tested)):
        return list(numeric), []
    signed = _signed(names, numeric)
    plain = [name for name in numeric if not are_p_values(name, numeric[name])]
    others = [name for name in plain if name not in (*tested, *signed)]
    both_signs = [name for name in others if normalised(name) not in _AVERAGES and _have_both_signs(numeric[name])]
    if len(signed) == 1 and not both_signs:
        note = f"{path.name} is a table of test results: {some(signed)} is the signal, the only one with a sign."
        return signed, [note]
    offered = signed if len(signed) > 1 else [*signed, *both_signs] or others or plain
    if not offered:
        have = "has p-values" if len(numeric) == 1 else "have p-values"
        raise InputError(f"{path}: {some(list(numeric))} {have}, {_WHY}, and there is no other number.", hint=_WAY)
    raise InputError(
        f"{path} is a table of test results, with {some(names, 10)}: only one of its columns is the signal.",
        code="column-of-tested-table",
        facts={"first": quote(offered[0]), "offered": some(offered)},
    )


def _signed(names: Sequence[str], numeric: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the columns that have a sign by their titles, the best signal first."""
    wald = ["b"] if "seb" in map(normalised, names) else []  # sleuth's effect; limma's B is a log odds
    ranks = {title: rank for rank, title in enumerate([*wald, *SIGNALS])}
    return sorted((name for name in numeric if normalised(name) in ranks), key=lambda name: ranks[normalised(name)])


def refuse_p_values(path: Path, name: str, fields: Sequence[str], numeric: Mapping[str, Sequence[str]]) -> None:
    """Refuse a column of p-values that is named as the signal.

    Parameters
    ----------
    path, name : Path, str
        For the sentence of the error: the file, and the title.
    fields : sequence of str
        The fields of the column.
    numeric : mapping of str to sequence of str
        The fields of all columns of numbers, by their titles.

    Raises
    ------
    InputError
        They are p-values, and no logarithms of them.
    """
    if not are_p_values(name, fields):
        return
    signed = _signed(list(numeric), numeric)
    beside = f" A column with a sign is there: {some(signed)}." if signed else ""
    raise InputError(
        f"{path}: {some([name])} has p-values, {_WHY}: taken as numbers, those without an effect would be the largest."
        f"{beside}",
        hint=_WAY,
    )


def describe_logarithms(path: Path, names: Sequence[str], values: NDArray[np.float64]) -> list[str]:
    """Return a note on logarithms of p-values, which have no sign.

    Parameters
    ----------
    path : Path
        For the sentence.
    names : sequence of str
        m titles.
    values : ndarray of float64, shape (n, m)
        NaN where a value is missing.
    """
    notes: list[str] = []
    for name, column in zip(names, values.T, strict=True):
        present = column[np.isfinite(column)]
        if not len(present) or not _is_logarithm(name) or (present.min() < 0 < present.max()):
            continue
        lowest = ", and the lowest is the strongest" if present.max() <= 0 else ""
        notes.append(
            f"{path.name}: {some([name])} has by title logarithms of p-values: they say how strong, not whether up or "
            f"down{lowest}."
        )
    return notes


def describe_fold_changes(path: Path, names: Sequence[str], values: NDArray[np.float64]) -> list[str]:
    """Return a note on fold changes that are no logarithms: ratios, or 2 and -2 with nothing between 1 and -1.

    Parameters
    ----------
    path : Path
        For the sentence.
    names : sequence of str
        m titles.
    values : ndarray of float64, shape (n, m)
        NaN where a value is missing.
    """
    shown: list[str] = []
    for name, column in zip(names, values.T, strict=True):
        present = column[np.isfinite(column)]
        if not len(present) or not _FOLD_CHANGES.fullmatch(normalised(name)):
            continue
        if np.all(present > 0) or (np.all(np.abs(present) >= 1) and np.any(present < 0)):
            shown.append(name)
    if not shown:
        return []
    are = "has fold changes that are" if len(shown) == 1 else "have fold changes that are"
    why = "Twice and half are not alike in size so; a mixed model wants log2 of the ratio."
    return [f"{path.name}: {some(shown)} {are} no logarithms. {why}"]


def are_p_values(title: str, fields: Sequence[str]) -> bool:
    """Whether a column has p-values by its title and its numbers, and no logarithms of them."""
    if _is_logarithm(title):
        return False
    if _is_p_title(title):
        return not any(is_number(field) and float(field) < 0 for field in fields)
    words = _WORDS.split(title.lower())
    has_letter = any(
        word in _LETTERS and (place in (0, len(words) - 1) or words[place + 1] in _VALUE_WORDS)
        for place, word in enumerate(words)
    )
    is_titled = normalised(title) in SHORT or has_letter or not _P_WORDS.isdisjoint(words)
    return is_titled and _are_shares(fields)


def _is_p_title(title: str) -> bool:
    """Whether a title is of p-values or their logarithms, whatever stands below."""
    return normalised(title) in P_VALUES - SHORT or _is_logarithm(title)


def _is_logarithm(title: str) -> bool:
    """Whether a title is of logarithms of p-values."""
    word = normalised(title)
    logarithm = _LOGARITHM.fullmatch(word)
    return word in _LOGARITHMS or (logarithm is not None and logarithm["of"] in P_VALUES)


def _are_shares(fields: Sequence[str]) -> bool:
    """Whether all numbers are from 0 to 1."""
    return all(is_blank(field) or (is_number(field) and 0 <= float(field) <= 1) for field in fields)


def _have_both_signs(fields: Sequence[str]) -> bool:
    """Whether some numbers are below 0, and some above."""
    numbers = [float(field) for field in fields if is_number(field)]
    return bool(numbers) and min(numbers) < 0 < max(numbers)
