"""Tables that look like expression and are not, and tables with remarks, marks and means around the expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.formats.expression.tables import read_expression_table
from grnledger.formats.layouts.other_tables import find_results
from grnledger.formats.layouts.title_kinds import compare_titles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

GENES = ["TP53", "MDM2", "BAX", "ATM", "MYC", "FOS", "JUN", "VIM", "CD4", "CD8A", "EGFR", "KRAS"]
STREAM = np.random.default_rng(17)
VALUES = np.round(STREAM.normal(7, 2, (12, 1)) + STREAM.normal(0, 0.5, (12, 6)), 2)
UNIFORM = STREAM.uniform(0, 1, (12, 6)).round(4)


def lines(titles: Sequence[str], names: Sequence[str], values: NDArray[np.float64], delimiter: str = "\t") -> str:
    rows = [[name, *map(str, row)] for name, row in zip(names, values.tolist(), strict=True)]
    return "".join(delimiter.join(row) + "\n" for row in [titles, *rows])


RESULTS = {
    "Seurat": ["gene", "p_val", "avg_log2FC", "pct.1", "pct.2", "p_val_adj"],
    "DESeq2 twice": ["gene", "log2FoldChange.x", "padj.x", "log2FoldChange.y", "padj.y", "baseMean"],
    "contrasts in front": ["gene", "KO1 logFC", "KO1 FDR", "KO2 logFC", "KO2 FDR"],
    "limma": ["gene", "logFC.KO1", "adj.P.Val.KO1", "logFC.KO2", "adj.P.Val.KO2"],
    "MAGeCK": ["id", "num", "neg|score", "neg|p-value", "neg|fdr", "neg|rank"],
}


@pytest.mark.parametrize("name", RESULTS)
def test_results_of_tests_are_no_samples(tmp_path: Path, name: str) -> None:
    titles = RESULTS[name]
    (tmp_path / "e").write_text(lines(titles, GENES, UNIFORM[:, : len(titles) - 1]))
    with pytest.raises(InputError, match="holds results of tests of genes") as refusal:
        read_expression_table(tmp_path / "e")
    assert refusal.value.code == "results-not-expression"


def test_samples_beside_results_of_tests_are_read(tmp_path: Path) -> None:
    titles = ["gene", "KO_logFC", "KO_padj", "KO_1", "KO_2", "WT_1", "WT_2"]
    (tmp_path / "e").write_text(lines(titles, GENES, np.hstack([UNIFORM[:, :2], VALUES[:, :4]])))
    expression, notes = read_expression_table(tmp_path / "e")
    assert expression.samples == ("KO_1", "KO_2", "WT_1", "WT_2")
    assert np.array_equal(expression.values, VALUES[:, :4])
    assert any("results of tests" in note for note in notes)


def test_fold_changes_of_samples_are_values() -> None:
    assert find_results(["gene", "log2FC_P1", "log2FC_P2", "log2FC_P3"], range(1, 4)) == []


@pytest.mark.parametrize("titles", [["PC1", "PC2", "PC3"], ["UMAP_1", "UMAP_2", "UMAP_3"], ["kMEblue", "kMEred"]])
@pytest.mark.parametrize("turned", [False, True])
def test_components_are_no_samples_and_no_genes(tmp_path: Path, titles: list[str], turned: bool) -> None:
    names = [f"S{i}" for i in range(12)] if turned else GENES
    (tmp_path / "e").write_text(lines(["sample" if turned else "gene", *titles], names, VALUES[:, : len(titles)]))
    with pytest.raises(InputError, match="components or modules"):
        read_expression_table(tmp_path / "e")


def test_samples_called_as_components_are_samples_beside_others(tmp_path: Path) -> None:
    titles = ["gene", "PC3", "DU145", "LNCaP", "A549"]
    (tmp_path / "e").write_text(lines(titles, GENES, VALUES[:, :4]))
    assert read_expression_table(tmp_path / "e")[0].samples == tuple(titles[1:])


def test_correlations_of_genes_are_no_expression(tmp_path: Path) -> None:
    (tmp_path / "e").write_text(lines(["", *GENES], GENES, np.corrcoef(VALUES)))
    with pytest.raises(InputError, match="same 12 names on both axes"):
        read_expression_table(tmp_path / "e")


def test_means_of_groups_beside_replicates_are_left_out(tmp_path: Path) -> None:
    titles = [
        "gene",
        *(f"{g}_{i}" for g in "AB" for i in (1, 2, 3)),
        *(f"{s} {g}" for g in "AB" for s in ("Mean", "SD")),
    ]
    means = [
        f(VALUES[:, 3 * g : 3 * g + 3]) for g in (0, 1) for f in (lambda x: x.mean(axis=1), lambda x: x.std(axis=1))
    ]
    (tmp_path / "e").write_text(lines(titles, GENES, np.column_stack([VALUES, *means]).round(3)))
    expression, notes = read_expression_table(tmp_path / "e")
    assert expression.samples == tuple(titles[1:7])
    assert any("not the columns of 'Mean'" in note for note in notes)


def test_differences_of_samples_are_asked_about(tmp_path: Path) -> None:
    titles = ["gene", *(f"P{i}_{t}" for i in (1, 2, 3) for t in ("pre", "post", "delta"))]
    columns = [c for i in range(3) for c in (VALUES[:, i], VALUES[:, i + 3], VALUES[:, i + 3] - VALUES[:, i])]
    (tmp_path / "e").write_text(lines(titles, GENES, np.column_stack(columns).round(2)))
    with pytest.raises(InputError, match="'P1_delta' is the difference of two others"):
        read_expression_table(tmp_path / "e")


@pytest.mark.parametrize("code", ["-999", "-99", "99", "999", "9999", "-9999"])
def test_codes_of_missing_values_are_asked_about_in_signed_values(tmp_path: Path, code: str) -> None:
    values = (VALUES - 7).round(2)
    values[3, 1] = values[5, 2] = float(code)
    (tmp_path / "e").write_text(lines(["gene", *(f"S{i}" for i in range(6))], GENES, values))
    with pytest.raises(InputError, match=f"{code} stands 2 times"):
        read_expression_table(tmp_path / "e")


def test_large_counts_of_nines_are_values(tmp_path: Path) -> None:
    values = np.round(np.exp2(VALUES))
    values[0, 0] = 999
    (tmp_path / "e").write_text(lines(["gene", *(f"S{i}" for i in range(6))], GENES, values))
    assert read_expression_table(tmp_path / "e")[0].values[0, 0] == 999


FOOTNOTES = ["# normalised with RMA", "* log2 values", "Values are means of 3 wells", "(12 rows)"]


@pytest.mark.parametrize("footnote", FOOTNOTES)
@pytest.mark.parametrize("delimiter", ["\t", ",", ";", "|"])
def test_remarks_below_a_table_are_skipped_and_said(tmp_path: Path, footnote: str, delimiter: str) -> None:
    content = lines(["gene", *(f"S{i}" for i in range(6))], GENES, VALUES, delimiter)
    (tmp_path / "e").write_text(content + "\n" + footnote + "\n")
    expression, notes = read_expression_table(tmp_path / "e")
    assert np.array_equal(expression.values, VALUES)
    assert f"below the table skipped: {footnote!r}" in notes


@pytest.mark.parametrize("last", ["TP53", "KRAS_2", "Hoxa 1"])
def test_a_last_row_that_is_cut_short_is_refused(tmp_path: Path, last: str) -> None:
    (tmp_path / "e").write_text(lines(["gene", *(f"S{i}" for i in range(6))], GENES, VALUES) + last)
    with pytest.raises(InputError, match="line 14 has 1 fields where 7 belong"):
        read_expression_table(tmp_path / "e")


def test_a_remark_among_the_rows_is_refused(tmp_path: Path) -> None:
    content = lines(["gene", *(f"S{i}" for i in range(6))], GENES, VALUES)
    more = lines([], [f"G{i}" for i in range(12)], VALUES).lstrip("\n")
    (tmp_path / "e").write_text(content + "# second plate\n" + more)
    with pytest.raises(InputError, match="line 14: '# second plate' stands alone"):
        read_expression_table(tmp_path / "e")


def test_a_table_as_a_database_prints_it_is_read(tmp_path: Path) -> None:
    rows = lines(["gene", *(f"S{i}" for i in range(6))], GENES, VALUES, " | ").split("\n")
    rows.insert(1, "+".join(["------"] * 7))
    (tmp_path / "e").write_text("\n".join(rows) + "(12 rows)\n")
    expression, _ = read_expression_table(tmp_path / "e")
    assert expression.genes == tuple(GENES)
    assert np.array_equal(expression.values, VALUES)


def test_samples_of_a_challenge_have_no_names(tmp_path: Path) -> None:
    titles = [f"G{i}" for i in range(1, 13)]
    (tmp_path / "e").write_text("\n".join("\t".join(map(str, row)) for row in [titles, *VALUES.T.tolist()]) + "\n")
    expression, _ = read_expression_table(tmp_path / "e")
    assert expression.genes == tuple(titles)
    assert np.array_equal(expression.values, VALUES)
    assert expression.samples == tuple(f"s{i}" for i in range(1, 7))


def test_names_behind_the_values_are_names(tmp_path: Path) -> None:
    rows = [[*(f"S{i}" for i in range(6)), "Gene names"]]
    rows += [[*map(str, row), gene] for gene, row in zip(GENES, VALUES.tolist(), strict=True)]
    (tmp_path / "e").write_text("\n".join(map("\t".join, rows)) + "\n")
    expression, _ = read_expression_table(tmp_path / "e")
    assert expression.genes == tuple(GENES)
    assert np.array_equal(expression.values, VALUES)


POINTS = {
    "two points": ["2.345.678", "3.840", "645"],
    "a decimal comma beside points": ["110,5", "3.281", "169"],
}


@pytest.mark.parametrize("name", POINTS)
def test_points_between_thousands_are_known_by_other_numbers(tmp_path: Path, name: str) -> None:
    special, *_ = POINTS[name]
    whole = [[f"{int(v * 997):,}".replace(",", ".") for v in row] for row in VALUES.tolist()]
    whole[0][0] = special
    rows = [["gene", *(f"S{i}" for i in range(6))], *([g, *row] for g, row in zip(GENES, whole, strict=True))]
    (tmp_path / "e").write_text("\n".join(map(";".join, rows)) + "\n")
    values = read_expression_table(tmp_path / "e")[0].values
    assert values[0, 0] == float(special.replace(".", "").replace(",", "."))
    assert values[1, 1] == int(VALUES[1, 1] * 997)


def test_points_between_thousands_are_chosen_with_the_decimal_comma(tmp_path: Path) -> None:
    whole = [[f"{int(v * 997):,}".replace(",", ".") for v in row] for row in VALUES.tolist()]
    rows = [["gene", *(f"S{i}" for i in range(6))], *([g, *row] for g, row in zip(GENES, whole, strict=True))]
    (tmp_path / "e").write_text("\n".join(map(";".join, rows)) + "\n")
    with pytest.raises(InputError, match="the point stands between thousands"):
        read_expression_table(tmp_path / "e")
    assert read_expression_table(tmp_path / "e", decimal="comma")[0].values[1, 1] == int(VALUES[1, 1] * 997)
    assert read_expression_table(tmp_path / "e", decimal="point")[0].values[1, 1] < 100


def test_titles_of_another_kind_are_known_by_form_script_and_unit() -> None:
    samples = ["S1", "S2", "S3", "S4"]
    for title in ("tx_len", "half-life (h)", "длина", "dN/dS", "% GC"):
        assert compare_titles([*samples, title]).beside == [False] * 4 + [True]
    for title in ("S10", "S2_rep2", "pool", "blank"):
        assert not any(compare_titles([*samples, title]).beside)


def test_counts_before_the_names_are_no_names(tmp_path: Path) -> None:
    counts = np.round(np.exp2(VALUES)).astype(int)
    rows = [[*(f"SRR58{i}" for i in range(6)), "gene_id"]]
    rows += [[*map(str, row), gene] for gene, row in zip(GENES, counts.tolist(), strict=True)]
    (tmp_path / "e").write_text("\n".join(map("\t".join, rows)) + "\n")
    expression, _ = read_expression_table(tmp_path / "e")
    assert expression.genes == tuple(GENES)
    assert np.array_equal(expression.values, counts)


def test_groups_before_the_names_are_no_names(tmp_path: Path) -> None:
    rows = [["Code Class", "Name", *(f"S{i}" for i in range(6))]]
    rows += [[f"Class{i % 2}", gene, *map(str, VALUES[i])] for i, gene in enumerate(GENES)]
    (tmp_path / "e").write_text("\n".join(map(",".join, rows)) + "\n")
    assert read_expression_table(tmp_path / "e")[0].genes == tuple(GENES)


def test_titles_of_groups_stand_above_the_header(tmp_path: Path) -> None:
    titles = [f"HD_{i}" for i in range(3)] + [f"SLE_{i}" for i in range(3)]
    rows = lines(["", *titles], GENES, VALUES, ",")
    (tmp_path / "e").write_text("Gene symbol,Healthy,,,SLE,,\n" + rows)
    expression, notes = read_expression_table(tmp_path / "e")
    assert expression.samples == tuple(titles)
    assert "above the header skipped: Gene symbol, Healthy, SLE" in notes


def test_numbers_and_text_on_samples_stand_below_the_header(tmp_path: Path) -> None:
    top, *rows = lines(["Gene", *(f"N{i}" for i in range(6))], GENES, VALUES, ",").splitlines()
    described = ["Batch,1,1,2,2,3,3", "Age,45,62,38,71,55,49", "Sex,F,M,F,F,M,M"]
    (tmp_path / "e").write_text("\n".join([top, *described, *rows]) + "\n")
    expression, _ = read_expression_table(tmp_path / "e")
    assert expression.genes == tuple(GENES)
    assert np.array_equal(expression.values, VALUES)


@pytest.mark.parametrize("genes", ["tp53 sox10 mitfa tyr kita", "Solyc01 Nbe77 Gabc1 Qzz3 Lmm2"])
def test_names_that_are_counted_are_of_samples(tmp_path: Path, genes: str) -> None:
    names = [f"fish{i:02d}" for i in range(1, 7)]
    (tmp_path / "e").write_text(lines(["fish", *genes.split()], names, VALUES[:5].T, ","))
    expression, _ = read_expression_table(tmp_path / "e")
    assert expression.samples == tuple(names)


def test_known_genes_and_numbered_samples_outweigh_a_corner(tmp_path: Path) -> None:
    (tmp_path / "e").write_text(lines(["Sample", *(f"S{i}" for i in range(6))], GENES, VALUES, ","))
    assert read_expression_table(tmp_path / "e")[0].genes == tuple(GENES)


def test_ids_of_genes_under_an_unknown_title_stay_names(tmp_path: Path) -> None:
    ids = [str(7157 + 311 * i) for i in range(12)]
    rows = [["LocusNumber", "Symbol", *(f"S{i}" for i in range(6))]]
    rows += [[name, gene, *map(str, row)] for name, gene, row in zip(ids, GENES, VALUES.tolist(), strict=True)]
    (tmp_path / "e").write_text("\n".join(map("\t".join, rows)) + "\n")
    expression, _ = read_expression_table(tmp_path / "e")
    assert expression.genes == tuple(ids)
    assert np.array_equal(expression.values, VALUES)
