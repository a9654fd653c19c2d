"""What `grn show` prints of what others wrote: no terminal obeys it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from grnledger.cli.commands.versions.show import _missing


def test_names_that_are_not_on_the_panel_are_shown_with_escapes() -> None:
    names = ("\x1b]0;title\x07", "\u202eG1", "\x9b31m", *(f"G{number}" for number in range(9)))
    version: Any = SimpleNamespace(added=[SimpleNamespace(names=("p53",), missing=names)])
    (line,) = _missing(version)
    assert line.isprintable()
    assert "\\x1b]0;title\\x07, \\u202eG1" in line
    assert line.endswith("G4 …")
