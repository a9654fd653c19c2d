"""Files written whole or not at all, and their numbers as they are read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.formats.files.writing import row_writer

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
