"""Ways to the same answer, timed in turns, so that all of them meet the same load of the machine."""

from __future__ import annotations

import contextlib
import io
import statistics
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def cpu_seconds(step: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """Return the CPU seconds of a step on average over its repeats, and its last answer; what it prints is dropped."""
    answer = None
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        begin = time.process_time()
        for _ in range(repeats):
            answer = step()
        elapsed = time.process_time() - begin
    return elapsed / repeats, answer


def medians(
    steps: Mapping[str, Callable[[], Any]], rounds: int, repeats: Mapping[str, int] | None = None
) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the median CPU seconds of each step over the rounds, in a rotating order, and the last answer of each.

    Parameters
    ----------
    steps : mapping of str to callable
        The ways by their names.
    rounds : int
        How often each is timed.
    repeats : mapping of str to int, optional
        How often a short step is run within one timing; 1 where a name is absent.
    """
    times_of: dict[str, list[float]] = {name: [] for name in steps}
    answers: dict[str, Any] = {}
    names = list(steps)
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            elapsed, answers[name] = cpu_seconds(steps[name], (repeats or {}).get(name, 1))
            times_of[name].append(elapsed)
    return {name: statistics.median(times) for name, times in times_of.items()}, answers
