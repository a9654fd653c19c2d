"""A version with a new base: its numbers, what undoes and merges it, and what is refused with nothing written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import Conflict, InputError, NotFound, NotPositiveDefinite
from grnledger.engine.estimation.expression import Expression
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.pathway import Pathway
from grnledger.storage import new_base

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.repository import Repository
    from numpy.typing import NDArray

GENES = tuple(f"GENE{number}" for number in range(8))
EXTRA = ("OTHER1", *GENES[::-1], "OTHER2")


def covariance(seed: int, size: int = len(GENES)) -> NDArray[np.float64]:
    factors = np.random.default_rng(seed).normal(size=(size, size + 4))
    return factors @ factors.T


P53 = Pathway(("p53",), np.array([1, 3, 6]), np.array([[0.4], [0.5], [-0.6]]), 1, "sd")
LOSS = Pathway(("loss",), np.array([0, 2]), np.array([[0.5], [0.5]]), -1, "raw")


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """v0 a dense base, v1 a pathway on it."""
    made = grnledger.init(tmp_path / "two.grn", covariance=covariance(1), genes=GENES, author="ada")
    made.commit(P53)
    return made


def with_p53(base: NDArray[np.float64]) -> NDArray[np.float64]:
    column = np.zeros(len(GENES))
    column[P53.genes] = P53.loadings[:, 0] * np.sqrt(base.diagonal())[P53.genes]
    return base + np.outer(column, column)


def files(repo: Repository) -> set[Path]:
    return {path for path in repo.path.rglob("*") if path.is_file() and "cache" not in path.parts}


def test_genes_are_matched_by_name_and_loadings_are_in_units_of_the_new_base(repo: Repository) -> None:
    larger = covariance(2, len(EXTRA))
    version = grnledger.set_base(repo, covariance=larger, genes=EXTRA, message="drug")
    rows = [EXTRA.index(gene) for gene in GENES]
    truth = with_p53(larger[np.ix_(rows, rows)])
    np.testing.assert_allclose(repo.snapshot().covariance.to_dense(), truth, rtol=1e-12)
    np.testing.assert_allclose(repo.snapshot().precision.to_dense(), np.linalg.inv(truth), rtol=1e-9, atol=1e-12)
    assert [active.label for active in repo.active()] == ["p53"]
    assert (version.name, version.message, version.changes_base) == ("v2", "drug", True)
    assert "2 genes left out, not on the panel of the store: OTHER1, OTHER2" in repo.base().record.notes
    np.testing.assert_allclose(repo.snapshot("v1").covariance.to_dense(), with_p53(covariance(1)), rtol=1e-12)


def test_factor_models_and_expression_are_matched_by_name(repo: Repository) -> None:
    stream = np.random.default_rng(3)
    model = FactorCovariance(stream.uniform(1, 2, len(EXTRA)), stream.normal(size=(len(EXTRA), 2)))
    grnledger.set_base(repo, factor_model=model, genes=EXTRA)
    rows = [EXTRA.index(gene) for gene in GENES]
    truth = (np.diag(model.noise) + model.loadings @ model.loadings.T)[np.ix_(rows, rows)]
    np.testing.assert_allclose(repo.base_snapshot().covariance.to_dense(), truth, rtol=1e-12)
    values = stream.normal(size=(len(EXTRA), 12))
    samples = tuple(f"S{number}" for number in range(12))
    grnledger.set_base(repo, expression=Expression(values, EXTRA, samples), intensity=0.4)
    expected = grnledger.engine.shrinkage(values[rows], intensity=0.4).base
    np.testing.assert_allclose(
        repo.base_snapshot().covariance.to_dense(), expected.covariance.rows(np.arange(8)), rtol=1e-12
    )
    assert repo.base().panel.genes == GENES
    assert repo.version().message == "base: shrinkage, 12 samples, λ = 0.4"


def test_a_change_of_base_is_reverted_and_picked(repo: Repository) -> None:
    first = repo.version("v1")
    grnledger.set_base(repo, covariance=covariance(2), genes=GENES)
    assert repo.revert("v2").content == first.content
    assert repo.snapshot().precision.to_dense().tobytes() == repo.snapshot("v1").precision.to_dense().tobytes()
    assert repo.cherry_pick("v2").content == repo.version("v2").content
    repo.rollback("v1")
    assert repo.version().content == first.content


def test_a_branch_takes_the_base_that_the_other_has_changed(repo: Repository) -> None:
    repo.create_branch("drug")
    wnt = Pathway(("wnt",), np.array([2, 4]), np.array([[0.3], [0.4]]), 1, "sd")
    repo.commit(wnt)
    grnledger.set_base(repo, covariance=covariance(2), genes=GENES, branch="drug")
    assert not repo.version("main").changes_base
    merged = repo.merge("drug")
    assert merged.base == repo.version("drug").base
    assert [active.label for active in repo.active()] in (["p53", "wnt"], ["wnt", "p53"])
    repo.switch("drug")
    assert repo.merge("v2", fast_forward=False).content == merged.content


def test_two_changed_bases_are_not_merged_and_the_message_says_what_they_are(repo: Repository) -> None:
    repo.create_branch("drug")
    grnledger.set_base(repo, covariance=covariance(2), genes=GENES)
    samples = tuple(f"S{number}" for number in range(12))
    expression = Expression(np.random.default_rng(4).normal(size=(8, 12)), GENES, samples)
    grnledger.set_base(repo, expression=expression, intensity=0.4, branch="drug")
    before = files(repo)
    with pytest.raises(Conflict, match=r"v2 has given covariance; v3 has shrinkage, 12 samples, λ = 0\.4") as caught:
        repo.merge("drug")
    assert dict(caught.value.facts) == {"ours": "v2", "theirs": "v3"}
    assert files(repo) == before
    repo.revert("v2")
    repo.cherry_pick("v3")
    assert repo.merge("drug").base == repo.version("drug").base


def test_what_cannot_be_a_base_of_the_store_is_refused_and_nothing_is_written(repo: Repository) -> None:
    repo.commit(LOSS)
    before = files(repo)
    with pytest.raises(
        NotFound, match=r"1 of the 8 genes of the panel .* not in the data: GENE7\. It has GENE0, GENE1"
    ):
        grnledger.set_base(repo, covariance=covariance(2)[:7, :7], genes=GENES[:7])
    with pytest.raises(InputError, match="v2 has this base already") as caught:
        grnledger.set_base(repo, covariance=covariance(1), genes=GENES)
    assert caught.value.code == "same-base"
    with pytest.raises(NotPositiveDefinite):
        grnledger.set_base(repo, covariance=covariance(2) / 1e4, genes=GENES)
    other = new_base.from_covariance(covariance(2), genes=GENES[::-1])
    with pytest.raises(Conflict, match="other genes than the panel of the store, or another order"):
        repo.set_base(other)
    with pytest.raises(TypeError, match="no argument 'top_variance'"):
        grnledger.set_base(repo, covariance=covariance(2), genes=GENES, top_variance=3)
    assert files(repo) == before


def test_an_anchor_is_not_read_from_under_another_base(repo: Repository) -> None:
    repo.reinvert()
    assert repo.version().entry.measured.anchor == repo.version().content
    grnledger.set_base(repo, covariance=covariance(2), genes=GENES)
    measured = repo.version().entry.measured
    assert (measured.anchor, measured.since_anchor) == (None, 0)
    np.testing.assert_allclose(repo.snapshot().covariance.to_dense(), with_p53(covariance(2)), rtol=1e-12)


def test_both_bases_travel(repo: Repository, tmp_path: Path) -> None:
    grnledger.set_base(repo, covariance=covariance(2), genes=GENES)
    repo.commit(LOSS)
    repo.pack()
    assert grnledger.verify(repo.path, numbers=True).sound
    repo.export(tmp_path / "two.h5")
    behind = grnledger.init(tmp_path / "other.grn", covariance=covariance(1), genes=GENES, author="ada")
    copies = [grnledger.clone(tmp_path / "two.h5", tmp_path / "clone.grn"), grnledger.open(tmp_path / "two.h5"), behind]
    assert behind.fetch(repo.path, "lab").bases == 1
    for copy, name in zip(copies, ("main", "main", "lab/main"), strict=True):
        assert copy.version(name).content == repo.version().content
        assert copy.snapshot(name).precision.to_dense().tobytes() == repo.snapshot().precision.to_dense().tobytes()
