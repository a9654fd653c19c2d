"""`grn backup`: a copy of the store that takes what is new, checks itself, and knows when it was last whole."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

import click

from ....engine.wording import counted
from ... import errors, options, output
from ...answers.answer import EVERY_FORM, Answer, Note, caution

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ....storage.backup.mirror import BackupReport
    from ....storage.repository import Repository


@click.command("backup")
@click.argument("target", type=options.OTHER_STORE, metavar="DIR")
@click.option(
    "--quick", is_flag=True, help="Do not read the large matrices that DIR has; then it is not told as whole."
)
@options.forms
@options.repository
def command(repo: Repository, *, target: Path, quick: bool) -> Answer:
    """Copy what is new in the store to the folder DIR, and read all that DIR holds. Exit 1 if DIR is not whole.

    DIR is made where there is none. It is a store that is only read: `grn -s DIR log`, `grn clone DIR NEW.grn`. What is
    damaged in the store never replaces what is whole in DIR; what is damaged in DIR is replaced.
    `grn verify --repair --from DIR` puts back what the store has lost.

    \b
    Example:
      grn backup /backup/tumor.grn
      grn backup /backup/tumor.grn --quick
    """
    with output.waiting("copying and checking") as progress:
        report = repo.backup(target, quick=quick, progress=progress)
    counts = {
        "entries": report.entries,
        "versions": report.versions,
        "bases": report.bases,
        "new_entries": report.new_entries,
        "new_bases": report.new_bases,
        "new_analyses": report.new_analyses,
        "replaced": report.replaced,
        "lost": len(report.lost),
        "lacking": len(report.lacking),
        "is_whole": report.is_whole,
        "last_whole": report.whole or None,
    }
    return Answer(
        columns=tuple(counts),
        rows=[tuple(counts.values())],
        json=lambda: {**counts, "backup": str(target), "lost": report.lost, "lacking": report.lacking},
        text=lambda: "\n".join(_lines(target, report, quick=quick)),
        notes=_notes(target, report),
        code=errors.DONE if not (report.lacking or report.lost) and (quick or report.is_whole) else errors.ANSWER_IS_NO,
    )


def _lines(target: Path, report: BackupReport, *, quick: bool) -> Iterator[str]:
    new = [
        counted(report.new_entries, "new log entry", "new log entries"),
        counted(report.new_bases, "new base"),
        counted(report.new_analyses, "new analysis", "new analyses"),
        f"{counted(report.replaced, 'damaged file')} replaced",
    ]
    news = ", ".join(part for part in new if not part.startswith("0 "))
    yield (
        f"{target}: {counted(report.entries, 'log entry', 'log entries')}, {counted(report.versions, 'version')}, "
        f"{counted(report.bases, 'base')}; {news or 'nothing new'}."
    )
    last = f"It was last whole at {report.whole}." if report.whole else "It was never whole."
    if report.is_whole:
        yield f"Everything in it has been read: whole at {report.whole}."
    else:
        yield f"The large matrices were not read. {last}" if quick else f"It is not whole. {last}"
    yield from (f"Lacking: {lacking}" for lacking in report.lacking)


def _notes(target: Path, report: BackupReport) -> list[Note]:
    if not report.lost:
        return []
    lost, is_one = counted(len(report.lost), "file"), len(report.lost) == 1
    return [
        caution(
            f"The backup has {lost} that the store has lost, {'' if is_one else 'such as '}{report.lost[0]}: "
            f"`grn verify --repair --from {quote(str(target))}` puts {'it' if is_one else 'them'} back.",
            EVERY_FORM,
        )
    ]
