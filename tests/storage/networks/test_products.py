"""Products kept from one version to the next: never another base's or another pathway's, and safe in threads."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine.network import anchor as anchor_module, capacitance
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import build_snapshot
from grnledger.storage.networks.products import Products

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.engine.network.snapshot import Snapshot
    from grnledger.storage.repository import Repository

SIZE = 30
GENES = tuple(f"GENE{number}" for number in range(SIZE))


@pytest.fixture(autouse=True)
def _no_small_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have products that are kept, which those of a small panel are not."""
    monkeypatch.setattr(anchor_module, "SMALL_PANEL", 0)


def base(seed: int) -> FactorCovariance:
    rng = np.random.default_rng(seed)
    return FactorCovariance(rng.uniform(0.5, 1.5, SIZE), rng.normal(size=(SIZE, 3)))


def pathway(seed: int, rank: int = 1, *, tied: bool = False) -> Pathway:
    rng = np.random.default_rng(seed)
    genes = np.sort(rng.choice(SIZE, 6, replace=False))
    names = tuple(f"path-{seed}-{index}" for index in range(rank))
    together = np.eye(rank) + 0.3 if tied else None
    return Pathway(names, genes, 0.2 * rng.normal(size=(6, rank)), covariance=together)


PATHWAYS = {
    "a": pathway(1), "b": pathway(2, rank=2), "c": pathway(3, rank=3, tied=True), "d": pathway(4)
}  # fmt: skip


def read(products: Products, on: FactorCovariance, anchor: object, *ids: str) -> Snapshot:
    """Read a version with what is known, keep what it brings, and compare it with one read cold."""
    ranks = {name: PATHWAYS[name].rank for name in ids}
    columns, panel, deviations = [PATHWAYS[name] for name in ids], Panel(GENES), on.standard_deviations()
    known = products.known(anchor, ranks)  # pyright: ignore[reportArgumentType]
    warm = build_snapshot(panel, anchor, columns, deviations, known=known)  # pyright: ignore[reportArgumentType]
    cold = build_snapshot(panel, anchor_of(on), columns, deviations)
    assert warm.capacitance.triangle.tobytes() == cold.capacitance.triangle.tobytes()
    products.keep(warm, ranks)
    return warm


def test_versions_read_one_after_the_other_have_the_bits_of_a_cold_reading() -> None:
    first, second, products = base(1), base(2), Products()
    anchors = anchor_of(first), anchor_of(second)
    for ids in ("ab", "abc", "cb", "bdc", "", "dc", "abcd", "a"):
        assert len(read(products, first, anchors[0], *ids).pathways) == len(ids)
    for ids in ("ab", "bc"):  # another base with as many factors, in turn
        others = read(products, second, anchors[1], *ids).capacitance.triangle
        assert others.tobytes() != read(products, first, anchors[0], *ids).capacitance.triangle.tobytes()


def test_nothing_is_known_of_another_anchor_or_before_anything_was_read() -> None:
    first, products = base(1), Products()
    anchor = anchor_of(first)
    assert products.known(anchor, {"a": 1}) is None
    read(products, first, anchor, "a", "b")
    assert products.known(anchor_of(first), {"a": 1}) is None
    known = products.known(anchor, {"d": 1, "b": 2, "a": 1})
    assert known is not None
    assert known.indices.tolist() == [-1, 1, 2, 0]


def test_a_version_that_keeps_no_products_leaves_those_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    first, products = base(1), Products()
    anchor = anchor_of(first)
    read(products, first, anchor, "a")
    monkeypatch.setattr(capacitance, "MOST_STORED_COLUMNS", 2)
    assert read(products, first, anchor, "a", "b").capacitance.products is None
    assert products.known(anchor, {"a": 1, "b": 2}) is not None
    read(products, first, anchor, "b", "c")


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A store of ten versions, each with one pathway more."""
    repo = grnledger.init(tmp_path / "tumor.grn", factor_model=base(1), genes=GENES, author="ada")
    for seed in range(10):
        repo.commit([pathway(seed)])
    repo.rollback("v0")
    for seed in range(20, 24):
        repo.commit([pathway(seed)])
    return repo


def test_threads_that_read_versions_of_one_store_get_the_numbers_of_each(repo: Repository) -> None:
    names = ["v2", "v12", "v3", "v13"]  # of equal ranks, two and two
    expected = {name: grnledger.open(repo.path).snapshot(name).capacitance.triangle.tobytes() for name in names}
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            triangles = list(pool.map(lambda name: repo.snapshot(name).capacitance.triangle.tobytes(), names * 250))
    finally:
        sys.setswitchinterval(interval)
    assert triangles == [expected[name] for name in names * 250]


def test_a_pathway_takes_copies_laid_out_as_a_file_has_them() -> None:
    table = np.random.default_rng(5).normal(size=(6, 8)).astype(np.longdouble)
    genes = np.arange(12, dtype=np.int32)[::2]
    strided = Pathway(("a", "b", "c", "d"), genes, table[:, ::2], covariance=np.asfortranarray(np.eye(4) + 0.2))
    plain = Pathway(
        ("a", "b", "c", "d"), genes.astype(np.intp), table[:, ::2].astype(np.float64), covariance=np.eye(4) + 0.2
    )
    for array in (strided.genes, strided.loadings, strided.covariance):
        assert array is not None
        assert array.flags.c_contiguous
        assert not array.flags.writeable
    assert (strided.genes.dtype, strided.loadings.dtype) == (np.intp, np.float64)
    assert strided.columns().tobytes() == plain.columns().tobytes()
    table[:] = 0.0
    assert np.all(strided.loadings != 0.0)
