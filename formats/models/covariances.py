"""Covariances in foreign files: square, symmetric, named; as text, NumPy or HDF5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.network.covariance import row_blocks
from ...engine.wording import some
from ..files.archives import as_names, as_numbers, read_npy, read_npz
from ..files.delimited import check_names, is_number, open_table, read_header
from ..files.hdf5_members import member_dataset, open_members, read_names, read_real_array
from ..files.plain_files import fingerprint, require_file
from ..files.table_numbers import read_named_numbers
from ..readers import find_reader

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SYMMETRY = 1e-8
"""Largest difference of mirrored entries, as a share of the product of the two standard deviations."""

_MATRIX_NAMES = ("covariance", "matrix")


@dataclass(frozen=True, slots=True)
class CovarianceFile:
    """A covariance as a file holds it.

    Parameters
    ----------
    values : ndarray of float64, shape (p, p)
        Symmetric bit for bit; whether it is positive definite is not looked at here.
    genes : tuple of str, optional
        p names, where the file has them.
    notes : tuple of str
        What was decided while reading.
    sha256 : str
        Of the file's bytes, in hex.
    """

    values: NDArray[np.float64]
    genes: tuple[str, ...] | None
    notes: tuple[str, ...]
    sha256: str


def read_covariance(path: str | Path) -> CovarianceFile:
    """Return a covariance from a table, .npy, .npz or HDF5.

    Text has a row and a column of names, in one order, or neither. An .npz or HDF5 file holds `covariance` or
    `matrix`, and perhaps `genes`.

    Parameters
    ----------
    path : str or Path
        The file; text may be gzip.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is not square, not symmetric within `SYMMETRY` (the worst pair is named), or holds a value that is not
        finite; or row and column names differ.
    """
    path = require_file(path)
    values, genes = find_reader("covariances", path).read(path)
    notes = symmetrise(values, genes, path)
    return CovarianceFile(values, genes, notes, fingerprint(path))


def symmetrise(values: NDArray[np.float64], genes: tuple[str, ...] | None, path: Path) -> tuple[str, ...]:
    """Check that a matrix is a symmetric one with names that fit, and even out its rounding in place.

    Parameters
    ----------
    values : ndarray of float64, shape (p, p)
        Where mirrored entries differ by no more than `SYMMETRY` · √(σ_ii σ_jj), both become their mean.
    genes : tuple of str, optional
        Names for sentences and for the check.
    path : Path
        For the sentence of an error.

    Returns
    -------
    tuple of str
        A note when anything was evened out, else none.

    Raises
    ------
    InputError
        As `read_covariance`.
    """
    _check_square(values, genes, path)
    worst, i, j = _largest_gap(values)
    if worst > SYMMETRY:
        name = genes.__getitem__ if genes else _numbered
        raise InputError(
            f"{path} is not symmetric: {name(i)} with {name(j)} is {values[i, j]:.10g}, "
            f"{name(j)} with {name(i)} is {values[j, i]:.10g}."
        )
    if worst == 0:
        return ()
    for block in row_blocks(*values.shape):
        mean = values[block, : block.stop] / 2 + values[: block.stop, block].T / 2
        values[block, : block.stop] = mean
        values[: block.stop, block] = mean.T
    return (f"mirrored entries differed by up to {worst:.1e} of the standard deviations; their mean is taken",)


def _largest_gap(values: NDArray[np.float64]) -> tuple[float, int, int]:
    """Return the largest |σ_ij − σ_ji| / √(σ_ii σ_jj), with i and j."""
    scale = np.sqrt(np.abs(values.diagonal()))
    worst, i, j = 0.0, 0, 0
    for block in row_blocks(*values.shape):
        with np.errstate(over="ignore"):  # an infinite gap is refused like any other
            gap = np.abs(values[block] - values[:, block].T)
            allowed = np.outer(scale[block], scale)
            share = np.divide(gap, allowed, out=np.where(gap > 0, np.inf, 0.0), where=allowed > 0)
        if share.max() > worst:
            worst = float(share.max())
            i, j = np.unravel_index(int(share.argmax()), share.shape)
            i += block.start
    return worst, int(i), int(j)


def _numbered(index: int) -> str:
    return f"row {index + 1}"


def _check_square(values: NDArray[np.float64], genes: tuple[str, ...] | None, path: Path) -> None:
    if values.ndim != 2 or values.shape[0] != values.shape[1] or not len(values):
        raise InputError(f"{path}: a covariance is square; this one has shape {values.shape}.")
    if genes is not None and len(genes) != len(values):
        raise InputError(f"{path} names {len(genes)} genes for a matrix of shape {values.shape}.")
    name = genes.__getitem__ if genes else _numbered
    for block in row_blocks(*values.shape):
        wrong = np.argwhere(~np.isfinite(values[block]))
        if len(wrong):
            i, j = block.start + int(wrong[0][0]), int(wrong[0][1])
            raise InputError(f"{path}: {name(i)} with {name(j)} is {values[i, j]}, not a finite number.")


def read_array(path: Path) -> tuple[NDArray[np.float64], None]:
    """Return the covariance of an .npy file, which names no genes."""
    return as_numbers(read_npy(path), "the array", 2, path), None


def read_archive(path: Path) -> tuple[NDArray[np.float64], tuple[str, ...] | None]:
    """Return the covariance of an .npz file, and its genes where they are named."""
    arrays = read_npz(path, (), (*_MATRIX_NAMES, "genes"))
    name = next((name for name in _MATRIX_NAMES if name in arrays), None)
    if name is None:
        raise InputError(f"{path} holds neither 'covariance' nor 'matrix'.")
    genes = as_names(arrays["genes"], "genes", path) if "genes" in arrays else None
    return as_numbers(arrays[name], name, 2, path), genes


def read_members(path: Path) -> tuple[NDArray[np.float64], tuple[str, ...] | None]:
    """Return the covariance of an HDF5 file, and its genes where they are named."""
    with open_members(path) as file:
        name = next((name for name in _MATRIX_NAMES if name in file.members), None)
        if name is None:
            raise InputError(f"{path} holds neither 'covariance' nor 'matrix'; it holds {some(file.members)}.")
        genes = read_names(file, "genes") if "genes" in file.members else None
        return as_numbers(read_real_array(member_dataset(file, name)), name, 2, path), genes


def read_table(path: Path) -> tuple[NDArray[np.float64], tuple[str, ...] | None]:
    """Return the covariance of a table, and its genes where they are named."""
    with open_table(path) as table:
        header = read_header(table)
        is_named = not (header[0] and all(is_number(title) for title in header))
        numbers = range(int(is_named), len(header))
        lines, names, values = read_named_numbers(
            table,
            header if is_named else [""] * len(header),
            numbers,
            name=0 if is_named else None,
            after_header=is_named,
        )
    if not lines:
        raise InputError(f"{path} holds no rows of numbers.")
    if len(lines) > len(numbers):
        raise InputError(f"{path}, line {lines[len(numbers)]}: there is one row too many; a covariance is square.")
    if not is_named:
        return values, None
    genes = header[1:]
    check_names(genes, "column", path)
    check_names(names, "row", path)
    differing = [pair for pair in zip(names, genes, strict=False) if pair[0] != pair[1]]
    if differing:
        row, column = differing[0]
        raise InputError(
            f"{path}: rows and columns must be in one order, but row {row} is where column {column} should be."
        )
    return values, genes
