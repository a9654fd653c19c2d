"""Deaths and failing disks, in short: the harnesses of `tests/trust` on few verbs, and faults that they catch."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

TRUST = Path(__file__).resolve().parent

pytestmark = pytest.mark.usefixtures("compiled_once")


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """A module of the harnesses, in an environment that is theirs for the length of a test."""
    monkeypatch.syspath_prepend(str(TRUST))
    for name, value in importlib.import_module("verbs").ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return importlib.import_module


@pytest.fixture
def run(
    module: Callable[[str], Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str]]:
    """A harness with its arguments, run here: its exit code and what it printed."""

    def run(line: str) -> tuple[int, str]:
        name, *arguments = line.split()
        code = module(name).main([*arguments, "--folder", str(tmp_path)])
        return code, capsys.readouterr().out

    return run


@pytest.mark.parametrize(
    "line",
    [
        "kills --verbs commit push --kills 8 --sizes 24 --processes 0",
        "kills --verbs tag --kills 2 --sizes 24 --processes 1",
        "boundaries --verbs init --ways calls --quick",
        "boundaries --verbs tag --ways no-links --quick",
        "boundaries --verbs commit --ways calls --quick --shared group",
        "disk_errors --verbs tag --ways once full dead torn short disk --every 12",
        "disk_errors --verbs import --ways once --calls-only --every 18",
    ],
)
def test_the_old_state_or_the_new_one_stands(run: Callable[[str], tuple[int, str]], line: str) -> None:
    code, report = run(line)
    assert code == 0, report


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (
            "wrong: tumor.grn: branches",
            "kills --plant two-entries --verbs rollback --kills 200 --sizes 24 --processes 0",
        ),
        ("lost", "kills --plant acknowledged-early --verbs tag --kills 200 --sizes 24 --processes 0"),
        ("stuck", "boundaries --plant in-place --verbs tag --ways calls --quick"),
        ("wrong: tumor.grn: branches", "boundaries --plant two-entries --verbs rollback --ways calls --quick"),
        ("silent", "disk_errors --plant unchecked-fsync --verbs tag --ways once --calls-only"),
        ("unreadable", "disk_errors --plant unchecked-write --verbs tag --ways once --calls-only"),
        ("stuck: on the same object", "disk_errors --plant counted-first --verbs tag --ways once --calls-only"),
        ("unreadable", "disk_errors --plant in-place --verbs tag --ways torn --calls-only"),
    ],
)
def test_a_planted_fault_is_detected(run: Callable[[str], tuple[int, str]], finding: str, line: str) -> None:
    code, report = run(line)
    assert code == 1
    assert f": {finding}" in report


def test_a_real_process_changes_a_store_by_no_call_that_is_not_watched(
    module: Callable[[str], Any], tmp_path: Path
) -> None:
    traced, verbs = module("traced"), module("verbs")
    if why := traced.why_not():
        pytest.skip(why)
    verb = next(verb for verb in verbs.VERBS if verb.name == "commit")
    prepared = verbs.build(tmp_path / "prepared", size=24, dense=False)
    ground = module("aftermath").Ground(prepared, tmp_path / "stores", verb, as_command=True)
    calls = traced.Traced(ground).calls()
    assert {"link", "fsync", "pwrite64"} <= {call.name for call in calls}
    assert not module("boundaries").unwatched(ground, calls)
    assert module("boundaries").unwatched(ground, [*calls, *calls])
