"""`grn cherry-pick`: what a version did elsewhere, done here as a new version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import nouns, options
from ...answers import refs

if TYPE_CHECKING:
    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("cherry-pick")
@click.argument("rev", type=nouns.REV)
@click.option(
    "--only",
    type=nouns.CHANGED_PATHWAY,
    multiple=True,
    metavar="NAME",
    help="Pick only this pathway; may be given several times.",
)
@options.message
@options.forms
@options.writing
def command(repo: Repository, *, rev: str, only: tuple[str, ...], message: str) -> Answer:
    """Apply to HEAD's branch the changes that a version made to its first parent.

    \b
    Example:
      grn cherry-pick drug-a
      grn cherry-pick v4 --only MYC
    """
    return refs.position(repo.cherry_pick(rev, only=only, message=message), f"Picked {rev}:", changes=True)
