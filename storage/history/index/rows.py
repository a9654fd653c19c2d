"""Rows of the index: a commit, an entry of the log, and where refs stand, each as the fields of a line.

Fields are text, and stand in a line between tabs; what is a list in one has the separators of ASCII within it. A row is
made of fields as they stand: what is shown of ten thousand commits is not worth more than a split for each.
"""

from __future__ import annotations

from typing import NamedTuple

PART, RECORD, LIST = "\x1f", "\x1e", "\x1d"
"""Between the names of a list, between the fields of one of several records, and between those records."""

YES, NO = "1", "0"
NONE = "-"
BROUGHT = "+"


class CommitRow(NamedTuple):
    """A commit, as fields of a line.

    Parameters
    ----------
    number : str
        n of its version vn.
    id, content : str
        Its id, and the content id of its version.
    parents : str
        Number, colon and id of each.
    time, author : str
        When, UTC, ISO 8601, and who.
    rank : str
        Of all active pathways.
    adds, drops : str
        The pathways that it adds and drops.
    base : str
        The id of its base, after a + where it brings that.
    message : str
        The author's.
    reading : str
        How it is read, as fields of a record: the entry of the log that brings it, `anchor`, `rank_since`,
        `since_anchor`, `probe` and `guard` as in `records.MeasuredRecord`, and as JSON the file that its pathways were
        read from.
    """

    number: str
    id: str
    content: str
    parents: str
    time: str
    author: str
    rank: str
    adds: str
    drops: str
    base: str
    message: str
    reading: str


class EntryRow(NamedTuple):
    """An entry of the log, as fields of a line.

    Parameters
    ----------
    number, id : str
        Its number and its content id.
    file : str
        The SHA-256 of its file; a dash where it was read from a pack.
    time, author, reason : str
        When and by whom it was written, and why.
    moves : str
        The moves of refs: each ref, where it stood and where it stands.
    """

    number: str
    id: str
    file: str
    time: str
    author: str
    reason: str
    moves: str


class RefsRow(NamedTuple):
    """Where refs stand after an entry, as fields of a line.

    Parameters
    ----------
    entries, versions : str
        How many of them there are.
    first : str
        The id of the first commit.
    tip : str
        The commit at which HEAD's branch stands.
    head : str
        The branch that HEAD is.
    branches, tags : str
        Of each its name, and the number and id of the commit at which it stands.
    moved : str
        Of each ref that was ever moved the number of the last entry that did.
    active : str
        Of each add that is active in the tip the number and id of its commit, and its pathway; a dash where they are
        not noted.
    """

    entries: str
    versions: str
    first: str
    tip: str
    head: str
    branches: str
    tags: str
    moved: str
    active: str


def escaped(text: str) -> str:
    """Return a text as it stands in a field: what could be taken for a separator or the end of a line, as in JSON."""
    if text.isprintable() and "\\" not in text:
        return text
    import json  # few texts need it

    return json.dumps(text, ensure_ascii=False)[1:-1]


def plain(field: str) -> str:
    """Return the text that stands in a field; raises `ValueError` where there can be none."""
    if "\\" not in field:
        return field
    import json

    text = json.loads(f'"{field}"')
    if type(text) is not str:
        raise ValueError(field)
    return text


def parent_numbers(field: str) -> list[int]:
    """Return the numbers of the parents that stand in a field; raises `ValueError` where there can be none."""
    if PART in field:
        return [int(parent.partition(":")[0]) for parent in field.split(PART)]
    return [int(field.partition(":")[0])] if field else []


def parent_ids(field: str) -> tuple[str, ...]:
    """Return the ids of the parents that stand in a field."""
    return tuple([parent.partition(":")[2] for parent in field.split(PART)]) if field else ()


def records(field: str) -> list[list[str]]:
    """Return the fields of each of the records that stand in a field."""
    if LIST not in field:  # as nearly always
        return [field.split(RECORD)] if field else []
    return [record.split(RECORD) for record in field.split(LIST)]
