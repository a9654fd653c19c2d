"""Preparation: the order of the steps, what they leave out, what they refuse, and what they say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.engine.estimation.expression import Expression
from grnledger.engine.estimation.preparation import Preparation, prepare

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = ("s1", "s2", "s3", "s4")


def read(path: Path) -> Expression:
    header, *rows = [line.split("\t") for line in path.read_text().splitlines()]
    samples = tuple(name for name in header[2:] if name)
    values = np.array([row[2 : 2 + len(samples)] for row in rows], dtype=np.float64)
    return Expression(values, tuple(row[0] for row in rows), samples)


@pytest.fixture(scope="module")
def leukemia(shared_data: Path) -> Expression:
    return read(shared_data / "leukemia.tsv")


@pytest.fixture
def probes() -> Expression:
    """Genes A (twice), B, C (three times) and D, in positive values."""
    values = np.array(
        [
            [1.0, 2.0, 4.0, 8.0],  # A: the largest variance after log2
            [5.0, 5.0, 5.0, 5.0],  # B: constant
            [10.0, 10.0, 20.0, 20.0],  # C
            [100.0, 140.0, 100.0, 140.0],  # A: the largest variance as read
            [20.0, 20.0, 10.0, 10.0],  # C: ties with the first
            [3.0, 3.0, 3.0, 4.0],  # D
            [7.0, 7.0, 7.0, 7.0],  # C
        ]
    )
    return Expression(values, ("A", "B", "C", "A", "C", "D", "C"), SAMPLES)


def test_repeated_genes_are_refused(probes: Expression) -> None:
    with pytest.raises(InputError) as caught:
        prepare(probes, Preparation())
    assert caught.value.message == "2 of 4 genes occur in more than one row: A, C."
    assert caught.value.code == "repeated-genes"


def test_the_most_variable_row_is_chosen_after_the_transform_and_the_first_of_ties(probes: Expression) -> None:
    logged = prepare(probes, Preparation(transform="log2", duplicates="max-variance"))
    assert logged.panel.genes == ("A", "B", "C", "D")
    np.testing.assert_array_equal(logged.raw, probes.values[[0, 1, 2, 5]])
    np.testing.assert_array_equal(logged.values, np.log2(probes.values[[0, 1, 2, 5]]))
    as_read = prepare(probes, Preparation(duplicates="max-variance"))
    assert as_read.panel.genes == ("B", "C", "A", "D")
    np.testing.assert_array_equal(as_read.raw, probes.values[[1, 2, 3, 5]])


def test_rows_of_one_gene_are_averaged_as_read_before_the_transform(probes: Expression) -> None:
    prepared = prepare(probes, Preparation(transform="log2", duplicates="mean"))
    expected = np.stack([probes.values[[index for index, gene in enumerate(probes.genes) if gene == name]].mean(axis=0)
                         for name in "ABCD"])  # fmt: skip
    assert prepared.panel.genes == ("A", "B", "C", "D")
    np.testing.assert_allclose(prepared.raw, expected, rtol=1e-15)
    np.testing.assert_allclose(prepared.values, np.log2(expected), rtol=1e-15)
    assert prepared.notes[0] == "7 rows name 4 genes: rows of one gene were averaged."


def test_the_first_row_is_kept_in_the_order_of_the_file(probes: Expression) -> None:
    prepared = prepare(probes, Preparation(duplicates="first"))
    np.testing.assert_array_equal(prepared.raw, probes.values[[0, 1, 2, 5]])


@pytest.mark.parametrize("duplicates", ["max-variance", "mean", "first"])
def test_genes_without_repeats_stay_as_they_are(duplicates: str) -> None:
    values = np.random.default_rng(2).random((3, 4))
    prepared = prepare(Expression(values, ("A", "B", "C"), SAMPLES), Preparation(duplicates=duplicates))
    np.testing.assert_array_equal(prepared.values, values)
    assert prepared.notes == ()


def test_counts_are_scaled_to_the_median_library_of_the_whole_file_before_floor_and_transform() -> None:
    counts = np.random.default_rng(3).poisson(5.0, size=(6, 4)).astype(float)
    expression = Expression(counts, tuple("ABCDEF"), SAMPLES)
    asked = Preparation(counts=True, floor=2.0, transform="log1p", genes=("E", "B"))
    prepared = prepare(expression, asked)
    libraries = [sum(counts[:, sample]) for sample in range(4)]
    for index, row in enumerate((4, 1)):
        for sample in range(4):
            scaled = counts[row, sample] / libraries[sample] * np.median(libraries)
            np.testing.assert_allclose(prepared.values[index, sample], np.log1p(max(scaled, 2.0)), rtol=1e-14)
    np.testing.assert_array_equal(prepared.raw, counts[[4, 1]])


def test_library_sizes_count_every_row_when_rows_are_averaged() -> None:
    counts = np.array([[1.0, 2.0, 3.0, 4.0], [3.0, 2.0, 1.0, 8.0], [4.0, 4.0, 4.0, 4.0]])
    prepared = prepare(Expression(counts, ("A", "A", "B"), SAMPLES), Preparation(counts=True, duplicates="mean"))
    np.testing.assert_allclose(prepared.values[0], np.array([2.0, 2.0, 2.0, 6.0]) * 8.0 / np.array([8, 8, 8, 16]))


def test_negative_counts_and_empty_samples_are_refused_by_name() -> None:
    counts = np.array([[1.0, 0.0, 3.0, 0.0], [1.0, 0.0, -2.0, 0.0]])
    with pytest.raises(InputError, match=r"1 count below zero; the first is -2 \(gene B in sample s3\)"):
        prepare(Expression(counts, ("A", "B"), SAMPLES), Preparation(counts=True))
    with pytest.raises(InputError, match="2 samples without a single count: s2, s4"):
        prepare(Expression(np.abs(counts), ("A", "B"), SAMPLES), Preparation(counts=True))


@pytest.mark.parametrize(("transform", "number", "first"), [("log1p", 1, "-3 (gene B"), ("log2", 2, "0 (gene A")])
def test_a_logarithm_of_a_small_value_is_refused_with_the_value_and_a_floor(
    transform: str, number: int, first: str
) -> None:
    values = np.array([[1.0, 0.0, 2.0, 5.0], [4.0, 4.0, 4.0, -3.0]])
    with pytest.raises(InputError) as caught:
        prepare(Expression(values, ("A", "B"), SAMPLES), Preparation(transform=transform))
    assert f"{transform} is not defined for {number} value" in caught.value.message
    assert f"the first is {first} in sample" in caught.value.message
    assert caught.value.code == f"{transform}-undefined"


def test_a_floor_makes_the_logarithm_possible() -> None:
    values = np.array([[1.0, 0.0, 2.0, 5.0], [4.0, 4.0, 4.0, -3.0]])
    prepared = prepare(Expression(values, ("A", "B"), SAMPLES), Preparation(transform="log2", floor=1.0))
    np.testing.assert_array_equal(prepared.values, np.log2(np.maximum(values, 1.0)))
    np.testing.assert_array_equal(prepared.raw, values)


def test_the_panel_has_the_order_of_the_list_and_missing_genes_are_named_with_their_share(probes: Expression) -> None:
    asked = Preparation(duplicates="first", genes=("D", "A"))
    assert prepare(probes, asked).panel.genes == ("D", "A")
    with pytest.raises(NotFound, match=r"2 of the 4 genes wanted \(50\.0 %\) are not in the data: X, Y\.") as caught:
        prepare(probes, replace(asked, genes=("D", "X", "A", "Y")))
    assert caught.value.hint


def test_detection_counts_values_as_read_above_the_floor_or_zero() -> None:
    values = np.array([[0.0, 0.0, 0.0, 9.0], [0.0, 3.0, 9.0, 9.0], [5.0, 6.0, 7.0, 8.0]])
    expression = Expression(values, ("A", "B", "C"), SAMPLES)
    np.testing.assert_array_equal(prepare(expression, Preparation()).detected, [0.25, 0.75, 1.0])
    floored = prepare(expression, Preparation(floor=3.0, transform="log2", min_detected=0.5))
    assert floored.panel.genes == ("B", "C")
    np.testing.assert_array_equal(floored.detected, [0.5, 1.0])
    assert floored.notes == (
        "1 of 3 genes was left out: it is detected (above the floor of 3) in fewer than 50 % of the 4 samples.",
    )


def test_hardly_detected_genes_are_warned_of_only_when_no_filter_was_asked() -> None:
    values = np.vstack([np.zeros(10), np.eye(10)[0] * 9.0, np.arange(10.0), np.arange(10.0)[::-1]])
    expression = Expression(values, ("A", "B", "C", "D"), tuple(f"s{number}" for number in range(10)))
    (note,) = prepare(expression, Preparation()).notes
    assert note == (
        "2 of 4 genes are detected (above 0) in fewer than 20 % of the 10 samples; "
        "the strongest edges tend to be among them: consider --min-detected 0.2."
    )
    assert prepare(expression, Preparation(min_detected=0.0)).notes == ()


def test_constant_genes_are_dropped_only_when_asked(probes: Expression) -> None:
    assert "B" in prepare(probes, Preparation(duplicates="first")).panel
    prepared = prepare(probes, Preparation(duplicates="first", drop_constant=True))
    assert prepared.panel.genes == ("A", "C", "D")
    assert prepared.notes[1] == "1 of 4 genes was left out: it is constant."


def test_the_most_variable_genes_stay_in_order_and_ties_go_to_the_first() -> None:
    values = np.array([[0.0, 1.0, 0.0], [0.0, 9.0, 0.0], [1.0, 0.0, 0.0], [5.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    expression = Expression(values, tuple("ABCDE"), ("s1", "s2", "s3"))
    prepared = prepare(expression, Preparation(top_variance=3))
    assert prepared.panel.genes == ("A", "B", "D")
    assert prepared.notes == ("2 of 5 genes were left out: they are not among the 3 of greatest variance.",)
    with pytest.raises(InputError, match="The 6 most variable genes were asked for, and there are 5"):
        prepare(expression, Preparation(top_variance=6))


@pytest.mark.parametrize(
    ("smallest", "advice"), [(1.0, "--transform log2."), (0.0, "--transform log1p."), (-4.0, "log2 with a --floor.")]
)
def test_large_values_without_a_transform_are_warned_of(smallest: float, advice: str) -> None:
    values = np.array([[smallest, 2.0, 61228.0], [3.0, 4.0, 5.0]])
    expression = Expression(values, ("A", "B"), ("s1", "s2", "s3"))
    (note,) = prepare(expression, Preparation()).notes
    assert note.startswith("Values reach 61,228 and no transform was asked: consider")
    assert note.endswith(advice)


def test_a_panel_of_one_gene_is_refused_with_what_was_left_out() -> None:
    values = np.array([[1.0, 1.0, 1.0], [1.0, 2.0, 3.0]])
    with pytest.raises(InputError, match=r"preparing leaves 1\. 1 of 2 genes was left out: it is constant"):
        prepare(Expression(values, ("A", "B"), ("s1", "s2", "s3")), Preparation(drop_constant=True))


@pytest.mark.parametrize(
    "asked",
    [
        {"transform": "log10"},
        {"duplicates": "last"},
        {"floor": float("nan")},
        {"genes": ("A", "B", "A")},
        {"top_variance": 1},
        {"min_detected": 20.0},
    ],
)
def test_an_impossible_preparation_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Preparation(**asked)


def test_leukemia_becomes_the_panels_that_were_measured(leukemia: Expression) -> None:
    asked = Preparation(floor=20.0, transform="log2", duplicates="max-variance")
    everything = prepare(leukemia, asked)
    assert leukemia.values.shape == (11_548, 48)
    assert len(everything.panel) == 9_020
    assert everything.notes[1].startswith(
        "1,041 of 9,020 genes are detected (above the floor of 20) in fewer than 20 %"
    )
    assert len(prepare(leukemia, replace(asked, drop_constant=True)).panel) == 9_020 - 101
    detected = prepare(leukemia, replace(asked, min_detected=0.2))
    assert len(detected.panel) == 7_979
    assert len(prepare(leukemia, replace(asked, top_variance=500)).panel) == 500
    indices = everything.panel.locate(detected.panel.genes)
    np.testing.assert_array_equal(everything.values[indices], detected.values)
    np.testing.assert_array_equal(np.log2(np.maximum(detected.raw, 20.0)), detected.values)
