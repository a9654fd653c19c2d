"""`grn lmm compare`: which version explains a signal best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ....engine.errors import EngineError, InputError
from ... import lmm_options, options, output
from ...answers import lmm
from ...answers.answer import Answer, Note
from ...answers.versions import identity

if TYPE_CHECKING:
    from ....analysis.lmm.model import StoreModel
    from ....engine.lmm import Fit, Interval
    from ....storage.repository import Repository

COLUMNS = ("version", "pathways", "log_likelihood", "gain", "h2", "h2_low", "h2_high", "message")


@click.command("compare")
@options.versions("v0..HEAD")
@lmm_options.signal_and_kernel
@lmm_options.intervals
@options.forms
@options.repository
def command(repo: Repository, *, range_: str, inputs: lmm_options.SignalOptions, ci: str, seed: int) -> Answer:
    """Compare versions, along first parents, by how well each explains the same signal.

    The measure is the restricted log likelihood of the signal under each version's kernel: a gain of 2 is weak, of 5
    strong. All versions have the same genes and covariates, so that the likelihoods are comparable.

    \b
    Example:
      grn lmm compare v0..HEAD --pheno z.tsv
      grn lmm compare v0..HEAD --labels labels.tsv --contrast AML:ALL --expression all.tsv --json
    """
    from ....analysis.lmm.kernel_rows import OF_A_VERSION
    from ....engine.lmm import fit_many

    lmm_options.check_no_same_samples(inputs, "lmm compare")
    versions, notes = options.line_of_versions(repo, range_)
    if inputs.kernel not in OF_A_VERSION or inputs.kernel2 is not None:
        raise InputError(
            "Versions are compared with kernels that a version has itself, and with one only.",
            hint="Use --kernel shared, full or covariance.",
        )
    signal = inputs.signal(repo, versions[0].name)
    contents: dict[str, tuple[StoreModel, Fit, Interval | None]] = {}
    for version in versions:
        if version.content not in contents:
            try:
                store_model, cautions = lmm_options.match_model(repo, version.name, inputs, signal)
            except EngineError as refusal:
                raise type(refusal)(
                    f"{version.name}: {refusal.message}", hint=refusal.hint, code=refusal.code, facts=refusal.facts
                ) from None
            if len(signal.names) != 1:
                raise InputError(
                    f"Versions are compared for one signal, and {signal.description}.", hint="Name it: --trait."
                )
            notes += cautions
            fit = fit_many(store_model.model)[0]
            contents[version.content] = (store_model, fit, lmm_options.interval_of(store_model, fit, ci, seed))
    fits = [(version, *contents[version.content]) for version in versions]
    _, store_model, first, _ = fits[0]
    gains = [fit.log_likelihood - first.log_likelihood for _, _, fit, _ in fits]
    rows = [
        (version.name, version.rank, fit.log_likelihood, gain, fit.h2, *(span or (None, None)), version.message or None)
        for (version, _, fit, span), gain in zip(fits, gains, strict=True)
    ]
    best = max(rows, key=lambda row: row[2])[0]
    facts = [f"{name}: {value}" for name, value in lmm.model_facts(store_model, signal) if name != "kernel"]
    end = f"{best} explains the signal best; gain: of restricted log likelihood over {versions[0].name}, in nats."
    return Answer(
        columns=COLUMNS,
        rows=rows,
        json=lambda: {
            **lmm.model_json(store_model, signal),
            "best": best,
            "count": len(fits),
            "versions": [
                {**identity(version), **lmm.fit_json(fit, span, ci), "gain": gain}
                for (version, _, fit, span), gain in zip(fits, gains, strict=True)
            ],
        },
        text=lambda: output.table([name.replace("_", " ") for name in COLUMNS], rows),
        paged=True,
        notes=[*dict.fromkeys(notes), *map(Note, [*facts, end])],
    )
