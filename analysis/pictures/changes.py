"""The largest changes between two versions, for a figure of bars."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ...engine.network.edges import EdgeRule
from ..ranking import compare_ranked, shared_ranking

if TYPE_CHECKING:
    from ...engine.choices import RankBy
    from ...engine.network.comparison import Difference
    from ...engine.network.snapshot import Snapshot
    from ...storage.repository import Repository


def largest_changes(
    repo: Repository, before: str, after: str, *, top: int | None = None, rank_by: RankBy | None = None
) -> Difference:
    """Return the comparison of two versions with its largest changes of |ρ|, 20 of them by default."""
    ranking = shared_ranking(repo.base(before), repo.base(after), rank_by, threshold=None)
    rule = EdgeRule("top", len(repo.panel))
    reads = [partial(_read, repo, name) for name in (before, after)]
    return compare_ranked(reads, ranking, rule, changes=top or 20, by="abs")


def _read(repo: Repository, name: str, penalty: float) -> Snapshot:
    return repo.snapshot(name, penalty=penalty)
