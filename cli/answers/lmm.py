"""A fitted mixed model in text and in JSON: the same words in every verb of `grn lmm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...engine.wording import counted
from .. import output

if TYPE_CHECKING:
    from ...analysis.lmm.model import StoreModel
    from ...analysis.lmm.signals import Signal
    from ...engine.lmm import Fit, Interval
    from ...engine.lmm.association.permutations import PermutationNull
    from .answer import Facts

SAY_WHICH = "name them with --pheno-samples, or in a line `# samples: a, b{more}` of the file"
"""What to do where the samples of a signal are not known."""


def model_facts(store_model: StoreModel, signal: Signal) -> Facts:
    """Return kernel, signal and rows of a model, as names and values."""
    unit = "genes" if store_model.rows.genes is not None else "rows"
    facts: Facts = [
        ("kernel", store_model.rows.description),
        ("signal", signal.description),
        (unit, f"{len(store_model.rows.ids):,} of the kernel with a value"),
    ]
    if store_model.relation.base is not None:
        which = f": {SAY_WHICH.format(more=', c')}" if store_model.relation.signal is None else ""
        facts.append(("samples of the signal", store_model.relation.description + which))
    if store_model.weight is not None:
        facts.append(("weight of the second kernel", store_model.weight))
    if store_model.model.fixed.dropped:
        facts.append(
            ("covariates left out", f"{', '.join(store_model.model.fixed.dropped)}: linear combinations of others")
        )
    return facts


def h2_text(fit: Fit, interval: Interval | None, kind: str) -> str:
    """Return h² with its interval, in a line."""
    if interval is None:
        return output.number(fit.h2)
    low, high = interval
    if low != low:
        return f"{output.number(fit.h2)}, at a boundary, where there is no Wald interval: use --ci bootstrap"
    return f"{output.number(fit.h2)} (95 % {output.number(low)} to {output.number(high)}, {kind})"


def model_json(store_model: StoreModel, signal: Signal) -> dict[str, Any]:
    """Return kernel, signal and rows of a model as the JSON contract has them."""
    relation = store_model.relation
    return {
        "kernel": {
            "part": store_model.rows.part,
            "said": store_model.rows.description,
            "second_weight": store_model.weight,
        },
        "signal": signal.description,
        "n": len(store_model.rows.ids),
        "samples": {
            "relation": relation.kind,
            "base": relation.base,
            "signal": relation.signal,
            "shared": relation.shared,
        },
        "covariates": list(store_model.model.fixed.names),
        "dropped": list(store_model.model.fixed.dropped),
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
