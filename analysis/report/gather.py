"""A report, gathered from a store."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..comparison.version_difference import diff_versions
from ..history_graph import history_graph
from ..pictures.network import MOST_CROSSINGS, network_around, network_changes
from .edges import part_of, report_changes, report_edges
from .methods import methods_of
from .pathways import judge_pathways, report_links
from .provenance import analyses_of, provenance_of
from .report import Methods, Report
from .summary import summary_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...storage.history.versions import Version
    from ...storage.repository import Repository
    from ..chance import PairTests
    from ..history_graph import HistoryGraph

    Progress = Callable[[float], None]

CHANGES = 200
"""Most changes that a report lists."""
VERSIONS = 50
"""Most versions in the history of a report."""


def report_of(
    repo: Repository,
    before: Version | None,
    after: Version,
    *,
    only_quick: bool = False,
    tests: PairTests | None = None,
    progress: Progress | None = None,
) -> Report:
    """Return the report of a version, or of what changed between two.

    Parameters
    ----------
    repo : Repository
        The store.
    before : Version, optional
        What the version is compared with.
    after : Version
        The version.
    only_quick : bool
        Whether the support of pathways is left out where it takes longer than a commit may wait for it.
    tests : PairTests, optional
        What the samples of the base of `after` say of its pairs, where that has been computed.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.

    Raises
    ------
    InputError
        networkx, which lays out the network, is not installed.

    Notes
    -----
    Some scans of all pairs, O(p² (K + r)) each, in bands. Between two bases their samples are split anew as well.
    """
    comparison, changes = None, None
    if before is None:
        network = network_around(repo, after.name)
    else:
        comparing = part_of(progress, 0.1, 0.5)
        comparison = diff_versions(
            repo, before.name, after.name, changes=CHANGES, crossings=MOST_CROSSINGS, progress=comparing
        )
        network = network_changes(repo, before.name, after.name, comparison=comparison)
        changes = report_changes(repo, comparison)
    edges = report_edges(repo, after, tests=tests, progress=part_of(progress, 0.1 if before is None else 0.5, 0.8))
    judged = judge_pathways(repo, before, after, only_quick=only_quick)
    versions = [after] if before is None else [after, before]
    active = repo.active(after.name)
    names = {id_: name for name, id_, _ in repo.identities()}
    report = Report(
        store=repo.path.name,
        after=after,
        before=before,
        parents={parent: names[parent] for version in versions for parent in version.parents if parent in names},
        genes=len(repo.panel),
        active=len(active),
        summary=(),
        pathways=judged.pathways,
        support=judged.support,
        no_support=judged.no_support,
        links=report_links(repo, before, after),
        comparison=comparison,
        changes=changes,
        edges=edges,
        network=network,
        history=_history(repo, versions),
        analyses=analyses_of(repo, versions),
        provenance=provenance_of(repo, versions),
        methods=Methods("", ()),
    )
    if progress is not None:
        progress(1.0)
    methods = methods_of(report, [repo.base(version.name) for version in versions], active)
    return replace(report, summary=summary_of(report), methods=methods)


def _history(repo: Repository, versions: Sequence[Version]) -> HistoryGraph:
    """Return the last versions of which some come, with themselves, as a graph."""
    listed = {
        ancestor.number: ancestor for version in versions for ancestor in repo.versions(version.name, number=VERSIONS)
    }
    newest = sorted(listed, reverse=True)[:VERSIONS]
    return history_graph([listed[number] for number in newest])
