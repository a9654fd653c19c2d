"""The page in a real browser: it works by mouse and by keyboard, asks for nothing, and names are text."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FOCUSABLE = "a[href], button, input, select, [tabindex='0']"


class Opened:
    """A page in a tab, and what it complained about or asked for."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.context = browser.new_context(**options)
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.tab = self.context.new_page()
        self.tab.on("console", lambda message: self.complaints.append(message.text))
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("dialog", lambda dialog: self.complaints.append(dialog.message) or dialog.dismiss())
        self.tab.goto(file.as_uri())

    def shown(self, table: str) -> int:
        """Return how many rows of a table are shown."""
        return self.tab.locator(f"#{table} tbody tr:not([hidden])").count()

    def numbers(self, table: str, key: str) -> list[float]:
        """Return the numbers of a column in full, as the rows stand."""
        cells = self.cells(table, key).evaluate_all("cells => cells.map(cell => cell.querySelector('data')?.value)")
        return [float("nan" if value is None else value) for value in cells]

    def texts(self, table: str, key: str) -> list[str]:
        """Return the texts of a column, as the rows stand."""
        return self.cells(table, key).all_text_contents()

    def cells(self, table: str, key: str) -> Any:
        """Return the cells of a column."""
        keys = self.tab.locator(f"#{table} thead th").evaluate_all("titles => titles.map(title => title.dataset.key)")
        return self.tab.locator(f"#{table} tbody td:nth-child({keys.index(key) + 1})")


@pytest.fixture(scope="module")
def opened(browser: Any, page_file: Path) -> Iterator[Opened]:
    """The page, for tests that leave it as it was."""
    page = Opened(browser, page_file)
    yield page
    page.context.close()


@pytest.fixture
def fresh(browser: Any, page_file: Path) -> Iterator[Callable[..., Opened]]:
    """Opens the page anew."""
    pages: list[Opened] = []

    def open_page(**options: Any) -> Opened:
        pages.append(Opened(browser, page_file, **options))
        return pages[-1]

    yield open_page
    for page in pages:
        page.context.close()


def test_nothing_is_asked_for_and_nothing_is_complained_about(opened: Opened, page_file: Path) -> None:
    assert opened.requests == [page_file.as_uri()]
    assert opened.complaints == []


def test_changes_and_edges_are_those_of_the_command_line(opened: Opened, store: Path, grn: Callable[..., Any]) -> None:
    changes = grn("-s", store, "diff", "v0..v2", "--changes", 200, "--json").json["changes"]
    edges = grn("-s", store, "edges", "--at", "v2", "--json").json["edges"]
    for key in ("rho_from", "rho_to", "delta", "score_from", "score_to"):
        assert opened.numbers("change-table", key) == [row[key] for row in changes]
    for key in ("rho", "score"):
        assert opened.numbers("edge-table", key) == [row[key] for row in edges]
    assert opened.texts("edge-table", "origin") == [row["origin"] for row in edges]
    assert len(changes) == 200


def test_names_are_text_wherever_they_stand(opened: Opened, report: Any) -> None:
    from grnledger.engine.wording import printable

    tab = opened.tab
    assert tab.locator("main img, main svg svg, [onload], [onerror]").count() == 0
    names = {printable(name) for edge in report.edges.edges for name in (edge.gene_a, edge.gene_b)}
    assert {*opened.texts("edge-table", "gene_a"), *opened.texts("edge-table", "gene_b")} == names
    assert any("<img" in name for name in names)
    drawn = tab.evaluate("[...document.querySelectorAll('.node text')].map((text) => text.textContent)")
    assert sorted(drawn) == sorted(printable(node.name) for node in report.network.nodes)
    message = tab.locator(".version .message").last.inner_text()
    assert message == "</style></script><img src=x onerror=alert(3)>\na\\u202ereversed line"
    assert "\u202e" not in tab.content()


def test_the_search_finds_a_gene_in_tables_and_network(fresh: Callable[..., Opened]) -> None:
    page = fresh()
    total = page.shown("edge-table")
    genes = zip(page.texts("edge-table", "gene_a"), page.texts("edge-table", "gene_b"), strict=True)
    wanted = sum("__proto__" in pair for pair in genes)
    page.tab.fill("#search", "__PROTO__")
    assert 0 < page.shown("edge-table") == wanted < total
    assert page.tab.inner_text("#edge-table-matches") == f"{wanted} of {total} rows"
    assert f"{wanted} in “Strongest edges of v2”" in page.tab.inner_text("#search-matches")
    assert page.tab.locator(".node.chosen text").all_text_contents() == ["__proto__"]
    assert page.tab.inner_text("#neighbourhood h3") == "__proto__"
    page.tab.fill("#search", "no such gene")
    assert page.shown("edge-table") == 0
    page.tab.fill("#search", "")
    assert page.shown("edge-table") == total
    assert page.complaints == []


def test_a_column_sorts_both_ways_and_what_is_missing_stays_last(fresh: Callable[..., Opened]) -> None:
    page = fresh()
    for key, first in (("rho", "descending"), ("q", "descending")):
        header = page.tab.locator(f"#edge-table th[data-key={key}]")
        for direction in (first, "ascending"):
            header.locator("button").click()
            assert header.get_attribute("aria-sort") == direction
            values = page.numbers("edge-table", key)
            known = [value for value in values if value == value]
            assert known == sorted(known, reverse=direction == "descending")
            assert values[: len(known)] == known
    page.tab.locator("#edge-table th[data-key=gene_a] button").click()
    names = [name.lower() for name in page.texts("edge-table", "gene_a")]
    assert names == sorted(names)
    assert page.tab.locator("#edge-table th[aria-sort]").count() == 1


def test_edges_are_filtered_by_origin_and_by_q(fresh: Callable[..., Opened]) -> None:
    page = fresh()
    origins = page.texts("edge-table", "origin")
    for origin in ("prior", "data", "both", ""):
        page.tab.select_option("#origin", origin)
        assert page.shown("edge-table") == sum(origin in ("", other) for other in origins)
    page.tab.select_option("#rate", "0.05")
    assert page.shown("edge-table") == sum(q <= 0.05 for q in page.numbers("edge-table", "q"))


def test_the_slider_changes_how_many_edges_are_drawn_and_says_so(fresh: Callable[..., Opened], report: Any) -> None:
    page = fresh()
    shown = page.tab.locator(".edge:not(.legend .edge):not([display])")
    total = len(report.network.edges)
    assert shown.count() == total
    assert page.tab.inner_text("#shown-words").startswith(f"{total} of {total} edges")
    page.tab.locator("#shown").fill("7")
    assert shown.count() == 7
    words = page.tab.inner_text("#shown-words")
    assert words.startswith(f"7 of {total} edges: ")
    assert sum(map(int, re.findall(r"\d+", words.partition(": ")[2]))) == 7
    assert page.tab.locator(".node:not([display])").count() <= 14


def test_a_choice_shows_a_neighbourhood_and_leads_on(fresh: Callable[..., Opened], report: Any) -> None:
    page = fresh()
    network = report.network
    index = max(range(len(network.nodes)), key=lambda node: network.nodes[node].degree)
    page.tab.locator(".node").nth(index).click()
    items = page.tab.locator("#neighbourhood li")
    assert items.count() == network.nodes[index].degree
    assert page.tab.locator(".edge.near").count() == network.nodes[index].degree
    partner = items.first.locator("button").inner_text()
    items.first.locator("button").click()
    assert page.tab.inner_text("#neighbourhood h3") == partner
    page.tab.get_by_role("button", name="Show everything").click()
    assert page.tab.locator(".has-choice, .chosen").count() == 0


def test_the_keyboard_alone_reaches_everything(fresh: Callable[..., Opened]) -> None:
    page = fresh()
    tab = page.tab
    expected = tab.evaluate(
        f"""() => [...document.querySelectorAll("{FOCUSABLE}")].filter((element) => element.checkVisibility())
            .map((element, index) => (element.dataset.number = index))"""
    )
    reached: list[int] = []
    for _ in range(len(expected)):
        tab.keyboard.press("Tab")
        reached.append(int(tab.evaluate("document.activeElement.dataset.number ?? -1")))
    assert sorted(reached) == sorted(expected)
    assert reached[0] == 0, "the skip link comes first"
    tab.locator("#edge-table th[data-key=rho] button").focus()
    tab.keyboard.press("Enter")
    assert tab.locator("#edge-table th[data-key=rho]").get_attribute("aria-sort") == "descending"
    tab.keyboard.press("Space")
    assert tab.locator("#edge-table th[data-key=rho]").get_attribute("aria-sort") == "ascending"
    for key in ("Enter", "Space"):
        tab.keyboard.press("Escape")
        node = tab.locator(".node").nth(3)
        node.focus()
        tab.keyboard.press(key)
        assert node.get_attribute("aria-pressed") == "true"
        tab.keyboard.press("Escape")
        assert node.get_attribute("aria-pressed") == "false"
    tab.locator("#shown").focus()
    before = tab.inner_text("#shown-words")
    tab.keyboard.press("ArrowLeft")
    assert tab.inner_text("#shown-words") != before


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_axe_has_no_serious_finding(fresh: Callable[..., Opened], axe: str, scheme: str, width: int) -> None:
    page = fresh(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.tab.evaluate(axe)
    page.tab.locator(".node").first.focus()
    page.tab.keyboard.press("Enter")
    found = page.tab.evaluate("axe.run().then((result) => result.violations)")
    serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
    assert [(one["id"], one["nodes"][0]["html"], one["nodes"][0]["failureSummary"]) for one in serious] == []


def test_a_narrow_window_scrolls_only_within_boxes(fresh: Callable[..., Opened]) -> None:
    page = fresh(viewport={"width": 320, "height": 700})
    assert page.tab.evaluate("document.documentElement.scrollWidth") == 320
    assert page.tab.evaluate("document.querySelector('#change-table').parentElement.scrollWidth") > 320


def test_without_a_script_the_tables_are_there_and_no_control_is(fresh: Callable[..., Opened], report: Any) -> None:
    page = fresh(java_script_enabled=False)
    assert page.tab.locator("#edge-table tbody tr").count() == len(report.edges.edges)
    visible = page.tab.locator("button:visible, input:visible, select:visible")
    assert visible.count() == 0
    assert page.tab.get_by_text("The drawing needs JavaScript").is_visible()


def test_the_data_of_the_network_are_those_of_the_value(opened: Opened, report: Any) -> None:
    data = json.loads(opened.tab.evaluate("document.querySelector('#network-data').textContent"))
    assert len(data["edges"]) == len(report.network.edges)
    drawn = {(edge.source, edge.target): (edge.kind, edge.rho_before, edge.rho_after) for edge in report.network.edges}
    assert {(source, target): (kind, before, after) for source, target, kind, before, after in data["edges"]} == drawn
