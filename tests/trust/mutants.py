"""Mutants: small changes of the code of storage/ and engine/, each of which some test should notice.

    pip install cosmic-ray
    python tests/trust/mutants.py                                      # 400 mutants drawn from all of both rooms
    python tests/trust/mutants.py --mutants 40 --seed 2 --files storage/history/checking.py
    python tests/trust/mutants.py --mutants 5 --plant blind            # tests that cannot fail: all must survive

The operators are those of cosmic-ray: operators replaced by others, numbers moved by one, conditions negated, loops
without a round, decorators removed, and so on. Changes that cannot matter are left out: of annotations, which are not
evaluated, and under `if TYPE_CHECKING`. A mutant stands in a copy of the checkout and meets first the tests of its own
module, then those of its wing, then all test modules that name it; it is killed as soon as one fails, or takes longer
than ten times what the tests take without it. Survivors are printed with their lines, to be read: a mutant may be the
same program, or differ in speed alone.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("storage", "engine")
PLANTS = ("nothing", "blind")
GOAL = 0.9
"""Share of the mutants that tests should kill."""

SLOWEST = 300.0
"""Most seconds of one step without a mutant."""


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


def steps_of(file: str) -> list[list[str]]:
    """Return the test modules that a mutant of a module meets, step by step."""
    module, tests = Path(file), ROOT / "tests"
    names = {module.stem, module.stem.rstrip("s"), module.parent.name if module.stem == "__init__" else module.stem}
    wing = tests / module.parent
    while not wing.is_dir():
        wing = wing.parent
    everything = sorted(tests.rglob("test_*.py"))
    own = [path for path in everything if path.stem.removeprefix("test_") in names]
    near = [path for path in sorted(wing.rglob("test_*.py")) if "trust" not in path.parts]
    dotted = ".".join(module.with_suffix("").parts)
    imported = f"from grnledger.{'.'.join(module.parent.parts)} import"
    naming = [
        path
        for path in everything
        if dotted in (text := path.read_text(encoding="utf-8")) or (imported in text and f" {module.stem}" in text)
    ]
    steps: list[list[str]] = []
    met: set[Path] = set()
    for step in (own, near, naming):
        if fresh := [path for path in dict.fromkeys(step) if path not in met]:
            met.update(fresh)
            steps.append([path.relative_to(ROOT).as_posix() for path in fresh])
    return steps


class Bench:
    """Copies of the checkout, one for each mutant that is tried at the same time."""

    def __init__(self, folder: Path, number: int, *, blind: bool) -> None:
        self._blind = blind
        self._free: SimpleQueue[Path] = SimpleQueue()
        self._took: dict[tuple[str, ...], float] = {}
        tracked = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True
        ).stdout.split("\0")
        for index in range(number):
            copy = folder / f"copy{index}" / "grnledger"
            for name in filter(None, tracked):
                if (ROOT / name).is_file():
                    (copy / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(ROOT / name, copy / name)
            self._free.put(copy)

    def survives(self, mutant: Mutant) -> bool:
        """Return whether all tests that a mutant meets pass."""
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.plugins import get_operator

        copy = self._free.get()
        try:
            source = (ROOT / mutant.file).read_text(encoding="utf-8")
            changed = mutate_code(source, get_operator(mutant.operator)(), mutant.occurrence)
            for step in [["--version"]] if self._blind else steps_of(mutant.file):
                allowed = 10 * self._time_without(copy, step)
                (copy / mutant.file).write_text(changed, encoding="utf-8")
                try:
                    if not passes(copy, step, allowed):
                        return False
                finally:
                    (copy / mutant.file).write_text(source, encoding="utf-8")
            return True
        finally:
            self._free.put(copy)

    def _time_without(self, copy: Path, step: Sequence[str]) -> float:
        """Return how long a step takes without a mutant, which it must pass."""
        key = tuple(step)
        if key not in self._took:
            begin = time.monotonic()
            if not passes(copy, step, SLOWEST):
                raise SystemExit(f"These tests fail, or take too long, without any mutant: {' '.join(step)}.")
            self._took[key] = max(5.0, time.monotonic() - begin)
        return self._took[key]


def passes(copy: Path, step: Sequence[str], seconds: float) -> bool:
    """Return whether tests pass in a copy within some seconds."""
    environment = os.environ | {"PYTHONPATH": str(copy.parent), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *step]
    with subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            return process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            return False


def main(arguments: list[str] | None = None) -> int:
    """Draw mutants, try them, print those that survive, and return 1 if too many do."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=400, help="[400]")
    parser.add_argument("--seed", type=int, default=1, help="[1]")
    parser.add_argument("--processes", type=int, default=2, help="[2]")
    parser.add_argument("--files", nargs="+", metavar="FILE", help="modules, from the root of the checkout  [all]")
    parser.add_argument("--plant", choices=PLANTS, default="nothing")
    options = parser.parse_args(arguments)
    files = options.files or sorted(
        path.relative_to(ROOT).as_posix() for room in ROOMS for path in (ROOT / room).rglob("*.py")
    )
    every = [mutant for file in files for mutant in mutants_of(file)]
    chosen = random.Random(options.seed).sample(every, min(options.mutants, len(every)))
    print(f"{len(chosen):,} of {len(every):,} mutants of {len(files)} modules, seed {options.seed}", flush=True)
    survivors: list[Mutant] = []
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(options.processes) as pool:
        bench = Bench(Path(name), options.processes, blind=options.plant == "blind")
        for done, (mutant, survived) in enumerate(zip(chosen, pool.map(bench.survives, chosen), strict=True), start=1):
            if survived:
                survivors.append(mutant)
                line = (ROOT / mutant.file).read_text(encoding="utf-8").splitlines()[mutant.line - 1].strip()
                print(f"survives\t{mutant.file}:{mutant.line}\t{mutant.operator}\t{line}", flush=True)
            if done % 20 == 0:
                print(f"{done} done, {len(survivors)} survive", file=sys.stderr, flush=True)
    killed = len(chosen) - len(survivors)
    print(f"{killed} of {len(chosen)} killed, {100 * killed / max(len(chosen), 1):.1f} %")
    return int(killed < GOAL * len(chosen))


if __name__ == "__main__":
    raise SystemExit(main())
