"""The one error tree, cut by what the caller would do next."""

from __future__ import annotations


class GrnError(Exception):
    """A refusal: a sentence with the offending value, and a hint of what to do next.

    Parameters
    ----------
    message : str
        What is wrong, where, and the offending value; then what exists instead.
    hint : str
        What to type or try next; may be empty.

    Attributes
    ----------
    code : str
        A stable name for programs (`"input"`, `"not-found"`, …).
    """

    code = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InputError(GrnError):
    """The input cannot be used as it is: mend the file or the arguments."""

    code = "input"


class NotFound(GrnError):
    """Nothing of that name is there: ask for another."""

    code = "not-found"


class Conflict(GrnError):
    """The store has moved or holds it already: read again, then decide."""

    code = "conflict"


class FormatError(GrnError):
    """The store is damaged, foreign or newer than this program."""

    code = "format"


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
    message, hint : str
        As in `GrnError`.
    eigenvalue : float
        The smallest eigenvalue found.
    """

    code = "not-positive-definite"

    def __init__(self, message: str, *, hint: str = "", eigenvalue: float = float("nan")) -> None:
        super().__init__(message, hint=hint)
        self.eigenvalue = eigenvalue


class NotConverged(EngineError):
    """An iteration ended before its tolerance was met; the message says how far it came."""

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
