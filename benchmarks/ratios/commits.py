"""Five pathways of 100 genes committed to a factor base of 10 factors: the algebra, against all that re-inverts."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.linalg
from grnledger.engine import Pathway, simulate_factor_model, woodbury
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.capacitance import factor
from grnledger.engine.network.columns import columns_of
from threadpoolctl import threadpool_limits

from ..turns import medians
from .rows import Absence, Row, against

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from .rows import Effort

PATHWAYS, GENES, FACTORS, SAMPLES = 5, 100, 10, 50
SETTING = f"K = {FACTORS}, r = {PATHWAYS}"
GOALS = {"numpy.linalg.inv": 130.0, "textbook Woodbury on Θ": 9.0}

CORPCOR = f"""
values <- matrix(rnorm({SAMPLES} * GENES), {SAMPLES})
invisible(corpcor::invcov.shrink(values, verbose = FALSE))
ten <- function() for (i in 1:10) corpcor::invcov.shrink(values, verbose = FALSE)
cat(median(replicate(5, sum(system.time(ten())[c("user.self", "sys.self")]))) / 10)
"""


def measure(effort: Effort) -> Iterator[Row | Absence]:
    """Yield the ratios at 500 genes and at 2,000, and our own times at up to a million, on one BLAS thread."""
    with threadpool_limits(1):
        for size in (500,) if effort.quick else (500, 2_000):
            commit = Commit(size)
            ways = {"grnledger": commit.ours, **commit.dense_ways()}
            for name, way in (("linear_operator", _linear_operator), ("river EmpiricalPrecision", _river)):
                try:
                    ways[name] = way(commit)
                except ImportError as error:
                    yield Absence(name, str(error))
            times, _ = medians(ways, effort.rounds, {"grnledger": 200})
            goals = GOALS if size == 500 else None
            yield from against("grnledger", times, "a commit's algebra", f"p = {size:,}, {SETTING}", goals)
            yield _corpcor(size, times["grnledger"])
        yield from _sizes(effort)


def _sizes(effort: Effort) -> Iterator[Row]:
    """Yield what a commit takes at more genes beside what it takes at 500, all in turns."""
    sizes = (500, 20_000) if effort.quick else (500, 20_000, 1_000_000)
    commits = {f"{size:,}": Commit(size).ours for size in sizes}
    times, _ = medians(commits, 2 * effort.rounds + 1, dict.fromkeys(commits, 100))
    for size in sizes[1:]:
        name = f"grnledger at p = {sizes[0]}"
        yield Row(
            "a commit's algebra", f"p = {size:,}, {SETTING}", name, times[f"{size:,}"], times["500"], goal=1 / 1.3
        )


class Commit:
    """A base of p genes and five pathways for it."""

    def __init__(self, size: int) -> None:
        generator = np.random.default_rng(42)
        self.size = size
        self.base = simulate_factor_model(size, FACTORS, seed=42)
        self.anchor, self.deviations = anchor_of(self.base), self.base.standard_deviations()
        touched = min(GENES, size // 2)
        self.pathways = [
            Pathway(
                (f"pathway{number}",),
                np.sort(generator.choice(size, touched, replace=False)).astype(np.intp),
                generator.normal(scale=0.1, size=(touched, 1)),
            )
            for number in range(PATHWAYS)
        ]

    def ours(self) -> Any:
        """Return the factor of the small matrix, which is what a commit must know."""
        return factor(self.anchor, self.pathways, self.deviations)

    def columns(self) -> NDArray[np.float64]:
        """Return X, shape (p, 5)."""
        return columns_of(self.pathways, self.deviations).rows()

    def dense_ways(self) -> dict[str, Callable[[], Any]]:
        """Return the ways of NumPy and SciPy, each with what it needs formed beforehand."""
        columns = self.columns()
        before = self.base.loadings @ self.base.loadings.T + np.diag(self.base.noise)
        after, precision = before + columns @ columns.T, np.linalg.inv(before)
        return {
            "numpy.linalg.inv": lambda: np.linalg.inv(after),
            "scipy cho_factor": lambda: scipy.linalg.cho_factor(after, lower=True, check_finite=False),
            "textbook Woodbury on Θ": lambda: woodbury(precision, columns),
        }


def _linear_operator(commit: Commit) -> Callable[[], Any]:
    """Return the capacitance of GPyTorch's linear_operator: diagonal plus low rank, as it stores them."""
    import torch
    from linear_operator.operators import DiagLinearOperator, LowRankRootLinearOperator

    torch.set_num_threads(1)
    noise = torch.from_numpy(commit.base.noise.copy())
    root = torch.from_numpy(np.hstack([commit.base.loadings, commit.columns()]))
    return lambda: (LowRankRootLinearOperator(root) + DiagLinearOperator(noise)).chol_cap_mat


def _river(commit: Commit) -> Callable[[], Any]:
    """Return the update of river's precision by as many rows as there are pathways."""
    import pandas as pd
    from river.covariance import EmpiricalPrecision

    names = [f"G{number}" for number in range(commit.size)]
    rows = pd.DataFrame(commit.columns().T, columns=names)
    precision = EmpiricalPrecision()
    precision.update_many(rows)
    return lambda: precision.update_many(rows)


def _corpcor(size: int, ours: float) -> Row | Absence:
    """Return the ratio to a new estimate of Θ from 50 samples by R's corpcor, by R's own clock."""
    script = shutil.which("Rscript")
    if script is None:
        return Absence("R corpcor", "no Rscript on the path")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "corpcor.R"
        program.write_text(CORPCOR.replace("GENES", str(size)), encoding="utf-8")
        run = subprocess.run([script, str(program)], capture_output=True, text=True, check=False)
    if run.returncode:
        return Absence("R corpcor", run.stderr.strip().splitlines()[-1])
    return Row("a commit's algebra", f"p = {size:,}, {SETTING}", "R corpcor invcov.shrink", ours, float(run.stdout))
