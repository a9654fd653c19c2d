# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# (distributed ships no types)
"""The map on a cluster of Dask: of its client, `submit`, `scatter` and `as_completed` do all of the work.

The scheduler keeps each task with its items until it is done, so that a worker that dies loses nothing. What items
share is scattered to all workers once; where the last of them that has it dies, it is sent again.
"""

from __future__ import annotations

import contextlib
import os
import platform
import threading
import time
import uuid
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

from ...engine.errors import EngineError, InputError, NotFound
from ...engine.lazy import require
from .arithmetic import arithmetic, check_arithmetic
from .packing import packed, unpack
from .tasks import refuse_task, run_task, run_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Output = TypeVar("Output")

SECONDS = 10
"""Seconds to wait for the scheduler to answer."""

MOST_SECONDS = 120
"""Seconds to wait for a worker where there is none, as where all have died and begin anew."""

BETWEEN_COUNTS = 5
"""Seconds between two counts of the workers."""

MOST_FAILURES = 5
"""How often a task is sent again; Dask itself gives one up whose workers have died four times."""

MOST_SHARED = 2
"""For how many maps at once a worker has what their items share."""


class Cluster:
    """The map on the workers of a scheduler.

    Make one with `connect`.

    Parameters
    ----------
    client : distributed.Client
        The connection; it is not closed.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._content: _Content | None = None

    @property
    def here(self) -> bool:
        """Whether steps run in this process: they do not."""
        return False

    def __call__(
        self, step: Callable[[Shared, Item], Output], items: Iterable[Item], *, shared: Shared
    ) -> Iterator[Output]:
        """Yield step(shared, item) for each item; see `Mapper`.

        Raises
        ------
        NotFound
            There are no workers.
        EngineError
            Workers would compute other last digits, or die over one task again and again.
        """
        if self._content is None or self._content.shared is not shared:
            self._content = _Content(self._client, shared)
        crew = _Crew(self._client, self._content)
        try:
            yield from run_tasks(crew, step, items)
        finally:
            crew.cancel()


class _Content:
    """What the items of a map share, on the workers."""

    def __init__(self, client: Any, shared: object) -> None:
        self.shared, self.token = shared, uuid.uuid4().hex
        self._client, self._future = client, None
        self._bytes = bytearray()
        for part in packed(shared):
            self._bytes += part

    def future(self) -> Any:
        """Return where the workers have it, sending it where they have not."""
        if self._future is None or self._future.status != "finished":
            try:
                self._future = self._client.scatter(self._bytes, broadcast=True, hash=False, timeout=MOST_SECONDS)
            except TimeoutError:
                raise NotFound("The scheduler of Dask has no workers.", code="no-workers") from None
        return self._future


class _Crew:
    """The tasks of one map, with their futures."""

    def __init__(self, client: Any, content: _Content) -> None:
        self._client, self._content = client, content
        content.future()
        self._places, self._due = 1, 0.0
        self._completed = _distributed().as_completed(loop=client.loop)
        self._tasks: dict[str, tuple[Any, int, bytes]] = {}
        self._failures: Counter[int] = Counter()

    @property
    def places(self) -> int:
        """How many tasks run at once: workers may come and go."""
        if (now := time.monotonic()) >= self._due:
            self._places, self._due = max(1, sum(self._client.nthreads().values())), now + BETWEEN_COUNTS
        return self._places

    def send(self, number: int, task: bytes) -> None:
        """Have a task run."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")  # items are to go with their task
            future = self._client.submit(
                run_shared, self._content.future(), self._content.token, arithmetic(), task,
                pure=False, key=f"grnledger-{uuid.uuid4().hex}",
            )  # fmt: skip
        self._tasks[future.key] = (future, number, task)
        self._completed.add(future)

    def receive(self) -> tuple[int, bytes]:
        """Wait for any task to be done; one that was lost with its worker, or with what is shared, is sent again."""
        while True:
            future = next(self._completed)
            _, number, task = self._tasks.pop(future.key)
            try:
                return number, future.result()
            except Exception as failure:  # noqa: BLE001  of the cluster: what a step raises is a result
                self._failures[number] += 1
                if self._failures[number] > MOST_FAILURES or isinstance(failure, ImportError):
                    why = f"{type(failure).__name__}: {failure}".rstrip(".")
                    raise EngineError(f"The workers of Dask cannot do a task: {why}.", code="workers-failed") from None
            self.send(number, task)

    def cancel(self) -> None:
        """Cancel what has not been read."""
        if self._tasks:
            self._client.cancel([future for future, _, _ in self._tasks.values()], force=True)


@contextlib.contextmanager
def connect(address: str) -> Generator[Cluster]:
    """Hold a connection to the scheduler at an address, such as tcp://host:8786.

    Raises
    ------
    NotFound
        It does not answer.
    InputError
        The package `distributed` is not installed; or it has no certificates for an address with tls://.
    """
    if address.startswith("tls:") and not _has_certificates():
        raise InputError(f"Dask has no certificates for {address}.", code="no-certificates")
    try:
        client = _distributed().Client(address, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError) as failure:
        reason = str(failure).rstrip(".")
        raise NotFound(f"No scheduler of Dask answers at {address}: {reason}.", code="no-scheduler") from None
    with client:
        yield Cluster(client)


def run_shared(content: bytearray, token: str, expected: dict[str, str], task: bytes) -> bytes:
    """Return the packed outcome of a task, computed in a worker whose last digits are those of the caller's process."""
    try:
        check_arithmetic(expected, f"{os.getpid()} on {platform.node()}")
    except EngineError as refusal:
        return refuse_task(refusal)
    return run_task(_unpacked(content, token), task)


_UNPACKED: dict[str, Any] = {}
"""What items share, by its token, as long as this worker has it."""

_UNPACKING = threading.Lock()


def _unpacked(content: bytearray, token: str) -> Any:
    """Return what items share, the same object for all tasks of this worker."""
    with _UNPACKING:
        if token not in _UNPACKED:
            while len(_UNPACKED) >= MOST_SHARED:
                del _UNPACKED[next(iter(_UNPACKED))]
            _UNPACKED[token] = unpack(content)
        return _UNPACKED[token]


def _has_certificates() -> bool:
    """Tell whether Dask's configuration has what its client needs to connect by TLS."""
    of_client = _distributed().Security().get_connection_args("client")
    return of_client.get("ssl_context") is not None


def _distributed() -> Any:
    return require("distributed", "distributed", "A scheduler of Dask")
