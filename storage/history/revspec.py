"""The one grammar of versions: `HEAD~2`, `v7`, `drug-a`, `paper^`, `3f9c2a`, `@{2026-11-01}`, and ranges `A..B`.

A name is tried in this order: HEAD, vN, branch, tag, content id prefix. Suffixes: `~N` goes N first parents back, `^N`
to the N-th parent.
"""

from __future__ import annotations

import itertools
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from ...engine.errors import FormatError, InputError, NotFound
from ...engine.wording import counted
from ..files import layout
from .refs import LOOKS_LIKE_ID, LOOKS_LIKE_VERSION, Refs

if TYPE_CHECKING:
    from .active import History

LONGEST = 1_000
"""Most characters of a REV."""

SUFFIX = re.compile(r"[~^]\d*$")
DATED = re.compile(r"(?P<branch>[^@]*)@\{(?P<date>[^}]*)\}")


def resolve(text: str, refs: Refs, history: History) -> str:
    """Return the id of the commit that a REV names.

    Raises
    ------
    InputError
        The text is not a REV.
    NotFound
        Nothing has that name, or the commit has no such parent.
    """
    if len(text) > LONGEST:
        raise InputError(f"A version is named in {LONGEST:,} characters at the most; {text[:20]!r}… has {len(text):,}.")
    suffixes: list[str] = []
    while match := SUFFIX.search(text):
        suffixes.append(match.group())
        text = text[: match.start()]
    commit = _resolve_name(text, refs, history)
    for suffix in reversed(suffixes):
        commit = _step(commit, suffix, history)
    return commit


def split_range(text: str) -> tuple[str, str]:
    """Return both sides of `A..B`; an empty side is HEAD.

    Raises
    ------
    InputError
        It is not a range.
    """
    before, dots, after = text.partition("..")
    if not dots or after.startswith(".") or ".." in after:
        raise InputError(f"{text!r} is not a range of versions.", hint="Write two versions as A..B, such as v0..HEAD.")
    return before or "HEAD", after or "HEAD"


def _resolve_name(text: str, refs: Refs, history: History) -> str:
    if text in ("HEAD", "@"):
        return refs.commit_at(layout.HEAD)
    if LOOKS_LIKE_VERSION.fullmatch(text):
        return _numbered(text, refs, history)
    for kind, names in ((layout.BRANCH, refs.branches), (layout.TAG, refs.tags)):
        if text in names:
            return refs.commit_at(kind + text)
    if dated := DATED.fullmatch(text):
        return _at(dated["branch"], dated["date"], refs)
    if LOOKS_LIKE_ID.fullmatch(text) and (commit := _by_id(text, history)):
        return commit
    _check_lost(text, refs)
    import difflib  # where there is no such name alone

    near = ", ".join(difflib.get_close_matches(text, [*refs.branches, *refs.tags], n=3))
    raise NotFound(
        f"There is no version {text!r}.", hint=f"Did you mean {near}?" if near else "", code="no-such-version"
    )


def _check_lost(text: str, refs: Refs) -> None:
    """Refuse to say that nothing has a name when an entry of the log is lost that may have given it."""
    if refs.lost:
        raise FormatError(
            f"There is no version {text!r} in what can be read of the log: entry {refs.lost} is missing or damaged.",
            code="name-uncertain",
        )


def _numbered(text: str, refs: Refs, history: History) -> str:
    number = int(text[1:])
    if number >= history.length:
        _check_lost(text, refs)
        raise NotFound(
            f"There is no version {text}: they run from v0 to v{history.length - 1}.", code="version-too-high"
        )
    commit = history.numbered(number)
    if commit is None:
        raise FormatError(
            f"{text} cannot be read: the entry of the log that brought it is missing or damaged.",
            code="lost-entry",
        )
    return commit.id


def _by_id(prefix: str, history: History) -> str | None:
    """Return the commit whose own id, else whose version's content id, begins so; the oldest of equal content."""
    known = list(history.identities())
    commits = [id_ for _, id_, _ in known if id_.startswith(prefix)]
    contents = {content: id_ for _, id_, content in reversed(known) if content.startswith(prefix)}
    if len(commits) > 1 or (not commits and len(contents) > 1):
        raise InputError(f"{prefix!r} begins more than one id.", hint="Give more of its digits.")
    return next(iter(commits or contents.values()), None)


def _at(branch: str, when: str, refs: Refs) -> str:
    if refs.lost:
        raise FormatError(
            f"The version of a branch at {when} is not certain: entry {refs.lost} of the log is missing or damaged.",
            code="ref-uncertain",
        )
    commit = refs.at(_moment(when), branch or None)
    if commit is None:
        whose = f"branch {branch}" if branch else "the store"
        first = refs.moves[0].time if refs.moves else "a time that is not known"
        raise NotFound(f"There was no version of {whose} yet at {when}: the store begins at {first}.")
    return commit


def _moment(text: str) -> str:
    """Return the last second, in UTC, that a date or time names; a day is meant to its end."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InputError(
            f"{text!r} is not a date.", hint="Write @{2026-11-01} or @{2026-11-01T14:30}; times are UTC."
        ) from None
    if _is_day(text):
        moment += timedelta(days=1, seconds=-1)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _step(commit: str, suffix: str, history: History) -> str:
    count = int(suffix[1:]) if suffix[1:] else 1
    if suffix[0] == "^":
        parents = history[commit].parents
        if count > len(parents):
            several = f"has {counted(len(parents), 'parent')}; there is no parent number {count}"
            has = several if parents else "is the base and has no parent"
            raise NotFound(f"v{history.number(commit)} {has}.", code="no-such-parent")
        return parents[count - 1] if count else commit
    back = min(count, history.length)  # no line is longer
    entry = next(itertools.islice(history.first_parents(commit), back, None), None)
    if entry is None:
        raise NotFound(
            f"v{history.number(commit)} has fewer than {count} ancestors along first parents.",
            code="too-few-ancestors",
        )
    return entry.id
