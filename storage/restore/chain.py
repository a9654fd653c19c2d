"""Which entries a log should have, by everything that names one of them, and where those that are lost stand.

An entry is named by its content id: in the entry after it, as its `previous`; in the index; and, the last, in the
high-water mark. So whatever is lost, its id is known as long as one of these is whole; and what is taken from elsewhere
names the entry before it in turn. Of the end of a log nothing inside the store may know. A clone may have gone on by
itself, so that an entry which follows ours need not be ours; a backup of this very store has nothing else. A backup of
a clone looks alike, so the backup must be of a store in this place, or nothing here may say which entry was the last.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...engine.errors import FormatError
from ..files import last_entry, layout
from ..files.backup_note import place_of
from ..history.index.log_index import NONSENSE, LogIndex
from ..history.ledger import Ledger
from .sources import Source, read_own_entry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..files.locations import Location

MOST_MISSING = 100_000
"""Most missing entries of a log that are looked for: a name can claim any number."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry of the log that stands elsewhere.

    Parameters
    ----------
    id : str
        Its content id.
    location : Location
        Where it stands.
    source : Source
        The place that this is in.
    """

    id: str
    location: Location
    source: Source


@dataclass(slots=True)
class Chain:
    """The entries that a log should have.

    Parameters
    ----------
    whole : dict of int to str
        Content ids of the entries that stand in their places, by number.
    found : dict of int to Found
        Those that do not, and stand elsewhere.
    lacking : dict of int to str
        Those that stand nowhere; the id is empty where nothing names it.
    refused : list of Source
        Backups that go on after the end of the log, and may be those of a clone that did.
    """

    whole: dict[int, str] = field(default_factory=dict[int, str])
    found: dict[int, Found] = field(default_factory=dict[int, Found])
    lacking: dict[int, str] = field(default_factory=dict[int, str])
    refused: list[Source] = field(default_factory=list["Source"])

    def id_of(self, number: int) -> str | None:
        """Return the content id of an entry that stands in its place, or elsewhere; `None` of any other."""
        return self.found[number].id if number in self.found else self.whole.get(number)


def chain_of(path: Path, sources: Sequence[Source]) -> Chain:
    """Return the entries that the log of a store should have, as far as anything names them.

    Where nothing is wrong, the last alone.

    Parameters
    ----------
    path : Path
        The store.
    sources : sequence of Source
        Where to look for what is lost, in this order.
    """
    ledger = Ledger(path, indexed=False, strict=False)
    log, names, chain = ledger.log, _Names(path, ledger), Chain()
    end = min(max(log.length, names.end), len(ledger.locations.numbers_between(1, log.length)) + MOST_MISSING)
    first = None if 1 in log.damage else read_id(ledger, 1)
    if log.damage or end > log.length:
        _walk_down(chain, ledger, names, sources, end)
    else:
        chain.whole = {number: id_ for number, id_ in ((1, first), (end, log.last)) if id_ is not None}
    first, last = chain.id_of(1), chain.id_of(end)
    for source in sources:
        if (note := source.backup) is None or note.first != first:
            continue
        if note.store == place_of(path) or not names.know_the_last(end):
            _walk_up(chain, source, end)
        elif last is not None and source.entry_after(end + 1, last) is not None:
            chain.refused.append(source)
    return chain


class _Names:
    """What the cache of a store says of the ids of its entries, where it is the cache of this log."""

    def __init__(self, path: Path, ledger: Ledger) -> None:
        self._index = LogIndex(path / layout.CACHE / layout.HISTORY)
        mark, first = last_entry.read(path / layout.CACHE / layout.LAST_ENTRY), ledger.history.numbered(0)
        self._last, self._last_id = 0, ""
        if first is None or last_entry.remembered_lengths(mark, first.id) != (0, 0):
            with contextlib.suppress(*NONSENSE):
                number, _, id_, _ = mark.decode("ascii").split(" ")
                self._last, self._last_id = int(number), id_
        if 1 not in ledger.log.damage and self._in_index(1) not in (read_id(ledger, 1), None):
            self._index = LogIndex(None)  # of another store

    @property
    def end(self) -> int:
        """The number of the last entry that is named."""
        return max(self._index.length, self._last)

    def know_the_last(self, end: int) -> bool:
        """Return whether an entry is known to have been the last."""
        return self._last == end

    def of(self, number: int) -> str | None:
        """Return the id of an entry, or `None`."""
        return self._last_id if number == self._last else self._in_index(number)

    def _in_index(self, number: int) -> str | None:
        if 1 <= number <= self._index.length:
            with contextlib.suppress(*NONSENSE):
                return self._index.entry_row(number).id
        return None


def read_id(ledger: Ledger, number: int) -> str | None:
    """Return the content id of an entry of a log, `None` where it cannot be read."""
    with contextlib.suppress(FormatError):
        return ledger.log.read(number)[0].id
    return None


def _walk_down(chain: Chain, ledger: Ledger, names: _Names, sources: Sequence[Source], end: int) -> None:
    """Follow a log from its end to its beginning, each entry naming the one before it.

    An entry that follows the one before it gives way to what the one after it names alone.
    """
    named: str | None = None
    for number in range(end, 0, -1):
        wanted = named if number <= ledger.log.length and number not in ledger.log.damage else names.of(number) or named
        own = read_own_entry(ledger.locations, number)
        if own is not None and wanted in (own[1].id, None):
            chain.whole[number], named = own[1].id, own[1].entry.previous
            continue
        found = None if wanted is None else _find(number, wanted, sources)
        if found is not None:
            chain.found[number], named = found
        else:
            chain.lacking[number], named = wanted or "", None


def _find(number: int, id_: str, sources: Sequence[Source]) -> tuple[Found, str | None] | None:
    """Return where an entry stands, and the id of the one before it."""
    for source in sources:
        if (found := source.entry(number, id_)) is not None:
            location, logged = found
            return Found(id_, location, source), logged.entry.previous
    return None


def _walk_up(chain: Chain, backup: Source, end: int) -> None:
    """Take from a backup of this store what nothing here names: it follows what is here, and there is no other."""
    unnamed = [number for number, id_ in sorted(chain.lacking.items()) if not id_]
    after = end + 1
    while unnamed or after:
        number = unnamed.pop(0) if unnamed else after
        before = chain.id_of(number - 1)
        following = None if before is None else backup.entry_after(number, before)
        if following is not None:
            location, logged = following
            chain.found[number] = Found(logged.id, location, backup)
            chain.lacking.pop(number, None)
            after = max(after, number + 1)
        elif number == after:
            return
