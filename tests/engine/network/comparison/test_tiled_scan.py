"""Comparisons that leave out what cannot matter, against a scan of all pairs."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.comparison import change_tiles as change_tiles_module, tiled_scan, versions
from grnledger.engine.network.comparison.change_tiles import change_tiles
from grnledger.engine.network.comparison.changes import ChangeList
from grnledger.engine.network.comparison.low_rank_change import low_rank_change
from grnledger.engine.network.comparison.versions import compare, compare_lists
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.pairs import blocks, candidates, edge_rule as rules
from grnledger.engine.network.pairs.edge_rule import EdgeRule
from grnledger.engine.network.pairs.partial_correlations import PartialCorrelations, partial_correlations
from grnledger.engine.network.pairs.tiles import falling
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import Snapshot, build_snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grnledger.engine.network.comparison.difference import Difference

LISTS = (
    ChangeList(30),
    ChangeList(25, None, "abs"),
    ChangeList(20, "gained"),
    ChangeList(20, ("lost", "sign_flipped")),
)


def version(base: FactorCovariance, pathways: Sequence[Pathway], penalty: float = 0.0) -> Snapshot:
    panel = Panel(tuple(f"G{number}" for number in range(base.size)))
    source = base.penalised(penalty) if penalty else base
    return build_snapshot(panel, anchor_of(source), pathways, base.standard_deviations())


def random_base(genes: int, rng: np.random.Generator, strength: float = 0.4) -> FactorCovariance:
    return FactorCovariance(rng.uniform(0.5, 1.0, genes), strength * rng.standard_normal((genes, 5)))


def random_pathways(genes: int, rng: np.random.Generator) -> list[Pathway]:
    def columns(count: int, scale: float) -> tuple[Any, Any]:
        chosen = np.sort(rng.choice(genes, max(2, genes // 9), replace=False))
        return chosen, scale * rng.standard_normal((len(chosen), count))

    small = 0.3 / np.sqrt(genes)
    return [
        Pathway(("p53",), *columns(1, 0.5)),
        Pathway(("NF-κB", "MAPK"), *columns(2, 0.5), covariance=np.array([[1.0, 0.5], [0.5, 2.0]])),
        Pathway(("JAK",), *columns(1, 0.5), units="raw"),
        Pathway(("Wnt",), *columns(1, small), -1),
    ]


def correlations(snapshot: Snapshot) -> PartialCorrelations:
    return partial_correlations(snapshot.precision, snapshot.capacitance)


def same(actual: Difference, expected: Difference) -> None:
    assert actual.pairs.tolist() == expected.pairs.tolist()
    np.testing.assert_allclose(actual.strength, expected.strength, rtol=0, atol=1e-13)
    np.testing.assert_allclose(actual.rho, expected.rho, rtol=0, atol=1e-13)
    assert actual.threshold == pytest.approx(expected.threshold, abs=1e-14)
    assert actual.counted_on == expected.counted_on
    for side, other in ((actual.before, expected.before), (actual.after, expected.after)):
        assert (side.edges, side.density) == (other.edges, other.density)
        assert side.max_abs == pytest.approx(other.max_abs, abs=1e-14)
        assert abs(side.mean_abs - other.mean_abs) <= max(1e-14, 6 * side.mean_abs_error)
    for kind in ("gained", "lost", "sign_flipped"):
        assert getattr(actual, kind) == getattr(expected, kind)


def by_tiles(monkeypatch: pytest.MonkeyPatch, *arguments: Any, **options: Any) -> tuple[Difference, ...]:
    """The comparison by tiles: what would make it a scan of all pairs fails."""
    with monkeypatch.context() as patch:
        patch.setattr(versions, "ALL_PAIRS", 0)
        patch.setattr(versions, "compare_jointly", None)
        return compare_lists(*arguments, **options)


@pytest.mark.parametrize("genes", [3, 40, 700, 1_100])
@pytest.mark.parametrize("rule", [EdgeRule("top", 200), EdgeRule("threshold", 0.05)])
@pytest.mark.parametrize("sides", [((0,), (0, 1)), ((0, 1, 3), (0,)), ((0, 2), (1, 2, 3)), ((0, 3), (0, 3))])
def test_it_is_that_of_a_scan_of_all_pairs(
    genes: int, rule: EdgeRule, sides: tuple[tuple[int, ...], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(genes)
    base, pathways = random_base(genes, rng), random_pathways(genes, rng)
    before, after = (version(base, [pathways[index] for index in side]) for side in sides)
    expected = compare_lists(before, after, rule, LISTS)
    for exact in (True, False):
        for actual, truth in zip(
            by_tiles(monkeypatch, before, after, rule, LISTS, exact_mean=exact), expected, strict=True
        ):
            same(actual, truth)
            assert (actual.before.mean_abs_error == 0.0) == (exact or genes < 2_000)


def test_progress_rises_through_all_steps_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    base, pathways = random_base(700, np.random.default_rng(700)), random_pathways(700, np.random.default_rng(7))
    shares: list[float] = []
    rule, sides = EdgeRule("top", 200), (version(base, pathways[:1]), version(base, pathways))
    by_tiles(monkeypatch, *sides, rule, LISTS[:2], exact_mean=True, progress=shares.append)
    assert shares == sorted(shares)
    assert 0.0 <= shares[0] < 1.0 == shares[-1]
    for step in range(1, 6):
        assert any(step / 6 <= share <= (step + 1) / 6 for share in shares)


def test_a_list_of_no_change_is_empty_and_the_rest_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    base, pathways = random_base(300, np.random.default_rng(300)), random_pathways(300, np.random.default_rng(7))
    sides, rule = (version(base, pathways[:1]), version(base, pathways)), EdgeRule("top", 50)
    none, some = by_tiles(monkeypatch, *sides, rule, (ChangeList(0), ChangeList(9)))
    expected = compare_lists(*sides, rule, (ChangeList(0), ChangeList(9)))
    assert len(none) == len(expected[0]) == 0
    same(none, expected[0])
    same(some, expected[1])


@pytest.mark.parametrize("penalty", [0.5, 20.0])
def test_a_score_is_compared_like_rho(penalty: float, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    base, pathways = random_base(600, rng), random_pathways(600, rng)
    sides = pathways[:1], pathways
    before, after = (version(base, side) for side in sides)
    measures = tuple(correlations(version(base, side, penalty)) for side in sides)
    expected = compare_lists(before, after, EdgeRule("top", 600), LISTS, ranked_by=measures)
    actual = by_tiles(monkeypatch, before, after, EdgeRule("top", 600), LISTS, ranked_by=measures)
    for one, truth in zip(actual, expected, strict=True):
        same(one, truth)


@pytest.mark.parametrize(
    ("strength", "sides"),
    [(0.4, ((), (0, 1, 2, 3))), (0.4, ((0, 1, 3), (0, 2))), (300.0, ((), (0, 1, 2))), (30.0, ((0, 1), (0, 2)))],
)
def test_the_form_of_a_change_and_its_bound_hold_for_every_pair(
    strength: float, sides: tuple[tuple[int, ...], ...]
) -> None:
    """Strength 300: factors so strong beside the noise that five digits of either precision are lost."""
    rng = np.random.default_rng(2)
    base, pathways = random_base(60, rng, strength), random_pathways(60, rng)[:4]
    before, after = (correlations(version(base, [pathways[index] for index in side])) for side in sides)
    change = low_rank_change(before, after)
    assert change is not None
    everyone = np.arange(60)
    off = ~np.eye(60, dtype=bool)
    rho = [(side.factor * side.signature) @ side.factor.T for side in (before, after)]
    largest = max(1.0, *(np.square(side.factor).sum(axis=1).max() for side in (before, after)))
    error = 1e-13 * largest + 8 * change.discrepancy
    np.testing.assert_allclose(change.of(everyone, everyone, rho[0])[off], (rho[1] - rho[0])[off], rtol=0, atol=error)
    a, y = np.linalg.norm(before.factor, axis=1), np.linalg.norm(change.factor, axis=1)
    growth = change.growth[:, None] + change.growth + np.outer(change.growth, change.growth)
    tiles, changes = change_tiles(before, after, change, "rho"), np.empty((60, 60))
    tiles._change(everyone, everyone, changes)
    assert np.all((np.abs(changes - (rho[1] - rho[0])) <= tiles.error)[off])
    bound = np.outer(a, a) * np.abs(growth) + np.outer(y, y)
    assert np.all((np.abs(rho[1] - rho[0]) <= bound + error)[off])
    tiles._change(everyone, everyone, single := np.empty((60, 60), np.float32))
    of_pairs = np.zeros((60, 60))
    for left, right in tiles.bounds:
        of_pairs[np.ix_(tiles.order, tiles.order)] += np.outer(left, right)
    assert np.all((np.abs(single - changes) <= tiles._single_error(1.0) * of_pairs)[off])


@pytest.mark.parametrize("share", [0.0, np.inf])
def test_the_precision_of_tiles_changes_nothing(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(9)
    base, pathways = random_base(1_100, rng), random_pathways(1_100, rng)
    sides, rule = (version(base, pathways[:1]), version(base, pathways)), EdgeRule("top", 200)
    expected = compare_lists(*sides, rule, LISTS[:1])
    kinds: list[np.dtype[Any]] = []
    select = candidates.Candidates.select

    def seen(self: candidates.Candidates, magnitude: Any, *rest: Any) -> Any:
        kinds.append(magnitude.dtype)
        return select(self, magnitude, *rest)

    monkeypatch.setattr(candidates.Candidates, "select", seen)
    monkeypatch.setattr(change_tiles_module, "ERROR_SHARE", share)
    monkeypatch.setattr(tiled_scan, "_edges", lambda *rest, edges=tiled_scan._edges: (edges(*rest), kinds.clear())[0])
    (actual,) = by_tiles(monkeypatch, *sides, rule, LISTS[:1])
    assert np.dtype(np.float32 if share else np.float64) in kinds
    same(actual, expected[0])


@pytest.mark.parametrize(
    ("strength", "side"),
    [(0.4, ()), (0.4, (0, 1, 2)), (0.4, (0, 3)), (300.0, ()), (300.0, (0, 1, 2)), (1e-9, (0, 1, 2))],
)
def test_norms_are_those_of_rows_or_a_little_more(strength: float, side: tuple[int, ...]) -> None:
    rng = np.random.default_rng(5)
    base, pathways = random_base(200, rng, strength), random_pathways(200, rng)
    measure = correlations(version(base, [pathways[index] for index in side]))
    exact, norms = np.linalg.norm(measure.factor, axis=1), measure.norms()
    assert np.all(norms >= exact * (1 - 1e-14))
    np.testing.assert_allclose(norms, exact, rtol=1e-6, atol=3e-7)


def test_falling_values_are_in_order_within_a_hundredth() -> None:
    values = np.random.default_rng(1).lognormal(0.0, 20.0, 3_000)
    values[::7] = 0.0
    ordered = values[falling(values)]
    assert sorted(ordered) == sorted(values)
    assert np.all(ordered[1:] <= ordered[:-1] * 1.01)
    assert ordered[-1] == 0.0


def test_it_does_not_apply_to_two_bases_or_a_dense_one() -> None:
    rng = np.random.default_rng(3)
    base = random_base(30, rng)
    before, other = correlations(version(base, ())), correlations(version(random_base(30, rng), ()))
    assert low_rank_change(before, other) is None
    assert low_rank_change(before, partial_correlations(version(base, ()).precision)) is None
    expected = compare(version(base, ()), version(base, random_pathways(30, rng)), EdgeRule("top", 5))
    assert len(expected) == 20


@pytest.mark.parametrize(("module", "limit"), [(rules, "MOST_EDGES"), (tiled_scan, "MOST_CANDIDATES")])
def test_where_too_many_pairs_are_alike_all_are_scanned(
    module: Any, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(4)
    base = FactorCovariance(rng.uniform(0.5, 1.0, 500), np.empty((500, 0)))
    flat = Pathway(("p53",), np.arange(200), np.full((200, 1), 0.1))
    before, after = version(base, ()), version(base, [flat])
    expected = compare(before, after, EdgeRule("threshold", 0.001), changes=10)
    assert (expected.gained, expected.after.edges) == (19_900, 19_900)
    monkeypatch.setattr(module, limit, 10)
    monkeypatch.setattr(versions, "ALL_PAIRS", 0)
    actual = compare(before, after, EdgeRule("threshold", 0.001), changes=10)
    same(actual, expected)


def test_equal_changes_go_by_the_order_of_the_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    base = FactorCovariance(np.ones(400), np.empty((400, 0)))
    flat = Pathway(("p53",), np.arange(50, 80), np.full((30, 1), 0.25), 1, "raw")
    (actual,) = by_tiles(monkeypatch, version(base, ()), version(base, [flat]), EdgeRule("top", 10), (ChangeList(40),))
    assert actual.counted_on == "after"
    assert actual.gained == 435
    expected = compare(version(base, ()), version(base, [flat]), EdgeRule("top", 10), changes=40)
    assert sorted(map(tuple, actual.pairs.tolist())) <= list(itertools.combinations(range(50, 80), 2))
    assert len(actual) == len(expected) == 40


@pytest.mark.parametrize("by", ["rho", "abs"])
def test_any_number_of_threads_gives_the_same_bits(by: Literal["rho", "abs"], monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    base, pathways = random_base(1_500, rng), random_pathways(1_500, rng)
    sides = version(base, pathways[:1]), version(base, pathways)
    answers = []
    for threads, height in itertools.product([1, 4], [100, 512]):
        monkeypatch.setattr(blocks, "cores", lambda threads=threads: threads)
        monkeypatch.setattr(blocks, "HEIGHT", height)
        answers += by_tiles(monkeypatch, *sides, EdgeRule("top", 500), (ChangeList(200, None, by),), exact_mean=False)
    for answer in answers[1:]:
        assert answer.pairs.tobytes() == answers[0].pairs.tobytes()
        assert answer.strength.tobytes() == answers[0].strength.tobytes()
        assert (answer.before, answer.after) == (answers[0].before, answers[0].after)
