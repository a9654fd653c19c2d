"""`grn switch`: to another branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import nouns, options
from ...answers import refs

if TYPE_CHECKING:
    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("switch")
@click.argument("name", type=nouns.BRANCH)
@click.option("-c", "--create", is_flag=True, help="Create the branch first, at HEAD.")
@options.forms
@options.writing
def command(repo: Repository, *, name: str, create: bool) -> Answer:
    """Switch to another branch: HEAD is then on it, and the next commit goes there.

    \b
    Example:
      grn switch drug-a
      grn switch -c drug-b
    """
    if create:
        repo.create_branch(name)
    version = repo.switch(name)
    return refs.position(version, f"HEAD is on {name}, at {version.name}.")
