"""Covariances in foreign files: square, symmetric, named; as text, NumPy or HDF5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ...engine.errors import InputError
from ...engine.network.covariance import row_blocks
from ...engine.network.dense.symmetry import even_out, fill_by_mirror_image, largest_gap
from ...engine.progress import unheard
from ...engine.wording import some
from ..files.archives import as_names, npz_shapes, read_npy_matrix, read_npz, read_npz_matrix
from ..files.hdf5_members import Dataset, member, member_dataset, open_members, read_names, read_real_matrix
from ..files.plain_files import fingerprint, require_file
from ..files.western import note_western
from ..readers import find_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.progress import Progress

SYMMETRY = 1e-8
"""Largest difference of mirrored entries, as a share of the product of the two standard deviations."""

_ROUNDING = 1e-9
"""Entries below this share of the largest are rounding."""

_MATRIX_NAMES = ("covariance", "matrix")
_OTHER_NAMES = ("cov", "Cov", "covar", "sigma", "Sigma", "S", "C", "arr_0")
_GENE_NAMES = ("genes", "gene_names", "gene_symbols", "symbols", "names")


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


@note_western()
def read_covariance(path: str | Path, progress: Progress = unheard) -> CovarianceFile:
    """Return a covariance from a table, .npy, .npz or HDF5, in one array of 8p² bytes: files are read by rows.

    Text has a row and a column of names, in one order, a row of names alone, or neither; where half of the table is
    blank, it is the mirror image of the other. An .npz or HDF5 file holds `covariance` or `matrix`, or one square
    array under another usual name, and perhaps `genes`.

    Parameters
    ----------
    path : str or Path
        The file; text may be gzip.
    progress : callable
        Called now and then with the share of the file that has been read, 0 to 1.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is not square, not symmetric within `SYMMETRY` (the worst pair is named), or holds a value that is not
        finite; or row and column names differ.
    """
    path = require_file(path)
    values, genes, notes = find_reader("covariances", path).read(path, progress=progress)
    notes += _fill_triangle(values)
    notes += symmetrise(values, genes, path)
    if len(values) > 2 and np.all(values.diagonal() == 1):
        notes += ("the diagonal is 1 throughout: these seem to be correlations, taken as covariances",)
    return CovarianceFile(values, genes, notes, fingerprint(path))


def refuse_distances(file: CovarianceFile, path: Path) -> None:
    """Refuse a matrix without variances of genes: one of distances, say, whose diagonal is 0.

    Raises
    ------
    InputError
        The diagonal is 0 throughout, or negative somewhere.
    """
    values, genes, diagonal = file.values, file.genes, file.values.diagonal()
    if _has_no_variances(values):
        raise _no_variances(path)
    if diagonal.min() < -_ROUNDING * _largest(values):
        worst = int(np.argmin(diagonal))
        name = genes[worst] if genes else _numbered(worst)
        raise InputError(f"{path}: the variance of {name} is {diagonal[worst]:.6g}, and no variance is negative.")


def _has_no_variances(values: NDArray[np.float64]) -> bool:
    largest = _largest(values)
    return len(values) > 1 and largest > 0 and bool(np.all(np.abs(values.diagonal()) <= _ROUNDING * largest))


def _largest(values: NDArray[np.float64]) -> float:
    """Return the largest absolute value, without an array of all of them."""
    return max(float(values.max()), -float(values.min()))


def _no_variances(path: Path) -> InputError:
    return InputError(
        f"The diagonal of {path} is 0 throughout: this is a matrix of distances, or one without variances, and no "
        "covariance.",
        hint="Of distances 1 − r make correlations r first; write the variances of the genes on the diagonal.",
    )


def _fill_triangle(values: NDArray[np.float64]) -> tuple[str, ...]:
    """Mirror a triangle whose other half is blank in place, and return a note on it."""
    if values.ndim != 2 or values.shape[0] != values.shape[1]:
        return ()
    half = _empty_half(values, is_empty=np.isnan)
    if not half:
        return ()
    fill_by_mirror_image(values)
    return (f"the half {half} the diagonal is blank: it is the mirror image of the other",)


def _empty_half(
    values: NDArray[np.float64], *, is_empty: Callable[[NDArray[np.float64]], NDArray[np.bool_]]
) -> Literal["above", "below", ""]:
    """Return which half of a square matrix is empty throughout, where diagonal and other half are so nowhere.

    Of two genes, one entry alone says nothing.
    """
    size = len(values)
    if size < 3 or not (is_empty(values[:1, 1:2]).all() or is_empty(values[1:2, :1]).all()):
        return ""
    empty = {"above": 0, "below": 0, "at": 0}
    columns = np.arange(size)
    for block in row_blocks(*values.shape):
        there = is_empty(values[block])
        rows = columns[block, None]
        empty["above"] += int(np.sum(there & (columns > rows)))
        empty["below"] += int(np.sum(there & (columns < rows)))
        empty["at"] += int(np.sum(there & (columns == rows)))
    full = size * (size - 1) // 2
    if empty["at"] or sorted((empty["above"], empty["below"])) != [0, full]:
        return ""
    return "above" if empty["above"] else "below"


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
    worst, i, j = largest_gap(values)
    if worst > SYMMETRY:
        if _has_no_variances(values):
            raise _no_variances(path)
        half = _empty_half(values, is_empty=lambda block: block == 0)
        if half:
            raise InputError(
                f"{path} is a triangle: all entries {half} the diagonal are 0, and the others are not.",
                hint="Write the other half too, or leave it blank.",
            )
        name = genes.__getitem__ if genes else _numbered
        raise InputError(
            f"{path} is not symmetric: {name(i)} with {name(j)} is {values[i, j]:.10g}, "
            f"{name(j)} with {name(i)} is {values[j, i]:.10g}.",
            hint="Its halves may hold two measures: leave one of them blank.",
        )
    if worst == 0:
        return ()
    even_out(values)
    return (f"mirrored entries differed by up to {worst:.1e} of the standard deviations; their mean is taken",)


def _numbered(index: int) -> str:
    return f"row {index + 1}"


def _check_square(values: NDArray[np.float64], genes: tuple[str, ...] | None, path: Path) -> None:
    if values.ndim != 2 or values.shape[0] != values.shape[1] or not len(values):
        raise InputError(f"{path}: a covariance is square; this one has shape {values.shape}.")
    if genes is not None and len(genes) != len(values):
        raise InputError(f"{path} names {len(genes)} genes for a matrix of shape {values.shape}.")
    name = genes.__getitem__ if genes else _numbered
    lacking = np.flatnonzero(np.isnan(values.diagonal())).tolist()
    empty = [name(i) for i in lacking if np.isnan(values[i]).all() and np.isnan(values[:, i]).all()]
    if empty:
        raise InputError(
            f"{path} has no number for {some(empty)} with any gene, as of genes that have one value in all samples.",
            hint="Leave their rows and columns out.",
        )
    for block in row_blocks(*values.shape):
        wrong = np.argwhere(~np.isfinite(values[block]))
        if len(wrong):
            i, j = block.start + int(wrong[0][0]), int(wrong[0][1])
            raise InputError(f"{path}: {name(i)} with {name(j)} is {values[i, j]}, not a finite number.")


def read_array(path: Path, *, progress: Progress = unheard) -> tuple[NDArray[np.float64], None, tuple[str, ...]]:
    """Return the covariance of an .npy file, which names no genes."""
    return read_npy_matrix(path, "the array", progress), None, ()


def read_archive(
    path: Path, *, progress: Progress = unheard
) -> tuple[NDArray[np.float64], tuple[str, ...] | None, tuple[str, ...]]:
    """Return the covariance of an .npz file, and its genes where they are named."""
    name = _matrix_name(npz_shapes(path, _MATRIX_NAMES) or npz_shapes(path, _OTHER_NAMES))
    if name is None:
        read_npz(path, ("covariance",))  # says what there is instead
        raise AssertionError(name)
    arrays = read_npz(path, (), _GENE_NAMES)
    listed = _gene_list(arrays)
    genes = as_names(arrays[listed], listed, path) if listed else None
    return read_npz_matrix(path, name, progress), genes, ()


def _matrix_name(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """Return the name of the covariance among arrays: a name that says so, or that of the only square one."""
    named = next((name for name in _MATRIX_NAMES if name in shapes), None)
    square = [name for name in _OTHER_NAMES if len(shapes.get(name, ())) == 2 and len({*shapes[name]}) == 1]
    return square[0] if named is None and len(square) == 1 else named


def _gene_list(names: Iterable[str]) -> str | None:
    """Return the name of the array of genes, of those that there are."""
    there = set(names)
    return next((name for name in _GENE_NAMES if name in there), None)


def read_members(
    path: Path, *, progress: Progress = unheard
) -> tuple[NDArray[np.float64], tuple[str, ...] | None, tuple[str, ...]]:
    """Return the covariance of an HDF5 file, and its genes where they are named."""
    with open_members(path) as file:
        usual = [member(file, name) for name in (*_MATRIX_NAMES, *_OTHER_NAMES) if name in file.members]
        name = _matrix_name({node.location[-1]: node.shape for node in usual if isinstance(node, Dataset)})
        if name is None:
            raise InputError(f"{path} holds no array named 'covariance'; it holds {some(file.members)}.")
        listed = _gene_list(file.members)
        genes = read_names(file, listed) if listed else None
        return read_real_matrix(member_dataset(file, name), name, progress), genes, ()
