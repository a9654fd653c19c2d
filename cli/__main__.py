"""`python -m grnledger.cli` is `grn`."""

from __future__ import annotations

from .main import main

main()
