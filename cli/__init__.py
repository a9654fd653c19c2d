"""The command line: for people, pipelines and cron."""

from __future__ import annotations

import os
import signal

INTERRUPTED = 130
"""The exit code of what Ctrl-C has ended."""


MEMORY = 5
"""The exit code of what ends for want of memory."""


def tell_without_memory() -> int:
    """Say that there is not enough memory, where there may be too little to say anything else, and return `MEMORY`."""
    os.write(2, b"Error: There is not enough memory for this.\nHint: Ask for fewer genes, or use a larger machine.\n")
    return MEMORY


def heed_interrupts() -> None:
    """Let Ctrl-C end this process with a word and 130 while it is being loaded, unless a shell has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, end)


def end(_number: int, _frame: object) -> None:
    """End at once, as a handler of Ctrl-C: nothing has been opened yet, or all is done. An exception would be shown."""
    os.write(2, b"Interrupted.\n")
    os._exit(INTERRUPTED)
