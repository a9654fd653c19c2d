"""`grn reinvert`: the current version inverted in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options, output
from ...answers import refs
from ...answers.answer import EVERY_FORM, Answer, Note

if TYPE_CHECKING:
    from ....storage.repository import Repository


@click.command("reinvert")
@click.option("--force", is_flag=True, help="Invert a factor base of more than 5,000 genes, too.")
@options.forms
@options.writing
def command(repo: Repository, *, force: bool) -> Answer:
    """Invert the current version in full, and read later versions from that anchor.

    This happens automatically every 64 commits on a dense base, when the pathways since the last anchor have a rank of
    more than an eighth of the genes (up to 5,000 genes on a factor base), or when the probe is large. A new version of
    the same content is written, and earlier versions are not changed. It needs 8 p² bytes of memory and 16 p² on disk.
    A factor base of more than 5,000 genes does not need it: no error accumulates there, and nothing is written.

    \b
    Example:
      grn reinvert
    """
    from ....engine.network.stability import probe  # brings the numbers in

    before = repo.version()
    with output.waiting("inverting") as progress:
        version = repo.reinvert(force=force, progress=progress)
    error, error_now = before.entry.measured.probe, version.entry.measured.probe
    if error is None and error_now is not None:  # most commits have no probe; where one took little time, another will
        error = probe(repo.snapshot(before.name))
    if version.id == before.id:
        gigabytes = 8 * len(repo.panel) ** 2 / 1e9
        note = (
            "Its factor base is inverted again, through its own diagonal, whenever a version is read, so that no error "
            f"accumulates{'' if error is None else f'; the probe found a relative error of {error:.2g}'}. "
            f"--force inverts it in full nevertheless, in {gigabytes:.1f} GB of memory."
        )
        return refs.position(version, f"{version.name} needs no re-inversion.", notes=[Note(note, EVERY_FORM)])
    notes: list[Note] = []
    if error is not None and error_now is not None:
        text = f"The probe found a relative error of {error:.2g} before, and {error_now:.2g} now."
        notes.append(Note(text, EVERY_FORM))
    return refs.position(version, f"{version.name} is read from its own full inversion.", notes=notes)
