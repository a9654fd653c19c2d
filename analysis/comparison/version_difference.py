"""What changed between two versions: pathways, links with activities, edges; and what changes of the base are worth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from ...engine.choices import Crossing
from ...engine.errors import check_count
from ...engine.network.comparison.changes import ChangeList
from ...engine.network.pairs.edge_rule import EdgeRule
from ...engine.tabular import Table
from ...storage.history.versions import pathway_changes
from ..links import Links, changed_links, gained_links
from ..ranking import compare_ranked, compare_ranked_lists, ranking_of, shared_ranking

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...engine.choices import Order, RankBy
    from ...engine.mapping import Mapper
    from ...engine.network.comparison.difference import Difference
    from ...engine.network.snapshot import Snapshot
    from ...storage.history.planning import Plan
    from ...storage.history.versions import PathwayChanges, Version
    from ...storage.networks.bases import StoredBase
    from ...storage.repository import Repository
    from ..base_differences import Judgement
    from ..ranking import Ranking

    Progress = Callable[[float], None]

CHANGES = 20
"""Largest changes that are listed by default."""

VERDICTS = ("not distinguishable", "distinguishable")
"""What is said of a difference between two bases, by whether it can be told from chance."""

JUDGING = 0.8
"""Share of the progress that the judgement of two bases takes."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: the name of the version, its commit if it has one, and its content id."""

    name: str
    id: str | None
    content: str

    @staticmethod
    def of(version: Version) -> Side:
        """Return the side that a version is."""
        return Side(version.name, version.id, version.content)


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
class VersionDifference(Table):
    """What changed from one version to another.

    Parameters
    ----------
    sides : two Side
        Before and after.
    difference : Difference
        Edges and the largest changes of ρ, or of what pairs are ranked by.
    ranking : Ranking
        By what pairs were ranked.
    added, dropped : tuple of (str, int)
        Names and signs of the pathways that the later version alone has, and those that the earlier one alone has.
    links : two Links
        The strongest links with the activities of pathways that were added (gained), and that were dropped (lost).
    bases : Bases
        What both stand on, and the judgement of differences between two bases.
    most : int
        Rows that are listed at the most.
    only : {"gained", "lost", "sign_flipped"}, optional
        The changes that are listed.
    crossings : Difference, optional
        The same comparison with the largest changes of pairs that became edges, ceased to be or changed their sign,
        where these were asked for.
    """

    sides: tuple[Side, Side]
    difference: Difference
    ranking: Ranking
    added: PathwayChanges
    dropped: PathwayChanges
    links: tuple[Links, Links]
    bases: Bases
    most: int
    only: Crossing | None = None
    crossings: Difference | None = None

    def __repr__(self) -> str:
        before, after = (side.name for side in self.sides)
        gained, lost = self.difference.gained, self.difference.lost
        return f"<{before} → {after}: {gained:,} edges gained, {lost:,} lost>"

    def __len__(self) -> int:
        """How many changes are listed."""
        return len(self.columns()["gene_a"])

    @property
    def is_changed(self) -> bool:
        """Whether an edge was gained, lost or flipped; between two bases, whether chance does not explain a change."""
        if (called := self.bases.called()) is not None:
            return bool(called)
        return bool(self.difference.gained + self.difference.lost + self.difference.sign_flipped)

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return the listed changes as `grn diff` has them: the largest first, between two bases the clearest first.

        Columns are `gene_a`, `gene_b`, `rho_from`, `rho_to`, `delta` of ρ, `delta_abs` of |ρ|, and `change`; between
        two bases that were judged, `expected`, `z`, `q` and `verdict`; where pairs are ranked by another than ρ, that
        of both sides.
        """
        judgement = self.bases.judgement
        if judgement is not None and judgement.differences is not None:
            return self._judged_columns()
        columns = self.difference.columns()
        if self.ranking.by == "rho":
            return columns
        return {name.replace("strength", self.ranking.by): values for name, values in columns.items()}

    def _judged_columns(self) -> dict[str, Sequence[Any]]:
        from ...engine.inference.base_differences import RATE  # with estimators, which one base has no need of

        judgement = self.bases.judgement
        assert judgement is not None  # noqa: S101  asked by `columns`
        assert judgement.differences is not None  # noqa: S101
        judged = judgement.differences
        pairs = replace(self.difference, pairs=judged.pairs, rho=judged.rho, strength=judged.rho).columns()
        columns: dict[str, Sequence[Any]] = {
            **pairs,
            "expected": judged.expected.tolist(),
            "z": judged.z.tolist(),
            "q": judged.q.tolist(),
            "verdict": [VERDICTS[q <= RATE] for q in judged.q.tolist()],
        }
        rows = [row for row, change in enumerate(pairs["change"]) if self.only in (None, change)][: self.most]
        return {name: [values[row] for row in rows] for name, values in columns.items()}


def diff_versions(
    repo: Repository,
    before: str,
    after: str,
    *,
    threshold: float | None = None,
    top: int | None = None,
    changes: int | None = None,
    only: Crossing | None = None,
    by: Order = "rho",
    rank_by: RankBy | None = None,
    same_intensity: bool = False,
    crossings: int = 0,
    exact_mean: bool = False,
    mapper: Mapper | None = None,
    progress: Progress | None = None,
) -> VersionDifference:
    """Return what changed from one version to another.

    Parameters
    ----------
    repo : Repository
        The store.
    before, after : str
        The versions.
    threshold, top : float, int, optional
        An edge has a strength of at least this, or is among so many strongest pairs of the first version; by default
        among as many as there are genes.
    changes : int, optional
        How many of the largest changes are listed; by default as many as `top` says, or 20.
    only, by
        As for `engine.compare`.
    rank_by : {"score", "rho", "clr"}, optional
        The order of pairs; see `ranking_of`.
    same_intensity : bool
        Whether versions on two bases are read at one λ, the larger of theirs.
    crossings : int
        How many of the largest changes of pairs that became edges, ceased to be or changed their sign are listed too.
    exact_mean : bool
        Whether the mean strength is that of all pairs; of large panels it may be that of a sample, with its error.
    mapper : Mapper, optional
        What runs the splits of the samples of two bases; one after the other by default, each on all cores.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.

    Raises
    ------
    NotFound
        There is no such version.
    InputError
        The arguments cannot be used together.
    """
    check_count("changes", changes, 1)
    versions = repo.version(before), repo.version(after)
    rule = EdgeRule.of(threshold, top, len(repo.panel))
    earlier, later = versions
    ranking = shared_ranking(repo.base(earlier.name), repo.base(later.name), rank_by, threshold=threshold)
    # Equal content is one network, and must not differ by the rounding of another anchor.
    names = (earlier.name, earlier.name if earlier.content == later.content else later.name)
    most = changes or top or CHANGES
    judging, comparing = _parts(progress, is_judged=repo.base(names[0]).id != repo.base(names[1]).id)
    bases = _bases(repo, names, top or len(repo.panel), same_intensity=same_intensity, mapper=mapper, progress=judging)
    reads = [partial(_read, repo, name, bases.intensity) for name in names]
    lists = [ChangeList(most, only, by), *([ChangeList(crossings, get_args(Crossing))] if crossings else [])]
    difference, *more = compare_ranked_lists(reads, ranking, rule, lists, exact_mean=exact_mean, progress=comparing)
    added, dropped = pathway_changes(repo.active(earlier.name), repo.active(later.name))
    links = changed_links(repo, earlier, later)
    sides = (Side.of(earlier), Side.of(later))
    crossing = more[0] if more else None
    return VersionDifference(sides, difference, ranking, added, dropped, links, bases, most, only, crossing)


def preview_difference(
    repo: Repository, plan: Plan, rule: EdgeRule, top: int | None = None, *, progress: Progress | None = None
) -> VersionDifference:
    """Return what a planned commit would change; nothing is written.

    Parameters
    ----------
    repo : Repository
        The store.
    plan : Plan
        The commit, as `Repository.plan` makes it.
    rule : EdgeRule
        What an edge is.
    top : int, optional
        How many of the largest changes are listed; 20 by default.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.
    """
    before, after = repo.version(plan.parents[0]), repo.preview(plan)
    base = repo.base(before.name)
    ranking = ranking_of(base, None, threshold=rule.value if rule.rule == "threshold" else None)

    def read_after(penalty: float) -> Snapshot:
        return repo.preview(plan, penalty=penalty)

    reads = (partial(_read, repo, before.name, None), read_after)
    difference = compare_ranked(reads, ranking, rule, changes=top or CHANGES, progress=progress)
    added = tuple((pathway.label, int(pathway.sign)) for pathway in plan.pathways)
    links = (gained_links(repo, before.name, plan.pathways), Links((), (), ()))
    sides = (Side.of(before), Side(after.name, None, after.content))
    return VersionDifference(sides, difference, ranking, added, (), links, Bases(base, base), top or CHANGES)


def _bases(
    repo: Repository,
    names: tuple[str, str],
    most: int,
    *,
    same_intensity: bool,
    mapper: Mapper | None,
    progress: Progress | None,
) -> Bases:
    """Return what both versions stand on, and where that is two bases, what their differences are worth."""
    before, after = map(repo.base, names)
    if before.id == after.id:
        return Bases(before, after)
    from ..base_differences import judge, shared_intensity

    intensity = shared_intensity(repo, *names) if same_intensity else None
    judgement = judge(repo, *names, most, intensity=intensity, mapper=mapper, progress=progress)
    return Bases(before, after, judgement, intensity)


def _read(repo: Repository, name: str, intensity: float | None, penalty: float) -> Snapshot:
    if intensity is None:
        return repo.snapshot(name, penalty=penalty)
    from ..base_differences import at_intensity

    return at_intensity(repo, name, intensity)


def _parts(progress: Progress | None, *, is_judged: bool) -> tuple[Progress | None, Progress | None]:
    """Return what reports the progress of the judgement, and of the comparison after it."""
    if progress is None or not is_judged:
        return progress, progress
    return (lambda share: progress(JUDGING * share)), (lambda share: progress(JUDGING + (1 - JUDGING) * share))
