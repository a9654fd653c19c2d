"""`grn lmm enrich`: which gene sets are shifted beyond what the network predicts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from ....engine.choices import Alternative
from ....engine.errors import InputError
from ....engine.wording import counted
from ....formats.readers import list_formats
from ... import lmm_options, options, output, scheduler_options
from ...answers import lmm, versions
from ...answers.answer import ROWS, TEXT_AND_ROWS, Answer, Note

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....analysis.lmm.model import StoreModel
    from ....analysis.lmm.set_tests import SetTests
    from ....analysis.lmm.signals import Signal
    from ....engine.mapping import Mapper
    from ....storage.repository import Repository

BEYOND = "beta: shift of a set beyond what the network predicts, relative to the other genes, in the signal's units."

HEAVY_TAILS = 3.0
"""Excess kurtosis of a signal from which --normal is pointed at: that of t with 6 degrees of freedom."""

NORMAL = "The signal is the normal scores of its ranks, whose units are their standard deviations."

OWN_VARIANCE = (
    "p accounts for a shift of sets in general, since no estimated network has every link between genes (p_plain "
    "does not): the sets' own variance is"
)

OWN_OUT = (
    "p_leave_own_out tests another hypothesis: is the set shifted at all, when its own pathway is not in the network? "
    "p tests whether it is shifted beyond what the network with that pathway predicts."
)


@click.command("enrich")
@options.at
@lmm_options.signal_and_kernel
@lmm_options.intervals
@click.option(
    "--sets",
    "library",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help=f"The gene sets: {list_formats('gene sets')}.",
)
@click.option("--sheet", metavar="NAME", help="The sheet of a workbook of gene sets.")
@click.option(
    "--descriptions/--no-descriptions",
    default=None,
    help="Whether the second field of a set in GMT or GMX is a description, or the first gene.",
)
@click.option(
    "--alternative",
    type=click.Choice(get_args(Alternative)),
    default="two-sided",
    show_default=True,
    help="Direction of shift to test.",
)
@click.option(
    "--min-genes",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Smallest number of genes of a set that have a value.",
)
@click.option(
    "--max-genes", type=click.IntRange(1), metavar="N", help="Largest number of genes of a set that have a value."
)
@click.option(
    "--leave-own-out",
    is_flag=True,
    help="Also test each set that is a pathway of the version without that pathway in the network.",
)
@click.option(
    "--scatter", is_flag=True, help="Also test whether the set's genes scatter more than predicted, up and down."
)
@click.option(
    "--set-variance/--no-set-variance",
    default=None,
    help="Whether sets in general may be shifted, with a variance estimated from all sets; on by default from 10 to "
    "2,000 sets. Without it p is far too small where the network is estimated from few samples.",
)
@click.option(
    "--normal",
    is_flag=True,
    help="Test the normal scores of the signal's ranks: for signals with heavy tails, of which a few genes of a small "
    "set would otherwise make a shift.",
)
@click.option(
    "--permute",
    type=click.IntRange(0, 100_000),
    metavar="N",
    help="Test every set by N permutations of the labels too; by default 100 with --same-samples, otherwise none.",
)
@scheduler_options.scheduler
@options.forms
@options.repository
def command(
    repo: Repository,
    *,
    at: str,
    inputs: lmm_options.SignalOptions,
    ci: str,
    seed: int,
    library: Path,
    sheet: str | None,
    descriptions: bool | None,
    alternative: Alternative,
    min_genes: int,
    max_genes: int | None,
    leave_own_out: bool,
    scatter: bool,
    set_variance: bool | None,
    normal: bool,
    permute: int | None,
    mapper: Mapper | None,
) -> Answer:
    """Test gene sets against all other genes, in a model that includes the part of the signal along the network.

    Linked genes vary together in any set, and ordinary tests of sets report that as an effect. Here a set is tested for
    a shift beyond what the network predicts. q is the false discovery rate (Benjamini–Hochberg) over the sets tested.

    \b
    Example:
      grn lmm enrich --pheno z.tsv --sets hallmark.gmt
      grn lmm enrich --pheno z.tsv --sets hallmark.gmt --at v3 --leave-own-out --tsv
      grn lmm enrich --pheno z.tsv --sets hallmark.gmt --normal
      grn lmm enrich --labels labels.tsv --contrast AML:ALL --expression all.tsv --sets hallmark.gmt --permute 100
    """
    from ....analysis.lmm.permutations import permute_labels
    from ....analysis.lmm.set_tests import run_set_tests

    version = repo.version(at)
    signal = inputs.signal(repo, version.name)
    store_model, cautions = lmm_options.match_model(repo, version.name, inputs, signal, normal=normal)
    if store_model.rows.part == "samples":
        raise InputError("Sets of genes are tested over genes, and this kernel is over samples.")
    if store_model.model.traits.shape[1] != 1:
        raise InputError(f"Sets are tested for one signal, and {signal.description}.", hint="Name it with --trait.")
    number = permute if permute is not None else 100 if inputs.same_samples else 0
    permutations = permute_labels(store_model, signal, number, seed) if number else None
    with output.waiting("testing sets") as progress:
        tests = run_set_tests(
            store_model,
            library,
            alternative=alternative,
            sizes=(min_genes, max_genes),
            own_out=leave_own_out,
            scatter=scatter,
            set_variance=set_variance,
            permuted=permutations,
            descriptions=descriptions,
            sheet=sheet,
            mapper=mapper,
            progress=progress,
        )
    span = lmm_options.interval_of(store_model, tests.null, ci, seed)
    columns = tests.columns()
    rows = list(zip(*columns.values(), strict=True))
    notes = list(_notes(store_model, signal, tests, lmm.h2_text(tests.null, span, ci)))
    return Answer(
        columns=list(columns),
        rows=rows,
        json=lambda: {
            **versions.identity(version),
            **lmm.model_json(store_model, signal),
            **lmm.fit_json(tests.null, span, ci),
            "alternative": alternative,
            "normal": normal,
            "set_weight": tests.set_weight,
            "left_out": list(tests.sets.left_out),
            "permuted": lmm.permuted_json(tests.null, tests.permuted and tests.permuted.null),
            "count": len(rows),
            "sets": ROWS,
        },
        text=lambda: output.table(*output.without_empty_columns(list(columns), rows)),
        paged=True,
        notes=[*cautions, *(Note(note, TEXT_AND_ROWS) for note in notes)],
    )


def _notes(store_model: StoreModel, signal: Signal, tests: SetTests, h2: str) -> Iterator[str]:
    """Yield the sentences beside the table."""
    from ....engine.inference.normal_scores import excess_kurtosis

    for name, value in lmm.model_facts(store_model, signal):
        yield f"{name}: {value}"
    yield f"h² along the network: {h2}"
    yield from (f"sets: {note}" for note in tests.sets.notes)
    if tests.permuted is not None:
        yield f"permuted labels: {lmm.permuted_text(tests.null, tests.permuted.null)}"
        share, most = (output.number(100 * part) for part in (tests.permuted.share, tests.permuted.most))
        yield f"In the permutations {share} % of the sets have p < 0.05, where 5 % should; one set has {most} %."
    yield f"{NORMAL} {BEYOND}" if store_model.normal else BEYOND
    kurtosis = excess_kurtosis(store_model.model.traits[:, 0])
    if kurtosis > HEAVY_TAILS:
        yield (
            f"The signal has heavy tails (excess kurtosis {output.number(kurtosis)}): a few genes may "
            "shift a small set. --normal tests its ranks."
        )
    if tests.set_weight is not None:
        yield f"{OWN_VARIANCE} {output.number(100 * tests.set_weight)} % of what goes along network and sets."
    elif store_model.relation.base is not None:
        yield (
            f"Note: the network was estimated from {store_model.relation.base} samples, and the sets have no "
            "variance of their own: p is too small. --set-variance, or --permute with --labels."
        )
    if tests.sets.left_out:
        yield f"{counted(len(tests.sets.left_out), 'set')} with too few genes that have a value, or too many, left out."
    if tests.own_out is not None:
        yield OWN_OUT
