"""Memory that a scan of all pairs takes, and how it does with less."""

from __future__ import annotations

from ...memory import allowed_memory, has_memory_for, require_memory

CANDIDATE = 72
"""Bytes that a candidate pair takes while candidates are merged: its positions and bounds, three times."""


def scan_bytes(size: int, columns: int, *, sides: int = 1) -> int:
    """Return the bytes that a scan of p genes takes, without its candidates.

    Parameters
    ----------
    size, columns : int
        p and q: the precision is a diagonal, or rows that are read, and a factor of shape (p, q).
    sides : int
        How many versions are scanned together.
    """
    return sides * (16 * columns + 64) * size  # the factor and its scaled copy; norms, orders and bounds


def require_scan(size: int, columns: int, *, sides: int = 1) -> None:
    """Refuse a scan that takes more memory than is allowed; raises `EngineError`, code `memory-limit`."""
    versions = "" if sides == 1 else f" of {sides} versions"
    what = f"A scan of the pairs of {size:,} genes{versions} with {columns:,} columns"
    require_memory(scan_bytes(size, columns, sides=sides), what)


def has_memory_for_copies(size: int, columns: int, *, sides: int = 1) -> bool:
    """Tell whether each factor may have a second copy, in float32 and in another order."""
    return has_memory_for(scan_bytes(size, columns, sides=sides) + sides * 4 * columns * size)


def most_candidates(most: int, fewest: int, size: int, columns: int) -> int:
    """Return the number of candidates beyond which those that are ruled out are dropped, `most` or less."""
    allowed = allowed_memory()
    if allowed is None:
        return most
    return min(most, max(fewest, (allowed - scan_bytes(size, columns)) // CANDIDATE))


def require_candidates(count: int, size: int, columns: int) -> None:
    """Refuse so many candidates, of which none can be ruled out; raises `EngineError`, code `memory-limit`."""
    require_memory(scan_bytes(size, columns) + count * CANDIDATE, f"A list of {count:,} pairs of {size:,} genes")
