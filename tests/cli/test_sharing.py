"""`--shared` of `grn init` and `grn clone`, and how a refusal of the system is told: exit code 77, and what to type."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest
from grnledger.cli.errors import explain
from grnledger.engine.errors import AccessDenied
from grnledger.storage.files import access, hdf5

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Answer


@pytest.fixture
def init(grn: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """`grn init` of a small model, in a folder that is one's own."""
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o755)
    assert grn("simulate", "--genes", 12, "--factors", 2, "-o", "model.npz").code == 0
    return lambda name, *arguments: grn("init", name, "--factor-model", "model.npz", *arguments)


def modes(store: Path) -> set[str]:
    return {oct(stat.S_IMODE(path.stat().st_mode)) for path in (store, *store.rglob("*"))}


def test_a_store_is_shared_by_an_option_or_as_its_folder_says(
    init: Callable[..., Answer], grn: Callable[..., Answer], tmp_path: Path
) -> None:
    group = access.group_name(os.getegid())
    assert "Shared" not in init("a.grn").err
    answer = init("b.grn", "--shared", "all")
    assert f"the group {group} may read and write, and others read, whatever the umask is." in answer.err
    assert modes(tmp_path / "b.grn") == {"0o2775", "0o664"}
    answer = grn("clone", "b.grn", "c.grn", "--shared", "group")
    assert (answer.code, f"Shared with the group {group}" in answer.err) == (0, True)
    tmp_path.chmod(0o2775)
    assert f"Shared with the group {group}" in init("d.grn").err
    assert "Shared" not in init("e.grn", "--shared", "no").err
    assert init("f.grn", "--shared", "everybody").code == 2


def test_for_a_store_that_is_there_the_option_changes_who_may_use_it(
    init: Callable[..., Answer], grn: Callable[..., Answer], tmp_path: Path
) -> None:
    assert init("a.grn").code == 0
    answer = grn("init", "a.grn", "--shared", "group")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("a.grn: Shared with the group ")
    assert {mode[:4] for mode in modes(tmp_path / "a.grn")} == {"0o27", "0o66"}
    answer = grn("init", "a.grn", "--shared", "no", "--json")
    assert answer.json == {"store": "a.grn", "shared": "no", "others": []}
    assert grn("init", "a.grn").code == 4  # as ever
    assert init("a.grn", "--shared", "group").code == 4
    assert grn("init", "missing.grn", "--shared", "group").code == 2
    (tmp_path / "folder").mkdir()
    assert grn("init", "folder", "--shared", "group").code == 6


@pytest.mark.skipif(os.getuid() != 0, reason="some files must be another account's")
def test_files_of_others_are_listed(
    init: Callable[..., Answer], grn: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init("a.grn")
    (entry := tmp_path / "a.grn" / "log" / "0000000001.h5").chmod(0o600)
    os.chown(entry, 61_001, -1)
    monkeypatch.setattr(
        "grnledger.storage.files.durable.change_mode",
        lambda name, *_: name != entry.name,  # as the system answers whoever is not root
    )
    answer = grn("init", "a.grn", "--shared", "group", "--tsv")
    assert answer.code == 1
    assert "1 file of others" in answer.err
    assert "the account 61001 can set" in answer.err
    assert "`grn -s a.grn verify --repair`" in answer.err
    assert answer.rows == [{"file": "log/0000000001.h5", "owner": "the account 61001", "mode": "-rw-------"}]


def denied(*suffixes: str) -> Callable[..., object]:
    """Return what stands for `hdf5.h5py.File` where the system refuses some files."""
    real = hdf5.h5py.File

    def open_(path: Path, *arguments: object, **named: object) -> object:
        if str(path).endswith(suffixes):
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **named)

    return open_


def test_an_entry_that_may_not_be_read_is_no_damage(
    init: Callable[..., Answer], grn: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init("a.grn")
    (tmp_path / "a.grn" / "cache" / "history").unlink()
    monkeypatch.setattr(hdf5.h5py, "File", denied("0000000001.h5"))
    for verb in (("log",), ("edges",), ("tag", "now"), ("clone", "a.grn", "b.grn")):
        answer = grn(*verb)
        assert answer.code == 77, verb
        assert "a.grn/log/0000000001.h5 may not be read by " in answer.err
        assert "it belongs to " in answer.err
        assert "Hint: Type `chmod u+rwX,g+rw " in answer.err
        assert not any(word in answer.err for word in ("damage", "backup", "good copy"))


def test_verify_tells_what_may_not_be_read_and_checks_the_rest(
    init: Callable[..., Answer], grn: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init("a.grn")
    base = next((tmp_path / "a.grn" / "base").glob("*.h5"))
    monkeypatch.setattr(hdf5.h5py, "File", denied(base.name))
    may_read = access.may_read
    monkeypatch.setattr(access, "may_read", lambda path: path.name != base.name and may_read(path))
    answer = grn("verify", "--json")
    assert answer.code == 77
    assert answer.json["sound"] is False
    assert answer.json["readable"] == []
    [finding] = answer.json["findings"]
    assert (finding["kind"], finding["file"], finding["versions"]) == ("denied", f"base/{base.name}", ["v0"])
    assert "Its owner can type: chmod " in finding["what"]
    answer = grn("verify")
    assert f"base/{base.name}: may not be read" in answer.out
    assert "What may not be read was not checked" in answer.err
    assert not any(word in answer.out + answer.err for word in ("damaged", "backup", "good cop"))
    (tmp_path / "a.grn" / "cache" / "last").write_text("nonsense\n")
    assert grn("verify").code == 1


def test_a_store_in_a_folder_that_may_not_be_entered_is_found_and_refused(
    init: Callable[..., Answer], grn: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path

    init("a.grn")
    real = Path.stat

    def stat_(path: Path, **named: bool) -> os.stat_result:
        if path.parent.name == "a.grn":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, **named)

    monkeypatch.setattr(Path, "stat", stat_)
    assert grn("log").code == 77
    assert grn("fetch", "a.grn").code == 77


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "lab.h5"),
        ("clone", "lab.h5", "new.grn"),
        ("-s", "lab.h5", "log"),
        ("verify", "--repair", "--from", "lab.h5"),
        ("backup", "lab.h5"),
    ],
)
def test_a_file_of_a_store_that_may_not_be_read_is_refused_by_every_verb(
    init: Callable[..., Answer],
    grn: Callable[..., Answer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    from pathlib import Path

    init("a.grn")
    assert grn("export", "lab.h5").code == 0
    monkeypatch.setenv("GRN_STORE", "a.grn")
    real, may = Path.open, os.access

    def open_(path: Path, *modes: Any, **named: Any) -> Any:
        if path.name == "lab.h5":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *modes, **named)

    monkeypatch.setattr(Path, "open", open_)
    monkeypatch.setattr(
        os, "access", lambda path, *how, **named: "lab.h5" not in str(path) and may(path, *how, **named)
    )
    answer = grn(*arguments)
    assert (answer.code, "lab.h5 may not be read by" in answer.err) == (77, True)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("may-not-read", "ada can type `chmod g+r x`."),
        ("may-not-write", "ada can let the group lab write: `grn init 'my lab.grn' --shared group`"),
        ("may-not-as-stranger", "bob is not in the group lab: an administrator can add it (`usermod -aG lab bob`)"),
        ("may-not-use-own", "Type `chmod g+r x`."),
        ("may-not-see", "Whoever owns it can let you in."),
    ],
)
def test_what_helps_is_said(code: str, words: str) -> None:
    from pathlib import Path

    facts = {"owner": "ada", "group": "lab", "account": "bob", "store": Path("my lab.grn"), "command": "chmod g+r x"}
    message, hint, exit_code = explain(AccessDenied("x may not be read.", code=code, facts=facts), "grn log")
    assert (message, exit_code) == ("x may not be read.", 77)
    assert words in hint


def test_a_note_on_modes_says_what_sets_them(
    init: Callable[..., Answer], grn: Callable[..., Answer], tmp_path: Path
) -> None:
    init("a.grn", "--shared", "group")
    (tmp_path / "a.grn" / "log" / "0000000001.h5").chmod(0o600)
    answer = grn("verify")
    assert answer.code == 0
    assert "log/0000000001.h5: It belongs to " in answer.err
    assert "--repair, run by its owner, sets that." in answer.err
    assert "(repaired)" in grn("verify", "--repair").out
    assert json.loads(grn("verify", "--json").out)["findings"] == []
