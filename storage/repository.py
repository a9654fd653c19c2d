"""The repository: the one object that joins history and numbers."""

from __future__ import annotations

import contextlib
import functools
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ..engine.errors import Conflict, FormatError, InputError, NotFound
from .files import layout
from .files.locations import DirectoryStore
from .history import changes, revspec
from .history.entries import pathway_id
from .history.ledger import Ledger
from .history.log import read_only
from .history.planning import Plan, entry_of, logged_of, pathways_from, source_of
from .history.records import MoveRecord
from .history.refs import check_name
from .history.versions import ActivePathway, Version
from .networks import anchors
from .session import WAIT, Session
from .transfer import creation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from ..engine.network.panel import Panel
    from ..engine.network.pathway import Pathway
    from ..engine.network.snapshot import Snapshot
    from ..formats.pathways.pathways import PathwayFile
    from .history.active import History
    from .history.changes import Change
    from .history.log import Log
    from .history.records import EntryRecord
    from .history.refs import Move, Refs
    from .history.writing import Writer
    from .networks.artifacts import Artifacts
    from .networks.bases import NewBase, StoredBase
    from .networks.diagnostics import Diagnostics
    from .networks.reading import Reader
    from .transfer.exchange import TransferReport
    from .transfer.pack import PackReport

Method = TypeVar("Method", bound="Callable[..., Any]")
Answer = TypeVar("Answer")


def _in_turn(method: Method) -> Method:
    """Make a writing method begin with what the store holds now, and begin anew when another writer was faster."""

    @functools.wraps(method)
    def wrapped(self: Repository, *arguments: Any, **named: Any) -> Any:
        return self.transaction(lambda: method(self, *arguments, **named))

    return cast("Method", wrapped)


class Repository:
    """A store that is open: its history, and any version of its network.

    Opening reads the log; numbers are read when they are asked for. What a method writes is durable when it returns.
    Writers queue. Whenever a writing method raises, everything is as it was; only when the very last step fails, that
    of flushing the log's folder, the entry may stand, and the error says so.

    Where an entry of the log is missing or damaged, what does not need it stays readable, and nothing can be written.

    Parameters
    ----------
    path : str or Path
        The store's folder, or a file that one was exported to, which is read in place and cannot be written.
    author : str, optional
        Who writes; the account's name by default.
    time : datetime, optional
        When, for reproducible pipelines; the clock by default.
    wait : float
        Seconds to wait for other writers, and to try again when one was faster, before giving up with `Conflict`.
    on_wait : callable
        Called when others hold the lock and a wait for them begins.

    Raises
    ------
    NotFound
        There is no store.
    FormatError
        It is damaged, or newer than this program.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        author: str | None = None,
        time: datetime | None = None,
        wait: float = WAIT,
        on_wait: Callable[[], object] = lambda: None,
    ) -> None:
        self.path = Path(path)
        self._author, self._time, self._wait = author, time, wait
        self._session = Session(self.path, author, time, wait=wait, on_wait=on_wait)

    @staticmethod
    def create(
        path: str | Path, base: NewBase, *, message: str = "", author: str | None = None, time: datetime | None = None
    ) -> Repository:
        """Return the repository of a new store, whose version v0 is this base.

        Raises
        ------
        Conflict
            Something stands at the path already.
        """

        def begin(store: Path, base_id: str) -> None:
            text = message or f"base by {base.record.estimator}"
            unfinished = Repository(store, author=author, time=time)
            unfinished.write(Plan(layout.FIRST_BRANCH, (), base_id, text))

        creation.create(Path(path), base, begin)
        return Repository(path, author=author, time=time)

    def __repr__(self) -> str:
        return f"<Repository {self.path}: {len(self._history.commits)} versions, HEAD on {self._refs.head}>"

    def refresh(self) -> None:
        """Take in what has been written to the store since it was last read."""
        self._session.refresh()

    @property
    def _ledger(self) -> Ledger:
        return self._session.ledger

    @property
    def _writer(self) -> Writer:
        return self._session.writer

    @property
    def _reader(self) -> Reader:
        return self._session.reader

    @property
    def _diagnostics(self) -> Diagnostics:
        return self._session.diagnostics

    @property
    def _log(self) -> Log:
        return self._ledger.log

    @property
    def _history(self) -> History:
        return self._ledger.history

    @property
    def _refs(self) -> Refs:
        return self._ledger.refs

    @property
    def damage(self) -> Mapping[int, str]:
        """What is wrong with entries of the log that are missing or damaged, by their number."""
        return {number: why.message for number, why in sorted(self._log.damage.items())}

    def transaction(self, step: Callable[[], Answer]) -> Answer:
        """Run a step that reads and then writes, and run it again when another writer was faster; see `Session`."""
        return self._session.transaction(step)

    # Reading

    @property
    def head(self) -> str:
        """The branch that HEAD is; where an entry of the log is lost that may have moved it, this is refused."""
        self._refs.check(layout.HEAD)
        return self._refs.head

    @property
    def branches(self) -> Mapping[str, Version]:
        """The version at which each branch stands; where the log is damaged, those that are certain and can be read."""
        return self._standing(layout.BRANCH, self._refs.branches)

    @property
    def tags(self) -> Mapping[str, Version]:
        """The version at which each tag stands; where the log is damaged, those that are certain and can be read."""
        return self._standing(layout.TAG, self._refs.tags)

    @property
    def moves(self) -> Sequence[Move]:
        """Every move of a ref, oldest first."""
        return tuple(self._refs.moves)

    @property
    def panel(self) -> Panel:
        """The gene panel, the same for all versions; where the first base is damaged, it is read from another."""
        first = self._history.numbered(0)
        try:
            if first is None:
                raise self._ledger.lost()
            return self._reader.base(first.base).panel
        except FormatError:
            for base in dict.fromkeys(commit.base for commit in self._history.commits):
                with contextlib.suppress(FormatError):
                    return self._reader.base(base).panel
            raise

    def version(self, rev: str = "HEAD") -> Version:
        """Return the version that a REV names.

        Raises
        ------
        NotFound
            Nothing has that name.
        InputError
            It is not a REV.
        """
        return self._version(self._resolve(rev))

    def versions(self, rev: str | None = "HEAD", *, without: str = "", number: int | None = None) -> list[Version]:
        """Return a version and its ancestors, newest first; all versions of the store when `rev` is `None`.

        Parameters
        ----------
        rev : str, optional
            Which version.
        without : str
            A version whose ancestors, and itself, are left out.
        number : int, optional
            How many at the most.
        """

        def listed() -> list[Version]:
            if rev is None:
                commits = self._history.commits[::-1]
            else:
                commits = self._history.newest_first(self._resolve(rev))
            ancestors = self._history.ancestors(self._resolve(without)) if without else set[str]()
            wanted = (commit for commit in commits if commit.id not in ancestors)
            names = self._refs.names()
            return [self._version(commit.id, names) for commit in itertools.islice(wanted, number)]

        try:
            return listed()
        except FormatError:
            if self.damage:
                raise
            self._session.read_anew(indexed=False)  # the index knows nothing of damage to the entries that it covers
            return listed()

    def line(self, rev: str = "HEAD") -> list[Version]:
        """Return a version, its first parent, that one's first parent and so on, newest first."""
        return [self._version(entry.id) for entry in self._history.first_parents(self._resolve(rev))]

    def split_range(self, text: str) -> tuple[Version, Version]:
        """Return both versions of a range `A..B`; an empty side is HEAD."""
        before, after = revspec.split_range(text)
        return self.version(before), self.version(after)

    def active(self, rev: str = "HEAD") -> list[ActivePathway]:
        """Return the pathways that are active in a version, in the order of the snapshot's columns."""
        grouped = self._history.pathways(self._history.active(self._resolve(rev)))
        pathways = [
            ActivePathway(self._history.record(adds[0]), f"v{self._history.number(adds[0].commit)}")
            for adds in grouped.values()
        ]
        return sorted(pathways, key=lambda pathway: (-pathway.record.sign, pathway.record.id))

    def snapshot(self, rev: str = "HEAD", *, from_base: bool = False) -> Snapshot:
        """Return a version's numbers: Σ and Θ as operators, and the questions to them.

        Parameters
        ----------
        rev : str
            Which version.
        from_base : bool
            Read it from its base, with all pathways as columns, and not from a later anchor.
        """
        version = self.version(rev)
        snapshot = self._reader.snapshot(self._reader.recipe(version.id, from_base=from_base), name=version.name)
        if snapshot.content != version.content:
            raise FormatError(
                f"{version.name} is of the content {version.content}, and what is read is of another, {snapshot.content}.",
                code="index-damaged",
            )
        return snapshot

    def base(self, rev: str = "HEAD") -> StoredBase:
        """Return a version's base, with its provenance and the expression it keeps."""
        return self._reader.base(self.version(rev).base)

    @property
    def artifacts(self) -> Artifacts:
        """The analyses that the store keeps."""
        from .networks.artifacts import Artifacts

        return Artifacts(self._ledger.locations, self._writer.stamp)

    def disk_bytes(self) -> int:
        """Return how many bytes the store takes on disk."""
        if self.path.is_file():
            return self.path.stat().st_size
        sizes = 0
        for path in self.path.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # packed meanwhile
                sizes += path.stat().st_size if path.is_file() else 0
        return sizes

    def __len__(self) -> int:
        """How many versions there are."""
        return self._history.length

    def identities(self) -> list[tuple[str, str, str]]:
        """Return name, id and content id of each version that can be read, in the order of the log."""
        return [(f"v{self._history.number(commit.id)}", commit.id, commit.content) for commit in self._history.commits]

    # Writing versions

    def commit(
        self,
        pathways: PathwayFile | Pathway | Iterable[Pathway],
        *,
        message: str = "",
        branch: str | None = None,
        if_absent: bool = False,
    ) -> Version:
        """Add pathways to a branch, and return the new version.

        Parameters
        ----------
        pathways : PathwayFile, Pathway or iterable of Pathway
            What to add; of a file that was read with `read_pathways`, the commit records where it came from.
        message : str
            What it is; the pathways' names by default.
        branch : str, optional
            HEAD's by default.
        if_absent : bool
            Pass over pathways whose equal content is active already; where all are, return the branch's version.

        Raises
        ------
        InputError
            There is nothing to add.
        Conflict
            A pathway of that name is active already, or the branch moved meanwhile.
        NotPositiveDefinite
            The subtractions take more than is there.
        """
        wanted, file = pathways_from(pathways)  # what can be gone through once is kept for a second try

        def step() -> Version:
            plan = self.plan(file or wanted, message=message, branch=branch, if_absent=if_absent)
            return self.write(plan) if plan.pathways else self.version(plan.branch)

        return self.transaction(step)

    def plan(
        self,
        pathways: PathwayFile | Pathway | Iterable[Pathway],
        *,
        message: str = "",
        branch: str | None = None,
        if_absent: bool = False,
    ) -> Plan:
        """Return the commit that `commit` would write, checked but not measured; arguments as there."""
        if not self._session.in_transaction:
            self.refresh()
        branch, tip = self._branch(branch)
        wanted, file = pathways_from(pathways)
        if not wanted:
            raise InputError("There is nothing to commit: no pathway was given.")
        changes.check_genes(wanted, len(self.panel))
        active = self._history.active(tip)
        if if_absent:
            present = {event.pathway for event in active}
            wanted = tuple(pathway for pathway in wanted if pathway_id(pathway) not in present)
        changes.check_names(self._history, active, (), wanted)
        text = message or "add " + _listed([pathway.label for pathway in wanted])
        base = self._history[tip].base
        missing = {} if file is None else dict(file.dropped)
        return Plan(branch, (tip,), base, text, wanted, missing, source=None if file is None else source_of(file))

    def preview(self, plan: Plan) -> Snapshot:
        """Return the snapshot that a planned commit would make; nothing is written."""
        return self._diagnostics.preview(plan, name="planned")

    @_in_turn
    def revert(self, rev: str, *, only: str | Collection[str] = (), message: str = "") -> Version:
        """Undo what a version did, as a new version; the one against its first parent when it is a merge.

        Parameters
        ----------
        rev : str
            What to undo.
        only : str or collection of str
            Names of pathways to undo alone.
        message : str
            `revert vN` by default.
        """
        return self._change(rev, changes.revert_change, _names(only), message, "revert")

    @_in_turn
    def cherry_pick(self, rev: str, *, only: str | Collection[str] = (), message: str = "") -> Version:
        """Do what a version did, here, as a new version; arguments as for `revert`."""
        return self._change(rev, changes.cherry_pick_change, _names(only), message, "cherry-pick")

    @_in_turn
    def merge(self, rev: str, *, message: str = "", fast_forward: bool = True) -> Version:
        """Bring another version's pathways into HEAD's branch, and return where it then stands.

        A version that HEAD descends from changes nothing. One that descends from HEAD moves the branch forward,
        unless `fast_forward` is false. Otherwise a commit with two parents is written; whichever side merges, the
        version has the same content id and the same bits.

        Raises
        ------
        Conflict
            Both sides changed the base.
        NotPositiveDefinite
            Together, the subtractions take more than is there.
        """
        branch, ours = self._branch(None)
        theirs = self._resolve(rev)
        if theirs in self._history.ancestors(ours):
            return self._version(ours)
        if fast_forward and ours in self._history.ancestors(theirs):
            return self._move_branch(branch, ours, theirs, f"merge {rev}: fast-forward")
        base = self._history.merged_base(ours, theirs)
        return self.write(Plan(branch, (ours, theirs), base, message or f"merge {rev} into {branch}"))

    @_in_turn
    def reinvert(self, *, force: bool = False) -> Version:
        """Invert HEAD's version in full, and return a new version of the same content that is read from that anchor.

        A factor base of more than 5,000 genes has no need of it, since its versions are read from its own diagonal each
        time and nothing accumulates: HEAD's version is returned as it is.

        Parameters
        ----------
        force : bool
            Invert a large factor base too.

        Raises
        ------
        InputError
            The panel is too large for it.
        """
        branch, tip = self._branch(None)
        base = self._history[tip].base
        if not force and anchors.unneeded(len(self.panel), dense=self._reader.base(base).record.form == "dense"):
            return self._version(tip)
        anchors.check_size(len(self.panel))
        return self.write(Plan(branch, (tip,), base, "re-inversion", invert=True))

    # Keeping the store

    def pack(self, progress: Callable[[float], None] | None = None) -> PackReport:
        """Fold the log's entries into few files, and return what was done; readers and writers may go on meanwhile.

        Parameters
        ----------
        progress : callable, optional
            Told the share that is done.

        Raises
        ------
        Conflict
            It is an exported store.
        FormatError
            An entry is missing or damaged.
        """
        from .transfer.pack import pack

        locations = self._ledger.locations
        if not isinstance(locations, DirectoryStore):
            raise read_only(locations)
        self.refresh()
        report = pack(locations, self._log, progress)
        self._ledger.write_index(least=1)
        return report

    def export(self, path: str | Path, rev: str | None = None, progress: Callable[[float], None] | None = None) -> None:
        """Write the store to one self-contained file, which `open` reads in place.

        Parameters
        ----------
        path : str or Path
            The file; nothing may be there.
        rev : str, optional
            A version: it alone is written then, with the versions it descends from; everything otherwise.
        progress : callable, optional
            Told the share that is done.

        Raises
        ------
        Conflict
            Something stands at the path.
        FormatError
            What shall be exported is damaged.
        """
        from .transfer import exchange

        self.refresh()
        if rev is None:
            exchange.export_store(self._ledger, Path(path), progress)
        else:
            exchange.export_version(self._ledger, self._resolve(rev), Path(path), *self._writer.stamp())

    @_in_turn
    def fetch(
        self, source: str | Path, name: str | None = None, progress: Callable[[float], None] | None = None
    ) -> TransferReport:
        """Bring in what another store of the same panel has, and its branches and tags under a name.

        Parameters
        ----------
        source : str or Path
            The other store, or a file that one was exported to.
        name : str, optional
            `lab` makes its `main` the branch `lab/main` here; by default, the name of the folder or file.
        progress : callable, optional
            Told the share that is done.

        Raises
        ------
        Conflict
            It has another panel, or `lab/main` was made here by hand.
        FormatError
            What arrives is damaged, or not what its ids say.
        """
        from .transfer import exchange

        under = exchange.name_of(Path(source)) if name is None else name
        return exchange.fetch(self._ledger, self._writer, Ledger(Path(source)), under, progress)

    def push(
        self, target: str | Path, branch: str | None = None, progress: Callable[[float], None] | None = None
    ) -> TransferReport:
        """Bring a branch to another store of the same panel, whose branch of that name it must descend from.

        Parameters
        ----------
        target : str or Path
            The other store.
        branch : str, optional
            HEAD's by default.
        progress : callable, optional
            Told the share that is done.

        Raises
        ------
        Conflict
            The other branch has versions that this one has not, or the panel is another.
        """
        self.refresh()
        name, _ = self._branch(branch)
        other = Repository(target, author=self._author, time=self._time, wait=self._wait)
        return other.receive(self._ledger, name, progress)

    @_in_turn
    def receive(self, source: Ledger, branch: str, progress: Callable[[float], None] | None = None) -> TransferReport:
        """Take in a branch that another store pushes; see `push`."""
        from .transfer import exchange

        return exchange.push(source, self._ledger, self._writer, branch, progress)

    # Moving refs

    @_in_turn
    def rollback(self, rev: str) -> Version:
        """Move HEAD's branch to a version, and return it; nothing is lost, and any version can be rolled to again."""
        branch, tip = self._branch(None)
        return self._move_branch(branch, tip, self._resolve(rev), f"rollback to {rev}")

    @_in_turn
    def create_branch(self, name: str, rev: str = "HEAD") -> Version:
        """Make a branch at a version, and return that."""
        return self._create_ref(layout.BRANCH, name, rev)

    @_in_turn
    def delete_branch(self, name: str) -> Version:
        """Delete a branch other than HEAD's, and return where it stood; its versions stay."""
        if name == self.head:
            raise Conflict(f"HEAD is on {name}.", hint="Switch to another branch first.")
        return self._delete_ref(layout.BRANCH, name)

    @_in_turn
    def switch(self, name: str) -> Version:
        """Make a branch HEAD's, and return where it stands."""
        if name not in self._refs.branches:
            raise self._no_ref("branch", name, self._refs.branches)
        if name != self.head:
            move = MoveRecord(ref=layout.HEAD, before=self.head, after=name)
            branch = layout.BRANCH + name
            self._writer.move([move], f"switch to {name}", {branch: self._refs.branches[name]})
        return self.version()

    @_in_turn
    def create_tag(self, name: str, rev: str = "HEAD") -> Version:
        """Give a version a name that stays, and return the version."""
        return self._create_ref(layout.TAG, name, rev)

    @_in_turn
    def delete_tag(self, name: str) -> Version:
        """Delete a tag, and return where it stood."""
        return self._delete_ref(layout.TAG, name)

    # Inside

    def _resolve(self, rev: str) -> str:
        if not self._history.commits:
            raise self._ledger.lost()
        if not isinstance(cast("object", rev), str):
            raise InputError(f"{rev!r} names no version.", hint="Name it as text: 'v3', 'HEAD', a branch, a tag.")
        return revspec.resolve(rev, self._refs, self._history)

    def _version(self, commit: str, names: Mapping[str, tuple[str, ...]] | None = None) -> Version:
        """Return a version; `names` of all commits, where many are made."""
        known = self._refs.names_of(commit) if names is None else names.get(commit, ())
        return Version(self._history.number(commit), self._history.logged(commit), known)

    def _standing(self, kind: str, names: Mapping[str, str]) -> Mapping[str, Version]:
        called = self._refs.names()
        return {
            name: self._version(commit, called)
            for name, commit in sorted(names.items())
            if self._refs.is_certain(kind + name) and commit in self._history
        }

    def _branch(self, name: str | None) -> tuple[str, str]:
        name = self.head if name is None else name
        if name not in self._refs.branches:
            raise self._no_ref("branch", name, self._refs.branches)
        return name, self._refs.commit_at(layout.BRANCH + name)

    def _change(
        self,
        rev: str,
        work_out: Callable[[History, str, str, Collection[str]], Change],
        only: Collection[str],
        message: str,
        verb: str,
    ) -> Version:
        branch, tip = self._branch(None)
        commit = self._resolve(rev)
        change = work_out(self._history, commit, tip, only)
        records = [self._history.record(event) for event in change.adds]
        changes.check_names(self._history, self._history.active(tip), change.drops, records)
        pathways: list[Pathway] = []
        for event in change.adds:
            entry = self._history[event.commit].entry
            pathways.append(self._log.pathways(entry, {event.pathway})[event.pathway])
        text = message or " ".join([verb, f"v{self._history.number(commit)}", *(["only", *only] if only else [])])
        drops = self._history.drop_records(change.drops)
        missing = {", ".join(record.names): record.missing for record in records}
        sources = [self._history.logged(event.commit).commit.source for event in change.adds]
        source = sources[0] if sources and all(source_ == sources[0] for source_ in sources) else None
        return self.write(Plan(branch, (tip,), change.base, text, tuple(pathways), missing, drops, source))

    def write(self, plan: Plan) -> Version:
        """Measure a planned commit, write it, and return the new version; raises as `commit`."""
        author, time = self._writer.stamp()
        record = plan.record(self._history, author, time)
        logged = logged_of(record, self._diagnostics.measure(plan))
        tip = plan.parents[0] if plan.parents else None
        if logged.id in self._history:  # the very same commit stands on another branch
            return self._move_branch(plan.branch, tip, logged.id, f"commit: {plan.message}")

        def build() -> EntryRecord:
            number, previous, versions = self._log.next, self._log.last, self._history.length
            return entry_of(plan, logged, number=number, previous=previous, versions=versions)

        self._writer.append(build, plan.pathways, {layout.BRANCH + plan.branch: tip})
        return self._version(logged.id)

    def _move_branch(self, branch: str, before: str | None, after: str, reason: str) -> Version:
        if before != after:
            self._writer.move([MoveRecord(ref=layout.BRANCH + branch, before=before, after=after)], reason)
        return self._version(after)

    def _create_ref(self, kind: str, name: str, rev: str) -> Version:
        check_name(name)
        names = self._refs.branches if kind == layout.BRANCH else self._refs.tags
        others = self._refs.tags if kind == layout.BRANCH else self._refs.branches
        commit = self._resolve(rev)
        if name in names and names[name] == commit:
            return self._version(commit)
        if name in names or name in others:
            standing = f"v{self._history.number((names | others)[name])}"
            what = "branch" if name in self._refs.branches else "tag"
            raise Conflict(f"There is a {what} {name} already, at {standing}.", hint="Choose another name.")
        other = layout.TAG if kind == layout.BRANCH else layout.BRANCH
        move = MoveRecord(ref=kind + name, before=None, after=commit)
        self._writer.move([move], f"create at {rev}", {other + name: None})
        return self._version(commit)

    def _delete_ref(self, kind: str, name: str) -> Version:
        names = self._refs.branches if kind == layout.BRANCH else self._refs.tags
        if name not in names:
            raise self._no_ref(kind.rstrip("/"), name, names)
        commit = names[name]
        self._writer.move([MoveRecord(ref=kind + name, before=commit, after=None)], "delete", {layout.HEAD: self.head})
        return self._version(commit)

    def _no_ref(self, kind: str, name: str, names: Iterable[str]) -> NotFound:
        standing = _listed(sorted(names))
        verb = "is" if len(set(names)) == 1 else "are"
        return NotFound(f"There is no {kind} {name!r}.", hint=f"There {verb} {standing}." if standing else "")


def _names(only: str | Collection[str]) -> Collection[str]:
    return (only,) if isinstance(only, str) else only


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
