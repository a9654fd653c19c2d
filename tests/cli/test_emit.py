"""Answers in their three forms: rows as they come, JSON that is JSON, notes where they belong, no repr anywhere."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pytest
from grnledger.cli.answers.answer import EVERY_FORM, ROWS, TEXT_AND_ROWS, Answer, Note, facts_answer
from grnledger.cli.answers.emit import emit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FORMS = ("text", "tsv", "json")


def answer(rows: Any = (), **named: Any) -> Answer:
    return Answer(**{"columns": ("gene", "rho"), "rows": rows, "json": lambda: {"count": 2, "edges": ROWS}, **named})


def test_one_answer_has_three_forms(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("MYC", 0.25), ("JUN", None)]
    printed: dict[str, str] = {}
    for form in FORMS:
        assert emit(answer(iter(rows), text=lambda: "two edges", code=1), form) == 1
        printed[form] = capsys.readouterr().out
    assert printed["text"] == "two edges\n"
    assert printed["tsv"] == "gene\trho\nMYC\t0.25\nJUN\t\n"
    whole = {"schema": 1, "count": 2, "edges": [dict(zip(("gene", "rho"), row, strict=True)) for row in rows]}
    assert printed["json"] == json.dumps(whole) + "\n"


def test_without_a_text_people_get_the_rows_and_without_columns_nobody_does(capsys: pytest.CaptureFixture[str]) -> None:
    emit(answer([("MYC", 1)]), "text")
    assert capsys.readouterr().out == "gene\trho\nMYC\t1\n"
    emit(answer([("MYC", 1)], text=lambda: None), "text")
    emit(answer([("MYC", 1)], columns=()), "tsv")
    assert capsys.readouterr().out == ""


def test_no_rows_are_a_header_or_an_empty_array(capsys: pytest.CaptureFixture[str]) -> None:
    emit(answer(), "tsv")
    emit(answer(), "json")
    assert capsys.readouterr().out == 'gene\trho\n{"schema": 1, "count": 2, "edges": []}\n'


@pytest.mark.parametrize("form", ["tsv", "json"])
def test_rows_are_written_as_they_come(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stdout", stream)
    lengths: list[int] = []

    def rows() -> Iterator[tuple[str, int]]:
        for number in range(4):
            lengths.append(len(stream.getvalue()))
            yield "MYC", number

    emit(answer(rows()), form)
    assert lengths[1] < lengths[2] < lengths[3] < len(stream.getvalue())


@pytest.mark.parametrize("form", ["tsv", "json"])
def test_what_fails_before_its_first_row_prints_nothing(capsys: pytest.CaptureFixture[str], form: str) -> None:
    def rows() -> Iterator[tuple[str, int]]:
        raise ValueError("no numbers")
        yield "MYC", 1

    def fields() -> dict[str, Any]:
        return {"edges": list(rows())}

    with pytest.raises(ValueError, match="no numbers"):
        emit(answer(rows(), json=fields), form)
    assert capsys.readouterr().out == ""


def test_cells_are_numbers_in_full_and_text_that_prints(capsys: pytest.CaptureFixture[str]) -> None:
    values = (0.1, np.float64(0.1), np.float64("nan"), float("inf"), np.int64(7), True, None, ["v1", "v2"], "a\tb\x1b")
    named = {"columns": "abcdefghi", "rows": [values], "json": lambda: {"values": values[:4]}}
    emit(Answer(**named), "tsv")
    assert capsys.readouterr().out.splitlines()[1].split("\t") == [
        "0.1", "0.1", "", "", "7", "True", "", "v1 v2", r"a\tb\x1b",
    ]  # fmt: skip
    emit(Answer(**named), "json")
    assert json.loads(capsys.readouterr().out)["values"] == [0.1, 0.1, None, None]


def test_text_that_a_spreadsheet_would_run_is_quoted_on_request(capsys: pytest.CaptureFixture[str]) -> None:
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\tTP53", "\r=1", "＝1", "TP53", "a=1", "", ["-a", "b"], '"=1+1"']
    numbers = [-1, -0.5, np.float64(-2.5), np.int64(-3), None, float("nan")]
    rows = {"columns": ("=gene", "rho"), "rows": [(text, number) for text in texts for number in numbers]}
    emit(answer(**rows), "tsv", safe_cells=True)
    head, *lines = capsys.readouterr().out.splitlines()
    assert head == "'=gene\trho"
    cells = [line.split("\t") for line in lines]
    quoted = ["'=1+1", "'+1", "'-1", "'@SUM(A1)", r"\tTP53", r"\r=1", "'＝1", "TP53", "a=1", "", "'-a b", '\'"=1+1"']
    assert [cell for cell, _ in cells[:: len(numbers)]] == quoted
    assert [cell for _, cell in cells[: len(numbers)]] == ["-1", "-0.5", "-2.5", "-3", "", ""]
    emit(answer(**rows), "tsv")
    assert "'" not in capsys.readouterr().out


def test_cells_are_quoted_in_rows_alone(lab: Callable[..., Any]) -> None:
    lab("-s lab.grn commit far.gmt --only C -m =HYPERLINK(1)")
    rows = lab("-s lab.grn log --tsv --safe-cells").rows
    assert rows[0]["message"] == "'=HYPERLINK(1)"
    assert lab("-s lab.grn log --tsv").rows[0]["message"] == "=HYPERLINK(1)"


def test_cells_of_what_is_no_rows_cannot_be_quoted(grn: Callable[..., Any]) -> None:
    for form in ((), ("--json",)):
        printed = grn("log", "--safe-cells", *form)
        assert (printed.code, "--safe-cells goes with --tsv" in printed.err) == (2, True)


def test_notes_go_to_stderr_beside_the_forms_they_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    notes = [Note("people"), Note("rows", TEXT_AND_ROWS), Note("everybody", EVERY_FORM)]
    printed: dict[str, list[str]] = {}
    for form in FORMS:
        emit(answer(text=lambda: None, notes=iter(notes)), form)
        printed[form] = capsys.readouterr().err.splitlines()
    assert printed == {"text": ["people", "rows", "everybody"], "tsv": ["rows", "everybody"], "json": ["everybody"]}


def test_facts_are_rows_of_names_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    facts = facts_answer([("genes", 1200), ("ridge", None), ("probe", 1.5e-9)], json=dict)
    emit(facts, "tsv")
    assert capsys.readouterr().out == "name\tvalue\ngenes\t1200\nprobe\t1.5e-09\n"
    emit(facts, "text")
    assert capsys.readouterr().out == "genes  1,200\nprobe  1.5e-09\n"


COMMANDS = (
    "help completion", "completion fish", "log", "log --oneline", "log --refs",
    "log --all --graph", "show", "show v1", "rollback HEAD~1", "rollback v2", "revert v2 --only B",
    "cherry-pick v2", "branch", "branch b-FORM", "branch -d b-FORM", "switch -c s-FORM", "merge main --no-ff",
    "switch main", "tag", "tag t-FORM", "rev-parse HEAD", "commit far.gmt --if-absent --dry-run --only C",
    "commit far.gmt --if-absent --only A --strength 0.3", "diff v0..v2", "diff v0..v2 --threshold 0.9", "edges --top 5",
    "edges --rank-by clr", "diff v0..v2 --rank-by score", "neighbors G01 --rank-by clr", "links", "links A --all",
    "links --gene G01 --sets sets.gmt", "support A --decoys 2", "support", "regulators G01,G02",
    "regulators G01,G02 --target G03 --rank-by clr",
    "edges --threshold 0.99", "neighbors G01", "trace G01 G02", "factors G01", "factors G01 G02", "info",
    "info --system", "info --spectrum", "reinvert", "export FORM.h5", "export --matrix precision -o FORM.npz",
    "export --edges FORM.sif --top 3",
"verify --numbers", "backup FORM-backup.grn", "pack", "clone lab.grn FORM.grn", "fetch other.grn", "push other.grn",
    "import other.h5 --as i-FORM", "init FORM-new.grn --expression counts.tsv --counts",
    "nmf --rank 2 --restarts 2", "nmf --input counts --rank 2:3 --restarts 2 --table ranks", "nmf list",
    "nmf show ANALYSIS --table usage", "nmf diff v0..v2 --rank 2 --restarts 1 --resamples 2",
    "nmf diff v0..v2 --rank 2 --restarts 1 --resamples 0 --table genes",
    "lmm fit --pheno z.tsv", "lmm fit --pheno several.tsv", "lmm enrich --pheno z.tsv --sets sets.gmt",
    "lmm compare --pheno z.tsv", "lmm scan --pheno z.tsv --tests sets.gmt",
    "lmm scan --pheno z.tsv --tests sets.gmt --part 1/1 -o FORM.part", "lmm gather FORM.part",
    "plot network-changes v0..v2 -o FORM.png", "report v0..v2 -o FORM.html",
    "branch two-FORM", "base counts.tsv --counts --intensity 0.5 --branch two-FORM", "diff v0..two-FORM",
)  # fmt: skip
"""Every verb that answers in three forms; FORM and ANALYSIS are filled in."""

UNTIL_INTERRUPTED = {"serve"}
"""Verbs that answer until Ctrl-C, and have a test of their own."""

FILES = ("export", "plot", "report")
"""Verbs that write a file, and have no rows."""

REPR = re.compile(
    r"\b(np|numpy)\.|\b(array|dtype|PosixPath|EdgeRule|Version)\b[(=]|<[\w.]+ (object|at 0x)"
    r"|^[\[({].*[\])}]$|^(None|nan|-?inf)$"
)


@pytest.fixture
def lab(grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`grn` beside a store of counts with two commits, and files for every verb."""
    monkeypatch.chdir(tmp_path)
    stream = np.random.default_rng(3)
    genes = [f"G{number:02d}" for number in range(1, 31)]
    sets = "".join(f"S{number}\t-\t" + "\t".join(stream.choice(genes, 6, False)) + "\n" for number in range(12))
    (tmp_path / "sets.gmt").write_text(sets)
    (tmp_path / "far.gmt").write_text(
        "".join(f"{name}\t-\t" + "\t".join(genes[n::3]) + "\n" for n, name in enumerate("ABC"))
    )
    z = stream.normal(size=(30, 2)).tolist()
    (tmp_path / "z.tsv").write_text("".join(f"{gene}\t{row[0]}\n" for gene, row in zip(genes, z, strict=True)))
    rows = (f"{gene}\t{row[0]}\t{row[1]}\n" for gene, row in zip(genes, z, strict=True))
    (tmp_path / "several.tsv").write_text("gene\ta\tb\n" + "".join(rows))

    def run(line: str) -> Any:
        printed = grn(*line.split())
        assert printed.code in (0, 1), (line, printed.err)
        return printed

    run("simulate counts --genes 30 --samples 20 --modules 2 --moonlighting 1 --seed 1 -o counts.tsv")
    run("init lab.grn --expression counts.tsv --counts")
    for name in "AB":
        run(f"-s lab.grn commit far.gmt --only {name} --strength 0.3")
    run("clone lab.grn other.grn")
    run("-s other.grn export other.h5")
    run("-s lab.grn nmf --rank 2 --restarts 1")
    return run


def verbs(group: click.Group, name: str = "") -> Iterator[str]:
    context = click.Context(group, info_name=name)
    for verb in group.list_commands(context):
        command = group.get_command(context, verb)
        assert command is not None
        if any("--json" in parameter.opts for parameter in command.params):
            yield f"{name} {verb}".strip()
        if isinstance(command, click.Group):
            yield from verbs(command, verb)


@pytest.mark.parametrize("form", FORMS)
def test_no_verb_answers_with_a_python_repr(lab: Callable[..., Any], form: str) -> None:
    """One store a form: most verbs change it, and do so once."""
    from grnledger.cli.main import grn
    from grnledger.views.plot.kinds import KINDS

    words = [line.split() for line in COMMANDS]
    figures = {f"plot {kind}" for kind in KINDS}  # which one function answers for
    assert set(verbs(grn)) - figures - UNTIL_INTERRUPTED <= {
        " ".join(line[:length]) for line in words for length in (1, 2)
    }
    analysis = lab("-s lab.grn nmf list --tsv").rows[0]["id"]
    for line in COMMANDS:
        if form == "tsv" and line.startswith(FILES):
            continue
        question = line.replace("FORM", form).replace("ANALYSIS", analysis)
        printed = lab(f"-s lab.grn {question}{'' if form == 'text' else f' --{form}'}")
        cells = re.split(r"\t|  +|\n", printed.out) if form != "json" else []
        assert [cell for cell in [*cells, *printed.err.splitlines()] if REPR.search(cell)] == [], line
        if form == "json":
            assert json.loads(printed.out)["schema"] == 1, line
        if form == "tsv" and printed.out:
            head, *rows = printed.out.splitlines()
            assert {row.count("\t") for row in rows} <= {head.count("\t")}, line
