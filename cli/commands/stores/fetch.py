"""`grn fetch`: what another store has, brought in under its name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ... import options, output
from ...answers import exchange

if TYPE_CHECKING:
    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("fetch")
@click.argument("source", type=click.Path(path_type=Path), metavar="STORE")
@click.option("--as", "name", metavar="NAME", help="Prefix of its branches and tags here; its own name by default.")
@options.forms
@options.writing
def command(repo: Repository, *, source: Path, name: str | None) -> Answer:
    """Bring in the versions of another store of the same panel. Its branch main becomes lab/main, if it is lab.grn.

    Nothing of this store moves: `grn merge lab/main` brings the pathways into the branch that you are on. All of it
    arrives, checked against its ids, or nothing.

    \b
    Example:
      grn fetch ../shared/lab.grn
      grn diff HEAD..lab/main
      grn merge lab/main
    """
    exchange.other_store(source)
    with output.waiting("fetching") as progress:
        report = repo.fetch(source, name, progress)
    return exchange.arrivals(repo, report, nothing=f"Nothing new in {source}.")
