"""GCT 1.3: names and numbers between what describes genes and samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.formats.expression.expression import read_expression

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "#1.3\n3\t4\t2\t2\n"
ABOVE = "id\tsymbol\tentrez\tA\tB\tC\tD\ncell\tNA\tNA\tx\tx\tx\ty\ndose\tNA\tNA\t1\t2\t10\t-666\n"
ROWS = 'r1\tTP53\t7157\t1.5\t2\t3\t4\nr2\tMDM2 "x"\t4193\t2\t2\t1\t7\nr3\tMYC\t4609\t9\t2\t3\t0\n'
SIXTY = "".join(f"m{i}\t1\t2\t3\n" for i in range(60))
VALUES = np.array([[1.5, 2, 3, 4], [2, 2, 1, 7], [9, 2, 3, 0]])


def write(path: Path, text: str = HEAD + ABOVE + ROWS) -> Path:
    path.write_text(text)
    return path


def test_names_and_numbers_are_found_between_metadata(tmp_path: Path):
    file = read_expression(write(tmp_path / "a.gct"))
    assert np.array_equal(file.expression.values, VALUES)
    assert (file.expression.genes, file.expression.samples) == (("r1", "r2", "r3"), tuple("ABCD"))
    assert any("gene names are the column 'id'; it also has symbol, entrez" in note for note in file.notes)


def test_a_column_of_metadata_names_genes_and_a_row_selects_samples(tmp_path: Path):
    file = read_expression(write(tmp_path / "a.gct"), gene_column="symbol", where=["cell=x"])
    assert file.expression.genes == ("TP53", 'MDM2 "x"', "MYC")
    assert np.array_equal(file.expression.values, VALUES[:, :3])
    assert any("3 of 4 samples have cell = x" in note for note in file.notes)


@pytest.mark.parametrize(
    ("text", "samples"),
    [
        (HEAD + ABOVE + ROWS + "\n\n", "ABCD"),
        (HEAD + ABOVE + "\n" + ROWS, "ABCD"),
        ((HEAD + ABOVE + ROWS).replace("\n", "\r\n"), "ABCD"),
        ("#1.3\n2\t3\t0\t0\nid\tA\tB\tC\nr1\t1\t2\t3\nr2\t2\t2\t5\n", "ABC"),
        ("#1.3\n2\t3\t1\t0\nid\tn\tA\tB\tC\nr1\t9\t1\t2\t3\nr2\t9\t2\t2\t5\n", "ABC"),
        ("#1.3\n2\t3\t0\t60\nid\tA\tB\tC\n" + SIXTY + "r1\t1\t2\t3\nr2\t2\t2\t5\n", "ABC"),
        ("#1.3\n2\t6\t0\t0\nid\tA\tB\tC\tD\tE\tF\nr1" + "\t1\t2" * 3 + "\nr2" + "\t3\t5" * 3 + "\n", "ABCDEF"),
    ],
)  # fmt: skip
def test_metadata_may_be_few_or_many(tmp_path: Path, text: str, samples: str):
    expression = read_expression(write(tmp_path / "a.gct", text)).expression
    assert expression.samples == tuple(samples)
    assert expression.genes == tuple(f"r{i + 1}" for i in range(len(expression.genes)))


@pytest.mark.parametrize("blank", [0, 1, 3])
def test_lines_are_counted_as_they_stand_in_the_file(tmp_path: Path, blank: int):
    lines = (HEAD + ABOVE + ROWS).replace("\t7\n", "\tseven\n").splitlines(keepends=True)
    for place in range(2, 7):
        text = "".join([*lines[:place], *["\n"] * blank, *lines[place:]])
        with pytest.raises(InputError, match=f"line {7 + blank}, column D: 'seven'"):
            read_expression(write(tmp_path / "a.gct", text))


def test_rows_of_metadata_may_have_one_name(tmp_path: Path):
    head, above = HEAD.replace("\t2\n", "\t3\n"), ABOVE + "cell\tNA\tNA\tx\tx\tz\tz\n"
    path = write(tmp_path / "a.gct", head + above + ROWS)
    assert np.array_equal(read_expression(path).expression.values, VALUES)
    with pytest.raises(InputError, match="has 2 rows 'cell' of metadata, which differ"):
        read_expression(path, where=["cell=x"])
    same = write(tmp_path / "b.gct", head + ABOVE + ABOVE.splitlines(keepends=True)[1] + ROWS)
    assert read_expression(same, where=["cell=x"]).expression.samples == tuple("ABC")


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        (HEAD.replace("3\t4", "4\t4") + ABOVE + ROWS, {}, "claims 4 × 4 in its second line and holds 3 rows"),
        (HEAD.replace("4\t2\t2", "4\t2") + ABOVE + ROWS, {}, "does not say how many"),
        (HEAD.replace("2\t2\n", "2\t1\n") + ABOVE + ROWS, {}, "claims 3 × 4 in its second line and holds 4 rows"),
        (HEAD.replace("2\t2\n", "2\t9\n") + ABOVE + ROWS, {}, "claims 9 rows of metadata, and has 5"),
        (HEAD.replace("\t2\t2\n", "\t1\t2\n") + ABOVE + ROWS, {}, "line 3 has 7 fields where its second"),
        (HEAD + ABOVE + ROWS.replace("\t9\t2", "\tq\t2"), {}, "line 8, column A: 'q' is not a number"),
        (HEAD + ABOVE + ROWS.replace("\t9\t2", "\t2"), {}, "line 8 has 6 fields"),
        (HEAD + ABOVE + ROWS, {"gene_column": "x"}, "no column 'x' beside its genes; it has id, symbol, entrez"),
        (HEAD + ABOVE + ROWS, {"where": ["batch=1"]}, "no row 'batch' of metadata; it has cell, dose"),
        (HEAD + ABOVE + ROWS, {"where": ["dose=3"]}, "no sample has dose = '3'; there are -666, 1, 10, 2"),
    ],
)  # fmt: skip
def test_metadata_that_do_not_fit_are_refused(tmp_path: Path, text: str, options: dict[str, Any], sentence: str):
    with pytest.raises((InputError, NotFound), match=sentence):
        read_expression(write(tmp_path / "a.gct", text), **options)
