"""`grn lmm enrich`: which gene sets are shifted beyond what the network predicts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ....engine.errors import InputError
from ....engine.wording import counted
from ... import lmm_options, options, output
from ...answers import versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....analysis.lmm.model import StoreModel
    from ....analysis.lmm.set_tests import SetTests
    from ....analysis.lmm.signals import Signal
    from ....engine.lmm.association.enrichment import Alternative
    from ....storage.repository import Repository

COLUMNS = (
    "set", "n_set", "n_used", "beta", "se", "t", "df", "p", "log10p", "q", "direction", "p_leave_own_out",
    "p_scatter", "p_plain", "p_permuted",
)  # fmt: skip

BEYOND = (
    "beta: how far a set is shifted beyond what the network predicts, against the other genes, in the signal's units."
)

OWN_VARIANCE = (
    "p allows for sets in general being shifted, since no estimated network has all that links their genes (p_plain "
    "does not): the sets' own variance is"
)

OWN_OUT = (
    "p_leave_own_out asks another question: is the set shifted at all, its own pathway taken out of the network? "
    "p asks whether it is shifted beyond what the network, that pathway included, predicts."
)


@click.command("enrich")
@options.at
@lmm_options.signal_and_kernel
@lmm_options.intervals
@click.option(
    "--sets", "library", type=click.Path(path_type=Path), required=True, metavar="FILE.gmt", help="The gene sets."
)
@click.option(
    "--alternative",
    type=click.Choice(["two-sided", "greater", "less"]),
    default="two-sided",
    show_default=True,
    help="Which shift counts.",
)
@click.option("--min-genes", type=click.IntRange(1), default=5, show_default=True, help="Of a set, with a value.")
@click.option("--max-genes", type=click.IntRange(1), metavar="N", help="Of a set, with a value.")
@click.option(
    "--leave-own-out", is_flag=True, help="Beside it, test each set that the version has as a pathway without that one."
)
@click.option(
    "--scatter", is_flag=True, help="Beside it, test whether the set's genes scatter more than predicted, up and down."
)
@click.option(
    "--set-variance/--no-set-variance",
    default=None,
    help="Whether sets in general may be shifted, by a variance estimated from all of them; from 10 to 2,000 sets they "
    "may. Without it p is far too small where the network is estimated from few samples.",
)
@click.option(
    "--permute",
    type=click.IntRange(0, 100_000),
    metavar="N",
    help="Judge every set by N permutations of the labels too; 100 with --same-samples, else none by default.",
)
@options.forms
@options.repository
def command(
    repo: Repository,
    *,
    at: str,
    given: lmm_options.SignalOptions,
    ci: str,
    seed: int,
    library: Path,
    alternative: Alternative,
    min_genes: int,
    max_genes: int | None,
    leave_own_out: bool,
    scatter: bool,
    set_variance: bool | None,
    permute: int | None,
    form: str,
) -> None:
    """Test gene sets against all other genes, beside what the signal has along the network.

    Genes that are linked go together whatever the set: ordinary tests of sets take that for a finding. Here a set
    counts if it is shifted beyond what the network predicts. q is Benjamini and Hochberg's, over the sets tested.

    \b
    Example:
      grn lmm enrich --pheno z.tsv --sets hallmark.gmt
      grn lmm enrich --pheno z.tsv --sets hallmark.gmt --at v3 --leave-own-out --tsv
      grn lmm enrich --labels labels.tsv --contrast AML:ALL --expression all.tsv --sets hallmark.gmt --permute 100
    """
    from ....analysis.lmm.permutations import permute_labels
    from ....analysis.lmm.set_tests import run_set_tests

    version = repo.version(at)
    signal = given.signal(repo, version.name)
    model = lmm_options.bound(repo, version.name, given, signal)
    if model.rows.part == "samples":
        raise InputError("Sets of genes are tested over genes, and this kernel is over samples.")
    if model.given.traits.shape[1] != 1:
        raise InputError(f"Sets are tested for one signal, and {signal.said}.", hint="Name it with --trait.")
    number = permute if permute is not None else 100 if given.same_samples else 0
    drawn = permute_labels(model, signal, number, seed) if number else None
    with output.waiting("testing sets") as progress:
        judged = run_set_tests(
            repo,
            version.name,
            model,
            library,
            alternative=alternative,
            sizes=(min_genes, max_genes),
            leave_own_out=leave_own_out,
            scatter=scatter,
            set_variance=set_variance,
            permuted=drawn,
            progress=progress,
        )
    span = lmm_options.interval_of(model, judged.null, ci, seed)
    rows = _rows(judged)
    if form == "json":
        named = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        output.emit_json(
            {
                **versions.identity(version),
                **lmm_options.json_header(model, signal),
                **lmm_options.json_fit(judged.null, span, ci),
                "alternative": alternative,
                "set_weight": judged.set_weight,
                "left_out": list(judged.left_out),
                "permuted": lmm_options.json_permuted(judged.null, judged.null_h2),
                "count": len(named),
                "sets": named,
            }
        )
        return
    if form == "tsv":
        output.emit_tsv(COLUMNS, rows)
    else:
        kept = [place for place in range(len(COLUMNS)) if any(row[place] is not None for row in rows)]
        output.page(output.table([COLUMNS[place] for place in kept], [[row[place] for place in kept] for row in rows]))
    for note in _notes(model, signal, judged, lmm_options.said_h2(judged.null, span, ci)):
        output.note(note)
    if leave_own_out:
        output.note(OWN_OUT)


def _notes(model: StoreModel, signal: Signal, judged: SetTests, h2: str) -> Iterator[str]:
    """Yield what is said beside the table."""
    for name, value in lmm_options.header(model, signal):
        yield f"{name}: {value}"
    yield f"h² along the network: {h2}"
    if judged.null_h2 is not None:
        yield f"permuted labels: {lmm_options.said_permuted(judged.null, judged.null_h2)}"
        share, most = (output.number(100 * one) for one in (judged.null_share, judged.null_most))
        yield f"In the permutations {share} % of the sets have p < 0.05, where 5 % should; one set has {most} %."
    yield BEYOND
    if judged.set_weight is not None:
        yield f"{OWN_VARIANCE} {output.number(100 * judged.set_weight)} % of what goes along network and sets."
    elif model.relation.base is not None:
        yield (
            f"Note: the network was estimated from {model.relation.base} samples, and sets are allowed no variance of "
            "their own: p is too small. --set-variance, or --permute with --labels."
        )
    if judged.left_out:
        yield f"{counted(len(judged.left_out), 'set')} with too few genes that have a value, or too many, left out."


def _rows(judged: SetTests) -> list[tuple[Any, ...]]:
    """Return a row a set, the least p first, and sets that could not be tested last."""
    found = judged.found
    beside = (judged.own_out, judged.scatter, judged.plain, judged.permuted)
    rows: list[tuple[Any, ...]] = []
    for place in judged.order:
        t = float(found.t[place])
        rows.append(
            (
                judged.names[place],
                judged.sizes[place],
                judged.used[place],
                float(found.beta[place]),
                float(found.se[place]),
                t,
                float(found.freedom[place]),
                float(10.0 ** found.log10_p[place]),
                float(found.log10_p[place]),
                float(found.q[place]),
                "up" if t > 0 else "down" if t < 0 else None,
                *(None if column is None else column[place] for column in beside),
            )
        )
    return rows
