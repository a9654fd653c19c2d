"""Clones: they answer all that the store answers, or nothing is left of them."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import Conflict, FormatError, NotFound
from grnledger.storage.transfer.clone import clone
from two_stores import (
    everything,
    flip,
    opened,
    pathway,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_clone_gives_the_same_answers_without_its_source(lab: Path, tmp_path: Path) -> None:
    expected = everything(lab)
    grnledger.open(lab).export(tmp_path / "lab.h5")
    for index, source in enumerate((lab, tmp_path / "lab.h5")):
        grnledger.clone(source, tmp_path / f"copy-{index}.grn")
    shutil.rmtree(lab)
    (tmp_path / "lab.h5").unlink()
    for index in range(2):
        copy = tmp_path / f"copy-{index}.grn"
        assert everything(copy) == expected
        assert grnledger.verify(copy, numbers=True).sound
        assert len(list((copy / "packs").iterdir())) == 1
        assert not list((copy / "log").iterdir())
        assert opened(copy).commit(pathway("new", first=9)).number == len(expected[3])


def test_progress_grows_from_nothing_to_all(lab: Path, tmp_path: Path) -> None:
    shares: list[float] = []
    clone(lab, tmp_path / "copy.grn", shares.append)
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == 1


def test_a_clone_stands_where_nothing_stood(lab: Path, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="exists already"):
        grnledger.clone(lab, lab)
    with pytest.raises(Conflict, match="a store cannot be inside another"):
        grnledger.clone(lab, lab / "copy.grn")
    with pytest.raises(NotFound, match="There is no store"):
        grnledger.clone(tmp_path / "nowhere.grn", tmp_path / "copy.grn")


@pytest.mark.parametrize("which", ["log/0000000002.h5", "base/*.h5"])
def test_a_damaged_store_is_not_cloned_and_nothing_is_left(stores: dict[str, Path], tmp_path: Path, which: str) -> None:
    lab = shutil.copytree(stores["dense"], tmp_path / "lab.grn")
    shutil.rmtree(lab / "cache")
    flip(next(lab.glob(which)))
    with pytest.raises(FormatError):
        grnledger.clone(lab, tmp_path / "copy.grn")
    assert [path.name for path in tmp_path.iterdir()] == ["lab.grn"]


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are any bytes on Linux alone")
@pytest.mark.parametrize("way", ["fetch", "push", "clone", "import"])
def test_a_store_whose_name_is_not_utf8_is_copied_as_any_other(lab: Path, tmp_path: Path, way: str) -> None:
    grnledger.clone(lab, tmp_path / "ours.grn")
    ours = opened(tmp_path / "ours.grn")
    other = tmp_path / os.fsdecode(b"M\xfcller.grn")
    shutil.move(lab, other)
    theirs = opened(other)
    theirs.commit(pathway("new", first=9))
    theirs.artifacts.keep("nmf", theirs.version().content, {}, {"x": np.ones(2)}, source="x", facts={}, software={})
    if way == "fetch":
        ours.fetch(other)
    elif way == "push":
        theirs.push(ours.path)
    elif way == "import":
        theirs.export(other.with_suffix(".h5"))
        ours.fetch(other.with_suffix(".h5"))
    else:
        grnledger.clone(other, tmp_path / "copy.grn")
        [kept] = grnledger.open(tmp_path / "copy.grn").artifacts.each()
        assert kept.elsewhere == "M\\xfcller.grn"
        return
    name = "M\\xfcller" + (".h5" if way == "import" else ".grn")
    assert grnledger.open(ours.path).moves[-1].reason == f"{'push' if way == 'push' else 'fetch'} from {name}"
