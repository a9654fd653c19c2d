"""What the last bits of a number depend on: this program and its libraries, BLAS's kernels, and the processor."""

from __future__ import annotations

import functools
import hashlib
import importlib
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtri

from ...engine.errors import EngineError
from ...engine.threads import blas_libraries, one_blas_thread
from ...storage.networks.provenance import software

ROOMS = ("engine", "formats", "storage", "analysis")
"""The folders of this program that compute."""

OF_THE_PROCESSOR = ("BLAS", "processor", "rounding")
"""Which of the facts are the machine's, and can be made alike by variables of the environment."""


@functools.cache
def arithmetic() -> dict[str, str]:
    """Return what two processes must have in common for the same bits, by name.

    Versions of this program, of NumPy, SciPy and numba; the digest of this program's code; BLAS with its kernels; the
    processor that numba compiles for; and the digest of some numbers, in which any other difference shows.
    """
    return {
        **software("numba"),
        "code": _code(),
        "BLAS": "; ".join(sorted({library.rpartition(",")[0] for library in blas_libraries()})),
        "processor": _processor(),
        "rounding": _rounding(),
    }


def check_arithmetic(expected: dict[str, str], where: str) -> None:
    """Refuse to compute where the last bits may differ from those of another process.

    Parameters
    ----------
    expected : dict of str to str
        The `arithmetic` of the other.
    where : str
        Where this process runs, for the sentence of the error.

    Raises
    ------
    EngineError
        They differ in something; which, and how, is said.
    """
    own = arithmetic()
    if differing := differences(expected, own):
        of_processor = set(differing) <= set(OF_THE_PROCESSOR)
        said = "; ".join(f"{name} {own.get(name)} there and {expected.get(name)} here" for name in differing)
        raise EngineError(
            f"The worker {where} would compute other last digits: {said}.",
            code="other-processor" if of_processor else "other-software",
        )


def differences(first: dict[str, str], second: dict[str, str]) -> list[str]:
    """Return the names of the facts in which two processes differ."""
    return [name for name in {**first, **second} if first.get(name) != second.get(name)]


def _code() -> str:
    """Return a digest of the code of this program that computes."""
    root, digest = Path(__file__).parents[2], hashlib.sha256()
    for file in sorted(file for room in ROOMS for file in (root / room).rglob("*.py")):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _processor() -> str:
    """Return the processor that numba compiles for: this one, unless a variable names another."""
    config: Any = importlib.import_module("numba.core.config")
    binding: Any = importlib.import_module("llvmlite.binding")
    return str(config.CPU_NAME or binding.get_host_cpu_name())


def _rounding() -> str:
    """Return a digest of products, a decomposition, sums and functions of some numbers."""
    stream = np.random.RandomState(0)
    values = stream.standard_normal((96, 65))
    with one_blas_thread():
        gram = values.T @ values
        numbers = [
            gram,
            values[:, 0] @ values,
            values.astype(np.float32).T @ values.astype(np.float32),
            *np.linalg.eigh(gram),
            np.linalg.cholesky(gram + np.eye(65)),
            np.exp(values),
            np.log(np.abs(values)),
            ndtri(stream.random_sample(1000)),
            values.sum(axis=0),
            values.sum(axis=1),
        ]
    return hashlib.sha256(b"".join(np.ascontiguousarray(part).tobytes() for part in numbers)).hexdigest()[:16]
