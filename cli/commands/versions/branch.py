"""`grn branch`: branches listed, made and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options
from ...answers import refs

if TYPE_CHECKING:
    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("branch")
@click.argument("name", required=False)
@click.argument("rev", default="HEAD", metavar="[REV]")
@click.option("-d", "--delete", metavar="NAME", help="Delete this branch; its versions stay.")
@options.forms
@options.writing
def command(repo: Repository, *, name: str | None, rev: str, delete: str | None) -> Answer:
    """List branches, or make one at a version.

    \b
    Example:
      grn branch
      grn branch drug-a v1
      grn branch -d drug-a
    """
    if delete is not None and name is not None:
        raise click.UsageError("With --delete the name stands behind it, and nothing else.")
    if delete is not None:
        version = repo.delete_branch(delete)
        return refs.position(version, f"Deleted branch {delete}, which was at {version.name}.")
    if name is not None:
        version = repo.create_branch(name, rev)
        return refs.position(version, f"Branch {name} is at {version.name}.")
    return refs.listing("branches", repo.branches, head=repo.head)
