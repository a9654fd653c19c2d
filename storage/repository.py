"""The repository: the one object that joins history and numbers."""

from __future__ import annotations

import functools
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from ..engine.errors import Conflict, FormatError, InputError
from ..engine.progress import part_of, unheard
from ..engine.tabular import facts_html
from .files import layout, locations
from .history import ref_moves, revspec
from .history.ledger import Ledger
from .history.log import read_only
from .history.refs import check_name
from .history.versions import active_pathways, newest_first, version_of, versions_by_name
from .session import CACHE_LIMIT, WAIT, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from ..engine.network.panel import Panel
    from ..engine.network.pathway import Pathway
    from ..engine.network.snapshot import Snapshot
    from ..engine.progress import Progress
    from ..formats.pathways.pathways import PathwayFile
    from .backup.mirror import BackupReport
    from .files.access import Sharing
    from .history.active import History
    from .history.planning import Plan
    from .history.refs import Move, Refs
    from .history.versions import ActivePathway, Version
    from .history.writing import Writer
    from .networks.artifacts import Artifacts
    from .networks.bases import NewBase, StoredBase
    from .transfer.fetch_push import TransferReport
    from .transfer.pack import PackReport

    Pathways = PathwayFile | Pathway | Iterable[Pathway]

Method = TypeVar("Method", bound="Callable[..., Any]")
Answer = TypeVar("Answer")


def _transaction(method: Method) -> Method:
    """Run a writing method as a transaction."""

    @functools.wraps(method)
    def wrapped(self: Repository, *arguments: Any, **named: Any) -> Any:
        return self.transaction(lambda: method(self, *arguments, **named))

    return cast("Method", wrapped)


class Repository:
    """A store that is open: its history, and any version of its network.

    Opening reads the log; numbers are read when they are needed. What a method writes is durable when it returns. A
    writing method begins with what the store holds then, and begins again when another writer was faster. When it
    raises, everything is as it was; only when the last step fails, that of flushing the log's folder, the entry may
    stand, and the error says so.

    Where an entry of the log is missing or damaged, what does not need it stays readable, and nothing can be written.
    Once it has been put back, the next question reads it.

    A `rev` names a version, in the grammar of `revspec`: it raises `NotFound` where nothing has that name, `InputError`
    where it cannot be one. A `branch` is HEAD's by default. `progress` is called with the share that is done.

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
    cache_limit : int
        Most bytes of numbers, such as diagonals and eigenvalues of versions, that the store's cache may hold.

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
        cache_limit: int = CACHE_LIMIT,
    ) -> None:
        self.path = Path(path)
        self._author, self._time, self._wait, self._on_wait = author, time, wait, on_wait
        self._session = Session(self.path, author, time, wait=wait, on_wait=on_wait, cache_limit=cache_limit)

    @classmethod
    def create(
        cls,
        path: str | Path,
        base: NewBase,
        *,
        message: str = "",
        author: str | None = None,
        time: datetime | None = None,
        shared: Sharing | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Return the repository of a new store, whose version v0 is this base.

        `shared` says who may use it, as in `grnledger.init`. With `progress`, that is called now and then with the
        share of the base that is written.

        Raises
        ------
        Conflict
            Something stands at the path already.
        """
        from .history.planning import Plan  # with numpy, pydantic and HDF5, which reading the log has no need of
        from .transfer import creation

        def begin(store: Path, base_id: str) -> None:
            plan = Plan(layout.FIRST_BRANCH, (), base_id, message or f"base by {base.record.estimator}")
            cls(store, author=author, time=time).write(plan)

        creation.create(Path(path), base, begin, progress or unheard, sharing=shared)
        return cls(path, author=author, time=time)

    def __repr__(self) -> str:
        return f"<Repository {self.path}: {self._history.known} versions, HEAD on {self._refs.head}>"

    def _repr_html_(self) -> str:
        facts = [
            ("genes", len(self.panel)),
            ("versions", len(self)),
            ("HEAD", self._refs.head),
            ("branches", [f"{name} ({version.name})" for name, version in self.branches.items()]),
            ("tags", [f"{name} ({version.name})" for name, version in self.tags.items()] or None),
            ("damaged entries", len(self.damage) or None),
        ]
        return facts_html(repr(self), facts)

    def refresh(self) -> None:
        """Read what has been written to the store since it was last read."""
        self._session.refresh()

    @property
    def _ledger(self) -> Ledger:
        self._session.look_again()
        return self._session.ledger

    @property
    def _writer(self) -> Writer:
        return self._session.writer

    @property
    def _history(self) -> History:
        return self._ledger.history

    @property
    def _refs(self) -> Refs:
        return self._ledger.refs

    @property
    def damage(self) -> Mapping[int, str]:
        """What is wrong with entries of the log that are missing or damaged, by their number."""
        return {number: why.message for number, why in sorted(self._ledger.log.damage.items())}

    def transaction(self, step: Callable[[], Answer]) -> Answer:
        """Run a step that reads and then writes, and run it again when another writer was faster; see `Session`."""
        return self._session.transaction(step)

    @property
    def head(self) -> str:
        """The branch that HEAD is; where an entry of the log is lost that may have moved it, this is refused."""
        self._refs.check(layout.HEAD)
        return self._refs.head

    @property
    def branches(self) -> Mapping[str, Version]:
        """The version at which each branch stands; where the log is damaged, those that are certain and can be read."""
        return versions_by_name(self._ledger, layout.BRANCH, self._refs.branches)

    @property
    def tags(self) -> Mapping[str, Version]:
        """The version at which each tag stands; where the log is damaged, those that are certain and can be read."""
        return versions_by_name(self._ledger, layout.TAG, self._refs.tags)

    @property
    def moves(self) -> Sequence[Move]:
        """Every move of a ref, oldest first."""
        return tuple(self._refs.moves)

    @property
    def panel(self) -> Panel:
        """The gene panel, the same for all versions; where the first base is damaged, it is read from another."""
        return self._session.panel

    def version(self, rev: str = "HEAD") -> Version:
        """Return the version that a REV names."""
        return version_of(self._ledger, self._resolve(rev))

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
        return list(itertools.islice(self.newest_first(rev, without=without), number))

    def newest_first(self, rev: str | None = "HEAD", *, without: str = "") -> Iterator[Version]:
        """Yield what `versions` lists, each as it is asked for; arguments as there."""

        def listing() -> Iterator[Version]:
            commit = None if rev is None else self._resolve(rev)
            return newest_first(self._ledger, commit, self._resolve(without) if without else None)

        if rev is None and not self._history.known:
            raise self._ledger.lost()
        listed = 0
        try:
            for version in listing():
                yield version
                listed += 1
        except FormatError:
            if self.damage:
                raise
            self._session.read_anew(indexed=False)  # the index knows nothing of damage to the entries that it covers
            yield from itertools.islice(listing(), listed, None)

    def line(self, rev: str = "HEAD") -> list[Version]:
        """Return a version, its first parent, that one's first parent and so on, newest first."""
        return [version_of(self._ledger, commit.id) for commit in self._history.first_parents(self._resolve(rev))]

    def split_range(self, text: str) -> tuple[Version, Version]:
        """Return both versions of a range `A..B`; an empty side is HEAD."""
        before, after = revspec.split_range(text)
        return self.version(before), self.version(after)

    def active(self, rev: str = "HEAD") -> list[ActivePathway]:
        """Return the pathways that are active in a version, in the order of the snapshot's columns."""
        return active_pathways(self._history, self._resolve(rev))

    def snapshot(self, rev: str = "HEAD", *, from_base: bool = False, penalty: float = 0.0) -> Snapshot:
        """Return a version's numbers: Σ and Θ as operators, and the questions to them.

        With `from_base` it is read from its base, with all pathways as columns, and not from a later anchor. With a
        `penalty` τ they are those of Σ + τV, where V has the variances of the base on its diagonal.
        """
        return self._session.snapshot(self.version(rev), from_base=from_base, penalty=penalty)

    def pathways(self, rev: str = "HEAD") -> tuple[Pathway, ...]:
        """Return the loadings of the pathways that are active in a version, in the order of `active`."""
        reader = self._session.reader
        return reader.pathways(reader.recipe(self._resolve(rev)))

    def base_snapshot(self, rev: str = "HEAD") -> Snapshot:
        """Return the numbers of a version's base alone, without any pathway."""
        return self._session.reader.base_snapshot(self.version(rev).base)

    def base(self, rev: str = "HEAD") -> StoredBase:
        """Return a version's base, with its provenance and the expression it keeps."""
        return self._session.reader.base(self.version(rev).base)

    @property
    def artifacts(self) -> Artifacts:
        """The analyses that the store keeps."""
        from .networks.artifacts import Artifacts

        return Artifacts(self._ledger.locations, self._writer.stamp)

    def disk_bytes(self) -> int:
        """Return how many bytes the store takes on disk."""
        return locations.disk_bytes(self.path)

    def __len__(self) -> int:
        """How many versions there are."""
        return self._history.length

    def identities(self) -> list[tuple[str, str, str]]:
        """Return name, id and content id of each version that can be read, in the order of the log."""
        return [(f"v{number}", id_, content) for number, id_, content in self._history.identities()]

    def commit(
        self, pathways: Pathways, *, message: str = "", branch: str | None = None, if_absent: bool = False
    ) -> Version:
        """Add pathways to a branch, and return the new version.

        Parameters
        ----------
        pathways : PathwayFile, Pathway or iterable of Pathway
            What to add; of a file that was read with `read_pathways`, the commit records where it came from.
        message : str
            What it is; the pathways' names by default.
        branch : str, optional
            Which branch.
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
        from .history.planning import pathways_from

        wanted, file = pathways_from(pathways)  # an iterator serves for one try alone

        def step() -> Version:
            plan = self.plan(file or wanted, message=message, branch=branch, if_absent=if_absent)
            return self.write(plan) if plan.pathways else self.version(plan.branch)

        return self.transaction(step)

    def plan(
        self, pathways: Pathways, *, message: str = "", branch: str | None = None, if_absent: bool = False
    ) -> Plan:
        """Return the commit that `commit` would write, checked but not measured; arguments as there."""
        from .history.changes import check_genes
        from .history.planning import pathways_from, plan_pathways

        if not self._session.in_transaction:
            self.refresh()
        branch, tip = ref_moves.branch_tip(self._refs, branch)
        wanted, file = pathways_from(pathways)
        if not wanted:
            raise InputError("There is nothing to commit: no pathway was given.")
        check_genes(wanted, len(self.panel))
        return plan_pathways(self._history, branch, tip, wanted, file, message=message, if_absent=if_absent)

    def preview(self, plan: Plan, *, penalty: float = 0.0) -> Snapshot:
        """Return the snapshot of a planned commit, with a penalty as for `snapshot`; nothing is written."""
        return self._session.diagnostics.preview(plan, name="planned", penalty=penalty)

    @_transaction
    def set_base(
        self, base: NewBase, *, message: str = "", branch: str | None = None, progress: Progress | None = None
    ) -> Version:
        """Give a branch a new base, on the same panel, and return the new version: its active pathways stay.

        Parameters
        ----------
        base : NewBase
            The base, with the genes of the panel in their order; `grnledger.set_base` makes one.
        message : str
            What it is; its estimator, number of samples and file by default.
        branch : str, optional
            Which branch.
        progress : callable, optional
            Called now and then with the share of the base that is written.

        Raises
        ------
        InputError
            The branch has this base already.
        Conflict
            The base has another panel, or the branch moved meanwhile.
        NotPositiveDefinite
            The active subtractions take more than the base has.
        """
        from .history.planning import Plan
        from .networks.bases import describe_base, held_base
        from .transfer import creation

        branch, tip = ref_moves.branch_tip(self._refs, branch)
        if base.panel.genes != self.panel.genes:
            raise Conflict("The new base has other genes than the panel of the store, or another order.")
        sealed = creation.seal_base(base, part_of(progress, 0, 0.4))
        if sealed.id == self._history[tip].base:
            name = f"v{self._history.number(tip)}"
            raise InputError(f"{name} has this base already.", code="same-base", facts={"version": name})
        plan = Plan(branch, (tip,), sealed.id, message or f"base: {describe_base(base.record)}")
        with self._session.reader.holding(held_base(base, sealed.id)):
            self.preview(plan)  # a version that cannot be leaves no base behind
        creation.put_base(self.path, sealed, part_of(progress, 0.4, 1))
        return self.write(plan)

    @_transaction
    def revert(self, rev: str, *, only: str | Collection[str] = (), message: str = "") -> Version:
        """Undo what a version did, as a new version; of a merge, what it did to its first parent.

        `only` has the names of pathways to undo alone; the message is `revert vN` by default.
        """
        return self._change("revert", rev, only, message)

    @_transaction
    def cherry_pick(self, rev: str, *, only: str | Collection[str] = (), message: str = "") -> Version:
        """Do what a version did, here, as a new version; arguments as for `revert`."""
        return self._change("cherry-pick", rev, only, message)

    @_transaction
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
        from .history.planning import Plan

        branch, ours = ref_moves.branch_tip(self._refs, None)
        theirs = self._resolve(rev)
        if theirs in self._history.ancestors(ours):
            return version_of(self._ledger, ours)
        if fast_forward and ours in self._history.ancestors(theirs):
            reason = f"merge {rev}: fast-forward"
            return version_of(self._ledger, ref_moves.move_branch(self._writer, branch, ours, theirs, reason))
        if len(last := self._history.last_bases(ours, theirs)) > 1:
            raise self._two_bases(last, ours)
        (base,) = last
        return self.write(Plan(branch, (ours, theirs), base, message or f"merge {rev} into {branch}"))

    def _two_bases(self, last: Mapping[str, str], ours: str) -> Conflict:
        """Return the refusal of a merge of two bases, which says what each of them is."""
        from .networks.bases import describe_base

        here = self._history.ancestors(ours)
        setters = sorted(last.values(), key=lambda commit: (commit not in here, self._history.number(commit)))
        names = [f"v{self._history.number(commit)}" for commit in setters]
        bases = [describe_base(self._session.reader.base(self._history[commit].base).record) for commit in setters]
        described = "; ".join(f"{name} has {base}" for name, base in zip(names, bases, strict=True))
        return Conflict(
            f"Both sides changed the base, in {' and '.join(names)}, to different ones: {described}.",
            code="two-bases",
            facts={"ours": names[0], "theirs": names[-1]},
        )

    @_transaction
    def reinvert(self, *, force: bool = False, progress: Progress | None = None) -> Version:
        """Invert HEAD's version in full, and return a new version of the same content that is read from that anchor.

        A factor base of more than 5,000 genes has no need of it, since its versions are read from its own diagonal each
        time and nothing accumulates: HEAD's version is returned as it is, unless with `force`.

        Raises
        ------
        InputError
            The panel is too large for it.
        """
        from .history.planning import Plan
        from .networks import anchors

        branch, tip = ref_moves.branch_tip(self._refs, None)
        base = self._history[tip].base
        if not force and anchors.inversion_unneeded(
            len(self.panel), dense=self._session.reader.base(base).record.form == "dense"
        ):
            return version_of(self._ledger, tip)
        anchors.check_size(len(self.panel))
        return self.write(Plan(branch, (tip,), base, "re-inversion", invert=True), progress)

    def pack(self, progress: Progress | None = None) -> PackReport:
        """Fold the log's entries into few files, and return what was done; readers and writers may go on meanwhile.

        Raises
        ------
        Conflict
            It is an exported store.
        FormatError
            An entry is missing or damaged.
        """
        from .transfer.pack import pack

        store = self._ledger.locations
        if not isinstance(store, locations.DirectoryStore):
            raise read_only(store)
        self.refresh()
        report = pack(store, self._ledger.log, progress)
        self._ledger.note_packs()
        return report

    def backup(self, path: str | Path, *, quick: bool = False, progress: Progress | None = None) -> BackupReport:
        """Bring a backup of the store up to date, or make one, and return what it holds; see `storage.backup.mirror`.

        Raises
        ------
        Conflict
            Something else stands at the path, or the two went different ways.
        """
        from .backup.mirror import back_up

        self.refresh()
        return back_up(
            self._ledger,
            Path(path),
            self._writer.stamp()[1],
            quick=quick,
            wait=self._wait,
            on_wait=self._on_wait,
            progress=progress or unheard,
        )

    def export(self, path: str | Path, rev: str | None = None, progress: Progress | None = None) -> None:
        """Write the store to one new, self-contained file, which `open` reads in place.

        With a `rev`, that version alone is written, with the versions it descends from.

        Raises
        ------
        Conflict
            Something stands at the path.
        FormatError
            What shall be exported is damaged.
        """
        from .transfer.export import export_store, export_version

        self.refresh()
        if rev is None:
            export_store(self._ledger, Path(path), progress)
        else:
            export_version(self._ledger, self._resolve(rev), Path(path), *self._writer.stamp())

    @_transaction
    def fetch(self, source: str | Path, name: str | None = None, progress: Progress | None = None) -> TransferReport:
        """Bring in what another store of the same panel has, and its branches and tags under a name.

        Parameters
        ----------
        source : str or Path
            The other store, or a file that one was exported to.
        name : str, optional
            `lab` makes its `main` the branch `lab/main` here; by default, the name of the folder or file.

        Raises
        ------
        Conflict
            It has another panel, or `lab/main` was made here by hand.
        FormatError
            What arrives is damaged, or not what its ids say.
        """
        from .transfer import fetch_push

        under = fetch_push.name_of(Path(source)) if name is None else name
        return fetch_push.fetch(self._ledger, self._writer, Ledger(Path(source)), under, progress)

    def push(self, target: str | Path, branch: str | None = None, progress: Progress | None = None) -> TransferReport:
        """Bring a branch to another store of the same panel, whose branch of that name it must descend from.

        Raises
        ------
        Conflict
            The other branch has versions that this one has not, or the panel is another.
        """
        self.refresh()
        name, _ = ref_moves.branch_tip(self._refs, branch)
        other = Repository(target, author=self._author, time=self._time, wait=self._wait)
        return other.receive(self._ledger, name, progress)

    @_transaction
    def receive(self, source: Ledger, branch: str, progress: Progress | None = None) -> TransferReport:
        """Receive a branch that another store pushes; see `push`."""
        from .transfer import fetch_push

        return fetch_push.push(source, self._ledger, self._writer, branch, progress)

    @_transaction
    def rollback(self, rev: str) -> Version:
        """Move HEAD's branch to a version, and return it; nothing is lost, and any version can be rolled to again."""
        branch, tip = ref_moves.branch_tip(self._refs, None)
        commit = ref_moves.move_branch(self._writer, branch, tip, self._resolve(rev), f"rollback to {rev}")
        return version_of(self._ledger, commit)

    @_transaction
    def create_branch(self, name: str, rev: str = "HEAD") -> Version:
        """Make a branch at a version, and return that."""
        return self._create_ref(layout.BRANCH, name, rev)

    @_transaction
    def delete_branch(self, name: str) -> Version:
        """Delete a branch other than HEAD's, and return where it stood; its versions stay."""
        return version_of(self._ledger, ref_moves.delete(self._writer, layout.BRANCH, name))

    @_transaction
    def switch(self, name: str) -> Version:
        """Make a branch HEAD's, and return where it stands."""
        ref_moves.switch(self._writer, name)
        return self.version()

    @_transaction
    def create_tag(self, name: str, rev: str = "HEAD") -> Version:
        """Give a version a name that stays, and return the version."""
        return self._create_ref(layout.TAG, name, rev)

    @_transaction
    def delete_tag(self, name: str) -> Version:
        """Delete a tag, and return where it stood."""
        return version_of(self._ledger, ref_moves.delete(self._writer, layout.TAG, name))

    def _create_ref(self, kind: str, name: str, rev: str) -> Version:
        check_name(name)
        commit = ref_moves.create(self._writer, kind, name, self._resolve(rev), f"create at {rev}")
        return version_of(self._ledger, commit)

    def _resolve(self, rev: str) -> str:
        if not self._history.known:
            raise self._ledger.lost()
        if not isinstance(cast("object", rev), str):
            raise InputError(
                f"{rev!r} is not the name of a version.", hint="Name it as text: 'v3', 'HEAD', a branch, a tag."
            )
        return revspec.resolve(rev, self._refs, self._history)

    def _change(self, verb: str, rev: str, only: str | Collection[str], message: str) -> Version:
        from .history.changes import CHANGES, LONGEST_MESSAGE
        from .history.planning import plan_change

        branch, tip = ref_moves.branch_tip(self._refs, None)
        commit, names = self._resolve(rev), (only,) if isinstance(only, str) else only
        change = CHANGES[verb](self._history, commit, tip, names)
        whole = " ".join([verb, f"v{self._history.number(commit)}", *(["only", *names] if names else [])])
        text = message or (whole if len(whole) <= LONGEST_MESSAGE else f"{verb} of {len(names):,} pathways")
        return self.write(plan_change(self._history, self._ledger.log, branch, tip, change, text))

    def write(self, plan: Plan, progress: Progress | None = None) -> Version:
        """Measure a planned commit, write it, and return the new version; raises as `commit`.

        With `progress`, that is called now and then with the share of a full inversion, if one is due.
        """
        return version_of(self._ledger, self._session.write(plan, progress))
