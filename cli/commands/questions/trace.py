"""`grn trace`: one edge through the versions."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import click

from ... import nouns, options, output
from ...answers.answer import Answer
from ...answers.versions import change_summary, identity

if TYPE_CHECKING:
    from ....storage.repository import Repository


@click.command("trace")
@click.argument("gene_a", type=nouns.GENE)
@click.argument("gene_b", type=nouns.GENE)
@click.argument("range_", type=nouns.RANGE, default="v0..HEAD", metavar="[A..B]")
@options.forms
@options.repository
def command(repo: Repository, *, gene_a: str, gene_b: str, range_: str) -> Answer:
    """Show ρ of two genes in each version, along first parents, and which commits changed it.

    \b
    Example:
      grn trace TP53 MDM2
      grn trace TP53 MDM2 v2..drug-a
    """
    from ....engine.network.partial_correlations import ROUNDING

    options.check_pair(gene_a, gene_b)
    versions, notes = options.line_of_versions(repo, range_)
    rho = [float(repo.snapshot(version.name).partial_correlation(gene_a, gene_b)) for version in versions]
    steps = [0.0, *(after - before for before, after in itertools.pairwise(rho))]
    # A version of equal content is the same network, read from another anchor: what differs is rounding.
    moved = [False, *(before.content != after.content for before, after in itertools.pairwise(versions))]
    moved = [other and abs(step) > ROUNDING for other, step in zip(moved, steps, strict=True)]
    points = list(zip(versions, rho, steps, moved, strict=True))
    rows = [
        (version.name, value, step if is_moved else None, change_summary(version) if is_moved else None)
        for version, value, step, is_moved in points
    ]
    trace = [
        {**identity(version), "rho": value, "delta": step, "moved": is_moved, "message": version.message}
        for version, value, step, is_moved in points
    ]
    return Answer(
        columns=("version", "rho", "delta", "moved_by"),
        rows=rows,
        json=lambda: {"gene_a": gene_a, "gene_b": gene_b, "count": len(trace), "trace": trace},
        text=lambda: output.table(("version", f"ρ {gene_a}–{gene_b}", "Δρ", "moved by"), rows),
        notes=notes,
    )
