"""`grn log`: versions newest first, or the moves of refs."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import click

from ....engine.wording import printable
from ... import nouns, options, output
from ...answers.answer import ROWS, Answer
from ...answers.versions import SHORT, change_lines, head_line, message_lines, refs_text, version_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ....storage.history.refs import Move
    from ....storage.history.versions import Version
    from ....storage.repository import Repository


NUMBER = re.compile(r"-\d+")

FIRST_PART, PART = 16, 256
"""How many versions are written at once: few at first, lest who asked waits."""


class LogCommand(click.Command):
    """A command that takes -3 as git does: for -n 3."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments, with -3 as -n3."""
        return super().parse_args(ctx, [f"-n{word[1:]}" if NUMBER.fullmatch(word) else word for word in args])


@click.command("log", cls=LogCommand)
@click.argument("rev", type=nouns.RANGE, default="HEAD", metavar="[REV|A..B]")
@click.option("-n", "--number", type=click.IntRange(min=1), metavar="N", help="List at most N; -N for short.")
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
    newest = None if every else rev if after is None else after.name
    without = "" if before is None or every else before.name
    versions = itertools.islice(repo.newest_first(newest, without=without), number)
    describe = _line if oneline else _paragraph
    return Answer(
        columns=("version", "id", "content", "time", "author", "rank", "added", "dropped", "refs", "message"),
        rows=map(_row, versions),
        json=lambda: {"versions": [version_json(version) for version in versions]},
        text=lambda: _graph(list(versions), describe),
        parts=None if graph else lambda: _parts(versions, describe),
        paged=True,
    )


def _graph(versions: Sequence[Version], describe: Callable[[Version, bool], str]) -> str:
    from ....analysis.history_graph import history_graph
    from ...answers.history import graph_text

    return graph_text(history_graph(versions), [describe(version, True).split("\n") for version in versions])


def _parts(versions: Iterator[Version], describe: Callable[[Version, bool], str]) -> Iterator[str]:
    """Yield the texts of versions, some at a time."""
    styled, size = output.is_styled(), FIRST_PART
    while some := [describe(version, styled) for version in itertools.islice(versions, size)]:
        yield "\n".join(some)
        size = PART


def _paragraph(version: Version, styled: bool) -> str:
    head = head_line(version, styled=styled)
    return "\n".join([head, *message_lines(version), *change_lines(version, indent="    "), ""])


def _line(version: Version, styled: bool) -> str:
    name = click.style(f"{version.name:<4}", fg="yellow") if styled else f"{version.name:<4}"
    first = "".join(message_lines(version)[:1]).strip()
    return f"{name} {printable(version.id[:SHORT])} {first} {refs_text(version, styled=styled)}".rstrip()


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
