"""Who may use a store: what is recorded, and the modes that follow whatever the umask is."""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from grnledger.engine.errors import AccessDenied, InputError
from grnledger.storage.files import access, durable, last_entry, lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

UMASKS = (0o002, 0o022, 0o027, 0o077)


@pytest.fixture(params=UMASKS, ids="umask {:03o}".format)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """A folder of a store with a mode and a record, or without one."""

    def make(mode: int, record: str | None = None) -> Path:
        (store := tmp_path / "tumor.grn").mkdir()
        (store / "FORMAT").write_text("grnledger store 1\n")
        if record is not None:
            (store / "SHARED").write_text(record)
        (store / "log").mkdir()
        store.chmod(mode)
        return store

    return make


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("mode", "record", "sharing"),
    [
        (0o755, None, "no"),
        (0o2755, None, "no"),
        (0o775, None, "no"),
        (0o2775, None, "group"),
        (0o2775, "grnledger shared no\n", "no"),
        (0o700, "grnledger shared group\n", "group"),
        (0o755, "grnledger shared all\n", "all"),
        (0o2770, "grnledger shared nobody\n", "group"),
        (0o755, "grnledger shared all", "no"),
    ],
)
def test_the_record_says_who_may_use_a_store_and_without_one_its_folder(
    folder: Callable[..., Path], mode: int, record: str | None, sharing: str
) -> None:
    assert access.sharing_of(folder(mode, record)) == sharing


def test_a_record_that_is_no_file_counts_for_nothing(folder: Callable[..., Path], tmp_path: Path) -> None:
    store = folder(0o755)
    (store / "SHARED").mkdir()
    assert access.recorded_sharing(store) is None
    (store / "SHARED").rmdir()
    (tmp_path / "elsewhere").write_text("grnledger shared all\n")
    (store / "SHARED").symlink_to(tmp_path / "elsewhere")
    assert access.recorded_sharing(store) is None
    (store / "SHARED").unlink()
    os.mkfifo(store / "SHARED")  # nobody waits for a writer
    assert access.recorded_sharing(store) is None


def test_what_is_no_way_of_sharing_is_refused() -> None:
    with pytest.raises(InputError, match="There is no way of sharing 'everybody': it is one of no, group, all"):
        access.check_sharing("everybody")
    access.check_sharing(None)


@pytest.mark.parametrize(
    ("mode", "record", "of_files", "of_folders"),
    [
        (0o2775, "group", 0o664, 0o2775),
        (0o2770, "group", 0o660, 0o2770),
        (0o2750, "group", 0o660, 0o2770),
        (0o2777, "group", 0o664, 0o2777),
        (0o2770, "all", 0o664, 0o2775),
    ],
)
def test_a_store_that_is_shared_gives_modes_whatever_the_umask_is(
    folder: Callable[..., Path], umask: int, mode: int, record: str, of_files: int, of_folders: int
) -> None:
    store = folder(mode, f"grnledger shared {record}\n")
    durable.make_folder(store / "cache")
    durable.make_folder(store / "cache" / "anchors")
    durable.publish(store / "log" / "1", lambda output: output.write(b"entry"))
    durable.put(store / "log" / "1-9", lambda output: output.write(b"pack"))
    durable.replace(store / "cache" / "anchors" / "x", lambda output: output.write(b"anchor"))
    last_entry.write(store / "cache" / "last", b"mark")
    with lock.hold(store / "lock", 0.0) as held:
        assert held
    files = ("log/1", "log/1-9", "cache/anchors/x", "cache/last", "lock")
    assert {name: oct(mode_of(store / name)) for name in files} == dict.fromkeys(files, oct(of_files))
    folders = ("cache", "cache/anchors")
    assert {name: oct(mode_of(store / name)) for name in folders} == dict.fromkeys(folders, oct(of_folders))


def test_elsewhere_the_umask_decides_but_for_the_folders_of_a_store_and_the_note(
    folder: Callable[..., Path], umask: int, tmp_path: Path
) -> None:
    store = folder(0o755)
    durable.publish(store / "log" / "1", lambda output: output.write(b"entry"))
    durable.publish(tmp_path / "exported.h5", lambda output: output.write(b"all of it"))
    durable.make_folder(store / "packs")
    durable.make_folder(tmp_path / "folder")
    (store / "cache").mkdir(0o700)
    last_entry.write(store / "cache" / "last", b"mark")
    assert mode_of(store / "log" / "1") == mode_of(tmp_path / "exported.h5") == 0o644 & ~umask
    assert mode_of(tmp_path / "folder") == 0o777 & ~umask
    assert mode_of(store / "packs") & 0o755 == 0o755
    assert mode_of(store / "cache" / "last") == 0o644


def test_the_note_of_a_private_store_stays_private(folder: Callable[..., Path], umask: int) -> None:
    store = folder(0o700)
    last_entry.write(store / "cache" / "last", b"mark")
    assert mode_of(store / "cache") & 0o077 & umask == 0
    assert mode_of(store / "cache" / "last") == 0o600


def test_a_note_that_others_may_not_read_is_replaced(folder: Callable[..., Path]) -> None:
    store = folder(0o755)
    (store / "cache").mkdir()
    (note := store / "cache" / "last").write_bytes(b"mark")
    note.chmod(0o600)
    last_entry.write(note, b"MARK")
    assert (mode_of(note), note.read_bytes()) == (0o644, b"MARK")
    before = note.stat().st_ino
    last_entry.write(note, b"mark")
    assert note.stat().st_ino == before  # and otherwise written over itself


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give a folder to another group")
def test_what_is_made_gets_the_group_of_the_store(folder: Callable[..., Path]) -> None:
    store = folder(0o775, "grnledger shared group\n")  # whoever copied it has lost the bit that does this
    os.chown(store, -1, 61_100)
    durable.publish(store / "log" / "1", lambda output: output.write(b"entry"))
    durable.make_folder(store / "packs")
    assert {(store / name).stat().st_gid for name in ("log/1", "packs")} == {61_100}


def test_a_file_system_without_modes_stops_nothing(
    folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    store = folder(0o2770, "grnledger shared group\n")
    for name in ("fchmod", "fchown"):
        monkeypatch.setattr(os, name, refuse)
    durable.make_folder(store / "packs")
    durable.publish(store / "packs" / "1-9", lambda output: output.write(b"pack"))
    assert (store / "packs" / "1-9").read_bytes() == b"pack"


def test_a_disk_that_fails_as_a_mode_is_set_leaves_no_file(
    folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(5, "Input/output error")

    store = folder(0o2770, "grnledger shared group\n")
    monkeypatch.setattr(os, "fchmod", fail)
    for write in (durable.publish, durable.put, durable.replace):
        with pytest.raises(OSError, match="Input/output error"):
            write(store / "log" / "1", lambda output: output.write(b"entry"))
    with pytest.raises(OSError, match="Input/output error"):
        durable.make_folder(store / "packs")
    assert sorted(path.name for path in store.rglob("*")) == ["FORMAT", "SHARED", "log"]


def test_a_refusal_says_whose_file_it_is(folder: Callable[..., Path]) -> None:
    path = folder(0o755) / "log" / "0000000001.h5"
    path.write_bytes(b"entry")
    path.chmod(0o600)
    refusal = access.refusal(13, path)
    assert isinstance(refusal, AccessDenied)
    assert isinstance(refusal, PermissionError)
    assert refusal.message.startswith(f"{path} may not be read by {access.account_name()}: it belongs to ")
    assert refusal.message.endswith("and its mode is -rw-------.")
    assert (refusal.errno, refusal.filename, str(refusal)) == (13, str(path), refusal.message)
    assert refusal.facts["command"] == f"chmod u+rwX,g+rw {path}"
    assert "(Operation not permitted)." in str(access.refusal(1, path, writing=True))
    assert "may not be read: Permission denied" in str(access.refusal(13, path.parent / "gone.h5"))
    assert type(access.refusal(5, path)) is OSError


@pytest.mark.parametrize(
    ("more", "member", "writing", "code"),
    [
        (0, True, True, "may-not-use-own"),
        (0, False, False, "may-not-use-own"),
        (1, True, True, "may-not-write"),
        (1, True, False, "may-not-read"),
        (-1, True, True, "may-not-write"),
        (1, False, True, "may-not-as-stranger"),
        (-1, False, False, "may-not-as-stranger"),
    ],
)
def test_a_refusal_names_who_can_help(
    folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, more: int, member: bool, writing: bool, code: str
) -> None:
    """`more` is by how much the account's number exceeds the owner's; `member`, whether it is in the store's group."""
    store = folder(0o755)
    status = store.stat()
    monkeypatch.setattr(os, "geteuid", lambda: status.st_uid + more)
    monkeypatch.setattr(os, "getegid", lambda: status.st_gid + 1)
    monkeypatch.setattr(os, "getgroups", lambda: [status.st_gid] if member else [])
    refusal = access.refusal(13, store / "log", writing=writing)
    assert isinstance(refusal, AccessDenied)
    assert refusal.code == code


def test_what_is_of_no_store_is_refused_as_ever(folder: Callable[..., Path], tmp_path: Path) -> None:
    folder(0o755)
    assert type(access.refusal(13, tmp_path, writing=True)) is PermissionError
    closed = access.refusal(13, tmp_path / "closed.grn" / "log")
    assert isinstance(closed, AccessDenied)
    assert closed.code == "may-not-see"


ACL = "system.posix_acl_access"
OWNER, ACCOUNT, GROUP, MASK, OTHERS = 1, 2, 4, 16, 32
"""Tags of the entries of a list, as Linux writes them."""


def put_acl(path: Path, group: int) -> None:
    """Give a file a list that lets one account in, and lets its group do what the bits of `group` say."""
    rights = ((OWNER, 7), (ACCOUNT, 7), (GROUP, group), (MASK, 7), (OTHERS, 0))
    entries = b"".join(struct.pack("<HHI", tag, bits, 4_711 if tag == ACCOUNT else 2**32 - 1) for tag, bits in rights)
    try:
        os.setxattr(path, ACL, struct.pack("<I", 2) + entries)
    except OSError:
        pytest.skip("this file system has no access control lists")


def rights_of_group(path: Path) -> int:
    entries = struct.iter_unpack("<HHI", os.getxattr(path, ACL)[4:])
    return next(bits for tag, bits, _ in entries if tag == GROUP)


@pytest.mark.skipif(sys.platform != "linux", reason="access control lists are among the attributes of files on Linux")
@pytest.mark.parametrize("name", ["log", "log/0000000001.h5"])
def test_a_refusal_shows_an_access_control_list_and_how_the_group_is_let_in(
    folder: Callable[..., Path], name: str
) -> None:
    store = folder(0o755)
    (store / "log" / "0000000001.h5").write_bytes(b"entry")
    assert not access.has_acl(store / name)
    put_acl(path := store / name, 0)
    refusal = access.refusal(13, path)
    assert isinstance(refusal, AccessDenied)
    assert refusal.message.endswith("rwxrwx---+.")  # what the mode says is no reason
    command = refusal.facts["command"]
    assert command.startswith("setfacl -m ")
    assert "chmod" not in command
    if shutil.which("setfacl"):
        subprocess.run(shlex.split(command), check=True)
        assert rights_of_group(path) & 6 == 6
