"""The solver of KL-NMF against the dumb truth: the divergence written out, and multiplicative updates."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.mapping import Threads
from grnledger.engine.nmf import (
    Factorization,
    fit,
    fit_each,
    fit_symmetric,
    multiplicative,
    observe,
    observe_symmetric,
    rank_survey,
    speckled,
    transform,
)
from grnledger.engine.nmf.solvers import descent, kernels, solver
from grnledger.engine.nmf.solvers.multiplicative import divergence
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

Matrix = NDArray[np.float64]

properties = settings(max_examples=60, derandomize=True, deadline=None)


def counts(genes: int, samples: int, modules: int, depth: float, seed: int) -> Matrix:
    """Poisson counts of a planted factorization: every gene in one module, some in two; `depth` counts a gene."""
    rng = np.random.default_rng(seed)
    home = rng.integers(0, modules, genes)
    weights = np.zeros((genes, modules))
    weights[np.arange(genes), home] = rng.uniform(0.5, 1.5, genes)
    two = rng.choice(genes, genes // 10, replace=False)
    weights[two, (home[two] + 1) % modules] += 0.5
    usage = rng.dirichlet(np.ones(modules), samples).T
    mean = weights @ usage
    return rng.poisson(depth * mean / mean.mean()).astype(np.float64)


def written_out(values: Matrix, fitted: Factorization, held_out: NDArray[np.bool_] | None = None) -> float:
    seen = ~np.isnan(values) if held_out is None else ~np.isnan(values) & ~held_out
    return divergence(np.nan_to_num(values), fitted.modules @ fitted.usage, seen)


FORMS = ("dense", "sparse")


def as_form(values: Matrix, form: str) -> Matrix | csr_array:
    return csr_array(values) if form == "sparse" else values


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("holes", ["none", "held out", "missing"])
@pytest.mark.parametrize("depth", [0.2, 30.0])
def test_the_divergence_is_that_of_the_factors_over_what_was_observed(
    depth: float, holes: str, form: str, dtype: type
) -> None:
    values = counts(60, 40, 3, depth, seed=1)
    values[:3] = 1.0  # no row or column of zeros alone
    values[:, :3] = 1.0
    mask = speckled(values, 0.15, seed=2).toarray()
    if holes == "missing":
        values[mask] = np.nan
    observed = observe(as_form(values, form), held_out=mask if holes == "held out" else None, dtype=dtype)
    assert observed.rows.is_sparse == (depth == 0.2)
    fitted = fit(observed, 3, seed=4, tolerance=1e-6)
    expected = written_out(values, fitted, mask if holes == "held out" else None)
    assert fitted.divergence == pytest.approx(expected, rel=1e-6 if dtype == np.float32 else 1e-12)
    np.testing.assert_allclose(fitted.modules.sum(axis=0), 1.0, rtol=1e-6)


@properties
@given(
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    rank=st.integers(1, 4),
    filled=st.floats(0.1, 1.0),
    held=st.sampled_from([0.0, 0.2]),
    size=st.floats(-6.0, 9.0),
    double=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_the_divergence_never_rises_whatever_the_matrix(
    shape: tuple[int, int], rank: int, filled: float, held: float, size: float, double: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.gamma(0.5, size=shape) * (rng.random(shape) < filled) * 10.0**size
    held_out = rng.random(shape) < held
    held_out[held_out.all(axis=1), 0] = False
    held_out[0, held_out.all(axis=0)] = False
    if not values[~held_out].any():
        return
    observed = observe(values, held_out=held_out, dtype=np.float64 if double else np.float32)
    fitted = fit(observed, min(rank, *shape), seed=seed % 100, tolerance=1e-9, most_sweeps=300)
    assert np.all(np.isfinite(fitted.modules))
    assert np.all(np.isfinite(fitted.usage))
    assert np.all(fitted.modules >= 0)
    total = float(values[~held_out].sum())
    assert np.all(
        np.diff(fitted.trace) <= 1e-7 * fitted.trace[:-1] + 1e-9 * total
    )  # a perfect fit is 0 but for rounding
    assert fitted.divergence == pytest.approx(written_out(values, fitted, held_out), rel=1e-5, abs=1e-6 * total)


@pytest.mark.parametrize("form", FORMS)
def test_it_ends_where_multiplicative_updates_would_in_hundreds_of_sweeps(form: str) -> None:
    values = counts(80, 50, 4, 20.0, seed=3)
    rng = np.random.default_rng(5)
    start = rng.uniform(0.1, 1.0, (80, 4)), rng.uniform(0.1, 1.0, (4, 50)) * values.mean()
    fitted = fit(observe(as_form(values, form), dtype=np.float64), 4, start=start, tolerance=1e-10)
    w, h, trace = multiplicative(values, *start, sweeps=3_000)
    assert fitted.converged
    assert fitted.seed is None
    assert fitted.divergence == pytest.approx(trace[-1], rel=1e-5)
    assert fitted.sweeps < 300
    np.testing.assert_allclose(fitted.modules @ fitted.usage, w @ h, atol=0.02 * values.mean())


def test_the_reference_never_rises_and_leaves_missing_values_out() -> None:
    values = counts(20, 15, 2, 10.0, seed=6)
    values[speckled(values, 0.2, seed=1).nonzero()] = np.nan
    rng = np.random.default_rng(7)
    start = rng.uniform(0.1, 1.0, (20, 2)), rng.uniform(1.0, 9.0, (2, 15))
    w, h, trace = multiplicative(values, *start, sweeps=4_000)
    assert np.all(np.diff(trace) <= 1e-12 * trace[:-1])
    fitted = fit(observe(values, dtype=np.float64), 2, start=start, tolerance=1e-10)
    assert fitted.divergence <= trace[-1] * (1 + 1e-6)
    np.testing.assert_allclose(fitted.modules @ fitted.usage, w @ h, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("form", FORMS)
def test_the_bits_do_not_depend_on_the_number_of_threads(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grnledger.engine.nmf.solvers.descent.LARGE", 0)
    observed = observe(as_form(counts(90, 70, 3, 0.3 if form == "sparse" else 5.0, seed=8), form))
    alone, among = (fit(observed, 3, seed=1, threads=threads) for threads in (1, 3))
    assert alone.modules.tobytes() == among.modules.tobytes()
    assert alone.usage.tobytes() == among.usage.tobytes()
    assert alone.trace.tobytes() == among.trace.tobytes()


def test_restarts_side_by_side_are_the_fits_that_each_seed_gives_alone() -> None:
    observed = observe(counts(50, 40, 3, 8.0, seed=9))
    done: list[None] = []
    together = fit_each(observed, 3, [5, 6, 7], mapper=Threads(2), progress=lambda: done.append(None), tolerance=1e-6)
    assert [factorization.seed for factorization in together] == [5, 6, 7]
    assert len(done) == 3
    for factorization in together:
        alone = fit(observed, 3, seed=expect(factorization.seed), tolerance=1e-6)
        assert factorization.modules.tobytes() == alone.modules.tobytes()


def expect(seed: int | None) -> int:
    assert seed is not None
    return seed


def test_sparse_and_dense_input_of_the_same_numbers_give_the_same_fit() -> None:
    for depth in (0.3, 10.0):
        values = counts(50, 40, 3, depth, seed=10)
        dense, sparse = (fit(observe(as_form(values, form)), 3, seed=2) for form in FORMS)
        assert dense.trace.tobytes() == sparse.trace.tobytes()


def test_a_planted_factorization_is_recovered() -> None:
    rng = np.random.default_rng(11)
    home = np.repeat([0, 1, 2], 20)
    modules = np.zeros((60, 3))
    modules[np.arange(60), home] = rng.uniform(0.5, 1.5, 60)
    modules /= modules.sum(axis=0)
    usage = rng.dirichlet(np.ones(3), 40).T * 1e4
    usage[:, :3] = 1e4 * np.eye(3)  # without pure samples others fit as well
    fitted = fit(observe(modules @ usage, dtype=np.float64), 3, tolerance=1e-9)
    order = [int(np.argmax(fitted.modules[home == module].sum(axis=0))) for module in range(3)]
    np.testing.assert_allclose(fitted.modules[:, order], modules, atol=2e-4)
    np.testing.assert_allclose(fitted.usage[order], usage, rtol=0.02, atol=20.0)
    assert fitted.residual < 1e-3


def test_rows_and_columns_of_zeros_get_factors_of_zero() -> None:
    values = counts(30, 20, 2, 10.0, seed=12)
    values[4], values[:, 7] = 0.0, 0.0
    fitted = fit(observe(values), 2)
    assert np.all(fitted.modules[4] * fitted.usage.sum(axis=1) < 1e-6)
    assert np.all(fitted.usage[:, 7] < 1e-6 * fitted.usage.max())


def test_a_fit_that_ran_out_of_sweeps_is_not_converged() -> None:
    observed = observe(counts(40, 30, 3, 10.0, seed=13))
    cut, whole = (fit(observed, 3, most_sweeps=most) for most in (5, 2_000))
    assert not cut.converged
    assert cut.sweeps <= 5  # one that gains nothing is not kept
    assert whole.converged
    assert whole.residual < 1e-3 < cut.residual
    assert whole.divergence < cut.divergence


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([[1.0, -220.0], [2.0, 3.0]]), "1 value is negative: -220 in row 0, column 1."),
        (csr_array(np.array([[1.0, 0.0], [0.0, -2.0]])), "1 value is negative: -2 in row 1, column 1."),
        (np.array([[1.0, np.inf], [2.0, np.inf]]), "2 values are infinite: inf in row 0, column 1."),
        (np.zeros((2, 2)), "Every value observed is 0"),
        (np.ones(3), r"an array of shape \(3,\)"),
        (np.ones((0, 3)), r"an array of shape \(0, 3\)"),
        (np.array([[1.0, 2.0], [np.nan, np.nan]]), "Nothing is observed of row 1"),
        (np.array([[1.0, np.nan], [1.0, np.nan]]), "Nothing is observed of column 1"),
    ],
)
def test_what_cannot_be_factored_is_refused_with_a_sentence(values: Matrix, message: str) -> None:
    with pytest.raises(InputError, match=message):
        observe(values)


def test_ranks_starts_and_masks_that_do_not_fit_are_refused() -> None:
    observed = observe(np.ones((4, 3)))
    with pytest.raises(InputError, match="has no factors of rank 0"):
        fit(observed, 0)
    with pytest.raises(InputError, match="has no factors of rank 4"):
        fit(observed, 4)
    with pytest.raises(InputError, match=r"shapes \(4, 2\) and \(2, 4\) does not fit"):
        fit(observed, 2, start=(np.ones((4, 2)), np.ones((2, 4))))
    with pytest.raises(InputError, match="no negative number"):
        fit(observed, 1, start=(-np.ones((4, 1)), np.ones((1, 3))))
    with pytest.raises(InputError, match=r"array of bool of shape \(4, 3\)"):
        observe(np.ones((4, 3)), held_out=np.zeros((3, 4), dtype=bool))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", [0, 1])
def test_a_start_with_a_number_that_is_not_finite_is_refused(value: float, side: int) -> None:
    start = np.ones((4, 2)), np.ones((2, 3))
    start[side][1, 1] = value
    with pytest.raises(InputError, match="none that is not finite"):
        fit(observe(np.ones((4, 3))), 2, start=start)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_held_out_is_the_same_as_no_mask(form: str) -> None:
    values = as_form(counts(30, 20, 2, 0.3 if form == "sparse" else 20.0, seed=2), form)
    masked = fit(observe(values, held_out=np.zeros(values.shape, dtype=bool)), 2, most_sweeps=20)
    plain = fit(observe(values), 2, most_sweeps=20)
    np.testing.assert_array_equal(masked.modules, plain.modules)
    np.testing.assert_array_equal(masked.trace, plain.trace)


def test_a_sparse_matrix_that_stores_an_entry_in_parts_is_their_sum() -> None:
    values = csr_array(counts(30, 20, 2, 0.3, seed=2))
    halves = csr_array((np.repeat(values.data / 2.0, 2), np.repeat(values.indices, 2), 2 * values.indptr))
    whole, parts = observe(values), observe(halves)
    np.testing.assert_array_equal(parts.rows.stored.values, whole.rows.stored.values)
    assert parts.scale == whole.scale


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", FORMS)
def test_what_begins_at_zero_rises_where_the_counts_are_not(form: str, dtype: type) -> None:
    depth = 0.3 if form == "sparse" else 200.0
    values = counts(40, 30, 3, depth, seed=12)
    values[7, 11] = 1e6  # u² of an entry at the floor is the largest number that a sweep meets
    observed = observe(as_form(values, form), dtype=dtype)
    stream = np.random.default_rng(0)
    w, h = stream.uniform(0.1, 1.0, (40, 3)), stream.uniform(0.1, 1.0, (3, 30))
    w[7], h[:, 11], w[::5, 0] = 0.0, 0.0, 0.0
    fitted = fit(observed, 3, start=(w, h), tolerance=1e-9)
    assert (fitted.modules @ fitted.usage)[7, 11] == pytest.approx(1e6, rel=0.05)
    best = min(fit_each(observed, 3, range(5), mapper=Threads(1)), key=lambda factorization: factorization.divergence)
    assert fitted.divergence <= 1.3 * best.divergence


def test_lines_longer_than_what_single_precision_adds_up_keep_the_sums_exact() -> None:
    values = counts(12, 6_000, 2, 3.0, seed=13)
    single, double = (
        fit(observe(values, dtype=dtype), 2, seed=1, tolerance=1e-9) for dtype in (np.float32, np.float64)
    )
    assert single.divergence == pytest.approx(double.divergence, rel=1e-6)
    assert single.residual < 1e-4
    product = single.modules @ single.usage
    assert product.sum() == pytest.approx(values.sum(), rel=1e-5)  # at a stationary point each line's sum is V's


@properties
@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.tuples(st.integers(1, 40), st.integers(1, 70), st.integers(1, 6)),
    depth=st.sampled_from([0.05, 1.0, 50.0, 1e5]),
    form=st.sampled_from(FORMS),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_no_half_sweep_raises_the_divergence_of_any_line(
    seed: int, shape: tuple[int, int, int], depth: float, form: str, dtype: type
) -> None:
    # Of the sweep itself: a fit keeps only those sweeps that gained, whatever the sweep does.
    p, n, rank = shape
    stream = np.random.default_rng(seed)
    values = stream.poisson(stream.gamma(0.3, depth / 0.3, (p, n))).astype(np.float64)
    values[0, 0] += 1.0
    lines = observe(as_form(values, form), dtype=dtype).rows
    factors, others = ((stream.gamma(0.3, 2.0, (size, rank)) + 1e-15).astype(dtype) for size in (p, n))
    rounding = 2e-5 if dtype is np.float32 else 1e-11
    for _ in range(4):
        before = lines.divergences(factors, others)
        after = lines.sweep(factors, others)
        mass = lines.dense(n, slice(0, p))[0].sum(axis=1) + factors.sum(axis=1) * others.sum()
        assert np.all(after <= before + rounding * (before + mass) + 1e-30)
        np.testing.assert_allclose(lines.divergences(factors, others), after, rtol=1e-3, atol=rounding * mass.max())


@properties
@given(seed=st.integers(0, 2**32 - 1), size=st.integers(3, 40), rank=st.integers(1, 5))
def test_no_symmetric_sweep_raises_the_divergence(seed: int, size: int, rank: int) -> None:
    stream = np.random.default_rng(seed)
    half = stream.gamma(0.4, 1.0, (size, size)) * (stream.random((size, size)) < 0.7)
    lines = observe_symmetric(half + half.T + np.ones((size, size)), dtype=np.float64).rows
    factors = stream.gamma(0.3, 2.0, (size, rank)) + 1e-15
    for _ in range(4):
        before = lines.divergences(factors, factors).sum()
        kernels.sweep_symmetric(lines.stored, factors)
        assert lines.divergences(factors, factors).sum() <= before * (1.0 + 1e-11)


@pytest.mark.parametrize("tiny", [1e-38, 1e-300, 5e-324])
def test_a_value_far_below_all_others_is_as_good_as_zero(tiny: float) -> None:
    values = counts(30, 20, 2, 60.0, seed=4)
    values[3, 4] = 0.0
    without = fit(observe(values), 2, seed=0)
    values[3, 4] = tiny
    assert fit(observe(values), 2, seed=0).divergence == pytest.approx(without.divergence, rel=1e-6)


@pytest.mark.parametrize(("form", "depth"), [("dense", 5.0), ("sparse", 0.1)])
@pytest.mark.parametrize("number", [1, 2, 3, 7, 50])
def test_bands_hold_every_line_once_and_about_the_same_work(form: str, depth: float, number: int) -> None:
    values = counts(60, 40, 3, depth, seed=8)
    values[30:33] = 0.0
    rows = observe(as_form(values, form)).rows
    assert rows.is_sparse == (form == "sparse")
    bounds = descent._bands(rows.stored, number)
    assert (len(bounds), bounds[0], bounds[-1]) == (number + 1, 0, 60)
    assert bounds == sorted(bounds)
    work = np.count_nonzero(values, axis=1) if form == "sparse" else np.full(60, 40)
    for begin, end in itertools.pairwise(bounds):
        assert work[begin:end].sum() <= work.sum() / number + work.max()


def test_what_is_held_out_is_drawn_among_what_is_observed_and_leaves_half_of_each_line() -> None:
    values = counts(40, 30, 2, 3.0, seed=6)
    values[5, 1:] = np.nan
    values[:, 7] = np.nan
    values[:3, 7] = 1.0
    for seed in range(30):
        for given_as in (values, csr_array(values)):
            mask = speckled(given_as, 0.3, seed).toarray()
            assert not mask[np.isnan(values)].any()
            observed = ~np.isnan(values)
            for axis in (0, 1):
                assert np.all(mask.sum(axis=axis) <= 0.5 * observed.sum(axis=axis))
    assert mask.mean() == pytest.approx(0.3 * observed.mean(), abs=0.05)


def test_a_matrix_with_its_diagonal_or_not_square_has_no_symmetric_factor() -> None:
    for values in (counts(30, 20, 2, 20.0, seed=1), counts(20, 20, 2, 20.0, seed=1)):
        with pytest.raises(InputError, match="has no symmetric factor"):
            fit_symmetric(observe(values), 3)
    holed = np.ones((4, 4))
    holed[0, 1] = np.nan
    with pytest.raises(InputError, match="only one is missing"):
        observe_symmetric(holed)


@pytest.mark.parametrize("factor", [1e37, 1e150, 1e300])
def test_a_start_far_larger_than_the_matrix_is_refused(factor: float) -> None:
    observed, stream = observe(counts(30, 20, 2, 20.0, seed=1)), np.random.default_rng(0)
    w, h = stream.random((30, 2)), stream.random((2, 20))
    with pytest.raises(InputError, match="times as large as the matrix cannot be used"):
        fit(observed, 2, start=(factor * w, factor * h))
    with pytest.raises(InputError, match="times as large"):
        fit_symmetric(observe_symmetric(np.ones((30, 30))), 2, start=factor * w)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_a_start_up_to_so_many_times_the_matrix_is_used_whatever_the_unit(unit: float) -> None:
    values = unit * counts(30, 20, 2, 20.0, seed=1)
    w, h = np.ones((30, 2)), np.full((2, 20), values.mean() / 2)
    assert fit(observe(values), 2, start=(w, 0.9e12 * h), most_sweeps=1).sweeps == 1
    with pytest.raises(InputError, match=r"product is 1\.1e\+12 times as large"):
        fit(observe(values), 2, start=(w, 1.1e12 * h))
    with pytest.raises(InputError, match=r"product is 1 times as large"):
        fit(observe(values), 2, start=(1e25 * w, 1e-25 * h))


def test_what_would_lose_a_part_of_itself_is_refused() -> None:
    values = counts(30, 20, 2, 20.0, seed=1)
    for odd, message in (
        (np.ma.masked_greater(values, 25), "masked"),
        (values + 1j, "Complex"),
        (np.where(values == values.max(), 1e200, values), "larger than 1e.50: 1e.200 in row"),
    ):
        with pytest.raises(InputError, match=message):
            observe(odd)
    fitted = fit(observe(values), 2)
    with pytest.raises(InputError, match="masked"):
        transform(fitted, np.ma.masked_greater(values, 25))


def test_the_reference_accepts_lines_of_zeros_and_missing_lines() -> None:
    values = counts(20, 15, 2, 9.0, seed=3)
    values[4], values[:, 6], values[7] = 0.0, 0.0, np.nan
    stream = np.random.default_rng(1)
    w, h, trace = multiplicative(values, stream.random((20, 2)) + 0.1, stream.random((2, 15)) + 0.1, 50)
    assert np.isfinite(trace).all()
    assert np.all(np.diff(trace) <= 1e-9)
    assert not w[4].any()
    assert not h[:, 6].any()


def test_a_rank_too_large_is_refused_before_any_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grnledger.engine.nmf.modules.rank.fit", None)
    with pytest.raises(InputError, match="no factors of rank 21"):
        rank_survey(counts(30, 20, 2, 20.0, seed=1), range(2, 22), mapper=Threads(1))


def test_code_kept_by_an_earlier_release_is_not_read(tmp_path: Path) -> None:
    """An upgrade in place leaves what numba has kept beside the new files, in which a class may have another name."""
    package = tmp_path / "release"
    package.mkdir()
    source = Path(kernels.__file__).read_text(encoding="utf-8")
    call = (
        "import numpy as np, sys; from release import kernels; whole = np.zeros(9, np.int64);"
        "entries = getattr(kernels, sys.argv[1])(np.ones((1, 4)), whole, whole, whole, whole);"
        "print(kernels.gradient(entries, np.ones((1, 2)), np.ones((4, 2))).tolist())"
    )
    for name in ("StoredEntries", "EntriesStored"):
        (package / "kernels.py").write_text(source.replace("StoredEntries", name), encoding="utf-8")
        run = subprocess.run(
            [sys.executable, "-c", call, name], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (run.stdout, run.stderr) == ("[[0.5, 0.5]]\n", "")


def test_a_factor_is_extrapolated_by_a_share_of_its_last_change() -> None:
    new, old = np.random.default_rng(1).gamma(1.0, size=(2, 7, 3))
    new[2, 1], old[2, 1] = 0.1, 5.0
    expected = np.maximum(new + 0.6 * (new - old), 0.05 * new)
    np.testing.assert_allclose(kernels.extrapolate(new, old, 0.6, 0.05), expected, rtol=1e-14)
    np.testing.assert_array_equal(kernels.extrapolate(new, new, 0.6, 0.05), new)


def test_factors_are_balanced_and_their_product_stays() -> None:
    w, h = np.random.default_rng(1).gamma(1.0, size=(2, 30, 4)) * np.array([1e3, 1e-3])[:, np.newaxis, np.newaxis]
    balanced = solver._balance(w, h)
    np.testing.assert_allclose(balanced[0] @ balanced[1].T, w @ h.T, rtol=1e-12)
    np.testing.assert_allclose(balanced[0].sum(axis=0), balanced[1].sum(axis=0), rtol=1e-12)
