"""Limits of memory: what is refused, and that a scan takes no more than it asks for."""

from __future__ import annotations

import tracemalloc
from typing import Literal

import numpy as np
import pytest
from grnledger.engine import FactorCovariance
from grnledger.engine.errors import EngineError
from grnledger.engine.memory import allowed_memory, has_memory_for, memory_limit, readable_size, require_memory
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.comparison.versions import compare
from grnledger.engine.network.pairs import scan_memory
from grnledger.engine.network.pairs.edge_rule import EdgeRule
from grnledger.engine.network.pairs.edges import edges
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.snapshot import Snapshot, build_snapshot

GENES, FACTORS = 12_000, 20
BESIDE = 24 << 20
"""Bytes for tiles, of two threads at most here, and for a list of some thousand pairs."""


def version() -> Snapshot:
    """A version of a factor model."""
    generator = np.random.default_rng(7)
    base = FactorCovariance(generator.uniform(0.5, 1.5, GENES), generator.standard_normal((GENES, FACTORS)))
    panel = Panel(tuple(f"G{number}" for number in range(GENES)))
    return build_snapshot(panel, anchor_of(base), (), base.standard_deviations())


def test_a_limit_holds_in_its_context_alone():
    before = allowed_memory()
    with memory_limit(1000):
        assert has_memory_for(1000)
        assert not has_memory_for(1001)
        with memory_limit(2000):
            require_memory(2000, "This")
        with pytest.raises(EngineError, match=r"This takes 1\.0 KiB of memory, and 1000 bytes is allowed\.") as caught:
            require_memory(1024, "This")
    assert caught.value.code == "memory-limit"
    assert caught.value.facts == {"needed": 1024, "allowed": 1000}
    assert allowed_memory() == before


@pytest.mark.parametrize(
    ("size", "text"),
    [(1023, "1023 bytes"), (1024, "1.0 KiB"), (1 << 20, "1.0 MiB"), (3 << 19, "1.5 MiB"), (5 << 40, "5,120.0 GiB")],
)
def test_a_size_has_the_largest_unit_of_which_it_has_one(size: int, text: str):
    assert readable_size(size) == text


def test_a_scan_is_refused_before_it_begins():
    snapshot = version()
    needed = scan_memory.scan_bytes(GENES, FACTORS)
    with memory_limit(needed - 1), pytest.raises(EngineError, match=r"pairs of 12,000 genes with 20 columns takes"):
        edges(snapshot.precision, EdgeRule("top", 10))
    with memory_limit(2 * needed - 1), pytest.raises(EngineError, match=r"12,000 genes of 2 versions"):
        compare(version(), snapshot, EdgeRule("top", 10), changes=5)


@pytest.mark.parametrize("rule", ["top", "threshold"])
def test_with_less_memory_the_answer_is_the_same(rule: Literal["top", "threshold"], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("grnledger.engine.network.pairs.blocks.cores", lambda: 2)
    plain = edges(version().precision, EdgeRule("top", 5_000))
    chosen = EdgeRule(rule, 5_000 if rule == "top" else plain.threshold)
    needed = scan_memory.scan_bytes(GENES, FACTORS)
    tracemalloc.start()
    try:
        precision = version().precision
        tracemalloc.reset_peak()
        held, _ = tracemalloc.get_traced_memory()
        with memory_limit(needed + scan_memory.CANDIDATE * 4 * 5_000):
            lean = edges(precision, chosen)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert np.array_equal(lean.pairs, plain.pairs)
    assert np.array_equal(lean.rho, plain.rho)
    assert peak - held <= needed + BESIDE


def test_a_list_that_does_not_fit_is_refused():
    needed, most = scan_memory.scan_bytes(GENES, FACTORS), 20_000
    threshold = edges(version().precision, EdgeRule("top", 2 * most)).threshold
    room = memory_limit(needed + scan_memory.CANDIDATE * most)
    with room, pytest.raises(EngineError, match=r"A list of [0-9,]+ pairs of 12,000 genes"):
        edges(version().precision, EdgeRule("threshold", threshold))
