"""`grn lmm gather`: the parts of a scan joined to the whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ....engine.errors import InputError
from ... import options
from ...answers.written import scans

if TYPE_CHECKING:
    from ...answers.answer import Answer


@click.command("gather")
@click.argument("parts", type=click.Path(path_type=Path), nargs=-1, required=True, metavar="PART…")
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    metavar="FILE.tsv",
    help="Output file; standard output by default.",
)
@options.forms
def command(*, parts: tuple[Path, ...], target: Path | None) -> Answer:
    """Join the parts of a scan that `grn lmm scan --part K/N` wrote: the same bytes as one scan of all tests.

    All parts must be there, once each and in any order, from one scan: of one version, signal and file of tests, with
    the same options, and computed by the same software on processors that round alike. No store is needed.

    \b
    Example:
      grn lmm gather scan.*.part -o scan.tsv
    """
    from ....analysis.lmm.scan import COLUMNS
    from ....analysis.lmm.scan_parts import gather_scan

    if target is not None and target.resolve() in {part.resolve() for part in parts}:
        raise InputError(f"-o {target} would overwrite a part.", hint="Name another file.")
    whole, blocks = gather_scan(parts)
    return scans.answer(blocks, COLUMNS, whole["fields"], scans.gathered_notes(whole), target=target)
