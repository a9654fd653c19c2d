"""Bringing versions from one store of a panel to another: fetch and import take them in, push sends a branch.

Commits keep their ids wherever they stand. What arrives is one entry of the log, all of it or nothing: checked first
against its own history, and its bases written before the entry that needs them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import Conflict, FormatError, InputError
from ...formats.files.plain_files import file_name
from ..files import layout
from ..files.locations import DirectoryStore
from ..history.active import History
from ..history.checking import check_position, check_stored_genes
from ..history.commits import commit_of
from ..history.log import read_only
from ..history.records import EntryRecord, MoveRecord
from ..history.ref_names import check_kinds, check_new_names
from ..history.refs import check_name, other_kind, split_ref
from ..networks.bases import read_base
from ..networks.reading import VersionReader
from .arrival import Arrival, Bases, ParcelLoadings
from .parcel import copy_base, parcel_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from ...engine.network.panel import Panel
    from ..history.ledger import Ledger
    from ..history.writing import Writer
    from .parcel import Parcel

READING_SHARE = 0.8
"""The share of the time of a fetch that reading takes; checking takes the rest."""

FETCHED = "fetch from"
"""The first words of the reason of a move that a fetch has made."""


@dataclass(frozen=True, slots=True)
class TransferReport:
    """What went from one store to another.

    Parameters
    ----------
    commits : tuple of str
        Ids of the commits that arrived, in the order of the log.
    bases : int
        Number of bases that arrived.
    moves : tuple of MoveRecord
        The refs that moved.
    """

    commits: tuple[str, ...] = ()
    bases: int = 0
    moves: tuple[MoveRecord, ...] = ()


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
        The name that its refs are put under: `lab` makes its branch `main` the branch `lab/main`.
    progress : callable, optional
        Called with the share that is done.

    Raises
    ------
    Conflict
        The other store has another panel, a branch of that name was made by hand, or a name would be taken for another.
    FormatError
        What arrives could not have been made here.
    InputError
        The name cannot be that of branches; or the other store is this one.
    """
    panel = check_pair(target, source)
    fetched = _fetched_refs(source)
    moves: list[MoveRecord] = []
    check_kinds(source.refs)
    for kind, refs in ((layout.BRANCH, source.refs.branches), (layout.TAG, source.refs.tags)):
        for ref in sorted(ref for ref in refs if kind + ref not in fetched):
            moved = f"{kind}{_joined(name, ref)}"
            if (before := target.refs.get(moved)) != refs[ref]:
                check_position(source, kind + ref)
                moves.append(MoveRecord(ref=moved, before=before, after=refs[ref]))
    _check_moves(target, moves)
    return _transfer(source, target, writer, panel, moves, f"{FETCHED} {file_name(source.locations.path)}", progress)


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
        The name of the branch.
    progress : callable, optional
        Called with the share that is done.

    Raises
    ------
    Conflict
        The other branch has versions that this one has not; or the panel is another.
    InputError
        The other store is this one.
    """
    panel = check_pair(target, source)
    ref, where = layout.BRANCH + branch, target.locations.path
    tip, before = source.refs.commit_at(ref), target.refs.get(ref)
    if branch in target.refs.tags:
        raise Conflict(f"{where} has a tag named {branch}.", hint="Push a branch of another name.")
    if before is not None and before not in source.history.ancestors(tip):
        raise Conflict(
            f"{branch} of {where} has versions that {branch} here does not have.",
            code="push-not-forward",
            facts={"store": where, "branch": f"{name_of(where)}/{branch}"},
        )
    moves = [] if before == tip else [MoveRecord(ref=ref, before=before, after=tip)]
    _check_names(target, moves)
    return _transfer(source, target, writer, panel, moves, f"push from {file_name(source.locations.path)}", progress)


def name_of(path: Path) -> str:
    """Return the name that the refs of another store are put under by default: its own, as far as a branch may be."""
    return re.sub(r"[^\w+-]+", "-", path.resolve().stem).strip("-") or "other"


def check_pair(target: Ledger, source: Ledger) -> Panel:
    """Return the panel of two stores; refuse to join a store with itself, a damaged one, or one of another panel.

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
        raise InputError(f"{theirs} is this store itself.", hint="Name another one.")
    panel, other = (_panel(ledger) for ledger in (target, source))
    if panel.genes == other.genes:
        return panel
    if len(panel) != len(other):
        difference = f"{len(other):,} genes, not {len(panel):,}."
    else:
        pairs = enumerate(zip(panel.genes, other.genes, strict=True))
        number, gene, stranger = next((number, *pair) for number, pair in pairs if pair[0] != pair[1])
        difference = f"its gene number {number} is {stranger}, not {gene}."
    raise Conflict(
        f"{theirs} has another panel than {ours}: {difference}",
        hint="Only stores of one panel, the same genes in the same order, can exchange versions.",
    )


def _panel(ledger: Ledger) -> Panel:
    """Return the panel of a store, that of its first version, if no entry of its log is damaged."""
    ledger.log.check()
    first = ledger.history.numbered(0)
    if first is None:
        raise ledger.lost()
    return read_base(ledger.locations.base(first.base), first.base).panel


def _joined(name: str, ref: str) -> str:
    """Return the name that a ref of another store gets here."""
    try:
        return check_name(f"{name}/{ref}")
    except InputError as failure:
        raise InputError(failure.message, code="fetch-name") from None


def _fetched_refs(ledger: Ledger) -> set[str]:
    """Return the refs of a store that a fetch has put where they stand."""
    last = {move.ref: move.reason for move in ledger.refs.moves}
    return {ref for ref, reason in last.items() if reason.startswith(FETCHED)}


def _check_moves(target: Ledger, moves: Sequence[MoveRecord]) -> None:
    """Refuse to move a branch or tag that was not made by a fetch, or that would bear the name of the other kind."""
    fetched = _fetched_refs(target)
    for move in moves:
        kind, name = split_ref(move.ref)
        if move.before is not None and move.ref not in fetched:
            raise Conflict(f"{name} was made or moved here, not by a fetch.", code="fetch-onto-own-ref")
        if name in target.refs.of_kind(other_kind(kind)):
            standing = other_kind(kind).rstrip("/")
            raise Conflict(
                f"{name} is a {standing} here, and would be a {kind.rstrip('/')}.",
                code="fetch-onto-other-kind",
                facts={"kind": standing, "name": name},
            )
    _check_names(target, moves)


def _check_names(target: Ledger, moves: Sequence[MoveRecord]) -> None:
    """Refuse to make branches and tags whose names would be taken for others; raises as `check_new_names`."""
    new = [split_ref(move.ref)[1] for move in moves if move.before is None]
    check_new_names(new, [*target.refs.branches, *target.refs.tags])


def _transfer(
    source: Ledger,
    target: Ledger,
    writer: Writer,
    panel: Panel,
    moves: Sequence[MoveRecord],
    reason: str,
    progress: Callable[[float], None] | None,
) -> TransferReport:
    """Check the commits that a store lacks of those that refs are moved to, copy their bases, and write one entry."""
    if not moves:
        return TransferReport()
    store = target.locations
    if not isinstance(store, DirectoryStore):
        raise read_only(store)
    needed = source.history.ancestors(*(move.after for move in moves if move.after))
    try:
        lacking = [commit for commit in needed if commit not in target.history]
        parcel = parcel_of(source, lacking, _part(progress, 0.0, READING_SHARE))
        new = set(parcel.bases) - {commit.base for commit in target.history.commits}
        _check_arrival(source, target, parcel, panel, new, _part(progress, READING_SHARE, 1.0))
    except FormatError as failure:
        raise FormatError(
            f"Nothing was copied from {source.locations.path}: {failure.message}",
            code="source-damaged",
            facts={"store": source.locations.path},
        ) from None
    copied = sum(copy_base(source.locations, store, base) for base in sorted(new))
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

    names = [split_ref(move.ref) for move in moves]
    standing = {move.ref: move.before for move in moves} | {other_kind(kind) + name: None for kind, name in names}
    writer.append(build, parcel.pathways, standing)
    return TransferReport(tuple(logged.id for logged in parcel.commits), copied, tuple(moves))


def _part(progress: Callable[[float], None] | None, start: float, end: float) -> Callable[[float], None]:
    """Return the callable of one part of the work, between two shares of the whole."""

    def report(share: float) -> None:
        if progress is not None:
            progress(start + (end - start) * share)

    return report


def _check_arrival(
    source: Ledger,
    target: Ledger,
    parcel: Parcel,
    panel: Panel,
    new: Collection[str],
    progress: Callable[[float], None],
) -> None:
    """Refuse commits and new bases that could not have been made here."""
    check_stored_genes(parcel.pathways, len(panel))
    arriving = {logged.id: logged for logged in parcel.commits}
    joined = History(lambda commit: arriving.get(commit.id) or target.history.logged(commit.id))
    for commit in target.history.commits:
        joined.append(commit)
    bases = Bases({base: source.locations.base(base) for base in new}, target.locations.base)
    arrival = Arrival(joined, VersionReader(ParcelLoadings(parcel, target.log, bases), joined))
    for base in sorted(new):
        arrival.check_base(base, panel.genes)
    for done, logged in enumerate(parcel.commits, start=1):
        joined.append(commit_of(logged, target.log.next), logged)
        arrival.check(logged)
        progress(done / len(parcel.commits))
