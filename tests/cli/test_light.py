"""What a command loads: a list of modules, not a time. Whatever the index of the log answers needs no numbers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine import Expression, FactorCovariance

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.repository import Repository

HEAVY = ("numpy", "scipy", "h5py", "pydantic", "numba", "pandas", "matplotlib", "networkx", "sklearn")

LIGHT = """
--help; log; log -n 2; log --graph --oneline; log --all --json; log --refs; log v0..side; show v0; show --json
show v2 --tsv; branch; branch --json; tag; tag --tsv; rev-parse HEAD~1 side @{2030-01-01}
"""

RECORDS = {"numpy", "h5py", "pydantic"}
"""What a command may load that reads or writes numbers of a store."""

TESTS = RECORDS | {"scipy"}
"""What one may load that asks distributions of SciPy."""

BUDGETS: dict[str, set[str]] = {
    "commit --help": set(),
    "branch new": RECORDS,
    "tag other v1": RECORDS,
    "switch side": RECORDS,
    "rollback v1": RECORDS,
    "commit {sets} --only SET0": RECORDS,
    "commit {sets} --only SET1 --dry-run": RECORDS,
    "commit {sets} --only SET2 --subtract --strength 0.01": RECORDS,
    "revert v1": RECORDS,
    "merge side": RECORDS,
    "neighbors GENE1": RECORDS,
    "neighbors GENE1 --rank-by rho": RECORDS,
    "trace GENE1 GENE2": RECORDS,
    "factors GENE1": RECORDS,
    "links": RECORDS,
    "links p1 --non-members": RECORDS,
    "links --sets {sets}": RECORDS,
    "edges --top 5": RECORDS,
    "edges --threshold 0.2 --json": RECORDS,
    "edges --gene GENE1": RECORDS,
    "diff v0..v2": RECORDS,
    "diff v0..v2 --json": RECORDS,
    "info": RECORDS,
    "info --system": RECORDS,
    "verify --quick": RECORDS,
    "pack": RECORDS,
}
"""Of each command to a store whose base is a factor model, what it may load."""

WITH_SAMPLES = BUDGETS | dict.fromkeys(
    (
        "neighbors GENE1",
        "neighbors GENE1 --rank-by rho",
        "links",
        "links p1 --non-members",
        "links --sets {sets}",
        "edges --top 5",
        "edges --threshold 0.2 --json",
        "edges --gene GENE1",
    ),
    TESTS,
)
"""The same of a base that was estimated from samples, by which pairs are tested."""


GENES = [f"GENE{number}" for number in range(40)]


def filled(repo: Repository) -> Path:
    """Give a store a few versions, a branch and a tag, and return where it is."""
    for number in (1, 2, 3):
        repo.commit([grnledger.Pathway.of(repo.panel, f"p{number}", {"GENE1": 0.1 * number, "GENE2": 0.1})])
    repo.create_branch("side", "v2")
    repo.create_tag("paper", "v1")
    return repo.path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose base is a factor model."""
    rng = np.random.default_rng(6)
    model = FactorCovariance(rng.uniform(0.5, 1.5, 40), rng.normal(size=(40, 3)))
    path = tmp_path_factory.mktemp("light") / "a.grn"
    return filled(grnledger.init(path, factor_model=model, genes=GENES, author="Ada"))


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose base was estimated from samples."""
    rng = np.random.default_rng(7)
    values = rng.normal(size=(40, 2)) @ rng.normal(size=(2, 12)) + rng.normal(size=(40, 12))
    expression = Expression(values, tuple(GENES), tuple(f"S{number}" for number in range(12)))
    path = tmp_path_factory.mktemp("light") / "b.grn"
    return filled(grnledger.init(path, expression=expression, author="Ada"))


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Gene sets of the panel."""
    path = tmp_path_factory.mktemp("sets") / "sets.gmt"
    lines = ["\t".join([f"SET{number}", "na", *GENES[number : number + 4]]) for number in range(3)]
    path.write_text("\n".join(lines) + "\n")
    return path


def loaded(store: Path, arguments: list[str]) -> set[str]:
    """Return which heavy modules a command has loaded when it ends well."""
    code = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print(*sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr))\n"
        f"from grnledger.cli.main import main\nmain({arguments!r})"
    )
    environment = {**os.environ, "GRN_STORE": str(store)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments", [line.split() for line in LIGHT.strip().replace("\n", ";").split(";")], ids=" ".join
)
def test_what_the_index_answers_loads_no_numbers(store: Path, arguments: list[str]) -> None:
    assert loaded(store, arguments) == set()


@pytest.mark.parametrize("command", BUDGETS)
def test_a_command_loads_no_more_than_its_budget(store: Path, sets: Path, tmp_path: Path, command: str) -> None:
    copy = shutil.copytree(store, tmp_path / "a.grn")
    assert loaded(copy, command.format(sets=sets).split()) <= BUDGETS[command]


@pytest.mark.parametrize("command", WITH_SAMPLES)
def test_a_command_loads_no_more_than_its_budget_where_the_base_has_samples(
    sampled: Path, sets: Path, tmp_path: Path, command: str
) -> None:
    copy = shutil.copytree(sampled, tmp_path / "b.grn")
    assert loaded(copy, command.format(sets=sets).split()) <= WITH_SAMPLES[command]


def test_a_budget_can_be_exceeded(store: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(store, tmp_path / "a.grn")
    assert loaded(copy, ["info"]) == RECORDS
    assert "numba" in loaded(copy, ["nmf", "--rank", "2", "--restarts", "1"])


def test_without_the_index_the_log_is_read_and_the_next_command_is_light_again(store: Path) -> None:
    (store / "cache" / "history").unlink()
    assert "h5py" in loaded(store, ["log"])
    assert loaded(store, ["log"]) == set()
