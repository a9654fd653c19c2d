"""The inverse by tiles and in place, against `numpy.linalg.inv`: numbers, bits, memory, refusals and interruptions."""

from __future__ import annotations

import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.engine.errors import NotPositiveDefinite, ShapeError
from grnledger.engine.network.dense import least_eigenvalue, tiled_inverse
from grnledger.engine.network.inversion import invert, invert_in_place

if TYPE_CHECKING:
    from numpy.typing import NDArray

EPS = float(np.finfo(np.float64).eps)


def covariance(genes: int, condition: float = 1e3, seed: int = 0) -> NDArray[np.float64]:
    axes = np.linalg.qr(np.random.default_rng([genes, seed]).standard_normal((genes, genes)))[0]
    product = (axes * condition ** -np.linspace(0.0, 1.0, genes)) @ axes.T
    return (product + product.T) / 2


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled_inverse, "SIDE", 7)


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("genes", [1, 2, 6, 7, 8, 13, 14, 15, 50])
@pytest.mark.parametrize("condition", [1e1, 1e5, 1e9])
def test_both_matrices_stand_in_one_array(genes: int, condition: float) -> None:
    sigma = covariance(genes, condition)
    if genes > 3 and condition == 1e1:
        sigma[0, 2] = sigma[2, 0] = -0.0
    array, indices = sigma.copy(), np.arange(genes)
    inverse = invert_in_place(array)
    theta = inverse.precision.rows(indices)
    truth = np.linalg.inv(sigma)
    assert np.abs(theta - truth).max() <= 100 * EPS * np.linalg.cond(sigma) * np.abs(truth).max()
    assert theta.tobytes() == np.ascontiguousarray(theta.T).tobytes()
    assert inverse.covariance.rows(indices).tobytes() == sigma.tobytes()
    assert inverse.log_det == pytest.approx(np.linalg.slogdet(sigma)[1], rel=1e-9, abs=1e-9)
    np.testing.assert_array_equal(inverse.precision.diagonal(), np.diagonal(theta))
    apart = invert(sigma)
    assert apart.precision.rows(indices).tobytes() == theta.tobytes()
    assert apart.log_det == inverse.log_det


@pytest.mark.usefixtures("small_tiles")
def test_the_number_of_threads_does_not_change_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    sigma, answers = covariance(90), set[bytes]()
    for cores in (1, 2, 3, 8):
        monkeypatch.setattr(tiled_inverse, "cores", lambda cores=cores: cores)
        answers.add(invert_in_place(sigma.copy()).precision.rows(np.arange(90)).tobytes())
    assert len(answers) == 1


def test_a_residual_is_as_small_as_that_of_lapack() -> None:
    sigma = covariance(900, 1e7)
    residual = np.linalg.norm(sigma @ invert(sigma).precision.rows(np.arange(900)) - np.eye(900))
    assert residual <= 10 * np.linalg.norm(sigma @ np.linalg.inv(sigma) - np.eye(900))


def test_no_second_matrix_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled_inverse, "SIDE", 32)
    sigma = covariance(700)
    tracemalloc.start()
    try:
        inverse = invert_in_place(sigma)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.3 * sigma.nbytes
    assert inverse.precision.shape == (700, 700)


@pytest.mark.usefixtures("small_tiles")
def test_progress_goes_from_nothing_to_all() -> None:
    shares: list[float] = []
    invert_in_place(covariance(60), shares.append)
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.1
    assert shares[-1] == pytest.approx(1.0)


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("after", [1, 10, 20])
def test_an_interruption_ends_it_and_leaves_no_thread(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    monkeypatch.setattr(tiled_inverse, "cores", lambda: 3)
    shares: list[float] = []

    def progress(share: float) -> None:
        shares.append(share)
        if len(shares) == after:
            raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        invert_in_place(covariance(60), progress)
    assert len(shares) == after
    assert threading.active_count() == before


@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("decomposed", [1_000, 2])
@pytest.mark.parametrize("genes", [20, 21, 60])
@pytest.mark.parametrize("kind", ["one direction", "many", "first gene", "late gene", "diagonal"])
def test_what_is_no_covariance_is_refused_by_its_smallest_eigenvalue(
    monkeypatch: pytest.MonkeyPatch, decomposed: int, genes: int, kind: str
) -> None:
    monkeypatch.setattr(least_eigenvalue, "LARGEST_DECOMPOSED", decomposed)
    sigma = covariance(genes, 10.0)
    if kind == "one direction":
        direction = np.random.default_rng(3).standard_normal(genes)
        sigma -= 2.0 * np.outer(direction, direction) / (direction @ direction)
    elif kind == "many":
        sigma -= 0.5 * np.eye(genes)
    elif kind == "first gene":
        sigma[0, 0] = -1.0
    elif kind == "late gene":
        sigma[-2, -2] = -1.0
    else:  # where the factor ends, the direction is an eigenvector, but of another eigenvalue
        sigma = np.diag(np.linspace(1.0, 2.0, genes))
        sigma[3, 3], sigma[-1, -1] = -1.0, -4.0
    smallest = float(np.linalg.eigvalsh(sigma)[0])
    shown: list[float] = []
    direction_of = tiled_inverse._direction

    def seen(*arguments: Any) -> NDArray[np.float64]:
        direction = direction_of(*arguments)
        shown.append(direction @ sigma @ direction)
        return direction

    monkeypatch.setattr(tiled_inverse, "_direction", seen)
    for refuses in (invert, invert_in_place):
        with pytest.raises(NotPositiveDefinite, match="its smallest eigenvalue is -") as caught:
            refuses(sigma.copy())
        assert caught.value.eigenvalue == pytest.approx(smallest, rel=1e-5)
        assert caught.value.code == "singular-covariance"
    assert max(shown) < 0.0


@pytest.mark.usefixtures("small_tiles")
def test_an_eigenvalue_that_is_not_found_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(least_eigenvalue, "LARGEST_DECOMPOSED", 2)
    monkeypatch.setattr(least_eigenvalue, "MOST_PRODUCTS", 2)
    sigma = covariance(60, 10.0) - 0.5 * np.eye(60)
    smallest = float(np.linalg.eigvalsh(sigma)[0])
    with pytest.raises(NotPositiveDefinite, match="its smallest eigenvalue is at most -") as caught:
        invert_in_place(sigma)
    assert smallest <= caught.value.eigenvalue < 0


@pytest.mark.usefixtures("small_tiles")
def test_a_singular_covariance_is_refused() -> None:
    half = np.random.default_rng(5).standard_normal((40, 20))
    product = half @ half.T
    with pytest.raises(NotPositiveDefinite) as caught:
        invert_in_place((product + product.T) / 2 - 1e-13 * np.eye(40))
    assert abs(caught.value.eigenvalue) < 1e-12


def test_an_array_that_is_not_square_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(3, 2\)"):
        invert_in_place(np.ones((3, 2)))
