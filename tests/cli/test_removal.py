"""`grn init --within`, `--covariates`, `--remove-pcs`, and exports that say by how much they are shrunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.analysis.chance import pair_tests
from grnledger.analysis.resampling import resampling_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNT = 24
SAMPLES = [f"S{index}" for index in range(COUNT)]
GENES = [f"G{index}" for index in range(30)]
DONORS = [("anna", "ben", "cleo")[index % 3] for index in range(COUNT)]
AGES = np.linspace(30.0, 70.0, COUNT) ** 1.01


@pytest.fixture
def values() -> np.ndarray:
    """Thirty genes that differ between donors, in text of three decimals."""
    rng = np.random.default_rng(11)
    donors = 2 * rng.standard_normal((30, 3))
    return np.round(8 + rng.standard_normal((30, COUNT)) + donors[:, [index % 3 for index in range(COUNT)]], 3)


@pytest.fixture
def files(tmp_path: Path, values: np.ndarray) -> Path:
    """The folder of an expression, a table of its samples, and one of covariates, in other orders."""
    rows = ["\t".join([gene, *map(str, row)]) for gene, row in zip(GENES, values.tolist(), strict=True)]
    (tmp_path / "e.tsv").write_text("\n".join(["\t".join(["gene", *SAMPLES]), *rows]) + "\n")
    described = [f"{sample}\t{donor}" for sample, donor in zip(SAMPLES, DONORS, strict=True)]
    (tmp_path / "s.tsv").write_text("\n".join(["sample\tdonor", *reversed(described)]) + "\n")
    covariates = [f"{SAMPLES[i]}\t{AGES[i]:.17g}\t{DONORS[i]}" for i in range(COUNT)]
    (tmp_path / "c.tsv").write_text("\n".join(["sample\tage\tdonor", *covariates[::-1]]) + "\n")
    return tmp_path


@pytest.fixture
def init(grn: Callable[..., Any], files: Path) -> Callable[..., Any]:
    """A function that makes a store of the expression."""

    def run(name: str, *options: object) -> Any:
        return grn("init", files / f"{name}.grn", "--expression", files / "e.tsv", *options, "--json")

    return run


def residuals(values: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    design = np.column_stack([np.ones(COUNT), *columns])
    return values - (design @ np.linalg.lstsq(design, values.T, rcond=None)[0]).T


def of_donors() -> list[np.ndarray]:
    return [np.array([float(donor == name) for donor in DONORS]) for name in ("ben", "cleo")]


def test_partial_correlations_are_those_of_the_residuals(init: Callable[..., Any], files: Path, values: np.ndarray):
    options = ("--sample-table", files / "s.tsv", "--within", "donor", "--covariates", files / "c.tsv")
    answer = init("a", *options, "--intensity", "0.3")
    assert answer.code == 0, answer.err
    repo = grnledger.open(files / "a.grn")
    left = residuals(values, AGES, *of_donors())
    correlations = np.corrcoef(left)
    shrunk = 0.7 * correlations + 0.3 * np.eye(30)
    inverse = np.linalg.inv(shrunk)
    rho = -inverse / np.sqrt(np.outer(inverse.diagonal(), inverse.diagonal()))
    np.fill_diagonal(rho, 1)
    np.testing.assert_allclose(repo.snapshot("v0").partial_correlation(GENES, GENES), rho, atol=1e-9)
    base = answer.json["base"]
    assert base["samples"] == COUNT
    assert base["parameters"]["degrees_of_freedom"] == COUNT - 4
    assert (base["parameters"]["within"], base["parameters"]["covariates"]) == ("donor", "age, donor=ben, donor=cleo")
    assert "removed_components" not in base["parameters"]
    notes = " ".join(base["notes"])
    assert "3 categories of samples from column 'donor' of s.tsv: their means are removed" in notes
    assert "3 covariates removed (c.tsv, SHA-256 " in notes
    assert "donor=ben, donor=cleo remove nothing that categories and other covariates do not" in notes


def test_what_was_removed_is_kept_and_told(grn: Callable[..., Any], init: Callable[..., Any], files: Path, values: Any):
    init("a", "--covariates", files / "c.tsv", "--remove-pcs", "2", "--intensity", "held-out")
    repo = grnledger.open(files / "a.grn")
    base = repo.base()
    assert base.removed.names == ("age", "donor=ben", "donor=cleo")
    np.testing.assert_array_equal(base.removed.covariates, np.column_stack([AGES, *of_donors()]))
    assert (base.removed.components, base.degrees_of_freedom) == (2, COUNT - 6)
    assert base.expression is not None
    np.testing.assert_allclose(base.expression.all(), values, rtol=1e-6)
    told = grn("-s", files / "a.grn", "info").out
    assert "covariates age, donor=ben, donor=cleo; 2 principal components" in told
    assert f"{COUNT - 6} of {COUNT} samples, less what was removed" in told
    assert grn("-s", files / "a.grn", "verify").code == 0


def test_python_takes_the_same_as_the_command(init: Callable[..., Any], files: Path):
    init("a", "--within", "donor", "--sample-table", files / "s.tsv", "--remove-pcs", "1")
    table = {"expression": files / "e.tsv", "remove_pcs": 1}
    by_column = grnledger.init(files / "b.grn", within="donor", sample_table=files / "s.tsv", **table)
    assert by_column.base().id == grnledger.open(files / "a.grn").base().id
    by_list = grnledger.init(files / "c.grn", within=DONORS, **table).base()
    np.testing.assert_array_equal(by_list.covariance.standard_deviations(), by_column.base().deviations)
    mapping = grnledger.init(files / "d.grn", covariates={"age": AGES.tolist()}, **table).base()
    assert (mapping.record.parameters["covariates"], mapping.degrees_of_freedom) == ("age", COUNT - 3)
    nothing = grnledger.init(files / "e.grn", expression=files / "e.tsv").base()
    assert "degrees_of_freedom" not in nothing.record.parameters
    assert nothing.id == grnledger.init(files / "f.grn", expression=files / "e.tsv", remove_pcs=0).base().id


def test_resamples_remove_the_same_anew(init: Callable[..., Any], files: Path, values: np.ndarray):
    init("a", "--within", "donor", "--sample-table", files / "s.tsv", "--intensity", "0.4")
    repo = grnledger.open(files / "a.grn")
    resampling = resampling_of(repo, "v0")
    everyone = resampling.of(np.arange(COUNT)).precision.to_dense()
    np.testing.assert_allclose(everyone, repo.snapshot("v0").precision.to_dense(), rtol=1e-9, atol=1e-9)
    drawn = np.array([*range(0, COUNT, 2), *range(0, COUNT, 2)])
    shift = 50.0 * np.array(["abc".index(donor[0]) for donor in DONORS])
    network = (resampling.panel, resampling.pathways, resampling.name)
    shifted = type(resampling)(
        values + shift, *network, "shrinkage", None, (0.4, 0.2), resampling.groups, resampling.removed
    )
    plain = type(resampling)(values, *network, "shrinkage", None, (0.4, 0.2), resampling.groups, resampling.removed)
    np.testing.assert_allclose(
        shifted.of(drawn).precision.to_dense(), plain.of(drawn).precision.to_dense(), rtol=1e-7, atol=1e-7
    )


def test_the_kernel_over_samples_is_of_what_is_left(grn: Callable[..., Any], files: Path, values: np.ndarray):
    signal = residuals(values, *of_donors())[:8].sum(axis=0)
    lines = [f"{name}\t{number:.6f}\n" for name, number in zip(SAMPLES, signal, strict=True)]
    (files / "y.tsv").write_text("".join(lines))
    shares: list[float] = []
    for store, donors in (("a.grn", 0.0), ("b.grn", 40.0)):
        shift = donors * np.outer(np.arange(30) % 7, ["abc".index(donor[0]) for donor in DONORS])
        expression = (values + shift, tuple(GENES), tuple(SAMPLES))
        grnledger.init(files / store, expression=expression, estimator="factor", factors=2, within=DONORS)
        fit = grn("-s", files / store, "lmm", "fit", "--pheno", files / "y.tsv", "--kernel", "samples", "--json")
        assert fit.code == 0, fit.err
        shares.append(fit.json["h2"])
    assert shares[0] == pytest.approx(shares[1], abs=1e-4)
    assert shares[0] > 0.05


def test_pairs_are_tested_by_what_is_left(files: Path, values: np.ndarray):
    pairs = np.array([[0, 1], [2, 9], [5, 20]])
    strengths: list[np.ndarray] = []
    for store, donors in (("a.grn", 0.0), ("b.grn", 40.0)):
        shift = donors * np.outer(np.arange(30) % 7, ["abc".index(donor[0]) for donor in DONORS])
        expression = (values + shift, tuple(GENES), tuple(SAMPLES))
        tests = pair_tests(grnledger.init(files / store, expression=expression, within=DONORS, remove_pcs=1), "v0")
        assert (tests.samples, tests.degrees_of_freedom) == (COUNT, COUNT - 4)
        strengths.append(tests.rho.pairs(pairs))
    np.testing.assert_allclose(strengths[0], strengths[1], rtol=1e-6, atol=1e-9)


def test_auto_removes_what_stands_out(init: Callable[..., Any]):
    base = init("a", "--remove-pcs", "auto")
    assert base.code == 0, base.err
    parameters = base.json["base"]["parameters"]
    assert (parameters["removed_components"], parameters["components_chosen"]) == (2, "auto")
    assert parameters["degrees_of_freedom"] == COUNT - 3
    assert "2 principal components removed, which stand out" in " ".join(base.json["base"]["notes"])


@pytest.mark.parametrize(
    ("options", "sentence", "hint"),
    [
        (("--within", "plate"), "There is no file plate, and no column of that title", "--within a column"),
        (("--within", "c.tsv"), "has 2 columns beside the samples: age, donor", "--sample-table FILE --within COLUMN"),
        (("--within", "alone.tsv"), "24 means and effects are to be removed: that leaves 0 degrees", "Leave out"),
        (("--covariates", "few.tsv"), "4 samples of 24 without a row in few.tsv: S20, S21", "--samples FILE"),
        (("--covariates", "gap.tsv"), "1 covariate without a value in some sample: age", "Each sample needs"),
        (("--remove-pcs", "22"), "22 components cannot be removed from 24 samples", "--remove-pcs 21 or fewer"),
        (("--remove-pcs", "some"), "'some' is neither auto nor a whole number from 0", ""),
    ],
)
def test_what_cannot_be_removed_is_refused(
    init: Callable[..., Any],
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    sentence: str,
    hint: str,
):
    monkeypatch.chdir(files)
    (files / "alone.tsv").write_text("\n".join(f"{sample}\tP{sample}" for sample in SAMPLES) + "\n")
    rows = [f"{SAMPLES[i]}\t{AGES[i]:.17g}" for i in range(COUNT)]
    (files / "few.tsv").write_text("\n".join(["sample\tage", *rows[:20]]) + "\n")
    (files / "gap.tsv").write_text("\n".join(["sample\tage", *rows[:-1], "S23\t"]) + "\n")
    refused = init("a", *options)
    assert refused.code in (2, 3)
    assert sentence in refused.err
    assert hint in refused.err
    assert not (files / "a.grn").exists()


def test_removal_goes_with_expression_alone(grn: Callable[..., Any], tmp_path: Path):
    np.savez(tmp_path / "s.npz", covariance=np.eye(3), genes=np.array(["A", "B", "C"]))
    refused = grn("init", tmp_path / "a.grn", "--covariance", tmp_path / "s.npz", "--remove-pcs", "1")
    assert refused.code == 2
    assert "remove-pcs: this goes with expression" in refused.err


def test_a_sample_alone_in_its_category_is_named(init: Callable[..., Any], files: Path):
    lines = [f"{sample}\t{donor}" for sample, donor in zip(SAMPLES, [*DONORS[:-1], "dora"], strict=True)]
    (files / "g.tsv").write_text("\n".join(lines) + "\n")
    base = init("a", "--within", files / "g.tsv").json["base"]
    assert base["parameters"]["degrees_of_freedom"] == COUNT - 4
    assert "1 sample is alone in its category and says nothing: S23" in base["notes"]


# exports


def matrix(text: str) -> np.ndarray:
    return np.array([[float(number) for number in line.split("\t")[1:]] for line in text.splitlines()[1:]])


def test_exports_say_by_how_much_they_are_shrunk(grn: Callable[..., Any], init: Callable[..., Any], files: Path):
    init("a", "--intensity", "0.55")
    export = ("-s", files / "a.grn", "export", "--matrix")
    assert (
        "Correlations are the sample's times 1−λ = 0.45; --sample writes the sample's."
        in grn(*export, "correlation").err
    )
    target = files / "p.npz"
    answer = grn(*export, "precision", "-o", target)
    assert "Before inversion, correlations are the sample's times 1−λ = 0.45." in answer.err
    assert float(np.load(target)["shrinkage"]) == 0.55
    described = grn(*export, "covariance", "-o", files / "c.npz", "--json").json
    assert (described["shrinkage"], described["of_samples"]) == (0.55, False)
    again = grnledger.init(files / "b.grn", covariance=files / "c.npz")
    assert again.base().shrinkage is None
    assert "1−λ" not in grn("-s", files / "b.grn", "export", "--matrix", "correlation").err


@pytest.mark.parametrize("options", [(), ("--within", "donor", "--remove-pcs", "1")])
@pytest.mark.parametrize("estimator", ["shrinkage", "ledoit-wolf"])
def test_the_sample_s_matrices_are_those_before_shrinkage(
    grn: Callable[..., Any],
    init: Callable[..., Any],
    files: Path,
    values: np.ndarray,
    options: tuple[str, ...],
    estimator: str,
):
    table = ("--sample-table", files / "s.tsv") if options else ()
    init("a", *options, *table, "--estimator", estimator)
    left, degrees = residuals(values), COUNT - 1
    if options:
        left, degrees = residuals(values, *of_donors()), COUNT - 4
        lengths = np.linalg.norm(left, axis=1, keepdims=True)
        u, s, v = np.linalg.svd(left / lengths, full_matrices=False)
        left = lengths * ((u[:, 1:] * s[1:]) @ v[1:])
    sample = left @ left.T / degrees
    export = ("-s", files / "a.grn", "export", "--sample", "--matrix")
    answer = grn(*export, "covariance")
    assert answer.code == 0, answer.err
    np.testing.assert_allclose(matrix(answer.out), sample, rtol=1e-9, atol=1e-10)
    part = grn(*export, "correlation", "--genes", "G3,G1")
    deviations = np.sqrt(sample.diagonal())
    expected = (sample / np.outer(deviations, deviations))[np.ix_([3, 1], [3, 1])]
    np.testing.assert_allclose(matrix(part.out), expected, rtol=1e-9)
    assert "Of the samples themselves, not shrunk." in part.err


def test_what_samples_do_not_have_is_refused(grn: Callable[..., Any], init: Callable[..., Any], files: Path):
    init("a")
    (files / "p.gmt").write_text("P53\tx\tG1\tG2\tG3\n")
    store = ("-s", files / "a.grn")
    grn(*store, "commit", files / "p.gmt")
    export = (*store, "export", "--sample")
    for arguments, sentence in (
        (("--matrix", "correlation"), "v1 has active pathways"),
        (("--at", "v0", "--matrix", "precision"), "Samples have no precision of their own"),
        (("x.h5",), "--sample needs --matrix; a store is written as a whole"),
    ):
        refused = grn(*export, *arguments)
        assert refused.code == 2
        assert sentence in refused.err
    assert grn(*export, "--at", "v0", "--matrix", "correlation").code == 0
    assert "Correlations of the base are" in grn(*store, "export", "--matrix", "correlation").err
    grn(*store, "reinvert")
    assert "has active pathways" in grn(*export, "--matrix", "correlation").err
    np.savez(files / "s.npz", covariance=np.eye(3), genes=np.array(["A", "B", "C"]))
    grn("init", files / "c.grn", "--covariance", files / "s.npz")
    refused = grn("-s", files / "c.grn", "export", "--sample", "--matrix", "correlation")
    assert "has no shrinkage intensity that could be taken back" in refused.err
    init("d", "--intensity", "1")
    refused = grn("-s", files / "d.grn", "export", "--sample", "--matrix", "correlation")
    assert "correlations were shrunk wholly" in refused.err
