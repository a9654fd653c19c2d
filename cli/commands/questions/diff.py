"""`grn diff`: what changed between two versions, edge by edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import click

from ....engine.choices import Crossing, Order
from ... import options, output
from ...answers import difference, versions

if TYPE_CHECKING:
    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("diff")
@click.argument("range_", default="HEAD^..HEAD", metavar="[A..B]")
@options.edge_rules
@click.option(
    "--changes", type=click.IntRange(min=1), metavar="M", help="List the M largest changes; N of --top, or 20."
)
@click.option("--only", type=click.Choice(get_args(Crossing)), help="List only these changes.")
@click.option(
    "--by",
    type=click.Choice(get_args(Order)),
    default="rho",
    show_default=True,
    help="Order the changes by the change of ρ, or by that of |ρ|.",
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 when an edge was gained, lost or flipped.")
@options.forms
@options.repository
def command(
    repo: Repository,
    *,
    range_: str,
    threshold: float | None,
    top: int | None,
    changes: int | None,
    only: Crossing | None,
    by: Order,
    exit_code: bool,
) -> Answer:
    """Compare two versions, A..B; a single REV is compared with HEAD; the default is HEAD^..HEAD.

    ρ is the correlation of two genes given all others. An edge is a pair with |ρ| of at least the threshold, which
    is the same on both sides: --threshold RHO, or --top N for that of the N strongest pairs of A (N = the number of
    genes by default). The largest changes of ρ, or of |ρ| with --by abs, are listed even where they do not cross it.

    \b
    Example:
      grn diff v0..HEAD
      grn diff v0..HEAD --top 20 --by abs
      grn diff main..drug-a --threshold 0.15 --only gained --tsv
    """
    before, after = (repo.version(name) for name in options.pair_of_versions(repo, range_))
    from ....analysis.links import changed_links
    from ....engine.network.comparison import compare

    rule = options.edge_rule(threshold, top, len(repo.panel))
    first = repo.snapshot(before.name)
    # Equal content is one network, and must not differ by the rounding of another anchor.
    second = first if before.content == after.content else repo.snapshot(after.name)
    with output.waiting("comparing") as progress:
        comparison = compare(first, second, rule, changes=changes or top or 20, only=only, by=by, progress=progress)
    sides = (versions.identity(before), versions.identity(after))
    pathways = difference.pathway_changes(repo, before, after)
    links = changed_links(repo, before, after)
    changed = bool(comparison.gained + comparison.lost + comparison.sign_flipped)
    return difference.answer(comparison, sides, pathways=pathways, links=links, code=int(exit_code and changed))
