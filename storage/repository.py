"""The repository: the one object that joins history and numbers."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..engine.errors import Conflict, FormatError, InputError, NotFound
from . import anchors, changes, creation, layout, revspec
from .entries import pathway_id, read_pathways
from .history import History
from .log import Log
from .planning import Plan, entry_of, given_pathways, source_of
from .records import MoveRecord, RefsEntry
from .refs import Move, Refs, check_entry, check_name
from .versions import ActivePathway, Version
from .writing import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from ..engine.panel import Panel
    from ..engine.pathway import Pathway
    from ..engine.snapshot import Snapshot
    from .bases import NewBase, StoredBase
    from .changes import Change
    from .entries import Entry
    from .formats.pathways import PathwayFile
    from .measuring import Measuring
    from .reading import Reader


class Repository:
    """A store that is open: its history, and any version of its network.

    Opening reads the log; numbers are read when they are asked for. What a method writes is durable when it returns.
    A writing method raises `Conflict` when somebody else has moved the branch meanwhile, and whenever one raises,
    everything is as it was; only when the very last step fails, that of flushing the log's folder, the entry may stand.

    Parameters
    ----------
    path : str or Path
        The store's folder.
    author : str, optional
        Who writes; the account's name by default.
    time : datetime, optional
        When, for reproducible pipelines; the clock by default.

    Raises
    ------
    NotFound
        There is no store.
    FormatError
        It is damaged, or newer than this program.
    """

    def __init__(self, path: str | Path, *, author: str | None = None, time: datetime | None = None) -> None:
        self.path = Path(path)
        creation.check_format(self.path)
        self._log = Log(self.path / layout.LOG)
        self._history = History()
        self._refs = Refs()
        self._writer = Writer(self._log, self._refs, self.refresh, author, time)
        self.refresh()

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
            said = message or f"base by {base.record.estimator}"
            unfinished = Repository(store, author=author, time=time)
            unfinished.write(Plan(layout.FIRST_BRANCH, (), base_id, said))

        creation.create(Path(path), base, begin)
        return Repository(path, author=author, time=time)

    def __repr__(self) -> str:
        return f"<Repository {self.path}: {len(self._history.commits)} versions, HEAD on {self.head}>"

    def refresh(self) -> None:
        """Take in what has been written to the store since it was last read."""
        for logged in self._log.read_new():
            check_entry(logged.entry, self._history)
            self._refs.replay(logged.entry)
            if not isinstance(logged.entry, RefsEntry) and logged.entry.id not in self._history:
                self._history.take(logged.entry)
        if self._log.entries and self._refs.head not in self._refs.branches:
            raise FormatError(f"{self.path} is damaged: HEAD is on {self._refs.head}, and there is no such branch.")

    @functools.cached_property
    def _reader(self) -> Reader:
        from .reading import Reader  # brings SciPy in, which `grn log` has no need of

        return Reader(self.path, self._log, self._history)

    @functools.cached_property
    def _measuring(self) -> Measuring:
        from .measuring import Measuring  # brings SciPy in, which `grn log` has no need of

        return Measuring(self._reader, self._history)

    # Reading

    @property
    def head(self) -> str:
        """The branch that HEAD is."""
        return self._refs.head

    @property
    def branches(self) -> Mapping[str, Version]:
        """The version at which each branch stands."""
        return {name: self._version(commit) for name, commit in sorted(self._refs.branches.items())}

    @property
    def tags(self) -> Mapping[str, Version]:
        """The version at which each tag stands."""
        return {name: self._version(commit) for name, commit in sorted(self._refs.tags.items())}

    @property
    def moves(self) -> Sequence[Move]:
        """Every move of a ref, oldest first."""
        return tuple(self._refs.moves)

    @property
    def panel(self) -> Panel:
        """The gene panel, the same for all versions."""
        return self._reader.base(self._history.commits[0].commit.base).panel

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

    def versions(self, rev: str | None = "HEAD") -> list[Version]:
        """Return a version and its ancestors, newest first; all versions of the store when `rev` is `None`."""
        if rev is None:
            return [self._version(entry.id) for entry in reversed(self._history.commits)]
        return [self._version(entry.id) for entry in self._history.newest_first(self._resolve(rev))]

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
        found = [
            ActivePathway(self._history.record(adds[0]), f"v{self._history.number(adds[0].commit)}")
            for adds in grouped.values()
        ]
        return sorted(found, key=lambda one: (-one.record.sign, one.record.id))

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
        return self._reader.snapshot(self._reader.recipe(version.id, from_base=from_base), name=version.name)

    def base(self, rev: str = "HEAD") -> StoredBase:
        """Return a version's base, with its provenance and the expression it keeps."""
        return self._reader.base(self.version(rev).base)

    def disk_bytes(self) -> int:
        """Return how many bytes the store takes on disk."""
        return sum(path.stat().st_size for path in self.path.rglob("*") if path.is_file())

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
        plan = self.plan(pathways, message=message, branch=branch, if_absent=if_absent)
        return self.write(plan) if plan.pathways else self.version(plan.branch)

    def plan(
        self,
        pathways: PathwayFile | Pathway | Iterable[Pathway],
        *,
        message: str = "",
        branch: str | None = None,
        if_absent: bool = False,
    ) -> Plan:
        """Return the commit that `commit` would write, checked but not measured; arguments as there."""
        self.refresh()
        branch, tip = self._branch(branch)
        wanted, file = given_pathways(pathways)
        if not wanted:
            raise InputError("There is nothing to commit: no pathway was given.")
        changes.check_genes(wanted, len(self.panel))
        active = self._history.active(tip)
        if if_absent:
            present = {event.pathway for event in active}
            wanted = tuple(one for one in wanted if pathway_id(one) not in present)
        changes.check_names(self._history, active, (), wanted)
        said = message or "add " + _listed([one.label for one in wanted])
        base = self._history[tip].commit.base
        missing = {} if file is None else dict(file.dropped)
        return Plan(branch, (tip,), base, said, wanted, missing, source=None if file is None else source_of(file))

    def preview(self, plan: Plan) -> Snapshot:
        """Return the snapshot that a planned commit would make; nothing is written."""
        return self._measuring.preview(plan, name="planned")

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
        return self._change(rev, changes.reverting, _names(only), message, "revert")

    def cherry_pick(self, rev: str, *, only: str | Collection[str] = (), message: str = "") -> Version:
        """Do what a version did, here, as a new version; arguments as for `revert`."""
        return self._change(rev, changes.picking, _names(only), message, "cherry-pick")

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
        self.refresh()
        branch, ours = self._branch(None)
        theirs = self._resolve(rev)
        if theirs in self._history.ancestors(ours):
            return self._version(ours)
        if fast_forward and ours in self._history.ancestors(theirs):
            return self._move_branch(branch, ours, theirs, f"merge {rev}: fast-forward")
        base = self._history.merged_base(ours, theirs)
        return self.write(Plan(branch, (ours, theirs), base, message or f"merge {rev} into {branch}"))

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
        self.refresh()
        branch, tip = self._branch(None)
        base = self._history[tip].commit.base
        if not force and anchors.needless(len(self.panel), dense=self._reader.base(base).record.form == "dense"):
            return self._version(tip)
        anchors.check_size(len(self.panel))
        return self.write(Plan(branch, (tip,), base, "re-inversion", invert=True))

    # Moving refs

    def rollback(self, rev: str) -> Version:
        """Move HEAD's branch to a version, and return it; nothing is lost, and any version can be rolled to again."""
        self.refresh()
        branch, tip = self._branch(None)
        return self._move_branch(branch, tip, self._resolve(rev), f"rollback to {rev}")

    def create_branch(self, name: str, rev: str = "HEAD") -> Version:
        """Make a branch at a version, and return that."""
        return self._create_ref(layout.BRANCH, name, rev)

    def delete_branch(self, name: str) -> Version:
        """Delete a branch other than HEAD's, and return where it stood; its versions stay."""
        self.refresh()
        if name == self.head:
            raise Conflict(f"HEAD is on {name}.", hint="Switch to another branch first.")
        return self._delete_ref(layout.BRANCH, name)

    def switch(self, name: str) -> Version:
        """Make a branch HEAD's, and return where it stands."""
        self.refresh()
        if name not in self._refs.branches:
            raise self._no_ref("branch", name, self._refs.branches)
        if name != self.head:
            move = MoveRecord(ref=layout.HEAD, before=self.head, after=name)
            branch = layout.BRANCH + name
            self._writer.move([move], f"switch to {name}", {branch: self._refs.branches[name]})
        return self.version()

    def create_tag(self, name: str, rev: str = "HEAD") -> Version:
        """Give a version a name that stays, and return the version."""
        return self._create_ref(layout.TAG, name, rev)

    def delete_tag(self, name: str) -> Version:
        """Delete a tag, and return where it stood."""
        return self._delete_ref(layout.TAG, name)

    # Inside

    def _resolve(self, rev: str) -> str:
        if not self._history.commits:
            raise FormatError(f"{self.path} has an empty log: it was never finished.")
        if not isinstance(cast("object", rev), str):
            raise InputError(f"{rev!r} names no version.", hint="Name it as text: 'v3', 'HEAD', a branch, a tag.")
        return revspec.resolve(rev, self._refs, self._history)

    def _version(self, commit: str) -> Version:
        return Version(self._history.number(commit), self._history[commit], tuple(self._refs.names_of(commit)))

    def _branch(self, name: str | None) -> tuple[str, str]:
        name = self.head if name is None else name
        if name not in self._refs.branches:
            raise self._no_ref("branch", name, self._refs.branches)
        return name, self._refs.branches[name]

    def _change(
        self,
        rev: str,
        work_out: Callable[[History, str, str, Collection[str]], Change],
        only: Collection[str],
        message: str,
        verb: str,
    ) -> Version:
        self.refresh()
        branch, tip = self._branch(None)
        commit = self._resolve(rev)
        change = work_out(self._history, commit, tip, only)
        records = [self._history.record(event) for event in change.adds]
        changes.check_names(self._history, self._history.active(tip), change.drops, records)
        pathways: list[Pathway] = []
        for event in change.adds:
            entry = self._history[event.commit]
            pathways.append(read_pathways(self._log.path(entry.number), entry.commit.adds)[event.pathway])
        said = message or " ".join([verb, f"v{self._history.number(commit)}", *(["only", *only] if only else [])])
        drops = self._history.drop_records(change.drops)
        missing = {", ".join(record.names): record.missing for record in records}
        sources = [self._history[event.commit].commit.source for event in change.adds]
        source = sources[0] if sources and all(one == sources[0] for one in sources) else None
        return self.write(Plan(branch, (tip,), change.base, said, tuple(pathways), missing, drops, source))

    def write(self, plan: Plan) -> Version:
        """Measure a planned commit, write it, and return the new version; raises as `commit`."""
        author, time = self._writer.stamp()
        record = plan.record(self._history, author, time)
        measured = self._measuring.measure(plan)
        entry = entry_of(plan, record, measured, self._log.next, self._log.last)
        tip = plan.parents[0] if plan.parents else None
        if entry.id in self._history:  # the very same commit stands on another branch
            return self._move_branch(plan.branch, tip, entry.id, f"commit: {plan.message}")

        def build() -> Entry:
            return entry_of(plan, record, measured, self._log.next, self._log.last)

        self._writer.append(build, plan.pathways, {layout.BRANCH + plan.branch: tip})
        return self._version(entry.id)

    def _move_branch(self, branch: str, before: str | None, after: str, reason: str) -> Version:
        if before != after:
            self._writer.move([MoveRecord(ref=layout.BRANCH + branch, before=before, after=after)], reason)
        return self._version(after)

    def _create_ref(self, kind: str, name: str, rev: str) -> Version:
        self.refresh()
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
        self.refresh()
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
