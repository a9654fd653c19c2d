"""Power cuts, in short: the harness of `tests/trust` on few verbs, what it must find, and the disk it goes by."""

from __future__ import annotations

import importlib
import itertools
import random
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from grnledger.storage.files import durable

if TYPE_CHECKING:
    from collections.abc import Callable

TRUST = Path(__file__).resolve().parent


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """A module of the harnesses, in an environment that is theirs for the length of a test."""
    monkeypatch.syspath_prepend(str(TRUST))
    for name, value in importlib.import_module("verbs").ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return importlib.import_module


@pytest.fixture
def run(
    module: Callable[[str], Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], tuple[int, str]]:
    """The harness with its arguments, run here: its exit code and what it printed."""

    def run(line: str) -> tuple[int, str]:
        code = module("power").main([*shlex.split(line), "--folder", str(tmp_path)])
        return code, capsys.readouterr().out

    return run


@pytest.fixture
def left(module: Callable[[str], Any], tmp_path: Path) -> Callable[[Callable[[Path], object]], set[Any]]:
    """All that power cuts leave of an act in an empty folder, once it is done: paths with what stands there."""

    def left(act: Callable[[Path], object]) -> set[Any]:
        disk, faults, dice = module("disk"), module("faults"), random.Random(1)
        root = tmp_path / "disk"
        root.mkdir()
        start = disk.standing(root)
        moments, _ = module("cuts").played(disk.Disk(root, start), faults.recorded(lambda: act(root)))
        assert moments[-1].now() == disk.tree_of(root)
        return {frozenset(moments[-1].after_power_cut(dice).items()) for _ in range(400)}

    return left


def test_after_a_power_cut_the_old_state_or_the_new_one_stands(run: Callable[[str], tuple[int, str]]) -> None:
    code, report = run("--verbs commit --states 200 --ways cuts")
    assert code == 0, report
    assert "0 of 200 bad" in report


def test_so_it_is_after_a_death_and_each_fsync_is_missed(run: Callable[[str], tuple[int, str]]) -> None:
    code, report = run("--verbs tag 'commit after a death in init' --states 20 --ways fsyncs deaths --every 12")
    assert code == 0, report
    for fsync in (
        "fsync_names, flush_if_writable: folder",
        "flush_name, flush_if_writable: folder",
        "append, publish: file",
        "append, publish: folder",
    ):
        assert re.search(rf"without the fsync of .*{fsync}\): .*(unreadable|lost|wrong|stuck)", report), fsync


def test_a_needless_fsync_is_reported(run: Callable[[str], tuple[int, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    flush = durable.flush
    monkeypatch.setattr(durable, "flush", lambda path: [flush(path), flush(path)])
    code, report = run("--verbs tag --states 10 --ways fsyncs")
    assert code == 1
    assert "NOT CAUGHT: the fsync of test_power_loss.<lambda>, flush: folder in tag" in report


def test_what_goes_past_the_write_protocol_is_reported(
    run: Callable[[str], tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    flush = durable.flush
    stray = (f"unseen {number}" for number in itertools.count())
    monkeypatch.setattr(durable, "flush", lambda path: [flush(path), (path / "stray").write_text(next(stray))])
    with pytest.raises(RuntimeError, match=r"do not account for .*stray"):
        run("--verbs tag --states 1 --ways cuts")


def test_what_is_published_stays(left: Callable[[Callable[[Path], object]], set[Any]]) -> None:
    states = left(lambda root: durable.publish(root / "a", lambda output: output.write(b"whole")))
    assert states == {frozenset({("a", b"whole")})}


def test_a_file_without_its_folder_loses_its_name_and_not_its_data(
    left: Callable[[Callable[[Path], object]], set[Any]],
) -> None:
    states = left(lambda root: durable.write_whole(root / "a", lambda output: output.write(b"whole")))
    assert states == {frozenset(), frozenset({("a", b"whole")})}


def test_a_folder_without_its_files_keeps_names_of_anything(
    left: Callable[[Callable[[Path], object]], set[Any]],
) -> None:
    def act(root: Path) -> None:
        durable.replace(root / "a", lambda output: output.write(b"x" * 600))
        durable.flush(root)

    contents = {dict(state)["a"] for state in left(act)}
    expected = {b"", b"x" * 512, b"x" * 600, bytes(600), bytes(512) + b"x" * 88, b"x" * 512 + bytes(88)}
    assert expected < contents
    assert all(len(content) in (0, 512, 600) for content in contents)


def test_names_arrive_in_any_order_and_a_folder_with_all_it_holds_or_not_at_all(
    left: Callable[[Callable[[Path], object]], set[Any]],
) -> None:
    def act(root: Path) -> None:
        for name in ("first", "second"):
            durable.make_folder(root / name)
        durable.write_whole(root / "first" / "a", lambda output: output.write(b"whole"))
        durable.flush(root / "first")

    first = {("first", None), ("first/a", b"whole")}
    second = {("second", None)}
    assert left(act) == {frozenset(), frozenset(first), frozenset(second), frozenset(first | second)}


def test_a_rename_arrives_whole_or_not_at_all(left: Callable[[Callable[[Path], object]], set[Any]]) -> None:
    def act(root: Path) -> None:
        durable.make_folder(root / "old")
        durable.flush(root)
        durable.os.rename(root / "old", root / "new")

    assert left(act) == {frozenset({("old", None)}), frozenset({("new", None)})}


def test_a_way_to_change_the_disk_that_is_not_watched_is_refused(module: Callable[[str], Any], tmp_path: Path) -> None:
    with (
        module("faults").watching(lambda *_: None),
        pytest.raises(NotImplementedError, match=r"os\.symlink"),
    ):
        durable.os.symlink(tmp_path, tmp_path / "link")
