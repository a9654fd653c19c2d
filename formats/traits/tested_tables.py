"""Tables of differential expression: known by their titles, and offering the columns that can be a signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import some
from .trait_tables import normalised

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# fmt: off
P_VALUES = frozenset({
    "p", "pval", "pvals", "pvalue", "pvalues", "prob", "praw", "rawp", "padj", "padjust", "adjp", "adjpval", "adjpvals",
    "adjpvalue", "pvaladj", "pvalsadj", "pvalueadj", "padjusted", "adjustedpvalue", "fdr", "qval", "qvals", "qvalue",
    "bh", "bonferroni", "fwer", "log10p", "log10pvalue", "neglog10p", "minuslog10p",
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


SHORT = frozenset({"p", "bh", "prob"})
"""Titles of p-values that alone in a table may be something else."""


def refuse_tested_table(path: Path, names: Sequence[str], numeric: Sequence[str]) -> None:
    """Refuse a table of differential expression of which no column was named.

    Parameters
    ----------
    path : Path
        For the sentence of the error.
    names, numeric : sequence of str
        All titles but that of the ids, and those of columns of numbers.

    Raises
    ------
    InputError
        It has p-values, alone or beside other numbers.
    """
    titles = {normalised(name) for name in names}
    has_other = len(numeric) > 1
    if not (titles & P_VALUES if has_other else {normalised(name) for name in numeric} <= P_VALUES - SHORT):
        return
    wald = ["b"] if "seb" in titles else []  # sleuth's effect; limma's B is a log odds
    ranks = {title: rank for rank, title in enumerate([*wald, *SIGNALS])}
    signed = sorted((name for name in numeric if normalised(name) in ranks), key=lambda name: ranks[normalised(name)])
    offered = signed or [name for name in numeric if normalised(name) not in P_VALUES] or list(numeric)
    raise InputError(
        f"{path} is a table of test results, with {some(names, 10)}: only one of its columns is the signal.",
        code="column-of-tested-table",
        facts={"first": offered[0], "offered": some(offered)},
    )
