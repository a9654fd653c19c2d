"""Verbs with sub-verbs: what stands before one, between and behind; what is refused, and what is not even asked for."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pytest
from grnledger.cli import options
from grnledger.cli.lazy_group import LazyGroup

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.repository import Repository

GENES = ["TP53", "MDM2", "CDKN1A", "MYC"]


def plant(patch: pytest.MonkeyPatch, name: str, command: click.Command) -> None:
    """Put a command where the module of a verb would be."""
    module = ModuleType(f"grnledger.cli.commands.{name}")
    vars(module)["command"] = command
    patch.setitem(sys.modules, module.__name__, module)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two stores, where `nmf` has sub-verbs, and `lmm` is one that is nothing by itself.

    `nmf lose` and `lmm scan` have no modules: whatever loads them fails.
    """
    import grnledger

    monkeypatch.chdir(tmp_path)
    for name in ("a.grn", "b.grn"):
        grnledger.init(tmp_path / name, covariance=np.eye(4), genes=GENES, author="Ada")

    @click.command("keep")
    @click.option("--rank", type=int, default=1, help="Which.")
    @options.repository
    def keep(repo: Repository, *, rank: int) -> int | None:
        """Tell one."""
        if rank == 0:
            raise RuntimeError("planted")
        click.echo(f"{repo.path.name} {rank}")
        return None

    @click.command("fit")
    @click.argument("formula")
    @click.option("-o", "--output", required=True)
    def fit(formula: str, output: str) -> None:
        """Fit one."""
        click.echo(f"{formula} {output}")

    lmm = options.named_store(
        LazyGroup("lmm", sections={"Commands": {"fit": "Fit one.", "scan": "Scan all."}}, help="Mixed models.")
    )
    nmf = importlib.import_module("grnledger.cli.commands.questions.nmf").command
    monkeypatch.setattr(nmf, "sections", {"Commands": {"keep": "Tell one.", "lose": "Tell all."}})
    main = importlib.import_module("grnledger.cli.main")
    monkeypatch.setitem(main.SECTIONS["Questions"], "lmm", "Mixed models.")
    plant(monkeypatch, "nmf.keep", keep)
    plant(monkeypatch, "questions.lmm", lmm)
    plant(monkeypatch, "lmm.fit", fit)
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "-s b.grn nmf keep",
        "nmf -s b.grn keep",
        "nmf keep -s b.grn",
        "-s a.grn nmf --store b.grn keep",
        "nmf -s a.grn keep -s b.grn",
        "-v nmf -v -s b.grn keep -v",
    ],
)
def test_the_store_may_be_named_anywhere_and_the_last_one_counts(
    folder: Path, grn: Callable[..., Any], line: str
) -> None:
    assert grn(*line.split(), "--rank", 3).out == "b.grn 3\n"


def test_the_bare_verb_is_what_it_was(folder: Path, grn: Callable[..., Any]) -> None:
    for line in ("-s a.grn nmf --rank 5:3", "nmf --rank 5:3 -s a.grn", "-s b.grn nmf -v --rank 5:3"):
        answer = grn(*line.split())
        assert (answer.code, "--rank 5:3 is not a range of ranks" in answer.err) == (2, True)
    answer = grn("nmf")
    assert (answer.code, "more than one store" in answer.err) == (4, True)
    assert grn("nmf", "-s", "").err.startswith("Error: -s is empty: it must name a store.")
    assert grn("simulate", "--genes", 5, "--factors", 1, "-o", "m.npz").code == 0
    assert (folder / "m.pathways.npz").exists()


def test_with_a_sub_verb_the_bare_verb_opens_no_store(folder: Path, grn: Callable[..., Any]) -> None:
    answer = grn("nmf", "keep", "--help")
    assert (answer.code, answer.out.splitlines()[0]) == (0, "Usage: grn nmf keep [OPTIONS]")
    answer = grn("nmf", "keep")
    assert (answer.code, "more than one store" in answer.err) == (4, True)
    assert grn("-s", "none.grn", "lmm", "fit", "y~x", "-o", "out").out == "y~x out\n"


def test_the_help_of_a_verb_has_its_own_options_and_its_sub_verbs_unloaded(
    folder: Path, grn: Callable[..., Any]
) -> None:
    text = grn("nmf", "--help").out
    assert text.startswith("Usage: grn nmf [OPTIONS] [COMMAND] [ARGS]...")
    assert "--rank R|FROM:TO" in text
    assert "Commands:\n  keep  Tell one.\n  lose  Tell all." in text
    assert grn("nmf", "-h", "keep").out == text
    text = grn("lmm", "--help").out
    assert text.startswith("Usage: grn lmm [OPTIONS] COMMAND [ARGS]...\n\n  Mixed models.\n")
    assert "  fit   Fit one." in text


@pytest.mark.parametrize(
    ("line", "sentence", "hint"),
    [
        (
            "nmf --rank 3 keep",
            "--rank cannot come before keep: it is for `grn nmf` without a command.",
            "grn nmf keep --h",
        ),
        ("nmf --seed 1 -s a.grn --rank 3 keep", "--seed, --rank cannot come before keep", "`grn nmf keep --help`"),
        ("nmf kepe", "There is no command 'nmf kepe'.", "Did you mean keep?"),
        ("nmf --rank 3 kepe", "There is no command 'nmf kepe'.", "Did you mean keep?"),
        ("nmf frobnicate", "There is no command 'nmf frobnicate'.", "`grn nmf --help` lists the commands."),
        ("nmf a.grn", "There is no command 'nmf a.grn'.", "Name the store before the command: `grn -s a.grn nmf`."),
        (
            "a.grn nmf keep",
            "There is no command 'a.grn'.",
            "Name the store before the command: `grn -s a.grn nmf keep`.",
        ),
        ("nmf keep a.grn", "extra argument (a.grn)", "Name the store before the command: `grn -s a.grn nmf keep`."),
        ("nmf keep --rnak 3", "--rnak", "`grn nmf keep --help` lists its arguments and options."),
        ("nmf keep --rank x", "'x' is not a valid integer", "`grn nmf keep --help` lists its arguments and options."),
        ("nmf --rank", "--rank", "`grn nmf --help` lists its arguments and options."),
        ("nmf -s", "-s", "`grn nmf --help` lists its arguments and options."),
        (
            "lmm",
            "`grn lmm` needs a command: one of fit, scan.",
            "`grn lmm --help` lists its arguments and options.",
        ),
        ("lmm -s a.grn", "`grn lmm` needs a command", "`grn lmm --help` lists its arguments and options."),
        ("lmm fit y~x", "Missing option '-o'", "`grn lmm fit --help` lists its arguments and options."),
        ("lmm fti", "There is no command 'lmm fti'.", "Did you mean fit?"),
        ("simulate --seed 3 counts -o x.tsv", "--seed cannot come before counts", "`grn simulate counts --help`"),
        ("simulate -o x.npz counts", "-o/--output cannot come before counts", "`grn simulate counts --help`"),
        ("simulate coutns", "There is no command 'simulate coutns'.", "Did you mean counts?"),
        ("simulate", "Missing option '-o'", "`grn simulate --help` lists its arguments and options."),
        ("simulate counts", "Missing option '-o'", "`grn simulate counts --help` lists its arguments and options."),
        ("simulate counts -s a.grn", "-s", "`grn simulate counts --help` lists its arguments and options."),
    ],
)
def test_a_refusal_names_the_whole_command(
    folder: Path, grn: Callable[..., Any], line: str, sentence: str, hint: str
) -> None:
    answer = grn(*line.split())
    assert (answer.code, answer.out) == (2, "")
    assert sentence in answer.err
    assert hint in answer.err


@pytest.mark.parametrize(
    ("line", "traced"),
    [
        ("-v nmf -s a.grn -v keep --rank 0", True),
        ("-s a.grn nmf keep --rank 0 -vv", True),
        ("-s a.grn nmf -vv keep --rank 0", True),
        ("-s a.grn nmf keep --rank 0 -v", False),
        ("-s a.grn nmf keep --rank 0", False),
    ],
)
def test_a_traceback_is_asked_for_anywhere(folder: Path, grn: Callable[..., Any], line: str, *, traced: bool) -> None:
    answer = grn(*line.split())
    assert answer.code == 70
    assert ("Traceback" in answer.err) == traced
    assert "RuntimeError: planted" in answer.err


def test_a_shell_completes_sub_verbs_and_their_options(
    folder: Path, grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_GRN_COMPLETE", "bash_complete")
    for words, completions in (
        ("grn simulate c", ["counts"]),
        ("grn simulate counts --reg", ["--regime"]),
        ("grn nmf -s a.grn ke", ["keep"]),
        ("grn nmf ", ["keep", "lose"]),
        ("grn nmf --res", ["--restarts"]),
        ("grn frobnicate x", []),
    ):
        monkeypatch.setenv("_GRN_LINE", words)
        assert grn().out.split() == ["plain", *completions], words
