"""`grn diff`: what changed between two versions, edge by edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import click

from ....engine.choices import Crossing, Order
from ... import edge_options, options, output, scheduler_options
from ...answers import difference

if TYPE_CHECKING:
    from ....engine.choices import RankBy
    from ....engine.mapping import Mapper
    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("diff")
@options.versions("HEAD^..HEAD")
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
    help="Order the changes by the change of ρ (or of the score), or by that of its size.",
)
@options.rank_by
@click.option("--same-intensity", is_flag=True, help="Read versions on two bases at one λ, the larger of theirs.")
@click.option(
    "--exact-mean",
    is_flag=True,
    help="Have the mean over all pairs; of more than 3,000 genes it may be that of a sample, with its standard error.",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="Exit with 1 when an edge was gained, lost or flipped; between two bases, when a difference can be told from "
    "chance.",
)
@edge_options.memory
@scheduler_options.scheduler
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
    rank_by: RankBy | None,
    same_intensity: bool,
    exact_mean: bool,
    exit_code: bool,
    mapper: Mapper | None,
) -> Answer:
    """Compare two versions, A..B or A B; a single REV is compared with HEAD; the default is HEAD^..HEAD.

    ρ is the correlation of two genes given all others. An edge is a pair as strong as the threshold, which is the
    same on both sides: --threshold RHO, or --top N for the strength of the N strongest pairs of A (N = the number of
    genes by default), in the order of `grn edges`. The largest changes of that strength, or of its size with --by abs,
    are listed even where they do not cross it.

    First come links, as `grn links` has them, of pathways that were added (gained) or dropped (lost): of either ten of
    the strongest, of genes that are no members; of several pathways none may have more than its share.

    Two bases of one truth differ as well: each has its own samples and its own λ. So between two bases the strongest
    pairs of either side (--top N of each, 20,000 at the most) are judged: their samples are split anew 19 times, whole
    groups at random, and a difference counts where it exceeds what such splits give. `expected` is the difference that
    n and λ alone make, z and q how far a pair departs from it; the clearest are listed first, and a pair with q above
    .05 is not distinguishable. --same-intensity reads both at one λ. To compare versions of two stores, `grn fetch` one
    into the other: `grn diff main..lab/main`.

    \b
    Example:
      grn diff v0 v1
      grn diff v0..HEAD --top 20 --by abs
      grn diff main..drug-a --threshold 0.15 --only gained --tsv
      grn diff main..drug-a --same-intensity --json
    """
    from ....analysis.comparison.version_difference import diff_versions

    before, after = options.pair_of_versions(repo, range_)
    with output.waiting("comparing") as progress:
        comparison = diff_versions(
            repo,
            before,
            after,
            threshold=threshold,
            top=top,
            changes=changes,
            only=only,
            by=by,
            rank_by=rank_by,
            same_intensity=same_intensity,
            exact_mean=exact_mean,
            mapper=mapper,
            progress=progress,
        )
    return difference.answer(comparison, code=int(exit_code and comparison.is_changed))
