"""A long history: `grn log` and its like against `git log`, in one run.

    python -m benchmarks.history [--versions 10000] [--runs 9] [--store STORE.grn]

Makes a store of small commits (at most 20 pathways are active) and a git repository of as many commits, then prints
medians of wall time and of CPU time, each command once a round, so that all meet the same load; all write to /dev/null.
`start` is `python -c pass`. A store that is named is measured as it is, or made there and kept.

`git log` is git at its best: one pack, as `git fast-import` leaves it. It prints id, author, time and message of each
commit; `grn log` name, id, time, author, refs, message, and the pathways that were added and dropped. What a commit
changed git prints with `--name-status`, which is the second row. The column `beyond` is what a command takes beyond
`grn --help`, that is beyond Python, click and grn's own start, in terms of `git log`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

GENES, ACTIVE = 500, 20


def make_store(path: Path, versions: int) -> None:
    """Make a store of so many versions: pathways of two genes are added, and the oldest is reverted once 20 stand."""
    import grnledger
    from grnledger.engine.network.covariance import FactorCovariance

    generator = np.random.default_rng(1)
    genes = [f"GENE{number}" for number in range(GENES)]
    base = FactorCovariance(generator.uniform(0.5, 1.5, GENES), generator.normal(size=(GENES, 2)))
    repo = grnledger.init(path, factor_model=base, genes=genes, author="Ada")
    active: list[str] = []
    for number in range(1, versions):
        if len(active) > ACTIVE:
            repo.revert(active.pop(0))
            continue
        strengths = {genes[number % GENES]: 0.1 + number / 1e6, genes[(number + 7) % GENES]: 0.05}
        pathway = grnledger.Pathway.of(repo.panel, f"p{number}", strengths)
        active.append(repo.commit([pathway], message=f"pathway number {number}").name)


def make_git(path: Path, commits: int) -> None:
    """Make a git repository of so many commits, each of which changes one small file."""
    lines: list[str] = []
    for number in range(commits):
        message, content = f"pathway number {number}", f"{number}\n"
        lines.append(
            f"commit refs/heads/main\ncommitter Ada <ada@example.org> {1_700_000_000 + number} +0000\n"
            f"data {len(message)}\n{message}\nM 644 inline pathway\ndata {len(content)}\n{content}"
        )
    subprocess.run(["git", "init", "-q", "-b", "main", str(path)], check=True)
    subprocess.run(["git", "fast-import", "--quiet"], cwd=path, input="\n".join(lines).encode(), check=True)


def run(command: list[str], folder: Path) -> tuple[float, float]:
    """Return the seconds of wall time and of CPU that a process takes."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds, process.returncode = time.perf_counter() - start, os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return seconds, usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--versions", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--store", type=Path)
    arguments = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # whoever compiles all anew measures that
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, small = arguments.store or folder / "long.grn", folder / "small.grn"
        if not store.exists():
            begin = time.perf_counter()
            make_store(store, arguments.versions)
            print(f"# {arguments.versions:,} versions in {time.perf_counter() - begin:.0f} s")
        make_store(small, 12)
        make_git(folder / "git", arguments.versions)
        grn = [sys.executable, "-m", "grnledger.cli"]
        long, short = [*grn, "-s", str(store.absolute())], [*grn, "-s", str(small)]
        git = [shutil.which("git") or "git", "--no-pager", "log"]
        commands: dict[str, tuple[list[str], Path]] = {
            "start": ([sys.executable, "-c", "pass"], folder),
            "grn --help": ([*grn, "--help"], folder),
            "git log": (git, folder / "git"),
            "git log --name-status": ([*git, "--name-status"], folder / "git"),
            "git log -n 20": ([*git, "-n", "20"], folder / "git"),
            "grn log": ([*long, "log"], folder),
            "grn log -n 20": ([*long, "log", "-n", "20"], folder),
            "grn log --graph -n 50": ([*long, "log", "--graph", "-n", "50"], folder),
            "grn show --json": ([*long, "show", "--json"], folder),
            "grn show v5 --json": ([*long, "show", "v5", "--json"], folder),
            "grn tag": ([*long, "tag"], folder),
            "small grn log": ([*short, "log"], folder),
            "small grn show --json": ([*short, "show", "--json"], folder),
            "small grn tag": ([*short, "tag"], folder),
        }
        times: dict[str, list[tuple[float, float]]] = {label: [] for label in commands}
        for round_ in range(arguments.runs + 1):
            for label, (command, where) in commands.items():
                seconds = run(command, where)
                if round_:
                    times[label].append(seconds)
    middle = {label: [statistics.median(part) for part in zip(*each, strict=True)] for label, each in times.items()}
    print(
        f"# {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, medians of {arguments.runs}; index of the log warm; "
        "ratios of CPU time"
    )
    print("command\tseconds\tCPU\tof_git_log\tbeyond\tof_help\tof_start")
    git_log, grn_help, start = (middle[label][1] for label in ("git log", "grn --help", "start"))
    for label, (seconds, cpu) in middle.items():
        ratios = (cpu / git_log, (cpu - grn_help) / git_log, cpu / grn_help, cpu / start)
        print("\t".join([label, *(f"{value:.3f}" for value in (seconds, cpu)), *(f"{ratio:.2f}" for ratio in ratios)]))


if __name__ == "__main__":
    main()
