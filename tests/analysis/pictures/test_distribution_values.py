"""Eigenvalues, counts of ρ, shares and times for figures, against dense truth and known distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.analysis.nmf.run import modules_of
from grnledger.analysis.pictures.distributions import MOST_FORMED, eigenvalues, rho_histogram
from grnledger.analysis.pictures.memberships import dirichlet_draws, membership_histogram
from grnledger.analysis.pictures.modules import ranks
from grnledger.analysis.pictures.timings import timings
from grnledger.engine import simulate_factor_model
from grnledger.engine.errors import FormatError, InputError, NotFound
from picture_store import dense, make_store, rho_of

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.repository import Repository


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return make_store(tmp_path_factory.mktemp("pictures") / "s.grn")


def test_the_spectrum_has_all_eigenvalues_of_sigma(repo: Repository) -> None:
    spectrum = eigenvalues(repo, "HEAD")
    expected = np.linalg.eigvalsh(dense(repo, "v2"))[::-1]
    np.testing.assert_allclose(spectrum.values, expected, rtol=1e-10)
    assert (spectrum.of, spectrum.genes) == ("covariance", 20)
    assert spectrum.title == "v2: eigenvalues of Σ of 20 genes"


def test_of_a_large_factor_base_nothing_genes_by_genes_is_formed(tmp_path: Path) -> None:
    model = simulate_factor_model(MOST_FORMED + 1, 3, seed=1)
    names = [f"G{number}" for number in range(model.size)]
    spectrum = eigenvalues(grnledger.init(tmp_path / "s.grn", factor_model=model, genes=names), "v0")
    assert spectrum.of == "factors"
    np.testing.assert_allclose(spectrum.values, np.linalg.svd(model.loadings, compute_uv=False) ** 2, rtol=1e-10)
    assert spectrum.extremes.smallest >= model.noise.min() * (1 - 1e-9)
    assert spectrum.extremes.largest > spectrum.values[0]


@pytest.mark.parametrize("rule", [{}, {"threshold": 0.2}, {"edges": 5}])
def test_every_pair_is_counted_in_its_bin_and_the_cut_is_that_of_the_rule(
    repo: Repository, rule: dict[str, float]
) -> None:
    histogram = rho_histogram(repo, "v0", "HEAD", **rule)
    left, right = np.triu_indices(20, 1)
    sides = [rho_of(dense(repo, rev))[left, right] for rev in ("v0", "v2")]
    assert histogram.names == ("v0", "v2")
    assert histogram.counts.sum(axis=1).tolist() == [histogram.pairs] * 2 == [190, 190]
    for counts, rho in zip(histogram.counts, sides, strict=True):
        np.testing.assert_array_equal(counts, np.histogram(rho, bins=histogram.bins)[0])
    cut = rule.get("threshold", np.sort(np.abs(sides[0]))[::-1][int(rule.get("edges", 20)) - 1])
    assert histogram.cut == pytest.approx(cut)
    assert histogram.edges == tuple(np.count_nonzero(np.abs(rho) >= histogram.cut - 1e-12) for rho in sides)


def test_memberships_are_those_of_the_newest_analysis_that_is_kept(repo: Repository) -> None:
    with pytest.raises(NotFound) as none:
        membership_histogram(repo, "v0")
    assert none.value.code == "no-analysis-kept"
    runs = [modules_of(repo, "v1", ranks=(rank, rank), restarts=1) for rank in (2, 3)]
    for run, chosen in ((runs[0], runs[0].artifact.key[:10]), (runs[1], runs[1].artifact.key[:10])):
        histogram = membership_histogram(repo, "v1", analysis=chosen)
        shares = run.named_analysis.analysis.memberships.shares
        shares = shares[shares.any(axis=1)]
        assert histogram.modules == shares.shape[1]
        np.testing.assert_array_equal(histogram.main, np.histogram(shares.max(axis=1), histogram.bins)[0])
        np.testing.assert_array_equal(histogram.main + histogram.others, np.histogram(shares, histogram.bins)[0])
        assert histogram.shared == np.count_nonzero(np.sort(shares, axis=1)[:, -2] > 0.1)
        assert histogram.pure + histogram.shared == len(shares)
    assert membership_histogram(repo, "v1").remark[9:17] in {run.artifact.key[:8] for run in runs}
    with pytest.raises(NotFound):
        membership_histogram(repo, "v1", analysis="ffffffff")
    assert len(ranks(repo, "v1").rows) == 1
    modules_of(repo, "v1", ranks=(2, 3), restarts=1)
    modules_of(repo, "v1", ranks=(4, 4), restarts=1)
    assert [row.rank for row in ranks(repo, "v1").rows] == [2, 3]  # the newest that surveyed more than one


def test_dirichlet_draws_have_the_distribution_that_is_known() -> None:
    draws = dirichlet_draws(alpha=(1.0, 0.001, 1e5), modules=2, seed=3)
    assert draws.counts.sum(axis=1).tolist() == [20_000] * 3
    assert draws.largest.sum(axis=1).tolist() == [10_000] * 3
    np.testing.assert_allclose(draws.counts[0], 1_000, atol=6 * np.sqrt(1_000))  # uniform
    assert draws.counts[1][[0, -1]].min() > 9_900  # a gene is in one module
    assert draws.counts[2][9:11].sum() == 20_000  # half in each
    np.testing.assert_array_equal(draws.counts, dirichlet_draws(alpha=(1.0, 0.001, 1e5), modules=2, seed=3).counts)
    means = dirichlet_draws(alpha=(2.0,), modules=5)
    centres = 0.5 * (means.bins[1:] + means.bins[:-1])
    assert np.average(centres, weights=means.counts[0]) == pytest.approx(0.2, abs=0.005)


@pytest.mark.parametrize("named", [{"alpha": ()}, {"alpha": (0.0,)}, {"alpha": (float("nan"),)}, {"modules": 1}])
def test_what_is_no_dirichlet_distribution_is_refused(named: dict[str, object]) -> None:
    with pytest.raises(InputError):
        dirichlet_draws(**named)


HEADER = "p\tr\tcommit_us\tfirst_question_us\twoodbury_us\tinv_us\tinv/commit\n"


def test_times_are_read_in_the_order_of_their_sizes(tmp_path: Path) -> None:
    table = tmp_path / "t.tsv"
    table.write_text(f"# a machine\n{HEADER}200\t5\t4\t8\t10\t400\t100\n50\t5\t2\t4\t8\t16\t8\n")
    times = timings(table)
    assert (times.genes.tolist(), times.machine) == ([50, 200], "a machine")
    np.testing.assert_allclose(times.seconds, np.array([[2, 4], [4, 8], [8, 10], [16, 400]]) * 1e-6)
    np.testing.assert_allclose(times.speed_ups, [[8, 100], [4, 50], [2, 40], [1, 1]])


@pytest.mark.parametrize(
    "text",
    ["gene\ta\nG1\t2\n", f"{HEADER}many\t5\t4\t8\t10\t400\t100\n", f"{HEADER}50\t5\t0\t8\t10\t400\t100\n", ""],
)
def test_another_table_is_refused(tmp_path: Path, text: str) -> None:
    table = tmp_path / "t.tsv"
    table.write_text(text)
    with pytest.raises((InputError, FormatError)):
        timings(table)
