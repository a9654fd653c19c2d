"""Errors on their way to people: a sentence, a hint, and the exit code that a pipeline can act on."""

from __future__ import annotations

import _thread
import contextlib
import errno
import os
import re
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from ..engine.errors import AccessDenied, Conflict, EngineError, FormatError, GrnError, InputError, NotFound
from ..engine.wording import printable
from ..storage.files import claims
from . import INTERRUPTED, end, tell_without_memory
from .hints import hint_of
from .options import COMPLETION_VARIABLE
from .output import LOST

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

DONE = 0
ANSWER_IS_NO = 1
USAGE = 2
NOT_FOUND = 3
CONFLICT = 4
NUMBERS = 5
DAMAGED = 6
OUR_BUG = 70
DENIED = 77
CLOSED_PIPE = 141

OUT_OF_MEMORY = "There is not enough memory for this."
SMALLER = "Ask for fewer genes, or use a larger machine."

NO_MEMORY = re.compile("failed to map segment|cannot allocate memory", re.IGNORECASE)
"""How the system says that it had no memory for a library that was to be loaded."""

LEAST_ROOM = 4 << 20
"""Bytes: where this process may not have so many more, whatever fails fails for want of memory."""

HOOK_SECONDS = 0.01
"""How long an interrupt waits until Python's hook, in which it was passed over, has returned."""

WRITTEN = ("it is written", LOST)
"""How the reason of an error begins that was met after all had been done."""

BY_STEPS = ("grn backup", "grn verify")
"""Commands that work in steps, each of which stays where a later one fails."""

KEEPS_STEPS = "What has been put in its place before that is whole, and stays."

EXTRA_STORE = re.compile(r"unexpected extra argument \((\S+\.(?:grn|h5))\)")
"""How click refuses a store that is named after a verb which takes none."""

EXTRA_VERSION = re.compile(r"unexpected extra argument \((v\d+|HEAD[\^~\d]*)\)")
"""How click refuses a version that is named as an argument."""

KINDS: tuple[tuple[type[GrnError], int, str], ...] = (
    (InputError, USAGE, ""),
    (NotFound, NOT_FOUND, ""),
    (Conflict, CONFLICT, "`grn log` shows what the store contains now."),
    (EngineError, NUMBERS, ""),
    (AccessDenied, DENIED, ""),
    (FormatError, DAMAGED, "Nothing was changed; `grn verify --repair --from OTHER` puts a good copy in its place."),
    (GrnError, OUR_BUG, ""),
)
"""Of each kind of error, the exit code, and the hint where the error has none; else to read the verb's help."""


def run(command: click.Command, arguments: Sequence[str], colour: bool | None) -> int:
    """Run a command, print what went wrong, and return the exit code."""
    invocation: dict[str, Any] = {}
    sys.unraisablehook = _interrupt_again
    try:
        with _interruptible():
            code = _invoke(command, arguments, colour, invocation)
            sys.stdout.flush()  # so that a failure is told here, and not met at the end of the process
    except BrokenPipeError:
        _silence()
        return CLOSED_PIPE
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  every error ends here, as a sentence and an exit code
        try:
            return _tell(error, invocation, colour)
        except (MemoryError, SystemError):  # Python may lose an error for which there is no memory
            return tell_without_memory()
    return code if isinstance(code, int) else DONE


def _tell(error: Exception, invocation: dict[str, Any], colour: bool | None) -> int:
    """Print what went wrong, and return the exit code."""
    if _comes_of(error, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    if invocation.get("verbose", 0) > 1 and not isinstance(error, click.ClickException):
        import traceback

        traceback.print_exc()
    message, hint, exit_code = explain(error, invocation.get("command", "grn"))
    with contextlib.suppress(OSError):  # stderr may be closed
        _print_error(message, hint, invocation.get("colour", colour))
    return exit_code


@contextlib.contextmanager
def _interruptible() -> Generator[None]:
    """Let Ctrl-C raise an exception for as long as this lasts, if `__main__` has it end the process."""
    ends = signal.getsignal(signal.SIGINT) is end
    if ends:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if ends:
            signal.signal(signal.SIGINT, end)


def _comes_of(error: BaseException | None, kind: type[BaseException]) -> bool:
    """Return whether another error is behind one: what was compiled, or was being loaded, may raise one of its own."""
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error is not None


def _interrupt_again(unraisable: Any) -> None:
    """Interrupt once more where Ctrl-C came while Python was tidying up, which passes over what is raised there.

    Within this very hook it would do so again.
    """
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        _thread.start_new_thread(_interrupt_soon, ())
    else:
        sys.__unraisablehook__(unraisable)


def _interrupt_soon() -> None:
    time.sleep(HOOK_SECONDS)
    _thread.interrupt_main()


def _invoke(
    command: click.Command, arguments: Sequence[str], colour: bool | None, invocation: dict[str, Any]
) -> object:
    """Return what a command returns; click's own `main` would turn errors into exit codes of its own."""
    if instruction := os.environ.get(COMPLETION_VARIABLE):
        from .completion.complete import complete

        return complete(command, instruction)
    try:
        with command.make_context("grn", list(arguments), color=colour, obj=invocation) as context:
            return command.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code


def _silence() -> None:
    """Send what is left for stdout nowhere: Python flushes it once more as it ends, which would fail again."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def explain(error: Exception, command: str) -> tuple[str, str, int]:
    """Return the sentence of an error, what to type next, and its exit code."""
    usage = f"`{command} --help` lists its arguments and options."
    match error:
        case GrnError():
            code, hint = next((code, hint) for kind, code, hint in KINDS if isinstance(error, kind))
            return error.message, hint_of(error) or hint or usage, code
        case click.ClickException():
            message = error.format_message()
            if store := EXTRA_STORE.search(message):
                usage = f"Name the store before the command: `grn -s {store[1]} {command.removeprefix('grn ')}`."
            elif (version := EXTRA_VERSION.search(message)) and _has_option(error, "--at"):
                usage = f"Name the version with an option: `{command} --at {version[1]}`."
            return message, usage, USAGE
        case UnicodeEncodeError():
            near = error.object[max(0, error.start - 20) : error.end + 20]
            return f"The text {near!r} contains bytes that are not UTF-8.", "Type it in UTF-8.", USAGE
        case OSError(errno=errno.ENOMEM, strerror=str(reason)) if not reason.startswith(WRITTEN):
            return OUT_OF_MEMORY, SMALLER, NUMBERS
        case OSError():
            _silence()
            message = f"{error.filename or 'The system'}: {error.strerror or error}."
            return message, _after(error, command), USAGE
        case MemoryError():
            return str(error) or OUT_OF_MEMORY, SMALLER, NUMBERS
        case _ if _comes_of(error, MemoryError) or NO_MEMORY.search(str(error)) or not claims.has_room(LEAST_ROOM):
            return OUT_OF_MEMORY, SMALLER, NUMBERS
        case _:
            message = f"This is a bug in grn: {type(error).__name__}: {error}."
            return message, "Run it again with -vv for a traceback, and report that.", OUR_BUG


def _has_option(error: click.ClickException, option: str) -> bool:
    """Return whether the command whose arguments click has refused has an option."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    return context is not None and any(option in parameter.opts for parameter in context.command.params)


def _after(error: OSError, command: str) -> str:
    """Return what to do after the system has refused something."""
    if isinstance(error.strerror, str) and error.strerror.startswith(WRITTEN):
        read_back = f"`grn -s {error.filename} verify` reads all of it."
        return read_back if "read back" in error.strerror else "`grn log` shows what has been written."
    stands = KEEPS_STEPS if command in BY_STEPS else "Nothing in the store was changed."
    again = " Free some space, and run it again." if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return stands + again


def _print_error(message: str, hint: str, colour: bool | None) -> None:
    for title, text, shade in (("Error: ", message, "red"), ("Hint: ", hint, None)):
        click.echo(click.style(title, fg=shade, bold=True) + printable(text, but="\n"), err=True, color=colour)
