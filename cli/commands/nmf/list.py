"""`grn nmf list`: the analyses that the store keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ....engine.errors import FormatError
from ... import options, output
from ...answers.answer import EVERY_FORM, ROWS, Answer, Note, caution
from ...answers.nmf import SHORT

if TYPE_CHECKING:
    from ....storage.networks.artifacts import Artifact
    from ....storage.repository import Repository

COLUMNS = ("id", "versions", "input", "rank", "ranks", "restarts", "seed", "converged", "time", "elsewhere", "source")


@click.command("list")
@options.forms
@options.repository
def command(repo: Repository) -> Answer:
    """List the analyses that the store keeps, newest first, each with its versions.

    One that came from another store says so in the column elsewhere; `grn nmf` computes it here.

    \b
    Example:
      grn nmf list
      grn nmf list --tsv
    """
    from ....analysis.nmf.run import contents_of

    artifacts = list(repo.artifacts.each())
    versions = contents_of(repo)
    damaged = [artifact for artifact in artifacts if isinstance(artifact, FormatError)]
    sound = [artifact for artifact in artifacts if not isinstance(artifact, FormatError)]
    rows = [_row(artifact, versions) for artifact in sound if artifact.record.analysis == "nmf"]
    none = Note("The store has no analysis yet; `grn nmf` makes one.")
    return Answer(
        columns=COLUMNS,
        rows=rows,
        json=lambda: {"analyses": ROWS},
        text=lambda: output.table(COLUMNS[:-1], [(row[0][:SHORT], *row[1:-1]) for row in rows]) if rows else None,
        paged=True,
        notes=[*([] if rows else [none]), *(caution(error.message, EVERY_FORM) for error in damaged)],
    )


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
        artifact.elsewhere or None,
        artifact.record.source,
    )
