"""`grn lmm compare`: which version explains a signal best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ....engine.errors import EngineError, InputError
from ... import lmm_options, options, output
from ...answers import versions as describe
from ..questions.trace import line

if TYPE_CHECKING:
    from ....storage.repository import Repository

COLUMNS = ("version", "pathways", "log_likelihood", "gain", "h2", "h2_low", "h2_high", "message")


@click.command("compare")
@click.argument("range_", metavar="[A..B]", default="v0..HEAD")
@lmm_options.signal_and_kernel
@lmm_options.intervals
@options.forms
@options.repository
def command(repo: Repository, *, range_: str, given: lmm_options.SignalOptions, ci: str, seed: int, form: str) -> None:
    """Compare versions, along first parents, by how well each explains the same signal.

    The restricted log likelihood of the signal under each version's kernel: a gain of 2 is weak, of 5 strong. All
    versions see the same genes and covariates, so that the likelihoods are comparable.

    \b
    Example:
      grn lmm compare v0..HEAD --pheno z.tsv
      grn lmm compare v0..HEAD --labels labels.tsv --contrast AML:ALL --expression all.tsv --json
    """
    from ....analysis.lmm.kernel_rows import OF_A_VERSION
    from ....engine.lmm import fit_many

    lmm_options.check_no_same_samples(given, "compare")
    versions = line(repo, range_)
    if given.kernel not in OF_A_VERSION or given.kernel2 is not None:
        raise InputError("Versions are compared by kernels of their own.", hint="--kernel shared, full or covariance.")
    signal = given.signal(repo, versions[0].name)
    found: list[tuple[Any, Any, Any]] = []
    contents: dict[str, tuple[Any, Any]] = {}
    for version in versions:
        if version.content not in contents:
            try:
                model = lmm_options.bound(repo, version.name, given, signal)
            except EngineError as refusal:
                raise type(refusal)(f"{version.name}: {refusal.message}", hint=refusal.hint) from None
            if len(signal.names) != 1:
                raise InputError(f"Versions are compared for one signal, and {signal.said}.", hint="Name it: --trait.")
            null = fit_many(model.given)[0]
            contents[version.content] = (model, (null, lmm_options.interval_of(model, null, ci, seed)))
        found.append((version, *contents[version.content]))
    first = found[0][2][0].log_likelihood
    rows = [
        (
            version.name,
            version.rank,
            null.log_likelihood,
            null.log_likelihood - first,
            null.h2,
            *(span or (None, None)),
            version.message or None,
        )
        for version, _, (null, span) in found
    ]
    best = max(range(len(rows)), key=lambda place: rows[place][2])
    if form == "json":
        told = [
            {**describe.identity(version), **lmm_options.json_fit(null, span, ci), "gain": null.log_likelihood - first}
            for version, _, (null, span) in found
        ]
        output.emit_json(
            {
                **lmm_options.json_header(found[0][1], signal),
                "best": rows[best][0],
                "count": len(told),
                "versions": told,
            }
        )
        return
    if form == "tsv":
        output.emit_tsv(COLUMNS, rows)
        return
    output.page(output.table([name.replace("_", " ") for name in COLUMNS], rows))
    for name, value in lmm_options.header(found[0][1], signal):
        if name != "kernel":
            output.note(f"{name}: {value}")
    output.note(
        f"{rows[best][0]} explains the signal best; gain: of restricted log likelihood over {rows[0][0]}, in nats."
    )
