"""An output that cannot be written: what was done is not denied, and a note that is lost ends no verb."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import grnledger
import numpy as np
import pytest

FULL = Path("/dev/full")

pytestmark = [
    pytest.mark.usefixtures("compiled_once"),
    pytest.mark.skipif(not FULL.exists(), reason="this system has no file that is always full"),
]

WRITING = {
    "commit": ("commit", "sets.gmt"),
    "revert": ("revert", "v1"),
    "rollback": ("rollback", "v0"),
    "branch": ("branch", "trial"),
    "tag": ("tag", "paper"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    repo = grnledger.init(folder / "a.grn", covariance=np.eye(4) + 0.1, genes=["A", "B", "C", "D"], author="Ada")
    repo.commit([grnledger.Pathway.of(repo.panel, "first", {"A": 0.1, "B": 0.2})])
    (folder / "sets.gmt").write_text("SECOND\t-\tB\tC\n")
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "work")


def grn(folder: Path, *arguments: str, out: bool = False, err: bool = False) -> tuple[int, str, str]:
    """Return the exit code of `grn`, and what it printed where that is not on a full disk."""
    command = [sys.executable, "-m", "grnledger.cli", "-s", "a.grn", *arguments]
    with FULL.open("wb") as full:
        done = subprocess.run(
            command,
            cwd=folder,
            stdout=full if out else subprocess.PIPE,
            stderr=full if err else subprocess.PIPE,
            text=True,
            check=False,
            timeout=600,
        )
    return done.returncode, done.stdout or "", done.stderr or ""


@pytest.mark.parametrize("verb", WRITING)
def test_an_answer_that_is_lost_says_so_and_denies_nothing_that_was_done(folder: Path, verb: str) -> None:
    before = (folder / "a.grn" / "cache" / "last").read_bytes()
    code, _, err = grn(folder, *WRITING[verb], out=True)
    assert (folder / "a.grn" / "cache" / "last").read_bytes() != before
    assert (code, "the answer could not be written" in err) == (2, True)
    assert "`grn log` shows what has been written" in err
    assert "Nothing in the store was changed" not in err


@pytest.mark.parametrize("question", [("log",), ("edges", "--top", "2"), ("diff", "v0..HEAD"), ("verify",)])
def test_an_answer_that_is_lost_is_no_answer(folder: Path, question: tuple[str, ...]) -> None:
    code, _, err = grn(folder, *question, out=True)
    assert (code, "stdout: the answer could not be written" in err) == (2, True)


@pytest.mark.parametrize("verb", [("edges", "--top", "2"), *WRITING.values(), ("show", "v9")], ids=lambda verb: verb[0])
def test_a_note_that_is_lost_changes_neither_answer_nor_exit_code(
    folder: Path, verb: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRN_AUTHOR", "Ada")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    other = shutil.copytree(folder, tmp_path / "other")
    code, out, _ = grn(other, *verb)
    assert grn(folder, *verb, err=True) == (code, out, "")
