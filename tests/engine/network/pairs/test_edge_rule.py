"""What a rule of edges allows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.pairs import edge_rule as rules
from grnledger.engine.network.pairs.edge_rule import EdgeRule


@pytest.mark.parametrize(
    ("rule", "values"),
    [("top", [1, 2, 10**9]), ("threshold", [1e-9, 0.5, 1.0]), ("fdr", [1e-9, 0.05, 0.999]), ("genes", [2, 50])],
)
def test_values_that_make_sense_are_taken(rule: Any, values: list[float]) -> None:
    for value in values:
        assert EdgeRule(rule, value).value == value


@pytest.mark.parametrize(
    ("rule", "values", "sentence"),
    [
        ("top", [0, -1, 1.5, np.inf, np.nan], "a whole number from 1 up"),
        ("threshold", [0.0, -0.5, 1.0000001, np.inf, np.nan], "above 0 and at most at 1"),
        ("fdr", [0.0, -0.05, 1.0, 5.0, np.nan], "lies between 0 and 1"),
    ],
)
def test_values_that_make_no_sense_are_refused(rule: Any, values: list[float], sentence: str) -> None:
    for value in values:
        with pytest.raises(InputError, match=sentence):
            EdgeRule(rule, value)


def test_a_threshold_or_a_number_defines_a_rule_and_not_both() -> None:
    assert EdgeRule.of(0.3, None, 7) == EdgeRule("threshold", 0.3)
    assert EdgeRule.of(None, 5, 7) == EdgeRule("top", 5)
    assert EdgeRule.of(None, None, 7) == EdgeRule("top", 7)
    with pytest.raises(InputError, match="not by both"):
        EdgeRule.of(0.3, 5, 7)


def test_a_rule_collects_no_more_than_there_are_pairs_and_than_a_list_holds() -> None:
    assert rules.most_pairs(EdgeRule("top", 10), 4) == 6
    assert rules.most_pairs(EdgeRule("top", 5), 4) == 5
    assert rules.most_pairs(EdgeRule("top", rules.MOST_EDGES), 5_000) == rules.MOST_EDGES
    assert rules.most_pairs(EdgeRule("threshold", 0.5), 4) == rules.MOST_EDGES + 1
    with pytest.raises(InputError, match="2,000,000 edges are too many for a list, and 2,000,001 are asked for"):
        rules.most_pairs(EdgeRule("top", rules.MOST_EDGES + 1), 5_000)


def test_a_threshold_is_met_by_its_equal() -> None:
    assert (
        rules.least_strength(EdgeRule("threshold", 0.25))
        < 0.25
        == np.nextafter(rules.least_strength(EdgeRule("threshold", 0.25)), 1.0)
    )
    assert rules.amounts_to(EdgeRule("threshold", 0.25), np.array([0.3, 0.5])) == 0.25
    assert rules.amounts_to(EdgeRule("top", 2), np.array([0.5, 0.3])) == 0.3
    assert rules.amounts_to(EdgeRule("top", 2), np.array([])) == 1.0
