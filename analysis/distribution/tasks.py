"""Items as tasks of a second or more: grouped, sent a bounded number ahead, and their results in order.

What a task costs beside its steps, some milliseconds, is then little. Each item depends on itself and on what all of
them share, so that the results have the same bits however items are grouped.
"""

from __future__ import annotations

import itertools
import math
import pickle
import time
import traceback
from collections.abc import Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ...engine.threads import keep_one_blas_thread, limit_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SECONDS = 2.0
"""About how long a task takes, where its items are short."""

AHEAD = 4
"""Tasks for each place that are sent and whose results have not been read, at the most."""

MOST_BYTES = 64 << 20
"""Most bytes of a task of several items."""

MOST_BYTES_AHEAD = 1 << 30
"""Bytes of tasks whose results have not been read from which on no more are sent."""


class Crew(Protocol):
    """Runs tasks elsewhere."""

    @property
    def places(self) -> int:
        """How many tasks run at once."""
        ...

    def send(self, number: int, task: bytes) -> None:
        """Have a task run."""
        ...

    def receive(self) -> tuple[int, bytes | bytearray]:
        """Wait for any task to be done, and return its number and what `run_task` returned."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results of the items of a task, up to the first that failed.

    Parameters
    ----------
    results : list
        In the order of the items.
    error : Exception or None
        What the step raised.
    seconds : float
        How long it took.
    """

    results: list[Any]
    error: Exception | None
    seconds: float


def run_tasks(crew: Crew, step: Callable[[Any, Any], Any], items: Iterable[Any]) -> Iterator[Any]:
    """Yield the results of a step for all items, in their order; raises what a step raised, in its turn.

    Parameters
    ----------
    crew : Crew
        What runs the tasks; what items share is known there.
    step : callable
        A function of a module.
    items : iterable
        Read as tasks are sent.
    """
    groups = _Groups(items, crew)
    outcomes: dict[int, Outcome] = {}
    sizes: dict[int, int] = {}
    sent = read = 0
    while True:
        while sent - read < AHEAD * crew.places and (not sizes or sum(sizes.values()) < MOST_BYTES_AHEAD):
            if not (group := groups.following()):
                break
            task = pickle.dumps((step, group), protocol=5)
            groups.weigh(len(task) / len(group))
            sizes[sent] = len(task)
            crew.send(sent, task)
            sent += 1
        if read == sent:
            return
        while read not in outcomes:
            number, packed = crew.receive()
            outcomes[number] = pickle.loads(packed)  # noqa: S301  packed by `run_task`
            groups.learn(outcomes[number])
        outcome = outcomes.pop(read)
        del sizes[read]
        read += 1
        yield from outcome.results
        if outcome.error is not None:
            raise outcome.error


def run_task(shared: Any, task: bytes) -> bytes:
    """Return the packed outcome of a task, computed here on one thread; an error of a step is part of it."""
    keep_one_blas_thread()
    begin = time.perf_counter()
    step, items = pickle.loads(task)  # noqa: S301  packed by `run_tasks`
    results: list[Any] = []
    error = None
    with limit_cores(1):
        for item in items:
            try:
                results.append(step(shared, item))
            except Exception as failure:  # noqa: BLE001  it is raised where the result is read
                failure.add_note("".join(traceback.format_exception(failure)))
                error = failure
                break
    seconds = time.perf_counter() - begin
    return pickle.dumps(Outcome(results, error and _sendable(error), seconds), protocol=5)


def refuse_task(error: Exception) -> bytes:
    """Return the packed outcome of a task that was not begun."""
    return pickle.dumps(Outcome([], error, 0.0), protocol=5)


def _sendable(error: Exception) -> Exception:
    """Return an error, or what is to be said of it where its kind cannot be sent."""
    try:
        pickle.loads(pickle.dumps(error, protocol=5))  # noqa: S301
    except Exception:  # noqa: BLE001  whatever its kind does as it is copied
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


class _Groups:
    """Items in groups that take about `SECONDS`, and of which there are enough for all places."""

    def __init__(self, items: Iterable[Any], crew: Crew) -> None:
        self._items = iter(items)
        self._left: float = len(items) if isinstance(items, Sized) else math.inf
        self._crew = crew
        self._size, self._bytes = 1, 0.0
        self._seconds: float | None = None

    def following(self) -> list[Any]:
        """Return the next items; none where there are no more."""
        if self._seconds is not None:
            wanted = math.ceil(SECONDS / max(self._seconds, 1e-9))
            fair = self._left / (2 * self._crew.places)
            light = MOST_BYTES / max(self._bytes, 1.0)
            self._size = max(1, int(min(wanted, 2 * self._size, fair, light)))
        group = list(itertools.islice(self._items, self._size))
        self._left -= len(group)
        return group

    def weigh(self, size: float) -> None:
        """Note how many bytes an item has."""
        self._bytes = size

    def learn(self, outcome: Outcome) -> None:
        """Note how long an item has taken; what is latest counts most, since a process is slow at first."""
        if outcome.results:
            seconds = outcome.seconds / len(outcome.results)
            self._seconds = seconds if self._seconds is None else (self._seconds + seconds) / 2.0
