"""Tables of rows written to a file as they are made, whole or not at all."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .kinds import write_whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from pathlib import Path


@contextmanager
def row_writer(
    path: Path, columns: Sequence[str], *, delimiter: str = "\t"
) -> Generator[Callable[[Iterable[Sequence[object]]], None]]:
    """Give a function that writes rows under a header; the file has its name when all are written.

    Parameters
    ----------
    path : Path
        What stood there is replaced at the end.
    columns : sequence of str
        The header. Numbers are written in full, so that they can be read back; what is no number, or None, is empty.
    delimiter : str
        Between the fields, in none of which it may stand.
    """
    with write_whole_file(path) as stream:

        def write(rows: Iterable[Sequence[object]]) -> None:
            stream.writelines((delimiter.join(map(_plain, row)) + "\n").encode() for row in rows)

        write([columns])
        yield write


def _plain(value: object) -> str:
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else ""
    return "" if value is None else str(value)
