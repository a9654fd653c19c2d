"""`grn log` against `git log` of as many commits, as whole processes."""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .. import history
from .rows import Absence, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rows import Effort


def measure(effort: Effort) -> Iterator[Row | Absence]:
    """Yield the ratios of a whole log and of its last 20 versions; wall time, output dropped."""
    git = shutil.which("git")
    if git is None:
        yield Absence("git", "no git on the path")
        return
    versions = 1_000 if effort.quick else 10_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        history.make_store(folder / "long.grn", versions)
        history.make_git(folder / "git", versions)
        for options in ([], ["-n", "20"]):
            commands = {
                "grn": (
                    [sys.executable, "-m", "grnledger.cli", "-s", str(folder / "long.grn"), "log", *options],
                    folder,
                ),
                "git": ([git, "--no-pager", "log", *options], folder / "git"),
            }
            times = {who: [] for who in commands}
            for _ in range(effort.rounds + 1):
                for who, (command, where) in commands.items():
                    times[who].append(history.run(command, where)[0])
            ours, theirs = (statistics.median(times[who][1:]) for who in ("grn", "git"))
            words = " ".join(["log", *options])
            yield Row(words, f"{versions:,} versions", f"git {words}", ours, theirs, clock="wall", goal=1 / 3)
