"""Verifying a store: every file is read and compared with its hashes, and what is wrong is told with what it touches.

Three kinds of finding. *Damage* cannot be undone from within the store: put a good copy in its place. What is *derived*
can be made again. A *note* is harmless: a leftover, a cache that is not there.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..engine.errors import EngineError, FormatError, NotFound
from ..engine.stability import probe
from . import anchors, bases, durable, hdf5, index, layout
from .checking import check_commit
from .ledger import Ledger
from .places import Folder, check_format
from .reading import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from .history import History

Kind = Literal["damage", "derived", "note"]

ANY_FORMAT = re.compile(rb"grnledger store [0-9]+\n")

OF_A_COMMIT = 3_000
"""About how many bytes of the log a commit takes; what there is to read is told in shares of bytes."""

WORSE = 100.0
"""A version's numbers are wrong when the probe finds so many times what it found when the version was written."""

LARGEST_ERROR = 1e-6
"""The same, where nothing was found then: a relative error of the precision."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Parameters
    ----------
    kind : {"damage", "derived", "note"}
        Whether it is lost, can be made again, or is harmless.
    path : str
        Which file, within the store.
    what : str
        What is wrong with it.
    versions : tuple of int
        n of the versions vn that cannot be read because of it.
    refs : tuple of str
        Branches and tags of which it is no longer certain where they stand; `HEAD` too.
    repaired : bool
        Whether it has been mended.
    """

    kind: Kind
    path: str
    what: str
    versions: tuple[int, ...] = ()
    refs: tuple[str, ...] = ()
    repaired: bool = False


@dataclass(slots=True)
class Report:
    """What was read, and what is not as it should be.

    Parameters
    ----------
    findings : list of Finding
        In the order of the walk.
    entries, versions, bases, cached : int
        How many were read.
    whole : tuple of int
        n of the versions vn that can be read.
    residuals : dict of str to float
        The probe's relative error of each version whose numbers were tried.
    """

    findings: list[Finding] = field(default_factory=list[Finding])
    entries: int = 0
    versions: int = 0
    bases: int = 0
    cached: int = 0
    whole: tuple[int, ...] = ()
    residuals: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def sound(self) -> bool:
        """Whether nothing is damaged; notes do not count, nor what has been mended."""
        return all(one.kind == "note" or one.repaired for one in self.findings)


@dataclass(slots=True)
class Meter:
    """How much of a walk is done.

    Parameters
    ----------
    total : int
        What there is to read, in bytes.
    tell : callable, optional
        Told the share that is done.
    done : int
        What has been read.
    """

    total: int
    tell: Callable[[float], None] | None
    done: int = 0

    def add(self, count: int) -> None:
        """Count bytes that have been read."""
        self.done += count
        if self.tell is not None:
            self.tell(min(self.done / max(self.total, 1), 1.0))


def verify(
    path: Path, *, quick: bool = False, numbers: bool = False, progress: Callable[[float], None] | None = None
) -> Report:
    """Return what is wrong with a store, reading all of it.

    Parameters
    ----------
    path : Path
        The store, or a file that one was exported to.
    quick : bool
        Leave out the large matrices and the pathways' loadings.
    numbers : bool
        Try the numbers of every branch and tag too: Σ(Θg) must be g.
    progress : callable, optional
        Told the share that is done.

    Raises
    ------
    NotFound
        There is no store.
    FormatError
        It is no store, or a newer one.
    """
    report = Report()
    report.findings += _format_findings(path)
    ledger = Ledger(path, indexed=False, strict=not report.findings)
    report.findings += _log_findings(ledger)
    report.entries, report.versions = ledger.log.length, ledger.history.length
    meter = Meter(_work(ledger, quick=quick), progress)
    report.findings += _commit_findings(ledger, meter, quick=quick)
    report.findings += _base_findings(ledger, meter, quick=quick)
    report.bases = len(ledger.places.bases())
    if isinstance(ledger.places, Folder):
        if ledger.places.cache is not None:
            report.findings += _cache_findings(ledger, ledger.places.cache, report, quick=quick)
        report.findings += _stray_findings(ledger.places, claim=ledger.log.next)
    elif (place := ledger.places.index()) and ((found := index.read(place)) is None or not _agrees(ledger, found)):
        what = f"{place} is damaged, or not the index of this log: opening the file reads every entry."
        report.findings.append(Finding("damage", path.name, what))
    lost = {number for one in report.findings if one.kind == "damage" for number in one.versions}
    report.whole = tuple(number for number in range(ledger.history.length) if number not in lost)
    if numbers:
        report.findings += _number_findings(ledger, report)
    return report


def _format_findings(path: Path) -> list[Finding]:
    """Return what is wrong with the file FORMAT, if it is clear that this is a store of this format all the same."""
    try:
        if path.is_file():
            return []
        check_format(path)
    except FormatError as failure:
        if not all((path / name).is_dir() for name in (layout.LOG, layout.BASES)):
            raise
        if _names_a_format(path / layout.FORMAT_FILE):
            raise  # another format
        return [Finding("derived", layout.FORMAT_FILE, failure.message)]
    except NotFound:
        raise
    return []


def _names_a_format(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as content:
        return ANY_FORMAT.fullmatch(content.read(200)) is not None


def _log_findings(ledger: Ledger) -> Iterator[Finding]:
    """Yield a finding for each file of the log that is damaged, and for each run of entries that is missing."""
    touched = _unreadable(ledger.history)
    uncertain = tuple(_uncertain(ledger))
    if not ledger.log.length:
        yield Finding("damage", layout.LOG, "The log is empty: the store was never finished.")
    for run in _damaged_runs(ledger):
        why, path = ledger.log.damage[run[0]], ledger.places.entry(run[0]).path
        what = why.message
        if len(run) > 1 and isinstance(why, hdf5.Missing):
            what = f"Entries {run[0]:,} to {run[-1]:,} of the log are missing: {path} and those that follow."
        elif len(run) > 1:
            what += f" So it is with its other entries to {run[-1]:,}."
        yield Finding("damage", _within(ledger, path), what, touched, uncertain)


def _damaged_runs(ledger: Ledger) -> list[list[int]]:
    """Return the numbers of damaged entries, those together that are missing or stand in one file."""
    runs: list[list[int]] = []
    damage, entry = ledger.log.damage, ledger.places.entry
    for number in sorted(damage):
        last = runs[-1][-1] if runs else 0
        missing = last in damage and all(isinstance(damage[one], hdf5.Missing) for one in (last, number))
        if last and last == number - 1 and (missing or entry(last).path == entry(number).path):
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _unreadable(history: History) -> tuple[int, ...]:
    """Return the numbers of the versions that are lost, or descend from one that is."""
    broken: set[int] = {number for number in range(history.length) if history.numbered(number) is None}
    for commit in history.commits:
        if any(one not in history or history.number(one) in broken for one in commit.parents):
            broken.add(history.number(commit.id))
    return tuple(sorted(broken))


def _uncertain(ledger: Ledger) -> Iterator[str]:
    names = {layout.HEAD: layout.HEAD}
    names |= {layout.BRANCH + one: one for one in ledger.refs.branches} | {
        layout.TAG + one: one for one in ledger.refs.tags
    }
    for ref, name in names.items():
        try:
            ledger.refs.check(ref)
        except FormatError:
            yield name


def _work(ledger: Ledger, *, quick: bool) -> int:
    """Return about how many bytes there are to read of commits and, unless it shall be quick, of bases."""
    work = OF_A_COMMIT * len(ledger.history.commits)
    for file in () if quick else {ledger.places.base(base).path for base in ledger.places.bases()}:
        with contextlib.suppress(OSError):  # what cannot be read is told in its turn
            work += file.stat().st_size
    return work


def _commit_findings(ledger: Ledger, meter: Meter, *, quick: bool) -> Iterator[Finding]:
    """Yield a finding for each commit whose claims its history, or its pathways' numbers, do not bear out."""
    history = ledger.history
    broken = set(_unreadable(history))
    sound = [commit for commit in history.commits if history.number(commit.id) not in broken]
    for commit in sound:
        try:
            check_commit(history, history.logged(commit.id))
            if not quick and commit.adds:
                ledger.log.pathways(commit.entry, set(commit.adds))
        except (FormatError, EngineError) as failure:
            path = _within(ledger, ledger.places.entry(commit.entry).path)
            yield Finding("damage", path, failure.message, _descending(history, {commit.id}))
        meter.add(OF_A_COMMIT)


def _base_findings(ledger: Ledger, meter: Meter, *, quick: bool) -> Iterator[Finding]:
    """Yield a finding for each base that is missing or damaged."""
    used = {commit.base for commit in ledger.history.commits}
    for base in sorted(used.union(ledger.places.bases())):
        try:
            bases.read(ledger.places.base(base), base)
            if not quick:
                hdf5.read(ledger.places.base(base), layout.BASE).check_bulk(meter.add)
        except FormatError as failure:
            needing = {commit.id for commit in ledger.history.commits if commit.base == base}
            versions = tuple(sorted(ledger.history.number(one) for one in needing))
            path = _within(ledger, ledger.places.base(base).path)
            yield Finding("damage" if base in used else "note", path, failure.message, versions)


def _cache_findings(ledger: Ledger, cache: Path, report: Report, *, quick: bool) -> Iterator[Finding]:
    """Yield a finding for what of the cache is damaged or missing."""
    yield from _index_findings(ledger, cache)
    named = {commit.anchor for commit in ledger.history.commits if commit.anchor is not None}
    folder = cache / layout.ANCHORS
    if folder.is_symlink():
        yield Finding("note", _within(ledger, folder), "It is a link: nothing is read from there, or kept.")
        return
    for anchor in sorted(named.union(_stems(folder))):
        path = folder / f"{anchor}{layout.FILE_ENDING}"
        shown = _within(ledger, path)
        if not path.exists():
            yield Finding("note", shown, "The inversion is not in the cache; it is made again when it is needed.")
            continue
        report.cached += 1
        try:
            stored = hdf5.read(hdf5.Place(path), layout.ANCHOR)
            if not quick:
                stored.check_bulk()
        except OSError as failure:
            yield Finding("derived", shown, f"{path} cannot be read: {failure.strerror}.")
            continue
        except FormatError as failure:
            yield Finding("derived", shown, failure.message)
            continue
        if anchors.read(folder, anchor) is None:
            yield Finding("derived", shown, f"{path} is damaged: it is not the inversion that its name says.")


def _index_findings(ledger: Ledger, cache: Path) -> Iterator[Finding]:
    path = cache / f"{layout.INDEX}{layout.FILE_ENDING}"
    if path.exists():
        found = index.read(hdf5.Place(path))
        if found is None:
            yield Finding("derived", _within(ledger, path), f"{path} is damaged.")
        elif not ledger.log.damage and not _agrees(ledger, found):
            yield Finding("derived", _within(ledger, path), f"{path} is not the index of this log.")
    elif ledger.log.length >= index.EVERY:
        yield Finding("note", _within(ledger, path), "There is no index; opening reads every entry.")
    witness, first, last = cache / layout.WITNESS, ledger.history.numbered(0), ledger.log.last
    if ledger.log.damage or first is None or last is None:
        return
    if index.read_witness(witness) != index.testimony(ledger.log.length, ledger.history.length, last, first.id):
        behind = 0 < index.witnessed(index.read_witness(witness), first.id)[0] < ledger.log.length  # its writer died
        kind = "derived" if witness.exists() and not behind else "note"
        yield Finding(kind, _within(ledger, witness), "The last entry of the log is not noted down.")


def _agrees(ledger: Ledger, found: index.Index) -> bool:
    """Return whether an index is what replaying the log up to its last entry gives."""
    covered = [commit for commit in ledger.history.commits if commit.entry <= found.length]
    moves = [move for move in ledger.refs.moves if move.number <= found.length]
    replayed = type(found.refs)()
    for move in moves:
        replayed.set(move.ref, move.after)
        replayed.moved[move.ref] = move.number
    standing = [(refs.head, refs.branches, refs.tags, refs.moved) for refs in (replayed, found.refs)]
    try:
        if found.length > ledger.log.length or found.commits != covered or found.refs.moves != moves:
            return False
        return standing[0] == standing[1] and ledger.log.read(found.length)[0].id == found.last
    except FormatError:
        return False


def _stray_findings(folder: Folder, *, claim: int) -> Iterator[Finding]:
    """Yield a note for each file that no store needs; `claim` is the number of the entry that would come next."""
    packed = folder.all_packs(outermost=True)
    for number in folder.loose():
        if number == claim:
            shown = f"{layout.LOG}/{layout.entry_name(number)}"
            yield Finding("note", shown, "A writer claims it, or died: --repair removes it once it is an hour old.")
        elif any(first <= number <= last for first, last in packed):
            shown = f"{layout.LOG}/{layout.entry_name(number)}"
            yield Finding("note", shown, "It is left over: the entry stands in a pack.")
    for first, last in set(folder.all_packs()) - set(packed):
        yield Finding(
            "note", f"{layout.PACKS}/{layout.pack_name(first, last)}", "It is left over: a larger pack has it."
        )
    for path in sorted(folder.path.rglob("*")):
        shown = path.relative_to(folder.path).as_posix()
        if durable.is_temporary(path.name):
            yield Finding("note", shown, "A writer left it, or is at work; it is swept after an hour.")
        elif not _is_known(shown) and not path.is_dir():
            yield Finding("note", shown, "It is no file of a store.")


def _is_known(shown: str) -> bool:
    """Return whether a store may have a file of that name."""
    folder, _, name = shown.rpartition("/")
    stem = name.removesuffix(layout.FILE_ENDING)
    is_hash = len(stem) == 64 and not stem.strip("0123456789abcdef")
    return {
        "": name in (layout.FORMAT_FILE, layout.LOCK),
        layout.LOG: layout.entry_number(name) is not None,
        layout.PACKS: layout.pack_range(name) is not None,
        layout.BASES: is_hash,
        layout.CACHE: name in (layout.INDEX + layout.FILE_ENDING, layout.WITNESS),
        f"{layout.CACHE}/{layout.ANCHORS}": is_hash,
    }.get(folder, False)


def _number_findings(ledger: Ledger, report: Report) -> Iterator[Finding]:
    """Yield a finding for each branch or tag whose precision is not the inverse of its covariance."""
    history = ledger.history
    reader = Reader(ledger.log, history)
    tips = {commit: None for refs in (ledger.refs.branches, ledger.refs.tags) for commit in sorted(refs.values())}
    for commit in (one for one in tips if history.number(one) in report.whole):
        name = f"v{history.number(commit)}"
        path = _within(ledger, ledger.places.entry(history[commit].entry).path)
        try:
            found = probe(reader.snapshot(reader.recipe(commit), name=name))
        except (EngineError, FormatError) as failure:
            yield Finding("damage", path, f"{name} cannot be read: {failure.message}", (history.number(commit),))
            continue
        report.residuals[name] = found
        then = history.logged(commit).measured.probe
        most = LARGEST_ERROR if then is None else WORSE * max(then, float(np.finfo(float).eps))
        if found > most:
            said = f"The precision of {name} is wrong by {found:.1e}" + (
                "" if then is None else f"; it was {then:.1e}."
            )
            yield Finding("damage", path, said, (history.number(commit),))


def _descending(history: History, commits: set[str]) -> tuple[int, ...]:
    """Return the numbers of commits and of all that descend from them."""
    found = set(commits)
    for commit in history.commits:
        if found.intersection(commit.parents):
            found.add(commit.id)
    return tuple(sorted(history.number(one) for one in found))


def _stems(folder: Path) -> Iterable[str]:
    found = sorted(folder.glob(f"*{layout.FILE_ENDING}")) if folder.is_dir() else []
    return (path.stem for path in found if not path.name.startswith("."))


def _within(ledger: Ledger, path: Path) -> str:
    """Return a path as it is told: within the store."""
    return path.relative_to(ledger.places.path).as_posix() if path != ledger.places.path else path.name
