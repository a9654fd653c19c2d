"""Repair from elsewhere and backup, stopped at each of their flushes: the next run ends what was begun."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.storage.files import durable
from grnledger.storage.verify.repair import repair
from grnledger.storage.verify.store import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST_FLUSHES = 60


class Stopped(BaseException):
    """The process ends here."""


def stops(monkeypatch: pytest.MonkeyPatch, step: Callable[[], object], flushes: int) -> bool:
    """Run a step up to one of its flushes, and return whether it came so far."""
    real, left = durable.flush, [flushes]

    def flush(path: Path) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Stopped
        real(path)

    with monkeypatch.context() as patch:
        patch.setattr(durable, "flush", flush)
        try:
            step()
        except Stopped:
            return True
    return False


@pytest.mark.parametrize("is_packed", [False, True])
def test_a_repair_that_was_stopped_is_ended_by_the_next(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_packed: bool
) -> None:
    clone = tmp_path / "clone.grn"
    grnledger.clone(store, clone)
    if is_packed:
        grnledger.open(store).pack()
    before = grnledger.open(store).identities()
    for path in (*store.glob("log/*.h5"), *store.glob("packs/*.h5"), *store.glob("base/*.h5")):
        path.write_bytes(path.read_bytes()[:-600])
    for flushes in range(MOST_FLUSHES):
        trial = shutil.copytree(store, tmp_path / f"trial{flushes}.grn")
        stopped = stops(monkeypatch, lambda trial=trial: repair(trial, sources=[clone]), flushes)
        assert repair(trial, sources=[clone]).sound
        assert grnledger.open(trial).identities() == before
        shutil.rmtree(trial)
        if not stopped:
            return
    pytest.fail("the repair has not ended")


def test_a_backup_that_was_stopped_is_ended_by_the_next(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = grnledger.open(store).identities()
    for flushes in range(MOST_FLUSHES):
        backup = tmp_path / f"backup{flushes}.grn"
        stopped = stops(monkeypatch, lambda backup=backup: grnledger.open(store).backup(backup), flushes)
        report = grnledger.open(store).backup(backup)
        assert (report.is_whole, report.replaced) == (True, 0)
        assert (verify(backup).sound, grnledger.open(backup).identities()) == (True, before)
        if not stopped:
            return
    pytest.fail("the backup has not ended")
