"""`grn lmm scan`: many columns tested beside a network, from file to file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ....engine.errors import InputError
from ....engine.wording import counted
from ....formats.readers import list_formats
from ... import lmm_options, options, output
from ...answers import versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ....analysis.lmm.scan import Row
    from ....engine.lmm.association.scan import Statistic
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
    help="The variances of the model without a test for all, or found anew beside each.",
)
@click.option(
    "--statistic",
    type=click.Choice(["wald", "lrt", "score"]),
    default="wald",
    show_default=True,
    help="F with n − r − 1 degrees of freedom, or χ² with one.",
)
@click.option(
    "--float32", "single", is_flag=True, help="In single precision: half the time; log10 p to 1e-4, or 1e-5 of it."
)
@click.option(
    "--groups",
    type=click.Path(path_type=Path),
    metavar="FILE.gmt",
    help="Test the tests of each group together: name, description, names of tests; F with as many degrees of freedom.",
)
@click.option("--threads", type=click.IntRange(1, 1024), metavar="N", help="Blocks side by side; all cores by default.")
@click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path), metavar="FILE.tsv", help="Else standard output."
)
@options.forms
@options.repository
def command(
    repo: Repository,
    *,
    at: str,
    given: lmm_options.SignalOptions,
    tests: Path,
    mode: str,
    statistic: Statistic,
    single: bool,
    groups: Path | None,
    threads: int | None,
    target: Path | None,
    form: str,
) -> None:
    """Test each of many columns beside the network's random effect, and write a row for each.

    Rows are read, tested and written block by block, whatever the number of tests. A missing value is the mean of the
    test's others; N says how many there are. A test that the covariates make up has no numbers. LL is the restricted
    likelihood with the test, for lrt the likelihood. With --groups, N is how many tests a group has, and DF how many
    of them are no mixture of the others.

    \b
    Example:
      grn lmm scan --pheno y.tsv --kernel samples --tests genotypes.bed -o scan.tsv
      grn lmm scan --pheno z.tsv --tests sets.gmt --mode exact
    """
    from ....analysis.lmm.scan import scan_columns, scan_groups
    from ....analysis.lmm.signals import among
    from ....engine.mapping import threaded
    from ....formats.pathways.gmt import read_gmt
    from ....formats.traits.tested_columns import read_tested

    lmm_options.check_no_same_samples(given, "scan")
    _check(mode, statistic, single=single, grouped=groups is not None)
    lmm_options.check_target(target, given, repo, tests, *([] if groups is None else [groups]))
    version = repo.version(at)
    read = read_tested(tests)
    signal = given.signal(repo, version.name)
    if read.ids is not None:
        whole = len(signal.ids)
        signal = among(signal, read.ids, tests.name)
        if len(signal.ids) < whole:
            output.note(f"{counted(whole - len(signal.ids), 'id')} of the signal not among the tests' left out.")
    model = lmm_options.bound(repo, version.name, given, signal, "ml" if statistic == "lrt" else "reml")
    if model.given.traits.shape[1] != 1:
        raise InputError(f"A scan is of one signal, and {signal.said}.", hint="Name it with --trait.")
    with output.waiting("scanning") as progress:
        if groups is not None:
            sets = {one.name: one.genes for one in read_gmt(groups).pathways}
            null, blocks = scan_groups(model, read, sets, progress=progress)
        else:
            null, blocks = scan_columns(
                model,
                read,
                exact=mode == "exact",
                statistic=statistic,
                single=single,
                mapper=threaded(threads or os.cpu_count() or 1),
                progress=progress,
            )
        named, number = _out(blocks, target, form)
    fields = {**lmm_options.json_header(model, signal), **lmm_options.json_fit(null, None, "none"), "mode": mode}
    fields["statistic"] = statistic
    if form == "json":
        where = None if target is None else str(target)
        output.emit_json({**versions.identity(version), **fields, "count": number, "output": where, "tests": named})
        return
    for name, value in lmm_options.header(model, signal):
        output.note(f"{name}: {value}")
    what = "test" if groups is None else "group"
    output.note(f"h² without a test: {output.number(null.h2)}. {counted(number, what)} by {mode}, {statistic}.")


def _check(mode: str, statistic: str, *, single: bool, grouped: bool) -> None:
    if grouped and (mode, statistic, single) != ("p3d", "wald", False):
        raise InputError(
            "Groups are tested by F at the null model's variances, in double precision.",
            hint="Leave out --mode, --statistic and --float32.",
        )
    if mode == "exact" and statistic == "score":
        raise InputError("The score test is made at the null model's variances: --mode p3d.")


def _out(blocks: Iterable[Sequence[Row]], target: Path | None, form: str) -> tuple[list[dict[str, object]], int]:
    """Bring the rows to where they are asked for; return them as the JSON contract has them, and how many there are."""
    from ....analysis.lmm.scan import COLUMNS
    from ....formats.files.row_tables import row_writer

    if target is not None:
        with row_writer(target, COLUMNS) as write:
            return [], _counted(write, blocks)
    if form == "json":
        named: list[dict[str, object]] = [dict(zip(COLUMNS, row, strict=True)) for block in blocks for row in block]
        return named, len(named)
    return [], _write(COLUMNS, blocks)


def _write(columns: Sequence[str], blocks: Iterable[Sequence[Row]]) -> int:
    number = 0
    for block in blocks:
        output.emit_tsv(columns, block) if number == 0 else output.emit_rows(block)
        number += len(block)
    if number == 0:
        output.emit_tsv(columns, [])
    return number


def _counted(write: Callable[[Iterable[Sequence[object]]], None], blocks: Iterable[Sequence[Row]]) -> int:
    number = 0
    for block in blocks:
        write(block)
        number += len(block)
    return number
