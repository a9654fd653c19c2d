# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# (threadpoolctl ships no types)
"""Cores, and BLAS on one thread: for small steps faster, and the same bits whatever the number of cores."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, cast

from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager

    from threadpoolctl import LibController

_MOST_CORES: ContextVar[int | None] = ContextVar("most cores", default=None)
"""Most cores that what runs in this context may use; all that the process may, where it is `None`."""

LARGEST_ON_ONE_THREAD = 5_000
"""Most rows of a matrix that is formed and inverted on one thread; on all cores, the last bits may depend on them."""


def one_blas_thread(*, scipy: bool = False) -> AbstractContextManager[object]:
    """Return a context in which BLAS runs on one thread; where it does already, nothing is changed.

    Parameters
    ----------
    scipy : bool
        Whether SciPy's own BLAS, which it brings once it is imported, is used within: then it is imported before.
    """
    if scipy:
        importlib.import_module("scipy.linalg")
    controller, libraries = _search(scipy="scipy.linalg" in sys.modules)
    if all(cast("int | None", library.num_threads) == 1 for library in libraries):
        return contextlib.nullcontext()
    return controller.limit(limits=1, user_api="blas")


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
        for library in _search(scipy="scipy.linalg" in sys.modules)[0].info()
        if library["user_api"] == "blas"
    ]


def numerics() -> str:
    """Return the BLAS that NumPy uses and the kernel that it has chosen: what the last bits of a product depend on."""
    libraries = [library for library in _controller().info() if library["user_api"] == "blas"]
    own = [library for library in libraries if "scipy.libs" not in library["filepath"]] or libraries
    return ", ".join(
        sorted({f"{lib['internal_api']} {lib['version']} {lib.get('architecture') or ''}".strip() for lib in own})
    )


def _controller() -> ThreadpoolController:
    """Return the controller of the BLAS libraries loaded: NumPy's, and that of SciPy, which brings another."""
    return _search(scipy="scipy.linalg" in sys.modules)[0]


@functools.cache
def _search(*, scipy: bool) -> tuple[ThreadpoolController, list[LibController]]:  # noqa: ARG001  it is found or not
    """Return the controller of the libraries loaded now, and those of BLAS; the search takes some milliseconds."""
    controller = ThreadpoolController()
    return controller, [library for library in controller.lib_controllers if library.user_api == "blas"]
