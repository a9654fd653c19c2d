"""Values of figures of history: its graph, and an edge through versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.errors import check_count
from ..history_graph import history_graph
from ..trace import trace_of, versions_between

if TYPE_CHECKING:
    from ...storage.repository import Repository
    from ..history_graph import HistoryGraph
    from ..trace import Trace

NEWEST = 60
"""Versions of a graph, where no number is given."""


def history(repo: Repository, *, newest: int | None = None) -> HistoryGraph:
    """Return the newest versions of a store as a graph, `NEWEST` of them by default."""
    check_count("versions", newest, 1)
    return history_graph(repo.versions(None, number=newest or NEWEST))


def trace(repo: Repository, before: str, after: str, *, pair: tuple[str, str]) -> Trace:
    """Return ρ of two genes from one version to another along first parents; see `trace_of`."""
    versions = versions_between(repo, repo.version(before), repo.version(after))
    return trace_of(repo, versions, *pair)
