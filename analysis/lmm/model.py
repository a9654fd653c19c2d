"""Mixed models of a version: a kernel, a signal and covariates, matched by their ids."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.inference.normal_scores import signal_scores
from ...engine.lmm.model.design import design
from ...engine.lmm.model.fit import find_flat, make_model
from ...engine.lmm.model.mixture import fit_mixture
from ...engine.lmm.model.prediction import blup, predict
from ...engine.wording import counted, some
from ...formats.genes.identifiers import spreadsheet_dates
from ...formats.tables.row_names import describe_match, match_names
from ...formats.traits.covariates import read_covariates
from .kernel_rows import AUTO, OF_A_VERSION, SAMPLES, KernelRows, indices_of, kernel_rows, load_kernel
from .signals import compare_samples, refuse_same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.choices import Method
    from ...engine.lmm.model.design import Design
    from ...engine.lmm.model.fit import Fit, Model
    from ...engine.lmm.model.mixture import MixtureFit
    from ...engine.network.snapshot import Snapshot
    from ...formats.traits.traits import TraitFile
    from ...storage.networks.artifacts import Artifacts
    from ...storage.networks.bases import StoredBase
    from .kernel_rows import KernelSource
    from .signals import Relation, Signal

PREDICTED = ("id", "signal", "along_kernel", "error_variance", "predicted", "prediction_variance")
"""The columns of predicted rows."""

Predicted = tuple[str, float | None, float, float | None, float, float | None]
"""A predicted row."""

AT_ONCE = 256
"""Number of rows that are predicted at once, with a block of the kernel between them and all others."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """The parts of a model besides the signal.

    Parameters
    ----------
    kernel : str
        `auto`, `shared`, `full`, `covariance`, `samples`, or the path of a file.
    second : str, optional
        A second kernel, to be mixed with the first.
    covariates : Path, optional
        The table of the covariates.
    intercept : bool
        Whether there is an intercept.
    leave_out : tuple of str
        Pathways, or columns of a factor, that are left out of the first kernel.
    ids : Path, optional
        The names of the rows of a kernel file that has none.
    missing_values : tuple of str, optional
        Codes that stand for a missing value among the covariates, as for `read_covariates`.
    id_column : str, optional
        The title of the column of ids of the covariates, if they have such a column.
    normal : bool
        Whether normal scores of the traits are fitted, taken over the rows of the model.
    """

    kernel: str = AUTO
    second: str | None = None
    covariates: Path | None = None
    intercept: bool = True
    leave_out: tuple[str, ...] = ()
    ids: Path | None = None
    missing_values: tuple[str, ...] | None = None
    id_column: str | None = None
    normal: bool = False


@dataclass(frozen=True, slots=True)
class StoreModel:
    """A model of a version, ready to be fitted.

    Make one with `match_rows`.

    Parameters
    ----------
    model : Model
        Kernel, covariates and traits.
    snapshot : Snapshot
        The version, read from its base.
    rows : KernelRows
        The rows of the kernel.
    signal_rows : ndarray of intp, shape (n,)
        The index of each row in the signal.
    signal_ids : tuple of str
        The name of each row in the signal, which may be spelt otherwise than in the kernel.
    names : tuple of str
        The m traits in the model.
    relation : Relation
        The overlap of the signal's samples and the base's.
    weight : float or None
        The most likely weight of a second kernel.
    notes : tuple of str
        Sentences on how files were read, and on ids and traits that were left out.
    covariates : TraitFile, optional
        The table of the covariates.
    normal : bool
        Whether the traits are normal scores.
    """

    model: Model
    snapshot: Snapshot
    rows: KernelRows
    signal_rows: NDArray[np.intp]
    signal_ids: tuple[str, ...]
    names: tuple[str, ...]
    relation: Relation
    weight: float | None
    notes: tuple[str, ...]
    covariates: TraitFile | None = None
    normal: bool = False


def match_rows(
    snapshot: Snapshot,
    base: StoredBase,
    artifacts: Artifacts,
    signal: Signal,
    spec: ModelSpec,
    method: Method = "reml",
    *,
    same_samples: bool = False,
) -> StoreModel:
    """Return the model of a signal along a version.

    Rows are those of the kernel that have a value of the signal and of every covariate, in the kernel's order.

    Parameters
    ----------
    snapshot, base : Snapshot, StoredBase
        The version, read from its base, and the base.
    artifacts : Artifacts
        Where eigenvectors are kept.
    signal : Signal
        The signal.
    spec : ModelSpec
        Kernels and covariates.
    method : {"reml", "ml"}
        The likelihood by which two kernels are mixed.
    same_samples : bool
        Whether the signal may come from the base's own samples.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        Ids do not match, or the arguments cannot be used.
    EngineError, NotPositiveDefinite
        The numbers do not allow it; or the signal comes from the base's own samples.
    """
    relation, spelt = compare_samples(base, signal), signal.ids
    if not any(kernel in OF_A_VERSION for kernel in (spec.kernel, spec.second)):
        relation = replace(relation, base=None)
    elif not same_samples:
        refuse_same(relation)
    if spec.ids is not None and all(
        kernel in (*OF_A_VERSION, SAMPLES) for kernel in (spec.kernel, spec.second or AUTO)
    ):
        raise InputError(
            f"The names in {spec.ids} are for a kernel file, and a kernel of a version has names.",
            code="kernel-with-names",
        )
    source = load_kernel(snapshot, base, spec.kernel, spec.ids)
    signal, covariates, notes = _matched(signal, spec, source)
    usable = _usable(signal, covariates, spec.covariates)
    rows = kernel_rows(snapshot, artifacts, source, usable, signal, spec.leave_out)
    signal_rows = indices_of(signal.ids, rows.ids)
    traits, weight = signal.values[signal_rows], None
    columns = None if covariates is None else covariates.values[indices_of(covariates.ids, rows.ids)]
    names = () if covariates is None else covariates.names
    fixed = design(columns, names, size=len(rows.ids), intercept=spec.intercept)
    notes += _left_out(signal, rows, spec.covariates)
    kept = [index for index, flat in enumerate(find_flat(traits, fixed, signal.names).tolist()) if not flat]
    if 0 < len(kept) < len(signal.names):
        notes.append(_describe_flat(signal, traits, kept))
        signal, traits = replace(signal, names=tuple(signal.names[index] for index in kept)), traits[:, kept]
    if spec.normal:
        traits = signal_scores(traits.T).T
    if spec.second is not None:
        other = load_kernel(snapshot, base, spec.second, spec.ids)
        second = kernel_rows(snapshot, artifacts, other, set(rows.ids), signal)
        mixture = _mix(rows, second, traits, fixed, method)
        rows, weight = replace(rows, kernel=mixture.model.kernel), mixture.weight
    model = make_model(rows.kernel, traits, fixed, names=signal.names)
    signal_ids = tuple(spelt[int(index)] for index in signal_rows)
    return StoreModel(
        model=model,
        snapshot=snapshot,
        rows=rows,
        signal_rows=signal_rows,
        signal_ids=signal_ids,
        names=signal.names,
        relation=relation,
        weight=weight,
        notes=tuple(notes),
        covariates=covariates,
        normal=spec.normal,
    )


def _matched(signal: Signal, spec: ModelSpec, source: KernelSource) -> tuple[Signal, TraitFile | None, list[str]]:
    """Return signal and covariates with their ids spelt as the kernel's rows are, and how they were read."""
    known, any_x, notes = source.names, source.kernel == SAMPLES, list(signal.notes)
    match = match_names(signal.ids, known, any_x=any_x)
    notes += describe_match(match, "the signal")
    signal = replace(signal, ids=tuple(match.get(name, name) for name in signal.ids))
    if spec.covariates is None:
        return signal, None, notes
    covariates = read_covariates(
        spec.covariates, missing_values=spec.missing_values, known=lambda: known, id_column=spec.id_column
    )
    match = match_names(covariates.ids, known, any_x=any_x)
    notes += [*covariates.notes, *describe_match(match, spec.covariates.name)]
    return signal, replace(covariates, ids=tuple(match.get(name, name) for name in covariates.ids)), notes


def _describe_flat(signal: Signal, traits: NDArray[np.float64], kept: Sequence[int]) -> str:
    """Return a sentence on traits of which nothing is left to fit."""
    flat = [index for index in range(len(signal.names)) if index not in kept]
    shown = [
        f"{signal.names[index]} (constant, {traits[0, index]:g})"
        if np.ptp(traits[:, index]) == 0
        else signal.names[index]
        for index in flat
    ]
    are = "is" if len(flat) == 1 else "are"
    return f"{counted(len(flat), 'trait')} that cannot be fitted {are} left out: {some(shown)}."


def predict_rows(store_model: StoreModel, fit: Fit) -> Iterator[list[Predicted]]:
    """Yield predicted rows in blocks, with the columns `PREDICTED`: first the model's own rows, then all others.

    The others are rows of the kernel without a value of the signal that have all covariates, such as genes that were
    not measured. For a mixture of two kernels, and at h² = 1, only the model's own rows are predicted.
    """
    model, rows = store_model.model, store_model.rows
    along = blup(model, fit)
    signal = model.traits[:, 0] + model.fixed.basis @ model.explained[:, 0]
    predicted = model.fixed.basis @ (model.fixed.triangle @ fit.effects) + along.effect
    columns = (signal, along.effect, along.error_variance, predicted)
    model_rows = zip(rows.ids, *(column.tolist() for column in columns), strict=True)
    yield [(name, value, effect, variance, y, None) for name, value, effect, variance, y in model_rows]
    if store_model.weight is not None or fit.delta == 0.0:  # at h² = 1 of a singular kernel the others are unknown
        return
    in_model, table = set(rows.ids), store_model.covariates
    with_all = None if table is None else complete(table.ids, table.values)
    others = [name for name in rows.all_ids if name not in in_model and (with_all is None or name in with_all)]
    for start in range(0, len(others), AT_ONCE):
        new = others[start : start + AT_ONCE]
        cross, diagonal = rows.cross(new)
        prediction = predict(model, fit, cross, diagonal, _covariates(store_model, new))
        columns = (prediction.effect, prediction.value, prediction.error_variance)
        block = zip(new, *(column.tolist() for column in columns), strict=True)
        yield [(name, None, effect, None, value, variance) for name, effect, value, variance in block]


def complete(ids: Sequence[str], values: NDArray[np.float64]) -> set[str]:
    """Return the ids of rows without a missing value."""
    return {ids[row] for row in np.flatnonzero(np.isfinite(values).all(axis=1)).tolist()}


def _covariates(store_model: StoreModel, ids: Sequence[str]) -> NDArray[np.float64]:
    """Return the covariates of other rows, in the columns that the model uses."""
    table = store_model.covariates
    names = () if table is None else table.names
    values = np.empty((len(ids), 0)) if table is None else table.values[indices_of(table.ids, ids)]
    by_name = {"intercept": np.ones(len(ids)), **dict(zip(names, values.T, strict=True))}
    return np.column_stack([by_name[name] for name in store_model.model.fixed.names] or [np.empty((len(ids), 0))])


def _usable(signal: Signal, covariates: TraitFile | None, path: Path | None) -> set[str]:
    usable = complete(signal.ids, signal.values)
    if covariates is None:
        return usable
    both = usable & complete(covariates.ids, covariates.values)
    if len(both) < 3:
        raise InputError(
            f"{len(both):,} of the {counted(len(usable), 'id')} of the signal with a value have all covariates in "
            f"{path}, whose ids are such as {some(covariates.ids, 3)}.",
            hint="Ids must be spelt alike; a column without values is best left out.",
        )
    return both


def _mix(
    first: KernelRows, second: KernelRows, traits: NDArray[np.float64], fixed: Design, method: Method
) -> MixtureFit:
    if second.ids != first.ids:
        raise InputError(
            f"The second kernel has {counted(len(second.ids), 'row')} of the {len(first.ids):,} that the first has.",
            hint="Both need the same genes or samples, in one order.",
        )
    if traits.shape[1] != 1:
        raise InputError("Two kernels are mixed for one trait at a time.", code="mixture-of-many-traits")
    return fit_mixture(first.kernel, second.kernel, traits[:, 0], fixed, method=method)


def _left_out(signal: Signal, rows: KernelRows, covariates: Path | None) -> Iterator[str]:
    missing = int(np.count_nonzero(~np.isfinite(signal.values).all(axis=1)))
    if missing:
        why = (
            " (constant, or completely separated between the groups: no finite t)"
            if signal.contrast is not None
            else ""
        )
        yield f"{counted(missing, 'id')} of the signal without a value left out{why}."
    unknown = len(signal.ids) - missing - len(rows.ids)
    if unknown > 0:
        beside = " or have no covariate" if covariates is not None else ""
        are = "is not a row" if unknown == 1 else "are not rows"
        yield f"{counted(unknown, 'id')} of the signal that {are} of the kernel{beside} left out."
        names = complete(signal.ids, signal.values) - set(rows.ids)
        dates = [] if rows.part == SAMPLES else spreadsheet_dates(name for name in signal.ids if name in names)
        if dates:
            look = "looks like a date" if len(dates) == 1 else "look like dates"
            yield f"{len(dates):,} of these {look} that a spreadsheet made of gene names: {some(dates, 3)}."
