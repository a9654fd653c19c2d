"""Parts of a long answer, each in a file: rows in numbered blocks, below a line of JSON on what the whole is.

#grnledger part {"command": …}
#block 2 1024                      the number of a block of the whole, and how many rows follow
rs1	500	.03 …
#end 977 SHA-256                   how many blocks the whole has, and the digest of all lines above
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from ...engine.errors import InputError
from ...engine.wording import field_text
from ..files.plain_files import require_file
from ..files.writing import write_whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    Rows = Sequence[Sequence[object]]

OPENING = b"#grnledger part "
"""What a part file begins with."""

LONGEST_HEADER = 1 << 20
"""Most bytes of the first line."""

_BLOCK = re.compile(rb"#block (\d{1,15}) (\d{1,15})\n")
_END = re.compile(rb"#end (\d{1,15}) ([0-9a-f]{64})\n")


@dataclass(frozen=True, slots=True)
class PartFile:
    """A part of a long answer, which has been read once in full.

    Parameters
    ----------
    path : Path
        The file.
    header : dict
        What the whole is, and which part this.
    blocks : dict of int to pair of int
        Of the number of each block, its position in the file and how many rows it has.
    total : int
        How many blocks the whole has.
    """

    path: Path
    header: dict[str, Any]
    blocks: dict[int, tuple[int, int]]
    total: int

    def rows(self, number: int) -> list[list[str]]:
        """Return the rows of a block, each as its fields."""
        position, count = self.blocks[number]
        with self.path.open("rb") as stream:
            stream.seek(position)
            return [stream.readline().decode().rstrip("\n").split("\t") for _ in range(count)]


def write_part(path: Path, header: Mapping[str, Any], blocks: Iterable[tuple[int, Rows | None]]) -> None:
    """Write a part, whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    header : mapping
        What the whole is, and which part this: texts, finite numbers, lists and mappings of them.
    blocks : iterable of pairs
        The number of each block of the whole, ascending, and its rows; none for a block of another part.
    """
    with write_whole_file(path) as stream:
        digest, total = hashlib.sha256(), 0

        def write(line: bytes) -> None:
            digest.update(line)
            stream.write(line)

        write(OPENING + json.dumps(header, ensure_ascii=False, allow_nan=False).encode() + b"\n")
        for number, rows in blocks:
            total = number + 1
            if rows is not None:
                write(f"#block {number} {len(rows)}\n".encode())
                for row in rows:
                    write(("\t".join(map(field_text, row)) + "\n").encode())
        stream.write(f"#end {total} {digest.hexdigest()}\n".encode())


def read_part(path: Path) -> PartFile:
    """Return a part.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is no part file, or is cut short or changed.
    """
    with require_file(path).open("rb") as stream:
        opening = stream.readline(LONGEST_HEADER)
        if not (opening.startswith(OPENING) and opening.endswith(b"\n")):
            raise InputError(f"{path} is not a part of an answer.", code="no-part-file")
        digest, blocks = hashlib.sha256(opening), dict[int, tuple[int, int]]()
        while match := _BLOCK.fullmatch(line := stream.readline(LONGEST_HEADER)):
            digest.update(line)
            blocks[int(match[1])] = stream.tell(), int(match[2])
            _skip(stream, int(match[2]), digest)
        end = _END.fullmatch(line)
        if end is None or end[2].decode() != digest.hexdigest() or stream.read(1):
            raise InputError(f"{path} is cut short or was changed: its rows are not those that were written.",
                             code="part-damaged")  # fmt: skip
    return PartFile(path, _header(path, opening), blocks, int(end[1]))


def _header(path: Path, opening: bytes) -> dict[str, Any]:
    try:
        header = json.loads(opening[len(OPENING) :])
    except ValueError:
        header = None
    if not isinstance(header, dict):
        raise InputError(f"{path} is not a part of an answer.", code="no-part-file")
    return cast("dict[str, Any]", header)


def _skip(stream: BinaryIO, lines: int, digest: Any) -> None:
    """Read some lines, and no more than there are."""
    for _ in range(lines):
        if not (line := stream.readline()):
            return
        digest.update(line)
