"""What people read: tables, facts and sentences on stdout, through the pager where long; notes and bars on stderr.

And what becomes of either where it cannot be written.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import math
import os
import sys
import time
from typing import TYPE_CHECKING, Any, cast

import click

from ..engine.wording import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from click._termui_impl import ProgressBar


BETWEEN_LINES = 5.0
"""Seconds before the first line on progress, and between two: what takes less stays silent."""

LOST = "the answer could not be written"
"""How the reason of an error begins that is of the answer alone: what a verb does to a store is done by then."""


class _Answers(io.FileIO):
    """A stdout whose failures say that it is the answer that is lost, and not what has been done."""

    def write(self, buffer: Any, /) -> int:
        """Write some bytes, and return how many."""
        try:
            return super().write(buffer)
        except BrokenPipeError:
            raise
        except OSError as failure:
            raise OSError(failure.errno, f"{LOST}: {failure.strerror}", "stdout") from None


class _Notes(io.FileIO):
    """A stderr that may be on a full disk: what is said beside an answer ends no verb, and makes no answer wrong."""

    def write(self, buffer: Any, /) -> int:
        """Write some bytes as far as that can be done, and return how many."""
        try:
            return super().write(buffer)
        except BrokenPipeError:
            raise
        except OSError:
            return memoryview(buffer).nbytes


def prepare_streams() -> None:
    """Write answers and notes in UTF-8 whatever the terminal's encoding, buffered whatever `PYTHONUNBUFFERED` says.

    Without a buffer, a write that a closed pipe cuts short goes unnoticed. A process without an output gets one that
    goes nowhere, lest a store's file become its output.
    """
    for number, name, kind in ((1, "stdout", _Answers), (2, "stderr", _Notes)):
        stream: Any = getattr(sys, name)
        if stream is None:
            _open_nowhere(number)
        if stream is None or (isinstance(stream, io.TextIOWrapper) and _is_of_file(stream)):
            buffered = io.BufferedWriter(kind(number if stream is None else stream.fileno(), "w", closefd=False))
            by_lines = stream is not None and stream.line_buffering
            text = io.TextIOWrapper(buffered, encoding="utf-8", errors="surrogateescape", line_buffering=by_lines)
            setattr(sys, name, text)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="surrogateescape")


def _open_nowhere(number: int) -> None:
    descriptor = os.open(os.devnull, os.O_WRONLY)
    if descriptor != number:
        os.dup2(descriptor, number)
        os.close(descriptor)


def _is_of_file(stream: Any) -> bool:
    """Return whether a stream writes to a file, a pipe or a terminal, as those do that Python has made."""
    return isinstance(getattr(stream.buffer, "raw", stream.buffer), io.FileIO)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as an aligned table under a header; numbers to the right."""
    cells = list(rows)
    by_column = [_aligned(title, [row[index] for row in cells]) for index, title in enumerate(columns)]
    head, *lines = ("  ".join(line).rstrip() for line in zip(*by_column, strict=True))
    return "\n".join([click.style(head, bold=True), *lines])


def without_empty_columns(
    columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> tuple[list[str], list[list[object]]]:
    """Return the columns, and the rows of them, in which any row has a value."""
    used = [index for index in range(len(columns)) if any(row[index] is not None for row in rows)]
    return [columns[index] for index in used], [[row[index] for index in used] for row in rows]


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Return names and values, one pair a line, the values under one another; `None` is left out."""
    lines = [(name, _short(value)) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in lines), default=0)
    return "\n".join(f"{click.style(name.ljust(width), bold=True)}  {text}" for name, text in lines)


def sentence(text: str) -> str:
    """Return a text as a sentence."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def page(text: str) -> None:
    """Print a text, through the pager where it is longer than the terminal."""
    if sys.stdout.isatty() and text.count("\n") + 2 > _lines_of_terminal():
        click.echo_via_pager(text)
    else:
        click.echo(text)


def page_parts(parts: Iterable[str]) -> None:
    """Do the same with a text of many lines as its parts come; styled only where `is_styled`, a newline after each."""
    rest = iter(parts)
    if sys.stdout.isatty():
        first, left = list[str](), _lines_of_terminal() - 1
        while left >= 0 and (part := next(rest, None)) is not None:
            first.append(part)
            left -= part.count("\n") + 1
        rest = itertools.chain(first, rest)
        if left < 0:
            click.echo_via_pager("\n" * bool(number) + part for number, part in enumerate(rest))
            return
    sys.stdout.writelines(f"{part}\n" for part in rest)


def _lines_of_terminal() -> int:
    import shutil  # slow to load, for so little

    return shutil.get_terminal_size().lines


def is_styled() -> bool:
    """Return whether a text on stdout shall have colours."""
    context = click.get_current_context(silent=True)
    colour = None if context is None else context.color
    return sys.stdout.isatty() if colour is None else colour


def note(text: str) -> None:
    """Print a text on stderr, beside the answer."""
    click.echo(text, err=True)


@contextlib.contextmanager
def waiting(label: str) -> Generator[Callable[[float], None]]:
    """Yield what shows a bar on stderr and moves it to a share done; a line now and then where it is no terminal.

    What never reports a share shows none.
    """
    if not sys.stderr.isatty():
        yield progress_lines(label)
        return
    steps = 100
    with contextlib.ExitStack() as shown:
        bar: ProgressBar[int] | None = None

        def update(share: float) -> None:
            nonlocal bar
            if bar is None:
                bar = shown.enter_context(click.progressbar(length=steps, label=label, file=sys.stderr))
            bar.update(round(share * steps) - bar.pos)

        yield update


def progress_lines(label: str, clock: Callable[[], float] = time.monotonic) -> Callable[[float], None]:
    """Return what takes the share that is done, and notes it once so many seconds have gone by, and then again."""
    due = clock() + BETWEEN_LINES

    def update(share: float) -> None:
        nonlocal due
        if (now := clock()) >= due:
            due = now + BETWEEN_LINES
            with contextlib.suppress(OSError):  # nobody may be there to read it
                note(f"{label}: {100 * share:.0f} %")

    return update


def warning(text: str) -> str:
    """Return a text marked as one that the user should look at."""
    return click.style("Note: ", fg="yellow", bold=True) + text


def number(value: float) -> str:
    """Return a number in four significant digits."""
    return f"{value:.4g}"


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value) if math.isfinite(value) else "–"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return " ".join(map(_short, cast("list[object]", value)))
    return "" if value is None else printable(str(value))


def _aligned(title: str, values: Sequence[object]) -> list[str]:
    """Return a column under its title, all of one width; numbers to the right."""
    texts = _column(values)
    width = max(map(len, [title, *texts]))
    align = str.rjust if all(map(_is_number, texts)) else str.ljust
    return [align(text, width) for text in [title, *texts]]


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
