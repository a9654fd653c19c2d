"""The registry of formats of graphs: a new one is a file beside this, and a line in `GRAPH_FORMATS`.

The file has a function of a path and a `Graph` that writes it, whole or not at all, and returns the paths of the files
that it wrote. Equal graphs give equal bytes. Nothing else lists the formats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.lazy import load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .graph import Graph


@dataclass(frozen=True, slots=True)
class GraphFormat:
    """A line of the registry. The function is named by a text, so that help on a command imports no writer.

    Parameters
    ----------
    caption : str
        What it is for, as part of a list.
    ending : str
        What the names of its files end in.
    function : str
        `module:function`.
    has_all_genes : bool
        Whether genes without an edge are nodes too, as in matrices of the panel.
    """

    caption: str
    ending: str
    function: str
    has_all_genes: bool = False

    def write(self, path: Path, graph: Graph) -> tuple[Path, ...]:
        """Write a graph, and return the paths of the files."""
        return load(self.function, __package__)(path, graph)


GRAPH_FORMATS: Mapping[str, GraphFormat] = {
    "graphml": GraphFormat("Cytoscape, Gephi, yEd, igraph, networkx", ".graphml", "graphml:write_graphml"),
    "gexf": GraphFormat("Gephi, networkx", ".gexf", "gexf:write_gexf"),
    "cx2": GraphFormat("Cytoscape, NDEx", ".cx2", "cx2:write_cx2"),
    "cyjs": GraphFormat("Cytoscape, Cytoscape.js, networkx", ".cyjs", "cyjs:write_cyjs"),
    "sif": GraphFormat("Cytoscape; attributes in two tables beside it", ".sif", "sif:write_sif"),
    "tsv": GraphFormat("a table of edges", ".tsv", "tables:write_tsv"),
    "parquet": GraphFormat("a table of edges", ".parquet", "tables:write_parquet"),
    "h5ad": GraphFormat("scanpy, AnnData", ".h5ad", "matrices:write_h5ad", has_all_genes=True),
    "npz": GraphFormat("a sparse matrix of SciPy", ".npz", "matrices:write_sparse_npz", has_all_genes=True),
}
"""Every format of graphs, by its name."""


def find_graph_format(path: Path, name: str | None = None) -> tuple[str, GraphFormat]:
    """Return the format of a name, or else that which the ending of a file says, with its name.

    Raises
    ------
    InputError
        No format has that name or ending.
    """
    for known, format_ in GRAPH_FORMATS.items():
        if name == known or (name is None and path.suffix.lower() == format_.ending):
            return known, format_
    problem = f"{path} has an ending that is no format of graphs: {path.suffix or 'none'!r}."
    raise InputError(
        problem if name is None else f"{name!r} is no format of graphs.",
        code="graph-format-unknown",
        facts={"endings": ", ".join(f"*{format_.ending}" for format_ in GRAPH_FORMATS.values())},
    )
