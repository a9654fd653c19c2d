"""What is said of a base to people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.engine.estimation.expression import Expression
from grnledger.storage.networks.base_facts import base_facts
from small_store import GENES, SIZE, base

if TYPE_CHECKING:
    from pathlib import Path


def expression(samples: int) -> Expression:
    names = tuple(f"s{number}" for number in range(samples))
    return Expression(np.random.default_rng(1).normal(size=(SIZE, samples)), GENES, names)


GIVEN_MODEL = {"factor_model": base(), "genes": GENES}
GIVEN_COVARIANCE = {"covariance": np.eye(SIZE) + 0.5, "genes": GENES, "ridge": 0.5}
FEW = {"expression": expression(6), "intensity": "analytic"}
MANY = {"expression": expression(12), "intensity": "analytic"}


@pytest.mark.parametrize(
    ("source", "facts"),
    [
        (GIVEN_MODEL, {"genes": SIZE, "base": "given factor model, factor form with 2 factors"}),
        (GIVEN_COVARIANCE, {"genes": SIZE, "base": "given covariance, dense form", "ridge": 0.5}),
        (FEW, {"samples": 6, "base": "shrinkage, factor form with 6 factors", "expression": "kept with the base"}),
        (FEW | {"keep_expression": False}, {"expression": "not kept"}),
        (MANY, {"samples": 12, "base": "shrinkage, dense form", "removed": None, "degrees of freedom": None}),
        (
            MANY | {"groups": list("aabbccddefgh")},
            {"degrees of freedom": "11 of 12 samples; 7 with each group counted once"},
        ),
        (
            MANY | {"within": list("ab" * 6)},
            {
                "removed": "means of categories, as given",
                "degrees of freedom": "10 of 12 samples, less what was removed",
            },
        ),
    ],
)
def test_a_base_is_described_by_its_form_and_by_what_its_numbers_are_worth(
    tmp_path: Path, source: dict[str, Any], facts: dict[str, object]
) -> None:
    described = dict(base_facts(grnledger.init(tmp_path / "lab.grn", **source).base()))
    assert {name: described[name] for name in facts} == facts
