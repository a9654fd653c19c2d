"""An answer as a value: rows for `--tsv`, an object for `--json`, a text for people, and notes beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .. import output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

TEXT = ("text",)
TEXT_AND_ROWS = ("text", "tsv")
EVERY_FORM = ("text", "tsv", "json")

ROWS: Final = object()
"""Stands in an answer's JSON object where its rows go, as objects with the columns for keys."""

FACTS = ("name", "value")
"""The columns of an answer that is names and values."""

Facts = list[tuple[str, object]]
"""Names and values; `None` is left out."""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for stderr, and the forms of an answer that it goes beside."""

    text: str
    forms: tuple[str, ...] = TEXT


def caution(text: str, forms: tuple[str, ...] = TEXT) -> Note:
    """Return a note that the user should look at."""
    return Note(output.warning(text), forms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command answers. Of its three forms, only the one that is asked for is made.

    Parameters
    ----------
    json : callable
        Returns the JSON object, in which `ROWS` stands for the rows.
    columns : sequence of str
        Names of the columns; without any, no rows are printed.
    rows : iterable of sequences
        A value a column; read once, and printed as they come.
    text : callable, optional
        Returns the text for people, or `None` for none. Without it people get the rows.
    parts : callable, optional
        Returns the parts of that text as they come, where it is long, as `output.page_parts` takes them.
    paged : bool
        Whether a text that is longer than the terminal goes through the pager.
    notes : iterable of Note
        What stderr has; read after the rows.
    code : int
        The exit code.
    """

    json: Callable[[], Mapping[str, Any]]
    columns: Sequence[str] = ()
    rows: Iterable[Sequence[object]] = ()
    text: Callable[[], str | None] | None = None
    parts: Callable[[], Iterable[str]] | None = None
    paged: bool = False
    notes: Iterable[Note] = ()
    code: int = 0


def records(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> list[dict[str, object]]:
    """Return rows as objects with the columns for keys, for JSON."""
    return [dict(zip(columns, row, strict=True)) for row in rows]


def facts_answer(facts: Facts, json: Callable[[], Mapping[str, Any]], notes: Iterable[Note] = ()) -> Answer:
    """Return an answer of names and values: a row each, and for people a line each."""
    rows = [fact for fact in facts if fact[1] is not None]
    return Answer(columns=FACTS, rows=rows, json=json, text=lambda: output.facts(rows), notes=notes)
