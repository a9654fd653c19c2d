"""A map over independent pieces of work, and its form on threads of this process.

Code with many pieces, such as restarts, permutations or blocks of tests, has a `Mapper` as its argument and no threads:
each piece depends on itself and on what all of them share, and runs on one thread of BLAS, so that the results have the
same bits and order however many run at once, and wherever.
"""

from __future__ import annotations

import contextlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from .threads import limit_cores, one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future

PATIENCE = 1.0
"""Seconds after which it is looked whether the thread that is waited for is there."""

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Output = TypeVar("Output")


class Mapper(Protocol):
    """Applies a step to each of some items, and yields the results in the order of the items."""

    @property
    def here(self) -> bool:
        """Whether steps run in this process, and share its cores and its memory."""
        ...

    def __call__(
        self, step: Callable[[Shared, Item], Output], items: Iterable[Item], *, shared: Shared
    ) -> Iterator[Output]:
        """Yield step(shared, item) for each item.

        Parameters
        ----------
        step : callable
            A function of a module, so that another process finds it by its name.
        items : iterable
            Read as they are needed, a bounded number ahead, so that they may be a stream.
        shared : object
            What all items have in common; it is passed by reference within a process, and sent once to each other.

        Raises
        ------
        Exception
            What a step has raised, when its result is read.
        """
        ...


@dataclass(frozen=True, slots=True)
class Sequential:
    """The map in the calling thread, one item after the other; a step may use all cores."""

    @property
    def here(self) -> bool:
        """Whether steps run in this process: they do."""
        return True

    def __call__(
        self, step: Callable[[Shared, Item], Output], items: Iterable[Item], *, shared: Shared
    ) -> Iterator[Output]:
        """Yield step(shared, item) for each item; see `Mapper`."""
        with one_blas_thread():
            for item in items:
                yield step(shared, item)


@dataclass(frozen=True, slots=True)
class Threads:
    """The map on threads of this process. The calling thread only waits, so that an interrupt is heeded at once.

    Parameters
    ----------
    number : int
        How many threads. A step has one core.
    ahead : int
        How many items a thread are in progress or waiting to be; and one more.

    Examples
    --------
    >>> list(Threads(2)(pow, range(5), shared=2))
    [1, 2, 4, 8, 16]
    """

    number: int
    ahead: int = 1

    @property
    def here(self) -> bool:
        """Whether steps run in this process: they do."""
        return True

    def __call__(
        self, step: Callable[[Shared, Item], Output], items: Iterable[Item], *, shared: Shared
    ) -> Iterator[Output]:
        """Yield step(shared, item) for each item; see `Mapper`."""
        with _threads(self.number) as pool, one_blas_thread():
            under_way: deque[Future[Output]] = deque()
            for item in items:
                under_way.append(pool.submit(_on_one_core, step, shared, item))
                if len(under_way) > self.ahead * self.number:
                    yield _result(pool, under_way.popleft())
            while under_way:
                yield _result(pool, under_way.popleft())


@contextlib.contextmanager
def open_threads(number: int) -> Generator[Mapper]:
    """Hold threads for many short maps, each of a few items, that use no BLAS."""
    with _threads(number) as pool:
        yield _HeldThreads(pool)


@dataclass(frozen=True, slots=True)
class _HeldThreads:
    pool: ThreadPoolExecutor

    @property
    def here(self) -> bool:
        return True

    def __call__(
        self, step: Callable[[Shared, Item], Output], items: Iterable[Item], *, shared: Shared
    ) -> Iterator[Output]:
        for future in [self.pool.submit(step, shared, item) for item in items]:
            yield _result(self.pool, future)


def one_at_a_time(mapper: Mapper) -> Mapper:
    """Return the map for steps that use all cores themselves: in this process, one runs after the other."""
    return Sequential() if mapper.here else mapper


def run_aside(step: Callable[[Shared, Item], Output], item: Item, *, shared: Shared) -> Output:
    """Return step(shared, item), computed on another thread: compiled code on this one would not heed an interrupt."""
    (output,) = Threads(1)(step, [item], shared=shared)
    return output


def apply(function: Callable[[Item], Output], item: Item) -> Output:
    """Return function(item): the step of a map on threads whose shared part is a function."""
    return function(item)


def _on_one_core(step: Callable[[Shared, Item], Output], shared: Shared, item: Item) -> Output:
    with limit_cores(1):
        return step(shared, item)


def _result(pool: ThreadPoolExecutor, future: Future[Output]) -> Output:
    """Return what a step has returned; a thread that has died with a step, for want of memory, is not waited for."""
    while True:
        with contextlib.suppress(TimeoutError):
            return future.result(None if future.done() else PATIENCE)
        if future.done():  # the step has raised that itself, or has ended just now
            return future.result()
        threads = pool._threads  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  nothing else says it
        if any(not thread.is_alive() for thread in threads):
            raise MemoryError("A thread of this process has died: there is not enough memory for this.")


@contextlib.contextmanager
def _threads(number: int) -> Generator[ThreadPoolExecutor]:
    """Hold threads, and drop what has not begun as the block ends.

    A step that is under way is waited for, but not after an interrupt: it may take minutes yet, and nobody wants it.
    """
    pool, is_awaited = ThreadPoolExecutor(number), True
    try:
        yield pool
    except (KeyboardInterrupt, GeneratorExit):
        is_awaited = False
        raise
    finally:
        pool.shutdown(wait=is_awaited, cancel_futures=True)
