"""`grn verify`: every file of a store, compared with its hashes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import click

from ....engine.wording import counted
from ... import errors, options, output

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ....storage.verify.findings import Finding, Report

WORDS = {"damage": "damaged", "derived": "damaged, can be made again", "note": "note"}


@click.command("verify")
@click.option("--quick", is_flag=True, help="Leave out the large matrices and the pathways' loadings.")
@click.option(
    "--numbers", is_flag=True, help="Check that the precision of each branch and tag is the inverse of its covariance."
)
@click.option("--repair", is_flag=True, help="Make again what is derived; never touches what is not.")
@options.forms
@options.store
def command(path: Path, *, quick: bool, numbers: bool, repair: bool, form: str) -> int:
    """Read every file of a store, and say what is damaged and which versions it touches. Exit 1 if anything is.

    The others stay readable: `grn edges --at v3` answers as long as v3 needs nothing that is damaged. An entry of the
    log or a base that is damaged cannot be made again: put a good copy in its place, from a backup or a clone.

    \b
    Example:
      grn verify
      grn verify --numbers
      grn verify --repair
    """
    from ....storage.verify.repair import repair as mend
    from ....storage.verify.store import verify

    with output.waiting("verifying") as progress:
        report = (mend if repair else verify)(path, quick=quick, numbers=numbers, progress=progress)
    if form == "json":
        output.emit_json(_json(report))
    elif form == "tsv":
        output.emit_tsv(
            ("kind", "file", "what", "versions", "refs", "repaired"),
            [(one.kind, one.path, one.what, _listed(one), ",".join(one.refs), one.repaired) for one in report.findings],
        )
    else:
        _tell(report, path, tried=repair)
    return errors.DONE if report.sound else errors.ANSWER_IS_NO


def ranges(numbers: Iterable[int]) -> str:
    """Return numbers of versions as ranges: `v0–v4, v7`."""
    runs = itertools.groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
    ends = [[number for _, number in run] for _, run in runs]
    return ", ".join(f"v{run[0]}" if len(run) == 1 else f"v{run[0]}–v{run[-1]}" for run in ends)


def _tell(report: Report, path: Path, *, tried: bool) -> None:
    for one in report.findings:
        if one.kind == "note" and not one.repaired:
            continue
        mended = " (mended)" if one.repaired else ""
        click.echo(f"{click.style(one.path, bold=True)}: {WORDS[one.kind]}{mended}")
        click.echo(f"    {one.what}")
        if one.versions:
            click.echo(f"    It touches {ranges(one.versions)}.")
        if one.refs:
            click.echo(f"    Where these stand is no longer certain: {', '.join(one.refs)}.")
    click.echo(
        f"{path}: read {counted(report.entries, 'log entry', 'log entries')}, {counted(report.versions, 'version')}, "
        f"{counted(report.bases, 'base')}, {counted(report.analyses, 'analysis', 'analyses')}, "
        f"{counted(report.cached, 'cached inversion')}."
    )
    for name, residual in report.residuals.items():
        click.echo(f"{name}: its precision is the inverse of its covariance to a relative error of {residual:.1e}.")
    damage = [one for one in report.findings if one.kind == "damage" and not one.repaired]
    if damage:
        click.echo(f"Readable: {ranges(report.whole) or 'no version'}.")
        output.note(
            "Put good copies of these files in their place, from a backup or a clone; nothing is written until then. "
            "To go on without: `grn export FILE.h5 --at` a version that is readable, and `grn clone FILE.h5 NEW.grn`."
        )
    elif not report.sound and tried:
        output.note("It could not be mended: see that the disk has room and that you may write there; then try again.")
    elif not report.sound:
        output.note("`grn verify --repair` mends that.")
    else:
        click.echo("Nothing is damaged.")
    _tell_notes([one for one in report.findings if one.kind == "note" and not one.repaired])


def _tell_notes(notes: Sequence[Finding]) -> None:
    shown = 5
    for one in notes[:shown]:
        output.note(f"{one.path}: {one.what}")
    if len(notes) > shown:
        output.note(f"… and {len(notes) - shown} more like these; --tsv lists them.")


def _listed(finding: Finding) -> str:
    return ",".join(f"v{number}" for number in finding.versions)


def _json(report: Report) -> dict[str, object]:
    findings = [
        {
            "kind": one.kind,
            "file": one.path,
            "what": one.what,
            "versions": [f"v{number}" for number in one.versions],
            "refs": list(one.refs),
            "repaired": one.repaired,
        }
        for one in report.findings
    ]
    return {
        "sound": report.sound,
        "findings": findings,
        "entries": report.entries,
        "versions": report.versions,
        "bases": report.bases,
        "analyses": report.analyses,
        "cached": report.cached,
        "readable": [f"v{number}" for number in report.whole],
        "residuals": report.residuals,
    }
