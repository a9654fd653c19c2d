"""Answers on their way out: a table for people, `--tsv` for rows, `--json` for programs. Notes go to stderr."""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import shutil
import sys
from typing import TYPE_CHECKING, Any, cast

import click

from ..engine.wording import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence

SCHEMA = 1
"""The number of the JSON contract: it grows when a field changes its meaning or goes."""


def emit_json(answer: Mapping[str, Any]) -> None:
    """Print an answer as JSON, with the contract's number first; what is not a number is null."""
    click.echo(json.dumps({"schema": SCHEMA, **_finite(answer)}, ensure_ascii=False, allow_nan=False))


def emit_tsv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as tab-separated values under a header; numbers in full, so that they can be read back."""
    emit_rows(itertools.chain([columns], rows))


def emit_rows(rows: Iterable[Sequence[object]]) -> None:
    """Print rows as tab-separated values, without a header."""
    lines = iter("\t".join(map(_plain, row)) for row in rows)
    while block := "\n".join(itertools.islice(lines, 10_000)):  # each echo is a flush
        click.echo(block)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as an aligned table under a header; numbers to the right."""
    kept = [list(row) for row in rows]
    by_column = [_column([row[place] for row in kept]) for place in range(len(columns))]
    cells = [list(columns), *([column[number] for column in by_column] for number in range(len(kept)))]
    right = [all(_is_number(row[place]) for row in cells[1:]) for place in range(len(columns))]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    lines = [
        "  ".join(
            value.rjust(width) if to_right else value.ljust(width)
            for value, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in cells
    ]
    return "\n".join([click.style(lines[0], bold=True), *lines[1:]])


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Return names and values, one pair a line, the values under one another; `None` is left out."""
    kept = [(name, _short(value)) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in kept), default=0)
    return "\n".join(f"{click.style(name.ljust(width), bold=True)}  {value}" for name, value in kept)


def emit_facts(form: str, pairs: Iterable[tuple[str, object]]) -> None:
    """Print names and values: as rows of a tsv, or for people."""
    if form == "tsv":
        emit_tsv(("name", "value"), [(name, value) for name, value in pairs if value is not None])
    else:
        click.echo(facts(pairs))


def sentence(text: str) -> str:
    """Return a text as a sentence."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def page(text: str) -> None:
    """Print a text, through the pager where it is longer than the terminal."""
    if sys.stdout.isatty() and text.count("\n") + 2 > shutil.get_terminal_size().lines:
        click.echo_via_pager(text)
    else:
        click.echo(text)


def note(text: str) -> None:
    """Tell something on stderr, beside the answer."""
    click.echo(text, err=True)


@contextlib.contextmanager
def waiting(label: str) -> Generator[Callable[[float], None] | None]:
    """Show a bar on stderr while something runs that tells its share done; none where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    steps = 100
    with click.progressbar(length=steps, label=label, file=sys.stderr) as bar:

        def tell(share: float) -> None:
            bar.update(round(share * steps) - bar.pos)

        yield tell


def warn(text: str) -> None:
    """Tell something on stderr that the user should look at."""
    click.echo(click.style("Note: ", fg="yellow", bold=True) + text, err=True)


def number(value: float) -> str:
    """Return a number in four significant digits."""
    return f"{value:.4g}"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in cast("list[Any]", value)]
    return value


def _plain(value: object) -> str:
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    return "" if value is None else printable(str(value))


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value) if math.isfinite(value) else "–"
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else printable(str(value))


def _column(values: Sequence[object]) -> list[str]:
    """Return a column's values as text; real numbers with as many decimals as give the largest four digits or five."""
    real = [abs(value) for value in values if isinstance(value, float) and math.isfinite(value) and value]
    if not real or not all(isinstance(value, float | None) for value in values):
        return [_short(value) for value in values]
    decimals = 3 - math.floor(math.log10(max(real) / 2))
    if not 0 <= decimals <= 9 or min(real) < 0.5 * 10.0**-decimals:  # one of them would read as zero
        return [_short(value) for value in values]
    return [
        f"{value:.{decimals}f}" if isinstance(value, float) and math.isfinite(value) else _short(value)
        for value in values
    ]


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return text in ("", "–")
    return True
