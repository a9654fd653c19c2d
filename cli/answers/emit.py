"""The one place where answers are printed: as text, as rows or as JSON on stdout, with their notes on stderr."""

from __future__ import annotations

import functools
import math
import sys
from typing import TYPE_CHECKING, Any, SupportsFloat, cast

import click

from ...engine.wording import field_text, printable
from .. import output
from .answer import ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from json import JSONEncoder

    from .answer import Answer

SCHEMA = 1
"""The number of the JSON contract: it grows when a field changes its meaning or goes."""


FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", '"')
"""What a text begins with that a spreadsheet runs as a formula; one in quotes is what stands within them."""


def emit(answer: Answer, form: str, *, safe_cells: bool = False) -> int:
    """Print an answer, then its notes, and return its exit code.

    Parameters
    ----------
    answer : Answer
        The answer.
    form : str
        `json`, `tsv` or `text`.
    safe_cells : bool
        Whether texts in rows that a spreadsheet would run have a `'` before them; numbers are as they are.
    """
    if form == "json":
        _write(_json(answer))
    elif form == "text" and answer.parts is not None:
        output.page_parts(answer.parts())
    elif form == "tsv" or answer.text is None:
        _write(_tsv(answer.columns, answer.rows, _safe_cell if safe_cells else _cell))
    elif (text := answer.text()) is not None:
        output.page(text) if answer.paged else click.echo(text)
    for note in answer.notes:
        if form in note.forms:
            output.note(note.text)
    return answer.code


def _write(parts: Iterable[str]) -> None:
    """Write parts as they come; the stream's buffer passes them on by the page."""
    sys.stdout.writelines(parts)
    sys.stdout.flush()


def _tsv(columns: Sequence[str], rows: Iterable[Sequence[object]], cell_of: Callable[[object], str]) -> Iterator[str]:
    """Yield lines of tab-separated values under a header; numbers in full, so that they can be read back."""

    def line(cells: Sequence[object]) -> str:
        return "\t".join(map(cell_of, cells)) + "\n"

    lines = map(line, rows)
    if columns:
        yield line(columns) + next(lines, "")  # what fails before its first row prints nothing
        yield from lines


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(_cell, cast("list[object]", value)))
    return printable(field_text(value))


def _safe_cell(value: object) -> str:
    """Return a cell; one that is no number, and begins as a formula does, with a `'` before it."""
    text = _cell(value)
    return f"'{text}" if text.startswith(FORMULA) and not isinstance(value, SupportsFloat) else text


def _json(answer: Answer) -> Iterator[str]:
    """Yield the parts of one JSON object, the contract's number first; what is not a finite number is null."""
    fields = answer.json()
    yield f'{{"schema": {SCHEMA}'
    for name, value in fields.items():
        yield f", {_encoder().encode(name)}: "
        yield from _array(answer) if value is ROWS else [_encoder().encode(_finite(value))]
    yield "}\n"


def _array(answer: Answer) -> Iterator[str]:
    yield "["
    for number, row in enumerate(answer.rows):
        record = dict(zip(answer.columns, row, strict=True))
        yield ", " * bool(number) + _encoder().encode(_finite(record))
    yield "]"


@functools.cache
def _encoder() -> JSONEncoder:
    import json  # not where a text is printed

    return json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in cast("list[Any]", value)]
    return value
