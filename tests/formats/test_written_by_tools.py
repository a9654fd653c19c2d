"""Files that pandas, anndata, scanpy, loompy, R, DESeq2, gseapy and decoupler wrote: each is read as what it holds.

`written/README.md` has the lines that wrote them, and `written/truth.npz` what they hold.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grnledger.engine.errors import GrnError, InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.expression.expression import read_expression
from grnledger.formats.models.covariances import read_covariance
from grnledger.formats.pathways.pathways import read_pathways
from grnledger.formats.sets.gene_sets import read_gene_sets
from grnledger.formats.traits.id_lists import read_ids
from grnledger.formats.traits.labels import read_labels
from grnledger.formats.traits.traits import read_traits

WRITTEN = Path(__file__).parent / "written"
NO_DATA = {"README.md", "truth.npz", "truth_single.npz"}


def arrays(name: str) -> dict[str, Any]:
    with np.load(WRITTEN / name) as archive:
        return {key: archive[key] for key in archive.files}


TRUTH = arrays("truth.npz") | {f"single {name}": values for name, values in arrays("truth_single.npz").items()}
GENES, IDS, SAMPLES = (tuple(map(str, TRUTH[name])) for name in ("genes", "ids", "samples"))
PANEL = Panel(GENES)

IN_FULL = {
    "values": """
        pandas_index.csv pandas_named_index.tsv pandas_counter.csv pandas_no_index.csv pandas_semicolon_comma.csv
        pandas_packed.csv.gz pandas_utf16.tsv pandas_transposed.csv pandas_transposed_named.csv
        pandas_transposed_counter.csv pandas_with_mean.csv pandas_two_headers.csv pandas_index.xlsx
        pandas_no_index.xlsx pandas_index.parquet pandas_named_index.parquet pandas_no_index.parquet
        pandas_transposed.parquet anndata_dense.h5ad anndata_gzip.h5ad anndata_lzf.h5ad anndata_to_df.csv anndata.loom
        r_write_csv.csv r_write_csv_unquoted.csv r_write_csv2.csv r_write_table.txt r_write_table_tabs.txt
        r_write_table_corner.txt r_frame.csv r_frame_no_row_names.csv r_frame_no_row_names.txt
        r_frame2_no_row_names.csv r_transposed.csv r_formatted.csv
    """,
    "counts": "pandas_counts.csv anndata_csr.h5ad anndata_csc.h5ad loompy.loom tenx",
    "single log_normalised": "scanpy_log_normalised.h5ad",
}
"""Of each table of numbers, the files that hold it with the names of all genes and samples."""

NUMBERED = ("101", "204", "77", "350", "12", "98", "431", "5")
OTHER_SAMPLES = {
    "pandas_numbered_samples.csv": tuple(map(str, range(8))),
    "r_numbered.csv": NUMBERED,
    "r_numbered_checked.csv": tuple(f"X{name}" for name in NUMBERED),
    "r_no_header.txt": tuple(f"s{i}" for i in range(1, 9)),
}
CHOSEN: dict[str, tuple[str, dict[str, Any]]] = {
    "scanpy_scaled_with_raw.h5ad": ("single log_normalised", {"raw": True}),
    "scanpy_scaled_with_raw.h5ad ": ("single scaled", {"layer": "X"}),
    "scanpy_scaled_with_raw.h5ad  ": ("counts", {"layer": "counts"}),
    "scanpy_log_normalised.h5ad": ("counts", {"layer": "counts"}),
    "anndata_symbols_beside.h5ad": ("counts", {"gene_column": "gene_symbols"}),
    "loompy_layers.loom": ("counts", {"layer": "counts"}),
    "loompy_layers.loom ": ("values", {"layer": "matrix"}),
    "pandas_two_sheets.xlsx": ("values", {"sheet": "log2"}),
    "pandas_two_sheets.xlsx ": ("counts", {"sheet": "counts"}),
    "r_frame.csv": ("values", {"gene_column": "gene"}),
}
"""Files read with options: the numbers that they then hold. Spaces tell the same file's lines apart."""
COMPUTED = ("deseq2_normalised.csv", "edger_log_cpm.txt", "decoupler_scores.csv")

REFUSED = {
    "scanpy_scaled_with_raw.h5ad": "X is standardised",
    "loompy_layers.loom": "layers/counts stands beside it",
    "pandas_two_sheets.xlsx": "2 sheets that hold something: log2, counts",
    "r_missing.txt": "gene BAX in sample ctrl_3",
    "pandas_missing.csv": "gene BAX in sample ctrl_3",
    "r.rds": "readRDS",
    "r_plain.rds": "readRDS",
    "r.RData": 'load("r.RData")',
    "pandas.feather": "pandas.read_feather",
    "pandas.dta": "pandas.read_stata",
    "pandas.pkl": "pandas.read_pickle",
    "pandas.html": "text",
    "pandas.json": "",
    "pandas_long.csv": "one value a row",
    "r_dput.R": "",
    "r_sparse.mtx": "no names of genes",
    "scipy_dense.mtx": "no names of genes",
    "numpy_covariance.npy": "NumPy array",
    "numpy_covariance.npz": "archive of arrays",
    "pandas_covariance.csv": "same 24 names on both axes",
    "r_correlation.csv": "same 24 names on both axes",
    "r_covariance.txt": "same 24 names on both axes",
    "deseq2.csv": "no column of numbers but those that describe its rows",
    "deseq2.txt": "no column of numbers but those that describe its rows",
    "deseq2_2.csv": "no column of numbers but those that describe its rows",
    "edger.csv": "",
    "limma.csv": "",
    "scanpy_ranked.csv": "",
    "gseapy_enrich.tsv": "",
    "gseapy_prerank.csv": "",
    "gseapy.gmt": "",
    "pandas_signal.csv": "at least 3 samples",
    "r_signal.csv": "at least 3 samples",
    "decoupler_net.csv": "at least 3 samples",
}
"""Of files that are no expression, or not without a choice: what the refusal or its hint says."""

WITHOUT_NAMES = ("anndata_csvs_X.csv", "numpy_header.txt", "numpy_numbers.txt", "r_write_table_no_names.txt")
"""Files in which every column holds values, and so none the names of rows."""

P53, EMT, IFN = set(GENES[:4]), set(GENES[10:14]), {*GENES[14:16], GENES[0]}
SETS = {
    "gseapy.gmt": {"P53": P53, "EMT": EMT, "IFN": IFN},
    "gseapy_named.gmt": {"P53": P53, "EMT": EMT, "IFN": IFN},
    "gseapy_prerank.csv": {"P53": P53, "EMT": EMT, "IFN": {"TP53", "IRF1"}},
    "gseapy_enrich.tsv": {"P53": P53, "IFN": {"TP53"}, "ALL": set(GENES[:6])},
    "r_term2gene.csv": {"P53": {"TP53", "MDM2"}, "EMT": {"VIM", "FN1", "CDH1"}},
}
DECOUPLER = {
    "TP53": {"TP53": 1, "MDM2": 1, "CDKN1A": 1, "BAX": 0.5},
    "STAT1": {"STAT1": 1, "IRF1": 1, "HLA-A": 0.8, "CD3E": 0.6},
    "SNAI1": {"SNAI1": 1, "CDH1": -1, "VIM": 1, "FN1": 0.7},
}
OF_R = {"TP53": {"TP53": 1, "MDM2": 1, "BAX": 0.5}, "SNAI1": {"SNAI1": 1, "CDH1": -1}}
REGULONS = {
    "decoupler_net.csv": DECOUPLER,
    "decoupler_net_no_index.tsv": DECOUPLER,
    "r_net.csv": OF_R,
    "r_net.txt": OF_R,
}
NOT_ON_PANEL = "decoupler_toy_net.csv"
NO_PATHWAYS = {
    "deseq2.csv": "pvalue",
    "deseq2.txt": "pvalue",
    "deseq2_2.csv": "pvalue",
    "limma.csv": "P.Value",
    "edger.csv": "PValue",
    "gseapy_ssgsea.csv": "NES",
    "scanpy_ranked.csv": "pvals",
    "r_stack.csv": "ind, values",
}
TESTED = {
    "deseq2.csv": "stat",
    "deseq2.txt": "stat",
    "deseq2_2.csv": "stat",
    "limma.csv": "t",
    "edger.csv": "logFC",
    "scanpy_ranked.csv": "scores",
}
"""Of tables of test results, the column that is the signal."""
SIGNALS = ("pandas_signal.csv", "pandas_signal_counter.csv", "r_signal.csv", "r_signal.txt")
LABELS = ("pandas_labels.csv", "r_labels.csv")
NAMES = ("names.txt", "r_genes.txt", "r_genes_table.txt", "r_genes.csv")
COVARIANCES = ("pandas_covariance.csv", "r_covariance.txt", "r_correlation.csv", "numpy_covariance.npz")


def fields(name: str) -> tuple[list[str], dict[str, list[str]]]:
    """Return the titles and the rows by name of a table that pandas or R wrote, decimal commas as points."""
    text = (WRITTEN / name).read_text()
    delimiter = "\t" if "\t" in text else ";" if ";" in text else ","
    header, *rows = csv.reader(text.splitlines(), delimiter=delimiter)
    has_counter = rows[0][0] == "0"
    start = 1 if has_counter else 0
    titles = header if len(header) < len(rows[0]) else header[start + 1 :]
    return titles, {row[start]: [field.replace(",", ".") for field in row[start + 1 :]] for row in rows}


def refusal_of(error: GrnError) -> str:
    return f"{error.message} {error.hint}"


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in IN_FULL for name in IN_FULL[kind].split()])
def test_expression_is_read_as_the_tool_wrote_it(kind: str, name: str):
    expression = read_expression(WRITTEN / name).expression
    assert (expression.genes, expression.samples) == (GENES, SAMPLES)
    np.testing.assert_allclose(expression.values, TRUTH[kind], rtol=1e-6)


@pytest.mark.parametrize(("name", "samples"), OTHER_SAMPLES.items())
def test_samples_without_names_of_their_own(name: str, samples: tuple[str, ...]):
    expression = read_expression(WRITTEN / name).expression
    assert (expression.genes, expression.samples) == (GENES, samples)
    np.testing.assert_array_equal(expression.values, TRUTH["values"])


@pytest.mark.parametrize("name", CHOSEN)
def test_expression_is_read_as_chosen(name: str):
    kind, options = CHOSEN[name]
    expression = read_expression(WRITTEN / name.strip(), **options).expression
    assert (expression.genes, expression.samples) == (GENES, SAMPLES)
    np.testing.assert_allclose(expression.values, TRUTH[kind], rtol=1e-5, atol=1e-6)


def test_commas_between_thousands_are_read_as_such():
    expression = read_expression(WRITTEN / "r_thousands.csv").expression
    np.testing.assert_array_equal(expression.values, np.round(TRUTH["values"] * 1000))


def test_ids_are_the_names_where_nothing_else_is_chosen():
    file = read_expression(WRITTEN / "anndata_symbols_beside.h5ad")
    assert file.expression.genes == IDS
    assert any("gene_symbols" in note for note in file.notes)


@pytest.mark.parametrize("name", ["scipy_dense.mtx", "r_sparse.mtx"])
def test_matrix_market_with_a_list_of_names(name: str):
    expression = read_expression(WRITTEN / name, gene_names=WRITTEN / "names.txt").expression
    assert expression.genes == GENES
    np.testing.assert_array_equal(expression.values, TRUTH["values" if name == "scipy_dense.mtx" else "counts"])


@pytest.mark.parametrize("name", COMPUTED)
def test_what_other_tools_computed_is_read_as_it_stands(name: str):
    expression = read_expression(WRITTEN / name).expression
    titles, rows = fields(name)
    assert (list(expression.genes), list(expression.samples)) == (list(rows), titles)
    np.testing.assert_array_equal(expression.values, np.array(list(rows.values()), dtype=float))


@pytest.mark.parametrize(("name", "words"), REFUSED.items())
def test_what_is_no_expression_or_has_two_readings_is_refused(name: str, words: str):
    with pytest.raises(InputError) as refusal:
        read_expression(WRITTEN / name)
    assert words in refusal_of(refusal.value)


@pytest.mark.parametrize("name", WITHOUT_NAMES)
def test_values_are_no_names_of_genes_or_samples(name: str):
    with pytest.raises(InputError):
        read_expression(WRITTEN / name)


@pytest.mark.parametrize(("name", "sets"), SETS.items())
def test_sets_have_the_genes_that_were_written(name: str, sets: dict[str, set[str]]):
    assert {loadings.name: set(loadings.genes) for loadings in read_gene_sets(WRITTEN / name)} == sets
    file = read_pathways(WRITTEN / name, PANEL)
    assert {pathway.names[0]: {GENES[i] for i in pathway.genes} for pathway in file.pathways} == sets


@pytest.mark.parametrize(("name", "regulons"), REGULONS.items())
def test_regulons_have_the_weights_that_were_written(name: str, regulons: dict[str, dict[str, float]]):
    pathways = read_pathways(WRITTEN / name, PANEL, strength=1).pathways
    read = {
        pathway.names[0]: {GENES[i]: weight for i, weight in zip(pathway.genes, pathway.loadings[:, 0], strict=True)}
        for pathway in pathways
    }
    assert read == regulons


def test_a_net_of_other_genes_is_refused_by_the_panel():
    with pytest.raises(InputError, match="11 of 11 genes"):
        read_pathways(WRITTEN / NOT_ON_PANEL, PANEL)


@pytest.mark.parametrize(("name", "words"), NO_PATHWAYS.items())
def test_results_are_no_pathways(name: str, words: str):
    with pytest.raises(InputError) as refusal:
        read_pathways(WRITTEN / name, PANEL)
    assert words in refusal_of(refusal.value)


@pytest.mark.parametrize(("name", "column"), TESTED.items())
def test_one_column_of_test_results_is_the_signal(name: str, column: str):
    if name.startswith("edger"):  # one column has a sign
        assert read_traits(WRITTEN / name, known=lambda: GENES).names == (column,)
    else:
        with pytest.raises(InputError) as refusal:
            read_traits(WRITTEN / name, known=lambda: GENES)
        assert (refusal.value.code, refusal.value.facts["first"]) == ("column-of-tested-table", column)
    signal = read_traits(WRITTEN / name, column, known=lambda: GENES)
    titles, rows = fields(name)
    assert (signal.names, list(signal.ids)) == ((column,), list(rows))
    np.testing.assert_array_equal(signal.values[:, 0], [float(row[titles.index(column)]) for row in rows.values()])


@pytest.mark.parametrize("name", SIGNALS)
def test_signals_have_the_values_that_were_written(name: str):
    signal = read_traits(WRITTEN / name, known=lambda: GENES)
    assert signal.ids == GENES
    np.testing.assert_array_equal(signal.values[:, 0], TRUTH["values"][:, 0])


@pytest.mark.parametrize("name", LABELS)
def test_labels_are_those_that_were_written(name: str):
    labels = read_labels(WRITTEN / name, SAMPLES).label_of
    assert labels == {sample: sample.split("_")[0] for sample in SAMPLES}


@pytest.mark.parametrize("name", NAMES)
def test_lists_have_the_names_that_were_written(name: str):
    assert read_ids(WRITTEN / name) == GENES


@pytest.mark.parametrize("name", COVARIANCES)
def test_covariances_are_those_that_were_written(name: str):
    covariance = read_covariance(WRITTEN / name)
    assert covariance.genes == GENES
    truth = np.corrcoef(TRUTH["values"]) if "correlation" in name else np.cov(TRUTH["values"])
    np.testing.assert_allclose(covariance.values, truth, rtol=1e-8, atol=1e-12)


def test_a_covariance_without_names_has_none():
    covariance = read_covariance(WRITTEN / "numpy_covariance.npy")
    assert covariance.genes is None
    np.testing.assert_allclose(covariance.values, np.cov(TRUTH["values"]), rtol=1e-12)


def test_every_file_that_was_written_is_read_by_a_test():
    tables: tuple[Any, ...] = (OTHER_SAMPLES, CHOSEN, COMPUTED, REFUSED, SETS, REGULONS, NO_PATHWAYS, TESTED, SIGNALS)
    read = {
        name.strip()
        for table in (*tables, WITHOUT_NAMES, LABELS, NAMES, COVARIANCES, " ".join(IN_FULL.values()).split())
        for name in table
    }
    assert {file.name for file in WRITTEN.iterdir()} - read == {*NO_DATA, NOT_ON_PANEL, "r_thousands.csv"}
