"""Reading beside writers: new versions are there at the next page, and what was computed is kept for a while."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grnledger
from grnledger.views.server import reading
from grnledger.views.server.reading import StoreReader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from starlette.testclient import TestClient

COMMIT = """
import sys, grnledger
repo = grnledger.open(sys.argv[1])
repo.commit([grnledger.Pathway.of(repo.panel, sys.argv[2], {"G11": 0.3, "G12": 0.2})], message="by another process")
"""


def commit_elsewhere(store: Path, name: str) -> None:
    subprocess.run([sys.executable, "-c", COMMIT, str(store), name], check=True)


def test_a_version_of_another_process_is_there_at_the_next_page(
    own_store: Path, client_of: Callable[..., TestClient]
) -> None:
    client = client_of(own_store)
    before = client.get("/version?rev=HEAD").text
    assert "The gene network of v3" in before
    assert client.get("/pathway?name=NEW").status_code == 404
    commit_elsewhere(own_store, "NEW")
    assert "by another process" in client.get("/").text
    assert "The gene network of v4" in client.get("/version?rev=HEAD").text
    assert client.get("/pathway?name=NEW").status_code == 200
    assert client.get("/version?rev=v3").text != before, "HEAD stands elsewhere now"


def test_pages_are_right_while_versions_are_written(own_store: Path, client_of: Callable[..., TestClient]) -> None:
    client, paths = client_of(own_store), ("/", "/diff?from=v0&to=HEAD", "/gene?name=G11", "/search?q=G1", "/version")
    with ThreadPoolExecutor(6) as threads:
        writing = threads.submit(lambda: [commit_elsewhere(own_store, f"W{number}") for number in range(1)])
        statuses = {answer.status_code for answer in threads.map(client.get, paths * 4)}
        writing.result()
    assert statuses == {200}
    repo = grnledger.open(own_store)
    assert f"The gene network of v{len(repo) - 1}" in client.get("/version").text


def test_nothing_of_the_log_changes_by_reading(own_store: Path, client_of: Callable[..., TestClient]) -> None:
    def files() -> dict[str, bytes]:
        kept = {"cache", "artifacts"}
        return {
            str(path.relative_to(own_store)): path.read_bytes()
            for path in sorted(own_store.rglob("*"))
            if path.is_file() and not kept & set(path.relative_to(own_store).parts)
        }

    before, client = files(), client_of(own_store)
    for path in ("/", "/diff?from=v0&to=v3&support=1", "/gene?name=G01", "/pathway?name=less", "/search?q=G"):
        assert client.get(path).status_code == 200
    assert files() == before


def test_an_exported_file_is_served_too(
    served_store: Path, tmp_path: Path, client_of: Callable[..., TestClient]
) -> None:
    grnledger.open(served_store).export(tmp_path / "one.h5")
    client = client_of(tmp_path / "one.h5")
    for path in ("/", "/diff?from=v0&to=v3", "/gene?name=G01"):
        assert client.get(path).status_code == 200


def test_what_was_computed_is_kept_and_not_without_end(served_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_KEPT", 4)
    reader = StoreReader(served_store)
    with reader.history() as repo:
        version = repo.version("v3")
    first = reader.gene(version, "G01", None)
    assert reader.gene(version, "G01", None) is first
    others = [reader.gene(version, f"G0{number}", None) for number in range(2, 6)]
    assert len({id(other) for other in others}) == 4
    assert reader.gene(version, "G01", None) is not first
    assert reader.gene(version, "G01", None).partners == first.partners


def test_what_several_ask_for_at_once_is_computed_once(served_store: Path) -> None:
    reader = StoreReader(served_store)
    with reader.history() as repo:
        before, after = repo.version("v0"), repo.version("v3")
    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(lambda _: reader.report(before, after, support=False), range(4)))
    assert len({id(report) for report in reports}) == 1
