"""A fitted mixed model in text and in JSON: the same words in every verb of `grn lmm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...engine.wording import counted
from .. import output

if TYPE_CHECKING:
    from ...analysis.lmm.model import StoreModel
    from ...analysis.lmm.permutations import PermutationNull
    from ...analysis.lmm.signals import Signal
    from ...engine.lmm import Fit, Interval
    from .answer import Facts


def model_facts(model: StoreModel, signal: Signal) -> Facts:
    """Return kernel, signal and rows of a model, as names and values."""
    unit = "genes" if model.rows.places is not None else "rows"
    facts: Facts = [
        ("kernel", model.rows.said),
        ("signal", signal.said),
        (unit, f"{len(model.rows.ids):,} of the kernel with a value"),
    ]
    if model.relation.base is not None:
        facts.append(("samples of the signal", model.relation.said))
    if model.weight is not None:
        facts.append(("weight of the second kernel", model.weight))
    if model.given.fixed.dropped:
        facts.append(("covariates left out", f"{', '.join(model.given.fixed.dropped)}: others make them up"))
    return facts


def h2_text(fit: Fit, interval: Interval | None, kind: str) -> str:
    """Return h² with its interval, in a line."""
    if interval is None:
        return output.number(fit.h2)
    low, high = interval
    if low != low:
        return f"{output.number(fit.h2)}, at an end, where a Wald interval is none: --ci bootstrap"
    return f"{output.number(fit.h2)} (95 % {output.number(low)} to {output.number(high)}, {kind})"


def model_json(model: StoreModel, signal: Signal) -> dict[str, Any]:
    """Return kernel, signal and rows of a model as the JSON contract has them."""
    relation = model.relation
    return {
        "kernel": {"part": model.rows.part, "said": model.rows.said, "second_weight": model.weight},
        "signal": signal.said,
        "n": len(model.rows.ids),
        "samples": {
            "relation": relation.kind,
            "base": relation.base,
            "signal": relation.own,
            "shared": relation.shared,
        },
        "covariates": list(model.given.fixed.names),
        "dropped": list(model.given.fixed.dropped),
    }


def fit_json(fit: Fit, interval: Interval | None, kind: str) -> dict[str, Any]:
    """Return a fitted model as the JSON contract has it."""
    low, high = interval or (None, None)
    return {
        "method": fit.method,
        "h2": fit.h2,
        "h2_se": fit.h2_se,
        "h2_low": low,
        "h2_high": high,
        "interval": kind,
        "delta": fit.delta,
        "gamma": fit.gamma,
        "variance_kernel": fit.variance_kernel,
        "variance_noise": fit.variance_noise,
        "log_likelihood": fit.log_likelihood,
        "log_likelihood_h2_0": fit.log_likelihood_h2_0,
        "log_likelihood_h2_1": fit.log_likelihood_h2_1,
        "p_h2_0": fit.p_h2_0,
        "log10_p_h2_0": fit.log10_p_h2_0,
        "maxima": fit.maxima,
    }


def permuted_json(fit: Fit, null: PermutationNull | None) -> dict[str, Any] | None:
    """Return h² under permutation as the JSON contract has it."""
    if null is None:
        return None
    return {"permutations": len(null.h2), "h2_median": null.median, "h2_95": null.high, "p": null.p(fit)}


def permuted_text(fit: Fit, null: PermutationNull) -> str:
    """Return h² under permutation, in a line."""
    return (
        f"h² median {output.number(null.median)}, 95 % below {output.number(null.high)}; "
        f"p = {output.number(null.p(fit))} ({counted(len(null.h2), 'permutation')})"
    )
