"""Two hosts on one folder of a network disk, in short: each kind of network, and faults that the harness finds."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

TRUST = Path(__file__).resolve().parent
KINDS = (
    "locks of each host",
    "locks of the server",
    "locks that outlive a host",
    "remembers for a minute",
    "answers lost",
    "clocks apart",
    "no links",
)


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The harness, where hosts can be made."""
    monkeypatch.syspath_prepend(str(TRUST))
    for name, value in importlib.import_module("verbs").ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    module = importlib.import_module("hosts")
    if reason := module.able():
        pytest.skip(reason)
    return module


@pytest.fixture
def run(hosts: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[list[str]], tuple[int, str]]:
    """The harness with its arguments, run here: its exit code and what it printed."""

    def run(arguments: list[str]) -> tuple[int, str]:
        code = hosts.main([*arguments, "--folder", str(tmp_path)])
        return code, capsys.readouterr().out

    return run


def test_every_kind_of_network_is_raced_on(hosts: Any) -> None:
    assert tuple(kind.name for kind in hosts.KINDS) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_acknowledged_on_either_host_stands(run: Callable[[list[str]], tuple[int, str]], kind: str) -> None:
    code, report = run(["--kinds", kind, "--commits", "16", "--deaths", "2"])
    assert code == 0, report
    assert "2 deaths of a host" in report


@pytest.mark.parametrize(
    ("plant", "kind", "deaths", "finding"),
    [
        ("looking-first", "locks of each host", "0", "is lost|does not follow"),
        ("overwriting", "locks of each host", "0", "is lost|does not follow"),
        ("unanswered", "answers lost", "0", "was refused and stands"),
        ("own-clock", "clocks apart", "0", "FileNotFoundError"),
        ("not-asked-again", "locks of each host", "6", "is missing"),
    ],
)
def test_a_planted_fault_is_detected(
    run: Callable[[list[str]], tuple[int, str]], plant: str, kind: str, deaths: str, finding: str
) -> None:
    def is_found(seed: int) -> bool:  # whether hosts meet in one race is chance
        code, report = run(
            ["--kinds", kind, "--commits", "40", "--deaths", deaths, "--plant", plant, "--seed", f"{seed}"]
        )
        return code == 1 and re.search(finding, report) is not None

    assert any(is_found(seed) for seed in range(1, 13))
