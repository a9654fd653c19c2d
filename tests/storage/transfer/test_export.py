"""A store in one file: it answers what the store answers, and is not written to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import h5py
import pytest
from grnledger.engine.errors import Conflict, FormatError, NotFound
from grnledger.storage.files import layout
from two_stores import (
    SIZE,
    answers,
    description_of,
    everything,
    opened,
    pathway,
    refs,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_an_exported_store_is_read_in_place_with_the_same_answers(lab: Path, tmp_path: Path) -> None:
    grnledger.open(lab).export(tmp_path / "lab.h5")
    assert everything(tmp_path / "lab.h5") == everything(lab)
    assert grnledger.verify(tmp_path / "lab.h5", numbers=True).sound
    opened(lab).pack()
    grnledger.open(lab).export(tmp_path / "packed.h5")
    assert everything(tmp_path / "packed.h5") == everything(lab)


def test_an_exported_version_is_a_store_of_it_and_what_it_descends_from(lab: Path, tmp_path: Path) -> None:
    repo = opened(lab)
    repo.export(tmp_path / "paper.h5", "paper")
    paper = grnledger.open(tmp_path / "paper.h5")
    expected = {version.id: description_of(repo, version) for version in repo.versions("paper")}
    assert answers(tmp_path / "paper.h5") == expected
    assert (paper.head, refs(paper)) == ("main", {"main": f"v{len(expected) - 1}"})
    assert paper.version().id == repo.version("paper").id
    assert grnledger.verify(tmp_path / "paper.h5").sound


def test_an_exported_file_holds_groups_that_h5py_reads(lab: Path, tmp_path: Path) -> None:
    repo = grnledger.open(lab)
    repo.export(tmp_path / "lab.h5")
    with h5py.File(tmp_path / "lab.h5") as file:
        assert (file.attrs["kind"], file.attrs["format"]) == (b"store", b"grnledger store 1")
        assert sorted(file) == ["base", "cache", "log"]
        assert list(file["log"]) == [f"{number:010d}" for number in range(1, len(file["log"]) + 1)]
        assert list(file["base"]) == [repo.version().base]
        for group in file["log"].values():
            assert group.attrs["kind"] == b"entry"
            assert len(group.attrs["id"]) == 64
            assert group["record"][()].startswith(b'{"author":')
        shapes: list[tuple[str, tuple[int, ...]]] = []
        file.visititems(
            lambda name, item: shapes.append((name, item.shape)) if isinstance(item, h5py.Dataset) else None
        )
    square = [name.split("/")[-1] for name, shape in shapes if shape == (SIZE, SIZE)]
    dense = repo.base().record.form == "dense"
    assert square == (["covariance", "precision"] if dense else [])  # nothing new of that size


def test_no_file_contains_its_time_of_creation(lab: Path, tmp_path: Path) -> None:
    """HDF5 would put the time into each dataset, and the same content would not be the same file."""
    repo = opened(lab)
    repo.commit(pathway("new", first=9))
    repo.export(tmp_path / "lab.h5")
    repo.pack()
    made = [*tmp_path.rglob("*.h5")]
    timed: list[str] = []

    def look(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset) and item.id.get_create_plist().get_obj_track_times():
            timed.append(name)

    for path in made:
        with h5py.File(path) as file:
            file.visititems(look)
    assert len(made) > 3
    assert not timed


def test_an_exported_file_is_not_written_to(lab: Path, tmp_path: Path) -> None:
    grnledger.open(lab).export(tmp_path / "lab.h5")
    before = (tmp_path / "lab.h5").read_bytes()
    repo, ahead = opened(tmp_path / "lab.h5"), opened(lab)
    ahead.commit(pathway("new", first=9))
    steps: list[Callable[[], object]] = [
        lambda: repo.commit(pathway("new", first=9)),
        lambda: repo.create_tag("x"),
        lambda: repo.rollback("v1"),
        lambda: repo.revert("v1"),
        lambda: repo.switch("drug-a"),
        repo.pack,
        lambda: repo.fetch(lab, "other"),
        lambda: ahead.push(tmp_path / "lab.h5"),
    ]
    for step in steps:
        with pytest.raises(Conflict, match="read only"):
            step()
    assert (tmp_path / "lab.h5").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lab.grn", "lab.h5"]


@pytest.mark.parametrize("rev", [None, "v1"])
def test_nothing_is_exported_over_what_stands_there(lab: Path, tmp_path: Path, rev: str | None) -> None:
    (tmp_path / "lab.h5").write_text("mine")
    with pytest.raises(Conflict, match=r"lab\.h5 exists already"):
        grnledger.open(lab).export(tmp_path / "lab.h5", rev)
    with pytest.raises(NotFound, match="There is no folder"):
        grnledger.open(lab).export(tmp_path / "nowhere" / "lab.h5", rev)
    with pytest.raises(Conflict, match="is a store"):
        grnledger.open(lab).export(lab / "lab.h5", rev)
    assert (tmp_path / "lab.h5").read_text() == "mine"


def test_of_a_damaged_store_what_is_whole_can_be_exported_and_the_rest_not_at_all(lab: Path, tmp_path: Path) -> None:
    entry = grnledger.open(lab).identities()[-1][1]
    number = grnledger.open(lab)._history[entry].entry
    (lab / "log" / layout.entry_name(number)).write_bytes(b"no HDF5")
    repo = opened(lab)
    with pytest.raises(FormatError, match="damaged"):
        repo.export(tmp_path / "lab.h5")
    repo.export(tmp_path / "v1.h5", "v1")
    assert len(grnledger.open(tmp_path / "v1.h5")) == 2
    assert not (tmp_path / "lab.h5").exists()
