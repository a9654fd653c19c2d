"""Planned commits, and the log entries they become."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.network.pathway import Pathway
from ...engine.wording import listed
from ...formats.files.plain_files import file_name
from ..files import layout
from .changes import check_lengths, check_names, check_record_lengths
from .entries import commit_id, pathway_id, pathway_record
from .records import (
    CommitRecord,
    DropRecord,
    EntryRecord,
    LoggedCommit,
    MeasuredRecord,
    MoveRecord,
    Parameter,
    SourceRecord,
)
from .refs import COMMITTED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...formats.pathways.pathways import PathwayFile
    from .active import History
    from .changes import Change
    from .log import Log


@dataclass(frozen=True, slots=True)
class Plan:
    """A commit before it is measured and written.

    Parameters
    ----------
    branch : str
        The branch it will move.
    parents : tuple of str
        Commits it comes from; none for the first of a store.
    base : str
        The id of the version's base.
    message : str
        What the author says.
    pathways : tuple of Pathway
        What it adds.
    missing : mapping of str to sequence of str
        By pathway label, genes of the source that are not on the panel and were left out.
    drops : tuple of DropRecord
        What it drops.
    source : SourceRecord, optional
        The file that the pathways were read from.
    invert : bool
        Whether to invert the version in full whether or not that is due.

    Attributes
    ----------
    ids : tuple of str
        The content ids of the pathways.

    Raises
    ------
    InputError
        The message is longer than one may be.
    """

    branch: str
    parents: tuple[str, ...]
    base: str
    message: str
    pathways: tuple[Pathway, ...] = ()
    missing: Mapping[str, Sequence[str]] = field(default_factory=dict[str, "Sequence[str]"])
    drops: tuple[DropRecord, ...] = ()
    source: SourceRecord | None = None
    invert: bool = False
    ids: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        check_lengths(self.message)
        object.__setattr__(self, "ids", tuple(map(pathway_id, self.pathways)))

    def record(self, history: History, author: str, time: str) -> CommitRecord:
        """Return the commit's record; raises `InputError` where a text of it is longer than it may be."""
        record = CommitRecord(
            parents=self.parents,
            base=self.base,
            sets_base=not self.parents or self.base not in {history[parent].base for parent in self.parents},
            adds=tuple(
                pathway_record(pathway, self.missing.get(pathway.label, ()), id_)
                for pathway, id_ in zip(self.pathways, self.ids, strict=True)
            ),
            drops=self.drops,
            author=author,
            time=time,
            message=self.message,
            source=self.source,
        )
        check_record_lengths(record)
        return record


def plan_pathways(
    history: History,
    branch: str,
    tip: str,
    pathways: tuple[Pathway, ...],
    file: PathwayFile | None,
    *,
    message: str,
    if_absent: bool,
) -> Plan:
    """Return the commit that adds pathways, read from a file where there is one, to a branch that stands at `tip`.

    Raises
    ------
    Conflict
        A pathway of that name is active already; with `if_absent`, one of other content.
    InputError
        A name or the message is longer than one may be.
    """
    check_lengths(message, pathways)
    active = history.active(tip)
    if if_absent:
        present = {event.pathway for event in active}
        pathways = tuple(pathway for pathway in pathways if pathway_id(pathway) not in present)
    check_names(history, active, (), pathways)
    text = message or "add " + listed([pathway.label for pathway in pathways])
    missing, source = ({}, None) if file is None else (dict(file.dropped), source_of(file) if file.sha256 else None)
    return Plan(branch, (tip,), history[tip].base, text, pathways, missing, source=source)


def plan_change(history: History, log: Log, branch: str, tip: str, change: Change, message: str) -> Plan:
    """Return the commit that makes a change to a branch that stands at `tip`.

    Raises
    ------
    Conflict
        A pathway of that name is active already.
    """
    records = [history.logged_pathway(event) for event in change.adds]
    check_names(history, history.active(tip), change.drops, records)
    pathways: list[Pathway] = []
    for event in change.adds:
        pathways += log.pathways(history[event.commit].entry, {event.pathway}).values()
    missing = {", ".join(record.names): record.missing for record in records}
    sources = [history.logged(event.commit).commit.source for event in change.adds]
    source = sources[0] if sources and all(other == sources[0] for other in sources) else None
    drops = history.drop_records(change.drops)
    return Plan(branch, (tip,), change.base, message, tuple(pathways), missing, drops, source)


def logged_of(record: CommitRecord, measured: MeasuredRecord) -> LoggedCommit:
    """Return a commit as the log will bring it."""
    return LoggedCommit(id=commit_id(record), commit=record, measured=measured)


def plan_entry(plan: Plan, logged: LoggedCommit, *, number: int, previous: str | None, versions: int) -> EntryRecord:
    """Return the log entry of a commit: it brings the commit, and moves a branch to it."""
    before = plan.parents[0] if plan.parents else None
    return EntryRecord(
        number=number,
        previous=previous,
        versions=versions,
        commits=(logged,),
        moves=(MoveRecord(ref=layout.BRANCH + plan.branch, before=before, after=logged.id),),
        reason=COMMITTED,
        author=logged.commit.author,
        time=logged.commit.time,
    )


def pathways_from(
    pathways: PathwayFile | Pathway | Iterable[Pathway],
) -> tuple[tuple[Pathway, ...], PathwayFile | None]:
    """Return the pathways that a caller means, and the file they were read from.

    Raises
    ------
    InputError
        It is a path, and not what was read from it.
    """
    if isinstance(pathways, str | Path):
        raise InputError(
            f"{pathways!r} is not a pathway.", hint="Read it with grnledger.read_pathways(path, repo.panel)."
        )
    if isinstance(pathways, Pathway):
        return (pathways,), None
    if isinstance(pathways, Iterable):
        return tuple(pathways), None
    return pathways.pathways, pathways


def source_of(file: PathwayFile) -> SourceRecord:
    """Return the record of the file that pathways were read from, and how."""
    parameters: dict[str, Parameter] = {
        "format": file.kind,
        "strength": file.strength,
        "units": file.units,
        "normalize": None if file.normalize == "none" else file.normalize,
        "left_out": ", ".join(file.left_out) or None,
        **file.choices,
    }
    described = {name: value for name, value in parameters.items() if value is not None}
    return SourceRecord(file=file_name(file.path), sha256=file.sha256, parameters=described)
