"""Completion of a command line, for the scripts of `shells`. A shell must not wait for it, nor see an error of it."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import os
import sys
from typing import TYPE_CHECKING, Any

from click.shell_completion import ShellComplete

from .. import options
from ..nouns import NAMES
from . import shells

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

    from ...storage.names import StoreNames

LONGEST = 3
"""Seconds after which a completion is given up, whatever holds it up."""


def complete(command: click.Command, instruction: str) -> int:
    """Print the completions of the line in the environment, if there are any, and return the exit code.

    Parameters
    ----------
    command : click.Command
        The root.
    instruction : str
        `bash_complete`, `zsh_complete` or `fish_complete`; or `bash_source` and so on, which prints the script.
    """
    shell, _, wanted = instruction.partition("_")
    if wanted == "source" and shell in shells.SCRIPTS:
        sys.stdout.write(shells.SCRIPTS[shell])
    elif wanted == "complete" and shell in shells.SCRIPTS:
        sys.stdout.write("\n".join(_lines(command, shell)) + "\n")
    return 0


def _lines(command: click.Command, shell: str) -> list[str]:
    """Return the lines for a script; whatever goes wrong, there is nothing to complete."""
    with (
        open(os.devnull, "w", encoding="utf-8") as nowhere,  # noqa: PTH123  devnull is no path on Windows
        contextlib.redirect_stderr(io.StringIO()),
    ):
        faulthandler.dump_traceback_later(LONGEST, exit=True, file=nowhere)  # ends compiled code that hangs, too
        try:
            return _completed(command, shell)
        except (Exception, KeyboardInterrupt):  # noqa: BLE001  the shell is at its prompt
            return []
        finally:
            faulthandler.cancel_dump_traceback_later()


def _completed(command: click.Command, shell: str) -> list[str]:
    breaks = os.environ.get(shells.BREAKS_VARIABLE, "") if shell == "bash" else ""
    line = shells.parse(os.environ[shells.LINE_VARIABLE], shell, breaks)
    invocation: dict[str, Any] = {}
    invocation[NAMES] = lambda: _names(invocation)
    click_completion = ShellComplete(command, {"obj": invocation}, "grn", options.COMPLETION_VARIABLE)
    items = click_completion.get_completions(list(line.words[1:]), line.word)
    plain = [item for item in items if item.type == "plain"]
    if items and not plain:
        return [items[0].type]
    option = _option_before(line.word, plain)
    return shells.reply(shell, line, [(option + item.value, item.help or "") for item in plain])


def _option_before(word: str, items: list[CompletionItem]) -> str:
    """Return `--at=` of a word `--at=v`, where completions are of what follows."""
    name, equals, _ = word.partition("=")
    is_value = name.startswith("-") and equals and not all(item.value.startswith(word) for item in items)
    return name + equals if is_value else ""


def _names(invocation: dict[str, Any]) -> StoreNames:
    """Return the names of the store that the line names, or would use."""
    from ...storage.names import StoreNames

    return StoreNames(options.find_store(invocation.get("store")))
