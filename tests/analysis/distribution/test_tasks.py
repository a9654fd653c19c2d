"""Items as tasks: grouped by what they take, read a bounded number ahead, and their results in order."""

from __future__ import annotations

import pickle
import random
from typing import TYPE_CHECKING, Any

import map_steps
import numpy as np
import pytest
from grnledger.analysis.distribution import tasks
from grnledger.analysis.distribution.tasks import AHEAD, Outcome, refuse_task, run_task, run_tasks
from grnledger.engine.errors import InputError, NotPositiveDefinite

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUES = np.random.default_rng(1).normal(size=(80, 6))


class Here:
    """Runs tasks in this process, any of those that are there, and says of each item that it took so long."""

    def __init__(self, shared: object, places: int = 2, seconds: float = 0.0) -> None:
        self.shared, self.places, self.seconds = shared, places, seconds
        self.waiting: dict[int, bytes] = {}
        self.sizes: list[int] = []
        self._chance = random.Random(4)

    def send(self, number: int, task: bytes) -> None:
        self.waiting[number] = task
        self.sizes.append(len(pickle.loads(task)[1]))
        assert len(self.waiting) <= AHEAD * self.places

    def receive(self) -> tuple[int, bytes]:
        number = self._chance.choice(list(self.waiting))
        outcome = pickle.loads(run_task(self.shared, self.waiting.pop(number)))
        seconds = self.seconds * len(outcome.results)
        return number, pickle.dumps(Outcome(outcome.results, outcome.error, seconds))


@pytest.mark.parametrize("seconds", [0.0, 0.03, 0.7, 5.0])
@pytest.mark.parametrize("known", [True, False])
def test_results_are_in_order_and_the_same_however_items_are_grouped(seconds: float, known: bool) -> None:
    items: Any = range(75) if known else iter(range(75))
    crew = Here(VALUES, seconds=seconds)
    results = list(run_tasks(crew, map_steps.product, items))
    expected = [map_steps.product(VALUES, item).tobytes() for item in range(75)]
    assert [result.tobytes() for result in results] == expected
    assert sum(crew.sizes) == 75


def test_short_items_are_grouped_to_tasks_of_a_second_or_more_and_long_ones_are_not() -> None:
    crew = Here("", seconds=0.05)
    list(run_tasks(crew, map_steps.fail_at_seven, iter([0] * 2000)))
    assert crew.sizes[:8] == [1] * 8
    assert max(crew.sizes) == 40  # 2 s
    assert np.mean(np.array(crew.sizes[14:-1]) == 40) > 0.9
    crew = Here("", seconds=3.0)
    list(run_tasks(crew, map_steps.fail_at_seven, iter([0] * 50)))
    assert set(crew.sizes) == {1}


def test_where_the_number_of_items_is_known_there_is_work_for_all_to_the_end() -> None:
    crew = Here("", places=4, seconds=0.01)
    list(run_tasks(crew, map_steps.fail_at_seven, [0] * 200))
    assert max(crew.sizes) <= (200 - 16) // 8


def test_a_task_of_several_items_has_no_more_bytes_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "MOST_BYTES", 100_000)
    crew = Here("", seconds=0.001)
    list(run_tasks(crew, map_steps.size_of, (np.zeros(1000) for _ in range(100))))
    assert max(crew.sizes) == 12
    monkeypatch.setattr(tasks, "MOST_BYTES_AHEAD", 1)
    crew = Here("", seconds=5.0)
    read: list[int] = []

    def stream() -> Iterator[int]:
        for item in range(5):
            read.append(item)
            yield item

    for done, _ in enumerate(run_tasks(crew, map_steps.fail_at_seven, stream())):
        assert len(read) == done + 1


def test_an_error_is_raised_in_its_turn_with_its_kind_and_where_it_arose() -> None:
    results = run_tasks(Here("item", seconds=0.001), map_steps.fail_at_seven, range(100))
    assert [next(results) for _ in range(7)] == list(range(7))
    with pytest.raises(NotPositiveDefinite, match="item 7") as refusal:
        next(results)
    assert (refusal.value.code, refusal.value.facts, refusal.value.eigenvalue) == ("some-code", {"item": 7}, -0.5)
    assert "map_steps.py" in refusal.value.__notes__[0]
    # where tblib is loaded, as by Dask, this error can be sent too
    with pytest.raises((RuntimeError, map_steps.Picky), match="this and 0"):
        next(run_tasks(Here(""), map_steps.raise_picky, range(3)))
    assert pickle.loads(refuse_task(InputError("no"))).error.message == "no"
