"""The four matrices of a version in blocks of rows, against dense algebra."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import EngineError, NotFound
from grnledger.engine.network import covariance as covariance_module
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.inversion import invert
from grnledger.engine.network.matrix_blocks import matrix_blocks, sample_blocks, unshrunk_variances
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import Snapshot, build_snapshot
from numpy.typing import NDArray

if TYPE_CHECKING:
    from grnledger.engine.choices import MatrixKind
    from grnledger.engine.network.covariance import Covariance

Matrix = NDArray[np.float64]

GENES = 30
KINDS: tuple[MatrixKind, ...] = ("covariance", "correlation", "precision", "partial-correlation")


def built(form: str) -> tuple[Snapshot, Matrix]:
    """A version with a pathway added and one subtracted, and its covariance by dense algebra."""
    rng = np.random.default_rng(1)
    base: Covariance = FactorCovariance(rng.uniform(0.5, 2.0, GENES), rng.standard_normal((GENES, 3)))
    dense = base.loadings @ base.loadings.T + np.diag(base.noise)
    if form == "dense":
        base = invert(dense.copy())
    everyone = np.arange(GENES)
    added, removed = rng.standard_normal((GENES, 1)), 0.05 * rng.standard_normal((GENES, 1))
    pathways = [
        Pathway(("p53",), everyone, added, 1, "raw"),
        Pathway(("Wnt",), everyone.copy(), removed, -1, "raw"),
    ]
    panel = Panel(tuple(f"G{number}" for number in range(GENES)))
    snapshot = build_snapshot(panel, anchor_of(base), pathways, base.standard_deviations())
    return snapshot, dense + added @ added.T - removed @ removed.T


def truth(kind: MatrixKind, covariance: Matrix) -> Matrix:
    matrix = np.linalg.inv(covariance) if kind in ("precision", "partial-correlation") else covariance
    if kind in ("covariance", "precision"):
        return np.asarray(matrix, dtype=np.float64)
    roots = np.sqrt(np.diagonal(matrix))
    scaled = (-1.0 if kind == "partial-correlation" else 1.0) * matrix / np.outer(roots, roots)
    np.fill_diagonal(scaled, 1.0)
    return scaled


@pytest.mark.parametrize("form", ["dense", "factors"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows_a_block", [1, 7, 30])
@pytest.mark.parametrize("genes", [None, ["G4"], ["G29", "G0", "G7"], [3, 3, 1]])
def test_the_blocks_of_a_matrix_stacked_are_the_dense_matrix(
    form: str,
    kind: MatrixKind,
    rows_a_block: int,
    genes: list[str] | list[int] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    snapshot, covariance = built(form)
    monkeypatch.setattr(covariance_module, "BLOCK_BYTES", 8 * GENES * rows_a_block)
    indices = snapshot.panel.locate(range(GENES) if genes is None else genes)
    blocks = list(matrix_blocks(snapshot, kind, genes))
    assert len(blocks) == -(-len(indices) // rows_a_block)
    expected = truth(kind, covariance)[np.ix_(indices, indices)]
    np.testing.assert_allclose(np.vstack(blocks), expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("kind", ["correlation", "partial-correlation"])
def test_a_gene_with_itself_has_exactly_1(kind: MatrixKind) -> None:
    snapshot, _ = built("factors")
    np.testing.assert_array_equal(np.diagonal(np.vstack(list(matrix_blocks(snapshot, kind)))), 1.0)


def test_a_gene_that_is_not_on_the_panel_is_refused() -> None:
    snapshot, _ = built("factors")
    with pytest.raises(NotFound, match="G99"):
        list(matrix_blocks(snapshot, "covariance", ["G0", "G99"]))


def shrunk(values: Matrix, shrinkage: float) -> Snapshot:
    """A version without pathways, whose base is the covariance of samples with its correlations shrunk to zero."""
    variances = values.var(axis=1, ddof=1)
    centred = values - values.mean(axis=1, keepdims=True)
    loadings = centred * np.sqrt((1.0 - shrinkage) / (values.shape[1] - 1))
    base = FactorCovariance(shrinkage * variances, loadings)
    panel = Panel(tuple(f"G{number}" for number in range(len(values))))
    return build_snapshot(panel, anchor_of(base), [], np.sqrt(variances))


@pytest.mark.parametrize("shrinkage", [0.01, 0.5, 0.99])
@pytest.mark.parametrize("genes", [None, ["G29", "G0", "G7"]])
def test_the_samples_own_matrices_are_those_of_numpy(
    shrinkage: float, genes: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.random.default_rng(2).standard_normal((GENES, 8)) * np.linspace(0.1, 10.0, GENES)[:, None]
    snapshot = shrunk(values, shrinkage)
    monkeypatch.setattr(covariance_module, "BLOCK_BYTES", 8 * GENES * 7)
    rows = snapshot.panel.locate(range(GENES) if genes is None else genes)
    own = np.vstack(list(sample_blocks(snapshot, shrinkage, genes)))
    np.testing.assert_allclose(own, np.corrcoef(values)[np.ix_(rows, rows)], atol=1e-12)
    own = np.vstack(list(sample_blocks(snapshot, shrinkage, genes, variances=values.var(axis=1, ddof=1))))
    np.testing.assert_allclose(own, np.cov(values)[np.ix_(rows, rows)], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("shrinkage", [0.1, 0.3, 0.7, 0.99])
def test_genes_that_are_multiples_of_each_other_have_no_correlation_beyond_one(shrinkage: float) -> None:
    values = np.random.default_rng(3).standard_normal(9) * np.random.default_rng(4).standard_normal((GENES, 1))
    (own,) = sample_blocks(shrunk(values, shrinkage), shrinkage)
    assert np.abs(own).max() <= 1.0
    np.testing.assert_allclose(np.abs(own), 1.0, rtol=1e-12)
    with pytest.raises(EngineError, match="none is above 1"):
        list(sample_blocks(shrunk(values, shrinkage), 0.5 + shrinkage / 2))


@pytest.mark.parametrize("shrinkage", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_variances_are_as_before_they_were_shrunk_and_zero_where_they_were(shrinkage: float) -> None:
    for seed in range(20):
        before = np.random.default_rng(seed).gamma(2.0, size=31)
        before[:5], before[5] = 0.0, 1e-9
        variances = np.square(np.sqrt(shrinkage * np.median(before) + (1.0 - shrinkage) * before))
        unshrunk = unshrunk_variances(variances, shrinkage)
        assert np.array_equal(unshrunk == 0.0, before == 0.0)
        np.testing.assert_allclose(unshrunk, before, rtol=1e-10, atol=1e-13)
