"""Two versions of a store compared: pathways, links, edges, and where they stand on two bases, what that is worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ...engine.inference.base_differences import RATE
from ...engine.network.edges import EdgeRule
from ...engine.wording import counted
from ...storage.networks.bases import describe_base
from ..base_differences import at_intensity, judge, shared_intensity
from ..links import changed_links
from ..ranking import compare_ranked, shared_ranking
from .pathways import pathway_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...engine.choices import Crossing, Order, RankBy
    from ...engine.network.comparison import Change, Difference
    from ...engine.network.snapshot import Snapshot
    from ...storage.history.versions import Version
    from ...storage.networks.bases import StoredBase
    from ...storage.repository import Repository
    from ..base_differences import Judgement
    from ..links import Links
    from ..ranking import Ranking
    from .pathways import PathwayChanges

    Progress = Callable[[float], None]

CHANGES = 20
"""Number of largest changes that are listed where none is asked for."""


@dataclass(frozen=True, slots=True)
class Bases:
    """The bases of two versions, and what their differences are worth.

    Parameters
    ----------
    before, after : StoredBase
        The bases.
    judgement : Judgement, optional
        Of two different bases.
    intensity : float, optional
        λ at which both are read, where that is not each one's own.
    """

    before: StoredBase
    after: StoredBase
    judgement: Judgement | None = None
    intensity: float | None = None

    def called(self) -> int | None:
        """Return how many differences can be told from chance; none where they were not judged."""
        if self.judgement is None or self.judgement.differences is None:
            return None
        return int(self.judgement.differences.called().sum())


@dataclass(frozen=True, slots=True)
class ListedChange:
    """One pair of a comparison.

    Parameters
    ----------
    pair : tuple of int
        Indices of the genes on the panel.
    gene_a, gene_b : str
        The genes.
    before, after : float
        ρ on either side.
    change : {"gained", "lost", "sign_flipped", "stronger", "weaker"}
        What became of it.
    strength : tuple of float and float
        What decides on edges and changes, before and after: ρ where nothing else does.
    expected, z, q : float, optional
        Of two bases: the difference that n and λ alone make, how far the pair departs from it, and the least false
        discovery rate at which it is told from chance.
    """

    pair: tuple[int, int]
    gene_a: str
    gene_b: str
    before: float
    after: float
    change: Change
    strength: tuple[float, float]
    expected: float | None = None
    z: float | None = None
    q: float | None = None

    @property
    def delta(self) -> float:
        """The change of ρ."""
        return self.after - self.before

    @property
    def delta_abs(self) -> float:
        """The change of |ρ|."""
        return abs(self.after) - abs(self.before)

    @property
    def is_called(self) -> bool | None:
        """Whether it can be told from chance; none where that was not judged."""
        return None if self.q is None else self.q <= RATE


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one version to another.

    Parameters
    ----------
    difference : Difference
        The networks and the largest changes.
    ranking : Ranking
        By what pairs are ranked.
    pathways : two lists of (name, sign)
        Pathways added and dropped.
    links : two Links
        Links gained and lost.
    bases : Bases
        What both stand on, and the judgement of differences between two bases.
    changes : tuple of ListedChange
        The largest changes; between two bases that were judged, the clearest differences.
    """

    difference: Difference
    ranking: Ranking
    pathways: PathwayChanges
    links: tuple[Links, Links]
    bases: Bases
    changes: tuple[ListedChange, ...]


def compare_versions(
    repo: Repository,
    before: Version,
    after: Version,
    *,
    threshold: float | None = None,
    top: int | None = None,
    changes: int | None = None,
    only: Crossing | None = None,
    by: Order = "rho",
    rank_by: RankBy | None = None,
    same_intensity: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """Return what changed from one version to another.

    Parameters
    ----------
    repo : Repository
        The store.
    before, after : Version
        The versions.
    threshold, top : float or int, optional
        The least strength of an edge, or how many edges the earlier version has; as many as genes by default.
    changes : int, optional
        How many changes are listed; `top`, or `CHANGES`, by default.
    only : {"gained", "lost", "sign_flipped"}, optional
        Which.
    by : {"rho", "abs"}
        Whether changes are ordered by that of the strength with its sign, or without.
    rank_by : {"score", "rho", "clr"}, optional
        The strength of pairs, see `shared_ranking`.
    same_intensity : bool
        Whether versions on two bases are read at one λ.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.

    Notes
    -----
    O(p² (K + r)) over all pairs; on two bases, as often as samples are split.
    """
    rule = EdgeRule.of(threshold, top, len(repo.panel))
    ranking = shared_ranking(repo.base(before.name), repo.base(after.name), rank_by, threshold=threshold)
    # Equal content is one network, and must not differ by the rounding of another anchor.
    names = (before.name, before.name if before.content == after.content else after.name)
    most = changes or top or CHANGES
    bases = _judged_bases(repo, names, top or len(repo.panel), part_of(progress, 0.0, 0.9), same_intensity)
    reads = [partial(_read, repo, name, bases.intensity) for name in names]
    rest = progress if bases.judgement is None else part_of(progress, 0.9, 1.0)
    difference = compare_ranked(reads, ranking, rule, changes=most, only=only, by=by, progress=rest)
    return Comparison(
        difference,
        ranking,
        pathway_changes(repo, before, after),
        changed_links(repo, before, after),
        bases,
        listed_changes(difference, bases, most=most, only=only),
    )


def listed_changes(
    difference: Difference, bases: Bases, *, most: int, only: Crossing | None = None
) -> tuple[ListedChange, ...]:
    """Return the changes that a comparison lists: its own largest, or where bases were judged, the clearest.

    Parameters
    ----------
    difference : Difference
        The comparison, whose own pairs are listed where nothing was judged.
    bases : Bases
        With the judgement.
    most : int
        How many there are at the most, of those that were judged.
    only : {"gained", "lost", "sign_flipped"}, optional
        Which, of those that were judged.
    """
    judged = None if bases.judgement is None else bases.judgement.differences
    if judged is None:
        return tuple(_changes(difference))
    pairs = replace(difference, pairs=judged.pairs, rho=judged.rho, strength=judged.rho)
    columns = zip(judged.expected.tolist(), judged.z.tolist(), judged.q.tolist(), strict=True)
    changes = (
        replace(change, expected=expected, z=z, q=q)
        for change, (expected, z, q) in zip(_changes(pairs), columns, strict=True)
        if only in (None, change.change)
    )
    return tuple(changes)[:most]


def describe_bases(bases: Bases, names: Sequence[str]) -> list[str]:
    """Return a line on the base of each side, where they are two: how it was estimated, n and λ."""
    if bases.before.id == bases.after.id:
        return []
    lines = [
        f"{name} is on {describe_base(base.record)}."
        for name, base in zip(names, (bases.before, bases.after), strict=True)
    ]
    return lines if bases.intensity is None else [*lines, f"Both are read at λ = {bases.intensity:.3g}."]


def verdict(bases: Bases) -> list[str]:
    """Return how many differences can be told from chance, or why that is not known."""
    judgement = bases.judgement
    if judgement is None:
        return []
    if (judged := judgement.differences) is None:
        explained = "Two bases of one truth differ by their n and λ alone"
        return [f"Not judged: {judgement.why_not}. {explained}: no difference here says that the conditions differ."]
    number = f"{counted(len(judged), 'difference')} among the strongest pairs"
    null = "two bases of one truth with such n and λ"
    if called := bases.called():
        rate = f"q ≤ {RATE:g}, with 95 % confidence"
        return [
            f"{called:,} of {number} can be told from chance ({rate}); the others are not distinguishable from {null}."
        ]
    return [f"None of {number} can be told from chance at q = {RATE:g}: not distinguishable from {null}."]


def part_of(progress: Progress | None, first: float, last: float) -> Progress | None:
    """Return what reports the share of a part of a task, which begins and ends at these shares of the whole."""
    if progress is None:
        return None
    return lambda share: progress(first + (last - first) * share)


def _changes(difference: Difference) -> list[ListedChange]:
    pairs, strengths = difference.pairs.tolist(), difference.strength.tolist()
    return [
        ListedChange((pair[0], pair[1]), *entry, (strength[0], strength[1]))
        for pair, entry, strength in zip(pairs, difference, strengths, strict=True)
    ]


def _judged_bases(
    repo: Repository, names: tuple[str, str], most: int, progress: Progress | None, same_intensity: bool
) -> Bases:
    """Return what both versions stand on, and where that is two bases, what their differences are worth."""
    before, after = map(repo.base, names)
    if before.id == after.id:
        return Bases(before, after)
    intensity = shared_intensity(repo, *names) if same_intensity else None
    return Bases(before, after, judge(repo, *names, most, intensity=intensity, progress=progress), intensity)


def _read(repo: Repository, name: str, intensity: float | None, penalty: float) -> Snapshot:
    return repo.snapshot(name, penalty=penalty) if intensity is None else at_intensity(repo, name, intensity)
