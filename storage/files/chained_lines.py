"""A text that grows by lines, each with the hash of all that is before it: what is torn, cut or changed does not count.

It needs neither numpy nor HDF5. It is derived, and never flushed: whoever reads it checks it. Two writers of one text
write the same bytes, and where they do not, the lines from there on do not count and are written anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from typing import TYPE_CHECKING

from . import durable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LARGEST = 1 << 30
"""Most bytes of a text: a larger one is not read."""

CHAIN = 64
"""Characters of the hash at the beginning of a line; a space follows."""


class ChainedLines:
    """The lines of a text that count, and where in its file they end.

    Parameters
    ----------
    header : bytes
        The first line of the file, with its newline.
    path : Path, optional
        The file; without one, lines are read from bytes alone.

    Attributes
    ----------
    lines : list of bytes
        Those that count, without their hashes.
    whole : bool
        Whether the file held these lines when it was last looked at, and nothing else.
    """

    def __init__(self, header: bytes, path: Path | None = None) -> None:
        self.header, self.path = header, path
        self.lines: list[bytes] = []
        self.whole = False
        self._size = 0
        self._chain = _hash(header)
        if path is not None:
            self.read_on(_content(path, 0))

    def read_on(self, content: bytes | None) -> None:
        """Read what follows the lines that are known, as far as it counts; `None` where there is nothing to read."""
        self.whole = content is not None
        if content is None:
            return
        if not self._size:
            if not content.startswith(self.header):
                self.whole = False
                return
            content, self._size = content[len(self.header) :], len(self.header)
        *lines, rest = content.split(b"\n")
        chain, sha256 = self._chain, hashlib.sha256
        for line in lines:
            following = sha256(chain + line[CHAIN:]).hexdigest().encode()
            if line[:CHAIN] != following:
                self.whole = False
                break
            chain = following
            self.lines.append(line[CHAIN + 1 :])
            self._size += len(line) + 1
        self._chain = chain
        self.whole = self.whole and not rest

    def extend(self, lines: Sequence[bytes], *, agreed: int) -> None:
        """Make the file hold lines: by appending what it lacks, or by writing it anew where it has others.

        What others have appended meanwhile stays, if it goes on after them.

        Parameters
        ----------
        lines : sequence of bytes
            All lines, from the first.
        agreed : int
            How many are known to be in the file.

        Raises
        ------
        OSError
            The disk refused.
        """
        assert self.path is not None
        self.read_on(_content(self.path, self._size))
        both = min(len(self.lines), len(lines))
        if not self.whole or self.lines[agreed:both] != list(lines[agreed:both]):
            self._write(self.path, list(lines))
        elif len(lines) > both and not self._append(self.path, lines[both:]):
            self._write(self.path, list(lines))

    def text(self, lines: Sequence[bytes]) -> bytes:
        """Return the whole text of lines."""
        return self.header + _chained(_hash(self.header), lines)[0]

    def _append(self, path: Path, lines: Sequence[bytes]) -> bool:
        text, chain = _chained(self._chain, lines)
        if not durable.append(path, text, self._size):
            return False
        self.lines += lines
        self._size, self._chain = self._size + len(text), chain
        return True

    def _write(self, path: Path, lines: list[bytes]) -> None:
        text, chain = _chained(_hash(self.header), lines)
        durable.make_folder(path.parent)
        durable.replace(path, lambda output: output.write(self.header + text))
        self.lines, self.whole = lines, True
        self._size, self._chain = len(self.header) + len(text), chain


def _content(path: Path, start: int) -> bytes | None:
    """Return what a file holds from a byte on; `None` where there is no such file, or it ends before that."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | getattr(os, "O_CLOEXEC", 0)
    with contextlib.suppress(OSError), open(os.open(path, flags), "rb", buffering=0) as file:  # noqa: PTH123
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode) and start <= status.st_size <= LARGEST:
            file.seek(start)
            return file.read()
    return None


def _chained(chain: bytes, lines: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return lines as they stand in the file after a hash, and the hash of the last."""
    parts: list[bytes] = []
    for line in lines:
        chain = _hash(chain + b" " + line)
        parts += (chain, b" ", line, b"\n")
    return b"".join(parts), chain


def _hash(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def file_hash(path: Path) -> str | None:
    """Return the SHA-256 of a file; `None` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
