"""`grn diff`: what changed between two versions, edge by edge."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, get_args

import click

from ....engine.choices import Crossing, Order
from ... import nouns, options, output
from ...answers import difference, versions
from ...answers.two_bases import Bases

if TYPE_CHECKING:
    from ....engine.choices import RankBy
    from ....engine.network.snapshot import Snapshot
    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("diff")
@click.argument("range_", type=nouns.RANGE, default="HEAD^..HEAD", metavar="[A..B]")
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
    "--exit-code",
    is_flag=True,
    help="Exit with 1 when an edge was gained, lost or flipped; between two bases, when a difference can be told from "
    "chance.",
)
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
    exit_code: bool,
) -> Answer:
    """Compare two versions, A..B; a single REV is compared with HEAD; the default is HEAD^..HEAD.

    ρ is the correlation of two genes given all others. An edge is a pair as strong as the threshold, which is the
    same on both sides: --threshold RHO, or --top N for the strength of the N strongest pairs of A (N = the number of
    genes by default), in the order of `grn edges`. The largest changes of that strength, or of its size with --by abs,
    are listed even where they do not cross it.

    First come links, as `grn links` has them, of pathways that were added (gained) or dropped (lost): of either the ten
    strongest, of genes that are no members.

    Two bases of one truth differ as well: each has its own samples and its own λ. So between two bases the strongest
    pairs of either side (--top N of each, 20,000 at the most) are judged: their samples are split anew 19 times, whole
    groups at random, and a difference counts where it exceeds what such splits give. `expected` is the difference that
    n and λ alone make, z and q how far a pair departs from it; the clearest are listed first, and a pair with q above
    .05 is not distinguishable. --same-intensity reads both at one λ. To compare versions of two stores, `grn fetch` one
    into the other: `grn diff main..lab/main`.

    \b
    Example:
      grn diff v0..HEAD
      grn diff v0..HEAD --top 20 --by abs
      grn diff main..drug-a --threshold 0.15 --only gained --tsv
      grn diff main..drug-a --same-intensity --json
    """
    before, after = (repo.version(name) for name in options.pair_of_versions(repo, range_))
    from ....analysis.links import changed_links
    from ....analysis.ranking import compare_ranked, shared_ranking

    rule = options.edge_rule(threshold, top, len(repo.panel))
    ranking = shared_ranking(repo.base(before.name), repo.base(after.name), rank_by, threshold=threshold)
    # Equal content is one network, and must not differ by the rounding of another anchor.
    names = (before.name, before.name if before.content == after.content else after.name)
    most = changes or top or 20
    bases = _bases(repo, names, top or len(repo.panel), same_intensity=same_intensity)
    reads = [functools.partial(_read, repo, name, bases.intensity) for name in names]
    with output.waiting("comparing") as progress:
        comparison = compare_ranked(reads, ranking, rule, changes=most, only=only, by=by, progress=progress)
    sides = (versions.identity(before), versions.identity(after))
    pathways = difference.pathway_changes(repo, before, after)
    links = changed_links(repo, before, after)
    changed, called = comparison.gained + comparison.lost + comparison.sign_flipped, bases.called()
    code = int(exit_code and bool(changed if called is None else called))
    return difference.answer(
        comparison, sides, ranking, pathways=pathways, links=links, bases=bases, most=most, only=only, code=code
    )


def _bases(repo: Repository, names: tuple[str, str], most: int, *, same_intensity: bool) -> Bases:
    """Return what both versions stand on, and where that is two bases, what their differences are worth."""
    before, after = map(repo.base, names)
    if before.id == after.id:
        return Bases(before, after)
    from ....analysis.base_differences import judge, shared_intensity

    intensity = shared_intensity(repo, *names) if same_intensity else None
    with output.waiting("splitting samples") as progress:
        judgement = judge(repo, *names, most, intensity=intensity, progress=progress)
    return Bases(before, after, judgement, intensity)


def _read(repo: Repository, name: str, intensity: float | None, penalty: float) -> Snapshot:
    if intensity is None:
        return repo.snapshot(name, penalty=penalty)
    from ....analysis.base_differences import at_intensity

    return at_intensity(repo, name, intensity)
