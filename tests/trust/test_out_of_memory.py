"""Too little memory, in short: the harness on few commands, and faults that it finds."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

TRUST = Path(__file__).resolve().parent

pytestmark = [
    pytest.mark.usefixtures("compiled_once"),
    pytest.mark.skipif(sys.platform != "linux", reason="no limit on addresses is enforced"),
]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str]]:
    """The harness with its arguments, run here: its exit code and what it printed."""
    monkeypatch.syspath_prepend(str(TRUST))
    for name, value in importlib.import_module("verbs").ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    def run(line: str) -> tuple[int, str]:
        if "allocations" in line:
            pytest.importorskip("_testcapi")
        code = importlib.import_module("out_of_memory").main([*line.split(), "--size", "24", "--folder", str(tmp_path)])
        return code, capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    "line",
    [
        "--commands commit verify --ways steps --cases 8",
        "--commands tag log --ways allocations --cases 12",
        "--commands log --ways processes --cases 3",
    ],
)
def test_the_old_state_or_the_new_one_and_a_sentence(run: Callable[[str], tuple[int, str]], line: str) -> None:
    code, report = run(line)
    assert code == 0, report


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        (("unreadable", "lost", "wrong answer"), "--commands tag --ways steps allocations --plant silent"),
        (("false damage",), "--commands show --ways steps --plant told-as-damage"),
        (("wrong answer", "false damage"), "--commands verify --ways allocations --plant half-a-log"),
        (("no sentence",), "--commands show --ways steps --plant untold"),
    ],
)
def test_a_planted_fault_is_detected(
    run: Callable[[str], tuple[int, str]], findings: tuple[str, ...], line: str
) -> None:
    code, report = run(f"{line} --cases 400")
    assert code == 1
    assert any(f": {finding}" in report for finding in findings), report
