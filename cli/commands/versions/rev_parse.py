"""`grn rev-parse`: the id that a REV names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options, output
from ...answers import versions as describe

if TYPE_CHECKING:
    from ....storage.history.versions import Version
    from ....storage.repository import Repository


@click.command("rev-parse")
@click.argument("revs", nargs=-1, required=True, metavar="REV...")
@click.option("--content", is_flag=True, help="Print content ids: of the base and the set of pathways.")
@options.forms
@options.repository
def command(repo: Repository, *, revs: tuple[str, ...], content: bool, form: str) -> None:
    """Print the ids that REVs name, one a line; a range gives both sides.

    \b
    Example:
      grn rev-parse HEAD
      grn rev-parse main~2 @{2026-11-01}
    """
    versions: list[Version] = []
    for rev in revs:
        versions += repo.split_range(rev) if ".." in rev else [repo.version(rev)]
    if form == "json":
        output.emit_json({"versions": [describe.identity(version) for version in versions]})
    elif form == "tsv":
        output.emit_tsv(("version", "id", "content"), [(one.name, one.id, one.content) for one in versions])
    else:
        click.echo("\n".join(version.content if content else version.id for version in versions))
