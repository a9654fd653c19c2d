"""Two versions compared, and edges traced to pathways, against brute force and against building versions anew."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotPositiveDefinite, ShapeError
from grnledger.engine.network import partial_correlations
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.attribution import contributions
from grnledger.engine.network.comparison import ChangeList, Difference, Summary, compare, compare_lists
from grnledger.engine.network.covariance import ArraySource, DenseCovariance, FactorCovariance
from grnledger.engine.network.edges import EdgeRule
from grnledger.engine.network.inversion import invert
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import Snapshot, build_snapshot
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grnledger.engine.network.covariance import Covariance

Matrix = NDArray[np.float64]
Only = Literal["gained", "lost", "sign_flipped"]
Order = Literal["rho", "abs"]

properties = settings(max_examples=150, derandomize=True, deadline=None)


def version(base: Covariance, pathways: Sequence[Pathway]) -> Snapshot:
    panel = Panel(tuple(f"G{number}" for number in range(base.size)))
    return build_snapshot(panel, anchor_of(base), pathways, base.standard_deviations())


def with_rho(rho: Matrix) -> Snapshot:
    """A version with exactly these partial correlations: Θ has 1 on its diagonal, so that nothing is rounded."""
    precision = np.where(np.eye(len(rho), dtype=bool), 1.0, -rho)
    return version(DenseCovariance(ArraySource(np.linalg.inv(precision)), ArraySource(precision), 0.0), ())


def random_base(form: str, genes: int, rng: np.random.Generator) -> Covariance:
    base = FactorCovariance(rng.uniform(0.5, 1.0, genes), 0.4 * rng.standard_normal((genes, 3)))
    return invert(base.columns() @ base.columns().T + np.diag(base.noise)) if form == "dense" else base


def random_pathways(genes: int, rng: np.random.Generator) -> list[Pathway]:
    """Added columns, two of them tied by a covariance, then subtracted ones, two of them tied as well."""
    together = np.array([[1.0, 0.5], [0.5, 2.0]])

    def columns(count: int, scale: float) -> tuple[NDArray[np.intp], Matrix]:
        chosen = np.sort(rng.choice(genes, max(2, genes // 2), replace=False))
        return chosen, scale * rng.standard_normal((len(chosen), count))

    small = 0.3 / np.sqrt(genes)
    return [
        Pathway(("p53",), *columns(1, 0.5)),
        Pathway(("NF-κB", "MAPK"), *columns(2, 0.5), covariance=together),
        Pathway(("JAK",), *columns(1, 0.5), units="raw"),
        Pathway(("Wnt",), *columns(1, small), -1),
        Pathway(("Notch", "Hippo"), *columns(2, small), -1, "raw", together.copy()),
    ]


def dense_rho(snapshot: Snapshot) -> Matrix:
    """ρ of all pairs by inverting the dense covariance, 0 on the diagonal."""
    precision = np.linalg.inv(snapshot.covariance.to_dense())
    roots = np.sqrt(np.diagonal(precision))
    rho = -precision / np.outer(roots, roots)
    np.fill_diagonal(rho, 0.0)
    return rho


def brute_compare(
    before: Matrix, after: Matrix, edge_rule: EdgeRule, only: Only | None, by: Order = "rho"
) -> dict[str, Any]:
    """The comparison pair by pair, in plain Python."""
    every = list(itertools.combinations(range(len(before)), 2))
    threshold = edge_rule.value
    if edge_rule.rule == "top":
        counted_on = before if before.any() else after
        ranked = sorted((abs(counted_on[pair]) for pair in every if counted_on[pair] != 0), reverse=True)
        threshold = ranked[min(int(edge_rule.value), len(ranked)) - 1] if ranked else 1.0
    counts = {"gained": 0, "lost": 0, "sign_flipped": 0}
    listed: list[tuple[int, int, float, float, str]] = []
    for i, j in every:
        was, now = before[i, j], after[i, j]
        kind = "stronger" if abs(now) > abs(was) else "weaker"
        if abs(was) >= threshold and abs(now) >= threshold:
            kind = "sign_flipped" if was * now < 0 else kind
        elif abs(now) >= threshold:
            kind = "gained"
        elif abs(was) >= threshold:
            kind = "lost"
        if kind in counts:
            counts[kind] += 1
        if change_of(was, now, by) != 0 and only in (None, kind):
            listed.append((i, j, float(was), float(now), kind))
    listed.sort(key=lambda row: -change_of(row[2], row[3], by))
    sides = []
    for rho in (before, after):
        strengths = [abs(rho[pair]) for pair in every]
        count = sum(strength >= threshold for strength in strengths)
        sides.append((count, sum(strengths) / len(every), max(strengths), count / len(every)))
    return {"threshold": threshold, **counts, "before": sides[0], "after": sides[1], "listed": listed}


def change_of(before: float, after: float, by: Order) -> float:
    return abs(after - before) if by == "rho" else abs(abs(after) - abs(before))


def rows_of(actual: Difference) -> list[tuple[int, int, float, float, str]]:
    indices = {gene: index for index, gene in enumerate(actual.panel.genes)}
    return [(indices[left], indices[right], was, now, change) for left, right, was, now, change in actual]


def numbers_of(side: Summary) -> tuple[float, ...]:
    return (side.edges, side.mean_abs, side.max_abs, side.density)


@st.composite
def two_networks(draw: st.DrawFn) -> tuple[Matrix, Matrix]:
    """Two networks of few values, exact in binary: ties, zeros, flips and pairs that stay as they are."""
    size = draw(st.integers(2, 10))
    pair = st.sampled_from([0.0, 0.0, 0.0625, -0.0625, 0.03125, -0.03125])
    count = size * (size - 1) // 2
    sides: list[Matrix] = []
    for _ in range(2):
        matrix = np.zeros((size, size))
        matrix[np.triu_indices(size, 1)] = draw(st.lists(pair, min_size=count, max_size=count))
        sides.append(matrix + matrix.T)
    return sides[0], sides[1]


edge_rules = st.one_of(
    st.builds(EdgeRule, st.just("top"), st.sampled_from([1, 2, 5, 1000])),
    st.builds(EdgeRule, st.just("threshold"), st.sampled_from([0.03125, 0.0625, 0.04, 1.0])),
)


@properties
@given(
    both=two_networks(),
    edge_rule=edge_rules,
    changes=st.sampled_from([0, 1, 3, 20, 1000]),
    only=st.sampled_from([None, "gained", "lost", "sign_flipped"]),
    by=st.sampled_from(["rho", "abs"]),
    band=st.sampled_from([8, 200, 2 << 20]),
)
def test_a_comparison_with_ties_zeros_and_flips_is_that_of_brute_force(
    both: tuple[Matrix, Matrix], edge_rule: EdgeRule, changes: int, only: Only | None, by: Order, band: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partial_correlations, "BAND_BYTES", band)
        actual = compare(with_rho(both[0]), with_rho(both[1]), edge_rule, changes=changes, only=only, by=by)
    expected = brute_compare(*both, edge_rule, only, by)
    assert rows_of(actual) == expected["listed"][:changes]
    assert actual.threshold == expected["threshold"]
    assert (actual.gained, actual.lost, actual.sign_flipped) == tuple(
        expected[kind] for kind in ("gained", "lost", "sign_flipped")
    )
    np.testing.assert_allclose(numbers_of(actual.before), expected["before"], rtol=1e-14)
    np.testing.assert_allclose(numbers_of(actual.after), expected["after"], rtol=1e-14)
    assert actual.after.edges == actual.before.edges + actual.gained - actual.lost


@pytest.mark.parametrize("form", ["dense", "factors"])
@pytest.mark.parametrize("genes", [2, 3, 40, 120])
@pytest.mark.parametrize("edge_rule", [EdgeRule("top", 30), EdgeRule("threshold", 0.03)])
@pytest.mark.parametrize("only", [None, "gained", "lost", "sign_flipped"])
@pytest.mark.parametrize("by", ["rho", "abs"])
def test_a_comparison_of_versions_is_that_of_dense_algebra(
    form: str, genes: int, edge_rule: EdgeRule, only: Only | None, by: Order
) -> None:
    rng = np.random.default_rng(genes)
    base, pathways = random_base(form, genes, rng), random_pathways(genes, rng)
    before, after = version(base, pathways[:2]), version(base, pathways[1:])
    actual = compare(before, after, edge_rule, changes=50, only=only, by=by)
    expected = brute_compare(dense_rho(before), dense_rho(after), edge_rule, only, by)
    np.testing.assert_allclose(actual.threshold, expected["threshold"], rtol=1e-12)
    rows = expected["listed"][:50]
    assert [row[:2] + row[4:] for row in rows_of(actual)] == [row[:2] + row[4:] for row in rows]
    np.testing.assert_allclose(actual.rho, np.array([row[2:4] for row in rows]).reshape(-1, 2), atol=1e-13)
    assert [actual.gained, actual.lost, actual.sign_flipped] == [
        expected[kind] for kind in ("gained", "lost", "sign_flipped")
    ]
    np.testing.assert_allclose(numbers_of(actual.before), expected["before"], rtol=1e-12)
    np.testing.assert_allclose(numbers_of(actual.after), expected["after"], rtol=1e-12)


@pytest.mark.parametrize("form", ["dense", "factors"])
@pytest.mark.parametrize("edge_rule", [EdgeRule("top", 40), EdgeRule("threshold", 0.05)])
def test_neither_the_bands_nor_the_threads_change_a_comparison(
    form: str, edge_rule: EdgeRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    base, pathways = random_base(form, 70, rng), random_pathways(70, rng)
    before, after = version(base, pathways[:1]), version(base, pathways)
    expected = compare(before, after, edge_rule, changes=100)
    for height, threads in itertools.product([1, 9, 70], [1, 2, 5]):
        monkeypatch.setattr(partial_correlations, "BAND_BYTES", 8 * 70 * height)
        monkeypatch.setattr(partial_correlations, "cores", lambda threads=threads: threads)
        actual = compare(before, after, edge_rule, changes=100)
        assert actual.pairs.tolist() == expected.pairs.tolist()
        np.testing.assert_allclose(actual.rho, expected.rho, rtol=0, atol=1e-15)
        counts = [(difference.gained, difference.lost, difference.sign_flipped) for difference in (actual, expected)]
        assert counts[0] == counts[1]
        for side, same in ((actual.before, expected.before), (actual.after, expected.after)):
            np.testing.assert_allclose(numbers_of(side), numbers_of(same), rtol=0, atol=1e-14)


@pytest.mark.parametrize("form", ["dense", "factors"])
@pytest.mark.parametrize("edge_rule", [EdgeRule("top", 10), EdgeRule("threshold", 0.01)])
def test_a_version_has_not_changed_from_itself(form: str, edge_rule: EdgeRule) -> None:
    rng = np.random.default_rng(2)
    base, pathways = random_base(form, 30, rng), random_pathways(30, rng)
    actual = compare(version(base, pathways), version(base, pathways), edge_rule)
    assert (actual.gained, actual.lost, actual.sign_flipped, len(actual.pairs)) == (0, 0, 0, 0)
    assert actual.before == actual.after
    assert list(actual) == []


@pytest.mark.parametrize("top", range(1, 40))
def test_pairs_that_a_commit_does_not_touch_have_not_changed_though_they_are_rounded_otherwise(top: int) -> None:
    rng = np.random.default_rng(3)
    loadings = np.zeros((40, 2))
    loadings[:20, 0], loadings[20:, 1] = rng.standard_normal((2, 20))
    base = FactorCovariance(rng.uniform(0.5, 1.0, 40), loadings)
    aside = Pathway(("p53",), np.arange(20, 40), 0.001 * rng.standard_normal((20, 1)))
    # The second side is read from a dense anchor, so that nothing is equal to the last bit.
    anchor = anchor_of(invert(base.columns() @ base.columns().T + np.diag(base.noise)))
    before = version(base, ())
    after = build_snapshot(before.panel, anchor, [aside], base.standard_deviations())
    only: Only
    for only in ("gained", "lost", "sign_flipped"):
        actual = compare(before, after, EdgeRule("top", top), changes=1000, only=only)
        assert len(actual.pairs) == getattr(actual, only)
        assert np.all(actual.pairs >= 20)
    assert np.all(compare(before, after, EdgeRule("top", top), changes=1000).pairs >= 20)


def test_the_threshold_of_the_strongest_is_counted_on_the_first_side() -> None:
    before, after = np.zeros((3, 3)), np.zeros((3, 3))
    before[0, 1] = before[1, 0] = 0.25
    after[0, 1] = after[1, 0] = 0.125
    after[0, 2] = after[2, 0] = -0.25
    actual = compare(with_rho(before), with_rho(after), EdgeRule("top", 1))
    assert actual.threshold == 0.25
    assert list(actual) == [("G0", "G2", 0.0, -0.25, "gained"), ("G0", "G1", 0.25, 0.125, "lost")]
    back = compare(with_rho(after), with_rho(before), EdgeRule("top", 1))
    assert [row[4] for row in back] == ["lost", "gained"]


def test_a_pair_whose_sign_alone_changes_has_the_largest_change_of_rho_and_none_of_its_size() -> None:
    before, after = np.zeros((3, 3)), np.zeros((3, 3))
    before[0, 1] = before[1, 0] = -0.25
    after[0, 1] = after[1, 0] = 0.25
    after[0, 2] = after[2, 0] = 0.125
    sides, edge_rule = (with_rho(before), with_rho(after)), EdgeRule("threshold", 0.2)
    assert [row[:2] for row in compare(*sides, edge_rule)] == [("G0", "G1"), ("G0", "G2")]
    by_size = compare(*sides, edge_rule, by="abs")
    assert [row[:2] for row in by_size] == [("G0", "G2")]
    assert (by_size.by, by_size.sign_flipped) == ("abs", 1)
    with pytest.raises(InputError, match="rho, abs"):
        compare(*sides, edge_rule, by="size")  # type: ignore[arg-type]


def test_several_lists_of_one_scan_are_those_of_a_scan_each() -> None:
    rng = np.random.default_rng(5)
    base = random_base("factors", 40, rng)
    sides, rule = (version(base, ()), version(base, random_pathways(40, rng))), EdgeRule("top", 60)
    lists = (ChangeList(7), ChangeList(9, ("gained", "sign_flipped")), ChangeList(5, "lost", "abs"))
    listed = compare_lists(*sides, rule, lists)
    for difference, one in zip(listed, lists, strict=True):
        alone = compare(*sides, rule, changes=one.count, only=one.only, by=one.by)
        assert list(difference) == list(alone)
        assert (difference.gained, difference.lost, difference.by) == (alone.gained, alone.lost, alone.by)
    assert len(listed[0]) == 7


def test_versions_over_different_panels_are_not_compared() -> None:
    base = FactorCovariance(np.ones(2), np.ones((2, 1)))
    other = build_snapshot(Panel(("G0", "X")), anchor_of(base), (), base.standard_deviations())
    with pytest.raises(ShapeError, match="panel"):
        compare(version(base, ()), other, EdgeRule("top", 1))


def test_progress_of_a_comparison_ends_at_the_whole() -> None:
    snapshot = version(random_base("factors", 20, np.random.default_rng(4)), ())
    shares: list[float] = []
    compare(snapshot, snapshot, EdgeRule("threshold", 0.1), progress=shares.append)
    assert shares == [1.0]


@pytest.mark.parametrize("form", ["dense", "factors"])
@pytest.mark.parametrize("genes", [2, 3, 30, 100])
def test_what_a_pathway_does_to_an_edge_is_what_the_version_built_without_it_lacks(form: str, genes: int) -> None:
    rng = np.random.default_rng(genes)
    base, pathways = random_base(form, genes, rng), random_pathways(genes, rng)
    whole = version(base, pathways)
    gene = genes // 2
    others = np.setdiff1d(np.arange(genes), [gene])
    actual = contributions(whole, gene, others)
    assert [factor.pathway.names for factor in actual] == [pathway.names for pathway in pathways]
    for left_out, factor in enumerate(actual):
        without = version(base, pathways[:left_out] + pathways[left_out + 1 :])
        np.testing.assert_allclose(factor.rho, dense_rho(whole)[gene, others], atol=1e-12)
        np.testing.assert_allclose(factor.rho_without, dense_rho(without)[gene, others], atol=1e-12)
        np.testing.assert_array_equal(factor.delta, factor.rho - factor.rho_without)
        assert np.abs(factor.delta).max() > 1e-6


@pytest.mark.parametrize("form", ["dense", "factors"])
def test_a_version_that_cannot_do_without_a_pathway_has_no_rho_without_it(form: str) -> None:
    rng = np.random.default_rng(5)
    base = random_base(form, 10, rng)
    added = Pathway(("p53",), np.array([1, 4, 6]), np.array([[3.0], [2.0], [-3.0]]))
    most = Pathway(("not p53",), np.array([1, 4, 6]), np.array([[2.9], [1.9], [-2.9]]), -1)
    aside = Pathway(("MAPK",), np.array([0, 9]), np.array([[0.5], [0.5]]))
    pathways = [added, aside, most]
    with pytest.raises(NotPositiveDefinite):
        version(base, [aside, most])
    actual = contributions(version(base, pathways), "G1", np.array([4, 6]))
    assert np.all(np.isnan(actual[0].rho_without))
    assert np.all(np.isnan(actual[0].delta))
    for left_out in (1, 2):
        without = version(base, pathways[:left_out] + pathways[left_out + 1 :])
        np.testing.assert_allclose(actual[left_out].rho_without, dense_rho(without)[1, [4, 6]], atol=1e-11)


def test_a_version_without_pathways_has_nothing_to_trace() -> None:
    assert contributions(version(random_base("factors", 5, np.random.default_rng(6)), ()), 0, np.array([1])) == []
