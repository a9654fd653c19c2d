"""`--scheduler`: the same bytes with each of them, for every command that has one; and an interrupt ends them all."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GENES, SAMPLES = 40, 30
COMMANDS = """
nmf --rank 2:4 --restarts 3 --json
nmf --input counts --rank 3 --restarts 10 --table ranks --json
nmf diff v0..v1 --rank 2 --restarts 2 --resamples 4 --json
edges --fdr 0.5 --json
edges --top 20 --halves 3 --json
support --decoys 5 --json
support --decoys 3 --sets sets.gmt --strength fit --json
diff v1..drug --json
lmm enrich --labels labels.tsv --contrast A:B --expression other.tsv --sets sets.gmt --permute 6 --min-genes 2 --json
lmm scan --pheno z.tsv --tests sets.gmt --json
"""


def table(values: np.ndarray, name: str) -> str:
    head = "\t".join(["gene", *(f"{name}{number}" for number in range(values.shape[1]))])
    rows = ["\t".join([f"G{gene:02d}", *map(str, row)]) for gene, row in enumerate(values.tolist())]
    return "\n".join([head, *rows]) + "\n"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a pathway, and a branch on other samples."""
    from grnledger.cli.errors import run
    from grnledger.cli.main import grn

    folder, stream = tmp_path_factory.mktemp("prepared"), np.random.default_rng(8)
    for name in ("control", "drug", "other"):
        factors = stream.gamma(2.0, size=(GENES, 3)) @ stream.gamma(2.0, size=(3, SAMPLES))
        (folder / f"{name}.tsv").write_text(table(stream.poisson(factors).astype(int), name))
    sets = {f"S{first}": range(first, first + 4) for first in range(0, 36, 3)}
    text = ["\t".join([name, "-", *(f"G{gene:02d}" for gene in genes)]) for name, genes in sets.items()]
    (folder / "sets.gmt").write_text("\n".join(text) + "\n")
    labels = "".join(f"other{number}\t{'AB'[number % 2]}\n" for number in range(SAMPLES))
    (folder / "labels.tsv").write_text("sample\tlabel\n" + labels)
    signal = "".join(f"G{gene:02d}\t{value!r}\n" for gene, value in enumerate(stream.normal(size=GENES).tolist()))
    (folder / "z.tsv").write_text("gene\tz\n" + signal)
    init = "--counts --transform log1p --intensity 0.3 --groups none"
    story = [f"init lab.grn --expression control.tsv {init}", "commit sets.gmt --only S0 --only S9"]
    story += ["branch drug v1", f"base drug.tsv {init} --branch drug"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in story:
            assert run(grn, line.split(), None) == 0, line
    return folder


@pytest.fixture
def ask(grn: Callable[..., Any], prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return what asks in a new copy of the store each time: some answers are kept there."""

    def run(command: str, *options: str) -> Any:
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
        shutil.copytree(prepared, tmp_path / "copy")
        monkeypatch.chdir(tmp_path / "copy")
        return grn(*command.split(), *options)

    return run


@pytest.mark.parametrize("command", COMMANDS.strip().splitlines())
def test_an_answer_has_the_same_bytes_with_threads_and_processes(ask: Callable[..., Any], command: str) -> None:
    plain = ask(command)
    assert plain.code == 0, plain.err
    for scheduler in ("threads:1", "threads:2", "processes:2"):
        answer = ask(command, "--scheduler", scheduler)
        assert (answer.code, answer.out) == (0, plain.out), scheduler


def test_an_answer_has_the_same_bytes_with_dask(ask: Callable[..., Any]) -> None:
    pytest.importorskip("distributed")
    from dask_workers import run_workers

    with run_workers(2) as workers:
        for command in COMMANDS.strip().splitlines():
            answer = ask(command, "--scheduler", workers.address)
            assert (answer.code, answer.out) == (0, ask(command).out), command


def test_what_cannot_be_opened_is_refused_before_anything_is_computed(ask: Callable[..., Any]) -> None:
    answer = ask("support", "--scheduler", "slurm:4")
    assert (answer.code, answer.out) == (2, "")
    assert "'slurm:4' is no scheduler: it is threads:N, processes:N or tcp://HOST:PORT" in answer.err
    assert "--scheduler processes:4" in answer.err


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Where the tests run in the background, a shell may have told them and theirs to pass over Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def children(process: int) -> list[int]:
    """Return the processes that a process has begun, whose ends it has not asked about."""
    try:
        return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))
    except OSError:
        return []


def is_running(process: int) -> bool:
    """Return whether a process is there, and not just waits for somebody to ask how it ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in ("Z", "X")


def threads(process: int) -> list[int]:
    """Return the threads of a process."""
    return [int(thread.name) for thread in Path(f"/proc/{process}/task").iterdir()]


@pytest.mark.skipif(sys.platform != "linux", reason="children are looked up in /proc")
@pytest.mark.usefixtures("interruptible", "compiled_once")
@pytest.mark.parametrize("scheduler", ["threads:2", "processes:2"])
def test_an_interrupt_ends_with_130_and_leaves_no_process(prepared: Path, tmp_path: Path, scheduler: str) -> None:
    """The fits would take hours: 1,000 restarts of each rank."""
    command = [sys.executable, "-m", "grnledger.cli", "nmf", "--input", str(prepared / "control.tsv"), "--rank", "2:20"]
    command += ["--restarts", "1000", "--scheduler", scheduler]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        begun: list[int] = []
        while len(begun) < 2 and process.poll() is None:
            begun = children(process.pid) if scheduler.startswith("processes") else threads(process.pid)
        process.send_signal(signal.SIGINT)
        output, message = process.communicate()
    assert (process.returncode, output) == (130, b"")
    assert message.splitlines()[-1] == b"Interrupted."
    if scheduler.startswith("processes"):
        deadline = time.monotonic() + 60  # one that is killed closes its pipes a moment before it is gone
        while any(map(is_running, begun)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not any(map(is_running, begun))
