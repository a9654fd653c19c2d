"""The index of the log: what is shown of its entries and their commits, so that no HDF5 is needed to list them.

It is derived. What is read of it counts if the hashes of its block are right; and all of it up to an entry whose file
is still the one that was read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ...files import layout
from ...files.chained_text import ChainedText, Unsound, file_hash
from ..refs import Refs
from . import decode
from .blocks import COMMIT, ENTRY, HEADER, PACK, REFS, Blocks
from .encode import commit_row, entry_row, refs_row

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from pathlib import Path

    from ...files.locations import DirectoryStore
    from ..commits import Commit, Event, LoggedFacts
    from ..records import LoggedCommit
    from ..refs import Move
    from .blocks import Block
    from .decode import CommitSummary
    from .rows import CommitRow, EntryRow, RefsRow

STATE_EVERY = 64
"""Fewest entries between two lines that say where all refs stand."""

CHECKED = 64
"""The last entries of a log whose files are compared with their hashes in the index whenever it is read."""

MOST_ACTIVE = 1_000
"""Most adds that are active in a version and noted with the refs."""

Read = TypeVar("Read")

NONSENSE = (ValueError, TypeError, IndexError, RecursionError)
"""What reading a text raises that somebody else has written."""


class LogIndex:
    """What the log gave, as far as it has been read: by this process, or by those that wrote the text before.

    Of its text the end is read; the rest is read and checked where it is asked for. A part that does not count is
    mended then, where somebody has said how; otherwise it raises `ValueError`.

    Parameters
    ----------
    path : Path, optional
        The text in the cache; without one, nothing is kept.
    content : bytes, optional
        The text, where it stands elsewhere.

    Attributes
    ----------
    mend : callable, optional
        Called where a part of the text does not count: has the index `adopt` another, or raises.
    """

    def __init__(self, path: Path | None, content: bytes | None = None) -> None:
        self._path = path
        self.mend: Callable[[], None] | None = None
        self._stale: set[str] = set()  # packs that are no longer what they were
        self._take(content)

    def _take(self, content: bytes | None) -> None:
        self._text = ChainedText(HEADER, self._path, content)
        try:
            self._blocks = Blocks(self._text)
            self._blocks.check_last()
        except NONSENSE:
            self._text.whole = False
            self._text.cut(0)
            self._blocks = Blocks(self._text)
        self._forget()

    def _forget(self) -> None:
        self._numbers: dict[str, int] = {}
        self._listed: Block | None = None  # the first of those at the end whose commits are in `_numbers`

    def adopt(self, other: LogIndex) -> None:
        """Go on with another index of the same log, as far as this one goes."""
        length = self.length
        self._take(other.text())
        self.cut(length)

    def cut(self, length: int) -> None:
        """Forget all that is not about the first entries, so many of them."""
        if length < self.length:
            self._blocks.cut(length)
            self._forget()

    @property
    def length(self) -> int:
        """The number of the last entry that is known."""
        return self._blocks.last.last_entry

    @property
    def versions(self) -> int:
        """How many commits they have brought."""
        return self._blocks.last.versions

    @property
    def last(self) -> str:
        """The id of the last entry."""
        return self.entry_row(self.length).id

    @property
    def first(self) -> str:
        """The id of the first commit, of which there must be one."""
        refs = self._blocks.last.refs
        return refs.first if refs else self._blocks.commit(0).id

    def claim(self) -> tuple[int, int, str] | None:
        """Return how many entries and versions the log had, and the id of its first commit; `None` without one."""
        return (self.length, self.versions, self.first) if self.versions else None

    def summary(self, number: int) -> CommitSummary:
        """Return what a list shows of a commit, by the n of its version vn; all else of its row makes sense too."""

        def read() -> CommitSummary:
            row = self._blocks.commit(number)
            decode.facts_of(row)
            return decode.summary_of("\t".join(row))

        return self._sound(read)

    def summaries_down_from(self, number: int) -> Iterator[CommitSummary]:
        """Yield what a list shows of a commit, of the one before it and so on to v0, each as it is asked for."""
        while number >= 0:
            some = self._sound(lambda last=number: list(map(decode.summary_of, self._blocks.commit_lines(last))))
            yield from some
            number -= len(some)

    def commit_row(self, number: int) -> CommitRow:
        """Return the row of a commit."""
        return self._sound(lambda: self._blocks.commit(number))

    def entry_row(self, number: int) -> EntryRow:
        """Return the row of an entry."""
        return self._sound(lambda: self._blocks.entry(number))

    def commit(self, number: int) -> Commit:
        """Return what the history needs of a commit."""

        def read() -> Commit:
            row = self._blocks.commit(number)
            commit, parents = decode.commit_of(row), decode.parents_of(row.number, row.parents)
            for id_, parent in zip(commit.parents, parents, strict=True):
                if self._blocks.commit(parent).id != id_:
                    raise Unsound("a commit has another number")
                self._numbers[id_] = parent
            return commit

        return self._sound(read)

    def facts(self, number: int) -> LoggedFacts:
        """Return all that is shown of a commit."""
        return self._sound(lambda: decode.facts_of(self._blocks.commit(number)))

    def number_of(self, commit: str) -> int | None:
        """Return n of the version vn of a commit, by its id; `None` where it is not known."""

        def find() -> int | None:
            while commit not in self._numbers and (self._listed is None or self._listed.start):
                self._list(self._blocks.last if self._listed is None else self._blocks.before(self._listed))
            number = self._numbers.get(commit)
            if number is not None and self._blocks.commit(number).id != commit:
                raise Unsound("a commit has another number")
            return number

        return self._sound(find)

    def ids(self) -> list[tuple[str, str]]:
        """Return of each commit its id and its content id."""
        ids = slice(0, layout.HASH), slice(layout.HASH + 1, 2 * layout.HASH + 1)

        def read() -> list[tuple[str, str]]:
            lines = [line.partition("\t")[2] for block in self._blocks.all() for line in block.commits]
            return [(line[ids[0]], line[ids[1]]) for line in lines]

        return self._sound(read)

    def append(
        self, moves: Sequence[Move], id_: str, file: str | None, commits: Sequence[tuple[int, LoggedCommit]]
    ) -> None:
        """Append an entry that has been read or written.

        Parameters
        ----------
        moves : sequence of Move
            What it does with refs: one at least.
        id_ : str
            Its content id.
        file : str, optional
            The SHA-256 of its file; `None` where it is in a pack.
        commits : sequence of (int, LoggedCommit)
            Those that no entry before has brought, with n of their versions vn.
        """
        new = {logged.id: number for number, logged in commits}

        def number_of(parent: str) -> int:
            return new[parent] if parent in new else self._number(parent)

        rows = [commit_row(logged, number, moves[0].number, number_of) for number, logged in commits]
        self._numbers.update(new)
        lines = [COMMIT + "\t".join(row) for row in rows]
        self._blocks.append([*lines, ENTRY + "\t".join(entry_row(moves, id_, file))])

    def refs(self) -> Refs:
        """Return where refs stand after the last entry; raises `ValueError` where the text makes no sense."""
        last, start = self._blocks.last, self._blocks.last.entries_before
        refs = decode.refs_of(last.refs) if last.refs else Refs()

        def earlier() -> list[Move]:
            return [move for number in range(1, start + 1) for move in self.moves(number)]

        refs.earlier = earlier
        for number in range(start + 1, self.length + 1):
            refs.apply(decode.moves_of(self._blocks.entry(number)))
        return refs

    def moves(self, number: int) -> list[Move]:
        """Return the moves of refs of an entry."""
        return self._sound(lambda: decode.moves_of(self._blocks.entry(number)))

    def note_refs(self, refs: Refs, active: Callable[[str], frozenset[Event]]) -> None:
        """Note where refs stand after the last entry, if enough have come since that was last noted.

        Parameters
        ----------
        refs : Refs
            Where they stand.
        active : callable
            Returns the adds that are active in the version of a commit; noted of HEAD's branch, unless they are many.
        """
        tip, since = refs.branches.get(refs.head), self.length - self._blocks.last.entries_before
        if tip and since >= max(STATE_EVERY, len(refs.branches) + len(refs.tags)):
            events = active(tip)
            row = refs_row(
                refs,
                self.length,
                self.versions,
                self.first,
                self._number,
                None if len(events) > MOST_ACTIVE else events,
            )
            self._blocks.append([REFS + "\t".join(row)])

    def active(self, number: int, commit: Commit, known: Container[str]) -> frozenset[Event] | None:
        """Return the adds that are active in a version, where they are noted; their content id must be the version's.

        Parameters
        ----------
        number : int
            n of the version vn.
        commit : Commit
            Its commit.
        known : container of str
            The ids of all commits.
        """
        if (row := self._sound(lambda: self._blocks.refs_behind(number))) is None or row.tip != commit.id:
            return None
        try:
            events, numbers = decode.active_of(row), decode.numbers_in(row)
        except NONSENSE:
            return None
        self._numbers.update(numbers)
        content = layout.version_content_id(commit.base, {event.pathway for event in events or ()})
        sound = content == commit.content and all(event.commit in known for event in events or ())
        return events if sound else None

    def states(self) -> list[RefsRow]:
        """Return the rows that say where refs stand."""
        return self._sound(lambda: [block.refs for block in self._blocks.all() if block.refs])

    def note_packs(self, store: DirectoryStore) -> None:
        """Note the hashes of the packs that have any of the last entries."""
        late = _late(self.length)
        paths = {store.entry(number).path: None for number in late if _is_packed(store, number)}
        noted = self._sound(lambda: self._packs(late.start)) if paths else {}
        for path in paths:
            if (path.name not in noted or path.name in self._stale) and (digest := file_hash(path)):
                self._stale.discard(path.name)
                self._blocks.append([f"{PACK}{path.name} {digest}"])

    def covered(self, store: DirectoryStore) -> tuple[int, bool]:
        """Return up to which entry this is the index of a log by the files that are there, and if the last is certain.

        The files of the last entries, packs too, are compared with their hashes.
        """
        last = min(self.length, store.look())
        if not last or not store.holds_all(last):
            return 0, True
        noted, same_packs = self._packs(_late(last).start), dict[str, bool]()
        for number in _late(last):
            path = store.entry(number).path
            if not _is_packed(store, number):
                same = file_hash(path) == self.entry_row(number).file
            elif path.name in same_packs:
                same = same_packs[path.name]
            else:
                same = same_packs[path.name] = noted.get(path.name, "") == file_hash(path)
            if not same:
                self._stale.add(path.name)
                return number - 1, number > _late(last).start
        return last, True

    @property
    def unwritten(self) -> bool:
        """Whether the text lacks anything, as far as is known."""
        return self._text.unwritten

    def write(self) -> None:
        """Write to the text what it lacks; raises `OSError`."""
        self._text.write()

    @property
    def damaged(self) -> bool:
        """Whether anything of the text does not count; all of it is read."""
        try:
            return not self._text.whole or any(block.stop > self._text.size for block in self._blocks.all())
        except NONSENSE:
            return True

    def text(self) -> bytes:
        """Return the whole text."""
        return self._text.read(0, self._text.size) or HEADER

    def _packs(self, first: int) -> dict[str, str]:
        """Return the hashes of packs by their names, as far as they have been noted since an entry."""
        block: Block | None = self._blocks.last
        lines: list[str] = []
        while block is not None and block.last_entry >= first:
            lines[:0] = block.packs
            block = self._blocks.before(block)
        return {name: digest for name, _, digest in (line.partition(" ") for line in lines)}

    def _list(self, block: Block | None) -> None:
        """Note the numbers of the commits of a block, the next before those that are listed."""
        if block is not None:
            first = block.versions_before
            ids = [line.partition("\t")[2][: layout.HASH] for line in block.commits]
            self._numbers.update(zip(ids, range(first, first + len(ids)), strict=True))
            for commit, number in decode.numbers_in(block.refs).items() if block.refs else ():
                self._numbers.setdefault(commit, number)
            self._listed = block

    def _number(self, commit: str) -> int:
        """Return n of the version vn of a commit that is known."""
        number = self._numbers[commit] if commit in self._numbers else self.number_of(commit)
        assert number is not None  # noqa: S101  parents are checked before an entry is appended
        return number

    def _sound(self, read: Callable[[], Read]) -> Read:
        """Return what is read of the text, which is mended where it does not count."""
        try:
            return read()
        except NONSENSE:
            if self.mend is None:
                raise Unsound("the index of the log makes no sense") from None
            self.mend()
            return read()


def _late(last: int) -> range:
    """Return the numbers of the last entries of a log, whose files are looked at."""
    return range(max(1, last - CHECKED + 1), last + 1)


def _is_packed(store: DirectoryStore, number: int) -> bool:
    return store.entry(number).group != "/"
