"""Checks of a base that others made, beyond its hashes: what it says of itself, and that its numbers are a covariance.

Hashes show that a file is what was written, and not that what was written is a base. Whoever makes one here has it
checked as it is made; one that arrives is checked by `check_base`, and one in a file that is read in place, when it is
first asked for numbers, by `check_base_in_place`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import EngineError, FormatError, NotPositiveDefinite
from ...engine.network.anchor import anchor_of
from ...engine.network.capacitance import factor
from ...engine.network.covariance import DenseCovariance, blocks_of
from ...engine.network.inverse_probe import ROUNDING, SOUND_ERROR, factored_log_det, judge_inverse, judge_rows
from ...engine.wording import some

if TYPE_CHECKING:
    from ..history.records import BaseRecord
    from .bases import StoredBase

LARGEST_READ_IN_PLACE = 2_000
"""Most genes of a dense base in a file read in place that is read whole for its check, in about .2 s."""

LARGEST_FACTORED = 20_000
"""Most genes of a dense base whose determinant is computed again: it takes one p × p array."""

LOG_DET_ERROR = 1e-8
"""Largest error of log |Σ| for each gene, beside what the condition explains."""

SHARES = ("lambda", "lambda_variance", "lambda_analytic", "lambda_variance_analytic")
"""Parameters that are shares of one."""

COUNTS = ("held_out_samples", "held_out_groups", "held_out_parts")
"""Parameters that count samples."""

KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    **dict.fromkeys(COUNTS, ((int,), "no number of samples")),
    **dict.fromkeys(("held_out_gain", "held_out_error"), ((int, float), "no number")),
    **dict.fromkeys(("within", "covariates", "components_chosen", "intensity"), ((str,), "no text")),
}
"""Types of parameters, and what a value of another one is called."""


def check_base(base: StoredBase, name: str) -> None:
    """Refuse a base that is none: O(pK) for a factor base, and O(p³) for a dense one, a third of its inversion.

    Parameters
    ----------
    base : StoredBase
        The base, as it was read.
    name : str
        What it is called in the refusal.

    Raises
    ------
    FormatError
        It is none; the sentence says why.
    """
    condition = _check(base, name, whole=True)
    if isinstance(base.covariance, DenseCovariance) and base.covariance.size <= LARGEST_FACTORED:
        _check_determinant(base, name, condition)


def base_condition(base: StoredBase) -> float:
    """Return how many times a version on a base may magnify rounding: of a dense one, as far as some rows show."""
    if isinstance(base.covariance, DenseCovariance):
        return judge_rows(base.covariance, base.id).condition
    return 1.0 + float(np.trace(anchor_of(base.covariance).inner))


def largest_probe(condition: float, guard: float) -> float:
    """Return the largest error that the probe of a sound version finds: 1e-6, or what rounding explains; never above 1.

    Parameters
    ----------
    condition : float
        That of its base.
    guard : float
        That of the version: what subtractions leave.
    """
    return min(1.0, max(SOUND_ERROR, ROUNDING * condition / guard))


def check_base_in_place(base: StoredBase, name: str) -> None:
    """Refuse a base of a file read in place that is none, as far as O(p) operations show; raises as `check_base`.

    A dense base of up to `LARGEST_READ_IN_PLACE` genes is checked as one that arrives. Of a larger one some rows are.
    """
    if base.covariance.size <= LARGEST_READ_IN_PLACE:
        check_base(base, name)
    else:
        _check(base, name, whole=False)


def _check(base: StoredBase, name: str, *, whole: bool) -> float:
    """Refuse what is no base without factoring it; return the condition of a dense one, as far as rows were read."""
    if wrong := _contradiction(base):
        raise FormatError(f"{name} is not what a base can be: {wrong}.")
    base.panel.left_out()  # which is read when it is asked for
    if isinstance(base.covariance, DenseCovariance):
        verdict = (judge_inverse if whole else judge_rows)(base.covariance, base.id)
        if not verdict.is_sound:
            raise FormatError(f"{name} is not what a base can be: {verdict}.")
        return verdict.condition
    try:
        if whole and not all(np.isfinite(block).all() for _, block in blocks_of(base.covariance.loadings)):
            raise FormatError(f"{name} is not what a base can be: a loading of its factors is not finite.")
        if whole and not np.isfinite(np.asarray(base.deviations)).all():
            raise FormatError(f"{name} is not what a base can be: a standard deviation is not finite.")
        with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused
            factor(anchor_of(base.covariance), (), np.ones(base.covariance.size))
    except EngineError as failure:
        raise FormatError(f"{name} is not what a base can be: {failure.message}") from None
    return 1.0


def _check_determinant(base: StoredBase, name: str, condition: float) -> None:
    """Refuse a dense base whose covariance is not positive definite, or has another determinant than it says."""
    covariance = base.covariance
    assert isinstance(covariance, DenseCovariance)  # noqa: S101  whoever asks has looked
    try:
        log_det = factored_log_det(covariance)
    except NotPositiveDefinite as failure:
        raise FormatError(f"{name} is not what a base can be: {failure.message}") from None
    stated, gap = covariance.log_det, abs(log_det - covariance.log_det)
    if not gap <= covariance.size * max(LOG_DET_ERROR, ROUNDING * condition):
        raise FormatError(
            f"{name} is not what a base can be: it says that log |Σ| is {stated:.6g}, and it is {log_det:.6g}."
        )


def _contradiction(base: StoredBase) -> str:
    """Return what the record of a base says that cannot be, or that its arrays contradict; else an empty text."""
    record = base.record
    dense = isinstance(base.covariance, DenseCovariance)
    factors = 0 if dense else base.covariance.loadings.shape[1]  # type: ignore[union-attr]
    if base.unknown:
        return f"it has an array {some(base.unknown[:1])}, which no {record.form} base has"
    if record.factors != factors:
        return f"it says that it has {record.factors:,} factors, and has {factors:,}"
    if not dense and record.log_det is not None:
        return f"it has factors, and says that log |Σ| is {record.log_det:g}"
    if record.constant_genes > record.genes:
        return f"it says that {record.constant_genes:,} of {record.genes:,} genes are constant"
    return (
        _impossible_names(base)
        or _impossible_removal(base)
        or _impossible_expression(base)
        or _impossible_kind(record)
        or _impossible_parameter(record)
    )


def _impossible_names(base: StoredBase) -> str:
    """Return what cannot be of the names of samples, and of genes that were left out."""
    samples = base.record.samples
    if base.samples and len(base.samples) != samples:
        return f"it says that it has {samples} samples, and names {len(base.samples):,}"
    if len(set(base.samples)) < len(base.samples):
        return "two of its samples have one name"
    base.panel.left_out()  # raises where it cannot be read
    return ""


def _impossible_expression(base: StoredBase) -> str:
    """Return what cannot be of the expression that a base keeps."""
    record, samples = base.record, base.record.samples
    if record.keeps_expression != (base.expression is not None):
        return f"it says that it {'keeps' if record.keeps_expression else 'does not keep'} the expression"
    if base.expression is not None:
        if base.expression.shape != (record.genes, samples):
            return f"its expression has the shape {base.expression.shape}"
        if any(np.isinf(rows).any() for _, rows in base.expression.blocks()):
            return "a value of its expression is infinite"
    return ""


def _impossible_removal(base: StoredBase) -> str:
    """Return what a base says of effects that were removed from its samples, and that cannot be."""
    removed, parameters = base.removed, base.record.parameters
    components = parameters.get("removed_components", 0)
    if isinstance(components, bool) or not isinstance(components, int) or components < 0:
        return f"removed_components is {components!r}"
    if components and components >= (base.record.samples or 0):
        return f"it says that {components:,} components were removed from {base.record.samples or 0:,} samples"
    if bool(parameters.get("covariates")) != (removed.covariates is not None):
        return "it names covariates and has none, or has some and names none"
    if removed and "degrees_of_freedom" not in parameters:
        return "it does not say how many degrees of freedom are left by what was removed from its samples"
    if len(set(removed.names)) < len(removed.names):
        return "two of its covariates have one name"
    if removed.covariates is not None and not np.isfinite(removed.covariates).all():
        return "a value of its covariates is not finite"
    return ""


def _impossible_kind(record: BaseRecord) -> str:
    """Return the first parameter that is not of its kind, or counts more samples than there are."""
    for name, (types, what) in KINDS.items():
        value = record.parameters.get(name)
        if value is not None and type(value) not in types:
            return f"{name} is {value!r}, and {what}"
        if name in COUNTS and isinstance(value, int) and not 0 <= value <= (record.samples or 0):
            return f"{name} is {value}, of {record.samples} samples"
    return ""


def _impossible_parameter(record: BaseRecord) -> str:
    """Return the first parameter that has a value that it cannot have."""
    for name in SHARES:
        value = record.parameters.get(name)
        if value is not None and not (isinstance(value, float | int) and 0.0 <= value <= 1.0):
            return f"{name} is {value!r}, and no share of one"
    if (ridge := record.parameters.get("ridge")) is not None and not (isinstance(ridge, float | int) and ridge >= 0):
        return f"ridge is {ridge!r}"
    most = None if record.samples is None else record.samples - 1
    for name in ("degrees_of_freedom", "independent_degrees_of_freedom"):
        value = record.parameters.get(name)
        if value is None:
            continue
        if most is None or not isinstance(value, int) or not 0 <= value <= most:
            return f"{name} is {value!r}, of {record.samples} samples"
        most = value
    return ""
