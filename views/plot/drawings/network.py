"""A network as nodes and lines: genes round, pathways square, edges by colour, width and dashes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ....engine.wording import counted
from .. import style
from ..labels import heading, label, width_of
from ..placement import place_names

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from ....analysis.pictures.drawn_network import DrawnEdge, DrawnNetwork, DrawnNode

SYMBOLS = {"rho": "|ρ|", "score": "score", "clr": "clr"}
"""What a strength is called."""

MARKS: dict[str, dict[str, Any]] = {
    "gene": {"marker": "o", "color": style.SKY, "label": "gene"},
    "pathway": {"marker": "s", "color": style.ORANGE, "label": "pathway"},
    "focus": {"marker": "o", "color": style.INK, "label": "gene asked for"},
}
"""How nodes are drawn."""

MARGIN = 0.06
"""Share of the axes around the nodes, for names."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """How edges of a kind are drawn; the width is in points, and dashes are what tells kinds apart in grey."""

    name: str
    colour: str
    width: float
    dashes: Any = "solid"


STROKES = {
    "gained": Stroke("gained", style.BLUE, 1.7),
    "lost": Stroke("lost", style.VERMILION, 1.5, (0, (3.5, 1.5))),
    "sign_flipped": Stroke("of another sign", style.PURPLE, 1.9, (0, (6, 1.5, 1, 1.5))),
    "kept": Stroke("in both", style.GREY, 0.6),
    "positive": Stroke("ρ > 0", style.BLUE, 1.0),
    "negative": Stroke("ρ < 0", style.VERMILION, 1.0, (0, (3.5, 1.5))),
    "link": Stroke("link, no member", style.GREEN, 1.2, (0, (1, 1.2))),
    "member": Stroke("link, member", style.GREEN, 0.7),
    "link_gained": Stroke("link gained", style.GREEN, 1.3, (0, (1, 1.2))),
    "link_lost": Stroke("link lost", style.ORANGE, 1.3, (0, (1, 3))),
}
"""The strokes of edges, in the order of the legend."""


def network(drawing: DrawnNetwork, ax: Axes | None = None) -> Axes:
    """Draw a network: the neighbourhood of genes and pathways, or what changed between two versions.

    Parameters
    ----------
    drawing : DrawnNetwork
        Of `analysis.pictures.network`.
    ax : Axes, optional
        Where; new axes by default.
    """
    ax = style.axes(ax, size_of_network(drawing))
    ax.set_axis_off()
    ax.set_xlim(-MARGIN, 1 + MARGIN)
    ax.set_ylim(-MARGIN, 1 + MARGIN)
    strokes = [_stroke_of(drawing, edge) for edge in drawing.edges]
    _draw_edges(ax, drawing, strokes)
    sizes = _draw_nodes(ax, drawing.nodes)
    _draw_names(ax, drawing, sizes)
    _legend(ax, drawing, strokes)
    heading(ax, _title(drawing), *_remarks(drawing), inches=1.25 * width_of(ax))
    return ax


def size_of_network(drawing: DrawnNetwork) -> tuple[float, float]:
    """Return a width and height in inches: a few nodes need less room."""
    width = min(9.0, 4.2 + 0.76 * len(drawing.nodes) ** 0.5)
    return width, 0.82 * width


def _stroke_of(drawing: DrawnNetwork, edge: DrawnEdge) -> str:
    if edge.kind == "link":
        if drawing.before is None:
            return "member" if edge.is_member else "link"
        return "link_lost" if edge.rho_after is None else "link_gained"
    if edge.kind == "edge":
        return "negative" if (edge.rho_after or 0.0) < 0 else "positive"
    return edge.kind


def _draw_edges(ax: Axes, drawing: DrawnNetwork, strokes: Sequence[str]) -> None:
    """Draw the edges of each kind; of one version, the stronger the wider."""
    from matplotlib.collections import LineCollection

    strengths = [edge.strength for edge in drawing.edges if edge.kind == "edge"] or [1.0]
    least, extent = min(strengths), max(max(strengths) - min(strengths), 1e-12)
    for number, (kind, stroke) in enumerate(reversed(STROKES.items())):
        edges = [edge for edge, own in zip(drawing.edges, strokes, strict=True) if own == kind]
        ends = [[(node.x, node.y) for node in (drawing.nodes[e.source], drawing.nodes[e.target])] for e in edges]
        widths = [
            stroke.width * (0.6 + 2.0 * (e.strength - least) / extent if e.kind == "edge" else 1.0) for e in edges
        ]
        if edges:
            lines = LineCollection(
                ends,
                linewidths=widths,
                colors=stroke.colour,
                linestyles=[stroke.dashes],
                zorder=1 + number / 100,
                capstyle="butt",
            )
            lines.set_gid(kind)
            ax.add_collection(lines, autolim=False)


def _draw_nodes(ax: Axes, nodes: Sequence[DrawnNode]) -> list[float]:
    """Draw the nodes, and return the diameter of each in points."""
    crowd = 0.75 if len(nodes) > 60 else 1.0
    sizes = [crowd * (9.0 if node.kind == "pathway" else min(4.5 + 0.35 * node.degree, 9.0)) for node in nodes]
    for mark, settings in MARKS.items():
        own = [index for index, node in enumerate(nodes) if _mark_of(node) == mark]
        if own:
            ax.scatter(
                [nodes[index].x for index in own],
                [nodes[index].y for index in own],
                s=[sizes[index] ** 2 for index in own],
                c=settings["color"],
                marker=settings["marker"],
                edgecolors=style.INK,
                linewidths=0.6,
                zorder=4,
            )
    return sizes


def _mark_of(node: DrawnNode) -> str:
    return "pathway" if node.kind == "pathway" else "focus" if node.is_focus else "gene"


def _draw_names(ax: Axes, drawing: DrawnNetwork, sizes: Sequence[float]) -> None:
    """Write the names, those of pathways and of nodes with many edges first, where they cover least."""
    nodes = drawing.nodes
    points = 7.5 if len(nodes) <= 40 else 6.5 if len(nodes) <= 90 else 5.5
    order = sorted(range(len(nodes)), key=lambda index: (nodes[index].kind == "gene", -nodes[index].degree, index))
    at = [(node.x, node.y) for node in nodes]
    lines = [(edge.source, edge.target) for edge in drawing.edges]
    texts = [label(node.name, 36 if node.kind == "pathway" else 20) for node in nodes]
    is_bold = [node.kind == "pathway" or node.is_focus for node in nodes]
    place_names(ax, at, texts, sizes, points=points, order=order, lines=lines, bold=is_bold)


def _legend(ax: Axes, drawing: DrawnNetwork, strokes: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    drawn = Counter(strokes)
    handles = [
        Line2D(
            [], [], color=stroke.colour, linewidth=max(stroke.width, 0.8), linestyle=stroke.dashes,
            label=f"{stroke.name} ({drawn[kind]:,})",
        )
        for kind, stroke in STROKES.items()
        if drawn[kind]
    ]  # fmt: skip
    marks = {_mark_of(node) for node in drawing.nodes}
    handles += [
        Line2D([], [], linestyle="none", markersize=6, markeredgecolor=style.INK, markeredgewidth=0.6, **settings)
        for mark, settings in MARKS.items()
        if mark in marks
    ]
    if handles:
        columns = min(len(handles), 7)
        ax.legend(
            handles=handles,
            loc="upper center",
            bbox_to_anchor=(0.5, 0.0),
            ncols=columns,
            fontsize=7.5,
            columnspacing=1.4,
        )


def _title(drawing: DrawnNetwork) -> str:
    if drawing.before is not None:
        return f"What changed from {drawing.before} to {drawing.after}"
    focus = [label(node.name, 36) for node in drawing.nodes if node.is_focus]
    if not focus:
        return f"The strongest edges of {drawing.after}"
    more = f" and {len(focus) - 4} more" if len(focus) > 4 else ""
    return f"Around {', '.join(focus[:4])}{more} in {drawing.after}"


def _remarks(drawing: DrawnNetwork) -> list[str]:
    symbol, drawn = SYMBOLS[drawing.ranked_by], Counter(edge.kind for edge in drawing.edges)
    if drawing.before is None:
        pairs = f"{drawn['edge']:,} of {counted(drawing.counts.get('edge', 0), 'pair')}"
        edges = f"{pairs} with {symbol} ≥ {drawing.threshold:.3g}, the stronger the wider"
        return [f"{edges}; {counted(drawn['link'], 'link')} with activities." if drawn["link"] else f"{edges}."]
    kinds = [f"{drawn[kind]:,} of {count:,} {STROKES[kind].name}" for kind, count in drawing.counts.items() if count]
    what = f"An edge has {symbol} ≥ {drawing.threshold:.3g}. Drawn: {', '.join(kinds) or 'none'}"
    links = f", {counted(drawn['link'], 'link')} with activities" if drawn["link"] else ""
    bases = "The versions stand on different bases: other samples and another λ alone make a difference."
    return [f"{what}{links}.", *([bases] if drawing.other_base else [])]
