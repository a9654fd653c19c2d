"""Compressed sparse matrices in HDF5 files of others, checked before SciPy makes a matrix of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import InputError
from .hdf5_members import Group, member_dataset, read_real_array

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix


def read_compressed(matrix: Group, major: int, minor: int) -> csr_matrix:
    """Return a sparse matrix whose runs are its rows, shape (major, minor), float64.

    Of a CSC matrix this is the transpose.

    Parameters
    ----------
    matrix : Group
        Has `data`, `indices` and `indptr`.
    major, minor : int
        How many runs there are, and how long each is when dense.

    Raises
    ------
    InputError
        The three do not fit together, or are no numbers.
    """
    from scipy.sparse import csr_matrix

    parts = [member_dataset(matrix, part) for part in ("data", "indices", "indptr")]
    if math.prod(parts[0].shape) > major * minor:
        raise InputError(f"{matrix.where} claims {parts[0].shape} values for {major:,} × {minor:,} places.")
    data, indices, indptr = map(read_real_array, parts)
    _check_parts(matrix.where, (data, indices, indptr), major, minor)
    return csr_matrix((data.astype(np.float64), indices, indptr), shape=(major, minor))


def _check_parts(where: str, parts: tuple[NDArray[Any], NDArray[Any], NDArray[Any]], major: int, minor: int) -> None:
    data, indices, indptr = parts
    if any(part.ndim != 1 for part in parts) or any(part.dtype.kind not in "iu" for part in (indices, indptr)):
        raise InputError(f"{where} is not a sparse matrix: data, indices and indptr must be lists, the last two whole.")
    whole = len(indptr) == major + 1 and indptr[0] == 0 and bool(np.all(indptr[1:] >= indptr[:-1]))
    if not whole or not indptr[-1] == len(data) == len(indices):
        raise InputError(
            f"{where} is damaged: indptr of length {len(indptr)} does not part {len(data)} values and "
            f"{len(indices)} indices into {major} runs."
        )
    if len(indices) and not (indices.min() >= 0 and indices.max() < minor):
        raise InputError(
            f"{where} is damaged: its indices run from {indices.min()} to {indices.max()}, beyond {minor}."
        )
