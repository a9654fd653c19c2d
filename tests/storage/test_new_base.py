"""Where a base comes from: every option of `grnledger.init`, and real data from init to revert."""

from __future__ import annotations

import gzip
import hashlib
import inspect
from typing import TYPE_CHECKING, Any, Literal

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.analysis.api import OPTIONS
from grnledger.engine import compare
from grnledger.engine.errors import Conflict, EngineError, InputError, NotFound, NotPositiveDefinite, ShapeError
from grnledger.engine.estimation.estimators import ESTIMATORS
from grnledger.engine.estimation.expression import Expression
from grnledger.engine.network.covariance import DenseCovariance, FactorCovariance
from grnledger.engine.network.pairs.edge_rule import EdgeRule
from grnledger.engine.network.pathway import Pathway
from grnledger.storage import new_base
from scipy.stats import rankdata

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.repository import Repository
    from numpy.typing import NDArray

GENES = tuple(f"GENE{number}" for number in range(30))
SAMPLES = tuple(f"s{number}" for number in range(9))


def sigma(repo: Repository) -> NDArray[np.float64]:
    return repo.snapshot("v0").covariance.to_dense()


def made_up(*, constant: bool = False) -> NDArray[np.float64]:
    """Thirty genes in nine samples, with one hidden factor; the last gene may be constant."""
    rng = np.random.default_rng(40)
    values = 50.0 + 9.0 * rng.normal(size=(30, 9)) + 6.0 * np.outer(rng.normal(size=30), rng.normal(size=9))
    if constant:
        values[-1] = 7.0
    return values.round(4)


def write_table(path: Path, values: NDArray[np.float64], genes: tuple[str, ...], *, turned: bool = False) -> Path:
    rows, columns, cells = (SAMPLES, genes, values.T) if turned else (genes, SAMPLES[: values.shape[1]], values)
    lines = ["\t".join(["sample" if turned else "gene", *columns])]
    lines += ["\t".join([row, *map(repr, line)]) for row, line in zip(rows, cells.tolist(), strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_table(tmp_path / "values.tsv", made_up(), GENES)


@pytest.fixture
def new(tmp_path: Path) -> Callable[..., Repository]:
    """`grnledger.init` with options, each time at another place."""
    count = iter(range(1000))

    def make(**options: Any) -> Repository:
        if "expression" in options and options.get("estimator", "shrinkage") == "shrinkage":
            options.setdefault("intensity", "analytic")
        return grnledger.init(tmp_path / f"{next(count)}.grn", **options)

    return make


# Dumb truth


def naive_shrinkage(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """λ* and Σ of Schäfer and Strimmer, written out over pairs."""
    genes, samples = values.shape
    scores = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, ddof=1, keepdims=True)
    above = below = 0.0
    correlation = np.eye(genes)
    for i in range(genes):
        for j in range(genes):
            products = scores[i] * scores[j]
            if i != j:
                correlation[i, j] = products.sum() / (samples - 1)
                above += samples / (samples - 1) ** 3 * np.sum((products - products.mean()) ** 2)
                below += correlation[i, j] ** 2
    share = min(1.0, above / below)
    squares = (values - values.mean(axis=1, keepdims=True)) ** 2
    variances = squares.sum(axis=1) / (samples - 1)
    noise = samples / (samples - 1) ** 3 * np.sum((squares - squares.mean(axis=1, keepdims=True)) ** 2)
    spread = np.sum((variances - np.median(variances)) ** 2)
    part = min(1.0, noise / spread)
    roots = np.sqrt(part * np.median(variances) + (1 - part) * variances)
    shrunk = share * np.eye(genes) + (1 - share) * correlation
    return share, shrunk * np.outer(roots, roots)


# Estimators


@pytest.mark.parametrize("genes", [30, 12], ids=["factor form", "dense form"])
def test_shrinkage_is_the_default_and_gives_the_published_formula(new: Callable[..., Repository], genes: int) -> None:
    values = made_up()[:genes]
    repo = new(expression=Expression(values, GENES[:genes], SAMPLES))
    share, expected = naive_shrinkage(values)
    np.testing.assert_allclose(sigma(repo), expected, rtol=1e-11, atol=1e-11)
    record = repo.base().record
    assert record.estimator == "shrinkage"
    assert record.form == ("factor" if genes == 30 else "dense")
    assert record.parameters["lambda"] == pytest.approx(share, rel=1e-12)
    assert (record.genes, record.samples, record.factors) == (genes, 9, 9 if genes == 30 else 0)
    assert repo.base().samples == SAMPLES
    assert repo.panel.genes == GENES[:genes]


def test_ledoit_wolf_shrinks_covariances_to_their_own_diagonal(new: Callable[..., Repository]) -> None:
    repo = new(expression=Expression(made_up(), GENES, SAMPLES), estimator="ledoit-wolf")
    share = repo.base().record.parameters["lambda"]
    assert isinstance(share, float)
    assert 0 < share < 1
    sample = np.cov(made_up())
    np.testing.assert_allclose(sigma(repo), share * np.diag(np.diag(sample)) + (1 - share) * sample, rtol=1e-11)


def test_the_empirical_covariance_is_the_samples_own_and_refused_where_it_is_singular(
    new: Callable[..., Repository],
) -> None:
    few = Expression(made_up()[:5], GENES[:5], SAMPLES)
    np.testing.assert_allclose(sigma(new(expression=few, estimator="empirical")), np.cov(few.values), rtol=1e-11)
    with pytest.raises(NotPositiveDefinite, match="30 genes from 9 samples is singular: its rank is 8"):
        new(expression=Expression(made_up(), GENES, SAMPLES), estimator="empirical")


def test_factor_analysis_has_as_many_factors_as_asked(new: Callable[..., Repository]) -> None:
    rng = np.random.default_rng(41)
    loadings = rng.normal(size=(12, 2))
    values = loadings @ rng.normal(size=(2, 200)) + 0.5 * rng.normal(size=(12, 200))
    expression = Expression(values, GENES[:12], tuple(f"s{index}" for index in range(200)))
    repo = new(expression=expression, estimator="factor", factors=2)
    assert (repo.base().record.estimator, repo.base().record.factors) == ("factor", 2)
    np.testing.assert_allclose(np.diag(sigma(repo)), np.var(values, axis=1), rtol=0.02)
    truth = loadings @ loadings.T + 0.25 * np.eye(12)
    np.testing.assert_allclose(sigma(repo), truth, atol=0.25 * np.abs(truth).max())


def test_estimators_and_numbers_of_factors_that_do_not_exist_are_refused(new: Callable[..., Repository]) -> None:
    expression = Expression(made_up(), GENES, SAMPLES)
    with pytest.raises(InputError, match="There is no estimator 'magic'") as caught:
        new(expression=expression, estimator="magic")
    assert caught.value.hint == f"There are {', '.join(ESTIMATORS)}."
    with pytest.raises(InputError, match="is for the estimator `factor`, not with `shrinkage`"):
        new(expression=expression, factors=3)


# Preparation


def test_floor_and_transform_are_applied_in_this_order(new: Callable[..., Repository], table: Path) -> None:
    for transform, formula in (("log2", np.log2), ("log1p", np.log1p)):
        repo = new(expression=table, floor=45.0, transform=transform)
        _, expected = naive_shrinkage(formula(np.maximum(made_up(), 45.0)))
        np.testing.assert_allclose(sigma(repo), expected, rtol=1e-10, atol=1e-12)
        assert dict(repo.base().record.preparation) == {"floor": 45.0, "transform": transform}


def test_counts_are_brought_to_the_median_library(new: Callable[..., Repository], tmp_path: Path) -> None:
    counts = np.random.default_rng(42).poisson(30.0, size=(30, 9)) * np.arange(1, 10)
    repo = new(expression=write_table(tmp_path / "c.tsv", counts.astype(float), GENES), counts=True, transform="log1p")
    library = counts.sum(axis=0)
    _, expected = naive_shrinkage(np.log1p(counts * np.median(library) / library))
    np.testing.assert_allclose(sigma(repo), expected, rtol=1e-10, atol=1e-12)
    assert repo.base().record.preparation["counts"] is True


def test_rows_of_one_gene_are_an_error_or_resolved_as_asked(new: Callable[..., Repository], tmp_path: Path) -> None:
    values = made_up()
    genes = (*GENES[:29], GENES[0])
    path = write_table(tmp_path / "twice.tsv", values, genes)
    with pytest.raises(InputError, match="1 of 29 genes occur"):
        new(expression=path)
    louder = 0 if values[0].var() > values[29].var() else 29
    ways: dict[Literal["first", "mean", "max-variance"], NDArray[np.float64]] = {
        "first": values[0],
        "mean": (values[0] + values[29]) / 2,
        "max-variance": values[louder],
    }
    for way, row in ways.items():
        repo = new(expression=path, duplicates=way)
        values_then = np.vstack([row, values[1:29]])
        indices = repo.panel.locate(GENES[:29])
        np.testing.assert_allclose(
            sigma(repo)[np.ix_(indices, indices)], naive_shrinkage(values_then)[1], rtol=1e-10, atol=1e-12
        )
        assert repo.base().record.preparation["duplicates"] == way


def test_a_sample_that_is_named_twice_is_told_and_not_the_first(new: Callable[..., Repository], tmp_path: Path) -> None:
    path = write_table(tmp_path / "twice.tsv", made_up(), GENES)
    samples = len(made_up()[0])
    path.write_text(path.read_text().replace(f"\t{SAMPLES[5]}\t", f"\t{SAMPLES[3]}\t", 1))
    notes = new(expression=path, duplicate_samples="first").base().record.notes
    told = f"{samples} columns name {samples - 1} samples, {SAMPLES[3]} more than once"
    assert any(told in note for note in notes)


def test_a_panel_from_a_file_keeps_its_order_and_missing_genes_are_named(
    new: Callable[..., Repository], table: Path
) -> None:
    wanted = ["GENE7", "GENE3", "GENE21"]
    repo = new(expression=table, genes=wanted)
    assert repo.panel.genes == tuple(wanted)
    np.testing.assert_allclose(sigma(repo), naive_shrinkage(made_up()[[7, 3, 21]])[1], rtol=1e-10, atol=1e-12)
    assert repo.base().record.preparation["genes_wanted"] == 3
    with pytest.raises(NotFound, match="NOSUCH"):
        new(expression=table, genes=["GENE7", "NOSUCH"])


def test_the_most_variable_genes_are_kept_in_the_order_of_the_file(new: Callable[..., Repository], table: Path) -> None:
    repo = new(expression=table, top_variance=6)
    ranks = rankdata(-made_up().var(axis=1))
    assert repo.panel.genes == tuple(gene for gene, rank in zip(GENES, ranks, strict=True) if rank <= 6)
    assert repo.base().record.preparation["top_variance"] == 6


def test_hardly_detected_genes_are_filtered_on_request_and_noted_otherwise(
    new: Callable[..., Repository], tmp_path: Path
) -> None:
    values = made_up()
    values[3, 1:] = 1.0  # above the floor in one sample of nine
    values[8, 3:] = 1.0  # in three
    path = write_table(tmp_path / "hardly.tsv", values, GENES)
    all_genes = new(expression=path, floor=10.0)
    assert len(all_genes.panel) == 30
    assert any("--min-detected" in note for note in all_genes.base().record.notes)
    fewer = new(expression=path, floor=10.0, min_detected=0.2)
    assert fewer.panel.genes == tuple(gene for index, gene in enumerate(GENES) if index != 3)
    assert len(new(expression=path, floor=10.0, min_detected=0.5).panel) == 28
    assert fewer.base().record.preparation["min_detected"] == 0.2


def test_constant_genes_are_kept_isolated_by_shrinkage_refused_by_others_and_dropped_when_asked(
    new: Callable[..., Repository], tmp_path: Path
) -> None:
    path = write_table(tmp_path / "constant.tsv", made_up(constant=True), GENES)
    with_constant = new(expression=path)
    assert with_constant.base().record.constant_genes == 1
    assert np.count_nonzero(sigma(with_constant)[29]) == 1
    assert len(with_constant.snapshot().neighbors("GENE29")) == 0
    with pytest.raises(InputError, match="1 of 30 genes is constant"):
        new(expression=path, estimator="ledoit-wolf")
    dropped = new(expression=path, estimator="ledoit-wolf", drop_constant=True)
    assert dropped.panel.genes == GENES[:29]
    assert dropped.base().record.preparation["drop_constant"] is True


# Files


def test_genes_in_columns_are_detected_or_declared_and_a_gzip_is_read(
    new: Callable[..., Repository], table: Path, tmp_path: Path
) -> None:
    turned = write_table(tmp_path / "turned.tsv", made_up(), GENES, turned=True)
    packed = tmp_path / "values.tsv.gz"
    packed.write_bytes(gzip.compress(table.read_bytes()))
    expected = sigma(new(expression=table))
    for path, genes_in in ((turned, "columns"), (table, "rows"), (packed, "auto")):
        repo = new(expression=path, genes_in=genes_in)
        np.testing.assert_array_equal(sigma(repo), expected)
        source = repo.base().record.source
        assert source is not None
        assert (source.file, source.sha256) == (path.name, hashlib.sha256(path.read_bytes()).hexdigest())
        assert source.parameters.get("genes_in") == (None if genes_in == "auto" else genes_in)


def test_layers_and_raw_of_an_h5ad_file_are_read_and_recorded(new: Callable[..., Repository], tmp_path: Path) -> None:
    path = tmp_path / "cells.h5ad"
    with h5py.File(path, "w") as file:
        for name, values in (("X", made_up()), ("layers/log", np.log(made_up())), ("raw/X", 2 * made_up())):
            file[name] = values.T
        for name, ids in (("obs", SAMPLES), ("var", GENES), ("raw/var", GENES)):
            file.create_group(name).attrs["_index"] = "ids"
            file[name].create_dataset("ids", data=list(ids), dtype=h5py.string_dtype())
    for options, values in (({}, made_up()), ({"layer": "log"}, np.log(made_up())), ({"raw": True}, 2 * made_up())):
        repo = new(expression=path, **options)
        np.testing.assert_allclose(sigma(repo), naive_shrinkage(values)[1], rtol=1e-10, atol=1e-12)
        source = repo.base().record.source
        assert source is not None
        assert dict(source.parameters) == options


def test_matrix_market_takes_gene_names_from_a_file(new: Callable[..., Repository], tmp_path: Path) -> None:
    values = made_up()
    cells = [f"{i + 1} {j + 1} {float(values[i, j])}" for i in range(30) for j in range(9)]
    path = tmp_path / "matrix.mtx"
    path.write_text("\n".join(["%%MatrixMarket matrix coordinate real general", "30 9 270", *cells]) + "\n")
    (tmp_path / "genes.txt").write_text("\n".join(GENES) + "\n")
    repo = new(expression=path, gene_names=tmp_path / "genes.txt", genes_in="rows")
    assert repo.panel.genes == GENES
    np.testing.assert_allclose(sigma(repo), naive_shrinkage(values)[1], rtol=1e-10, atol=1e-12)


def test_large_expression_is_kept_only_when_that_is_asked(
    monkeypatch: pytest.MonkeyPatch, new: Callable[..., Repository], table: Path
) -> None:
    monkeypatch.setattr(new_base, "LARGEST_KEPT", 30 * 9 * 8)
    assert new(expression=table).base().expression is not None
    monkeypatch.setattr(new_base, "LARGEST_KEPT", 30 * 9 * 8 - 1)
    left_out = new(expression=table)
    assert left_out.base().expression is None
    assert any("--keep-expression keeps it" in note for note in left_out.base().record.notes)
    assert new(expression=table, keep_expression=True).base().expression is not None


# A covariance of the user's


def positive() -> NDArray[np.float64]:
    rng = np.random.default_rng(43)
    factor = rng.normal(size=(6, 9))
    return factor @ factor.T / 9


def indefinite() -> NDArray[np.float64]:
    matrix = positive()
    matrix[0, 1] = matrix[1, 0] = 3.0
    return matrix


def write_covariance(path: Path, matrix: NDArray[np.float64]) -> Path:
    names = GENES[: len(matrix)]
    if path.suffix in (".tsv", ".csv"):
        separator = "\t" if path.suffix == ".tsv" else ","
        lines = [separator.join(["", *names])]
        lines += [separator.join([gene, *map(repr, row)]) for gene, row in zip(names, matrix.tolist(), strict=True)]
        path.write_text("\n".join(lines) + "\n")
    elif path.suffix == ".npy":
        np.save(path, matrix)
    elif path.suffix == ".npz":
        np.savez(path, covariance=matrix, genes=np.array(names))
    else:
        with h5py.File(path, "w") as file:
            file["covariance"] = matrix
            file.create_dataset("genes", data=list(names), dtype=h5py.string_dtype())
    return path


@pytest.mark.parametrize("ending", ["tsv", "csv", "npy", "npz", "h5"])
def test_a_covariance_file_is_taken_bit_for_bit_or_refused_with_its_smallest_eigenvalue(
    new: Callable[..., Repository], tmp_path: Path, ending: str
) -> None:
    names = {"genes": GENES[:6]} if ending == "npy" else {}
    good = write_covariance(tmp_path / f"good.{ending}", positive())
    repo = new(covariance=good, **names)
    np.testing.assert_array_equal(sigma(repo), positive())
    np.testing.assert_allclose(repo.snapshot().precision.to_dense(), np.linalg.inv(positive()), rtol=1e-9)
    assert repo.panel.genes == GENES[:6]
    source = repo.base().record.source
    assert source is not None
    assert source.sha256 == hashlib.sha256(good.read_bytes()).hexdigest()
    assert repo.base().record.estimator == "given covariance"
    smallest = float(np.linalg.eigvalsh(indefinite())[0])
    with pytest.raises(NotPositiveDefinite, match="not positive definite") as caught:
        new(covariance=write_covariance(tmp_path / f"bad.{ending}", indefinite()), **names)
    assert caught.value.eigenvalue == pytest.approx(smallest, rel=1e-9)
    assert f"{smallest:.6g}" in caught.value.message
    assert caught.value.code == "singular-covariance"


@pytest.mark.parametrize("size", [2, 300])
def test_a_covariance_in_memory_may_have_any_number_of_genes(new: Callable[..., Repository], size: int) -> None:
    matrix = np.eye(size) + 0.5
    repo = new(covariance=matrix, genes=[f"GENE{number}" for number in range(size)])
    np.testing.assert_array_equal(sigma(repo), matrix)


def test_a_ridge_is_the_users_to_give_and_is_recorded(new: Callable[..., Repository]) -> None:
    matrix = indefinite()
    repo = new(covariance=matrix, genes=GENES[:6], ridge=3.0)
    np.testing.assert_array_equal(sigma(repo), indefinite() + 3.0 * np.eye(6))
    np.testing.assert_array_equal(matrix, indefinite())  # the caller's own is left alone
    assert matrix.flags.writeable
    assert dict(repo.base().record.parameters) == {"ridge": 3.0}
    assert dict(new(covariance=positive(), genes=GENES[:6]).base().record.parameters) == {}
    with pytest.raises(NotPositiveDefinite, match="Even with a ridge of 1") as caught:
        new(covariance=matrix, genes=GENES[:6], ridge=1.0)
    assert f"larger than {-np.linalg.eigvalsh(matrix)[0]:.3g}" in caught.value.hint
    for ridge in (-1.0, float("nan"), float("inf")):
        with pytest.raises(InputError, match="A ridge is a number from 0 up"):
            new(covariance=positive(), genes=GENES[:6], ridge=ridge)


def nearly_singular(size: float) -> NDArray[np.float64]:
    """A covariance of six genes of which one is a copy of another, up to noise of this size."""
    samples = np.random.default_rng(44).normal(size=(6, 90))
    samples[4] = samples[1] + size * samples[4]
    return np.cov(samples * [[1.0], [100.0], [1.0], [0.01], [1.0], [1.0]])


def test_a_covariance_without_four_digits_is_refused_and_one_with_few_says_so(
    new: Callable[..., Repository], tmp_path: Path
) -> None:
    for ending in ("tsv", "npz", "h5"):
        with pytest.raises(EngineError, match="fewer than four digits of an inverse are right") as caught:
            new(covariance=write_covariance(tmp_path / f"bad.{ending}", nearly_singular(1e-7)))
        assert caught.value.code == "ill-conditioned-covariance"
    ridge = float(caught.value.facts["ridge"])
    repo = new(covariance=nearly_singular(1e-7), genes=GENES[:6], ridge=ridge)
    assert dict(repo.base().record.parameters) == {"ridge": ridge}
    (note,) = new(covariance=nearly_singular(1e-5), genes=GENES[:6]).base().record.notes
    assert note.startswith("The covariance is ill-conditioned: its correlations have a condition of ")
    assert "digits of its inverse are right (relative error " in note
    assert new(covariance=nearly_singular(1e-2), genes=GENES[:6]).base().record.notes == ()


def test_a_matrix_that_is_no_covariance_is_refused(new: Callable[..., Repository], tmp_path: Path) -> None:
    crooked, holed = positive(), positive()
    crooked[2, 4] += 0.1
    holed[3, 3] = np.nan
    for matrix, what in ((crooked, "not symmetric"), (holed, "not a finite number"), (positive()[:, :4], "is square")):
        with pytest.raises(InputError, match=what):
            new(covariance=matrix, genes=GENES[: len(matrix)])
        if matrix.shape == (6, 6):
            with pytest.raises(InputError, match=what):
                new(covariance=write_covariance(tmp_path / f"{what}.npz", matrix))
    with pytest.raises(ShapeError, match="There are 5 gene names"):
        new(covariance=positive(), genes=GENES[:5])
    with pytest.raises(InputError, match="needs the names of its genes"):
        new(covariance=positive())
    with pytest.raises(InputError, match="has no gene names"):
        new(covariance=write_covariance(tmp_path / "nameless.npy", positive()))
    with pytest.raises(InputError, match="contains gene names"):
        new(covariance=write_covariance(tmp_path / "named.npz", positive()), genes=GENES[6:12])
    with pytest.raises(InputError, match="more than once, among them GENE0"):
        new(covariance=positive(), genes=("GENE0", *GENES[:5]))
    with pytest.raises(NotFound, match="There is no file"):
        new(covariance=tmp_path / "nothing.tsv")


# A factor model of the user's


def model() -> FactorCovariance:
    rng = np.random.default_rng(44)
    middle = np.array([[1.0, 0.2], [0.2, 2.0]])
    return FactorCovariance(rng.uniform(0.5, 1.0, 6), rng.normal(size=(6, 2)), middle)


def formed(model: FactorCovariance) -> NDArray[np.float64]:
    assert model.factor_covariance is not None
    return np.diag(model.noise) + model.loadings @ model.factor_covariance @ model.loadings.T


def test_a_factor_model_comes_from_memory_an_archive_or_tables(new: Callable[..., Repository], tmp_path: Path) -> None:
    factors = model()
    archive = tmp_path / "model.npz"
    np.savez(
        archive,
        loadings=factors.loadings,
        noise=factors.noise,
        genes=np.array(GENES[:6]),
        factor_covariance=factors.factor_covariance,
    )
    loadings = tmp_path / "loadings.tsv"
    rows = ["\t".join([gene, *map(repr, row)]) for gene, row in zip(GENES, factors.loadings.tolist(), strict=False)]
    loadings.write_text("\n".join(["gene\tf1\tf2", *rows]) + "\n")
    noise = tmp_path / "noise.tsv"
    pairs = [f"{gene}\t{value!r}" for gene, value in zip(GENES, factors.noise.tolist(), strict=False)]
    noise.write_text("\n".join(["gene\tvariance", *pairs[::-1]]) + "\n")
    middle = tmp_path / "middle.tsv"
    middle.write_text("\tf2\tf1\nf2\t2.0\t0.2\nf1\t0.2\t1.0\n")
    for options in (
        {"factor_model": factors, "genes": GENES[:6]},
        {"factor_model": archive},
        {"factor_model": archive, "genes": GENES[:6]},
        {"factor_model": loadings, "noise": noise, "factor_covariance": middle},
    ):
        repo = new(**options)
        np.testing.assert_allclose(sigma(repo), formed(factors), rtol=1e-13)
        assert repo.panel.genes == GENES[:6]
        assert repo.base().record.form == "factor"
        assert repo.base().record.estimator == "given factor model"
        source = repo.base().record.source
        if options["factor_model"] is factors:
            assert source is None
        else:
            assert source is not None
            assert source.sha256 == hashlib.sha256(options["factor_model"].read_bytes()).hexdigest()
    assert any(hashlib.sha256(noise.read_bytes()).hexdigest() in note for note in repo.base().record.notes)


def test_a_factor_model_that_does_not_fit_together_is_refused(new: Callable[..., Repository], tmp_path: Path) -> None:
    factors = model()
    with pytest.raises(InputError, match="needs the names of its genes"):
        new(factor_model=factors)
    with pytest.raises(ShapeError, match="5 gene names for a covariance of 6 genes"):
        new(factor_model=factors, genes=GENES[:5])
    with pytest.raises(InputError, match="has its noise and factor covariance already"):
        new(factor_model=factors, genes=GENES[:6], noise=tmp_path / "noise.tsv")
    archive = tmp_path / "model.npz"
    np.savez(archive, loadings=factors.loadings, noise=factors.noise, genes=np.array(GENES[:6]))
    with pytest.raises(InputError, match="contains gene names"):
        new(factor_model=archive, genes=GENES[6:12])
    with pytest.raises(InputError, match="needs loadings and noise in files of their own"):
        new(factor_model=archive, factor_covariance=tmp_path / "f.tsv")
    np.savez(archive, loadings=factors.loadings, noise=-factors.noise, genes=np.array(GENES[:6]))
    with pytest.raises(InputError, match="Noise variances must be positive"):
        new(factor_model=archive)
    crooked = np.array([[1.0, 2.0], [2.0, 1.0]])
    arrays = {"loadings": factors.loadings, "noise": factors.noise, "genes": np.array(GENES[:6])}
    np.savez(archive, **arrays, factor_covariance=crooked)
    with pytest.raises(NotPositiveDefinite, match="smallest eigenvalue is -1"):
        new(factor_model=archive)


# One source, and what goes with it


def test_a_store_begins_with_exactly_one_source(new: Callable[..., Repository], table: Path) -> None:
    for options in (
        {},
        {"expression": table, "covariance": positive()},
        {"expression": table, "factor_model": model()},
    ):
        with pytest.raises(InputError, match="exactly one of: expression, covariance, factor model"):
            new(**options)


@pytest.mark.parametrize(
    "option",
    [
        {"estimator": "ledoit-wolf"}, {"factors": 2}, {"counts": True}, {"floor": 0.0}, {"transform": "log2"},
        {"duplicates": "mean"}, {"min_detected": 0.0}, {"drop_constant": True}, {"top_variance": 3},
        {"genes_in": "rows"}, {"layer": "x"}, {"raw": True}, {"gene_names": "x"}, {"keep_expression": False},
        {"noise": "x"}, {"factor_covariance": "x"},
    ],
    ids=lambda option: next(iter(option)),
)  # fmt: skip
def test_an_option_of_another_source_is_refused_and_not_passed_over(
    new: Callable[..., Repository], option: dict[str, Any]
) -> None:
    with pytest.raises(InputError, match="and the base comes from covariance") as caught:
        new(covariance=positive(), genes=GENES[:6], **option)
    assert caught.value.message.startswith(next(iter(option)).replace("_", "-"))


def test_options_left_at_their_defaults_go_with_every_source(new: Callable[..., Repository]) -> None:
    parameters = inspect.signature(grnledger.init).parameters
    everywhere = {"path", "expression", "covariance", "factor_model", "genes", "shared", "message", "author", "time"}
    everywhere |= {"progress"}
    names = [name for names in OPTIONS.values() for name in names]
    assert {*names, *everywhere} == {*parameters}
    repo = new(covariance=positive(), genes=GENES[:6], **{name: parameters[name].default for name in names})
    assert len(repo) == 1


def test_a_ridge_on_expression_is_refused(new: Callable[..., Repository], table: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ridge: this goes with covariance, and the base comes from expression"):
        new(expression=table, ridge=0.1)
    assert list(tmp_path.glob("*.grn")) == []


def test_message_author_and_path_are_the_users(tmp_path: Path) -> None:
    path = tmp_path / "mine.grn"
    repo = grnledger.init(path, covariance=positive(), genes=GENES[:6], message="our base", author="ada")
    assert (repo.version("v0").message, repo.version("v0").author) == ("our base", "ada")
    with pytest.raises(Conflict, match="exists already"):
        grnledger.init(path, expression=tmp_path / "never read", author="bob")


# Real data


def test_leukemia_is_a_factor_base_of_7979_genes_and_its_history_is_complete(tmp_path: Path, shared_data: Path) -> None:
    repo = grnledger.init(
        tmp_path / "leukemia.grn",
        expression=shared_data / "leukemia.tsv",
        floor=20.0,
        transform="log2",
        duplicates="max-variance",
        min_detected=0.2,
    )
    base = repo.base()
    assert isinstance(base.covariance, FactorCovariance)
    assert (len(repo.panel), base.record.form, base.record.factors, base.record.samples) == (7979, "factor", 48, 48)
    assert base.samples[0] == "ALL_1"
    assert base.samples[-1] == "AML_24"
    assert base.expression is not None
    assert base.expression.shape == (7979, 48)
    sets = grnledger.read_pathways(
        shared_data / "h.all.v7.0.symbols.gmt",
        repo.panel,
        only=["HALLMARK_P53_PATHWAY", "HALLMARK_INTERFERON_ALPHA_RESPONSE"],
        missing="drop",
    )
    before = repo.snapshot()
    v1 = repo.commit(sets, message="two hallmarks")
    assert v1.source is not None
    assert v1.source.file == "h.all.v7.0.symbols.gmt"
    assert v1.rank == 2
    after = repo.snapshot()
    difference = compare(before, after, EdgeRule("top", 7979))
    members = {name for gene_set in sets.pathways for name in repo.panel.names(gene_set.genes)}
    assert difference.gained > 0
    assert all(left in members and right in members for left, right, *_ in difference)
    for left, right, rho_before, rho_after, _ in difference:
        assert before.partial_correlation(left, right) == pytest.approx(rho_before, abs=1e-14)
        assert after.partial_correlation(left, right) == pytest.approx(rho_after, abs=1e-14)
    repo.revert("v1", only=["HALLMARK_P53_PATHWAY"])
    assert [active.label for active in repo.active()] == ["HALLMARK_INTERFERON_ALPHA_RESPONSE"]
    repo.revert("v1")
    again = grnledger.open(repo.path)
    assert again.version().content == again.version("v0").content
    genes = ["TP53", "MDM2", "CDKN1A", "XIST"]
    assert again.snapshot().precision.block(genes, genes).tobytes() == before.precision.block(genes, genes).tobytes()
    assert again.snapshot().log_det == before.log_det


def test_all_9020_genes_give_the_published_shrinkage_and_correlations(tmp_path: Path, shared_data: Path) -> None:
    repo = grnledger.init(
        tmp_path / "all.grn",
        expression=shared_data / "leukemia.tsv",
        floor=20.0,
        transform="log2",
        duplicates="max-variance",
        intensity="analytic",
    )
    assert len(repo.panel) == 9020
    assert repo.base().record.constant_genes == 101
    assert repo.base().record.parameters["lambda"] == pytest.approx(0.6280542, abs=1e-6)
    snapshot = repo.snapshot()
    strongest = snapshot.edges(top=10)
    assert strongest.max_abs == pytest.approx(0.01470669, abs=1e-6)
    assert abs(strongest.rho[0]) == strongest.max_abs
    summary = compare(snapshot, snapshot, EdgeRule("top", 10), exact_mean=True).before
    assert summary.mean_abs == pytest.approx(5.548062e-4, abs=1e-6 * 5.548062e-4)
    assert summary.max_abs == pytest.approx(0.01470669, abs=1e-6)
    assert summary.edges == 10


def test_single_cells_go_from_init_to_revert(tmp_path: Path, shared_data: Path) -> None:
    repo = grnledger.init(
        tmp_path / "pbmc.grn",
        expression=shared_data / "pbmc68k_reduced.h5ad",
        counts=True,
        transform="log1p",
        min_detected=0.05,
    )
    base = repo.base()
    assert isinstance(base.covariance, DenseCovariance)
    assert base.record.samples == 700
    genes = len(repo.panel)
    assert 300 < genes < 765
    assert base.expression is not None
    assert base.expression.dtype == np.float32
    sets = grnledger.read_pathways(
        shared_data / "h.all.v7.0.symbols.gmt",
        repo.panel,
        only=["HALLMARK_INTERFERON_GAMMA_RESPONSE"],
        missing="drop",
    )
    repo.commit(sets)
    probe = repo.version("v0").entry.measured.probe
    assert probe is not None
    assert probe < 1e-10
    truth = sigma(repo)
    column = np.zeros(genes)
    column[sets.pathways[0].genes] = sets.pathways[0].loadings[:, 0]
    column *= np.sqrt(np.diag(truth))
    truth = truth + np.outer(column, column)
    np.testing.assert_allclose(repo.snapshot().covariance.to_dense(), truth, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(repo.snapshot().precision.to_dense() @ truth, np.eye(genes), atol=1e-8)
    repo.commit([Pathway.of(repo.panel, "flat", {"CD3D": 0.3, "CD3E": 0.3})])
    difference = compare(repo.snapshot("v1"), repo.snapshot("v2"), EdgeRule("top", genes))
    assert tuple(next(iter(difference))[:2]) in (("CD3D", "CD3E"), ("CD3E", "CD3D"))
    repo.revert("v2")
    repo.revert("v1")
    assert repo.snapshot().precision.to_dense().tobytes() == repo.snapshot("v0").precision.to_dense().tobytes()
