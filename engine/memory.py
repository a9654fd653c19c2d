"""How much memory a question may take: it is asked for before large arrays are made, and refused with its amount."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

from .errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Generator

_allowed: ContextVar[int | None] = ContextVar("allowed", default=None)


@contextlib.contextmanager
def memory_limit(size: int) -> Generator[None]:
    """Have questions in this context take at most so many bytes of memory for their arrays.

    Without one, nothing is refused. It counts the arrays that grow with the number of genes or of pairs, not Python and
    its libraries, which take about 0.1 GiB.

    Parameters
    ----------
    size : int
        Bytes.

    Raises
    ------
    EngineError
        Code `memory-limit`, from within, where a question needs more.

    Examples
    --------
    >>> with memory_limit(2 << 30):
    ...     require_memory(1 << 30, "Nothing")
    """
    token = _allowed.set(size)
    try:
        yield
    finally:
        _allowed.reset(token)


def allowed_memory() -> int | None:
    """Return how many bytes the arrays of a question may take; None, where there is no limit."""
    return _allowed.get()


def has_memory_for(size: int) -> bool:
    """Tell whether arrays of so many bytes may be made."""
    allowed = allowed_memory()
    return allowed is None or size <= allowed


def require_memory(size: int, what: str) -> None:
    """Refuse what takes more memory than is allowed.

    Parameters
    ----------
    size : int
        The bytes that it takes.
    what : str
        What takes them: the beginning of a sentence.

    Raises
    ------
    EngineError
        Code `memory-limit`; its facts have `needed` and `allowed`, in bytes.
    """
    if not has_memory_for(size):
        allowed = allowed_memory() or 0  # there is a limit here
        raise EngineError(
            f"{what} takes {readable_size(size)} of memory, and {readable_size(allowed)} is allowed.",
            code="memory-limit",
            facts={"needed": size, "allowed": allowed},
        )


def readable_size(size: int) -> str:
    """Return a number of bytes with its unit.

    Examples
    --------
    >>> readable_size(1610612736), readable_size(20480), readable_size(100)
    ('1.5 GiB', '20.0 KiB', '100 bytes')
    """
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size >= factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size} bytes"
