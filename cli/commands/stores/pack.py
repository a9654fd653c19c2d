"""`grn pack`: the log folded into few files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ....engine.wording import counted
from ... import options, output
from ...answers.answer import Answer, Note

if TYPE_CHECKING:
    from ....storage.repository import Repository


@click.command("pack")
@options.forms
@options.writing
def command(repo: Repository) -> Answer:
    """Pack the entries of the log into fewer files, up to 512 in each; leftovers of killed writers are removed, too.

    Only the number of files changes; no version does. Others may read and write at the same time.

    \b
    Example:
      grn pack
    """
    with output.waiting("packing") as progress:
        report = repo.pack(progress)
    counts = {"entries": report.entries, "packs": report.packs, "files": report.files, "swept": report.swept}
    packed = f"Packed {counted(report.entries, 'entry', 'entries')}" if report.entries else "There is nothing to pack"
    swept = Note(f"{counted(report.swept, 'leftover')} of killed writers removed.")
    return Answer(
        columns=tuple(counts),
        rows=[tuple(counts.values())],
        json=lambda: counts,
        text=lambda: f"{packed}; the log has {counted(report.files, 'file')}.",
        notes=[swept] if report.swept else [],
    )
