"""The peers as the benchmarks run them, the start that all are given, and the divergence that all are measured by.

scikit-learn: `NMF(solver="mu", beta_loss="kullback-leibler", tol=1e-10)`, double precision, CSR for a sparse V. It
stops when ten iterations gain less than `tol` of its error √(2 KL) at the start, or at the cap. It takes and gives back
some arrays of the size of V in each iteration; where page faults are dear, as in virtual machines, that may be most of
its time. So it can be run besides in a process that keeps the memory it has once had (`memory_kept`, glibc).

nimfa: `Nmf(update="divergence", objective="div")`, V dense, since its loops over sparse entries are in Python. It stops
by a gain in KL instead of √(2 KL), looked at every ten iterations too. nimfa 1.4.0, the newest, of 2019, does not run
with numpy 2: "`np.mat` was removed in the NumPy 2.0 release. Use `np.asmatrix` instead." (its issue 65). That error is
then told in place of its numbers, and nothing is mended; with numpy < 2 it is measured.
"""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import re
import statistics
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Start = tuple[NDArray[Any], NDArray[Any]]

TOLERANCE = 1e-10
"""So small that peers go on as long as they gain anything; their defaults stop far from the end."""

WARMING = 2
"""Iterations of a run beforehand that is not counted."""

SECONDS_OF_PEER = 2.0
"""A short run is repeated until all its repetitions take about so long, and the median is told."""

MOST_REPETITIONS = 9
"""Most repetitions of a short run."""

KEEPING = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40)}
"""What has glibc take all memory from the heap, and never give it back."""

BAND = 1_000
"""So many rows of V are looked at at once."""

EPOCH = re.compile(r"Epoch (\d+) reached after [\d.]+ seconds, error: ([\d.]+)")
"""What scikit-learn says every ten iterations of √(2 KL)."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a peer came to.

    Parameters
    ----------
    modules, usage : ndarray of float64, shape (p, R) and (R, n)
        W and H.
    iterations : int
        How many it took.
    at_its_end : bool
        Whether it stopped by its own tolerance; else the cap stopped it.
    seconds : float
        For all of them.
    path : list of (int, float)
        Iterations, and the KL that it saw itself after so many.
    """

    modules: NDArray[np.float64]
    usage: NDArray[np.float64]
    iterations: int
    at_its_end: bool
    seconds: float
    path: list[tuple[int, float]]

    def reached(self, most: float) -> tuple[int, float] | None:
        """Return after how many iterations and seconds KL was down to this; None if it never was."""
        first = next((iterations for iterations, kl in self.path if kl <= most), None)
        return None if first is None else (first, self.seconds * first / self.iterations)


def clock() -> float:
    """Return the time now, in seconds: of the clock, or with `GRN_BENCH_CPU` set what all threads have computed."""
    return time.process_time() if os.environ.get("GRN_BENCH_CPU") else time.perf_counter()


def random_start(values: Any, rank: int, seed: int) -> Start:
    """Return a start as scikit-learn's init="random" draws it: √(mean V / R) |N(0, 1)|."""
    stream, height = np.random.default_rng(seed), np.sqrt(values.mean() / rank)
    p, n = values.shape
    return height * np.abs(stream.standard_normal((p, rank))), height * np.abs(stream.standard_normal((rank, n)))


def divergence(values: Any, modules: NDArray[Any], usage: NDArray[Any]) -> float:
    """Return KL = Σ v log(v / x) − v + x over all entries, zeros of V too, x = W H in double precision."""
    w, h, total = modules.astype(np.float64), usage.astype(np.float64), 0.0
    for first in range(0, values.shape[0], BAND):
        band = values[first : first + BAND]
        v, x = band if isinstance(band, np.ndarray) else band.toarray(), w[first : first + BAND] @ h
        some = v > 0.0
        with np.errstate(divide="ignore"):
            total += float(np.sum(v[some] * np.log(v[some] / x[some])) + np.sum(x - v))
    return total


def scikit_learn(values: Any, rank: int, cap: int, *, start: Start | None = None, **how: Any) -> Run:
    """Return what scikit-learn comes to, from a start or, without one, as `how` says (init, random_state).

    V in single precision is factored in it.
    """
    model = NMF(
        rank, solver="mu", beta_loss="kullback-leibler", tol=TOLERANCE, max_iter=cap, verbose=1,
        **(how if start is None else {"init": "custom"}),
    )  # fmt: skip
    w, h = (None, None) if start is None else (factor.astype(values.dtype) for factor in start)
    log = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(log):
        warnings.simplefilter("ignore", ConvergenceWarning)  # the cap is told in the table
        begun = clock()
        modules = model.fit_transform(values, W=w, H=h)
        seconds = clock() - begun
    path = [(int(number), float(error) ** 2 / 2.0) for number, error in EPOCH.findall(log.getvalue())]
    return Run(modules, model.components_, model.n_iter_, model.n_iter_ < cap, seconds, path)


def warmed(values: Any, rank: int, cap: int, *, start: Start) -> Run:
    """Return what scikit-learn comes to from a start, after a short run that is not counted.

    Where that takes less than `SECONDS_OF_PEER`, it is repeated, and the seconds are the median.
    """
    scikit_learn(values, rank, WARMING, start=start)
    runs = [scikit_learn(values, rank, cap, start=start)]
    while len(runs) < MOST_REPETITIONS and len(runs) * runs[0].seconds < SECONDS_OF_PEER:
        runs.append(scikit_learn(values, rank, cap, start=start))
    return replace(runs[-1], seconds=statistics.median(run.seconds for run in runs))


def memory_kept(values: Any, rank: int, cap: int, *, start: Start) -> Run:
    """Return the same as `warmed`, of a process of its own that keeps the memory it has once had."""
    before = dict(os.environ)
    os.environ.update(KEEPING)  # glibc reads them as a process starts
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            return pool.submit(warmed, values, rank, cap, start=start).result()
    finally:
        os.environ.clear()
        os.environ.update(before)


def nimfa(values: Any, rank: int, cap: int, *, start: Start) -> Run | str:
    """Return what nimfa comes to, or why it does not run here."""
    dense = values.toarray() if hasattr(values, "toarray") else values.copy()  # it writes into V
    least = TOLERANCE * divergence(values, *start)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its examples miss matplotlib; numpy.matrix is deprecated
            from nimfa import Nmf

            model = Nmf(
                dense, W=start[0].copy(), H=start[1].copy(), rank=rank, update="divergence", objective="div",
                max_iter=cap, min_residuals=least, test_conv=10, track_error=True,
            )  # fmt: skip
            begun = clock()
            fitted = model()
            seconds = clock() - begun
    except (ImportError, AttributeError) as error:
        return f"{type(error).__name__}: {error}"
    errors, iterations = fitted.fit.tracker.get_error(), fitted.fit.n_iter
    path = [(number, float(errors[number - 1])) for number in range(10, iterations + 1, 10)]
    modules, usage = np.asarray(fitted.basis()), np.asarray(fitted.coef())
    return Run(modules, usage, iterations, iterations < cap, seconds, path)
