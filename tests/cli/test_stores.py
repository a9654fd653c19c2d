"""The verbs between stores as people and pipelines meet them: what they print, and what they say when they refuse."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GENES = ["TP53", "MDM2", "CDKN1A", "MYC", "CDK4", "IL6", "TNF", "JUN"]
SETS = {"P53": "TP53 MDM2 CDKN1A", "MYC": "MYC CDK4 CDKN1A", "INFLAM": "IL6 TNF JUN"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a covariance and gene sets, in which commands are run."""
    monkeypatch.chdir(tmp_path)
    factors = np.random.default_rng(11).normal(size=(8, 2))
    np.savez(tmp_path / "sigma.npz", covariance=factors @ factors.T + np.eye(8), genes=GENES)
    np.savez(tmp_path / "few.npz", covariance=np.eye(3) + 0.1, genes=GENES[:3])
    (tmp_path / "sets.gmt").write_text("".join(f"{name}\t-\t" + "\t".join(SETS[name].split()) + "\n" for name in SETS))
    return tmp_path


@pytest.fixture
def do(grn: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    """`grn` in a folder with lab.grn, a store of two versions; a command that fails fails the test."""

    def run(*arguments: object) -> Any:
        answer = grn(*arguments)
        assert answer.code == 0, answer.err
        return answer

    run("init", "lab.grn", "--covariance", "sigma.npz")
    run("-s", "lab.grn", "commit", "sets.gmt", "--only", "P53")
    run("-s", "lab.grn", "tag", "paper")
    return run


@pytest.fixture
def both(do: Callable[..., Any]) -> Callable[..., Any]:
    """The same with anna.grn, a clone; since then each has got a version of its own."""
    do("clone", "lab.grn", "anna.grn")
    do("-s", "lab.grn", "commit", "sets.gmt", "--only", "INFLAM")
    do("-s", "anna.grn", "commit", "sets.gmt", "--only", "MYC")
    return do


@pytest.fixture
def refused(grn: Callable[..., Any]) -> Callable[..., tuple[str, str]]:
    """A command that must be refused with an exit code; what it says, and its hint."""

    def run(code: int, *arguments: object) -> tuple[str, str]:
        answer = grn(*arguments)
        assert (answer.code, answer.out) == (code, ""), answer
        error, hint = answer.err.splitlines()
        assert error.startswith("Error: ")
        assert hint.startswith("Hint: ")
        return error.removeprefix("Error: "), hint.removeprefix("Hint: ")

    return run


def state(path: Path) -> dict[str, bytes]:
    """The bytes of a store, but for what is derived."""
    return {
        str(file): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file() and "cache" not in file.parts
    }


# clone


def test_a_clone_shows_where_it_is_and_what_it_has(do: Callable[..., Any], folder: Path) -> None:
    assert do("clone", "lab.grn", "anna.grn").out == "anna.grn: 2 versions, main at v1.\n"
    answer = do("clone", "lab.grn", "bob.grn", "--json").json
    version = do("-s", "lab.grn", "show", "--json").json
    assert answer == {"store": "bob.grn", "versions": 2, "head": "main", "content": version["content"]}
    assert do("clone", "lab.grn", "eve.grn", "--tsv").rows == [{"store": "eve.grn", "versions": "2", "head": "main"}]
    for name in ("anna", "bob", "eve"):
        assert do("-s", f"{name}.grn", "log").out == do("-s", "lab.grn", "log").out


def test_a_clone_takes_the_name_of_its_source_where_it_is_made(
    do: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do("-s", "lab.grn", "export", "whole.h5")
    (folder / "mine").mkdir()
    monkeypatch.chdir(folder / "mine")
    assert do("clone", "../lab.grn/").out == "lab.grn: 2 versions, main at v1.\n"
    assert do("clone", "../whole.h5").out == "whole.grn: 2 versions, main at v1.\n"
    assert do("-s", "whole.grn", "commit", "../sets.gmt", "--only", "MYC", "--json").json["version"] == "v2"


def test_a_clone_of_nothing_or_over_something_is_refused(
    do: Callable[..., Any], refused: Callable[..., tuple[str, str]], folder: Path
) -> None:
    before = state(folder)
    assert refused(4, "clone", "lab.grn") == (
        "lab.grn exists already.",
        "Choose another name, or remove it first.",
    )
    assert refused(3, "clone", "nowhere.grn") == (
        "There is no store nowhere.grn.",
        "Name a store, or a file that `grn export` wrote.",
    )
    assert refused(2, "clone", "sigma.npz", "x.grn")[0] == (
        "sigma.npz is not a store, nor a file that `grn export` wrote."
    )
    assert refused(2, "clone", ".", "x.grn")[0] == ". is a folder, but not a store."
    assert refused(4, "clone", "lab.grn", "lab.grn/x.grn")[0].endswith("a store cannot be inside another.")
    assert refused(3, "clone", "lab.grn", "no/x.grn")[0] == "There is no folder no to create x.grn in."
    assert state(folder) == before


# fetch and import


def test_a_fetch_shows_what_came_and_where_it_stands(both: Callable[..., Any]) -> None:
    assert both("-s", "anna.grn", "fetch", "lab.grn").out.splitlines() == [
        "1 new version.",
        "  branch lab/main is at v3",
        "  tag lab/paper is at v1",
    ]
    assert both("-s", "anna.grn", "fetch", "lab.grn").out == "Nothing new in lab.grn.\n"
    assert (
        both("-s", "anna.grn", "fetch", "lab.grn", "--as", "boss").out.splitlines()[0]
        == "All versions were here already."
    )


def test_a_fetch_shows_programs_the_same(both: Callable[..., Any]) -> None:
    answer = both("-s", "anna.grn", "fetch", "lab.grn", "--json").json
    tip, paper = (both("-s", "lab.grn", "show", rev, "--json").json for rev in ("HEAD", "paper"))
    assert answer == {
        "versions": 1,
        "bases": 0,
        "refs": [
            {"kind": "branch", "ref": "lab/main", "version": "v3", "content": tip["content"], "id": tip["id"]},
            {"kind": "tag", "ref": "lab/paper", "version": "v1", "content": paper["content"], "id": paper["id"]},
        ],
    }
    assert both("-s", "anna.grn", "fetch", "lab.grn", "--json").json == {"versions": 0, "bases": 0, "refs": []}
    rows = both("-s", "anna.grn", "fetch", "lab.grn", "--as", "boss", "--tsv").rows
    assert [(row["kind"], row["ref"], row["version"]) for row in rows] == [
        ("branch", "boss/main", "v3"),
        ("tag", "boss/paper", "v1"),
    ]


def test_a_new_base_is_reported(both: Callable[..., Any], folder: Path) -> None:
    np.savez(folder / "other.npz", covariance=np.eye(8) + 0.3, genes=GENES)
    both("init", "other.grn", "--covariance", "other.npz")
    assert both("-s", "lab.grn", "fetch", "other.grn").out.splitlines()[0] == "1 new version and 1 new base."


def test_what_was_fetched_is_a_branch_like_any_other(both: Callable[..., Any]) -> None:
    both("-s", "anna.grn", "fetch", "lab.grn")
    assert "INFLAM" in both("-s", "anna.grn", "diff", "HEAD..lab/main", "--top", "5").out
    assert both("-s", "anna.grn", "log", "lab/main", "-n", "1", "--tsv").rows[0]["version"] == "v3"
    merged = both("-s", "anna.grn", "merge", "lab/main")
    assert merged.out.splitlines()[0] == "Merged lab/main into main:"
    assert sorted(row["pathway"] for row in both("-s", "anna.grn", "show", "--tsv").rows) == ["INFLAM", "MYC", "P53"]


def test_a_file_is_imported_under_its_name(both: Callable[..., Any]) -> None:
    both("-s", "lab.grn", "export", "v1.h5", "--at", "HEAD")
    assert both("-s", "anna.grn", "import", "v1.h5").out.splitlines() == [
        "1 new version.",
        "  branch v1/main is at v3",
    ]
    assert both("-s", "anna.grn", "import", "v1.h5").out == "Nothing new in v1.h5.\n"
    assert both("-s", "anna.grn", "import", "v1.h5", "--as", "frozen", "--json").json["refs"][0]["ref"] == "frozen/main"


def test_what_cannot_be_fetched_is_refused_in_a_sentence(
    both: Callable[..., Any], refused: Callable[..., tuple[str, str]], folder: Path
) -> None:
    both("init", "few.grn", "--covariance", "few.npz")
    both("-s", "lab.grn", "export", "lab.h5")
    before = state(folder)
    fetch = ("-s", "anna.grn", "fetch")
    assert refused(3, *fetch, "no.grn") == (
        "There is no store no.grn.",
        "Name a store, or a file that `grn export` wrote.",
    )
    assert refused(2, *fetch, "anna.grn") == ("anna.grn is this store itself.", "Name another one.")
    assert refused(2, *fetch, "sets.gmt")[0] == "sets.gmt is not a store, nor a file that `grn export` wrote."
    assert refused(4, *fetch, "few.grn") == (
        "few.grn has another panel than anna.grn: 3 genes, not 8.",
        "Only stores of one panel, the same genes in the same order, can exchange versions.",
    )
    assert refused(2, *fetch, "lab.grn", "--as", "my lab") == (
        "'my lab/main' cannot name a branch or tag.",
        "Choose another name with --as NAME.",
    )
    assert refused(2, "-s", "anna.grn", "import", "lab.grn") == (
        "lab.grn is a folder, not an exported file.",
        "`grn fetch lab.grn` reads a store.",
    )
    assert refused(2, "-s", "anna.grn", "import", "sets.gmt")[0] == "sets.gmt is not a file that `grn export` wrote."
    assert refused(3, "-s", "anna.grn", "import", "no.h5")[0] == "There is no file no.h5."
    assert state(folder) == before


def test_a_branch_made_by_hand_stays(both: Callable[..., Any], refused: Callable[..., tuple[str, str]]) -> None:
    both("-s", "anna.grn", "branch", "lab/main")
    assert refused(4, "-s", "anna.grn", "fetch", "lab.grn") == (
        "lab/main was made or moved here, not by a fetch.",
        "Fetch under another name: --as NAME.",
    )
    both("-s", "anna.grn", "fetch", "lab.grn", "--as", "boss")


def test_a_damaged_store_is_not_fetched_and_nothing_is_touched(
    both: Callable[..., Any], refused: Callable[..., tuple[str, str]], folder: Path
) -> None:
    before = state(folder / "anna.grn")
    shutil.rmtree(folder / "lab.grn" / "cache")
    (folder / "lab.grn" / "log" / "0000000003.h5").write_bytes(b"lost")
    error, hint = refused(6, "-s", "anna.grn", "fetch", "lab.grn")
    assert error.startswith("Entry 3 of the log is damaged")
    assert "lab.grn/log/0000000003.h5" in error
    assert "grn verify" in hint
    assert state(folder / "anna.grn") == before


# push


def test_a_push_shows_where_the_branch_stands(do: Callable[..., Any]) -> None:
    do("clone", "lab.grn", "anna.grn")
    do("-s", "anna.grn", "commit", "sets.gmt", "--only", "MYC")
    assert do("-s", "anna.grn", "push", "lab.grn").out.splitlines() == ["1 new version.", "  branch main is at v2"]
    assert do("-s", "anna.grn", "push", "lab.grn").out == "lab.grn has all of it already.\n"
    do("-s", "anna.grn", "branch", "drug-a", "v1")
    answer = do("-s", "anna.grn", "push", "lab.grn", "--branch", "drug-a", "--json").json
    assert (answer["versions"], [(ref["kind"], ref["ref"], ref["version"]) for ref in answer["refs"]]) == (
        0,
        [("branch", "drug-a", "v1")],
    )
    assert do("-s", "lab.grn", "log", "-n", "1").out.startswith("v2 ")


def test_a_refused_push_has_a_hint_that_works(
    both: Callable[..., Any], refused: Callable[..., tuple[str, str]], folder: Path
) -> None:
    before = state(folder / "lab.grn")
    error, hint = refused(4, "-s", "anna.grn", "push", "lab.grn")
    assert error == "main of lab.grn has versions that main here does not have."
    assert hint == "`grn fetch lab.grn`, then `grn merge lab/main`, and push again."
    assert state(folder / "lab.grn") == before
    for command in re.findall(r"`grn ([^`]*)`", hint):
        both(*shlex.split(command), "-s", "anna.grn")
    assert both("-s", "anna.grn", "push", "lab.grn").out.splitlines()[0] == "2 new versions."
    contents = {both("-s", store, "show", "--json").json["content"] for store in ("lab.grn", "anna.grn")}
    assert len(contents) == 1


def test_what_cannot_be_pushed_is_refused_in_a_sentence(
    both: Callable[..., Any], refused: Callable[..., tuple[str, str]], folder: Path
) -> None:
    both("init", "few.grn", "--covariance", "few.npz")
    both("-s", "lab.grn", "export", "lab.h5")
    push = ("-s", "anna.grn", "push")
    assert refused(3, *push, "no.grn") == (
        "There is no store no.grn.",
        "`grn clone anna.grn no.grn` makes one with this whole history.",
    )
    assert refused(2, *push, "anna.grn")[0] == "anna.grn is this store itself."
    assert refused(4, *push, "few.grn")[0] == "anna.grn has another panel than few.grn: 8 genes, not 3."
    assert refused(3, *push, "lab.grn", "--branch", "drug-z")[0] == "There is no branch 'drug-z'."
    assert refused(4, *push, "lab.h5") == (
        "lab.h5 is an exported store, to be read only.",
        "`grn clone lab.h5 NAME.grn` makes a writable store from it.",
    )
    both("-s", "lab.grn", "tag", "drug-a")
    both("-s", "anna.grn", "branch", "drug-a")
    assert refused(4, *push, "lab.grn", "--branch", "drug-a")[0] == "lab.grn has a tag named drug-a."


# export of a store


def test_an_exported_store_answers_where_it_is(do: Callable[..., Any], folder: Path) -> None:
    size = r"[\d,]+ bytes\.\n"
    assert re.fullmatch(f"lab\\.h5: 2 versions, main at v1, {size}", do("-s", "lab.grn", "export", "lab.h5").out)
    answer = do("-s", "lab.grn", "export", "base.h5", "--at", "v0", "--json").json
    assert (answer["file"], answer["versions"], answer["version"]) == ("base.h5", 1, "v0")
    for verb in (
        ("log",),
        ("show",),
        ("edges", "--top", "3"),
        ("export", "--matrix", "precision"),
        ("rev-parse", "v1"),
    ):
        assert do("-s", "lab.h5", *verb).out == do("-s", "lab.grn", *verb).out
    assert do("-s", "lab.h5", "verify").out.splitlines()[-1] == "Nothing is damaged."
    assert do("-s", "lab.h5", "info", "--json").json["versions"] == 2


def test_an_exported_store_is_read_only(
    do: Callable[..., Any], refused: Callable[..., tuple[str, str]], folder: Path
) -> None:
    do("-s", "lab.grn", "export", "lab.h5")
    before = (folder / "lab.h5").read_bytes()
    for verb in (
        ("commit", "sets.gmt", "--only", "MYC"),
        ("tag", "x"),
        ("rollback", "v0"),
        ("revert", "v1"),
        ("pack",),
        ("reinvert",),
        ("fetch", "lab.grn", "--as", "boss"),
    ):
        assert refused(4, "-s", "lab.h5", *verb) == (
            "lab.h5 is an exported store, to be read only.",
            "`grn clone lab.h5 NAME.grn` makes a writable store from it.",
        )
    assert (folder / "lab.h5").read_bytes() == before


def test_an_export_that_cannot_be_is_refused(do: Callable[..., Any], refused: Callable[..., tuple[str, str]]) -> None:
    do("-s", "lab.grn", "export", "lab.h5")
    export = ("-s", "lab.grn", "export")
    assert refused(4, *export, "lab.h5") == ("lab.h5 exists already.", "Choose another name, or remove it first.")
    assert refused(3, *export, "no/lab.h5")[0] == "There is no folder no to create lab.h5 in."
    assert refused(4, *export, "lab.grn/lab.h5")[0].endswith("a store cannot be inside another.")
    assert refused(3, *export, "x.h5", "--at", "v9")[0].startswith("There is no version v9")
    assert refused(2, *export)[0].startswith("Name what to write")
    assert refused(2, *export, "x.h5", "--genes", "TP53")[0].startswith("--genes needs --matrix or --edges; a store is")


def test_an_export_removes_the_leftovers_of_a_killed_one(do: Callable[..., Any], folder: Path) -> None:
    left = [folder / f".{name}.0123456789abcdef.tmp" for name in ("lab.h5", "other.h5")]
    for path in left:
        path.write_bytes(b"half of a store")
        os.utime(path, (0, 0))
    do("-s", "lab.grn", "export", "lab.h5")
    assert [path.exists() for path in left] == [False, True]


def test_a_pipe_is_not_imported(do: Callable[..., Any], refused: Callable[..., tuple[str, str]]) -> None:
    do("-s", "lab.grn", "log")
    os.mkfifo("pipe.h5")
    assert refused(2, "-s", "lab.grn", "import", "pipe.h5")[0] == "pipe.h5 is not a file that `grn export` wrote."


# pack


def test_pack_shows_how_many_files_are_left(do: Callable[..., Any], folder: Path) -> None:
    reasons = [row["reason"] for row in do("-s", "lab.grn", "log", "--refs", "--tsv").rows]
    before = reasons, do("-s", "lab.grn", "show").out
    assert do("-s", "lab.grn", "pack").out == "Packed 3 entries; the log has 1 file.\n"
    assert do("-s", "lab.grn", "pack").out == "There is nothing to pack; the log has 1 file.\n"
    do("-s", "lab.grn", "commit", "sets.gmt", "--only", "MYC")
    assert do("-s", "lab.grn", "pack").out == "Packed 1 entry; the log has 1 file.\n"
    do("-s", "lab.grn", "rollback", "v1")
    answer = do("-s", "lab.grn", "pack", "--json").json
    assert answer == {"entries": 1, "packs": 1, "files": 1, "swept": 0}
    assert do("-s", "lab.grn", "pack", "--tsv").rows == [{"entries": "0", "packs": "0", "files": "1", "swept": "0"}]
    assert do("-s", "lab.grn", "show").out == before[1]
    assert [row["reason"] for row in do("-s", "lab.grn", "log", "--refs", "--tsv").rows][2:] == before[0]
    assert not list((folder / "lab.grn" / "log").iterdir())


def test_pack_reports_what_it_removed(do: Callable[..., Any], folder: Path) -> None:
    leftover = folder / "lab.grn" / "log" / ".0000000009.h5.0123456789abcdef.tmp"
    leftover.write_bytes(b"dead")
    os.utime(leftover, (1_000_000_000, 1_000_000_000))
    answer = do("-s", "lab.grn", "pack")
    assert answer.err == "1 leftover of killed writers removed.\n"
    assert not leftover.exists()


# in general


@pytest.mark.parametrize("verb", ["clone", "fetch", "push", "import", "export", "pack"])
def test_the_help_of_each_verb_says_what_it_is_for_and_gives_an_example(grn: Callable[..., Any], verb: str) -> None:
    text = grn(verb, "--help").out
    assert f"grn {verb}" in text.split("Example:")[1]
    assert "--json" in text


def test_verbs_that_write_wait_and_find_the_store_as_the_others_do(
    both: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRN_STORE", "anna.grn")
    both("fetch", "lab.grn", "--wait", "0")
    both("merge", "lab/main")
    both("push", "lab.grn", "--wait", "2.5")
    both("pack", "--wait", "1")
    both("export", "anna.h5")
    both("-s", "lab.grn", "import", "anna.h5", "--wait", "0")
    assert both("-s", "lab.grn", "rev-parse", "anna/main", "--tsv").rows == both("rev-parse", "HEAD", "--tsv").rows
