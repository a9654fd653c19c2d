"""`grn lmm fit`: how much of a signal goes along a version's network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ....engine.errors import InputError
from ....engine.wording import counted
from ... import lmm_options, options, output
from ...answers import versions

if TYPE_CHECKING:
    from ....analysis.lmm.model import StoreModel
    from ....engine.lmm import Fit, Interval
    from ....engine.lmm.model.likelihood import Method
    from ....storage.repository import Repository

NOISE_TOO = (
    "The noise of samples goes along the network too: h² of a signal in which nothing differs is not 0, and its p is "
    "no evidence of a difference. Permuted labels say what is more: --labels and --contrast."
)

COLUMNS = ("trait", "n", "h2", "h2_se", "h2_low", "h2_high", "log_likelihood", "p_h2_0", "log10_p_h2_0")


@click.command("fit")
@options.at
@lmm_options.signal_and_kernel
@lmm_options.method
@lmm_options.intervals
@click.option(
    "--permute",
    type=click.IntRange(0, 100_000),
    metavar="N",
    help="Show h² of N permutations beside: of labels (100 by default), or of the rows of a kernel over samples.",
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE.tsv",
    help="Write what goes along the kernel, row by row: the prediction (BLUP) and its error variance; of rows without "
    "a value too.",
)
@options.forms
@options.repository
def command(
    repo: Repository,
    *,
    at: str,
    given: lmm_options.SignalOptions,
    method: Method,
    ci: str,
    seed: int,
    permute: int | None,
    target: Path | None,
    form: str,
) -> None:
    """Fit a signal as the sum of what goes along a network and what does not: h² is the share that does.

    The signal has a number a gene (a z-score, a log fold change, a t-statistic), or with --kernel samples a number a
    sample. It must not come from the samples that the network was estimated from: then it lies within by construction.

    \b
    Example:
      grn lmm fit --pheno z.tsv
      grn lmm fit --labels labels.tsv --contrast AML:ALL --expression all.tsv --permute 100
      grn lmm fit --pheno z.tsv --at v3 --ci bootstrap --json
    """
    from ....analysis.lmm.permutations import null_of
    from ....engine.lmm import fit_many

    lmm_options.check_target(target, given, repo)
    version = repo.version(at)
    signal = given.signal(repo, version.name)
    model = lmm_options.bound(repo, version.name, given, signal, method)
    found = fit_many(model.given, method=method)
    if len(found) > 1 and (permute or target is not None or ci == "bootstrap"):
        raise InputError(
            f"--permute, -o and --ci bootstrap are for one trait, and {signal.said} has {len(found):,}.",
            hint="Name one with --trait.",
        )
    spans = [lmm_options.interval_of(model, one, ci, seed, trait) for trait, one in enumerate(found)]
    if len(found) > 1:
        _tell_many(form, version, model, signal, found, spans, ci)
        return
    number = permute if permute is not None else 100 if signal.contrast is not None else 0
    null = null_of(model, signal, number, seed, method) if number else None
    if target is not None:
        write_prediction(target, model, found[0])
    if form == "json":
        effects = _effects(found[0])
        fields = {**lmm_options.json_header(model, signal), **lmm_options.json_fit(found[0], spans[0], ci)}
        names = ("covariate", "effect", "se", "t", "log10_p")
        output.emit_json(
            {
                **versions.identity(version),
                **fields,
                "effects": [dict(zip(names, row, strict=True)) for row in effects],
                "permuted": lmm_options.json_permuted(found[0], null),
            }
        )
        return
    pairs = [*lmm_options.header(model, signal), *_facts(model, found[0], spans[0], ci)]
    if null is not None:
        pairs.append(
            ("permuted labels" if signal.contrast else "permuted samples", lmm_options.said_permuted(found[0], null))
        )
    output.emit_facts(form, pairs)
    if form == "text" and null is None and model.rows.places is not None:
        output.note(NOISE_TOO)
    if form == "text" and found[0].maxima > 1:
        output.warn(f"The likelihood has {found[0].maxima} local maxima; this is the highest.")


def _facts(model: StoreModel, found: Fit, span: Interval | None, ci: str) -> list[tuple[str, object]]:
    left = model.given.traits[:, 0]
    variance = float(left @ left) / found.freedom
    pairs: list[tuple[str, object]] = [
        ("h², the share along it", lmm_options.said_h2(found, span, ci)),
        ("standard error", found.h2_se),
        ("variance along it", found.variance_kernel * found.scale),
        ("variance beside it", found.variance_noise),
        ("variance of the signal", variance),
        ("share of this signal", max(0.0, 1.0 - found.variance_noise / variance)),
        ("δ = noise / kernel", found.delta),
        ("γ = kernel / noise", found.gamma),
        (f"log likelihood ({found.method.upper()})", f"{found.log_likelihood:,.2f}"),
        ("at h² = 0", f"{found.log_likelihood_h2_0:,.2f}"),
        ("log10 p of h² = 0", found.log10_p_h2_0),
    ]
    for name, effect, se, t, log10_p in _effects(found):
        told = (
            f"{output.number(effect)} (SE {output.number(se)}, t {output.number(t)}, log10 p {output.number(log10_p)})"
        )
        pairs.append((name, told))
    return pairs


def _effects(found: Fit) -> list[tuple[str, float, float, float, float]]:
    columns = (found.effects, found.effects_se, found.effects_t, found.effects_log10_p)
    return [
        (name, *row)
        for name, row in zip(found.names, zip(*(one.tolist() for one in columns), strict=True), strict=True)
    ]


def _tell_many(
    form: str, version: Any, model: StoreModel, signal: Any, found: list[Fit], spans: list[Interval | None], ci: str
) -> None:
    rows = [
        (name, one.size, one.h2, one.h2_se, *(span or (None, None)), one.log_likelihood, one.p_h2_0, one.log10_p_h2_0)
        for name, one, span in zip(signal.names, found, spans, strict=True)
    ]
    if form == "json":
        traits = [
            {"trait": name, **lmm_options.json_fit(one, span, ci)}
            for name, one, span in zip(signal.names, found, spans, strict=True)
        ]
        output.emit_json({**versions.identity(version), **lmm_options.json_header(model, signal), "traits": traits})
    elif form == "tsv":
        output.emit_tsv(COLUMNS, rows)
    else:
        click.echo(output.facts(lmm_options.header(model, signal)))
        output.page(output.table(COLUMNS, rows))


def write_prediction(target: Path, model: StoreModel, found: Fit) -> None:
    """Write the best linear unbiased prediction of each row, those without a value among them."""
    from ....analysis.lmm.model import PREDICTED, predict_rows
    from ....formats.files.row_tables import row_writer

    number = 0
    with row_writer(target, PREDICTED) as write:
        for block in predict_rows(model, found):
            write(block)
            number += len(block)
    new = number - len(model.rows.ids)
    output.note(f"{target}: {counted(number, 'row')}, {new:,} of them without a value of the signal.")
