"""The command line: for people, pipelines and cron."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

INTERRUPTED = 130
"""The exit code of what Ctrl-C has ended."""


MEMORY = 5
"""The exit code of what ends for want of memory."""


def tell_without_memory() -> int:
    """Say that there is not enough memory, where there may be too little to say anything else, and return `MEMORY`."""
    os.write(2, b"Error: There is not enough memory for this.\nHint: Ask for fewer genes, or use a larger machine.\n")
    return MEMORY


def end(_number: int, _frame: FrameType | None) -> None:
    """End at once, as a handler of Ctrl-C: nothing has been opened yet, or all is done. An exception would be shown."""
    os.write(2, b"Interrupted.\n")
    os._exit(INTERRUPTED)
