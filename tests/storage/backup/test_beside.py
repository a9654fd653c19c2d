"""Backups beside others, in one process: at each moment at which one writes a file, the other does its work."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.engine.errors import Conflict
from grnledger.storage.backup import mirror
from grnledger.storage.files import durable, layout, lock
from grnledger.storage.repository import Repository
from grnledger.storage.verify.store import verify
from moments import each_moment
from small_store import pathway

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.backup.mirror import BackupReport


def backed_up(store: Path, target: Path) -> BackupReport:
    """Back up without a wait for the lock, which this very process may hold."""
    return Repository(store, author="ada", wait=0.0).backup(target)


def as_it_should_be(report: BackupReport) -> bool:
    return report.is_whole and not (report.lost or report.lacking or report.replaced)


@pytest.fixture(params=[1, 1_000], ids=["packs", "loose"])
def _in_packs_or_not(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "MANY", request.param)


@pytest.mark.usefixtures("_in_packs_or_not")
@pytest.mark.parametrize("is_first", [True, False])
def test_two_backups_at_once_both_end_well(store: Path, *, is_first: bool) -> None:
    target = store.with_name("backup.grn")
    if not is_first:
        backed_up(store, target)
        repo = grnledger.open(store, author="ada")
        repo.commit(pathway("new"))
        repo.create_tag("later")

    def outer(folder: Path) -> BackupReport:
        return backed_up(folder / store.name, folder / target.name)

    for folder, moment in each_moment(store.parent, outer, outer):
        assert as_it_should_be(moment.outer), moment
        assert as_it_should_be(moment.inner), moment
        assert verify(folder / target.name).sound
        assert not (folder / target.name / layout.ASIDE).exists()
        assert grnledger.open(folder / target.name).identities() == grnledger.open(folder / store.name).identities()


@pytest.mark.usefixtures("_in_packs_or_not")
@pytest.mark.parametrize("and_then", ["pack", "backup"])
def test_what_is_written_during_a_backup_is_neither_lost_nor_lacking(store: Path, and_then: str) -> None:
    target = store.with_name("backup.grn")
    backed_up(store, target)
    grnledger.open(store, author="ada").commit(pathway("new"))

    def write(folder: Path) -> None:
        repo = grnledger.open(folder / store.name, author="bob")
        repo.commit(pathway("meanwhile"))
        if and_then == "pack":
            repo.pack()
        else:
            assert as_it_should_be(backed_up(folder / store.name, folder / target.name))

    for folder, moment in each_moment(store.parent, lambda at: backed_up(at / store.name, at / target.name), write):
        assert as_it_should_be(moment.outer), moment
        assert as_it_should_be(backed_up(folder / store.name, folder / target.name))


@pytest.mark.usefixtures("_in_packs_or_not")
@pytest.mark.parametrize("is_locked", [True, False])
def test_of_two_forks_one_has_the_backup_and_the_other_is_told(
    store: Path, monkeypatch: pytest.MonkeyPatch, *, is_locked: bool
) -> None:
    fork, target = shutil.copytree(store, store.with_name("fork.grn")), store.with_name("backup.grn")
    backed_up(store, target)
    for path in (store, fork):
        grnledger.open(path, author=path.stem).commit(pathway(path.stem))
    if not is_locked:
        monkeypatch.setattr(lock, "hold", lambda *_: contextlib.nullcontext(False))

    def step(name: str) -> Callable[[Path], BackupReport | Conflict]:
        def run(folder: Path) -> BackupReport | Conflict:
            try:
                return backed_up(folder / name, folder / target.name)
            except Conflict as refusal:
                return refusal

        return run

    for folder, moment in each_moment(store.parent, step(store.name), step(fork.name)):
        answers = {store.name: moment.outer, fork.name: moment.inner}
        whole = [name for name, answer in answers.items() if not isinstance(answer, Conflict) and answer.is_whole]
        assert len(whole) == 1, moment
        kept = grnledger.open(folder / target.name).identities()
        assert kept == grnledger.open(folder / whole[0]).identities()


def test_a_backup_waits_for_another_to_the_same_folder_and_says_so(store: Path) -> None:
    target, waits = store.with_name("backup.grn"), list[str]()
    backed_up(store, target)
    with lock.hold(target / layout.LOCK, 0.0) as held:
        assert held
        report = Repository(store, wait=0.0, on_wait=lambda: waits.append("waits")).backup(target)
    assert as_it_should_be(report)
    assert waits == ["waits"]
    Repository(store, wait=0.0, on_wait=lambda: waits.append("waits")).backup(target)
    assert waits == ["waits"]


def test_leftovers_of_dead_backups_go_with_the_next(store: Path) -> None:
    import os

    target = store.with_name("backup.grn")
    backed_up(store, target)
    leftover = durable.temporary_of(target / "log" / "0000000006.h5")
    leftover.write_bytes(b"half")
    os.utime(leftover, (0, 0))
    backed_up(store, target)
    assert not leftover.exists()
