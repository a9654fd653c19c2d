"""The courtesy lock: writers queue, the dead do not hold it, and nothing about it ever stops a write."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from grnledger.cli import main
from grnledger.engine.errors import Conflict
from grnledger.storage.files import lock as turns
from grnledger.storage.files.lock import Holder, clear, turn
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Answer

pytestmark = pytest.mark.usefixtures("compiled_once")

linux = pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells when a process started")

PROCESSES, TURNS = 8, 20

IMPORTS = "import contextlib, os, sys\nfrom pathlib import Path\nfrom grnledger.storage.files import lock as turns\nlock = Path('lock')\n"

COUNTING = """
def no_links(*arguments):
    raise PermissionError(1, 'no links here')

kind, rounds = sys.argv[1], int(sys.argv[2])
turn = turns.turn
if kind == 'without a lock':
    turn = lambda path, wait: contextlib.nullcontext()
if kind == 'without links':
    os.link = no_links
count, inside, overlaps = Path('count'), Path('inside'), 0
print('ready', flush=True)
sys.stdin.read()
for _ in range(rounds):
    with turn(lock, 120.0):
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
with turns.turn(lock, 0.0):
    print('in', flush=True)
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
with turns.turn(lock, 0.0):
    print('went on')
"""

ASKING_ABOUT_ROOT = """
here = turns.Holder.here()
print(turns.Holder(here.host, 1, None, here.boot, here.since).alive())
"""

GOING_ON_WITHOUT_SPACE = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
with turns.turn(lock, 0.0):
    print(f'went on, {lock.exists()}')
"""


def start(script: str, folder: Path, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", IMPORTS + script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run(script: str, folder: Path, *arguments: object) -> str:
    with start(script, folder, *arguments) as process:
        told, _ = process.communicate()
    assert process.returncode == 0
    return told


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of a folder until its stdin is closed."""
    folder.mkdir(exist_ok=True)
    with start(HOLDING, folder) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Holder]:
    """A process that is alive and holds a lock elsewhere."""
    with holding(tmp_path / "elsewhere"):
        holder = Holder.read(tmp_path / "elsewhere" / "lock")
        assert holder is not None
        yield holder


@pytest.fixture
def dead(living: Holder) -> Holder:
    """The same, as if its number had been another process's before."""
    return replace(living, started="1")


def make_old(lock: Path) -> None:
    os.utime(lock, (lock.stat().st_mtime - 2 * turns.GRACE,) * 2)


def counted(folder: Path, kind: str, rounds: int = TURNS) -> tuple[int, int]:
    """Return how far processes come that count to one number without any care, and how many met each other at it."""
    (folder / "count").write_text("0")
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(start(COUNTING, folder, kind, rounds)) for _ in range(PROCESSES)]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
        overlaps = sum(int(process.stdout.read()) for process in processes if process.stdout)
    assert [process.returncode for process in processes] == [0] * PROCESSES
    return int((folder / "count").read_text()), overlaps


@pytest.mark.parametrize("kind", ["with links", "without links"])
def test_processes_take_turns(tmp_path: Path, kind: str) -> None:
    assert counted(tmp_path, kind) == (PROCESSES * TURNS, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["count"]


def test_without_the_lock_the_same_processes_meet(tmp_path: Path) -> None:
    """The planted fault: the test above can fail."""
    count, overlaps = counted(tmp_path, "without a lock")
    assert count < PROCESSES * TURNS
    assert overlaps > 0


def test_processes_that_all_find_a_dead_lock_take_turns(tmp_path: Path, lock: Path, dead: Holder) -> None:
    lock.write_text(dead.json())
    assert counted(tmp_path, "with links", 5) == (PROCESSES * 5, 0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["count", "elsewhere"]


def test_threads_of_one_process_take_turns(lock: Path) -> None:
    inside: list[int] = []
    met: list[int] = []

    def take(number: int) -> None:
        for _ in range(20):
            with turn(lock, 60.0):
                inside.append(number)
                met.append(len(inside))
                inside.remove(number)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == [1] * 80
    assert not lock.exists()


def test_a_turn_within_a_turn_waits_and_then_says_so(lock: Path) -> None:
    with turn(lock, 0.0):
        with pytest.raises(Conflict, match=f"locked by pid {os.getpid()} on "), turn(lock, 0.02):
            pytest.fail("two have the lock")
        assert lock.exists()
    assert not lock.exists()


def test_a_lock_says_who_holds_it_and_is_gone_afterwards(lock: Path) -> None:
    with turn(lock, 0.0):
        holder = Holder.read(lock)
        assert holder is not None
        assert holder == replace(Holder.here(), since=holder.since, turn=holder.turn)
        assert holder.alive()
        assert set(json.loads(lock.read_text())) == {"host", "pid", "started", "boot", "since", "turn"}
    assert list(lock.parent.iterdir()) == []
    with pytest.raises(RuntimeError, match="of the body"), turn(lock, 0.0):
        raise RuntimeError("an error of the body")
    assert list(lock.parent.iterdir()) == []


def test_nothing_of_it_is_flushed(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flushed(_: int) -> None:
        pytest.fail("the lock is a courtesy: it need not outlast a power cut")

    for name in ("fsync", "fdatasync", "sync"):
        monkeypatch.setattr(os, name, flushed, raising=False)
    with turn(lock, 0.0):
        assert lock.exists()


@pytest.mark.parametrize("wait", [0.0, 0.1])
def test_a_writer_that_is_alive_is_waited_for_and_then_named(lock: Path, wait: float) -> None:
    with holding(lock.parent) as process:
        before = lock.read_bytes()
        since = json.loads(before)["since"]
        with pytest.raises(Conflict) as caught, turn(lock, wait):
            pytest.fail("two have the lock")
        assert (
            caught.value.message == f"The store is locked by pid {process.pid} on {os.uname().nodename} since {since}."
        )
        assert caught.value.hint == "Wait for it with --wait SECONDS, or, if that process is gone, run `grn unlock`."
        assert lock.read_bytes() == before
        assert [path.name for path in lock.parent.iterdir()] == ["lock"]


@pytest.mark.parametrize("reaped", [True, False])
def test_a_killed_writer_does_not_hold_it(lock: Path, *, reaped: bool) -> None:
    with holding(lock.parent) as process:
        process.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # a zombie, until its parent asks for it
        if reaped:
            process.wait()
        assert lock.exists()
        with turn(lock, 0.0):
            holder = Holder.read(lock)
            assert holder is not None
            assert holder.pid == os.getpid()
    assert list(lock.parent.iterdir()) == []


@linux
def test_what_tells_the_living_from_the_dead(living: Holder) -> None:
    assert living.alive() is True
    assert replace(living, started=None, boot=None).alive() is True, "a system that knows neither"
    assert replace(living, started="1").alive() is False, "another process of the same number"
    assert replace(living, boot="another").alive() is False, "no process outlasts its boot"
    assert replace(living, host="another").alive() is None
    assert replace(living, host="another", boot="another").alive() is None
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    assert replace(living, pid=gone.pid, started=None, boot=None).alive() is False


@linux
def test_a_number_given_again_to_a_new_process_does_not_hold_it(lock: Path, living: Holder, dead: Holder) -> None:
    lock.write_text(living.json())
    with pytest.raises(Conflict), turn(lock, 0.0):
        pytest.fail("two have the lock")
    lock.write_text(dead.json())
    with turn(lock, 0.0):
        assert Holder.read(lock) not in (None, dead)


def test_who_is_on_another_machine_may_be_alive(lock: Path) -> None:
    lock.write_text(replace(Holder.here(), host="node17", pid=4711).json())
    with pytest.raises(Conflict, match="by pid 4711 on node17 since"), turn(lock, 0.0):
        pytest.fail("two have the lock")


def test_somebody_elses_process_is_alive(tmp_path: Path) -> None:
    assert run(AS_NOBODY + ASKING_ABOUT_ROOT, tmp_path) == "True\n"


def test_a_lock_whose_link_was_made_but_not_confirmed_is_held(lock: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network disk asks again when the answer is lost, and then finds its own link."""
    link = os.link

    def twice(source: Path, target: Path) -> None:
        link(source, target)
        link(source, target)

    monkeypatch.setattr(os, "link", twice)
    with turn(lock, 0.0):
        assert lock.exists()
    assert list(lock.parent.iterdir()) == []


def test_a_lock_that_this_process_left_behind_does_not_stop_it(lock: Path) -> None:
    lock.write_text(Holder.here("0123456789abcdef").json())
    with turn(lock, 0.0):
        holder = Holder.read(lock)
        assert holder is not None
        assert holder.turn != "0123456789abcdef"
    assert not lock.exists()


@linux
def test_who_sees_a_dead_lock_does_not_remove_the_one_that_came_after(
    lock: Path, living: Holder, dead: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another waiter sees it too, and takes its place between our look and our removal."""
    rename, overtaken = os.rename, 0

    def late(source: Path, target: Path) -> None:
        nonlocal overtaken
        overtaken += 1
        lock.write_text(living.json())
        rename(source, target)

    lock.write_text(dead.json())
    monkeypatch.setattr(os, "rename", late)
    with pytest.raises(Conflict, match=f"pid {living.pid} "), turn(lock, 0.0):
        pytest.fail("two have the lock")
    assert overtaken == 1
    assert Holder.read(lock) == living
    assert sorted(path.name for path in lock.parent.iterdir()) == ["elsewhere", "lock"]


@linux
def test_who_finds_a_dead_lock_removed_already_takes_its_place(
    lock: Path, dead: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename

    def late(source: Path, target: Path) -> None:
        lock.unlink()
        rename(source, target)

    lock.write_text(dead.json())
    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", late)
        entered = turn(lock, 0.0)
        entered.__enter__()
    assert Holder.read(lock) not in (None, dead)
    entered.__exit__(None, None, None)
    assert not lock.exists()


def test_on_leaving_only_its_own_lock_is_removed(lock: Path, living: Holder) -> None:
    with turn(lock, 0.0):
        assert clear(lock, force=True) is not None
        lock.write_text(living.json())
    assert Holder.read(lock) == living
    lock.unlink()
    with turn(lock, 0.0):
        clear(lock, force=True)
    assert not lock.exists()


FOREIGN = {
    "nothing": b"",
    "no JSON": b"\x00\xff garbage",
    "JSON of another program": b'{"pid": "yes"}',
    "a list": b"[1]",
    "half of one": b'{"host": "a", "pid": 12',
    "no host": b'{"host": null, "pid": 12, "since": "now"}',
    "nobody's number": b'{"host": "a", "pid": 0, "since": "now"}',
    "a truth for a number": b'{"host": "a", "pid": true, "since": "now"}',
    "a number too large": b'{"host": "a", "pid": 4294967296, "since": "now"}',
    "what colours a terminal": b'{"host": "\\u001b[31m", "pid": 12, "since": "now"}',
    "a nest": b"[" * 100_000,
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN.keys())
def test_what_names_nobody_is_waited_for_but_stops_nothing(lock: Path, content: bytes) -> None:
    lock.write_bytes(content)
    assert Holder.read(lock) is None
    with turn(lock, 0.01):
        assert lock.read_bytes() == content, "it may be half-written: it is left alone"
    assert lock.read_bytes() == content
    make_old(lock)
    with turn(lock, 0.0):
        assert Holder.read(lock) is not None
    assert list(lock.parent.iterdir()) == []


@pytest.mark.parametrize("days", [1e6, 1e9])
def test_a_foreign_lock_of_the_far_future_stops_nothing(lock: Path, days: float) -> None:
    lock.touch()
    try:
        os.utime(lock, (86_400 * days,) * 2)
    except OSError:
        pytest.skip("the disk knows no such date")
    with turn(lock, 0.0):
        assert lock.exists()
    removed = clear(lock, force=True)
    assert removed is not None
    assert removed.since.endswith("Z")
    assert turns._iso(86_400 * days) == ("4707-11-29T00:00:00Z" if days == 1e6 else "9999-12-31T23:59:59Z")


def make_folder(path: Path) -> None:
    path.mkdir()
    (path / "data").touch()


@pytest.mark.parametrize(
    "make",
    [make_folder, os.mkfifo, lambda path: path.symlink_to("nowhere"), lambda path: path.symlink_to("elsewhere")],
    ids=["folder", "pipe", "dangling link", "link to a file"],
)
def test_what_is_no_file_is_left_alone_and_stops_nothing(lock: Path, make: Callable[[Path], None]) -> None:
    (lock.parent / "elsewhere").write_text("data")
    make(lock)
    os.utime(lock, (0.0, 0.0), follow_symlinks=False)
    before = os.lstat(lock)
    with turn(lock, 0.01):
        pass
    assert os.lstat(lock) == before
    with pytest.raises(OSError, match="not a lock"):
        clear(lock, force=True)
    assert os.lstat(lock) == before
    assert sorted(path.name for path in lock.parent.iterdir()) == ["elsewhere", "lock"]


def test_a_folder_that_is_not_there_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("missing", "file"):
        with turn(tmp_path / name / "lock", 0.0):
            pass
        assert clear(tmp_path / name / "lock", force=False) is None


@pytest.mark.parametrize("left", ["nothing", "dead", "living"])
def test_a_folder_that_is_read_only_stops_nothing(
    tmp_path: Path, living: Holder, dead: Holder, request: pytest.FixtureRequest, left: str
) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    if left != "nothing":
        (folder / "lock").write_text({"dead": dead, "living": living}[left].json())
    folder.chmod(0o555)
    request.addfinalizer(lambda: folder.chmod(0o755))
    assert run(AS_NOBODY + GOING_ON, folder) == "went on\n"


@pytest.mark.skipif(os.getuid() != 0, reason="the lock must be another account's")
def test_a_dead_lock_that_may_not_be_removed_stops_nothing(tmp_path: Path, dead: Holder) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    folder.chmod(0o1777)  # as /tmp: everybody writes, and removes only what is theirs
    (folder / "lock").write_text(dead.json())
    assert run(AS_NOBODY + GOING_ON, folder) == "went on\n"
    assert Holder.read(folder / "lock") == dead
    assert [path.name for path in folder.iterdir()] == ["lock"]


def test_a_lock_that_may_not_be_read_stops_nothing_and_is_dead_when_old(tmp_path: Path, living: Holder) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "lock").write_text(living.json())
    (folder / "lock").chmod(0)
    assert run(AS_NOBODY + GOING_ON, folder) == "went on\n"
    assert (folder / "lock").exists()
    make_old(folder / "lock")
    assert run(AS_NOBODY + GOING_ON, folder) == "went on\n"
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("bytes_", [0, 10])
def test_a_disk_that_takes_few_bytes_or_none_stops_nothing(tmp_path: Path, bytes_: int) -> None:
    assert run(GOING_ON_WITHOUT_SPACE, tmp_path, bytes_) == "went on, False\n"
    assert list(tmp_path.iterdir()) == []


@settings(deadline=None, derandomize=True)
@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps).map(str.encode)
)
def test_any_bytes_are_a_holder_or_nobody(content: bytes) -> None:
    assert Holder.parse(content) is None


@settings(deadline=None, derandomize=True)
@given(st.fixed_dictionaries({name: st.none() | st.integers() | st.text() for name in Holder.__slots__}))
def test_any_fields_are_a_holder_that_comes_back_or_nobody(fields: dict[str, Any]) -> None:
    holder = Holder.parse(json.dumps(fields).encode())
    assert holder is None or Holder.parse(holder.json().encode()) == holder
    assert str(holder).isprintable()


def test_a_holder_comes_back_from_json() -> None:
    for holder in (Holder.here(), Holder("a", 1, None, None, "2026-11-01T12:00:00Z", "b")):
        assert Holder.parse(holder.json().encode()) == holder


@pytest.fixture
def unlock(grn: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch, lock: Path) -> Callable[..., Answer]:
    """`grn unlock` on a store so damaged that it cannot be opened."""
    (lock.parent / "FORMAT").write_text("damaged")
    monkeypatch.setitem(main.SECTIONS["Stores"], "unlock", "Remove the lock.")
    return lambda *options: grn("unlock", "-s", lock.parent, *options)


def test_unlock_removes_what_a_dead_writer_left(unlock: Callable[..., Answer], lock: Path, dead: Holder) -> None:
    lock.write_text(dead.json())
    answer = unlock()
    assert answer.out == f"Removed the lock of pid {dead.pid} on {dead.host}, held since {dead.since}.\n"
    assert not lock.exists()
    assert unlock().out == "There was no lock.\n"


def test_unlock_takes_it_from_the_living_only_by_force(
    unlock: Callable[..., Answer], lock: Path, living: Holder
) -> None:
    elsewhere = replace(living, host="node17", pid=4711)
    for holder, doubt in ((living, "still running"), (elsewhere, "cannot be seen from")):
        lock.write_text(holder.json())
        answer = unlock()
        assert answer.code == 4
        assert f"held by pid {holder.pid} on {holder.host} since {holder.since}, which " in answer.err
        assert doubt in answer.err
        assert "--force" in answer.err
        assert Holder.read(lock) == holder
        assert unlock("--force").code == 0
        assert not lock.exists()


def test_unlock_says_so_where_a_lock_names_nobody(unlock: Callable[..., Answer], lock: Path) -> None:
    lock.write_text("garbage")
    answer = unlock()
    assert (answer.code, "a program that left no name since" in answer.err) == (4, True)
    make_old(lock)
    assert unlock().out.startswith("Removed the lock of a program that left no name, held since 20")
    assert not lock.exists()


def test_unlock_answers_in_json_and_tsv(unlock: Callable[..., Answer], lock: Path, dead: Holder) -> None:
    assert unlock("--json").json == {"removed": None}
    assert unlock("--tsv").rows == []
    lock.write_text(dead.json())
    told = {"host": dead.host, "pid": dead.pid, "started": "1", "boot": dead.boot, "since": dead.since}
    assert unlock("--json").json == {"removed": told}
    lock.write_text(dead.json())
    assert unlock("--tsv").rows == [{name: str(value or "") for name, value in told.items()}]


def test_unlock_finds_the_store_and_says_when_there_is_none(
    grn: Callable[..., Answer], unlock: Callable[..., Answer], lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert grn("-s", lock.parent, "unlock").code == 0
    monkeypatch.setenv("GRN_STORE", str(lock.parent))
    assert grn("unlock").out == "There was no lock.\n"
    answer = grn("unlock", "-s", lock.parent / "missing.grn")
    assert (answer.code, "There is no store" in answer.err) == (3, True)
