"""Errors on their way to people: a sentence, a hint, and the exit code that a pipeline can act on."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from ..engine.errors import Conflict, EngineError, FormatError, GrnError, InputError, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

DONE = 0
ANSWER_IS_NO = 1
USAGE = 2
NOT_FOUND = 3
CONFLICT = 4
NUMBERS = 5
DAMAGED = 6
OUR_BUG = 70
INTERRUPTED = 130
CLOSED_PIPE = 141

CODES: tuple[tuple[type[GrnError], int], ...] = (
    (InputError, USAGE),
    (NotFound, NOT_FOUND),
    (Conflict, CONFLICT),
    (EngineError, NUMBERS),
    (FormatError, DAMAGED),
)


def run(command: click.Command, arguments: Sequence[str], colour: bool | None) -> int:
    """Run a command, tell what went wrong, and return the exit code."""
    try:
        answer = command.main(list(arguments), prog_name="grn", standalone_mode=False, color=colour)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes stdout once more as it ends, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except Exception as error:
        if _traceback_wanted(arguments):
            raise
        return _explain(error)
    return answer if isinstance(answer, int) else DONE


def _explain(error: Exception) -> int:
    """Tell an error, and return its exit code."""
    match error:
        case GrnError():
            _tell(error.message, error.hint)
            return next((code for kind, code in CODES if isinstance(error, kind)), OUR_BUG)
        case click.UsageError():
            where = error.ctx.command_path if error.ctx else "grn"
            _tell(error.format_message(), f"`{where} --help` lists what it takes.")
            return USAGE
        case click.ClickException():
            _tell(error.format_message(), "")
            return USAGE
        case OSError():
            _tell(f"{error.filename or 'The system'}: {error.strerror or error}.", "")
            return USAGE
        case MemoryError():
            _tell("There is not enough memory for this.", "Ask for fewer genes, or use a larger machine.")
            return NUMBERS
        case _:
            _tell(f"This is a bug in grn: {type(error).__name__}: {error}.", "Run it again with -vv for a traceback.")
            return OUR_BUG


def _traceback_wanted(arguments: Sequence[str]) -> bool:
    return "-vv" in arguments or sum(one in ("-v", "--verbose") for one in arguments) > 1


def _tell(message: str, hint: str) -> None:
    click.echo(click.style("Error: ", fg="red", bold=True) + message, err=True)
    if hint:
        click.echo(click.style("Hint: ", bold=True) + hint, err=True)
