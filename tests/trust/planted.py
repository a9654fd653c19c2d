"""Faults planted in the write protocol: what a store without it does, and what each harness must find."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any
from unittest import mock

from grnledger.storage.files import durable, layout
from grnledger.storage.history import ref_moves
from grnledger.storage.history.log import Log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from grnledger.storage.history.writing import Writer

    Plant = Callable[[Callable[[], object]], AbstractContextManager[object]]
    # Given what acknowledges a verb, a context in which it is done with the fault.

PIECE = 16


def nothing(_: Callable[[], object]) -> AbstractContextManager[object]:
    """Plant no fault."""
    return contextlib.nullcontext()


@contextlib.contextmanager
def acknowledged_early(acknowledge: Callable[[], object]) -> Iterator[None]:
    """Acknowledge the verb as its entry begins to be written, and not once that has its name."""
    write_whole = durable.write_whole

    def acknowledge_and_write(path: Path, write: Callable[[Any], object]) -> None:
        def acknowledge_first(output: Any) -> None:
            if path.parent.name == layout.LOG:
                acknowledge()
            write(output)

        write_whole(path, acknowledge_first)

    with mock.patch.object(durable, "write_whole", acknowledge_and_write):
        yield


@contextlib.contextmanager
def in_place(_: Callable[[], object]) -> Iterator[None]:
    """Let files grow, piece by piece, under the name that they are to have."""

    def publish(path: Path, write: Callable[[Any], object], **_named: object) -> None:
        output = durable.Output(path)
        whole = output.write

        def write_in_pieces(buffer: Any) -> int:
            view = memoryview(buffer).cast("B")
            for start in range(0, len(view), PIECE):
                whole(view[start : start + PIECE])
                os.fsync(output._descriptor)
            return len(view)

        output.write = write_in_pieces  # pyright: ignore[reportAttributeAccessIssue]
        write(output)
        output.finish()

    with mock.patch.object(durable, "publish", publish):
        yield


@contextlib.contextmanager
def two_entries(_: Callable[[], object]) -> Iterator[None]:
    """Move a branch by two entries of the log: to the root, and on from there."""
    move = ref_moves.move_branch

    def twice(writer: Writer, branch: str, before: str | None, after: str, reason: str) -> str:
        root = writer.ledger.history.commits[0].id
        move(writer, branch, before, root, reason)
        return move(writer, branch, root, after, reason)

    with mock.patch.object(ref_moves, "move_branch", twice):
        yield


@contextlib.contextmanager
def unchecked_fsync(_: Callable[[], object]) -> Iterator[None]:
    """Pass over what fsync says."""
    sync = durable._sync

    def sync_silently(descriptor: int) -> None:
        with contextlib.suppress(OSError):
            sync(descriptor)

    with mock.patch.object(durable, "_sync", sync_silently):
        yield


@contextlib.contextmanager
def unchecked_write(_: Callable[[], object]) -> Iterator[None]:
    """Pass over what could not be written."""
    write = durable.Output.write

    def write_silently(output: durable.Output, buffer: Any) -> int:
        with contextlib.suppress(OSError):
            return write(output, buffer)
        output.failure = None
        return len(buffer)

    with mock.patch.object(durable.Output, "write", write_silently):
        yield


@contextlib.contextmanager
def counted_first(_: Callable[[], object]) -> Iterator[None]:
    """Let the log take an entry for written before it is."""
    append = Log.append

    def count_and_append(log: Log, entry: Any, pathways: Any = ()) -> str:
        length, log.length = log.length, entry.number
        id_ = append(log, entry, pathways)
        log.length = max(log.length, length)
        return id_

    with mock.patch.object(Log, "append", count_and_append):
        yield


DEATHS: dict[str, Plant] = {
    "nothing": nothing,
    "acknowledged-early": acknowledged_early,
    "in-place": in_place,
    "two-entries": two_entries,
}
"""Faults that a death brings to light."""

ERRORS: dict[str, Plant] = {
    "nothing": nothing,
    "unchecked-fsync": unchecked_fsync,
    "unchecked-write": unchecked_write,
    "counted-first": counted_first,
    "in-place": in_place,
}
"""Faults that an error of the disk brings to light."""
