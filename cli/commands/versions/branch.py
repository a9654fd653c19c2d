"""`grn branch`: branches listed, made and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import nouns, options
from ...answers import refs

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....storage.history.versions import Version
    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("branch")
@click.argument("name", required=False)
@click.argument("rev", type=nouns.REV, default="HEAD", metavar="[REV]")
@click.option("-d", "--delete", type=nouns.BRANCH, metavar="NAME", help="Delete this branch; its versions stay.")
@options.forms
@options.writing
def command(repo: Repository, *, name: str | None, rev: str, delete: str | None) -> Answer:
    """List branches, or create one at a version.

    \b
    Example:
      grn branch
      grn branch drug-a v1
      grn branch -d drug-a
    """
    done = edit_ref("branch", name, rev, delete, do_create=repo.create_branch, do_delete=repo.delete_branch)
    return done or refs.listing("branches", repo.branches, head=repo.head)


def edit_ref(
    kind: str,
    name: str | None,
    rev: str,
    delete: str | None,
    *,
    do_create: Callable[[str, str], Version],
    do_delete: Callable[[str], Version],
) -> Answer | None:
    """Make or delete a branch or tag, and return the answer; `None` where neither is asked for.

    Raises
    ------
    click.UsageError
        Both are.
    """
    if delete is not None and name is not None:
        raise click.UsageError("Write only the name after --delete.")
    if delete is not None:
        version = do_delete(delete)
        return refs.position(version, f"Deleted {kind} {delete}, which was at {version.name}.")
    if name is not None:
        version = do_create(name, rev)
        return refs.position(version, f"{kind.capitalize()} {name} is at {version.name}.")
    return None
