"""The page as bytes: its policy names what is in it, names are escaped, nothing is asked for, the same every time."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.analysis.pictures.drawn_network import DrawnEdge, DrawnNetwork, DrawnNode
from grnledger.analysis.report.gather import report_of
from grnledger.views.page.figures import Figure
from grnledger.views.page.numbers import column_texts, rate_text
from grnledger.views.page.render import json_text, network_data, render_page

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.analysis.report.report import Report

FETCHING = ("src", "href", "srcset", "data", "action", "poster", "background", "style")
"""Attributes that may ask for something, or that the policy forbids."""


class Elements(HTMLParser):
    """What a page has: the attributes of each element, and the text within scripts and styles."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.within: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in self.within:
            self.within[tag].append("")

    def handle_data(self, data: str) -> None:
        if self.cdata_elem in self.within:
            self.within[self.cdata_elem][-1] += data

    def values(self, *names: str) -> set[str]:
        return {value or "" for _, attributes in self.elements for name, value in attributes.items() if name in names}


def policy_of(page: Elements) -> dict[str, str]:
    """Return the directives of the page's policy."""
    (policy,) = [at["content"] for tag, at in page.elements if tag == "meta" and "http-equiv" in at]
    return dict(directive.strip().split(" ", 1) for directive in str(policy).split(";"))


def test_the_policy_allows_this_script_and_this_style_and_nothing_else(report: Report) -> None:
    page = Elements(render_page(report))
    policy = policy_of(page)
    data, script = page.within["script"]
    (style,) = page.within["style"]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (script, style)]
    assert policy == {
        "default-src": "'none'",
        "script-src": f"'sha256-{hashes[0]}'",
        "style-src": f"'sha256-{hashes[1]}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert json.loads(data)["after"] == "v2"


def test_nothing_is_asked_for_and_no_handler_or_style_stands_in_the_markup(report: Report) -> None:
    page = Elements(render_page(report, [Figure("changes", "Bars.", b"<svg/>")]))
    links = {value for value in page.values(*FETCHING) if not value.startswith("#")}
    assert {link for link in links if not link.startswith("https://doi.org/10.")} == {
        "data:image/svg+xml;base64," + base64.b64encode(b"<svg/>").decode()
    }
    names = {name for _, attributes in page.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name == "style"]
    assert [tag for tag, _ in page.elements if tag == "img"] == ["img"]
    assert {tag for tag, _ in page.elements} & {"iframe", "object", "embed", "link", "base", "form"} == set()


def test_the_script_sets_text_and_never_markup() -> None:
    from importlib.resources import files

    script = files("grnledger.views.page").joinpath("page.js").read_text(encoding="utf-8")
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|fetch\(", script) == []
    )
    assert "</script" not in script.lower()


@pytest.mark.parametrize("name", ["</script><img src=x onerror=alert(1)>", "<!--", "a&lt;b", "\u2028", "'\"\\"])
def test_data_for_the_script_are_the_same_when_read_and_end_no_element(name: str) -> None:
    text = json_text({"name": name})
    assert json.loads(text) == {"name": name}
    assert not re.search("[<>&\u2028]", text)


def test_the_same_report_gives_the_same_bytes_and_ids_are_unique(report: Report, store: Path) -> None:
    page = render_page(report)
    repo = grnledger.open(store)
    assert render_page(report_of(repo, repo.version("v0"), repo.version("v2"))) == page
    ids = [at["id"] for _, at in Elements(page).elements if "id" in at]
    assert len(ids) == len(set(ids))
    targets = {value for value in Elements(page).values("href") if value.startswith("#")}
    assert {f"#{id_}" for id_ in ids} >= targets


def test_headings_go_down_by_one_and_there_is_one_title(report: Report) -> None:
    levels = [int(tag[1]) for tag, _ in Elements(render_page(report)).elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert max(np.diff(levels)) == 1


def test_a_version_by_itself_has_a_page(store: Path) -> None:
    repo = grnledger.open(store)
    page = render_page(report_of(repo, None, repo.version("v0"))).decode()
    assert "<h1>The gene network of v0</h1>" in page
    assert 'id="changes"' not in page
    assert 'id="edge-table"' in page


def test_a_report_without_edges_or_network_has_a_page(report: Report) -> None:
    empty = replace(report.network, nodes=(), edges=())
    bare = replace(report, network=empty, edges=replace(report.edges, edges=()), changes=None, pathways=(), links=())
    page = render_page(bare).decode()
    assert "No pair of genes changed." in page
    assert "No pair of genes has a partial correlation other than 0." in page


def test_any_beginning_of_the_edges_has_all_kinds_in_step() -> None:
    nodes = tuple(DrawnNode(f"G{number}", "gene", 0.0, 0.0, 1) for number in range(18))
    kinds = ("gained",) * 6 + ("lost",) * 3
    edges = tuple(DrawnEdge(2 * n, 2 * n + 1, kind, 0.1, 0.2, 9.0 - n) for n, kind in enumerate(kinds))
    data = network_data(DrawnNetwork("v0", "v1", nodes, edges, "rho", 0.1, {"gained": 6, "lost": 3}))
    order = [edge[2] for edge in data["edges"]]
    assert [order[:3].count("gained"), order[:6].count("gained"), order.count("gained")] == [2, 4, 6]
    sources = [edge[0] for edge in data["edges"] if edge[2] == "gained"]
    assert sources == sorted(sources), "the strongest first within a kind"


def test_numbers_are_aligned_and_none_reads_as_zero() -> None:
    assert column_texts([0.008896, -0.00008, None, float("nan")]) == ["0.008896", "-0.000080", "–", "–"]
    assert column_texts([]) == []
    assert [rate_text(q) for q in (1.0, 0.05, 1e-4, 9e-5, 0.0, None)] == [
        "1.0",
        "0.050",
        "0.00010",
        "9e-05",
        "0.0",
        "–",
    ]
