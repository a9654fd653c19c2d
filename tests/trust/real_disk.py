"""Real `grn` processes on a disk that fails: a system call that strace lets fail, and a file system that is full.

python tests/trust/real_disk.py PREPARED ROOM VERB       # is run by disk_errors.py, in a namespace of its own
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import traced
import verbs
from aftermath import Finding, Ground
from grnledger.engine.threads import one_blas_thread
from outcomes import BAD, finding_of, is_flushed, is_harmless, of_command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aftermath import Expected, Tally

ROOM = 64 << 20
"""The size of the small file system; all but a few pages of it are then taken."""

MOST = 200
"""So many pages at the most are needed by any verb."""

LIMITED = 512
"""Where no file system can be mounted: the step by which the limit to the size of files grows."""

NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")


def fail_calls(ground: Ground, tally: Tally) -> int:
    """Let each system call that touches a store fail in turn, count what is found, and return their number.

    What takes room fails for want of it, everything else as on a broken disk.
    """
    expected = ground.expect()
    process = traced.Traced(ground)
    calls = process.calls()
    for index in range(len(calls)):
        takes_room = calls[index].name not in (*traced.SYNCING, "unlink", "unlinkat", "rmdir")
        error = "ENOSPC" if takes_room else "EIO"
        code, message = process.inject(calls, index, f"error={error}")
        call = calls[index]
        made = [(done.name, done.on.rpartition(" → ")[2]) for done in calls[:index]]
        on = call.on.rpartition(" → ")[2]
        harmless = is_harmless(call.name, on) or ((ground.folder / on).is_dir() and is_flushed(on, made))
        finding = _finding(ground, expected, code, message, harmless=harmless)
        tally.add(finding, f"grn {ground.verb.name}, strace: {error} at {call}, {index + 1} of {len(calls)}", bad=BAD)
    return len(calls)


def fill(ground: Ground, tally: Tally) -> int:
    """Run a verb with no page left, with one, and so on until it is done, and count what is found; returns 0."""
    room = ground.folder.parent / "room"
    room.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", str(room)]
    if (
        shutil.which("unshare")
        and subprocess.run([*NAMESPACE, *mount], capture_output=True, check=False).returncode == 0
    ):
        inside = [sys.executable, __file__, str(ground.prepared), str(room), ground.verb.name]
        script = 'mount -t tmpfs -o "size=$0" tmpfs "$1" && shift && exec "$@"'
        command = [*NAMESPACE, "sh", "-c", script, str(ROOM), str(room), *inside]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{ground.verb.name} on a full disk: {done.stderr}")
        findings = (json.loads(line) for line in done.stdout.splitlines())
    else:
        findings = _grow(ground, _limited, f"files of {LIMITED} bytes times")
    for case, finding in findings:
        tally.add(Finding(**finding), case, bad=BAD)
    return 0


def _grow(
    ground: Ground, run: Callable[[Ground, int], tuple[int, str]], what: str
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what is found with ever more room, up to the first time that the verb is done."""
    expected = ground.expect()
    for steps in range(MOST):
        ground.lay_out()
        code, message = run(ground, steps)
        finding = _finding(ground, expected, code, message, harmless=True)
        yield f"grn {ground.verb.name}, disk: {what} {steps}", asdict(finding)
        if code == 0:
            return
    raise SystemExit(f"{ground.verb.name} is not done with {what} {MOST}.")


def _with_pages(ground: Ground, pages: int) -> tuple[int, str]:
    """Run the verb with so many pages left on the file system of its stores."""
    free = os.statvfs(ground.folder)
    ballast = ground.folder.parent / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, (free.f_bavail - pages) * free.f_bsize)
    try:
        return _run(ground, lambda: None)
    finally:
        ballast.unlink()


def _limited(ground: Ground, steps: int) -> tuple[int, str]:
    """Run the verb with a limit to the size of files."""
    return _run(ground, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (steps * LIMITED, steps * LIMITED)))


def _run(ground: Ground, before: Callable[[], object]) -> tuple[int, str]:
    command = [sys.executable, "-m", "grnledger.cli", *ground.verb.arguments(ground.folder)]
    environment = {**os.environ, **verbs.ENVIRONMENT}
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=before,
    )
    return done.returncode, done.stderr


def _finding(ground: Ground, expected: Expected, code: int, message: str, *, harmless: bool) -> Finding:
    """Return how a real process ended, having gone on from there."""
    outcome = of_command(code, message)
    changes = expected.old != expected.new
    finding = finding_of(
        outcome, ground.standing(expected), harmless=harmless, changes=changes, steps=ground.verb.steps
    )
    if finding.stands in BAD:
        return finding
    after = ground.going_on(finding.stands, expected, again=True)
    if after.stands in BAD:
        return after
    return Finding(outcome.end, outcome.message)


def main() -> None:
    """Fill the file system of the room that is given, and print what is found, a line each."""
    prepared, room, name = sys.argv[1:]
    verb = next(verb for verb in verbs.VERBS if verb.name == name)
    with one_blas_thread():
        for finding in _grow(
            Ground(Path(prepared), Path(room) / "stores", verb, as_command=True), _with_pages, "pages"
        ):
            print(json.dumps(finding))


if __name__ == "__main__":
    main()
