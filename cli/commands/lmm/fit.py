"""`grn lmm fit`: how much of a signal goes along a version's network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ....engine.errors import InputError
from ....engine.wording import counted
from ... import lmm_options, options, output
from ...answers import lmm, versions
from ...answers.answer import EVERY_FORM, Answer, Facts, Note, caution, facts_answer, records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....analysis.lmm.model import StoreModel
    from ....analysis.lmm.signals import Signal
    from ....engine.choices import Method
    from ....engine.lmm import Fit, Interval
    from ....storage.history.versions import Version
    from ....storage.repository import Repository

NOISE_TOO = (
    "Sampling noise follows the network too: even where nothing differs, h² is not 0 and its p is not evidence of a "
    "difference. Compare with permuted labels: --labels and --contrast."
)

EFFECT = ("covariate", "effect", "se", "t", "log10_p")

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
    help="Also show h² of N permutations: of labels (100 by default), or of the rows of a kernel over samples.",
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE.tsv",
    help="Write the prediction (BLUP) of each row along the kernel, and its error variance; also for rows without "
    "a value.",
)
@options.forms
@options.repository
def command(
    repo: Repository,
    *,
    at: str,
    inputs: lmm_options.SignalOptions,
    method: Method,
    ci: str,
    seed: int,
    permute: int | None,
    target: Path | None,
) -> Answer:
    """Fit a signal as the sum of a part along the network and noise: h² is the share of the first.

    The signal has one number per gene (a z-score, a log fold change, a t-statistic), or with --kernel samples one per
    sample. It must not come from the samples that the network was estimated from: it would follow it by construction.

    \b
    Example:
      grn lmm fit --pheno z.tsv
      grn lmm fit --labels labels.tsv --contrast AML:ALL --expression all.tsv --permute 100
      grn lmm fit --pheno z.tsv --at v3 --ci bootstrap --json
    """
    from ....analysis.lmm.permutations import permute_labels
    from ....engine.lmm import fit_many
    from ....engine.lmm.association.permutations import permutation_h2

    lmm_options.check_target(target, inputs, repo)
    version = repo.version(at)
    signal = inputs.signal(repo, version.name)
    store_model, notes = lmm_options.match_model(repo, version.name, inputs, signal, method)
    fits = fit_many(store_model.model, method=method)
    if len(fits) > 1 and (permute or target is not None or ci == "bootstrap"):
        raise InputError(
            f"--permute, -o and --ci bootstrap are for one trait, and {signal.description} has {len(fits):,}.",
            hint="Name one with --trait.",
        )
    spans = [lmm_options.interval_of(store_model, fit, ci, seed, trait) for trait, fit in enumerate(fits)]
    if len(fits) > 1:
        return _many(version, store_model, signal, fits, spans, ci, notes)
    fit, span = fits[0], spans[0]
    number = permute if permute is not None else 100 if signal.contrast is not None else 0
    null = permutation_h2(permute_labels(store_model, signal, number, seed), method) if number else None
    if target is not None:
        notes.append(write_prediction(target, store_model, fit))
    facts = [*lmm.model_facts(store_model, signal), *_facts(store_model, fit, span, ci)]
    if null is not None:
        facts.append(("permuted labels" if signal.contrast else "permuted samples", lmm.permuted_text(fit, null)))
    if null is None and store_model.rows.genes is not None:
        notes.append(Note(NOISE_TOO))
    if fit.maxima > 1:
        notes.append(caution(f"The likelihood has {fit.maxima} local maxima; this is the highest."))
    return facts_answer(
        facts,
        json=lambda: {
            **versions.identity(version),
            **lmm.model_json(store_model, signal),
            **lmm.fit_json(fit, span, ci),
            "effects": records(EFFECT, _effects(fit)),
            "permuted": lmm.permuted_json(fit, null),
        },
        notes=notes,
    )


def _facts(store_model: StoreModel, fit: Fit, span: Interval | None, ci: str) -> Facts:
    residual = store_model.model.traits[:, 0]
    variance = float(residual @ residual) / fit.freedom
    effects = [(name, "{} (SE {}, t {}, log10 p {})".format(*map(output.number, row))) for name, *row in _effects(fit)]
    return [
        ("h², share along the kernel", lmm.h2_text(fit, span, ci)),
        ("standard error", fit.h2_se),
        ("variance along the kernel", fit.variance_kernel * fit.scale),
        ("variance of the noise", fit.variance_noise),
        ("variance of the signal", variance),
        ("share of this signal", max(0.0, 1.0 - fit.variance_noise / variance)),
        ("δ = noise / kernel", fit.delta),
        ("γ = kernel / noise", fit.gamma),
        (f"log likelihood ({fit.method.upper()})", f"{fit.log_likelihood:,.2f}"),
        ("at h² = 0", f"{fit.log_likelihood_h2_0:,.2f}"),
        ("log10 p of h² = 0", fit.log10_p_h2_0),
        *effects,
    ]


def _effects(fit: Fit) -> Iterator[tuple[str, float, float, float, float]]:
    columns = (fit.effects, fit.effects_se, fit.effects_t, fit.effects_log10_p)
    return zip(fit.names, *(column.tolist() for column in columns), strict=True)


def _many(
    version: Version,
    store_model: StoreModel,
    signal: Signal,
    fits: list[Fit],
    spans: list[Interval | None],
    ci: str,
    notes: list[Note],
) -> Answer:
    """Return the answer for a file of several signals: a row each."""
    trait_fits = list(zip(store_model.names, fits, spans, strict=True))
    rows = [
        (name, fit.size, fit.h2, fit.h2_se, *(span or (None, None)), fit.log_likelihood, fit.p_h2_0, fit.log10_p_h2_0)
        for name, fit, span in trait_fits
    ]
    return Answer(
        columns=COLUMNS,
        rows=rows,
        json=lambda: {
            **versions.identity(version),
            **lmm.model_json(store_model, signal),
            "traits": [{"trait": name, **lmm.fit_json(fit, span, ci)} for name, fit, span in trait_fits],
        },
        text=lambda: f"{output.facts(lmm.model_facts(store_model, signal))}\n{output.table(COLUMNS, rows)}",
        paged=True,
        notes=notes,
    )


def write_prediction(target: Path, store_model: StoreModel, fit: Fit) -> Note:
    """Write the best linear unbiased prediction of each row, those without a value too, and return a note on it."""
    from ....analysis.lmm.model import PREDICTED, predict_rows
    from ....formats.files.writing import row_writer

    count = 0
    with row_writer(target, PREDICTED) as write:
        for block in predict_rows(store_model, fit):
            write(block)
            count += len(block)
    new = count - len(store_model.rows.ids)
    return Note(f"{target}: {counted(count, 'row')}, {new:,} of them without a value of the signal.", EVERY_FORM)
