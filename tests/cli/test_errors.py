"""What goes wrong: the exit code, a sentence with the offending value, and a hint of what to type next."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
from grnledger.cli import errors
from grnledger.engine.errors import FormatError
from grnledger.storage.files import durable

if TYPE_CHECKING:
    from collections.abc import Callable

GENES = ["TP53", "MDM2", "CDKN1A", "MYC", "CDK4", "IL6"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of two versions, and files of all sorts."""
    import grnledger

    folder = tmp_path_factory.mktemp("errors")
    repo = grnledger.init(folder / "small.grn", covariance=np.eye(6), genes=GENES, author="Ada")
    panel = repo.panel
    repo.commit([grnledger.Pathway.of(panel, "P53", {"TP53": 0.1, "MDM2": 0.1})])
    repo.create_branch("side")
    repo.create_tag("paper")
    files = {
        "sets.gmt": "P53\t-\tTP53\tMDM2\nBIG\t-\tMYC\tCDK4\nEMPTY\t-\tXBP1\n",
        "mouse.gmt": "P53\t-\tTrp53\tMdm2\tCdkn1a\n",
        "ensembl.gmt": "P53\t-\tENSG00000141510\tENSG00000135679\n",
        "zero.tsv": "gene\tA\nTP53\t0\nMDM2\t0\n",
        "nan.tsv": "gene\tA\nTP53\tnan\nMDM2\t1\n",
        "what.txt": "some words\nand more\n",
        "doubled.tsv": "gene\ts1\ts2\ts3\nTP53\t1\t2\t3\nTP53\t3\t1\t2\nMDM2\t5\t1\t2\n",
        "negative.tsv": "gene\ts1\ts2\ts3\nTP53\t-1\t2\t3\nMDM2\t5\t1\t2\n",
        "missing.tsv": "gene\ts1\ts2\ts3\nTP53\t1\t\t3\nMDM2\t5\t1\t2\n",
        "two.tsv": "gene\ts1\ts2\nTP53\t1\t2\nMDM2\t5\t1\n",
        "constant.tsv": "gene\ts1\ts2\ts3\nTP53\t1\t2\t3\nMDM2\t5\t1\t2\nIL6\t4\t4\t4\n",
        "copies.tsv": "gene\tA\tB\nA\t1\t1\nB\t1\t1.00000000000001\n",
        "skew.tsv": "gene\tA\tB\nA\t1\t0.5\nB\t0.4\t1\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def fails(grn: Callable[..., Any], made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`grn` in a copy of the folder; what it says when it fails as it should, and leaves the store as it was."""
    folder = shutil.copytree(made, tmp_path / "copy")
    monkeypatch.chdir(folder)

    def run(code: int, line: str) -> str:
        before = sorted(path.name for path in folder.rglob("*"))
        answer = grn(*line.split())
        assert answer.code == code, answer.err
        assert answer.out == ""
        assert sorted(path.name for path in folder.rglob("*")) == before, "a refusal writes nothing"
        return answer.err

    return run


REFUSALS = [
    # Usage and unusable input
    (2, "lgo", "no command 'lgo'", "Did you mean log?"),
    (2, "frobnicate", "'frobnicate'", "`grn --help`"),
    (2, "edges --topp 3", "--topp", "`grn edges --help`"),
    (2, "edges --top x", "'x' is not a valid integer", "`grn edges --help`"),
    (2, "edges --top 0", "not 0", "`grn edges --help`"),
    (2, "edges --threshold 1.5", "not at 1.5", "--top N"),
    (2, "edges --threshold nan", "not at nan", "--top N"),
    (2, "edges --top 3 --threshold 0.1", "choose edges in different ways", "Give one of them: --threshold or --top."),
    (2, "edges --json --tsv", "not as both", "`grn edges --help`"),
    (2, "commit", "'FILE'", "`grn commit --help`"),
    (2, "diff --changes 0", "0", "`grn diff --help`"),
    (2, "diff v0...v1", "'v0...v1' is not a range", "v0..HEAD"),
    (2, "rev-parse @{yesterday}", "'yesterday' is not a date", "@{2026-11-01}"),
    (2, "trace TP53 TP53", "TP53 was named twice", "another"),
    (2, "factors TP53 TP53", "TP53 was named twice", "another"),
    (2, "branch v7", "'v7'", "grn"),
    (2, "branch a..b", "'a..b'", "Use letters"),
    (2, "tag abcdef0", "'abcdef0'", "grn"),
    (2, "revert v0", "v0 is the base itself", "grn log"),
    (2, "cherry-pick v0", "v0 is the base itself", "grn log"),
    (2, "cherry-pick v1", "P53", "`grn show v1`"),
    (2, "export --matrix precision --json", "--json", "-o"),
    (2, "export --matrix precisoin", "precisoin", "`grn export --help`"),
    (2, "export --matrix precision -o theta.xlsx", "'.xlsx'", "*.tsv"),
    (2, "export --matrix precision --genes ,", "','", "--genes TP53,MDM2"),
    (2, "commit sets.gmt --only EMPTY", "1 of 1 gene (100 %) is not on the panel of 6 genes (XBP1)", "--missing drop"),
    (2, "commit sets.gmt --only EMPTY --missing drop", "EMPTY", "--only"),
    (2, "commit mouse.gmt", "These look like mouse symbols", "--alias FILE"),
    (2, "commit ensembl.gmt", "These look like Ensembl gene ids", "--alias FILE"),
    (2, "commit sets.gmt --only BIG --strength 0", "not 0", "--subtract"),
    (2, "commit sets.gmt --only BIG --units raw", "standard deviations", "grn"),
    (2, "commit zero.tsv", "Pathway A", "weights"),
    (2, "commit nan.tsv", "nan", "zero"),
    (2, "commit what.txt", "what.txt", "--source-column"),
    (2, "init new.grn", "exactly one of", "`grn init --help`"),
    (2, "init new.grn --expression doubled.tsv", "TP53", "--duplicates max-variance"),
    (2, "init new.grn --expression negative.tsv --transform log2", "-1", "--floor"),
    (2, "init new.grn --expression missing.tsv", "nan (gene TP53 in sample s2)", "Impute"),
    (2, "init new.grn --expression two.tsv", "at least 3 samples; there are 2", "--genes-in"),
    (2, "init new.grn --expression constant.tsv --estimator ledoit-wolf", "1 of 3 genes is constant", "--drop"),
    (2, "init new.grn --expression constant.tsv --factors 2", "`factor`", "grn"),
    (2, "init new.grn --covariance skew.tsv", "0.5", "blank"),
    # Not found
    (3, "log nope", "'nope'", "grn log --all"),
    (3, "log v9", "v9: they run from v0 to v1", "grn log --all"),
    (3, "diff v0..sdie", "'sdie'", "Did you mean side?"),
    (3, "show v0^", "v0 is the base and has no parent", "grn show"),
    (3, "show v1~5", "fewer than 5", "grn log"),
    (3, "rev-parse @{1999-12-31}", "1999-12-31", "grn"),
    (3, "neighbors tp53", "'tp53'", "Did you mean TP53?"),
    (3, "neighbors XBP1", "'XBP1' is not on the panel of 6 genes", "The panel has "),
    (3, "trace TP53 MDM4", "'MDM4'", "MDM2"),
    (3, "export --matrix precision --genes TP53,IL66", "'IL66'", "Did you mean IL6?"),
    (3, "switch sied", "'sied'", "side"),
    (3, "branch -d nope", "'nope'", "side"),
    (3, "tag -d nope", "'nope'", "paper"),
    (3, "revert v1 --only MYC", "'MYC'", "It has P53"),
    (3, "commit set.gmt", "set.gmt", "Did you mean sets.gmt?"),
    (3, "commit nowhere/sets.gmt", "nowhere/sets.gmt", "nowhere"),
    (3, "commit sets.gmt --only BGI", "'BGI'", "Did you mean BIG?"),
    (3, "commit sets.gmt --only BIG --branch nope", "'nope'", "main"),
    (3, "log -s nowhere.grn", "nowhere.grn", "grn init"),
    (3, "init nowhere/new.grn --covariance skew.tsv", "nowhere", "grn init --help"),
    (3, "init new.grn --expression counts.tsv", "counts.tsv", "Paths are looked for from"),
    # Conflicts
    (4, "init small.grn --covariance skew.tsv", "small.grn exists already", "another name"),
    (4, "commit sets.gmt --only P53", "P53 is active already, since v1", "`grn revert v1 --only P53`"),
    (4, "branch side v0", "branch side already, at v1", "another name"),
    (4, "tag side", "branch side already", "another name"),
    (4, "branch -d main", "main", "Switch"),
    # The numbers do not allow it
    (5, "commit sets.gmt --only BIG --subtract --strength 1", "BIG", "Subtract with loadings"),
    (5, "init new.grn --covariance copies.tsv", "fewer than four digits", "give --ridge "),
]  # fmt: skip


@pytest.mark.parametrize(("code", "line", "phrase", "hint"), REFUSALS, ids=[refusal[1] for refusal in REFUSALS])
def test_a_refusal_names_the_offending_value_and_what_to_type_next(
    fails: Callable[..., str], code: int, line: str, phrase: str, hint: str
) -> None:
    message = fails(code, line)
    sentence, _, advice = message[message.index("Error: ") :].partition("Hint: ")
    assert phrase in sentence
    assert sentence.rstrip().endswith((".", ")"))
    assert hint in advice
    assert "Traceback" not in message


def test_a_refused_subtraction_names_the_eigenvalue(fails: Callable[..., str]) -> None:
    message = fails(5, "commit sets.gmt --only BIG --subtract --strength 1")
    assert "the smallest eigenvalue of I − XᵀΘX is -1" in message


def test_several_stores_in_a_folder_are_a_conflict_and_none_is_not_found(
    grn: Callable[..., Any], made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path.anchor)  # a folder with none above it
    answer = grn("log")
    assert (answer.code, f"no store in {tmp_path.anchor} or above" in answer.err) == (3, True)
    assert "`grn init` makes one" in answer.err
    monkeypatch.chdir(tmp_path)
    for name in ("a.grn", "b.grn"):
        shutil.copytree(made / "small.grn", tmp_path / name)
    answer = grn("log")
    assert answer.code == 4
    assert "a.grn, b.grn" in answer.err


def damage_nothing(store: Path) -> None:
    (store / "FORMAT").unlink()


def from_the_future(store: Path) -> None:
    (store / "FORMAT").write_text("grnledger store 2\n")


def flip_a_byte(store: Path) -> None:
    entry = store / "log" / "0000000002.h5"
    content = bytearray(entry.read_bytes())
    index = content.index(b'"author":"Ada"') + 11
    content[index] ^= 1
    entry.unlink()
    entry.write_bytes(content)


def lose_an_entry(store: Path) -> None:
    (store / "log" / "0000000002.h5").unlink()


def cut_an_entry(store: Path) -> None:
    entry = store / "log" / "0000000003.h5"
    content = entry.read_bytes()
    entry.unlink()
    entry.write_bytes(content[:100])


@pytest.mark.parametrize(
    ("harm", "phrase"),
    [
        (damage_nothing, "has no FORMAT file"),
        (from_the_future, "is of the format 'grnledger store 2'"),
        (flip_a_byte, "0000000002.h5 is damaged"),
        (lose_an_entry, "Entry 2 of the log"),
        (cut_an_entry, "0000000003.h5 is damaged"),
    ],
)
def test_a_damaged_or_newer_store_is_code_6_and_named(
    grn: Callable[..., Any], made: Path, tmp_path: Path, harm: Callable[[Path], None], phrase: str
) -> None:
    store = shutil.copytree(made / "small.grn", tmp_path / "small.grn")
    assert grn("log", "-s", store).code == 0
    harm(store)
    answer = grn("log", "-s", store)
    assert answer.code == 6
    assert phrase in answer.err
    assert "Hint: " in answer.err


def test_an_internal_error_is_code_70_and_reported_as_one(
    grn: Callable[..., Any], made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grnledger.storage.repository import Repository

    def broken(*arguments: object, **named: object) -> None:
        raise ZeroDivisionError("division by nought")

    monkeypatch.setattr(Repository, "newest_first", broken)
    answer = grn("log", "-s", made / "small.grn")
    assert answer.code == 70
    assert "This is a bug in grn: ZeroDivisionError: division by nought." in answer.err
    assert "-vv" in answer.err
    assert "Traceback" not in answer.err
    assert "Traceback" in grn("-vv", "log", "-s", made / "small.grn").err


@pytest.mark.parametrize(
    ("error", "code", "phrase"),
    [
        (OSError(28, "No space left on device", "log/7.h5"), 2, "log/7.h5: No space left on device."),
        (MemoryError(), 5, "not enough memory"),
        (MemoryError("There is not enough memory to open log/7.h5."), 5, "to open log/7.h5."),
        (OSError(12, "Cannot allocate memory", "log"), 5, "not enough memory"),
        (OSError(12, "it is written, but not flushed", "log/7.h5"), 2, "`grn log` shows what has been written."),
        (ImportError("libblas.so: failed to map segment from shared object"), 5, "not enough memory"),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_what_the_system_refuses_is_reported_in_a_sentence(
    grn: Callable[..., Any], made: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, phrase: str
) -> None:
    from grnledger.storage.repository import Repository

    def refused(*arguments: object, **named: object) -> None:
        raise error

    monkeypatch.setattr(Repository, "newest_first", refused)
    answer = grn("log", "-s", made / "small.grn")
    assert (answer.code, phrase in answer.err, "Traceback" in answer.err) == (code, True, False)


@pytest.mark.parametrize("failure", [MemoryError, SystemError])
def test_where_there_is_no_memory_for_a_sentence_one_is_ready(
    made: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], failure: type[Exception]
) -> None:
    from grnledger.cli import errors
    from grnledger.cli.main import grn

    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(errors, "explain", fail)
    assert errors.run(grn, ["log", "-s", "nothing.grn"], None) == errors.NUMBERS
    assert capfd.readouterr().err.startswith("Error: There is not enough memory for this.\nHint: ")


def test_what_fails_where_there_is_no_memory_left_fails_for_that(monkeypatch: pytest.MonkeyPatch) -> None:
    from grnledger.cli.errors import OUR_BUG, explain
    from grnledger.storage.files import claims

    assert explain(ZeroDivisionError(), "grn log")[2] == OUR_BUG
    monkeypatch.setattr(claims, "has_room", lambda _: False)
    assert explain(ZeroDivisionError(), "grn log")[0] == "There is not enough memory for this."


def test_bytes_that_are_no_text_are_refused(grn: Callable[..., Any], made: Path) -> None:
    answer = grn("commit", made / "sets.gmt", "--only", "BIG", "-m", "a\udcffb", "-s", made / "small.grn")
    assert answer.code == 2
    assert "not UTF-8" in answer.err


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (["log", "-s", ""], "-s is empty: it must name a store"),
        (["tag", "-d", "paper", "more"], "Write only the name after --delete"),
        (["branch", ""], "'' cannot name a branch or tag"),
        (["simulate", "--seed", "99999999999999999999", "-o", "m.npz"], "99999999999999999999"),
    ],
)
def test_an_empty_or_stray_argument_is_refused(
    grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert grn("simulate", "--genes", "20", "--factors", "2", "-o", "model.npz").code == 0
    assert grn("init", "s.grn", "--factor-model", "model.npz").code == 0
    refused = grn(*line)
    assert refused.code == 2
    assert sentence in refused.err
    inner = grn("init", "s.grn/inner.grn", "--factor-model", "model.npz")
    assert inner.code == 4
    assert "a store cannot be inside another" in inner.err


def test_an_export_of_one_gene_twice_is_refused_and_nothing_is_printed(
    grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert grn("simulate", "--genes", "20", "--factors", "2", "-o", "model.npz").code == 0
    assert grn("init", "s.grn", "--factor-model", "model.npz").code == 0
    refused = grn("export", "--matrix", "precision", "--genes", "G01,G02,G01")
    assert (refused.code, refused.out) == (2, "")
    assert "G01 more than once" in refused.err


def test_what_does_not_print_is_shown_as_an_escape(grn: Callable[..., Any], made: Path, tmp_path: Path) -> None:
    import grnledger

    store = shutil.copytree(made / "small.grn", tmp_path / "small.grn")
    repo = grnledger.open(store, author="Eve")
    repo.commit(
        [grnledger.Pathway.of(repo.panel, "X", {"MYC": 0.1})], message="\x1b[2Jgone \x1b]0;title\x07\nsecond line"
    )
    for arguments in (("log",), ("log", "--oneline"), ("log", "--tsv"), ("show",), ("branch",), ("log", "--refs")):
        text = grn("-s", store, *arguments).out
        assert "\x1b]" not in text
        assert "\x07" not in text
    assert "\\x1b[2Jgone \\x1b]0;title\\x07\n    second line\n" in grn("-s", store, "log").out
    assert "\x1b" not in grn("-s", tmp_path / "no\x1b]0;x\x07.grn", "log").err


@pytest.mark.parametrize("seconds", ["nan", "inf"])
def test_a_wait_is_a_number_of_seconds(fails: Callable[..., str], seconds: str) -> None:
    assert f"--wait {seconds} is not a finite number" in fails(2, f"-s small.grn tag t --wait {seconds}")


def test_a_store_is_exported_to_h5_alone(fails: Callable[..., str]) -> None:
    message = fails(2, "-s small.grn export v1")
    assert "v1 does not end in .h5" in message
    assert "`grn export v1.h5 --at REV`" in message


class Interrupted:
    """Something in whose tidying up Ctrl-C comes."""

    def __del__(self) -> None:
        raise KeyboardInterrupt


def test_an_interrupt_that_python_passes_over_comes_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "unraisablehook", errors._interrupt_again)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored
    thing: Interrupted | None = Interrupted()

    def waits() -> None:
        nonlocal thing
        thing = None
        for _ in range(6_000):
            time.sleep(0.01)

    try:
        with pytest.raises(KeyboardInterrupt):
            waits()
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == ""


LATE = """
import os, signal, sys
from grnledger.cli import heed_interrupts
from grnledger.cli.main import main

class Late:
    def __del__(self, kill=os.kill, me=os.getpid()):
        kill(me, 2)

sys.late = Late()
heed_interrupts()
main(["--version"])
"""


def test_an_interrupt_after_all_is_done_does_not_kill() -> None:
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_full_disk_is_reported_with_the_file_and_a_hint() -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "tumor.grn/log/x.h5")
    assert errors.explain(full, "grn tag") == (
        "tumor.grn/log/x.h5: No space left on device.",
        "Nothing in the store was changed. Free some space, and run it again.",
        2,
    )
    stays = "What has been put in its place before that is whole, and stays."
    assert errors.explain(full, "grn backup")[1] == f"{stays} Free some space, and run it again."
    written = durable.Unconfirmed(errno.EIO, "it is written, but the folder could not be flushed", "tumor.grn")
    assert errors.explain(written, "grn tag")[1] == "`grn log` shows what has been written."


@pytest.mark.parametrize(("name", "code"), [("log", 6), ("packs", 6), ("base", 6)])
def test_a_file_where_a_folder_of_the_store_should_be_is_damage(
    grn: Callable[..., Any], made: Path, tmp_path: Path, name: str, code: int
) -> None:
    store = shutil.copytree(made / "small.grn", tmp_path / "small.grn")
    shutil.rmtree(store / name, ignore_errors=True)
    (store / name).write_text("in the way")
    assert grn("-s", store, "edges", "--top", "2").code == code
    assert grn("-s", store, "verify").code in (1, 6)


def test_another_hdf5_file_is_no_store_and_not_damaged(fails: Callable[..., str]) -> None:
    with h5py.File("other.h5", "w") as file:
        file["x"] = [1, 2]
    for line in ("-s other.h5 log", "-s small.grn import other.h5", "clone other.h5 new.grn"):
        refusal = fails(2, line)
        assert "other.h5 is HDF5, but not an exported store." in refusal
        assert "Hint: `grn export FILE.h5` writes one." in refusal


@pytest.mark.parametrize("address", ["https://x.y/lab.grn", "ada@cluster:lab.grn"])
def test_an_address_is_no_path(fails: Callable[..., str], address: str) -> None:
    for verb in ("fetch", "push", "clone"):
        assert "is not a path" in fails(2, f"-s small.grn {verb} {address}")


def test_a_store_named_after_the_verb_is_refused_with_a_hint(fails: Callable[..., str]) -> None:
    assert "Hint: Name the store before the command: `grn -s small.grn verify`." in fails(2, "verify small.grn")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("edges v0", "Name the version with an option: `grn edges --at v0`."),
        ("links P53 HEAD~1", "Name the version with an option: `grn links --at HEAD~1`."),
        ("edges TP53", "`grn edges --help` lists its arguments and options."),
        ("branch a v0 v1", "`grn branch --help` lists its arguments and options."),
    ],
)
def test_a_version_where_none_is_expected_is_refused_with_the_option_for_it(
    fails: Callable[..., str], line: str, hint: str
) -> None:
    assert f"Hint: {hint}" in fails(2, f"-s small.grn {line}")


@pytest.mark.parametrize("verb", ["export", "clone", "push"])
@pytest.mark.parametrize(
    ("failure", "code"),
    [(OSError(errno.EIO, os.strerror(errno.EIO), "x"), 2), (MemoryError(), 5), (FormatError("x is damaged."), 6)],
)
def test_what_fails_while_what_was_written_is_read_back_says_that_it_stands(
    grn: Callable[..., Any],
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    failure: Exception,
    code: int,
) -> None:
    from grnledger.storage.repository import Repository

    store, target = shutil.copytree(made / "small.grn", tmp_path / "small.grn"), tmp_path / "copy.grn"
    if verb == "export":
        target = tmp_path / "copy.h5"
    if verb == "push":
        shutil.copytree(store, target)
        assert grn("commit", made / "sets.gmt", "--only", "BIG", "-m", "more", "-s", store).code == 0
    opening = Repository.__init__

    def fail_on_target(repo: Repository, path: Path, *arguments: Any, **named: Any) -> None:
        if Path(path) == target:
            raise failure
        opening(repo, path, *arguments, **named)

    def push(repo: Repository, *arguments: Any, **named: Any) -> Any:
        report = pushing(repo, *arguments, **named)
        monkeypatch.setattr(Repository, "__init__", fail_on_target)
        return report

    pushing = Repository.push
    with monkeypatch.context() as patch:
        patch.setattr(Repository, "push", push)
        if verb != "push":
            patch.setattr(Repository, "__init__", fail_on_target)
        answer = grn(verb, store, target) if verb == "clone" else grn("-s", store, verb, target)
    assert answer.code == code
    assert f"{target}: it is written, but could not be read back" in answer.err
    assert "Nothing" not in answer.err
    monkeypatch.setattr(Repository, "__init__", opening)
    if code != 5:
        assert f"`grn -s {target} verify` reads all of it." in answer.err
    assert grn("log", "-s", target).code == 0
