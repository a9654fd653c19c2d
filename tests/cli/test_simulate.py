"""`grn simulate`: what it writes is what the other verbs read, and the truth beside it is what was drawn."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.engine.nmf import simulate_counts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def counts_of(path: Path, delimiter: str = "\t") -> tuple[list[str], list[str], NDArray[np.int64]]:
    """Return the names of genes and samples and the counts, which must be written as whole numbers."""
    (title, *samples), *rows = csv.reader(path.read_text().splitlines(), delimiter=delimiter)
    assert title == "gene"
    return [row[0] for row in rows], samples, np.array([[int(field) for field in row[1:]] for row in rows])


def truth_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines(), delimiter="\t"))


def test_a_factor_model_becomes_a_base_and_pathways(grn: Callable[..., Any], folder: Path) -> None:
    shape = ("--genes", 20, "--factors", 2, "--pathways", 1, "--seed", 3)
    printed = grn("simulate", *shape, "--scale", 0.2, "--noise", 0.1, 0.2, "--pathway-scale", 0.1, "-o", "m.npz")
    assert printed.err.splitlines() == [
        "m.npz: 20 genes, 2 factors, seed 3.",
        "m.pathways.npz: 1 pathway, in units of the expression (raw).",
    ]
    assert grn("init", "m.grn", "--factor-model", "m.npz").code == 0
    assert grn("commit", "m.pathways.npz").code == 0
    before = (folder / "m.npz").read_bytes()
    assert grn("simulate", "--genes", 20, "-o", "m.npz").code == 0
    assert (folder / "m.npz").read_bytes() != before


def test_counts_by_default_are_the_course_s_problem_with_its_truth(grn: Callable[..., Any], folder: Path) -> None:
    printed = grn("simulate", "counts", "-o", "counts.tsv")
    assert (printed.code, printed.out) == (0, "")
    assert printed.err.splitlines() == [
        "counts.tsv: 100 genes in 60 samples, depth 1,000, Poisson, seed 42.",
        "counts.truth.tsv: the truth, 5 modules, 3 genes in two.",
    ]
    genes, samples, counts = counts_of(folder / "counts.tsv")
    assert (genes[0], genes[-1], samples[0], samples[-1]) == ("G001", "G100", "S01", "S60")
    drawn = simulate_counts(100, 60, 5, depth=1000, moonlighting=3, seed=42)
    np.testing.assert_array_equal(counts, drawn.counts)
    truth = truth_of(folder / "counts.truth.tsv")
    assert list(truth[0]) == ["gene", "module", "second_module", "minor_share"]
    assert [row["gene"] for row in truth] == genes
    assert [int(row["module"]) for row in truth] == (drawn.main + 1).tolist()
    twice = [row for row in truth if row["second_module"]]
    assert len(twice) == 3
    assert all(row["second_module"] != row["module"] for row in twice)
    assert [float(row["minor_share"]) for row in twice] == drawn.minor[drawn.minor > 0].tolist()
    assert all(0 < float(row["minor_share"]) <= 0.5 for row in twice)
    assert {(row["second_module"], row["minor_share"]) for row in truth if row not in twice} == {("", "")}
    assert sorted(path.name for path in folder.iterdir()) == ["counts.truth.tsv", "counts.tsv"]


def test_counts_are_read_back_by_init_and_nmf_which_finds_the_modules(grn: Callable[..., Any], folder: Path) -> None:
    # More samples than genes: the header says which is which.
    assert grn("simulate", "counts", "--genes", 40, "--samples", 50, "--modules", 3, "-o", "counts.tsv").code == 0
    genes, samples, counts = counts_of(folder / "counts.tsv")
    assert grn("init", "lab.grn", "--expression", "counts.tsv", "--counts").code == 0
    base = grnledger.open(folder / "lab.grn").base("v0")
    assert (list(base.panel.genes), list(base.samples)) == (genes, samples)
    assert base.expression is not None
    np.testing.assert_array_equal(base.expression.all(), counts)
    for source in ("counts", "counts.tsv"):
        rows = grn("nmf", "--input", source, "--rank", 3, "--restarts", 3, "--json").json
        assert rows["likelihood"]
        truth = truth_of(folder / "counts.truth.tsv")
        pairs = {(row["module"], true["module"]) for row, true in zip(rows["genes"], truth, strict=True)}
        assert len(pairs) == 3
        assert set(rows["moonlighting"]) <= {row["gene"] for row in truth if row["second_module"]}


def test_the_same_seed_gives_the_same_bytes(grn: Callable[..., Any], folder: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        assert grn("simulate", "counts", "--seed", seed, "-o", f"{name}.tsv").code == 0
    first, again, other = ((folder / f"{name}.tsv").read_bytes() for name in "abc")
    assert first == again
    assert first != other
    first, again, other = ((folder / f"{name}.truth.tsv").read_bytes() for name in "abc")
    assert first == again
    assert first != other


def test_counts_that_are_there_are_replaced_as_a_model_is(grn: Callable[..., Any], folder: Path) -> None:
    for seed in (1, 2):
        assert grn("simulate", "counts", "--seed", seed, "--samples", 10, "-o", "counts.csv").code == 0
    _, _, counts = counts_of(folder / "counts.csv", ",")
    np.testing.assert_array_equal(counts, simulate_counts(100, 10, 5, depth=1000, seed=2).counts)


@pytest.mark.parametrize(
    ("arguments", "depth", "overdispersion"),
    [
        (("--regime", "deep"), 1000, 0),
        (("--regime", "nb"), 1000, 0.05),
        (("--regime", "hard"), 100, 0.3),
        (("--regime", "shallow"), 3, 0),
        (("--regime", "hard", "--depth", 7), 7, 0.3),
        (("--depth", 7, "--regime", "nb", "--overdispersion", 0), 7, 0),
        (("--overdispersion", 0.5), 1000, 0.5),
    ],
)
def test_a_regime_is_a_depth_and_an_overdispersion_unless_they_are_given(
    grn: Callable[..., Any], folder: Path, arguments: tuple[object, ...], depth: float, overdispersion: float
) -> None:
    printed = grn("simulate", "counts", *arguments, "-o", "counts.tsv")
    assert f"depth {depth:,}, {f'α {overdispersion:g}' if overdispersion else 'Poisson'}, seed 42." in printed.err
    drawn = simulate_counts(depth=depth, overdispersion=overdispersion, seed=42)
    np.testing.assert_array_equal(counts_of(folder / "counts.tsv")[2], drawn.counts)


def test_sizes_are_shares_and_say_how_many_modules(grn: Callable[..., Any], folder: Path) -> None:
    line = "simulate counts --genes 103 --moonlighting 0 --sizes 20,20,20,43 -o counts.tsv"
    assert grn(*line.split()).err.endswith("the truth, 4 modules, 0 genes in two.\n")
    modules = [int(row["module"]) for row in truth_of(folder / "counts.truth.tsv")]
    assert np.diff(modules).min() >= 0
    np.testing.assert_allclose(np.bincount(modules)[1:], [20, 20, 20, 43], atol=2)


@pytest.mark.parametrize(
    ("line", "code", "sentence"),
    [
        ("--sizes 20,20 --modules 3 -o x.tsv", 2, "3 modules need as many positive sizes, not [20.0, 20.0]"),
        ("--sizes 20,-1 -o x.tsv", 2, "not [20.0, -1.0]"),
        ("--sizes 1,nan -o x.tsv", 2, "not [1.0, nan]"),
        ("--sizes 1,inf -o x.tsv", 2, "not [1.0, inf]"),
        ("--sizes 20,,3 -o x.tsv", 2, "--sizes '20,,3' is not a list of numbers"),
        ("--modules 60 -o x.tsv", 2, "100 genes in 60 samples do not make 60 modules"),
        ("--modules 1 -o x.tsv", 2, "3 of 100 genes cannot be in two of 1 module."),
        ("--moonlighting 101 -o x.tsv", 2, "101 of 100 genes cannot be in two"),
        ("--moonlighting -1 -o x.tsv", 2, "--moonlighting"),
        ("--samples 2 -o x.tsv", 2, "--samples"),
        ("--depth nan -o x.tsv", 2, "A depth of nan and an overdispersion of 0 give no counts."),
        ("--depth inf -o x.tsv", 2, "A depth of inf"),
        ("--depth 0 -o x.tsv", 2, "A depth of 0"),
        ("--depth 1e30 -o x.tsv", 2, "more than 1e+15 are not drawn"),
        ("--depth 1e308 --overdispersion 3 -o x.tsv", 2, "more than 1e+15 are not drawn"),
        ("--depth 1e-30 -o x.tsv", 2, "gives no count other than 0"),
        ("--overdispersion nan -o x.tsv", 2, "an overdispersion of nan"),
        ("--overdispersion -1 -o x.tsv", 2, "an overdispersion of -1"),
        ("--overdispersion 1e-310 -o x.tsv", 2, "A depth of 1000 with an overdispersion of 1e-310"),
        ("--regime wide -o x.tsv", 2, "wide"),
        ("-o x.npz", 2, "Counts are written to *.tsv or *.csv, and x.npz has another ending."),
        ("-o x", 2, "and x has another ending"),
        ("-o nowhere/x.tsv", 3, "There is no folder"),
    ],
)
def test_counts_that_cannot_be_drawn_or_written_are_refused_and_nothing_is_left(
    grn: Callable[..., Any], folder: Path, line: str, code: int, sentence: str
) -> None:
    printed = grn("simulate", "counts", *line.split())
    assert (printed.code, printed.out) == (code, "")
    assert sentence in printed.err
    assert list(folder.iterdir()) == []


def test_a_study_has_the_files_that_its_readme_lists_and_the_verbs_read_them(
    grn: Callable[..., Any], folder: Path
) -> None:
    printed = grn("simulate", "study", "study")
    assert (printed.code, printed.out) == (0, "")
    sentence = "1,500 genes in 60 samples, 50 gene sets, seed 42; README.txt says what each file is."
    assert printed.err == f"study: {sentence}\n"
    files = {path.relative_to(folder / "study").as_posix() for path in (folder / "study").rglob("*.*")}
    lines = (folder / "study" / "README.txt").read_text().splitlines()
    listed = {line.split()[0] for line in lines if line and line.split()[0].endswith((".tsv", ".gmt"))}
    assert listed | {"README.txt"} == files
    genes, samples, counts = counts_of(folder / "study" / "expression.tsv")
    assert counts.shape == (1_500, 60)
    assert len(set(genes)) == 1_500
    assert {"TP53", "MYC", "GAPDH", "HLA-A", "RPL3"} <= set(genes)
    labels = dict(line.split("\t") for line in (folder / "study" / "labels.tsv").read_text().splitlines()[1:])
    assert list(labels) == samples
    assert sorted(labels.values()) == ["control"] * 30 + ["treated"] * 30
    truth = truth_of(folder / "study" / "truth" / "differences.tsv")
    assert [row["gene"] for row in truth] == genes
    assert {row["gene"]: float(row["direct"]) for row in truth if float(row["direct"])} == {
        "TP53": 1.6, "MYC": -1.2, "E2F1": -1.2, "STAT1": 1.2,
    }  # fmt: skip
    assert all(abs(float(row["rho"])) <= 1 for row in truth_of(folder / "study" / "truth" / "edges.tsv"))
    assert grn("init", "study.grn", "--expression", "study/expression.tsv", "--counts").code == 0
    assert grn("commit", "study/sets.gmt").code == 0
    assert grn("commit", "study/regulons.tsv").code == 0
    fit = grn("lmm", "fit", "--pheno", "study/signal.tsv", "--at", "v0")
    assert fit.code == 0
    assert "60 samples, none of them among the base's 60" in fit.out
    own = grn("lmm", "fit", "--labels", "study/labels.tsv", "--contrast", "treated:control")
    assert own.code == 5


def test_a_study_is_made_again_by_its_seed_and_never_over_another(grn: Callable[..., Any], folder: Path) -> None:
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        assert grn("simulate", "study", name, "--seed", seed).code == 0
    first, again, other = (
        {path.relative_to(folder / name): path.read_bytes() for path in (folder / name).rglob("*.*")} for name in "abc"
    )
    assert first == again
    assert [path for path in first if first[path] == other[path]] == [
        path for path in first if path.name in ("README.txt", "labels.tsv", "samples.tsv")
    ]
    refused = grn("simulate", "study", "a")
    assert refused.code == 4
    assert "a exists already." in refused.err
