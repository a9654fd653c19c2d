"""`python -m grnledger.cli` is `grn`."""

from __future__ import annotations

from .start import main

main()
