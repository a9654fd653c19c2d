"""Packing: what it keeps, what it may meet, and where it may be interrupted."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import Conflict, FormatError
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import durable, hdf5, layout
from grnledger.storage.files.locations import DirectoryStore, group_of
from grnledger.storage.history.log import Log
from grnledger.storage.transfer import pack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from grnledger.storage.repository import Repository

SIZE = 16
GENES = tuple(f"GENE{number}" for number in range(SIZE))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def pathway(name: str) -> Pathway:
    return Pathway.of(Panel(GENES), name, {"GENE1": 0.1, "GENE4": -0.1, "GENE9": 0.2})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten entries: six versions on two branches, a merge, a drop, a tag."""
    path = tmp_path_factory.mktemp("made") / "tumor.grn"
    rng = np.random.default_rng(1)
    model = FactorCovariance(rng.uniform(0.5, 1.5, SIZE), rng.normal(size=(SIZE, 2)))
    repo = grnledger.init(path, factor_model=model, genes=GENES, author="ada", time=NOON)
    repo.commit(pathway("p53"))
    repo.create_branch("side")
    repo.commit(pathway("wnt"))
    repo.commit(pathway("myc"), branch="side")
    repo.merge("side")
    repo.revert("v1")
    repo.create_tag("paper")
    repo.switch("side")
    repo.switch("main")
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "tumor.grn")


def loose(store: Path) -> list[str]:
    return sorted(path.name for path in (store / "log").iterdir() if layout.entry_number(path.name))


def packs(store: Path) -> list[str]:
    return sorted(path.name for path in (store / "packs").iterdir())


def files(store: Path) -> dict[str, bytes]:
    return {str(path.relative_to(store)): path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file()}


def answers(repo: Repository) -> list[Any]:
    """Everything that a store says."""
    listing: list[Any] = [repo.head, [str(move) for move in repo.moves]]
    listing += [[(name, version.id) for name, version in kind.items()] for kind in (repo.branches, repo.tags)]
    for version in repo.versions(None):
        snapshot = repo.snapshot(version.name)
        numbers = snapshot.covariance.to_dense().tobytes(), snapshot.precision.to_dense().tobytes()
        listing.append((version.name, version.id, version.entry, numbers))
    return listing


def ids(store: Path, length: int) -> list[tuple[str, str]]:
    """The id and the record of each entry, wherever it stands."""
    entries: list[tuple[str, str]] = []
    for number in range(1, length + 1):
        path = store / "log" / layout.entry_name(number)
        index = hdf5.Location(path) if path.exists() else next(
            hdf5.Location(file, group_of(number)) for file in (store / "packs").iterdir() if spans(file, number)
        )  # fmt: skip
        stored = hdf5.read(index, layout.ENTRY)
        entries.append((stored.id, stored.record))
    return entries


def spans(path: Path, number: int) -> bool:
    range_ = layout.pack_range(path.name)
    return range_ is not None and range_[0] <= number <= range_[1]


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packs of four entries at the most."""
    monkeypatch.setattr(pack, "RUN", 4)


# What it keeps


def test_a_packed_log_is_the_same_log(store: Path) -> None:
    before, chain = answers(grnledger.open(store)), ids(store, 10)
    done = grnledger.open(store).pack()
    assert (done.entries, done.packs, done.files) == (10, 1, 1)
    assert (loose(store), packs(store)) == ([], ["0000000001-0000000010.h5"])
    assert ids(store, 10) == chain
    assert answers(grnledger.open(store)) == before
    shutil.rmtree(store / "cache")
    assert answers(grnledger.open(store)) == before
    assert grnledger.verify(store, numbers=True).sound


def test_a_packed_log_goes_on(store: Path) -> None:
    grnledger.open(store).pack()
    repo = grnledger.open(store, author="bob", time=NOON)
    assert repo.commit(pathway("ras")).name == "v6"
    assert loose(store) == ["0000000011.h5"]
    assert grnledger.open(store).version().name == "v6"
    assert grnledger.verify(store).sound


def test_packing_again_changes_nothing(store: Path) -> None:
    grnledger.open(store).pack()
    before = files(store)
    done = grnledger.open(store).pack()
    assert (done.entries, done.packs, done.files) == (0, 0, 1)
    assert files(store) == before


@pytest.mark.usefixtures("short_runs")
def test_a_long_log_is_several_packs_and_a_larger_pack_replaces_the_last(store: Path) -> None:
    before = answers(grnledger.open(store))
    grnledger.open(store).pack()
    assert packs(store) == ["0000000001-0000000004.h5", "0000000005-0000000008.h5", "0000000009-0000000010.h5"]
    old = files(store)
    assert answers(grnledger.open(store)) == before
    grnledger.open(store).create_tag("one")
    done = grnledger.open(store).pack()
    assert (done.entries, done.packs, done.files) == (1, 1, 3)
    assert packs(store) == ["0000000001-0000000004.h5", "0000000005-0000000008.h5", "0000000009-0000000011.h5"]
    assert {
        name: old[name] for name in old if name[:20] in ("packs/0000000001-000", "packs/0000000005-000")
    }.items() <= (files(store).items())
    assert grnledger.open(store).tags["one"].name == "v5"
    assert grnledger.verify(store, numbers=True).sound


def test_the_command_reports_what_it_packed(store: Path, grn: Any) -> None:
    answer = grn("-s", store, "pack", "--json").json
    assert (answer["entries"], answer["packs"], answer["files"]) == (10, 1, 1)


# Who may be there meanwhile


def test_a_reader_with_an_old_listing_goes_on_reading(store: Path) -> None:
    reader = grnledger.open(store)
    before = answers(grnledger.open(store))
    grnledger.open(store).pack()
    assert answers(reader) == before
    late = grnledger.open(store, author="bob")
    late.commit(pathway("ras"))
    late.pack()
    assert answers(reader) == before
    reader.refresh()
    assert answers(reader) == answers(grnledger.open(store))
    assert reader.commit(pathway("stat")).name == "v7"


@pytest.mark.usefixtures("short_runs")
def test_a_reader_goes_on_when_its_pack_gives_way_to_a_larger_one(store: Path) -> None:
    grnledger.open(store).pack()
    reader = grnledger.open(store)
    before = answers(grnledger.open(store))
    grnledger.open(store).create_tag("one")
    grnledger.open(store).pack()
    assert "0000000009-0000000010.h5" not in packs(store)
    assert answers(reader) == before


def once(monkeypatch: pytest.MonkeyPatch, name: str, step: Callable[[], object], *, after: bool = False) -> None:
    """Do a step once just before, or after, a function of the write protocol is called next."""
    real = getattr(durable, name)

    def hooked(*arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(durable, name, real)
        if not after:
            step()
        answer = real(*arguments, **named)
        if after:
            step()
        return answer

    monkeypatch.setattr(durable, name, hooked)


def taken_and_packed(store: Path, branch: str) -> Callable[[], object]:
    """Return a step of another writer, who is faster: the next number is taken, packed, and its name free again."""

    def step() -> None:
        other = grnledger.open(store, author="faster", time=NOON)
        other.commit(pathway("faster"), branch=branch)
        other.pack()
        assert loose(store) == []

    return step


def test_a_slow_writer_whose_number_was_packed_meanwhile_takes_the_next(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = grnledger.open(store, author="slow", time=NOON)
    plan = slow.plan(pathway("slow"))
    once(monkeypatch, "_claim", taken_and_packed(store, "side"))
    written = slow.write(plan)
    assert loose(store) == ["0000000012.h5"]
    fresh = grnledger.open(store)
    assert {name: version.author for name, version in fresh.branches.items()} == {"main": "slow", "side": "faster"}
    assert fresh.version().id == written.id
    assert answers(slow) == answers(fresh)
    assert grnledger.verify(store, numbers=True).sound


def test_a_slow_writer_whose_branch_moved_meanwhile_conflicts_and_leaves_nothing(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = grnledger.open(store, author="slow", time=NOON)
    plan = slow.plan(pathway("slow"))
    once(monkeypatch, "_claim", taken_and_packed(store, "main"))
    with pytest.raises(Conflict, match="branch/main has moved meanwhile"):
        slow.write(plan)
    assert loose(store) == []
    assert answers(slow) == answers(grnledger.open(store))
    assert grnledger.verify(store, numbers=True).sound


def test_a_writer_whose_own_entry_is_packed_at_once_has_not_lost(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = grnledger.open(store, author="ada", time=NOON)
    once(monkeypatch, "_claim", lambda: grnledger.open(store).pack(), after=True)
    written = writer.commit(pathway("ras"))
    assert loose(store) == []
    fresh = grnledger.open(store)
    assert fresh.version().id == written.id
    assert [version.name for version in fresh.versions(None)] == [f"v{number}" for number in range(6, -1, -1)]
    assert answers(writer) == answers(fresh)


def test_without_that_look_an_acknowledged_commit_would_be_lost(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Log, "_is_lost", lambda *_: False)
    slow = grnledger.open(store, author="slow", time=NOON)
    plan = slow.plan(pathway("slow"))
    once(monkeypatch, "_claim", taken_and_packed(store, "side"))
    written = slow.write(plan)
    assert written.id not in {version.id for version in grnledger.open(store).versions(None)}


def test_a_reader_that_opens_a_slow_writers_file_in_place_of_a_packed_entry_looks_again(
    store: Path, tmp_path: Path
) -> None:
    """Between the packing and its own second look a slow writer's file stands under the freed name."""
    other_way = shutil.copytree(store, tmp_path / "other.grn")
    grnledger.open(store).commit(pathway("ours"))
    grnledger.open(other_way, author="slow", time=NOON).commit(pathway("slow"))
    name = loose(store)[-1]
    log, expected = Log(DirectoryStore(store)), ids(store, 11)[-1][0]
    log.locations.look()  # the entry is loose, by this reader's last look
    grnledger.open(store).pack()
    shutil.copy(other_way / "log" / name, store / "log" / name)
    assert log.read(11)[0].id == expected


def test_a_writer_is_lost_whose_number_and_the_one_before_it_are_anothers(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second look goes to the places of now: by those that the slow writer knew, nothing had changed."""
    slow = grnledger.open(store, author="slow", time=NOON)
    plan = slow.plan(pathway("slow"), branch="side")
    looked: list[bool] = []
    is_lost = Log._is_lost

    def noted(*arguments: Any) -> bool:
        looked.append(is_lost(*arguments))
        return looked[-1]

    monkeypatch.setattr(Log, "_is_lost", noted)
    once(monkeypatch, "_claim", taken_and_packed(store, "main"))
    slow.write(plan)
    assert looked == [False, True, False]  # the faster writer's, the slow one's, and that of its next try


def test_two_that_pack_at_once_both_succeed(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = answers(grnledger.open(store))
    once(monkeypatch, "put", lambda: grnledger.open(store).pack())
    grnledger.open(store).pack()
    assert (loose(store), packs(store)) == ([], ["0000000001-0000000010.h5"])
    assert answers(grnledger.open(store)) == before
    assert grnledger.verify(store).sound


# Where it may be interrupted


@pytest.mark.usefixtures("short_runs")
def test_interrupted_at_any_removal_the_log_is_whole_and_is_cleared_up_by_the_next(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, chain, real = answers(grnledger.open(made)), ids(made, 10), durable.remove
    for nth in (1, 4, 5, 10):  # within a run, at its end, at the first of the next, at the last of all
        store = shutil.copytree(made, tmp_path / f"{nth}.grn")
        left = [nth]

        def remove(path: Path, left: list[int] = left) -> None:
            if path.parent.name == "log" and not path.name.startswith("."):
                left[0] -= 1
                if not left[0]:
                    raise KeyboardInterrupt
            real(path)

        monkeypatch.setattr(durable, "remove", remove)
        with pytest.raises(KeyboardInterrupt):
            grnledger.open(store).pack()
        monkeypatch.setattr(durable, "remove", real)
        assert len(loose(store)) == 11 - nth
        assert packs(store) != []
        assert answers(grnledger.open(store)) == before
        report = grnledger.verify(store)
        assert report.sound
        assert any("the entry is in a pack" in finding.what for finding in report.findings)
        if nth % 2:
            grnledger.open(store).pack()
        else:
            assert grnledger.verify(store, repair=True).sound
            grnledger.open(store).pack()
        assert loose(store) == []
        assert ids(store, 10) == chain
        assert answers(grnledger.open(store)) == before


def test_a_commit_after_an_interrupted_pack_follows_the_packed_entries(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "remove", lambda _: None)
    grnledger.open(store).pack()
    monkeypatch.undo()
    assert len(loose(store)) == 10
    assert grnledger.open(store).commit(pathway("ras")).name == "v6"
    grnledger.open(store).pack()
    assert (loose(store), packs(store)) == ([], ["0000000001-0000000011.h5"])
    assert grnledger.verify(store, numbers=True).sound


def test_a_pack_that_cannot_be_written_leaves_the_log_as_it_was(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(store)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(hdf5, "write_many", refuse)
    with pytest.raises(OSError, match="No space left"):
        grnledger.open(store).pack()
    assert files(store) == before


def test_a_pack_that_reads_back_otherwise_takes_no_entry_away(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, real = files(store), durable.write_whole

    def write_whole(path: Path, write: Callable[[Any], object]) -> None:
        real(path, write)
        content = bytearray(path.read_bytes())
        content[content.rindex(b'"reason"') + 2] ^= 1
        path.write_bytes(content)

    monkeypatch.setattr(durable, "write_whole", write_whole)
    with pytest.raises(FormatError, match="its content does not match its id"):
        grnledger.open(store).pack()
    monkeypatch.setattr(durable, "write_whole", real)
    assert files(store) == before
    assert grnledger.open(store).pack().entries == 10


@pytest.mark.parametrize(("number", "other"), [(3, 4), (4, 3), (1, 10), (10, 1)])
def test_a_pack_that_holds_another_entry_in_the_place_of_one_takes_none_away(
    store: Path, monkeypatch: pytest.MonkeyPatch, number: int, other: int
) -> None:
    before, real = files(store), hdf5.write_many

    def write_many(output: hdf5.Output, kind: str, parts: Iterable[tuple[str, hdf5.Sealed]]) -> None:
        entries = dict(parts)
        entries[group_of(number)] = entries[group_of(other)]
        real(output, kind, entries.items())

    monkeypatch.setattr(hdf5, "write_many", write_many)
    with pytest.raises(FormatError, match="does not hold the entry that it should: no entry was moved"):
        grnledger.open(store).pack()
    assert files(store) == before


# What it refuses


@pytest.mark.parametrize("damage", ["missing", "cut", "of another number"])
def test_a_damaged_log_is_not_packed(store: Path, damage: str) -> None:
    path = store / "log" / layout.entry_name(3)
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        shutil.copy(store / "log" / layout.entry_name(4), path)
    before = files(store)
    with pytest.raises(FormatError, match="Entry 3 of the log is damaged, and nothing is written after it"):
        grnledger.open(store).pack()
    assert files(store) == before


def test_an_entry_that_is_damaged_since_the_log_was_indexed_is_not_packed_away(store: Path) -> None:
    grnledger.open(store)._ledger.write_index()
    path = store / "log" / layout.entry_name(3)
    good = path.read_bytes()
    path.write_bytes(good[:-1])
    with pytest.raises(FormatError):
        grnledger.open(store).pack()
    assert len(loose(store)) == 10
    path.write_bytes(good)
    assert grnledger.open(store).pack().entries == 10
    assert grnledger.verify(store, numbers=True).sound


def test_an_exported_store_is_not_packed(store: Path, tmp_path: Path) -> None:
    grnledger.open(store).export(tmp_path / "whole.h5")
    with pytest.raises(Conflict, match="is an exported store, to be read only"):
        grnledger.open(tmp_path / "whole.h5").pack()
