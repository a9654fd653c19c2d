"""A map over independent pieces of work: on threads here, and on anything else that can run a function of one argument.

Code with many pieces, such as blocks of tests or restarts, has a `Mapper` as its argument and no threads: each piece
depends on its argument alone, so the results have the same bits and order however many run at once.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

Item = TypeVar("Item")
Output = TypeVar("Output")


class Mapper(Protocol):
    """Applies a function to each of some items, and yields the results in the order of the items."""

    def __call__(self, step: Callable[[Item], Output], items: Iterable[Item]) -> Iterator[Output]:
        """Yield step(item) for each item; items are read as they are needed, so that they may be a stream."""
        ...


def threaded(number: int) -> Mapper:
    """Return a map on so many threads of this process, or in the calling one where that is 1.

    At most `number` + 1 items are in progress at once. An error of a step is raised when its result is read.

    Examples
    --------
    >>> list(threaded(2)(lambda x: x * x, range(5)))
    [0, 1, 4, 9, 16]
    """

    def threaded(step: Callable[[Item], Output], items: Iterable[Item]) -> Iterator[Output]:
        with ThreadPoolExecutor(number) as pool:
            under_way: deque[Future[Output]] = deque()
            try:
                for item in items:
                    under_way.append(pool.submit(step, item))
                    if len(under_way) > number:
                        yield under_way.popleft().result()
                while under_way:
                    yield under_way.popleft().result()
            finally:
                for future in under_way:
                    future.cancel()

    return threaded if number > 1 else sequentially


def sequentially(step: Callable[[Item], Output], items: Iterable[Item]) -> Iterator[Output]:
    """Yield step(item) for each item, one after the other."""
    for item in items:
        yield step(item)
