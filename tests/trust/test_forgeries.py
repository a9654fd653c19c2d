"""Forged stores, in short: the harness on some lies of each kind, and checks left out, each of which shows."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

TRUST = Path(__file__).resolve().parent


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], tuple[int, str]]:
    """The harness with its arguments, run here: its exit code and what it printed."""
    monkeypatch.syspath_prepend(str(TRUST))

    def run(line: str) -> tuple[int, str]:
        code = importlib.import_module("forgeries").main(line.split())
        return code, capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    "line",
    [
        "--only said --every 40 --first 7",
        "--only numbers --every 24 --first 5",
        "--only entry --every 9",
        "--only name --every 9 --first 1",
        "--only panel",
        "--only index --every 12",
        "--only inversion --every 8",
        "--only remembered --every 12",
        "--only analysis --every 3",
    ],
)
def test_nothing_forged_is_taken_and_no_number_answered(run: Callable[[str], tuple[int, str]], line: str) -> None:
    code, report = run(line)
    assert code == 0, report
    assert not report.rstrip().endswith("\n0 forgeries: 0 bad.")


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        ("taken", "--plant commits-unchecked --only guard"),
        ("taken", "--plant numbers-unchecked --only guard"),
        ("taken", "--plant bases-unchecked --only log_det"),
        ("answered", "--plant bases-unchecked --only indefinite,"),
        ("taken", "--plant names-unchecked --only MAIN"),
        ("answered", "--plant inversions-believed --only inversion --every 9"),
        ("answered", "--plant rows-believed --only index:"),
        ("answered", "--plant numbers-believed --only doubled"),
        ("answered", "--plant analyses-believed --only numbers --every 400"),
    ],
)
def test_a_check_that_is_left_out_shows(run: Callable[[str], tuple[int, str]], finding: str, line: str) -> None:
    code, report = run(line)
    assert code == 1, report
    assert f": {finding}" in report
