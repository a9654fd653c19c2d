"""`grn merge`: another version's pathways brought into HEAD's branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import nouns, options
from ...answers import difference, refs

if TYPE_CHECKING:
    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("merge")
@click.argument("rev", type=nouns.REV)
@click.option("--no-ff", is_flag=True, help="Write a merge even where the branch could simply move forward.")
@options.message
@options.forms
@options.writing
def command(repo: Repository, *, rev: str, no_ff: bool, message: str) -> Answer:
    """Merge a version's pathways into HEAD's branch. A version is a set of pathways, so their order does not matter.

    Whichever branch is merged into the other, the new version has the same content id and the same bits.

    \b
    Example:
      grn merge drug-a
    """
    from ....storage.history.versions import pathway_changes

    before = repo.version()
    version = repo.merge(rev, message=message, fast_forward=not no_ff)
    if version.id == before.id:
        return refs.position(version, f"{repo.head} contains all of {rev} already.")
    if version.number <= before.number or len(version.parents) < 2:
        return refs.position(version, f"{repo.head} moved forward from {before.name} to {version.name}.")
    lines = difference.pathway_lines(*pathway_changes(repo.active(before.name), repo.active(version.name)))
    below = [f"  {line}" for line in lines]
    return refs.position(version, f"Merged {rev} into {repo.head}:", changes=True, below=below)
