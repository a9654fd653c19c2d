"""Versions, pathways and bases in text and in JSON: the same words in every verb."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ...engine.wording import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...storage.history.commits import PathwayFacts
    from ...storage.history.versions import Version

SHORT = 7
"""Digits of an id that people see."""


def version_json(version: Version) -> dict[str, Any]:
    """Return a version as the JSON contract has it."""
    return {
        "version": version.name,
        "id": version.id,
        "content": version.content,
        "parents": list(version.parents),
        "message": version.message,
        "author": version.author,
        "time": version.time,
        "base": version.base,
        "added": [pathway for record in version.added for pathway in pathway_json(record)],
        "dropped": list(version.dropped),
        "rank": version.rank,
        "refs": list(version.refs),
    }


def pathway_json(record: PathwayFacts) -> list[dict[str, Any]]:
    """Return a pathway, one object a name, as the JSON contract has it."""
    return [{"name": name, "genes": record.genes, "sign": record.sign} for name in record.names]


def identity(version: Version) -> dict[str, Any]:
    """Return what names a version in every JSON answer."""
    return {"version": version.name, "id": version.id, "content": version.content}


def refs_text(version: Version, *, styled: bool = True) -> str:
    """Return the refs of a version in brackets, HEAD pointing to its branch, or an empty text."""
    refs = list(version.refs)
    if refs[:1] == ["HEAD"] and len(refs) > 1:
        refs[:2] = [f"HEAD → {refs[1]}"]
    text = f"({', '.join(refs)})" if refs else ""
    return click.style(text, fg="green") if refs and styled else text


def head_line(version: Version, *, styled: bool = True) -> str:
    """Return the line that names a version: name, id, time, author, refs."""
    name = click.style(version.name, fg="yellow", bold=True) if styled else version.name
    when = version.time.replace("T", " ").replace("Z", " UTC")
    line = f"{name} {printable(f'{version.id[:SHORT]} {when} {version.author}')}"
    return f"{line} {refs_text(version, styled=styled)}" if version.refs else line


def message_lines(version: Version) -> list[str]:
    """Return a version's message as lines that stand under its name."""
    message = version.message
    if message.isprintable():  # one line, then
        return [f"    {message}"] if message else []
    return [f"    {printable(line)}" for line in message.splitlines()]


def change_lines(version: Version, most: int = 5, indent: str = "") -> list[str]:
    """Return what a version added and dropped: a line each, at most `most` of either."""
    lines = [f"{indent}base {version.base[:SHORT]}"] if version.changes_base else []
    if added := version.added:
        lines += _shortened([f"{indent}{_added(record)}" for record in added], most, indent)
    if dropped := version.dropped:
        lines += _shortened([f"{indent}dropped {name}" for name in dropped], most, indent)
    return lines


def _added(record: PathwayFacts) -> str:
    names = ", ".join(record.names)
    return f"{sign_text(record.sign)} {names} ({_overlap(record.genes, len(record.missing))})"


def _overlap(genes: int, missing: int) -> str:
    """Return how many genes of a pathway are on the panel, of how many."""
    if not missing:
        return counted(genes, "gene")
    return f"{genes:,} of {counted(genes + missing, 'gene')} on the panel, {100 * genes / (genes + missing):.3g} %"


def change_summary(version: Version, most: int = 3) -> str:
    """Return in a few words what a version did: the pathways that it added and dropped, else its message."""
    return ", ".join(_shortened(version.changes, most)) or printable(version.message)


def sign_text(sign: int) -> str:
    """Return + or −."""
    return "+" if sign > 0 else "−"


def _shortened(lines: Sequence[str], most: int, indent: str = "") -> Sequence[str]:
    return lines if len(lines) <= most else [*lines[:most], f"{indent}… and {len(lines) - most:,} more"]
