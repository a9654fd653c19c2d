"""Mixed models of a store: a kernel, a signal and covariates, matched by their ids."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.lmm.model.design import design
from ...engine.lmm.model.fit import make_model
from ...engine.lmm.model.mixture import fit_mixture
from ...engine.lmm.model.prediction import blup, predict
from ...engine.wording import counted, some
from ...formats.traits.traits import read_covariates
from .kernel_rows import AUTO, OF_A_VERSION, KernelRows, indices_of, kernel_rows
from .signals import refuse_same, relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.lmm.kernels.kernel import Kernel
    from ...engine.lmm.model.design import Design
    from ...engine.lmm.model.fit import Fit, Model
    from ...engine.lmm.model.likelihood import Method
    from ...formats.traits.traits import TraitFile
    from ...storage.history.versions import Version
    from ...storage.repository import Repository
    from .signals import Relation, Signal

PREDICTED = ("id", "signal", "along_kernel", "error_variance", "predicted", "prediction_variance")
"""The columns of what a model foretells."""

Predicted = tuple[str, float | None, float, float | None, float, float | None]
"""A row of them."""

AT_ONCE = 256
"""Rows that are foretold at once: a block of the kernel between them and all others."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What a model is made of, beside the signal.

    Parameters
    ----------
    kernel : str
        `auto`, `shared`, `full`, `covariance`, `samples`, or the path of a file.
    second : str, optional
        Another, to be mixed with it.
    covariates : Path, optional
        Their table.
    intercept : bool
        Whether there is one.
    without : tuple of str
        Pathways, or columns of a factor, that are left out of the first kernel.
    """

    kernel: str = AUTO
    second: str | None = None
    covariates: Path | None = None
    intercept: bool = True
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoreModel:
    """A model of a store, ready to be fitted.

    Parameters
    ----------
    given : Model
        Kernel, covariates and traits.
    rows : Rows
        What its rows are.
    kept : ndarray of intp, shape (n,)
        Which rows of the signal they are.
    relation : Relation
        How the signal's samples stand to the base's.
    weight : float or None
        Of a second kernel, as found.
    notes : tuple of str
        What was left out.
    covariates : TraitFile, optional
        The table that they come from.
    """

    given: Model
    rows: KernelRows
    kept: NDArray[np.intp]
    relation: Relation
    weight: float | None
    notes: tuple[str, ...]
    covariates: TraitFile | None = None


def match_rows(
    repo: Repository,
    rev: str,
    signal: Signal,
    asked: ModelSpec,
    method: Method = "reml",
    *,
    same_samples: bool = False,
) -> StoreModel:
    """Return the model of a signal along a version.

    Rows are those of the kernel that have a value of the signal and of every covariate, in the kernel's order.

    Raises
    ------
    NotFound
        There is no such version or file.
    InputError
        Ids do not match, or the arguments cannot be used.
    EngineError, NotPositiveDefinite
        The numbers do not allow it; or the signal comes from the base's own samples, unless `same_samples`.
    """
    version = repo.version(rev)
    found = relation(repo.base(version.name), signal)
    if not any(kernel in OF_A_VERSION for kernel in (asked.kernel, asked.second)):
        found = replace(found, base=None)
    elif not same_samples:
        refuse_same(found)
    covariates = None if asked.covariates is None else read_covariates(asked.covariates)
    usable = _usable(signal, covariates, asked.covariates)
    rows = kernel_rows(repo, version, asked.kernel, usable, signal, asked.without)
    kept = indices_of(signal.ids, rows.ids)
    traits = signal.values[kept]
    fixed = _design(covariates, rows.ids, intercept=asked.intercept)
    kernel, weight = rows.kernel, None
    if asked.second is not None:
        kernel, weight = _mixed(repo, version, asked.second, rows, traits, fixed, method, signal)
        rows = replace(rows, kernel=kernel)
    notes = tuple(_left_out(signal, rows, asked.covariates))
    given = make_model(kernel, traits, fixed, names=signal.names)
    return StoreModel(given, rows, kept, found, weight, notes, covariates)


def predict_rows(bound: StoreModel, found: Fit) -> Iterator[list[Predicted]]:
    """Yield what a model foretells in blocks of rows, `PREDICTED`: first of its own rows, then of all others.

    Others are rows of the kernel without a value of the signal that have all covariates: genes that were not measured,
    say. Of a mixture of two kernels, and at h² = 1, its own rows alone are told.
    """
    own = blup(bound.given, found)
    left = bound.given.traits[:, 0]
    explained = bound.given.fixed.basis @ bound.given.explained[:, 0]
    design_part = bound.given.fixed.basis @ (bound.given.fixed.triangle @ found.effects)
    columns = (left + explained, own.effect, own.error_variance, design_part + own.effect)
    yield [
        (name, value, effect, variance, fitted, None)
        for name, value, effect, variance, fitted in zip(
            bound.rows.ids, *(column.tolist() for column in columns), strict=True
        )
    ]
    if bound.weight is not None or found.delta == 0.0:  # at h² = 1 of a singular kernel nothing is known of others
        return
    seen = set(bound.rows.ids)
    with_all = None if bound.covariates is None else complete(bound.covariates.ids, bound.covariates.values)
    others = [name for name in bound.rows.everyone if name not in seen and (with_all is None or name in with_all)]
    for start in range(0, len(others), AT_ONCE):
        new = others[start : start + AT_ONCE]
        cross, itself = bound.rows.between(new)
        told = predict(bound.given, found, cross, itself, _columns(bound, new))
        yield [
            (name, None, effect, None, value, variance)
            for name, effect, value, variance in zip(
                new, told.effect.tolist(), told.value.tolist(), told.error_variance.tolist(), strict=True
            )
        ]


def complete(ids: Sequence[str], values: NDArray[np.float64]) -> set[str]:
    """Return the ids of rows without a missing value."""
    return {ids[place] for place in np.flatnonzero(np.isfinite(values).all(axis=1)).tolist()}


def _columns(bound: StoreModel, ids: Sequence[str]) -> NDArray[np.float64]:
    """Return the covariates of other rows, in the columns that the model kept."""
    table = bound.covariates
    names = () if table is None else table.names
    values = np.empty((len(ids), 0)) if table is None else table.values[indices_of(table.ids, ids)]
    by_name = {"intercept": np.ones(len(ids)), **{name: values[:, place] for place, name in enumerate(names)}}
    return np.column_stack([by_name[name] for name in bound.given.fixed.names] or [np.empty((len(ids), 0))])


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


def _mixed(
    repo: Repository,
    version: Version,
    second: str,
    rows: KernelRows,
    traits: NDArray[np.float64],
    fixed: Design,
    method: Method,
    signal: Signal,
) -> tuple[Kernel, float]:
    other = kernel_rows(repo, version, second, set(rows.ids), signal)
    if other.ids != rows.ids:
        raise InputError(
            f"The second kernel has {counted(len(other.ids), 'row')} of the {len(rows.ids):,} that the first has.",
            hint="Both need the same genes or samples, in one order.",
        )
    if traits.shape[1] != 1:
        raise InputError("Two kernels are mixed for one trait at a time.", hint="Name it with --trait.")
    found = fit_mixture(rows.kernel, other.kernel, traits[:, 0], fixed, method=method)
    return found.given.kernel, found.weight


def _design(covariates: TraitFile | None, ids: Sequence[str], *, intercept: bool) -> Design:
    if covariates is None:
        return design(size=len(ids), intercept=intercept)
    return design(covariates.values[indices_of(covariates.ids, ids)], covariates.names, intercept=intercept)


def _left_out(signal: Signal, rows: KernelRows, covariates: Path | None) -> Iterator[str]:
    missing = int(np.count_nonzero(~np.isfinite(signal.values).all(axis=1)))
    if missing:
        why = " (constant, or wholly apart between the groups: no finite t)" if signal.contrast is not None else ""
        yield f"{counted(missing, 'id')} of the signal without a value left out{why}."
    unknown = len(signal.ids) - missing - len(rows.ids)
    if unknown > 0:
        beside = " or have no covariate" if covariates is not None else ""
        are = "is" if unknown == 1 else "are"
        yield f"{counted(unknown, 'id')} of the signal that {are} no row of the kernel{beside} left out."
