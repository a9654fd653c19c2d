"""`grn lmm scan`: many columns tested beside a network, from file to file."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from ....engine.choices import Statistic
from ....engine.errors import InputError
from ....engine.wording import counted
from ....formats.readers import list_formats
from ... import lmm_options, options, output, scheduler_options
from ...answers import lmm, versions
from ...answers.answer import EVERY_FORM, TEXT_AND_ROWS, Answer, Note
from ...answers.written import scans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....analysis.distribution.parts import Part
    from ....analysis.lmm.model import StoreModel
    from ....analysis.lmm.scan import Row
    from ....engine.lmm import Fit
    from ....engine.mapping import Mapper
    from ....formats.traits.tested_columns import TestedColumns
    from ....storage.repository import Repository


@click.command("scan")
@options.at
@lmm_options.signal_and_kernel
@click.option(
    "--tests",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help=f"{list_formats('tests', '; ', '; or ')}.",
)
@click.option(
    "--mode",
    type=click.Choice(["p3d", "exact"]),
    default="p3d",
    show_default=True,
    help="p3d: variances estimated once, without a test; exact: variances estimated again with each test.",
)
@click.option(
    "--statistic",
    type=click.Choice(get_args(Statistic)),
    default="wald",
    show_default=True,
    help="wald: F with n − r − 1 degrees of freedom; lrt, score: χ² with one.",
)
@click.option(
    "--float32",
    "single",
    is_flag=True,
    help="Single precision: half the time; log10 p is accurate to 1e-4, or to 1e-5 of its value.",
)
@click.option(
    "--groups",
    type=click.Path(path_type=Path),
    metavar="FILE.gmt",
    help="Test the tests of each group together: name, description, names of tests; F with as many degrees of freedom.",
)
@scheduler_options.scheduler
@scheduler_options.part
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE.tsv",
    help="Output file; standard output by default.",
)
@options.forms
@options.repository
def command(
    repo: Repository,
    *,
    at: str,
    inputs: lmm_options.SignalOptions,
    tests: Path,
    mode: str,
    statistic: Statistic,
    single: bool,
    groups: Path | None,
    mapper: Mapper | None,
    part: str | None,
    target: Path | None,
) -> Answer:
    """Test each of many columns in a model with the network's random effect, and write a row for each.

    Rows are read, tested and written block by block, whatever the number of tests. A missing value is replaced by the
    mean of the other values of that test; N is the number of values. A test that is collinear with the
    covariates has no result. LL is the restricted likelihood with the test, for lrt the likelihood. With --groups, N is
    the number of tests in a group, and DF their rank.

    The parts of --part need no scheduler, as for an array of jobs: `grn lmm gather` joins them. See docs/scale.md.

    \b
    Example:
      grn lmm scan --pheno y.tsv --kernel samples --tests genotypes.bed -o scan.tsv
      grn lmm scan --pheno z.tsv --tests sets.gmt --mode exact
      grn lmm scan --pheno y.tsv --kernel K.npz --tests genotypes.bed --part 3/20 -o scan.3.part
    """
    from ....analysis.distribution.parts import Part
    from ....analysis.lmm.scan import COLUMNS
    from ....analysis.lmm.scan_parts import whole_of
    from ....analysis.lmm.signals import among
    from ....formats.traits.tested_columns import read_tested

    lmm_options.check_no_same_samples(inputs, "lmm scan")
    _check(mode, statistic, single=single, grouped=groups is not None)
    of_whole = None if part is None else Part.of(part)
    _check_part(of_whole, target, grouped=groups is not None)
    if mapper is not None and groups is not None:
        raise InputError("Groups are tested in this process.", hint="Leave out --scheduler, or --groups.")
    lmm_options.check_target(target, inputs, repo, tests, *([] if groups is None else [groups]))
    version = repo.version(at)
    tested = read_tested(tests)
    signal = inputs.signal(repo, version.name)
    cautions: list[Note] = []
    if tested.ids is not None:
        whole = len(signal.ids)
        signal = among(signal, tested.ids, tests.name)
        if len(signal.ids) < whole:
            text = f"{counted(whole - len(signal.ids), 'id')} of the signal not among the tests' left out."
            cautions.append(Note(text, EVERY_FORM))
    method = "ml" if statistic == "lrt" else "reml"
    store_model, of_model = lmm_options.match_model(repo, version.name, inputs, signal, method)
    cautions += of_model
    if store_model.model.traits.shape[1] != 1:
        raise InputError(f"A scan is of one signal, and {signal.description}.", hint="Name it with --trait.")
    null, blocks = _scan(
        store_model, tested, groups, exact=mode == "exact", statistic=statistic, single=single, mapper=mapper,
        part=of_whole,
    )  # fmt: skip
    facts = lmm.model_facts(store_model, signal)
    notes = [*cautions, *(Note(f"{name}: {value}", TEXT_AND_ROWS) for name, value in facts)]
    fields = {
        **versions.identity(version),
        **lmm.model_json(store_model, signal),
        **lmm.fit_json(null, None, "none"),
        "mode": mode,
        "statistic": statistic,
    }
    if target is not None and of_whole is not None:
        whole = whole_of(store_model, tests, single=single)
        return scans.part_answer(blocks, whole, fields, notes, target=target, part=of_whole)
    return scans.answer(blocks, COLUMNS, fields, notes, target=target, unit="test" if groups is None else "group")


def _scan(
    store_model: StoreModel,
    tested: TestedColumns,
    groups: Path | None,
    *,
    exact: bool,
    statistic: Statistic,
    single: bool,
    mapper: Mapper | None,
    part: Part | None,
) -> tuple[Fit, Iterator[list[Row]]]:
    """Return the null model, and the rows of a scan, computed as they are read; a bar is shown until the last."""
    from ....analysis.lmm.scan import scan_columns, scan_groups
    from ....formats.sets.gene_sets import read_gene_sets
    from ....formats.traits.tested_columns import every

    with contextlib.ExitStack() as bar:
        progress = bar.enter_context(output.waiting("scanning"))
        if groups is not None:
            sets = {group.name: group.genes for group in read_gene_sets(groups)}
            null, blocks = scan_groups(store_model, tested, sets, progress=progress)
        else:
            null, blocks = scan_columns(
                store_model, tested, exact=exact, statistic=statistic, single=single, mapper=mapper,
                keep=every if part is None else part.has, progress=progress,
            )  # fmt: skip
        rest = bar.pop_all()

    def until_the_last() -> Iterator[list[Row]]:
        with rest:
            yield from blocks

    return null, until_the_last()


def _check(mode: str, statistic: str, *, single: bool, grouped: bool) -> None:
    if grouped and (mode, statistic, single) != ("p3d", "wald", False):
        raise InputError(
            "Groups are tested by F at the null model's variances, in double precision.",
            hint="Leave out --mode, --statistic and --float32.",
        )
    if mode == "exact" and statistic == "score":
        raise InputError("The score test is made at the null model's variances: --mode p3d.")


def _check_part(part: Part | None, target: Path | None, *, grouped: bool) -> None:
    if part is not None and grouped:
        raise InputError("Groups are tested whole, and not in parts.", hint="Leave out --part, or --groups.")
    if part is not None and target is None:
        raise InputError("A part is written to a file.", hint=f"Name it: -o scan.{part.number}.part.")
