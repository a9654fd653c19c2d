"""`grn rollback`: to any version, back or forward; nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import nouns, options
from ...answers import refs
from ...answers.answer import EVERY_FORM, Answer, Note

if TYPE_CHECKING:
    from ....storage.repository import Repository


@click.command("rollback")
@click.argument("rev", type=nouns.REV)
@options.forms
@options.writing
def command(repo: Repository, *, rev: str) -> Answer:
    """Move HEAD's branch to a version. Nothing is lost: later versions stay, and it can be moved to them again.

    \b
    Example:
      grn rollback v2
      grn rollback v5        # and back
      grn rollback @{2026-11-01}
    """
    before = repo.version()
    version = repo.rollback(rev)
    if before.id == version.id:
        return refs.position(version, f"{repo.head} is at {version.name} already.")
    back = Note(f"{before.name} is kept: `grn rollback {before.name}` goes back to it.", EVERY_FORM)
    return refs.position(version, f"{repo.head} moved from {before.name} to {version.name}.", notes=[back])
