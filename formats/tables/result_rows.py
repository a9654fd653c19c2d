"""Rows of results that a command wrote: tab-separated text with a header, read back by the titles of its columns."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import printable, some
from ..files.opening import open_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


MOST = sys.float_info.max
"""The largest number: beyond are the infinite ones, which no column of results has."""


def read_columns(path: Path, titles: Sequence[str], *, code: str) -> list[list[str]]:
    """Return the fields of some columns.

    Parameters
    ----------
    path : Path
        The file, plain or packed.
    titles : sequence of str
        Their titles in the header.
    code : str
        Of the refusal of a file without these columns.

    Raises
    ------
    InputError
        A column is missing, or a row has too few fields.
    """
    with open_text(path) as lines:
        header = lines.readline().rstrip("\r\n").split("\t")
        missing = [title for title in titles if title not in header]
        if missing:
            raise InputError(
                f"{path} has no column {' and no column '.join(missing)}: its first line has {some(header)}.", code=code
            )
        indices = [header.index(title) for title in titles]
        columns: list[list[str]] = [[] for _ in titles]
        for number, line in enumerate(lines, 2):
            fields = line.rstrip("\r\n").split("\t")
            if len(fields) != len(header):
                raise InputError(f"Line {number:,} of {path} has {len(fields)} fields, and its header {len(header)}.")
            for column, index in zip(columns, indices, strict=True):
                column.append(fields[index])
    return columns


def numbers(path: Path, title: str, fields: Sequence[str], *, least: float = -MOST, most: float = MOST) -> list[float]:
    """Return fields as numbers; NaN for an empty one, and where nan is written.

    Parameters
    ----------
    path, title
        What an error names.
    fields : sequence of str
        The column.
    least, most : float
        What such a number can be: a table of another program may have a column of the same title for another quantity.

    Raises
    ------
    InputError
        A field is no number, or lies outside.
    """
    values: list[float] = []
    for number, field in enumerate(fields, 2):
        try:
            value = float(field) if field else math.nan
        except ValueError:
            raise InputError(f"Line {number:,} of {path} has {printable(field[:40])!r} as {title}.") from None
        if value < least or value > most:
            limits = [f"at least {least:g}"] * (least > -MOST) + [f"at most {most:g}"] * (most < MOST)
            raise InputError(
                f"Line {number:,} of {path} has {value:g} as {title}, which is {' and '.join(limits) or 'finite'}."
            )
        values.append(value)
    return values
