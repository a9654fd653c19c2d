"""Modules as figures: how many there are, which genes are in which, and which are in two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ....engine.wording import counted
from .. import style
from ..labels import count_ticks, heading, label, points_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ....analysis.pictures.modules import ModuleShares, SecondModules
    from ....engine.nmf.modules.rank import RankSurvey

BY = {
    "entries": "an entry held out",
    "pairs": "a pair of genes held out",
    "samples": "a similarity in the other half of the samples",
}
"""What is predicted, by what a survey held out."""

TALLEST, UNNAMED = 12.0, 6.5
"""Most inches of a figure with a line for each gene, and the inches of one of more genes than that."""


def ranks(survey: RankSurvey, ax: Axes | None = None) -> Axes:
    """Draw the divergence of what was held out against the number of modules, with its standard error.

    Parameters
    ----------
    survey : RankSurvey
        Of an `Analysis`.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax)
    at = np.array([row.rank for row in survey.rows])
    is_held_out = bool(np.isfinite(survey.chosen.held_out))
    values = np.array([row.held_out if is_held_out else row.divergence for row in survey.rows])
    errors = np.array([row.standard_error for row in survey.rows])
    ax.plot(at, values, color=style.BLUE, linewidth=1.0, zorder=1)
    if is_held_out:
        ax.errorbar(at, values, yerr=errors, fmt="none", ecolor=style.BLUE, elinewidth=1.4, capsize=3, zorder=2)
        least = survey.chosen.held_out + survey.chosen.standard_error
        ax.axhline(least, color=style.GREY, linewidth=0.8, linestyle="--", label="one standard error above", zorder=0)
    is_chosen = at == survey.chosen.rank
    ax.scatter(at[~is_chosen], values[~is_chosen], s=34, c="white", edgecolors=style.BLUE, linewidths=1.2, zorder=3)
    ax.scatter(at[is_chosen], values[is_chosen], s=70, marker="D", c=style.VERMILION, edgecolors=style.INK,
               linewidths=0.7, label=f"chosen: {survey.chosen.rank}", zorder=4)  # fmt: skip
    ax.set_xticks(at)
    ax.set_xlabel("number of modules")
    what = (
        f"mean Kullback–Leibler divergence\nof {BY[survey.by]}"
        if is_held_out
        else "Kullback–Leibler divergence of the fit"
    )
    ax.set_ylabel(what)
    count_ticks(ax.yaxis)
    ax.legend(fontsize=8)
    heading(ax, f"{counted(survey.chosen.rank, 'module')} of {at[0]} to {at[-1]}", survey.reason)
    return ax


def modules(values: ModuleShares, ax: Axes | None = None) -> Axes:
    """Draw the shares of modules in genes as a heatmap, genes by their main module.

    Parameters
    ----------
    values : ModuleShares
        Of `analysis.pictures.modules.module_shares`.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax, size_of_modules(values))
    count = values.shares.shape[1]
    image = ax.imshow(values.shares, cmap=style.SEQUENTIAL, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    for spine in ax.spines.values():
        spine.set_visible(False)
    borders = np.flatnonzero(np.diff(values.main)) + 0.5
    ax.hlines(borders, -0.5, count - 0.5, color="white", linewidth=1.2)
    ax.set_xticks(range(count), [f"{module + 1}\n{size:,}" for module, size in enumerate(values.sizes.tolist())])
    if count > 15:
        ax.tick_params(axis="x", labelsize=6)
    ax.set_xlabel("module, and how many genes have it for their main one")
    points = points_for(len(values.genes), size_of_modules(values)[1] - 1.6)
    ax.set_yticks([] if points is None else range(len(values.genes)))
    if points is not None:
        ax.set_yticklabels([label(gene) for gene in values.genes], fontsize=points, parse_math=False)
    else:
        ax.set_ylabel("genes, by their main module")
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.5, pad=0.02)
    bar.set_label("share of the module in the gene (row-normalised W)")
    bar.outline.set_visible(False)
    genes = counted(values.count, "gene")
    some = f" Drawn are {len(values.genes):,} of them, in equal steps." if len(values.genes) < values.count else ""
    heading(ax, f"{genes} in {counted(count, 'module')}", _sentence(values.description) + some)
    return ax


def size_of_modules(values: ModuleShares) -> tuple[float, float]:
    """Return a width and height in inches at which genes can be named, as far as a page goes."""
    height = max(4.0, 1.8 + 0.1 * len(values.genes))
    return max(5.6, 3.4 + 0.3 * values.shares.shape[1]), height if height <= TALLEST else UNNAMED


def moonlighting(values: SecondModules, ax: Axes | None = None) -> Axes:
    """Draw genes of two modules: the share of the second one, with its 95 % interval where it is tested.

    Parameters
    ----------
    values : SecondModules
        Of `analysis.pictures.modules.second_modules`.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax, size_of_second(values))
    heights = np.arange(len(values.genes))
    if values.is_tested:
        spread = np.stack([values.share - values.low, values.high - values.share])
        ax.errorbar(
            values.share, heights, xerr=spread, fmt="none", ecolor=style.INK, capsize=4, elinewidth=1.4, zorder=2
        )
    ax.scatter(values.share, heights, s=30, marker="D", c=style.SKY, edgecolors=style.INK, linewidths=0.6, zorder=1)
    modules_of = zip(values.genes, values.main.tolist(), values.second.tolist(), strict=True)
    names = [f"{label(gene)}  {main + 1} and {second + 1}" for gene, main, second in modules_of]
    ax.set_yticks(heights, names, fontsize=points_for(len(names), 0.2 * len(names)) or 5.0)
    for text in ax.get_yticklabels():
        text.set_parse_math(False)
    ax.set_ylim(max(len(names), 1) - 0.4, -0.6)
    ends = np.concatenate([values.share, values.high[np.isfinite(values.high)]])
    ax.set_xlim(0, min(1.0, 1.08 * float(ends.max(initial=0.45))))
    ax.grid(axis="x", color=style.GREY, alpha=0.25, linewidth=0.6)
    ax.set_xlabel("share of the second module in the gene" + (", 95 % interval" if values.is_tested else ""))
    drawn = f", the {len(names):,} of the largest share" if len(names) < values.count else ""
    test = (
        "By a test at a false discovery rate of 2\u00a0%." if values.is_tested else "Not a test: many are in one only."
    )
    title = f"{values.count:,} of {counted(values.total, 'gene')} in two modules{drawn}"
    heading(ax, title, f"Beside each gene its main and its second module. {test}", _sentence(values.description))
    return ax


def _sentence(description: str) -> str:
    text = label(description, 120)
    return f"{text[:1].upper()}{text[1:]}."


def size_of_second(values: SecondModules) -> tuple[float, float]:
    """Return a width and height in inches in which every gene has a line."""
    return 7.2, 1.9 + 0.2 * max(len(values.genes), 4)
