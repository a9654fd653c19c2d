"""A text that grows by lines and counts as far as its hashes go: what is torn, cut or changed does not count.

Its lines stand in blocks: a line that begins with a file separator, which stands nowhere else, is the first of one.
Lines end with the SHA-256 of all that is before it in their block, and of the hash before the block. So the last block
can be read without the others, and each of them by itself; all together are one chain.

It needs neither numpy nor HDF5. It is derived, and never flushed: whoever reads it checks it. Two writers of one text
write the same bytes, and where they do not, one of them writes it anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from typing import TYPE_CHECKING

from . import claims, durable

if TYPE_CHECKING:
    from collections.abc import Callable
    from hashlib import _Hash as Hash  # pyright: ignore[reportPrivateUsage]  it has no other name
    from pathlib import Path

LARGEST = 1 << 30
"""Most bytes of a text, or of a file that is hashed: a larger one is not read, nor one that is nearly all holes."""

SEPARATOR = b"\x1c"
"""What the first line of a block begins with."""

DIGEST = 64
"""Characters of the SHA-256 at the end of a line, behind a space."""

PIECE = 1 << 16
"""Bytes that are read at once where the beginning of a block is searched."""

LONGEST_READ = 1 << 20
"""Most bytes of a file that are read at once to hash it."""


class Unsound(ValueError):
    """Something in a text does not count."""


class ChainedText:
    """A text, as far as it counts, with what has been appended to it since; the end of it is checked, no more.

    Parameters
    ----------
    header : bytes
        Its first line, with the newline.
    path : Path, optional
        Its file; without one, it is in memory alone.
    content : bytes, optional
        What it holds, instead of what is in the file.

    Attributes
    ----------
    size : int
        Bytes that count; 0 where there is no such text.
    start : int
        Where its last block begins.
    whole : bool
        Whether there was a text that ended where it ceases to count.
    """

    def __init__(self, header: bytes, path: Path | None = None, content: bytes | None = None) -> None:
        self.header, self.path = header, path
        self._file = None if path is None or content is not None else _open(path)
        self._written = 0 if self._file is None else self._file.size
        self._new = bytearray(content or b"")
        self.size, self.start, self._hash = 0, 0, hashlib.sha256()
        self._anew = False  # whether the file has what it shall not have
        there = self._written + len(self._new)
        if self.read(0, len(header)) == header:
            try:
                self._end_at(there)
            except Unsound:
                self._forget(self._sound_size(there))
        else:
            self._forget(0)
        self.whole = self.size == there > 0

    def read(self, start: int, stop: int) -> bytes:
        """Return what stands between two positions; less where the file has been cut meanwhile."""
        if start >= self._written or self._file is None:
            return bytes(self._new[start - self._written : stop - self._written])
        try:
            piece = os.pread(self._file.descriptor, min(stop, self._written) - start, start)
        except OSError:
            return b""
        return piece + self._new[: max(stop - self._written, 0)]

    def block(self, start: int, stop: int) -> bytes:
        """Return the block that stands between two positions; raises `Unsound` where its last hash is wrong."""
        return self._checked(start, stop)[0]

    def block_before(self, stop: int) -> int:
        """Return where the block begins that ends at a position, or in which that is."""
        while stop > 0:
            begin = max(0, stop - PIECE)
            if (at := self.read(begin, stop).rfind(SEPARATOR)) >= 0:
                return begin + at
            stop = begin
        return 0

    def block_after(self, position: int) -> int:
        """Return where the first block begins that begins after a position, or the end."""
        for begin in range(position + 1, self.size, PIECE):
            if (at := self.read(begin, min(begin + PIECE, self.size)).find(SEPARATOR)) >= 0:
                return begin + at
        return self.size

    def append(self, lines: bytes) -> None:
        """Append a line, or several, and the hash at the end of the last."""
        if not self.size:
            self._new[:], self.size, self._hash = self.header, len(self.header), hashlib.sha256(self.header)
        if lines.startswith(SEPARATOR):
            self.start, self._hash = self.size, hashlib.sha256(self.read(self.size - DIGEST - 1, self.size))
        self._hash.update(lines + b" ")
        end = self._hash.hexdigest().encode() + b"\n"
        self._hash.update(end)
        self._new += b"%b %b" % (lines, end)
        self.size = self._written + len(self._new)

    def cut(self, size: int) -> None:
        """Forget what is after a position, at which a line with a hash ends, or all; the file shall not have it."""
        self._anew |= size < self._written
        self._forget(size)

    @property
    def unwritten(self) -> bool:
        """Whether the file lacks anything, as far as is known."""
        return bool(self._new)

    def write(self) -> None:
        """Append to the file what it lacks; write it anew where it has other lines, or a second name.

        What others have appended meanwhile stays, if it is the same, or goes on after it.

        Raises
        ------
        OSError
            The disk refused.
        """
        if self.path is None or not self._new:
            return
        if self._anew or not self._append(self.path):
            content = self.read(0, self.size)
            durable.make_folder(self.path.parent)
            durable.replace(self.path, lambda output: output.write(content))
            self._file, self._anew = _open(self.path), False
        if self._file is not None:
            self._new, self._written = bytearray(), self.size

    def _append(self, path: Path) -> bool:
        file = _open(path)
        known = max(self._written - DIGEST - 1, 0)
        if file is None or file.read(known, self._written) != self.read(known, self._written):
            return False
        there, new = file.read(self._written, file.size), bytes(self._new)
        follows = new.startswith(there) and len(new) > len(there)
        if not there.startswith(new) and not (follows and durable.append(path, new[len(there) :], file.size)):
            return False
        self._file = file
        return True

    def _forget(self, size: int) -> None:
        self._new, self._written = self._new[: max(size - self._written, 0)], min(self._written, size)
        self._end_at(size)

    def _end_at(self, size: int) -> None:
        start = self.block_before(size)
        hash_ = self._checked(start, size)[1] if size > len(self.header) else hashlib.sha256(self.read(0, size))
        self.size, self.start, self._hash = size, start, hash_

    def _checked(self, start: int, stop: int) -> tuple[bytes, Hash]:
        """Return a block, and the hash that goes on after it."""
        seed = max(start - DIGEST - 1, 0)
        content = self.read(seed, stop)
        end = content[-DIGEST - 1 :]
        hash_ = hashlib.sha256(memoryview(content)[: -DIGEST - 1])
        if hash_.hexdigest().encode() + b"\n" != end:
            raise Unsound("a block of the text has another hash than it should have")
        hash_.update(end)
        return content[start - seed :], hash_

    def _sound_size(self, size: int) -> int:
        """Return how much of a text counts of which the end does not."""
        self.size = size
        start, stop = 0, self.block_after(0)
        with contextlib.suppress(Unsound):
            while start < size:
                self._checked(start, stop)
                start, stop = stop, self.block_after(stop)
        return start + self._sound_lines(start, stop)

    def _sound_lines(self, start: int, stop: int) -> int:
        """Return how many bytes of a block count, at the end of a line with a hash."""
        seed = max(start - DIGEST - 1, 0)
        content, sound = self.read(seed, stop), len(self.header) if start == 0 else 0
        hash_, end = hashlib.sha256(), 0
        while (stop := content.find(b"\n", end) + 1) > 0:
            before = hash_.copy()
            before.update(content[end : stop - DIGEST - 1])
            if end >= start - seed and content[stop - DIGEST - 1 : stop] == before.hexdigest().encode() + b"\n":
                sound = stop - (start - seed)
            hash_.update(content[end:stop])
            end = stop
        return sound


class _File:
    """A file that is open to be read, and how large it was.

    Parameters
    ----------
    descriptor : int
        Closed with this object.

    Attributes
    ----------
    size : int
        Its bytes when it was opened.
    """

    __slots__ = ("descriptor", "size")

    def __init__(self, descriptor: int) -> None:
        self.descriptor, self.size = descriptor, 0

    def read(self, start: int, stop: int) -> bytes:
        """Return what stands between two positions."""
        return os.pread(self.descriptor, stop - start, start)

    def __del__(self, close: Callable[[int], None] = os.close, failure: type[OSError] = OSError) -> None:
        try:  # noqa: SIM105  as Python ends, nothing else is there
            close(self.descriptor)
        except failure:  # the disk has gone; nothing depends on it
            pass


def _open(path: Path) -> _File | None:
    """Return a file to read, or `None`: no link is followed out of the store, and no pipe waited for."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | getattr(os, "O_CLOEXEC", 0)
    with contextlib.suppress(OSError):
        file = _File(os.open(path, flags))
        status = os.fstat(file.descriptor)
        size = status.st_size
        if stat.S_ISREG(status.st_mode) and size <= LARGEST and not claims.is_hollow(file.descriptor, size):
            file.size = size
            return file
    return None


def file_hash(path: Path) -> str | None:
    """Return the SHA-256 of a file; `None` where it cannot be read."""
    with contextlib.suppress(OSError):
        if (file := _open(path)) is not None:
            hash_ = hashlib.sha256()
            for start in range(0, file.size, LONGEST_READ):
                hash_.update(file.read(start, min(start + LONGEST_READ, file.size)))
            return hash_.hexdigest()
    return None
