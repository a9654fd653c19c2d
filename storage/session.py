"""A session with a store: what has been read of it, and the transactions that write to it."""

from __future__ import annotations

import contextlib
import functools
import time as clocks
from typing import TYPE_CHECKING, TypeVar

from ..engine.errors import Conflict, FormatError
from .files import layout
from .files.backup_note import is_backup
from .files.locations import DirectoryStore
from .files.single_file import SingleFileStore
from .history import ref_moves
from .history.checking import check_rows
from .history.ledger import Ledger
from .history.log import read_only
from .history.writing import RefMoved, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from datetime import datetime
    from pathlib import Path

    from ..engine.network.panel import Panel
    from ..engine.network.snapshot import Snapshot
    from ..engine.progress import Progress
    from .history.planning import Plan
    from .history.versions import Version
    from .networks.diagnostics import Diagnostics
    from .networks.reading import VersionReader

WAIT = 10.0
"""Most seconds that a writer waits for others, and tries again when one was faster, by default."""

CACHE_LIMIT = 1 << 30
"""Most bytes of numbers that the cache of a store holds, by default."""

RETRY_PAUSE = 0.005
"""Seconds between two tries of a step."""

MOST_LOOKED_AT = 64
"""Most damaged entries whose files are looked at again before a question."""

Answer = TypeVar("Answer")


def _status(path: Path) -> tuple[int, ...]:
    """Return what changes with a file or folder; nothing where there is none."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


class Session:
    """Reads a store, and reads on; a step that writes is run as a transaction.

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
    cache_limit : int
        Most bytes of numbers that the cache holds.

    Attributes
    ----------
    ledger : Ledger
        What has been read.
    writer : Writer
        Writes to its log.
    in_transaction : bool
        Whether a step is being run that writes.
    """

    def __init__(
        self,
        path: Path,
        author: str | None,
        time: datetime | None,
        *,
        wait: float,
        on_wait: Callable[[], object],
        cache_limit: int = CACHE_LIMIT,
    ) -> None:
        self._path, self._wait, self._on_wait, self._cache_limit = path, wait, on_wait, cache_limit
        self.in_transaction = False
        self._rows_checked: set[str] = set()
        self.ledger = Ledger(path)
        self._damaged_files = self._look_at_damaged()
        self.writer = Writer(self.ledger, author, time)

    def refresh(self) -> None:
        """Read what has been written to the store since it was last read."""
        if self.ledger.doubtful:
            self.read_anew(indexed=True)
        else:
            self.ledger.refresh()

    def look_again(self) -> None:
        """Read the store anew where entries of its log were damaged or all gone, and their files have changed since."""
        if not self.in_transaction and self._look_at_damaged() != self._damaged_files:
            self.read_anew(indexed=True)

    def _look_at_damaged(self) -> tuple[object, ...]:
        """Return what the system says of the files of the log that are damaged, and where these may come back."""
        log, locations = self.ledger.log, self.ledger.locations
        if log.length and not log.damage:
            return ()
        numbers = sorted(log.damage)[:MOST_LOOKED_AT] or [1]
        paths = [self._path / layout.PACKS, *(locations.entry(number).path for number in numbers)]
        if isinstance(locations, DirectoryStore):
            paths += [locations.loose_path(number) for number in numbers]
        return tuple(map(_status, dict.fromkeys(paths)))

    def read_anew(self, *, indexed: bool) -> None:
        """Read the store as if it had just been opened; `indexed` begins with the index."""
        self.ledger = Ledger(self._path, indexed=indexed)
        self._damaged_files = self._look_at_damaged()
        self.writer.ledger = self.ledger
        for held in ("reader", "diagnostics"):
            self.__dict__.pop(held, None)

    @functools.cached_property
    def reader(self) -> VersionReader:
        """What reads versions, with the bases that it has read."""
        from .networks.reading import VersionReader  # brings HDF5 in, which reading the log has no need of
        from .networks.remembered import Remembered

        return VersionReader(self.ledger.log, self.ledger.history, Remembered(self._numbers_folder, self._cache_limit))

    @property
    def _numbers_folder(self) -> Path | None:
        """Where numbers of versions are remembered, if there can be such a folder."""
        folder = None if (cache := self.ledger.locations.cache) is None else cache / layout.NUMBERS
        with contextlib.suppress(PermissionError):  # of whoever made the store
            return None if folder is None or folder.is_symlink() else folder  # nothing is written elsewhere
        return None

    @functools.cached_property
    def diagnostics(self) -> Diagnostics:
        """What measures planned commits: how they are read, and what their numbers are worth."""
        from .networks.diagnostics import Diagnostics  # brings HDF5 in, which reading the log has no need of

        return Diagnostics(self.reader, self.ledger.history)

    @property
    def panel(self) -> Panel:
        """The gene panel, the same for all versions; where the first base is damaged, it is read from another."""
        self.look_again()
        history = self.ledger.history
        first = history.numbered(0)
        try:
            if first is None:
                raise self.ledger.lost()
            return self.reader.base(first.base).panel
        except FormatError:
            for base in dict.fromkeys(commit.base for commit in history.commits):
                with contextlib.suppress(FormatError):
                    return self.reader.base(base).panel
            raise

    def snapshot(self, version: Version, *, from_base: bool, penalty: float = 0.0) -> Snapshot:
        """Return a version's numbers, read from its anchor or from its base; those of Σ + τV with a penalty τ."""
        if isinstance(self.ledger.locations, SingleFileStore) and version.id not in self._rows_checked:
            check_rows(self.ledger, version.id)  # of an index that others have written
            self._rows_checked.add(version.id)
        recipe = self.reader.recipe(version.id, from_base=from_base)
        snapshot = self.reader.snapshot(recipe, name=version.name, penalty=penalty)
        if snapshot.content != version.content:
            raise FormatError(
                f"{version.name} has the content {version.content}, and what was read has another, {snapshot.content}.",
                code="index-damaged",
            )
        return snapshot

    def write(self, plan: Plan, progress: Progress | None = None) -> str:
        """Measure a planned commit, write it, and return its id; `progress` is that of a full inversion, if any."""
        from .history.planning import logged_of  # brings numpy and pydantic in, which reading has no need of

        record = plan.record(self.ledger.history, *self.writer.stamp())
        logged = logged_of(record, self.diagnostics.measure(plan, progress))
        if self.ledger.has(logged.id, plan.parents):  # the very same commit stands on another branch
            tip = plan.parents[0] if plan.parents else None
            ref_moves.move_branch(self.writer, plan.branch, tip, logged.id, f"commit: {plan.message}")
        else:
            self.writer.commit(plan, logged)
        return logged.id

    def transaction(self, step: Callable[[], Answer]) -> Answer:
        """Run a step that reads and then writes, and return its answer; run it again when another writer was faster.

        Nobody queues where nobody else writes: a writer takes the lock once it has met another, or sees the lock held.
        Where the wait for it ends, the step runs without it.

        Parameters
        ----------
        step : callable
            Reads and writes through this session.

        Raises
        ------
        Conflict
            Others were faster for the seconds of a wait, or the store is an exported one.
        """
        from .files import lock  # which reading has no need of

        if self.in_transaction:
            return step()
        if not isinstance(self.ledger.locations, DirectoryStore):
            raise read_only(self.ledger.locations)
        if is_backup(self._path):
            raise Conflict(
                f"{self._path} is the backup of a store, to be read only.",
                code="backup-store",
                facts={"path": self._path},
            )
        deadline, path = clocks.monotonic() + self._wait, self._path / layout.LOCK
        with self._marked(), contextlib.ExitStack() as queue:
            held: bool | None = None  # until this writer queues
            if contended := lock.holder(path) is not None:
                self._on_wait()
            while True:
                if contended and held is None:
                    held = queue.enter_context(lock.hold(path, deadline - clocks.monotonic()))
                try:
                    return self._attempt(step)
                except RefMoved as lost:
                    if clocks.monotonic() >= deadline:
                        raise lost if held else lost.with_holder(lock.holder(path)) from None
                clocks.sleep(RETRY_PAUSE)
                contended = True

    @contextlib.contextmanager
    def _marked(self) -> Generator[None]:
        self.in_transaction = True
        try:
            yield
        finally:
            self.in_transaction = False

    def _attempt(self, step: Callable[[], Answer]) -> Answer:
        """Run a step on what the store holds now."""
        self.refresh()
        self.ledger.log.check()
        answer = step()
        self.ledger.log.fsync_names()  # a step that finds its work done acknowledges what another has written
        return answer
