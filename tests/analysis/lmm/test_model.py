"""Models of a version: which rows they have, and predictions of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.analysis.lmm.model import AT_ONCE, predict_rows
from grnledger.engine.errors import EngineError, InputError, NotFound
from grnledger.engine.lmm import fit, fit_many, of_factor, shared_factor

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Study


def test_rows_are_those_with_a_value_in_the_order_of_the_kernel(study: Study) -> None:
    values = study.signal.values.copy()
    values[[3, 7]] = np.nan
    order = np.random.default_rng(0).permutation(40)
    signal = replace(study.signal, ids=tuple(study.signal.ids[g] for g in order), values=values[order])
    store_model = study.model(signal)
    genes = np.array([g for g in range(40) if g not in (3, 7)])
    assert store_model.rows.ids == tuple(study.signal.ids[g] for g in genes)
    np.testing.assert_array_equal(store_model.rows.genes, genes)
    np.testing.assert_array_equal(signal.values[store_model.signal_rows, 0], values[genes, 0])
    assert store_model.notes == ("2 ids of the signal without a value left out.",)
    factor, _ = shared_factor(store_model.snapshot, genes)
    alone = fit(of_factor(factor), values[genes, 0])
    assert fit_many(store_model.model)[0].h2 == pytest.approx(alone.h2, rel=1e-9)


def test_pathways_are_left_out_by_name_and_unknown_ones_are_named(study: Study) -> None:
    store_model = study.model(leave_out=("low",))
    assert (store_model.rows.left_out, store_model.rows.rank) == (("low",), study.model().rows.rank - 1)
    with pytest.raises(NotFound, match="has no pathway middle") as refusal:
        study.model(leave_out=("middle",))
    assert "high" in refusal.value.hint
    with pytest.raises(NotFound) as refusal:
        study.model(rev="v0", leave_out=("low",))
    assert refusal.value.code == "version-without-pathways"


def test_a_signal_of_the_bases_own_samples_is_refused_for_kernels_of_the_version(study: Study) -> None:
    own = replace(study.signal, samples=("S00", "S01"))
    with pytest.raises(EngineError) as refusal:
        study.model(own)
    assert refusal.value.code == "signal-from-own-samples"
    assert study.model(own, same_samples=True).relation.kind == "same"
    values = np.random.default_rng(1).normal(size=(12, 1))
    samples = replace(own, ids=study.repo.base().samples, values=values)
    assert study.model(samples, kernel="samples").relation.kind == "unknown"


def test_two_kernels_are_mixed_for_one_trait_over_the_same_rows(study: Study) -> None:
    mixture = study.model(second="full")
    assert 0.0 <= (mixture.weight or 0.0) <= 1.0
    two = replace(study.signal, names=("a", "b"), values=np.hstack([study.signal.values, study.signal.values[::-1]]))
    with pytest.raises(InputError) as refusal:
        study.model(two, second="full")
    assert refusal.value.code == "mixture-of-many-traits"


@pytest.mark.parametrize("kernel", ["shared", "full", "covariance"])
def test_rows_without_a_value_are_predicted_as_by_the_dense_kernel(study: Study, kernel: str) -> None:
    measured = np.arange(30)
    for seed in range(50):
        values = study.signal.values[:30] + 2 * np.random.default_rng(seed).normal(size=(30, 1))
        signal = replace(study.signal, ids=study.signal.ids[:30], values=values)
        store_model = study.model(signal, kernel=kernel)
        estimate = fit_many(store_model.model)[0]
        if 0.0 < estimate.h2 < 1.0:
            break
    own, others = predict_rows(store_model, estimate)
    assert [row[0] for row in own] == list(signal.ids)
    np.testing.assert_allclose([row[1] for row in own], signal.values[:, 0], rtol=1e-9)
    assert [row[0] for row in others] == list(study.signal.ids[30:])
    assert len(others) < AT_ONCE
    whole = study.repo.snapshot("v2").covariance.to_dense()
    if kernel != "covariance":
        whole = whole / np.sqrt(np.outer(np.diagonal(whole), np.diagonal(whole)))
    h = whole[np.ix_(measured, measured)]
    if kernel == "shared":
        factor, _ = shared_factor(store_model.snapshot, measured)
        h = factor @ factor.T
    h = h + estimate.delta * np.eye(30)
    cross = whole[np.ix_(np.arange(30, 40), measured)]
    expected = estimate.effects[0] + cross @ np.linalg.solve(h, signal.values[:, 0] - estimate.effects[0])
    np.testing.assert_allclose([row[4] for row in others], expected, rtol=1e-6)


def test_a_base_without_expression_has_no_kernel_over_samples(study: Study, tmp_path: Path) -> None:
    import grnledger

    covariance = np.cov(study.values) + 0.1 * np.eye(40)
    repo = grnledger.init(tmp_path / "dense.grn", covariance=covariance, genes=study.signal.ids)
    study.repo = repo
    with pytest.raises(NotFound) as refusal:
        study.model(rev="v0", kernel="samples")
    assert refusal.value.code == "sample-kernel-without-expression"
    with pytest.raises(InputError) as refusal:
        study.model(rev="v0", kernel="shared")
    assert refusal.value.code == "dense-base-without-shared-part"
    first, again = study.model(rev="v0"), study.model(rev="v0")  # eigenvectors are computed, and then read
    assert len(repo.artifacts.keys()) == 1
    np.testing.assert_array_equal(first.model.kernel.values, again.model.kernel.values)
