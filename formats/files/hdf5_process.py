"""One process for each HDF5 file of others: what such a file does to HDF5 ends there, as a sentence.

libhdf5 may crash, loop or take all memory over a damaged file, and its errors cannot be caught within the process.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import signal
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import printable
from .limits import LONGEST_NAME
from .plain_files import DOWNLOAD_AGAIN
from .writing import nameless_file

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from numpy.typing import NDArray

PROGRAM = Path(__file__).with_name("hdf5_child.py")
"""What the process runs. It is run by its path: the package need not be on the path of a new interpreter."""

MEMORY_FREELY = 256 << 20
"""Bytes that the process may take for any request beyond what it starts with."""

MEMORY_MULTIPLE = 4
"""Beyond `MEMORY_FREELY`, bytes that it may take for each byte of the array that it reads: a chunk, packed and
unpacked, may be as large as the array."""

SECONDS_FREELY = 30
"""Seconds that any request may take."""

SLOWEST = 1 << 20
"""Bytes of the file and of the array for which there is a second beyond `SECONDS_FREELY`: a disk may be slow."""

_LETTER = 4  # bytes that a letter takes in UTF-8, at most

LONGEST_REPLY = 64 << 20
"""Bytes of a reply, which may list the members of a group."""


@dataclass(slots=True)
class ReadingProcess:
    """A process that has one HDF5 file open.

    Parameters
    ----------
    path : Path
        The HDF5 file.
    """

    path: Path
    _process: Popen[bytes]
    _arrays: BinaryIO
    _offset: int = field(init=False, default=0)

    def request(self, step: str, names: Sequence[str], *, size: int = 0, **arguments: Any) -> dict[str, Any]:
        """Return the reply to a request.

        Parameters
        ----------
        step : str
            A key of `hdf5_child.STEPS`.
        names : sequence of str
            The location of an object in the file.
        size : int
            Bytes of the array that is read, on which the limits depend.
        **arguments
            Those of the step.

        Raises
        ------
        InputError
            HDF5 cannot read it, or has crashed, takes too long or too much memory.
        """
        seconds = SECONDS_FREELY + (self.path.stat().st_size + size) // SLOWEST
        limits = {"seconds": seconds, "memory": MEMORY_FREELY + MEMORY_MULTIPLE * size}
        line = json.dumps({"step": step, "names": list(names), **limits, **arguments}).encode() + b"\n"
        requests, replies = cast("tuple[BinaryIO, BinaryIO]", (self._process.stdin, self._process.stdout))
        with suppress(BrokenPipeError):
            os.write(requests.fileno(), line)
        reply = replies.readline(LONGEST_REPLY)
        if not reply.endswith(b"\n"):
            raise self._failure(names, seconds)
        content = json.loads(reply)
        if "error" in content:
            where = (
                f"{self.path}: {location_of(names)} cannot be read" if names else f"{self.path} cannot be read as HDF5"
            )
            raise InputError(f"{where}: {_reason(content['error'])}.", hint=DOWNLOAD_AGAIN)
        return content

    def read(
        self, names: Sequence[str], shape: tuple[int, ...], dtype: np.dtype[Any], *, field: str | None = None
    ) -> NDArray[Any]:
        """Return the values of an array, or of one field of its records; raises as `request`.

        They lie in a file without a name that is mapped, and not in the memory of either process.
        """
        size = math.prod(shape) * dtype.itemsize
        if not size:
            return np.empty(shape, dtype=dtype)
        reply = self.request("read", names, size=size, offset=self._offset, field=field)
        self._check_size(names, reply, size, size)
        mapped = mmap.mmap(self._arrays.fileno(), size, offset=self._offset)
        self._offset += -(-size // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        return np.frombuffer(mapped, dtype=dtype).reshape(shape)

    def read_slab(
        self, names: Sequence[str], shape: tuple[int, ...], dtype: np.dtype[Any], *, axis: int, start: int
    ) -> NDArray[Any]:
        """Return a part of an array from a position of an axis on, with all of the others; raises as `request`.

        It is valid until the next request: the next slab takes its room.
        """
        size = math.prod(shape) * dtype.itemsize
        if not size:
            return np.empty(shape, dtype=dtype)
        reply = self.request(
            "read_slab", names, size=size, offset=self._offset, axis=axis, start=start, stop=start + shape[axis]
        )
        self._check_size(names, reply, size, size)
        mapped = mmap.mmap(self._arrays.fileno(), size, offset=self._offset, prot=mmap.PROT_READ)
        return np.frombuffer(mapped, dtype=dtype).reshape(shape)

    def read_texts(self, names: Sequence[str], count: int) -> list[bytes]:
        """Return a list of texts of variable length, no longer together than the file; raises as `request`.

        None is longer than a name may be in UTF-8.
        """
        most = self.path.stat().st_size + count
        reply = self.request(
            "read_texts", names, size=most, offset=self._offset, most=most, longest=LONGEST_NAME * _LETTER
        )
        size = self._check_size(names, reply, count, most)
        texts = os.pread(self._arrays.fileno(), size, self._offset).split(b"\0")[:-1]
        if len(texts) != count:
            raise InputError(
                f"{self.path}: {location_of(names)} is not a list of {count:,} texts.", hint=DOWNLOAD_AGAIN
            )
        return texts

    def _check_size(self, names: Sequence[str], reply: Mapping[str, Any], least: int, most: int) -> int:
        """Return how many bytes the process has written, which must be there and as many as were requested."""
        size = reply["end"] - self._offset
        if not least <= size <= most or os.fstat(self._arrays.fileno()).st_size < self._offset + size:
            raise InputError(
                f"{self.path}: {location_of(names)} is not as large as the file says.", hint=DOWNLOAD_AGAIN
            )
        return size

    def _failure(self, names: Sequence[str], seconds: int) -> InputError:
        """Return the sentence for a process that did not reply."""
        self._process.kill()
        code, where = self._process.wait(), location_of(names) or "the file"
        if code == -signal.SIGALRM:
            return InputError(
                f"{self.path}: HDF5 did not finish reading {where} within {seconds:,} seconds.",
                hint=DOWNLOAD_AGAIN,
            )
        if code < 0:
            name = signal.Signals(-code).name
            return InputError(
                f"{self.path} is damaged: HDF5 crashed while reading {where} ({name}).", hint=DOWNLOAD_AGAIN
            )
        return InputError(
            f"{self.path} cannot be read: the process that reads HDF5 files ended with code {code}.",
            hint=f"Try: {sys.executable} -P -c 'import h5py'",
        )


@contextmanager
def start_reading(path: Path) -> Generator[ReadingProcess]:
    """Start a process that reads an HDF5 file, and end it with the block; the arrays that it read stay."""
    with nameless_file() as arrays:
        process = Popen(  # noqa: S603  a program of ours, and no shell
            [sys.executable, "-P", str(PROGRAM), str(path), str(arrays.fileno())],  # -P: no modules of this folder
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            pass_fds=(arrays.fileno(),),
            start_new_session=True,  # Ctrl-C is for the parent
        )
        with process:
            try:
                yield ReadingProcess(path, process, arrays)
            finally:
                process.kill()


def location_of(names: Sequence[str]) -> str:
    """Return the location of an object in its file, for the sentence of an error."""
    return printable("/".join(names))[:200]


def _reason(error: str) -> str:
    """Return what h5py said, in one short line."""
    return printable(" ".join(error.split()))[:200].rstrip(".")
