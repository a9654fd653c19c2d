"""Files written whole or not at all, and their numbers as they are read back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.formats.files.writing import check_target, row_writer

if TYPE_CHECKING:
    from pathlib import Path


def test_numbers_of_numpy_and_of_python_are_written_alike(tmp_path: Path) -> None:
    values = (0.1, np.float64(0.1), np.float64("nan"), None, np.float32(0.5), np.int64(3), "MYC")
    with row_writer(tmp_path / "rows.tsv", tuple("abcdefg")) as write:
        write([values])
    assert (tmp_path / "rows.tsv").read_text() == "a\tb\tc\td\te\tf\tg\n0.1\t0.1\t\t\t0.5\t3\tMYC\n"


def test_a_table_that_fails_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "rows.tsv"
    path.write_text("before")
    with pytest.raises(ZeroDivisionError), row_writer(path, ("a",)) as write:
        write([(1.0 / number,) for number in (1, 0)])
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("rows.tsv", "before")]


def test_a_target_that_cannot_be_written_is_refused_before_it_is_computed(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    (tmp_path / "dangling").symlink_to("nowhere/file")
    assert check_target(tmp_path / "new.tsv") == tmp_path / "new.tsv"
    for name in ("nowhere/x.tsv", "dangling"):
        with pytest.raises(NotFound, match="There is no folder"):
            check_target(tmp_path / name)
    for name in ("folder", "n" * 300):
        with pytest.raises(InputError, match=r"could be replaced|cannot be written"):
            check_target(tmp_path / name)
    if sys.version_info < (3, 13):  # later ones replace such a link
        with pytest.raises(InputError, match="circle"):
            check_target(tmp_path / "loop")
