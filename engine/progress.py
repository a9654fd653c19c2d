"""How much of a long task is done, for whoever waits for it: a share from 0 to 1."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float], None]
"""Is called now and then with the share that is done."""


def part_of(progress: Progress | None, first: float, last: float) -> Progress:
    """Return what reports the share of a part of a task, which begins and ends at these shares of the whole.

    Examples
    --------
    >>> shares = []
    >>> part_of(shares.append, 0.2, 0.6)(0.5)
    >>> shares
    [0.4]
    """
    if progress is None:
        return unheard
    return lambda share: progress(first + (last - first) * share)


def by_bytes(progress: Progress, size: int) -> Callable[[int], None]:
    """Return what is called with numbers of bytes as they are done, of so many in all, and reports their share."""
    done = 0

    def add(number: int) -> None:
        nonlocal done
        done += number
        progress(min(1.0, done / max(size, 1)))

    return add


def unheard(share: float) -> None:
    """Report a share to nobody."""
    del share
