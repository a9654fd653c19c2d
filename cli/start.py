"""`grn` as a process: Ctrl-C while the program is being loaded ends it as it does later, with a word and with 130."""

from __future__ import annotations

import gc
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

INTERRUPTED = 130


def main() -> None:
    """Run `grn` and leave with its exit code.

    Nothing that is imported is garbage, and nobody looks for any in it: neither now nor when the process ends. Of a
    help or a short log, that would be a fifth of the time.
    """
    gc.disable()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # in the background, shells have it ignored
        signal.signal(signal.SIGINT, end)
    from .main import main as run

    gc.freeze()
    gc.enable()
    run()


def end(_number: int, _frame: FrameType | None) -> None:
    """End at once: nothing has been opened yet, or all is done. An exception would show where it was raised."""
    os.write(2, b"Interrupted.\n")
    os._exit(INTERRUPTED)
