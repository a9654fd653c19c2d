"""Which entry is next; how it becomes durable is `files/durable.py`.

An entry is signed and dated, and is written as long as the refs stand where they were seen.
"""

from __future__ import annotations

import getpass
import time as clocks
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ...engine.errors import Conflict, FormatError, InputError
from ..files import layout
from .refs import check_entry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ...engine.network.pathway import Pathway
    from .commits import MoveFacts
    from .ledger import Ledger
    from .planning import Plan
    from .records import EntryRecord, LoggedCommit, MoveRecord

ATTEMPTS = 1_000
"""Most tries of a writer for the next number; with each that fails, another writer has succeeded."""

CLAIM_WAIT, CLAIM_PAUSE = 1.0, 0.005
"""Most seconds that a writer waits for another that has claimed a number, and seconds between two looks at it."""

LONGEST_AUTHOR = 1_000
"""Most characters of an author's name."""


class RefMoved(Conflict):
    """A ref is no longer where a writer saw it."""

    def with_holder(self, holder: str | None) -> RefMoved:
        """Return the same refusal with the name of another writer, who holds the lock; as it is where nobody does."""
        if holder is None:
            return self
        return RefMoved(f"{self.message} The lock is held by {holder}.", code=self.code, facts=self.facts)


class Writer:
    """Writes entries to a log.

    Parameters
    ----------
    ledger : Ledger
        The log, and what has been read of it.
    author : str, optional
        Who writes; the account's name by default.
    time : datetime, optional
        When; the clock by default.
    """

    def __init__(self, ledger: Ledger, author: str | None, time: datetime | None) -> None:
        self.ledger = ledger
        self._author = author
        self._time = time

    def stamp(self) -> tuple[str, str]:
        """Return who writes, and when: UTC, ISO 8601 to the second.

        Raises
        ------
        InputError
            The author's name is not one line of text.
        """
        moment = (self._time or datetime.now(UTC)).astimezone(UTC)
        author = check_author(self._author or _account())
        return author, moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"

    def move(
        self, moves: Sequence[MoveFacts | MoveRecord], reason: str, standing: Mapping[str, str | None] | None = None
    ) -> None:
        """Write moves of refs, as long as those refs, and others named, stand where they stood; raises as `append`."""
        from .records import EntryRecord, MoveRecord  # brings pydantic in, which reading has no need of

        author, time = self.stamp()

        def build() -> EntryRecord:
            return EntryRecord(
                number=self.ledger.log.next,
                previous=self.ledger.log.last,
                versions=self.ledger.history.length,
                moves=tuple(MoveRecord(ref=move.ref, before=move.before, after=move.after) for move in moves),
                reason=reason,
                author=author,
                time=time,
            )

        self.append(build, (), {move.ref: move.before for move in moves} | dict(standing or {}))

    def commit(self, plan: Plan, logged: LoggedCommit) -> None:
        """Write a measured commit, and move its branch to it; raises as `append`."""
        from .planning import plan_entry

        tip = plan.parents[0] if plan.parents else None

        def build() -> EntryRecord:
            log, history = self.ledger.log, self.ledger.history
            return plan_entry(plan, logged, number=log.next, previous=log.last, versions=history.length)

        self.append(build, plan.pathways, {layout.BRANCH + plan.branch: tip})

    def append(
        self, build: Callable[[], EntryRecord], pathways: Iterable[Pathway], expected: Mapping[str, str | None]
    ) -> None:
        """Write the next entry, trying again while others take its number, as long as refs stand as expected.

        Parameters
        ----------
        build : callable
            Returns the entry, for the log as it then is.
        pathways : iterable of Pathway
            The pathways of its commits.
        expected : mapping of str to str or None
            Where refs must stand.

        Raises
        ------
        RefMoved
            A ref has moved meanwhile.
        FormatError
            The log is damaged.
        """
        for _ in range(ATTEMPTS):
            self.ledger.log.check()
            for ref, before in expected.items():
                if self.ledger.refs.get(ref) != before:
                    raise RefMoved(
                        f"{ref} has moved meanwhile: somebody else has written to the store.",
                        code="ref-moved",
                    )
            entry = build()
            self._check(entry)
            try:
                id_ = self.ledger.log.append(entry, pathways)
            except FileExistsError:
                if not self._has_passed(entry.number):
                    raise RefMoved(
                        f"Entry {entry.number} of the log is claimed by a writer that has not finished, or died.",
                        code="claimed-number",
                    ) from None
            else:
                self.ledger.apply(entry, id_)
                return
        raise Conflict(f"{ATTEMPTS} times in a row another writer was faster.", hint="Run it again.")

    def _check(self, entry: EntryRecord) -> None:
        """Refuse to write what could not be read: where the index does not fit the log."""
        try:
            check_entry(entry, self.ledger.history, self.ledger.refs)
        except FormatError as failure:
            raise FormatError(f"Nothing was written. {failure.message}", code="index-damaged") from None

    def _has_passed(self, number: int) -> bool:
        """Return whether the log has got beyond a number that another writer took.

        Where a file system has no links, the number is there for a moment before the entry is.
        """
        end = clocks.monotonic() + CLAIM_WAIT
        while True:
            self.ledger.refresh()
            if self.ledger.log.next > number:
                return True
            if clocks.monotonic() >= end:
                return False
            clocks.sleep(CLAIM_PAUSE)


def check_author(author: str) -> str:
    """Return the name of an author, if it can be one.

    Raises
    ------
    InputError
        It is not one line of text.
    """
    if len(author) > LONGEST_AUTHOR or not author.strip() or not author.isprintable():
        raise InputError(f"{author[:40]!r} cannot be an author: a name is one line that can be printed.")
    return author


def _account() -> str:
    """Return the name of the account; in a container it may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        raise InputError("This account has no user name, which would be the author.", code="nameless-account") from None
