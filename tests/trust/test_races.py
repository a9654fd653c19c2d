"""Writers, readers and packers at once: short forms of the harnesses, and the rare moments one by one.

Where a process would have to be stopped at the right moment, two open stores alternate in one process: a step of the
one is done within a call of the other.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import Conflict, FormatError
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import durable, hdf5, layout, lock
from grnledger.storage.files.locations import DirectoryStore
from grnledger.storage.repository import Repository
from grnledger.storage.transfer import pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

TRUST = Path(__file__).resolve().parent
COSTS = TRUST.parents[1] / "benchmarks" / "trust"
SIZE = 12
GENES = [f"GENE{number}" for number in range(SIZE)]
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def harness() -> Iterator[Callable[[str], ModuleType]]:
    """The modules of the long forms, by name."""
    import importlib

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(COSTS)
        patch.syspath_prepend(TRUST)
        for name in ("aftermath", "planted", "verbs", "races", "readers", "soak", "commit_cost"):
            patch.delitem(sys.modules, name, raising=False)
        yield importlib.import_module


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Path]:
    """A folder where flushing costs nothing, if the system has one: what is tested here is order, not the disk."""
    memory = Path("/dev/shm")
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="grn-", dir=memory) as folder:  # other runs may use the same names
        yield Path(folder)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "tumor.grn"
    repo = grnledger.init(path, covariance=np.eye(SIZE) + 0.2, genes=GENES, author="ada", time=NOON)
    for index in range(3):
        repo.commit(pathway(f"path-{index}", index))
    return path


def pathway(name: str, first: int = 0) -> Pathway:
    genes = np.sort((first + np.array([0, 3, 7])) % SIZE)
    return Pathway((name,), genes, np.array([[0.3], [0.2], [0.1]]), 1, "sd")


def opened(store: Path, *, wait: float = 10.0, minute: int = 1) -> Repository:
    return grnledger.open(store, author="bob", time=NOON + timedelta(minutes=minute), wait=wait)


def committed_and_packed(repo: Repository, name: str) -> Callable[[], None]:
    """A step that commits a pathway and packs all there is."""

    def step() -> None:
        repo.commit(pathway(name, 5))
        repo.pack()

    return step


def whole(store: Path, *messages: str) -> None:
    """See that a store is whole, and that the last commits are these."""
    shutil.rmtree(store / "cache")
    repo = grnledger.open(store)
    assert [version.message for version in repo.versions(None)[: len(messages)]][::-1] == list(messages)
    assert len(repo.line()) == len(repo)
    assert grnledger.verify(store).sound
    assert not list((store / "log").glob(".*"))


def claiming(
    patch: pytest.MonkeyPatch,
    call: str = "_claim",
    *,
    before: Callable[[], object] = int,
    after: Callable[[], object] = int,
) -> None:
    """Do something just before or after the next file gets its name, or the next call of another step of `durable`."""
    step = getattr(durable, call)

    def stopped(*arguments: Any, **named: Any) -> None:
        patch.setattr(durable, call, step)
        before()
        step(*arguments, **named)
        after()

    patch.setattr(durable, call, stopped)


# One moment each


def test_a_number_that_was_taken_packed_and_freed_is_not_used(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, other = opened(store), opened(store, minute=2)
    claiming(monkeypatch, before=committed_and_packed(other, "other"))
    assert slow.commit(pathway("slow", 7)).name == "v5"
    whole(store, "add other", "add slow")
    assert [path.name for path in (store / "log").iterdir()] == [layout.entry_name(6)]


def test_an_entry_that_is_packed_at_once_is_acknowledged_and_not_written_again(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, other = opened(store), opened(store)
    claiming(monkeypatch, after=other.pack)
    assert slow.commit(pathway("slow", 7)).name == "v4"
    claiming(monkeypatch, after=other.pack)
    assert slow.create_tag("paper").name == "v4"
    whole(store, "add path-2", "add slow")
    assert grnledger.open(store).tags["paper"].name == "v4"


def test_of_two_that_pack_at_once_the_larger_pack_stays(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow, other = opened(store), opened(store)
    claiming(monkeypatch, "put", after=committed_and_packed(other, "other"))
    assert slow.pack().entries == 4
    whole(store, "add path-2", "add other")
    assert [path.name for path in (store / "packs").iterdir()] == [layout.pack_name(1, 5)]

    slow.commit(pathway("more", 8))
    other.refresh()
    claiming(monkeypatch, "write_whole", after=committed_and_packed(other, "last"))
    slow.pack()
    whole(store, "add other", "add more", "add last")
    assert layout.pack_name(1, 7) in [path.name for path in (store / "packs").iterdir()]


def test_a_pack_is_a_run_of_the_chain_or_nothing(store: Path) -> None:
    """A stray entry, whole in itself, under a number that another one has: it must never stand for that one."""
    repo = opened(store)
    stray = shutil.copytree(store, store.with_name("stray.grn"))
    for path in (store, stray):
        opened(path).commit(pathway(path.stem, 5))
    log = repo._ledger.log
    repo.refresh()
    shutil.copy(stray / "log" / layout.entry_name(5), store / "log")
    (store / "packs").mkdir()
    for start, end in ((1, 5), (5, 5), (4, 5)):
        with pytest.raises(FormatError, match="is not the entry that the next one follows"):
            pack.write_pack(DirectoryStore(store), log, start, end)
    repo.commit(pathway("last", 6))
    log._latest = None
    with pytest.raises(FormatError, match="does not follow the entry before it"):
        pack.write_pack(DirectoryStore(store), log, 1, 6)
    assert not list((store / "packs").iterdir())


def test_an_entry_that_moves_to_a_pack_during_a_lookup_is_read(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each moment at which a reader can meet a packer: before each of its calls of the disk."""
    expected = [version.id for version in grnledger.open(store).versions(None)]
    snapshot = grnledger.open(store).snapshot().precision.to_dense().tobytes()
    moment, calls = 0, 1
    while moment < calls:
        copy = shutil.copytree(store, store.with_name(f"copy-{moment}.grn"))
        with packing_at(moment, copy) as opened_files:
            repo = grnledger.open(copy)
            assert [version.id for version in repo.versions(None)] == expected
            assert repo.snapshot().precision.to_dense().tobytes() == snapshot
        moment, calls = moment + 1, len(opened_files)
    assert moment > 2


@contextlib.contextmanager
def packing_at(moment: int, store: Path) -> Iterator[list[hdf5.Location]]:
    """Pack a store just before the n-th opening of a file, and give all that were opened."""
    read, places = hdf5._opened, list[hdf5.Location]()

    @contextlib.contextmanager
    def watched(place: hdf5.Location) -> Iterator[Any]:
        places.append(place)
        if len(places) == moment + 1:
            patch.setattr(hdf5, "_opened", read)
            opened(store).pack()
            patch.setattr(hdf5, "_opened", watched)
        with read(place) as file:
            yield file

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hdf5, "_opened", watched)
        yield places


def test_a_pack_that_goes_while_it_is_read_is_read_to_the_end(store: Path) -> None:
    repo = opened(store)
    repo.pack()
    path = store / "packs" / layout.pack_name(1, 4)
    groups = [f"{number:010d}" for number in range(1, 5)]
    reading = hdf5.read_each(path, groups, layout.ENTRY)
    first = next(reading)
    path.unlink()
    assert not [part for part in (first, *reading) if isinstance(part, FormatError)]


def test_a_file_that_goes_while_it_is_opened_is_missing_and_not_damaged(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store / "log" / layout.entry_name(2)
    file = hdf5.h5py.File

    def gone(*arguments: Any, **named: Any) -> Any:
        path.unlink()
        return file(*arguments, **named)

    monkeypatch.setattr(hdf5.h5py, "File", gone)
    with pytest.raises(hdf5.Missing):
        hdf5.read(hdf5.Location(path), layout.ENTRY)

    def refused(*_: Any, **__: Any) -> Any:
        raise OSError("Unable to synchronously open file (can't retrieve stat info for file)")

    shutil.copy(store / "log" / layout.entry_name(3), path)

    def gone_late(*_: Any, **__: Any) -> Any:
        path.unlink()
        refused()

    monkeypatch.setattr(hdf5.h5py, "File", gone_late)
    with pytest.raises(hdf5.Missing):
        hdf5.read(hdf5.Location(path), layout.ENTRY)
    monkeypatch.setattr(hdf5.h5py, "File", refused)
    with pytest.raises(FormatError, match="is damaged: Unable to synchronously open"):
        hdf5.read(hdf5.Location(store / "log" / layout.entry_name(3)), layout.ENTRY)


def test_a_writer_that_does_not_wait_is_refused_and_one_that_waits_goes_on(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "hold", lambda *_: contextlib.nullcontext(False))
    other = opened(store, minute=2)
    hasty, patient = opened(store, wait=0.0), opened(store)
    claiming(monkeypatch, before=lambda: other.commit(pathway("other", 5)))
    with pytest.raises(Conflict, match="has moved meanwhile"):
        hasty.commit(pathway("hasty", 7))
    claiming(monkeypatch, before=lambda: other.commit(pathway("another", 6)))
    assert patient.commit(pathway("patient", 8)).name == "v6"
    whole(store, "add path-2", "add other", "add another", "add patient")


# Races of processes


def test_of_racing_writers_none_loses_what_was_acknowledged(harness: Callable[[str], ModuleType], fast: Path) -> None:
    races = harness("races")
    for index, kind in enumerate(races.KINDS):
        folder = fast / str(index)
        folder.mkdir()
        row = races.round_of(folder, kind, writers=3, commits=4)
        assert not row.bad
        assert row.counts[races.ACKNOWLEDGED] == 4 * (kind.writers or 3)
        assert (row.counts["packs"] > 0) == bool(kind.packers)


@pytest.mark.parametrize("plant", ["overwriting", "looking-first"])
def test_the_harness_detects_entries_that_overwrite_each_other(
    harness: Callable[[str], ModuleType], fast: Path, plant: str
) -> None:
    races = harness("races")
    kind = next(kind for kind in races.KINDS if kind.name == "no lock")

    def is_seen(nth: int) -> bool:
        (folder := fast / str(nth)).mkdir()
        row = races.round_of(folder, kind, writers=4, commits=6, plant=races.PLANTS[plant])
        return bool(row.counts["lost"] or row.counts["broken"])

    assert any(is_seen(nth) for nth in range(10))  # whether writers meet in one round is chance


def test_trusting_any_number_that_could_be_linked_loses_what_was_acknowledged(
    harness: Callable[[str], ModuleType], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, other = opened(store), opened(store, minute=2)
    claiming(monkeypatch, before=committed_and_packed(other, "other"))
    with harness("races").PLANTS["never-late"]():
        acknowledged = slow.commit(pathway("slow", 7))
    assert acknowledged.id not in [id_ for _, id_, _ in grnledger.open(store).identities()]


def test_taking_any_packed_number_for_anothers_refuses_what_stands(
    harness: Callable[[str], ModuleType], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, other = opened(store), opened(store)
    claiming(monkeypatch, after=other.pack)
    with harness("races").PLANTS["packed-is-lost"](), pytest.raises(Conflict, match="is active already"):
        slow.commit(pathway("slow", 7))
    assert grnledger.open(store).version().message == "add slow"


# Readers


def test_readers_beside_a_writer_and_a_packer_see_what_was_and_nothing_else(
    harness: Callable[[str], ModuleType], fast: Path
) -> None:
    readers = harness("readers")
    notes = readers.run(fast, dense=True, readers=4, reads=40)
    assert not notes.bad
    assert notes.counts["reads"] == 160
    assert notes.counts["packs"] > 0
    assert notes.counts["entries"] > 5


@pytest.mark.parametrize("plant", ["unlinking-first", "in-place", "two-looks", "refs-later"])
def test_the_harness_detects_readers_that_read_wrong_numbers(
    harness: Callable[[str], ModuleType], fast: Path, plant: str
) -> None:
    readers = harness("readers")

    def is_seen(nth: int) -> bool:
        (folder := fast / str(nth)).mkdir()
        return bool(readers.run(folder, dense=False, readers=2, reads=60, plant=plant).bad)

    assert any(is_seen(nth) for nth in range(10))  # whether a reader looks at the wrong moment is chance


def test_a_reader_that_may_not_write_reads_all_the_same(harness: Callable[[str], ModuleType], fast: Path) -> None:
    readers, aftermath = harness("readers"), harness("aftermath")
    path = fast / "tumor.grn"
    repo = grnledger.init(path, covariance=np.eye(SIZE) + 0.2, genes=GENES, author="ada", time=NOON)
    fast.chmod(0o755)
    for index in range(70):
        repo.create_tag(f"tag-{index}")
    repo.commit(pathway("p53"))
    repo.reinvert()
    shutil.rmtree(path / "cache" / "anchors")
    bits = repo.snapshot("v1").precision.to_dense().tobytes()

    def read(report: Callable[[bytes], object]) -> None:
        view = readers.read_only(path)
        repo = grnledger.open(path)
        same = repo.snapshot("v1").precision.to_dense().tobytes() == bits
        repo.snapshot("v2").precision.rows(np.array([1]))
        try:
            repo.commit(pathway("myc", 2))
        except OSError as refused:
            report(f"{view}|{same}|{repo.version().name}|{refused.strerror}".encode())

    code, message = aftermath.fork(read).end()
    if message.startswith(b"as it is"):
        pytest.skip("this system lets nobody be kept from writing")
    assert code == 0, message.decode()
    view, same, tip, refused = message.decode().split("|")
    assert view in ("a read-only mount", "another account")
    assert (same, tip) == ("True", "v2")
    assert refused in ("Read-only file system", "Permission denied")
    assert grnledger.open(path).version().name == "v2"


# A long life, and what one commit of it costs


def test_a_long_life_is_checked_version_by_version(
    harness: Callable[[str], ModuleType], fast: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soak, genes = harness("soak"), [f"GENE{index}" for index in range(60)]
    model = harness("verbs").factors(60)
    repo = grnledger.init(fast / "soak.grn", factor_model=model, genes=genes, author="ada")
    life = soak.Life()
    life.live(repo, 30, 6)
    assert len(repo) == 31
    assert max(len(repo.active(f"v{number}")) for number in range(31)) == 6
    assert soak.wrong_versions(repo.path, life, 60) == []
    active = Repository.active
    monkeypatch.setattr(Repository, "active", lambda self, rev="HEAD": active(self, rev)[1:])
    assert soak.wrong_versions(repo.path, life, 60)
    life.seconds = {"commit": [0.001] * 6 + [0.002] * 300 + [0.003] * 300, "revert": [0.002] * 10}
    assert life.medians("commit", 6) == (0.002, 0.003)


def test_the_cost_of_a_commit_is_compared_with_that_of_a_file(
    harness: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    cost = harness("commit_cost")
    monkeypatch.setattr(cost, "WARM", 1)
    monkeypatch.setattr(cost, "PROMISED", 1e9)
    (tmp_path / "fine").mkdir()
    assert cost.measure(tmp_path / "fine", 3, 120, 5) == 0
    table = capsys.readouterr().out
    for part in ("numbers", "HDF5 file in memory", "flushes", "other calls of the disk", "all else"):
        assert part in table
    monkeypatch.setattr(cost, "PROMISED", 0.1)  # no commit is so quick
    (tmp_path / "slow").mkdir()
    assert cost.measure(tmp_path / "slow", 3, 120, 0) == 1
