"""`grn tag`: names that stay with a version, listed, given and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options
from ...answers import refs

if TYPE_CHECKING:
    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("tag")
@click.argument("name", required=False)
@click.argument("rev", default="HEAD", metavar="[REV]")
@click.option("-d", "--delete", metavar="NAME", help="Delete this tag; its version stays.")
@options.forms
@options.writing
def command(repo: Repository, *, name: str | None, rev: str, delete: str | None) -> Answer:
    """List tags, or give a version a name that stays.

    \b
    Example:
      grn tag paper v2
      grn tag
    """
    if delete is not None and name is not None:
        raise click.UsageError("With --delete the name stands behind it, and nothing else.")
    if delete is not None:
        version = repo.delete_tag(delete)
        return refs.position(version, f"Deleted tag {delete}, which was at {version.name}.")
    if name is not None:
        version = repo.create_tag(name, rev)
        return refs.position(version, f"Tag {name} is at {version.name}.")
    return refs.listing("tags", repo.tags)
