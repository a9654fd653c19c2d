"""`grn backup` and `grn verify --repair --from`: what is said, and how they end."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Answer


@pytest.fixture
def store(grn: Callable[..., Answer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert grn("simulate", "--genes", 20, "--factors", 2, "-o", "model.npz").code == 0
    assert grn("init", "s.grn", "--factor-model", "model.npz").code == 0
    assert grn("-s", "s.grn", "tag", "paper").code == 0
    return tmp_path / "s.grn"


def test_a_backup_says_what_is_new_and_when_it_was_whole(grn: Callable[..., Answer], store: Path) -> None:
    first = grn("-s", store, "backup", "b.grn")
    assert (first.code, "2 new log entries, 1 new base" in first.out, "whole at 2026-05-28T20:26:40Z" in first.out) == (
        0, True, True,
    )  # fmt: skip
    again = grn("-s", store, "backup", "b.grn", "--json")
    assert (again.code, again.json["new_entries"], again.json["last_whole"]) == (0, 0, "2026-05-28T20:26:40Z")
    quick = grn("-s", store, "backup", "b.grn", "--quick")
    assert (quick.code, "It was last whole at 2026-05-28T20:26:40Z." in quick.out) == (0, True)


def test_a_loss_is_told_by_the_backup_and_one_command_brings_all_back(grn: Callable[..., Answer], store: Path) -> None:
    assert grn("-s", store, "backup", "b.grn").code == 0
    (store / "log" / "0000000002.h5").unlink()
    for base in store.glob("base/*.h5"):
        base.unlink()
    told = grn("-s", store, "backup", "b.grn")
    assert (told.code, "verify --repair --from b.grn" in told.err) == (1, True)
    assert "verify --repair --from OTHER" in grn("-s", store, "verify").err
    back = grn("-s", store, "verify", "--repair", "--from", "b.grn")
    assert back.code == 0
    assert "log/0000000002.h5: taken from b.grn" in back.out
    answer = grn("-s", store, "verify", "--json").json
    assert (answer["sound"], answer["restored"]) == (True, [])


def test_a_backup_that_lacks_what_is_lost_ends_with_1_and_names_it(grn: Callable[..., Answer], store: Path) -> None:
    assert grn("-s", store, "backup", "b.grn").code == 0
    assert grn("-s", store, "tag", "later").code == 0
    (store / "log" / "0000000003.h5").write_bytes(b"")
    (store / "log" / "0000000003.h5").write_bytes(b"nothing")
    told = grn("-s", store, "backup", "b.grn")
    assert (told.code, "It is not whole. It was last whole at 2026" in told.out) == (1, True)
    assert "Lacking: " in told.out
    lost = grn("-s", store, "verify", "--repair", "--from", "b.grn")
    assert (lost.code, "Not got back: log/0000000003.h5" in lost.out) == (1, True)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("verify", "--from", "b.grn"), 2, "Add --repair."),
        (("verify", "--repair", "--from", "nowhere"), 3, "There is no folder or file nowhere"),
        (("backup", "folder"), 4, "`grn backup` makes it"),
        (("backup", "nowhere/b.grn"), 3, "There is no folder nowhere"),
        (("backup", "s.grn"), 4, "s.grn exists already, and is not a backup"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    grn: Callable[..., Answer], store: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    (store.parent / "folder").mkdir()
    answer = grn("-s", "s.grn", *words)
    assert (answer.code, says in answer.err) == (code, True), answer.err


def test_a_backup_is_not_written_to(grn: Callable[..., Answer], store: Path) -> None:
    assert grn("-s", store, "backup", "b.grn").code == 0
    answer = grn("-s", "b.grn", "tag", "mine")
    assert (answer.code, "`grn clone b.grn NAME.grn`" in answer.err) == (4, True)
    shutil.rmtree(store)
    assert grn("clone", "b.grn", "s.grn").code == 0
    assert grn("-s", "s.grn", "tag", "mine").code == 0


@pytest.mark.parametrize(("length", "code"), [(100_000, 0), (100_001, 2)])
def test_a_message_has_a_longest_length(grn: Callable[..., Answer], store: Path, length: int, code: int) -> None:
    (store.parent / "sets.gmt").write_text("A\t\tG01\tG02\n")
    answer = grn("-s", store, "commit", "sets.gmt", "-m", "m" * length)
    assert (answer.code, "100,000 characters at the most" in answer.err) == (code, bool(code))


@pytest.mark.parametrize(("length", "code"), [(1_000, 0), (1_001, 2)])
def test_a_name_of_a_pathway_has_a_longest_length(
    grn: Callable[..., Answer], store: Path, length: int, code: int
) -> None:
    (store.parent / "sets.gmt").write_text(f"{'A' * length}\t\tG01\tG02\n")
    answer = grn("-s", store, "commit", "sets.gmt")
    assert (answer.code, "has a name of 1,001 letters" in answer.err) == (code, bool(code))
    assert grn("-s", store, "log", "--json").json["versions"][0]["version"] == ("v1" if code == 0 else "v0")
