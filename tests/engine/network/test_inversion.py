"""The update identities and the full inversion against dense algebra."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.engine.errors import EngineError, NotPositiveDefinite, ShapeError
from grnledger.engine.network.inversion import invert, matrix_inversion_lemma, mirror, sherman_morrison, woodbury
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

Matrix = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)

C = 8.0
"""An inverse is right to C·eps·cond. Direct inversion itself errs by about eps·cond; the largest error over these cases
was 1·eps·cond, so another BLAS has room, and a wrong term has none: it errs by more than 1 at condition 10."""

CASES = [
    *itertools.product([2, 3, 10, 60], [1, 3, 10, 60], [1e1, 1e3, 1e5, 1e8]),
    *itertools.product([200], [1, 60], [1e1, 1e5, 1e8]),
    *itertools.product([600], [10, 60], [1e8]),
]

properties = settings(max_examples=60, derandomize=True, deadline=None)


def covariance_of(genes: int, condition: float, rng: np.random.Generator) -> Matrix:
    """A covariance of random axes whose eigenvalues run evenly, on a log scale, from 1 down to 1/condition."""
    axes = np.linalg.qr(rng.standard_normal((genes, genes)))[0]
    product = (axes * np.logspace(0.0, -np.log10(condition), genes)) @ axes.T
    return (product + product.T) / 2


def loadings_of(genes: int, rank: int, rng: np.random.Generator) -> Matrix:
    """Columns that touch about half of the genes, of sizes from .01 to 1."""
    touched = rng.random((genes, rank)) < 0.5
    touched[rng.integers(genes, size=rank), np.arange(rank)] = True
    return rng.standard_normal((genes, rank)) * touched * 10.0 ** rng.uniform(-2.0, 0.0, rank)


def condition_of(*covariances: Matrix) -> float:
    """The largest eigenvalue over the smallest one, of all that an inversion passes through."""
    eigenvalues = np.concatenate([np.linalg.eigvalsh(covariance) for covariance in covariances])
    return float(eigenvalues.max() / eigenvalues.min())


def error(actual: NDArray[Any], truth: NDArray[Any]) -> float:
    return float(np.linalg.norm(actual - truth, 2) / np.linalg.norm(truth, 2))


@pytest.mark.parametrize(("genes", "rank", "condition"), CASES)
def test_woodbury_is_the_dense_inverse_and_symmetric_to_the_last_bit(genes: int, rank: int, condition: float) -> None:
    rng = np.random.default_rng([genes, rank, int(condition)])
    before = covariance_of(genes, condition, rng)
    loadings = loadings_of(genes, rank, rng)
    after = before + loadings @ loadings.T
    actual = woodbury(symmetric_inverse(before), loadings)
    assert error(actual, np.linalg.inv(after)) <= C * EPS * condition_of(before, after)
    np.testing.assert_array_equal(actual, actual.T)


def symmetric_inverse(covariance: Matrix) -> Matrix:
    inverse = np.linalg.inv(covariance)
    return (inverse + inverse.T) / 2


def test_woodbury_accepts_one_pathway_as_a_vector_or_as_a_column() -> None:
    rng = np.random.default_rng(1)
    precision, loadings = symmetric_inverse(covariance_of(9, 10.0, rng)), rng.standard_normal(9)
    np.testing.assert_array_equal(woodbury(precision, loadings), woodbury(precision, loadings[:, None]))


def test_woodbury_does_not_change_its_arguments() -> None:
    rng = np.random.default_rng(2)
    precision, loadings = symmetric_inverse(covariance_of(9, 10.0, rng)), rng.standard_normal((9, 2))
    copies = precision.copy(), loadings.copy()
    woodbury(precision, loadings)
    np.testing.assert_array_equal(precision, copies[0])
    np.testing.assert_array_equal(loadings, copies[1])


@properties
@given(
    genes=st.integers(2, 25),
    rank=st.integers(1, 12),
    sizes=st.tuples(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0)),
    seed=st.integers(0, 2**32 - 1),
)
def test_woodbury_holds_for_loadings_of_every_size(
    genes: int, rank: int, sizes: tuple[float, float], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    before = covariance_of(genes, 100.0, rng)
    loadings = rng.standard_normal((genes, rank)) * 10.0 ** rng.uniform(min(sizes), max(sizes), rank)
    after = before + loadings @ loadings.T
    actual = woodbury(symmetric_inverse(before), loadings)
    assert error(actual, np.linalg.inv(after)) <= C * EPS * condition_of(before, after)


@pytest.mark.parametrize(("genes", "rank", "condition"), [(5, 2, 1e1), (60, 10, 1e3), (200, 5, 1e5)])
def test_pathways_one_at_a_time_by_sherman_morrison_are_all_at_once_by_woodbury(
    genes: int, rank: int, condition: float
) -> None:
    rng = np.random.default_rng([genes, rank])
    before = covariance_of(genes, condition, rng)
    loadings = loadings_of(genes, rank, rng)
    precision = symmetric_inverse(before)
    actual = precision
    for column in loadings.T:
        actual = sherman_morrison(actual, column, column)
    scale = C * EPS * condition_of(before, before + loadings @ loadings.T)
    assert error(actual, woodbury(precision, loadings)) <= scale


@pytest.mark.parametrize("size", [2, 3, 10, 60, 200])
@pytest.mark.parametrize("condition", [1e1, 1e3, 1e5, 1e8])
def test_sherman_morrison_is_the_dense_inverse_of_a_matrix_that_need_not_be_symmetric(
    size: int, condition: float
) -> None:
    rng = np.random.default_rng([size, int(condition)])
    matrix = general(size, condition, rng)
    u, v = rng.standard_normal(size), rng.standard_normal(size)
    inverse = np.linalg.inv(matrix).astype(np.float64)
    pivot = abs(1.0 + v @ inverse @ u) / (1.0 + np.linalg.norm(v) * np.linalg.norm(inverse @ u))
    after = matrix + np.outer(u, v)
    actual = sherman_morrison(inverse, u, v)
    assert error(actual, np.linalg.inv(after)) <= C * EPS * (np.linalg.cond(matrix) + np.linalg.cond(after)) / pivot


def general(size: int, condition: float, rng: np.random.Generator) -> Matrix:
    """A matrix with random singular vectors and singular values from 1 down to 1/condition."""
    left, right = (np.linalg.qr(rng.standard_normal((size, size)))[0] for _ in range(2))
    return (left * np.logspace(0.0, -np.log10(condition), size)) @ right


@pytest.mark.parametrize("size", [2, 3, 10, 60, 200])
@pytest.mark.parametrize("rank", [1, 3, 10, 60])
@pytest.mark.parametrize("condition", [1e1, 1e4])
def test_the_lemma_is_the_inverse_of_the_schur_complement_for_any_four_blocks(
    size: int, rank: int, condition: float
) -> None:
    rng = np.random.default_rng([size, rank, int(condition)])
    e, h = general(size, condition, rng), general(rank, condition, rng)
    f, g = rng.standard_normal((size, rank)), rng.standard_normal((rank, size))
    actual = matrix_inversion_lemma(e, f, h, g)
    inner = h - g @ np.linalg.inv(e) @ f
    scale = max(
        np.linalg.cond(e) * np.linalg.cond(inner), np.linalg.cond(h) * np.linalg.cond(e - f @ np.linalg.inv(h) @ g)
    )
    assert error(actual, np.linalg.inv(e - f @ np.linalg.inv(h) @ g)) <= C * EPS * scale
    block = np.linalg.inv(np.block([[e, f], [g, h]]))[:size, :size]
    assert error(actual, block) <= C * EPS * scale


def test_the_lemma_with_minus_one_as_h_is_woodbury() -> None:
    rng = np.random.default_rng(3)
    covariance, loadings = covariance_of(40, 1e3, rng), loadings_of(40, 6, rng)
    actual = matrix_inversion_lemma(covariance, loadings, -np.eye(6), loadings.T)
    assert error(actual, woodbury(symmetric_inverse(covariance), loadings)) <= C * EPS * 1e3 * 10


def test_no_pathways_at_all_leave_the_inverse_as_it_was() -> None:
    covariance = covariance_of(5, 10.0, np.random.default_rng(7))
    precision = symmetric_inverse(covariance)
    none = np.empty((5, 0))
    np.testing.assert_array_equal(woodbury(precision, none), precision)
    assert error(matrix_inversion_lemma(covariance, none, np.empty((0, 0)), none.T), precision) <= C * EPS * 10.0


@properties
@given(size=st.integers(2, 20), scale=st.floats(-3.0, 1.0), seed=st.integers(0, 2**32 - 1))
def test_sherman_morrison_undoes_itself_as_far_as_the_digits_go(size: int, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    covariance = covariance_of(size, 10.0, rng)
    inverse, u = symmetric_inverse(covariance), rng.standard_normal(size) * 10.0**scale
    there_and_back = sherman_morrison(sherman_morrison(inverse, u, u), -u, u)
    gain = 1.0 + float(u @ inverse @ u)  # the way back subtracts it from 1 and divides by what is left
    assert error(there_and_back, inverse) <= C * EPS * gain**2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: woodbury(np.eye(3), np.ones((4, 1))), r"\(3, 3\).*\(4, 1\)"),
        (lambda: sherman_morrison(np.eye(3), np.ones(4), np.ones(3)), r"\(4,\)"),
        (lambda: sherman_morrison(np.ones((3, 2)), np.ones(3), np.ones(3)), r"\(3, 2\)"),
        (lambda: matrix_inversion_lemma(np.eye(3), np.ones((3, 1)), np.eye(2), np.ones((2, 3))), r"\(3, 1\)"),
        (lambda: matrix_inversion_lemma(np.eye(3), np.ones((3, 2)), np.eye(2), np.ones((3, 2))), r"\(3, 2\)"),
        (lambda: invert(np.ones((3, 2))), r"\(3, 2\)"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_with_their_shapes(call: Callable[[], object], words: str) -> None:
    with pytest.raises(ShapeError, match=words):
        call()


def test_woodbury_refuses_a_precision_that_is_not_positive_definite() -> None:
    with pytest.raises(NotPositiveDefinite, match="precision"):
        woodbury(np.diag([1.0, -1.0]), np.array([0.0, 2.0]))


@pytest.mark.parametrize("singular", [np.array([[1.0, 2.0], [2.0, 4.0]]), np.zeros((1, 1))])
def test_the_lemma_refuses_a_singular_e_or_schur_complement_and_names_it(singular: Matrix) -> None:
    assert_refused(singular)


@pytest.mark.parametrize("size", [3, 20])
def test_the_lemma_refuses_what_is_singular_to_working_precision_though_no_pivot_is_zero(size: int) -> None:
    rng = np.random.default_rng(size)
    thin = rng.standard_normal((size, size - 1))
    assert_refused(thin @ rng.standard_normal((size - 1, size)))


def assert_refused(singular: Matrix) -> None:
    identity, none = np.eye(len(singular)), np.zeros(singular.shape)
    with pytest.raises(EngineError, match=r"^E is singular"):
        matrix_inversion_lemma(singular, identity, identity, identity)
    with pytest.raises(EngineError, match=r"^H − G E⁻¹F is singular"):
        matrix_inversion_lemma(identity, none, singular, none)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_sherman_morrison_refuses_a_term_that_leaves_a_singular_matrix(size: float) -> None:
    rng = np.random.default_rng(4)
    u = rng.standard_normal(6) * size
    inverse = symmetric_inverse(covariance_of(6, 10.0, rng))
    with pytest.raises(EngineError, match="singular"):
        sherman_morrison(inverse, u, -u / float(u @ inverse @ u))


@pytest.mark.parametrize("genes", [2, 10, 60, 600])
@pytest.mark.parametrize("condition", [1e1, 1e5, 1e8])
def test_a_full_inversion_has_the_dense_inverse_and_the_log_determinant(genes: int, condition: float) -> None:
    covariance = covariance_of(genes, condition, np.random.default_rng([genes, int(condition)]))
    copy = covariance.copy()
    actual = invert(covariance)
    precision = actual.precision.rows(np.arange(genes))
    scale = C * EPS * condition_of(covariance)
    assert error(precision, np.linalg.inv(copy)) <= scale
    np.testing.assert_array_equal(precision, precision.T)
    np.testing.assert_allclose(actual.log_det, np.linalg.slogdet(copy)[1], rtol=C * EPS, atol=scale)
    np.testing.assert_array_equal(actual.covariance.rows(np.arange(genes)), copy)
    assert not covariance.flags.writeable


def test_only_the_lower_triangle_of_a_covariance_counts_for_its_inverse() -> None:
    covariance = covariance_of(7, 10.0, np.random.default_rng(5))
    lower = np.tril(covariance)
    np.testing.assert_array_equal(
        invert(lower).precision.rows(np.arange(7)), invert(covariance).precision.rows(np.arange(7))
    )


@pytest.mark.parametrize("smallest", [0.0, -1e-3, -2.0])
def test_a_full_inversion_refuses_what_is_no_covariance_and_names_the_eigenvalue(smallest: float) -> None:
    axes = np.linalg.qr(np.random.default_rng(6).standard_normal((8, 8)))[0]
    covariance = (axes * np.array([smallest, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0])) @ axes.T
    covariance = (covariance + covariance.T) / 2 - (1e-14 * np.eye(8) if smallest == 0.0 else 0.0)
    with pytest.raises(NotPositiveDefinite) as refused:
        invert(covariance)
    np.testing.assert_allclose(refused.value.eigenvalue, smallest, atol=1e-12)
    assert f"{refused.value.eigenvalue:.6g}" in refused.value.message
    assert refused.value.code == "singular-covariance"
    assert float(refused.value.facts["ridge"]) == pytest.approx(-refused.value.eigenvalue, rel=1e-2, abs=1e-15)


@pytest.mark.parametrize("size", [1, 2, 511, 512, 513, 1100])
def test_mirroring_copies_the_lower_triangle_onto_the_upper_across_every_block(size: int) -> None:
    matrix = np.arange(size * size, dtype=np.float64).reshape(size, size)
    expected = np.tril(matrix) + np.tril(matrix, -1).T
    mirror(matrix)
    np.testing.assert_array_equal(matrix, expected)
