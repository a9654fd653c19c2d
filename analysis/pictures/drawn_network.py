"""A drawn network as a value: genes and pathways with positions, and the edges between them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from ...engine.wording import counted
from .layout import layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...engine.choices import RankBy

MOST_EDGES = 150
"""Most edges of a drawing: more cannot be told apart."""

EdgeKind = Literal["edge", "gained", "lost", "sign_flipped", "kept", "link"]
"""An edge of one version; what became of one between two; or a link of a gene with the activity of a pathway."""


@dataclass(frozen=True, slots=True)
class DrawnNode:
    """A gene or a pathway of a drawn network.

    Parameters
    ----------
    name : str
        Its name.
    kind : {"gene", "pathway"}
        What it is.
    x, y : float
        Its position, in [0, 1] and in thousandths; y goes up.
    degree : int
        The number of its drawn edges.
    is_focus : bool
        Whether the network is the one around it.
    """

    name: str
    kind: Literal["gene", "pathway"]
    x: float
    y: float
    degree: int
    is_focus: bool = False


@dataclass(frozen=True, slots=True)
class DrawnEdge:
    """An edge of a drawn network.

    Parameters
    ----------
    source, target : int
        Indices of its nodes; the pathway of a link is the source.
    kind : str
        What it is, one of `EdgeKind`.
    rho_before, rho_after : float, optional
        ρ in the two versions; of one version `rho_after` alone. A link that was gained has no `rho_before`, one that
        was lost no `rho_after`.
    strength : float
        What it was chosen by, without its sign: of an edge the larger of both versions, of a link |ρ|.
    is_member : bool
        Of a link, whether the pathway loads on the gene.
    """

    source: int
    target: int
    kind: EdgeKind
    rho_before: float | None
    rho_after: float | None
    strength: float
    is_member: bool = False


@dataclass(frozen=True, slots=True)
class DrawnNetwork:
    """A network of at most `MOST_EDGES` edges, with positions.

    Parameters
    ----------
    before : str, optional
        The version that it is compared with; absent for the network of one version.
    after : str
        The version.
    nodes : tuple of DrawnNode
        Genes and pathways, in the order in which edges name them.
    edges : tuple of DrawnEdge
        Strongest first within each kind.
    ranked_by : {"score", "rho", "clr"}
        What edges of genes are chosen by.
    threshold : float
        The strength from which a pair is an edge; of a neighbourhood, that of its weakest edge.
    counts : mapping of str to int
        Of each kind of edge of two versions, how many there are, drawn or not; of one version, all pairs among the
        genes drawn, or on the panel where the network is around nothing.
    other_base : bool
        Whether the two versions stand on different bases, whose samples alone make a difference.
    """

    before: str | None
    after: str
    nodes: tuple[DrawnNode, ...]
    edges: tuple[DrawnEdge, ...]
    ranked_by: RankBy
    threshold: float
    counts: Mapping[EdgeKind, int]
    other_base: bool = False

    def __repr__(self) -> str:
        of = self.after if self.before is None else f"{self.before} → {self.after}"
        return f"<Network of {of}: {counted(len(self.nodes), 'node')}, {counted(len(self.edges), 'edge')}>"

    @property
    def left_out(self) -> dict[EdgeKind, int]:
        """Of each kind, how many edges there are that are not drawn."""
        drawn = Counter(edge.kind for edge in self.edges)
        return {kind: count - drawn[kind] for kind, count in self.counts.items()}


class Line(NamedTuple):
    """An edge before it has a place: its ends are indices of genes, and names of pathways."""

    source: int | str
    target: int | str
    kind: EdgeKind
    rho_before: float | None
    rho_after: float | None
    strength: float
    is_member: bool = False


def drawn_network(
    genes: Sequence[str],
    lines: Sequence[Line],
    focus: Sequence[int | str] = (),
    *,
    before: str | None = None,
    after: str,
    ranked_by: RankBy,
    threshold: float,
    counts: Mapping[EdgeKind, int],
    other_base: bool = False,
) -> DrawnNetwork:
    """Return the drawing of some lines, laid out.

    Parameters
    ----------
    genes : sequence of str
        The panel.
    lines : sequence of Line
        The edges.
    focus : sequence of int or str
        What the network is around, drawn even where nothing is there.
    before, after, ranked_by, threshold, counts, other_base
        As for `DrawnNetwork`.

    Raises
    ------
    InputError
        networkx is not installed.
    """
    degrees = Counter(end for line in lines for end in (line.source, line.target))
    order = dict.fromkeys([*focus, *degrees])
    index = {key: number for number, key in enumerate(order)}
    edges = tuple(DrawnEdge(index[line.source], index[line.target], *line[2:]) for line in lines)
    positions = layout(len(index), [(edge.source, edge.target) for edge in edges]).tolist()
    nodes = tuple(
        DrawnNode(
            key if isinstance(key, str) else genes[key],
            "pathway" if isinstance(key, str) else "gene",
            x,
            y,
            degrees[key],
            key in focus,
        )
        for key, (x, y) in zip(index, positions, strict=True)
    )
    return DrawnNetwork(before, after, nodes, edges, ranked_by, threshold, counts, other_base)
