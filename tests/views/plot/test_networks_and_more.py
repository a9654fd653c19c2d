"""Figures of networks, history, pathways, modules and signals: what is drawn is what the value has, names are data."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger import plot
from grnledger.analysis.links import LinkedPathway, Links
from grnledger.analysis.pictures.drawn_network import Line, drawn_network
from grnledger.analysis.pictures.modules import ModuleShares, SecondModules
from grnledger.analysis.pictures.signals import QQ, LikelihoodCurve, SetShifts
from grnledger.analysis.support import PathwaySupport, Support
from grnledger.engine.inference.links import Link
from grnledger.engine.nmf.modules.rank import RankRow, RankSurvey
from grnledger.views.plot.write import figure_of, render

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = ("$A_1$", "</text><script>", "N" * 60, "基因-ρ", "a\x1b[2J\nb", "$\\frac{1}$")
"""Names that are data: mathematics, markup, long, of another script, and with control characters."""


def network(kinds: tuple[str, ...]) -> Any:
    lines = [Line(index, index + 1, kind, 0.1, -0.2, 0.2) for index, kind in enumerate(kinds)]  # type: ignore[arg-type]
    lines += [Line("$P$", 0, "link", None, 0.1, 0.1), Line("$P$", 1, "link", 0.1, None, 0.1)]
    return drawn_network(HOSTILE, lines, before="v0", after="v1", ranked_by="rho", threshold=0.1, counts={"gained": 9})


def values() -> dict[str, Any]:
    """Return a small value of each kind whose names are hostile."""
    count = len(HOSTILE)
    numbers = np.linspace(0.1, 0.9, count)
    links = tuple(Link(0, gene, 0.1 - 0.05 * gene, gene < 2, 1) for gene in range(count))
    p = tuple(numbers.tolist())
    pathways = tuple(PathwaySupport(name, 9, 1, 0.5, 0.2, 1, 2, 0.0, 1.0, 0.1, (0.1, -0.1)) for name in HOSTILE)
    ranks = tuple(RankRow(rank, 1.0 / rank, 0.05, 1.0, float("nan"), 9.0) for rank in (2, 3, 4))
    order = np.arange(count, dtype=np.intp)
    return {
        "network": replace(network(("edge", "edge")), before=None),
        "network-changes": network(("gained", "lost", "kept", "sign_flipped")),
        "support": Support(pathways, 0.5, 0.5, 40, 40, adjusted=False),
        "links": Links(HOSTILE, (LinkedPathway(HOSTILE[0], 2, 0.5),), links, p, p),
        "ranks": RankSurvey(ranks),
        "modules": ModuleShares(HOSTILE, np.eye(count), order, np.ones(count, dtype=np.intp), count, HOSTILE[1]),
        "moonlighting": SecondModules(HOSTILE, order, order, numbers, numbers, numbers, count, 9, True, HOSTILE[0]),
        "qq": QQ(numbers[::-1] * 3, numbers[::-1] * 40, numbers[::-1] * 2, numbers[::-1] * 4, count, 0, 1.0, HOSTILE,
                 HOSTILE[1]),
        "h2": LikelihoodCurve(np.linspace(0, 1, 5), np.array([-1.0, 0, -1, -3, -np.inf]), 0.25, (0.0, 0.6), "reml", 9,
                              -1.0, HOSTILE[0], "v0"),
        "sets": SetShifts(HOSTILE, order, numbers - 0.5, numbers, numbers, 99, HOSTILE[1]),
    }  # fmt: skip


@pytest.mark.parametrize("kind", list(values()))
def test_names_are_drawn_as_they_are_and_the_same_each_time(kind: str) -> None:
    def drawn() -> bytes:
        return render(figure_of(kind, values()[kind], source=HOSTILE[1]), "svg")

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as that a font has no glyph
        content = drawn()
    assert content == drawn()
    text = content.decode()
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    if kind not in ("ranks", "h2"):
        assert "$A_1$" in text
    assert render(figure_of(kind, values()[kind]), "png").startswith(b"\x89PNG")


def lines_of(ax: Any) -> Iterator[tuple[str, int]]:
    for collection in ax.collections:
        if collection.get_gid():
            yield collection.get_gid(), len(collection.get_segments())


def test_a_network_has_a_stroke_for_each_edge_and_tells_kinds_apart_in_grey() -> None:
    ax: Any = plot.network_changes(values()["network-changes"])
    assert dict(lines_of(ax)) == {
        "gained": 1,
        "lost": 1,
        "kept": 1,
        "sign_flipped": 1,
        "link_gained": 1,
        "link_lost": 1,
    }
    looks = {(str(line.get_linestyle()), float(line.get_linewidth()[0])) for line in ax.collections if line.get_gid()}
    assert len(looks) == 6
    assert {text.get_text() for text in ax.texts} >= {"$A_1$", "$P$"}


def test_support_draws_every_decoy_and_links_every_gene() -> None:
    support: Any = plot.support(values()["support"])
    assert len(support.collections[0].get_offsets()) == 2 * len(HOSTILE)
    links: Any = plot.links(values()["links"])
    assert [sum(len(c.get_offsets()) for c in panel.collections) for panel in links.child_axes] == [4, 2]


def test_what_is_empty_is_drawn_too() -> None:
    nothing = drawn_network(("A",), [], before="v0", after="v1", ranked_by="rho", threshold=1.0, counts={})
    full = values()
    for kind, value in (
        ("network-changes", nothing),
        ("support", replace(full["support"], pathways=())),
        ("links", replace(full["links"], links=(), q=None, p=None)),
        ("moonlighting", replace(full["moonlighting"], genes=(), **{
            name: getattr(full["moonlighting"], name)[:0] for name in ("main", "second", "share", "low", "high")
        })),
    ):  # fmt: skip
        assert render(figure_of(kind, value), "png")
