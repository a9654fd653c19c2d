"""Completion: what each argument is completed from, and what grn gets of it through bash, zsh and fish."""

from __future__ import annotations

import contextlib
import os
import pty
import random
import re
import select
import shlex
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import click
import grnledger
import numpy as np
import pytest
from grnledger.cli.completion import shells
from grnledger.cli.nouns import Noun
from grnledger.storage.files import lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

GENES = ["TP53", "MDM2", "HLA:DRA", "HLA:DRB1", "α-Syn", "MT ND1", "$(touch pwned)", "it's", 'say "x"', "back\\slash",
         "*star", "#hash", "{x,y}", "p`q`", "semi;colon"]  # fmt: skip
PATHWAYS = ["GO:0006915 (apoptosis)", 'my path\'s "end"', "$(touch pwned)", "Übersicht", "wow!"]
ODD = GENES + PATHWAYS


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one store, whose names are those of no gene."""
    repo = grnledger.init(tmp_path / "a.grn", covariance=np.eye(len(GENES)), genes=GENES, author="Ada")
    for number, name in enumerate(PATHWAYS, 1):
        repo.commit([grnledger.Pathway.of(repo.panel, name, {"TP53": 0.1 * number})])
    repo.create_branch("lab/drug-a", "v1")
    repo.create_branch("größe")
    repo.create_tag("paper", "v2")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def completed(grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """What completes a line, without descriptions; or `file`."""

    def run(line: str, shell: str = "zsh") -> list[str]:
        monkeypatch.setenv("_GRN_COMPLETE", f"{shell}_complete")
        monkeypatch.setenv("_GRN_LINE", line)
        answer = grn()
        assert (answer.code, answer.err) == (0, "")
        kind, *lines = answer.out.split("\n")[:-1]
        return [kind] if kind in ("file", "dir") else [text.partition("\t")[0] for text in lines]

    return run


VERSIONS = [f"v{number}" for number in (5, 4, 3, 2, 1, 0)]
REVS = ["HEAD", "main", "größe", "lab/drug-a", "paper", *VERSIONS]

LINES: dict[str, list[str]] = {
    "grn ch": ["cherry-pick"],
    "grn -s a.grn nmf l": ["list"],
    "grn help nmf d": ["diff"],
    "grn completion z": ["zsh"],
    "grn log --gr": ["--graph"],
    "grn --color a": ["always", "auto"],
    "grn frobnicate x": [],
    "grn log ": REVS,
    "grn log v4..p": ["v4..paper"],
    "grn log ..m": ["..main"],
    "grn rev-parse HEAD v": VERSIONS,
    "grn rollback ": REVS,
    "grn switch l": ["lab/drug-a"],
    "grn switch -c ": [],
    "grn branch -d l": ["lab/drug-a"],
    "grn branch neu lab": ["lab/drug-a"],
    "grn tag -d ": ["paper"],
    "grn tag -s a.grn -d p": ["paper"],
    "grn edges --at p": ["paper"],
    "grn edges --at=p": ["--at=paper"],
    "grn diff HEAD..": [f"HEAD..{rev}" for rev in REVS],
    "grn trace TP53 M": ["MDM2", "MT ND1"],
    "grn trace TP53 MDM2 v0..p": ["v0..paper"],
    "grn edges --genes TP53,MDM2,M": ["TP53,MDM2,MT ND1"],
    "grn regulators TP53,MD": ["TP53,MDM2"],
    "grn regulators genes.t": ["file"],
    "grn links --at v1 ": PATHWAYS[:1],
    "grn links ": sorted(PATHWAYS),
    "grn links --sets x.gmt ": [],
    "grn support 'my path": [PATHWAYS[1]],
    "grn revert v3 --only ": [PATHWAYS[2]],
    "grn cherry-pick paper --only ": [PATHWAYS[1]],
    "grn revert --only ": sorted(PATHWAYS),
    "grn commit ": ["file"],
    "grn -s ": ["file"],
    "grn -s nowhere log ": [],
}


def test_each_argument_is_completed_from_what_it_names(folder: Path, completed: Callable[[str], list[str]]) -> None:
    for line, values in LINES.items():
        assert completed(line) == values, line


def parameters(command: click.Command, name: str) -> Iterator[tuple[str, click.Parameter]]:
    for parameter in command.params:
        yield name, parameter
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name)
        for verb in command.list_commands(context):
            inner = command.get_command(context, verb)
            assert inner is not None
            yield from parameters(inner, f"{name} {verb}")


def test_whatever_names_something_of_a_store_completes_itself() -> None:
    from grnledger.cli.main import grn

    words = re.compile(r"\bREV\b|A\.\.B|\bGENE\b|PATHWAY|^rev$|^gene(_[ab])?$")
    named = [
        (name, parameter)
        for name, parameter in parameters(grn, "grn")
        if words.search(parameter.metavar or parameter.name or "")
    ]
    assert len(named) > 30
    assert [(name, parameter.name) for name, parameter in named if not isinstance(parameter.type, Noun)] == []


def test_a_shell_gets_nothing_where_there_is_nothing_to_complete(
    folder: Path, completed: Callable[[str], list[str]]
) -> None:
    """Neither an error nor a wait: without a store, with two, a foreign, a damaged or a locked one."""
    with lock.hold(folder / "a.grn" / "lock", 1):
        assert completed("grn switch l") == ["lab/drug-a"]
    shutil.copytree(folder / "a.grn", folder / "b.grn")
    assert completed("grn switch l") == []
    for entry in (folder / "b.grn" / "log").iterdir():
        entry.write_bytes(b"no HDF5")
    (folder / "foreign").mkdir()
    os.mkfifo(folder / "pipe.grn")
    for store in ("b.grn", "foreign", "pipe.grn", "/dev/zero", "''", "nowhere"):
        for line in ("switch l", "neighbors T", "links ", "log v0..", "revert v1 --only "):
            assert completed(f"grn -s {store} {line}") == [], (store, line)


def test_lines_are_parsed_as_shells_do(folder: Path) -> None:
    stream = random.Random(1)
    for _ in range(300):
        words = ["".join(stream.choices("ab '\"\\$:é", k=stream.randint(0, 6))) for _ in range(3)]
        line = " ".join(map(shlex.quote, words))
        assert shells.parse(line + " ", "bash").words == tuple(words)
        assert shells.parse(line, "bash").word == words[-1]
    for line, word, quote, kept in (
        ("grn HLA:D", "HLA:D", "", "HLA:"),
        (r"grn HLA\:D", "HLA:D", "", ""),
        ("grn 'HLA:D", "HLA:D", "'", ""),
        ('grn x"HLA:D', "xHLA:D", '"', "x"),
        ("grn --at=v", "--at=v", "", "--at="),
        ("grn a ", "", "", ""),
    ):
        parsed = shells.parse(line, "bash", " \t\n\"'@><=;|&(:")
        assert (parsed.word, parsed.quote, parsed.kept) == (word, quote, kept), line
    assert shells.parse(r"grn 'it\'s", "fish").word == "it's"


def test_no_terminal_obeys_a_name() -> None:
    for shell in shells.SCRIPTS:
        line = shells.parse("grn log ", shell)
        lines = shells.reply(shell, line, [("good", "about"), ("bad\x1b[2J", ""), ("two\nlines", ""), ("x", "\t")])
        assert [text.partition("\t")[0] for text in lines[1:]] == ["good"]


def environment(folder: Path) -> dict[str, str]:
    """The environment of a shell in which `grn` completes, and otherwise writes down its arguments."""
    command = folder / "bin" / "grn"
    if not command.exists():
        command.parent.mkdir()
        command.write_text(
            f'#!/bin/sh\nif [ "$_GRN_COMPLETE" ]; then exec {shlex.quote(sys.executable)} -m grnledger.cli; fi\n'
            'printf "%s\\n" "$@" > arguments.tmp && mv arguments.tmp arguments\n'
        )
        command.chmod(0o755)
    more = {"PATH": f"{command.parent}:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8", "PS1": "> "}
    return {**os.environ, **more, "TERM": "xterm", "GRN_STORE": "a.grn", "HISTFILE": ""}


def bash(folder: Path, script: str) -> list[str]:
    if shutil.which("bash") is None:
        pytest.skip("there is no bash here")
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment(folder), capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split("\0")[:-1]


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_bash_reads_a_quoted_name_as_that_name(folder: Path, quote: str) -> None:
    words: list[str] = []
    for name in ODD:
        typed = quote + shells.quoted_for_bash(name, quote)
        words.append(typed if quote and typed.endswith(quote) else typed + quote)  # bash closes it so
    assert bash(folder, "printf '%s\\0' " + " ".join(words)) == ODD
    assert not (folder / "pwned").exists()


def test_the_function_of_bash_gives_the_names_of_the_store(folder: Path) -> None:
    call = (
        "compopt() { :; }\nask() { COMP_LINE=$1 COMP_POINT=${#1}; _grn_completion grn; "
        "printf '%s\\0' \"${COMPREPLY[@]}\"; }\n"
    )

    def ask(line: str) -> list[str]:
        return bash(folder, f"{shells.BASH}{call}ask {shlex.quote(line)}")

    assert ask("grn log ") == REVS
    assert ask("grn switch gr") == ["größe"]
    assert ask("grn neighbors HLA:D") == ["DRA", "DRB1"]
    typed = ask("grn neighbors ")
    assert bash(folder, "printf '%s\\0' " + " ".join(typed)) == GENES
    assert not (folder / "pwned").exists()


INTERACTIVE = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"], "fish": ["--no-config", "-i"]}

TYPED = {
    "switch la": "lab/drug-a",
    "neighbors HLA:DRB": "HLA:DRB1",
    "neighbors MT": "MT ND1",
    "neighbors \\$": "$(touch pwned)",
    'neighbors "say': 'say "x"',
    "links GO:0006": PATHWAYS[0],
    "edges --at=pa": "--at=paper",
    "edges --genes TP53,α": "TP53,α-Syn",
    "log v0..pap": "v0..paper",
}


@pytest.mark.parametrize("shell", INTERACTIVE)
def test_what_is_typed_and_completed_comes_to_grn_as_the_name(folder: Path, shell: str) -> None:
    """A shell on a terminal: the beginning of a name, the tab key, and return."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    (folder / "script").write_text(shells.SCRIPTS[shell])
    arguments = folder / "arguments"
    first = "autoload -U compinit; compinit -u -D; " if shell == "zsh" else ""
    with on_a_terminal([shell, *INTERACTIVE[shell]], folder) as terminal:
        type_line(terminal, f"{first}source ./script; grn ready\r", arguments)
        for typed, name in TYPED.items():
            arguments.unlink()
            type_line(terminal, f"grn {typed}\t\r", arguments)
            assert arguments.read_text().splitlines()[-1] == name, typed
    assert not (folder / "pwned").exists()


@contextlib.contextmanager
def on_a_terminal(command: list[str], folder: Path) -> Iterator[int]:
    """Run a command on a terminal of its own, and give the other side of that."""
    ours, theirs = pty.openpty()
    opening = f'exec {shlex.join(command)} <"$0" >"$0" 2>&1'  # whoever leads a session and opens it has it
    shell = ["sh", "-c", opening, os.ttyname(theirs)]
    process = subprocess.Popen(shell, cwd=folder, env=environment(folder), start_new_session=True)
    try:
        yield ours
    finally:
        os.close(ours)
        os.close(theirs)
        process.kill()
        process.wait()


def type_line(terminal: int, line: str, awaited: Path) -> None:
    """Type a line once the shell is silent, and return when a file is there; answer what shells ask a terminal."""
    answers = {b"\x1b[6n": b"\x1b[1;1R", b"\x1b[c": b"\x1b[?62;c", b"\x1b[0c": b"\x1b[?62;c"}
    typed, end = False, time.monotonic() + 60
    while not awaited.exists():
        assert time.monotonic() < end, f"nothing came of {line!r}"
        if select.select([terminal], [], [], 0.05 if typed else 0.2)[0]:
            written = os.read(terminal, 65536)
            for question in (question for question in answers if question in written):
                os.write(terminal, answers[question])
        elif not typed:
            os.write(terminal, line.encode())
            typed = True


def complete_in_process(folder: Path, before: str, line: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys\n{before}\nfrom grnledger.cli.main import main\nmain([])"
    env = {**environment(folder), "_GRN_COMPLETE": "bash_complete", "_GRN_LINE": line}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def test_once_the_names_are_in_the_cache_no_numbers_are_loaded(folder: Path) -> None:
    heavy = "import atexit; atexit.register(lambda: print({'numpy', 'h5py', 'pydantic'} & set(sys.modules)))"
    for loaded in (True, False):
        done = complete_in_process(folder, heavy, "grn neighbors TP")
        assert (done.stderr, done.stdout.splitlines()[:2]) == ("", ["plain", "TP53"])
        assert ("numpy" in done.stdout) == loaded


def test_what_hangs_is_given_up_without_a_word(folder: Path) -> None:
    hang = (
        "import time\nfrom grnledger.cli.completion import complete as completion\ncompletion.LONGEST = .2\n"
        "completion.options.find_store = lambda _: time.sleep(60)"
    )
    done = complete_in_process(folder, hang, "grn neighbors TP")
    assert (done.stdout, done.stderr) == ("", "")


def test_a_verb_that_writes_keeps_the_names_that_a_shell_has_asked_for(
    folder: Path, grn: Callable[..., Any], completed: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from grnledger.storage.names import StoreNames

    assert completed("grn tag -d ") == ["paper"]
    monkeypatch.delenv("_GRN_COMPLETE")
    assert grn("tag", "later").code == 0
    assert StoreNames(folder / "a.grn").tags() == ["later", "paper"]


def test_the_script_is_printed_by_a_verb_and_by_the_environment(
    grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for shell, script in shells.SCRIPTS.items():
        assert grn("completion", shell).out == script
        assert grn("completion", shell, "--json").json == {"shell": shell, "script": script}
        with monkeypatch.context() as patch:
            patch.setenv("_GRN_COMPLETE", f"{shell}_source")
            assert grn().out == script
    assert grn("completion", "csh").code == 2
