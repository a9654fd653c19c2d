"""`grn tag`: names that stay with a version, listed, given and deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import nouns, options
from ...answers import refs
from .branch import edit_ref

if TYPE_CHECKING:
    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("tag")
@click.argument("name", required=False)
@click.argument("rev", type=nouns.REV, default="HEAD", metavar="[REV]")
@click.option("-d", "--delete", type=nouns.TAG, metavar="NAME", help="Delete this tag; its version stays.")
@options.forms
@options.writing
def command(repo: Repository, *, name: str | None, rev: str, delete: str | None) -> Answer:
    """List tags, or create one: a name of a version that does not move.

    \b
    Example:
      grn tag paper v2
      grn tag
    """
    done = edit_ref("tag", name, rev, delete, do_create=repo.create_tag, do_delete=repo.delete_tag)
    return done or refs.listing("tags", repo.tags)
