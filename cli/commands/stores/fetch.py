"""`grn fetch`: what another store has, brought in under its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options, output
from ...answers import exchange

if TYPE_CHECKING:
    from pathlib import Path

    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("fetch")
@click.argument("source", type=options.OTHER_STORE, metavar="STORE")
@click.option("--as", "name", metavar="NAME", help="Prefix of its branches and tags here; its own name by default.")
@options.forms
@options.writing
def command(repo: Repository, *, source: Path, name: str | None) -> Answer:
    """Copy the versions of another store of the same panel into this one. Of lab.grn, the branch main becomes lab/main.

    Branches of this store do not move: `grn merge lab/main` merges the pathways into the branch that you are on.
    Either everything is copied, and checked against its ids, or nothing.

    \b
    Example:
      grn fetch ../shared/lab.grn
      grn diff HEAD..lab/main
      grn merge lab/main
    """
    options.other_store(source)
    with output.waiting("fetching") as progress:
        report = repo.fetch(source, name, progress)
    return exchange.arrivals(repo, report, nothing=f"Nothing new in {source}.")
