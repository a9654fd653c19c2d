"""Ctrl-C while `grn` is loaded, works, and ends: a word, 130, and no traceback."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

HEEDING = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
"""A program that heeds Ctrl-C, also where a shell has told the tests to ignore it."""

INTERRUPTING = """
import os, signal, sys
from importlib.abc import MetaPathFinder

class Interrupting(MetaPathFinder):
    at = sys.argv[1]

    def find_spec(self, name, path, target=None):
        if name == self.at and self in sys.meta_path:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
"""
"""A program that gets a Ctrl-C as it begins to load a module."""

AT_THE_END = """
import atexit, os, signal, sys
atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
"""

GRN = """
from grnledger.cli.__main__ import main
sys.argv[1:] = sys.argv[2:]
main()
"""

LATER = ("numpy", "h5py", "pydantic", "grnledger.engine.network.snapshot")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("start") / "a.grn"
    grnledger.init(path, covariance=np.eye(4) + 0.1, genes=["A", "B", "C", "D"], author="Ada")
    return path


def run(program: str, *arguments: object) -> tuple[int, str, str]:
    """Return the exit code of a Python program, and what it printed on stdout and stderr."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.usefixtures("compiled_once")
@pytest.mark.parametrize(
    "module", ["grnledger.cli.main", "click", "grnledger.cli.errors", "grnledger.cli.hints", *LATER]
)
def test_an_interrupt_while_modules_are_loaded_leaves_no_traceback(store: Path, module: str) -> None:
    answer = run(HEEDING + INTERRUPTING + GRN, module, "-s", store, "edges", "--top", "2")
    assert answer == (130, "", "Interrupted.\n")


@pytest.mark.usefixtures("compiled_once")
@pytest.mark.parametrize(
    "module", ["typing", "grnledger.engine", "grnledger.engine.lazy", "gc", "grnledger.cli.__main__"]
)
def test_an_interrupt_while_the_package_is_loaded_leaves_no_traceback(store: Path, tmp_path: Path, module: str) -> None:
    dropping = "import sys; [sys.modules.pop(name, None) for name in ('typing', 'gc')]\n"
    running = "\nimport runpy; runpy.run_module('grnledger.cli', run_name='__main__', alter_sys=True)\n"
    script = tmp_path / "grn"
    script.write_text(HEEDING + INTERRUPTING + dropping + running)
    command = [sys.executable, str(script), module, "-s", str(store), "log"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Interrupted.\n")


@pytest.mark.usefixtures("compiled_once")
def test_an_interrupt_after_the_answer_changes_nothing(store: Path) -> None:
    code, out, err = run(HEEDING + AT_THE_END + GRN, "-", "-s", store, "rev-parse", "HEAD")
    assert (code, len(out.strip()), err) == (0, 64, "")


@pytest.mark.usefixtures("compiled_once")
def test_an_interrupt_that_a_shell_has_ignored_stays_so(store: Path) -> None:
    ignoring = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    code, out, err = run(ignoring + INTERRUPTING + GRN, "click", "-s", store, "rev-parse", "HEAD")
    assert (code, len(out.strip()), err) == (0, 64, "")


def test_an_error_that_comes_of_an_interrupt_is_known() -> None:
    from grnledger.cli.errors import _comes_of

    interrupt, failure = KeyboardInterrupt(), ImportError("half of it")
    failure.__context__ = interrupt
    assert _comes_of(failure, KeyboardInterrupt)
    outer = RuntimeError("none of it")
    outer.__cause__ = failure
    assert _comes_of(outer, KeyboardInterrupt)
    assert not _comes_of(ImportError("none of it"), KeyboardInterrupt)
