"""Pages: numbers are those of the commands, names are data in addresses and markup, failures are sentences."""

from __future__ import annotations

import re
import shutil
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from grnledger.engine.choices import RATE
from grnledger.views.server.addresses import address

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.testclient import TestClient

NAMES = (
    "HLA-A/B", "..", ".", "a?b=c&d#e", "50%2F", "%2e%2e", "a b+c", "</script><img src=x onerror=alert(1)>", "ΔNp63",
    "'x' \"y\"", "{{ 7 * 7 }}", "__proto__", "//evil.example/x", "v1", "\\back",
)  # fmt: skip
PATHWAY = "P/../Q?x=1#y & <b>%</b>"


def title_of(text: str) -> str:
    """Return the heading of a page."""
    heading = re.search(r"<h1>(.*?)</h1>", text, flags=re.DOTALL)
    assert heading is not None
    return unescape(re.sub(r"<[^>]+>", "", heading[1])).strip()


def rows_of(text: str, table: str) -> list[list[str]]:
    """Return the cells of a table: numbers in full, texts as they read."""
    body = re.search(rf'<table id="{table}".*?<tbody>(.*?)</tbody>', text, flags=re.DOTALL)
    assert body is not None, table
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row, flags=re.DOTALL) for row in body[1].split("</tr>")]
    return [[_cell(cell) for cell in row] for row in rows if row]


def _cell(markup: str) -> str:
    number = re.search(r'<data value="([^"]*)"', markup)
    return number[1] if number else unescape(re.sub(r"<[^>]+>", "", markup))


@pytest.mark.parametrize("name", NAMES)
def test_any_name_of_a_gene_has_a_page(client: TestClient, name: str) -> None:
    answer = client.get(address("gene", name=name, at="v3"))
    assert (answer.status_code, title_of(answer.text)) == (200, name)
    assert "<img src=x" not in answer.text


def test_names_in_tables_lead_to_pages_of_these_names(client: TestClient) -> None:
    """Every address on a page of tables is one of this server, and what it asks for is what the link says."""
    text = client.get("/version?rev=v1").text
    table = re.search(r'<table id="edge-table".*?</table>', text, flags=re.DOTALL)
    assert table is not None
    links = {
        (unescape(target), unescape(name)) for target, name in re.findall(r'<a href="([^"]*)">(.*?)</a>', table[0])
    }
    names = {name for _, name in links}
    assert len(names & set(NAMES)) > 5
    for target, name in links:
        parts = urlsplit(target)
        assert (parts.scheme, parts.netloc, parts.path, parts.fragment) == ("", "", "/gene", "")
        assert parse_qs(parts.query) == {"name": [name], "at": ["v1"]}
    for target, name in sorted(links)[:4]:
        assert title_of(client.get(target).text) == name


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("..", ".") and "%" not in name])
def test_an_address_that_is_typed_leads_to_the_page(client: TestClient, name: str) -> None:
    answer = client.get(f"/gene/{quote(name, safe='')}?at=v2")
    assert (answer.status_code, answer.headers["location"]) == (303, address("gene", name=name, at="v2"))


def test_ranges_and_versions_that_are_typed_lead_to_pages(client: TestClient) -> None:
    assert client.get("/diff/v0..v3").headers["location"] == "/diff?from=v0&to=v3"
    assert client.get("/diff/paper%2F1..drug-a").headers["location"] == "/diff?from=paper%2F1&to=drug-a"
    assert client.get("/version/paper/1").headers["location"] == "/version?rev=paper%2F1"
    assert client.get("/diff/v0").status_code == 400


def test_the_store_is_shown_with_branches_tags_and_history(client: TestClient) -> None:
    text = client.get("/").text
    assert title_of(text) == "s.grn"
    assert "45 genes, 4 versions; HEAD is the branch" in text
    names = re.findall(r'<th scope="row"><bdi>(.*?)</bdi>', text)
    assert names == ["drug-a", "main", "paper/1"]
    assert re.findall(r'<li><p><a href="/version\?rev=(v\d)">', text) == ["v3", "v2", "v1", "v0"]
    assert "first &lt;b&gt;" in text
    assert '<option value="paper/1">' in text


def test_older_versions_are_a_page_further(own_store: Path, client_of: Callable[..., TestClient]) -> None:
    import grnledger
    from grnledger.views.server import pages

    repo = grnledger.open(own_store)
    for number in range(pages.NEWEST + 5):
        repo.commit([grnledger.Pathway.of(repo.panel, f"N{number}", {"G01": 0.1, "G02": 0.1})])
    client = client_of(own_store)
    shown: list[str] = []
    target: str | None = "/"
    while target is not None:
        text = client.get(target).text
        shown += re.findall(r'<li><p><a href="/version\?rev=(v\d+)">', text)
        older = re.search(r'<a href="([^"]*)">Older versions', text)
        target = older[1].partition("#")[0] if older else None
    assert shown == [f"v{number}" for number in reversed(range(len(repo)))]


def test_what_changed_has_the_numbers_of_the_command(
    client: TestClient, served_store: Path, grn: Callable[..., Any]
) -> None:
    text = client.get("/diff?from=v0&to=HEAD").text
    changes = grn("-s", served_store, "diff", "v0..HEAD", "--changes", 200, "--json").json["changes"]
    rows = rows_of(text, "change-table")
    assert [row[:2] for row in rows] == [[change["gene_a"], change["gene_b"]] for change in changes]
    assert [float(row[4]) for row in rows] == [change["delta"] for change in changes]
    assert title_of(text) == "What changed from v0 to v3"
    assert title_of(client.get("/diff?to=v2").text) == "What changed from v1 to v2"
    assert title_of(client.get("/diff?to=v0").text) == "The gene network of v0"


def test_partners_of_a_gene_are_those_of_the_command(
    client: TestClient, served_store: Path, grn: Callable[..., Any]
) -> None:
    text = client.get("/gene?name=G03&at=v2&partner=HLA-A%2FB").text
    neighbors = grn("-s", served_store, "neighbors", "G03", "--at", "v2", "--top", 50, "--json").json["neighbors"]
    partners = rows_of(text, "partner-table")
    assert [row[0] for row in partners] == [row["gene"] for row in neighbors]
    assert [float(row[1]) for row in partners] == [row["rho"] for row in neighbors]
    assert [row[4] for row in partners] == [row["origin"] for row in neighbors]
    called = sum(row["q"] is not None and row["q"] <= RATE for row in neighbors)
    assert f"{called or 'None'} of them ha" in text
    assert f"a q of at most {RATE}:" in text
    trace = grn("-s", served_store, "trace", "G03", "HLA-A/B", "v0..v2", "--json").json["trace"]
    assert [float(row[1]) for row in rows_of(text, "trace-table")][::-1] == [point["rho"] for point in trace]
    links = grn("-s", served_store, "links", "--gene", "G03", "--at", "v2", "--json").json["pathways"]
    by_name = {link["pathway"]: link["rho"] for link in _links(links)}
    assert {row[0]: float(row[1]) for row in rows_of(text, "link-table")} == by_name


def _links(answer: Any) -> list[dict[str, Any]]:
    return [{"pathway": pathway["name"], **link} for pathway in answer for link in pathway["links"]]


def test_a_gene_lists_the_pathways_that_have_it(client: TestClient) -> None:
    text = client.get(address("gene", name="a b+c", at="v3")).text
    assert [row[:3] for row in rows_of(text, "membership-table")] == [[PATHWAY, "+", "0.4"], ["less", "−", "0.1"]]
    assert "No active pathway loads on it" in client.get("/gene?name=G29&at=v3").text


def test_a_pathway_has_its_members_links_and_support(
    client: TestClient, served_store: Path, grn: Callable[..., Any]
) -> None:
    text = client.get(address("pathway", name=PATHWAY)).text
    assert title_of(text) == PATHWAY
    assert {row[0] for row in rows_of(text, "member-table")} == set(NAMES[:10])
    links = grn("-s", served_store, "links", PATHWAY, "--non-members", "--all", "--json").json["pathways"]
    assert [float(row[1]) for row in rows_of(text, "link-table")] == [link["rho"] for link in _links(links)]
    support = grn("-s", served_store, "support", PATHWAY, "--json").json["pathways"][0]
    assert f"{abs(support['nats']):.3g} nats" in text
    assert f"it ranks {support['rank']} of 21" in text


def test_a_subtracted_pathway_has_no_links(client: TestClient) -> None:
    answer = client.get("/pathway?name=less")
    assert answer.status_code == 200
    assert "no activity, and no links" in answer.text
    assert "network-data" not in answer.text.partition("<script>")[0]


def test_support_that_takes_long_is_computed_when_it_is_asked_for(
    own_store: Path, client_of: Callable[..., TestClient]
) -> None:
    import grnledger

    repo = grnledger.open(own_store)
    for number in range(6):  # more than a commit judges
        repo.commit([grnledger.Pathway.of(repo.panel, f"N{number}", dict.fromkeys(["G01", "G02", f"G1{number}"], 0.2))])
    client = client_of(own_store)
    text = client.get("/diff?from=v3&to=HEAD").text
    ask = re.search(r'<a href="([^"]*)" rel="nofollow">compute it', text)
    assert ask is not None
    assert "nats a sample" not in text
    assert "nats a sample" in client.get(unescape(ask[1]).partition("#")[0]).text


def test_a_search_for_one_exact_name_leads_to_its_page(client: TestClient) -> None:
    def place(text: str) -> str:
        return client.get(address("search", q=text)).headers.get("location", "")

    assert place("G03") == place("g03") == place(" G03 ") == "/gene?name=G03&at=v3"
    assert place("HLA-A/B") == "/gene?name=HLA-A%2FB&at=v3"
    assert place("less") == "/pathway?name=less&at=v3"
    assert place("drug-a") == "/version?rev=v1"
    assert place("v3") == "/version?rev=v3"


def test_a_search_lists_what_has_the_text(client: TestClient) -> None:
    both = client.get("/search?q=G07")  # a gene and a pathway
    assert both.status_code == 200
    assert set(re.findall(r'<a href="/(gene|pathway)\?name=G07', both.text)) == {"gene", "pathway"}
    assert client.get("/search?q=v1").status_code == 200  # a gene and a version
    text = client.get("/search?q=g1").text
    assert re.findall(r"<li><a href=\"/gene[^>]*><bdi>(G1\d)</bdi>", text) == [f"G1{number}" for number in range(10)]
    assert "third" in client.get("/search?q=thir").text
    assert "No gene of the panel has this" in client.get("/search?q=zzz").text
    assert client.get("/search").status_code == 200
    assert "&lt;b&gt;" in client.get("/search?q=<b>").text


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/gene?name=G0", 404, "Gene 'G0' is not on the panel of 45 genes"),
        ("/gene", 400, "names no gene"),
        ("/gene?name=", 400, "names no gene"),
        ("/gene?name=G03&partner=G03", 400, "was named twice"),
        ("/gene?name=G03&partner=X", 404, "not on the panel"),
        ("/gene?name=" + "x" * 1001, 400, "names no gene"),
        ("/gene?name=%FF%FE", 404, "not on the panel"),
        ("/gene?name=G03&at=v9", 404, "they run from v0 to v3"),
        ("/pathway?name=none", 404, "is active in v3"),
        ("/pathway?name=less&at=v1", 404, "No pathway"),
        ("/version?rev=nothing", 404, "There is no version"),
        ("/version?rev=" + "v" * 1001, 400, "characters"),
        ("/diff?from=v0&to=@{never}", 400, "is not a date"),
        ("/diff?from=v0&to=v0~1", 404, "has fewer than"),
        ("/figure?kind=nothing", 404, "There is no figure"),
        ("/figure?kind=history", 404, "There is no figure"),
        ("/figure?kind=trace&from=v0&to=v1&gene=G01&gene=G01", 400, "was named twice"),
        ("/nothing", 404, "There is no such page"),
        ("/gene/", 400, "names no gene"),
        ("/../../etc/passwd", 404, "There is no such page"),
    ],
)
def test_what_cannot_be_shown_is_a_page_with_a_sentence(client: TestClient, path: str, status: int, words: str) -> None:
    answer = client.get(path, follow_redirects=True)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert words in unescape(answer.text)
    assert "Traceback" not in answer.text


def test_a_figure_is_an_image(client: TestClient) -> None:
    for query in ("kind=changes&from=v0&to=v3", "kind=trace&from=v0&to=v3&gene=G03&gene=HLA-A%2FB"):
        answer = client.get(f"/figure?{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
        assert answer.content.startswith(b"<?xml")


def test_the_commands_of_a_report_are_those_of_whoever_serves(
    served_store: Path, client_of: Callable[..., TestClient]
) -> None:
    client = client_of(served_store, commands=lambda report: {"edges": f"list {report.after.name}"})
    assert "<code>list v2</code>" in client.get("/diff?from=v0&to=v2").text


def test_a_damaged_store_shows_what_can_be_read_and_says_what_cannot(
    own_store: Path, client_of: Callable[..., TestClient]
) -> None:
    sorted((own_store / "log").iterdir())[4].write_bytes(b"not what it was")  # brought v2
    shutil.rmtree(own_store / "cache", ignore_errors=True)
    client = client_of(own_store)
    text = client.get("/").text
    assert 'id="damage"' in text
    assert client.get("/version?rev=v0").status_code == 200
    broken = client.get("/version?rev=v2")
    assert (broken.status_code, title_of(broken.text)) == (500, "The store is damaged")
    assert "Traceback" not in broken.text


def test_a_damaged_base_is_a_sentence(own_store: Path, client_of: Callable[..., TestClient]) -> None:
    [base] = (own_store / "base").iterdir()
    content = bytearray(base.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    base.write_bytes(content)
    client = client_of(own_store)
    assert client.get("/").status_code == 200
    for path in ("/version?rev=v1", "/gene?name=G01", "/search?q=G01", "/diff?to=v1"):
        answer = client.get(path)
        assert (answer.status_code, title_of(answer.text)) == (500, "The store is damaged"), path
        assert "Traceback" not in answer.text


def test_a_store_without_samples_is_served_too(tmp_path: Path, client_of: Callable[..., TestClient]) -> None:
    import grnledger
    import numpy as np

    stream = np.random.default_rng(1)
    path = tmp_path / "model.grn"
    root = stream.normal(size=(20, 30))
    grnledger.init(path, covariance=root @ root.T, genes=[f"G{number}" for number in range(20)])
    client = client_of(path)
    text = client.get("/gene?name=G1").text
    assert rows_of(text, "partner-table")
    assert "q of at most" not in text
    assert client.get("/version").status_code == 200
