"""Arguments that are one of a few words: the one list of each, for functions and for the command line."""

from __future__ import annotations

from typing import Literal

Transform = Literal["none", "log1p", "log2"]
"""The function applied to every value after the floor."""

Duplicates = Literal["error", "max-variance", "mean", "first", "sum"]
"""How rows that name one gene are resolved: an error, the most variable, their mean, the first, their sum (counts)."""

DuplicateSamples = Literal["error", "first", "mean", "number"]
"""How columns of one sample name are resolved: an error, the first, their mean, or names with `_2`, `_3` and so on."""

Scale = Literal["auto", "linear", "log"]
"""What values are said to be: nothing, counts or intensities, or logarithms already."""

DecimalMark = Literal["auto", "point", "comma"]
"""The sign before the decimals of a table; `auto` decides by the numbers in its first rows."""

Normalize = Literal["none", "unit", "max", "rank"]
"""How the weights of a pathway are scaled: not, to a sum of squares of 1, to a largest of 1, or to ranks."""

UnknownSign = Literal["error", "drop", "plus"]
"""What becomes of a pair of unknown sign: an error, it is left out, or it counts as activation."""

Intensity = Literal["held-out", "analytic"]
"""How shrinkage intensities are chosen: by the likelihood of samples held out, or by Schäfer and Strimmer's formula."""

GenesIn = Literal["auto", "rows", "columns"]
"""The axis of a table that has the genes; `auto` where it is to be detected."""

Missing = Literal["error", "drop"]
"""What is done about genes that are not on the panel: an error, or they are left out and recorded."""

Units = Literal["sd", "raw"]
"""`sd`: loadings count standard deviations of each gene under the base; `raw`: units of the expression."""

Crossing = Literal["gained", "lost", "sign_flipped"]
"""The change of an edge: across the cut, or across zero with |ρ| above the cut on both sides."""

Order = Literal["rho", "abs"]
"""The order of changes: by the change of ρ, or by that of |ρ|."""

RankBy = Literal["score", "rho", "clr"]
"""The order of pairs: by a score (ρ of Σ with a penalty at the edge of the noise), by ρ, or by either against the two
genes' own backgrounds (context likelihood of relatedness)."""

RATE = 0.2
"""The false discovery rate at which pairs and links are called where none is asked for."""

MatrixKind = Literal["covariance", "correlation", "precision", "partial-correlation"]
"""Σ and its correlations; Θ and the partial correlations."""

VersionInput = Literal["correlation", "counts"]
"""What is factored of a version: its positive correlations, or the counts kept with its base."""

Method = Literal["reml", "ml"]
"""The likelihood that a mixed model is fitted by: restricted, or full."""

Statistic = Literal["wald", "lrt", "score"]
"""The statistic of a scan."""

Alternative = Literal["two-sided", "greater", "less"]
"""The direction of a shift that a gene set is tested for."""

LabelOrder = Literal["appearance", "value"]
"""Of a `.cls` file, which label has the first name: the first to appear, as GSEA reads it, or the smallest number, or
the label that is the name itself, as GenePattern reads it."""

Loadings = Literal["own", "pc1"]
"""The loadings that a pathway is judged by: its own, or the first principal component of its members."""

LoadingPart = Literal["all", "factors", "pathways"]
"""The loadings that are shown: those on factors of the base, those on active pathways, or both."""
