"""Values of figures of history: an edge through versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..trace import trace_of, versions_between

if TYPE_CHECKING:
    from ...storage.repository import Repository
    from ..trace import Trace


def trace(repo: Repository, before: str, after: str, *, pair: tuple[str, str]) -> Trace:
    """Return ρ of two genes from one version to another along first parents; see `trace_of`."""
    versions = versions_between(repo, repo.version(before), repo.version(after))
    return trace_of(repo, versions, *pair)
