"""Histories that lie and stores that are damaged: nothing of them arrives."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.engine.errors import FormatError
from grnledger.engine.network import capacitance
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import durable, hdf5, layout
from grnledger.storage.files.locations import DirectoryStore
from grnledger.storage.history import entries, log
from grnledger.storage.history.changes import (
    LONGEST_FILE_NAME,
    LONGEST_GENE_NAME,
    LONGEST_MESSAGE,
    LONGEST_REASON,
)
from grnledger.storage.history.checking import check_fits
from grnledger.storage.history.commits import Event
from grnledger.storage.history.records import DropRecord, SourceRecord
from two_stores import (
    GENES,
    HASH,
    SIZE,
    covariance,
    everything,
    files,
    flip,
    make,
    opened,
    pathway,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from grnledger.storage.history.records import LoggedCommit
    from grnledger.storage.repository import Repository


def forge(
    store: Path,
    change: Callable[[LoggedCommit], LoggedCommit],
    pathways: Sequence[Pathway] = (),
    **update: Any,
) -> None:
    """Rewrite the last entry of a log so that it says something else, and every hash fits."""
    folder = DirectoryStore(store)
    number = folder.look()
    stored, entry = log.Log(folder).read(number)
    logged = change(entry.commits[0])
    logged = logged.model_copy(update={"id": entries.commit_id(logged.commit)})
    move = entry.moves[0].model_copy(update={"after": logged.id})
    entry = entry.model_copy(update={"commits": (logged,), "moves": (move,), **update})
    brought = pathways or list(entries.pathways_of(stored, stored_entry(stored, number)).values())
    folder.loose_path(number).unlink()
    durable.publish(folder.loose_path(number), entries.entry_content(entry, brought).seal().write)
    shutil.rmtree(store / "cache")


def stored_entry(stored: hdf5.StoredFile, number: int) -> Any:
    return entries.parse_entry(stored, number).entry


def measuring(**update: Any) -> Callable[[LoggedCommit], LoggedCommit]:
    return lambda logged: logged.model_copy(update={"measured": logged.measured.model_copy(update=update)})


def saying(**update: Any) -> Callable[[LoggedCommit], LoggedCommit]:
    return lambda logged: logged.model_copy(update={"commit": logged.commit.model_copy(update=update)})


def dropping(**update: Any) -> Callable[[LoggedCommit], LoggedCommit]:
    def change(logged: LoggedCommit) -> LoggedCommit:
        drop = logged.commit.drops[0].model_copy(update=update)
        return saying(drops=(drop,))(logged)

    return change


LIES: dict[str, tuple[str, Callable[[LoggedCommit], LoggedCommit], str]] = {
    "another content": ("add", measuring(content=HASH), "as its record says"),
    "another rank": ("add", measuring(rank=7), "has rank 7"),
    "an anchor that no version is": ("add", measuring(anchor=HASH), "names an anchor"),
    "a number that no file can hold": ("add", measuring(since_anchor=2**70), "damaged"),
    "a base that it did not bring": ("add", saying(sets_base=True), "sets a base"),
    "a base that is not there": ("add", saying(base=HASH, sets_base=True), "missing"),
    "a parent that is not there": ("add", saying(parents=(HASH,)), "is not before it"),
    "an adding of what is already there, alone": ("add", saying(adds=()), "as its record says"),
    "a drop of what was never there": (
        "add",
        saying(drops=(DropRecord(id=HASH, names=("p53",), seen=(HASH,)),)),
        "not before it|not active",
    ),
    "a drop under another name": ("revert", dropping(names=("tp53",)), "under a name that is not its own"),
    "a drop of nothing": ("revert", saying(drops=()), "as its record says"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_commit_that_lies_is_refused_and_nothing_arrives(
    pair: tuple[Repository, Repository], tmp_path: Path, lie: str
) -> None:
    lab, anna = pair
    last, change, message = LIES[lie]
    if last == "revert":
        lab.revert("v1")
    forge(lab.path, change)
    before = files(anna.path), everything(anna.path)
    with pytest.raises(FormatError, match=message):
        anna.fetch(lab.path)
    with pytest.raises(FormatError, match=f"{message}|not certain"):
        grnledger.open(lab.path).push(anna.path, branch_of_its_own(lab.path))
    assert (files(anna.path), everything(anna.path)) == before
    assert not grnledger.verify(lab.path).sound
    assert opened(anna.path).commit(pathway("after", first=9)).number == 3


def _missing(logged: LoggedCommit) -> LoggedCommit:
    added = logged.commit.adds[0].model_copy(update={"missing": ("TP53", "g" * (LONGEST_GENE_NAME + 1))})
    return saying(adds=(added,))(logged)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (saying(message="m" * (LONGEST_MESSAGE + 1)), "A message has 100,000 characters at the most, and 'm"),
        (_missing, "The name of a gene has 1,000 characters at the most, and 'g"),
        (
            saying(source=SourceRecord(file="f" * (LONGEST_FILE_NAME + 1), sha256=HASH)),
            "The name of a file has 1,020 characters at the most, and 'f",
        ),
    ],
    ids=["message", "missing", "source"],
)
def test_what_no_commit_may_say_here_does_not_arrive_either(
    pair: tuple[Repository, Repository], tmp_path: Path, change: Callable[[LoggedCommit], LoggedCommit], what: str
) -> None:
    """A message is no part of what a version is, so that nothing but its length speaks against it."""
    lab, anna = pair
    forge(lab.path, change)
    before = files(anna.path)
    with pytest.raises(FormatError, match=f"could not have been made here: {what}"):
        anna.fetch(lab.path)
    with pytest.raises(FormatError, match=what):
        grnledger.clone(lab.path, tmp_path / "copy.grn")
    assert files(anna.path) == before
    assert not (tmp_path / "copy.grn").exists()


@pytest.mark.parametrize("excess", [0, 1])
def test_an_entry_whose_reason_is_longer_than_one_may_be_is_not_cloned(
    pair: tuple[Repository, Repository], tmp_path: Path, excess: int
) -> None:
    lab, _ = pair
    forge(lab.path, lambda logged: logged, reason="r" * (LONGEST_REASON + excess))
    refused = pytest.raises(FormatError, match="A reason has 101,020 characters at the most, and 'r")
    with refused if excess else contextlib.nullcontext():
        grnledger.clone(lab.path, tmp_path / "copy.grn")
    assert (tmp_path / "copy.grn").exists() == (not excess)


def test_a_version_of_more_columns_than_can_be_read_does_not_arrive(
    pair: tuple[Repository, Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor where it only adds, so that its matrices are not needed to know that it is positive definite."""
    lab, anna = pair
    lab.commit(pathway("wnt", first=7))  # the one before was inverted in full
    before = files(anna.path)
    monkeypatch.setattr(capacitance, "MOST_COLUMNS", 0)
    with pytest.raises(FormatError, match="from at most 0 columns, and this one has 1 columns of pathways"):
        anna.fetch(lab.path)
    assert files(anna.path) == before


def test_a_drop_of_what_was_active_once_and_is_no_more_is_refused(pair: tuple[Repository, Repository]) -> None:
    """Its record and its content id fit: only that nothing is left to drop does not."""
    lab, anna = pair
    first = lab.version("v1")
    lab.revert("v1")
    lab.commit(pathway("wnt", first=7))
    (added,) = first.added
    again = DropRecord(id=added.id, names=added.names, seen=(first.id,))
    forge(lab.path, saying(drops=(again,)))
    before = files(anna.path)
    with pytest.raises(FormatError, match="that is not active before it"):
        anna.fetch(lab.path)
    assert files(anna.path) == before
    assert [finding.kind for finding in grnledger.verify(lab.path).findings].count("damage") == 1


def test_an_anchor_with_an_inactive_pathway_folded_in_is_refused_wherever_it_is_read(
    pair: tuple[Repository, Repository],
) -> None:
    lab, anna = pair
    anchor = lab.reinvert().content
    lab.revert("v1")
    forge(lab.path, measuring(anchor=anchor, since_anchor=1))
    before = files(anna.path)
    with pytest.raises(FormatError, match=r"The anchor [0-9a-f]+ includes"):
        anna.fetch(lab.path)
    assert files(anna.path) == before
    own = grnledger.open(lab.path)
    with pytest.raises(FormatError, match=r"The anchor [0-9a-f]+ includes"):
        own.snapshot()
    report = grnledger.verify(lab.path)
    assert [finding.versions for finding in report.findings if finding.kind == "damage"] == [(own.version().number,)]


def test_an_anchor_of_another_base_is_refused(pair: tuple[Repository, Repository]) -> None:
    lab, _ = pair
    events = frozenset({Event("a" * 64, "b" * 64)})
    anchor = layout.version_content_id(HASH, ["b" * 64])
    assert check_fits(anchor, events, HASH, {"b" * 64}) == {"b" * 64}
    with pytest.raises(FormatError, match="has another base than"):
        check_fits(anchor, events, lab.version().base, {"b" * 64})


def branch_of_its_own(path: Path) -> str:
    """Make a branch that no other store has, so that a push goes as far as looking at what it brings."""
    repo = opened(path)
    if repo.damage:
        return "main"
    repo.create_branch("lie")
    return "lie"


def test_pathways_beyond_the_panel_are_refused(pair: tuple[Repository, Repository]) -> None:
    lab, anna = pair
    beyond = Pathway(("beyond",), np.array([SIZE + 4]), np.array([[0.5]]), 1, "sd")
    record = entries.pathway_record(beyond, (), entries.pathway_id(beyond))
    base = lab.version().base
    active = {item.record.id for item in lab.active("v1")} | {record.id}

    def change(item: LoggedCommit) -> LoggedCommit:
        content = layout.version_content_id(base, active)
        return measuring(content=content)(saying(adds=(record,))(item))

    forge(lab.path, change, [beyond])
    before = files(anna.path)
    with pytest.raises(FormatError, match=r"gene number 16 of a panel of 12 genes"):
        anna.fetch(lab.path)
    assert files(anna.path) == before


def test_a_base_of_another_panel_is_refused(pair: tuple[Repository, Repository], tmp_path: Path) -> None:
    lab, anna = pair
    other = grnledger.init(tmp_path / "other.grn", covariance=covariance(), genes=GENES[::-1], author="ada")
    base = other.version().base
    shutil.copy(other.path / "base" / f"{base}.h5", lab.path / "base")
    content = layout.version_content_id(base, {item.record.id for item in lab.active()})
    forge(lab.path, lambda item: measuring(content=content)(saying(base=base, sets_base=True)(item)))
    before = files(anna.path)
    with pytest.raises(FormatError, match="is of another panel"):
        anna.fetch(lab.path)
    assert files(anna.path) == before


@pytest.mark.parametrize("name", ["covariance", "precision", "genes", "precision_crc32"])
def test_a_damaged_base_does_not_arrive(pair: tuple[Repository, Repository], tmp_path: Path, name: str) -> None:
    _, anna = pair
    other = make(tmp_path / "other.grn", seed=5)
    other.commit(pathway("wnt", first=1))
    flip(next((other.path / "base").iterdir()), name)
    before = files(anna.path)
    with pytest.raises(FormatError, match="damaged"):
        anna.fetch(other.path)
    with pytest.raises(FormatError, match="damaged"):
        grnledger.open(other.path).push(anna.path, branch_of_its_own(other.path))
    assert files(anna.path) == before


@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_log_is_not_fetched_from(pair: tuple[Repository, Repository], packed: bool) -> None:
    lab, anna = pair
    if packed:
        lab.pack()
    shutil.rmtree(lab.path / "cache")
    for path in sorted((lab.path / ("packs" if packed else "log")).iterdir())[-1:]:
        with h5py.File(path) as file:
            name = "/0000000003/record" if packed else "record"
            index = file[name].id.get_offset() + 40
        content = bytearray(path.read_bytes())
        content[index] ^= 1
        path.write_bytes(content)
    before = files(anna.path)
    with pytest.raises(FormatError, match="damaged"):
        anna.fetch(lab.path)
    assert files(anna.path) == before


def test_a_damaged_store_is_not_pushed_to(pair: tuple[Repository, Repository]) -> None:
    lab, anna = pair
    anna.fetch(lab.path)
    anna.merge("lab/main")
    shutil.rmtree(lab.path / "cache")
    flip(lab.path / "log" / layout.entry_name(2))
    before = files(lab.path)
    with pytest.raises(FormatError, match="Entry 2 of the log is damaged"):
        anna.push(lab.path)
    assert files(lab.path) == before


def test_a_clone_names_the_source_whatever_is_wrong_with_it(
    pair: tuple[Repository, Repository], tmp_path: Path
) -> None:
    _, anna = pair
    folder = DirectoryStore(anna.path)
    number = folder.look()
    stored, entry = log.Log(folder).read(number)
    brought = list(entries.pathways_of(stored, entry).values())
    folder.loose_path(number).unlink()
    content = entries.entry_content(entry.model_copy(update={"author": "anna\nbert"}), brought)
    durable.publish(folder.loose_path(number), content.seal().write)
    shutil.rmtree(anna.path / "cache")
    with pytest.raises(FormatError, match=r"Nothing was copied from .*anna"):
        grnledger.clone(anna.path, tmp_path / "copy.grn")
    assert not (tmp_path / "copy.grn").exists()
