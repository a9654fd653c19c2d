"""`grn trace`: one edge through the versions."""

from __future__ import annotations

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
@options.versions("v0..HEAD")
@options.forms
@options.repository
def command(repo: Repository, *, gene_a: str, gene_b: str, range_: str) -> Answer:
    """Show ρ of two genes in each version, along first parents, and which commits changed it.

    \b
    Example:
      grn trace TP53 MDM2
      grn trace TP53 MDM2 v2..drug-a
    """
    from ....analysis.trace import trace_of

    options.check_pair(gene_a, gene_b)
    versions, notes = options.line_of_versions(repo, range_)
    points = trace_of(repo, versions, gene_a, gene_b).points
    rows = [
        (
            point.version.name,
            point.rho,
            point.step if point.has_moved else None,
            change_summary(point.version) if point.has_moved else None,
        )
        for point in points
    ]
    trace = [
        {
            **identity(point.version),
            "rho": point.rho,
            "delta": point.step,
            "moved": point.has_moved,
            "message": point.version.message,
        }
        for point in points
    ]
    return Answer(
        columns=("version", "rho", "delta", "moved_by"),
        rows=rows,
        json=lambda: {"gene_a": gene_a, "gene_b": gene_b, "count": len(trace), "trace": trace},
        text=lambda: output.table(("version", f"ρ {gene_a}–{gene_b}", "Δρ", "moved by"), rows),
        notes=notes,
    )
