"""`grn revert`: what one version did, undone as a new version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options
from ...answers import refs

if TYPE_CHECKING:
    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("revert")
@click.argument("rev")
@click.option("--only", multiple=True, metavar="NAME", help="Undo only this pathway; may be given several times.")
@options.message
@options.forms
@options.writing
def command(repo: Repository, *, rev: str, only: tuple[str, ...], message: str) -> Answer:
    """Undo what a version did, as a new version; a merge is undone against its first parent.

    The pathways leave the set, so that nothing is subtracted and no digit is lost: all undone is the base, bit for bit.

    \b
    Example:
      grn revert v2
      grn revert v2 --only HALLMARK_P53_PATHWAY
    """
    return refs.position(repo.revert(rev, only=only, message=message), f"Reverted {rev}:", changes=True)
