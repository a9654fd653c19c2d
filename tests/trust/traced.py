"""The system calls by which a real `grn` process changes its stores: numbered, and each made the last or made to fail.

This needs strace, and a system that allows tracing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import verbs

if TYPE_CHECKING:
    from aftermath import Ground

OPENING = ("open", "openat", "creat")
WRITING = ("write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "truncate", "fallocate",
           "copy_file_range", "sendfile")  # fmt: skip
SYNCING = ("fsync", "fdatasync", "sync_file_range", "close")
NAMING = ("link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "mkdir",
          "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "chown", "fchown", "fchownat")  # fmt: skip
ALL = (*OPENING, *WRITING, *SYNCING, *NAMING)

FOR_WRITING = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC)")
LINE = re.compile(r"(?P<process>\d+) +(?P<name>\w+)\((?P<rest>.*)")
OPENED = re.compile(r"= (?P<descriptor>\d+)<")
COUNTED_ANEW = 6

RANDOM = re.compile(r"[0-9a-f]{16}")
"""What is random in the name of a temporary file."""


@dataclass(frozen=True, slots=True)
class SystemCall:
    """One call of a process that changes a store.

    Parameters
    ----------
    name : str
        Its name.
    nth : int
        Which call of that name it is in the process, from 1.
    on : str
        The path.
    """

    name: str
    nth: int
    on: str

    def __str__(self) -> str:
        return f"{self.name}({self.on})"


@dataclass(frozen=True)
class Traced:
    """A `grn` command on a folder of stores, run under strace.

    Parameters
    ----------
    ground : Ground
        The folder and the verb.
    """

    ground: Ground

    def calls(self) -> list[SystemCall]:
        """Return the system calls by which the command changes its stores, in order."""
        code, message, calls = self._run(ALL)
        if code:
            raise SystemExit(f"{self} ended with {code}: {message}")
        return calls

    def inject(self, calls: list[SystemCall], index: int, what: str) -> tuple[int, str]:
        """Run the command with something injected at one of its calls.

        Calls are known by their number among those of their name. Where a run has made others before, which it may
        while it starts, they are counted anew.

        Parameters
        ----------
        calls : list of SystemCall
            All calls; changed in place where they are counted anew.
        place : int
            Which of them.
        what : str
            In the words of strace.

        Returns
        -------
        tuple of (int, str)
            The exit code, and what was said on stderr.
        """
        for _ in range(COUNTED_ANEW):
            call = calls[index]
            names = ALL if call.name in SYNCING else (call.name,)  # a close is of interest if its opening was
            code, message, made = self._run(names, "-e", f"inject={call.name}:{what}:when={call.nth}")
            if call in made:
                return code, message
            again = self.calls()
            if list(map(str, again)) != list(map(str, calls)):
                raise SystemExit(f"{self} changes its stores otherwise from run to run.")
            calls[:] = again
        raise SystemExit(f"{self}: {calls[index]} could not be met.")

    def __str__(self) -> str:
        return f"grn {' '.join(self.ground.verb.command)}"

    def _run(self, names: tuple[str, ...], *options: str) -> tuple[int, str, list[SystemCall]]:
        self.ground.lay_out()
        record = self.ground.folder.parent / "strace.txt"
        traced = ",".join(f"?{name}" for name in names)
        command = ["strace", "-f", "-y", "-s", "0", "-o", str(record), "-e", f"trace={traced}", *options]
        grn = [sys.executable, "-m", "grnledger.cli", *self.ground.verb.arguments(self.ground.folder)]
        environment = {**os.environ, **verbs.ENVIRONMENT, "PYTHONHASHSEED": "0"}  # modules in one order, each time
        done = subprocess.run(
            [*command, *grn], env=environment, capture_output=True, text=True, check=False, errors="replace"
        )
        return done.returncode, done.stderr, list(self._changes(record.read_text(errors="replace").splitlines()))

    @cached_property
    def _folder(self) -> str:
        return os.path.realpath(self.ground.folder) + "/"

    def _changes(self, lines: list[str]) -> list[SystemCall]:
        counts: Counter[str] = Counter()
        written: set[str] = set()  # descriptors; closing one that was only read from changes nothing
        changes: list[SystemCall] = []
        for line in lines:
            match = LINE.match(line)
            if match is None or match["name"] not in ALL or match["process"] != lines[-1].split()[0]:
                continue  # the first process ends last; others are no part of this, and strace counts theirs apart
            name, rest = match["name"], match["rest"]
            counts[name] += 1
            paths = [RANDOM.sub("*", path) for path in re.findall(rf"{re.escape(self._folder)}([^\">]*)", rest)]
            if name in OPENING and (opened := OPENED.search(rest)):
                (written.add if FOR_WRITING.search(rest) else written.discard)(opened["descriptor"])
            if not paths or (name in OPENING and not FOR_WRITING.search(rest)):
                continue
            if name != "close" or rest.partition("<")[0] in written:
                changes.append(SystemCall(name, counts[name], " → ".join(dict.fromkeys(paths))))
        return changes


def why_not() -> str:
    """Return why processes cannot be traced here, or an empty text."""
    if shutil.which("strace") is None:
        return "there is no strace on the PATH"
    command = ["strace", "-f", "-e", "trace=close", "-o", os.devnull, sys.executable, "-S", "-c", ""]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else f"strace cannot trace: {tried.stderr.strip()[:200]}"
