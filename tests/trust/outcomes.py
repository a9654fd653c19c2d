"""How a verb may end on a failing disk: it says so, and the old state stands; or what failed costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from aftermath import KINDS, Finding, sentence_of
from grnledger.engine.errors import FormatError, GrnError
from grnledger.storage.files import durable, layout

if TYPE_CHECKING:
    from collections.abc import Iterable

BAD = ("silent", "untold", "unclear", *KINDS)
"""What can be bad besides: done, it says, though a call failed that matters; failed, it says, and the new state stands;
something other than a sentence."""

OUR_BUG = 70
UNCONFIRMED = "it is written, but"
"""How `Unconfirmed` says that the new state may stand."""

NOT_MENDED = "The repair failed: "
"""How `grn verify --repair`, which lists findings and ends with 1, says that the disk did not let it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a verb ended.

    Parameters
    ----------
    done : bool
        Whether it said that it is done.
    unconfirmed : bool
        Whether it said that the new state may stand.
    message : str
        Its words.
    unclear : bool
        Whether those were no clear error.
    """

    done: bool
    unconfirmed: bool = False
    message: str = ""
    unclear: bool = False

    @property
    def end(self) -> str:
        """`done`, `unconfirmed` or `told`."""
        return "done" if self.done else "unconfirmed" if self.unconfirmed else "told"


def of_failure(failure: Exception) -> Outcome:
    """Return the outcome of a call that raised."""
    clear = isinstance(failure, (OSError, GrnError)) and not isinstance(failure, FormatError)
    return Outcome(False, isinstance(failure, durable.Unconfirmed), sentence_of(failure), not clear)


def of_command(code: int, message: str) -> Outcome:
    """Return the outcome of a command, by its exit code and what it said on stderr."""
    clear = code == 0 or NOT_MENDED in message or "\nError: " in f"\n{message}"
    unclear = code not in (0, 1, 2, 3, 4, 5) or "Traceback" in message or not clear
    return Outcome(code == 0, UNCONFIRMED in message, f"exit code {code}: {message.strip()}", unclear)


def is_harmless(name: str, path: str) -> bool:
    """Return whether the failing of a call may go untold: what it would do is derived, a courtesy or a tidying up."""
    parts = PurePath(path).parts
    return name.startswith(("unlink", "rmdir")) or layout.CACHE in parts or layout.LOCK in path.rpartition("/")[2]


def is_flushed(folder: str, made: Iterable[tuple[str, str]]) -> bool:
    """Return whether a folder was flushed after the last name was given in it: flushing it again may fail untold.

    Parameters
    ----------
    folder : str
        Its path.
    made : iterable of (str, str)
        The calls made before, by name and by the path that they named or flushed.
    """
    flushed = True
    for name, path in made:
        if name.startswith(("link", "rename", "mkdir")) and str(PurePath(path).parent) == str(PurePath(folder)):
            flushed = False
        elif name == "fsync" and path == folder:
            flushed = True
    return flushed


def finding_of(outcome: Outcome, finding: Finding, *, harmless: bool, changes: bool, steps: bool) -> Finding:
    """Return whether a verb ended as it may.

    Parameters
    ----------
    outcome : Outcome
        How it ended.
    finding : Finding
        Which state stands.
    harmless : bool
        Whether all that failed may go untold.
    changes : bool
        Whether the verb changes what the store says.
    steps : bool
        Whether it does so in steps, each of which stays: all of them may be done when it fails, and a command says so.
    """
    if finding.stands in KINDS:
        return Finding(finding.stands, f"{outcome.message}; {finding.detail}")
    if outcome.unclear:
        return Finding("unclear", outcome.message)
    if outcome.done and (not harmless or (changes and finding.stands == "old")):
        return Finding("silent", f"it said that it is done, and the {finding.stands} state stands")
    if not outcome.done and changes and finding.stands == "new" and not (outcome.unconfirmed or steps):
        return Finding("untold", f"the new state stands, but: {outcome.message}")
    return finding
