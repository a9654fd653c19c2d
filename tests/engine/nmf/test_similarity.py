"""The matrix that is factored of a version, against its dense correlations."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.network import covariance as covariance_module
from grnledger.engine.nmf.modules import similarity
from grnledger.engine.nmf.modules.similarity import positive_correlations
from ill_conditioned import FORMS, version

GENES = 40


def written_out(form: str) -> np.ndarray:
    covariance = version(form, GENES, 10.0).covariance.to_dense()
    deviations = np.sqrt(np.diagonal(covariance))
    positive = np.maximum(covariance / np.outer(deviations, deviations), 0.0)
    np.fill_diagonal(positive, 0.0)
    return positive


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covariance_module, "BLOCK_BYTES", 8 * GENES * 7)


@pytest.mark.parametrize("form", FORMS)
def test_all_pairs_have_their_positive_correlations(form: str) -> None:
    shares: list[float] = []
    whole = positive_correlations(version(form, GENES, 10.0), progress=shares.append)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, written_out(form), atol=1e-6)
    np.testing.assert_array_equal(whole, whole.T)
    assert shares == [min(1.0, rows / GENES) for rows in range(7, GENES + 7, 7)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("neighbors", [1, 5, 39, 100])
def test_pairs_are_kept_where_either_gene_has_the_other_among_its_nearest(form: str, neighbors: int) -> None:
    expected = written_out(form)
    nearest = expected >= -np.sort(-expected, axis=1)[:, [min(neighbors, GENES - 1) - 1]]
    expected[~(nearest | nearest.T)] = 0.0
    kept = positive_correlations(version(form, GENES, 10.0), neighbors=neighbors)
    np.testing.assert_allclose(kept.toarray(), expected, atol=1e-12)


def test_of_many_genes_the_nearest_are_kept_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similarity, "NEIGHBORS", 4)
    few = version("factors", GENES, 10.0)
    for most, kept in ((GENES, None), (GENES - 1, 4)):
        monkeypatch.setattr(similarity, "DENSE_UP_TO", most)
        default, asked = positive_correlations(few), positive_correlations(few, neighbors=kept)
        assert type(default) is type(asked)
        assert abs(default - asked).max() == 0.0
