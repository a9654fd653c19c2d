"""A cluster of Dask: the same bits, each thing sent once, nothing lost with a worker, and no other arithmetic."""

from __future__ import annotations

import os
import random
import threading
from typing import TYPE_CHECKING, Any

import map_steps
import numpy as np
import pytest
from dask_workers import Workers, run_workers
from grnledger.analysis.distribution import arithmetic, cluster
from grnledger.analysis.distribution.cluster import Cluster, connect
from grnledger.analysis.distribution.schedulers import open_scheduler
from grnledger.engine.errors import EngineError, InputError, NotFound, NotPositiveDefinite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

distributed = pytest.importorskip("distributed")

VALUES = np.random.default_rng(1).normal(size=(80, 6))
EXPECTED = [map_steps.product(VALUES, item).tobytes() for item in range(60)]


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """A scheduler, with two workers in processes of their own."""
    with run_workers(2) as workers:
        yield workers


@pytest.fixture
def mapper(workers: Workers) -> Iterator[Cluster]:
    with connect(workers.address) as mapper:
        yield mapper


def test_results_have_the_same_bits_in_the_order_of_the_items(mapper: Cluster, workers: Workers) -> None:
    assert not mapper.here
    for items in (range(60), iter(range(60))):
        results = mapper(map_steps.product, items, shared=VALUES)
        assert [result.tobytes() for result in results] == EXPECTED
    with open_scheduler(workers.address) as again:
        assert [result.tobytes() for result in again(map_steps.product, range(60), shared=VALUES)] == EXPECTED
        assert list(again(map_steps.product, [], shared=VALUES)) == []


def test_each_task_has_one_core_and_one_blas_thread(mapper: Cluster) -> None:
    found = list(mapper(map_steps.environment, range(30), shared=None))
    assert {number for _, *numbers in found for number in numbers} == {1}
    assert os.getpid() not in {process for process, _, _ in found}


def test_what_is_shared_is_there_once_for_all_tasks_of_a_worker_and_for_the_next_map(mapper: Cluster) -> None:
    first = dict(mapper(map_steps.identity, range(30), shared=VALUES))
    again = dict(mapper(map_steps.identity, range(30), shared=VALUES))
    assert all(first[process] == again[process] for process in first.keys() & again.keys())


def test_an_error_of_a_step_has_its_own_kind_and_the_next_map_is_undisturbed(mapper: Cluster) -> None:
    with pytest.raises(NotPositiveDefinite, match="x 7") as refusal:
        list(mapper(map_steps.fail_at_seven, range(20), shared="x"))
    assert refusal.value.code == "some-code"
    assert list(mapper(map_steps.fail_at_seven, range(5), shared="x")) == list(range(5))


def test_a_worker_that_dies_loses_nothing(mapper: Cluster, workers: Workers, tmp_path: Path) -> None:
    """Whoever takes the item first is killed by it."""
    assert list(mapper(map_steps.die_once, [5], shared=str(tmp_path))) == [5]
    workers.revive()


def test_kills_at_random_change_nothing(mapper: Cluster, workers: Workers) -> None:
    """Now and then both are gone, and what was shared with them."""
    chance, found, kills = random.Random(7), list[bytes](), 0
    for result in mapper(map_steps.product, range(60), shared=VALUES):
        found.append(result.tobytes())
        if len(found) % 20 == 0:
            kills += workers.kill_one(chance)
    assert found == EXPECTED
    assert kills


def test_workers_with_another_arithmetic_are_refused_with_what_differs(
    mapper: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = arithmetic.arithmetic()
    monkeypatch.setattr(cluster, "arithmetic", lambda: {**own, "numpy": "1.0"})
    with pytest.raises(EngineError, match=f"other last digits: numpy {own['numpy']} there and 1.0 here") as refusal:
        list(mapper(map_steps.product, range(3), shared=VALUES))
    assert refusal.value.code == "other-software"
    monkeypatch.setattr(cluster, "arithmetic", lambda: {**own, "processor": "abacus"})
    with pytest.raises(EngineError, match="abacus here") as refusal:
        list(mapper(map_steps.product, range(3), shared=VALUES))
    assert refusal.value.code == "other-processor"


def test_a_scheduler_that_is_not_there_or_has_no_workers_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SECONDS", 0.5)
    monkeypatch.setattr(cluster, "MOST_SECONDS", 0.5)
    with pytest.raises(NotFound, match=r"No scheduler of Dask answers at tcp://127.0.0.1:1: "):
        connect("tcp://127.0.0.1:1").__enter__()
    with (
        pytest.raises(InputError, match=r"no certificates for tls://127.0.0.1:1") as refusal,
        connect("tls://127.0.0.1:1"),
    ):
        pass
    assert refusal.value.code == "no-certificates"
    with run_workers(0) as empty, connect(empty.address) as mapper, pytest.raises(NotFound, match="has no workers"):
        list(mapper(map_steps.product, range(3), shared=VALUES))


def test_a_map_that_is_read_no_further_leaves_no_task(mapper: Cluster, workers: Workers, tmp_path: Path) -> None:
    results: Any = mapper(map_steps.wait_for, range(9), shared=str(tmp_path))
    next(results)
    results.close()
    (tmp_path / "end").touch()
    waiting = threading.Event()
    while any(key.startswith("grnledger") for key in workers.tasks):
        waiting.wait(0.01)
