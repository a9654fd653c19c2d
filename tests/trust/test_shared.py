"""Several accounts on one store, in short: the harness on few verbs and umasks, and faults that it finds."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

TRUST = Path(__file__).resolve().parent

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root can act for several accounts")


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> Callable[[str], tuple[int, str]]:
    """The harness with its arguments, run here: its exit code and what it printed."""
    monkeypatch.syspath_prepend(str(TRUST))
    for name, value in importlib.import_module("verbs").ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    def run(line: str) -> tuple[int, str]:
        code = importlib.import_module("shared").main(["--quick", *line.split()])
        return code, capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    "line",
    [
        "--sharing group --umasks 022:077 --verbs commit pack reinvert",
        "--sharing all --umasks 077:027 --verbs commit clone",
        "--sharing no --umasks 002:077 077:022 --verbs commit pack",
    ],
)
def test_nobody_is_locked_out_and_no_loss_goes_unseen(run: Callable[[str], tuple[int, str]], line: str) -> None:
    code, report = run(line)
    assert code == 0, report


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        ("locked out", "--plant umask-alone --sharing group --umasks 022:077 --verbs commit"),
        ("unseen", "--plant notes-stay --sharing no --umasks 002:077 --verbs commit"),
        ("false damage", "--plant told-as-damage --sharing no --umasks 002:077 --verbs commit"),
    ],
)
def test_a_planted_fault_is_detected(run: Callable[[str], tuple[int, str]], finding: str, line: str) -> None:
    code, report = run(line)
    assert code == 1
    assert f": {finding}" in report
