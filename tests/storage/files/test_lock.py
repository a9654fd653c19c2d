"""The lock: writers queue, the dead do not hold it, and nothing about it ever stops a write."""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import Conflict
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import durable, lock
from grnledger.storage.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("compiled_once")

PROCESSES, ROUNDS = 8, 20

IMPORTS = """
import contextlib, fcntl, os, sys, time
from pathlib import Path
from grnledger.storage.files.lock import hold
path = Path('lock')
"""

COUNTING = """
if sys.argv[1] == 'without':
    hold = lambda path, wait: contextlib.nullcontext()
count, inside, overlaps = Path('count'), Path('inside'), 0
print('ready', flush=True)
sys.stdin.read()
for _ in range(int(sys.argv[2])):
    with hold(path, 120.0):
        try:
            inside.mkdir()
        except FileExistsError:
            overlaps += 1
        before = int(count.read_text() or 0)
        for _ in range(200):
            os.sched_yield()
        count.write_text(str(before + 1))
        with contextlib.suppress(FileNotFoundError):
            inside.rmdir()
print(overlaps)
"""

HOLDING = """
with hold(path, 0.0) as held:
    print(held, flush=True)
    sys.stdin.read()
"""

FORKING = """
with hold(path, 0.0) as held:
    child = os.fork()
    if child == 0:
        time.sleep(600)
    print(child, flush=True)
    sys.stdin.read()
print('left', flush=True)
sys.stdin = None
time.sleep(600)
"""

READING = """
descriptor = os.open(path, os.O_RDONLY)
fcntl.flock(descriptor, fcntl.LOCK_SH)
print(True, flush=True)
sys.stdin.read()
"""

# Permissions say nothing to root: the process becomes nobody, after it has loaded what it needs.
AS_NOBODY = """
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""

GOING_ON = """
with hold(path, 0.0) as held:
    print(f'went on, {held}')
"""

WITHOUT_SPACE = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
"""


def start(script: str, folder: Path, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-B", "-W", "error", "-c", IMPORTS + script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run(script: str, folder: Path) -> str:
    with start(script, folder) as process:
        output, _ = process.communicate()
    assert process.returncode == 0
    return output


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@contextlib.contextmanager
def holding(folder: Path, script: str = HOLDING) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of a folder until it is killed."""
    with start(script, folder) as process:
        assert line_of(process) == "True"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


def is_free(path: Path, wait: float = 0.0) -> bool:
    with lock.hold(path, wait) as held:
        return held


def pathway(name: str, first: int = 0) -> Pathway:
    return Pathway((name,), np.array([first, first + 2]), np.array([[0.3], [0.2]]), 1, "sd")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    genes = [f"GENE{number}" for number in range(12)]
    noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
    return grnledger.init(tmp_path / "lab.grn", covariance=np.eye(12) + 0.2, genes=genes, author="ada", time=noon).path


def counted(folder: Path, kind: str) -> tuple[int, int]:
    """Return how far processes come that count to one number without any care, and how many met each other at it."""
    (folder / "count").write_text("0")
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(start(COUNTING, folder, kind, ROUNDS)) for _ in range(PROCESSES)]
        for process in processes:
            assert line_of(process) == "ready"
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
        overlaps = sum(int(process.stdout.read()) for process in processes if process.stdout)
    assert [process.returncode for process in processes] == [0] * PROCESSES
    return int((folder / "count").read_text()), overlaps


# Queueing


def test_processes_queue(tmp_path: Path) -> None:
    assert counted(tmp_path, "with") == (PROCESSES * ROUNDS, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["count", "lock"]


def test_without_the_lock_the_same_processes_meet(tmp_path: Path) -> None:
    """The planted fault: the test above can fail."""
    count, overlaps = counted(tmp_path, "without")
    assert count < PROCESSES * ROUNDS
    assert overlaps > 0


def test_threads_of_one_process_queue(path: Path) -> None:
    inside: list[int] = []
    met: list[int] = []

    def enter(number: int) -> None:
        for _ in range(20):
            with lock.hold(path, 60.0) as held:
                assert held
                inside.append(number)
                met.append(len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == [1] * 80


def test_the_lock_file_stays_and_names_its_last_holder(path: Path) -> None:
    assert lock.holder(path) is None
    with lock.hold(path, 0.0) as held:
        assert held
        assert lock.holder(path) == f"pid {os.getpid()} on {os.uname().nodename}"
        assert not is_free(path)
    with pytest.raises(RuntimeError, match="of the body"), lock.hold(path, 0.0):
        raise RuntimeError("an error of the body")
    assert path.read_text() == f"pid {os.getpid()} on {os.uname().nodename}\n"
    assert lock.holder(path) is None
    assert is_free(path)


@pytest.mark.parametrize("wait", [0.0, 0.1])
def test_another_process_that_holds_it_is_named(path: Path, wait: float) -> None:
    with holding(path.parent) as process:
        assert lock.holder(path) == f"pid {process.pid} on {os.uname().nodename}"
        assert not is_free(path, wait)
    assert is_free(path)


def test_nothing_of_it_is_flushed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flushed(_: int) -> None:
        pytest.fail("nothing rests on the lock: it need not outlast a power cut")

    for name in ("fsync", "fdatasync", "sync"):
        monkeypatch.setattr(os, name, flushed, raising=False)
    assert is_free(path)


# Who keeps it, and who does not


@pytest.mark.parametrize("reaped", [True, False])
def test_a_killed_holder_frees_it_at_once(path: Path, *, reaped: bool) -> None:
    with holding(path.parent) as process:
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie, until its parent asks for it
        if reaped:
            process.wait()
        assert is_free(path)


def test_a_forked_child_keeps_it_when_its_holder_is_killed(path: Path) -> None:
    with start(FORKING, path.parent) as process:
        child = int(line_of(process))
        try:
            process.kill()
            process.wait()
            assert not is_free(path, 0.05)
            assert lock.holder(path) == f"pid {process.pid} on {os.uname().nodename}"
        finally:
            os.kill(child, signal.SIGKILL)
        assert is_free(path, 10.0)


def test_a_holder_that_leaves_frees_it_although_its_child_lives(path: Path) -> None:
    with start(FORKING, path.parent) as process:
        child = int(line_of(process))
        try:
            assert process.stdin is not None
            process.stdin.close()
            assert line_of(process) == "left"
            assert is_free(path)
        finally:
            os.kill(child, signal.SIGKILL)
            process.kill()


def test_a_program_that_a_holder_starts_does_not_inherit_it(path: Path) -> None:
    holding_and_starting = """
import subprocess
with hold(path, 0.0) as held:
    program = subprocess.Popen(['sleep', '600'], close_fds=False)
    print(program.pid, flush=True)
    sys.stdin.read()
"""
    with start(holding_and_starting, path.parent) as process:
        program = int(line_of(process))
        try:
            assert not is_free(path)
            process.kill()
            process.wait()
            assert is_free(path)
        finally:
            os.kill(program, signal.SIGKILL)


@pytest.mark.parametrize("keeping", ["stopped", "reading"])
def test_a_writer_goes_on_when_its_wait_for_one_that_keeps_it_ends(store: Path, keeping: str) -> None:
    """A stopped process never lets it go; and whoever may read the lock file can lock it."""
    waits: list[bool] = []
    (store / "lock").touch()
    with holding(store, READING if keeping == "reading" else HOLDING) as process:
        process.send_signal(signal.SIGSTOP)
        repo = Repository(store, author="ada", wait=0.05, on_wait=lambda: waits.append(True))
        if keeping == "stopped":
            assert lock.holder(store / "lock") == f"pid {process.pid} on {os.uname().nodename}"
        assert repo.commit(pathway("p53")).name == "v1"
    assert waits == [True] * (keeping == "stopped")  # a reader's is shared: it is seen when the lock is wanted


def test_a_writer_that_loses_after_its_wait_is_refused_with_the_name_of_the_holder(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, claim = grnledger.open(store, author="bob"), durable._claim

    def late(temporary: Path, name: Path) -> None:
        monkeypatch.setattr(durable, "_claim", claim)
        other._session.in_transaction = True  # past the lock
        other.commit(pathway("first"))
        claim(temporary, name)

    monkeypatch.setattr(durable, "_claim", late)
    with holding(store) as process, pytest.raises(Conflict) as caught:
        Repository(store, author="ada", wait=0.0).commit(pathway("second", 5))
    assert caught.value.message == (
        "branch/main has moved meanwhile: somebody else has written to the store. "
        f"The lock is held by pid {process.pid} on {os.uname().nodename}."
    )
    assert caught.value.code == "ref-moved"


def test_who_holds_it_when_the_wait_ends_is_not_named_as_another(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repository(store, author="ada", wait=0.2)
    claim = durable._claim

    def always_late(temporary: Path, name: Path) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(durable, "_claim", claim)
            other = grnledger.open(store, author="bob")
            other._session.in_transaction = True
            other.commit(pathway(f"faster-{len(other)}"))
        claim(temporary, name)

    monkeypatch.setattr(durable, "_claim", always_late)
    with pytest.raises(Conflict, match=r"somebody else has written to the store\.$"):
        repo.commit(pathway("second", 5))
    assert (store / "lock").read_text().startswith(f"pid {os.getpid()} ")


def test_no_lock_file_is_made_where_nobody_else_writes(store: Path) -> None:
    repo = grnledger.open(store)
    repo.commit(pathway("p53"))
    repo.create_tag("paper")
    assert not (store / "lock").exists()


# What stands in its place

OLD = json.dumps(
    {"host": "node17", "pid": 4711, "started": "1", "boot": None, "since": "now", "turn": "0123456789abcdef"}
)


@pytest.mark.parametrize("content", [OLD, "", "garbage", "x" * 100_000, "pid 1 on \x1b[31m\n"])
def test_the_content_of_a_lock_file_never_blocks_a_writer(path: Path, store: Path, content: str) -> None:
    for name in (path, store / "lock"):
        name.write_text(content)
        assert lock.holder(name) is None
    assert grnledger.open(store).commit(pathway("p53")).name == "v1"
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert lock.holder(path) == "another program"
        assert not is_free(path)
        assert path.read_text() == content
    assert is_free(path)
    assert path.read_text() == f"pid {os.getpid()} on {os.uname().nodename}\n"


def make_folder(path: Path) -> None:
    path.mkdir()
    (path / "data").touch()


def make_second_name(path: Path) -> None:
    os.link(path.parent / "elsewhere", path)


@pytest.mark.parametrize(
    "make",
    [
        make_folder,
        make_second_name,
        os.mkfifo,
        lambda path: path.symlink_to("nowhere"),
        lambda path: path.symlink_to("elsewhere"),
    ],
    ids=["folder", "second name", "pipe", "dangling link", "link to a file"],
)
def test_what_is_no_file_of_its_own_is_left_alone_and_stops_nothing(path: Path, make: Callable[[Path], None]) -> None:
    (path.parent / "elsewhere").write_text("data")
    make(path)
    before = os.lstat(path)
    with lock.hold(path, 0.01):
        lock.holder(path)
    after = os.lstat(path)
    assert (after.st_ino, after.st_mtime_ns, after.st_size) == (before.st_ino, before.st_mtime_ns, before.st_size)
    assert (path.parent / "elsewhere").read_text() == "data"
    assert sorted(path.name for path in path.parent.iterdir()) == ["elsewhere", "lock"]


@pytest.mark.parametrize("make", [make_folder, lambda path: path.symlink_to("elsewhere")], ids=["folder", "link"])
def test_where_there_can_be_no_lock_it_is_not_held(path: Path, make: Callable[[Path], None]) -> None:
    (path.parent / "elsewhere").write_text("data")
    make(path)
    assert not is_free(path)


def test_a_folder_that_is_not_there_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("missing", "file"):
        assert not is_free(tmp_path / name / "lock")
        assert lock.holder(tmp_path / name / "lock") is None


def test_a_folder_that_is_read_only_stops_nothing(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    folder.chmod(0o555)
    request.addfinalizer(lambda: folder.chmod(0o755))
    assert run(AS_NOBODY + GOING_ON, folder) == "went on, False\n"
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.getuid() != 0, reason="the lock must be another account's")
@pytest.mark.parametrize(("mode", "held"), [(0o644, True), (0o600, False)])
def test_the_lock_file_of_another_account_is_locked_where_it_can_be_read(
    tmp_path: Path, mode: int, *, held: bool
) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "lock").write_text("root's")
    (folder / "lock").chmod(mode)
    assert run(AS_NOBODY + GOING_ON, folder) == f"went on, {held}\n"
    assert (folder / "lock").read_text() == "root's"


def test_a_full_disk_does_not_block_the_lock(tmp_path: Path) -> None:
    assert run(WITHOUT_SPACE + GOING_ON, tmp_path) == "went on, True\n"
    assert (tmp_path / "lock").read_bytes() == b""


def test_a_file_system_without_locks_stops_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(lock, "flock", refused)
    assert not is_free(path, 10.0)
    assert lock.holder(path) is None


def test_a_system_without_flock_stops_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "platform", "win32")
        patch.setitem(sys.modules, "fcntl", None)
        importlib.reload(lock)
        assert not is_free(path, 10.0)
        assert lock.holder(path) is None
    importlib.reload(lock)
    assert is_free(path)
