"""Two steps that meet: the one is run again and again, each time with the other inside one of its calls."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from grnledger.storage.files import durable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CALLS: tuple[tuple[Any, str], ...] = ((durable, "write_whole"), (durable, "_claim"), (durable, "rename_folder"))
"""Where a file is about to be written, or to get its name."""


@dataclass(slots=True)
class Moment:
    """What came of two steps that met.

    Parameters
    ----------
    number : int
        Before which call of the outer step the inner one was run.
    outer, inner : object
        What they returned.
    """

    number: int
    outer: Any = None
    inner: Any = None


def each_moment(
    prepared: Path,
    outer: Callable[[Path], object],
    inner: Callable[[Path], object],
    *,
    calls: tuple[tuple[Any, str], ...] = CALLS,
    every: int = 1,
) -> Iterator[tuple[Path, Moment]]:
    """Yield, for each call of the outer step, a folder laid out anew in which both were run, and what they returned.

    Parameters
    ----------
    prepared : Path
        The folder that each begins with.
    outer, inner : callable
        The steps, called with the folder.
    calls : tuple of (object, str)
        Before which functions the inner step is run.
    every : int
        Of the calls, each N-th alone.
    """
    number, count = 0, 1
    while number < count:
        folder = prepared.with_name(f"{prepared.name}-{number}")
        shutil.copytree(prepared, folder, symlinks=True)
        moment = Moment(number)
        with _watched(moment, lambda folder=folder: inner(folder), calls) as seen:
            moment.outer = outer(folder)
        yield folder, moment
        shutil.rmtree(folder)
        number, count = number + every, seen[0]
        assert count, "the outer step makes none of these calls"


@contextlib.contextmanager
def _watched(moment: Moment, inner: Callable[[], object], calls: tuple[tuple[Any, str], ...]) -> Iterator[list[int]]:
    """Run a step before a call, and count the calls."""
    seen, is_inside = [0], [False]

    def watch(step: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **named: Any) -> Any:
            if not is_inside[0]:
                seen[0] += 1
                if seen[0] == moment.number + 1:
                    is_inside[0] = True
                    moment.inner = inner()
                    is_inside[0] = False
            return step(*arguments, **named)

        return watched

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in calls:
            patch.setattr(owner, name, watch(getattr(owner, name)))
        yield seen
