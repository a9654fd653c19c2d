"""`grn tag`: names that stay with a version, listed, given and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options
from ...answers import ref_lists, refs

if TYPE_CHECKING:
    from ....storage.repository import Repository


@click.command("tag")
@click.argument("name", required=False)
@click.argument("rev", default="HEAD", metavar="[REV]")
@click.option("-d", "--delete", metavar="NAME", help="Delete this tag; its version stays.")
@options.forms
@options.writing
def command(repo: Repository, *, name: str | None, rev: str, delete: str | None, form: str) -> None:
    """List tags, or give a version a name that stays.

    \b
    Example:
      grn tag paper v2
      grn tag
    """
    if delete is not None and name is not None:
        raise click.UsageError("With --delete the name stands behind it, and nothing else.")
    if delete is not None:
        refs.tell(version := repo.delete_tag(delete), form, f"Deleted tag {delete}, which was at {version.name}.")
    elif name is not None:
        refs.tell(version := repo.create_tag(name, rev), form, f"Tag {name} is at {version.name}.")
    else:
        ref_lists.tell("tags", repo.tags, form)
