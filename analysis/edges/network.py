"""Edges of a stored version as a graph, with what the store knows of its genes and pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import FormatError
from ...engine.inference.shared_pathways import shared_pathways
from ...engine.nmf.modules.membership import memberships
from ...formats.graphs.graph import Column, Graph, Scalar
from ...storage.networks.provenance import software
from ..nmf import kept
from ..ranking import rule_facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ...engine.network.pairs.edges import Edges
    from ...engine.network.pathway import Pathway
    from ...storage.history.versions import Version
    from ...storage.repository import Repository
    from ..chance import Evidence
    from ..ranking import Ranking

MODULE = "module"
"""The attribute of a gene that is its main module."""

INTERACTIONS = {1: "positive correlation", -1: "negative correlation", 0: "no correlation"}
"""Of each sign of ρ, what an edge is called where it needs a kind."""


def edge_network(
    repo: Repository,
    version: Version,
    edges: Edges,
    ranking: Ranking,
    evidence: Evidence | None,
    *,
    has_all_genes: bool = False,
) -> Graph:
    """Return edges of a version as a graph.

    Parameters
    ----------
    repo : Repository
        The store.
    version : Version
        The version.
    edges, ranking, evidence
        Its edges, their order, and where they come from if that is known.
    has_all_genes : bool
        Whether genes without an edge are nodes too.

    Returns
    -------
    Graph
        Of genes: `degree` among these edges, `module` (the main one of the newest NMF analysis that the store keeps of
        the version's correlations, from 1; absent where it keeps none), and `pathways`, those active ones in which the
        gene has a loading. Of edges: `interaction` (the sign of ρ in words, for Cytoscape), `rho`, the strength that
        they are ranked by where that is another, `q` and `origin` where the base has samples, and `pathways`, those
        active ones that have both genes. Of the graph: the version, its ids, the rule and the order, and the software.
    """
    panel, pathways = edges.panel, repo.pathways(version.name)
    degree = np.bincount(edges.pairs.ravel(), minlength=len(panel))
    genes = np.arange(len(panel)) if has_all_genes else np.flatnonzero(degree)
    position = np.full(len(panel), -1, dtype=np.intp)
    position[genes] = np.arange(len(genes))
    main, analysis = main_modules(repo, version)
    node_columns = {"degree": Column("integer", degree[genes].tolist())}
    if main is not None:
        modules = [main[index] + 1 or None for index in genes.tolist()]
        node_columns[MODULE] = Column("integer", modules)
    node_columns["pathways"] = Column("texts", _pathways_of_genes(pathways, genes, len(panel)))
    attributes: dict[str, Scalar] = {
        "name": f"{version.name} ({version.content[:7]})",
        "version": version.name,
        "id": version.id,
        "content": version.content,
        **rule_facts(edges.edge_rule, edges.threshold, ranking),
        "software": f"grnledger {software()['grnledger']}",
        **({} if analysis is None else {"nmf": analysis}),
    }
    names = tuple(panel.names(genes))
    return Graph(
        names, position[edges.pairs], node_columns, _edge_columns(edges, ranking, evidence, pathways), attributes
    )


def main_modules(repo: Repository, version: Version) -> tuple[list[int] | None, str | None]:
    """Return the main module of each gene of the panel, from 0, and the id of the newest analysis that says so.

    A gene that no module has is −1. Both are `None` where the store keeps no sound analysis of the version's content.
    """
    for artifact in kept.kept_of(repo.artifacts, (version.content,)):
        try:
            named = kept.read(artifact)
        except FormatError:
            continue
        main = memberships(named.analysis.best).main.tolist()
        of_gene = dict(zip(named.genes, main, strict=True))
        return [of_gene.get(gene, -1) for gene in repo.panel.genes], artifact.key
    return None, None


def _edge_columns(
    edges: Edges, ranking: Ranking, evidence: Evidence | None, pathways: Sequence[Pathway]
) -> dict[str, Column]:
    words = [INTERACTIONS[sign] for sign in np.sign(edges.rho).astype(int).tolist()]
    columns = {"interaction": Column("text", words), "rho": Column.of_numbers(edges.rho)}
    if ranking.by != "rho":
        columns[ranking.by] = Column.of_numbers(edges.strength)
    if evidence is not None:
        columns["q"] = Column.of_numbers(evidence.q)
        columns["origin"] = Column("text", evidence.origins)
    shared = shared_pathways(pathways, edges.pairs, len(edges.panel))
    names = [tuple(name for index in indices for name in pathways[index].names) for indices in shared]
    columns["pathways"] = Column("texts", names)
    return columns


def _pathways_of_genes(pathways: Sequence[Pathway], genes: NDArray[np.intp], size: int) -> list[tuple[str, ...]]:
    """Return of each of some genes the names of the pathways in which it has a loading."""
    names: list[list[str]] = [[] for _ in range(size)]
    for pathway in pathways:
        for name, loadings in zip(pathway.names, pathway.loadings.T, strict=True):
            members: list[int] = pathway.genes[loadings != 0.0].tolist()
            for index in members:
                names[index].append(name)
    wanted: list[int] = genes.tolist()
    return [tuple(names[index]) for index in wanted]
