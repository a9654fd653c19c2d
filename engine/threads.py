# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# (threadpoolctl ships no types)
"""Cores, and BLAS on one thread: for small steps faster, and the same bits whatever the number of cores."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
from contextvars import ContextVar
from typing import TYPE_CHECKING

from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager

_MOST_CORES: ContextVar[int | None] = ContextVar("most cores", default=None)
"""Most cores that what runs in this context may use; all that the process may, where it is `None`."""

LARGEST_ON_ONE_THREAD = 5_000
"""Most rows of a matrix that is formed and inverted on one thread; on all cores, the last bits may depend on them."""


def one_blas_thread() -> AbstractContextManager[object]:
    """Return a context in which BLAS runs on one thread."""
    return _controller().limit(limits=1, user_api="blas")


def one_blas_thread_unless_large(size: int) -> AbstractContextManager[object]:
    """Return a context in which BLAS runs on one thread, unless a matrix has more rows than `LARGEST_ON_ONE_THREAD`."""
    return one_blas_thread() if size <= LARGEST_ON_ONE_THREAD else contextlib.nullcontext()


def keep_one_blas_thread() -> None:
    """Leave BLAS on one thread for good: in a process of which each task has one core."""
    _controller().limit(limits=1, user_api="blas")


def cores() -> int:
    """Return the number of cores that may be used here: those that this process may use, or fewer in `limit_cores`."""
    if (most := _MOST_CORES.get()) is not None:
        return most
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def limit_cores(number: int) -> Generator[None]:
    """Have `cores` return this number in what the block calls, on its own thread."""
    token = _MOST_CORES.set(number)
    try:
        yield
    finally:
        _MOST_CORES.reset(token)


def blas_libraries() -> list[str]:
    """Return the BLAS libraries loaded, a line each: library, version, kernel, threads."""
    return [
        f"{library['internal_api']} {library['version']} {library.get('architecture') or ''}, "
        f"{library['num_threads']} threads"
        for library in _controller().info()
        if library["user_api"] == "blas"
    ]


@functools.cache
def _controller() -> ThreadpoolController:
    """Return the controller of the BLAS libraries loaded; the search takes some milliseconds, so it is done once."""
    importlib.import_module("scipy.linalg")  # SciPy brings another BLAS, which is seen once it is loaded
    return ThreadpoolController()
