"""Which pathways one version has and another has not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...storage.history.versions import Version
    from ...storage.repository import Repository

PathwayChanges = tuple[list[tuple[str, int]], list[tuple[str, int]]]
"""Names and signs of the pathways that one version has and another has not: added, and dropped."""


def pathway_changes(repo: Repository, before: Version, after: Version) -> PathwayChanges:
    """Return the pathways that were added from one version to another, and those that were dropped."""
    first, second = (
        {active.record.id: (active.label, int(active.record.sign)) for active in repo.active(version.name)}
        for version in (before, after)
    )
    added = [pathway for id_, pathway in second.items() if id_ not in first]
    return sorted(added), sorted(pathway for id_, pathway in first.items() if id_ not in second)
