"""The names that completion reads: those of the store, as it stands, or none."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import GrnError
from grnledger.storage.names import StoreNames, read_panel
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


def check(names: StoreNames, repo: Repository) -> None:
    """Compare all names with what the open store says."""
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


def test_the_names_are_those_of_the_store_and_of_a_file(repo: Repository) -> None:
    panel = repo.path / "cache" / "panel"
    assert not panel.exists()
    for _ in range(2):
        check(StoreNames(repo.path), repo)
        assert panel.exists()
    repo.export(repo.path.with_name("a.h5"))
    check(StoreNames(repo.path.with_name("a.h5")), repo)


CHANGES: dict[str, Callable[[Repository], object]] = {
    "commit": lambda repo: repo.commit([pathway("D", 0.4)]),
    "tag": lambda repo: repo.create_tag("later"),
    "pack": lambda repo: repo.pack(),
    "switch": lambda repo: repo.switch("side/γ"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_names_follow_a_log_that_has_gone_on(repo: Repository, change: str) -> None:
    check(StoreNames(repo.path), repo)
    CHANGES[change](repo)
    repo.refresh()
    check(StoreNames(repo.path), repo)


def test_the_panel_of_another_store_does_not_count(repo: Repository, tmp_path: Path) -> None:
    check(StoreNames(repo.path), repo)
    other = grnledger.init(tmp_path / "b.grn", covariance=np.eye(2), genes=["X", "Y"], author="Ada")
    shutil.copy(repo.path / "cache" / "panel", other.path / "cache" / "panel")
    assert [(found.kind, found.path) for found in verify(other.path).findings] == [("derived", "cache/panel")]
    assert StoreNames(other.path).genes == ("X", "Y")
    assert verify(other.path).findings == []


def test_a_changed_byte_of_the_panel_is_found_by_reader_and_verify_and_repaired(repo: Repository) -> None:
    check(StoreNames(repo.path), repo)
    file, base = repo.path / "cache" / "panel", repo.version().base
    whole = file.read_bytes()
    for place in [0, 64, 65, len(whole) - 1, *random.Random(1).sample(range(len(whole)), 40)]:
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert read_panel(file, base) is None, place
    assert [(found.kind, found.path) for found in verify(repo.path).findings] == [("derived", "cache/panel")]
    assert all(found.repaired for found in repair(repo.path).findings)
    assert verify(repo.path).findings == []
    check(StoreNames(repo.path), repo)
    assert verify(repo.path).findings == []


def test_a_panel_that_somebody_has_made_up_does_no_harm(repo: Repository) -> None:
    file, base = repo.path / "cache" / "panel", repo.version().base
    records = [[], {}, {"base": base}, {"base": base, "genes": [1, 2]}, {"base": base, "genes": "AB"}, {"genes": ["A"]}]
    for body in (b"", b"[" * 100_000, b"NaN", b"\xff", *(json.dumps(record).encode() for record in records)):
        file.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        assert read_panel(file, base) is None
        check(StoreNames(repo.path), repo)


def test_what_is_no_file_is_not_read_and_what_cannot_be_written_is_not_kept(repo: Repository, tmp_path: Path) -> None:
    os.mkfifo(repo.path / "cache" / "panel")
    check(StoreNames(repo.path), repo)  # and does not wait for a writer
    shutil.rmtree(repo.path / "cache")
    (tmp_path / "elsewhere").mkdir()
    (repo.path / "cache").symlink_to(tmp_path / "elsewhere")
    check(StoreNames(repo.path), repo)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    for path in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(GrnError):
            StoreNames(path)


def test_of_a_damaged_log_the_names_are_those_that_can_be_read_and_the_panel_is_not_kept(repo: Repository) -> None:
    entry = repo.path / "log" / f"{4:010d}.h5"
    entry.write_bytes(entry.read_bytes()[:-100])
    assert grnledger.open(repo.path).damage
    names = StoreNames(repo.path)
    assert "side/γ" in names.branches()
    assert names.genes == GENES
    assert not (repo.path / "cache" / "panel").exists()
