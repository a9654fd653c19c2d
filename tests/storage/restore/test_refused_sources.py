"""Files of backups and other sources that an account may not read: told as that, neither as lost nor as read."""

from __future__ import annotations

import contextlib
import errno
import os
from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.engine.errors import AccessDenied
from grnledger.storage.files import hdf5
from grnledger.storage.verify.repair import repair

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

NOBODY = 65_534
ENTRY = "log/0000000003.h5"


@contextlib.contextmanager
def as_nobody(within: Path, *stores: Path) -> Generator[None]:
    """Be an account that owns these stores, and reads what others let it; where this is no root, oneself."""
    if os.geteuid() != 0:
        yield
        return
    for folder in within.parents:  # which stay open: other tests stand in them
        if not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    for path in (path for store in stores for path in (store, *store.rglob("*"))):
        os.chown(path, NOBODY, -1)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def backup(store: Path) -> Path:
    """A backup; what it and a repair import is imported."""
    backup = store.with_name("backup.grn")
    grnledger.open(store).backup(backup)
    grnledger.open(store).backup(backup)
    repair(store, sources=[backup])
    return backup


def close(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, 0, 0)
    path.chmod(0)


def base_of(store: Path) -> str:
    return f"base/{next(store.glob('base/*.h5')).name}"


@pytest.mark.parametrize("name", ["base", ENTRY])
def test_a_backup_that_may_not_be_read_is_not_whole(store: Path, backup: Path, name: str) -> None:
    closed = backup / (base_of(store) if name == "base" else name)
    with as_nobody(store, store, backup):
        assert grnledger.open(store).backup(backup).is_whole
    close(closed)
    with as_nobody(store, store), pytest.raises(AccessDenied, match="may not be read") as denied:
        grnledger.open(store).backup(backup)
    assert denied.value.filename == str(closed)


@pytest.mark.parametrize("name", ["base", ENTRY, "log"])
def test_a_source_that_may_not_be_read_is_told_beside_what_it_would_have(store: Path, backup: Path, name: str) -> None:
    lost = base_of(store) if name == "base" else ENTRY
    closed = backup / (lost if name != "log" else name)
    (store / lost).unlink()
    close(closed)
    with as_nobody(store, store):
        report = repair(store, sources=[backup])
    assert not report.restored
    assert any(sentence.startswith(f"{lost}: no source has") for sentence in report.lacking)
    assert any(sentence.startswith(f"{closed} may not be read") for sentence in report.lacking)
    closed.chmod(0o755)
    with as_nobody(store):
        report = repair(store, sources=[backup])
    assert (report.sound, report.lacking, [item.path for item in report.restored]) == (True, [], [lost])


def test_a_source_that_may_not_be_entered_is_refused(store: Path, backup: Path) -> None:
    close(backup)
    with as_nobody(store), pytest.raises(AccessDenied, match=r"backup\.grn may not be read"):
        repair(store, sources=[backup])


def test_what_may_not_be_read_in_the_store_does_not_keep_the_rest_from_coming_back(store: Path, backup: Path) -> None:
    (store / ENTRY).unlink()
    with as_nobody(store, store):
        pass
    close(store / base_of(store))
    with as_nobody(store):
        report = repair(store, sources=[backup])
    assert [item.path for item in report.restored] == [ENTRY]
    assert [finding.kind for finding in report.findings if not finding.repaired] == ["denied"]


def test_too_little_memory_to_read_a_source_is_told_as_that(
    store: Path, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store / ENTRY).unlink()
    read = hdf5.read

    def refuse(location: hdf5.Location, *kinds: str) -> hdf5.StoredFile:
        if location.path.is_relative_to(backup):
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        return read(location, *kinds)

    monkeypatch.setattr(hdf5, "read", refuse)
    with pytest.raises(OSError, match=os.strerror(errno.ENOMEM)):
        repair(store, sources=[backup])
    monkeypatch.undo()
    assert [item.path for item in repair(store, sources=[backup]).restored] == [ENTRY]
