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
    """List the analyses that the store keeps, newest first, with the versions that each is of.

    \b
    Example:
      grn nmf list
      grn nmf list --tsv
    """
    from ....analysis.nmf.run import contents_of

    artifacts = list(repo.artifacts.each())
    versions = contents_of(repo)
    sound = [
        artifact
        for artifact in artifacts
        if not isinstance(artifact, FormatError) and artifact.record.analysis == "nmf"
    ]
    rows = [_row(artifact, versions) for artifact in sound]
    if form == "json":
        output.emit_json({"analyses": [dict(zip(COLUMNS, row, strict=True)) for row in rows]})
    elif form == "tsv":
        output.emit_tsv(COLUMNS, [_plain(row) for row in rows])
    elif rows:
        output.page(output.table(COLUMNS[:-1], [(row[0][: nmf.SHORT], *_plain(row)[1:-1]) for row in rows]))
    else:
        output.note("The store keeps no analysis yet; `grn nmf` makes one.")
    for artifact in artifacts:
        if isinstance(artifact, FormatError):
            output.warn(artifact.message)


def _row(artifact: Artifact, versions: dict[str, list[str]]) -> tuple[Any, ...]:
    parameters, facts = artifact.record.parameters, artifact.record.facts
    first, last = parameters.get("first_rank"), parameters.get("last_rank")
    ranks = f"{first}:{last}" if first is not None else None
    return (
        artifact.key,
        versions.get(artifact.record.content, []),
        parameters.get("input"),
        facts.get("rank"),
        ranks,
        parameters.get("restarts"),
        parameters.get("seed"),
        facts.get("converged"),
        artifact.record.time,
        artifact.record.source,
    )


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (row[0], " ".join(row[1]), *row[2:])
