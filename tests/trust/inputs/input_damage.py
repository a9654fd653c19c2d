"""Random damage to a file: bits, bytes, lines, sizes, encodings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

PIECES = (
    b"\t",
    b"\n",
    b"\r",
    b'"',
    b",",
    b" ",
    b"\0",
    b"\xff",
    b"#",
    b"!",
    b"9" * 400,
    b"-1",
    b"1e999",
    b"NaN",
    b"inf",
)
PIECES = (*PIECES, b"(", b"_", b"\xef\xbb\xbf", b"\xc3", "\u2028".encode(), b"0x1p9", b"1" + b"0" * 19, b"A" * 5000)


def damaged(content: bytes, draw: random.Random) -> bytes:
    """Return a file with one to four random changes."""
    changes = (
        [_flip] * 6 + [_insert] * 3 + [_cut, _empty, _zero, _delete, _repeat, _double_a_line, _swap, _recode, _grow]
    )
    before = content
    for _ in range(draw.choice((1, 1, 1, 2, 3, 4))):
        content = draw.choice(changes)(content, draw)
    return content if content != before else _flip(content or b"\0", draw)


def _flip(content: bytes, draw: random.Random) -> bytes:
    if not content:
        return content
    index = draw.randrange(len(content))
    return content[:index] + bytes([content[index] ^ (1 << draw.randrange(8))]) + content[index + 1 :]


def _insert(content: bytes, draw: random.Random) -> bytes:
    index = draw.randint(0, len(content))
    return content[:index] + draw.choice(PIECES) + content[index:]


def _cut(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randint(0, len(content))]


def _empty(content: bytes, draw: random.Random) -> bytes:
    return content if draw.random() < 0.9 else b""


def _zero(content: bytes, draw: random.Random) -> bytes:
    index, size = draw.randint(0, len(content)), draw.choice((1, 4, 8, 64, 512))
    return content[:index] + bytes(len(content[index : index + size])) + content[index + size :]


def _delete(content: bytes, draw: random.Random) -> bytes:
    index = draw.randint(0, len(content))
    return content[:index] + content[index + draw.randint(1, 40) :]


def _repeat(content: bytes, draw: random.Random) -> bytes:
    index = draw.randint(0, len(content))
    return content[:index] + content[index : index + draw.randint(1, 400)] * draw.choice((1, 2, 50)) + content[index:]


def _double_a_line(content: bytes, draw: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    if not lines:
        return content
    index = draw.randrange(len(lines))
    return b"".join([*lines[:index], lines[index], *lines[index:]])


def _swap(content: bytes, draw: random.Random) -> bytes:
    first, second = sorted((draw.randint(0, len(content)), draw.randint(0, len(content))))
    size = draw.randint(1, 32)
    a, b = content[first : first + size], content[second : second + size]
    return content[:first] + b + content[first + size : second] + a + content[second + size :]


def _recode(content: bytes, draw: random.Random) -> bytes:
    return content.decode("latin-1").encode(draw.choice(("utf-8", "utf-16", "utf-16-le", "utf-32", "utf-8-sig")))


def _grow(content: bytes, draw: random.Random) -> bytes:
    """Set four or eight bytes to a large number, as headers count."""
    index, width = draw.randint(0, len(content)), draw.choice((2, 4, 8))
    number = draw.choice((2 ** (8 * width) - 1, 2 ** (8 * width - 1), 2 ** (8 * width - 4)))
    return content[:index] + number.to_bytes(width, "little") + content[index + width :]
