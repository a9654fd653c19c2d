"""The names that completion reads: those of the store, as it stands, or none."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import GrnError
from grnledger.storage.name_cache import make_names
from grnledger.storage.names import StoreNames, cached_names
from grnledger.storage.verify.repair import repair
from grnledger.storage.verify.store import verify
from small_store import GENES, pathway

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.repository import Repository


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A store with branches, a merge, a pathway that was dropped and added again, and two of one name."""
    repo = grnledger.init(tmp_path / "a.grn", covariance=np.eye(len(GENES)), genes=GENES, author="Ada")
    for name, strength in (("A b", 0.1), ("B:1", 0.2)):
        repo.commit([pathway(name, strength)])
    repo.create_branch("side/γ", "v1")
    repo.create_tag("paper", "v2")
    repo.switch("side/γ")
    repo.commit([pathway("C", 0.3)])
    repo.revert("v1")
    repo.switch("main")
    repo.merge("side/γ")
    repo.cherry_pick("v1")
    return repo


def check(names: StoreNames | None, repo: Repository) -> None:
    """Compare all names with what the open store says."""
    assert names is not None
    assert names.genes == GENES
    versions = [f"v{number}" for number in reversed(range(len(repo)))]
    assert names.revs() == ["HEAD", *names.branches(), *repo.tags, *versions]
    assert names.branches()[0] == repo.head
    assert sorted(names.branches()) == sorted(repo.branches)
    for rev in (*names.revs(), "main~1", repo.version("v2").id[:9]):
        active = {name for row in repo.active(rev) for name in row.record.names}
        assert names.active(rev) == sorted(active), rev
        version = repo.version(rev)
        before = {row.record.id for row in repo.active(f"{rev}^")} if version.parents else set[str]()
        rows = [*repo.active(rev), *(repo.active(f"{rev}^") if version.parents else [])]
        changed = before ^ {row.record.id for row in repo.active(rev)}
        expected = {name for row in rows if row.record.id in changed for name in row.record.names}
        assert names.changed(rev) == sorted(expected), rev
    everything = {name for version in repo.versions(None) for record in version.added for name in record.names}
    assert names.active("no such version") == names.changed("@{2026-11-01}") == sorted(everything)


def test_the_names_are_those_of_the_store_from_the_log_from_the_cache_and_from_a_file(repo: Repository) -> None:
    assert cached_names(repo.path) is None
    check(make_names(repo.path), repo)
    check(cached_names(repo.path), repo)
    repo.export(repo.path.with_name("a.h5"))
    check(make_names(repo.path.with_name("a.h5")), repo)
    assert cached_names(repo.path.with_name("a.h5")) is None


CHANGES: dict[str, Callable[[Repository], object]] = {
    "commit": lambda repo: repo.commit([pathway("D", 0.4)]),
    "tag": lambda repo: repo.create_tag("later"),
    "pack": lambda repo: repo.pack(),
    "switch": lambda repo: repo.switch("side/γ"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_names_of_a_log_that_has_gone_on_do_not_count_and_are_made_again(repo: Repository, change: str) -> None:
    make_names(repo.path)
    CHANGES[change](repo)
    assert cached_names(repo.path) is None
    repo.refresh()
    check(make_names(repo.path), repo)
    check(cached_names(repo.path), repo)


def test_names_of_another_log_do_not_count(repo: Repository, tmp_path: Path) -> None:
    make_names(repo.path)
    text = (repo.path / "cache" / "names").read_bytes()
    last = max((repo.path / "log").iterdir())
    stamp = last.stat()
    os.utime(last, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    assert cached_names(repo.path) is None
    os.utime(last, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    check(cached_names(repo.path), repo)
    last.unlink()
    assert cached_names(repo.path) is None
    other = grnledger.init(tmp_path / "b.grn", covariance=np.eye(2), genes=["X", "Y"], author="Ada")
    (other.path / "cache" / "names").write_bytes(text)
    assert cached_names(other.path) is None
    assert make_names(other.path).genes == ("X", "Y")  # nothing of the other store is taken over


def test_whoever_has_written_keeps_the_names_up_to_date_once_somebody_completes(repo: Repository) -> None:
    repo.refresh_names()
    assert not (repo.path / "cache" / "names").exists()
    make_names(repo.path)
    repo.commit([pathway("D", 0.4)])
    repo.refresh_names()
    check(cached_names(repo.path), repo)


def test_a_reader_that_is_behind_does_not_overwrite_newer_names(repo: Repository) -> None:
    behind = grnledger.open(repo.path)
    repo.commit([pathway("D", 0.4)])
    make_names(repo.path)
    behind.refresh_names()
    check(cached_names(repo.path), repo)


def test_a_changed_byte_is_found_by_reader_and_verify_and_repaired(repo: Repository) -> None:
    make_names(repo.path)
    file = repo.path / "cache" / "names"
    whole = file.read_bytes()
    stream = random.Random(1)
    for place in [0, 64, 65, len(whole) - 1, *stream.sample(range(len(whole)), 40)]:
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert cached_names(repo.path) is None, place
    assert [(found.kind, found.path) for found in verify(repo.path).findings] == [("derived", "cache/names")]
    assert all(found.repaired for found in repair(repo.path).findings)
    assert verify(repo.path).findings == []
    check(make_names(repo.path), repo)
    assert verify(repo.path).findings == []


def hostile(record: dict[str, Any]) -> dict[str, Any]:
    """Return records that somebody might have written with the right hash."""
    commits = record["commits"]
    first, second = commits[0], commits[1]
    return {
        "nothing": {"entry": record["entry"]},
        "a list": [],
        "genes of numbers": {**record, "genes": [1, 2]},
        "branches of a list": {**record, "branches": [1]},
        "a tag without a name": {**record, "tags": {"x": None}, "head": 3},
        "a parent that comes later": {**record, "commits": [[*first[:2], [1], *first[3:]], *commits[1:]]},
        "a commit twice": {**record, "commits": [*commits, [second[0], second[1], [0], [], []]]},
        "a pathway that is none": {**record, "commits": [first, [*second[:3], [99], []]]},
        "a commit of two fields": {**record, "commits": [["a", "b"]]},
        "names of numbers": {**record, "pathways": [[id_, [7]] for id_, _ in record["pathways"]]},
    }


def test_a_text_that_somebody_has_made_up_does_no_harm(repo: Repository) -> None:
    make_names(repo.path)
    file = repo.path / "cache" / "names"
    for name, record in hostile(json.loads(file.read_bytes().partition(b"\n")[2])).items():
        body = json.dumps(record).encode()
        file.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        assert cached_names(repo.path) is None, name
    for body in (b"", b"[" * 100_000, b"NaN", b"\xff"):
        file.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        assert cached_names(repo.path) is None
        check(make_names(repo.path), repo)


def test_what_is_no_file_is_not_read_and_what_cannot_be_written_is_not_kept(repo: Repository, tmp_path: Path) -> None:
    make_names(repo.path)
    file = repo.path / "cache" / "names"
    file.unlink()
    os.mkfifo(file)
    assert cached_names(repo.path) is None  # and does not wait for a writer
    shutil.rmtree(repo.path / "cache")
    (tmp_path / "elsewhere").mkdir()
    (repo.path / "cache").symlink_to(tmp_path / "elsewhere")
    check(make_names(repo.path), repo)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    for path in (tmp_path / "nowhere", tmp_path):
        assert cached_names(path) is None
        with pytest.raises(GrnError):
            make_names(path)


def test_of_a_damaged_log_the_names_are_those_that_can_be_read_and_are_not_kept(repo: Repository) -> None:
    entry = repo.path / "log" / f"{4:010d}.h5"
    entry.write_bytes(entry.read_bytes()[:-100])
    damaged = grnledger.open(repo.path)
    names = make_names(repo.path)
    assert damaged.damage
    assert "side/γ" in names.branches()
    assert names.genes == GENES
    assert not (repo.path / "cache" / "names").exists()
    (repo.path / "cache" / "names").write_text("old")
    damaged.refresh_names()
    assert (repo.path / "cache" / "names").read_text() == "old"
