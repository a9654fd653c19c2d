"""Tables as programs write them, with columns that are no samples: read without them, or refused with a choice."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import GrnError, InputError, NotFound
from grnledger.formats.expression.tables import read_expression_table
from grnledger.formats.genes.orientation import orient
from grnledger.formats.layouts.gene_names import find_unlike_names
from grnledger.formats.layouts.measures import find_measures
from grnledger.formats.layouts.summaries import find_parts, find_summaries
from grnledger.formats.layouts.unlike import find_unlike

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

GENES = (
    "TP53 MDM2 CDKN1A BAX ACTB GAPDH MYC EGFR PTEN KRAS VIM CDH1 STAT3 JUN FOS RELA SOX2 GATA3 ERBB2 CCND1".split()  # noqa: SIM905
)
SAMPLES = ["S1", "S2", "S3", "S4", "S5", "S6"]
STREAM = np.random.default_rng(3)
COUNTS = 1 + np.round(STREAM.gamma(1.2, 300, (20, 1)) * STREAM.lognormal(0, 0.4, (20, 6)))
LOGS = np.array(np.round(np.log2(COUNTS + 1), 3), dtype=np.float64)
UNIFORM = np.round(STREAM.uniform(0, 1, 20), 4)
SIZES = STREAM.integers(500, 90000, 20)

Columns = dict[str, "Sequence[object]"]


def numbers(values: NDArray[np.float64], names: Sequence[str] = SAMPLES) -> Columns:
    shown = [[repr(v) if v % 1 else str(int(v)) for v in column] for column in values.T.tolist()]
    return dict(zip(names, shown, strict=True))


def table(columns: Columns, delimiter: str = "\t") -> str:
    rows = zip(*columns.values(), strict=True)
    return "\n".join(delimiter.join(map(str, row)) for row in (list(columns), *rows)) + "\n"


def of_all(title: str, values: NDArray[np.float64] = COUNTS) -> Columns:
    return numbers(values, [title.format(sample) for sample in SAMPLES])


def turned(columns: Columns, corner: str = "sample") -> str:
    samples = {gene: [repr(v) for v in row] for gene, row in zip(GENES, LOGS.tolist(), strict=True)}
    return table({corner: SAMPLES, **columns, **samples}, ",")


READ = {
    "means under a title of another language": {**numbers(LOGS), "gemiddelde": np.round(LOGS.mean(axis=1), 3)},
    "sums and deviations": {
        **numbers(COUNTS), "overall": COUNTS.sum(axis=1), "spread": np.round(COUNTS.std(axis=1, ddof=1), 2),
    },
    "means in front": {"avg all": np.round(COUNTS.mean(axis=1), 1), **numbers(COUNTS)},
    "calls between": {
        title: cells
        for column, sample in enumerate(SAMPLES)
        for title, cells in ((sample, numbers(COUNTS)[sample]), (f"{sample}_Call", list("PPAM" * 4 + "AP" * 2)))
        if column < 6
    },
    "p-values of detection": {
        title: cells
        for sample in SAMPLES
        for title, cells in ((sample, numbers(COUNTS)[sample]), (f"{sample}.Detection Pval", ["0.01"] * 20))
    },
    "a length under a title of its own": {"GRCh38_bp": SIZES, **numbers(COUNTS)},
    "a degree": {**numbers(LOGS), "ppi_degree": STREAM.integers(1, 300, 20)},
    "two statistics": {**numbers(LOGS), "qval_x": UNIFORM, "tstat_x": UNIFORM[::-1]},
    "a ratio": {**numbers(LOGS), "KO/WT": np.round(LOGS[:, 2] - LOGS[:, 0], 3)},
    "a title of another script": {"длины": SIZES, **numbers(LOGS, "liver lung heart brain skin colon".split())},
    "largest values beside a class": {
        "klass": STREAM.integers(1, 5, 20), "tx": [f"NM_{i}" for i in range(20)], **numbers(LOGS),
        "max": LOGS.max(axis=1),
    },
    "chromosomes under a foreign title": {"kromosomi": ["1", "2", "X", "7"] * 5, **numbers(LOGS)},
    "accessions behind a number": {"npapers": SIZES, "acc": [f"Q{i}23" for i in range(20)], **numbers(LOGS)},
    "a pool beside numbered samples": numbers(LOGS, [*SAMPLES[:5], "pool"]),
    "words for samples": numbers(LOGS, ["WT", "KO", "Rescue", "Het", "Mock", "Input"]),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_columns_that_describe_genes_are_left_out(tmp_path: Path, name: str):
    (tmp_path / "e").write_text(table({"gene": GENES, **READ[name]}))
    expression, _ = read_expression_table(tmp_path / "e")
    assert expression.genes == tuple(GENES)
    assert len(expression.samples) == 6
    assert np.array_equal(expression.values, LOGS if expression.values.max() < 20 else COUNTS)


def test_what_is_computed_of_the_samples_is_said(tmp_path: Path):
    (tmp_path / "e").write_text(table({"gene": GENES, **READ["sums and deviations"]}))
    note = "2 columns computed of the other columns skipped: overall is the sum, spread is the standard deviation"
    assert note in read_expression_table(tmp_path / "e")[1]


REFUSED = {
    "a share of one value": ({**numbers(COUNTS), "pct_detected": ["1.0"] * 20}, "'pct_detected'"),
    "means of groups": (
        {**numbers(LOGS), "A": np.round(LOGS[:, :3].mean(axis=1), 3), "B": np.round(LOGS[:, 3:].mean(axis=1), 3)},
        "'A' is the mean of 3 other columns",
    ),
    "counts and TPM": ({**of_all("{}_count"), **of_all("{}_TPM", LOGS)}, "6 columns of 'count', 6 columns of 'TPM'"),
    "tximport": (
        {**of_all("abundance.{}", LOGS), **of_all("counts.{}"), **of_all("length.{}", LOGS)},
        "6 columns of 'abundance', 6 columns of 'counts'",
    ),
    "MaxQuant": ({**of_all("Intensity {}"), **of_all("LFQ intensity {}")}, "'Intensity', 6 columns of 'LFQ intensity'"),
    "RSEM of one sample": (
        {"expected_count": SIZES, "TPM": UNIFORM, "FPKM": UNIFORM}, "columns of one sample alone"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_columns_that_may_be_samples_or_not_are_refused(tmp_path: Path, name: str):
    columns, match = REFUSED[name]
    (tmp_path / "e").write_text(table({"gene": GENES, **columns}))
    with pytest.raises(InputError, match=match) as error:
        read_expression_table(tmp_path / "e")
    assert error.value.code
    read, _ = read_expression_table(tmp_path / "e", columns=["*"])
    assert read.samples == tuple(columns)


def test_columns_of_few_genes_are_judged_by_their_size(tmp_path: Path):
    columns = numbers(COUNTS[:4] + 10_000)
    (tmp_path / "e").write_text(table({"gene": GENES[:4], **columns, "PSMs": [3, 5, 8, 2]}))
    with pytest.raises(InputError, match=r"'PSMs' .* numbers of about 4, and the others of about 1"):
        read_expression_table(tmp_path / "e")


def test_columns_are_chosen_and_left_out_by_patterns(tmp_path: Path):
    path = tmp_path / "e"
    path.write_text(table({"gene": GENES, "id": range(20), **of_all("{}_count"), **of_all("{}_TPM", LOGS)}))
    chosen, notes = read_expression_table(path, columns=["*_count"])
    assert chosen.samples == tuple(f"{sample}_count" for sample in SAMPLES)
    assert "6 columns read, chosen by '*_count'" in notes
    left, _ = read_expression_table(path, skip_columns=["*_TPM", "id"])
    assert left.samples == chosen.samples
    with pytest.raises(NotFound, match=r"has no column '\*_FPKM'"):
        read_expression_table(path, columns=["*_FPKM"])
    with pytest.raises(NotFound, match=r"No column of .* is left"):
        read_expression_table(path, columns=["*_TPM"], skip_columns=["S*"])
    path.write_text("".join(f"{gene}\t1.5\t2.5\t{i}.5\n" for i, gene in enumerate(GENES)))
    with pytest.raises(InputError, match="no header"):
        read_expression_table(path, columns=["S1"])


CLINICAL: dict[str, tuple[Columns, str]] = {
    "a word and whole numbers": ({"renal": [0, 1, 1, 0, 1, 0]}, "'renal'"),
    "words of no list": ({"mouse_room": [4, 1, 1, 2, 1, 2], "Sex": list("MFMFMF")}, "'mouse_room'"),
}


def test_words_on_samples_are_no_genes(tmp_path: Path):
    columns = {"weight_kg": [70.5, 80, 66, 91, 77, 64], "Age (years)": [50, 61, 44, 39, 71, 58], "âge": [1] * 6}
    (tmp_path / "e").write_text(turned(columns), encoding="utf-8")
    expression, notes = read_expression_table(tmp_path / "e")
    assert expression.genes == tuple(GENES)
    assert any("weight_kg, Age (years)" in note for note in notes)
    assert any(note.endswith("âge") for note in notes)


@pytest.mark.parametrize("name", CLINICAL)
def test_what_describes_samples_is_no_gene(tmp_path: Path, name: str):
    columns, match = CLINICAL[name]
    path = tmp_path / "e"
    path.write_text(turned(columns))
    with pytest.raises(InputError, match=f"{match}.* may be"):
        read_expression_table(path)
    assert read_expression_table(path, skip_columns=list(columns))[0].genes == tuple(GENES)


def test_known_descriptions_and_text_between_them_are_left_out(tmp_path: Path):
    path = tmp_path / "e"
    path.write_text(
        turned({"age": [50, 61, 44, 39, 71, 58], "gender": list("MFMFMF"), "bmi": [20, 21, 25, 30, 19, 22]})
    )
    expression, notes = read_expression_table(path)
    assert expression.genes == tuple(GENES)
    assert any("gender ('M')" in note for note in notes)


@pytest.mark.parametrize(
    "genes",
    [
        "lacZ araC recA dnaK rpoB gyrA ompF trpE hisG leuB lexA uvrA crp fnr arcA soxS rpoS lacI malE thrA",
        "white dpp wg hh eve Antp Su(H) E(spl)m7-HLH CG1234 CG4567 yellow ci en ftz run h kni Kr gt os",
        "act1 cdc2 ade6 ura4 his3 leu1 mat1 rad3 nmt1 cut9 wee1 cdc25 rec8 swi6 clr4 sod2 tub1 gpd1 pho1 arg3",
        "unc-119 daf-2 daf-16 lin-4 let-7 ced-3 ced-4 egl-1 mab-5 glp-1 fem-3 her-1 tra-2 sma-2 dpy-7 lon-2 a b c d",
    ],
)
def test_genes_of_other_organisms_are_genes(tmp_path: Path, genes: str):
    (tmp_path / "e").write_text(table({"gene": genes.split(), **numbers(LOGS)}))
    assert read_expression_table(tmp_path / "e")[0].genes == tuple(genes.split())


def test_samples_of_archives_are_samples_whatever_the_corner_says(tmp_path: Path):
    names = [f"TCGA-02-{i:04d}-01" for i in range(6)]
    (tmp_path / "e").write_text(table({"sample": GENES, **numbers(LOGS, names)}))
    assert read_expression_table(tmp_path / "e")[0].genes == tuple(GENES)


NUMBERS = {
    "points between thousands and decimal commas": (
        ";",
        lambda v: f"{v:,.2f}".replace(",", " ").replace(".", ",").replace(" ", "."),
    ),
    "commas between thousands": (";", lambda v: f"{v:,.2f}"),
    "spaces and decimal commas": (";", lambda v: f"{v:,.2f}".replace(",", "\u202f").replace(".", ",")),
    "plain spaces": ("\t", lambda v: f"{v:,.2f}".replace(",", " ")),
    "apostrophes": ("\t", lambda v: f"{v:,.2f}".replace(",", "'")),
    "a minus of typography": ("\t", lambda v: f"{v - 5000:.2f}".replace("-", "\u2212")),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_marks_in_numbers_are_read(tmp_path: Path, name: str):
    delimiter, shown = NUMBERS[name]
    values = COUNTS * 37 / 4
    columns = {sample: [shown(v) for v in values[:, j]] for j, sample in enumerate(SAMPLES)}
    (tmp_path / "e").write_text(table({"gene": GENES, **columns}, delimiter), encoding="utf-8")
    read, _ = read_expression_table(tmp_path / "e")
    assert np.allclose(read.values, values - (5000 if "minus" in name else 0), atol=0.006)


def test_the_line_that_tells_a_spreadsheet_the_delimiter_is_read(tmp_path: Path):
    (tmp_path / "e").write_text("sep=;\n" + table({"gene": GENES, **numbers(LOGS)}, ";").replace(".", ","))
    assert np.array_equal(read_expression_table(tmp_path / "e")[0].values, LOGS)


def test_points_in_every_number_may_stand_between_thousands(tmp_path: Path):
    whole = COUNTS + 1000
    columns = {s: [f"{int(v):,}".replace(",", ".") for v in whole[:, j]] for j, s in enumerate(SAMPLES)}
    (tmp_path / "e").write_text(table({"gene": GENES, **columns}, "\t"))
    assert read_expression_table(tmp_path / "e")[0].values.max() < 50  # as logarithms with three decimals have
    (tmp_path / "e").write_text(table({"gene": GENES, **columns}, ";"))
    with pytest.raises(InputError, match="every number has three digits behind a point"):
        read_expression_table(tmp_path / "e")  # where semicolons delimit, decimals have commas
    columns["S1"] = [f"{int(v):,}".replace(",", ".") for v in whole[:, 0] * 37]
    (tmp_path / "e").write_text(table({"gene": GENES, **columns}, ";"))
    with pytest.raises(InputError, match="every number has three digits behind a point"):
        read_expression_table(tmp_path / "e")
    assert read_expression_table(tmp_path / "e", decimal="point")[0].values.max() > 50


def test_random_tables_of_samples_are_of_samples():
    """Neither noise nor zeros nor ties make a sample look like something else."""
    stream = np.random.default_rng(11)
    for _ in range(60):
        genes, samples = int(stream.integers(3, 60)), int(stream.integers(3, 30))
        level = stream.gamma(1.0, 30, (genes, 1)) * stream.lognormal(0, 0.5, (genes, samples))
        values = stream.poisson(level).astype(np.float64)
        if stream.random() < 0.5:
            values = np.round(np.log2(values + 1), 3).astype(np.float64)
        titles = [f"P{i}" for i in range(samples)]
        assert find_summaries(values) == {}
        assert find_parts(values) == {}
        assert find_unlike(titles, values) == ([], [])
        assert find_unlike_names([f"G{i}" for i in range(genes)], values) == ([], [])
        assert find_measures(titles, range(samples)) == ()


def test_a_table_of_one_column_or_none_is_not_judged():
    for columns in range(3):
        titles = SAMPLES[:columns]
        try:
            assert find_unlike(titles, COUNTS[:, :columns]) == ([], [])
            assert find_summaries(COUNTS[:, :columns]) == {}
        except GrnError as error:  # pragma: no cover
            pytest.fail(str(error))


AXIS = {
    "tomatoes": [f"Solyc{i:02d}g{i * 37:06d}" for i in range(1, 41)],
    "assemblies": [f"TRINITY_DN{i * 13}_c0_g1" for i in range(1, 41)],
    "transcripts of Cufflinks": [f"XLOC_{i:06d}" for i in range(1, 41)],
    "transcripts of StringTie": [f"STRG.{i}" for i in range(1, 41)],
    "fission yeast": [f"SPAC{i * 7}.0{i % 9}c" for i in range(1, 41)],
    "accessions": [f"XM_{i:09d}.1" for i in range(1, 41)],
    "one family": [f"SLC{i}A{i % 5 + 1}" for i in range(1, 41)],
    "worms": [f"WBGene{i:08d}" for i in range(1, 41)],
}


@pytest.mark.parametrize("which", AXIS)
@pytest.mark.parametrize("samples", [["leaf_1", "leaf_2", "root_1", "root_2"], ["liver", "brain", "kidney", "heart"]])
def test_genes_of_any_organism_are_told_from_samples_without_a_title(
    tmp_path: Path, which: str, samples: list[str]
) -> None:
    values = STREAM.normal(7, 1, (40, 4)).round(3)
    (tmp_path / "e").write_text(table({"": AXIS[which], **numbers(values, samples)}))
    assert read_expression_table(tmp_path / "e")[0].genes == tuple(AXIS[which])
    columns = {gene: [repr(v) for v in row] for gene, row in zip(AXIS[which], values.tolist(), strict=True)}
    (tmp_path / "e").write_text(table({"": samples, **columns}))
    with contextlib.suppress(InputError):  # words and lengths may leave it open
        assert read_expression_table(tmp_path / "e")[0].genes == tuple(AXIS[which])


@pytest.mark.parametrize(
    "titles",
    [
        "GC_1 GC_2 GC_3 naive_1 naive_2 naive_3",
        "start mid end max total gc",
        "full_length_1 full_length_2 short_1 short_2 refseq_1 refseq_2",
        "0min 5min 10min 20min 40min 80min",
    ],
)
def test_samples_may_be_called_as_what_describes_genes_is(tmp_path: Path, titles: str) -> None:
    (tmp_path / "e").write_text(table({"gene": GENES, **numbers(LOGS, titles.split())}))
    assert read_expression_table(tmp_path / "e")[0].samples == tuple(titles.split())


def test_genes_may_be_called_as_what_describes_genes_is(tmp_path: Path) -> None:
    genes = [*GENES[:10], "MAX", "GC", *GENES[12:]]
    columns = {gene: [repr(v) for v in row] for gene, row in zip(genes, LOGS.tolist(), strict=True)}
    (tmp_path / "e").write_text(table({"sample": SAMPLES, **columns}))
    assert read_expression_table(tmp_path / "e")[0].genes == tuple(genes)


NEARLY = ["7,18", "7.18 *", "<LOD", "1d5", "1 161.90.1", "ND", "<0.5"]


@pytest.mark.parametrize("field", NEARLY)
@pytest.mark.parametrize("column", ["S1", "S3", "S6"])
def test_a_sample_of_text_is_never_left_out(tmp_path: Path, field: str, column: str) -> None:
    (tmp_path / "e").write_text(table({"gene": GENES, **numbers(LOGS), column: [field] * 20}))
    with pytest.raises(InputError, match=rf"line 2, column {column}.*is not a number"):
        read_expression_table(tmp_path / "e")
    assert len(read_expression_table(tmp_path / "e", skip_columns=[column])[0].samples) == 5


@pytest.mark.parametrize("column", ["note", "zz"])
def test_a_column_of_text_that_goes_on_as_numbers_is_refused(tmp_path: Path, column: str) -> None:
    genes = [f"{gene}{i}" for i in range(4) for gene in GENES]
    text = ["high"] * 60 + ["1.5"] * 20
    for columns in ({**numbers(np.tile(LOGS, (4, 1))), column: text}, {column: text, **numbers(np.tile(LOGS, (4, 1)))}):
        (tmp_path / "e").write_text(table({"gene": genes, **columns}))
        with pytest.raises(InputError, match=r"line 62.* is a number, and the first fields of this column are text"):
            read_expression_table(tmp_path / "e")


@pytest.mark.parametrize("title", ["Average", "Grand Total", "whatever"])
def test_rows_that_are_computed_are_no_genes_and_no_samples(tmp_path: Path, title: str) -> None:
    row = COUNTS.sum(axis=0) if "Total" in title else COUNTS.mean(axis=0)
    (tmp_path / "e").write_text(table({"gene": [*GENES, title], **numbers(np.vstack([COUNTS, row]))}))
    assert read_expression_table(tmp_path / "e")[0].genes == tuple(GENES)
    turned_values = np.vstack([LOGS.T, LOGS.mean(axis=1), LOGS.std(axis=1)]).T
    columns = {gene: [f"{v:g}" for v in row] for gene, row in zip(GENES, turned_values.tolist(), strict=True)}
    (tmp_path / "e").write_text(table({"sample": [*SAMPLES, title, "sd"], **columns}))
    assert read_expression_table(tmp_path / "e")[0].samples == tuple(SAMPLES)


def test_p_values_beside_samples_of_any_name_are_left_out(tmp_path: Path) -> None:
    columns = {**numbers(LOGS), **{f"{sample}.pvalue": UNIFORM for sample in SAMPLES}}
    (tmp_path / "e").write_text(table({"gene": GENES, **columns}))
    assert read_expression_table(tmp_path / "e")[0].samples == tuple(SAMPLES)


def test_a_row_that_begins_with_an_exclamation_mark_is_a_gene_but_in_a_series_matrix(tmp_path: Path) -> None:
    body = table({"gene": ["!TP53", *GENES[1:]], **numbers(LOGS)})
    (tmp_path / "e").write_text(body)
    assert read_expression_table(tmp_path / "e", are_genes_chosen=True)[0].genes[0] == "!TP53"
    (tmp_path / "e").write_text("!Series_title\t1\n" + table({"ID_REF": GENES, **numbers(LOGS)}) + "!matrix_end\n")
    assert read_expression_table(tmp_path / "e")[0].genes == tuple(GENES)


def test_a_list_of_samples_says_nothing_of_genes(tmp_path: Path) -> None:
    (tmp_path / "e").write_text(turned(CLINICAL["words of no list"][0]))
    with pytest.raises(InputError, match="'mouse_room'"):
        read_expression_table(tmp_path / "e", are_samples_chosen=True)
    genes = read_expression_table(tmp_path / "e", are_genes_chosen=True)[0].genes
    assert genes == ("mouse_room", *GENES)


def test_commas_between_thousands_are_known_by_their_number(tmp_path: Path) -> None:
    values = np.array(COUNTS * 7, dtype=np.float64)
    columns = {s: [f"{int(v):,}" for v in values[:, j]] for j, s in enumerate(SAMPLES)}
    (tmp_path / "e").write_text(table({"gene": GENES, **columns}))
    assert np.array_equal(read_expression_table(tmp_path / "e")[0].values, values)
    (tmp_path / "e").write_text("\n".join(table({"gene": GENES, **columns}).split("\n")[:4]) + "\n")
    with pytest.raises(InputError, match="may have a decimal comma"):
        read_expression_table(tmp_path / "e")


RESULTS_BESIDE = {
    "limma": ["logFC", "AveExpr", "t", "P.Value", "adj.P.Val", "B"],
    "DESeq2": ["baseMean", "log2FoldChange", "lfcSE", "stat", "pvalue", "padj"],
    "a spreadsheet": ["log2FC", "p-value", "padj"],
}


@pytest.mark.parametrize("which", RESULTS_BESIDE)
def test_results_of_tests_beside_samples_are_no_samples(tmp_path: Path, which: str) -> None:
    results: Columns = dict.fromkeys(RESULTS_BESIDE[which], UNIFORM)
    for columns in ({**results, **numbers(LOGS)}, {**numbers(LOGS), **results}):
        (tmp_path / "e").write_text(table({"gene": GENES, **columns}))
        assert read_expression_table(tmp_path / "e")[0].samples == tuple(SAMPLES)


AMONG_SYMBOLS = ["OS.time", "ng_ul", "Alter", "Überleben (Monate)", "Körpergewicht", "Poids", "SizeFactor", "B cells"]


@pytest.mark.parametrize("title", AMONG_SYMBOLS)
@pytest.mark.parametrize("behind", [False, True])
def test_names_among_symbols_that_are_none_are_asked_about(tmp_path: Path, title: str, *, behind: bool) -> None:
    columns: Columns = {title: [40.5, 38.25, 51.5, 47.25, 60.5, 33.25]}
    samples: Columns = {gene: [repr(v) for v in row] for gene, row in zip(GENES, LOGS.tolist(), strict=True)}
    text = table({"sample": SAMPLES, **(samples | columns if behind else columns | samples)}, ",")
    (tmp_path / "e").write_text(text, encoding="utf-8")
    try:
        genes = read_expression_table(tmp_path / "e")[0].genes
    except InputError as error:
        genes = tuple(GENES) if error.code == "genes-may-describe-samples" else ()
    assert genes == tuple(GENES)


def test_proteins_and_runs_are_told_apart_in_small_and_large_tables(tmp_path: Path) -> None:
    for proteins, runs in ((8, 16), (300, 16)):
        names = [f"P{i:05d}" for i in range(proteins)]
        values = STREAM.normal(20, 2, (proteins, runs)).round(3)
        titles = [f"C:\\data\\S{i}.raw" for i in range(runs)]
        (tmp_path / "e").write_text(table({"Protein.Group": names, **numbers(values, titles)}))
        assert read_expression_table(tmp_path / "e")[0].genes == tuple(names)


def test_depmap_has_its_genes_in_columns(tmp_path: Path) -> None:
    genes = [f"{gene} ({7157 + i})" for i, gene in enumerate(GENES)]
    columns = {gene: [repr(v) for v in row] for gene, row in zip(genes, LOGS.tolist(), strict=True)}
    (tmp_path / "e").write_text(table({"": [f"ACH-{i:06d}" for i in range(6)], **columns}, ","))
    assert read_expression_table(tmp_path / "e")[0].genes == tuple(genes)


def test_a_column_that_holds_nothing_is_no_sample(tmp_path: Path) -> None:
    (tmp_path / "e").write_text(table({"gene": GENES, **numbers(LOGS), "tf_family": ["-"] * 20}))
    assert read_expression_table(tmp_path / "e")[0].samples == tuple(SAMPLES)


def test_row_names_of_r_before_a_column_of_symbols(tmp_path: Path) -> None:
    body = "".join(
        f'"{i + 1}" "{gene}" {" ".join(map(repr, row))}\n'
        for i, (gene, row) in enumerate(zip(GENES, LOGS.tolist(), strict=True))
    )
    (tmp_path / "e").write_text(" ".join(f'"{title}"' for title in ("SYMBOL", *SAMPLES)) + "\n" + body)
    assert read_expression_table(tmp_path / "e")[0].genes == tuple(GENES)


def test_places_of_genes_are_left_out_whatever_they_hold(tmp_path: Path) -> None:
    """featureCounts lists the places of all exons of a gene: one number, or several."""
    starts = [str(100 * i) if i < 15 else f"{100 * i};{100 * i + 50}" for i in range(20)]
    places: Columns = {"Chr": ["chr1"] * 20, "Start": starts, "End": starts, "Strand": ["+"] * 20, "Length": SIZES}
    (tmp_path / "e").write_text("# Program:featureCounts\n" + table({"Geneid": GENES, **places, **numbers(COUNTS)}))
    assert read_expression_table(tmp_path / "e")[0].samples == tuple(SAMPLES)
    named: Columns = {"gene_chr": range(20), "gene_start": SIZES, "gene_end": SIZES + 900, "gene_length": SIZES}
    (tmp_path / "e").write_text(table({"gene_id": GENES, **numbers(COUNTS), **named, "tf_family": ["-"] * 20}))
    assert read_expression_table(tmp_path / "e")[0].samples == tuple(SAMPLES)
    (tmp_path / "e").write_text(table({"Geneid": GENES, "Start": starts[::-1], **numbers(COUNTS)}))
    assert read_expression_table(tmp_path / "e")[0].samples == tuple(SAMPLES)


LENGTHS = [(8, 16, None), (16, 8, None), (30, 3, "rows"), (30, 6, "rows"), (3, 30, "columns"), (1200, 40, "rows")]


@pytest.mark.parametrize(("rows", "columns", "genes_in"), LENGTHS)
def test_lengths_decide_only_where_they_are_clear(rows: int, columns: int, genes_in: str | None) -> None:
    names = [f"q{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676)}" for i in range(rows + columns)]
    orientation = orient("", names[:rows], names[rows:])
    assert (None if orientation is None else orientation.genes_in) == genes_in


def test_numbers_on_both_axes_decide_nothing() -> None:
    assert orient("", [str(7157 + i) for i in range(30)], ["101", "102", "103"]) is None
    found = orient("", [str(7157 + i) for i in range(8)], [f"S{i}" for i in range(16)])
    assert found is not None
    assert found.genes_in == "rows"


def test_rows_named_as_samples_need_a_header_of_genes(tmp_path: Path) -> None:
    (tmp_path / "e").write_text("".join(f"S{i},1.5,2.25,{i}.5,3.5\n" for i in range(1, 9)))
    with pytest.raises(InputError, match="rows are named as samples are"):
        read_expression_table(tmp_path / "e")


@pytest.mark.parametrize(
    ("code", "times", "is_asked"), [(-999, 1, True), (-99, 3, True), (-9, 1, False), (-9, 2, True)]
)
def test_codes_for_missing_values_are_asked_about(tmp_path: Path, code: int, times: int, *, is_asked: bool) -> None:
    values = COUNTS.copy()
    values[:times, 2] = code
    (tmp_path / "e").write_text(table({"gene": GENES, **numbers(values)}))
    if is_asked:
        with pytest.raises(InputError, match=f"{code} stands {times} time"):
            read_expression_table(tmp_path / "e")
    assert read_expression_table(tmp_path / "e", columns=["*"] if is_asked else [])[0].values.min() == code
