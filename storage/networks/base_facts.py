"""What is known of a base, in the words that every view has."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ...engine.estimation.estimators import ESTIMATORS
from ...engine.wording import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..history.records import BaseRecord, Parameter
    from .bases import StoredBase


def base_facts(base: StoredBase) -> list[tuple[str, object]]:
    """Return what is known of a base, for people."""
    record = base.record
    source = record.source
    parameters = record.parameters
    return [
        ("genes", record.genes),
        ("samples", record.samples),
        ("base", f"{record.estimator}, {_form(base)}"),
        ("λ", _parameter(parameters.get("lambda"), _intensity(record.estimator))),
        ("λ of variances", _parameter(parameters.get("lambda_variance"), "they are shrunk to their median by it")),
        ("λ chosen", _choice(record)),
        ("held out", _held_out_gain(record)),
        ("removed", _removed_effects(parameters)),
        ("degrees of freedom", _degrees_of_freedom(base)),
        ("ridge", parameters.get("ridge")),
        ("constant genes", f"{record.constant_genes:,}, kept as isolated nodes" if record.constant_genes else None),
        ("preparation", _preparation(base)),
        ("expression", ("not kept" if base.expression is None else "kept with the base") if record.samples else None),
        ("source", f"{source.file}, SHA-256 {source.sha256[:16]}…" if source else None),
    ]


def _form(base: StoredBase) -> str:
    if base.record.form == "factor":
        return f"factor form with {counted(base.record.factors, 'factor')}"
    return "dense form"


def _preparation(base: StoredBase) -> str | None:
    done = {name: value for name, value in base.record.preparation.items() if value != "none"}
    return ", ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in done.items()) or None


def _intensity(estimator: str) -> str:
    return ESTIMATORS[estimator].intensity if estimator in ESTIMATORS else ""


def _choice(record: BaseRecord) -> str | None:
    """Return how the intensities were chosen, and what the formulae would give."""
    parameters = record.parameters
    formulae = [parameters.get(name) for name in ("lambda_analytic", "lambda_variance_analytic")]
    numbers = [f"{value:.4g}" for value in formulae if isinstance(value, float)]
    if not numbers:
        return None
    beside = f"the formulae give {' and '.join(numbers)}"
    if parameters.get("intensity") != "held-out":
        return f"as given; {beside}" if parameters.get("intensity") == "given" else f"not by samples held out; {beside}"
    samples, parts = (parameters.get(f"held_out_{what}") for what in ("samples", "parts"))
    return f"by {samples:,} samples held out in {parts} parts; {beside}"


def _held_out_gain(record: BaseRecord) -> str | None:
    """Return by how much samples held out are predicted better than with the intensities of the formulae."""
    numbers = [record.parameters.get(name) for name in ("held_out_gain", "held_out_error", "lambda", "lambda_analytic")]
    if not all(isinstance(number, float) for number in numbers):
        return None
    gain, error, chosen, analytic = cast("list[float]", numbers)
    doubt = "" if gain > 2 * error else "; so few samples, or one unlike the others, do not tell it from 0"
    return (
        f"samples are predicted {_nats(gain)} nats each better at λ = {chosen:.4g} than at λ* = {analytic:.4g} "
        f"(standard error {_nats(error)}{doubt})"
    )


def _removed_effects(parameters: Mapping[str, Parameter]) -> str | None:
    """Return what was removed from the samples before the estimate."""
    effects: list[str] = []
    if (within := parameters.get("within")) is not None:
        effects.append(f"means within {within}" if within != "as given" else "means of categories, as given")
    if (covariates := parameters.get("covariates")) is not None:
        effects.append(f"covariates {covariates}")
    if isinstance(components := parameters.get("removed_components"), int):
        chosen = ", as many as stand out" if parameters.get("components_chosen") == "auto" else ""
        effects.append(
            f"{counted(components, 'principal component')}{chosen}" if components else f"no component{chosen}"
        )
    return "; ".join(effects) or None


def _degrees_of_freedom(base: StoredBase) -> str | None:
    """Return ν where it is not n − 1, and with each group counted once."""
    degrees, independent, samples = base.degrees_of_freedom, base.independent_degrees_of_freedom, base.record.samples
    if degrees is None or samples is None or independent == samples - 1:
        return None
    what = f"{degrees:,} of {counted(samples, 'sample')}" + (", less what was removed" if base.removed else "")
    return what if independent == degrees else f"{what}; {independent:,} with each group counted once"


def _nats(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"


def _parameter(value: object, meaning: str) -> str | None:
    return f"{value:.7g} ({meaning})" if isinstance(value, float) else None


def _value(value: object) -> str:
    return "yes" if value is True else f"{value:g}" if isinstance(value, float) else str(value)
