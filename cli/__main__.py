"""`grn` as a process, and `python -m grnledger.cli`: Ctrl-C while it is being loaded ends it as it does later."""

from __future__ import annotations

import gc
import os

from . import heed_interrupts, tell_without_memory


def main() -> None:
    """Run `grn` and leave with its exit code.

    Nothing that is imported is garbage, and nobody looks for any in it: neither now nor when the process ends. Of a
    help or a short log, that would be a fifth of the time.
    """
    gc.disable()
    heed_interrupts()
    try:
        from .main import main as run

        gc.freeze()
        gc.enable()
        run()
    except (MemoryError, SystemError):
        os._exit(tell_without_memory())


if __name__ == "__main__":
    main()
