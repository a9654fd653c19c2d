"""`grn nmf diff`: which modules and genes changed between two versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ...engine.wording import counted
from .. import describe, modules, options, output
from .nmf import how_many, ranks_of

if TYPE_CHECKING:
    from ...storage.nmf_comparison import Compared
    from ...storage.repository import Repository

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
    repo: Repository, *, versions: str, rank: str, restarts: int, seed: int, resamples: int, table: str, form: str
) -> None:
    """Tell what changed in the modules of the correlations between two versions.

    Modules are matched by their weights; a gene's distance is the share of it that is in other modules than before, 0
    to 1. It has moved if that is more than one gene in twenty does when nothing changes but which samples were drawn.

    \b
    Example:
      grn nmf diff v0..v3
      grn nmf diff v0..HEAD --rank 4 --table genes --tsv
    """
    from ...storage.nmf_comparison import compare

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


def _module_rows(found: Compared) -> Rows:
    genes = found.before.named.genes
    sides = [
        (one.sizes, fit) for one, fit in zip(found.shares, (found.before.named.analysis.best, found.used), strict=True)
    ]

    def told(side: int, module: int) -> tuple[int | None, str | None]:
        if module < 0:
            return None, None
        sizes, fit = sides[side]
        top: list[int] = (-fit.modules[:, module]).argsort(kind="stable")[: modules.TOP].tolist()
        return int(sizes[module]), " ".join(genes[place] for place in top)

    rows: Rows = []
    for one in found.changes:
        (size, top), (size_after, top_after) = told(0, one.before), told(1, one.after)
        cosine = one.cosine if one.fate == "matched" else None
        rows.append((one.fate, one.before + 1 or None, one.after + 1 or None, cosine, size, size_after, top, top_after))
    return rows


def _gene_rows(found: Compared) -> Rows:
    before, after = found.shares
    order = (-found.movement.distance).argsort(kind="stable").tolist()
    columns = (
        found.before.named.genes,
        before.main.tolist(),
        before.shares.max(axis=1).tolist(),
        after.main.tolist(),
        after.shares.max(axis=1).tolist(),
        found.movement.distance.tolist(),
        found.movement.moved.tolist(),
    )
    rows: Rows = [
        (gene, home + 1 or None, share, home_after + 1 or None, share_after, distance, moved)
        for gene, home, share, home_after, share_after, distance, moved in zip(*columns, strict=True)
    ]
    return [rows[place] for place in order]


def _json(repo: Repository, found: Compared, before: str, after: str, rows: dict[str, Rows]) -> dict[str, Any]:
    movement = found.movement
    fits = {"warm": found.warm, "cold": found.cold}
    return {
        "from": describe.identity(repo.version(before)),
        "to": describe.identity(repo.version(after)),
        "rank_from": found.before.named.analysis.best.rank,
        "rank_to": found.used.rank,
        **{name: {"sweeps": fit.sweeps, "divergence": fit.divergence} for name, fit in fits.items()},
        "resamples": len(movement.resampled),
        "cut": movement.cut,
        "moved": int(movement.moved.sum()),
        "distinguishable": movement.is_distinguishable if len(movement.resampled) else None,
        **{name: [dict(zip(COLUMNS[name], row, strict=True)) for row in rows[name]] for name in COLUMNS},
    }


def _tell(found: Compared, before: str, after: str, table: str, rows: dict[str, Rows]) -> None:
    shown = rows[table][:MOST] if table == "genes" else rows[table]
    output.page(output.table([name.replace("_", " ") for name in COLUMNS[table]], shown))
    if len(shown) < len(rows[table]):
        output.note(f"… and {len(rows[table]) - len(shown):,} genes that moved less; --tsv lists them.")
    ranks = found.before.named.analysis.best.rank, found.used.rank
    of = "of the positive correlations"
    output.note(f"{before} → {after}: {counted(ranks[0], 'module')} → {counted(ranks[1], 'module')}, {of}.")
    warm, cold = found.warm, found.cold
    output.note(
        f"From the modules of {before}: divergence {output.number(warm.divergence)} after "
        f"{counted(warm.sweeps, 'sweep')}; from a random start: {output.number(cold.divergence)} after {cold.sweeps:,}."
    )
    output.note(_verdict(found, before, after))


def _verdict(found: Compared, before: str, after: str) -> str:
    movement = found.movement
    number, genes = int(movement.moved.sum()), len(movement.distance)
    furthest = output.number(float(movement.distance.max()))
    if not len(movement.resampled):
        return f"No sample was drawn anew (--resamples 0), so no gene is called moved; the furthest moved {furthest}."
    times = counted(len(movement.resampled), "time")
    by_chance = f"drawing the samples anew ({times}) moves one gene in twenty by more than {movement.cut:.3f}"
    if not movement.is_distinguishable:
        return (
            f"Not distinguishable: {by_chance}, and here {number:,} of {counted(genes, 'gene')} moved further; "
            f"the furthest moved {furthest}."
        )
    return f"{number:,} of {counted(genes, 'gene')} moved beyond chance between {before} and {after}: {by_chance}."
