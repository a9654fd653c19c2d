"""The map on processes of this machine. One that dies loses nothing: another takes over what it had."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import sys
from collections import Counter, deque
from dataclasses import dataclass
from multiprocessing.connection import wait
from subprocess import DEVNULL, Popen
from typing import TYPE_CHECKING, TypeVar, cast

from ...engine.errors import EngineError
from ...formats.files.writing import nameless_file
from .channel import TASK, Channel
from .packing import packed
from .tasks import run_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Output = TypeVar("Output")

MOST_DEATHS = 3
"""Deaths of processes over one task after which it is not begun again: the task kills them."""

PROGRAM = f"""
import json, sys
sys.path[:] = json.loads(sys.argv[2])
from {__package__}.process_child import serve
serve(int(sys.argv[1]))
"""
"""What a process runs. The path is that of this process: the package need not be on that of a new interpreter."""


class Processes:
    """The map on processes of this machine, which begin with the first map and end with `close`.

    Parameters
    ----------
    number : int
        How many, each on one core.
    """

    def __init__(self, number: int) -> None:
        self._number = number
        self._workers: list[_Worker] = []
        self._file = contextlib.ExitStack()
        self._content: _Content | None = None
        self._is_busy = False

    @property
    def here(self) -> bool:
        """Whether steps run in this process: they do not."""
        return False

    def __call__(
        self, step: Callable[[Shared, Item], Output], items: Iterable[Item], *, shared: Shared
    ) -> Iterator[Output]:
        """Yield step(shared, item) for each item; see `Mapper`. What is shared is written once, and mapped by all.

        Raises
        ------
        EngineError
            Processes die over one task again and again.
        """
        if self._is_busy:
            raise RuntimeError("A map on these processes is under way: read its results first, or close it.")
        self._is_busy = True
        crew = _Crew(self._number, self._workers, self._share(shared))
        try:
            yield from run_tasks(crew, step, items)
        finally:
            crew.dismiss_busy()
            self._is_busy = False

    @property
    def workers(self) -> list[int]:
        """The ids of the processes that run now."""
        return [worker.process.pid for worker in self._workers]

    def close(self) -> None:
        """End all processes."""
        while self._workers:
            self._workers.pop().end()
        self._file.close()

    def _share(self, shared: object) -> _Content:
        """Return a file of what the items of a map share: a new one, unless those of the map before shared the same."""
        if self._content is None or self._content.shared is not shared:
            self._file.close()
            stream = self._file.enter_context(nameless_file())
            stream.writelines(packed(shared))
            stream.flush()
            self._content = _Content(shared, stream.fileno(), stream.tell())
        return self._content


@dataclass(frozen=True, slots=True, eq=False)
class _Content:
    """What the items of a map share, and the descriptor and the length of the file that has it."""

    shared: object
    descriptor: int
    size: int


class _Worker:
    """A process, the numbers of the tasks that it has, and what shared content it knows."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        path = [folder for folder in sys.path if folder]
        with theirs:
            self.process = Popen(  # noqa: S603  a program of ours, and no shell
                [sys.executable, "-P", "-c", PROGRAM, str(theirs.fileno()), json.dumps(path)],
                stdin=DEVNULL,
                stdout=DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # Ctrl-C is for the parent
            )
        self.channel = Channel(ours)
        self.tasks: deque[int] = deque()
        self.knows: _Content | None = None

    def end(self) -> int:
        """End the process, whatever it computes, and return its exit code."""
        self.process.kill()
        self.channel.close()
        return self.process.wait()


class _Crew:
    """The workers during one map."""

    def __init__(self, number: int, workers: list[_Worker], content: _Content) -> None:
        self.places = number
        self._workers, self._content = workers, content
        self._tasks: dict[int, bytes] = {}
        self._waiting: deque[int] = deque()
        self._deaths: Counter[int] = Counter()

    def send(self, number: int, task: bytes) -> None:
        """Have a task run."""
        self._tasks[number] = task
        self._waiting.append(number)
        self._assign()

    def receive(self) -> tuple[int, bytearray]:
        """Wait for any task to be done."""
        while True:
            at = {worker.channel.fileno(): worker for worker in self._workers}
            worker = at[cast("int", wait(list(at))[0])]
            try:
                _, number, content = worker.channel.receive()
            except (EOFError, OSError):
                self._replace(worker)
                continue
            worker.tasks.remove(number)
            del self._tasks[number]
            self._assign()
            return number, content

    def dismiss_busy(self) -> None:
        """End the workers that still have tasks: nobody wants their results."""
        for worker in [worker for worker in self._workers if worker.tasks]:
            self._workers.remove(worker)
            worker.end()

    def _assign(self) -> None:
        """Give each idle worker a task, and one more to each where there are plenty, so that none has to wait."""
        while self._waiting and len(self._workers) < min(self.places, len(self._tasks)):
            self._workers.append(_Worker())
        for depth in (1, 2):
            for worker in [worker for worker in self._workers if len(worker.tasks) < depth]:
                if len(self._waiting) > (self.places if depth > 1 else 0):
                    self._give(worker, self._waiting.popleft())

    def _give(self, worker: _Worker, number: int) -> None:
        worker.tasks.append(number)
        try:
            if worker.knows is not self._content:
                worker.channel.send_file(self._content.descriptor, self._content.size)
                worker.knows = self._content
            worker.channel.send(TASK, number, self._tasks[number])
        except OSError:
            self._replace(worker)

    def _replace(self, worker: _Worker) -> None:
        """Have others take over the tasks of a worker that has died."""
        self._workers.remove(worker)
        code = worker.end()
        if worker.tasks:
            self._deaths[worker.tasks[0]] += 1
            if (deaths := self._deaths[worker.tasks[0]]) > MOST_DEATHS:
                how = signal.Signals(-code).name if code < 0 else f"code {code}"
                raise EngineError(
                    f"{deaths} worker processes ended over one and the same task, the last by {how}.",
                    code="workers-died",
                )
        self._waiting.extendleft(reversed(worker.tasks))
        self._assign()
