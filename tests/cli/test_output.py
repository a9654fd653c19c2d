"""What stands beside answers: lines of progress where stderr is no terminal, and colour as it is asked for."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.cli.output import BETWEEN_LINES, progress_lines, waiting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_progress_without_a_terminal_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    now = 100.0
    update = progress_lines("scanning", clock=lambda: now)
    lines: list[list[str]] = []
    for seconds, share in ((0, 0.0), (4.9, 0.2), (5.0, 0.204), (5.1, 0.3), (9.9, 0.5), (10.0, 0.6), (60, 1.0)):
        now = 100.0 + seconds
        update(share)
        lines.append(capsys.readouterr().err.splitlines())
    assert lines == [[], [], ["scanning: 20 %"], [], [], ["scanning: 60 %"], ["scanning: 100 %"]]
    assert BETWEEN_LINES == 5


def test_what_is_quick_stays_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with waiting("scanning") as update:
        for share in range(100):
            update(share / 100)
    assert capsys.readouterr().err == ""


def test_nobody_needs_to_read_of_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader of stderr that has gone does not end a long command."""
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.FileIO(writer, "w"), write_through=True))
    progress_lines("scanning", clock=iter((0.0, 9.0)).__next__)(0.5)


@pytest.mark.parametrize(
    ("line", "coloured"),
    [
        ("--color always log", True),
        ("log --color always", True),
        ("--color never log --color always", True),
        ("--color always log --color never", False),
        ("--color always log --color auto", False),
        ("--color always log --graph", True),
        ("log --graph", False),
        ("--color always log --json", False),
        ("--color always log --tsv", False),
        ("--color always log nope", True),
        ("log nope --color always", True),
        ("log nope", False),
    ],
)
def test_colour_can_be_asked_for_before_and_after_the_verb(
    grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, *, coloured: bool
) -> None:
    """The last one counts, and more than the environment; rows and JSON have none."""
    grnledger.init(tmp_path / "a.grn", covariance=np.eye(2), genes=["TP53", "MYC"], author="Ada")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    answer = grn(*line.split())
    assert ("\x1b[" in answer.out + answer.err) == coloured
