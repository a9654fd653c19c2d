"""`grn revert`: what one version did, undone as a new version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import nouns, options
from ...answers import refs

if TYPE_CHECKING:
    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("revert")
@click.argument("rev", type=nouns.REV)
@click.option(
    "--only",
    type=nouns.CHANGED_PATHWAY,
    multiple=True,
    metavar="NAME",
    help="Undo only this pathway; may be given several times.",
)
@options.message
@options.forms
@options.writing
def command(repo: Repository, *, rev: str, only: tuple[str, ...], message: str) -> Answer:
    """Undo the changes of a version, as a new version; those of a merge are relative to its first parent.

    Pathways are removed from the set; nothing is subtracted, and no digit is lost: with all undone, a version equals
    the base, bit for bit.

    \b
    Example:
      grn revert v2
      grn revert v2 --only HALLMARK_P53_PATHWAY
    """
    return refs.position(repo.revert(rev, only=only, message=message), f"Reverted {rev}:", changes=True)
