"""The error tree: one class for each thing that a caller would do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class GrnError(Exception):
    """A refusal: a sentence with the offending value, and what to do next.

    Parameters
    ----------
    message : str
        What is wrong, where, and the offending value; then what exists instead.
    hint : str
        What to do next, where that can be said without naming a command or an option; otherwise `cli/hints.py` has it.
    code : str
        A stable name of what is wrong, for programs and for the command line, which words the hint of it. By default
        that of the class (`"input"`, `"not-found"`, …).
    facts : mapping
        The values in the hint of that code.
    """

    code = "error"

    def __init__(self, message: str, *, hint: str = "", code: str = "", facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code or type(self).code
        self.facts = dict(facts or {})


class InputError(GrnError):
    """The input cannot be used as it is: correct the file or the arguments."""

    code = "input"


class NotFound(GrnError):
    """There is nothing of that name."""

    code = "not-found"


class Conflict(GrnError):
    """The store has changed, or has it already: read it again, then decide."""

    code = "conflict"


class FormatError(GrnError):
    """The store is damaged, foreign or newer than this program."""

    code = "format"


class AccessDenied(GrnError, PermissionError):
    """The system does not let this account read a file of a store, or write there; nothing is said of what is in it.

    It is a `PermissionError` too, with the attributes `errno`, `strerror` and `filename`.

    Parameters
    ----------
    message, hint, code, facts
        As in `GrnError`.
    path : str
        The file or folder.
    reason : tuple of (int, str)
        The system's number of the error, and its words.
    """

    code = "access"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str = "",
        facts: Mapping[str, Any] | None = None,
        path: str = "",
        reason: tuple[int, str] = (13, "Permission denied"),
    ) -> None:
        GrnError.__init__(self, message, hint=hint, code=code, facts=facts)
        (self.errno, self.strerror), self.filename = reason, path

    def __str__(self) -> str:
        return self.message


class EngineError(GrnError):
    """The numbers do not allow it."""

    code = "numbers"


class ShapeError(EngineError):
    """Arrays do not fit together; the message names both shapes."""

    code = "shape"


class NotPositiveDefinite(EngineError):
    """A matrix that must be a covariance is not; the message names the eigenvalue.

    Parameters
    ----------
    message, hint, code, facts
        As in `GrnError`.
    eigenvalue : float
        The smallest eigenvalue.
    """

    code = "not-positive-definite"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str = "",
        facts: Mapping[str, Any] | None = None,
        eigenvalue: float = float("nan"),
    ) -> None:
        super().__init__(message, hint=hint, code=code, facts=facts)
        self.eigenvalue = eigenvalue


class NotConverged(EngineError):
    """An iteration ended before its tolerance was met; the message has the state it reached."""

    code = "not-converged"


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Refuse an argument that is not one of its possible values.

    Raises
    ------
    InputError
        The message names the value and what it can be.
    """
    if value not in choices:
        raise InputError(f"There is no {name} {value!r}: it is one of {', '.join(choices)}.")


def check_count(name: str, value: int | None, least: int = 0) -> None:
    """Refuse a number of things that is no whole number, or less than there can be; `None` is none at all.

    Raises
    ------
    InputError
        The message names the value and the least that it can be.
    """
    if value is None:
        return
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise InputError(f"The number of {name} is a whole number from {least} up, not {value!r}.")
