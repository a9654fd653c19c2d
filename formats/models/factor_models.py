"""Factor models Σ = B F Bᵀ + diag(noise) in foreign files: one .npz, or tables of B, F and the noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError, ShapeError
from ...engine.network.covariance import FactorCovariance
from ...engine.wording import counted, some
from ..files.archives import as_names, as_numbers, read_npz
from ..files.names import check_names
from ..files.plain_files import file_name, fingerprint, require_file
from ..files.western import note_western
from ..readers import find_reader
from ..tables.delimited import open_table, read_header
from ..tables.fields import is_number
from ..tables.table_numbers import read_named_numbers
from .covariances import read_covariance, symmetrise
from .loadings import LoadingTable, read_loading_table, refuse_repeats
from .matrix_export import write_npz

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class FactorModelFile:
    """A factor model as files hold it.

    Parameters
    ----------
    model : FactorCovariance
        Noise (p,), loadings (p, K) and perhaps F (K, K).
    genes : tuple of str
        p names.
    factors : tuple of str
        K names.
    notes : tuple of str
        What was decided while reading, and the SHA-256 of further files.
    sha256 : str
        Of the bytes of the .npz, or of the table of loadings.
    """

    model: FactorCovariance
    genes: tuple[str, ...]
    factors: tuple[str, ...]
    notes: tuple[str, ...]
    sha256: str


def read_factor_model(path: str | Path) -> FactorModelFile:
    """Return the factor model of an .npz file.

    It holds `loadings` (p × K), `noise` (p) and `genes`, and perhaps `factor_covariance` (K × K) and `factors`.

    Raises
    ------
    NotFound
        There is no such file.
    InputError, NotPositiveDefinite
        It is no such archive, or its arrays make no factor model.
    """
    path = require_file(path)
    hint = "Tables are given one by one: loadings, noise, factor covariance."
    return find_reader("factor models", path, hint=hint).read(path)


def read_archive(path: Path) -> FactorModelFile:
    """Return the factor model of an .npz file, as `read_factor_model`."""
    arrays = read_npz(path, ("loadings", "noise", "genes"), ("factor_covariance", "factors"))
    loadings = as_numbers(arrays["loadings"], "loadings", 2, path)
    has_names = "factors" in arrays
    factors = as_names(arrays["factors"], "factors", path) if has_names else _numbered(loadings.shape[1])
    genes = as_names(arrays["genes"], "genes", path)
    table = LoadingTable(path, genes, factors, loadings)
    covariance, notes = None, ()
    if "factor_covariance" in arrays:
        covariance = as_numbers(arrays["factor_covariance"], "factor_covariance", 2, path)
        notes = symmetrise(covariance, None, path)
    model = _model_of(path, as_numbers(arrays["noise"], "noise", 1, path), table.values, covariance)
    return FactorModelFile(model, table.genes, table.columns, notes, fingerprint(path))


@note_western()
def read_factor_tables(
    loadings: str | Path, noise: str | Path, *, factor_covariance: str | Path | None = None
) -> FactorModelFile:
    """Return the factor model of two or three tables.

    Parameters
    ----------
    loadings : str or Path
        B: a column `gene` and one column a factor; an empty field is zero.
    noise : str or Path
        Two columns, gene and variance, in any order of the genes.
    factor_covariance : str or Path, optional
        F, as `read_covariance` reads it; with names it is put in the order of the factors.

    Raises
    ------
    NotFound
        A file is not there.
    InputError, NotPositiveDefinite
        A table cannot be read, their genes or factors differ, or they make no factor model.
    """
    paths = [require_file(path) for path in (loadings, noise, factor_covariance) if path is not None]
    table = read_loading_table(paths[0])
    variances = _match_noise(table, paths[1])
    notes = [*table.notes, *(f"{file_name(path)} has the SHA-256 {fingerprint(path)}" for path in paths[1:])]
    covariance = table.covariance
    if factor_covariance is not None:
        covariance, decisions = read_pathway_covariance(paths[2], table.columns)
        notes.extend(decisions)
    model = _model_of(paths[0], variances, table.values, covariance)
    return FactorModelFile(model, table.genes, table.columns, tuple(notes), fingerprint(paths[0]))


def read_pathway_covariance(path: str | Path, columns: Sequence[str]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return the covariance F of pathways or factors in the order of their columns, and notes.

    Parameters
    ----------
    path : str or Path
        As `read_covariance` reads it; a matrix without names is in the order of the columns already.
    columns : sequence of str
        D names.

    Returns
    -------
    ndarray of float64, shape (D, D)
        Symmetric.
    tuple of str
        What was decided while reading.

    Raises
    ------
    NotFound, InputError
        As `read_covariance`; also when a column is not named there, or the size is not D.
    """
    file = read_covariance(path)
    if file.genes is None:
        if len(file.values) != len(columns):
            raise InputError(
                f"{path} is of shape {file.values.shape}, and there are {counted(len(columns), 'column')}."
            )
        return file.values, file.notes
    absent = [name for name in columns if name not in file.genes]
    if absent:
        raise InputError(f"{path} does not name {some(absent)}; it names {some(file.genes)}.")
    order = [file.genes.index(name) for name in columns]
    return np.ascontiguousarray(file.values[np.ix_(order, order)]), file.notes


def write_factor_model(
    path: str | Path, model: FactorCovariance, genes: Sequence[str], *, factors: Sequence[str] | None = None
) -> None:
    """Write a factor model to an .npz file that `read_factor_model` reads; raises as `write_npz`."""
    names = _numbered(model.loadings.shape[1]) if factors is None else factors
    arrays = {"loadings": model.loadings, "noise": model.noise, "genes": genes, "factors": names}
    if model.factor_covariance is not None:
        arrays["factor_covariance"] = model.factor_covariance
    write_npz(path, arrays)


def write_loadings(
    path: str | Path,
    loadings: NDArray[np.float64],
    genes: Sequence[str],
    pathways: Sequence[str],
    *,
    covariance: NDArray[np.float64] | None = None,
) -> None:
    """Write loadings (g × D) to an .npz file that `read_pathways` reads; raises as `write_npz`."""
    arrays = {"loadings": loadings, "genes": genes, "pathways": pathways}
    if covariance is not None:
        arrays["covariance"] = covariance
    write_npz(path, arrays)


def _model_of(
    path: Path, noise: NDArray[np.float64], loadings: NDArray[np.float64], covariance: NDArray[np.float64] | None
) -> FactorCovariance:
    """Return the model; arrays of a file that do not fit together are no fault of the numbers."""
    try:
        return FactorCovariance(noise, loadings, covariance)
    except ShapeError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint) from error


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"factor{number}" for number in range(1, count + 1))


def _match_noise(table: LoadingTable, path: Path) -> NDArray[np.float64]:
    """Return the noise variances in the order of the genes of the loadings."""
    values = _read_noise(path)
    absent = [gene for gene in table.genes if gene not in values]
    if absent:
        raise InputError(f"{path} has no noise for {counted(len(absent), 'gene')} of {table.path}: {some(absent)}.")
    known = set(table.genes)
    extra = [gene for gene in values if gene not in known]
    if extra:
        raise InputError(f"{table.path} has no loadings for {counted(len(extra), 'gene')} of {path}: {some(extra)}.")
    return np.array([values[gene] for gene in table.genes], dtype=np.float64)


def _read_noise(path: Path) -> dict[str, float]:
    with open_table(path) as table:
        header = read_header(table)
        is_titled = not (len(header) == 2 and is_number(header[1]))
        _, genes, values = read_named_numbers(table, ("gene", "noise"), [1], after_header=is_titled)
    check_names(genes, "gene", path)
    refuse_repeats(path, "gene", genes)
    return dict(zip(genes, values[:, 0].tolist(), strict=True))
