"""Served pages in a real browser: from the address to a gene, two versions, back, and nothing from elsewhere."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import uvicorn
from grnledger.views.server.addresses import address
from grnledger.views.server.app import make_app
from grnledger.views.server.listening import listen, port_of
from grnledger.views.server.security import Access, Hosts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TOKEN = "token-of-a-test"
FOCUSABLE = "a[href], button, input, select, [tabindex='0']"
SCRIPT_NAME = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def site(served_store: Path) -> Iterator[str]:
    """The address of the store, served by a thread of this process."""
    with listen("127.0.0.1", 0) as listening:
        app = make_app(served_store, Access(TOKEN, Hosts.of("127.0.0.1", port_of(listening))))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield f"http://127.0.0.1:{port_of(listening)}"
        server.should_exit = True
        thread.join()


class Tab:
    """A tab that has come in by the token, with what it complained about and asked for."""

    def __init__(self, browser: Any, site: str, **options: Any) -> None:
        self.site, self.complaints, self.requests = site, list[str](), list[str]()
        self.context = browser.new_context(**options)
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message) or dialog.dismiss())
        self.page.goto(f"{site}/?token={TOKEN}")

    def open(self, path: str) -> None:
        self.page.goto(self.site + path)

    def heading(self) -> str:
        return self.page.locator("h1").inner_text()


@pytest.fixture
def tab(browser: Any, site: str) -> Iterator[Callable[..., Tab]]:
    """Opens a tab."""
    tabs: list[Tab] = []

    def open_tab(**options: Any) -> Tab:
        tabs.append(Tab(browser, site, **options))
        return tabs[-1]

    yield open_tab
    for one in tabs:
        one.context.close()


def pages() -> list[str]:
    return [
        "/", "/diff?from=v0&to=HEAD", "/version?rev=v0", address("gene", name=SCRIPT_NAME), "/gene?name=G29",
        "/pathway?name=less", address("pathway", name="P/../Q?x=1#y & <b>%</b>"), "/search?q=G1", "/search",
    ]  # fmt: skip


def test_pages_complain_of_nothing_and_ask_for_nothing_elsewhere(tab: Callable[..., Tab]) -> None:
    one = tab()
    assert one.page.url == f"{one.site}/", "the token is gone from the address"
    for path in pages():
        one.open(path)
        one.page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        one.page.wait_for_load_state("networkidle")
        broken = "[...document.images].filter((image) => image.complete && !image.naturalWidth).length"
        assert one.page.evaluate(broken) == 0
    assert one.complaints == []
    assert {urlsplit(request).netloc for request in one.requests if not request.startswith("data:")} == {
        urlsplit(one.site).netloc
    }
    assert one.page.locator("[onerror], [onload]").count() == 0


def test_no_script_of_a_page_can_read_the_token(tab: Callable[..., Tab]) -> None:
    one = tab()
    assert one.page.evaluate("document.cookie") == ""
    [cookie] = one.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["value"]) == (True, "Strict", TOKEN)


def test_a_link_on_a_page_elsewhere_comes_in_too(browser: Any, site: str, tmp_path: Path) -> None:
    """A browser keeps a strict cookie back from a redirect that began on another site."""
    file = tmp_path / "elsewhere.html"
    file.write_text(f'<a href="{site}/version?rev=v0&amp;token={TOKEN}">in</a>', encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    page.goto(file.as_uri())
    page.get_by_text("in").click()
    page.wait_for_url(f"{site}/version?rev=v0")
    assert page.locator("h1").inner_text() == "The gene network of v0"
    context.close()


def test_a_page_elsewhere_reads_nothing(browser: Any, site: str, tmp_path: Path) -> None:
    """It has the browser of somebody who is in, and asks in every way that there is."""
    file = tmp_path / "evil.html"
    file.write_text(
        f'<img id="image" src="{site}/figure?kind=changes&amp;from=v0&amp;to=v3"><iframe src="{site}/"></iframe>',
        encoding="utf-8",
    )
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}/?token={TOKEN}")
    evil = context.new_page()
    evil.goto(file.as_uri())
    assert evil.evaluate("document.getElementById('image').naturalWidth") == 0
    assert evil.evaluate(f"fetch('{site}/').then(() => 'read', () => 'refused')") == "refused"
    sent = f"fetch('{site}/', {{mode: 'no-cors', method: 'POST', credentials: 'include'}})"
    assert evil.evaluate(f"{sent}.then(() => 'answered', () => 'refused')") == "refused"
    assert "s.grn" not in "".join(frame.content() for frame in evil.frames[1:])
    context.close()


def test_the_search_finds_a_gene_and_its_links_lead_on(tab: Callable[..., Tab]) -> None:
    one = tab()
    one.page.get_by_label("Find a gene").fill("g03")
    one.page.keyboard.press("Enter")
    one.page.wait_for_url("**/gene?name=G03&at=v3")
    assert one.heading() == "G03"
    partner = one.page.locator("#partner-table tbody a").first
    name = partner.inner_text()
    partner.click()
    one.page.wait_for_url("**/gene?name=*")
    assert one.heading() == name
    one.page.locator(".node").nth(1).click()
    chosen = one.page.locator("#neighbourhood h3 a")
    name = chosen.inner_text()
    chosen.click()
    one.page.wait_for_load_state()
    assert one.heading() == name
    assert one.complaints == []


def test_two_versions_are_chosen_and_compared(tab: Callable[..., Tab]) -> None:
    one = tab()
    one.page.get_by_label("From").fill("paper/1")
    one.page.get_by_label("to", exact=True).fill("HEAD")
    one.page.get_by_role("button", name="Compare").click()
    one.page.wait_for_url("**/diff?from=paper%2F1&to=HEAD")
    assert one.heading() == "What changed from v1 to v3"
    one.page.get_by_label("Filter this page").fill("G07")
    shown = one.page.locator("#pathway-table tbody tr:not([hidden])")
    assert shown.all_inner_texts()[0].startswith("G07")
    shown.locator("a").first.click()
    one.page.wait_for_url("**/pathway?name=G07&at=v3")
    assert one.complaints == []


def test_an_edge_is_followed_with_a_partner_that_is_chosen(tab: Callable[..., Tab]) -> None:
    one = tab()
    one.open("/gene?name=G03&at=v3")
    one.page.get_by_label("With the gene").fill("HLA-A/B")
    one.page.get_by_role("button", name="Follow").click()
    one.page.wait_for_url("**/gene?name=G03&at=v3&partner=HLA-A%2FB#past")
    assert one.page.locator("#trace-table tbody tr").count() == 4
    figure = one.page.locator(".past img")
    figure.scroll_into_view_if_needed()
    assert figure.evaluate("(image) => image.decode().then(() => image.naturalWidth)") > 0


def test_everything_works_without_a_script(tab: Callable[..., Tab]) -> None:
    one = tab(java_script_enabled=False)
    one.page.get_by_label("Find a gene").fill("v2")
    one.page.keyboard.press("Enter")
    one.page.wait_for_url("**/version?rev=v2")
    one.page.get_by_role("link", name="changes of v2").focus()
    one.page.keyboard.press("Enter")
    one.page.wait_for_url("**/diff?to=v2")
    assert one.heading() == "What changed from v1 to v2"


def test_the_keyboard_alone_reaches_everything(tab: Callable[..., Tab]) -> None:
    one = tab()
    for path in ("/", "/gene?name=G03"):
        one.open(path)
        expected = one.page.evaluate(
            f"""() => [...document.querySelectorAll("{FOCUSABLE}")].filter((element) => element.checkVisibility())
                .map((element, index) => (element.dataset.number = index))"""
        )
        reached: list[int] = []
        for _ in expected:
            one.page.keyboard.press("Tab")
            reached.append(int(one.page.evaluate("document.activeElement.dataset.number ?? -1")))
        assert sorted(reached) == sorted(expected), path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_has_no_serious_finding(tab: Callable[..., Tab], axe: str, scheme: str, width: int) -> None:
    one = tab(color_scheme=scheme, viewport={"width": width, "height": 800}, bypass_csp=True)
    for path in pages():
        one.open(path)
        one.page.evaluate(axe)
        found = one.page.evaluate("axe.run().then((result) => result.violations)")
        serious = [violation for violation in found if violation["impact"] in ("serious", "critical")]
        details = [(path, violation["id"], violation["nodes"][0]["html"]) for violation in serious]
        assert details == []


def test_a_narrow_window_scrolls_only_within_boxes(tab: Callable[..., Tab]) -> None:
    one = tab(viewport={"width": 320, "height": 700})
    for path in [*pages(), "/gene?name=nothing"]:
        one.open(path)
        assert one.page.evaluate("document.documentElement.scrollWidth") == 320, path
