"""Packed content that bursts: deflate streams of a repeated block, made without holding what they unpack to."""

from __future__ import annotations

import struct
import zlib

MEGA, GIGA = 1 << 20, 1 << 30


def repeated(block: bytes, times: int, before: bytes = b"") -> tuple[bytes, int, int]:
    """Return `before` and a repeated block as a raw deflate stream, its CRC-32 and its size unpacked."""
    crc = zlib.crc32(before)
    for _ in range(times):
        crc = zlib.crc32(block, crc)
    return _deflated(block, times, before), crc, len(before) + len(block) * times


def gzip_of(block: bytes, times: int, before: bytes = b"") -> bytes:
    """Return a gzip file of `before` and a repeated block."""
    packed, crc, size = repeated(block, times, before)
    return b"\x1f\x8b\x08\0\0\0\0\0\x02\xff" + packed + struct.pack("<II", crc, size & 0xFFFFFFFF)


def zlib_of_zeros(size: int) -> bytes:
    """Return that many zero bytes as HDF5's deflate filter packs a chunk."""
    packed = _deflated(bytes(MEGA), size // MEGA, b"")
    return b"\x78\x9c" + packed + struct.pack(">I", (size % 65521) << 16 | 1)


def zip_of(members: dict[str, tuple[bytes, int, int]], *, method: int = 8, flags: int = 0) -> bytes:
    """Return a zip archive of members that are packed already: bytes, CRC-32, claimed size."""
    body, directory = b"", b""
    for name, (packed, crc, size) in members.items():
        facts = struct.pack(
            "<HHHHHIIIHH", 20, flags, method, 0, 0, crc, len(packed), min(size, 2**32 - 2), len(name), 0
        )
        directory += b"PK\x01\x02\x14\0" + facts + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name.encode()
        body += b"PK\x03\x04" + facts + name.encode() + packed
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def _deflated(block: bytes, times: int, before: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    opening = packer.compress(before) + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return opening + piece * times + packer.flush()
