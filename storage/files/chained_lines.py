"""A text that grows by lines, each ending with the hash of all before it: what is torn, cut or changed does not count.

It needs neither numpy nor HDF5. It is derived, and never flushed: whoever reads it checks it. Two writers of one text
write the same bytes, and where they do not, the lines from there on do not count and are written anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import stat
from typing import TYPE_CHECKING

from . import durable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from hashlib import _Hash as Hash  # pyright: ignore[reportPrivateUsage]  it has no other name
    from pathlib import Path

LARGEST = 1 << 30
"""Most bytes of a text: a larger one is not read."""

DIGEST = 64
"""Characters of the SHA-256 at the end of a line, after a space: of all that is before them in the file."""


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
        Those that count, with their hashes, without newlines.
    hash : Hash
        That of the header and all of them, to be gone on with.
    whole : bool
        Whether the file held these lines when it was last looked at, and nothing else.
    """

    def __init__(self, header: bytes, path: Path | None = None) -> None:
        self.header, self.path = header, path
        self.lines: list[bytes] = []
        self.whole = False
        self._size = 0
        self.hash = hashlib.sha256()
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
            self.hash.update(self.header)
            content, self._size = content[len(self.header) :], len(self.header)
        if not content:
            return
        lines = content.split(b"\n")
        self.whole = not lines.pop() and self._counts(content)
        if not self.whole:
            lines = lines[: self._sound(lines)]
        self.lines += lines
        self._size += sum(map(len, lines)) + len(lines)

    def _counts(self, content: bytes) -> bool:
        """Return whether all of it counts, and take it for read if so: the hash of the last line is of everything."""
        hash_ = self.hash.copy()
        hash_.update(memoryview(content)[: -DIGEST - 1])
        if hash_.hexdigest().encode() != content[-DIGEST - 1 : -1]:
            return False
        hash_.update(content[-DIGEST - 1 :])
        self.hash = hash_
        return True

    def _sound(self, lines: Sequence[bytes]) -> int:
        """Return how many lines count, and take those for read."""
        for number, line in enumerate(lines):
            hash_ = self.hash.copy()
            hash_.update(line[:-DIGEST])
            if line[-DIGEST - 1 :] != b" " + hash_.hexdigest().encode():
                return number
            hash_.update(line[-DIGEST:] + b"\n")
            self.hash = hash_
        return len(lines)

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
        if self.path is None:
            return
        self.read_on(_content(self.path, self._size))
        both = min(len(self.lines), len(lines))
        same = self.whole and self.lines[agreed:both] == list(lines[agreed:both])
        if same and len(lines) <= both:
            return
        if not (same and self._append(self.path, lines[both:])):
            self._write(self.path, list(lines))

    def _append(self, path: Path, lines: Sequence[bytes]) -> bool:
        text = text_of(lines)
        if not durable.append(path, text, self._size):
            return False
        self.lines += lines
        self._size += len(text)
        self.hash.update(text)
        return True

    def _write(self, path: Path, lines: list[bytes]) -> None:
        text = self.header + text_of(lines)
        durable.make_folder(path.parent)
        durable.replace(path, lambda output: output.write(text))
        self.lines, self.whole, self._size, self.hash = lines, True, len(text), hashlib.sha256(text)


def _content(path: Path, start: int) -> bytes | None:
    """Return what a file holds from a byte on; `None` where there is no such file, or it ends before that."""
    with contextlib.suppress(OSError), _opened(path) as file:
        if start <= _size(file) <= LARGEST:
            file.seek(start)
            return file.read()
    return None


def _opened(path: Path) -> io.FileIO:
    """Return a file to read: no link is followed out of the store, and no pipe waited for."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | getattr(os, "O_CLOEXEC", 0)
    return io.FileIO(os.open(path, flags))


def _size(file: io.FileIO) -> int:
    """Return the size of a file; of what is no file, more than is read."""
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else LARGEST + 1


def ended(line: bytes, hash_: Hash) -> bytes:
    """Return a line with the hash at its end, which it takes into the hash of what is before it."""
    hash_.update(line + b" ")
    end = hash_.hexdigest().encode()
    hash_.update(end + b"\n")
    return line + b" " + end


def text_of(lines: Sequence[bytes]) -> bytes:
    """Return lines as they stand in a file."""
    return b"".join([part for line in lines for part in (line, b"\n")])


def file_hash(path: Path) -> str | None:
    """Return the SHA-256 of a file; `None` where it cannot be read."""
    with contextlib.suppress(OSError), _opened(path) as file:
        if _size(file) <= LARGEST:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return None
