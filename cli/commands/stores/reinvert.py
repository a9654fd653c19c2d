"""`grn reinvert`: the current version inverted in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options, output
from ...answers import refs

if TYPE_CHECKING:
    from ....storage.repository import Repository


@click.command("reinvert")
@click.option("--force", is_flag=True, help="Invert a factor base of more than 5,000 genes, too.")
@options.forms
@options.writing
def command(repo: Repository, *, force: bool, form: str) -> None:
    """Invert the current version in full, and read later versions from that anchor.

    It happens by itself every 64 commits on a dense base, when the pathways since the last anchor have a rank of more
    than an eighth of the genes (up to 5,000 genes on a factor base), or when the probe is large. A new version of the
    same content is written, so that earlier versions read as they did. It needs 24 p² bytes of memory and 16 p² on
    disk. A factor base of more than 5,000 genes has no need of it: nothing accumulates there, and nothing is written.

    \b
    Example:
      grn reinvert
    """
    before = repo.version()
    version = repo.reinvert(force=force)
    found, now = before.entry.measured.probe, version.entry.measured.probe
    if version.id == before.id:
        refs.tell(version, form, f"{version.name} needs no re-inversion.")
        gigabytes = 24 * len(repo.panel) ** 2 / 1e9
        output.note(
            "Its factor base is inverted anew, through its own diagonal, whenever a version is read, so that nothing "
            f"accumulates{'' if found is None else f'; the probe found a relative error of {found:.2g}'}. "
            f"--force inverts it in full all the same, in {gigabytes:.1f} GB of memory."
        )
        return
    refs.tell(version, form, f"{version.name} is read from its own full inversion.")
    if found is not None and now is not None:
        output.note(f"The probe found a relative error of {found:.2g} before, and {now:.2g} now.")
