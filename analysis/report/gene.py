"""A report on one gene of a version: its partners, its links with pathways, its past, and what is around it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.network.pairs.edge_rule import EdgeRule
from ...engine.network.pairs.edges import neighbors
from ..chance import evidence_of
from ..links import active_additions, links_of
from ..pictures.network import network_around
from ..ranking import ranking_of
from ..trace import trace_of
from .report import ReportedEdge

if TYPE_CHECKING:
    from ...engine.choices import RankBy
    from ...storage.history.versions import ActivePathway, Version
    from ...storage.repository import Repository
    from ..chance import PairTests
    from ..links import Links
    from ..pictures.drawn_network import DrawnNetwork
    from ..trace import Trace

PARTNERS = 50
"""Partners of a gene that a report lists."""

TRACED = 60
"""Newest versions, along first parents, through which a report follows an edge."""


@dataclass(frozen=True, slots=True)
class Membership:
    """A pathway that loads on a gene: the pathway, and the loading in its units, one a column."""

    pathway: ActivePathway
    loadings: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class GeneReport:
    """A gene of a version.

    Parameters
    ----------
    gene : str
        Its name.
    version : Version
        The version.
    partners : tuple of ReportedEdge
        Its strongest edges, itself as `gene_a`.
    ranked_by : {"score", "rho", "clr"}
        Their order.
    called : int, optional
        How many of them can be told from chance at `RATE`; none where the base has no samples.
    links : Links
        With the activities of all pathways that are added, strongest first.
    memberships : tuple of Membership
        The active pathways that load on it.
    trace : Trace, optional
        Its edge with one partner through history; none where it has no partner.
    network : DrawnNetwork
        Around it.
    """

    gene: str
    version: Version
    partners: tuple[ReportedEdge, ...]
    ranked_by: RankBy
    called: int | None
    links: Links
    memberships: tuple[Membership, ...]
    trace: Trace | None
    network: DrawnNetwork


def gene_report(
    repo: Repository, version: Version, gene: str, partner: str | None = None, *, tests: PairTests | None = None
) -> GeneReport:
    """Return the report of a gene.

    Parameters
    ----------
    repo : Repository
        The store.
    version : Version
        The version.
    gene : str
        The gene.
    partner : str, optional
        Whose edge with it is followed through history; its strongest partner by default.
    tests : PairTests, optional
        What the samples of the version's base say of its pairs; `pair_tests_if_any` computes it.

    Raises
    ------
    NotFound
        A gene is not on the panel.
    InputError
        It is its own partner; or networkx is not installed.

    Notes
    -----
    O(p (K + r)) a version that is read.
    """
    partners, ranked_by, called = _partners(repo, version, gene, tests)
    other = partner or (partners[0].gene_b if partners else None)
    line = repo.line(version.name)[:TRACED][::-1]
    return GeneReport(
        gene,
        version,
        partners,
        ranked_by,
        called,
        links_of(repo, version.name, active_additions(repo, version.name)[0], None, gene=gene, tested=True),
        _memberships(repo, version, repo.panel.index(gene)),
        None if other is None else trace_of(repo, line, gene, other),
        network_around(repo, version.name, genes=[gene]),
    )


def _partners(
    repo: Repository, version: Version, gene: str, tests: PairTests | None
) -> tuple[tuple[ReportedEdge, ...], RankBy, int | None]:
    """Return the strongest edges of a gene, their order, and how many can be told from chance."""
    ranking = ranking_of(repo.base(version.name), None, threshold=None)
    measure = ranking.row_measure(lambda penalty: repo.snapshot(version.name, penalty=penalty))
    rule = EdgeRule("top", min(PARTNERS, len(repo.panel) - 1))
    listed = neighbors(repo.snapshot(version.name).precision, gene, rule, ranked_by=measure)
    index = repo.panel.index(gene)
    pairs = np.stack([np.full(len(listed), index), listed.partners], axis=1)
    evidence = None if tests is None else evidence_of(tests, repo.pathways(version.name), pairs)
    qs = [None] * len(listed) if evidence is None else [None if math.isnan(q) else q for q in evidence.q.tolist()]
    origins = [None] * len(listed) if evidence is None else evidence.origins
    rows = zip(listed, listed.strength.tolist(), qs, origins, strict=True)
    edges = tuple(ReportedEdge(gene, name, rho, strength, q, origin) for (name, rho), strength, q, origin in rows)
    return edges[:PARTNERS], ranking.by, None if evidence is None else evidence.called()


def _memberships(repo: Repository, version: Version, gene: int) -> tuple[Membership, ...]:
    pairs = zip(repo.active(version.name), repo.pathways(version.name), strict=True)
    return tuple(
        Membership(active, tuple(pathway.loadings[pathway.genes == gene].ravel().tolist()))
        for active, pathway in pairs
        if gene in pathway.genes
    )
