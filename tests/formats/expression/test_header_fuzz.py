"""Random headers: index columns, corner titles, ids, annotations, separators, decimal marks and encodings.

A table that is read has the genes and samples that it was written with, whatever stands around them. A refusal is no
fault where a second reading is plausible; most combinations are read.
"""

from __future__ import annotations

import gzip
import random
from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine.errors import InputError
from grnledger.formats.expression.tables import read_expression_table

if TYPE_CHECKING:
    from pathlib import Path

CASES = 400
"""Combinations in the suite; `python tests/formats/expression/test_header_fuzz.py 2000` reads as many as it is told."""

SYMBOLS = (
    "TP53 MDM2 CDKN1A BAX ACTB GAPDH MYC EGFR PTEN KRAS VIM CDH1 FN1 STAT1 STAT3 JUN FOS RELA NFKB1 AKT1 MTOR ALB "
    "APOE HBB KRT8 KRT18 UBC TBP PPIA LDHA"
).split()
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
    ("gene_biotype", lambda i: "protein_coding"),
    ("gc_content", lambda i: f"0.{41 + i % 9}"),
]


def write_case(path: Path, number: int) -> tuple[list[str], list[str], np.ndarray]:
    """Write a table of one combination, and return its genes, its samples and its values."""
    draw = random.Random(number)
    g, n = draw.randint(12, len(SYMBOLS)), draw.randint(4, 9)
    genes = draw.choice(
        [
            draw.sample(SYMBOLS, g),
            [f"ENSG{draw.randint(10**10, 10**11 - 1):011d}" for _ in range(g)],
            [str(draw.randint(100, 90_000) * 7 + i) for i in range(g)],
            [f"b{i:04d}" for i in draw.sample(range(9999), g)],
        ]
    )
    samples = draw.choice(
        [
            [f"s{j}" for j in range(n)],
            [f"GSM{480_000 + 13 * j}" for j in range(n)],
            [str(j + 1) for j in range(n)],
            [str(v) for v in draw.sample(range(100, 999), n)],
            [f"TCGA-AB-{2800 + j}" for j in range(n)],
            [f"patient {j}" for j in range(n)],
        ]
    )
    stream = np.random.default_rng(number)
    values = np.round(stream.normal(7, 2, (g, 1)) + stream.normal(0, 0.6, (g, n)), draw.choice([1, 2, 4]))
    if draw.random() < 0.3:
        values = np.floor(np.exp2(np.clip(values, 0, None)))
    in_rows = draw.random() < 0.75 or genes[0].isdigit() or samples[0].isdigit()
    delimiter = draw.choice(["\t", ",", ";", " "])
    comma = delimiter != "," and draw.random() < 0.3
    cells = [[repr(float(v)) if v % 1 else str(int(v)) for v in row] for row in values]
    if comma:
        cells = [[cell.replace(".", ",") for cell in row] for row in cells]
    corner = draw.choice(CORNERS["genes" if in_rows else "samples"])
    if genes[0].isdigit() and in_rows:
        corner = draw.choice(["gene", "entrez", "ENTREZID"])
    columns, names = (samples, genes) if in_rows else (genes, samples)
    body = cells if in_rows else [list(row) for row in zip(*cells, strict=True)]
    header, rows = [corner, *columns], [[name, *row] for name, row in zip(names, body, strict=True)]
    if in_rows and draw.random() < 0.4:
        usable = [column for column in ANNOTATIONS if not (comma and column[0] == "gc_content")]
        for title, value in draw.sample(usable, draw.randint(1, 2)):
            at = draw.choice([1, len(header)])
            header.insert(at, title)
            for i, row in enumerate(rows):
                row.insert(at, value(i))
    if corner and draw.random() < 0.3:
        start = draw.choice([0, 1])
        header.insert(0, draw.choice(["", "Unnamed: 0", "index", "X"]))
        for i, row in enumerate(rows):
            row.insert(0, str(i + start))
    elif not corner and in_rows and draw.random() < 0.4:
        header = header[1:]  # as R's write.table
    quote = delimiter == " " or draw.random() < 0.3

    def field(text: str) -> str:
        is_number = text.replace(",", "").replace(".", "").replace("-", "").isdigit()
        return f'"{text}"' if (quote and not is_number) or delimiter in text else text

    lines = [delimiter.join(map(field, line)) for line in (header, *rows)]
    if draw.random() < 0.15 and delimiter != " ":
        lines.insert(0, draw.choice(["# made by a pipeline", "#version 2"]))
    end = draw.choice(["\n", "\r\n"])
    content = (end.join(lines) + end).encode(draw.choice(["utf-8", "utf-8", "utf-8-sig"]))
    path.write_bytes(gzip.compress(content) if draw.random() < 0.2 else content)
    return genes, samples, values


def outcome_of(path: Path, number: int) -> str:
    """Return "read", "refused", or how what was read is not what was written."""
    genes, samples, values = write_case(path, number)
    try:
        expression, _ = read_expression_table(path)
    except InputError as refusal:
        return f"refused: {refusal.message}"
    if list(expression.genes) != genes or list(expression.samples) != samples:
        return f"wrong names: {expression.genes[:3]} × {expression.samples[:3]}, not {genes[:3]} × {samples[:3]}"
    return "read" if np.array_equal(expression.values, values) else "wrong values"


def test_random_headers_are_read_as_they_were_written_or_refused(tmp_path: Path):
    outcomes = {number: outcome_of(tmp_path / "case", number) for number in range(CASES)}
    assert {number: text for number, text in outcomes.items() if text.startswith("wrong")} == {}
    assert sum(text == "read" for text in outcomes.values()) >= 0.95 * CASES


if __name__ == "__main__":
    import collections
    import sys
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        counts: collections.Counter[str] = collections.Counter()
        for case in range(int(sys.argv[1])):
            text = outcome_of(Path(folder) / "case", case)
            counts[text.split(":")[0]] += 1
            if text != "read":
                print(case, text)
        print(dict(counts))
