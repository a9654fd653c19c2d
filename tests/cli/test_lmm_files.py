"""`grn lmm` and files of others: what is read, what is refused, and the option that chooses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.engine.lmm import fit, of_matrix

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GENES = [f"G{index:03d}" for index in range(60)]
SAMPLES = [f"S{index:02d}" for index in range(24)]
OTHERS = [f"T{index:02d}" for index in range(12)]


@dataclass
class Lab:
    """A store of factors, further samples beside it, and a signal over genes and over samples."""

    folder: Path
    z: np.ndarray
    y: np.ndarray

    def write(self, name: str, *rows: Any, sep: str = "\t") -> str:
        lines = [row if isinstance(row, str) else sep.join(map(str, row)) for row in rows]
        (self.folder / name).write_text("\n".join(lines) + "\n")
        return name


@pytest.fixture
def lab(tmp_path: Path, grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Lab:
    stream = np.random.default_rng(11)
    loadings = np.zeros((60, 3))
    for factor in range(3):
        loadings[stream.choice(60, 18, replace=False), factor] = stream.uniform(0.6, 1.4, 18)
    scores = stream.normal(size=(3, 36))
    scores[0, 24:30] += 2  # the first six of the other samples
    values = 8 + loadings @ scores + stream.normal(size=(60, 36))
    lab = Lab(tmp_path, loadings @ stream.normal(size=3) + stream.normal(size=60), stream.normal(size=24))
    for name, samples, part in (("e.tsv", SAMPLES, values[:, :24]), ("o.tsv", OTHERS, values[:, 24:])):
        rows = [(gene, *map(repr, row)) for gene, row in zip(GENES, part.tolist(), strict=True)]
        lab.write(name, ("gene", *samples), *rows)
    monkeypatch.chdir(tmp_path)
    made = grn("init", tmp_path / "lab.grn", "--expression", "e.tsv", "--estimator", "factor", "--factors", 3)
    assert made.code == 0
    return lab


FIT = ("lmm", "fit", "--ci", "none", "--json")
OVER_SAMPLES = (*FIT, "--kernel", "samples")


def test_labels_of_a_cls_file_are_refused_until_their_order_is_chosen(lab: Lab, grn: Callable[..., Any]) -> None:
    lab.write("c.cls", "12 2 1", "# UP DN", "1 " * 6 + "0 " * 6)
    lab.write("s.gmt", ("A", "-", *GENES[:10]), ("B", "-", *GENES[10:30]))
    made = ("lmm", "enrich", "--labels", "c.cls", "--contrast", "UP:DN", "--expression", "o.tsv", "--sets", "s.gmt")
    refused = grn(*made)
    assert refused.code == 2
    assert "GSEA" in refused.err
    assert "--label-order appearance" in refused.err
    betas = {}
    for order in ("appearance", "value"):
        run = grn(*made, "--label-order", order, "--no-set-variance", "--json")
        betas[order] = [row["beta"] for row in run.json["sets"]]
    assert betas["appearance"] == pytest.approx([-beta for beta in betas["value"]], rel=1e-6)
    assert "c.cls: 1 is UP (6 samples), 0 is DN (6 samples)." in grn(*made, "--label-order", "appearance").err
    lab.write("z.tsv", "gene\tz", *zip(GENES, lab.z, strict=True))
    assert grn(*FIT, "--pheno", "z.tsv", "--label-order", "value").code == 2


def test_files_of_plink_are_fitted_by_iid_without_their_codes(lab: Lab, grn: Callable[..., Any]) -> None:
    coded = [-9 if index % 6 == 0 else value for index, value in enumerate(lab.y)]
    missing = ["NA" if index % 6 == 0 else value for index, value in enumerate(lab.y)]
    lab.write("plain.tsv", "sample\ty", *zip(SAMPLES, missing, strict=True))
    lab.write("p.txt", "FID IID y", *zip(["0"] * 24, SAMPLES, coded, strict=True), sep=" ")
    lab.write("i.tsv", "iid\ty", *zip(SAMPLES, coded, strict=True))
    expected = grn(*OVER_SAMPLES, "--pheno", "plain.tsv").json
    for name in ("p.txt", "i.tsv"):
        run = grn(*OVER_SAMPLES, "--pheno", name)
        assert (run.json["n"], run.json["log_likelihood"]) == (20, expected["log_likelihood"])
        assert "4 values of -9 in y are missing, as in PLINK's files." in run.err
    lab.write("swapped.txt", "FID IID y", *zip(SAMPLES, range(24), lab.y, strict=True), sep=" ")
    assert grn(*OVER_SAMPLES, "--pheno", "swapped.txt").code == 2


def test_a_code_in_another_file_is_refused_until_it_is_chosen(lab: Lab, grn: Callable[..., Any]) -> None:
    coded = [-9 if index < 3 else value for index, value in enumerate(lab.y)]
    lab.write("y.tsv", "sample\ty", *zip(SAMPLES, coded, strict=True))
    refused = grn(*OVER_SAMPLES, "--pheno", "y.tsv")
    assert (refused.code, "3 values of y are -9" in refused.err) == (2, True)
    assert "Use --missing-value -9 if it is missing, or --missing-value none" in refused.err
    assert grn(*OVER_SAMPLES, "--pheno", "y.tsv", "--missing-value", "-9").json["n"] == 21
    assert grn(*OVER_SAMPLES, "--pheno", "y.tsv", "--missing-value", "none").json["n"] == 24
    both = grn(*OVER_SAMPLES, "--pheno", "y.tsv", "--missing-value", "none", "--missing-value", "-9")
    assert (both.code, "stands alone" in both.err) == (2, True)
    lab.write("x.tsv", "sample\tage", *zip(SAMPLES[::-1], coded, strict=True))
    lab.write("clean.tsv", "sample\ty", *zip(SAMPLES, lab.y, strict=True))
    assert grn(*OVER_SAMPLES, "--pheno", "clean.tsv", "--covariates", "x.tsv").code == 2
    coded_covariate = (*OVER_SAMPLES, "--pheno", "clean.tsv", "--covariates", "x.tsv", "--missing-value", "-9")
    assert grn(*coded_covariate).json["n"] == 21


def test_labels_that_name_no_sample_are_counted_and_those_of_r_are_matched(lab: Lab, grn: Callable[..., Any]) -> None:
    groups = ["UP"] * 6 + ["DN"] * 6
    labels = ("--contrast", "UP:DN", "--expression", "o.tsv", "--permute", "0")
    lab.write("l.tsv", "sample\tlabel", *zip(OTHERS, groups, strict=True))
    expected = grn(*FIT, "--labels", "l.tsv", *labels).json
    lab.write("x.tsv", "sample\tlabel", *[(f"X{name}", group) for name, group in zip(OTHERS, groups, strict=True)])
    run = grn(*FIT, "--labels", "x.tsv", *labels)
    assert run.json["log_likelihood"] == expected["log_likelihood"]
    assert "12 names of x.tsv are spelt as R or pandas writes names" in run.err
    named = [name if index % 3 else f"Q{index}" for index, name in enumerate(OTHERS)]
    lab.write("q.tsv", "sample\tlabel", *zip(named, groups, strict=True))
    run = grn(*FIT, "--labels", "q.tsv", *labels)
    assert "4 of 12 labelled samples are not in the expression of o.tsv (Q0, Q3, Q6, …)." in run.err
    assert "t of 4 UP against 4 DN samples" in run.json["signal"]


def test_samples_of_the_base_under_names_of_r_are_its_own(lab: Lab, grn: Callable[..., Any]) -> None:
    lab.write("z.tsv", "gene\tz", *zip(GENES, lab.z, strict=True))
    lab.write("own.txt", *[f"X{name}" for name in SAMPLES[:5]])
    refused = grn(*FIT, "--pheno", "z.tsv", "--pheno-samples", "own.txt")
    assert (refused.code, "of which 5 are the base's own" in refused.err) == (5, True)


def test_ids_of_r_and_pandas_are_matched_in_signal_and_covariates(lab: Lab, grn: Callable[..., Any]) -> None:
    lab.write("y.tsv", "sample\ty", *zip(SAMPLES, lab.y, strict=True))
    lab.write("x.tsv", "sample\ty", *[(f"X{name}", value) for name, value in zip(SAMPLES, lab.y, strict=True)])
    lab.write("age.tsv", "sample\tage", *[(f"X{name}", index) for index, name in enumerate(SAMPLES)])
    expected = grn(*OVER_SAMPLES, "--pheno", "y.tsv", "--covariates", "age.tsv").json
    run = grn(*OVER_SAMPLES, "--pheno", "x.tsv", "--covariates", "age.tsv")
    assert (run.json["n"], run.json["log_likelihood"]) == (24, expected["log_likelihood"])
    assert "24 names of the signal are spelt as R or pandas writes names" in run.err
    lab.write("tests.tsv", ("test", *(f"X{name}" for name in SAMPLES)), ("a", *range(24)), ("b", *([0, 1] * 12)))
    scan = grn("lmm", "scan", "--pheno", "x.tsv", "--kernel", "samples", "--tests", "tests.tsv", "--json")
    assert [row["N"] for row in scan.json["tests"]] == [24, 24]


def test_a_table_of_differential_expression_needs_the_name_of_a_column(lab: Lab, grn: Callable[..., Any]) -> None:
    rows = [(gene, 10, z, 0.1, 3 * z, 0.5, "NA") for gene, z in zip(GENES, lab.z, strict=True)]
    lab.write("de.csv", '"","baseMean","log2FoldChange","lfcSE","stat","pvalue","padj"', *rows, sep=",")
    refused = grn(*FIT, "--pheno", "de.csv")
    assert refused.code == 2
    assert "Name it: --trait stat. These can be one: stat, log2FoldChange." in refused.err
    assert grn(*FIT, "--pheno", "de.csv", "--trait", "stat").json["n"] == 60


def test_traits_that_cannot_be_fitted_are_left_out_beside_others(lab: Lab, grn: Callable[..., Any]) -> None:
    rows = zip(GENES, lab.z, [0.1] * 60, -lab.z, strict=True)
    lab.write("z.tsv", "gene\tz\tflat\tother", *rows)
    run = grn(*FIT, "--pheno", "z.tsv")
    assert [trait["trait"] for trait in run.json["traits"]] == ["z", "other"]
    assert "1 trait that cannot be fitted is left out: flat (constant, 0.1)." in run.err
    assert grn(*FIT, "--pheno", "z.tsv", "--trait", "flat").code == 5


def test_a_kernel_without_names_needs_them(lab: Lab, grn: Callable[..., Any]) -> None:
    g = np.random.default_rng(4).normal(size=(60, 20)).round(3)
    k = g @ g.T / 20
    lab.write("z.tsv", "gene\tz", *zip(GENES, lab.z.tolist(), strict=True))
    lab.write("k.cXX.txt", *k.tolist())
    lab.write("ids.txt", *GENES)
    refused = grn(*FIT, "--pheno", "z.tsv", "--kernel", "k.cXX.txt")
    assert (refused.code, "--ids FILE" in refused.err) == (2, True)
    run = grn(*FIT, "--pheno", "z.tsv", "--kernel", "k.cXX.txt", "--ids", "ids.txt")
    assert run.json["h2"] == pytest.approx(fit(of_matrix(k), lab.z).h2, rel=1e-6, abs=1e-9)
    useless = grn(*FIT, "--pheno", "z.tsv", "--ids", "ids.txt")
    assert (useless.code, "Leave out --ids." in useless.err) == (2, True)


def test_repeated_samples_of_a_base_have_no_kernel(lab: Lab, grn: Callable[..., Any]) -> None:
    from grnledger.engine.estimation.expression import Expression
    from grnledger.storage.new_base import from_expression
    from grnledger.storage.repository import Repository

    values = np.random.default_rng(3).normal(size=(20, 12))
    base = from_expression(Expression(values, tuple(GENES[:20]), tuple(SAMPLES[:12])))
    twice = replace(base, samples=(*SAMPLES[:11], SAMPLES[0]))  # as stores of older versions may have it
    Repository.create(lab.folder / "twice.grn", twice)
    lab.write("y.tsv", "sample\ty", *zip(SAMPLES, lab.y, strict=True))
    refused = grn("-s", "twice.grn", *OVER_SAMPLES, "--pheno", "y.tsv")
    assert (refused.code, "2 samples of the base are named S00" in refused.err) == (2, True)


def test_a_dense_base_has_no_kernel_over_samples_and_the_hint_works(lab: Lab, grn: Callable[..., Any]) -> None:
    lab.write("y.tsv", "sample\ty", *zip(SAMPLES, lab.y, strict=True))
    assert grn("init", "dense_store", "--expression", "e.tsv", "--genes", lab.write("few.txt", *GENES[:12])).code == 0
    refused = grn("-s", "dense_store", *OVER_SAMPLES, "--pheno", "y.tsv")
    assert "is dense (12 genes from 24 samples), so it has no factors" in refused.err
    assert "--estimator factor --factors K" in refused.err
    assert grn(*OVER_SAMPLES, "--pheno", "y.tsv").code == 0  # a base made as the hint has it
    other = grn(*FIT, "--pheno", "y.tsv")
    assert "The ids are samples of the base: use --kernel samples." in other.err
    assert grn("init", "none.grn", "--expression", "e.tsv", "--estimator", "factor", "--factors", 0).code == 0
    refused = grn("-s", "none.grn", *OVER_SAMPLES, "--pheno", "y.tsv")
    assert (refused.code, "no factors and no pathways" in refused.err) == (5, True)


def test_the_unit_of_a_signal_does_not_matter(lab: Lab, grn: Callable[..., Any]) -> None:
    h2 = []
    for unit in (1.0, 2.0**200, 2.0**-200):
        lab.write("z.tsv", "gene\tz", *zip(GENES, (lab.z * unit).tolist(), strict=True))
        h2.append(grn(*FIT, "--pheno", "z.tsv").json["h2"])
    assert h2 == pytest.approx([h2[0]] * 3, rel=1e-9)
    for unit in (1e200, 1e-200):
        lab.write("z.tsv", "gene\tz", *zip(GENES, (lab.z * unit).tolist(), strict=True))
        refused = grn(*FIT, "--pheno", "z.tsv")
        assert (refused.code, "whose squares double precision does not hold" in refused.err) == (5, True)
        lab.write("z.tsv", "gene\tz", *zip(GENES, lab.z.tolist(), strict=True))
        lab.write("x.tsv", "gene\tx", *zip(GENES, (lab.z[::-1] * unit).tolist(), strict=True))
        assert "x has values of up to" in grn(*FIT, "--pheno", "z.tsv", "--covariates", "x.tsv").err


def test_too_few_values_above_zero_to_choose_a_rank(lab: Lab, grn: Callable[..., Any]) -> None:
    rows = [(gene, *[1000 * (gene == GENES[0] and column == 0) for column in range(24)]) for gene in GENES[:10]]
    lab.write("v.tsv", ("gene", *SAMPLES), *rows)
    refused = grn("nmf", "--input", "v.tsv", "--rank", "2:3", "--restarts", 2)
    assert (refused.code, "1 value of 240 is above zero: too few to hold any out" in refused.err) == (2, True)
    assert "--rank 1" in refused.err
    assert grn("nmf", "--input", "v.tsv", "--rank", "1", "--restarts", 2).code == 0


def test_ids_are_found_where_they_stand_or_chosen(lab: Lab, grn: Callable[..., Any]) -> None:
    rows = list(zip([f"ENSG{index:011d}" for index in range(60)], GENES, lab.z.tolist(), strict=True))
    lab.write("z.tsv", "gene\tz", *[row[1:] for row in rows])
    expected = grn(*FIT, "--pheno", "z.tsv").json["log_likelihood"]
    lab.write("e.csv", "ensembl,symbol,stat", *rows, sep=",")
    run = grn(*FIT, "--pheno", "e.csv")
    assert run.json["log_likelihood"] == expected
    assert "e.csv: ids are those of the column symbol: 60 of 60 rows" in run.err
    lab.write("two.tsv", "ligand\treceptor\tz", *zip(GENES[::-1], GENES, lab.z.tolist(), strict=True))
    refused = grn(*FIT, "--pheno", "two.tsv")
    assert (refused.code, "--id-column TITLE: ligand, receptor" in refused.err) == (2, True)
    assert grn(*FIT, "--pheno", "two.tsv", "--id-column", "receptor").json["log_likelihood"] == expected
    refused = grn(*FIT, "--pheno", "two.tsv", "--id-column", "gene")
    assert (refused.code, "has no column gene; it has ligand, receptor, z" in refused.err) == (3, True)


def test_covariates_have_ids_where_they_stand(lab: Lab, grn: Callable[..., Any]) -> None:
    lab.write("y.tsv", "sample\ty", *zip(SAMPLES, lab.y.tolist(), strict=True))
    ages = [40 + index * index % 17 for index in range(24)]
    lab.write("c.tsv", "sample\tage", *zip(SAMPLES, ages, strict=True))
    expected = grn(*OVER_SAMPLES, "--pheno", "y.tsv", "--covariates", "c.tsv").json["log_likelihood"]
    lab.write("g.csv", "geo,title,age", *zip([f"GSM{i}" for i in range(24)], SAMPLES, ages, strict=True), sep=",")
    run = grn(*OVER_SAMPLES, "--pheno", "y.tsv", "--covariates", "g.csv")
    assert (run.code, run.json["log_likelihood"]) == (0, expected)
    lab.write("p.csv", "name,y,twin", *zip(SAMPLES, lab.y.tolist(), SAMPLES[::-1], strict=True), sep=",")
    lab.write("t.csv", "twin,age,name", *zip(SAMPLES[::-1], ages, SAMPLES, strict=True), sep=",")
    run = grn(*OVER_SAMPLES, "--pheno", "p.csv", "--covariates", "t.csv", "--id-column", "name")
    assert run.json["log_likelihood"] == expected
    run = grn(*OVER_SAMPLES, "--pheno", "p.csv", "--covariates", "c.tsv", "--id-column", "name")
    assert run.json["log_likelihood"] == expected


def test_labels_of_a_table_with_more_columns_are_chosen_by_title(lab: Lab, grn: Callable[..., Any]) -> None:
    groups = ["UP"] * 6 + ["DN"] * 6
    labels = ("--contrast", "UP:DN", "--expression", "o.tsv", "--permute", "0")
    lab.write("l.tsv", "sample\tlabel", *zip(OTHERS, groups, strict=True))
    expected = grn(*FIT, "--labels", "l.tsv", *labels).json["log_likelihood"]
    lab.write("swapped.tsv", *zip(groups, OTHERS, strict=True))
    assert grn(*FIT, "--labels", "swapped.tsv", *labels).json["log_likelihood"] == expected
    lab.write("m.tsv", "sample\tbatch\tgroup", *zip(OTHERS, ["b1", "b2"] * 6, groups, strict=True))
    run = grn(*FIT, "--labels", "m.tsv", *labels)
    assert run.json["log_likelihood"] == expected
    assert "labels are those of the column group, the only one with UP and DN." in run.err
    lab.write("m.tsv", "sample\tbefore\tgroup", *zip(OTHERS, ["UP", "DN"] * 6, groups, strict=True))
    refused = grn(*FIT, "--labels", "m.tsv", *labels)
    assert (refused.code, "--label-column TITLE, such as before: before, group" in refused.err) == (2, True)
    run = grn(*FIT, "--labels", "m.tsv", "--label-column", "group", *labels)
    assert run.json["log_likelihood"] == expected
    lab.write("q.tsv", "sample\tlabel", *[(f"Q{index}", group) for index, group in enumerate(groups)])
    refused = grn(*FIT, "--labels", "q.tsv", *labels)
    assert (refused.code, "(such as Q0, Q1, Q2, …) is among the 12 samples" in refused.err) == (3, True)
    lab.write("c.cls", "4 2 1", "# UP DN", "UP UP DN DN")
    refused = grn(*FIT, "--labels", "c.cls", *labels)
    assert (refused.code, "4 labels and no names" in refused.err, "--expression FILE" in refused.err) == (2, True, True)
    assert grn(*FIT, "--labels", "c.cls", "--label-column", "x", *labels).code == 2
    lab.write("z.tsv", "gene\tz", *zip(GENES, lab.z.tolist(), strict=True))
    assert grn(*FIT, "--pheno", "z.tsv", "--label-column", "group").code == 2


@pytest.mark.parametrize(("numbers", "contrast"), [(("1", "0"), "1:0"), (("1.0", "0.0"), "1:0"), (("+", "-"), "+:-")])
def test_labels_may_be_numbers_and_signs(
    lab: Lab, grn: Callable[..., Any], numbers: tuple[str, str], contrast: str
) -> None:
    lab.write("l.tsv", "sample\tlabel", *[(name, numbers[index > 5]) for index, name in enumerate(OTHERS)])
    run = grn(*FIT, "--labels", "l.tsv", "--contrast", contrast, "--expression", "o.tsv", "--permute", "0")
    assert "t of 6" in run.json["signal"]


def test_a_field_that_is_no_number_says_what_to_do(lab: Lab, grn: Callable[..., Any]) -> None:
    for field, hint in (
        ("not done", "--missing-value 'not done'"),
        ("<LOD", "is not missing"),
        ("TRUE", "Write 1 and 0"),
        ("1,2,3", "one number in each field"),
    ):
        lab.write("z.tsv", "gene\tz", *zip(GENES, [field, *lab.z.tolist()[1:]], strict=True))
        refused = grn(*FIT, "--pheno", "z.tsv")
        assert (refused.code, f"line 2: '{field}' in column z" in refused.err, hint in refused.err) == (2, True, True)


def test_kernels_that_are_none_are_named_for_what_they_are(lab: Lab, grn: Callable[..., Any]) -> None:
    lab.write("z.tsv", "gene\tz", *zip(GENES, lab.z.tolist(), strict=True))
    k = np.eye(60)
    k[0, 1] = 0.5
    lab.write("k.tsv", ("", *GENES), *[(gene, *row) for gene, row in zip(GENES, k.tolist(), strict=True)])
    lab.write("k.grm.gz", "1\t1\t9\t1.0")
    lab.write("k.kin0", "FID1 ID1 FID2 ID2 Kinship", "F a F b 0.1")
    lab.write("k.rel", "1", "0.1\t1", "0.2\t0.1\t1")
    for name, sentence in (
        ("k.tsv", "is not symmetric: 0.5 of G000 and G001, and 0 of G001 and G000"),
        ("k.grm.gz", "GCTA's relatedness matrix as a list of pairs"),
        ("k.kin0", "plink2 --make-king square"),
        ("k.rel", "lower half of a matrix"),
    ):
        refused = grn(*FIT, "--pheno", "z.tsv", "--kernel", name)
        assert (refused.code, sentence in refused.err) == (2, True)


def test_phenotypes_without_ids_have_those_of_the_kernel(lab: Lab, grn: Callable[..., Any]) -> None:
    half = np.random.default_rng(3).normal(size=(24, 24))
    lab.write("k.cXX.txt", *(half @ half.T / 24).tolist())
    lab.write("k.fam", *[("0", name, 0, 0, 1, -9) for name in SAMPLES], sep=" ")
    values = ["NA" if index == 5 else value for index, value in enumerate(lab.y)]
    lab.write("ids.tsv", "sample\ty", *zip(SAMPLES, values, strict=True))
    over = (*FIT, "--kernel", "k.cXX.txt", "--ids", "k.fam")
    expected = grn(*over, "--pheno", "ids.tsv").json
    lab.write("one.txt", *map(str, values))
    lab.write("titled.txt", "height", *map(str, values))
    lab.write("two.txt", *zip([0.5] * 24, values, strict=True))
    for name, trait in (("one.txt", ()), ("titled.txt", ("--trait", "height")), ("two.txt", ("--trait", "column 2"))):
        run = grn(*over, "--pheno", name, *trait)
        assert (run.code, run.json["n"], run.json["log_likelihood"]) == (0, 23, expected["log_likelihood"])
        assert f"{name}: it has no ids; its 24 rows are in the order of the 24 names of k.fam." in run.err
    lab.write("more.txt", *map(str, values), "1.5")
    assert "25 rows of one column, and k.fam 24 names" in grn(*over, "--pheno", "more.txt").err
    lab.write("numbered.txt", *zip(range(24), values, strict=True))
    assert grn(*over, "--pheno", "numbered.txt").code == 2
    assert "has one column" in grn(*OVER_SAMPLES, "--pheno", "one.txt").err


def test_dates_of_a_spreadsheet_among_the_ids_are_named(lab: Lab, grn: Callable[..., Any]) -> None:
    names = ["2-Sep", "1-Mar", "Dec-01", *GENES[3:-1], "OTHER"]
    lab.write("z.csv", "gene,t", *zip(names, lab.z, strict=True), sep=",")
    run = grn(*FIT, "--pheno", "z.csv")
    assert "4 ids of the signal that are not rows of the kernel left out." in run.err
    assert "3 of these look like dates that a spreadsheet made of gene names: 2-Sep, 1-Mar, Dec-01." in run.err
    twice = ["1-Mar", "1-Mar", *GENES[2:]]
    lab.write("z.csv", "gene,t", *zip(twice, lab.z, strict=True), sep=",")
    assert "look like dates that a spreadsheet made of gene names: 1-Mar." in grn(*FIT, "--pheno", "z.csv").err


@pytest.mark.parametrize("verb", ["fit", "scan", "enrich"])
def test_p_values_are_refused_by_each_verb(lab: Lab, grn: Callable[..., Any], verb: str) -> None:
    lab.write("p.tsv", "Gene\tP", *zip(GENES, np.abs(lab.z) % 1, strict=True))
    lab.write("s.gmt", ("A", "-", *GENES[:10]), ("B", "-", *GENES[10:30]))
    more = {"fit": (), "scan": ("--tests", "s.gmt"), "enrich": ("--sets", "s.gmt")}[verb]
    for trait in ((), ("--trait", "P")):
        run = grn("lmm", verb, "--pheno", "p.tsv", *trait, *more)
        assert (run.code, "P has p-values, which have no sign" in run.err) == (2, True)
    assert "--trait P" not in run.err
