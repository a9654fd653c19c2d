"""What each table begins with: machine, BLAS, threads and versions, so that its times can be placed."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
from pathlib import Path

from grnledger.engine.threads import blas_libraries

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
"""Where real files are, if they are beside the checkout."""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def described(threads: int, *others: str) -> str:
    """Return the setting as lines that begin with #: machine, threads of ours, BLAS, versions of the packages.

    Parameters
    ----------
    threads : int
        What grnledger may use; BLAS is left as it is.
    others : str
        Distributions that take part besides; one that is not installed is said to be absent.
    """
    processor = platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        processor += next(
            (f", {line.partition(':')[2].strip()}" for line in lines if line.startswith("model name")), ""
        )
    versions = ", ".join(f"{name} {_version(name)}" for name in ("grnledger", "numpy", "scipy", "numba", *others))
    return "\n".join(
        [
            f"# {platform.system()}, {processor}, {cores()} cores of {os.cpu_count()}, load {os.getloadavg()[0]:.1f}",
            f"# grnledger on up to {threads} threads; BLAS: {'; '.join(blas_libraries())}",
            f"# Python {platform.python_version()}, {versions}",
        ]
    )


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "(absent)"
