"""Maps on two threads, two processes and a cluster of Dask of two processes: CPU, bytes on the wire, kills.

    python benchmarks/workers.py [--rounds 3] [--kills 20] [--only cpu|bytes|kills]

`cpu`: the same map on each in turn, all workers begun and warm: CPU seconds of this process and of the workers, the
scheduler's among this one's; medians of ratios to two threads within a round. The digest of the results must be one.
`bytes`: what passes over the client's connection and over those of the workers, counted by proxies between them, over
the pickled bytes of items and results; what all items share is sent before, and told apart.
`kills`: SIGKILL for a random worker again and again, while tasks of a second or more run; the digest must not change.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import pickle
import random
import socket
import statistics
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import distributed
import numpy as np
import psutil
from grnledger.analysis.distribution.cluster import Cluster, connect
from grnledger.analysis.distribution.processes import Processes
from grnledger.engine.lmm import ExactScanner, fit_many, make_model
from grnledger.engine.lmm.kernels.spectral import of_factor
from grnledger.engine.mapping import Threads
from grnledger.engine.nmf import observe, simulate_counts
from grnledger.engine.nmf.solvers.solver import _fit_from
from grnledger.engine.threads import blas_libraries

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "oracles"))
from dask_workers import run_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from grnledger.engine.mapping import Mapper

    Work = tuple[Callable[[Any, Any], Any], list[Any], Any]


def nmf_fits(number: int) -> Work:
    """Return restarts of KL-NMF, rank 8, 3,000 genes × 600 samples, 150 sweeps: about a second each."""
    counts = simulate_counts(3_000, 600, 8, depth=5_000, seed=1).counts
    return _fit_from, list(range(number)), (observe(counts), 8, {"tolerance": 0.0, "most_sweeps": 150})


def scan_blocks(number: int) -> Work:
    """Return blocks of 1,024 exact tests over 1,500 rows, 12 MB each: several make a task."""
    stream = np.random.default_rng(2)
    model = make_model(of_factor(stream.normal(size=(1_500, 1_400))), stream.normal(size=1_500))
    blocks = [stream.integers(0, 3, (1_024, 1_500)).astype(np.float64) for _ in range(number)]
    return ExactScanner.scan, blocks, ExactScanner(model, fit_many(model)[0])


def digest(results: Iterator[Any]) -> str:
    """Return a digest of all results, to the last bit."""
    sha = hashlib.sha256()
    for result in results:
        for name in type(result).__slots__:
            value = getattr(result, name)
            sha.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    return sha.hexdigest()[:12]


def cpu_of(processes: list[int]) -> float:
    """Return CPU seconds of this process and of others."""
    times = [psutil.Process(process).cpu_times() for process in processes]
    return time.process_time() + sum(spent.user + spent.system for spent in times)


def measure_cpu(rounds: int) -> None:
    """Print CPU seconds and their ratios to two threads."""
    with contextlib.ExitStack() as stack:
        processes = stack.enter_context(contextlib.closing(Processes(2)))
        local = stack.enter_context(distributed.LocalCluster(n_workers=2, threads_per_worker=1, silence_logs=50))
        cluster = stack.enter_context(connect(local.scheduler_address))
        pids: dict[str, Callable[[], list[int]]] = {
            "1 thread": list,
            "2 threads": list,
            "2 processes": lambda: processes.workers,
            "LocalCluster of 2": lambda: [nanny.pid for nanny in local.workers.values()],
        }
        mappers: dict[str, Mapper] = dict(zip(pids, (Threads(1), Threads(2), processes, cluster), strict=True))
        for name, (step, items, shared) in (("NMF fits", nmf_fits(40)), ("scan blocks", scan_blocks(60))):
            spent: dict[str, list[float]] = {kind: [] for kind in mappers}
            digests: dict[str, str] = {}
            for mapper in mappers.values():
                list(mapper(step, items[:4], shared=shared))  # code is loaded, and what is shared is there
            for _ in range(rounds):
                for kind, mapper in mappers.items():
                    begin, wall = cpu_of(pids[kind]()), time.perf_counter()
                    digests[kind] = digest(mapper(step, items, shared=shared))
                    spent[kind].append(cpu_of(pids[kind]()) - begin)
                    print(f"#   {name}, {kind}: {spent[kind][-1]:.1f} CPU s, {time.perf_counter() - wall:.1f} s")
            for kind, seconds in spent.items():
                ratio = statistics.median(a / b for a, b in zip(seconds, spent["2 threads"], strict=True))
                median = statistics.median(seconds)
                print(f"{name}\t{kind}\t{median:.1f} CPU s\t{ratio:.3f} × 2 threads\t{digests[kind]}", flush=True)
            assert len(set(digests.values())) == 1, digests


class Proxy:
    """Passes bytes on to an address, and counts them."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.count, self._target = 0, target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            ours, _ = self._listener.accept()
            theirs = socket.create_connection(self._target)
            for source, sink in ((ours, theirs), (theirs, ours)):
                threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(1 << 20):
                self.count += len(content)
                sink.sendall(content)
            sink.shutdown(socket.SHUT_WR)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Counting:
    """A mapper that counts the pickled bytes of tasks and of their outcomes on the way."""

    here = False

    def __init__(self, cluster: Cluster) -> None:
        self.bytes = self.tasks = 0
        self._cluster = cluster

    def count(self, crew: Any) -> Any:
        """Have what a crew sends and receives counted."""
        send, receive = crew.send, crew.receive

        def counted_send(number: int, task: bytes) -> None:
            self.bytes, self.tasks = self.bytes + len(task), self.tasks + 1
            send(number, task)

        def counted_receive() -> tuple[int, bytes]:
            number, outcome = receive()
            self.bytes += len(outcome)
            return number, outcome

        crew.send, crew.receive = counted_send, counted_receive
        return crew


def measure_bytes() -> None:
    """Print bytes on the connections of client and workers, over those of items and results."""
    from grnledger.analysis.distribution import cluster as module

    with run_workers(0) as workers:
        host, port = workers.address.removeprefix("tcp://").split(":")
        to_scheduler, from_client = Proxy((host, int(port))), Proxy((host, int(port)))
        to_workers: list[Proxy] = []
        for _ in range(2):
            listen = free_port()
            to_workers.append(Proxy(("127.0.0.1", listen)))
            workers.begin(
                f"tcp://127.0.0.1:{to_scheduler.port}",
                f"--listen-address=tcp://127.0.0.1:{listen}",
                f"--contact-address=tcp://127.0.0.1:{to_workers[-1].port}",
            )
        with connect(f"tcp://127.0.0.1:{from_client.port}") as mapper:
            for name, (step, items, shared) in (("NMF fits", nmf_fits(24)), ("scan blocks", scan_blocks(48))):
                before = [from_client.count, to_scheduler.count + sum(proxy.count for proxy in to_workers)]
                list(mapper(step, items[:4], shared=shared))
                sent = [from_client.count, to_scheduler.count + sum(proxy.count for proxy in to_workers)]
                size = len(pickle.dumps(shared, protocol=5))
                print(
                    f"# {name}: {size / 1e6:.1f} MB are shared; with 4 items the client sent and received "
                    f"{(sent[0] - before[0]) / 1e6:.1f} MB, both workers {(sent[1] - before[1]) / 1e6:.1f} MB"
                )
                counting, original = Counting(mapper), module.run_tasks
                module.run_tasks = lambda crew, *rest, own=counting, run=original: run(own.count(crew), *rest)
                list(mapper(step, items, shared=shared))
                module.run_tasks = original
                now = [from_client.count, to_scheduler.count + sum(proxy.count for proxy in to_workers)]
                client, both = ((after - begin) / counting.bytes for after, begin in zip(now, sent, strict=True))
                each = f"{counting.bytes / counting.tasks / 1e6:.2f} MB of items and results a task"
                print(
                    f"{name}\t{counting.tasks} tasks\t{each}\tclient {client:.3f} ×\tworkers {both:.3f} ×", flush=True
                )


def measure_kills(kills: int) -> None:
    """Print whether random SIGKILLs lose or change anything."""
    chance = random.Random(11)
    step, items, shared = nmf_fits(3 * kills)
    begin = time.perf_counter()
    expected = digest(Threads(2)(step, items, shared=shared))
    pause = (time.perf_counter() - begin) * 2 / len(items)  # a fit on one core, as busy as the machine is
    with contextlib.closing(Processes(2)) as mapper:

        def kill() -> bool:
            if alive := mapper.workers:
                os.kill(chance.choice(alive), 9)
            return bool(alive)

        print_kills("2 processes", kill, mapper, (step, items, shared), expected, kills, chance, pause)
    with run_workers(2) as workers, connect(workers.address) as cluster:
        print_kills(
            "dask, 2 processes",
            lambda: workers.kill_one(chance),
            cluster,
            (step, items, shared),
            expected,
            kills,
            chance,
            pause,
        )


def print_kills(
    kind: str,
    kill: Callable[[], bool],
    mapper: Mapper,
    work: Work,
    expected: str,
    kills: int,
    chance: random.Random,
    pause: float,
) -> None:
    """Kill workers at random times while a map runs, half to four fits apart; again in further maps if need be."""
    killed, maps, wrong, ended = 0, 0, 0, threading.Event()

    def killer() -> None:
        nonlocal killed
        while killed < kills and not ended.wait(chance.uniform(0.5, 4.0) * pause):
            killed += kill()

    thread = threading.Thread(target=killer)
    thread.start()
    try:
        while killed < kills:
            maps += 1
            wrong += digest(mapper(work[0], work[1], shared=work[2])) != expected
    finally:
        ended.set()
        thread.join()
    tasks = maps * len(work[1])
    print(
        f"{kind}\t{killed} SIGKILLs during {tasks} fits of {pause:.1f} s\t{wrong} of {maps} answers changed", flush=True
    )


def main() -> None:
    """Print all measurements, or one kind."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--only", choices=["cpu", "bytes", "kills"])
    options = parser.parse_args()
    print(f"# {os.cpu_count()} cores; {'; '.join(blas_libraries())}; load {os.getloadavg()[0]:.1f}", flush=True)
    if options.only in (None, "cpu"):
        measure_cpu(options.rounds)
    if options.only in (None, "bytes"):
        measure_bytes()
    if options.only in (None, "kills"):
        measure_kills(options.kills)


if __name__ == "__main__":
    main()
