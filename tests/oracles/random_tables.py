"""Random expression tables: index columns, corners, ids, annotations, separators, decimal marks and encodings.

The truth is drawn first, from the words of `foreign_words`, which are not those of the reader.
"""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from foreign_words import ANNOTATIONS, CLINICAL, CORNERS, GENES, SAMPLES
from grnledger.engine.errors import InputError
from grnledger.formats.expression.tables import read_expression_table

if TYPE_CHECKING:
    from pathlib import Path

Cell = str | float | int


@dataclass
class RandomTable:
    """A table of one combination, by the number that it is drawn with."""

    number: int

    def __post_init__(self) -> None:
        self.draw = random.Random(self.number)
        self.organism, self.style = self.draw.choice(list(GENES)), self.draw.choice(list(SAMPLES))
        self.genes = GENES[self.organism](self.draw, self.draw.randint(14, 36))
        self.samples = SAMPLES[self.style](self.draw, self.draw.randint(4, 9))
        g, n = len(self.genes), len(self.samples)
        stream = np.random.default_rng(self.number)
        values = stream.normal(7, 2, (g, 1)) + stream.normal(0, 0.6, (g, n))
        self.values = np.round(values, self.draw.choice([1, 2, 4]))
        if self.draw.random() < 0.3:
            self.values = np.floor(np.exp2(np.clip(self.values, 0, None)))
        self.in_rows = self.draw.random() < 0.75
        self.delimiter = self.draw.choice(["\t", ",", ";", " "])
        self.comma = self.delimiter != "," and self.draw.random() < 0.3
        self.corner = self.draw.choice(CORNERS["genes" if self.in_rows else "samples"])
        self.described: list[str] = []

    def write(self, path: Path) -> None:
        lines = self._lines()
        quote = self.delimiter == " " or self.draw.random() < 0.3
        text = [self.delimiter.join(self._field(cell, quote=quote) for cell in line) for line in lines]
        if self.draw.random() < 0.15 and self.delimiter != " ":
            text.insert(0, self.draw.choice(["# made by a pipeline", "#version 2"]))
        end = self.draw.choice(["\n", "\r\n"])
        content = (end.join(text) + end).encode(self.draw.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"]))
        path.write_bytes(gzip.compress(content) if self.draw.random() < 0.2 else content)

    def _lines(self) -> list[list[Cell]]:
        body = self.values if self.in_rows else self.values.T
        columns, names = (self.samples, self.genes) if self.in_rows else (self.genes, self.samples)
        header: list[Cell] = [self.corner, *columns]
        rows: list[list[Cell]] = [[name, *map(float, row)] for name, row in zip(names, body, strict=True)]
        if self.draw.random() < 0.4:
            self._describe(header, rows)
        if self.corner and self.draw.random() < 0.3:
            start = self.draw.choice([0, 1])
            header.insert(0, self.draw.choice(["", "Unnamed: 0", "index", "X"]))
            for i, row in enumerate(rows):
                row.insert(0, i + start)
        elif not self.corner and self.in_rows and self.draw.random() < 0.4:
            header = header[1:]  # as R's write.table
        return [header, *rows]

    def _describe(self, header: list[Cell], rows: list[list[Cell]]) -> None:
        """Insert one to three columns that describe genes, or samples, behind the names or at the end."""
        kinds = ANNOTATIONS if self.in_rows else CLINICAL
        self.described = self.draw.sample(list(kinds), self.draw.randint(1, 3))
        values = self.values if self.in_rows else self.values.T
        for title in self.described:
            at = self.draw.choice([1, len(header)])
            header.insert(at, title)
            for i, row in enumerate(rows):
                row.insert(at, kinds[title](self.draw, i, values[i].tolist()))

    def _field(self, cell: Cell, *, quote: bool) -> str:
        if isinstance(cell, str):
            return f'"{cell}"' if quote or self.delimiter in cell else cell
        text = str(int(cell)) if float(cell).is_integer() else repr(cell)
        return text.replace(".", ",") if self.comma else text


def outcome_of(path: Path, number: int) -> str:
    """Return "read", "refused", or how what was read is not what was written."""
    table = RandomTable(number)
    table.write(path)
    try:
        expression, _ = read_expression_table(path)
    except InputError as refusal:
        return f"refused: {refusal.message}"
    if list(expression.genes) != table.genes or list(expression.samples) != table.samples:
        names = _difference("genes", expression.genes, table.genes) + _difference(
            "samples", expression.samples, table.samples
        )
        return f"wrong names: {'; '.join(names)}"
    return "read" if np.array_equal(expression.values, table.values) else "wrong values"


def _difference(what: str, read: tuple[str, ...], written: list[str]) -> list[str]:
    """Return what is too much, and what is missing, among some names."""
    more = [name for name in read if name not in written]
    less = [name for name in written if name not in read]
    both = [f"{what} {words} {names[:3]}" for words, names in (("more", more), ("missing", less)) if names]
    return both or ([f"{what} in another order"] if list(read) != written else [])
