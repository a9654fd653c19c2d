"""Moving history between stores of one panel: whole, as one file, or what the other lacks.

Commits keep their ids wherever they stand. What is fetched or pushed arrives as one entry of the log: all of it, or
nothing; and bases before the entry that needs them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..engine.errors import Conflict, FormatError
from . import bases, durable, entries, hdf5, index, layout
from .changes import check_genes
from .checking import check_commit
from .creation import check_free, new_folder
from .history import History, commit_of
from .ledger import Ledger
from .log import read_only
from .pack import RUN, write_pack
from .places import Folder, group_of
from .records import EntryRecord, LoggedCommit, MoveRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from ..engine.pathway import Pathway
    from .places import Places
    from .writing import Writer

FETCHED = "fetch from"
"""How the reason of a move begins that a fetch has made."""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What went from one store to another.

    Parameters
    ----------
    commits : tuple of str
        Ids of the commits that arrived, in the order of the log.
    bases : int
        Bases that arrived.
    moves : tuple of MoveRecord
        The refs that moved.
    """

    commits: tuple[str, ...] = ()
    bases: int = 0
    moves: tuple[MoveRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Parcel:
    """Commits of one store on their way to another.

    Parameters
    ----------
    source : Ledger
        The store they come from.
    commits : tuple of str
        Their ids, in the order of its log.
    """

    source: Ledger
    commits: tuple[str, ...]

    def records(self) -> tuple[LoggedCommit, ...]:
        """Return what the log says of them."""
        return tuple(self.source.history.logged(one) for one in self.commits)

    def pathways(self) -> list[Pathway]:
        """Return the pathways that they bring, in the order of the commits."""
        found: list[Pathway] = []
        for one in self.commits:
            commit = self.source.history[one]
            if commit.adds:
                brought = self.source.log.pathways(commit.entry, set(commit.adds))
                found.extend(brought[pathway] for pathway in commit.adds)
        return found

    def bases(self) -> list[str]:
        """Return the ids of the bases that they need."""
        return sorted({self.source.history[one].base for one in self.commits})


def export_store(ledger: Ledger, path: Path, progress: Callable[[float], None] | None = None) -> None:
    """Write a whole store to one file: every entry of its log as it is, and every base.

    Raises
    ------
    Conflict
        Something stands at the path.
    FormatError
        The store is damaged.
    """
    ledger.log.check()
    last = ledger.log.last
    if last is None:
        raise ledger.lost()

    def parts() -> Iterator[tuple[str, hdf5.Place | hdf5.Sealed]]:
        for number in range(1, ledger.log.length + 1):
            stored, _ = ledger.log.read(number)
            content = hdf5.Content(stored.kind, stored.record, stored.arrays)
            yield f"{layout.LOG}/{group_of(number)}", hdf5.Sealed(content, {}, stored.id)
            if progress is not None:
                progress(number / ledger.log.length)
        yield from _bases(ledger.places, sorted({commit.base for commit in ledger.history.commits}))
        found = index.Index(ledger.log.length, last, ledger.history.commits, ledger.refs)
        yield f"{layout.CACHE}/{layout.INDEX}", index.content_of(found).seal()

    _write(path, parts)


def export_version(ledger: Ledger, commit: str, path: Path, author: str, time: str) -> None:
    """Write one version to a file that is a store of its own: its ancestors, their bases, and a branch at it.

    Raises
    ------
    Conflict
        Something stands at the path.
    FormatError
        What the version needs is damaged.
    """
    parcel = Parcel(ledger, tuple(one.id for one in reversed(ledger.history.newest_first(commit))))
    entry = EntryRecord(
        number=1,
        previous=None,
        versions=0,
        commits=parcel.records(),
        moves=(MoveRecord(ref=layout.BRANCH + layout.FIRST_BRANCH, before=None, after=commit),),
        reason=f"export of v{ledger.history.number(commit)}",
        author=author,
        time=time,
    )

    def parts() -> Iterator[tuple[str, hdf5.Place | hdf5.Sealed]]:
        yield f"{layout.LOG}/{group_of(1)}", entries.content_of(entry, parcel.pathways()).seal()
        yield from _bases(ledger.places, parcel.bases())

    _write(path, parts)


def clone(source: Path, path: Path, progress: Callable[[float], None] | None = None) -> None:
    """Make a store with all that another has: every entry of its log as it is, and every base.

    Raises
    ------
    Conflict
        Something stands at the path.
    FormatError
        The other store is damaged.
    """
    check_free(path)
    ledger = Ledger(source)
    ledger.log.check()
    with new_folder(path) as unfinished:
        folder = Folder(unfinished)
        for base in sorted({commit.base for commit in ledger.history.commits}):
            copy_base(ledger.places, folder, base)
        durable.make_folder(unfinished / layout.PACKS)
        for start in range(1, ledger.log.length + 1, RUN):
            end = min(start + RUN - 1, ledger.log.length)
            write_pack(folder, ledger.log, start, end)
            if progress is not None:
                progress(end / ledger.log.length)
    Ledger(path).witness()


def fetch(target: Ledger, writer: Writer, source: Ledger, name: str) -> Exchanged:
    """Bring every version that a branch or tag of another store needs, and its refs under a name.

    Parameters
    ----------
    target : Ledger
        The store to bring them to.
    writer : Writer
        Its writer.
    source : Ledger
        The other store.
    name : str
        What its refs are put under: `lab` makes its branch `main` the branch `lab/main`.

    Raises
    ------
    Conflict
        The other store has another panel, or a branch of that name was made by hand.
    FormatError
        What arrives is not what its ids say.
    """
    check_panels(target, source)
    moves: list[MoveRecord] = []
    for kind, refs in ((layout.BRANCH, source.refs.branches), (layout.TAG, source.refs.tags)):
        for ref in sorted(refs):
            source.refs.check(kind + ref)
            moves.append(MoveRecord(ref=f"{kind}{name}/{ref}", before=None, after=refs[ref]))
    wanted = source.history.ancestors(*(move.after for move in moves if move.after))
    parcel = Parcel(source, _missing(source.history, target.history, wanted))
    standing = [move.model_copy(update={"before": target.refs.get(move.ref)}) for move in moves]
    standing = [move for move in standing if move.before != move.after]
    for move in standing:
        _check_fetched(target, move)
    return _send(parcel, target, writer, standing, f"{FETCHED} {source.places.path.name}")


def push(source: Ledger, target: Ledger, writer: Writer, branch: str) -> Exchanged:
    """Bring a branch, with the versions it needs, to another store, if its own branch of that name is among them.

    Parameters
    ----------
    source : Ledger
        The store that the branch is of.
    target : Ledger
        The other store.
    writer : Writer
        The writer of that one.
    branch : str
        Which branch.

    Raises
    ------
    Conflict
        The other branch has versions that this one has not; or the panel is another.
    """
    check_panels(target, source)
    ref = layout.BRANCH + branch
    tip, before = source.refs.commit_at(ref), target.refs.get(ref)
    if branch in target.refs.tags:
        raise Conflict(f"{target.places.path} has a tag named {branch}.", hint="Push a branch of another name.")
    ancestors = source.history.ancestors(tip)
    if before is not None and before not in ancestors:
        raise Conflict(
            f"{branch} of {target.places.path} has versions that {branch} here has not.",
            hint=f"`grn fetch {target.places.path}`, merge its {branch}, and push again.",
        )
    moves = [] if before == tip else [MoveRecord(ref=ref, before=before, after=tip)]
    parcel = Parcel(source, _missing(source.history, target.history, ancestors if moves else set()))
    return _send(parcel, target, writer, moves, f"push from {source.places.path.name}")


def check_panels(target: Ledger, source: Ledger) -> None:
    """Refuse to join stores of different panels.

    Raises
    ------
    Conflict
        Their genes are not the same, in the same order.
    """
    panels: list[tuple[str, ...]] = []
    for ledger in (target, source):
        ledger.log.check()
        first = ledger.history.numbered(0)
        if first is None:
            raise ledger.lost()
        panels.append(bases.read(ledger.places.base(first.base), first.base).panel.genes)
    ours, theirs = panels
    if ours == theirs:
        return
    where = f"{source.places.path} has another panel than {target.places.path}: "
    if len(ours) != len(theirs):
        raise Conflict(f"{where}{len(theirs):,} genes, not {len(ours):,}.", hint=_PANEL_HINT)
    place = next(place for place, (one, other) in enumerate(zip(ours, theirs, strict=True)) if one != other)
    raise Conflict(f"{where}its gene number {place} is {theirs[place]}, not {ours[place]}.", hint=_PANEL_HINT)


_PANEL_HINT = "Only stores of one panel, the same genes in the same order, can exchange versions."


def copy_base(source: Places, target: Folder, base: str) -> bool:
    """Bring a base to a store, checked whole, and return whether it was not there yet."""
    place = target.base(base)
    if place.path.exists():
        return False
    found = hdf5.read(source.base(base), layout.BASE)
    found.check_bulk()
    if found.id != base:
        raise FormatError(f"{source.base(base)} is damaged: it holds another base, {found.id}.")
    try:
        durable.publish(place.path, hdf5.copy(source.base(base)))
    except FileExistsError:  # somebody else has brought it meanwhile
        return False
    return True


def _missing(source: History, target: History, wanted: Collection[str]) -> tuple[str, ...]:
    """Return the commits wanted that a history lacks, in the order of the one that has them."""
    return tuple(sorted((one for one in wanted if one not in target), key=source.number))


def _check_fetched(target: Ledger, move: MoveRecord) -> None:
    """Refuse to move a branch or tag that was not made by a fetch."""
    if move.before is None:
        others = (layout.BRANCH, layout.TAG)
        name = move.ref.removeprefix(layout.BRANCH).removeprefix(layout.TAG)
        if not any(target.refs.get(kind + name) for kind in others):
            return
    last = next((one for one in reversed(target.refs.moves) if one.ref == move.ref), None)
    if last is None or not last.reason.startswith(FETCHED):
        name = move.ref.removeprefix(layout.BRANCH).removeprefix(layout.TAG)
        raise Conflict(f"{name} was made or moved here by hand.", hint="Fetch under another name: --as NAME.")


def _send(parcel: Parcel, target: Ledger, writer: Writer, moves: Sequence[MoveRecord], reason: str) -> Exchanged:
    """Check a parcel, bring its bases, and write it as one entry."""
    if not moves:
        return Exchanged()
    folder = target.places
    if not isinstance(folder, Folder):
        raise read_only(folder)
    records, pathways = parcel.records(), parcel.pathways()
    brought = sum(copy_base(parcel.source.places, folder, base) for base in parcel.bases())
    _check_arrival(target, records, pathways)
    author, time = writer.stamp()

    def build() -> EntryRecord:
        return EntryRecord(
            number=target.log.next,
            previous=target.log.last,
            versions=target.history.length,
            commits=records,
            moves=tuple(moves),
            reason=reason,
            author=author,
            time=time,
        )

    writer.append(build, pathways, {move.ref: move.before for move in moves})
    return Exchanged(parcel.commits, brought, tuple(moves))


def _check_arrival(target: Ledger, records: Sequence[LoggedCommit], pathways: Sequence[Pathway]) -> None:
    """Refuse commits that are not what they say: their history, their content, their pathways."""
    first = target.history.numbered(0)
    if first is None:
        raise target.lost()
    genes = len(bases.read(target.places.base(first.base), first.base).panel)
    check_genes(pathways, genes)
    joined = History(lambda commit: target.history.logged(commit.id))
    for commit in target.history.commits:
        joined.take(commit)
    for logged in records:
        joined.take(commit_of(logged, target.log.next), logged)
        check_commit(joined, logged)


def _bases(places: Places, wanted: Collection[str]) -> Iterator[tuple[str, hdf5.Place]]:
    for base in wanted:
        hdf5.read(places.base(base), layout.BASE).check_bulk()
        yield f"{layout.BASES}/{base}", places.base(base)


def _write(path: Path, parts: Callable[[], Iterator[tuple[str, hdf5.Place | hdf5.Sealed]]]) -> None:
    check_free(path)
    try:
        durable.publish(path, lambda output: hdf5.write_many(output, layout.STORE, parts()))
    except FileExistsError:
        raise Conflict(f"{path} exists already.", hint="Choose another name, or remove it first.") from None
