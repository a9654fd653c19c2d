"""`grn report`: which versions, what is written, and what is refused before anything is computed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(autouse=True)
def store(grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store of 20 genes with one pathway on its base, in the working directory."""
    monkeypatch.chdir(tmp_path)
    grn("simulate", "--genes", 20, "--factors", 2, "-o", "model.npz")
    grn("init", "s.grn", "--factor-model", "model.npz")
    Path("p.gmt").write_text("P\t\tG01\tG02\tG03\n")
    grn("commit", "p.gmt")


@pytest.mark.parametrize(
    ("asked", "sides"),
    [((), ("v0", "v1")), (("v1",), ("v0", "v1")), (("v0",), (None, "v0")), (("HEAD..v0",), ("v1", "v0"))],
)
def test_a_rev_comes_with_its_parent_and_a_range_as_it_is(
    grn: Callable[..., Any], asked: tuple[str, ...], sides: tuple[str | None, str]
) -> None:
    fields = grn("report", *asked, "-o", "page.html", "--json").json
    assert (fields["from"] and fields["from"]["version"], fields["to"]["version"]) == sides
    page = Path("page.html").read_bytes()
    assert fields["bytes"] == len(page) < 1_000_000
    assert page.startswith(b"<!doctype html>")


def test_the_same_versions_give_the_same_bytes_and_counts_are_those_of_diff(grn: Callable[..., Any]) -> None:
    pages: list[bytes] = []
    for name in ("a.html", "b.html"):
        written = grn("report", "v0..v1", "--output", name)
        assert written.code == 0, written.err
        assert written.out.startswith(f"{name}: v0 → v1, ")
        pages.append(Path(name).read_bytes())
    assert pages[0] == pages[1]
    summary = grn("diff", "v0..v1", "--json").json["summary"]
    fields = grn("report", "v0..v1", "-o", "c.html", "--json").json
    assert (fields["gained"], fields["lost"]) == (summary["gained"], summary["lost"])
    assert b"grn diff v0..v1 --changes 200" in pages[0]


@pytest.mark.parametrize(("library", "code"), [("jinja2", "report"), ("networkx", "graph")])
def test_a_library_that_is_missing_is_named_before_minutes_of_numbers(
    grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, library: str, code: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    refused = grn("report", "-o", "page.html")
    assert refused.code == 2
    assert f"Hint: pip install 'grnledger[{code}]'" in refused.err
    assert not Path("page.html").exists()


def test_a_page_has_the_ending_of_one(grn: Callable[..., Any]) -> None:
    refused = grn("report", "-o", "page.pdf")
    assert (refused.code, Path("page.pdf").exists()) == (2, False)
    assert "page.pdf does not end in .html." in refused.err


def test_a_folder_that_is_not_there_and_a_version_that_is_not_are_refused(grn: Callable[..., Any]) -> None:
    assert grn("report", "-o", "nowhere/page.html").code == 3
    assert grn("report", "v9", "-o", "page.html").code == 3
    assert grn("report", "", "-o", "page.html").code == 3
    assert not Path("page.html").exists()


@pytest.mark.parametrize("name", ["-", "page", "page.png", "s.h5"])
def test_a_page_does_not_take_the_name_of_another_kind_of_file(grn: Callable[..., Any], name: str) -> None:
    refused = grn("report", "-o", name)
    assert refused.code == 2
    assert "does not end in .html" in refused.err
    assert not Path(name).exists()


def test_a_page_without_figures_is_noted(grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    answer = grn("report", "-o", "page.html")
    assert answer.code == 0
    assert "The page has no figures." in answer.err
    assert "pip install 'grnledger[plot]'" in answer.err
    assert b"<svg" not in Path("page.html").read_bytes().partition(b'id="figures"')[2].partition(b"</section>")[0]


@pytest.mark.parametrize(
    "command",
    [("report", "v9", "-o"), ("plot", "network", "--at", "v9", "-o"), ("export", "--at", "v9", "--edges")],
)
def test_a_target_is_looked_at_before_anything_is_computed(grn: Callable[..., Any], command: tuple[str, ...]) -> None:
    ending = {"report": "html", "plot": "svg", "export": "tsv"}[command[0]]
    assert "There is no folder" in grn(*command, f"nowhere/file.{ending}").err
