"""`grn nmf list`: the analyses that the store keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ....engine.errors import FormatError
from ... import options, output
from ...answers import nmf

if TYPE_CHECKING:
    from ....storage.networks.artifacts import Artifact
    from ....storage.repository import Repository

COLUMNS = ("id", "versions", "input", "rank", "ranks", "restarts", "seed", "converged", "time", "source")


@click.command("list")
@options.forms
@options.repository
def command(repo: Repository, *, form: str) -> None:
    """List the analyses that the store keeps, the newest first, and the versions that each is of.

    \b
    Example:
      grn nmf list
      grn nmf list --tsv
    """
    from ....analysis.nmf.run import contents_of

    found = list(repo.artifacts.each())
    versions = contents_of(repo)
    sound = [one for one in found if not isinstance(one, FormatError) and one.record.analysis == "nmf"]
    rows = [_row(one, versions) for one in sound]
    if form == "json":
        output.emit_json({"analyses": [dict(zip(COLUMNS, row, strict=True)) for row in rows]})
    elif form == "tsv":
        output.emit_tsv(COLUMNS, [_plain(row) for row in rows])
    elif rows:
        output.page(output.table(COLUMNS[:-1], [(row[0][: nmf.SHORT], *_plain(row)[1:-1]) for row in rows]))
    else:
        output.note("The store keeps no analysis yet; `grn nmf` makes one.")
    for one in found:
        if isinstance(one, FormatError):
            output.warn(one.message)


def _row(one: Artifact, versions: dict[str, list[str]]) -> tuple[Any, ...]:
    asked, facts = one.record.parameters, one.record.facts
    first, last = asked.get("first_rank"), asked.get("last_rank")
    ranks = f"{first}:{last}" if first is not None else None
    return (
        one.key,
        versions.get(one.record.content, []),
        asked.get("input"),
        facts.get("rank"),
        ranks,
        asked.get("restarts"),
        asked.get("seed"),
        facts.get("converged"),
        one.record.time,
        one.record.source,
    )


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (row[0], " ".join(row[1]), *row[2:])
