"""A scheduler of Dask in this process, and workers in processes of their own, which are replaced when they are killed.

The nannies of Dask's own local cluster give up now and then where a worker is killed while it begins; a batch system
begins another one.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = str(Path(__file__).parent)
"""Where the steps of the tests are, which the workers import."""


class Workers:
    """Some workers of a scheduler.

    Parameters
    ----------
    scheduler : object
        The scheduler, in this process.
    number : int
        How many workers there are at any time.
    """

    def __init__(self, scheduler: Any, number: int) -> None:
        self.address: str = scheduler.address
        self._scheduler, self._number = scheduler, number
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.revive()

    @property
    def registered(self) -> list[subprocess.Popen[bytes]]:
        """The processes of the workers that the scheduler knows."""
        known = {worker.name for worker in self._scheduler.workers.values()}
        return [process for name, process in self._processes.items() if name in known]

    @property
    def tasks(self) -> list[str]:
        """The names of the tasks that the scheduler knows."""
        return list(self._scheduler.tasks)

    def kill_one(self, chance: random.Random) -> bool:
        """Kill one of the workers that the scheduler knows, and have another begin; return whether there was one."""
        registered = self.registered
        if registered:
            victim = chance.choice(registered)
            victim.kill()
            victim.wait()
            self.revive()
        return bool(registered)

    def revive(self) -> None:
        """Begin as many workers as have died."""
        self._processes = {name: process for name, process in self._processes.items() if process.poll() is None}
        while len(self._processes) < self._number:
            self.begin(self.address)

    def begin(self, address: str, *options: str) -> None:
        """Begin a worker of a scheduler at an address, which may be that of a proxy."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([FOLDER, *filter(None, sys.path)])}
        environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # as Dask's nannies set them
        name = f"w{random.getrandbits(40):x}"
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny", "--nthreads=1"]
        command += ["--no-dashboard", "--name", name, *options]
        self._processes[name] = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

    def end(self) -> None:
        """Kill all workers."""
        for process in self._processes.values():
            process.kill()
            process.wait()


@contextlib.contextmanager
def run_workers(number: int) -> Iterator[Workers]:
    """Run a scheduler and some workers."""
    import distributed

    options = {"n_workers": 0, "processes": False, "dashboard_address": ":0", "silence_logs": 50}
    with distributed.LocalCluster(**options, protocol="tcp://") as cluster:
        workers = Workers(cluster.scheduler, number)
        try:
            yield workers
        finally:
            workers.end()
