"""Signals and labels in other layouts than a table of ids and values."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.formats import traits
from grnledger.formats.traits.covariates import read_covariates
from grnledger.formats.traits.labels import read_labels
from grnledger.formats.traits.traits import read_traits

ROOM = Path(traits.__file__).parent
"""The wing that reads signals and labels."""

SAMPLES = tuple(f"LU-{index:02d}" for index in range(1, 13))
AGES = tuple(40 + 7 * index % 31 + 0.5 for index in range(12))
GROUPS = tuple("tumor" if index % 3 else "normal" for index in range(12))
GROUP_OF = dict(zip(SAMPLES, GROUPS, strict=True))


def write(tmp_path: Path, text: str, name: str = "f.txt") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def lines(*rows: tuple[object, ...], sep: str = "\t", quote: str = "") -> str:
    return "".join(sep.join([str(row[0]), *(f"{quote}{field}{quote}" for field in row[1:])]) + "\n" for row in rows)


def series(*characteristics: tuple[str, ...]) -> str:
    accessions = tuple(f"GSM{4000 + index}" for index in range(12))
    return '!Series_title\t"Lung"\n!Series_sample_id\t"GSM1 GSM2"\n\n' + lines(
        ("!Sample_title", *SAMPLES),
        ("!Sample_geo_accession", *accessions),
        ("!Sample_channel_count", *["1"] * 12),
        ("!Sample_taxid_ch1", *["9606"] * 12),
        *(("!Sample_characteristics_ch1", *fields) for fields in characteristics),
        quote='"',
    )


AGED = tuple(f"age: {age}" for age in AGES)
GROUPED = tuple(f"group: {group}" for group in GROUPS)
TABLE = '!series_matrix_table_begin\n"ID_REF"\t"GSM4000"\nG1\t5.5\n!series_matrix_table_end\n'


@pytest.mark.parametrize("end", ["", TABLE])
def test_samples_of_a_series_matrix_are_read(tmp_path: Path, end: str) -> None:
    shifted = (GROUPED[0], AGED[1], *GROUPED[2:]), (AGED[0], GROUPED[1], *AGED[2:])
    path = write(tmp_path, series(*shifted) + end)
    table = read_traits(path, known=lambda: SAMPLES)
    assert dict(zip(table.ids, table.values[:, 0].tolist(), strict=True)) == dict(zip(SAMPLES, AGES, strict=True))
    assert table.names == ("age",)
    assert "a series matrix of GEO: its lines !Sample_… describe 12 samples" in table.notes[0]
    assert read_labels(path, SAMPLES, groups=("tumor", "normal")).label_of == GROUP_OF


def test_a_series_matrix_that_says_two_things_of_a_sample_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, series(AGED, ("age: 1", *AGED[1:])))
    with pytest.raises(InputError, match="sample 1 has two values of age"):
        read_traits(path, known=lambda: SAMPLES)


@pytest.mark.parametrize(
    "content",
    [
        dict(zip(SAMPLES, AGES, strict=True)),
        [{"sample": name, "age": age} for name, age in zip(SAMPLES, AGES, strict=True)],
        [{"age": age, "sample": name, "remark": None} for name, age in zip(SAMPLES, AGES, strict=True)],
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_json_of_values_by_name_and_of_records(tmp_path: Path, content: object, indent: int | None) -> None:
    table = read_traits(write(tmp_path, json.dumps(content, indent=indent), "f.json"), known=lambda: SAMPLES)
    assert (table.ids, table.values[:, 0].tolist()) == (SAMPLES, list(AGES))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": {"b": 1}}', "is JSON, and neither"),
        ("[1, 2, 3]", "is JSON, and neither"),
        ('{"a": 1, "a": 2}', "a stands twice in one object"),
        ('{"a": 1,', "begins as JSON, and line 1 is not JSON"),
        ("^DATABASE = GeoMiame\n^SAMPLE = GSM1\n", "is a SOFT file of GEO"),
        ("##fileformat=VCFv4.2\n#CHROM\tPOS\n1\t5\n", "is a VCF"),
        ('<?xml version="1.0"?>\n<a/>\n', "is XML"),
        ("4 2 1\n# a b\n0 0 1 1\n", "is a .cls file of GSEA by its contents"),
        ("# a comment\n", "holds no table"),
        ("!Sample_x\t1\n", "whose lines do not name"),
    ],
)
def test_other_files_are_named_and_a_way_is_shown(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as refusal:
        read_traits(write(tmp_path, text), known=lambda: SAMPLES)
    assert refusal.value.hint


OXFORD = "ID_1 ID_2 missing sex age crp case\n0 0 0 D C P B\n"


def test_oxford_samples_have_phenotypes_and_covariates(tmp_path: Path) -> None:
    rows = [
        (name, name, "0.01", 1 + index % 2, AGES[index], index + 0.5, index % 2) for index, name in enumerate(SAMPLES)
    ]
    path = write(tmp_path, OXFORD + lines(*rows, sep=" "), "f.sample")
    table = read_traits(path, known=lambda: SAMPLES)
    assert (table.ids, table.names) == (SAMPLES, ("crp", "case"))
    assert table.values[:, 0].tolist() == [index + 0.5 for index in range(12)]
    assert "an Oxford .sample file; the row of types (0 0 0 D C P B) is no sample." in table.notes[0]
    assert read_traits(path, "age").values[:, 0].tolist() == list(AGES)
    covariates = read_covariates(path, known=lambda: SAMPLES)
    assert covariates.names == ("sex=2", "age")
    assert "no covariate is read from phenotypes: crp (P), case (B)." in covariates.notes[1]


@pytest.mark.parametrize(
    ("types", "what"),
    [
        ("#q2:types\tnumeric", "a row of types"),
        ("\tNUMBER", "a row of types"),
        ("patient\tCDE_ID:2003", "a row of types"),
        ("sample\tage", "the titles once more"),
    ],
)
def test_rows_of_types_are_no_samples(tmp_path: Path, types: str, what: str) -> None:
    path = write(tmp_path, f"sample\tage\n{types}\n" + lines(*zip(SAMPLES, AGES, strict=True)))
    table = read_traits(path, known=lambda: SAMPLES)
    assert (table.ids, table.values[:, 0].tolist()) == (SAMPLES, list(AGES))
    assert f"line 2 is {what}" in table.notes[0]


@pytest.mark.parametrize("corner", ["phenotype", "", "sample"])
def test_ids_in_the_header_are_turned(tmp_path: Path, corner: str) -> None:
    path = write(tmp_path, lines((corner, *SAMPLES), ("age", *AGES), ("crp", *range(12)), sep=","), "f.csv")
    table = read_traits(path, known=lambda: SAMPLES)
    assert (table.ids, table.names) == (SAMPLES, ("age", "crp"))
    assert table.values[:, 0].tolist() == list(AGES)
    assert "ids stand in its first row (12 known names): each other row is a column (age, crp)." in table.notes[0]
    labels = write(tmp_path, lines((corner, *SAMPLES), ("group", *GROUPS)), "l.tsv")
    assert read_labels(labels, SAMPLES).label_of == GROUP_OF


def test_a_square_of_known_names_is_not_turned(tmp_path: Path) -> None:
    rows = [(name, *np.eye(12)[index]) for index, name in enumerate(SAMPLES)]
    table = read_traits(write(tmp_path, lines(("", *SAMPLES), *rows)), known=lambda: SAMPLES)
    assert (table.ids, table.names) == (SAMPLES, SAMPLES)


def test_columns_that_are_lists_of_samples_are_labels(tmp_path: Path) -> None:
    lists = [[name for name in SAMPLES if GROUP_OF[name] == group] for group in ("tumor", "normal")]
    rows = [(lists[0][index], lists[1][index] if index < 4 else "") for index in range(8)]
    labels = read_labels(write(tmp_path, lines(("tumor", "normal"), *rows)), SAMPLES)
    assert labels.label_of == GROUP_OF
    assert "lists of samples, whose titles are their labels: tumor (8), normal (4)." in labels.notes[0]
    for between in ((), ("na",)):  # and as in a GMT file
        rows = [(group, *between, *names) for group, names in zip(("tumor", "normal"), lists, strict=True)]
        assert read_labels(write(tmp_path, lines(*rows)), SAMPLES).label_of == GROUP_OF
    twice = write(tmp_path, lines(("tumor", "normal"), *zip(SAMPLES, SAMPLES[::-1], strict=True)))
    with pytest.raises(InputError, match="the ids may be in the columns tumor, normal"):
        read_labels(twice, SAMPLES)


def test_rows_that_repeat_are_read_once_and_those_that_disagree_are_refused(tmp_path: Path) -> None:
    rows = list(zip(SAMPLES, AGES, strict=True))
    table = read_traits(write(tmp_path, lines(("sample", "age"), *rows, rows[2], rows[2], rows[5])))
    assert (table.ids, table.values[:, 0].tolist()) == (SAMPLES, list(AGES))
    assert table.notes == ("f.txt: 3 rows say the same as another (LU-03, LU-03, LU-06), and they are read once.",)
    with pytest.raises(
        InputError, match="line 14: LU-01 occurs already in line 2, and they disagree: age is 99 here, and"
    ):
        read_traits(write(tmp_path, lines(("sample", "age"), *rows, (SAMPLES[0], 99))))


def test_every_refusal_says_what_to_do_next() -> None:
    refusals = 0
    for file in sorted(ROOM.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("InputError", "NotFound")):
                continue
            refusals += 1
            named = {keyword.arg for keyword in node.keywords}
            assert named & {"hint", "code", None}, f"{file.name}, line {node.lineno}: a refusal without a hint"
    assert refusals > 30


SYMBOLS = ("TP53", "MDM2", "CDKN1A", "BAX", "FAS", "MYC", "E2F1", "PCNA")
LINES = tuple(f"ACH-{index:06d}" for index in range(1, 31))


def screen(form: str, *, texts: int = 0, genes: tuple[str, ...] = SYMBOLS) -> str:
    """Return a table of cell lines in rows and genes in columns, with some columns of text behind the first."""
    titles = ["ModelID", *(f"text{index}" for index in range(texts)), *(form.format(gene) for gene in genes)]
    rows = [
        [line, *["lung"] * texts, *(f"{index + place / 8:.3f}" for place in range(len(genes)))]
        for index, line in enumerate(LINES)
    ]
    return lines(*map(tuple, (titles, *rows)), sep=",")


@pytest.mark.parametrize("form", ["{}", "{} (7157)", "{}|7157", "{}(7157)"])
@pytest.mark.parametrize("texts", [0, 2])
@pytest.mark.parametrize("others", [0, 60])
def test_a_trait_may_be_the_name_of_a_row_where_the_ids_are_in_the_header(
    tmp_path: Path, form: str, texts: int, others: int
) -> None:
    genes = SYMBOLS + tuple(f"LOC{index}" for index in range(others))
    path = write(tmp_path, screen(form, texts=texts, genes=genes), "effect.csv")
    table = read_traits(path, LINES[3], known=lambda: SYMBOLS)
    assert table.ids == tuple(form.format(gene) for gene in genes)
    assert table.values[:8, 0].tolist() == [3 + place / 8 for place in range(8)]
    assert table.names == (LINES[3],)
    assert "8 known names), and ACH-000004 is the name of line 5" in table.notes[0]
    assert ("nothing is read from text0, text1" in table.notes[0]) == bool(texts)


def test_one_of_many_rows_is_asked_for_where_the_ids_are_in_the_header(tmp_path: Path) -> None:
    path = write(tmp_path, screen("{} (1)"), "effect.csv")
    with pytest.raises(InputError, match="and 30 rows below it, such as ACH-000001") as refusal:
        read_traits(path, known=lambda: SYMBOLS)
    assert refusal.value.code == "signal-is-a-row"
    with pytest.raises(InputError, match="2 rows are named ACH-000002: lines 3, 32"):
        read_traits(
            write(tmp_path, screen("{}") + screen("{}").splitlines()[2] + "\n", "twice.csv"),
            LINES[1],
            known=lambda: SYMBOLS,
        )


def test_a_title_is_read_before_a_row_of_its_name(tmp_path: Path) -> None:
    path = write(tmp_path, lines(("gene", "z", "TP53"), *((gene, 1.5, 2.5) for gene in SYMBOLS)))
    assert set(read_traits(path, "TP53", known=lambda: SYMBOLS).values[:, 0]) == {2.5}


def test_covariates_in_many_rows_are_turned(tmp_path: Path) -> None:
    samples = tuple(f"GTEX-{index}" for index in range(90))
    rows = [(f"InferredCov{row}", *(f"{(row * 7 + column * 3) % 11}.5" for column in range(90))) for row in range(60)]
    path = write(tmp_path, lines(("ID", *samples), *rows))
    covariates = read_covariates(path, known=lambda: samples)
    assert covariates.ids == samples
    assert len(covariates.names) == 60


CAPTIONS = (
    ["Supplementary Table 3: differential expression, KO vs WT"],
    ["Table S1. Samples", "all values are as measured on the day of the biopsy"],
    ["Sample sheet – project X", ""],
)


def captioned(tmp_path: Path, kind: str, captions: list[str], rows: list[tuple[object, ...]]) -> Path:
    """Return a table with captions above: as text, as csv (padded, or with bare commas), a workbook."""
    width = len(rows[0])
    every = [[caption] for caption in captions] + [list(row) for row in rows]
    if kind == "xlsx":
        openpyxl = pytest.importorskip("openpyxl")
        book = openpyxl.Workbook()
        for row in every:
            book.active.append(row)
        book.save(tmp_path / "t.xlsx")
        return tmp_path / "t.xlsx"
    if kind == "padded":
        text = "".join(
            ",".join([f'"{row[0]}"', *map(str, row[1:]), *[""] * (width - len(row))]) + "\n" for row in every
        )
        return write(tmp_path, text, "t.csv")
    sep = "," if kind == "commas" else "\t"
    return write(tmp_path, "".join(sep.join(map(str, row)) + "\n" for row in every), "t.csv")


@pytest.mark.parametrize("captions", CAPTIONS)
@pytest.mark.parametrize("kind", ["tabs", "commas", "padded", "xlsx"])
def test_captions_above_are_skipped_with_a_note(tmp_path: Path, kind: str, captions: list[str]) -> None:
    rows = [("Sample ID", "Group", "Age", "Note"), *zip(SAMPLES, GROUPS, AGES, ["ok"] * 12, strict=True)]
    path = captioned(tmp_path, kind, captions, rows)
    table = read_traits(path, "Age", known=lambda: SAMPLES)
    assert dict(zip(table.ids, table.values[:, 0].tolist(), strict=True)) == dict(zip(SAMPLES, AGES, strict=True))
    assert "above the table" in table.notes[0]
    assert captions[0].split()[0] in table.notes[0]
    assert read_covariates(path, known=lambda: SAMPLES).ids == SAMPLES
    assert read_labels(path, SAMPLES, label_column="Group").label_of == GROUP_OF


@pytest.mark.parametrize("captions", CAPTIONS)
@pytest.mark.parametrize("kind", ["tabs", "padded", "xlsx"])
def test_captions_above_labels_alone_are_skipped(tmp_path: Path, kind: str, captions: list[str]) -> None:
    rows: list[tuple[object, ...]] = [("Patient", "Diagnosis"), *zip(SAMPLES, GROUPS, strict=True)]
    assert read_labels(captioned(tmp_path, kind, captions, rows), SAMPLES).label_of == GROUP_OF


def test_a_line_alone_within_a_table_is_still_refused(tmp_path: Path) -> None:
    rows = [("id", "a", "b"), *((name, age, age) for name, age in zip(SAMPLES, AGES, strict=True))]
    path = captioned(tmp_path, "padded", ["Table S1 of all samples"], [*rows, ("the second half below",), *rows[1:3]])
    with pytest.raises(InputError, match="line 15: 'the second half below' stands alone among the rows"):
        read_traits(path)


def test_titles_that_r_wrote_one_short_are_no_caption(tmp_path: Path) -> None:
    path = write(tmp_path, "condition\n" + lines(*zip(SAMPLES, GROUPS, strict=True)))
    assert read_labels(path, SAMPLES, label_column="condition").label_of == GROUP_OF
