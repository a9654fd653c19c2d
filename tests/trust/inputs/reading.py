"""The reading process of HDF5 files as `inputs.py` has it: its peak is measured, and most are forks.

A new interpreter that imports h5py costs .2 s; a fork of one that has it costs 5 ms, serves the same requests within
the same limits, and dies of the same damage.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from grnledger.formats.files import hdf5_child, hdf5_process

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 5
"""Seconds for a request, in place of `hdf5_process.SECONDS_FREELY`: what sends HDF5 in circles is waited for."""


class Peak:
    """The most memory that a reading process has taken since this was last reset."""

    bytes = 0

    @classmethod
    def add(cls, pid: int, before: int = 0) -> None:
        """Count what a process has taken, beyond what it began with."""
        cls.bytes = max(cls.bytes, status_of(pid, "VmHWM") - before)


class Spawned(subprocess.Popen[bytes]):
    """A reading process as users have it."""

    def kill(self) -> None:
        """End it."""
        Peak.add(self.pid)
        super().kill()


class Forked:
    """A fork of this process that reads one file."""

    def __init__(self, arguments: list[str], **_: Any) -> None:
        path, descriptor = arguments[-2:]
        requests, replies = os.pipe(), os.pipe()
        self._before = status_of(os.getpid(), "VmRSS")
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(requests[1])
                os.close(replies[0])
                with os.fdopen(requests[0], "rb") as lines, os.fdopen(int(descriptor), "wb", closefd=False) as arrays:
                    hdf5_child.serve(path, lines, os.fdopen(replies[1], "wb"), arrays)
            finally:
                os._exit(0)
        os.close(requests[0])
        os.close(replies[1])
        self.stdin = os.fdopen(requests[1], "wb", buffering=0)
        self.stdout = os.fdopen(replies[0], "rb")
        self._code: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdin.close()
        self.stdout.close()
        self.wait()

    def kill(self) -> None:
        """End it."""
        if self._code is None:
            Peak.add(self.pid, self._before)
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Return its exit code, or minus the signal that ended it."""
        if self._code is None:
            self._code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._code


def status_of(pid: int, name: str) -> int:
    """Return a figure of a process in bytes, 0 where the system does not say or it has ended."""
    with suppress(OSError), Path(f"/proc/{pid}/status").open() as lines:
        return next((int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:")), 0)
    return 0


@contextmanager
def reading_processes(*, forked: bool) -> Iterator[None]:
    """Read HDF5 files in forks, or as users do, and measure the peak."""
    Peak.bytes = 0
    sound = hdf5_process.Popen, hdf5_process.SECONDS_FREELY
    hdf5_process.Popen, hdf5_process.SECONDS_FREELY = (Forked if forked else Spawned), SECONDS
    try:
        yield
    finally:
        hdf5_process.Popen, hdf5_process.SECONDS_FREELY = sound
