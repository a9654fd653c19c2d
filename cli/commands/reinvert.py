"""`grn reinvert`: the current version inverted in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .. import moving, options, output

if TYPE_CHECKING:
    from ...storage.repository import Repository


@click.command("reinvert")
@click.option("--force", is_flag=True, help="Do so for a factor base of more than 5,000 genes, too.")
@options.forms
@options.repository
def command(repo: Repository, *, force: bool, form: str) -> None:
    """Invert the current version in full, and read later versions from that anchor.

    It happens by itself every 64 commits on a dense base, when the pathways since the last anchor have a rank of more
    than an eighth of the genes (up to 5,000 genes on a factor base), or when the probe is large. A new version of the
    same content is written, so that earlier versions read as they did. It needs 24 p² bytes of memory and 16 p² on
    disk.

    \b
    Example:
      grn reinvert
    """
    before = repo.version().entry.measured.probe
    version = repo.reinvert(force=force)
    moving.tell(version, form, f"{version.name} is read from its own full inversion.")
    after = version.entry.measured.probe
    if before is not None and after is not None:
        output.note(f"The probe found a relative error of {before:.2g} before, and {after:.2g} now.")
