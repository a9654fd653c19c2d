"""Stores of every released format open for ever, and answer as they did."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import grnledger
import numpy as np
import pytest

GOLDEN = Path(__file__).parent / "golden"
FORMATS = ("format1",)
STORES = {"factor.grn": "factor.grn", "dense.grn": "dense.grn", "factor.h5": "factor.grn"}


def golden(format_: str, store: str, folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return a copy of a golden store, which may be written to, and what it must answer."""
    source, copy = GOLDEN / format_ / store, folder / store
    if source.is_dir():
        shutil.copytree(source, copy)
        copy.joinpath("cache").mkdir(exist_ok=True)  # git keeps no empty folders
    else:
        shutil.copy(source, copy)
    return copy, json.loads((GOLDEN / format_ / "expected.json").read_text(encoding="utf-8"))[STORES[store]]


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("store", STORES)
def test_a_golden_store_answers_as_it_did(format_: str, store: str, tmp_path: Path) -> None:
    path, expected = golden(format_, store, tmp_path)
    repo = grnledger.open(path)
    assert list(repo.panel.genes) == expected["genes"]
    assert repo.head == expected["head"]
    assert {name: version.name for name, version in (repo.branches | repo.tags).items()} == expected["refs"]
    moves = [[move.number, move.ref, move.before, move.after, move.reason, move.time] for move in repo.moves]
    assert moves == expected["moves"]
    versions = repo.versions(None)[::-1]
    assert len(versions) == len(expected["versions"])
    for version, then in zip(versions, expected["versions"], strict=True):
        assert (version.id, version.content, list(version.parents)) == (then["id"], then["content"], then["parents"])
        assert version.message == then["message"]
        assert [pathway.label for pathway in repo.active(version.name)] == then["active"]
        rows = repo.snapshot(version.name).precision.rows(expected["genes"])
        np.testing.assert_allclose(rows, np.array(then["precision"]), rtol=0, atol=1e-11 * np.abs(rows).max())


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("store", STORES)
def test_a_golden_store_is_sound(format_: str, store: str, tmp_path: Path) -> None:
    path, _ = golden(format_, store, tmp_path)
    assert grnledger.verify(path, numbers=True).sound


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("store", ["factor.grn", "dense.grn"])
def test_a_golden_store_goes_on(format_: str, store: str, tmp_path: Path) -> None:
    path, expected = golden(format_, store, tmp_path)
    repo = grnledger.open(path)
    version = repo.commit(grnledger.Pathway.of(repo.panel, "new", {"TP53": 0.1, "MDM2": 0.1}), message="new")
    assert version.number == len(expected["versions"])
    repo.pack()
    assert grnledger.verify(path, numbers=True).sound


def test_the_script_makes_the_same_history_today(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_golden", GOLDEN / "make_golden.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.main(tmp_path / "again")
    again = json.loads((tmp_path / "again" / "expected.json").read_text(encoding="utf-8"))
    then = json.loads((GOLDEN / "format1" / "expected.json").read_text(encoding="utf-8"))
    for store, answers in then.items():
        for expected, other in zip(answers["versions"], again[store]["versions"], strict=True):
            # A base's id covers the versions of the libraries that made it, and a commit's id the base's.
            assert (expected["message"], expected["active"]) == (other["message"], other["active"])
            np.testing.assert_allclose(expected["precision"], other["precision"], rtol=1e-9, atol=1e-12)
