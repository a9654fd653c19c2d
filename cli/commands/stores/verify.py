"""`grn verify`: every file of a store, compared with its hashes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import click

from ....engine.errors import InputError
from ....engine.wording import counted
from ... import errors, options, output
from ...answers.answer import Answer, Note
from ...hints import description_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ....storage.verify.findings import Finding, Report

WORDS = {
    "damage": "damaged",
    "derived": "damaged, can be made again",
    "denied": "may not be read",
    "note": "note",
}


@click.command("verify")
@click.option("--quick", is_flag=True, help="Leave out the large matrices and the pathways' loadings.")
@click.option(
    "--numbers", is_flag=True, help="Check that the precision of each branch and tag is the inverse of its covariance."
)
@click.option(
    "--repair",
    is_flag=True,
    help="Rebuild derived files, put files under wrong names where they belong, set modes that keep others out, and "
    "move what is no file of a store to aside/.",
)
@click.option(
    "--from",
    "sources",
    multiple=True,
    type=options.OTHER_STORE,
    metavar="OTHER",
    help="With --repair, put back what is lost from a backup, a clone, an exported file or a folder; can be repeated.",
)
@options.forms
@options.store
def command(path: Path, *, quick: bool, numbers: bool, repair: bool, sources: tuple[Path, ...]) -> Answer:
    """Read every file of a store, and report what is damaged and which versions this affects. Exit 1 if anything is.

    Exit 77 if nothing is, but this account may not read all of it: then it is reported who can change that, and how.
    Other versions stay readable: `grn edges --at v3` answers as long as v3 needs nothing that is damaged. A damaged log
    entry or base cannot be made again. --repair --from puts it back where OTHER has it, by its id, and names what no
    OTHER has; nothing that is whole is replaced.

    \b
    Example:
      grn verify
      grn verify --numbers
      grn verify --repair
      grn verify --repair --from /backup/tumor.grn
    """
    if sources and not repair:
        raise InputError("--from is where --repair takes files from.", hint="Add --repair.")
    from ....storage.verify.repair import repair as repair_store
    from ....storage.verify.store import verify

    with output.waiting("verifying") as progress:
        if repair:
            report = repair_store(path, sources=sources, quick=quick, numbers=numbers, progress=progress)
        else:
            report = verify(path, quick=quick, numbers=numbers, progress=progress)
    return Answer(
        columns=("kind", "file", "what", "versions", "refs", "repaired"),
        rows=map(_row, report.findings),
        json=lambda: _json(report),
        text=lambda: "\n".join(_lines(report, path)),
        notes=map(Note, _notes(report, tried=repair, sources=sources)),
        code=_code(report),
    )


def _code(report: Report) -> int:
    left = {finding.kind for finding in report.findings if not finding.repaired} - {"note"}
    return errors.DENIED if left == {"denied"} else errors.ANSWER_IS_NO if left else errors.DONE


def ranges(numbers: Iterable[int]) -> str:
    """Return numbers of versions as ranges: `v0–v4, v7`."""
    runs = itertools.groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0])
    ends = [[number for _, number in run] for _, run in runs]
    return ", ".join(f"v{run[0]}" if len(run) == 1 else f"v{run[0]}–v{run[-1]}" for run in ends)


def _row(finding: Finding) -> tuple[object, ...]:
    versions = ",".join(_names(finding.versions))
    return (finding.kind, finding.path, description_of(finding), versions, ",".join(finding.refs), finding.repaired)


def _lines(report: Report, path: Path) -> Iterator[str]:
    moved = {stray for stray, _ in report.aside}  # a line of its own says so
    for finding in report.findings:
        if _is_mere_note(finding) or (finding.kind == "note" and finding.path in moved):
            continue
        repaired = " (repaired)" if finding.repaired else ""
        yield f"{click.style(finding.path, bold=True)}: {WORDS[finding.kind]}{repaired}"
        is_done = finding.repaired and finding.kind == "note"
        yield f"    {finding.what if is_done else description_of(finding)}"
        if finding.versions:
            yield f"    It affects {ranges(finding.versions)}."
        if finding.refs:
            yield f"    The positions of these are no longer certain: {', '.join(finding.refs)}."
    yield from _lines_of_repair(report)
    yield (
        f"{path}: read {counted(report.entries, 'log entry', 'log entries')}, {counted(report.versions, 'version')}, "
        f"{counted(report.bases, 'base')}, {counted(report.analyses, 'analysis', 'analyses')}, "
        f"{counted(report.cached, 'cached inversion')}."
    )
    for name, residual in report.residuals.items():
        yield f"{name}: its precision is the inverse of its covariance to a relative error of {residual:.1e}."
    if _is_damaged(report):
        yield f"Readable: {ranges(report.whole) or 'no version'}."
    elif report.sound:
        yield "Nothing is damaged."


def _lines_of_repair(report: Report) -> Iterator[str]:
    for restored in report.restored:
        part = f"{restored.what} taken" if restored.what else "taken"
        yield f"{click.style(restored.path, bold=True)}: {part} from {restored.source}"
    for lacking in report.lacking:
        yield f"Not got back: {lacking}"
    for stray, aside in report.aside:
        yield f"{click.style(stray, bold=True)}: moved to {aside}, since it is not a file of a store"


def _notes(report: Report, *, tried: bool, sources: Sequence[Path]) -> Iterator[str]:
    if _is_damaged(report):
        others = "another backup or clone" if sources else "a backup, a clone or an exported file"
        without = (
            " To continue without them: `grn export FILE.h5 --at` a readable version, then `grn clone FILE.h5 NEW.grn`."
        )
        yield (
            f"`grn verify --repair --from OTHER` puts these files back from {others}; {_writable(report)}."
            f"{without if report.whole else ''}"
        )
    elif _code(report) == errors.DENIED:
        yield "What may not be read was not checked, nor what needs it: have it made readable, and verify again."
    elif not report.sound and tried:
        yield "The repair failed: check free space and write permission, then try again."
    elif not report.sound:
        readable = all(finding.path != "FORMAT" for finding in report.findings)
        until = " Until then every version can be read, and written after: what is wrong here is not used."
        yield f"`grn verify --repair` repairs this.{until if readable else ''}"
    shown = 5
    notes = [f"{finding.path}: {description_of(finding)}" for finding in report.findings if _is_mere_note(finding)]
    yield from notes[:shown]
    if len(notes) > shown:
        yield f"… and {len(notes) - shown} more like these; --tsv lists them."


def _writable(report: Report) -> str:
    """Return what can be written until damaged files are replaced."""
    lost = [finding for finding in report.findings if finding.kind == "damage" and not finding.repaired]
    if any(not finding.path.startswith("base/") for finding in lost):
        return "until then nothing can be written"
    return "until then only what does not need them can be written"


def _is_mere_note(finding: Finding) -> bool:
    return finding.kind == "note" and not finding.repaired


def _is_damaged(report: Report) -> bool:
    return any(finding.kind == "damage" and not finding.repaired for finding in report.findings)


def _names(versions: Iterable[int]) -> list[str]:
    return [f"v{number}" for number in versions]


def _json(report: Report) -> dict[str, object]:
    findings = [
        {
            "kind": finding.kind,
            "file": finding.path,
            "what": description_of(finding),
            "versions": _names(finding.versions),
            "refs": list(finding.refs),
            "repaired": finding.repaired,
        }
        for finding in report.findings
    ]
    return {
        "sound": report.sound,
        "findings": findings,
        "entries": report.entries,
        "versions": report.versions,
        "bases": report.bases,
        "analyses": report.analyses,
        "cached": report.cached,
        "readable": _names(report.whole),
        "residuals": report.residuals,
        "restored": [{"file": item.path, "what": item.what, "from": item.source} for item in report.restored],
        "lacking": report.lacking,
        "aside": [{"file": stray, "now": aside} for stray, aside in report.aside],
    }
