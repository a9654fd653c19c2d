"""Edges of a version with all that stands beside them, as a table and as a graph."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.tabular import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...engine.network.pairs.edges import Edges
    from ...formats.graphs.graph import Graph
    from ...storage.history.versions import Version
    from ...storage.repository import Repository
    from ..chance import Evidence
    from ..ranking import Ranking


@dataclass(frozen=True, slots=True)
class SelectedEdges(Table):
    """Edges of a version with all that stands beside them.

    Parameters
    ----------
    repo : Repository
        The store.
    version : Version
        The version.
    edges : Edges
        Its edges, strongest first.
    ranking : Ranking
        Their order.
    evidence : Evidence, optional
        Where they come from and which can be told from chance; absent where the base has no samples to say so.
    """

    repo: Repository
    version: Version
    edges: Edges
    ranking: Ranking
    evidence: Evidence | None

    def __repr__(self) -> str:
        return f"<{self.version.name}: {repr(self.edges)[1:]}"

    def __len__(self) -> int:
        return len(self.edges)

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return `gene_a`, `gene_b` and `rho`, the strength under the name of its order, and `q` and `origin` if known.

        q of a pair that a pathway alone accounts for is absent.
        """
        columns = {name.replace("strength", self.ranking.by): values for name, values in self.edges.columns().items()}
        if self.evidence is None:
            return columns
        q = [None if math.isnan(value) else value for value in self.evidence.q.tolist()]
        return {**columns, "q": q, "origin": list(self.evidence.origins)}

    def graph(self, *, has_all_genes: bool = False) -> Graph:
        """Return the edges as a graph, with what the store knows of genes and pairs; see `edge_network`."""
        from .network import edge_network  # with what a graph shows, such as modules of NMF

        return edge_network(
            self.repo, self.version, self.edges, self.ranking, self.evidence, has_all_genes=has_all_genes
        )

    def to_networkx(self) -> Any:
        """Return the edges as a `networkx.Graph`, whose attributes are those of `edge_network`.

        Raises
        ------
        InputError
            networkx is not installed.
        """
        from ...formats.graphs.networkx_graph import to_networkx

        return to_networkx(self.graph())

    def to_anndata(self) -> Any:
        """Return the edges as an `AnnData` over the whole panel: ρ in `varp["rho"]`, genes in `var`, ids in `uns`.

        Raises
        ------
        InputError
            anndata is not installed.
        """
        from ...formats.graphs.matrices import to_anndata

        return to_anndata(self.graph(has_all_genes=True))
