"""The documents say what is so: commands that run, pages that are made from the code, links that lead somewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import pytest
from grnledger.views.plot.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CI = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

INSTALL = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/grn demo"
TEST = '.venv/bin/pip install ".[test]" && .venv/bin/pytest'
NUMERIC = (
    "OPENBLAS_CORETYPE=Prescott NUMBA_CPU_NAME=generic NPY_DISABLE_CPU_FEATURES=X86_V3 "
    ".venv/bin/pytest tests/engine tests/analysis"
)


def blocks(text: str, language: str) -> list[str]:
    """Return the code blocks of a page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def script(name: str) -> ModuleType:
    """Return a script of the docs as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def make_cli() -> ModuleType:
    return script("make_cli")


def verbs(*, sub: bool = True) -> Iterator[tuple[str, click.Command]]:
    """Yield every verb with its command, and `simulate counts` after `simulate`."""
    from grnledger.cli.main import grn

    above = click.Context(grn, info_name="grn")
    for verb in grn.list_commands(above):
        command = grn.get_command(above, verb)
        assert command is not None, verb
        yield verb, command
        if sub and isinstance(command, click.Group):
            context = click.Context(command, info_name=verb, parent=above)
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None, (verb, name)
                yield f"{verb} {name}", inner


def test_the_page_of_commands_is_made_from_the_commands(make_cli: ModuleType) -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == make_cli.page(), "run `python docs/make_cli.py`"


def test_every_verb_has_a_help_with_an_example_that_begins_with_it(grn: Callable[..., Any]) -> None:
    for verb, command in verbs():
        answer = grn(*verb.split(), "--help")
        assert answer.code == 0
        assert answer.out.startswith(f"Usage: grn {verb}")
        lines = answer.out.splitlines()
        assert "  Example:" in lines, verb
        assert lines[lines.index("  Example:") + 1].startswith(f"    grn {verb}"), verb
        assert all(option.help for option in command.params if isinstance(option, click.Option)), verb


def test_the_help_of_grn_lists_every_verb_once(grn: Callable[..., Any]) -> None:
    text = grn("--help").out
    assert text == grn().out
    for verb, _ in verbs(sub=False):
        assert len(re.findall(rf"^  {verb}  ", text, flags=re.MULTILINE)) == 1
    for verb, subverb in (name.split() for name, _ in verbs() if " " in name):
        assert len(re.findall(rf"^  {subverb}  ", grn(verb, "--help").out, flags=re.MULTILINE)) == 1


def test_every_verb_and_sub_verb_is_a_module_of_its_name() -> None:
    from grnledger.cli.main import SECTIONS

    sections = {verb: title.lower() for title, names in SECTIONS.items() for verb in names}
    modules = {
        f"{path.parent.name} {path.stem.rstrip('_').replace('_', '-')}"
        for path in (ROOT / "cli" / "commands").glob("*/*.py")
        if path.stem != "__init__"
    }
    figures = {f"plot {kind}" for kind in KINDS}  # made from the registry
    assert modules == {f"{sections.get(verb, '')} {verb}".strip() for verb, _ in verbs()} - figures


def test_every_example_of_a_help_can_be_parsed() -> None:
    for verb, command in verbs():
        example = (command.help or "").partition("\b\nExample:\n")[2]
        for line in filter(None, map(str.strip, example.splitlines())):
            words = shlex.split(line, comments=True)[1:]
            by_name = dict(verbs())
            length = 2 if " ".join(words[:2]) in by_name else 1
            asked = by_name[" ".join(words[:length])]
            context = asked.make_context(words[length - 1], words[length:], resilient_parsing=False)
            assert context.command is asked, (verb, line)


def test_every_option_of_every_verb_is_used_in_a_test_of_the_command_line() -> None:
    texts = [path.read_text() for path in (ROOT / "tests").rglob("test_*.py")]
    used = {word for text in texts if "grn: Callable" in text for word in re.findall(r"-[-\w]*\w", text)}
    unused = [
        f"{verb} {name}"
        for verb, command in verbs()
        for option in command.params
        if isinstance(option, click.Option)
        for name in (*option.opts, *option.secondary_opts)
        if name not in used and name not in ("-h", "--help")
    ]
    assert unused == []


def test_the_json_that_is_documented_is_the_json_that_is_printed(
    make_cli: ModuleType, grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("few.gmt").write_text("F\t\tG01\tG02\tNOWHERE\n")
    for line in (
        "simulate --genes 20 --factors 2 -o model.npz",
        "simulate --genes 20 --factors 2 --seed 5 -o other.npz",
        "init s.grn --factor-model model.npz",
        "commit few.gmt --missing drop",
        "commit model.pathways.npz --only p53",
        "tag t",
        "branch trial",
    ):
        assert grn(*line.split()).code == 0
    stream = np.random.default_rng(1)
    genes = [f"G{place:02}" for place in range(1, 21)]
    Path("others").mkdir()
    Path("z.tsv").write_text("".join(f"{gene}\t{stream.normal()}\n" for gene in genes))
    sets = [stream.choice(genes, 6, replace=False) for _ in range(12)]
    Path("sets.gmt").write_text("".join(f"S{at}\t\t" + "\t".join(row) + "\n" for at, row in enumerate(sets)))
    rows = ["\t".join(["gene", *(f"s{at}" for at in range(12))])]
    rows += ["\t".join([gene, *map(str, stream.normal(size=12))]) for gene in genes]
    Path("values.tsv").write_text("\n".join(rows) + "\n")
    assert grn("init", "others/e.grn", "--expression", "values.tsv").code == 0
    for part in (1, 2):
        scan = f"lmm scan --pheno z.tsv --tests sets.gmt --part {part}/2 -o {part}.part"
        assert grn(*scan.split()).code == 0
    questions = {
        "support": "support F --sets few.gmt -s others/e.grn",
        "neighbors": "neighbors G01", "diff": "diff v0..v1", "links": "links --gene G01",
        "trace": "trace G01 G02", "factors": "factors G01", "regulators": "regulators G01,G02",
        "export": "export --matrix precision -o theta.npz", "export --edges": "export --edges net.graphml",
        "nmf": "nmf --rank 2 --restarts 2",
        "nmf diff": "nmf diff v0..HEAD --rank 2 --restarts 2 --resamples 0",
        "lmm fit": "lmm fit --pheno z.tsv", "lmm enrich": "lmm enrich --pheno z.tsv --sets sets.gmt",
        "lmm compare": "lmm compare v0..HEAD --pheno z.tsv",
        "lmm scan": "lmm scan --pheno z.tsv --tests sets.gmt", "lmm gather": "lmm gather 1.part 2.part",
        "commit": "commit model.pathways.npz --only p53 --if-absent", "rollback": "rollback HEAD",
        "rev-parse": "rev-parse HEAD", "show --dropped": "show v1 --dropped",
        "init": "init others/new.grn --factor-model model.npz",
        "base": "base --factor-model other.npz --branch trial", "clone": "clone s.grn others/o.grn",
        "backup": "backup -s s.grn others/b.grn",
        "fetch": "fetch others/o.grn", "report": "report v0..v1 -o page.html", "completion": "completion bash",
    }  # fmt: skip
    for verb, (fields, inner) in make_cli.FIELDS.items():
        analyses = grn("nmf", "list", "--tsv").rows
        question = f"nmf show {analyses[0]['id']}" if verb == "nmf show" else questions.get(verb, verb)
        answer = grn(*question.split(), "--json").json
        assert list(answer) == fields.split(", "), verb
        for place, names in inner.items():
            part = answer
            for name in place.split("."):
                part = part[name]
                part = next((row for row in part if row), {}) if isinstance(part, list) else part
            assert list(part) == names.split(", "), (verb, place)


def test_the_readme_has_the_two_commands_as_they_were_asked_for() -> None:
    shell = [line for block in blocks(README, "sh") for line in block.splitlines()]
    assert shell[:2] == [INSTALL, TEST]


def test_ci_runs_the_readmes_own_commands_first() -> None:
    steps = re.findall(r"^run '([^']*)'", CI, flags=re.MULTILINE)
    assert steps[:2] == [INSTALL, TEST]
    assert steps[2:] == [
        NUMERIC,
        '.venv/bin/pip install ".[examples,docs]" && .venv/bin/pytest -n 2 tests/whole/test_examples.py',
        '.venv/bin/pip install ".[lint]"',
        ".venv/bin/ruff check .",
        ".venv/bin/ruff format --check .",
        ".venv/bin/pyright --pythonpath .venv/bin/python",
    ]
    assert CI.startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in CI
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


STUDY, LEUKEMIA = README.partition("## The same with real data")[::2]
NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?")


def same_output(printed: str, output: str) -> bool:
    """Whether an output begins with what a page prints, numbers to 2 %: another processor rounds otherwise.

    A few whole numbers may differ too, since an edge at the cut may fall on its other side.
    """
    lines = output.splitlines()[: len(printed.splitlines())]
    beginning = "\n".join(line.split("#")[0].rstrip() for line in lines)

    def words(text: str) -> list[str]:
        return re.sub(r" +", " ", NUMBER.sub("0", text)).split("\n")

    def numbers(text: str) -> list[float]:
        return [float(number.replace(",", "").replace("−", "-")) for number in NUMBER.findall(text)]

    close = words(printed.rstrip("\n")) == words(beginning)
    return close and bool(np.allclose(numbers(printed), numbers(beginning), rtol=0.02, atol=1e-4))


def run_walk(grn: Callable[..., Any], page: str, folder: Path) -> dict[str, Any]:
    """Run the commands of a page as they are printed, and hold them to the outputs that stand below them.

    In a `text` block is what the last command above it prints, in a `console` block what its own command prints at the
    end of the walk.
    """
    answers: dict[str, Any] = {}
    shown: list[tuple[str, str]] = []
    line = ""
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE):
        if language == "text":
            assert same_output(block, answers[line].out), (line, answers[line].out)
        elif language == "console":
            command, _, output = block.removeprefix("$ ").partition("\n")
            shown.append((command, output))
        elif language == "sh":
            for line in block.splitlines():
                if line.startswith("grn "):
                    answers[line] = grn(*shlex.split(line, comments=True)[1:])
                    assert answers[line].code == 0, (line, answers[line].err)
                elif line.startswith(("mkdir ", "grep ")):
                    subprocess.run(line, shell=True, check=True, cwd=folder)
    by_command = {shlex.join(shlex.split(line, comments=True)): answer for line, answer in answers.items()}
    for command, output in shown:
        assert same_output(output, by_command[command].out), (command, by_command[command].out)
    return answers


@pytest.mark.parametrize(
    ("printed", "output", "same"),
    [
        ("ρ  0.0229\n", "ρ  0.02288\n", True),
        ("ρ  0.0229\n", "ρ  0.02288\nand more", True),
        ("ρ  0.0229\n", "ρ   0.0270\n", False),
        ("ρ  0.0229\n", "ρ  -0.0229\n", False),
        ("MDM2  1\n", "MYC  1\n", False),
        ("1,495 genes\n", "1,494 genes\n", True),
        ("1\n2\n", "1\n", False),
    ],
)
def test_an_output_is_compared_as_a_reader_would(printed: str, output: str, same: bool) -> None:
    assert same_output(printed, output) is same


def test_the_walk_of_the_readme_runs_and_says_what_the_readme_says(
    grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    answers = run_walk(grn, STUDY, tmp_path)
    assert {word for line in answers for word in shlex.split(line, comments=True)} >= {
        "init", "commit", "log", "diff", "edges", "neighbors", "trace", "factors", "links", "support", "regulators",
        "rollback", "revert", "branch", "switch", "merge", "tag", "export", "clone", "fetch", "push", "verify", "pack",
        "simulate", "nmf", "lmm",
    }  # fmt: skip
    (python,) = blocks(README, "python")
    capsys.readouterr()
    exec(compile(python, "README.md", "exec"), {})
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()][:2] == ["MDM2", "PPM1D"]
    assert "p21 by hand" in grn("log", "-n", 1).out
    rows = (line.split("\t")[:2] for line in (tmp_path / "study" / "truth" / "edges.tsv").read_text().splitlines())
    truth = set(map(frozenset, rows))
    listed = grn("edges", "--at", "v0", "--top", 1500, "--tsv").rows
    is_true = [frozenset((row["gene_a"], row["gene_b"])) in truth for row in listed]
    assert sum(is_true[:100]) == pytest.approx(92, abs=1)
    assert sum(is_true) == pytest.approx(0.56 * 1500, rel=0.01)
    for rate, share in ((0.05, 0.86), (0.2, 0.66)):
        called = grn("edges", "--at", "v0", "--fdr", rate, "--tsv").rows
        right = sum(frozenset((row["gene_a"], row["gene_b"])) in truth for row in called)
        assert right / len(called) == pytest.approx(share, abs=0.015)
    beside = re.findall(r"^(\w+) +0\.\d+ +0", blocks(STUDY, "text")[0], flags=re.MULTILINE)
    assert [frozenset(("TP53", gene)) in truth for gene in beside].count(True) == 4


def test_the_tutorial_runs_and_says_what_it_says(
    grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    answers = run_walk(grn, page, tmp_path)
    (python,) = blocks(page, "python")
    capsys.readouterr()
    exec(compile(python, "tutorial.md", "exec"), {})
    assert capsys.readouterr().out.splitlines()[0] in {
        f"{n}% of the 100 strongest edges are true" for n in (94, 95, 96)
    }
    *_, fit = answers.values()
    permuted = re.search(r"h² median ([.\d]+), 95 % below [.\d]+; p = ([.\d]+)", fit.out)
    assert permuted is not None
    assert float(permuted[1]) == pytest.approx(0.045, rel=0.1)
    assert 0.05 < float(permuted[2]) < 0.2


def test_the_walk_on_real_data_runs_where_the_data_are(
    grn: Callable[..., Any], shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("leukemia.tsv", "leukemia.cls", "h.all.v7.0.symbols.gmt"):
        (tmp_path / name).symlink_to(shared_data / name)
    samples = [f"{label}_{index}" for label in ("ALL", "AML") for index in range(1, 25, 2)]
    (tmp_path / "half.txt").write_text("\n".join(samples) + "\n")
    answers = run_walk(grn, LEUKEMIA, tmp_path)
    first = next(iter(answers.values()))
    for number in ("9,020 genes", "1,041"):
        assert number in first.err
    assert "0.531" in first.out


def test_every_picture_is_made_by_the_command_that_stands_above_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes are not compared: they differ between releases of matplotlib, and times between machines."""
    for name, value in {"GRN_AUTHOR": "Ada", "GRN_STORE": ""}.items():
        monkeypatch.setenv(name, value)
    make_pictures = script("make_pictures")
    page = make_pictures.PAGE.read_text(encoding="utf-8")
    drawn = make_pictures.pictures()
    shown = re.findall(r"^!\[[^]]+\]\(pictures/([^)]*)\)$", page, flags=re.MULTILINE)
    assert shown == drawn
    assert {file.name for file in make_pictures.PICTURES.iterdir()} == set(drawn)
    assert sum(file.stat().st_size for file in make_pictures.PICTURES.iterdir()) < 1_000_000
    make_pictures.make(tmp_path)
    assert {name for name in drawn if (tmp_path / name).stat().st_size > 1_000} == set(drawn)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "page", [*sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("*.md"))], ids=lambda page: page.name
)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("https://"):
            file = page.parent / target if target else page
            assert file.exists(), target
            assert not anchor or anchor in anchors(file), (target, anchor)


def test_every_file_that_a_page_or_a_script_names_is_there() -> None:
    """The changelog names what has been; recipes name files that are yet to be made, in capitals."""
    scripts = [file for folder in ("docs", "tests", "benchmarks") for file in (ROOT / folder).rglob("*.py")]
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    modules = "".join(f"/{file.relative_to(ROOT).as_posix()}\n" for file in ROOT.rglob("*.py"))
    missing = [
        f"{page.relative_to(ROOT)}: {name}"
        for pattern, files in ((r"`([\w/]+/\w+\.py)`", pages), (r"python ([\w/]+/\w+\.py)\b", [*pages, *scripts]))
        for page in files
        for name in re.findall(pattern, page.read_text(encoding="utf-8"))
        if f"/{name}\n" not in modules and not re.search(r"\b[A-Z]+\b", name)
    ]
    assert missing == []
    assert [page.name for page in pages if "DESIGN section" in page.read_text(encoding="utf-8")] == []


def test_contributors_are_given_the_line_that_ci_runs() -> None:
    assert f"`{NUMERIC}`" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_changelog_begins_with_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert headings[0] == version


def test_no_line_of_prose_is_longer_than_a_reader_likes() -> None:
    """Tables and code blocks are as wide as they have to be."""
    too_long: list[str] = []
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")):
        in_code = False
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
            in_code ^= line.lstrip().startswith("```")
            if len(line) > 120 and not in_code and not line.lstrip().startswith("|"):
                too_long.append(f"{page.relative_to(ROOT)}:{number}")
    assert too_long == []
