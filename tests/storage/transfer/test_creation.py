"""A new store appears whole, or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import grnledger
import pytest
from grnledger.engine.errors import Conflict, NotFound
from small_store import GENES, base

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.repository import Repository


def test_a_store_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {"link": 0, "rename": 0, "fsync": 0}
    real = {"link": os.link, "rename": os.rename, "fsync": os.fsync}

    def counting(name: str, fail_at: int | None) -> Callable[..., None]:
        def step(*arguments: Any, **named: Any) -> None:
            steps[name] += 1
            if steps[name] == fail_at:
                raise KeyboardInterrupt
            real[name](*arguments, **named)

        return step

    def make(name: str) -> Repository:
        return grnledger.init(tmp_path / name, factor_model=base(), genes=GENES)

    for name in steps:
        monkeypatch.setattr(os, name, counting(name, None))
    make("counted.grn")
    total = dict(steps)
    assert (total["link"], total["rename"]) == (
        1,
        4,
    )  # the first entry; the base, the index, the note of the last entry, and the store
    for name, times in total.items():
        for place in range(1, times + 1):
            if name == "fsync" and place == times:
                continue  # the last flushes the folder around a store that stands there whole
            steps.update(dict.fromkeys(steps, 0))
            monkeypatch.setattr(os, name, counting(name, place))
            with pytest.raises(KeyboardInterrupt):
                make("killed.grn")
            monkeypatch.setattr(os, name, counting(name, None))
            assert sorted(path.name for path in tmp_path.iterdir()) == ["counted.grn"]
    assert make("killed.grn").version().name == "v0"


def test_where_something_stands_no_store_is_made_and_nothing_is_touched(tmp_path: Path) -> None:
    (tmp_path / "folder.grn").mkdir()
    (tmp_path / "file.grn").write_text("mine")
    (tmp_path / "link.grn").symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())
    for name in ("folder.grn", "file.grn", "link.grn"):
        with pytest.raises(Conflict, match="exists already"):
            grnledger.init(tmp_path / name, factor_model=base(), genes=GENES)
    with pytest.raises(NotFound, match="There is no folder"):
        grnledger.init(tmp_path / "nowhere" / "x.grn", factor_model=base(), genes=GENES)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "file.grn").read_text() == "mine"


def test_of_two_that_make_the_same_store_at_once_the_second_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.rename
    path = tmp_path / "tumor.grn"

    def just_before(source: Any, target: Any, **named: Any) -> None:
        if target == path:
            monkeypatch.setattr(os, "rename", real)
            grnledger.init(path, factor_model=base(), genes=GENES, author="faster")
        real(source, target, **named)

    monkeypatch.setattr(os, "rename", just_before)
    with pytest.raises(Conflict, match="exists already"):
        grnledger.init(path, factor_model=base(), genes=GENES, author="slower")
    assert grnledger.open(path).version().author == "faster"
    assert list(tmp_path.iterdir()) == [path]
