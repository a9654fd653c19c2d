"""Versions as they are shown."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import grnledger

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.history.versions import Version


def facts(version: Version) -> dict[str, str]:
    """What a notebook shows of a version, by name."""
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td></tr>', version._repr_html_())
    return {html.unescape(name): html.unescape(value) for name, value in rows}


def test_a_notebook_shows_what_a_version_adds_and_drops_and_the_refs_on_it_where_there_are_any(store: Path) -> None:
    repo = grnledger.open(store)
    shown = {name: facts(repo.version(name)) for name in ("v0", "v1", "v3")}
    assert shown["v0"].keys() == {"id", "content", "author", "time", "rank"}
    assert (shown["v1"]["added"], shown["v1"]["stands here"]) == ("p53, wnt", "drug-a")
    assert "dropped" not in shown["v1"]
    assert (shown["v3"]["dropped"], shown["v3"]["stands here"]) == ("p53", "HEAD, main")
    assert "added" not in shown["v3"]
