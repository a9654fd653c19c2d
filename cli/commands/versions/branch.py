"""`grn branch`: branches listed, made and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options
from ...answers import ref_lists, refs

if TYPE_CHECKING:
    from ....storage.repository import Repository


@click.command("branch")
@click.argument("name", required=False)
@click.argument("rev", default="HEAD", metavar="[REV]")
@click.option("-d", "--delete", metavar="NAME", help="Delete this branch; its versions stay.")
@options.forms
@options.writing
def command(repo: Repository, *, name: str | None, rev: str, delete: str | None, form: str) -> None:
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
        refs.tell(version := repo.delete_branch(delete), form, f"Deleted branch {delete}, which was at {version.name}.")
    elif name is not None:
        refs.tell(version := repo.create_branch(name, rev), form, f"Branch {name} is at {version.name}.")
    else:
        ref_lists.tell("branches", repo.branches, form, mark=repo.head)
