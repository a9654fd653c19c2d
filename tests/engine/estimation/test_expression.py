"""Expression as a value, and genes that do not vary."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import InputError, ShapeError
from grnledger.engine.estimation.expression import Expression, centred, is_constant, variances


def test_values_that_are_not_finite_are_counted_and_the_first_ones_named() -> None:
    values = np.ones((3, 4))
    values[1, 2], values[2, 0], values[2, 3], values[0, 1] = np.nan, np.inf, -np.inf, np.nan
    with pytest.raises(InputError) as caught:
        Expression(values, ("TP53", "MDM2", "ATM"), ("s1", "s2", "s3", "s4")).refuse_missing()
    assert "4 values of the expression, in 3 rows, are not finite" in caught.value.message
    assert "nan (gene TP53 in sample s2), nan (gene MDM2 in sample s3), inf (gene ATM in sample s1), …" in str(
        caught.value
    )
    assert "leave those genes or samples out" in caught.value.hint


def test_two_samples_are_too_few() -> None:
    with pytest.raises(InputError, match="at least 3 samples; there are 2") as caught:
        Expression(np.ones((3, 2)), ("a", "b", "c"), ("s1", "s2"))
    assert caught.value.code == "too-few-samples"


def test_names_that_do_not_fit_the_array_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"2 genes and 3 samples do not fit an array of shape \(3, 2\)"):
        Expression(np.ones((3, 2)), ("a", "b"), ("s1", "s2", "s3"))


@pytest.mark.parametrize(
    ("samples", "wanted", "named"),
    [
        (("s1", "s2", "s3", "s4"), ["s1", "s3", "s3", "s2"], "s3"),
        (("s1", "s2", "s2", "s3"), ["s1", "s2", "s3"], "s2"),
        (("s1", "s2", "s2", "s1"), ["s1", "s2", "s2"], "s1, …"),
    ],
)
def test_a_sample_that_is_wanted_twice_or_there_twice_is_named(samples, wanted, named) -> None:
    with pytest.raises(InputError) as caught:
        Expression(np.ones((2, 4)), ("a", "b"), samples).select_samples(wanted)
    assert caught.value.message == f"The sample {named} is wanted twice, or names two samples."


def test_the_values_cannot_be_changed_afterwards() -> None:
    expression = Expression(np.ones((2, 3)), ("a", "a"), ("s1", "s2", "s3"))
    with pytest.raises(ValueError, match="read-only"):
        expression.values[0, 0] = 2.0


def test_a_constant_gene_is_found_where_its_computed_deviation_is_not_zero() -> None:
    values = np.vstack([np.full(48, np.log2(20.0)), np.full(48, 0.1), np.arange(48.0)])
    assert np.any(values[:2].std(axis=1) > 0)
    assert is_constant(values).tolist() == [True, True, False]
    assert variances(values)[:2].tolist() == [0.0, 0.0]
    assert np.all(centred(values)[:2] == 0.0)


def test_variances_and_deviations_are_those_of_a_loop() -> None:
    values = np.random.default_rng(1).gamma(2.0, size=(5, 7)) + 100.0
    for row, variance, deviations in zip(values, variances(values), centred(values), strict=True):
        mean = sum(row) / 7
        np.testing.assert_allclose(deviations, [value - mean for value in row], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(variance, sum((value - mean) ** 2 for value in row) / 6, rtol=1e-12)


@pytest.mark.parametrize("values", [np.ones(4), np.ones((2, 2)), np.array([[1.0, np.nan, 2.0]])])
def test_centring_refuses_what_is_no_expression(values: np.ndarray) -> None:
    with pytest.raises((InputError, ShapeError)):
        centred(values)
