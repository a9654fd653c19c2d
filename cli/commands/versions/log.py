"""`grn log`: versions newest first, or the moves of refs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options, output
from ...answers import versions as describe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....storage.history.refs import Move
    from ....storage.history.versions import Version
    from ....storage.repository import Repository


@click.command("log")
@click.argument("rev", default="HEAD", metavar="[REV|A..B]")
@click.option("-n", "--number", type=click.IntRange(min=1), metavar="N", help="At most N of them.")
@click.option("--all", "every", is_flag=True, help="Every version of the store, reachable from HEAD or not.")
@click.option("--refs", is_flag=True, help="The moves of HEAD, branches and tags instead.")
@click.option("--oneline", is_flag=True, help="A line a version.")
@options.forms
@options.repository
def command(
    repo: Repository, *, rev: str, number: int | None, every: bool, refs: bool, oneline: bool, form: str
) -> None:
    """List a version and its ancestors, newest first; of a range A..B, those of B that are not A's.

    \b
    Example:
      grn log
      grn log -n 5 --oneline
      grn log v2..drug-a
      grn log --refs
    """
    if refs:
        _tell_moves(repo, list(reversed(repo.moves))[:number], form)
        return
    before, after = repo.split_range(rev) if ".." in rev else (None, None)
    versions = repo.versions(
        None if every else rev if after is None else after.name,
        without="" if before is None or every else before.name,
        number=number,
    )
    if form == "json":
        output.emit_json({"versions": [describe.version_json(version) for version in versions]})
    elif form == "tsv":
        output.emit_tsv(
            ("version", "id", "content", "time", "author", "rank", "added", "dropped", "refs", "message"),
            [_row(version) for version in versions],
        )
    else:
        output.page("\n".join(_line(version) if oneline else _paragraph(version) for version in versions))


def _paragraph(version: Version) -> str:
    told = [describe.head_line(version), *describe.message_lines(version)]
    return "\n".join([*told, *(f"    {line}" for line in describe.change_lines(version)), ""])


def _line(version: Version) -> str:
    name = click.style(f"{version.name:<4}", fg="yellow")
    first = "".join(describe.message_lines(version)[:1]).strip()
    return f"{name} {version.id[: describe.SHORT]} {first} {describe.refs_text(version)}".rstrip()


def _row(version: Version) -> list[object]:
    added = ",".join(name for record in version.added for name in record.names)
    return [version.name, version.id, version.content, version.time, version.author, version.rank, added,
            ",".join(version.dropped), ",".join(version.refs), " ".join(version.message.split())]  # fmt: skip


def _tell_moves(repo: Repository, moves: Sequence[Move], form: str) -> None:
    names = {id_: name for name, id_, _ in repo.identities()}
    rows = [
        (move.time, move.author, move.ref, names.get(move.before or "", move.before),
         names.get(move.after or "", move.after), " ".join(move.reason.split()))
        for move in moves
    ]  # fmt: skip
    columns = ("time", "author", "ref", "before", "after", "reason")
    if form == "json":
        contents = {name: content for name, _, content in repo.identities()}
        output.emit_json({"moves": [dict(zip(columns, row, strict=True)) for row in rows], "contents": contents})
    elif form == "tsv":
        output.emit_tsv(columns, rows)
    else:
        output.page(output.table(columns, rows))
