"""The pathways of a report: which were added or dropped, what the samples say of them, and their links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import GrnError
from ...engine.wording import counted
from ..links import changed_links, gained_links, pathways_only_in
from ..support import quick_support, support_of
from .report import ReportedLink, ReportedPathway

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...engine.network.pathway import Pathway
    from ...storage.history.versions import ActivePathway, Version
    from ...storage.repository import Repository
    from ..links import Links
    from ..support import Support
    from .report import PathwayChange

MOST_JUDGED = 200
"""Most pathways whose support a report has."""
MOST_WORK = 100_000_000_000
"""Largest number of genes × samples² at which a report has the support of pathways: minutes."""


@dataclass(frozen=True, slots=True)
class JudgedPathways:
    """Pathways of a report, how they were judged, and why they were not."""

    pathways: tuple[ReportedPathway, ...]
    support: Support | None
    no_support: str


@dataclass(frozen=True, slots=True)
class _Side:
    """Pathways of one version that the report is about."""

    version: Version
    change: PathwayChange
    active: tuple[ActivePathway, ...]
    loadings: tuple[Pathway, ...]


def judge_pathways(
    repo: Repository, before: Version | None, after: Version, *, only_quick: bool = False
) -> JudgedPathways:
    """Return the pathways added and dropped, or those that are active where nothing is compared, with their support.

    With `only_quick` it is left out where it takes longer than a commit may wait for it.
    """
    if before is None:
        sides = [_side(repo, after, None, "active")]
    else:
        sides = [_side(repo, after, before, "added"), _side(repo, before, after, "dropped")]
    reported: list[ReportedPathway] = []
    support, why_not = None, ""
    for side in sides:
        judged, refusal = _support(repo, side, only_quick=only_quick)
        if side is sides[0]:
            support = judged
        why_not = why_not or refusal
        reported += _reported(side, judged)
    return JudgedPathways(tuple(reported), support, why_not)


def report_links(repo: Repository, before: Version | None, after: Version) -> tuple[ReportedLink, ...]:
    """Return the strongest links, of genes that are no members, of the pathways that are gained, lost or active."""
    if before is not None:
        gained, lost = changed_links(repo, before, after, tested=True)
        return (*_links(gained, "gained"), *_links(lost, "lost"))
    additions = [pathway for pathway in repo.pathways(after.name) if pathway.sign > 0]
    return _links(gained_links(repo, after.name, additions, tested=True), "active")


def _side(repo: Repository, version: Version, other: Version | None, change: PathwayChange) -> _Side:
    pairs = pathways_only_in(repo, version.name, None if other is None else other.name)
    return _Side(version, change, tuple(active for active, _ in pairs), tuple(pathway for _, pathway in pairs))


def _support(repo: Repository, side: _Side, *, only_quick: bool) -> tuple[Support | None, str]:
    """Return the support of the pathways of a side, or why it is not known."""
    base, count = repo.base(side.version.name), len(side.loadings)
    if not count:
        return None, ""
    if count > MOST_JUDGED:
        return None, f"The support of {counted(count, 'pathway')} is more than a report computes."
    if len(base.panel) * len(base.samples) ** 2 > MOST_WORK:
        return None, f"The support of pathways by {counted(len(base.samples), 'sample')} takes too long for a report."
    try:
        if only_quick:
            return quick_support(repo, side.version.name, side.loadings), ""
        return support_of(repo, side.version.name, side.loadings), ""
    except GrnError as refusal:  # a version can be reported whether or not its pathways can be judged
        return None, refusal.message


def _reported(side: _Side, support: Support | None) -> list[ReportedPathway]:
    """Return the pathways of a side, the best supported first."""
    judged = {} if support is None else {(entry.name, entry.sign): entry for entry in support}
    order = {key: position for position, key in enumerate(judged)}
    reported = [
        ReportedPathway(
            active.label,
            active.record.sign,
            side.change,
            active.record.genes,
            len(active.record.missing),
            active.since,
            judged.get((pathway.label, pathway.sign)),
        )
        for active, pathway in zip(side.active, side.loadings, strict=True)
    ]
    return sorted(reported, key=lambda entry: (order.get((entry.name, entry.sign), len(order)), entry.name))


def _links(links: Links, change: str) -> tuple[ReportedLink, ...]:
    q: Sequence[float | None] = links.q or [None] * len(links)
    return tuple(
        ReportedLink(gene, pathway, rho, direction, change, value)  # pyright: ignore[reportArgumentType]
        for (pathway, gene, rho, direction, _), value in zip(links, q, strict=True)
    )
