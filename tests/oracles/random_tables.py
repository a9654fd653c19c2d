"""Random expression tables: index columns, corners, ids, annotations, separators, decimal marks and encodings."""

from __future__ import annotations

import gzip
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine.errors import InputError
from grnledger.formats.expression.tables import read_expression_table

if TYPE_CHECKING:
    from pathlib import Path

_SYMBOLS = """
TP53 MDM2 CDKN1A BAX ACTB GAPDH MYC EGFR PTEN KRAS VIM CDH1 FN1 STAT1 STAT3
JUN FOS RELA NFKB1 AKT1 MTOR ALB APOE HBB KRT8 KRT18 UBC TBP PPIA LDHA
"""
SYMBOLS = _SYMBOLS.split()
CORNERS = {
    "genes": ["", "gene", "Gene", "gene_id", "Geneid", "symbol", "SYMBOL", "Gene Symbol", "Hugo_Symbol", "ID", "Name"],
    "samples": ["", "sample", "Sample", "sample_id", "cell", "barcode", "patient id", "ID"],
}
ANNOTATIONS = [
    ("Length", lambda i: str(900 + 37 * i)),
    ("GeneLength", lambda i: str(900 + 37 * i)),
    ("Entrez_Gene_Id", lambda i: str(7157 + 11 * i)),
    ("ENTREZID", lambda i: str(7157 + 11 * i)),
    ("Description", lambda i: f"protein {i}, of the cell"),
    ("gene_name", lambda i: f"alias{i}"),
    ("chr", lambda i: f"chr{1 + i % 22}"),
    ("gene_biotype", lambda _: "protein_coding"),
    ("gc_content", lambda i: f"0.{41 + i % 9}"),
]


@dataclass
class RandomTable:
    """A table of one combination, by the number that it is drawn with."""

    number: int

    def __post_init__(self) -> None:
        self.draw = random.Random(self.number)
        g, n = self.draw.randint(12, len(SYMBOLS)), self.draw.randint(4, 9)
        self.genes = self.draw.choice(
            [
                self.draw.sample(SYMBOLS, g),
                [f"ENSG{self.draw.randint(10**10, 10**11 - 1):011d}" for _ in range(g)],
                [str(self.draw.randint(100, 90_000) * 7 + i) for i in range(g)],
                [f"b{i:04d}" for i in self.draw.sample(range(9999), g)],
            ]
        )
        self.samples = self.draw.choice(
            [
                [f"s{j}" for j in range(n)],
                [f"GSM{480_000 + 13 * j}" for j in range(n)],
                [str(j + 1) for j in range(n)],
                [str(v) for v in self.draw.sample(range(100, 999), n)],
                [f"TCGA-AB-{2800 + j}" for j in range(n)],
                [f"patient {j}" for j in range(n)],
            ]
        )
        stream = np.random.default_rng(self.number)
        values = stream.normal(7, 2, (g, 1)) + stream.normal(0, 0.6, (g, n))
        self.values = np.round(values, self.draw.choice([1, 2, 4]))
        if self.draw.random() < 0.3:
            self.values = np.floor(np.exp2(np.clip(self.values, 0, None)))
        are_ids = self.genes[0].isdigit()
        self.in_rows = self.draw.random() < 0.75 or are_ids or self.samples[0].isdigit()
        self.delimiter = self.draw.choice(["\t", ",", ";", " "])
        self.comma = self.delimiter != "," and self.draw.random() < 0.3
        self.corner = self.draw.choice(CORNERS["genes" if self.in_rows else "samples"])
        if are_ids:
            self.corner = self.draw.choice(["gene", "entrez", "ENTREZID"])

    def write(self, path: Path) -> None:
        lines = self._lines()
        quote = self.delimiter == " " or self.draw.random() < 0.3
        text = [self.delimiter.join(self._field(cell, quote=quote) for cell in line) for line in lines]
        if self.draw.random() < 0.15 and self.delimiter != " ":
            text.insert(0, self.draw.choice(["# made by a pipeline", "#version 2"]))
        end = self.draw.choice(["\n", "\r\n"])
        content = (end.join(text) + end).encode(self.draw.choice(["utf-8", "utf-8", "utf-8-sig"]))
        path.write_bytes(gzip.compress(content) if self.draw.random() < 0.2 else content)

    def _lines(self) -> list[list[str]]:
        cells = [[repr(float(v)) if v % 1 else str(int(v)) for v in row] for row in self.values]
        if self.comma:
            cells = [[cell.replace(".", ",") for cell in row] for row in cells]
        columns, names = (self.samples, self.genes) if self.in_rows else (self.genes, self.samples)
        body = cells if self.in_rows else [list(row) for row in zip(*cells, strict=True)]
        header, rows = [self.corner, *columns], [[name, *row] for name, row in zip(names, body, strict=True)]
        if self.in_rows and self.draw.random() < 0.4:
            self._annotate(header, rows)
        if self.corner and self.draw.random() < 0.3:
            start = self.draw.choice([0, 1])
            header.insert(0, self.draw.choice(["", "Unnamed: 0", "index", "X"]))
            for i, row in enumerate(rows):
                row.insert(0, str(i + start))
        elif not self.corner and self.in_rows and self.draw.random() < 0.4:
            header = header[1:]  # as R's write.table
        return [header, *rows]

    def _annotate(self, header: list[str], rows: list[list[str]]) -> None:
        usable = [column for column in ANNOTATIONS if not (self.comma and column[0] == "gc_content")]
        for title, value in self.draw.sample(usable, self.draw.randint(1, 2)):
            at = self.draw.choice([1, len(header)])
            header.insert(at, title)
            for i, row in enumerate(rows):
                row.insert(at, value(i))

    def _field(self, text: str, *, quote: bool) -> str:
        is_number = text.replace(",", "").replace(".", "").replace("-", "").isdigit()
        return f'"{text}"' if (quote and not is_number) or self.delimiter in text else text


def outcome_of(path: Path, number: int) -> str:
    """Return "read", "refused", or how what was read is not what was written."""
    table = RandomTable(number)
    table.write(path)
    try:
        expression, _ = read_expression_table(path)
    except InputError as refusal:
        return f"refused: {refusal.message}"
    if list(expression.genes) != table.genes or list(expression.samples) != table.samples:
        return f"wrong names: {expression.genes[:3]} × {expression.samples[:3]}"
    return "read" if np.array_equal(expression.values, table.values) else "wrong values"
