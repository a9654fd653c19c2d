"""Where a store stands: folders that are none, files that are passed over, and folders that are read-only."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import grnledger
import pytest
from grnledger.engine.errors import AccessDenied, FormatError, NotFound
from grnledger.storage.files import layout
from grnledger.storage.files.locations import DirectoryStore, check_format
from small_store import answers, entry, files, readable

if TYPE_CHECKING:
    from pathlib import Path


def test_where_there_is_no_store_none_is_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no store") as caught:
        grnledger.open(tmp_path / "nothing.grn")
    assert caught.value.code == "no-such-store"


def test_a_folder_or_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.grn").write_text("grnledger store 1\n")
    (tmp_path / "folder.grn").mkdir()
    for name in ("file.grn", "folder.grn"):
        with pytest.raises(FormatError, match="is not a grnledger store: it has no FORMAT file"):
            grnledger.open(tmp_path / name)


def test_a_format_that_may_not_be_read_is_named_and_is_no_damage(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = type(store).open

    def refuse(path: Path, *arguments: Any, **named: Any) -> Any:
        if path.name == layout.FORMAT_FILE:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, *arguments, **named)

    monkeypatch.setattr(type(store), "open", refuse)
    with pytest.raises(AccessDenied, match=layout.FORMAT_FILE):
        check_format(store)


@pytest.mark.parametrize(
    "text",
    [
        b"grnledger store 1",
        b"grnledger store 1\r\n",
        b"grnledger store 1\n" + bytes(4_096),
        bytes(18),
        b"",
        b"\xff\xfe",
    ],
)
def test_a_format_file_that_is_damaged_is_told_as_that_and_repaired(store: Path, text: bytes) -> None:
    (store / "FORMAT").write_bytes(text)
    with pytest.raises(FormatError, match="does not hold the 18 bytes") as caught:
        grnledger.open(store)
    assert caught.value.code == "format-file"
    grnledger.verify(store, repair=True)
    assert grnledger.open(store).version().name == "v3"


@pytest.mark.parametrize("text", [b"grnledger store 2\n", b"grnledger store 17\n"])
def test_a_store_of_another_format_is_refused_in_a_sentence(store: Path, text: bytes) -> None:
    (store / "FORMAT").write_bytes(text)
    with pytest.raises(FormatError) as caught:
        grnledger.open(store)
    assert "this grnledger reads 'grnledger store 1'" in caught.value.message
    assert len(caught.value.message) < 500
    assert caught.value.code == "newer-store"


def test_a_store_that_was_never_finished_is_refused(store: Path) -> None:
    shutil.rmtree(store / "log")
    (store / "log").mkdir()
    (store / "cache/last").unlink()
    (store / "cache/history").unlink(missing_ok=True)
    repo = grnledger.open(store)
    for step in (repo.version, repo.snapshot, repo.active, lambda: repo.panel, lambda: repo.version("v0")):
        with pytest.raises(FormatError, match="has an empty log"):
            step()
    shutil.rmtree(store / "log")
    with pytest.raises(FormatError, match="is damaged: it has no folder log"):
        grnledger.open(store)


def test_a_name_far_beyond_the_log_is_not_counted_up_to(made: Path, store: Path) -> None:
    shutil.copy(entry(store, 3), entry(store, 9_999_999_999))
    damage = grnledger.open(store).damage
    assert damage.keys() == {6, 9_999_999_998, 9_999_999_999}
    assert readable(store, answers(made)) == {0, 1, 2, 3}
    entry(store, 9_999_999_999).unlink()
    assert answers(store) == answers(made)


@pytest.mark.parametrize("packed", [0, 3, 5])
def test_all_entries_are_there_up_to_the_first_that_is_missing(store: Path, packed: int) -> None:
    """Of five entries so many are in a pack."""
    if packed:
        (store / "packs").mkdir()
        (store / "packs" / layout.pack_name(1, packed)).touch()  # by its name alone
        for number in range(1, packed + 1):
            entry(store, number).unlink()

    def held() -> list[int]:
        return [number for number in range(1, 7) if DirectoryStore(store).holds_all(number)]

    assert held() == [1, 2, 3, 4, 5]
    if packed < 4:
        entry(store, 4).unlink()
        assert held() == [1, 2, 3]


@pytest.mark.parametrize("name", ["0000000001-9999999999.h5", "0000000003-0000000002.h5", "1-5.h5", "0-0.h5", "-.h5"])
def test_a_file_that_cannot_be_a_pack_is_passed_over(made: Path, store: Path, name: str) -> None:
    (store / "packs").mkdir()
    (store / "packs" / name).write_bytes(b"no pack")
    assert answers(store) == answers(made)
    assert grnledger.open(store).damage == {}


READER = """
    import os, sys
    import numpy as np
    import grnledger

    def read(path):
        repo = grnledger.open(path)
        for version in repo.versions(None):
            snapshot = repo.snapshot(version.name)
            assert np.allclose(snapshot.covariance.to_dense() @ snapshot.precision.to_dense(), np.eye(16))
        return repo

    os.chdir(sys.argv[1])
    read("copy.grn").create_tag("paper")  # without a cache: all is imported, and rights can be given up
    if os.getuid() == 0:
        os.setuid(65534)
    repo = read("tumor.grn")
    try:
        repo.create_tag("paper")
    except OSError:
        print("cannot write")
"""


@pytest.mark.usefixtures("compiled_once")
@pytest.mark.parametrize("cached", [True, False])
def test_a_store_in_a_read_only_folder_is_read_with_or_without_its_cache(store: Path, cached: bool) -> None:
    shutil.copytree(store, store.with_name("copy.grn"), ignore=shutil.ignore_patterns("cache"))
    if not cached:
        shutil.rmtree(store / "cache")
    before = files(store)
    everything = [store, *store.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    store.parent.chmod(0o755)
    try:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(READER), str(store.parent)],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        for path in everything:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert done.stderr == ""
    assert done.stdout == "cannot write\n"
    assert files(store) == before
