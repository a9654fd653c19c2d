"""Anchors: when a version is inverted in full, what it is read from afterwards, and caches that are lost or damaged."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, cast

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import durable, hdf5, layout
from grnledger.storage.networks import anchors, diagnostics

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.history.versions import Version
    from grnledger.storage.repository import Repository

SIZE = 40
GENES = tuple(f"GENE{number}" for number in range(SIZE))
NEVER = 10**9


class Clock:
    """A clock that goes on by a minute whenever it is looked at, so that no two commits are one and the same."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 1, tzinfo=UTC)

    def astimezone(self, zone: tzinfo) -> datetime:
        self.moment += timedelta(minutes=1)
        return self.moment.astimezone(zone)


def factor_base() -> FactorCovariance:
    rng = np.random.default_rng(30)
    return FactorCovariance(rng.uniform(0.5, 1.5, SIZE), rng.normal(size=(SIZE, 3)))


def dense_base() -> np.ndarray:
    base = factor_base()
    return np.diag(base.noise) + base.loadings @ base.loadings.T


def pathway(number: int, columns: int = 1) -> Pathway:
    rng = np.random.default_rng(100 + number)
    names = tuple(f"p{number}-{column}" for column in range(columns)) if columns > 1 else (f"p{number}",)
    genes = np.sort(rng.choice(SIZE, size=6, replace=False))
    return Pathway(names, genes, 0.4 * rng.normal(size=(6, columns)))


def dense_truth(numbers: list[int]) -> np.ndarray:
    covariance = dense_base()
    for number in numbers:
        added = pathway(number)
        column = np.zeros(SIZE)
        column[added.genes] = added.loadings[:, 0]
        column *= np.sqrt(np.diag(dense_base()))
        covariance += np.outer(column, column)
    return covariance


def factor_store(path: Path) -> Repository:
    return grnledger.init(path, factor_model=factor_base(), genes=GENES, time=cast("datetime", Clock()))


def dense_store(path: Path) -> Repository:
    return grnledger.init(path, covariance=dense_base(), genes=GENES, time=cast("datetime", Clock()))


@pytest.fixture
def factor(tmp_path: Path) -> Repository:
    return factor_store(tmp_path / "factor.grn")


@pytest.fixture
def dense(tmp_path: Path) -> Repository:
    return dense_store(tmp_path / "dense.grn")


@pytest.fixture(params=[factor_store, dense_store], ids=["factor", "dense"])
def either(tmp_path: Path, request: pytest.FixtureRequest) -> Repository:
    make: Callable[[Path], Repository] = request.param
    return make(tmp_path / "either.grn")


def own(version: Version) -> bool:
    """Whether a version is its own anchor: it was inverted in full."""
    return version.entry.measured.anchor == version.content


def bits(repo: Repository, rev: str = "HEAD") -> bytes:
    snapshot = repo.snapshot(rev)
    both = snapshot.precision.to_dense().tobytes() + snapshot.covariance.to_dense().tobytes()
    return both + np.float64(snapshot.log_det).tobytes()


def cached(repo: Repository, rev: str) -> Path:
    return repo.path / "cache" / "anchors" / f"{repo.version(rev).content}.h5"


# When one is due


@pytest.mark.parametrize(
    ("genes", "rank", "commits", "dense", "probe", "why"),
    [
        (800, 100, 0, True, None, ""),
        (800, 101, 0, True, None, "rank 101 since the last, more than an eighth of 800 genes"),
        (800, 101, 0, False, None, "rank 101 since the last, more than an eighth of 800 genes"),
        (5000, 626, 0, False, None, "rank 626 since the last, more than an eighth of 5000 genes"),
        (5001, 5001, 0, False, None, ""),  # a large factor base is never formed unasked
        (20_000, 2501, 0, True, None, "rank 2501 since the last, more than an eighth of 20000 genes"),
        (20_001, 20_001, 999, True, 1.0, ""),  # nor anything that no workstation holds
        (800, 1, 63, True, None, ""),
        (800, 1, 64, True, None, "64 commits since the last"),
        (800, 1, 999, False, None, ""),
        (800, 1, 1, True, 1e-8, ""),
        (800, 1, 1, True, 1.1e-8, "the probe found 1.1e-08"),
        (800, 1, 1, False, 1.0, ""),
    ],
)
def test_an_anchor_is_due_by_rank_by_commits_and_by_the_probe(
    genes: int, rank: int, commits: int, dense: bool, probe: float | None, why: str
) -> None:
    assert anchors.inversion_due(genes=genes, rank=rank, commits=commits, dense=dense, probe=probe) == why


def test_a_version_of_more_than_an_eighth_of_the_genes_in_rank_is_inverted(either: Repository) -> None:
    versions = [either.commit([pathway(number)]) for number in range(8)]
    assert [own(version) for version in versions] == [False] * 5 + [True] + [False] * 2
    assert [version.entry.measured.rank_since for version in versions] == [1, 2, 3, 4, 5, 0, 1, 2]
    assert [version.rank for version in versions] == list(range(1, 9))
    assert versions[6].entry.measured.anchor == versions[7].entry.measured.anchor == versions[5].content
    assert own(either.commit([pathway(20, columns=4)]))
    assert either.version().entry.measured.rank_since == 0


def test_a_dense_base_is_inverted_every_so_many_commits_and_a_factor_base_is_not(
    monkeypatch: pytest.MonkeyPatch, factor: Repository, dense: Repository
) -> None:
    monkeypatch.setattr(anchors, "COMMITS_PER_ANCHOR", 3)
    monkeypatch.setattr(anchors, "RANK_SHARE", 1.0)
    inverted = {name: [own(repo.commit([pathway(number)])) for number in range(8)]
             for name, repo in (("factor", factor), ("dense", dense))}  # fmt: skip
    assert inverted["factor"] == [False] * 8
    assert inverted["dense"] == [False, False, True, False, False, True, False, False]
    since = [version.entry.measured.since_anchor for version in dense.versions()][::-1]
    assert since == [0, 1, 2, 0, 1, 2, 0, 1, 2]


def probed(repo: Repository) -> list[str]:
    """The versions with a probe, in the order of the log."""
    return [version.name for version in repo.versions(None)[::-1] if version.entry.measured.probe is not None]


def test_every_sixteenth_commit_since_an_anchor_has_a_probe(
    monkeypatch: pytest.MonkeyPatch, factor: Repository, dense: Repository
) -> None:
    monkeypatch.setattr(anchors, "RANK_SHARE", 10.0)
    for number in range(35):
        for repo in (factor, dense):
            measured = repo.commit([pathway(number)]).entry.measured
            assert (measured.probe is None) == (measured.since_anchor % 16 != 0)
            assert measured.probe is None or measured.probe < 1e-12
    assert probed(factor) == probed(dense) == ["v0", "v16", "v32"]
    dense.reinvert()
    for number in range(35, 52):
        dense.commit([pathway(number)])
    assert probed(dense) == ["v0", "v16", "v32", "v36", "v52"]


def test_each_branch_counts_its_own_commits_to_a_probe(monkeypatch: pytest.MonkeyPatch, factor: Repository) -> None:
    monkeypatch.setattr(anchors, "RANK_SHARE", 10.0)
    for number in range(3):
        factor.commit([pathway(number)])
    factor.create_branch("beside", "v1")
    for number in range(3, 20):
        factor.commit([pathway(number)], branch="beside")
    assert probed(factor) == ["v0", "v18"]  # which is the 16th after v0 on its branch
    factor.commit([pathway(20)])
    assert probed(factor) == ["v0", "v18"]


@pytest.mark.parametrize(("left", "runs"), [(1e-3, False), (1e-8, True)])
def test_a_probe_is_run_where_subtractions_leave_little(factor: Repository, left: float, runs: bool) -> None:
    snapshot = factor.snapshot()
    strength = np.sqrt(
        (1.0 - left) / float(snapshot.precision.diagonal([3])[0]) / factor_base().standard_deviations()[3] ** 2
    )
    measured = factor.commit([Pathway(("removed",), np.array([3]), np.array([[strength]]), -1)]).entry.measured
    assert measured.since_anchor == 1
    assert measured.guard == pytest.approx(left, rel=1e-4)
    assert (measured.probe is not None) == runs


def test_a_probe_above_its_tolerance_makes_the_anchor_due(monkeypatch: pytest.MonkeyPatch, dense: Repository) -> None:
    monkeypatch.setattr(anchors, "RANK_SHARE", 10.0)
    for number in range(15):
        assert not own(dense.commit([pathway(number)]))
    real = diagnostics.probe
    residuals = iter([3e-8])
    monkeypatch.setattr(diagnostics, "probe", lambda snapshot: next(residuals, None) or real(snapshot))
    due = dense.commit([pathway(15)])
    assert own(due)
    assert due.entry.measured.probe is not None
    assert due.entry.measured.probe < 1e-12  # of the new inversion


def test_a_nearly_singular_base_is_inverted_again_because_of_its_probe(tmp_path: Path) -> None:
    rng = np.random.default_rng(31)
    basis = np.linalg.qr(rng.normal(size=(SIZE, SIZE)))[0]
    covariance = (basis * np.logspace(-9, 1, SIZE)) @ basis.T
    repo = grnledger.init(tmp_path / "poor.grn", covariance=(covariance + covariance.T) / 2, genes=GENES)
    first = repo.version("v0")
    assert own(first)
    assert first.entry.measured.probe is not None
    assert first.entry.measured.probe > 1e-12


def test_where_a_probe_would_take_long_none_is_run(monkeypatch: pytest.MonkeyPatch, dense: Repository) -> None:
    monkeypatch.setattr("grnledger.engine.network.stability.MOST_OPERATIONS", 0.0)
    assert dense.reinvert().entry.measured.probe is None


def test_it_is_inverted_when_that_is_asked_and_the_content_stays(either: Repository) -> None:
    before = either.commit([pathway(0)])
    after = either.reinvert()
    assert after.name == "v2"
    assert after.message == "re-inversion"
    assert after.content == before.content
    assert own(after)
    assert (after.entry.measured.rank_since, after.rank, after.entry.measured.since_anchor) == (0, 1, 0)
    np.testing.assert_allclose(either.snapshot().precision.to_dense(), np.linalg.inv(dense_truth([0])), rtol=1e-10)
    assert either.commit([pathway(1)]).entry.measured.anchor == after.content


def test_a_panel_too_large_to_invert_is_refused_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, factor: Repository
) -> None:
    monkeypatch.setattr(anchors, "LARGEST_INVERTED", SIZE - 1)
    with pytest.raises(InputError, match="40 genes are too many to invert in full: the limit is 39"):
        factor.reinvert()
    assert factor.version().name == "v0"
    monkeypatch.setattr(anchors, "LARGEST_INVERTED", SIZE)
    assert factor.reinvert().name == "v1"


def test_a_large_factor_base_is_inverted_only_when_that_is_insisted_on(
    monkeypatch: pytest.MonkeyPatch, factor: Repository, dense: Repository
) -> None:
    monkeypatch.setattr(anchors, "LARGEST_FACTOR", SIZE - 1)
    moves = len(factor.moves)
    assert factor.reinvert().name == "v0"
    assert len(factor.moves) == moves
    assert own(factor.reinvert(force=True))
    assert own(dense.reinvert())


# What a version is read from


def test_a_version_reads_the_same_bits_before_and_after_later_re_inversions(
    monkeypatch: pytest.MonkeyPatch, either: Repository
) -> None:
    monkeypatch.setattr(anchors, "COMMITS_PER_ANCHOR", 3)
    seen: dict[str, bytes] = {"v0": bits(either, "v0")}
    for number in range(9):
        version = either.commit([pathway(number)])
        seen[version.name] = bits(either)
        if number % 4 == 2:
            again = either.reinvert()
            seen[again.name] = bits(either)
    fresh = grnledger.open(either.path)
    for name, expected in seen.items():
        assert bits(either, name) == expected
        assert bits(fresh, name) == expected
    assert len({either.version(name).entry.measured.anchor for name in seen}) >= 3


def test_from_the_base_and_from_an_anchor_the_numbers_are_the_same_to_rounding(either: Repository) -> None:
    for number in range(7):
        either.commit([pathway(number)])
    truth = dense_truth(list(range(7)))
    anchored, direct = either.snapshot(), either.snapshot(from_base=True)
    assert anchored.rank == 1
    assert direct.rank == 7
    for snapshot in (anchored, direct):
        np.testing.assert_allclose(snapshot.covariance.to_dense(), truth, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(snapshot.precision.to_dense(), np.linalg.inv(truth), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(snapshot.log_det, np.linalg.slogdet(truth)[1], rtol=1e-12)
        assert snapshot.content == either.version().content


def test_reverting_what_an_anchor_took_in_falls_back_to_an_older_anchor(either: Repository) -> None:
    either.commit([pathway(0)])
    older = either.reinvert()  # v2 took in p0
    either.commit([pathway(1)])
    newer = either.reinvert()  # v4 took in p0 and p1
    either.commit([pathway(2)])
    reverted = either.revert("v3")
    assert newer.content != older.content
    assert reverted.entry.measured.anchor == older.content
    assert reverted.entry.measured.since_anchor == 4
    assert reverted.entry.measured.rank_since == 1
    truth = dense_truth([0, 2])
    np.testing.assert_allclose(either.snapshot().precision.to_dense(), np.linalg.inv(truth), rtol=1e-9, atol=1e-12)


def test_reverting_what_every_anchor_took_in_falls_back_to_the_base(either: Repository) -> None:
    either.commit([pathway(0)])
    either.reinvert()
    either.commit([pathway(1)])
    either.reinvert()
    reverted = either.revert("v1")
    assert reverted.entry.measured.anchor is None
    truth = dense_truth([1])
    np.testing.assert_allclose(either.snapshot().covariance.to_dense(), truth, rtol=1e-12, atol=1e-13)
    either.revert("v3")
    assert bits(either) == bits(either, "v0")


def test_a_merge_reads_from_the_anchor_that_took_in_most_whichever_side_it_is_on(either: Repository) -> None:
    either.create_branch("side")
    either.commit([pathway(0)])
    either.reinvert()
    either.commit([pathway(1), pathway(2)], branch="side")
    either.switch("side")
    large = either.reinvert()
    merged = either.merge("main")
    assert merged.entry.measured.anchor == large.content
    assert merged.entry.measured.rank_since == 1
    either.switch("main")
    other = either.merge(f"{merged.name}^1")
    assert other.entry.measured == merged.entry.measured
    assert bits(either, other.name) == bits(either, merged.name)
    truth = dense_truth([0, 1, 2])
    np.testing.assert_allclose(either.snapshot().precision.to_dense(), np.linalg.inv(truth), rtol=1e-9, atol=1e-12)


# Caches


def prepared(repo: Repository) -> dict[str, bytes]:
    """A store with two anchors, v2 and v4, and what each of its versions reads."""
    repo.commit([pathway(0)])
    repo.reinvert()
    repo.commit([pathway(1)])
    repo.reinvert()
    repo.commit([pathway(2)])
    return {version.name: bits(repo, version.name) for version in repo.versions()}


def close(read: bytes, expected: bytes) -> bool:
    return np.allclose(np.frombuffer(read), np.frombuffer(expected), rtol=1e-9, atol=1e-12)


def test_a_cache_that_was_deleted_is_computed_again_with_the_same_numbers(either: Repository) -> None:
    expected = prepared(either)
    shutil.rmtree(either.path / "cache")
    for repo in (either, grnledger.open(either.path)):
        assert all(close(bits(repo, name), read) for name, read in expected.items())
    assert cached(either, "v2").exists()
    assert cached(either, "v4").exists()


def test_commits_go_on_after_the_cache_was_deleted(either: Repository) -> None:
    prepared(either)
    shutil.rmtree(either.path / "cache")
    version = grnledger.open(either.path).commit([pathway(3)])
    assert version.entry.measured.anchor == either.version("v4").content
    either.refresh()
    truth = dense_truth([0, 1, 2, 3])
    np.testing.assert_allclose(either.snapshot().precision.to_dense(), np.linalg.inv(truth), rtol=1e-9, atol=1e-12)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:1000])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def of_another_kind(path: Path) -> None:
    base = next((path.parents[2] / "base").iterdir())
    path.write_bytes(base.read_bytes())


def of_another_version(path: Path) -> None:
    other = next(file for file in path.parent.iterdir() if file != path)
    path.write_bytes(other.read_bytes())


def without_a_matrix(path: Path) -> None:
    stored = hdf5.read(hdf5.Location(path), layout.ANCHOR)
    path.unlink()
    durable.replace(path, hdf5.Content(layout.ANCHOR, stored.record, stored.arrays).seal().write)


def flip(path: Path, name: str, row: int) -> None:
    with h5py.File(path) as file:
        index = file[name].id.get_offset() + row * SIZE * 8 + 1
    content = bytearray(path.read_bytes())
    content[index] ^= 1
    path.write_bytes(content)


def with_damaged_rows(path: Path) -> None:
    for name, row in (("precision", 7), ("covariance", 23)):
        flip(path, name, row)


@pytest.mark.parametrize("harm", [cut, empty, of_another_kind, of_another_version, without_a_matrix, with_damaged_rows])
def test_a_damaged_anchor_is_computed_again(either: Repository, harm: Callable[[Path], Any]) -> None:
    expected = prepared(either)
    path = cached(either, "v4")
    harm(path)
    harmed = path.read_bytes()
    repo = grnledger.open(either.path)
    assert all(close(bits(repo, name), read) for name, read in expected.items())
    assert path.read_bytes() != harmed
    hdf5.read(hdf5.Location(path), layout.ANCHOR).bulk["precision"].all()
    assert bits(grnledger.open(either.path)) == bits(repo)


def test_damage_is_met_while_a_snapshot_is_held_and_its_answers_go_on(either: Repository) -> None:
    prepared(either)
    repo = grnledger.open(either.path)
    snapshot = repo.snapshot("v4")
    np.testing.assert_allclose(snapshot.precision.rows(3)[0], np.linalg.inv(dense_truth([0, 1]))[3], atol=1e-11)
    flip(cached(either, "v4"), "precision", 7)
    for gene in (3, 7, 8):
        row = np.linalg.inv(dense_truth([0, 1]))[gene]
        np.testing.assert_allclose(snapshot.precision.rows(gene)[0], row, atol=1e-11)
    hdf5.read(hdf5.Location(cached(either, "v4")), layout.ANCHOR).bulk["precision"].all()


def test_rows_after_a_damaged_one_follow_on_without_a_gap(either: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(either)
    flip(cached(either, "v4"), "precision", 21)
    monkeypatch.setattr("grnledger.engine.network.covariance.BLOCK_BYTES", 8 * SIZE * 6)
    snapshot = grnledger.open(either.path).snapshot("v4")
    vector = np.random.default_rng(32).normal(size=SIZE)
    np.testing.assert_allclose(snapshot.precision @ vector, np.linalg.solve(dense_truth([0, 1]), vector), atol=1e-11)


def test_two_that_make_the_same_anchor_at_once_do_not_hinder_each_other(
    either: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = prepared(either)
    path = cached(either, "v4")
    good = path.read_bytes()
    path.unlink()
    real = anchors.durable.replace

    def beaten(target: Path, write: Callable[[durable.Output], object]) -> None:
        path.write_bytes(good)  # somebody else was faster
        real(target, write)

    monkeypatch.setattr(anchors.durable, "replace", beaten)
    repo = grnledger.open(either.path)
    assert close(bits(repo), expected["v5"])
    monkeypatch.undo()
    hdf5.read(hdf5.Location(path), layout.ANCHOR).check_bulk()
    assert close(bits(grnledger.open(either.path)), expected["v5"])
