"""Writing to the log: the next entry, signed and dated, as long as the refs stand where they were seen."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..engine.errors import Conflict, InputError
from .records import MoveRecord, RefsEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..engine.pathway import Pathway
    from .entries import Entry
    from .log import Log
    from .refs import Refs

ATTEMPTS = 1_000
"""How often a writer tries for the next number before giving up; each time, somebody else has got on."""

LONGEST_AUTHOR = 1_000
"""The most characters of an author's name."""


class Writer:
    """Writes entries to a log.

    Parameters
    ----------
    log : Log
        The log.
    refs : Refs
        Where refs stand by what has been read of it.
    refresh : callable
        Takes in what has been written meanwhile.
    author : str, optional
        Who writes; the account's name by default.
    time : datetime, optional
        When; the clock by default.
    """

    def __init__(
        self, log: Log, refs: Refs, refresh: Callable[[], None], author: str | None, time: datetime | None
    ) -> None:
        self._log = log
        self._refs = refs
        self._refresh = refresh
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
        author = self._author or _account()
        if len(author) > LONGEST_AUTHOR or not author.strip() or not author.isprintable():
            raise InputError(f"{author[:40]!r} cannot be an author: a name is one line that can be printed.")
        return author, moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"

    def move(self, moves: Sequence[MoveRecord], reason: str, standing: Mapping[str, str | None] | None = None) -> None:
        """Write moves of refs, as long as those refs, and others named, stand where they stood; raises as `append`."""
        author, time = self.stamp()

        def build() -> Entry:
            return RefsEntry(
                number=self._log.next,
                previous=self._log.last,
                moves=tuple(moves),
                reason=reason,
                author=author,
                time=time,
            )

        self.append(build, (), {move.ref: move.before for move in moves} | dict(standing or {}))

    def append(
        self, build: Callable[[], Entry], pathways: Iterable[Pathway], expected: Mapping[str, str | None]
    ) -> None:
        """Write the next entry, trying again while others take its number, as long as refs stand as expected.

        Parameters
        ----------
        build : callable
            Returns the entry, for the log as it then is.
        pathways : iterable of Pathway
            The pathways of a commit.
        expected : mapping of str to str or None
            Where refs must stand.

        Raises
        ------
        Conflict
            A ref has moved meanwhile.
        """
        for _ in range(ATTEMPTS):
            for ref, before in expected.items():
                if self._refs.get(ref) != before:
                    raise Conflict(f"{ref} has moved meanwhile.", hint="Look with `grn log`, then run it again.")
            try:
                self._log.append(build(), pathways)
            except FileExistsError:
                self._refresh()
            else:
                self._refresh()
                return
        raise Conflict(f"{ATTEMPTS} times in a row another writer was faster.", hint="Run it again.")


def _account() -> str:
    """Return the name of the account; in a container it may have none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        raise InputError(
            "This account has no name to sign with.", hint="Say who writes: GRN_AUTHOR=name, or author= in Python."
        ) from None
