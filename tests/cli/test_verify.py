"""`grn verify` on the command line: what it says, what it mends, and its exit codes."""

from __future__ import annotations

import json
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
    genes = json.loads(grn("edges", "--top", 3, "--json").out)["edges"]
    names = [genes[0]["gene_a"], genes[0]["gene_b"]]
    (tmp_path / "sets.gmt").write_text("A\t\t" + "\t".join(names) + "\nB\t\t" + "\t".join(names) + "\n")
    assert grn("commit", "sets.gmt", "--only", "A").code == 0
    assert grn("commit", "sets.gmt", "--only", "B").code == 0
    return tmp_path / "s.grn"


def test_a_sound_store_is_code_0(grn: Callable[..., Answer], store: Path) -> None:
    for options in ((), ("--quick",), ("--numbers",)):
        answer = grn("verify", *options)
        assert (answer.code, "Nothing is damaged." in answer.out) == (0, True)
    assert "v2: its precision is the inverse of its covariance" in grn("verify", "--numbers").out
    assert json.loads(grn("verify", "--json").out)["sound"] is True


@pytest.mark.usefixtures("store")
def test_a_store_may_be_named_from_where_one_is(grn: Callable[..., Answer]) -> None:
    for options in ((), ("--repair",)):
        answer = grn("-s", "s.grn", "verify", *options)
        assert (answer.code, "may not be read" in answer.out + answer.err) == (0, False)


def test_a_damaged_entry_is_code_1_and_named_with_its_versions(grn: Callable[..., Answer], store: Path) -> None:
    entry = store / "log" / "0000000003.h5"
    good = entry.read_bytes()
    entry.write_bytes(good[:100])
    for options in ((), ("--quick",), ("--repair",)):
        answer = grn("verify", *options)
        assert answer.code == 1
        assert "log/0000000003.h5: damaged" in answer.out
        assert "It affects v2." in answer.out
        assert "Readable: v0–v1." in answer.out
    assert grn("edges", "--at", "v1").code == 0
    assert grn("edges", "--at", "v2").code == 6
    assert grn("tag", "now", "v1").code == 6
    entry.write_bytes(good)
    assert grn("verify").code == 0


def test_what_is_derived_is_repaired(grn: Callable[..., Answer], store: Path) -> None:
    (store / "cache" / "last").write_text("nonsense\n")
    answer = grn("verify")
    assert (answer.code, "can be made again" in answer.out) == (1, True)
    assert grn("verify", "--repair").code == 0
    assert grn("verify").code == 0
