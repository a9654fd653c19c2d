"""A session with a store: what has been read of it, and the turns of those who write to it."""

from __future__ import annotations

import contextlib
import functools
import time as clocks
from typing import TYPE_CHECKING, TypeVar

from .files import layout
from .files import lock as turns
from .files.locations import DirectoryStore
from .history.ledger import Ledger
from .history.log import read_only
from .history.writing import RefMoved, Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from .networks.diagnostics import Diagnostics
    from .networks.reading import Reader

WAIT = 10.0
"""Seconds for which a writer waits for others, and tries again when one was faster."""

PAUSE = 0.005
"""Seconds before the next try."""

Answer = TypeVar("Answer")


class Session:
    """Reads a store, and reads on; a step that writes is run in its turn.

    Parameters
    ----------
    path : Path
        The store.
    author : str, optional
        Who writes.
    time : datetime, optional
        When; the clock by default.
    wait : float
        Seconds to wait for other writers before giving up with `Conflict`.
    on_wait : callable
        Called when others hold the lock and a wait for them begins.

    Attributes
    ----------
    ledger : Ledger
        What has been read.
    writer : Writer
        Writes to its log.
    in_a_turn : bool
        Whether a step is being run that writes.
    """

    def __init__(
        self, path: Path, author: str | None, time: datetime | None, *, wait: float, on_wait: Callable[[], object]
    ) -> None:
        self._path, self._wait, self._on_wait = path, wait, on_wait
        self.in_a_turn = False
        self.ledger = Ledger(path)
        self.writer = Writer(self.ledger, author, time)

    def refresh(self) -> None:
        """Take in what has been written to the store since it was last read."""
        if self.ledger.doubtful:
            self.read_anew(indexed=True)
        else:
            self.ledger.refresh()

    def read_anew(self, *, indexed: bool) -> None:
        """Read the store as if it had just been opened; `indexed` begins with the index."""
        self.ledger = Ledger(self._path, indexed=indexed)
        self.writer.ledger = self.ledger
        for held in ("reader", "measuring"):
            self.__dict__.pop(held, None)

    @functools.cached_property
    def reader(self) -> Reader:
        """What reads versions, with the bases that it has read."""
        from .networks.reading import Reader  # brings SciPy in, which `grn log` has no need of

        return Reader(self.ledger.log, self.ledger.history)

    @functools.cached_property
    def measuring(self) -> Diagnostics:
        """What measures planned commits."""
        from .networks.diagnostics import Diagnostics  # brings SciPy in, which `grn log` has no need of

        return Diagnostics(self.reader, self.ledger.history)

    def in_turn(self, step: Callable[[], Answer]) -> Answer:
        """Run a step that reads and then writes, and return what it does; run it again when another writer was faster.

        Nobody queues where nobody else writes: the lock is taken when one has met another, or when it is there.

        Parameters
        ----------
        step : callable
            Reads and writes through this session.

        Raises
        ------
        Conflict
            For the seconds of a wait others were faster, or one of them held the lock; or the store is an exported one.
        """
        if self.in_a_turn:
            return step()
        if not isinstance(self.ledger.places, DirectoryStore):
            raise read_only(self.ledger.places)
        end, lock = clocks.monotonic() + self._wait, self._path / layout.LOCK
        with contextlib.ExitStack() as queue:
            self.in_a_turn = True
            queue.callback(setattr, self, "in_a_turn", False)
            locked = False
            while True:
                if not locked and lock.exists():
                    self._on_wait()
                    queue.enter_context(turns.turn(lock, max(end - clocks.monotonic(), 0.0)))
                    locked = True
                self.refresh()
                self.ledger.log.check()
                try:
                    done = step()
                    self.ledger.log.settle()  # a step that finds its work done acknowledges what another has written
                    return done
                except RefMoved:
                    if (left := end - clocks.monotonic()) <= 0:
                        raise
                    clocks.sleep(PAUSE)
                    if not locked:
                        queue.enter_context(turns.turn(lock, left))
                        locked = True
