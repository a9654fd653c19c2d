"""The scale of values: what cannot be counts, what is a logarithm already, and what is standardised."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.estimation.expression import Expression
from grnledger.engine.estimation.preparation import Preparation, prepare
from grnledger.engine.estimation.scale import are_logs, are_standardised

GENES = tuple(f"G{number}" for number in range(30))
SAMPLES = tuple(f"s{number}" for number in range(10))


def expression(values: np.ndarray) -> Expression:
    return Expression(np.array(values, dtype=np.float64), GENES[: len(values)], SAMPLES[: values.shape[1]])


def counts() -> np.ndarray:
    stream = np.random.default_rng(2)
    return stream.negative_binomial(2, 0.02, size=(30, 10)).astype(np.float64)


def expected_counts() -> np.ndarray:
    """Counts of salmon and RSEM: reads that fit several transcripts are shared among them."""
    return np.round(counts() + np.random.default_rng(3).choice([0.0, 0.25, 0.5, 0.333], size=(30, 10)), 3)


def tpm() -> np.ndarray:
    values = expected_counts()
    return np.round(values / values.sum(axis=0) * 1e6, 3)


LENGTHS = np.random.default_rng(6).uniform(0.4, 9.0, size=(30, 1))


def fpkm() -> np.ndarray:
    """Reads by kilobase and million: whole numbers are left to chance, and samples do not sum to one number."""
    values = expected_counts() / LENGTHS
    return values / values.sum(axis=0) * np.linspace(2e5, 5e5, 10)


def deep(values: np.ndarray) -> np.ndarray:
    """The same in libraries of 10 to 40 million reads, with genes that are not detected."""
    reads = values / values.sum(axis=0) * np.linspace(1e7, 4e7, 10)
    reads[:3, :4] = 0.0
    return reads


def standardised() -> np.ndarray:
    values = np.log1p(counts())
    return (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)


NO_COUNTS = {
    "log1p": (np.log1p(counts()), "as logarithms do", "logs-as-counts"),
    "log2 with zeros": (np.log2(1 + tpm()), "as logarithms do", "logs-as-counts"),
    "standardised": (standardised(), "as logarithms do", "logs-as-counts"),
    "TPM": (tpm(), "every sample sums to 1,000,000, as TPM and CPM do", "shares-as-counts"),
    "FPKM": (fpkm(), "may be FPKM, RPKM or intensities", "decimals-as-counts"),
    "FPKM with two decimals": (np.round(fpkm(), 2), "have decimals, only", "decimals-as-counts"),
    "FPKM with one decimal": (np.round(fpkm() / 30, 1), "of the small ones from 1 up", "decimals-as-counts"),
    "FPKM of three digits": (
        np.array([[float(f"{value:.3g}") for value in row] for row in (fpkm() / 300).tolist()]),
        "samples sum to about",
        "decimals-as-counts",
    ),
    "FPKM-UQ": (deep(fpkm()) * 100, "may be FPKM", "decimals-as-counts"),
    "intensities": (deep(fpkm()) + 37.3, "or intensities", "decimals-as-counts"),
    "log2 of LFQ intensities": (22 + 2.5 * standardised(), "as logarithms do", "logs-as-counts"),
    "scaled to 10,000": (tpm() / 100, "every sample sums to 10,000", "shares-as-counts"),
}


@pytest.mark.parametrize(("values", "sentence", "code"), NO_COUNTS.values(), ids=NO_COUNTS)
def test_decimals_that_are_no_counts_are_refused(values: np.ndarray, sentence: str, code: str) -> None:
    with pytest.raises(InputError, match=sentence) as caught:
        prepare(expression(values), Preparation(counts=True, transform="log1p"))
    assert caught.value.code == code


@pytest.mark.parametrize(
    "values",
    [
        counts(),
        expected_counts(),
        np.round(expected_counts(), 2),
        np.minimum(counts(), 9.0),
        deep(expected_counts()),
        np.round(deep(fpkm()), 3),
    ],
)
def test_counts_are_accepted_also_with_decimals_and_when_small(values: np.ndarray) -> None:
    prepared = prepare(expression(values), Preparation(counts=True, transform="log1p", duplicates="sum"))
    scales = np.median(values.sum(axis=0)) / values.sum(axis=0)
    np.testing.assert_allclose(prepared.values, np.log1p(values * scales), rtol=1e-12)
    share = 100 * np.mean(values != np.floor(values))
    told = [note for note in prepared.notes if note.startswith(f"{share:.1f} % of the counts have decimals")]
    assert len(told) == (share > 0)


@pytest.mark.parametrize("values", [np.log1p(counts()), tpm(), fpkm()])
def test_the_user_insists_that_values_are_counts(values: np.ndarray) -> None:
    assert len(prepare(expression(values), Preparation(counts=True, scale="linear")).panel) == 30


@pytest.mark.parametrize("transform", ["log1p", "log2"])
def test_a_logarithm_of_logarithms_is_refused_unless_the_user_insists(transform: str) -> None:
    logs = np.log2(2 + counts())
    with pytest.raises(InputError, match=f"look like logarithms already .* and {transform} would") as caught:
        prepare(expression(logs), Preparation(transform=transform))  # pyright: ignore[reportArgumentType]
    assert caught.value.code == "logs-of-logs"
    insisting = Preparation(transform=transform, scale="linear")  # pyright: ignore[reportArgumentType]
    assert prepare(expression(logs), insisting).values.shape == logs.shape
    intensities = 20 + 37.5 * counts()
    assert prepare(expression(intensities), Preparation(transform="log2")).values.shape == logs.shape


@pytest.mark.parametrize("highest", [24.0, 33.0, 41.0])
def test_logarithms_of_proteomics_reach_40_and_are_narrow(highest: float) -> None:
    stream = np.random.default_rng(8)
    logs = np.minimum(highest, stream.normal(highest - 8, 2.5, size=(30, 10)))
    logs[0, 0] = highest
    assert are_logs(logs)
    missing = logs.copy()
    missing[stream.random(logs.shape) < 0.2] = 0.0  # zeros in place of what was not found
    assert are_logs(missing)
    with pytest.raises(InputError, match="look like logarithms"):
        prepare(expression(logs), Preparation(transform="log2"))
    hardly_expressed = 50 * stream.random((30, 10)) ** 3
    assert not are_logs(hardly_expressed)


def test_values_that_are_said_to_be_logarithms_are_not_transformed() -> None:
    with pytest.raises(InputError, match="are said to be logarithms already"):
        prepare(expression(counts()), Preparation(transform="log1p", scale="log"))
    assert prepare(expression(counts()), Preparation(scale="log")).values.max() > 100
    with pytest.raises(InputError, match="scale"):
        Preparation(scale="cubic")  # pyright: ignore[reportArgumentType]


def test_values_below_zero_are_left_to_the_transform_which_names_them() -> None:
    with pytest.raises(InputError, match="log2 is not defined for"):
        prepare(expression(standardised()), Preparation(transform="log2"))


@pytest.mark.parametrize("values", [standardised(), standardised()[:, :5] - standardised()[:, :5].mean(1)[:, None]])
def test_no_gene_is_detected_in_standardised_values(values: np.ndarray) -> None:
    assert are_standardised(values)
    with pytest.raises(InputError, match="look standardised") as caught:
        prepare(expression(values), Preparation(min_detected=0.2))
    assert caught.value.code == "detection-of-standardised"
    assert not any("detected" in note for note in prepare(expression(values), Preparation()).notes)
    assert len(prepare(expression(values), Preparation(min_detected=0.2, floor=-10.0)).panel) == 30


def test_standardised_cells_lie_mostly_below_zero() -> None:
    cells = np.random.default_rng(4).poisson(0.1, size=(40, 300)).astype(np.float64)
    scaled = (cells - cells.mean(axis=1, keepdims=True)) / cells.std(axis=1, keepdims=True)
    assert np.mean(scaled < 0) > 0.8
    assert are_standardised(np.minimum(scaled, 10.0))


def test_logarithms_of_ratios_are_logarithms_and_not_standardised() -> None:
    ratios = np.random.default_rng(5).normal(0.4, 1.0, size=(30, 10))
    assert are_logs(ratios)
    assert not are_standardised(ratios)
    assert not are_standardised(counts())


def test_samples_of_one_name_are_resolved_as_chosen() -> None:
    values = np.arange(12.0).reshape(2, 6)
    names = ("a", "b", "a", "c", "b", "a")
    data = Expression(values, ("x", "y"), names)
    with pytest.raises(InputError, match=r"2 names of samples are repeated: a \(3 times\), b \(2 times\)") as caught:
        data.distinguish_samples("error")
    assert caught.value.code == "repeated-samples"
    first = data.distinguish_samples("first")
    assert (first.samples, first.values.tolist()) == (("a", "b", "c"), [[0, 1, 3], [6, 7, 9]])
    mean = data.distinguish_samples("mean")
    np.testing.assert_allclose(mean.values, [[7 / 3, 2.5, 3], [25 / 3, 8.5, 9]])
    assert data.distinguish_samples("number").samples == ("a", "b", "a_2", "c", "b_2", "a_3")
    assert first.distinguish_samples("error") is first


def test_numbered_names_do_not_meet_others() -> None:
    data = Expression(np.ones((1, 4)), ("x",), ("a", "a_2", "a", "a"))
    assert len(set(data.distinguish_samples("number").samples)) == 4
    with pytest.raises(InputError, match="duplicate samples"):
        data.distinguish_samples("last")  # pyright: ignore[reportArgumentType]


def test_counts_of_one_gene_are_added_and_libraries_stay() -> None:
    values = counts()[:6]
    data = Expression(values, ("A", "B", "A", "C", "D", "E"), SAMPLES)
    prepared = prepare(data, Preparation(counts=True, duplicates="sum"))
    added = np.vstack([values[0] + values[2], values[1], values[3:]])
    assert prepared.panel.genes == ("A", "B", "C", "D", "E")
    np.testing.assert_allclose(prepared.values, added * np.median(values.sum(0)) / values.sum(0), rtol=1e-12)
    np.testing.assert_array_equal(prepared.raw, added)
    with pytest.raises(InputError, match="added up for counts only"):
        Preparation(duplicates="sum")


@pytest.mark.parametrize("duplicates", ["first", "mean"])
def test_columns_of_many_samples_are_resolved_as_one_by_one(duplicates: str) -> None:
    names = tuple(f"s{number % 400}" for number in np.random.default_rng(9).permutation(1000))
    values = np.random.default_rng(10).random((3, 1000))
    distinct = Expression(values, ("x", "y", "z"), names).distinguish_samples(duplicates)  # pyright: ignore[reportArgumentType]
    assert distinct.samples == tuple(dict.fromkeys(names))
    for sample, column in zip(distinct.samples, distinct.values.T, strict=True):
        of_one = values[:, np.array(names) == sample]
        np.testing.assert_allclose(column, of_one[:, 0] if duplicates == "first" else of_one.mean(axis=1), rtol=1e-12)
    assert distinct.select_samples(distinct.samples[::-1]).samples == distinct.samples[::-1]
    with pytest.raises(InputError, match="wanted twice, or names two samples"):
        Expression(values, ("x", "y", "z"), names).select_samples(["s1", "s2", "s3"])
