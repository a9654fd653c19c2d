"""Matrix Market files of real numbers, read by NumPy.

SciPy's reader is faster but not fit for files from elsewhere: a malformed header read from a stream aborts the
process, and an array longer than it claims overwrites memory (both seen with SciPy 1.17).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import numpy as np

from ...engine.errors import InputError
from .kinds import MATRIX_MARKET
from .limits import refuse_beyond_budget
from .names import clipped
from .opening import largest_content, open_text
from .plain_files import DOWNLOAD_AGAIN

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

LARGEST_SIZE = 2**53
"""Sizes beyond are no numbers of rows; they could have thousands of digits."""

_FIELDS = ("real", "double", "integer", "unsigned-integer", "pattern")


@dataclass(frozen=True, slots=True)
class MarketHeader:
    """What the head of a Matrix Market file claims.

    Parameters
    ----------
    is_sparse : bool
        Whether the entries have coordinates, or stand column by column.
    has_values : bool
        False for a pattern, whose entries are all 1.
    shape : tuple of int
        (rows, columns).
    entries : int
        How many lines follow.
    """

    is_sparse: bool
    has_values: bool
    shape: tuple[int, int]
    entries: int


def read_market_header(path: Path) -> MarketHeader:
    """Return what a Matrix Market file claims, once the file is seen to be long enough for it.

    Raises
    ------
    NotFound, InputError
        There is no such file, it is of another kind, or it claims more entries than it can hold.
    """
    with open_text(path) as stream:
        return _parse_header(path, stream)


def read_market(path: Path) -> NDArray[np.float64]:
    """Return a Matrix Market file as a dense matrix; entries at the same row and column are added up.

    Parameters
    ----------
    path : Path
        Plain or gzip; general, of real or whole numbers or a pattern.

    Returns
    -------
    ndarray of float64, shape (rows, columns)

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is damaged, of another kind, claims more than it holds, or is larger than memory when dense.
    """
    with open_text(path) as stream:
        header = _parse_header(path, stream)
        refuse_beyond_budget(path, header.shape)
        refuse_beyond_budget(path, (header.entries, 3))
        width = 1 if not header.is_sparse else 3 if header.has_values else 2
        lines = _read_lines(path, stream, header.entries, width)
    if not header.is_sparse:
        return np.ascontiguousarray(lines.reshape(header.shape, order="F"))
    dense = np.zeros(header.shape)
    rows, columns = (_as_indices(path, lines[:, axis], header.shape[axis]) for axis in (0, 1))
    np.add.at(dense, (rows, columns), lines[:, 2] if header.has_values else 1.0)
    return dense


def _parse_header(path: Path, stream: TextIO) -> MarketHeader:
    banner = stream.readline().lower().split()
    if (
        len(banner) < 5
        or banner[0] != MATRIX_MARKET
        or banner[1] != "matrix"
        or banner[2] not in ("coordinate", "array")
    ):
        raise InputError(f"{path} does not begin as a Matrix Market file: %%MatrixMarket matrix coordinate …")
    if banner[3] not in _FIELDS or banner[4] != "general":
        raise InputError(
            f"{path} is a matrix of the kind {clipped(' '.join(banner[3:5]))}; a general one of real numbers is read."
        )
    line = "%"
    while line.startswith("%") or (line and not line.strip()):
        line = stream.readline()
    is_sparse = banner[2] == "coordinate"
    fields = line.split() if len(line) < 100 else []
    try:
        sizes = [int(field) for field in fields]
    except ValueError:
        sizes = []
    if len(sizes) != (3 if is_sparse else 2) or min(sizes) < 0 or max(sizes) > LARGEST_SIZE:
        raise InputError(f"{path}: {clipped(line.strip())} does not give the size of a matrix.")
    rows, columns = sizes[:2]
    entries = sizes[2] if is_sparse else rows * columns
    if entries * (4 if is_sparse else 2) > largest_content(path) + 1:
        raise InputError(f"{path} claims {entries:,} entries, more than the file holds.", hint=DOWNLOAD_AGAIN)
    return MarketHeader(is_sparse, banner[3] != "pattern", (rows, columns), entries)


def _read_lines(path: Path, stream: TextIO, entries: int, width: int) -> NDArray[np.float64]:
    """Return the numbers of all lines, shape (entries, width)."""
    if not entries:
        return np.zeros((0, width))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there is no line at all is refused below
            lines = np.loadtxt(stream, comments=None, ndmin=2, max_rows=entries + 1)
    except ValueError as error:
        raise InputError(f"{path} is damaged: {str(error)[:200].rstrip('.')}.") from error
    if lines.shape != (entries, width):
        raise InputError(
            f"{path} is damaged: it claims {entries:,} lines of {width} numbers and holds {len(lines):,}"
            f"{' or more' if len(lines) > entries else ''} of {lines.shape[1]}."
        )
    return lines


def _as_indices(path: Path, numbers: NDArray[np.float64], size: int) -> NDArray[np.intp]:
    """Return indices counted from 0, refusing those that are not whole or not of the matrix."""
    wrong = ~((numbers >= 1) & (numbers <= size) & (numbers == np.floor(numbers)))
    if np.any(wrong):
        raise InputError(f"{path} is damaged: {numbers[wrong][0]:g} is not an index from 1 to {size:,}.")
    return numbers.astype(np.intp) - 1
