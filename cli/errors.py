"""Errors on their way to people: a sentence, a hint, and the exit code that a pipeline can act on."""

from __future__ import annotations

import _thread
import contextlib
import errno
import os
import re
import sys
import traceback
from typing import TYPE_CHECKING, Any

import click

from ..engine.errors import Conflict, EngineError, FormatError, GrnError, InputError, NotFound
from ..engine.wording import printable
from .hints import hint_of

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

COMPLETION_VARIABLE = "_GRN_COMPLETE"
"""Set by a shell that completes a command line: `eval "$(_GRN_COMPLETE=bash_source grn)"`."""

EXTRA_STORE = re.compile(r"unexpected extra argument \((\S+\.(?:grn|h5))\)")
"""How click refuses a store that is named after a verb which takes none."""

CODES: tuple[tuple[type[GrnError], int], ...] = (
    (InputError, USAGE),
    (NotFound, NOT_FOUND),
    (Conflict, CONFLICT),
    (EngineError, NUMBERS),
    (FormatError, DAMAGED),
)


HINTS: dict[type[GrnError], str] = {
    Conflict: "`grn log` shows what the store holds now.",
    FormatError: "Nothing was changed; put a good copy in its place.",
}
"""What to do where the error itself does not say; by default, read the help of the verb."""


def run(command: click.Command, arguments: Sequence[str], colour: bool | None) -> int:
    """Run a command, tell what went wrong, and return the exit code."""
    given: dict[str, Any] = {}
    sys.unraisablehook = _interrupt_again
    try:
        answer = _invoke(command, arguments, colour, given)
        _flush()
    except BrokenPipeError:
        _silence()
        return CLOSED_PIPE
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  every error ends here, as a sentence and an exit code
        if isinstance(error.__cause__, KeyboardInterrupt):  # Ctrl-C came while compiled code ran
            click.echo("Interrupted.", err=True)
            return INTERRUPTED
        if given.get("verbose", 0) > 1 and not isinstance(error, click.ClickException):
            traceback.print_exc()
        message, hint, code = _explained(error, given.get("command", "grn"))
        with contextlib.suppress(OSError):  # nobody may be there to be told
            _tell(message, hint, colour)
        return code
    return answer if isinstance(answer, int) else DONE


def _interrupt_again(unraisable: Any) -> None:
    """Interrupt once more where Ctrl-C came while Python was tidying up, which passes over what is raised there."""
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        _thread.interrupt_main()
    else:
        sys.__unraisablehook__(unraisable)


def _invoke(command: click.Command, arguments: Sequence[str], colour: bool | None, given: dict[str, Any]) -> object:
    """Return what a command returns; click's own `main` would make exit codes of its own of errors."""
    if instruction := os.environ.get(COMPLETION_VARIABLE):
        from click.shell_completion import shell_complete

        return shell_complete(command, {}, "grn", COMPLETION_VARIABLE, instruction)
    try:
        with command.make_context("grn", list(arguments), color=colour, obj=given) as context:
            return command.invoke(context)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code


def _flush() -> None:
    """Write out what stands in the buffer of stdout, so that a failure is told and not met after the end."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as failure:
        _silence()
        raise OSError(failure.errno, f"the answer could not be written: {failure.strerror}", "stdout") from None


def _silence() -> None:
    """Send what is left for stdout nowhere: Python flushes it once more as it ends, which would fail again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _explained(error: Exception, command: str) -> tuple[str, str, int]:
    """Return what an error says, what to type next, and its exit code."""
    reading = f"`{command} --help` lists what it takes."
    match error:
        case GrnError():
            kind, code = next((pair for pair in CODES if isinstance(error, pair[0])), (GrnError, OUR_BUG))
            return error.message, hint_of(error) or HINTS.get(kind, reading), code
        case click.ClickException():
            said = error.format_message()
            if store := EXTRA_STORE.search(said):
                reading = f"Name the store before the verb: `grn -s {store[1]} {command.removeprefix('grn ')}`."
            return said, reading, USAGE
        case UnicodeEncodeError():
            near = error.object[max(0, error.start - 20) : error.end + 20]
            return f"The text {near!r} holds bytes that are not UTF-8.", "Type it in UTF-8.", USAGE
        case OSError():
            _silence()
            said = f"{error.filename or 'The system'}: {error.strerror or error}."
            return said, _after(error), USAGE
        case MemoryError():
            return "There is not enough memory for this.", "Ask for fewer genes, or use a larger machine.", NUMBERS
        case _:
            said = f"This is a bug in grn: {type(error).__name__}: {error}."
            return said, "Run it again with -vv for a traceback, and report that.", OUR_BUG


def _after(error: OSError) -> str:
    """Return what to do after the system has refused something."""
    if isinstance(error.strerror, str) and error.strerror.startswith(("it is written", "the answer could not")):
        return "`grn log` shows what has been written."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Nothing in the store was changed. Make room, and run it again."
    return "Nothing in the store was changed."


def _tell(message: str, hint: str, colour: bool | None) -> None:
    for title, text, shade in (("Error: ", message, "red"), ("Hint: ", hint, None)):
        click.echo(click.style(title, fg=shade, bold=True) + printable(text, but="\n"), err=True, color=colour)
