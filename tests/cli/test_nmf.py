"""`grn nmf`: the modules of a version, of its counts, of a file; what it prints, and what it refuses."""

from __future__ import annotations

import csv
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.engine.nmf import simulate_counts
from scipy.io import mmwrite
from scipy.sparse import coo_array

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.engine.nmf import SimulatedCounts

MODULES = 3


@pytest.fixture(scope="module")
def drawn() -> SimulatedCounts:
    return simulate_counts(60, 40, MODULES, depth=60, moonlighting=4, seed=5)


@pytest.fixture(scope="module")
def names() -> list[str]:
    return [f"GENE{index:02d}" for index in range(60)]


@pytest.fixture
def store(tmp_path: Path, grn: Callable[..., Any], drawn: SimulatedCounts, names: list[str]) -> Path:
    """A store on simulated counts, with one pathway over genes of all modules."""
    lines = ["\t".join(["gene", *(f"S{index}" for index in range(40))])]
    lines += [
        "\t".join([name, *(f"{count:g}" for count in row)]) for name, row in zip(names, drawn.counts, strict=True)
    ]
    (tmp_path / "counts.tsv").write_text("\n".join(lines) + "\n")
    sets = {f"MODULE_{module}": [names[g] for g in np.flatnonzero(drawn.main == module)] for module in range(MODULES)}
    (tmp_path / "sets.gmt").write_text("".join("\t".join([name, "-", *genes]) + "\n" for name, genes in sets.items()))
    (tmp_path / "far.gmt").write_text("\t".join(["MIXED", "-", *names[::3]]) + "\n")
    path = tmp_path / "lab.grn"
    assert grn("init", path, "--expression", tmp_path / "counts.tsv", "--counts").code == 0
    assert grn("-s", path, "commit", tmp_path / "far.gmt", "--strength", 0.9).code == 0
    return path


def modules_of(rows: list[dict[str, Any]]) -> list[int]:
    return [int(row["module"]) for row in rows]


def agreement(modules: list[int], truth: np.ndarray) -> float:
    labels = np.array(modules)
    return sum(np.bincount(labels[truth == module]).max() for module in np.unique(truth)) / len(truth)


def test_the_modules_of_a_version_s_correlations(
    store: Path, grn: Callable[..., Any], drawn: SimulatedCounts, names: list[str]
) -> None:
    asked = ("-s", store, "nmf", "--at", "v0", "--rank", 3, "--restarts", 4, "--sets", store.parent / "sets.gmt")
    printed = grn(*asked, "--json")
    assert printed.code == 0
    answer = json.loads(printed.out)
    assert (answer["version"], answer["rank"], answer["likelihood"], answer["converged"]) == ("v0", 3, False, True)
    assert [row["gene"] for row in answer["genes"]] == names
    assert agreement(modules_of(answer["genes"]), drawn.main) >= 0.95
    assert {row["q"] for row in answer["genes"]} == {None}
    assert sorted(row["best_set"] for row in answer["modules"]) == ["MODULE_0", "MODULE_1", "MODULE_2"]
    assert all(row["best_set_q"] < 1e-6 for row in answer["modules"])
    main = {row["gene"]: row["module"] for row in answer["genes"]}
    library = dict(line.split("\t-\t") for line in (store.parent / "sets.gmt").read_text().splitlines())
    for row in answer["modules"]:
        genes = library[row["best_set"]].split("\t")
        inside = sum(main[gene] == row["module"] for gene in genes)
        assert (row["best_set_shared"], row["best_set_genes"]) == (inside, len(genes))
    assert sum(row["mass"] for row in answer["modules"]) == pytest.approx(1.0)
    assert grn(*asked, "--json").out == printed.out
    text = grn(*asked)
    assert "best set: most over-represented" in text.err
    assert "KL divergence, not a likelihood" in text.err
    assert "Rank 3 is the only one surveyed." in text.err
    table = list(csv.DictReader(grn(*asked, "--table", "genes", "--tsv").out.splitlines(), delimiter="\t"))
    assert list(table[0]) == ["gene", "module", "share", "second_module", "second_share", "q", "stability"]
    assert [float(row["share"]) for row in table] == [row["share"] for row in answer["genes"]]


def test_correlations_change_with_the_version_and_counts_do_not(store: Path, grn: Callable[..., Any]) -> None:
    def ask(at: str, source: str) -> dict[str, Any]:
        printed = grn("-s", store, "nmf", "--at", at, "--input", source, "--rank", 3, "--restarts", 3, "--json")
        return json.loads(printed.out)

    before, after = ask("v0", "correlation"), ask("v1", "correlation")
    assert before["genes"] != after["genes"]
    counted, again = ask("v0", "counts"), ask("v1", "counts")
    assert counted["genes"] == again["genes"]
    assert counted["likelihood"]
    assert "the same at every version of this base" in counted["input"]


def test_counts_of_a_file_have_a_likelihood_and_genes_of_two_modules(
    store: Path, grn: Callable[..., Any], drawn: SimulatedCounts, names: list[str]
) -> None:
    asked = ("-s", store, "nmf", "--input", store.parent / "counts.tsv", "--rank", "2:4", "--restarts", 4)
    answer = json.loads(grn(*asked, "--json").out)
    assert answer["rank"] == 3
    assert agreement(modules_of(answer["genes"]), drawn.main) >= 0.95
    clear = {names[index] for index in np.flatnonzero(drawn.minor > 0.15)}
    assert clear <= set(answer["moonlighting"])
    assert len(set(answer["moonlighting"]) - {names[index] for index in np.flatnonzero(drawn.minor > 0)}) <= 1
    assert sum(row["genes"] for row in answer["modules"]) == 60 + len(answer["moonlighting"])
    rows = [row for row in answer["genes"] if row["gene"] in answer["moonlighting"]]
    assert all(row["q"] <= 0.02 and row["second_module"] != row["module"] for row in rows)
    ranks = grn(*asked, "--table", "ranks")
    assert [line.split()[0] for line in ranks.out.splitlines()] == ["rank", "2", "3", "4"]
    assert "discovery" not in ranks.err


def test_second_modules_lead_with_their_share_and_its_interval(
    store: Path, grn: Callable[..., Any], drawn: SimulatedCounts, names: list[str]
) -> None:
    asked = ("-s", store, "nmf", "--input", store.parent / "counts.tsv", "--rank", 3, "--restarts", 4)
    answer = grn(*asked, "--json").json
    assert answer["min_share"] == 0.1
    shares = [row["share"] for row in answer["second"]]
    assert shares == sorted(shares, reverse=True)
    assert min(shares) >= 0.1
    assert {row["gene"] for row in answer["second"]} <= set(answer["moonlighting"])
    truth = dict(zip(names, drawn.minor.tolist(), strict=True))
    for row in answer["second"]:
        assert 0.0 <= row["share_low"] < row["share"] < row["share_high"] <= 1.0
        assert row["share"] == pytest.approx(truth[row["gene"]], abs=0.08)
    least = round(answer["second"][1]["share"] - 0.001, 3)
    text = grn(*asked, "--min-share", least, "--table", "second")
    first, also = answer["second"][0], answer["second"][0]["also_in"]
    assert [line.split()[0] for line in text.out.splitlines()] == [
        "gene",
        *(row["gene"] for row in answer["second"][:2]),
    ]
    assert f"2 of 60 genes also in a second module with a share of {least:g} or more there" in text.err
    assert f": {first['gene']} in {also} ({first['share']:.2f}, {first['share_low']:.2f} to " in text.err
    every = grn(*asked, "--min-share", 0, "--json").json
    assert {row["gene"] for row in every["second"]} == set(answer["moonlighting"])
    assert grn(*asked, "--min-share", 1.5).code == 2
    shown = grn("-s", store, "nmf", "show", answer["analysis"], "--json").json
    assert shown["second"] == answer["second"]


def test_second_modules_of_correlations_have_a_share_and_no_interval(store: Path, grn: Callable[..., Any]) -> None:
    asked = ("-s", store, "nmf", "--rank", 3, "--restarts", 3)
    answer = grn(*asked, "--min-share", 0.2, "--json").json
    by_share = sorted(
        (row for row in answer["genes"] if row["second_share"] >= 0.2), key=lambda row: -row["second_share"]
    )
    assert [(row["gene"], row["share"]) for row in answer["second"]] == [
        (row["gene"], row["second_share"]) for row in by_share
    ]
    assert {(row["share_low"], row["q"]) for row in answer["second"]} <= {(None, None)}
    assert (
        "of 60 genes also in a second module with a share of 0.1 or more there. This is not a test" in grn(*asked).err
    )


def test_values_that_are_no_whole_numbers_have_no_likelihood(
    store: Path, grn: Callable[..., Any], drawn: SimulatedCounts, names: list[str]
) -> None:
    lines = ["\t".join([name, *map(str, row)]) for name, row in zip(names, (drawn.counts + 0.5).tolist(), strict=True)]
    head = "\t".join(["gene", *(f"S{index}" for index in range(40))])
    (store.parent / "halves.tsv").write_text("\n".join([head, *lines]) + "\n")
    printed = grn("-s", store, "nmf", "--input", store.parent / "halves.tsv", "--rank", 3, "--restarts", 2, "--json")
    answer = json.loads(printed.out)
    assert not answer["likelihood"]
    assert "not counts; KL divergence, not a likelihood" in answer["input"]
    assert {row["q"] for row in answer["genes"]} == {None}
    assert {row["log_likelihood"] for row in answer["ranks"]} == {None}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--rank", "three"), 2, "--rank 'three' is neither a rank"),
        (("--rank", "5:3"), 2, "--rank 5:3 is not a range of ranks"),
        (("--rank", "0"), 2, "--rank 0 is not a range of ranks"),
        (("--rank", "200"), 2, "no factors of rank 200"),
        (("--input", "nowhere.tsv"), 3, "nowhere.tsv"),
        (("--sets", "other.gmt"), 3, "No gene of other.gmt is among the 60 genes here, such as GENE00"),
        (("--at", "v9"), 3, "v9"),
        (("--restarts", "0"), 2, "restarts"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    store: Path, grn: Callable[..., Any], arguments: tuple[str, ...], code: int, message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(store.parent)
    (store.parent / "other.gmt").write_text("OTHER\t-\tA\tB\n")
    printed = grn("-s", store, "nmf", *arguments)
    assert (printed.code, printed.out) == (code, "")
    assert message in printed.err


def test_a_base_without_counts_and_counts_that_are_none_are_refused(
    tmp_path: Path, grn: Callable[..., Any], names: list[str]
) -> None:
    rows = [
        f"{name}\t" + "\t".join(f"{value:g}" for value in np.random.default_rng(1).normal(size=6)) for name in names
    ]
    (tmp_path / "logs.tsv").write_text("gene\ta\tb\tc\td\te\tf\n" + "\n".join(rows) + "\n")
    stored, bare = tmp_path / "kept.grn", tmp_path / "bare.grn"
    assert grn("init", stored, "--expression", tmp_path / "logs.tsv").code == 0
    printed = grn("-s", stored, "nmf", "--input", "counts")
    assert printed.code == 2
    assert "negative" in printed.err
    assert grn("simulate", "--genes", 30, "-o", tmp_path / "model.npz").code == 0
    assert grn("init", bare, "--factor-model", tmp_path / "model.npz").code == 0
    printed = grn("-s", bare, "nmf", "--input", "counts")
    assert printed.code == 3
    assert "keeps no expression" in printed.err


def test_an_analysis_is_kept_listed_and_shown_again(store: Path, grn: Callable[..., Any]) -> None:
    asked = ("-s", store, "nmf", "--rank", 3, "--restarts", 3)
    assert "The store has no analysis yet" in grn("-s", store, "nmf", "list").err
    first = grn(*asked)
    assert "Kept: `grn nmf show " in first.err
    again = grn(*asked)
    assert again.out == first.out
    assert "Found again: it was made at 2026-" in again.err
    counted = grn("-s", store, "nmf", "--input", "counts", "--rank", 3, "--restarts", 3, "--json").json
    (correlation, counts) = sorted(
        grn("-s", store, "nmf", "list", "--json").json["analyses"], key=lambda row: row["input"]
    )
    assert (correlation["input"], correlation["versions"], correlation["rank"]) == ("correlation", ["v1"], 3)
    assert (counts["input"], counts["versions"], counts["ranks"]) == ("counts", ["v0", "v1"], "3:3")
    assert len(grn("-s", store, "nmf", "list").out.splitlines()) == 3
    shown = grn("-s", store, "nmf", "show", counts["id"][:8], "--json").json
    assert shown == {name: value for name, value in counted.items() if name not in ("version", "id", "content")}
    text = grn("-s", store, "nmf", "show", correlation["id"][:6])
    assert text.out == first.out
    assert "Made by Ada at 2026-" in text.err
    refused = grn("-s", store, "nmf", "show", "ffff0000")
    assert (refused.code, refused.out) == (3, "")
    assert "`grn nmf list` lists them" in refused.err


def test_weights_and_usages_are_tables_and_go_to_a_file(
    store: Path, grn: Callable[..., Any], names: list[str], drawn: SimulatedCounts
) -> None:
    asked = ("-s", store, "nmf", "--input", "counts", "--rank", 3, "--restarts", 3)
    weights = grn(*asked, "--table", "weights", "--tsv").rows
    usage = grn(*asked, "--table", "usage", "--tsv").rows
    assert list(weights[0]) == ["gene", "module_1", "module_2", "module_3"]
    assert [row["gene"] for row in weights] == names
    assert [row["sample"] for row in usage] == [f"S{index}" for index in range(40)]
    w, h = (
        np.array([[float(row[f"module_{index}"]) for index in (1, 2, 3)] for row in rows]) for rows in (weights, usage)
    )
    np.testing.assert_allclose(w.sum(axis=0), 1.0)
    assert (w @ h.T).sum() == pytest.approx(drawn.counts.sum(), rel=1e-4)
    printed = grn(*asked, "-o", store.parent / "modules.npz")
    assert "W (60 × 3) and H (3 × 40)" in printed.err
    with np.load(store.parent / "modules.npz") as file:
        np.testing.assert_array_equal(file["modules"], w)
        np.testing.assert_array_equal(file["usage"], h.T)
        assert file["genes"].tolist() == names
    assert grn(*asked, "-o", store.parent / "modules.csv").code == 2
    bins = grn(*asked, "--table", "histogram", "--tsv").rows
    assert sum(int(row["entries"]) for row in bins) == 180
    assert (float(bins[0]["share_from"]), float(bins[-1]["share_to"])) == (0.0, 1.0)


def test_an_exported_store_shows_modules_and_keeps_none(store: Path, grn: Callable[..., Any]) -> None:
    assert grn("-s", store, "export", store.parent / "all.h5").code == 0
    printed = grn("-s", store.parent / "all.h5", "nmf", "--rank", 3, "--restarts", 2, "--tsv")
    assert printed.code == 0
    assert len(printed.rows) == 3
    assert "The analysis is not kept:" in printed.err
    assert grn("-s", store.parent / "all.h5", "nmf", "list", "--tsv").rows == []


def test_a_file_is_factored_without_a_store_and_nothing_is_kept(
    store: Path, grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bare")
    (folder / "counts.tsv").write_bytes((store.parent / "counts.tsv").read_bytes())
    monkeypatch.chdir(folder)
    search = ("nmf", "--input", "counts.tsv", "--rank", 3, "--restarts", 2)
    printed = grn(*search)
    assert printed.code == 0
    assert "The analysis is not kept: no single readable store was found here." in printed.err
    assert [path.name for path in folder.iterdir()] == ["counts.tsv"]
    assert grn("-s", store, *search).out == printed.out
    answer, in_store = grn(*search, "--json").json, grn("-s", store, *search, "--json").json
    unkept = ("version", "id", "content", "analysis")
    assert [answer[name] for name in unkept] == [None] * 4
    assert {*in_store} - {*answer} == {"parameters", "time"}
    assert {name: answer[name] for name in answer if name not in unkept} == {
        name: in_store[name] for name in answer if name not in unkept
    }
    assert grn(*search, "--table", "usage", "-o", "modules.npz", "--tsv").code == 0
    assert (folder / "modules.npz").exists()
    for arguments in ((), ("--input", "counts"), ("--input", "counts.tsv", "--at", "v0")):
        refused = grn("nmf", *arguments)
        assert (refused.code, refused.out) == (3, "")
        assert "There is no store in" in refused.err
    for elsewhere in ("list", "diff"):
        assert grn("nmf", elsewhere, *(["v0..v1"] if elsewhere == "diff" else [])).code == 3
    assert grn("-s", "nowhere.grn", *search).code == 3
    monkeypatch.setenv("GRN_STORE", "nowhere.grn")
    assert grn(*search).code == 3


def test_a_file_is_factored_beside_stores_of_which_none_can_be_chosen_or_read(
    store: Path, grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(store.parent)
    search = ("nmf", "--input", "counts.tsv", "--rank", 3, "--restarts", 2, "--json")
    modules = grn(*search).json["modules"]
    assert grn("clone", store, "second.grn").code == 0
    for exit_code, damage in ((4, None), (6, "not a format")):
        if damage is not None:
            shutil.rmtree("second.grn")
            (store / "FORMAT").write_text(damage)
        printed = grn(*search)
        assert (printed.code, printed.json["modules"], printed.json["version"]) == (0, modules, None)
        assert "The analysis is not kept: no single readable store was found here." in printed.err
        assert grn("nmf").code == exit_code
        assert grn(*search, "--at", "v0").code == exit_code
    assert grn("-s", store, *search).code == 6
    monkeypatch.setenv("GRN_STORE", str(store))
    assert grn(*search).code == 6
    monkeypatch.setenv("GRN_STORE", "")
    assert grn("-s", "", *search).code == 2


def test_the_ranks_surveyed_by_default_are_as_many_as_there_can_be(
    tmp_path: Path, grn: Callable[..., Any], drawn: SimulatedCounts, names: list[str]
) -> None:
    head = "\t".join(["gene", *(f"S{index}" for index in range(6))])
    rows = ["\t".join([name, *map(str, row[:6])]) for name, row in zip(names, drawn.counts.astype(int), strict=True)]
    (tmp_path / "few.tsv").write_text("\n".join([head, *rows]) + "\n")
    assert grn("init", tmp_path / "few.grn", "--expression", tmp_path / "few.tsv", "--counts").code == 0
    asked = ("-s", tmp_path / "few.grn", "nmf", "--input", "counts", "--restarts", 2)
    assert [row["rank"] for row in grn(*asked, "--json").json["ranks"]] == [2, 3, 4, 5, 6]
    refused = grn(*asked, "--rank", "2:8")
    assert refused.code == 2
    assert "no factors of rank 8" in refused.err


def test_warnings_are_printed_in_every_form(
    store: Path, grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of a single sweep the first is always kept and three that gain little are never seen, whatever the rounding.
    monkeypatch.setattr("grnledger.engine.nmf.modules.analysis.FINAL_FIT", {"tolerance": 0.0, "most_sweeps": 1})
    for index, form in enumerate(("--tsv", "--json", "--table=modules")):
        printed = grn("-s", store, "nmf", "--rank", 3, "--restarts", 2, "--seed", index, form)
        assert "The fit has not converged in 1 sweep:" in printed.err


def test_a_version_without_any_correlation_is_refused_with_a_sentence(tmp_path: Path, grn: Callable[..., Any]) -> None:
    values = np.random.default_rng(16).standard_normal((40, 12))
    rows = [f"G{index}\t" + "\t".join(map(str, row)) for index, row in enumerate(values.tolist())]
    head = "\t".join(["gene", *(f"S{index}" for index in range(12))])
    (tmp_path / "noise.tsv").write_text("\n".join([head, *rows]) + "\n")
    made = grn("init", tmp_path / "noise.grn", "--expression", tmp_path / "noise.tsv")
    assert "Shrinkage is complete" in made.err + made.out
    printed = grn("-s", tmp_path / "noise.grn", "nmf", "--rank", 2, "--restarts", 1)
    assert (printed.code, printed.out) == (2, "")
    assert "No two genes of v0 are positively correlated" in printed.err


def test_files_read_beside_a_table_are_part_of_its_content(
    store: Path, grn: Callable[..., Any], drawn: SimulatedCounts, names: list[str]
) -> None:
    folder = store.parent / "tenx"
    folder.mkdir()
    mmwrite(folder / "matrix.mtx", coo_array(drawn.counts.astype(np.int64)))
    (folder / "barcodes.tsv").write_text("".join(f"S{index}\n" for index in range(40)))
    for prefix in ("GENE", "OTHER"):
        (folder / "genes.tsv").write_text("".join(f"{prefix}{index}\t{prefix}{index}\n" for index in range(60)))
        printed = grn("-s", store, "nmf", "--input", folder / "matrix.mtx", "--rank", 2, "--restarts", 2)
        assert printed.code == 0
        assert prefix in printed.out
        assert "Kept:" in printed.err
    # and equal tables are one, whatever they are called: told by the name that was asked for
    (store.parent / "copy.tsv").write_bytes((store.parent / "counts.tsv").read_bytes())
    assert "Kept:" in grn("-s", store, "nmf", "--input", store.parent / "counts.tsv", "--rank", 2).err
    again = grn("-s", store, "nmf", "--input", store.parent / "copy.tsv", "--rank", 2).err
    assert "Found again" in again
    assert "copy.tsv: 60 genes" in again


def test_odd_names_of_files_are_printed_as_escapes(store: Path, grn: Callable[..., Any]) -> None:
    for name in ("a\x1b[31mred.tsv", "new\nline.tsv", os.fsdecode(b"bad\xff\xfe.tsv")):
        (store.parent / name).write_bytes((store.parent / "counts.tsv").read_bytes())
        printed = grn("-s", store, "nmf", "--input", store.parent / name, "--rank", 2, "--restarts", 1)
        assert printed.code == 0
        assert all(line.isprintable() for line in printed.err.splitlines())
        assert "60 genes in 40 samples" in printed.err


def test_a_negative_value_is_named_by_its_gene_and_sample(store: Path, grn: Callable[..., Any]) -> None:
    (store.parent / "minus.tsv").write_text("gene\ts1\ts2\ts3\nA\t1\t2\t3\nB\t4\t-5\t6\n")
    printed = grn("-s", store, "nmf", "--input", store.parent / "minus.tsv", "--rank", 1)
    assert printed.code == 2
    assert "1 value is negative: -5 of B in s2." in printed.err


def test_ctrl_c_while_compiled_code_runs_is_an_interruption(
    store: Path, grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:  # as CPython tells it where a compiled function returns
        raise SystemError("returned a result with an exception set") from KeyboardInterrupt()

    monkeypatch.setattr("grnledger.engine.nmf.solvers.kernels.compiled_minimize_symmetric", interrupted)
    printed = grn("-s", store, "nmf", "--rank", 2, "--restarts", 1)
    assert (printed.code, printed.out, printed.err) == (130, "", "Interrupted.\n")


def test_a_diff_without_samples_is_refused_before_any_fit(
    tmp_path: Path, grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert grn("simulate", "--genes", 30, "-o", tmp_path / "m.npz").code == 0
    assert grn("init", tmp_path / "m.grn", "--factor-model", tmp_path / "m.npz").code == 0
    monkeypatch.setattr("grnledger.analysis.nmf.comparison.modules_of", None)
    assert grn("-s", tmp_path / "m.grn", "nmf", "diff", "v0..v0").code == 3
