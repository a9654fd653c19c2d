"""`grn push`: a branch, brought to another store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import nouns, options, output
from ...answers import exchange

if TYPE_CHECKING:
    from pathlib import Path

    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("push")
@click.argument("target", type=options.OTHER_STORE, metavar="STORE")
@click.option("--branch", type=nouns.BRANCH, metavar="NAME", help="The branch; by default the one that HEAD is on.")
@options.forms
@options.writing
def command(repo: Repository, *, target: Path, branch: str | None) -> Answer:
    """Copy a branch to another store of the same panel. Nothing there is lost: its branch only moves forward.

    If the branch there has versions that this store does not have, push is refused: fetch, merge, and push again.

    \b
    Example:
      grn push ../shared/lab.grn
      grn push ../shared/lab.grn --branch drug-a
    """
    from ....storage.repository import Repository

    hint = f"`grn clone {repo.path} {target}` makes one with this whole history."
    options.other_store(target, hint=hint)
    with output.waiting("pushing") as progress:
        report = repo.push(target, branch, progress)
    with exchange.reading_back(target):
        return exchange.arrivals(Repository(target), report, nothing=f"{target} has all of it already.")
