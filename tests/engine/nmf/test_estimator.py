"""New samples in the modules of a fit, and the estimator for scikit-learn's tools."""

from __future__ import annotations

import functools
import importlib
import subprocess
import sys
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.nmf import (
    KLNMF,
    EstimatorError,
    Factorization,
    NotConvergedWarning,
    fit,
    observe,
    simulate_counts,
    transform,
)
from grnledger.engine.nmf.solvers.multiplicative import divergence
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, csr_matrix

Matrix = NDArray[np.float64]

FORMS = {"dense": np.asarray, "csr": csr_array, "csc": csc_array, "matrix": csr_matrix}

COUNTS = simulate_counts(60, 45, 3, depth=40.0, seed=1).counts
SAMPLES = COUNTS.T
"""As scikit-learn has it: 45 samples × 60 features."""


def with_modules(weights: Matrix) -> Factorization:
    """A factorization with these modules, of no samples in particular."""
    weights = weights / weights.sum(axis=0)
    return Factorization(weights, np.ones((weights.shape[1], 1)), 0.0, np.zeros(1), 0.0, converged=True, seed=None)


def with_holes(values: Matrix, share: float, seed: int) -> Matrix:
    return np.where(np.random.default_rng(seed).random(values.shape) < share, np.nan, values)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("holes", [0.0, 0.2])
def test_the_samples_of_a_fit_get_the_usages_of_the_fit(holes: float, form: str) -> None:
    values = with_holes(COUNTS, holes, seed=2)
    fitted = fit(observe(values, dtype=np.float64), 3, seed=3, tolerance=1e-12)
    new = transform(fitted, FORMS[form](values))
    assert new.converged.all()
    np.testing.assert_allclose(new.usage, fitted.usage, rtol=1e-4, atol=1e-5 * fitted.usage.max())
    assert new.divergences.sum() == pytest.approx(fitted.divergence, rel=1e-9)
    assert new.divergences.sum() <= fitted.divergence * (1 + 1e-12)


@pytest.mark.parametrize("holes", [0.0, 0.3])
def test_the_usages_are_those_of_many_multiplicative_updates(holes: float) -> None:
    rng = np.random.default_rng(4)
    fitted = with_modules(rng.gamma(1.0, size=(40, 4)))
    values = with_holes(rng.poisson(fitted.modules @ rng.gamma(0.5, size=(4, 9)) * 2e3).astype(float), holes, seed=5)
    seen = ~np.isnan(values)
    h, w, filled = np.full((4, 9), 100.0), fitted.modules, np.where(seen, values, 0.0)
    for _ in range(20_000):
        h *= (w.T @ (filled / (w @ h))) / (w.T @ seen)
    new = transform(fitted, values, tolerance=1e-13)
    np.testing.assert_allclose(new.usage, h, rtol=1e-4, atol=1e-6 * h.max())
    for sample in range(9):
        expected = divergence(filled[:, [sample]], w @ new.usage[:, [sample]], seen[:, [sample]])
        assert new.divergences[sample] == pytest.approx(expected, rel=1e-9)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    genes=st.integers(1, 12),
    samples=st.integers(1, 6),
    modules=st.integers(1, 5),
    filled=st.floats(0.1, 1.0),
    holes=st.sampled_from([0.0, 0.3]),
    size=st.floats(-30.0, 30.0),
    seed=st.integers(0, 2**32 - 1),
)
def test_totals_of_samples_are_preserved_and_no_other_usage_is_better(
    genes: int, samples: int, modules: int, filled: float, holes: float, size: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.gamma(0.5, size=(genes, modules)) * (rng.random((genes, modules)) < 0.7)
    weights[rng.integers(0, genes, modules), np.arange(modules)] += 1.0  # no module is empty
    fitted = with_modules(weights)
    values = with_holes(rng.gamma(0.5, size=(genes, samples)) * (rng.random((genes, samples)) < filled), holes, seed)
    values *= 10.0**size
    new = transform(fitted, values)
    known = fitted.modules.any(axis=1)
    for sample in range(samples):
        seen = known & ~np.isnan(values[:, sample])
        usable = fitted.modules[seen].any(axis=0)
        np.testing.assert_array_equal(np.isnan(new.usage[:, sample]), ~usable)
        total = values[seen, sample].sum()
        product = fitted.modules[seen][:, usable] @ new.usage[usable, sample]
        assert product.sum() == pytest.approx(total, rel=1e-4, abs=1e-300)
        for other in rng.dirichlet(np.ones(max(1, usable.sum())), 20)[:, : usable.sum()]:
            rival = fitted.modules[seen][:, usable] @ other
            if total > 0.0 and np.all(rival[values[seen, sample] > 0.0] > 0.0):
                rival *= total / rival.sum()
                worse = divergence(values[seen, sample], rival, np.ones(len(rival), dtype=bool))
                assert new.divergences[sample] - new.excess[sample] <= worse * (1 + 1e-9) + 1e-12 * total


def test_the_excess_is_no_less_than_what_more_sweeps_gain() -> None:
    rng = np.random.default_rng(6)
    fitted = with_modules(rng.gamma(2.0, size=(80, 6)))
    values = with_holes(rng.poisson(fitted.modules @ rng.gamma(0.3, size=(6, 30)) * 1e4).astype(float), 0.1, seed=7)
    rough, done = transform(fitted, values, most_sweeps=5), transform(fitted, values, tolerance=1e-13)
    assert not rough.converged.any()
    assert done.converged.all()
    gained = rough.divergences - done.divergences
    assert np.all(gained > 0.0)
    assert np.all(rough.excess >= gained)
    assert np.all(done.excess <= 1e-13 * np.nansum(values, axis=0))
    with_none = transform(fitted, values, most_sweeps=0)
    assert np.all(np.isinf(with_none.excess))
    assert not with_none.converged.any()


@pytest.mark.parametrize("most", [50, 300])
def test_modules_that_are_almost_alike_end_without_pretending(most: int) -> None:
    rng = np.random.default_rng(8)
    fitted = with_modules(1.0 + 1e-3 * rng.random((30, 5)))
    new = transform(fitted, rng.poisson(50.0, size=(30, 4)).astype(float), tolerance=1e-16, most_sweeps=most)
    assert not new.converged.all()
    assert np.all(new.excess[~new.converged] > 0.0)


@pytest.mark.parametrize("form", ["dense", "csr"])
def test_no_sample_depends_on_the_others_or_on_the_number_of_threads(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = fit(observe(COUNTS), 3)
    values = with_holes(COUNTS, 0.1, seed=9)
    whole = transform(fitted, FORMS[form](values), threads=1)
    monkeypatch.setattr(importlib.import_module("grnledger.engine.nmf.solvers.transform"), "WORTH_THREADS", 0)
    among = transform(fitted, FORMS[form](values), threads=3)
    assert whole.usage.tobytes() == among.usage.tobytes()
    assert whole.divergences.tobytes() == among.divergences.tobytes()
    for sample in (0, 7, 44):
        alone = transform(fitted, FORMS[form](values[:, [sample]]))
        np.testing.assert_array_equal(alone.usage[:, 0], whole.usage[:, sample])


@pytest.mark.parametrize("form", FORMS)
def test_a_usage_without_information_is_zero_or_nan(form: str) -> None:
    fitted = with_modules(np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 3.0], [0.0, 1.0]]))
    values = np.array(
        [[4.0, 0, np.nan, np.nan, 4], [2, 0, np.nan, np.nan, 2], [3, 0, np.nan, 3, 3], [1, 0, np.nan, 1, 1]]
    )
    new = transform(fitted, FORMS[form](values))
    nan = np.nan
    np.testing.assert_allclose(new.usage, [[6.0, 0, nan, nan, 6], [4, 0, nan, 4, 4]], rtol=1e-9)
    assert new.converged.all()
    np.testing.assert_allclose(new.divergences, 0.0, atol=1e-9)
    nothing = transform(fitted, FORMS[form](np.zeros((4, 3))))
    assert not nothing.usage.any()
    assert nothing.converged.all()
    assert transform(fitted, FORMS[form](np.zeros((4, 0)))).usage.shape == (2, 0)
    gone = transform(fitted, np.full((4, 2), np.nan))
    assert np.isnan(gone.usage).all()


def test_a_gene_with_no_counts_in_the_fit_has_no_effect() -> None:
    values = COUNTS.copy()
    values[[4, 9]] = 0.0
    fitted = fit(observe(values), 3)
    np.testing.assert_array_equal(transform(fitted, COUNTS).usage, transform(fitted, values).usage)


@pytest.mark.parametrize("form", FORMS)
def test_samples_that_cannot_be_used_are_refused_with_a_sentence(form: str) -> None:
    fitted = with_modules(np.ones((3, 1)))
    for values, message in (
        (np.ones((2, 5)), r"have 3 genes, so new samples have the shape \(3, m\), not \(2, 5\)"),
        (np.array([[1.0, 2], [0, -3], [-4, 1]]), "2 values are negative: -3 in gene 1, sample 1."),
        (np.array([[1.0, 2], [np.inf, 3], [4, 1]]), "1 value is infinite: inf in gene 1, sample 0."),
    ):
        with pytest.raises(InputError, match=message):
            transform(fitted, FORMS[form](values))
    with pytest.raises(InputError, match=r"not \(3,\)"):
        transform(fitted, np.ones(3))


def test_new_samples_are_not_changed() -> None:
    fitted = fit(observe(COUNTS), 3)
    for form in FORMS.values():
        values = form(with_holes(COUNTS, 0.1, seed=10))
        before = values.copy()
        transform(fitted, values)
        KLNMF(2, max_iter=5_000).fit_transform(values.T)
        np.testing.assert_array_equal(*(array if form is np.asarray else array.toarray() for array in (before, values)))


# scikit-learn's own checks of an estimator say that it does not inherit from BaseEstimator: by design, see the class.
@pytest.mark.filterwarnings("ignore:Estimator KLNMF does not inherit:UserWarning")
def test_every_check_that_scikit_learn_has_passes() -> None:
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    results = checks.check_estimator(KLNMF(), on_skip=None, on_fail=None)
    failed = {
        check["check_name"]: check["exception"] for check in results if check["status"] not in ("passed", "skipped")
    }
    assert failed == {}
    skipped = {check["check_name"] for check in results if check["status"] == "skipped"}
    assert skipped <= {"check_array_api_input"}  # asks for SCIPY_ARRAY_API=1 before SciPy is first imported
    assert Counter(check["status"] for check in results)["passed"] >= 40


def test_scikit_learn_copies_it_searches_with_it_and_puts_it_in_a_row() -> None:
    base = pytest.importorskip("sklearn.base")
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler
    from sklearn.utils import get_tags
    from sklearn.utils.validation import check_is_fitted

    model = KLNMF(3, random_state=5, tol=1e-6)
    copied = base.clone(model)
    assert copied is not model
    assert copied.get_params() == model.get_params()
    tags = get_tags(model).input_tags
    assert (tags.positive_only, tags.sparse, tags.allow_nan) == (True, True, True)
    row = make_pipeline(MaxAbsScaler(), model, Ridge())
    target = SAMPLES[:, :5].sum(axis=1)
    assert row.fit(csr_array(SAMPLES), target).predict(SAMPLES).shape == (45,)
    check_is_fitted(row[:-1])
    assert row[:-1].get_feature_names_out().tolist() == ["klnmf0", "klnmf1", "klnmf2"]
    assert "KLNMF" in row._repr_html_()
    search = GridSearchCV(row, {"klnmf__n_components": [1, 3]}, cv=3).fit(SAMPLES, target)
    assert search.best_params_["klnmf__n_components"] in (1, 3)


def test_nothing_of_it_needs_scikit_learn() -> None:
    program = (
        "import sys, numpy as np; from grnledger.engine.nmf import KLNMF\n"
        "KLNMF(2).fit_transform(np.random.default_rng(0).poisson(5.0, (20, 8)))\n"
        "assert not any(name.split('.')[0] == 'sklearn' for name in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("depth", [2.0, 200.0])
def test_it_comes_as_low_as_scikit_learn_or_lower(depth: float) -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    values = simulate_counts(80, 50, 4, depth=depth, seed=11).counts.T
    theirs = decomposition.NMF(
        4, solver="mu", beta_loss="kullback-leibler", init="random", random_state=0, max_iter=3_000, tol=1e-7
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        theirs.fit(values)
    ours = KLNMF(4).fit(values)
    assert ours.reconstruction_err_ <= theirs.reconstruction_err_**2 / 2.0 * (1 + 1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_fitted_attributes_have_the_names_of_scikit_learn(form: str) -> None:
    matrix = FORMS[form](SAMPLES)
    model = KLNMF(3, random_state=4, tol=1e-9)
    usage = model.fit_transform(matrix)
    fitted = fit(observe(COUNTS), 3, seed=4, tolerance=1e-9)
    assert model.factorization_.trace.tobytes() == fitted.trace.tobytes()
    np.testing.assert_array_equal(model.components_, fitted.modules.T)
    assert (model.n_components_, model.n_features_in_, model.n_iter_) == (3, 60, fitted.sweeps)
    assert model.reconstruction_err_ == fitted.divergence
    assert not hasattr(model, "feature_names_in_")
    np.testing.assert_array_equal(usage, KLNMF(3, random_state=4, tol=1e-9).fit(matrix).transform(matrix))
    np.testing.assert_allclose(usage, fitted.usage.T, rtol=0.02, atol=1e-3 * usage.max())
    again = model.inverse_transform(usage)
    np.testing.assert_allclose(again.sum(axis=1), SAMPLES.sum(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(again, usage @ model.components_)
    np.testing.assert_allclose(model.inverse_transform(csr_array(usage)), again)


def test_the_best_of_some_restarts_is_used_whatever_the_threads() -> None:
    values = simulate_counts(40, 30, 5, depth=5.0, seed=12).counts.T
    single = [KLNMF(5, random_state=seed).fit(values).reconstruction_err_ for seed in (7, 8, 9)]
    for threads in (1, 2, None):
        model = KLNMF(5, random_state=7, restarts=3, threads=threads).fit(values)
        assert model.reconstruction_err_ == min(single)
        assert model.factorization_.seed == 7 + int(np.argmin(single))


def test_a_generator_gives_the_seed_and_the_fit_remembers_it() -> None:
    for state in (np.random.default_rng(1), np.random.RandomState(1), None, np.int64(3)):
        model = KLNMF(2, random_state=state).fit(SAMPLES)
        seed = model.factorization_.seed
        assert seed is not None
        again = KLNMF(2, random_state=seed).fit(SAMPLES)
        assert again.components_.tobytes() == model.components_.tobytes()


def test_a_fit_that_did_not_converge_warns() -> None:
    with pytest.warns(NotConvergedWarning, match="ended after 4 sweeps, .* from a stationary point: raise max_iter"):
        KLNMF(3, max_iter=4).fit(SAMPLES)


def test_usages_that_did_not_converge_warn_and_name_the_worst_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    model = KLNMF(3).fit(SAMPLES)
    monkeypatch.setattr("grnledger.engine.nmf.solvers.estimator.transform", functools.partial(transform, most_sweeps=1))
    with pytest.warns(NotConvergedWarning, match=r"of 45 samples did not converge: the divergence of sample \d+, "):
        model.transform(SAMPLES)


@dataclass
class Frame:
    """What a data frame is to scikit-learn: columns with names, and an array."""

    values: Matrix
    columns: list[Any]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Matrix:
        return np.array(self.values, dtype=dtype)


def test_names_of_columns_are_stored_and_compared_with_those_of_new_samples() -> None:
    names = [f"gene{index}" for index in range(60)]
    frame = Frame(SAMPLES, names)
    model = KLNMF(3).fit(frame)
    assert model.feature_names_in_.tolist() == names
    np.testing.assert_array_equal(model.transform(frame), KLNMF(3).fit_transform(SAMPLES))
    assert model.get_feature_names_out(names).tolist() == ["klnmf0", "klnmf1", "klnmf2"]
    for other, message in (
        (names[::-1], "must be in the same order as they were in fit"),
        (
            ["TP53", *names[1:]],
            "unseen at fit time:\n- TP53\nFeature names seen at fit time, yet now missing:\n- gene0",
        ),
        ([f"x{name}" for name in names], "- xgene12\n- …\n"),
    ):
        with pytest.raises(EstimatorError, match=message):
            model.transform(Frame(SAMPLES, other))
        with pytest.raises(EstimatorError, match="not equal to feature_names_in_"):
            model.get_feature_names_out(other)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.transform(SAMPLES)
    model.fit(SAMPLES)
    assert not hasattr(model, "feature_names_in_")
    with pytest.warns(UserWarning, match="was fitted without feature names"):
        model.transform(frame)
    assert not hasattr(KLNMF(3).fit(Frame(SAMPLES, list(range(60)))), "feature_names_in_")
    with pytest.raises(TypeError, match="string names"):
        model.fit(Frame(SAMPLES, [0, *names[1:]]))


@pytest.mark.parametrize("form", FORMS)
def test_samples_and_features_that_cannot_be_used_are_named_as_the_user_has_them(form: str) -> None:
    bad = SAMPLES.copy()
    bad[2, 7] = -4.0
    holes = SAMPLES.copy()
    holes[:, 9] = np.nan
    gone = SAMPLES.copy()
    gone[5] = np.nan
    for values, message in (
        (bad, "Negative values in data: 1 value is negative: -4 in sample 2, feature 7."),
        (holes, "Nothing is observed of feature 9"),
        (gone, "Nothing is observed of sample 5"),
        (np.zeros((3, 3)), "Every value observed is 0"),
    ):
        with pytest.raises(EstimatorError, match=message) as caught:
            KLNMF(2).fit(FORMS[form](values))
        assert isinstance(caught.value, ValueError)
        assert isinstance(caught.value, InputError)
    usage = KLNMF(2).fit(SAMPLES).transform(FORMS[form](gone))
    assert np.isnan(usage).nonzero()[0].tolist() == [5, 5]


def test_parameters_are_checked_by_the_fit_and_called_by_their_names() -> None:
    for wrong, message in (
        ({"n_components": 0}, "n_components is a whole number from 1, not 0"),
        ({"n_components": 2.5}, r"not 2\.5"),
        ({"n_components": 46}, "has no factors of rank 46"),
        ({"max_iter": 0}, "max_iter is a whole number from 1"),
        ({"restarts": None}, "restarts is a whole number from 1, not None"),
        ({"random_state": -1}, "random_state is a whole number from 0"),
    ):
        with pytest.raises(EstimatorError, match=message):
            KLNMF().set_params(**wrong).fit(SAMPLES)
    model = KLNMF()
    with pytest.raises(EstimatorError, match="no parameter 'rank' of KLNMF: they are n_components, random_state, "):
        model.set_params(n_components=4, rank=3)
    assert model.n_components == 2
    for method in (model.transform, model.inverse_transform):
        with pytest.raises(EstimatorError, match="not fitted yet"):
            method(SAMPLES)
    model.fit(SAMPLES)
    with pytest.raises(EstimatorError, match=r"the shape \(n_samples, 2\), not \(45, 60\)"):
        model.inverse_transform(SAMPLES)


def test_without_a_random_state_each_fit_has_another_start_of_many() -> None:
    values = np.random.default_rng(3).poisson(5.0, (12, 9)).astype(float)
    seeds = {KLNMF(2, random_state=None, max_iter=2000).fit(values).factorization_.seed for _ in range(5)}
    assert len(seeds) == 5
