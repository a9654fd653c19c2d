"""The harness of mutants, in short: a mutant of a small module is killed by its tests, and by none that cannot fail."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray")
pytest.importorskip("coverage")

LINE = ["--mutants", "4", "--seed", "1", "--processes", "1", "--files", "engine/memory.py"]
TESTS = ["--tests", "tests/engine/test_memory.py"]


@pytest.mark.parametrize(("plant", "code", "killed"), [("nothing", 0, "4 of 4 killed"), ("blind", 1, "0 of 4 killed")])
def test_mutants_are_killed_by_tests_that_can_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], plant: str, code: int, killed: str
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parent))
    assert importlib.import_module("mutants").main([*LINE, *TESTS, "--plant", plant]) == code
    assert killed in capsys.readouterr().out


def test_what_is_called_the_same_program_is_a_line_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parent))
    mutants = importlib.import_module("mutants")
    for (file, before, after), why in mutants.same_programs().items():
        lines = [line.strip() for line in (mutants.ROOT / file).read_text(encoding="utf-8").splitlines()]
        assert before in lines and before != after and why, (file, before)
