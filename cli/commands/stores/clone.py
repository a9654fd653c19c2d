"""`grn clone`: a store made with all that another has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ....engine.wording import counted
from ... import options, output
from ...answers import exchange
from ...answers.answer import Answer

if TYPE_CHECKING:
    from ....storage.files.access import Sharing


@click.command("clone")
@click.argument("source", type=options.OTHER_STORE, metavar="STORE|FILE.h5")
@click.argument("target", type=click.Path(path_type=Path), required=False, metavar="[NAME.grn]")
@options.shared
@options.forms
def command(source: Path, target: Path | None, shared: Sharing | None) -> Answer:
    """Create a store with the whole history of another, or of a file that `grn export` wrote.

    By default it is created in this folder, under the same name.

    \b
    Example:
      grn clone ../shared/lab.grn
      grn clone lab.h5 mine.grn
      grn clone lab.grn /group/lab.grn --shared group
    """
    from ....storage.files.layout import SUFFIX
    from ....storage.repository import Repository
    from ....storage.transfer.clone import clone

    options.other_store(source)
    path = Path(source.resolve().stem + SUFFIX) if target is None else target
    with output.waiting("cloning") as progress:
        clone(source, path, progress, sharing=shared)
    with exchange.reading_back(path):
        repo = Repository(path)
        version = repo.version()
        notes = [*exchange.left_out_notes(Repository(source)), *exchange.shared_notes(path)]
    return Answer(
        columns=("store", "versions", "head"),
        rows=[(path, len(repo), repo.head)],
        json=lambda: {"store": str(path), "versions": len(repo), "head": repo.head, "content": version.content},
        text=lambda: f"{path}: {counted(len(repo), 'version')}, {repo.head} at {version.name}.",
        notes=notes,
    )
