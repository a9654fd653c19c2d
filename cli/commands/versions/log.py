"""`grn log`: versions newest first, or the moves of refs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import nouns, options, output
from ...answers.answer import ROWS, Answer
from ...answers.versions import SHORT, change_lines, head_line, message_lines, refs_text, version_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....storage.history.refs import Move
    from ....storage.history.versions import Version
    from ....storage.repository import Repository


@click.command("log")
@click.argument("rev", type=nouns.RANGE, default="HEAD", metavar="[REV|A..B]")
@click.option("-n", "--number", type=click.IntRange(min=1), metavar="N", help="List at most N.")
@click.option("--all", "every", is_flag=True, help="Every version of the store, reachable from HEAD or not.")
@click.option("--refs", is_flag=True, help="The moves of HEAD, branches and tags instead.")
@click.option("--oneline", is_flag=True, help="One line per version.")
@click.option("--graph", is_flag=True, help="Draw the lines of branches and merges beside the versions.")
@options.forms
@options.repository
def command(
    repo: Repository, *, rev: str, number: int | None, every: bool, refs: bool, oneline: bool, graph: bool
) -> Answer:
    """List a version and its ancestors, newest first; for a range A..B, those of B that A does not have.

    \b
    Example:
      grn log
      grn log -n 5 --oneline
      grn log v2..drug-a
      grn log --all --graph --oneline
      grn log --refs
    """
    if refs and graph:
        raise click.UsageError("--graph draws versions, and --refs lists moves of refs: choose one.")
    if refs:
        return _moves(repo, list(reversed(repo.moves))[:number])
    before, after = repo.split_range(rev) if ".." in rev else (None, None)
    versions = repo.versions(
        None if every else rev if after is None else after.name,
        without="" if before is None or every else before.name,
        number=number,
    )
    return Answer(
        columns=("version", "id", "content", "time", "author", "rank", "added", "dropped", "refs", "message"),
        rows=map(_row, versions),
        json=lambda: {"versions": [version_json(version) for version in versions]},
        text=lambda: _text(versions, oneline=oneline, graph=graph),
        paged=True,
    )


def _text(versions: Sequence[Version], *, oneline: bool, graph: bool) -> str:
    texts = list(map(_line if oneline else _paragraph, versions))
    if not graph:
        return "\n".join(texts)
    from ....analysis.history_graph import history_graph
    from ...answers.history import graph_text

    return graph_text(history_graph(versions), [text.split("\n") for text in texts])


def _paragraph(version: Version) -> str:
    changes = (f"    {line}" for line in change_lines(version))
    return "\n".join([head_line(version), *message_lines(version), *changes, ""])


def _line(version: Version) -> str:
    name = click.style(f"{version.name:<4}", fg="yellow")
    first = "".join(message_lines(version)[:1]).strip()
    return f"{name} {version.id[:SHORT]} {first} {refs_text(version)}".rstrip()


def _row(version: Version) -> list[object]:
    added = ",".join(name for record in version.added for name in record.names)
    return [version.name, version.id, version.content, version.time, version.author, version.rank, added,
            ",".join(version.dropped), ",".join(version.refs), " ".join(version.message.split())]  # fmt: skip


def _moves(repo: Repository, moves: Sequence[Move]) -> Answer:
    names = {id_: name for name, id_, _ in repo.identities()}
    columns = ("time", "author", "ref", "before", "after", "reason")
    rows = [
        (move.time, move.author, move.ref, names.get(move.before or "", move.before),
         names.get(move.after or "", move.after), " ".join(move.reason.split()))
        for move in moves
    ]  # fmt: skip
    return Answer(
        columns=columns,
        rows=rows,
        json=lambda: {"moves": ROWS, "contents": {name: content for name, _, content in repo.identities()}},
        text=lambda: output.table(columns, rows),
        paged=True,
    )
