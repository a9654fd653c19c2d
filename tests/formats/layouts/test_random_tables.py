"""Random tables are read as they were written, or refused.

Their words are not the reader's own. A refusal is no fault where a second reading is plausible, as it is beside many
columns that describe genes or samples; most combinations are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from random_tables import outcome_of

if TYPE_CHECKING:
    from pathlib import Path

CASES = 250
"""Combinations read by the suite; `tests/trust/inputs/headers.py` reads as many as it is told."""


def test_random_headers_are_read_as_they_were_written_or_refused(tmp_path: Path):
    outcomes = {number: outcome_of(tmp_path / "case", number) for number in range(CASES)}
    assert {number: text for number, text in outcomes.items() if text.startswith("wrong")} == {}
    assert sum(text == "read" for text in outcomes.values()) >= 0.8 * CASES
