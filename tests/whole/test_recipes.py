"""The recipes of CONTRIBUTING, each in a copy of the tree: one new file and one line, and it works everywhere."""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from grnledger.engine.estimation.estimators import ESTIMATORS
from grnledger.formats.readers import list_formats

pytestmark = pytest.mark.usefixtures("compiled_once")

ROOT = Path(__file__).resolve().parents[2]
NOT_THE_PACKAGE = shutil.ignore_patterns(
    ".*", "*.egg-info", "__pycache__", "build", "dist", "*.grn", "tests", "benchmarks", "docs"
)


@dataclass(frozen=True)
class Tree:
    """A copy of the package in a folder of its own: changed as a recipe says, then run as processes."""

    folder: Path

    @property
    def package(self) -> Path:
        return self.folder / "grnledger"

    def add_file(self, path: str, text: str) -> None:
        """Add a file that was not there."""
        assert not (self.package / path).exists()
        (self.package / path).write_text(text, encoding="utf-8")

    def add_line(self, path: str, after: str, line: str) -> None:
        """Add a line after the one line of a file that begins with a text."""
        lines = (self.package / path).read_text(encoding="utf-8").split("\n")
        (index,) = (number for number, text in enumerate(lines) if text.startswith(after))
        lines.insert(index + 1, line)
        (self.package / path).write_text("\n".join(lines), encoding="utf-8")

    def changes(self) -> tuple[list[str], list[str]]:
        """Return the files that are new, and the lines added to and removed from the others."""
        files = [file.relative_to(self.package) for file in self.package.rglob("*") if file.is_file()]
        new = [file.as_posix() for file in files if not (ROOT / file).exists()]
        lines: list[str] = []
        for file in files:
            before, after = ((side / file) for side in (ROOT, self.package))
            if file.as_posix() not in new and before.read_bytes() != after.read_bytes():
                sides = (side.read_text(encoding="utf-8").splitlines() for side in (before, after))
                lines += [line for line in difflib.ndiff(*sides) if line[:2] in ("+ ", "- ")]
        return new, lines

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run Python on the copy, in its folder."""
        return subprocess.run(
            [sys.executable, "-W", "error", *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder), "GRN_AUTHOR": "Ada"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    def grn(self, *arguments: object) -> str:
        """Return what `grn` prints, after it has ended well."""
        completed = self.run("-m", "grnledger.cli", *arguments)
        assert completed.returncode == 0, completed.stderr
        return completed.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    shutil.copytree(ROOT, tmp_path / "grnledger", ignore=NOT_THE_PACKAGE)
    return Tree(tmp_path)


def write_expression(path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(12, 10))
    lines = ["\t".join(["gene", *(f"s{number}" for number in range(10))])]
    lines += ["\t".join([f"GENE{number}", *map(repr, row)]) for number, row in enumerate(values.tolist())]
    path.write_text("\n".join(lines) + "\n")


ESTIMATOR = '''"""The variances alone: no gene goes with another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..network.covariance import FactorCovariance
from .estimators import Estimate
from .expression import variances

if TYPE_CHECKING:
    from numpy.typing import NDArray


def independent(values: NDArray[np.float64]) -> Estimate:
    """Return the diagonal of the sample covariance."""
    return Estimate(FactorCovariance(variances(values), np.zeros((len(values), 0))), values.shape[1], shrinkage=1.0)
'''

RESAMPLE = """
import grnledger, numpy as np
from grnledger.analysis.resampling import resampling_of
resampling = resampling_of(grnledger.open("toy.grn"), "v0")
print(resampling.estimator)
from grnledger.engine.mapping import Sequential
def count(_, snapshot): return np.count_nonzero(snapshot.covariance.to_dense())
print(count(None, resampling.of(np.arange(5))))
for number in resampling.map_drawings(count, 2, 1, shared=None, mapper=Sequential()):
    print(number)
"""

READER = '''"""Expression in lines of a gene, a colon and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.estimation.expression import Expression

if TYPE_CHECKING:
    from pathlib import Path


def read_colons(path: Path) -> tuple[Expression, tuple[str, ...]]:
    """Return the expression of a file, and what was decided while reading it."""
    rows = [line.split(":") for line in path.read_text().splitlines()]
    values = np.array([[float(number) for number in numbers.split()] for _, numbers in rows])
    samples = tuple(f"s{number}" for number in range(1, values.shape[1] + 1))
    return Expression(values, tuple(gene for gene, _ in rows), samples), ("read as lines with colons",)
'''

HINT = """
import grnledger
try:
    grnledger.init("x.grn", expression="expression.tsv", estimator="none")
except grnledger.InputError as error:
    print(error.hint)
"""


def test_a_new_estimator_is_one_file_and_one_line(tree: Tree) -> None:
    tree.add_file("engine/estimation/independent.py", ESTIMATOR)
    line = '    "independent": Estimator("no correlation at all", "independent:independent"),'
    tree.add_line("engine/estimation/estimators.py", "ESTIMATORS: ", line)
    assert tree.changes() == (["engine/estimation/independent.py"], [f"+ {line}"])

    described = " ".join(tree.grn("init", "--help").split())
    assert f"[{'|'.join(['independent', *ESTIMATORS])}]" in described
    first = next(iter(ESTIMATORS.values()))
    assert f"How the covariance is estimated: no correlation at all, {first.caption}" in described

    write_expression(tree.folder / "expression.tsv")
    tree.grn("init", "toy.grn", "--expression", "expression.tsv", "--estimator", "independent")
    report = tree.grn("-s", "toy.grn", "info")
    assert "independent, factor form with 0 factors" in report
    assert "1 (the shrinkage intensity)" in report

    resampled = tree.run("-c", RESAMPLE)
    assert resampled.stdout.split() == ["independent", "12", "12", "12"], resampled.stderr

    refused = tree.run("-m", "grnledger.cli", "init", "x.grn", "--expression", "expression.tsv", "--estimator", "none")
    assert refused.returncode == 2
    assert ", ".join(map(repr, ["independent", *ESTIMATORS])) in refused.stderr
    hint = tree.run("-c", HINT).stdout
    assert hint == f"There are {', '.join(['independent', *ESTIMATORS])}.\n"


def test_a_new_file_format_is_one_file_and_one_line(tree: Tree) -> None:
    tree.add_file("formats/expression/colons.py", READER)
    line = '        "colons": FormatReader("colons", "expression.colons:read_colons", ending(".colons")),'
    tree.add_line("formats/readers.py", '    "expression": {', line)
    assert tree.changes() == (["formats/expression/colons.py"], [f"+ {line}"])

    described = " ".join(tree.grn("init", "--help").split())
    assert f"Genes × samples: colons, {list_formats('expression')}." in described
    listed = tree.run("-X", "importtime", "-m", "grnledger.cli", "init", "--help").stderr
    assert "grnledger.formats.readers" in listed
    assert "grnledger.formats.expression" not in listed

    values = np.random.default_rng(0).normal(size=(12, 10))
    rows = [f"GENE{number}: {' '.join(map(repr, row))}" for number, row in enumerate(values.tolist())]
    (tree.folder / "expression.colons").write_text("\n".join(rows) + "\n")
    write_expression(tree.folder / "expression.tsv")
    tree.grn("init", "toy.grn", "--expression", "expression.colons", "-m", "colons")
    tree.grn("init", "same.grn", "--expression", "expression.tsv", "-m", "table")
    matrices = [tree.grn("-s", store, "export", "--matrix", "covariance") for store in ("toy.grn", "same.grn")]
    assert matrices[0] == matrices[1]

    arguments = ("init", "x.grn", "--expression", "expression.colons", "--genes-in", "columns")
    refused = tree.run("-m", "grnledger.cli", *arguments)
    assert refused.returncode == 2
    assert "is of a format that fixes where genes are" in refused.stderr


SETS_READER = '''"""Gene sets in lines of a name, a colon and genes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..files.opening import open_text
from ..models.gene_loadings import GeneLoadings, LoadingsFile

if TYPE_CHECKING:
    from pathlib import Path


def read_colons(path: Path) -> LoadingsFile:
    """Return the gene sets of a file."""
    with open_text(path) as stream:
        rows = [line.split(":") for line in stream]
    sets = ((name, tuple(genes.split())) for name, genes in rows)
    return LoadingsFile(tuple(GeneLoadings(name, genes, np.ones(len(genes)), is_set=True) for name, genes in sets))
'''


def test_a_new_format_of_gene_sets_is_one_file_and_a_line_for_each_that_reads_them(tree: Tree) -> None:
    tree.add_file("formats/pathways/colons.py", SETS_READER)
    for contents, reader in (
        ("pathways", "pathways.colons:read_colons"),
        ("gene sets", "pathways.colons:read_colons"),
        ("tests", "traits.tested_columns:read_sets"),
    ):
        line = f'        "colons": FormatReader("lines with colons", "{reader}", ending(".colons")),'
        tree.add_line("formats/readers.py", f'    "{contents}": {{', line)

    assert "The gene sets: lines with colons, JSON, GRP," in " ".join(tree.grn("lmm", "enrich", "--help").split())

    sets = {name: [f"GENE{number}" for number in range(start, start + 5)] for start, name in enumerate("ABCDEF")}
    colons = "".join(f"{name}: {' '.join(genes)}\n" for name, genes in sets.items())
    groups = "AB: A B\nCD: C D\n"
    for name, text in (("sets", colons), ("groups", groups)):
        (tree.folder / f"{name}.colons").write_text(text)
        lines = text.replace(": ", "\t-\t").replace(" ", "\t")
        (tree.folder / f"{name}.gmt").write_text(lines)
    signal = np.random.default_rng(1).normal(size=12).tolist()
    (tree.folder / "z.tsv").write_text("".join(f"GENE{number}\t{value}\n" for number, value in enumerate(signal)))
    write_expression(tree.folder / "expression.tsv")
    tree.grn("init", "toy.grn", "--expression", "expression.tsv")
    for question in (
        "lmm enrich --pheno z.tsv --sets sets.{} --tsv",
        "lmm scan --pheno z.tsv --tests sets.{} --groups groups.{} --tsv",
    ):
        answers = [tree.grn(*question.replace("{}", kind).split()) for kind in ("colons", "gmt")]
        assert answers[0] == answers[1] != "", question


COMMAND = '''"""`grn hello`: a greeting to each version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options
from ...answers.answer import ROWS, Answer

if TYPE_CHECKING:
    from ....storage.repository import Repository


@click.command("hello")
@options.at
@options.forms
@options.repository
def command(repo: Repository, *, at: str) -> Answer:
    """Greet a version and those it descends from.

    \\b
    Example:
      grn hello
    """
    rows = [(version.name, len(version.name)) for version in repo.versions(at)]
    return Answer(
        columns=("version", "letters"),
        rows=rows,
        json=lambda: {"greeted": ROWS},
        text=lambda: "\\n".join(f"Hello, {name}." for name, _ in rows),
    )
'''


def test_a_new_command_is_one_file_and_one_line(tree: Tree) -> None:
    tree.add_file("cli/commands/questions/hello.py", COMMAND)
    line = '        "hello": "Greet the versions.",'
    tree.add_line("cli/main.py", '    "Questions": {', line)
    assert tree.changes() == (["cli/commands/questions/hello.py"], [f"+ {line}"])

    sections = tree.grn("--help").partition("Questions:\n")[2]
    assert sections.splitlines()[0].split(maxsplit=1) == ["hello", "Greet the versions."]
    described = tree.grn("hello", "--help")
    for option in ("--at REV", "--json", "--tsv", "-s, --store STORE"):
        assert option in described

    write_expression(tree.folder / "expression.tsv")
    tree.grn("init", "toy.grn", "--expression", "expression.tsv")
    assert tree.grn("hello") == "Hello, v0.\n"
    assert tree.grn("-s", "toy.grn", "hello", "--tsv") == "version\tletters\nv0\t2\n"
    assert tree.grn("hello", "--json") == '{"schema": 1, "greeted": [{"version": "v0", "letters": 2}]}\n'
    for arguments, code, message in (
        (("hello", "--at", "v7"), 3, "v7: they run from v0 to v0"),
        (("hello", "--json", "--tsv"), 2, "not as both"),
        (("helo",), 2, "Did you mean hello"),
    ):
        refused = tree.run("-m", "grnledger.cli", *arguments)
        assert (refused.returncode, message in refused.stderr) == (code, True), refused.stderr
