"""The delimiter of a table, and the comments above it."""

from __future__ import annotations

import csv
import itertools
import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

from ...engine.errors import InputError
from .fields import COMMA_NUMBER, is_missing, is_number, plain_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

Delimiter = Literal["\t", ",", ";", "|", " "]
"""A space stands for runs of white space."""

DELIMITER_NAMES: dict[Delimiter, str] = {
    "\t": "tabs",
    ";": "semicolons",
    ",": "commas",
    "|": "bars",
    " ": "white space",
}
"""Of several delimiters that fit a table equally well, the first is taken."""

MOST_COMMENTS = 10_000
"""Most lines of comments or of nothing above a table."""

SNIFFED = 20
"""Most lines at the top that decide which delimiter a table has."""

SNIFFED_TEXT = 1 << 18
"""Most characters of those lines."""

GCT = re.compile(r"#1\.\d\b")


def skip_comments(path: Path, stream: Iterable[str]) -> tuple[list[str], str]:
    """Return the lines before the table and its first line, empty when there is none."""
    comments: list[str] = []
    for line in stream:
        text = line.strip()
        sizes_of_gct = len(comments) == 1 and GCT.match(comments[0])
        if text.strip(",\"'") and not text.startswith(("#", "!")) and not sizes_of_gct:
            return comments, line
        if len(comments) == MOST_COMMENTS:
            raise InputError(f"{path} begins with more than {MOST_COMMENTS:,} comment or empty lines.")
        comments.append(text)
    return comments, ""


def is_header_in_comment(comment: str, opening: str, delimiter: Delimiter) -> bool:
    """Whether the `#` line just above a row of data names its columns, as in `#gene<tab>s1<tab>s2`."""
    if delimiter == " ":  # a sentence has words too: there must be some, as many as there are numbers
        fields, below = comment.lstrip("#").split(), opening.split()
        as_wide = len(fields) == len(below) > 3
    else:
        fields, below = comment.split(delimiter), opening.strip().split(delimiter)
        as_wide = len(fields) == len(below) > 1
    return as_wide and comment.startswith("#") and is_number(below[-1]) and not is_number(fields[-1])


def sniff_delimiter(lines: Sequence[str]) -> Delimiter:
    """Return the delimiter that gives the rows one width, and numbers behind their first fields."""
    lengths = itertools.accumulate(map(len, lines))
    lines = [line for line, length in zip(lines, lengths, strict=True) if length <= SNIFFED_TEXT] or lines[:2]
    lines = [line for line in lines if not line.startswith("#") and line.strip("-+=:| \r\n")] or list(lines)
    scores: dict[Delimiter, float] = {delimiter: _fit(lines, delimiter) for delimiter in DELIMITER_NAMES}
    widths = [len(row) for row in _split(lines, "\t")]
    if scores["\t"] and len(set(widths[1:])) == 1 and widths[0] in (widths[1], widths[1] - 1):
        return "\t"  # no text has as many tabs in every line by chance
    every: list[Delimiter] = list(DELIMITER_NAMES)
    best: Delimiter = max(every, key=lambda delimiter: scores[delimiter])
    if best == ",":
        for other in every[:2]:
            if scores[other] > 1 and _are_decimal(lines[1:], other):
                return other
    if best == " " and scores["\t"] >= scores[" "] - 1:  # a caption of a few words is as wide as a header, by chance
        return "\t"
    if scores[best]:
        return best
    there: list[Delimiter] = [delimiter for delimiter in DELIMITER_NAMES if delimiter in lines[0]]
    return there[0] if there else " "


def _split(lines: Sequence[str], delimiter: Delimiter) -> list[list[str]]:
    """Return the rows of some lines that hold anything, or none where they are no table of such a delimiter."""
    try:
        return [row for row in csv.reader(one_spaced(lines, delimiter), delimiter=delimiter) if any(row)]
    except csv.Error:
        return []


def _fit(lines: Sequence[str], delimiter: Delimiter) -> float:
    """Return the share of rows of the most frequent width, and the share of numbers in them; 0 for single fields."""
    rows = _split(lines, delimiter)
    widths = Counter(map(len, rows))
    width, number = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    if width < 2 or 2 * number < len(rows):
        return 0.0
    below = [row for row in rows if len(row) == width][1:]  # the first has titles, where nothing stands above them
    every = (cell for row in below for cell in row[1:] if not is_missing(cell))
    cells = list(itertools.islice(every, 1000))
    plain = map(plain_number, cells)
    numbers = sum(is_number(cell) or bool(COMMA_NUMBER.fullmatch(cell)) for cell in plain)
    is_titled = len(rows[0]) > 1 and len(rows[0]) in (width, width - 1)
    return number / len(rows) + numbers / max(1, len(cells)) + is_titled


def _are_decimal(lines: Sequence[str], delimiter: Delimiter) -> bool:
    """Whether every comma of some lines stands in a number with a decimal comma, where another sign delimits."""
    cells = [cell for row in _split(lines, delimiter) for cell in row if "," in cell]
    return bool(cells) and all(map(COMMA_NUMBER.fullmatch, cells))


def one_spaced(lines: Iterable[str], delimiter: Delimiter) -> Iterator[str]:
    """Yield lines with runs of white space as one space, where that is the delimiter."""
    return (" ".join(line.split()) for line in lines) if delimiter == " " else iter(lines)
