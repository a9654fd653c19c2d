"""Maps within a process: the same results in order, one BLAS thread each, and nothing awaited after an interrupt."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import thread
from pathlib import Path
from typing import TYPE_CHECKING, cast

import map_steps
import numpy as np
import pytest
from grnledger.engine import mapping
from grnledger.engine.errors import NotPositiveDefinite
from grnledger.engine.mapping import Sequential, Threads, one_at_a_time, open_threads, run_aside
from grnledger.engine.threads import cores, limit_cores
from threadpoolctl import threadpool_info, threadpool_limits

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from grnledger.engine.mapping import Mapper

MAPPERS = [Sequential(), Threads(1), Threads(3)]
VALUES = np.random.default_rng(1).normal(size=(80, 6))


@pytest.mark.parametrize("mapper", MAPPERS)
def test_results_come_in_the_order_of_the_items_with_the_same_bits(mapper: Mapper) -> None:
    expected = [map_steps.product(VALUES, item) for item in range(40)]
    results = list(mapper(map_steps.product, range(40), shared=VALUES))
    assert [result.tobytes() for result in results] == [result.tobytes() for result in expected]
    assert list(mapper(map_steps.product, [], shared=VALUES)) == []


@pytest.mark.parametrize("mapper", MAPPERS)
def test_blas_is_on_one_thread_in_a_step_and_as_before_afterwards(mapper: Mapper) -> None:
    with threadpool_limits(2, user_api="blas"):
        within = {most for _, _, most in mapper(map_steps.environment, range(5), shared=None)}
        after = {info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas"}
    assert (within, after) == ({1}, {2})


@pytest.mark.parametrize("mapper", MAPPERS)
def test_what_a_step_raises_is_raised_in_its_turn(mapper: Mapper) -> None:
    results = mapper(map_steps.fail_at_seven, range(20), shared="item")
    assert list(itertools.islice(results, 7)) == list(range(7))
    with pytest.raises(NotPositiveDefinite, match="item 7") as refusal:
        next(results)
    assert (refusal.value.code, refusal.value.eigenvalue) == ("some-code", -0.5)


@pytest.mark.parametrize("number", [1, 2, 4])
@pytest.mark.parametrize("ahead", [1, 3])
def test_items_are_read_a_bounded_number_ahead(number: int, ahead: int) -> None:
    read: list[int] = []

    def stream() -> Iterator[int]:
        for item in range(50):
            read.append(item)
            yield item

    for done, _ in enumerate(
        Threads(number, ahead)(map_steps.fail_at_seven, (7.0 * x + 1 for x in stream()), shared="")
    ):
        assert len(read) <= done + ahead * number + 1
    assert len(read) == 50


def test_a_step_on_a_thread_has_one_core_and_the_calling_thread_only_waits() -> None:
    threads = dict(Threads(2)(map_steps.thread_of, range(20), shared=None))
    assert set(threads.values()) == {1}
    assert threading.get_ident() not in threads
    assert run_aside(map_steps.thread_of, 0, shared=None)[0] != threading.get_ident()
    with limit_cores(5):
        assert list(Sequential()(map_steps.thread_of, [0], shared=None)) == [(threading.get_ident(), 5)]
        assert cores() == 5
    with limit_cores(3), limit_cores(2):
        assert cores() == 2


def test_steps_that_use_all_cores_run_one_at_a_time_in_this_process_alone() -> None:
    class Elsewhere:
        here = False

    assert one_at_a_time(Threads(4)) == Sequential()
    assert isinstance(one_at_a_time(Elsewhere()), Elsewhere)  # pyright: ignore[reportArgumentType]


def test_threads_are_held_for_many_maps() -> None:
    with open_threads(2) as mapper:
        assert mapper.here
        threads = {thread for _ in range(10) for thread, _ in mapper(map_steps.thread_of, range(4), shared=None)}
    assert len(threads) <= 2


def test_an_interrupt_waits_for_no_step(tmp_path: Path) -> None:
    """A step waits for a file that is made once the map has ended: a map that waited for it would not end."""

    def stream() -> Iterator[int]:
        yield from (0, 1)
        while not Path(tmp_path, "begun-1").exists():
            pass
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(Threads(2)(map_steps.wait_for, stream(), shared=str(tmp_path)))
    Path(tmp_path, "end").touch()


def test_a_map_that_is_read_no_further_waits_for_no_step(tmp_path: Path) -> None:
    results = cast("Generator[int]", Threads(1)(map_steps.wait_for, range(3), shared=str(tmp_path)))
    next(results)
    results.close()
    Path(tmp_path, "end").touch()


@pytest.mark.parametrize("number", [1, 3])
def test_a_thread_that_dies_for_want_of_memory_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    """What Python's own threads do with a step can fail before the step begins, and nobody tells who waits."""

    def die(_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(mapping, "PATIENCE", 0.01)
    monkeypatch.setattr(thread._WorkItem, "run", die)
    with pytest.raises(MemoryError, match="not enough memory"):
        list(Threads(number)(map_steps.fail_at_seven, range(5), shared=None))
    with open_threads(number) as mapper, pytest.raises(MemoryError, match="not enough memory"):
        list(mapper(map_steps.fail_at_seven, range(5), shared=None))
    assert "MemoryError" in caplog.text


def test_a_step_may_take_longer_than_is_waited_between_two_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_: object, item: int) -> int:
        threading.Event().wait(0.05)
        if item == 2:
            raise TimeoutError("of the step")
        return item

    monkeypatch.setattr(mapping, "PATIENCE", 0.001)
    results = Threads(2)(slow, range(3), shared=None)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(TimeoutError, match="of the step"):
        next(results)
