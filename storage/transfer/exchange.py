"""Moving history between stores of one panel: whole, as one file, or what the other lacks.

Commits keep their ids wherever they stand. What is fetched or pushed arrives as one entry of the log: all of it, or
nothing; checked first against its own history, and its bases before the entry that needs them.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from ...engine.errors import Conflict, FormatError, InputError
from ..files import durable, hdf5, layout
from ..files.locations import DirectoryStore, group_of
from ..history import entries, index
from ..history.active import History
from ..history.checking import check_commit, check_stored_genes
from ..history.commits import commit_of
from ..history.ledger import Ledger
from ..history.log import read_only
from ..history.records import EntryRecord, LoggedCommit, MoveRecord
from ..history.refs import check_name
from ..networks import artifacts, bases
from .creation import check_free, new_folder
from .pack import RUN, write_pack

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from ...engine.network.panel import Panel
    from ...engine.network.pathway import Pathway
    from ..files.locations import Locations
    from ..history.writing import Writer

READ = 0.8
"""The share of the time of a fetch that reading takes; checking takes the rest."""

FETCHED = "fetch from"
"""How the reason of a move begins that a fetch has made."""


@dataclass(frozen=True, slots=True)
class TransferReport:
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
    """Commits on their way from one store to another.

    Parameters
    ----------
    commits : tuple of LoggedCommit
        What the log says of them, in its order.
    pathways : tuple of Pathway
        What they add, in the same order.
    """

    commits: tuple[LoggedCommit, ...]
    pathways: tuple[Pathway, ...]

    @property
    def bases(self) -> list[str]:
        """The ids of the bases that they need."""
        return sorted({one.commit.base for one in self.commits})


def parcel_of(source: Ledger, commits: Collection[str], progress: Callable[[float], None] | None = None) -> Parcel:
    """Return commits of a store as a parcel; each entry of its log is read once; `progress` is told the share done."""
    records: list[LoggedCommit] = []
    pathways: list[Pathway] = []
    in_order = sorted(commits, key=source.history.number)
    for entry, run in itertools.groupby(in_order, key=lambda one: source.history[one].entry):
        logged = [source.history.logged(one) for one in run]
        adds = [add.id for one in logged for add in one.commit.adds]
        brought = source.log.pathways(entry, set(adds)) if adds else {}
        records.extend(logged)
        pathways.extend(brought[one] for one in adds)
        if progress is not None:
            progress(len(records) / len(in_order))
    return Parcel(tuple(records), tuple(pathways))


def export_store(ledger: Ledger, path: Path, progress: Callable[[float], None] | None = None) -> None:
    """Write a whole store to one file: every entry of its log as it is, every base, and the analyses that are sound.

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

    def parts() -> Iterator[tuple[str, hdf5.Location | hdf5.Sealed]]:
        for number in range(1, ledger.log.length + 1):
            stored, _ = ledger.log.read(number)
            content = hdf5.Content(stored.kind, stored.record, stored.arrays)
            yield f"{layout.LOG}/{group_of(number)}", hdf5.Sealed(content, {}, stored.id)
            if progress is not None:
                progress(number / ledger.log.length)
        yield from _bases(ledger.locations, sorted({commit.base for commit in ledger.history.commits}))
        yield from _analyses(ledger.locations)
        found = index.content_of(ledger.log.length, last, ledger.history.commits, ledger.refs)
        yield f"{layout.CACHE}/{layout.INDEX}", found.seal()

    _write(path, parts)


def export_version(ledger: Ledger, commit: str, path: Path, author: str, time: str) -> None:
    """Write one version to a file that is a store of its own: its ancestors, their bases and analyses, and a branch.

    Raises
    ------
    Conflict
        Something stands at the path.
    FormatError
        What the version needs is damaged.
    """
    parcel = parcel_of(ledger, ledger.history.ancestors(commit))
    entry = EntryRecord(
        number=1,
        previous=None,
        versions=0,
        commits=parcel.commits,
        moves=(MoveRecord(ref=layout.BRANCH + layout.FIRST_BRANCH, before=None, after=commit),),
        reason=f"export of v{ledger.history.number(commit)}",
        author=author,
        time=time,
    )

    def parts() -> Iterator[tuple[str, hdf5.Location | hdf5.Sealed]]:
        yield f"{layout.LOG}/{group_of(1)}", entries.content_of(entry, parcel.pathways).seal()
        yield from _bases(ledger.locations, parcel.bases)
        yield from _analyses(ledger.locations, {*parcel.bases, *(one.measured.content for one in parcel.commits)})

    _write(path, parts)


def clone(source: Path, path: Path, progress: Callable[[float], None] | None = None) -> None:
    """Make a store with all that another has: every entry of its log as it is, every base, and the sound analyses.

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
        folder = DirectoryStore(unfinished)
        for base in sorted({commit.base for commit in ledger.history.commits}):
            copy_base(ledger.locations, folder, base)
        artifacts.copy(ledger.locations, folder)
        durable.make_folder(unfinished / layout.PACKS)
        for start in range(1, ledger.log.length + 1, RUN):
            end = min(start + RUN - 1, ledger.log.length)
            write_pack(folder, ledger.log, start, end)
            if progress is not None:
                progress(end / ledger.log.length)
    Ledger(path).remember_last()


def fetch(
    target: Ledger, writer: Writer, source: Ledger, name: str, progress: Callable[[float], None] | None = None
) -> TransferReport:
    """Bring the branches and tags of another store, under a name, with every version that they need.

    What the other store has fetched itself stays there: two stores that fetch from each other have each other's own
    branches, and not branches of branches of branches.

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
    progress : callable, optional
        Told the share that is done.

    Raises
    ------
    Conflict
        The other store has another panel, or a branch of that name was made by hand.
    FormatError
        What arrives is not what its ids say.
    InputError
        The name cannot be that of branches; or the other store is this one.
    """
    check_pair(target, source)
    fetched = _fetched(source)
    moves: list[MoveRecord] = []
    for kind, refs in ((layout.BRANCH, source.refs.branches), (layout.TAG, source.refs.tags)):
        for ref in sorted(one for one in refs if kind + one not in fetched):
            moved = f"{kind}{_joined(name, ref)}"
            if (before := target.refs.get(moved)) != refs[ref]:
                moves.append(MoveRecord(ref=moved, before=before, after=refs[ref]))
    _check_free(target, moves)
    return _send(source, target, writer, moves, f"{FETCHED} {source.locations.path.name}", progress)


def push(
    source: Ledger, target: Ledger, writer: Writer, branch: str, progress: Callable[[float], None] | None = None
) -> TransferReport:
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
    progress : callable, optional
        Told the share that is done.

    Raises
    ------
    Conflict
        The other branch has versions that this one has not; or the panel is another.
    InputError
        The other store is this one.
    """
    check_pair(target, source)
    ref, where = layout.BRANCH + branch, target.locations.path
    tip, before = source.refs.commit_at(ref), target.refs.get(ref)
    if branch in target.refs.tags:
        raise Conflict(f"{where} has a tag named {branch}.", hint="Push a branch of another name.")
    if before is not None and before not in source.history.ancestors(tip):
        raise Conflict(
            f"{branch} of {where} has versions that {branch} here has not.",
            hint=f"`grn fetch {quote(str(where))}`, then `grn merge {name_of(where)}/{branch}`, and push again.",
        )
    moves = [] if before == tip else [MoveRecord(ref=ref, before=before, after=tip)]
    return _send(source, target, writer, moves, f"push from {source.locations.path.name}", progress)


def name_of(path: Path) -> str:
    """Return what the refs of another store are put under by default: its name, as far as a branch can be called so."""
    return re.sub(r"[^\w+-]+", "-", path.resolve().stem).strip("-") or "other"


def check_pair(target: Ledger, source: Ledger) -> None:
    """Refuse to join a store with itself, a damaged one, or stores of different panels.

    Raises
    ------
    Conflict
        Their genes are not the same, in the same order.
    FormatError
        One is damaged.
    InputError
        They are one store.
    """
    ours, theirs = target.locations.path, source.locations.path
    if ours.samefile(theirs):
        raise InputError(f"{theirs} is this very store.", hint="Name another one.")
    panels: list[tuple[str, ...]] = []
    for ledger in (target, source):
        ledger.log.check()
        panels.append(_panel(ledger).genes)
    expected, found = panels
    if expected == found:
        return
    where = f"{theirs} has another panel than {ours}: "
    if len(expected) != len(found):
        raise Conflict(f"{where}{len(found):,} genes, not {len(expected):,}.", hint=_PANEL_HINT)
    place = next(place for place, (one, other) in enumerate(zip(expected, found, strict=True)) if one != other)
    raise Conflict(f"{where}its gene number {place} is {found[place]}, not {expected[place]}.", hint=_PANEL_HINT)


_PANEL_HINT = "Only stores of one panel, the same genes in the same order, can exchange versions."


def copy_base(source: Locations, target: DirectoryStore, base: str) -> bool:
    """Bring a base to a store, checked whole, and return whether no sound one was there yet."""
    place = target.base(base)
    if _is_sound(place, base):
        durable.flush(place.path.parent)  # whoever brought it may have died before that
        return False
    _check(source.base(base), base)
    durable.put(
        place.path, hdf5.copy(source.base(base)), check=lambda unfinished: _check(hdf5.Location(unfinished), base)
    )
    return True


def _check(place: hdf5.Location, base: str) -> None:
    """Refuse what stands at a place, unless it is a base of an id, whole."""
    bases.read(place, base)
    hdf5.read(place, layout.BASE).check_bulk()


def _is_sound(place: hdf5.Location, base: str) -> bool:
    """Return whether a base stands at a place, whole."""
    try:
        _check(place, base)
    except FormatError:
        return False
    return True


def _panel(ledger: Ledger) -> Panel:
    """Return the panel of a store, which is that of its first version."""
    first = ledger.history.numbered(0)
    if first is None:
        raise ledger.lost()
    return bases.read(ledger.locations.base(first.base), first.base).panel


def _joined(name: str, ref: str) -> str:
    """Return what a ref of another store is called here."""
    try:
        return check_name(f"{name}/{ref}")
    except InputError as failure:
        raise InputError(failure.message, hint="Choose another name with --as NAME.") from None


def _fetched(ledger: Ledger) -> set[str]:
    """Return the refs of a store that a fetch has put where they stand."""
    last = {move.ref: move.reason for move in ledger.refs.moves}
    return {ref for ref, reason in last.items() if reason.startswith(FETCHED)}


def _check_free(target: Ledger, moves: Sequence[MoveRecord]) -> None:
    """Refuse to move a branch or tag that was not made by a fetch, or that would bear the name of the other kind."""
    fetched = _fetched(target)
    for move in moves:
        other = _other(move.ref)
        name = move.ref.partition("/")[2]
        if move.before is not None and move.ref not in fetched:
            raise Conflict(f"{name} was made or moved here by hand.", hint="Fetch under another name: --as NAME.")
        if target.refs.get(other) is not None:
            kinds = ("tag", "branch") if other.startswith(layout.TAG) else ("branch", "tag")
            raise Conflict(
                f"{name} is a {kinds[0]} here, and would be a {kinds[1]}.",
                hint=f"`grn {kinds[0]} --delete {name}` takes it away; or fetch under another name: --as NAME.",
            )


def _other(ref: str) -> str:
    """Return the tag that has a branch's name, or the branch that has a tag's."""
    name = ref.partition("/")[2]
    return (layout.TAG if ref.startswith(layout.BRANCH) else layout.BRANCH) + name


def _send(
    source: Ledger,
    target: Ledger,
    writer: Writer,
    moves: Sequence[MoveRecord],
    reason: str,
    progress: Callable[[float], None] | None,
) -> TransferReport:
    """Check what a store lacks of the commits that refs are moved to, bring its bases, and write it as one entry."""
    if not moves:
        return TransferReport()
    folder = target.locations
    if not isinstance(folder, DirectoryStore):
        raise read_only(folder)
    wanted = source.history.ancestors(*(move.after for move in moves if move.after))
    try:
        lacking = [one for one in wanted if one not in target.history]
        parcel = parcel_of(source, lacking, _part(progress, 0.0, READ))
        new = set(parcel.bases) - {one.base for one in target.history.commits}
        _check_arrival(source, target, parcel, new, _part(progress, READ, 1.0))
    except FormatError as failure:
        raise FormatError(
            f"Nothing was taken from {source.locations.path}: {failure.message}",
            hint=f"`grn -s {source.locations.path} verify` reads all of it.",
        ) from None
    brought = sum(copy_base(source.locations, folder, base) for base in sorted(new))
    author, time = writer.stamp()

    def build() -> EntryRecord:
        return EntryRecord(
            number=target.log.next,
            previous=target.log.last,
            versions=target.history.length,
            commits=parcel.commits,
            moves=tuple(moves),
            reason=reason,
            author=author,
            time=time,
        )

    standing = {move.ref: move.before for move in moves} | {_other(move.ref): None for move in moves}
    writer.append(build, parcel.pathways, standing)
    return TransferReport(tuple(one.id for one in parcel.commits), brought, tuple(moves))


def _part(progress: Callable[[float], None] | None, start: float, end: float) -> Callable[[float], None]:
    """Return what is told the share done of a part of the whole, and tells that of the whole."""

    def tell(share: float) -> None:
        if progress is not None:
            progress(start + (end - start) * share)

    return tell


def _check_arrival(
    source: Ledger, target: Ledger, parcel: Parcel, new: Collection[str], progress: Callable[[float], None]
) -> None:
    """Refuse commits that are not what they say: their history, content, pathways and new bases."""
    panel = _panel(target)
    check_stored_genes(parcel.pathways, len(panel))
    for base in new:
        if bases.read(source.locations.base(base), base).panel.genes != panel.genes:
            raise FormatError(f"The base {base} is of another panel than the store that holds it.")
    arriving = {one.id: one for one in parcel.commits}
    joined = History(lambda commit: arriving.get(commit.id) or target.history.logged(commit.id))
    for commit in target.history.commits:
        joined.append(commit)
    for done, logged in enumerate(parcel.commits, start=1):
        joined.append(commit_of(logged, target.log.next), logged)
        check_commit(joined, logged)
        progress(done / len(parcel.commits))


def _bases(places: Locations, wanted: Collection[str]) -> Iterator[tuple[str, hdf5.Location]]:
    for base in wanted:
        hdf5.read(places.base(base), layout.BASE).check_bulk()
        yield f"{layout.BASES}/{base}", places.base(base)


def _analyses(places: Locations, contents: set[str] | None = None) -> Iterator[tuple[str, hdf5.Location]]:
    for key, place in artifacts.sound(places, contents):
        yield f"{layout.ARTIFACTS}/{key}", place


def _write(path: Path, parts: Callable[[], Iterator[tuple[str, hdf5.Location | hdf5.Sealed]]]) -> None:
    check_free(path)
    for leftover in durable.leftovers(path.parent, named=path.name):
        durable.remove(leftover)  # of an export that was killed
    try:
        durable.publish(path, lambda output: hdf5.write_many(output, layout.STORE, parts()))
    except FileExistsError:
        raise Conflict(f"{path} exists already.", hint="Choose another name, or remove it first.") from None
