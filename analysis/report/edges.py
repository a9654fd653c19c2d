"""The edges of a report: the strongest of the later version, and the largest changes with the pathways behind them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...engine.choices import RATE
from ...engine.network.pairs.edge_rule import EdgeRule
from ...engine.network.pairs.edges import edges
from ..chance import evidence_of, pair_tests_if_any
from ..links import pathways_only_in
from ..ranking import ranking_of
from .report import ReportedChanges, ReportedEdge, ReportedEdges

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...storage.history.versions import Version
    from ...storage.repository import Repository
    from ..chance import PairTests
    from ..comparison.version_difference import VersionDifference

    Progress = Callable[[float], None]

EDGES = 1_500
"""Most edges of a report: a page of them has 300 KB."""


def report_edges(
    repo: Repository, version: Version, *, tests: PairTests | None = None, progress: Progress | None = None
) -> ReportedEdges:
    """Return the strongest edges of a version with what the samples say of them, `EDGES` or as many as genes.

    Parameters
    ----------
    repo : Repository
        The store.
    version : Version
        The version.
    tests : PairTests, optional
        What the samples of its base say of its pairs, where that has been computed.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.

    Notes
    -----
    O(p² (K + r)) over all pairs, in bands; testing costs as much several times, once a base.
    """
    ranking = ranking_of(repo.base(version.name), None, threshold=None)
    scanning, testing = part_of(progress, 0.0, 0.3), part_of(progress, 0.3, 1.0)
    measure = ranking.measure(lambda penalty: repo.snapshot(version.name, penalty=penalty))
    size = len(repo.panel)
    rule = EdgeRule("top", min(EDGES, size))
    listed = edges(repo.snapshot(version.name).precision, rule, ranked_by=measure, progress=scanning)
    tests = tests or pair_tests_if_any(repo, version.name, progress=testing)
    evidence = None if tests is None else evidence_of(tests, repo.pathways(version.name), listed.pairs)
    qs = [None] * len(listed) if evidence is None else [None if math.isnan(q) else q for q in evidence.q.tolist()]
    origins = [None] * len(listed) if evidence is None else evidence.origins
    rows = zip(listed, listed.strength.tolist(), qs, origins, strict=True)
    return ReportedEdges(
        tuple(ReportedEdge(*entry, strength, q, origin) for entry, strength, q, origin in rows)[:EDGES],
        ranking.by,
        listed.threshold,
        size * (size - 1) // 2,
        None if evidence is None else evidence.called(),
        RATE,
        0 if evidence is None else evidence.components,
    )


def report_changes(repo: Repository, comparison: VersionDifference) -> ReportedChanges:
    """Return the changes of a comparison with the pathways, of those that one side has alone, that have both genes."""
    before, after = (side.name for side in comparison.sides)
    members = _members(repo, before, after) + _members(repo, after, before)
    columns = comparison.columns()
    pairs = zip(columns["gene_a"], columns["gene_b"], strict=True)
    shared = tuple(tuple(name for name, genes in members if genes.issuperset(pair)) for pair in pairs)
    return ReportedChanges(columns, shared)


def _members(repo: Repository, rev: str, other: str) -> list[tuple[str, frozenset[str]]]:
    return [
        (pathway.label, frozenset(repo.panel.names(pathway.genes))) for _, pathway in pathways_only_in(repo, rev, other)
    ]


def part_of(progress: Progress | None, first: float, last: float) -> Progress | None:
    """Return what reports the share of a part of a task, which begins and ends at these shares of the whole."""
    if progress is None:
        return None
    return lambda share: progress(first + (last - first) * share)
