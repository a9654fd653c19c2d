"""The files of a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import numpy as np
from grnledger.storage.files import layout
from small_store import answers, files

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_store_holds_the_files_that_the_design_names_and_no_others(store: Path) -> None:
    repo = grnledger.open(store)
    assert (store / "FORMAT").read_bytes() == b"grnledger store 1\n"
    assert sorted(files(store)) == sorted(
        [
            "FORMAT",
            f"base/{repo.version().base}.h5",
            *(f"log/{number:010d}.h5" for number in range(1, 6)),
            "cache/history",
            "cache/last",
            f"cache/anchors/{repo.version('v2').content}.h5",
        ]
    )


def test_names_are_hashed_in_parts_that_take_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"GENE{number}"[: 2 + number % 9] for number in range(200)]
    array = np.array([name.encode() for name in names])
    expected = "".join(f"{name}\n" for name in names).encode()
    assert layout.canonical_bytes(array) == expected
    monkeypatch.setattr(layout, "PART_BYTES", 100)
    parts = [bytes(part) for part in layout.canonical_parts(array)]
    assert b"".join(parts) == expected
    assert max(map(len, parts)) <= 100
    monkeypatch.setattr(layout, "PART_BYTES", 1)  # less than a name takes
    assert layout.canonical_bytes(array) == expected


def test_a_store_is_moved_as_a_folder(store: Path, tmp_path: Path) -> None:
    before = answers(store)
    assert answers(store.rename(tmp_path / "elsewhere")) == before
