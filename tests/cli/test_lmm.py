"""`grn lmm`: signals along a version, gene sets beyond it, versions compared, columns scanned; and refusals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.engine.lmm import (
    blup,
    design,
    fit,
    fit_many,
    make_model,
    make_scanner,
    of_factor,
    of_matrix,
    predict,
    t_statistics,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GENES, SAMPLES = 80, 30

Z = ("fit", "--pheno", "z.tsv")


@dataclass
class Lab:
    """A store on half of the samples, two pathways committed, and files beside it."""

    folder: Path
    store: Path
    genes: list[str]
    samples: list[str]
    values: np.ndarray  # genes × samples
    z: np.ndarray
    sets: dict[str, list[str]]

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def column(self, name: str, values: Any, ids: list[str] | None = None) -> Path:
        rows = zip(ids or self.genes, values, strict=True)
        return self.file(name, "".join(f"{row}\t{value}\n" for row, value in rows))


@pytest.fixture
def lab(tmp_path: Path, grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Lab:
    stream = np.random.default_rng(7)
    genes = [f"G{index:02d}" for index in range(GENES)]
    samples = [f"S{index:02d}" for index in range(SAMPLES)]
    loadings = np.zeros((GENES, 4))
    for factor in range(4):
        loadings[stream.choice(GENES, 20, replace=False), factor] = stream.uniform(0.5, 1.5, 20)
    values = 8 + loadings @ stream.normal(size=(4, SAMPLES)) + stream.normal(size=(GENES, SAMPLES))
    lines = ["\t".join(["gene", *samples])]
    lines += ["\t".join([gene, *map(repr, row)]) for gene, row in zip(genes, values.tolist(), strict=True)]
    (tmp_path / "all.tsv").write_text("\n".join(lines) + "\n")
    (tmp_path / "base.txt").write_text("\n".join(samples[::2]) + "\n")
    sets = {f"SET{at:02d}": [genes[g] for g in np.flatnonzero(loadings[:, at])] for at in range(4)}
    sets.update({f"SET{at:02d}": stream.choice(genes, 12, replace=False).tolist() for at in range(4, 14)})
    (tmp_path / "sets.gmt").write_text("".join("\t".join([name, "-", *g]) + "\n" for name, g in sets.items()))
    store = tmp_path / "half.grn"
    monkeypatch.chdir(tmp_path)
    assert grn("init", store, "--expression", "all.tsv", "--samples", "base.txt").code == 0
    for name in ("SET00", "SET01"):
        assert grn("commit", "sets.gmt", "--only", name, "--strength", 0.3).code == 0
    z = loadings @ stream.normal(size=4) + stream.normal(size=GENES)
    made = Lab(tmp_path, store, genes, samples, values, z, sets)
    made.column("z.tsv", z)
    return made


def shared(lab: Lab, rev: str = "v2") -> np.ndarray:
    import grnledger
    from grnledger.engine.lmm import shared_factor

    snapshot = grnledger.open(lab.store).snapshot(rev, from_base=True)
    return shared_factor(snapshot, np.arange(GENES))[0]


def test_a_fit_uses_what_the_genes_of_the_version_share(lab: Lab, grn: Callable[..., Any]) -> None:
    report = grn("lmm", "fit", "--pheno", "z.tsv", "--json").json
    expected = fit(of_factor(shared(lab)), lab.z)
    for name, value in (("h2", expected.h2), ("log_likelihood", expected.log_likelihood), ("delta", expected.delta)):
        assert report[name] == pytest.approx(value, rel=1e-9)
    assert report["version"] == "v2"
    assert report["samples"] == {"relation": "unknown", "base": 15, "signal": None, "shared": 0}
    assert report["effects"][0]["covariate"] == "intercept"
    assert report["h2_low"] <= report["h2"] <= report["h2_high"]
    earlier = grn("lmm", "fit", "--pheno", "z.tsv", "--at", "v0", "--method", "ml", "--ci", "wald", "--json").json
    assert earlier["h2"] == pytest.approx(fit(of_factor(shared(lab, "v0")), lab.z, method="ml").h2, rel=1e-9)
    people = grn("lmm", "fit", "--pheno", "z.tsv", "--ci", "bootstrap", "--seed", "4")
    assert "h², share along the kernel" in people.out
    assert "bootstrap" in people.out
    rows = {row["name"]: row["value"] for row in grn("lmm", "fit", "--pheno", "z.tsv", "--ci", "none", "--tsv").rows}
    assert next(iter(rows)) == "kernel"
    share = 1 - expected.variance_noise / lab.z.var(ddof=1)
    assert float(rows["share of this signal"]) == pytest.approx(share, rel=1e-7)


def test_ids_are_matched_by_name_and_those_without_a_value_are_reported(lab: Lab, grn: Callable[..., Any]) -> None:
    order = np.random.default_rng(1).permutation(GENES)
    rows = [f"{lab.genes[g]}\t{lab.z[g]}" for g in order if g not in (3, 5)]
    lab.file("mixed.tsv", "# samples: X1, X2\ngene\tz\nG03\tNA\nUNKNOWN\t1.5\n" + "\n".join(rows) + "\n")
    run = grn("lmm", "fit", "--pheno", "mixed.tsv", "--json")
    used = [g for g in range(GENES) if g not in (3, 5)]
    assert run.json["h2"] == pytest.approx(fit(of_factor(shared(lab)[used]), lab.z[used]).h2, rel=1e-9)
    assert run.json["samples"] == {"relation": "disjoint", "base": 15, "signal": 2, "shared": 0}
    assert "1 id of the signal without a value left out." in run.err
    assert "1 id of the signal that is not a row of the kernel left out." in run.err


def test_cautions_go_with_the_answer_in_every_form_and_once(lab: Lab, grn: Callable[..., Any]) -> None:
    caution = "It is not known which samples the signal comes from."
    for form in ((), ("--tsv",), ("--json",)):
        for search in (Z, ("compare", "v0..HEAD", "--pheno", "z.tsv")):
            assert grn("lmm", *search, *form).err.count(caution) == 1
    several = "\n".join(f"{gene}\t{z}\t{z * z}" for gene, z in zip(lab.genes, lab.z, strict=True))
    lab.file("several.tsv", f"gene\tz\tsquare\n{several}\n")
    assert grn("lmm", "fit", "--pheno", "several.tsv", "--ci", "none").err.count(caution) == 1
    refused = grn("lmm", "enrich", "--pheno", "several.tsv", "--sets", "sets.gmt")
    assert (refused.code, caution in refused.err) == (2, False)


def test_covariates_are_numbers_or_groups_and_those_that_add_nothing_are_named(
    lab: Lab, grn: Callable[..., Any]
) -> None:
    stream = np.random.default_rng(2)
    length, group = stream.normal(size=GENES), stream.choice(["a", "b", "c"], size=GENES)
    rows = [f"{g}\t{x}\t{2 * x}\t{k}" for g, x, k in zip(lab.genes[::-1], length, group, strict=True)]
    lab.file("cov.tsv", "gene\tlength\ttwice\tkind\n" + "\n".join(rows) + "\n")
    report = grn("lmm", "fit", "--pheno", "z.tsv", "--covariates", "cov.tsv", "--json").json
    assert report["covariates"] == ["intercept", "length", "kind=b", "kind=c"]
    assert report["dropped"] == ["twice"]
    x = np.column_stack([length, group == "b", group == "c"]).astype(float)[::-1]
    assert report["h2"] == pytest.approx(fit(of_factor(shared(lab)), lab.z, design(x)).h2, rel=1e-8)
    bare = grn("lmm", "fit", "--pheno", "z.tsv", "--no-intercept", "--json").json
    assert bare["covariates"] == []
    assert "covariates left out" in grn("lmm", "fit", "--pheno", "z.tsv", "--covariates", "cov.tsv").out


def test_a_signal_from_the_bases_own_samples_is_refused(lab: Lab, grn: Callable[..., Any]) -> None:
    lab.file("own.txt", "S00\nS01\n")
    refused = grn("lmm", "fit", "--pheno", "z.tsv", "--pheno-samples", "own.txt")
    assert refused.code == 5
    assert "2 samples, of which 1 are the base's own" in refused.err
    assert "--same-samples" in refused.err
    assert grn("lmm", "enrich", "--pheno", "z.tsv", "--pheno-samples", "own.txt", "--sets", "sets.gmt").code == 5
    shown = grn("lmm", "fit", "--pheno", "z.tsv", "--pheno-samples", "own.txt", "--same-samples")
    assert (shown.code, "no labels are given" in shown.err) == (2, True)
    mixed = ("--kernel", "g.npz", "--kernel2", "shared")  # a kernel of the version is one wherever it stands
    np.savez(lab.folder / "g.npz", ids=lab.genes, factor=np.eye(GENES)[:, :3])
    assert grn("lmm", "fit", "--pheno", "z.tsv", "--pheno-samples", "own.txt", *mixed).code == 5
    for line in ("S 00, S 02", "S00;S02", "S00 S02"):
        lab.file("said.tsv", f"# samples: {line}\n" + (lab.folder / "z.tsv").read_text())
        run = grn("lmm", "fit", "--pheno", "said.tsv", "--json")
        assert run.code == (0 if "S 00" in line else 5)
        if run.code == 0:
            assert run.json["samples"]["signal"] == 2


def test_a_signal_from_labels_uses_samples_outside_of_the_base(lab: Lab, grn: Callable[..., Any]) -> None:
    labels = ["case" if index % 4 < 2 else "control" for index in range(SAMPLES)]
    lab.column("labels.tsv", labels, lab.samples)
    lab.file("labels.cls", f"{SAMPLES} 2 1\n# case control\n{' '.join(labels)}\n")
    others = np.arange(1, SAMPLES, 2)
    first = np.array(labels)[others] == "case"
    z = t_statistics(lab.values[:, others], first)
    asked = ("--contrast", "case:control", "--expression", "all.tsv")
    for file in ("labels.tsv", "labels.cls"):
        report = grn("lmm", "fit", "--labels", file, *asked, "--permute", 19, "--json").json
        assert report["h2"] == pytest.approx(fit(of_factor(shared(lab)), z).h2, rel=1e-7)
        assert report["samples"] == {"relation": "disjoint", "base": 15, "signal": 15, "shared": 0}
        assert report["permuted"]["permutations"] == 19
        assert 0.05 <= report["permuted"]["p"] <= 1.0
        assert "15 samples of the base left out" in report["signal"]
    own = grn("lmm", "fit", "--labels", "labels.tsv", "--contrast", "case:control")
    assert own.code == 5
    same = grn("lmm", "fit", "--labels", "labels.tsv", *asked, "--same-samples")
    assert same.code == 0
    assert "(100 permutations)" in same.out
    sets = grn("lmm", "enrich", "--labels", "labels.tsv", *asked, "--same-samples", "--sets", "sets.gmt", "--tsv")
    assert all(float(row["p_permuted"]) >= 1 / 101 for row in sets.rows)
    for contrast, code, message in (("case", 2, "does not name two groups"), ("case:none", 3, "is labelled none")):
        refused = grn("lmm", "fit", "--labels", "labels.tsv", "--contrast", contrast)
        assert (refused.code, message in refused.err) == (code, True)


def test_kernels_of_the_users_are_matrices_or_factors(lab: Lab, grn: Callable[..., Any]) -> None:
    stream = np.random.default_rng(3)
    ids = [f"P{index}" for index in range(40)]
    g = stream.normal(size=(40, 6))
    k, y = g @ g.T, g @ stream.normal(size=6) + stream.normal(size=40)
    lab.column("y.tsv", y[::-1], ids[::-1])
    rows = zip(ids, k[:, ::-1].tolist(), strict=True)
    lab.file(
        "k.tsv",
        "\t".join(["id", *ids[::-1]]) + "\n" + "".join("\t".join([name, *map(repr, row)]) + "\n" for name, row in rows),
    )
    lab.file(
        "g.tsv",
        "id\ta\tb\tc\td\te\tf\n"
        + "".join("\t".join([name, *map(repr, row)]) + "\n" for name, row in zip(ids, g.tolist(), strict=True)),
    )
    np.savez(lab.folder / "k.npz", ids=ids, kernel=k)
    np.savez(lab.folder / "g.npz", ids=ids, factor=g)
    expected = fit(of_matrix(k), y).h2
    for file in ("k.tsv", "g.tsv", "k.npz", "g.npz"):
        report = grn("lmm", "fit", "--pheno", "y.tsv", "--kernel", file, "--permute", 3, "--json").json
        assert report["h2"] == pytest.approx(expected, rel=1e-7)
        assert report["kernel"]["part"] == "file"
    np.savez(lab.folder / "bad.npz", ids=ids, kernel=k - 5 * np.eye(40))
    refused = grn("lmm", "fit", "--pheno", "y.tsv", "--kernel", "bad.npz")
    assert (refused.code, "not positive semi-definite" in refused.err) == (5, True)
    refused = grn("lmm", "fit", "--pheno", "y.tsv", "--kernel", "nowhere.npz")
    assert (refused.code, "There is no kernel" in refused.err) == (3, True)
    refused = grn("lmm", "fit", "--pheno", "y.tsv")
    assert (refused.code, "0 of its 40 ids" in refused.err) == (2, True)


def test_ids_and_titles_may_be_numbers(lab: Lab, grn: Callable[..., Any]) -> None:
    stream = np.random.default_rng(11)
    ids = [str(1000 + index) for index in range(30)]
    g = stream.normal(size=(30, 4))
    y = g @ stream.normal(size=4) + stream.normal(size=30)
    text = "\t".join(["id", *ids]) + "\n"
    rows = zip(ids, (g @ g.T).tolist(), strict=True)
    text += "".join("\t".join([name, *map(repr, row)]) + "\n" for name, row in rows)
    lab.file("k.tsv", text)
    lab.file("y.tsv", "id\t2019\t2020\n" + "".join(f"{name}\t{v}\t{-v}\n" for name, v in zip(ids, y, strict=True)))
    report = grn("lmm", "fit", "--pheno", "y.tsv", "--trait", "2020", "--kernel", "k.tsv", "--json").json
    assert report["h2"] == pytest.approx(fit(of_factor(g), y).h2, rel=1e-6)
    assert "K as given" in report["kernel"]["said"]


def test_full_mixed_and_sample_kernels_agree_with_dense_matrices(lab: Lab, grn: Callable[..., Any]) -> None:
    import grnledger

    repo = grnledger.open(lab.store)
    whole = repo.snapshot("v2").covariance.to_dense()
    deviations = np.sqrt(np.diagonal(whole))
    for part, matrix in (("full", whole / np.outer(deviations, deviations)), ("covariance", whole)):
        run = grn("lmm", "fit", "--pheno", "z.tsv", "--kernel", part, "--json")
        assert run.json["log_likelihood"] == pytest.approx(fit(of_matrix(matrix), lab.z).log_likelihood, abs=1e-8)
        assert "h² is much larger" in run.err
    both = grn("lmm", "fit", "--pheno", "z.tsv", "--kernel", "shared", "--kernel2", "full", "--json").json
    alone = grn("lmm", "fit", "--pheno", "z.tsv", "--json").json
    assert 0.0 <= both["kernel"]["second_weight"] <= 1.0
    assert both["log_likelihood"] >= alone["log_likelihood"] - 1e-7
    y = np.random.default_rng(4).normal(size=15)
    lab.column("y.tsv", y, lab.samples[::2])
    values = lab.values[:, ::2]
    standard = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, ddof=1, keepdims=True)
    loadings = shared(lab)
    run = grn("lmm", "fit", "--pheno", "y.tsv", "--kernel", "samples", "--permute", 4, "--json").json
    expected = fit(of_factor(standard.T @ loadings / np.sqrt(loadings.shape[1])), y)
    assert run["log_likelihood"] == pytest.approx(expected.log_likelihood, abs=1e-7)


def test_a_dense_base_has_its_whole_correlation_and_its_eigenvectors_are_kept(
    lab: Lab, grn: Callable[..., Any]
) -> None:
    a = np.random.default_rng(5).normal(size=(20, 40))
    covariance = a @ a.T / 40
    genes = lab.genes[:20]
    rows = ["\t".join([gene, *map(repr, row)]) for gene, row in zip(genes, covariance.tolist(), strict=True)]
    lab.file("c.tsv", "\t".join(["gene", *genes]) + "\n" + "\n".join(rows) + "\n")
    assert grn("init", "dense.grn", "--covariance", "c.tsv").code == 0
    run = grn("-s", "dense.grn", "lmm", "fit", "--pheno", "z.tsv", "--json")
    deviations = np.sqrt(np.diagonal(covariance))
    expected = fit(of_matrix(covariance / np.outer(deviations, deviations)), lab.z[:20])
    assert run.json["log_likelihood"] == pytest.approx(expected.log_likelihood, abs=1e-8)
    artifacts = list((lab.folder / "dense.grn" / "artifacts").iterdir())
    assert len(artifacts) == 1
    again = grn("-s", "dense.grn", "lmm", "fit", "--pheno", "z.tsv", "--json")
    assert again.json == run.json
    assert list((lab.folder / "dense.grn" / "artifacts").iterdir()) == artifacts
    refused = grn("-s", "dense.grn", "lmm", "fit", "--pheno", "z.tsv", "--kernel", "shared")
    assert (refused.code, "--kernel full" in refused.err) == (2, True)
    assert grn("-s", "dense.grn", "verify").code == 0


def test_the_prediction_is_written_row_by_row(lab: Lab, grn: Callable[..., Any]) -> None:
    assert grn("lmm", "fit", "--pheno", "z.tsv", "-o", "blup.tsv").code == 0
    lines = [line.split("\t") for line in (lab.folder / "blup.tsv").read_text().splitlines()]
    assert lines[0] == ["id", "signal", "along_kernel", "error_variance", "predicted", "prediction_variance"]
    model = make_model(of_factor(shared(lab)), lab.z)
    prediction = blup(model, fit_many(model)[0])
    assert [row[0] for row in lines[1:]] == lab.genes
    np.testing.assert_allclose([float(row[2]) for row in lines[1:]], prediction.effect, rtol=1e-7)
    np.testing.assert_allclose([float(row[3]) for row in lines[1:]], prediction.error_variance, rtol=1e-7)


def test_genes_without_a_value_are_predicted(lab: Lab, grn: Callable[..., Any]) -> None:
    measured, new = np.arange(20, GENES), np.arange(20)
    age = np.random.default_rng(12).normal(size=GENES)
    lab.column("part.tsv", lab.z[measured], [lab.genes[g] for g in measured])
    lab.column("age.tsv", age)
    wanted = ("lmm", "fit", "--pheno", "part.tsv", "--covariates", "age.tsv", "-o", "p.tsv")
    loadings = shared(lab)
    first = loadings.shape[1] - 2 + [pathway.names[0] for pathway in _pathways(lab)].index("SET00")
    for options, factor, alone in (
        ((), loadings, 0.0),
        (("--leave-out", "SET00"), np.delete(loadings, first, axis=1), 0.0),
        (("--kernel", "full"), loadings, 1.0 - np.square(loadings).sum(axis=1)[new]),
    ):
        assert grn(*wanted, *options).code == 0
        rows = [line.split("\t") for line in (lab.folder / "p.tsv").read_text().splitlines()[1:]]
        assert [row[0] for row in rows] == [lab.genes[g] for g in (*measured, *new)]
        k = factor @ factor.T
        whole = k + np.diag(1.0 - np.square(loadings).sum(axis=1)) if options == ("--kernel", "full") else k
        fixed = design(age[measured, None], ("age",))
        model = make_model(of_matrix(whole[np.ix_(measured, measured)]), lab.z[measured], fixed)
        estimate = fit_many(model)[0]
        cross, covariates = k[np.ix_(new, measured)], np.column_stack([np.ones(20), age[new]])
        prediction = predict(model, estimate, cross, np.diagonal(k)[new] + alone, covariates)
        np.testing.assert_allclose([float(row[4]) for row in rows[60:]], prediction.value, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose([float(row[5]) for row in rows[60:]], prediction.error_variance, rtol=1e-5)
        assert {row[1] for row in rows[60:]} == {""}
    refused = grn("lmm", "fit", "--pheno", "z.tsv", "--leave-out", "SET09")
    assert (refused.code, "has no pathway SET09" in refused.err) == (3, True)


def test_pathways_and_columns_are_left_out_by_name(lab: Lab, grn: Callable[..., Any]) -> None:
    loadings = shared(lab)
    report = grn("lmm", "fit", "--pheno", "z.tsv", "--leave-out", "SET00", "--leave-out", "SET01", "--json").json
    assert report["log_likelihood"] == pytest.approx(fit(of_factor(loadings[:, :-2]), lab.z).log_likelihood, abs=1e-8)
    assert "without SET00, SET01" in report["kernel"]["said"]
    g = np.random.default_rng(13).normal(size=(GENES, 5))
    np.savez(lab.folder / "g.npz", ids=lab.genes, factor=g, columns=["chr1", "chr2", "chr3", "chr4", "chr5"])
    np.savez(lab.folder / "k.npz", ids=lab.genes, kernel=g @ g.T)
    report = grn("lmm", "fit", "--pheno", "z.tsv", "--kernel", "g.npz", "--leave-out", "chr2", "--json").json
    expected = fit(of_factor(np.delete(g, 1, axis=1)), lab.z).log_likelihood
    assert report["log_likelihood"] == pytest.approx(expected, abs=1e-8)
    for kernel, name, code in (("g.npz", "chr9", 3), ("k.npz", "chr1", 2)):
        assert grn("lmm", "fit", "--pheno", "z.tsv", "--kernel", kernel, "--leave-out", name).code == code
    y = np.random.default_rng(14).normal(size=15)
    lab.column("y.tsv", y, lab.samples[::2])
    assert grn("lmm", "fit", "--pheno", "y.tsv", "--kernel", "samples", "--leave-out", "SET00").code == 0


def test_many_signals_are_fitted_at_once(lab: Lab, grn: Callable[..., Any]) -> None:
    noise = np.random.default_rng(6).normal(size=GENES)
    rows = [f"{g}\t{a}\t{b}" for g, a, b in zip(lab.genes, lab.z, noise, strict=True)]
    lab.file("two.tsv", "gene\tz\tnoise\n" + "\n".join(rows) + "\n")
    rows = grn("lmm", "fit", "--pheno", "two.tsv", "--tsv").rows
    assert [row["trait"] for row in rows] == ["z", "noise"]
    single = grn("lmm", "fit", "--pheno", "two.tsv", "--trait", "noise", "--json").json
    assert float(rows[1]["h2"]) == pytest.approx(single["h2"], abs=1e-7)
    assert len(grn("lmm", "fit", "--pheno", "two.tsv", "--json").json["traits"]) == 2
    assert "noise" in grn("lmm", "fit", "--pheno", "two.tsv").out
    for arguments, code in ((("fit", "--permute", 3), 2), (("enrich", "--sets", "sets.gmt"), 2), (("compare",), 2)):
        verb, *rest = arguments
        refused = grn("lmm", verb, "--pheno", "two.tsv", *rest)
        assert (refused.code, "--trait" in refused.err) == (code, True)
    refused = grn("lmm", "fit", "--pheno", "two.tsv", "--trait", "other")
    assert (refused.code, "has no column other" in refused.err) == (3, True)


def test_sets_are_tested_beyond_the_network(lab: Lab, grn: Callable[..., Any]) -> None:
    plain = grn("lmm", "enrich", "--pheno", "z.tsv", "--sets", "sets.gmt", "--no-set-variance", "--json").json
    model = make_model(of_factor(shared(lab)), lab.z)
    null = fit_many(model)[0]
    tests = np.array([[float(gene in set(members)) for gene in lab.genes] for members in lab.sets.values()])
    expected = make_scanner(model, null).scan(tests)
    by_name = {row["set"]: row for row in plain["sets"]}
    for at, name in enumerate(lab.sets):
        assert by_name[name]["beta"] == pytest.approx(expected.beta[at], rel=1e-7)
        assert by_name[name]["log10p"] == pytest.approx(expected.log10_p[at], abs=1e-7)
        assert by_name[name]["direction"] == ("up" if expected.beta[at] > 0 else "down")
    logs = [row["log10p"] for row in plain["sets"]]
    assert logs == sorted(logs)
    assert plain["set_weight"] is None
    varied = grn("lmm", "enrich", "--pheno", "z.tsv", "--sets", "sets.gmt", "--json").json
    assert 0.0 <= varied["set_weight"] <= 1.0
    for row in varied["sets"]:
        assert row["p_plain"] == pytest.approx(by_name[row["set"]]["p"], rel=1e-6)
    few = grn("lmm", "enrich", "--pheno", "z.tsv", "--sets", "sets.gmt", "--min-genes", 15, "--max-genes", 25, "--json")
    assert [few.json["count"], len(few.json["left_out"]), few.json["set_weight"]] == [4, 10, None]
    people = grn("lmm", "enrich", "--pheno", "z.tsv", "--sets", "sets.gmt", "--min-genes", 15)
    assert grn("lmm", "enrich", "--pheno", "z.tsv", "--sets", "sets.gmt", "--min-genes", 15, "--set-variance").code == 0
    assert "p is too small" in people.err
    assert "beyond what the network predicts" in people.err


def test_normal_scores_are_the_same_whatever_the_scale_of_the_signal(lab: Lab, grn: Callable[..., Any]) -> None:
    asked = ("--sets", "sets.gmt", "--normal", "--ci", "none", "--json")
    scores = grn("lmm", "enrich", "--pheno", "z.tsv", *asked).json
    lab.column("steep.tsv", np.sign(lab.z) * np.expm1(2 * np.abs(lab.z)))
    steep = grn("lmm", "enrich", "--pheno", "steep.tsv", *asked).json
    assert (scores["normal"], scores["sets"], scores["h2"]) == (True, steep["sets"], steep["h2"])
    raw = grn("lmm", "enrich", "--pheno", "z.tsv", "--sets", "sets.gmt", "--json").json
    assert raw["normal"] is False
    steep = grn("lmm", "enrich", "--pheno", "steep.tsv", "--sets", "sets.gmt", "--ci", "none").err
    assert "heavy tails (excess kurtosis " in steep
    assert "heavy tails" not in grn("lmm", "enrich", "--pheno", "steep.tsv", *asked[:-1]).err
    assert raw["h2"] != scores["h2"]
    assert "normal scores of its ranks" in grn("lmm", "enrich", "--pheno", "z.tsv", *asked[:-1]).err


def test_other_tests_are_shown_by_request(lab: Lab, grn: Callable[..., Any]) -> None:
    report = grn(
        "lmm", "enrich", "--pheno", "z.tsv", "--sets", "sets.gmt", "--leave-own-out", "--scatter", "--alternative",
        "greater", "--json",
    ).json  # fmt: skip
    assert report["alternative"] == "greater"
    rows = {row["set"]: row for row in report["sets"]}
    without = shared(lab)[:, :-2]
    own_columns = [shared(lab)[:, [-2]], shared(lab)[:, [-1]]]
    names = [pathway.names[0] for pathway in _pathways(lab)]
    for index, name in enumerate(names):
        kernel = of_factor(np.hstack([without, own_columns[1 - index]]))
        model = make_model(kernel, lab.z)
        alone = make_scanner(model, fit_many(model)[0]).scan(
            np.array([[float(g in lab.sets[name]) for g in lab.genes]])
        )
        t = float(alone.beta[0] / alone.se[0])
        p = float(alone.p[0]) / 2
        assert rows[name]["p_leave_own_out"] == pytest.approx(p if t > 0 else 1 - p, rel=1e-5)
    assert rows["SET05"]["p_leave_own_out"] is None
    assert all(0.0 <= row["p_scatter"] <= 1.0 for row in rows.values())
    assert (
        "tests another hypothesis"
        in grn("lmm", "enrich", "--pheno", "z.tsv", "--sets", "sets.gmt", "--leave-own-out").err
    )
    refused = grn("lmm", "enrich", "--pheno", "z.tsv", "--sets", "sets.gmt", "--permute", 5)
    assert (refused.code, "nothing to permute" in refused.err) == (2, True)


def _pathways(lab: Lab) -> Any:
    import grnledger

    return grnledger.open(lab.store).snapshot("v2", from_base=True).pathways


def test_sets_are_tested_by_permuted_labels(lab: Lab, grn: Callable[..., Any]) -> None:
    lab.column("labels.tsv", ["a" if index % 4 < 2 else "b" for index in range(SAMPLES)], lab.samples)
    asked = ("--labels", "labels.tsv", "--contrast", "a:b", "--expression", "all.tsv", "--sets", "sets.gmt")
    run = grn("lmm", "enrich", *asked, "--permute", 20, "--seed", 3, "--tsv")
    assert all(1 / 21 <= float(row["p_permuted"]) <= 1.0 for row in run.rows)
    people = grn("lmm", "enrich", *asked, "--permute", 20, "--seed", 3)
    assert "% of the sets have p < 0.05, where 5 % should" in people.err


def test_versions_are_compared_by_the_likelihood_of_a_signal(lab: Lab, grn: Callable[..., Any]) -> None:
    report = grn("lmm", "compare", "v0..HEAD", "--pheno", "z.tsv", "--json").json
    expected = [fit(of_factor(shared(lab, rev)), lab.z).log_likelihood for rev in ("v0", "v1", "v2")]
    assert [record["version"] for record in report["versions"]] == ["v0", "v1", "v2"]
    np.testing.assert_allclose([record["log_likelihood"] for record in report["versions"]], expected, atol=1e-8)
    gains = [record["gain"] for record in report["versions"]]
    np.testing.assert_allclose(gains, np.array(expected) - expected[0], atol=1e-8)
    assert report["best"] == f"v{int(np.argmax(expected))}"
    people = grn("lmm", "compare", "--pheno", "z.tsv")
    assert f"{report['best']} explains the signal best" in people.err
    assert len(grn("lmm", "compare", "v1..v2", "--pheno", "z.tsv", "--tsv").rows) == 2
    assert grn("lmm", "compare", "--pheno", "z.tsv", "--kernel", "samples").code == 2


def test_a_scan_is_the_same_from_every_form_of_file(lab: Lab, grn: Callable[..., Any]) -> None:
    stream = np.random.default_rng(8)
    tests = stream.integers(0, 3, size=(40, GENES)).astype(float)
    tests[5] = 1.0
    order = stream.permutation(GENES)
    names = [f"rs{index}" for index in range(40)]
    text = ["\t".join(["test", *(lab.genes[g] for g in order)])]
    text += ["\t".join([name, *(f"{row[g]:g}" for g in order)]) for name, row in zip(names, tests, strict=True)]
    lab.file("t.tsv", "\n".join(text) + "\n")
    np.savez(lab.folder / "t.npz", tests=names, ids=[lab.genes[g] for g in order], values=tests[:, order])
    model = make_model(of_factor(shared(lab)), lab.z)
    expected = make_scanner(model, fit_many(model)[0]).scan(tests)
    first = grn("lmm", "scan", "--pheno", "z.tsv", "--tests", "t.tsv")
    rows = first.rows
    assert list(rows[0]) == ["ID", "N", "BETA", "SE", "STAT", "DF", "P", "LOG10P", "H2", "LL"]
    assert [row["ID"] for row in rows] == names
    np.testing.assert_allclose([float(row["LOG10P"] or "nan") for row in rows], expected.log10_p, atol=1e-8)
    assert rows[5]["P"] == rows[5]["BETA"] == ""
    assert grn("lmm", "scan", "--pheno", "z.tsv", "--tests", "t.npz").out == first.out
    for threads in (1, 3):
        where = ("--scheduler", f"threads:{threads}")
        assert grn("lmm", "scan", "--pheno", "z.tsv", "--tests", "t.tsv", *where, "-o", "o.tsv").code == 0
        assert (lab.folder / "o.tsv").read_text() == first.out
    single = grn("lmm", "scan", "--pheno", "z.tsv", "--tests", "t.tsv", "--float32").rows
    np.testing.assert_allclose([float(r["LOG10P"] or "nan") for r in single], expected.log10_p, atol=1e-4)
    report = grn("lmm", "scan", "--pheno", "z.tsv", "--tests", "t.tsv", "--json").json
    assert [report["count"], report["output"], report["mode"], len(report["tests"])] == [40, None, "p3d", 40]
    exact = grn("lmm", "scan", "--pheno", "z.tsv", "--tests", "t.tsv", "--mode", "exact", "--statistic", "lrt").rows
    alone = fit(of_factor(shared(lab)), lab.z, design(tests[[0]].T), method="ml")
    assert float(exact[0]["LL"]) == pytest.approx(alone.log_likelihood, abs=1e-7)
    score = grn("lmm", "scan", "--pheno", "z.tsv", "--tests", "t.tsv", "--statistic", "score").rows
    assert float(score[0]["DF"]) == 1.0
    sets = grn("lmm", "scan", "--pheno", "z.tsv", "--tests", "sets.gmt", "--mode", "exact").rows
    assert len(sets) == len(lab.sets)


def test_tests_are_tested_together_by_group(lab: Lab, grn: Callable[..., Any]) -> None:
    stream = np.random.default_rng(15)
    tests = stream.normal(size=(6, GENES))
    tests[3] = tests[0] + 2 * tests[1]
    tests[4] = 1.0
    np.savez(lab.folder / "t.npz", tests=list("abcdef"), ids=lab.genes, values=tests)
    lab.file("groups.gmt", "one\t-\ta\tb\tc\ntwo\t-\ta\tb\td\tx\nthree\t-\te\nfour\t-\tx\n")
    asked = ("lmm", "scan", "--pheno", "z.tsv", "--tests", "t.npz", "--groups", "groups.gmt")
    rows = grn(*asked).rows
    model = make_model(of_factor(shared(lab)), lab.z)
    scanner = make_scanner(model, fit_many(model)[0])
    for row, members, number in ((rows[0], [0, 1, 2], 3), (rows[1], [0, 1], 3)):
        f, rank, log10_p = scanner.joint_test(tests[members])
        assert (int(row["N"]), float(row["DF"])) == (number, rank)
        assert float(row["STAT"]) == pytest.approx(f, rel=1e-7)
        assert float(row["LOG10P"]) == pytest.approx(log10_p, abs=1e-8)
    assert [row["P"] for row in rows[2:]] == ["", ""]
    assert grn(*asked, "--json").json["count"] == 4
    assert grn(*asked, "--mode", "exact").code == 2
    lab.file("none.gmt", "one\t-\tx\n")
    assert grn(*asked[:-1], "none.gmt").code == 3


def test_plink_files_are_scanned_by_the_extra_package(lab: Lab, grn: Callable[..., Any]) -> None:
    bed_reader = pytest.importorskip("bed_reader")
    stream = np.random.default_rng(9)
    values = stream.integers(0, 3, size=(15, 30)).astype(float)
    values[3, 4] = np.nan
    bed_reader.to_bed(
        lab.folder / "x.bed", values, properties={"iid": lab.samples[::2], "sid": [f"rs{at}" for at in range(30)]}
    )
    y = stream.normal(size=15)
    lab.column("y.tsv", y, lab.samples[::2])
    rows = grn("lmm", "scan", "--pheno", "y.tsv", "--kernel", "samples", "--tests", "x.bed").rows
    assert [int(row["N"]) for row in rows][3:6] == [15, 14, 15]
    values[3, 4] = np.nanmean(values[:, 4])
    text = (
        "\t".join(["t", *lab.samples[::2]])
        + "\n"
        + "".join("\t".join([f"rs{at}", *map(repr, row)]) + "\n" for at, row in enumerate(values.T.tolist()))
    )
    lab.file("t.tsv", text)
    same = grn("lmm", "scan", "--pheno", "y.tsv", "--kernel", "samples", "--tests", "t.tsv").rows
    assert [float(row["BETA"]) for row in rows] == pytest.approx([float(row["BETA"]) for row in same], rel=1e-9)
    (lab.folder / "x.bim").unlink()
    refused = grn("lmm", "scan", "--pheno", "y.tsv", "--kernel", "samples", "--tests", "x.bed")
    assert (refused.code, "x.bim" in refused.err) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "files", "code", "message"),
    [
        (["fit"], {}, 2, "either --pheno or --labels"),
        (["fit", "--pheno", "z.tsv", "--labels", "z.tsv"], {}, 2, "either --pheno or --labels"),
        (["fit", "--pheno", "z.tsv", "--contrast", "a:b"], {}, 2, "--contrast is only for --labels"),
        (["fit", "--labels", "z.tsv"], {}, 2, "--contrast AML:ALL"),
        (["fit", "--labels", "z.tsv", "--contrast", "a:b", "--trait", "z"], {}, 2, "--trait is only for --pheno"),
        (["fit", "--pheno", "none.tsv"], {}, 3, "none.tsv"),
        (["fit", "--pheno", "x.tsv"], {"x.tsv": "G00\t2\nG01\tone\n"}, 2, "'one' in column"),
        (["fit", "--pheno", "x.tsv"], {"x.tsv": "G00\t1\nG00\t2\n"}, 2, "occurs already in line 1"),
        (["fit", "--pheno", "x.tsv"], {"x.tsv": "G00\nG01\n"}, 2, "has one column"),
        (["fit", "--pheno", "x.tsv"], {"x.tsv": "".join(f"G{i:02}\t3\n" for i in range(80))}, 5, "constant (3)"),
        (["fit", "--pheno", "x.tsv"], {"x.tsv": "G00\t1\nG01\t2\n"}, 2, "2 of its 2 ids"),
        ([*Z, "--covariates", "x.tsv"], {"x.tsv": "g\tc\nG00\tNA\nG01\t1\n"}, 2, "1 of the 80 ids"),
        (["fit", "--pheno", "x.tsv"], {"x.tsv": "g\tz\nG00\t1e999\nG01\t1\n"}, 2, "is not finite"),
        (["fit", "--pheno", "x.tsv"], {"x.tsv": "g\tz\tz\nG00\t1\t2\n"}, 2, "two columns named z"),
        ([*Z, "--covariates", "x.tsv"], {"x.tsv": "gene\tc\nG00\t45y\nG01\t1\nG02\t2\n"}, 2, "45y"),
        ([*Z, "--covariates", "x.tsv"], {"x.tsv": "gene\tc\nG00\tM\nG01\tM\n"}, 2, "throughout"),
        ([*Z, "--kernel", "x.tsv"], {"x.tsv": "g\tG00\tGX\nG00\t1\t0\nG01\t0\t1\n"}, 2, "square"),
        ([*Z, "--kernel", "x.tsv"], {"x.tsv": "g\tG00\tG01\nG00\t1\t0\n"}, 2, "named as rows"),
        ([*Z, "--kernel", "x.tsv"], {"x.tsv": "G00\t1\t0\nG01\t0\t1\n"}, 2, "in place of a header"),
        ([*Z, "--pheno-samples", "x.txt"], {"x.txt": "\n"}, 2, "No sample is named"),
        ([*Z, "--pheno-samples", "x.txt"], {"x.txt": "S00,S01\n"}, 2, "one name per line"),
        ([*Z, "--pheno-samples", "x.txt"], {"x.txt": "S00\ns00\n"}, 2, "lower case alone"),
        (["compare", "--pheno", "z.tsv", "--same-samples"], {}, 2, "shows no permuted labels"),
        (["scan", "--pheno", "z.tsv", "--tests", "sets.gmt", "--same-samples"], {}, 2, "shows no permuted labels"),
        (["fit", "--pheno", "z.tsv", "-o", "z.tsv"], {}, 2, "overwrite an input file"),
        (["scan", "--pheno", "z.tsv", "--tests", "sets.gmt", "-o", "sets.gmt"], {}, 2, "overwrite an input file"),
        (["fit", "--pheno", "z.tsv", "-o", "half.grn/x.tsv"], {}, 2, "within the store"),
        (["fit", "--pheno", "z.tsv", "--at", "v9"], {}, 3, "v9"),
        (["enrich", "--pheno", "z.tsv", "--sets", "x.gmt"], {"x.gmt": "A\t-\tnone\tof\tthem\n"}, 3, "5 genes or more"),
        (["scan", "--pheno", "z.tsv", "--tests", "x.tsv"], {"x.tsv": "t\tA\tB\nq\t1\t2\n"}, 2, "no id is in both"),
        (["scan", "--pheno", "z.tsv", "--tests", "x.tsv"], {"x.tsv": "t\tG00\tG00\nq\t1\t2\n"}, 2, "twice"),
        (["scan", "--pheno", "z.tsv", "--tests", "sets.gmt", "--mode", "exact", "--float32"], {}, 2, "double"),
        (["scan", "--pheno", "z.tsv", "--tests", "sets.gmt", "--mode", "exact", "--statistic", "score"], {}, 2, "p3d"),
        (["scan", "--pheno", "z.tsv", "--tests", "sets.gmt", "--mode", "exact", "--kernel", "full"], {}, 2, "diagonal"),
    ],
)  # fmt: skip
def test_unusable_input_is_refused_with_its_reason(
    lab: Lab, grn: Callable[..., Any], arguments: list[str], files: dict[str, str], code: int, message: str
) -> None:
    for name, text in files.items():
        lab.file(name, text)
    run = grn("lmm", *arguments)
    assert (run.code, run.out) == (code, "")
    assert message in run.err


def test_blocks_side_by_side_are_the_same_bits(
    lab: Lab, grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from grnledger.formats.traits import tested_columns

    stream = np.random.default_rng(10)
    np.savez(lab.folder / "t.npz", tests=[f"t{at}" for at in range(300)], ids=lab.genes,
             values=stream.normal(size=(300, GENES)))  # fmt: skip
    whole = grn("lmm", "scan", "--pheno", "z.tsv", "--tests", "t.npz", "--mode", "exact").rows
    monkeypatch.setattr(tested_columns, "BLOCK", 17)
    runs = [
        grn("lmm", "scan", "--pheno", "z.tsv", "--tests", "t.npz", "--mode", "exact", "--scheduler", where)
        for where in ("threads:1", "threads:2", "threads:8", "processes:2")
    ]
    assert runs[0].out == runs[1].out == runs[2].out
    np.testing.assert_allclose(
        [float(row["BETA"]) for row in runs[0].rows], [float(row["BETA"]) for row in whole], rtol=1e-9
    )


def test_a_set_that_cannot_be_tested_has_no_p_of_any_kind(lab: Lab, grn: Callable[..., Any]) -> None:
    lab.column("labels.tsv", ["a" if index % 4 < 2 else "b" for index in range(SAMPLES)], lab.samples)
    lab.file("all.gmt", "ALL\t-\t" + "\t".join(lab.genes) + "\n" + (lab.folder / "sets.gmt").read_text())
    asked = ("--labels", "labels.tsv", "--contrast", "a:b", "--expression", "all.tsv", "--sets", "all.gmt")
    rows = grn("lmm", "enrich", *asked, "--permute", 5, "--scatter", "--tsv").rows
    assert rows[-1]["set"] == "ALL"
    assert {rows[-1][name] for name in ("beta", "p", "q", "p_plain", "p_permuted")} == {""}


def test_a_scan_that_fails_leaves_what_stood_there(lab: Lab, grn: Callable[..., Any]) -> None:
    ids = "\t".join(lab.genes)
    rows = "".join(f"t{at}\t" + "\t".join("01"[at % 2] for _ in lab.genes) + "\n" for at in range(1500))
    lab.file("t.tsv", f"test\t{ids}\n{rows}bad\t" + "\t".join("x" for _ in lab.genes) + "\n")
    lab.file("o.tsv", "as it was\n")
    refused = grn("lmm", "scan", "--pheno", "z.tsv", "--tests", "t.tsv", "-o", "o.tsv")
    assert (refused.code, "line 1502" in refused.err) == (2, True)
    assert (lab.folder / "o.tsv").read_text() == "as it was\n"
    assert sorted(path.name for path in lab.folder.glob("*o.tsv*")) == ["o.tsv"]


def test_leukemia_other_samples_go_along_the_network_and_permuted_labels_less_so(
    shared_data: Path, tmp_path: Path, grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    header = (shared_data / "leukemia.tsv").open().readline().rstrip("\n").split("\t")
    (tmp_path / "base.txt").write_text("\n".join([name for name in header[2:] if name][::2]) + "\n")
    assert grn(
        "init", "half.grn", "--expression", shared_data / "leukemia.tsv", "--floor", 20, "--transform", "log2",
        "--duplicates", "max-variance", "--min-detected", 0.2, "--samples", "base.txt",
    ).code == 0  # fmt: skip
    asked = (
        "--labels", shared_data / "leukemia.cls", "--contrast", "AML:ALL", "--expression", shared_data / "leukemia.tsv",
    )  # fmt: skip
    report = grn("lmm", "fit", *asked, "--permute", 30, "--json").json
    assert report["h2"] == pytest.approx(0.3278, abs=2e-4)
    assert report["permuted"]["p"] == pytest.approx(1 / 31)
    sets = grn("lmm", "enrich", *asked, "--sets", shared_data / "h.all.v7.0.symbols.gmt", "--json").json
    assert sets["sets"][0]["set"] == "HALLMARK_COAGULATION"
    assert sets["sets"][0]["p_plain"] < 1e-6 < 1e-3 < sets["sets"][0]["p"]
    assert not math.isnan(sets["set_weight"])
