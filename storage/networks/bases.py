"""Bases in the store: the panel, the covariance as factors or dense with its inverse, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import EngineError, FormatError, InputError
from ...engine.network.covariance import Covariance, DenseCovariance, FactorCovariance
from ...engine.network.gene_names import GeneNames
from ...engine.network.panel import Panel
from ...engine.network.stored_rows import stored_rows
from ...engine.wording import counted
from ..files import hdf5, layout
from ..history.records import BaseRecord, parse
from .kept_rows import KeptRows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from ..files.bulk_rows import BulkRows, RowSource


LARGEST_IN_MEMORY = 16 << 20
"""Bytes of a base's factors up to which all of them are read at once."""

ARRAY_TYPES = {
    layout.GENES: ("|S", 1),
    layout.SAMPLES: ("|S", 1),
    layout.SAMPLE_GROUPS: ("|S", 1),
    layout.SAMPLE_CATEGORIES: ("|S", 1),
    layout.COVARIATES: ("<f8", 2),
    layout.COVARIATE_NAMES: ("|S", 1),
    layout.LEFT_OUT: ("|S", 1),
    layout.LEFT_OUT_FOR: ("<i4", 1),
    layout.LEFT_OUT_REASONS: ("|S", 1),
    layout.NOISE: ("<f8", 1),
    layout.FACTOR_COVARIANCE: ("<f8", 2),
    layout.VARIANCES: ("<f8", 1),
    layout.PRECISION_DIAGONAL: ("<f8", 1),
}
"""Of each array of a base or an anchor, the first characters of its type, and its number of dimensions."""

OF_FORM = {
    "factor": {layout.NOISE, layout.FACTOR_COVARIANCE, layout.LOADINGS},
    "dense": {layout.VARIANCES, layout.PRECISION_DIAGONAL, layout.COVARIANCE, layout.PRECISION},
}
"""The arrays of the covariance of a base, by its form."""


@dataclass(frozen=True, slots=True)
class RemovedEffects:
    """What was removed from the samples of a base before its estimate, besides their mean; none by default.

    Parameters
    ----------
    categories : tuple of str
        The category of each of the n samples, whose means were removed.
    names : tuple of str
        Names of m covariates.
    covariates : ndarray of float64, shape (n, m), optional
        Their values.
    components : int
        How many principal components of what these leave.
    """

    categories: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    covariates: NDArray[np.float64] | None = None
    components: int = 0

    def __bool__(self) -> bool:
        """Whether anything was removed."""
        return bool(self.categories or self.names or self.components)


@dataclass(frozen=True, slots=True)
class NewBase:
    """A base on its way into a store.

    Parameters
    ----------
    panel : Panel
        The p genes.
    covariance : Covariance
        As factors, or dense.
    record : BaseRecord
        Its provenance.
    samples : tuple of str
        Ids of the n samples; empty where there are none.
    expression : ndarray, shape (p, n), optional
        The values as they were read, before any transform, when they are kept.
    groups : tuple of str
        The group of each sample, such as the condition that it is a replicate of; none where each is one by itself.
    left_out : mapping of str to str
        The genes of the data that are not on the panel, and why.
    removed : RemovedEffects
        What was removed from the samples.
    """

    panel: Panel
    covariance: Covariance
    record: BaseRecord
    samples: tuple[str, ...] = ()
    expression: NDArray[Any] | None = None
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    groups: tuple[str, ...] = ()
    removed: RemovedEffects = RemovedEffects()


@dataclass(frozen=True, slots=True)
class StoredBase:
    """A base of the store.

    Parameters
    ----------
    id : str
        Its content id.
    panel : Panel
        The p genes.
    covariance : Covariance
        As factors, in memory if they are few, or dense; otherwise read by rows.
    deviations : ndarray of float64, shape (p,)
        The standard deviation of each gene, which is one `sd` unit; `StoredRows` of factors that are read by rows.
    record : BaseRecord
        Its provenance.
    samples : tuple of str
        Ids of the samples.
    expression : BulkRows, optional
        The values as they were read, p × n, when they were kept.
    groups : tuple of str
        The group of each sample, where samples are not independent; else none.
    removed : RemovedEffects
        What was removed from the samples.
    unknown : tuple of str
        Arrays of its file that no base of its form has; nothing reads them.
    """

    id: str
    panel: Panel
    covariance: Covariance
    deviations: NDArray[np.float64]
    record: BaseRecord
    samples: tuple[str, ...]
    expression: BulkRows | None
    groups: tuple[str, ...] = ()
    removed: RemovedEffects = RemovedEffects()
    unknown: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Base {self.id[:8]}: {describe_base(self.record)}>"

    @property
    def shrinkage(self) -> float | None:
        """λ of its estimate; none where the estimator has no such intensity, or the base is the user's own."""
        intensity = self.record.parameters.get("lambda")
        return float(intensity) if isinstance(intensity, float | int) else None

    @property
    def degrees_of_freedom(self) -> int | None:
        """ν: samples less one, less what was removed from them; none for a user's own base."""
        recorded = self.record.parameters.get("degrees_of_freedom")
        if isinstance(recorded, int):
            return recorded
        return None if self.record.samples is None else self.record.samples - 1

    @property
    def group_numbers(self) -> NDArray[np.intp]:
        """The group of each sample, numbered from 0, shape (n,); each sample is one where none are recorded."""
        if not self.groups:
            return np.arange(len(self.samples), dtype=np.intp)
        return np.unique(self.groups, return_inverse=True)[1].astype(np.intp)

    @property
    def independent_degrees_of_freedom(self) -> int | None:
        """ν with each group of samples counted once: as many as a test may claim."""
        recorded = self.record.parameters.get("independent_degrees_of_freedom")
        if isinstance(recorded, int):
            return recorded
        if (degrees := self.degrees_of_freedom) is None or not self.groups:
            return degrees
        return degrees - (len(self.groups) - len(set(self.groups)))


@dataclass(frozen=True, slots=True)
class FiniteRows:
    """The factors of a base as rows on disk, which are refused where they hold a value that is not finite.

    Parameters
    ----------
    values : BulkRows
        The p × K rows, checked as they are read.
    """

    values: BulkRows

    @property
    def shape(self) -> tuple[int, int]:
        """(p, K)."""
        return self.values.shape

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows in the order asked, shape (m, K)."""
        return self._finite(self.values.rows(indices))

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield runs of rows from first to last."""
        for block, rows in self.values.blocks():
            yield block, self._finite(rows)

    def _finite(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        if not np.isfinite(rows).all():
            raise FormatError(f"{self.values.path} is damaged: {self.values.name!r} holds a value that is not finite.")
        return rows


@dataclass(frozen=True, slots=True)
class StoredMatrix:
    """A `MatrixSource` on disk.

    Parameters
    ----------
    values : BulkRows
        The p × p rows, checked as they are read.
    on_diagonal : ndarray of float64, shape (p,)
        The diagonal, so that it need not be picked from the rows.
    """

    values: BulkRows
    on_diagonal: NDArray[np.float64]

    @property
    def shape(self) -> tuple[int, int]:
        """(p, p)."""
        return self.values.shape

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows in the order asked, shape (m, p)."""
        return self.values.rows(indices)

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield runs of rows from first to last."""
        return self.values.blocks()

    def diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal, shape (p,)."""
        return self.on_diagonal


def base_content(base: NewBase) -> hdf5.Content:
    """Return the content of a base's file."""
    arrays: dict[str, NDArray[Any]] = {layout.GENES: base.panel.gene_names.packed}
    bulk: dict[str, NDArray[Any] | RowSource] = {}
    if base.samples:
        arrays[layout.SAMPLES] = encode_names(base.samples)
    if base.groups:
        arrays[layout.SAMPLE_GROUPS] = encode_names(base.groups)
    if base.removed.categories:
        arrays[layout.SAMPLE_CATEGORIES] = encode_names(base.removed.categories)
    if base.removed.covariates is not None:
        arrays[layout.COVARIATES] = base.removed.covariates
        arrays[layout.COVARIATE_NAMES] = encode_names(base.removed.names)
    if base.left_out:
        reasons = list(dict.fromkeys(base.left_out.values()))
        arrays[layout.LEFT_OUT] = encode_names(base.left_out)
        arrays[layout.LEFT_OUT_FOR] = np.array([reasons.index(why) for why in base.left_out.values()], dtype="<i4")
        arrays[layout.LEFT_OUT_REASONS] = encode_names(reasons)
    if base.expression is not None:
        bulk[layout.EXPRESSION] = base.expression
    if isinstance(base.covariance, FactorCovariance):
        arrays[layout.NOISE] = base.covariance.noise
        bulk[layout.LOADINGS] = base.covariance.loadings
        if base.covariance.factor_covariance is not None:
            arrays[layout.FACTOR_COVARIANCE] = base.covariance.factor_covariance
    else:
        add_dense(base.covariance, arrays, bulk)
    return hdf5.Content(layout.BASE, base.record.canonical(), arrays, bulk)


def held_base(base: NewBase, id_: str) -> StoredBase:
    """Return a new base as it will be read once it stands in a store, without the expression that it keeps."""
    return StoredBase(
        id=id_,
        panel=base.panel,
        covariance=base.covariance,
        deviations=base.covariance.standard_deviations(),
        record=base.record,
        samples=base.samples,
        expression=None,
        groups=base.groups,
        removed=base.removed,
    )


def describe_base(record: BaseRecord) -> str:
    """Return a base in a few words: how it was estimated, from how many samples of which file, and λ."""
    intensity = record.parameters.get("lambda")
    facts = [
        None if record.samples is None else counted(record.samples, "sample"),
        f"λ = {intensity:.3g}" if isinstance(intensity, float | int) else None,
        None if record.source is None else record.source.file,
    ]
    return ", ".join([record.estimator, *filter(None, facts)])


def read_base(location: hdf5.Location, base: str) -> StoredBase:
    """Return a base of the store.

    Parameters
    ----------
    location : Location
        Where it stands.
    base : str
        Its id.

    Raises
    ------
    FormatError
        The file is missing or damaged.
    """
    stored = hdf5.read(location, layout.BASE)
    if base != stored.id:
        raise FormatError(f"{location} is damaged: it holds another base, {stored.id}.")
    record = parse(BaseRecord, stored.record, location)
    check_array_types(stored)
    try:
        samples = decode_names(stored.arrays[layout.SAMPLES]) if layout.SAMPLES in stored.arrays else ()
        groups = decode_names(stored.arrays[layout.SAMPLE_GROUPS]) if layout.SAMPLE_GROUPS in stored.arrays else ()
        removed = _removed_effects(stored, record)
        covariance = _covariance(stored, record)
        deviations = covariance.standard_deviations()
        genes = GeneNames(stored.arrays[layout.GENES])
        panel = Panel(genes, left_out=partial(_left_out, stored), samples=samples, deviations=deviations)
    except KeyError as failure:
        raise FormatError(f"{location} is damaged: its content is not a valid base: it has no {failure}.") from None
    except (InputError, EngineError, UnicodeDecodeError) as failure:
        raise FormatError(
            f"{location} is damaged: its content is not a valid base: {str(failure).removesuffix('.')}."
        ) from None
    if covariance.size != len(panel) or record.genes != len(panel):
        raise FormatError(f"{location} is damaged: its panel does not fit its numbers.")
    if groups and len(groups) != len(samples):
        raise FormatError(f"{location} is damaged: it has groups for {len(groups)} of {len(samples)} samples.")
    if removed.categories and len(removed.categories) != len(samples):
        raise FormatError(
            f"{location} is damaged: it has {len(removed.categories)} categories of {len(samples)} samples."
        )
    if removed.covariates is not None and removed.covariates.shape != (len(samples), len(removed.names)):
        raise FormatError(f"{location} is damaged: its covariates have the shape {removed.covariates.shape}.")
    return StoredBase(
        id=stored.id,
        panel=panel,
        covariance=covariance,
        deviations=deviations,
        record=record,
        samples=samples,
        expression=stored.bulk.get(layout.EXPRESSION),
        groups=groups,
        removed=removed,
        unknown=_unknown_arrays(stored, record),
    )


def check_array_types(stored: hdf5.StoredFile) -> None:
    """Refuse a base or an anchor whose arrays are not of the types in `ARRAY_TYPES`.

    Raises
    ------
    FormatError
        The message names the array.
    """
    for name, array in stored.arrays.items():
        kind, dimensions = ARRAY_TYPES.get(name, (array.dtype.str[:2], array.ndim))
        if not array.dtype.str.startswith(kind) or array.ndim != dimensions:
            raise FormatError(f"{stored.location} is damaged: {name!r} is {layout.canonical_type(array)}.")
        if name in (layout.VARIANCES, layout.PRECISION_DIAGONAL):
            matrix = stored.bulk.get(layout.COVARIANCE)
            if matrix is not None and array.shape != matrix.shape[:1]:
                raise FormatError(f"{stored.location} is damaged: {name!r} has the shape {array.shape}.")
            if not (array > 0).all():
                raise FormatError(f"{stored.location} is damaged: not all of {name!r} are positive.")
    for name, rows in stored.bulk.items():
        if rows.dtype.str not in (("<f4", "<f8") if name == layout.EXPRESSION else ("<f8",)):
            raise FormatError(f"{stored.location} is damaged: {name!r} is {rows.dtype.str} {rows.shape}.")


def add_dense(
    covariance: DenseCovariance, arrays: dict[str, NDArray[Any]], bulk: dict[str, NDArray[Any] | RowSource]
) -> None:
    """Add a dense covariance and its inverse to the arrays of a file, to be read and written by rows."""
    arrays[layout.VARIANCES] = covariance.covariance.diagonal()
    arrays[layout.PRECISION_DIAGONAL] = covariance.precision.diagonal()
    bulk[layout.COVARIANCE] = covariance.covariance
    bulk[layout.PRECISION] = covariance.precision


def read_dense(arrays: Mapping[str, NDArray[Any]], bulk: Mapping[str, BulkRows], log_det: float) -> DenseCovariance:
    """Return the dense covariance that a file holds, to be read by rows."""
    return DenseCovariance(
        StoredMatrix(bulk[layout.COVARIANCE], arrays[layout.VARIANCES]),
        StoredMatrix(bulk[layout.PRECISION], arrays[layout.PRECISION_DIAGONAL]),
        log_det,
    )


def encode_names(names: Iterable[str]) -> NDArray[np.bytes_]:
    """Return names as fixed-length UTF-8."""
    return np.array([name.encode() for name in names], dtype=np.bytes_)


def decode_names(values: NDArray[Any]) -> tuple[str, ...]:
    """Return names from fixed-length UTF-8."""
    return tuple(bytes(value).decode() for value in values.tolist())


def _unknown_arrays(stored: hdf5.StoredFile, record: BaseRecord) -> tuple[str, ...]:
    of_any_form = {layout.EXPRESSION, *ARRAY_TYPES}.difference(*OF_FORM.values())
    return tuple(sorted({*stored.arrays, *stored.bulk} - of_any_form - OF_FORM[record.form]))


def _removed_effects(stored: hdf5.StoredFile, record: BaseRecord) -> RemovedEffects:
    arrays, components = stored.arrays, record.parameters.get("removed_components", 0)
    return RemovedEffects(
        categories=decode_names(arrays[layout.SAMPLE_CATEGORIES]) if layout.SAMPLE_CATEGORIES in arrays else (),
        names=decode_names(arrays[layout.COVARIATE_NAMES]) if layout.COVARIATES in arrays else (),
        covariates=arrays.get(layout.COVARIATES),
        components=components if isinstance(components, int) else 0,
    )


def _left_out(stored: hdf5.StoredFile) -> dict[str, str]:
    """Return the genes that were left out and why, read when they are asked for."""
    if layout.LEFT_OUT not in stored.arrays:
        return {}
    try:
        names, reasons = (decode_names(stored.arrays[array]) for array in (layout.LEFT_OUT, layout.LEFT_OUT_REASONS))
        which = stored.arrays[layout.LEFT_OUT_FOR].tolist()
        of_number = dict(enumerate(reasons))  # a number below 0 is none
        return {name: of_number[number] for name, number in zip(names, which, strict=True)}
    except (KeyError, IndexError, ValueError) as failure:
        raise FormatError(f"{stored.location} is damaged: its genes left out cannot be read: {failure}.") from None


def _covariance(stored: hdf5.StoredFile, record: BaseRecord) -> Covariance:
    if record.form == "dense":
        if record.log_det is None:
            raise InputError("its record has no log_det.")
        dense = read_dense(stored.arrays, stored.bulk, record.log_det)
        return replace(dense, precision=KeptRows(dense.precision))
    return FactorCovariance(
        noise=stored.arrays[layout.NOISE],
        loadings=_loadings(stored.bulk[layout.LOADINGS]),
        factor_covariance=stored.arrays.get(layout.FACTOR_COVARIANCE),
    )


def _loadings(rows: BulkRows) -> NDArray[np.float64]:
    """Return the factors of a base: in memory, or read by rows where they are many."""
    if rows.nbytes <= LARGEST_IN_MEMORY:
        return rows.all()
    return stored_rows(FiniteRows(rows))
