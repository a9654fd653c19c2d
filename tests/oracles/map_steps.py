"""Steps of maps, which worker processes find by their names."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grnledger.engine.errors import NotPositiveDefinite
from grnledger.engine.threads import cores
from threadpoolctl import threadpool_info

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def product(shared: NDArray[np.float64], item: int) -> NDArray[np.float64]:
    """Return some of the numbers, multiplied: their last bits are those of BLAS."""
    return shared[item:].T @ shared[: len(shared) - item]


def fail_at_seven(shared: object, item: int) -> int:
    """Return the item, unless it is 7."""
    if item == 7:
        raise NotPositiveDefinite(f"{shared} {item}", code="some-code", facts={"item": 7}, eigenvalue=-0.5)
    return item


def size_of(_: object, item: NDArray[np.float64]) -> int:
    """Return how many numbers an item has."""
    return item.size


class Picky(Exception):
    """An error that cannot be copied as other errors are."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} and {second}")


def raise_picky(_: object, item: int) -> int:
    raise Picky("this", str(item))


def environment(_: object, item: int) -> tuple[int, int, int]:
    """Return the process, its cores, and the most threads of a BLAS."""
    del item
    return os.getpid(), cores(), max(info["num_threads"] for info in threadpool_info() if info["user_api"] == "blas")


def identity(shared: Any, _: int) -> tuple[int, int]:
    """Return the process and where it has what is shared."""
    return os.getpid(), id(shared)


def die_once(folder: str, item: int) -> int:
    """Return the item; of each item, the first process that takes it dies of it."""
    mark = Path(folder, str(item))
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def die(_: object, item: int) -> int:
    """Kill whoever takes the last of ten items."""
    if item == 9:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def wait_for(folder: str, item: int) -> int:
    """Say that the item has begun, and wait until a file says that it may end, unless it is 0; return the process."""
    Path(folder, f"begun-{item}").touch()
    while item and not Path(folder, "end").exists():
        time.sleep(0.01)
    return os.getpid()


def thread_of(_: object, item: int) -> tuple[int, int]:
    """Return a thread and its cores."""
    del item
    return threading.get_ident(), cores()
