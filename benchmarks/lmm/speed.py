"""Times of mixed models, beside FaST-LMM, glimix-core and GEMMA: CPU seconds, one BLAS thread, in one run.

    python -m benchmarks.lmm.speed                       # all tables
    python -m benchmarks.lmm.speed --only p3d exact --rounds 3

Every figure is the median of the rounds; the order changes from round to round. The time of the eigenvectors of K,
which all need, is left out of all and shown apart. Steps of one alone count for it: our triangle, FaST-LMM's rotation.
Peers run in the form that is quickest for them, from arrays in memory; GEMMA (`apt-get install gemma`) runs from files
in its own format: its log's times for rotating and for optimising are used, and the whole process is shown too.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import re
import resource
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from grnledger.engine.lmm import (
    ExactScanner,
    LeaveOut,
    enrich,
    fit,
    fit_many,
    make_model,
    make_scanner,
    of_factor,
    of_matrix,
)
from scipy.sparse import csr_array
from threadpoolctl import threadpool_limits

from .. import setting
from ..turns import cpu_seconds as seconds, medians

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TABLES = ("p3d", "exact", "low-rank", "second-fit", "leave-out", "sets")


class Data:
    """A kernel of full rank, a trait of which half goes along it, and tests of 0, 1 and 2."""

    def __init__(self, n: int, tests: int, seed: int = 0) -> None:
        stream = np.random.default_rng(seed)
        loadings = stream.standard_normal((n, 2 * n))
        self.matrix = loadings @ loadings.T / (2 * n)
        along = loadings @ stream.standard_normal(2 * n) / np.sqrt(2 * n)
        self.trait = along + stream.standard_normal(n)
        self.tests = stream.integers(0, 3, size=(tests, n)).astype(np.float64)
        self.stream = stream


def fast_lmm(trait: np.ndarray, *, matrix: np.ndarray | None = None, factor: np.ndarray | None = None) -> Any:
    """Return FaST-LMM's model, decomposed, or None where the package is absent."""
    try:
        from fastlmm.inference.lmm_cov import LMM
    except ImportError:
        return None
    logging.disable(logging.CRITICAL)
    model = LMM(
        X=np.ones((len(trait), 1)),
        Y=trait[:, None].copy(),
        K=None if matrix is None else matrix.copy(),
        G=factor,
    )
    model.getSU()
    return model


def fast_lmm_scan(model: Any, h2: float, columns: np.ndarray) -> np.ndarray:
    """Return FaST-LMM's F of each test at h²; columns of shape (n, m)."""
    likelihood = model.nLLeval(h2=np.array([h2]), dof=None, scale=1.0, penalty=0.0, snps=columns.copy())
    return np.asarray(likelihood["beta"] ** 2 / likelihood["variance_beta"]).ravel()


def row(name: str, elapsed: float, other: float | None = None, remark: str = "") -> None:
    """Print a figure, and how many times ours it is."""
    factor = "" if other is None else f"{other:10.2f} ×"
    print(f"{name:<44}{elapsed:10.4f} s{factor}" + (f"   {remark}" if remark else ""))


def p3d_steps(data: Data) -> tuple[dict[str, Callable[[], Any]], Any]:
    """Return the ways to scan at the null model's δ, ours first, and FaST-LMM's h² and ours to compare."""
    kernel = of_matrix(data.matrix)
    model = make_model(kernel, data.trait)
    null = fit_many(model)[0]
    single, columns = data.tests.astype(np.float32), np.ascontiguousarray(data.tests.T)
    square, square32 = kernel.vectors.copy(), kernel.vectors.astype(np.float32)
    steps: dict[str, Callable[[], Any]] = {
        "grnledger, float64": lambda: make_scanner(model, null).scan(data.tests),
        "grnledger, float32": lambda: make_scanner(model, null, single=True).scan(single),
        "one dgemm, 10,000 × n × n": lambda: data.tests @ square,
        "one sgemm": lambda: single @ square32,
        "  of which ours once, whatever the tests": lambda: make_scanner(model, null),
    }
    h2 = {"ours": null.h2}
    peer = fast_lmm(data.trait, matrix=data.matrix)
    if peer is not None:
        h2["FaST-LMM"] = float(peer.findH2()["h2"][0])
        steps["FaST-LMM lmm_cov"] = lambda: fast_lmm_scan(peer, h2["FaST-LMM"], columns)
    with contextlib.suppress(ImportError):
        from glimix_core.lmm import FastScanner
        from numpy_sugar.linalg import economic_qs

        qs = economic_qs(data.matrix)
        steps["glimix-core FastScanner"] = lambda: FastScanner(
            data.trait, np.ones((len(data.trait), 1)), qs, null.delta
        ).fast_scan(columns, verbose=False)
    return steps, h2


def p3d(rounds: int) -> None:
    """n = 2,000, 10,000 tests at the null model's δ."""
    data = Data(2000, 10_000)
    elapsed, _ = seconds(lambda: of_matrix(data.matrix))
    steps, h2 = p3d_steps(data)
    times, answers = medians(steps, rounds)
    ours, ours32 = answers["grnledger, float64"], answers["grnledger, float32"]
    base = times["grnledger, float64"]
    print(f"\n## p3d: n = 2,000, 10,000 tests (eigenvectors of K: {elapsed:.2f} s, left out of all)")
    for name, value in times.items():
        row(name, value, value / base, f"{value / times['grnledger, float32']:.2f} × float32")
    print(f"float32 against float64: largest difference of log10 p {np.max(np.abs(ours32.log10_p - ours.log10_p)):.2g}")
    if "FaST-LMM" in h2:
        at_theirs = answers["FaST-LMM lmm_cov"]
        print(f"h² {h2['ours']:.5f} ours, {h2['FaST-LMM']:.5f} FaST-LMM's; F at either's, correlation less one: "
              f"{1 - np.corrcoef(at_theirs, ours.statistic)[0, 1]:.1g}")  # fmt: skip


def exact(rounds: int) -> None:
    """δ of each test, at n = 500, 1,000 and 2,000."""
    print("\n## exact: δ beside each of 10,000 tests")
    for n in (500, 1000, 2000):
        data = Data(n, 10_000)
        kernel = of_matrix(data.matrix)
        model = make_model(kernel, data.trait)
        null = fit_many(model)[0]
        columns = kernel.vectors.copy()
        times, answers = medians(
            {
                "exact": lambda model=model, null=null, data=data: ExactScanner(model, null).scan(data.tests),
                "p3d": lambda model=model, null=null, data=data: make_scanner(model, null).scan(data.tests),
                "dgemm": lambda data=data, columns=columns: data.tests @ columns,
            },
            rounds,
        )
        row(f"n = {n:,}: grnledger exact", times["exact"])
        row("  own p3d (a triangle: half the products)", times["p3d"], times["exact"] / times["p3d"], "exact / p3d")
        row("  p3d as one dgemm, which is its bound", times["dgemm"], times["exact"] / times["dgemm"], "exact / dgemm")
        peer = gemma(data)
        if peer is not None:
            scan, whole, beta = peer
            row("  GEMMA, rotating and optimising", scan, scan / times["exact"])
            row("  GEMMA, the whole process", whole)
            ours = answers["exact"].beta[: len(beta)]
            print(f"  largest difference of β to GEMMA's (five digits): {np.max(np.abs(ours - beta)):.2g}")
        fitted = [fit(kernel, data.trait, _beside(data.tests[at])) for at in range(0, 10_000, 2500)]
        ours = answers["exact"].log_likelihood[::2500]
        worst = max(abs(alone.log_likelihood - value) for alone, value in zip(fitted, ours, strict=True))
        print(f"  largest difference of log likelihood to the model fitted beside a test (4 of them): {worst:.1g}")


def _beside(column: np.ndarray) -> Any:
    from grnledger.engine.lmm import design

    return design(column[:, None])


def gemma(data: Data) -> tuple[float, float, np.ndarray] | None:
    """Return GEMMA's seconds for the scan, of the whole process, and its β; None where it is absent."""
    if shutil.which("gemma") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        np.savetxt(where / "y.txt", data.trait)
        np.savetxt(where / "k.txt", data.matrix, delimiter="\t")
        with (where / "x.txt").open("w") as stream:
            for at, test in enumerate(data.tests.astype(int)):
                stream.write(f"rs{at},A,T," + ",".join(map(str, test)) + "\n")
        command = ["gemma", "-g", "x.txt", "-p", "y.txt", "-k", "k.txt", "-lmm", "1", "-maf", "0", "-o", "out"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            command,
            cwd=where,
            check=True,
            capture_output=True,
            env={"OPENBLAS_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"},
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        log = (where / "output" / "out.log.txt").read_text()
        minutes = {name: float(value) for name, value in re.findall(r"##\s+time on ([^=]+?) = ([\d.e+-]+) min", log)}
        scan = 60.0 * sum(value for name, value in minutes.items() if "UtX" in name or "optimization" in name)
        lines = (where / "output" / "out.assoc.txt").read_text().splitlines()
        column = lines[0].split("\t").index("beta")
        beta = np.array([float(line.split("\t")[column]) for line in lines[1:]])
    return scan, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, beta


def low_rank_steps(rank: int) -> dict[str, Callable[[], Any]]:
    """Return the ways to scan 1,000 tests of n = 20,000 with a kernel of low rank, ours first."""
    stream = np.random.default_rng(1)
    tests = stream.integers(0, 3, size=(1000, 20_000)).astype(np.float64)
    columns = np.ascontiguousarray(tests.T)
    factor = stream.standard_normal((20_000, rank))
    trait = factor @ stream.standard_normal(rank) / np.sqrt(rank) + stream.standard_normal(20_000)
    model = make_model(of_factor(factor), trait)
    null = fit_many(model)[0]
    steps: dict[str, Callable[[], Any]] = {"grnledger": lambda: make_scanner(model, null).scan(tests)}
    peer = fast_lmm(trait, factor=factor)
    if peer is not None:
        h2 = float(peer.findH2()["h2"][0])
        steps["FaST-LMM"] = lambda: fast_lmm_scan(peer, h2, columns)
    return steps


def low_rank(rounds: int) -> None:
    """n = 20,000, a kernel of rank 200 or 50, 1,000 tests."""
    print("\n## low rank: n = 20,000, 1,000 tests")
    for rank in (200, 50):
        times, _ = medians(low_rank_steps(rank), rounds)
        for name, value in times.items():
            row(f"k = {rank}: {name}", value, value / times["grnledger"])


def second_fit(rounds: int) -> None:
    """Fit another signal on a version whose eigenvectors are known, n = 2,000."""
    data = Data(2000, 1)
    kernel = of_matrix(data.matrix)
    traits = iter(np.tile(data.trait, (1000, 1)) + data.stream.standard_normal((1000, 2000)))
    steps: dict[str, Callable[[], Any]] = {"grnledger": lambda: fit(kernel, next(traits))}
    peer = fast_lmm(data.trait, matrix=data.matrix)
    if peer is not None:

        def again() -> Any:
            peer.setY(next(traits)[:, None])
            peer.UY = peer.UUY = None
            return peer.findH2()

        steps["FaST-LMM findH2"] = again
    times, _ = medians(steps, 7 * rounds)
    print("\n## a second null fit on one version, n = 2,000")
    for name, value in times.items():
        row(name, value, value / times["grnledger"])


def leave_out(rounds: int) -> None:
    """Leave a column out of a kernel of 4,000 and estimate δ, against a new decomposition and fit; n = 2,000."""
    stream = np.random.default_rng(2)
    factor = stream.standard_normal((2000, 4000)) / np.sqrt(4000)
    trait = factor @ stream.standard_normal(4000) + stream.standard_normal(2000)
    model = make_model(of_factor(factor), trait)
    ready = LeaveOut(model, np.ascontiguousarray(factor[:, :200]))

    def all_out() -> Any:
        return [ready.fit_without([column]) for column in range(200)]

    times, answers = medians(
        {
            "all": all_out,
            "once": lambda: LeaveOut(model, np.ascontiguousarray(factor[:, :200])),
            "refit": lambda: fit(of_matrix(factor[:, 1:] @ factor[:, 1:].T), trait),
        },
        rounds,
    )
    per_pathway = (times["all"] + times["once"]) / 200
    print("\n## a pathway left out, n = 2,000 (the mean of 200, turning their columns included)")
    row("grnledger", per_pathway)
    row("a new kernel, decomposed and fitted", times["refit"], times["refit"] / per_pathway)
    fitted = fit(of_matrix(factor[:, 1:] @ factor[:, 1:].T), trait)
    print(f"difference of log likelihood {abs(answers['all'][0].log_likelihood - fitted.log_likelihood):.1g}, "
          f"of h² {abs(answers['all'][0].h2 - fitted.h2):.1g}")  # fmt: skip


def sets(rounds: int) -> None:
    """2,000 sets of 15 to 200 genes, n = 2,000, on a dense kernel and on one of rank 50."""
    data = Data(2000, 1)
    stream = data.stream
    print("\n## 2,000 gene sets of 15 to 200 genes, n = 2,000")
    members = np.zeros((2000, 2000))
    for row_of_set in members:
        row_of_set[stream.choice(2000, stream.integers(15, 201), replace=False)] = 1.0
    library = csr_array(members)
    narrow = stream.standard_normal((2000, 50))
    for name, kernel in (("dense", of_matrix(data.matrix)), ("rank 50", of_factor(narrow))):
        model = make_model(kernel, data.trait)
        null = fit_many(model)[0]
        ready = make_scanner(model, null, sparse=True)
        enrich(ready, library)  # compiled
        times, _ = medians({"sets": lambda ready=ready: enrich(ready, library)}, 3 * rounds)
        print(f"{name:<44}{1e6 * times['sets'] / 2000:10.1f} µs a set; ready after "
              f"{seconds(lambda model=model, null=null: make_scanner(model, null, sparse=True))[0]:.2f} s")  # fmt: skip


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    print(setting.described(1, "fastlmm", "glimix-core", "statsmodels"))
    steps: dict[str, Callable[[int], None]] = {
        "p3d": p3d,
        "exact": exact,
        "low-rank": low_rank,
        "second-fit": second_fit,
        "leave-out": leave_out,
        "sets": sets,
    }
    with one_thread():
        for name in arguments.only:
            steps[name](arguments.rounds)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Hold BLAS to one thread, theirs and ours."""
    with threadpool_limits(1):
        yield


if __name__ == "__main__":
    main()
