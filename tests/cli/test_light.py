"""What a command loads: a list of modules, not a time. Whatever the index of the log answers needs no numbers."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = ("numpy", "scipy", "h5py", "pydantic", "numba", "pandas", "matplotlib")

LIGHT = """
--help; log; log -n 2; log --graph --oneline; log --all --json; log --refs; log v0..side; show v0; show --json
show v2 --tsv; branch; branch --json; tag; tag --tsv; rev-parse HEAD~1 side @{2030-01-01}
"""

NO_SCIPY = [["commit", "--help"], ["branch", "new"], ["tag", "other", "v1"], ["switch", "side"], ["rollback", "v1"]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a few versions, a branch and a tag."""
    path = tmp_path_factory.mktemp("light") / "a.grn"
    repo = grnledger.init(path, covariance=np.eye(4), genes=["A", "B", "C", "D"], author="Ada")
    for number in (1, 2, 3):
        repo.commit([grnledger.Pathway.of(repo.panel, f"p{number}", {"A": 0.1 * number})])
    repo.create_branch("side", "v2")
    repo.create_tag("paper", "v1")
    return path


def loaded(store: Path, arguments: list[str]) -> set[str]:
    """Return which heavy modules a command has loaded when it ends well."""
    code = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print(*sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr))\n"
        f"from grnledger.cli.main import main\nmain({arguments!r})"
    )
    environment = {**os.environ, "GRN_STORE": str(store)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments", [line.split() for line in LIGHT.strip().replace("\n", ";").split(";")], ids=" ".join
)
def test_what_the_index_answers_loads_no_numbers(store: Path, arguments: list[str]) -> None:
    assert loaded(store, arguments) == set()


@pytest.mark.parametrize("arguments", NO_SCIPY, ids=" ".join)
def test_a_move_of_a_ref_loads_no_linear_algebra(store: Path, arguments: list[str]) -> None:
    assert loaded(store, arguments) <= {"numpy", "h5py", "pydantic"}


def test_without_the_index_the_log_is_read_and_the_next_command_is_light_again(store: Path) -> None:
    (store / "cache" / "history").unlink()
    assert "h5py" in loaded(store, ["log"])
    assert loaded(store, ["log"]) == set()
