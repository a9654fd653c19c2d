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
    """The harness with its arguments, `~` for a space, run here: its exit code and what it printed."""
    monkeypatch.syspath_prepend(str(TRUST))

    def run(line: str) -> tuple[int, str]:
        code = importlib.import_module("forgeries").main([word.replace("~", " ") for word in line.split()])
        return code, capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    "line",
    [
        "--about said --every 60 --first 7 --bases dense",
        "--about numbers --every 24 --first 5 --bases factors",
        "--about entry name panel --every 18 --bases dense",
        "--about index --every 30",
        "--about inversion --every 16",
        "--about remembered --every 12",
        "--about analysis --every 4",
    ],
)
def test_nothing_forged_is_taken_and_no_number_answered(run: Callable[[str], tuple[int, str]], line: str) -> None:
    code, report = run(line)
    assert code == 0, report
    assert not report.rstrip().endswith("\n0 forgeries: 0 bad.")


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        ("taken", "--plant commits-unchecked --about said --only rank_since --bases factors"),
        ("taken", "--plant numbers-unchecked --about said --only guard --bases factors"),
        ("taken", "--plant bases-unchecked --about numbers --only log_det --bases dense"),
        ("answered", "--plant bases-unchecked --about numbers --only covariance~by --bases dense"),
        ("taken", "--plant names-unchecked --about name --only MAIN --bases factors"),
        ("answered", "--plant inversions-believed --about inversion --every 16"),
        ("answered", "--plant rows-believed --about index --only id~of~v2"),
        ("answered", "--plant numbers-believed --about remembered --only doubled --every 16"),
        ("answered", "--plant analyses-believed --about analysis --every 8"),
    ],
)
def test_a_check_that_is_left_out_shows(run: Callable[[str], tuple[int, str]], finding: str, line: str) -> None:
    code, report = run(line)
    assert code == 1, report
    assert f": {finding}" in report
