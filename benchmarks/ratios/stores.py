"""A version kept durably: one pathway on one gene network, by stores that keep every version."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..trust.peers.contenders import CONTENDERS
from ..trust.peers.model import Truth
from .rows import Absence, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rows import Effort

GENES, FEWEST, MOST = 500, 10, 40


def measure(effort: Effort) -> Iterator[Row | Absence]:
    """Yield the ratios of one commit, CPU and wall; each store is used as its own documentation says."""
    truth = Truth(GENES, 3)
    count = FEWEST if effort.quick else MOST
    times: dict[str, tuple[float, float]] = {}
    for key in ("grnledger", "versioned-hdf5", "icechunk", "h5py"):
        contender = CONTENDERS[key]
        try:
            times[contender.title] = _commit(key, truth, count)
        except ImportError as error:
            yield Absence(contender.title, str(error))
    own = CONTENDERS["grnledger"].title
    for title in times.keys() - {own}:
        for index, clock in enumerate(("CPU", "wall")):
            yield Row("a version committed", f"p = {GENES}", title, times[own][index], times[title][index], clock=clock)


def _commit(key: str, truth: Truth, count: int) -> tuple[float, float]:
    """Return the median CPU and wall seconds of a commit, after three that are not counted."""
    with tempfile.TemporaryDirectory() as folder:
        CONTENDERS[key].create(Path(folder), truth.base())
        store = CONTENDERS[key].open(Path(folder))
        times: list[tuple[float, float]] = []
        for item in range(1, count + 4):
            loadings = truth.loadings(item)
            wall, cpu = time.perf_counter(), time.process_time()
            store.commit(item, loadings)
            times.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpu, wall = (statistics.median(part) for part in zip(*times[3:], strict=True))
    return cpu, wall
