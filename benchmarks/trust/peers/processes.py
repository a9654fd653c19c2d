"""Steps run in processes of their own, so that one may be killed, crash or hang."""

from __future__ import annotations

import contextlib
import multiprocessing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

CONTEXT = multiprocessing.get_context("forkserver")
PRELOADED = ("numpy", "h5py", "zarr", "icechunk", "versioned_hdf5", "grnledger.storage.repository", "scipy.linalg")
"""Imported once, in the process that is copied for each step."""

DEADLINE = 120.0
"""Seconds after which a step counts as hung."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A step that raised, crashed or hung instead of answering."""

    reason: str


def prepare() -> None:
    """Have the heavy packages imported once."""
    CONTEXT.set_forkserver_preload(list(PRELOADED))


def start(step: Callable[..., object], *arguments: object) -> tuple[BaseProcess, Connection]:
    """Return a process that runs `step(tell, *given)`, and the end of its pipe `tell`."""
    ears, tell = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=step, args=(tell, *arguments), daemon=True)
    process.start()
    tell.close()
    return process, ears


def answer(step: Callable[..., object], *arguments: object) -> Any:
    """Return what `step(*given)` returns in a fresh process, or `Broken`."""
    process, ears = start(_tell_result, step, *arguments)
    try:
        reply = ears.recv() if ears.poll(DEADLINE) else Broken("hung")
    except EOFError:
        process.join()
        reply = Broken(f"crashed with {process.exitcode}")
    finish(process)
    ears.close()
    return reply


def finish(process: BaseProcess) -> None:
    """End a process, and wait for it."""
    process.kill()
    process.join()
    process.close()


def drain(ears: Connection) -> list[Any]:
    """Return all that a process has told before its end."""
    replies: list[Any] = []
    with contextlib.suppress(EOFError):
        while True:
            replies.append(ears.recv())
    ears.close()
    return replies


def _tell_result(tell: Connection, step: Callable[..., object], *arguments: object) -> None:
    try:
        result = step(*arguments)
    except Exception as failure:  # noqa: BLE001  whatever a store raises is what is measured
        result = Broken(f"{type(failure).__name__}: {failure}")
    tell.send(result)
