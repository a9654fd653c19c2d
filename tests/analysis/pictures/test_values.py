"""Values of figures of history, pathways, modules and signals, against what they are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.analysis.nmf.kept import NamedAnalysis
from grnledger.analysis.pictures import history, memberships, modules, pathways, signals
from grnledger.analysis.pictures.timings import timings
from grnledger.engine.errors import InputError, NotFound
from grnledger.engine.lmm import fit_many, profile_interval
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.lmm.model.curve import likelihood_at
from grnledger.engine.lmm.model.fit import make_model
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.nmf.modules.analysis import analyse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.repository import Repository


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """30 genes by 40 samples, of which the first eight share a factor; two pathways, and a branch."""
    rng = np.random.default_rng(3)
    values = rng.normal(size=(30, 40))
    values[:8] += rng.normal(size=40)
    genes = tuple(f"G{number:02d}" for number in range(30))
    repo = grnledger.init(tmp_path / "s.grn", expression=(values, genes, [f"s{number}" for number in range(40)]))
    repo.commit(Pathway(("P",), np.arange(8), np.full((8, 1), 0.3)))
    repo.create_branch("side", "v0")
    repo.commit(Pathway(("Q",), np.arange(20, 26), np.full((6, 1), 0.3)))
    return repo


def test_a_trace_has_the_correlations_of_its_versions(repo: Repository) -> None:
    trace = history.trace(repo, "v0", "HEAD", pair=("G00", "G01"))
    rho = [repo.snapshot(name).partial_correlation("G00", "G01") for name in ("v0", "v1", "v2")]
    assert [point.rho for point in trace.points] == rho
    assert [point.has_moved for point in trace.points] == [False, True, True]
    with pytest.raises(InputError, match="named twice"):
        history.trace(repo, "v0", "HEAD", pair=("G00", "G00"))


def test_history_is_every_version_or_the_newest(repo: Repository) -> None:
    assert [version.name for version in history.history(repo).versions] == ["v2", "v1", "v0"]
    assert [version.name for version in history.history(repo, newest=1).versions] == ["v2"]


def test_support_has_the_nats_of_its_decoys(repo: Repository) -> None:
    support = pathways.support(repo, "HEAD", decoys=9)
    assert next(pathway.name for pathway in support) == "P"
    for pathway in support:
        assert len(pathway.decoy_nats) == 9
        assert pathway.decoys_median == pytest.approx(np.median(pathway.decoy_nats))
    assert "decoy_nats" not in support.columns()
    with pytest.raises(NotFound):
        pathways.support(repo, "v0")


def test_links_are_of_one_pathway_and_all_genes(repo: Repository) -> None:
    links = pathways.links(repo, "HEAD", linked_pathway="P")
    assert sorted(link.gene for link in links.links) == list(range(30))
    assert links.p is not None
    assert links.q is not None
    assert all(p <= q for p, q in zip(links.p, links.q, strict=True))
    with pytest.raises(InputError, match="2 are active: "):
        pathways.links(repo, "HEAD")


def test_modules_have_their_rows_in_the_order_of_modules() -> None:
    rng = np.random.default_rng(1)
    weights = np.zeros((24, 3))
    weights[np.arange(24), np.arange(24) % 3] = 5.0
    weights[0] = (3.0, 3.0, 0.0)
    counts = rng.poisson(weights @ rng.gamma(1.0, size=(3, 60)) * 4).astype(np.float64)
    analysis = analyse(counts, [3], symmetric=False, restarts=2)
    genes = tuple(f"G{number:02d}" for number in range(24))
    named = NamedAnalysis(analysis, genes, tuple(map(str, range(60))), "counts", symmetric=False, counts=True)
    shares = modules.module_shares(named)
    assert sorted(shares.genes) == list(genes)
    assert np.all(np.diff(shares.main) >= 0)
    np.testing.assert_allclose(shares.shares, analysis.memberships.shares[[genes.index(g) for g in shares.genes]])
    few = modules.module_shares(named, most=6)
    assert (np.bincount(few.main).tolist(), few.count) == ([2, 2, 2], 24)
    second = modules.second_modules(named)
    assert "G00" in second.genes
    assert second.is_tested
    assert np.all((second.low <= second.share) & (second.share <= second.high))


def write_scan(path: Path, logs: list[float | None]) -> Path:
    rows = [f"t{number}\t{'' if log is None else log}\n" for number, log in enumerate(logs)]
    path.write_text("ID\tLOG10P\n" + "".join(rows))
    return path


def test_a_qq_plot_keeps_the_least_p_and_is_thin_elsewhere(tmp_path: Path) -> None:
    uniform = np.log10((np.arange(20_000) + 0.5) / 20_000)
    logs: list[float | None] = np.random.default_rng(0).permutation(uniform).tolist()
    value = signals.qq(write_scan(tmp_path / "scan.tsv", [*logs, None, -400.0]))
    assert (value.tests, value.untested, value.names[0]) == (20_001, 1, "t20001")
    assert value.observed[0] == 400
    assert 2_000 < len(value.observed) < 4_001
    assert value.inflation == pytest.approx(1.0, abs=1e-3)
    np.testing.assert_allclose(value.observed[1:], value.expected[1:], atol=0.5)
    assert np.all((value.low < value.expected) & (value.expected < value.high))
    first = -np.log10(1 - 0.975 ** (1 / 20_001)), -np.log10(1 - 0.025 ** (1 / 20_001))  # the least of 20,001
    np.testing.assert_allclose((value.high[0], value.low[0]), first, rtol=1e-6)


def test_files_without_tests_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other.tsv").write_text("a\tb\n1\t2\n")
    for read in (signals.qq, signals.sets):
        with pytest.raises(InputError, match="has no column"):
            read(tmp_path / "other.tsv")
    with pytest.raises(InputError, match="No test"):
        signals.qq(write_scan(tmp_path / "scan.tsv", [None]))
    (tmp_path / "scan.tsv").write_text("ID\tLOG10P\nt\tmuch\n")
    with pytest.raises(InputError, match="Line 2"):
        signals.qq(tmp_path / "scan.tsv")


def test_sets_are_those_of_least_q_whatever_the_order_of_the_table(tmp_path: Path) -> None:
    (tmp_path / "sets.tsv").write_text("set\tn_used\tbeta\tse\tq\nA\t9\t1.5\t.5\t.01\nB\t5\t\t\t\nC\t7\t-1\t.5\t.2\n")
    shifts = signals.sets(tmp_path / "sets.tsv")
    assert (shifts.names, shifts.count, shifts.beta.tolist()) == (("A", "C"), 2, [1.5, -1.0])
    assert signals.sets(tmp_path / "sets.tsv", most_sets=1).names == ("A",)
    (tmp_path / "sets.tsv").write_text("set\tn_used\tbeta\tse\tq\nC\t7\t-1\t.5\t.2\nA\t9\t1.5\t.5\t.01\n")
    assert signals.sets(tmp_path / "sets.tsv", most_sets=1).names == ("A",)


def test_a_likelihood_curve_crosses_its_interval_at_its_ends() -> None:
    rng = np.random.default_rng(2)
    loadings = rng.normal(size=(200, 8))
    model = make_model(of_factor(loadings), loadings @ rng.normal(size=8) + 2 * rng.normal(size=200))
    fit = fit_many(model)[0]
    low, high = profile_interval(model, fit)
    drop = likelihood_at(model, fit, np.array([0.0, low, fit.h2, high])) - fit.log_likelihood
    np.testing.assert_allclose(drop, [fit.log_likelihood_h2_0 - fit.log_likelihood, -1.9207, 0, -1.9207], atol=1e-4)


@pytest.mark.parametrize(
    ("read", "rows", "sentence"),
    [
        (
            signals.qq,
            "ID\tLOG10P\nt\t3\n",
            "Line 2 .* has 3 as LOG10P, which is at most 0",
        ),  # −log₁₀ p, as others write
        (signals.qq, "ID\tLOG10P\nt\t-1\nu\t-inf\n", "Line 3 .* has -inf"),
        (signals.sets, "set\tn_used\tbeta\tse\tq\nA\t9\t1\t-1\t.1\n", "has -1 as se, which is at least 0"),
        (signals.sets, "set\tn_used\tbeta\tse\tq\nA\t9\t1\t1\t2\n", "has 2 as q, which is at least 0 and at most 1"),
        (signals.sets, "set\tn_used\tbeta\tse\tq\nA\t9\tinf\t1\t1\n", "has inf as beta, which is finite"),
        (timings, "p\tcommit_us\tfirst_question_us\twoodbury_us\tinv_us\n", "has no row"),
        (
            timings,
            f"p\tcommit_us\tfirst_question_us\twoodbury_us\tinv_us\n{10**20}\t1\t1\t1\t1\n",
            "no numbers of genes",
        ),
    ],
)
def test_numbers_that_results_cannot_have_are_refused(
    tmp_path: Path, read: Callable[[Path], Any], rows: str, sentence: str
) -> None:
    (tmp_path / "rows.tsv").write_text(rows)
    with pytest.raises(InputError, match=sentence):
        read(tmp_path / "rows.tsv")


def test_an_analysis_is_drawn_of_its_own_version_alone(repo: Repository) -> None:
    repo.nmf("v0", ranks=2, restarts=1)
    key = memberships.kept_analysis(repo, "v0").key
    assert memberships.kept_analysis(repo, "v0", key[:8]).key == key
    with pytest.raises(InputError, match="is of v0, and not of v1"):
        memberships.kept_analysis(repo, "v1", key[:8])
