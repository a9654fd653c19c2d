# pyright: reportMissingImports=false, reportMissingTypeStubs=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# (cosmic-ray and coverage are installed by who runs this)
"""Mutants: small changes of the code of storage/ and engine/, each of which some test should notice.

    pip install cosmic-ray coverage
    python tests/trust/mutants.py                                      # 400 mutants drawn from all of both rooms
    python tests/trust/mutants.py --files storage/history/refs.py --tests tests/storage/history --mutants 40
    python tests/trust/mutants.py --keep /tmp/mutants                  # goes on from there where it has been stopped
    python tests/trust/mutants.py --mutants 5 --plant blind            # tests that cannot fail: all must survive

The operators are those of cosmic-ray: operators replaced by others, numbers moved by one, conditions negated, loops
without a round, decorators removed, and so on. Changes that cannot matter are left out: of annotations, which are not
evaluated, and under `if TYPE_CHECKING`. First all tests run once, and it is noted which line each of them reaches, and
how long it takes. A mutant stands in a copy of the checkout and meets the tests that reach its line, quick ones first,
up to `--seconds` of them; where none does, as in compiled loops, those of its module or its folder. It is killed as
soon as one fails, or takes longer than ten times as long. Those that take too long and survivors are printed with their
lines, to be read: a mutant may be the same program, or differ in speed or memory alone. Those that were read and found
to be so stand in `same_program.tsv` with the reason, and are counted apart.
"""

from __future__ import annotations

import argparse
import ast
import dataclasses
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("storage", "engine")
QUIETLY = ("-q", "-n", "0", "-p", "no:cacheprovider")
DURATIONS = "GRN_MUTANTS_SECONDS"
PLANTS = ("nothing", "blind")
GOAL = 0.9
"""Share of the mutants that tests should kill."""

LEAST = 60.0
"""Fewest seconds before tests count as hanging."""

SURVIVES, FAILS, HANGS, SAME = "survives", "fails", "hangs", "same program"
"""How a mutant ends: all tests that it meets pass, one fails, or they take too long; or it cannot be told apart."""

SAME_PROGRAM = Path(__file__).with_name("same_program.tsv")
"""Mutants that are the same program but for speed and memory: file, line, the line instead, and why."""

COVERAGE = "[run]\nsource = {rooms}\ndata_file = {folder}/covered\n"


@dataclass(frozen=True)
class Mutant:
    """One change of one module.

    Parameters
    ----------
    file : str
        The module, from the root of the checkout.
    operator : str
        Of cosmic-ray.
    occurrence : int
        The how-manieth place of the module where the operator applies.
    line : int
        Where that is.
    """

    file: str
    operator: str
    occurrence: int
    line: int


def mutants_of(file: str) -> Iterator[Mutant]:
    """Yield all mutants of a module."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    source = (ROOT / file).read_text(encoding="utf-8")
    idle = lines_without_effect(ast.parse(source))
    nodes: list[Any] = list(ast_nodes(get_ast(source)))
    for name in operator_names():
        for operator in operators(get_operator(name)):
            occurrence = 0
            for node in nodes:
                for (line, _), _ in operator.mutation_positions(node):
                    if line not in idle:
                        yield Mutant(file, name, occurrence, line)
                    occurrence += 1


def change_of(mutant: Mutant) -> tuple[str, str]:
    """Return the line that a mutant changes, and what stands there instead; without what follows, if it is many."""
    source = (ROOT / mutant.file).read_text(encoding="utf-8")
    pairs = itertools.zip_longest(source.splitlines(), mutated(source, mutant).splitlines(), fillvalue="")
    before, after = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
    return before.strip(), after.strip()


def mutated(source: str, mutant: Mutant) -> str:
    """Return the source of a module as a mutant has it."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    changed: Any = mutate_code(source, get_operator(mutant.operator)(), mutant.occurrence)
    return changed


def same_programs() -> dict[tuple[str, str, str], str]:
    """Return why mutants are the same program, by their files, their lines, and what stands there instead."""
    rows = [line.split("\t") for line in SAME_PROGRAM.read_text(encoding="utf-8").splitlines()[1:]]
    return {(file, before, after): why for file, before, after, why in rows}


def operators(kind: Any) -> list[Any]:
    """Return the operators of a kind; those that need arguments are left out."""
    return [kind()] if not kind.arguments() else []


def lines_without_effect(tree: ast.Module) -> set[int]:
    """Return the lines that are annotations alone, or that only type checkers read."""
    idle: set[int] = set()
    for node in ast.walk(tree):
        parts: list[ast.AST | None] = []
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            parts += [*node.body, node.test]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            arguments = (inner for inner in ast.walk(node.args) if isinstance(inner, ast.arg))
            parts += [node.returns, *(argument.annotation for argument in arguments)]
        elif isinstance(node, ast.AnnAssign) and node.value is None:
            parts.append(node)
        for part in parts:
            if isinstance(part, ast.expr | ast.stmt):
                idle.update(range(part.lineno, (part.end_lineno or part.lineno) + 1))
    return idle


class Reached:
    """Which tests reach which lines, and how long they take.

    Parameters
    ----------
    folder : Path
        Where that is noted; where it is already, no test is run.
    copy : Path
        A copy of the checkout, in which all tests run once.
    tests : sequence of str
        Folders or files of tests.
    seconds : float
        Most seconds of tests that a mutant meets.
    """

    def __init__(self, folder: Path, copy: Path, tests: Sequence[str], seconds: float) -> None:
        from coverage import CoverageData

        durations = folder / "seconds.json"
        if not durations.is_file():
            (folder / "coverage.ini").write_text(COVERAGE.format(rooms=",".join(ROOMS), folder=folder))
            command = ["-m", "coverage", "run", f"--rcfile={folder / 'coverage.ini'}", "-m", "pytest", "-p", "mutants"]
            environment = surroundings(copy) | {DURATIONS: str(durations)}
            if subprocess.run([sys.executable, *command, *QUIETLY, *tests], cwd=copy, env=environment).returncode:  # noqa: PLW1510
                durations.unlink(missing_ok=True)
                raise SystemExit("Tests fail without any mutant.")
        self._seconds: dict[str, float] = json.loads(durations.read_text())
        self._data, self._most = CoverageData(str(folder / "covered")), seconds
        self._data.read()
        self._measured = {file.rpartition("/grnledger/")[2]: file for file in self._data.measured_files()}

    def by(self, mutant: Mutant) -> tuple[list[str], float]:
        """Return the tests that a mutant meets, quick ones first, and how long they take."""
        file = self._measured.get(mutant.file, "")
        lines = self._data.contexts_by_lineno(file) if file else {}
        reaching = {test for test in lines.get(mutant.line, []) if test in self._seconds} or self._near(mutant.file)
        chosen: list[str] = []
        total = 0.0
        for test in sorted(reaching, key=lambda test: (self._seconds[test], test)):
            if chosen and total + self._seconds[test] > self._most:
                break
            chosen.append(test)
            total += self._seconds[test]
        return chosen, total

    def _near(self, file: str) -> set[str]:
        """Return the tests of a module, or else of the folder that it is in, or of the one around that."""
        stem = Path(file).stem
        near = {test for test in self._seconds if Path(test.partition("::")[0]).stem == f"test_{stem}"}
        folders = iter(Path(file).parents)
        while not near and (folder := next(folders, None)) is not None:
            near = {test for test in self._seconds if test.startswith(f"tests/{folder.as_posix()}/")}
        return near


def pytest_runtest_logstart(nodeid: str) -> None:
    """Have what a test reaches noted under its name; pytest calls this in the run that measures."""
    from coverage import Coverage

    if (current := Coverage.current()) is not None:
        current.switch_context(nodeid.partition("[")[0])


def pytest_runtest_logreport(report: Any) -> None:
    """Add up how long a test takes."""
    name = report.nodeid.partition("[")[0]
    _taken[name] = _taken.get(name, 0.0) + report.duration


def pytest_sessionfinish() -> None:
    """Write how long all took."""
    if path := os.environ.get(DURATIONS):
        Path(path).write_text(json.dumps(_taken))


_taken: dict[str, float] = {}


class Bench:
    """Copies of the checkout, one for each mutant that is tried at the same time."""

    def __init__(self, folder: Path, number: int) -> None:
        self.copies: SimpleQueue[Path] = SimpleQueue()
        tracked = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True
        ).stdout.split("\0")
        for index in range(number):
            copy = folder / f"copy{index}" / "grnledger"
            for name in filter(None, tracked):
                if (ROOT / name).is_file():
                    (copy / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(ROOT / name, copy / name)
            self.copies.put(copy)

    def outcome(self, mutant: Mutant, tests: Sequence[str], seconds: float) -> str:
        """Return how a mutant ends that meets tests which take so many seconds without it: see `outcome_of`."""
        if not tests:
            return SURVIVES
        copy = self.copies.get()
        source = (copy / mutant.file).read_text(encoding="utf-8")
        try:
            (copy / mutant.file).write_text(mutated(source, mutant), encoding="utf-8")
            return outcome_of(copy, tests, LEAST + 10 * seconds)
        finally:
            (copy / mutant.file).write_text(source, encoding="utf-8")
            self.copies.put(copy)


def surroundings(copy: Path) -> dict[str, str]:
    """Return the environment in which a copy is what is imported."""
    path = os.pathsep.join((str(copy.parent), str(copy / "tests" / "trust")))
    return os.environ | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}


def outcome_of(copy: Path, tests: Sequence[str], seconds: float) -> str:
    """Return whether tests pass in a copy, fail, or take longer than some seconds."""
    command = [sys.executable, "-m", "pytest", "-x", *QUIETLY, *tests]
    with subprocess.Popen(
        command,
        cwd=copy,
        env=surroundings(copy),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            return FAILS if process.wait(seconds) else SURVIVES
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return HANGS


def read_ends(path: Path) -> dict[Mutant, str]:
    """Return how mutants have ended in an earlier run."""
    if not path.is_file():
        return {}
    rows = [line.split("\t") for line in path.read_text().splitlines()]
    return {Mutant(file, operator, int(nth), int(line)): end for end, file, operator, nth, line in rows}


def main(arguments: list[str] | None = None) -> int:
    """Draw mutants, try them, print those that survive, and return 1 if too many do."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=400, help="[400]")
    parser.add_argument("--seed", type=int, default=1, help="[1]")
    parser.add_argument("--processes", type=int, default=2, help="[2]")
    parser.add_argument("--files", nargs="+", metavar="FILE", help="modules, from the root of the checkout  [all]")
    parser.add_argument("--tests", nargs="+", metavar="PATH", default=[f"tests/{room}" for room in ROOMS])
    parser.add_argument("--seconds", type=float, default=20.0, help="of tests that a mutant meets  [20]")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where it notes what it has done, to go on from")
    parser.add_argument("--plant", choices=PLANTS, default="nothing")
    options = parser.parse_args(arguments)
    files = options.files or sorted(
        path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*.py")
    )
    every = [mutant for file in files for mutant in mutants_of(file)]
    chosen = random.Random(options.seed).sample(every, min(options.mutants, len(every)))
    print(f"{len(chosen):,} of {len(every):,} mutants of {len(files)} modules, seed {options.seed}", flush=True)
    ends: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(options.processes) as pool:
        bench = Bench(Path(name), options.processes)
        folder = options.keep or Path(name)
        folder.mkdir(exist_ok=True)
        reached = Reached(folder, Path(name) / "copy0" / "grnledger", options.tests, options.seconds)
        known = read_ends(folder / "ends.tsv")

        def outcome(mutant: Mutant) -> str:
            if mutant in known:
                return known[mutant]
            tests, seconds = reached.by(mutant)
            return bench.outcome(mutant, ["--version"] if options.plant == "blind" else tests, seconds)

        same = same_programs()
        for mutant, end in zip(chosen, pool.map(outcome, chosen), strict=True):
            if mutant not in known:
                with (folder / "ends.tsv").open("a") as file:
                    file.write("\t".join([end, *map(str, dataclasses.astuple(mutant))]) + "\n")
            before, after = change_of(mutant)
            why = same.get((mutant.file, before, after), "") if end == SURVIVES else ""
            shown = SAME if why else end
            ends[shown] += 1
            if shown != FAILS:
                print(f"{shown}\t{mutant.file}:{mutant.line}\t{before}\t{after}\t{why}", flush=True)
            if ends.total() % 20 == 0:
                print(f"{ends.total()} done, {ends[SURVIVES]} survive", file=sys.stderr, flush=True)
    killed, others = ends[FAILS] + ends[HANGS], len(chosen) - ends[SAME]
    print(
        f"{killed} of {len(chosen)} killed, {100 * killed / max(len(chosen), 1):.1f} %: {ends[FAILS]} by a test that "
        f"fails, {ends[HANGS]} by tests that take too long; {ends[SAME]} are the same program, and "
        f"{100 * killed / max(others, 1):.1f} % of the others are killed"
    )
    return int(killed < GOAL * others)


if __name__ == "__main__":
    raise SystemExit(main())
