"""Rows of large arrays on disk: a block is checked at once, and the row that is damaged is named."""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.engine.errors import FormatError
from grnledger.storage.files.bulk_rows import FEW, BulkRows, checksums_of
from grnledger.storage.files.joined_crc import joined_crc
from hypothesis import given, settings, strategies as st

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

properties = settings(max_examples=60, derandomize=True, deadline=None)

OFFSET = 24


def rows_on_disk(path: Path, values: NDArray[Any]) -> BulkRows:
    path.write_bytes(b"." * OFFSET + values.tobytes())
    sha256, checksums = checksums_of(values)
    return BulkRows(path, "loadings", OFFSET, values.shape, values.dtype, checksums, sha256)


@properties
@given(st.integers(0, 70), st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_the_checksum_of_rows_together_is_that_of_their_bytes(count: int, width: int, seed: int) -> None:
    rows = np.random.default_rng(seed).integers(0, 256, size=(count, width), dtype=np.uint8)
    checksums = np.array([zlib.crc32(row.tobytes()) for row in rows], dtype=np.uint32)
    assert joined_crc(checksums, width) == zlib.crc32(rows.tobytes())


@pytest.mark.parametrize("count", [1, FEW - 1, FEW, FEW + 1, 1000])
def test_any_damaged_row_of_a_run_is_named(tmp_path: Path, count: int) -> None:
    values = np.random.default_rng(count).normal(size=(count, 7))
    stored = rows_on_disk(tmp_path / "base.h5", values)
    np.testing.assert_array_equal(stored.all(), values)
    content = (tmp_path / "base.h5").read_bytes()
    for row in {0, count // 2, count - 1}:
        byte = OFFSET + row * 56 + row % 56
        (tmp_path / "base.h5").write_bytes(content[:byte] + bytes([content[byte] ^ 16]) + content[byte + 1 :])
        with pytest.raises(FormatError, match=f"Row {row} of 'loadings'"):
            stored.all()
        others = np.delete(np.arange(count), row)
        np.testing.assert_array_equal(stored.rows(others), values[others])


def test_two_rows_that_changed_places_are_found(tmp_path: Path) -> None:
    values = np.random.default_rng(1).normal(size=(100, 3))
    stored = rows_on_disk(tmp_path / "base.h5", values)
    swapped = values.copy()
    swapped[[40, 41]] = values[[41, 40]]
    (tmp_path / "base.h5").write_bytes(b"." * OFFSET + swapped.tobytes())
    with pytest.raises(FormatError, match="Row 40"):
        stored.all()


def test_rows_of_no_column_are_rows(tmp_path: Path) -> None:
    stored = rows_on_disk(tmp_path / "base.h5", np.empty((100, 0)))
    assert stored.all().shape == (100, 0)
    assert stored.sha256 == hashlib.sha256(b"").hexdigest()
