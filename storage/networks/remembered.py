"""Numbers of versions that take long, remembered in the cache: the diagonal of Θ, eigenvalues, products of factors.

They are derived, and as many are remembered as fit a limit: the oldest leave first. A file is named by what it holds
the numbers of and what computed them, so that they have the bits that computing them here would give; it begins with
its hash, and one that is not what was written, or that cannot be read, counts as none. So does one whose numbers cannot
be right, as far as whoever wants them has a check that is much cheaper than computing them.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import math
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.threads import numerics
from ..files import claims, durable, layout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.network.stored_rows import Check

WORTH_OPERATIONS = 5e7
"""Fewest floating-point operations of what is remembered: less is computed as soon as it is read."""

HEADER = b"grnledger numbers 1\n"
LONGEST_REQUEST = 4_096
"""Most bytes of a header: a longer one is not one of ours."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The numbers that a store remembers.

    Parameters
    ----------
    folder : Path, optional
        Where they stand; without one, nothing is remembered.
    limit : int
        Most bytes of all of them.
    """

    folder: Path | None
    limit: int = 0

    def recall(
        self,
        of: Mapping[str, Any],
        what: str,
        compute: Callable[[], NDArray[np.float64]],
        *,
        shape: tuple[int, ...],
        operations: float,
        check: Check | None = None,
    ) -> NDArray[np.float64]:
        """Return numbers from the cache, if they can be right, or computed and remembered there.

        Parameters
        ----------
        of : mapping of str to str, float or None
            Whose numbers they are.
        what : str
            What they are called.
        compute : callable
            Returns them.
        shape : tuple of int
            Of their array.
        operations : float
            About how many operations that takes.
        check : callable, optional
            Returns whether numbers can be right. The random numbers that it gets depend on the whole file.
        """
        if self.folder is None or operations < WORTH_OPERATIONS:
            return compute()
        request = layout.canonical_json({**of, "numbers": what, "shape": list(shape), "made_by": made_by()})
        path = self.folder / hashlib.sha256(HEADER + request.encode()).hexdigest()
        numbers = read_numbers(path, request)
        if numbers is None or not (check is None or check(numbers, _stream_of(path, numbers))):
            numbers = np.ascontiguousarray(compute(), dtype="<f8")
            if numbers.nbytes <= self.limit and len(request) < LONGEST_REQUEST:
                with contextlib.suppress(OSError):  # a store may be read-only, or its disk full
                    self._write(path, request, numbers)
        numbers.setflags(write=False)
        return numbers

    def of(self, **of: Any) -> functools.partial[NDArray[np.float64]]:
        """Return a `Recall` of the numbers of something, such as of a version."""
        return functools.partial(self.recall, of)

    def _write(self, path: Path, request: str, numbers: NDArray[np.float64]) -> None:
        body, content = request.encode() + b"\n", numbers.ravel().view(np.uint8).data
        digest = hashlib.sha256(HEADER + body)
        digest.update(content)

        def write(output: durable.Output) -> None:
            output.write(b"".join((digest.hexdigest().encode(), b"\n", HEADER, body)))
            output.write(content)

        durable.make_folder(path.parent.parent)
        durable.make_folder(path.parent)
        durable.replace(path, write)
        self._forget_oldest(path)

    def _forget_oldest(self, newest: Path) -> None:
        """Remove the oldest files until all are within the limit; the newest stays."""
        with os.scandir(newest.parent) as listing:
            files = [(item.stat(follow_symlinks=False), item.name) for item in listing]
        total = sum(status.st_size for status, _ in files)
        for status, name in sorted(files, key=lambda file: file[0].st_mtime_ns):
            if total <= self.limit:
                return
            if name != newest.name and not durable.is_temporary(name) and stat.S_ISREG(status.st_mode):
                durable.remove(newest.parent / name)
                total -= status.st_size


def read_numbers(path: Path, request: str | None = None) -> NDArray[np.float64] | None:
    """Return the numbers of a file of the cache, or `None` where it is not what was written.

    Parameters
    ----------
    path : Path
        The file; no link is followed, and no pipe waited for.
    request : str, optional
        What its header must say; without one it need only be that of its name.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return None
            lines = [file.readline(LONGEST_REQUEST) for _ in range(3)]
            if lines[1] != HEADER or (request is not None and lines[2] != request.encode() + b"\n"):
                return None
            record = json.loads(lines[2])
            shape = tuple(map(int, record["shape"]))
            size = math.prod(shape) * 8
            if min(shape, default=0) < 0 or os.fstat(descriptor).st_size != sum(map(len, lines)) + size:
                return None
            if claims.is_hollow(descriptor, size):
                return None
            content = file.read(size)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None
    digest = hashlib.sha256(HEADER + lines[2])
    digest.update(content)
    name = hashlib.sha256(HEADER + lines[2][:-1]).hexdigest()
    if lines[0] != digest.hexdigest().encode() + b"\n" or name != path.name or len(content) != size:
        return None
    return np.frombuffer(content, dtype="<f8").reshape(shape)


def _stream_of(path: Path, numbers: NDArray[np.float64]) -> np.random.Generator:
    """Return random numbers that depend on all of a file, so that nobody can choose the one to please the other."""
    digest = hashlib.sha256(path.name.encode())
    digest.update(np.ascontiguousarray(numbers).view(np.uint8).data)
    return np.random.default_rng(int(digest.hexdigest(), 16))


@functools.cache
def made_by() -> str:
    """Return what computes numbers here: this program, the libraries, and the BLAS for this processor."""
    from .provenance import software  # which reads the versions of what is installed

    return layout.canonical_json({**software(), "blas": numerics()})
