"""Edges written as a graph for other tools: what went into which file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....engine.wording import counted
from .. import edges as edge_answers
from ..answer import Answer, Note
from ..versions import SHORT, identity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ....analysis.edges.selected import SelectedEdges
    from ....formats.graphs.graph import Graph
    from ....storage.repository import Repository
    from ...edge_options import GraphFile


def write_graph_file(
    repo: Repository, at: str, file: GraphFile, genes: str | None, progress: Callable[[float], None] | None
) -> Answer:
    """Write the edges of a version as a graph, and return what was written.

    Parameters
    ----------
    repo : Repository
        The store.
    at : str
        Which version.
    file : GraphFile
        The file, its format and its edges.
    genes : str, optional
        The genes whose pairs are the edges.
    progress : callable, optional
        Called with the share that is done.
    """
    from ....analysis.edges.selection import select_edges
    from ....formats.files.writing import check_target
    from ....formats.graphs.writers import find_graph_format

    assert file.path is not None  # noqa: S101  a graph is written where a file is named
    name, format_ = find_graph_format(file.path, file.format)
    check_target(file.path)
    selected = select_edges(repo, at, file.choice(genes), progress=progress)
    graph = selected.graph(has_all_genes=file.all_genes or format_.has_all_genes)
    paths = format_.write(file.path, graph)
    where = selected.version.name if file.gene is None else f"{file.gene} in {selected.version.name}"
    return Answer(
        json=lambda: {
            **identity(selected.version),
            **edge_answers.rule_json(selected.edges.edge_rule, selected.edges.threshold, selected.ranking),
            "count": len(selected),
            "nodes": len(graph.names),
            "format": name,
            "file": str(file.path),
            "files": [str(path) for path in paths],
        },
        text=lambda: None,
        notes=[*_file_notes(selected, graph, name, paths), *_edge_notes(selected, f"of {where}")],
    )


def _file_notes(selected: SelectedEdges, graph: Graph, format_: str, paths: Sequence[Path]) -> list[Note]:
    version = selected.version
    size = f"{counted(len(selected), 'edge')}, {counted(len(graph.names), 'gene')}"
    notes = [Note(f"{paths[0]}: {size} of {version.name} ({version.content[:SHORT]}), as {format_}.")]
    if len(paths) > 1:
        notes.append(Note(f"Attributes, which {format_} cannot hold: {' and '.join(map(str, paths[1:]))}."))
    if "module" not in graph.node_columns:
        kept = f"the store keeps no NMF analysis of the correlations of {version.name}"
        notes.append(Note(f"Genes have no module: {kept}; `grn nmf` makes one."))
    return notes


def _edge_notes(selected: SelectedEdges, where: str) -> list[Note]:
    notes = edge_answers.rule_notes(selected.edges, where, selected.ranking)
    return [*notes, *edge_answers.evidence_notes(selected.edges, selected.evidence)]
