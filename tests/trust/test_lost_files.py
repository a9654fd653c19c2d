"""What a disk has lost comes back, in short: the harness on some of its cases, and faults that it finds."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

TRUST = Path(__file__).resolve().parent


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[[str], tuple[int, str]]:
    """The harness with its arguments, run here: its exit code and what it printed."""
    monkeypatch.syspath_prepend(str(TRUST))
    for name, value in importlib.import_module("verbs").ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    def run(line: str) -> tuple[int, str]:
        code = importlib.import_module("lost_files").main(["--folder", str(tmp_path), *line.split()])
        return code, capsys.readouterr().out

    return run


def test_one_command_brings_back_what_is_lost(run: Callable[[str], tuple[int, str]]) -> None:
    code, report = run("--every 41")
    assert code == 0, report


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        ("entries or bases, and has", "--ways deletions --every 23 --plant ids-unchecked"),
        ("the backup of the damaged store has changed", "--ways sectors --every 6 --plant damage-copied"),
        ("backup: factor.grn/", "--ways backup --every 3 --plant backup-unread"),
    ],
)
def test_a_planted_fault_is_detected(run: Callable[[str], tuple[int, str]], finding: str, line: str) -> None:
    code, report = run(line)
    assert code == 1, report
    assert finding in report
