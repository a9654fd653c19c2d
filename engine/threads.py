# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# (threadpoolctl ships no types)
"""Cores, and BLAS on one thread: for small steps faster, and the same bits whatever the number of cores."""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import sys
from typing import TYPE_CHECKING, cast

from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from threadpoolctl import LibController


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


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def blas_libraries() -> list[str]:
    """Return the BLAS libraries loaded, a line each: library, version, kernel, threads."""
    return [
        f"{library['internal_api']} {library['version']} {library.get('architecture') or ''}, "
        f"{library['num_threads']} threads"
        for library in _search(scipy="scipy.linalg" in sys.modules)[0].info()
        if library["user_api"] == "blas"
    ]


@functools.cache
def _search(*, scipy: bool) -> tuple[ThreadpoolController, list[LibController]]:  # noqa: ARG001  it is found or not
    """Return the controller of the libraries loaded now, and those of BLAS; the search takes some milliseconds."""
    controller = ThreadpoolController()
    return controller, [library for library in controller.lib_controllers if library.user_api == "blas"]
