"""`python -m grnledger.cli`: the same as `grn`."""

from __future__ import annotations

from .start import main

if __name__ == "__main__":
    main()
