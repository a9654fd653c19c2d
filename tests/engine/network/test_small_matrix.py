"""The small matrix of a version by every way to it: against dense algebra, and bit for bit between equal sets."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Literal

import numpy as np
import pytest
from grnledger.engine.errors import EngineError, NotPositiveDefinite
from grnledger.engine.network import anchor as anchor_module, capacitance as capacitance_module
from grnledger.engine.network.anchor import Anchor, Diagonal, KnownProducts, anchor_of
from grnledger.engine.network.capacitance import Capacitance, factor
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.inversion import invert
from grnledger.engine.network.pathway import Pathway
from loadings import drawn_pathways
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Matrix = NDArray[np.float64]

GENES = 60


@pytest.fixture(params=[0, GENES * 20, 1 << 20], ids=["sparse", "by rank", "small panel"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Multiply columns as sparse ones, or as dense ones, as those of a small panel are, or by their number."""
    monkeypatch.setattr(anchor_module, "SMALL_PANEL", request.param)


@pytest.fixture(params=["numpy", "lapack"])
def _library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Factor small matrices as NumPy does, or as large ones are."""
    monkeypatch.setattr(capacitance_module, "LARGEST_SMALL", 1_000 if request.param == "numpy" else 0)


def factor_model(factors: int = 4, genes: int = GENES, seed: int = 1) -> FactorCovariance:
    rng = np.random.default_rng([seed, factors])
    return FactorCovariance(rng.uniform(0.5, 1.5, genes), rng.standard_normal((genes, factors)))


def dense_columns(pathways: Sequence[Pathway], deviations: Matrix) -> Matrix:
    """X F^½, formed gene by gene."""
    blocks = [np.empty((len(deviations), 0))]
    for pathway in pathways:
        whole = np.zeros((len(deviations), pathway.rank))
        scale = deviations if pathway.units == "sd" else np.ones(len(deviations))
        root = np.eye(pathway.rank) if pathway.covariance is None else np.linalg.cholesky(pathway.covariance)
        whole[pathway.genes] = (scale[pathway.genes, None] * pathway.loadings) @ root
        blocks.append(whole)
    return np.hstack(blocks)


def truth_of(base: FactorCovariance, pathways: Sequence[Pathway]) -> tuple[Matrix, Matrix]:
    """J + UᵀA⁻¹U and the signs on the diagonal of J, by dense algebra."""
    columns = np.hstack([base.columns(), dense_columns(pathways, base.standard_deviations())])
    signs = [float(pathway.sign) for pathway in pathways for _ in pathway.names]
    signature = np.array([1.0] * base.columns().shape[1] + signs)
    return np.diag(signature) + columns.T @ (columns / base.noise[:, None]), signature


def known_of(before: Capacitance, old: Sequence[Pathway], new: Sequence[Pathway]) -> KnownProducts | None:
    """What is known of a version from another, by the names of the columns."""
    where = {name: index for index, name in enumerate(name for pathway in old for name in pathway.names)}
    if before.products is None:
        return None
    indices = [where.get(name, -1) for pathway in new for name in pathway.names]
    return KnownProducts(before.products, np.array(indices, dtype=np.intp))


def bits(parts: Capacitance) -> bytes:
    return parts.triangle.tobytes() + np.array([parts.guard, parts.log_det]).tobytes()


@pytest.mark.usefixtures("_way", "_library")
@pytest.mark.parametrize("factors", [0, 1, 4, 70])
@pytest.mark.parametrize(("added", "removed"), [(0, 0), (1, 0), (5, 0), (25, 0), (0, 3), (12, 7)])
def test_a_version_is_factored_as_dense_algebra_has_it(factors: int, added: int, removed: int) -> None:
    base = factor_model(factors)
    pathways = drawn_pathways(added, GENES, 7, seed=2)
    pathways += drawn_pathways(removed, GENES, 5, seed=3, size=0.05, sign=-1)
    anchor = anchor_of(base)
    parts = factor(anchor, pathways, base.standard_deviations())
    small, signature = truth_of(base, pathways)
    np.testing.assert_array_equal(parts.signature, signature)
    np.testing.assert_array_equal(np.triu(parts.triangle, 1), 0.0)
    product = (parts.triangle * signature) @ parts.triangle.T
    np.testing.assert_allclose(product, small, rtol=0, atol=1e-13 * max(1.0, float(np.abs(small).max(initial=0.0))))
    assert (parts.products is not None) == anchor.has_products(len(small))
    if parts.products is not None:  # they are not what was factored in place
        rows = np.tril(small)[factors:]
        largest = float(np.abs(rows).max(initial=1.0))
        np.testing.assert_allclose(np.tril(parts.products, factors), rows, rtol=0, atol=1e-12 * largest)
    columns = np.hstack([base.columns(), dense_columns(pathways, base.standard_deviations())])
    covariance = np.diag(base.noise) + (columns * signature) @ columns.T
    np.testing.assert_allclose(parts.log_det, np.linalg.slogdet(covariance)[1], rtol=1e-10)


@pytest.mark.usefixtures("_way", "_library")
@pytest.mark.parametrize("runs", [0, 64])
def test_equal_sets_have_equal_bits_whatever_was_read_before(runs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchor_module, "MOST_RUNS", runs)  # block by block, or number by number
    base = factor_model()
    deviations, anchor = base.standard_deviations(), anchor_of(base)
    everything = drawn_pathways(24, GENES, 6, seed=4) + drawn_pathways(6, GENES, 4, seed=5, size=0.04, sign=-1)
    rng = np.random.default_rng(6)
    before: tuple[list[Pathway], Capacitance] = [], factor(anchor, [], deviations)
    shares = [0.0, 0.05, 0.1, 0.5, 0.9, 0.95, 1.0, 0.97, 0.0, 1.0, 1.0, 0.2]
    for share, first in itertools.product(shares, [True, False]):
        kept = rng.random(len(everything)) < share
        kept[0] = first  # a new one before the first that is known, too
        chosen = [pathway for pathway, keep in zip(everything, kept, strict=True) if keep]
        cold = factor(anchor_of(base), chosen, deviations)
        warm = factor(anchor, chosen, deviations, known_of(before[1], before[0], chosen))
        assert bits(warm) == bits(cold)
        before = chosen, warm


def test_what_is_known_is_taken_over_and_in_another_order_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchor_module, "SMALL_PANEL", 0)
    base = factor_model()
    deviations, anchor, pathways = base.standard_deviations(), anchor_of(base), drawn_pathways(6, GENES, 8, seed=7)
    before, cold = (factor(anchor, chosen, deviations) for chosen in (pathways[:4], pathways))
    known = known_of(before, pathways[:4], pathways)
    assert known is not None
    wrong = KnownProducts(1.001 * known.products, known.indices)
    assert bits(factor(anchor, pathways, deviations, wrong)) != bits(cold)
    turned = pathways[::-1]
    after = factor(anchor, turned, deviations, known_of(before, pathways[:4], turned))
    assert bits(after) == bits(factor(anchor, turned, deviations))


@pytest.mark.parametrize("columns", [3, 30])
def test_nothing_of_other_genes_is_read(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchor_module, "SMALL_PANEL", 0)
    base, touched = factor_model(genes=500), np.arange(100, 160)
    pathways = drawn_pathways(columns, 500, 9, seed=8, among=touched)
    whole = anchor_of(base)
    others = np.setdiff1d(np.arange(500), touched)

    def spoilt(values: Matrix) -> Matrix:
        copy = values.copy()
        copy[others] = np.nan
        return copy

    anchor = Anchor(
        Diagonal(spoilt(base.noise)), Diagonal(spoilt(1.0 / base.noise)), spoilt(whole.columns), whole.inner, 0.0
    )
    deviations = base.standard_deviations()
    expected = factor(whole, pathways, deviations)
    cold = factor(anchor, pathways, spoilt(deviations))
    assert cold.triangle.tobytes() == expected.triangle.tobytes()
    before = factor(anchor, pathways[2:], spoilt(deviations))
    warm = factor(anchor, pathways, spoilt(deviations), known_of(before, pathways[2:], pathways))
    assert warm.triangle.tobytes() == expected.triangle.tobytes()


def test_a_panel_is_small_by_all_of_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    base = factor_model()
    for most, small in ((0, False), (GENES * 9 - 1, False), (GENES * 9, True), (1 << 20, True)):
        monkeypatch.setattr(anchor_module, "SMALL_PANEL", most)
        assert anchor_of(base).has_products(9) == (not small)
        assert anchor_of(invert(np.eye(GENES))).has_products(9) is False


def test_products_rounded_in_another_way_are_not_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    base, pathways = factor_model(), drawn_pathways(9, GENES, 9, seed=10)
    rank = sum(pathway.rank for pathway in pathways)
    monkeypatch.setattr(anchor_module, "SMALL_PANEL", GENES * (4 + rank) - 1)
    anchor = anchor_of(base)
    assert factor(anchor, pathways[:-1], base.standard_deviations()).products is None
    assert factor(anchor, pathways, base.standard_deviations()).products is not None


@pytest.mark.usefixtures("_way", "_library")
@pytest.mark.parametrize("size", [1e9, 1e12, 1e160])
@pytest.mark.parametrize("sign", [1, -1])
def test_loadings_without_measure_are_refused(size: float, sign: Literal[1, -1]) -> None:
    base = factor_model()
    huge = [Pathway((f"u{number}",), np.arange(5), np.full((5, 1), size), sign) for number in range(2)]
    with pytest.raises(EngineError, match=r"loadings|smallest eigenvalue") as refused:
        factor(anchor_of(base), [*drawn_pathways(3, GENES, 5, seed=11), *huge], base.standard_deviations())
    assert isinstance(refused.value, NotPositiveDefinite) == (sign < 0 and size < 1e100)


@pytest.mark.usefixtures("_library")
def test_a_matrix_of_rounding_is_refused_as_loadings_that_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacitance_module, "LARGEST_TRACE", np.inf)
    base = FactorCovariance(np.ones(4), np.empty((4, 0)))
    copies = [
        Pathway((f"u{number}",), np.arange(4), np.array([[1.0], [1.1], [1.3], [0.7]]) * 1e12) for number in range(4)
    ]
    with pytest.raises(EngineError, match="loadings are too large"):
        factor(anchor_of(base), copies, base.standard_deviations())


@pytest.mark.parametrize("sign", [1, -1])
def test_more_columns_than_a_small_matrix_is_made_of_are_refused_before_it_is_made(
    monkeypatch: pytest.MonkeyPatch, sign: Literal[1, -1]
) -> None:
    monkeypatch.setattr(capacitance_module, "MOST_COLUMNS", 9)
    base = factor_model(factors=4)
    anchor, deviations = anchor_of(base), base.standard_deviations()
    pathways = [Pathway((f"S{index}",), np.arange(3), np.full((3, 1), 0.01), sign) for index in range(6)]
    assert len(factor(anchor, pathways[:5], deviations).signature) == 9
    with pytest.raises(EngineError, match="at most 9 columns, and this one has 6 columns of pathways beside 4 factors"):
        factor(anchor, pathways, deviations)
