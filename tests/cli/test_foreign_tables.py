"""Tables, regulons and sets as programs and people write them, from the file to the numbers of a network."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SAMPLES = [f"s{number}" for number in range(1, 9)]

VALUES = {
    "TP53": "8.379 6.475 14.019 8.206 4.325 10.608 27.221 19.05",
    "MDM2": "3.656 2.085 3.962 7.701 0.723 5.937 2.126 3.553",
    "CDKN1A": "4.288 5.385 11.152 20.958 6.498 28.976 3.799 10.501",
    "MYC": "18.237 8.117 3.513 2.94 4.675 9.209 2.692 5.994",
    "BAX": "6.301 12.69 9.158 10.542 3.843 6.491 16.183 32.899",
    "ACTB": "2.098 33.58 28.385 16.14 9.626 5.398 31.754 52.471",
    "GAPDH": "44.774 27.525 10.563 2.207 7.356 14.246 2.037 10.97",
    "EGFR": "11.357 14.821 2.261 3.813 4.776 2.294 42.071 4.5",
    "KRAS": "10.267 5.705 35.998 27.67 13.92 0.816 7.784 14.639",
    "PTEN": "20.165 3.983 45.696 1.973 3.813 18.822 7.761 54.729",
}
"""The same ten genes in eight samples in every table below."""

COUNTS = {
    "TP53": "26 18 33 24 10 31 85 62",
    "MDM2": "14 4 12 19 2 22 9 10",
    "CDKN1A": "12 9 29 79 25 84 14 27",
    "MYC": "65 21 16 10 14 29 10 18",
    "BAX": "14 26 19 39 17 27 36 112",
    "ACTB": "8 103 94 48 30 23 106 168",
    "GAPDH": "132 68 29 5 28 47 14 31",
    "EGFR": "34 43 7 12 15 7 134 10",
    "KRAS": "32 23 114 73 39 3 18 50",
    "PTEN": "54 14 141 8 9 68 19 167",
}

STRONGEST = [
    ("MYC", "GAPDH", 0.2136370300357548),
    ("MDM2", "CDKN1A", 0.18890311561235293),
    ("BAX", "ACTB", 0.18646472297072714),
]
"""The three strongest edges of `VALUES`."""

COVARIANCES = {
    "repression": (-0.9453006887732477, -7.710345137257258, -0.7927372406395566),
    "activation": (-0.9453006887732477, -6.1473340317088265, 0.5238147456819505),
}
"""TP53 with MDM2, TP53 with MYC and MDM2 with MYC, once TP53 activates MDM2 and acts on MYC."""

Row = list[str]


def rows(values: dict[str, str] = VALUES, *, titles: Row | None = None) -> list[Row]:
    return [titles or ["gene", *SAMPLES], *([gene, *numbers.split()] for gene, numbers in values.items())]


def text(lines: list[Row], delimiter: str = "\t") -> str:
    return "".join(delimiter.join(line) + "\n" for line in lines)


def with_column(place: int, title: str, cells: Row, lines: list[Row] | None = None) -> list[Row]:
    """Return rows with one more column at a place."""
    return [[*row[:place], cell, *row[place:]] for row, cell in zip(lines or rows(), [title, *cells], strict=True)]


@pytest.fixture
def init(grn: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """`grn init` of a file of this content; its answer."""

    def run(content: str | bytes, *options: object, name: str = "e.tsv", store: str = "a.grn") -> Any:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return grn("init", tmp_path / store, "--expression", path, "--intensity", "analytic", *options)

    return run


@pytest.fixture
def edges(grn: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """The three strongest edges of a store."""

    def run(store: str = "a.grn") -> list[tuple[str, str, float]]:
        answer = grn("-s", tmp_path / store, "edges", "--top", "3", "--rank-by", "rho", "--tsv")
        lines = [line.split("\t")[:3] for line in answer.out.splitlines()[1:4]]
        return [(a, b, pytest.approx(float(rho), rel=1e-9)) for a, b, rho in lines]

    return run


def turned(lines: list[Row]) -> list[Row]:
    return [list(column) for column in zip(*lines, strict=True)]


COUNT = [str(number) for number in range(10)]
LENGTHS = [str(1000 + 37 * number) for number in range(10)]
IDS = [f"ENSG000001415{number:02}.1" for number in range(10)]

READ: dict[str, str | bytes] = {
    "an index of pandas": text(with_column(0, "", COUNT), ","),
    "an index of R": text(with_column(0, "X", [str(number) for number in range(1, 11)]), ","),
    "an index of pandas, named": text(with_column(0, "Unnamed: 0", COUNT), ","),
    "samples of numbers": text(rows(titles=["ID", "204", "187", "356", "91", "400", "12", "77", "310"])),
    "semicolons and decimal commas": text(rows(titles=["", *SAMPLES]), ";").replace(".", ","),
    "semicolons and decimal points": text(rows(titles=["", *SAMPLES]), ";"),
    "tabs and decimal commas": text(rows()).replace(".", ","),
    "lengths": text(with_column(1, "GeneLength", LENGTHS)),
    "lengths behind": text(with_column(9, "length", LENGTHS)),
    "places": text(with_column(1, "chr", ["chr1"] * 10, with_column(1, "start", LENGTHS))),
    "a line of groups": text([rows()[0], ["group", *"xxxxyyyy"], *rows()[1:]]),
    "numbers of batches": text([*rows(), ["batch", *"11112222"]]),
    "a title": "Expression of our cohort\n" + text(rows()),
    "a header in a comment": "#" + text(rows()),
    "a header in a comment over white space": "# " + text(rows(), " "),
    "samples in rows": text(turned(rows(titles=["sample", *SAMPLES])), ","),
    "samples in rows, without a title": text(turned(rows(titles=["", *SAMPLES])), ","),
    "UTF-16 of a spreadsheet": text(rows()).encode("utf-16"),
    "UTF-16, the large end first": b"\xfe\xff" + text(rows()).encode("utf-16-be"),
    "a byte order mark": text(rows()).encode("utf-8-sig"),
    "gzip": gzip.compress(text(rows()).encode(), mtime=0),
    "bzip2": bz2.compress(text(rows()).encode()),
    "xz": lzma.compress(text(rows()).encode()),
    "ends of lines of Windows": text(rows()).replace("\n", "\r\n"),
}


@pytest.mark.parametrize("content", READ.values(), ids=READ)
def test_the_same_values_make_the_same_network(
    init: Callable[..., Any], edges: Callable[..., Any], content: str | bytes
) -> None:
    answer = init(content)
    assert answer.code == 0, answer.err
    assert edges() == STRONGEST


def test_a_zip_of_one_table_and_a_name_that_is_not_utf_8_are_read(
    init: Callable[..., Any], edges: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.tsv", text(rows()))
    assert grn("init", tmp_path / "z.grn", "--expression", tmp_path / "a.zip", "--intensity", "analytic").code == 0
    assert edges("z.grn") == STRONGEST
    try:
        answer = init(text(rows()), name=os.fsdecode(b"M\xfcller.tsv"))
    except OSError:
        pytest.skip("this file system has no such names")
    assert answer.code == 0
    assert "M\\xfcller.tsv" in answer.out


COUNTERS = {
    "htseq": ("__no_feature", "__ambiguous", "__too_low_aQual", "__not_aligned", "__alignment_not_unique"),
    "STAR": ("N_unmapped", "N_multimapping", "N_noFeature", "N_ambiguous"),
    "featureCounts": ("Unassigned_Unmapped", "Unassigned_NoFeatures"),
}


@pytest.mark.parametrize("counters", COUNTERS.values(), ids=COUNTERS)
def test_reads_of_no_gene_are_left_out_of_library_sizes(
    init: Callable[..., Any], edges: Callable[..., Any], counters: tuple[str, ...]
) -> None:
    behind = text([[name, *[str(700_000 + 91_000 * i) for i in range(8)]] for name in counters])
    answer = init(text(rows(COUNTS)) + behind, "--counts")
    assert answer.code == 0, answer.err
    assert f"{len(counters)} rows of reads that belong to no gene skipped" in answer.err
    assert edges() == [
        ("MYC", "GAPDH", 0.06128527530234513),
        ("MYC", "ACTB", -0.053895391090428776),
        ("EGFR", "PTEN", -0.05259654648404136),
    ]


REFUSED = {
    "no names but numbers": (text(rows(dict(zip(COUNT, VALUES.values(), strict=True)))), (), "--gene-column TITLE"),
    "commas of decimals or thousands": (
        text(rows({"TP53": "1,024 2,048 1,536", "MDM2": "4,096 1,205 3,001"}, titles=["gene", "a", "b", "c"])),
        (),
        "--decimal comma or --decimal point",
    ),
    "a sample twice": (text(rows(titles=["gene", "s1", *SAMPLES[:7]])), (), "--duplicate-samples first|mean|number"),
    "genes above the samples": (text(turned(rows()), ","), (), "--genes-in rows or --genes-in columns"),
    "samples above the genes": (
        text(rows(titles=["sample", *(f"{sample}x" for sample in SAMPLES)])),
        (),
        "--genes-in rows or --genes-in columns",
    ),
    "a gene twice": (text([*rows(), rows()[1]]), (), "--duplicates max-variance|mean|first"),
    "sums of what is no count": (text([*rows(), rows()[1]]), ("--duplicates", "sum"), "Add --counts"),
    "a missing value": (text(rows()).replace("11.152", "NA"), (), "gene CDKN1A in sample s3"),
    "a condition without a table of samples": (text(rows()), ("--where", "a=b"), "--sample-table FILE"),
    "a column of names that is not there": (text(rows()), ("--gene-column", "symbol"), "no column 'symbol'"),
    "a sheet of a text": (text(rows()), ("--sheet", "x"), "not a workbook"),
}


@pytest.mark.parametrize(("content", "options", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_can_be_read_in_two_ways_is_refused_with_the_option_that_chooses(
    init: Callable[..., Any], content: str, options: tuple[str, ...], sentence: str
) -> None:
    answer = init(content, *options)
    assert answer.code != 0
    assert sentence in answer.err


def test_a_header_is_chosen(init: Callable[..., Any]) -> None:
    content = text([["ZFP1", "11", "12", "14", "15", "16", "19"], *([f"ZFP{i}", *"123456"] for i in range(2, 9))])
    answer = init(content)
    assert answer.code == 2
    assert "--header, or with --no-header" in answer.err
    for number, option in enumerate(("--header", "--no-header")):
        base = init(content, option, "--genes-in", "rows", "--json", store=f"{number}.grn").json["base"]
        assert base["genes"] == 7 + number
        assert base["source"]["parameters"] == {"genes_in": "rows", "header": option == "--header"}


@pytest.mark.parametrize("decimal", ["comma", "point"])
def test_a_decimal_mark_is_chosen(init: Callable[..., Any], edges: Callable[..., Any], decimal: str) -> None:
    values = {"TP53": "1,024 2,048 1,536 1,111", "MDM2": "4,096 1,205 3,001 2,222", "MYC": "1,001 1,003 1,002 1,009"}
    mark = "." if decimal == "comma" else ""
    titles = ["gene", "a", "b", "c", "d"]
    base = init(text(rows(values, titles=titles)), "--decimal", decimal, "--json").json["base"]
    assert base["source"]["parameters"] == {"decimal": decimal}
    init(text(rows(values, titles=titles)).replace(",", mark), store="b.grn")
    assert edges() == edges("b.grn")


@pytest.mark.parametrize("duplicates", ["first", "mean", "number"])
def test_columns_of_one_sample_are_resolved_and_recorded(init: Callable[..., Any], duplicates: str) -> None:
    content = text(rows(titles=["gene", "s1", *SAMPLES[:7]]))
    base = init(content, "--duplicate-samples", duplicates, "--json").json["base"]
    assert base["samples"] == (8 if duplicates == "number" else 7)
    assert base["preparation"]["duplicate_samples"] == duplicates
    assert any("8 columns name 7 samples, s1 more than once" in note for note in base["notes"])
    quiet = init(text(rows()), "--duplicate-samples", duplicates, "--json", store="b.grn").json["base"]
    assert "duplicate_samples" not in quiet["preparation"]


def test_counts_of_one_gene_are_added(init: Callable[..., Any], edges: Callable[..., Any]) -> None:
    halves = [[gene, *numbers.split()] for gene, numbers in COUNTS.items()]
    apart = [[gene, *[str(int(n) - int(n) // 3) for n in numbers]] for gene, *numbers in halves]
    apart += [[gene, *[str(int(n) // 3) for n in numbers]] for gene, *numbers in halves]
    assert init(text(rows(COUNTS)), "--counts").code == 0
    answer = init(text([["gene", *SAMPLES], *apart]), "--counts", "--duplicates", "sum", store="b.grn")
    assert "20 rows name 10 genes: counts of one gene were added" in answer.err
    assert edges("b.grn") == edges("a.grn")


def test_genes_are_named_by_another_column_or_by_aliases(
    init: Callable[..., Any], edges: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path
) -> None:
    content = text(with_column(0, "gene_id", IDS, rows(titles=["gene_name", *SAMPLES])))
    assert init(content).code == 0
    (tmp_path / "s.gmt").write_text("S\tna\tTP53\tMDM2\n")
    answer = grn("-s", tmp_path / "a.grn", "commit", tmp_path / "s.gmt")
    assert "--gene-column NAME" in answer.err
    assert init(content, "--gene-column", "gene_name", store="b.grn").code == 0
    assert edges("b.grn") == STRONGEST

    pairs = zip(IDS, VALUES, strict=True)
    (tmp_path / "names.tsv").write_text("".join(f"{id_.partition('.')[0]}\t{gene}\n" for id_, gene in pairs))
    base = init(content, "--alias", tmp_path / "names.tsv", "--json", store="c.grn").json["base"]
    assert base["preparation"]["aliases"] == 10
    assert any(note.startswith("10 of 10 gene names replaced by names.tsv, SHA-256 ") for note in base["notes"])
    assert edges("c.grn") == STRONGEST


def test_duplicates_decide_on_what_aliases_make_one(init: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "names.tsv").write_text("MDM2\tTP53\n")
    answer = init(text(rows()), "--alias", tmp_path / "names.tsv")
    assert answer.code == 2
    assert "1 of 9 genes occur in more than one row: TP53" in answer.err
    chosen = init(text(rows()), "--alias", tmp_path / "names.tsv", "--duplicates", "first", "--json", store="b.grn")
    assert chosen.json["base"]["genes"] == 9


def test_values_may_be_missing_in_what_is_left_out(
    init: Callable[..., Any], edges: Callable[..., Any], tmp_path: Path
) -> None:
    content = text(rows()).replace("11.152", "NA")
    (tmp_path / "s.txt").write_text("\n".join(name for name in SAMPLES if name != "s3"))
    (tmp_path / "g.txt").write_text("\n".join(gene for gene in VALUES if gene != "CDKN1A"))
    assert init(content, "--samples", tmp_path / "s.txt").code == 0
    assert edges() == [
        ("MYC", "GAPDH", 0.14580945842486737),
        ("BAX", "ACTB", 0.13174585937091166),
        ("MDM2", "CDKN1A", 0.12705457206468418),
    ]
    assert init(content, "--genes", tmp_path / "g.txt", store="b.grn").code == 0
    assert edges("b.grn") == [
        ("MYC", "GAPDH", 0.2134450187606214),
        ("BAX", "ACTB", 0.1854775020327815),
        ("TP53", "EGFR", 0.15966962424537967),
    ]


def test_a_column_that_may_describe_genes_is_refused_until_the_samples_are_listed(
    init: Callable[..., Any], tmp_path: Path
) -> None:
    measured = {f"G{i}": " ".join(str(100 * i + 7 * (i * j % 5) + j) for j in range(5)) for i in range(1, 13)}
    sizes = ["90", "1500", "77", "2300", "640", "120", "3100", "55", "980", "410", "2700", "60"]
    content = text(with_column(6, "bp_of_it", sizes, rows(measured, titles=["gene", *SAMPLES[:5]])))
    answer = init(content)
    assert answer.code == 2
    assert "Column 'bp_of_it'" in answer.err
    assert "--samples FILE" in answer.err
    (tmp_path / "s.txt").write_text("\n".join(SAMPLES[:5]))
    assert init(content, "--samples", tmp_path / "s.txt", "--json").json["base"]["samples"] == 5


def test_samples_are_chosen_by_a_table_that_describes_them(
    init: Callable[..., Any], edges: Callable[..., Any], tmp_path: Path
) -> None:
    described = [["id", "kind", "batch"], *([name, "x" if name != "s3" else "y", "1"] for name in [*SAMPLES, "s9"])]
    (tmp_path / "samples.tsv").write_text(text(described))
    (tmp_path / "s.txt").write_text("\n".join(name for name in SAMPLES if name != "s3"))
    options = ("--sample-table", tmp_path / "samples.tsv")
    base = init(text(rows()), "--where", "kind=x", *options, "--json").json["base"]
    assert base["samples"] == 7
    assert base["source"]["parameters"] == {"where": "kind=x", "sample_table": "samples.tsv"}
    assert "7 of 8 samples have kind = x" in base["notes"]
    assert init(text(rows()), "--samples", tmp_path / "s.txt", store="b.grn").code == 0
    assert edges() == edges("b.grn")
    for more, sentence in (
        ((), "Choose the samples with --where COLUMN=VALUE"),
        (("--where", "age=3"), "no column 'age'; it has kind, batch"),
        (("--where", "kind=z"), "no sample has kind = 'z'; there are x, y"),
    ):
        answer = init(text(rows()), *options, *more, store="c.grn")
        assert answer.code != 0
        assert sentence in answer.err
    (tmp_path / "samples.tsv").write_text(text([["id", "kind"], *([f"p{i}", "x"] for i in range(8))]))
    assert "describes none of the 8 samples" in init(text(rows()), *options, "--where", "kind=x", store="c.grn").err


def write_folder(folder: Path, genes: str, cells: str, prefix: str = "") -> Path:
    folder.mkdir()
    entries = [(i, j, n) for i, row in enumerate(COUNTS.values(), 1) for j, n in enumerate(row.split(), 1)]
    matrix = "%%MatrixMarket matrix coordinate integer general\n10 8 80\n"
    (folder / f"{prefix}matrix.mtx").write_text(matrix + "".join(f"{i} {j} {n}\n" for i, j, n in entries))
    (folder / f"{prefix}genes.tsv").write_text(genes)
    (folder / f"{prefix}barcodes.tsv").write_text(cells)
    return folder


def test_lists_of_names_beside_a_matrix_are_read_as_programs_write_them(
    grn: Callable[..., Any], edges: Callable[..., Any], init: Callable[..., Any], tmp_path: Path
) -> None:
    genes, cells = [f"ENSG{i}\t{gene}\n" for i, gene in enumerate(COUNTS)], "".join(f"{name}\n" for name in SAMPLES)
    assert init(text(rows(COUNTS)), "--counts").code == 0
    headed = write_folder(tmp_path / "w", "x\n" + "".join(f"{gene}\n" for gene in COUNTS), "x\n" + cells)
    assert grn("init", tmp_path / "w.grn", "--expression", headed, "--counts", "--intensity", "analytic").code == 0
    assert edges("w.grn") == edges()
    quoted = write_folder(tmp_path / "q", "".join(genes).replace("MDM2", '"MDM2'), cells)
    assert grn("init", tmp_path / "q.grn", "--expression", quoted, "--counts", "--intensity", "analytic").code == 0
    assert [a for a, _, _ in edges("q.grn")] == [a for a, _, _ in edges()]
    prefixed = write_folder(tmp_path / "g", "".join(genes), cells, prefix="GSM1_")
    answer = grn("init", tmp_path / "g.grn", "--expression", prefixed)
    assert "GSM1_matrix.mtx" in answer.err
    assert (
        grn(
            "init",
            tmp_path / "g.grn",
            "--expression",
            prefixed / "GSM1_matrix.mtx",
            "--counts",
            "--intensity",
            "analytic",
        ).code
        == 0
    )
    assert edges("g.grn") == edges()


REGULONS = {
    "TRRUST": ("r.tsv", "TF\tTarget\tMode\tPMID\nTP53\tMDM2\tActivation\t1\nTP53\tMYC\tRepression\t9\n", "repression"),
    "OmniPath": (
        "r.tsv",
        "source_genesymbol\ttarget_genesymbol\tis_stimulation\tis_inhibition\nTP53\tMDM2\t1\t0\nTP53\tMYC\t0\t1\n",
        "repression",
    ),
    "signed weights": ("r.tsv", "source\ttarget\tmor\nTP53\tMDM2\t1\nTP53\tMYC\t-1\n", "repression"),
    "words": ("r.csv", "source,target,effect\nTP53,MDM2,up\nTP53,MYC,down\n", "repression"),
    "SCENIC": ("r.tsv", "source\ttarget\tweight\nTP53(+)\tMDM2\t1\nTP53(+)\tMYC\t1\n", "activation"),
    "GMT of Enrichr": ("s.gmt", "TP53\t\tTP53,1.0\tMDM2,1.0\tMYC,1.0\n", "activation"),
    "GMT": ("s.gmt", "TP53\tna\tTP53\tMDM2\tMYC\n", "activation"),
}


def covariances(answer: Any) -> tuple[float, float, float]:
    table = [line.split("\t")[1:] for line in answer.out.splitlines()[1:4]]
    return float(table[0][1]), float(table[0][2]), float(table[1][2])


@pytest.mark.parametrize(("name", "content", "sign"), REGULONS.values(), ids=REGULONS)
def test_signs_and_regulators_reach_the_covariance(
    init: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path, name: str, content: str, sign: str
) -> None:
    init(text(rows()))
    (tmp_path / name).write_text(content)
    answer = grn("-s", tmp_path / "a.grn", "commit", tmp_path / name)
    assert answer.code == 0, answer.err
    exported = grn("-s", tmp_path / "a.grn", "export", "--matrix", "covariance", "--genes", "TP53,MDM2,MYC")
    assert covariances(exported) == pytest.approx(COVARIANCES[sign], rel=1e-9)


PATHWAYS_REFUSED = {
    "a GMT without descriptions": ("s.gmt", "SET1\tTP53\tMDM2\tMYC\nSET2\tEGFR\tKRAS\tPTEN\n", "--no-descriptions"),
    "importances": ("r.tsv", "TF\ttarget\timportance\nTP53\tMDM2\t85.3\nTP53\tMYC\t0.02\n", "--normalize max"),
    "weights of PROGENy": (
        "r.csv",
        "source,target,weight,p_value\nTP53,MDM2,10.8,8e-13\nTP53,MYC,45.4,1e-12\n",
        "4.54",
    ),
    "signs that are not known": ("r.tsv", "TF\tTarget\tMode\nTP53\tMDM2\tUnknown\n", "--unknown-sign drop"),
}


@pytest.mark.parametrize(("name", "content", "sentence"), PATHWAYS_REFUSED.values(), ids=PATHWAYS_REFUSED)
def test_pathways_that_can_be_read_in_two_ways_are_refused(
    init: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path, name: str, content: str, sentence: str
) -> None:
    init(text(rows()))
    (tmp_path / name).write_text(content)
    answer = grn("-s", tmp_path / "a.grn", "commit", tmp_path / name)
    assert answer.code == 2
    assert sentence in answer.err


def test_how_weights_were_scaled_stands_in_the_history(
    init: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path
) -> None:
    init(text(rows()))
    (tmp_path / "r.tsv").write_text("TF\ttarget\timportance\nTP53\tMDM2\t85.3\nTP53\tMYC\t0.02\n")
    assert grn("-s", tmp_path / "a.grn", "commit", tmp_path / "r.tsv", "--normalize", "max").code == 0
    shown = grn("-s", tmp_path / "a.grn", "show", "v1", "--json")
    assert '"normalize": "max"' in shown.out


CHOSEN = {
    "the first gene": ("s.gmt", PATHWAYS_REFUSED["a GMT without descriptions"][1], ("--no-descriptions",), "SET1 (3 g"),
    "a description": (
        "s.gmt",
        PATHWAYS_REFUSED["a GMT without descriptions"][1],
        ("--descriptions",),
        "SET1 (2 genes)",
    ),
    "large loadings": ("r.tsv", PATHWAYS_REFUSED["importances"][1], ("--allow-large",), "TP53 (3 genes)"),
    "no signs": ("r.tsv", REGULONS["TRRUST"][1], ("--sign-column", "none"), "TP53 (3 genes)"),
    "weights of 1": ("r.tsv", PATHWAYS_REFUSED["importances"][1], ("--weight-column", "none"), "TP53 (3 genes)"),
    "a column of genes": (
        "m.csv",
        "set,symbol,alias\nA,P53,TP53\nA,HDM2,MDM2\n",
        ("--gene-column", "alias"),
        "A (2 genes)",
    ),
    "members": ("m.csv", "gene,A\nTP53,1\nMDM2,1\nMYC,0\n", ("--format", "membership"), "A (2 genes)"),
    "none of unknown sign": (
        "r.tsv",
        "TF\tTarget\tMode\nTP53\tMDM2\tUnknown\nTP53\tMYC\tActivation\n",
        ("--unknown-sign", "drop"),
        "TP53 (2 genes)",
    ),
}


@pytest.mark.parametrize(("name", "content", "options", "added"), CHOSEN.values(), ids=CHOSEN)
def test_an_option_chooses_a_reading_of_pathways(
    init: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path, name: str, content: str, options: Row, added: str
) -> None:
    init(text(rows()))
    (tmp_path / name).write_text(content)
    answer = grn("-s", tmp_path / "a.grn", "commit", tmp_path / name, *options)
    assert answer.code == 0, answer.err
    assert f"+ {added}" in answer.out


def test_pathways_named_in_a_column_are_sets(init: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path) -> None:
    init(text(rows()))
    (tmp_path / "p.csv").write_text("gene,pathway,weight,p.value\nMDM2,EGFR,1.47,0.0016\nMYC,EGFR,0.18,0.2\n")
    answer = grn("-s", tmp_path / "a.grn", "commit", tmp_path / "p.csv")
    assert answer.code == 0
    assert "+ EGFR (2 genes)" in answer.out
    assert "names sets of genes, not regulators" in answer.err


def test_probes_are_named_by_their_description(
    init: Callable[..., Any], edges: Callable[..., Any], grn: Callable[..., Any], tmp_path: Path
) -> None:
    probes = with_column(0, "NAME", [f"{1000 + i}_at" for i in range(10)], rows(titles=["Description", *SAMPLES]))
    content = "#1.2\n10\t8\n" + text(probes)
    assert init(content, name="a.gct").code == 0
    (tmp_path / "s.gmt").write_text("SET\tna\tTP53\tMYC\n")
    answer = grn("-s", tmp_path / "a.grn", "commit", tmp_path / "s.gmt")
    assert "panel like Affymetrix probe sets" in answer.err
    assert init(content, "--gene-column", "Description", name="a.gct", store="b.grn").code == 0
    assert edges("b.grn") == STRONGEST
    assert grn("-s", tmp_path / "b.grn", "commit", tmp_path / "s.gmt").code == 0


def test_values_that_are_no_counts_are_refused_until_they_are_said_to_be(init: Callable[..., Any]) -> None:
    logs = {gene: " ".join(str(float(n) / 20) for n in numbers.split()) for gene, numbers in VALUES.items()}
    answer = init(text(rows(logs)), "--counts")
    assert answer.code == 2
    assert "as logarithms do" in answer.err
    assert "add --scale linear" in answer.err
    base = init(text(rows(logs)), "--counts", "--scale", "linear", "--json").json["base"]
    assert base["preparation"]["scale"] == "linear"
    answer = init(text(rows(logs)), "--transform", "log1p", store="b.grn")
    assert "a second time" in answer.err
    answer = init(text(rows(COUNTS)), "--transform", "log1p", "--scale", "log", store="b.grn")
    assert "are said to be logarithms already" in answer.err


def test_what_a_base_keeps_is_prepared_again_as_it_was_accepted(tmp_path: Path) -> None:
    import grnledger
    from grnledger.analysis.resampling import resampling_of

    logs = {gene: " ".join(str(float(n) / 20) for n in numbers.split()) for gene, numbers in VALUES.items()}
    (tmp_path / "e.tsv").write_text(text(rows(logs)))
    repo = grnledger.init(
        tmp_path / "a.grn", expression=tmp_path / "e.tsv", counts=True, transform="log1p", scale="linear"
    )
    assert resampling_of(repo, "v0").values.shape == (10, 8)


def test_python_takes_the_same_options(tmp_path: Path) -> None:
    import grnledger

    (tmp_path / "e.csv").write_text(text(rows(titles=["gene", "s1", *SAMPLES[:7]]), ";").replace(".", ","))
    repo = grnledger.init(
        tmp_path / "a.grn",
        expression=tmp_path / "e.csv",
        header=True,
        decimal="comma",
        scale="linear",
        duplicate_samples="mean",
        alias={"MDM2": "TP53"},
        duplicates="first",
    )
    record = repo.base().record
    assert record.source is not None
    assert record.source.parameters == {"header": True, "decimal": "comma"}
    steps = {"duplicate_samples": "mean", "aliases": 1, "duplicates": "first", "scale": "linear"}
    assert steps.items() <= dict(record.preparation).items()
    assert (record.genes, record.samples) == (9, 7)


def test_columns_are_chosen_or_skipped_by_their_titles(init: Callable[..., Any], tmp_path: Path) -> None:
    lines = ["\t".join(["gene", *(f"{s}_{m}" for m in ("count", "TPM") for s in SAMPLES[:4])])]
    for i in range(1, 13):
        counts = [100 * i + 7 * (i * j % 5) + j for j in range(4)]
        lines.append("\t".join([f"G{i}", *map(str, counts), *(str(count / 7) for count in counts)]))
    content = "\n".join(lines) + "\n"
    refused = init(content)
    assert refused.code == 2
    assert "4 columns of 'count', 4 columns of 'TPM'" in refused.err
    assert "--columns '*_count'" in refused.err
    chosen = init(content, "--columns", "*_count", "--json").json["base"]
    assert (chosen["samples"], chosen["source"]["parameters"]) == (4, {"columns": "*_count"})
    left = init(content, "--skip-columns", "*_TPM", "--json", store="b.grn").json["base"]
    assert (left["samples"], left["source"]["parameters"]) == (4, {"skip_columns": "*_TPM"})
