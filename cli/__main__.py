"""The start of `grn`, which is also `python -m grnledger.cli`."""

from __future__ import annotations

import gc


def main() -> None:
    """Run `grn` and leave with its exit code.

    Nothing that is imported is garbage, and nobody looks for any in it: neither now nor when the process ends. Of a
    help or a short log, that would be a fifth of the time.
    """
    gc.disable()
    from .main import main as run

    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
