"""The write protocol: disks that fail, file systems without links, and what is never written over."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING, Any

import grnledger
import pytest
from grnledger.engine.errors import Conflict
from grnledger.storage.files import durable
from grnledger.storage.repository import Repository
from small_store import answers, entry, files, pathway

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_what_died_writers_left_is_passed_over(store: Path) -> None:
    before = answers(store)
    for folder in ("log", "base", "cache", "cache/anchors"):
        (store / folder / ".0000000006.h5.0123456789abcdef.tmp").write_bytes(b"half an en")
    assert answers(store) == before
    assert grnledger.open(store).commit([pathway("stat")]).name == "v4"


def test_nothing_is_written_through_a_link_out_of_the_store(store: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    for name in ("cache/last", "cache/history", "lock"):
        (store / name).unlink(missing_ok=True)
        (store / name).symlink_to(tmp_path / "mine")
    repo = Repository(store, wait=0)
    for number in range(70):
        repo.create_tag(f"tag-{number}")
    assert (tmp_path / "mine").read_text() == "mine"
    assert len(grnledger.open(store).tags) == 70


def failing(monkeypatch: pytest.MonkeyPatch, name: str, number: int, *, at: int = 1) -> None:
    """Let the at-th call of a system function fail, that one only."""
    if name == "fsync" and sys.platform == "darwin":
        pytest.skip("there F_FULLFSYNC flushes")
    real, calls = getattr(os, name), [0]

    def step(*arguments: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] == at:
            raise OSError(number, os.strerror(number))
        return real(*arguments, **named)

    monkeypatch.setattr(os, name, step)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("fsync", errno.EIO), ("link", errno.ENOSPC), ("link", errno.EIO), ("fsync", errno.ENOSPC),
        ("close", errno.EIO), ("pwrite", errno.ENOSPC), ("pwrite", errno.EIO),
    ],
)  # fmt: skip
def test_a_disk_that_fails_leaves_no_entry_and_the_next_commit_works(
    store: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    repo = grnledger.open(store)
    repo.snapshot()
    before = files(store)
    with monkeypatch.context() as patch:
        failing(patch, name, number)
        with pytest.raises(OSError, match=os.strerror(number)):
            repo.commit([pathway("stat")])
    assert files(store) == before
    assert repo.version().name == "v3"
    assert repo.commit([pathway("stat")]).name == "v4"
    assert grnledger.open(store).version().name == "v4"


def test_an_entry_whose_folder_could_not_be_flushed_is_whole_and_read(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = grnledger.open(store)
    repo.snapshot()
    with monkeypatch.context() as patch:
        failing(patch, "fsync", errno.EIO, at=4)  # before: the folders as they stood, and the file
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            repo.commit([pathway("stat")], message="not acknowledged")
    assert grnledger.open(store).version().message == "not acknowledged"
    with pytest.raises(Conflict, match="stat is active already"):
        repo.commit([pathway("stat")])
    assert repo.commit([pathway("nfkb")]).name == "v5"


FULL = """
    import resource, sys
    import numpy as np
    import grnledger
    from grnledger.engine.network.covariance import FactorCovariance

    genes = [f"GENE{place}" for place in range(300)]
    base = FactorCovariance(np.ones(300), np.ones((300, 1)))
    repo = grnledger.init(sys.argv[1], factor_model=base, genes=genes)
    large = grnledger.Pathway(
        tuple(f"p{column}" for column in range(40)), np.arange(300), np.random.default_rng(0).normal(size=(300, 40))
    )

    def files():
        return sorted(str(path) for path in repo.path.rglob("*") if path.is_file())

    before = files()
    for limit in (1_000, 70_000):  # nothing can be begun; it can, but not ended
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        for step in (lambda: repo.commit([large]), repo.reinvert):
            try:
                step()
            except OSError:
                print("refused")
            assert files() == before
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(repo.commit([large]).name, repo.reinvert().name)
"""


@pytest.mark.usefixtures("compiled_once")
def test_a_file_that_the_system_will_not_let_grow_leaves_no_entry(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-B", "-c", textwrap.dedent(FULL), str(tmp_path / "tumor.grn")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["refused"] * 4 + ["v1", "v2"]


def test_a_write_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def half(output: durable.Output) -> None:
        output.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        durable.publish(tmp_path / "x.h5", half)
    assert list(tmp_path.iterdir()) == []
    durable.publish(tmp_path / "x.h5", lambda output: output.write(b"whole"))
    assert files(tmp_path) == {"x.h5": b"whole"}


def test_a_failure_that_the_writing_step_hides_is_raised_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(output: durable.Output) -> None:
        with contextlib.suppress(OSError):
            output.write(b"whole")

    failing(monkeypatch, "pwrite", errno.EIO)
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        durable.publish(tmp_path / "x.h5", careless)
    assert list(tmp_path.iterdir()) == []


def put(path: Path, content: bytes) -> None:
    durable.put(path, lambda output: output.write(content))


def append(path: Path, content: bytes) -> None:
    path.write_bytes(content[:20])
    assert durable.append(path, content[20:], 20)


@pytest.mark.parametrize("write", [put, append])
def test_what_the_system_takes_in_parts_is_written_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, bytes], None]
) -> None:
    real, content = os.pwrite, bytes(range(256))
    monkeypatch.setattr(os, "pwrite", lambda descriptor, data, at: real(descriptor, data[:7], at))
    write(tmp_path / "file", content)
    assert (tmp_path / "file").read_bytes() == content


def test_a_name_that_is_taken_stays_as_it_is(tmp_path: Path) -> None:
    durable.publish(tmp_path / "x.h5", lambda output: output.write(b"first"))
    with pytest.raises(FileExistsError):
        durable.publish(tmp_path / "x.h5", lambda output: output.write(b"second"))
    assert files(tmp_path) == {"x.h5": b"first"}


@pytest.mark.parametrize("number", sorted(durable.NO_LINKS))
def test_a_file_system_without_links_is_written_by_exclusive_creation(
    store: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", no_link)
    repo = grnledger.open(store)
    assert repo.commit([pathway("stat")]).name == "v4"
    assert grnledger.open(store).version().name == "v4"
    before = files(store)
    with pytest.raises(FileExistsError):
        durable.publish(entry(store, 6), lambda output: output.write(b"second"))
    assert files(store) == before


def test_without_links_a_full_disk_leaves_no_half_entry_under_its_own_name(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    repo = grnledger.open(store)
    repo.snapshot()
    before = files(store)
    with monkeypatch.context() as patch:
        patch.setattr(os, "link", no_link)
        failing(patch, "rename", errno.ENOSPC)
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            repo.commit([pathway("stat")])
    assert files(store) == before
    assert repo.commit([pathway("stat")]).name == "v4"


@pytest.fixture
def without_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(durable.os, "link", refuse)


def publish_but(monkeypatch: pytest.MonkeyPatch, path: Path, before_rename: Callable[[Path], object]) -> None:
    """Publish a file, and do something between the claim to its name and the rename."""
    stands = durable._stands

    def late(descriptor: int, name: Path) -> bool:
        monkeypatch.setattr(durable, "_stands", stands)
        before_rename(name)
        return stands(descriptor, name)

    monkeypatch.setattr(durable, "_stands", late)
    durable.publish(path, lambda output: output.write(b"mine"))


@pytest.mark.usefixtures("without_links")
def test_a_claim_that_was_taken_away_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stolen(name: Path) -> None:
        name.unlink()
        name.write_bytes(b"theirs")

    with pytest.raises(FileExistsError):
        publish_but(monkeypatch, tmp_path / "0000000001.h5", stolen)
    assert files(tmp_path) == {"0000000001.h5": b"theirs"}


@pytest.mark.usefixtures("without_links")
def test_a_failed_claim_is_not_taken_from_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def swept(temporary: Path, name: Path) -> None:
        temporary.unlink()
        name.unlink()
        name.write_bytes(b"theirs")
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(temporary))

    monkeypatch.setattr(durable.os, "rename", swept)
    with pytest.raises(FileNotFoundError):
        durable.publish(tmp_path / "0000000001.h5", lambda output: output.write(b"mine"))
    assert files(tmp_path) == {"0000000001.h5": b"theirs"}


@pytest.mark.usefixtures("without_links")
def test_an_interrupt_removes_the_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish_but(monkeypatch, tmp_path / "0000000001.h5", interrupted)
    assert files(tmp_path) == {}


def test_a_name_that_is_taken_and_freed_at_once_is_a_race_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

    monkeypatch.setattr(durable.os, "link", gone)
    with pytest.raises(FileExistsError):
        durable.publish(tmp_path / "0000000001.h5", lambda output: output.write(b"mine"))


@pytest.mark.parametrize("ahead", [-7_200.0, 0.0, 7_200.0])
def test_what_another_host_is_writing_is_no_leftover_whatever_the_clock_says(
    store: Path, monkeypatch: pytest.MonkeyPatch, ahead: float
) -> None:
    """The times of files are those of the disk: a machine whose clock is hours ahead would take all of them for old."""
    log, real = store / "log", time.time
    young, dead = (log / f".000000000{number}.h5.0123456789abcdef.tmp" for number in (8, 9))
    young.write_bytes(b"half an en")
    dead.write_bytes(b"half an en")
    os.utime(dead, (real() - 4 * durable.GRACE, real() - 4 * durable.GRACE))
    monkeypatch.setattr(durable.time, "time", lambda: real() + ahead)
    assert durable.leftovers(log) == [dead]
    monkeypatch.setattr(durable, "disk_time", lambda _: 0.0)  # as where nothing can be written
    assert durable.leftovers(log) == []


def test_the_time_of_a_disk_is_asked_for_and_nothing_of_that_stays(tmp_path: Path) -> None:
    before = time.time()
    assert before - 60 < durable.disk_time(tmp_path) < time.time() + 60
    assert list(tmp_path.iterdir()) == []
    assert durable.disk_time(tmp_path / "nowhere") == 0.0
