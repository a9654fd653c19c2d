"""`grn nmf diff`: which modules and genes changed between two versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ....engine.wording import counted
from ... import options, output
from ...answers import nmf
from ...answers import versions as describe
from ..questions.nmf import how_many, ranks_of

if TYPE_CHECKING:
    from ....analysis.nmf.comparison import VersionComparison
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

ENOUGH = 19
"""With fewer drawings no p is 1 in 20 or less."""

MOST = 20
"""Genes that are told to people, those that moved furthest."""


@click.command("diff")
@click.argument("versions", metavar="A..B")
@how_many
@click.option(
    "--resamples",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    metavar="N",
    help="How often the samples are drawn anew, to see how far genes move by that alone.",
)
@click.option(
    "--table",
    type=click.Choice(list(COLUMNS)),
    default="modules",
    show_default=True,
    help="Which table to print; --json has both.",
)
@options.forms
@options.repository
def command(
    repo: Repository,
    *,
    versions: str,
    rank: str | None,
    restarts: int,
    seed: int,
    resamples: int,
    table: str,
    form: str,
) -> None:
    """Tell what changed in the modules of the correlations between two versions.

    Each version's modules are those that `grn nmf --at` tells. How far genes moved is seen with as many modules as the
    first has: a gene's distance is the share of it that is in other modules than before, 0 to 1. It has moved if that
    is more than one gene in twenty does when nothing changes but which samples were drawn; with 19 drawings or more, it
    is told too whether so many genes move that far by chance.

    \b
    Example:
      grn nmf diff v0..v3
      grn nmf diff v0..HEAD --rank 4 --table genes --tsv
    """
    from ....analysis.nmf.comparison import compare

    before, after = options.pair_of_versions(repo, versions)
    with output.waiting("comparing") as progress:
        found = compare(
            repo, before, after, ranks=ranks_of(rank), restarts=restarts, seed=seed, resamples=resamples,
            progress=progress,
        )  # fmt: skip
    rows = {"modules": _module_rows(found), "genes": _gene_rows(found)}
    if form == "json":
        output.emit_json(_json(repo, found, before, after, rows))
    elif form == "tsv":
        output.emit_tsv(COLUMNS[table], rows[table])
    else:
        _tell(found, before, after, table, rows)
    if not all(
        fit.converged for fit in (found.warm, found.before.named.analysis.best, found.after.named.analysis.best)
    ):
        output.warn("Not all of these fits have converged: `grn nmf` and --json say which.")


def _module_rows(found: VersionComparison) -> Rows:
    sides = [run.named.analysis for run in (found.before, found.after)]
    genes = found.before.named.genes

    def told(side: int, module: int) -> tuple[int | None, str | None]:
        if module < 0:
            return None, None
        top: list[int] = sides[side].top_genes(module, nmf.TOP).tolist()
        return int(sides[side].memberships.sizes[module]), " ".join(genes[place] for place in top)

    rows: Rows = []
    for one in found.changes:
        (size, top), (size_after, top_after) = told(0, one.before), told(1, one.after)
        cosine = one.cosine if one.fate == "matched" else None
        rows.append((one.fate, one.before + 1 or None, one.after + 1 or None, cosine, size, size_after, top, top_after))
    return rows


def _gene_rows(found: VersionComparison) -> Rows:
    before, after = found.shares
    moved, distance = found.movement.moved.tolist(), found.movement.distance
    homes, later = before.argmax(axis=1).tolist(), after.argmax(axis=1).tolist()
    genes = found.before.named.genes
    return [
        (genes[at], homes[at] + 1, float(before[at, homes[at]]), later[at] + 1, float(after[at, later[at]]),
         float(distance[at]), moved[at])
        for at in (-distance).argsort(kind="stable").tolist()
    ]  # fmt: skip


def _json(repo: Repository, found: VersionComparison, before: str, after: str, rows: dict[str, Rows]) -> dict[str, Any]:
    movement, is_calibrated = found.movement, len(found.movement.resampled) > 0
    fits = {"warm": found.warm, "cold": found.cold}
    told = {
        name: {"sweeps": fit.sweeps, "divergence": fit.divergence, "converged": fit.converged}
        for name, fit in fits.items()
    }
    return {
        "from": describe.identity(repo.version(before)),
        "to": describe.identity(repo.version(after)),
        "rank_from": found.before.named.analysis.best.rank,
        "rank_to": found.after.named.analysis.best.rank,
        **told,
        "resamples": len(movement.resampled),
        "cut": movement.cut,
        "moved": int(movement.moved.sum()),
        "moved_by_chance": movement.by_chance if is_calibrated else None,
        "p": movement.p_value,
        "distinguishable": movement.is_distinguishable if is_calibrated else None,
        **{name: [dict(zip(COLUMNS[name], row, strict=True)) for row in rows[name]] for name in COLUMNS},
    }


def _tell(found: VersionComparison, before: str, after: str, table: str, rows: dict[str, Rows]) -> None:
    shown = rows[table][:MOST] if table == "genes" else rows[table]
    output.page(output.table([name.replace("_", " ") for name in COLUMNS[table]], shown))
    if len(shown) < len(rows[table]):
        output.note(f"… and {len(rows[table]) - len(shown):,} genes that moved less; --tsv lists them.")
    first, second = (run.named.analysis.best for run in (found.before, found.after))
    surveyed = len(found.before.named.analysis.survey.rows) > 1
    how = "each with the rank that it chooses" if surveyed else "as many as were asked for"
    output.note(
        f"{before}: {counted(first.rank, 'module')}; {after}: {counted(second.rank, 'module')}; {how}, of the positive "
        "correlations."
    )
    warm, cold = found.warm, found.cold
    output.note(
        f"How far genes moved is told by {counted(first.rank, 'module')} of {after}, fitted from those of {before}: "
        f"divergence {output.number(warm.divergence)} after {counted(warm.sweeps, 'sweep')}; from a random start "
        f"{output.number(cold.divergence)} after {cold.sweeps:,}."
    )
    output.note(_verdict(found, before, after))


def _verdict(found: VersionComparison, before: str, after: str) -> str:
    movement = found.movement
    number, genes = int(movement.moved.sum()), len(movement.distance)
    furthest = output.number(float(movement.distance.max()))
    if not len(movement.resampled):
        return f"No sample was drawn anew (--resamples 0), so no gene is called moved; the furthest moved {furthest}."
    drawings = counted(len(movement.resampled), "drawing")
    counts = (
        f"{number:,} of {counted(genes, 'gene')} moved further than {movement.cut:.3f}, where drawing the samples anew "
        f"moves about {movement.by_chance:.0f} ({drawings}, p = {movement.p_value:.2g})"
    )
    if movement.is_distinguishable:
        return f"{counts} between {before} and {after}."
    few = " There are too few drawings to tell: 19 or more are needed." if len(movement.resampled) < ENOUGH else ""
    return f"Not distinguishable: {counts}; the furthest moved {furthest}.{few}"
