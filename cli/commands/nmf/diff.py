"""`grn nmf diff`: which modules and genes changed between two versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ....engine.wording import counted
from ... import nmf_options, options, output, scheduler_options
from ...answers import nmf
from ...answers.answer import EVERY_FORM, Answer, Note, caution, records
from ...answers.versions import identity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....analysis.nmf.comparison import VersionComparison
    from ....engine.mapping import Mapper
    from ....engine.nmf.solvers.factorization import Factorization
    from ....storage.repository import Repository

    Rows = list[tuple[object, ...]]

COLUMNS = {
    "modules": (
        "change",
        "module_from",
        "module_to",
        "cosine",
        "genes_from",
        "genes_to",
        "top_genes_from",
        "top_genes_to",
    ),
    "genes": ("gene", "module_from", "share_from", "module_to", "share_to", "distance", "moved"),
}

LEAST_DRAWINGS = 19
"""Least number of resamples with which p can be 1 in 20."""

SHOWN_GENES = 20
"""Number of genes shown to people: those that moved furthest."""


@click.command("diff")
@options.versions()
@nmf_options.search_options
@click.option(
    "--resamples",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    metavar="N",
    help="Number of resamples of the samples, which show how far genes move by chance.",
)
@click.option(
    "--table",
    type=click.Choice(list(COLUMNS)),
    default="modules",
    show_default=True,
    help="Which table to print; --json has both.",
)
@scheduler_options.scheduler
@options.forms
@options.repository
def command(
    repo: Repository,
    *,
    range_: str,
    rank: str | None,
    restarts: int,
    seed: int,
    resamples: int,
    table: str,
    mapper: Mapper | None,
) -> Answer:
    """Show what changed in the modules of the correlations between two versions.

    The modules of each version are those that `grn nmf --at` shows. How far genes moved is measured with the
    number of modules of the first version: a gene's distance is the share of it that is in other modules than before,
    0 to 1. A gene has moved if its distance exceeds that of 19 in 20 genes when only the samples are resampled. With 19
    resamples or more, the answer also shows whether so many genes move that far by chance.

    \b
    Example:
      grn nmf diff v0..v3
      grn nmf diff v0..HEAD --rank 4 --table genes --tsv
    """
    from ....analysis.nmf.comparison import compare

    before, after = options.pair_of_versions(repo, range_)
    with output.waiting("comparing") as progress:
        comparison = compare(
            repo, before, after, ranks=nmf_options.ranks_of(rank), restarts=restarts, seed=seed, resamples=resamples,
            mapper=mapper, progress=progress,
        )  # fmt: skip
    rows = {"modules": _module_rows(comparison), "genes": _gene_rows(comparison)}
    columns, all_rows = COLUMNS[table], rows[table]
    shown = all_rows[:SHOWN_GENES] if table == "genes" else all_rows
    return Answer(
        columns=columns,
        rows=all_rows,
        json=lambda: _json(repo, comparison, before, after, rows),
        text=lambda: output.table([name.replace("_", " ") for name in columns], shown),
        paged=True,
        notes=_notes(comparison, before, after, left_out=len(all_rows) - len(shown)),
    )


def _module_rows(comparison: VersionComparison) -> Rows:
    sides = [run.named_analysis.analysis for run in (comparison.before, comparison.after)]
    genes = comparison.before.named_analysis.genes

    def size_and_top(side: int, module: int) -> tuple[int | None, str | None]:
        if module < 0:
            return None, None
        top: list[int] = sides[side].top_genes(module, nmf.TOP).tolist()
        return int(sides[side].memberships.sizes[module]), " ".join(genes[index] for index in top)

    rows: Rows = []
    for change in comparison.changes:
        (size, top), (size_after, top_after) = size_and_top(0, change.before), size_and_top(1, change.after)
        cosine = change.cosine if change.fate == "matched" else None
        rows.append(
            (change.fate, change.before + 1 or None, change.after + 1 or None, cosine, size, size_after, top, top_after)
        )
    return rows


def _gene_rows(comparison: VersionComparison) -> Rows:
    before, after = comparison.shares
    moved, distance = comparison.movement.moved.tolist(), comparison.movement.distance
    homes, later = before.argmax(axis=1).tolist(), after.argmax(axis=1).tolist()
    genes = comparison.before.named_analysis.genes
    return [
        (genes[at], homes[at] + 1, float(before[at, homes[at]]), later[at] + 1, float(after[at, later[at]]),
         float(distance[at]), moved[at])
        for at in (-distance).argsort(kind="stable").tolist()
    ]  # fmt: skip


def _json(
    repo: Repository, comparison: VersionComparison, before: str, after: str, rows: dict[str, Rows]
) -> dict[str, Any]:
    movement, is_calibrated = comparison.movement, len(comparison.movement.resampled) > 0
    return {
        "from": identity(repo.version(before)),
        "to": identity(repo.version(after)),
        "rank_from": comparison.before.named_analysis.analysis.best.rank,
        "rank_to": comparison.after.named_analysis.analysis.best.rank,
        "warm": _fit(comparison.warm),
        "cold": _fit(comparison.cold),
        "resamples": len(movement.resampled),
        "cut": movement.cut,
        "moved": int(movement.moved.sum()),
        "moved_by_chance": movement.by_chance if is_calibrated else None,
        "p": movement.p_value,
        "distinguishable": movement.is_distinguishable if is_calibrated else None,
        **{name: records(columns, rows[name]) for name, columns in COLUMNS.items()},
    }


def _fit(fit: Factorization) -> dict[str, Any]:
    return {"sweeps": fit.sweeps, "divergence": fit.divergence, "converged": fit.converged}


def _notes(comparison: VersionComparison, before: str, after: str, *, left_out: int) -> Iterator[Note]:
    if left_out:
        yield Note(f"… and {left_out:,} genes that moved less; --tsv lists them.")
    first, second = (run.named_analysis.analysis.best for run in (comparison.before, comparison.after))
    modules = counted(first.rank, "module")
    surveyed = len(comparison.before.named_analysis.analysis.survey.rows) > 1
    how = "each with the rank that it chooses" if surveyed else "as many as requested"
    yield Note(f"{before}: {modules}; {after}: {counted(second.rank, 'module')}; {how}, of the positive correlations.")
    warm, cold = comparison.warm, comparison.cold
    yield Note(
        f"How far genes moved is measured with {modules} of {after}, fitted from those of "
        f"{before}: divergence {output.number(warm.divergence)} after {counted(warm.sweeps, 'sweep')}; from a random "
        f"start {output.number(cold.divergence)} after {cold.sweeps:,}."
    )
    yield Note(_verdict(comparison, before, after))
    if not (warm.converged and first.converged and second.converged):
        yield caution("Not all of these fits have converged: `grn nmf` and --json show which.", EVERY_FORM)


def _verdict(comparison: VersionComparison, before: str, after: str) -> str:
    movement = comparison.movement
    number, genes = int(movement.moved.sum()), len(movement.distance)
    furthest = output.number(float(movement.distance.max()))
    if not len(movement.resampled):
        return f"Without resamples (--resamples 0) no gene is reported as moved; the furthest moved {furthest}."
    drawings = counted(len(movement.resampled), "resample")
    counts = (
        f"{number:,} of {counted(genes, 'gene')} moved further than {movement.cut:.3f}, where resampling alone "
        f"moves about {movement.by_chance:.0f} ({drawings}, p = {movement.p_value:.2g})"
    )
    if movement.is_distinguishable:
        return f"{counts} between {before} and {after}."
    are_few = len(movement.resampled) < LEAST_DRAWINGS
    few = " There are too few resamples for a test: 19 or more are needed." if are_few else ""
    return f"Not distinguishable: {counts}; the furthest moved {furthest}.{few}"
