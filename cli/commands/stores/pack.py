"""`grn pack`: the log folded into few files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ....engine.wording import counted
from ... import options, output

if TYPE_CHECKING:
    from ....storage.repository import Repository


@click.command("pack")
@options.forms
@options.writing
def command(repo: Repository, *, form: str) -> None:
    """Fold the entries of the log into few files, up to 512 in each; leftovers of killed writers are swept, too.

    Nothing changes but the number of files: every version reads as it did. Others may read and write meanwhile.

    \b
    Example:
      grn pack
    """
    with output.waiting("packing") as progress:
        done = repo.pack(progress)
    facts = {"entries": done.entries, "packs": done.packs, "files": done.files, "swept": done.swept}
    if form == "json":
        output.emit_json(facts)
    elif form == "tsv":
        output.emit_tsv(tuple(facts), [tuple(facts.values())])
    else:
        said = f"Packed {counted(done.entries, 'entry', 'entries')}" if done.entries else "There is nothing to pack"
        click.echo(f"{said}; the log takes {counted(done.files, 'file')}.")
        if done.swept:
            output.note(f"{counted(done.swept, 'leftover')} of killed writers taken away.")
