"""`grn rev-parse`: the id that a REV names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import nouns, options
from ...answers.answer import ROWS, Answer

if TYPE_CHECKING:
    from ....storage.history.versions import Version
    from ....storage.repository import Repository


@click.command("rev-parse")
@click.argument("revs", type=nouns.RANGE, nargs=-1, required=True, metavar="REV...")
@click.option("--content", is_flag=True, help="Print content ids: of the base and the set of pathways.")
@options.forms
@options.repository
def command(repo: Repository, *, revs: tuple[str, ...], content: bool) -> Answer:
    """Print the ids of versions, one per line; a range gives both sides.

    \b
    Example:
      grn rev-parse HEAD
      grn rev-parse main~2 @{2026-11-01}
    """
    versions: list[Version] = []
    for rev in revs:
        versions += repo.split_range(rev) if ".." in rev else [repo.version(rev)]
    return Answer(
        columns=("version", "id", "content"),
        rows=((version.name, version.id, version.content) for version in versions),
        json=lambda: {"versions": ROWS},
        text=lambda: "\n".join(version.content if content else version.id for version in versions),
    )
