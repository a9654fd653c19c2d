"""What revert, cherry-pick and merge amount to: which pathways come, which go, and which base follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import Conflict, InputError, NotFound, ShapeError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ...engine.network.pathway import Pathway
    from .active import History
    from .commits import Event
    from .records import CommitRecord, PathwayRecord

LONGEST_MESSAGE = 100_000
"""Most characters of the message of a commit."""

LONGEST_PATHWAY_NAME = 1_000
"""Most characters of the name of a pathway."""

LONGEST_GENE_NAME = 1_000
"""Most characters of the name of a gene that is not on the panel: that of any name in a file."""

LONGEST_FILE_NAME = 1_020
"""Most characters of the name of a source: a file's has 255 bytes, and one that is not UTF-8 is written with four."""

LONGEST_REASON = LONGEST_MESSAGE + LONGEST_FILE_NAME
"""Most characters of the reason of an entry: a few words, and a message, a REV or the name of a store."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change to a version, before it is a commit.

    Parameters
    ----------
    adds : tuple of Event
        Adds elsewhere in the history, whose pathways shall be added again here.
    drops : mapping of str to list of Event
        Pathways to drop, with the adds that are active here.
    base : str
        The base that the version shall have.
    """

    adds: tuple[Event, ...]
    drops: Mapping[str, list[Event]]
    base: str


def changed_pathways(history: History, commit: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids of the pathways that a commit added and removed, against its first parent."""
    parents = history[commit].parents
    after = {event.pathway for event in history.active(commit)}
    before = {event.pathway for event in history.active(parents[0])} if parents else set[str]()
    return frozenset(after - before), frozenset(before - after)


def revert_change(history: History, commit: str, head: str, only: Collection[str]) -> Change:
    """Return the change that undoes a commit on top of another; `only` names pathways to undo alone.

    Raises
    ------
    InputError
        The commit is the root, or nothing of what it did is left to undo.
    NotFound
        It has no pathway of a name in `only`.
    """
    added, removed = changed_pathways(history, commit)
    return _change(history, commit, head, add=removed, drop=added, only=only, verb="revert")


def cherry_pick_change(history: History, commit: str, head: str, only: Collection[str]) -> Change:
    """Return the change that does what a commit did on top of another.

    Raises
    ------
    InputError
        The commit is the root, or all it did is done here already.
    NotFound
        It has no pathway of a name in `only`.
    """
    added, removed = changed_pathways(history, commit)
    return _change(history, commit, head, add=added, drop=removed, only=only, verb="cherry-pick")


CHANGES = {"revert": revert_change, "cherry-pick": cherry_pick_change}
"""The change that a commit makes when it is reverted or cherry-picked, by the name of that."""


def check_names(
    history: History,
    events: frozenset[Event],
    dropped: Collection[str],
    new: Sequence[Pathway] | Sequence[PathwayRecord],
) -> None:
    """Refuse pathways whose name is active already.

    Raises
    ------
    Conflict
        A name is active, or stands twice among the new ones.
    """
    taken = {name: event for event in events if event.pathway not in dropped for name in history.record(event).names}
    seen: set[str] = set()
    for pathway in new:
        for name in pathway.names:
            if name in taken:
                version = f"v{history.number(taken[name].commit)}"
                raise Conflict(
                    f"A pathway named {name} is active already, since {version}.",
                    code="name-active",
                    facts={"version": version, "name": name},
                )
            if name in seen:
                raise InputError(f"Two pathways of one commit are named {name}.")
            seen.add(name)


def check_lengths(message: str, pathways: Iterable[Pathway] | Iterable[PathwayRecord] = ()) -> None:
    """Refuse a message, and names of pathways, that are longer than they may be.

    Raises
    ------
    InputError
        One is.
    """
    if len(message) > LONGEST_MESSAGE:
        raise InputError(
            f"A message has {LONGEST_MESSAGE:,} characters at the most, and {message[:20]!r}… has {len(message):,}.",
            hint="Say it in fewer words, and name a file that has the rest.",
        )
    for name in (name for pathway in pathways for name in pathway.names if len(name) > LONGEST_PATHWAY_NAME):
        raise InputError(
            f"The name of a pathway has {LONGEST_PATHWAY_NAME:,} characters at the most, and {name[:20]!r}… has "
            f"{len(name):,}.",
            hint="Give it a shorter name in its file.",
        )


def check_record_lengths(record: CommitRecord) -> None:
    """Refuse a commit in which a text is longer than it may be: its message, a name, or what its file is called.

    Raises
    ------
    InputError
        One is.
    """
    check_lengths(record.message, record.adds)
    for name in (name for added in record.adds for name in added.missing if len(name) > LONGEST_GENE_NAME):
        raise InputError(
            f"The name of a gene has {LONGEST_GENE_NAME:,} characters at the most, and {name[:20]!r}… has "
            f"{len(name):,}.",
            hint="Give it a shorter name in its file.",
        )
    if record.source is not None and len(name := record.source.file) > LONGEST_FILE_NAME:
        raise InputError(
            f"The name of a file has {LONGEST_FILE_NAME:,} characters at the most, and {name[:20]!r}… has "
            f"{len(name):,}."
        )


def check_reason(reason: str) -> str:
    """Return the reason of an entry of the log, if it is no longer than one may be.

    Raises
    ------
    InputError
        It is longer.
    """
    if len(reason) > LONGEST_REASON:
        raise InputError(
            f"A reason has {LONGEST_REASON:,} characters at the most, and {reason[:20]!r}… has {len(reason):,}."
        )
    return reason


def check_genes(pathways: Iterable[Pathway], size: int) -> None:
    """Refuse pathways that reach beyond a panel of `size` genes.

    Raises
    ------
    ShapeError
        One was made for another panel.
    """
    for pathway in pathways:
        last = int(pathway.genes[-1])
        if last >= size:
            raise ShapeError(f"Pathway {pathway.label} has a loading on gene number {last} of a panel of {size} genes.")


def _change(
    history: History,
    commit: str,
    head: str,
    *,
    add: frozenset[str],
    drop: frozenset[str],
    only: Collection[str],
    verb: str,
) -> Change:
    entry = history[commit]
    if not entry.parents:
        raise InputError(
            f"v{history.number(commit)} is the base itself: there is nothing to {verb}.",
            code="base-version",
        )
    origins = _origins(history, commit)
    if only:
        add, drop = _only(history, commit, origins, add, drop, only)
    active = history.pathways(history.active(head))
    adds = tuple(origins[pathway] for pathway in sorted(add - active.keys()))
    drops = {pathway: active[pathway] for pathway in sorted(drop & active.keys())}
    base = _base(history, commit, head, verb)
    if not adds and not drops and base == history[head].base:
        names = ", ".join(sorted(name for id_ in add | drop for name in history.record(origins[id_]).names))
        where = f"v{history.number(head)}"
        state = "active already" if add else "not active"
        raise InputError(
            f"There is nothing to {verb} from v{history.number(commit)}: in {where} this is {state}: {names}.",
            code="nothing-to-change",
            facts={"version": where},
        )
    return Change(adds, drops, base)


def _origins(history: History, commit: str) -> dict[str, Event]:
    """Return, for each pathway on either side of a commit, an add that brought it there."""
    events = set(history.active(commit))
    for parent in history[commit].parents[:1]:
        events |= history.active(parent)
    return {pathway: adds[0] for pathway, adds in history.pathways(frozenset(events)).items()}


def _only(
    history: History,
    commit: str,
    origins: Mapping[str, Event],
    add: frozenset[str],
    drop: frozenset[str],
    only: Collection[str],
) -> tuple[frozenset[str], frozenset[str]]:
    names_of = {pathway: set(history.record(origins[pathway]).names) for pathway in add | drop}
    names = {name for several in names_of.values() for name in several}
    for name in only:
        if name not in names:
            raise NotFound(
                f"v{history.number(commit)} has no pathway {name!r}.",
                hint=f"It has {', '.join(sorted(names)[:8])}." if names else "",
            )
    chosen = {pathway for pathway, several in names_of.items() if several.intersection(only)}
    return frozenset(add & chosen), frozenset(drop & chosen)


def _base(history: History, commit: str, head: str, verb: str) -> str:
    """Return the base after undoing or redoing a commit's change of base, if it made one."""
    entry = history[commit]
    here = history[head].base
    before = history[entry.parents[0]].base
    source, target = (entry.base, before) if verb == "revert" else (before, entry.base)
    if source == target or here == target:
        return here
    if here != source:
        raise Conflict(
            f"v{history.number(commit)} changed the base, and v{history.number(head)} has another base now.",
            code="base-changed",
        )
    return target
