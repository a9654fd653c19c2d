"""Null sets with p < .05 in `grn lmm enrich`, plain and on normal scores, where the cells of docs/lmm.md do not reach.

    python -m benchmarks.meaning.enrichment                    # 200 signals a cell
    python -m benchmarks.meaning.enrichment --signals 40 --cells nested t3
    python -m benchmarks.meaning.enrichment --shift .5         # power: one of the pathways is shifted, and tested

1,000 genes, 20 pathways of 15 to 200 genes (uniform in the logarithm) with loadings U(.3, .7), in each of which a share
of the signs that is drawn from U(0, .5) is turned; noise 1. R is estimated by shrinkage from 24 samples. The library is
the pathways and 20 random sets of the same sizes. z = √h u/√s + √(1−h) e goes along the true network with h = .1, .3
and .5 in turn, or is the t-statistics of random labels over 24 other samples of the same network (`labels`). No set
is shifted beyond the true network. `nested`: for each set a random half of it is in the library too. `t3`: e is t with
3 degrees of freedom, divided by its standard deviation; under `labels` the noise of each value.

`plain` is the default test, with the sets' own variance; `normal` the same of normal scores of z (`--normal`). Shares
of null sets with p < .05 have intervals by resampling of signals (sets of one signal go together); shares of signals
with a false q < .05 are binomial, with Wilson's. With no shift every signal with a q < .05 has a false one.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine.inference.normal_scores import signal_scores
from grnledger.engine.lmm import make_model, of_factor, t_statistics
from grnledger.engine.lmm.association.set_tests import SetTester
from grnledger.engine.lmm.association.set_variance import set_mixture
from scipy.sparse import csr_array
from scipy.stats import binomtest, false_discovery_control

from .. import setting
from ..lmm.calibration import World, estimated

if TYPE_CHECKING:
    from numpy.typing import NDArray

GENES, PATHWAYS, SAMPLES = 1_000, 20, 24
SMALLEST, LARGEST = 15, 200
SHARES = (0.1, 0.3, 0.5)
CELLS = ("sizes", "nested", "t3", "nested+t3", "labels", "labels+nested+t3")
FORMS = ("plain", "normal")
RESAMPLES = 1_000


def drawn_world(stream: np.random.Generator) -> World:
    """Return a network whose pathways have many sizes and loadings of both signs."""
    loadings = np.zeros((GENES, PATHWAYS))
    for pathway in range(PATHWAYS):
        size = int(np.exp(stream.uniform(np.log(SMALLEST), np.log(LARGEST + 1))))
        signs = np.where(stream.random(size) < stream.uniform(0.0, 0.5), -1.0, 1.0)
        loadings[stream.choice(GENES, size, replace=False), pathway] = signs * stream.uniform(0.3, 0.7, size)
    return World(loadings, csr_array((loadings.T != 0).astype(float)))


def library(world: World, stream: np.random.Generator, *, nested: bool) -> csr_array:
    """Return the pathways, as many random sets of their sizes, and a half of each if asked for; a set a row."""
    sets = list(world.sets.toarray())
    sets += [stream.permutation(members) for members in sets]
    if nested:
        sets += [half(members, stream) for members in sets]
    return csr_array(np.array(sets))


def half(members: NDArray[np.float64], stream: np.random.Generator) -> NDArray[np.float64]:
    """Return a random half of a set."""
    genes = np.flatnonzero(members)
    part = np.zeros_like(members)
    part[stream.choice(genes, len(genes) // 2, replace=False)] = 1.0
    return part


def noise(shape: tuple[int, ...], stream: np.random.Generator, *, heavy: bool) -> NDArray[np.float64]:
    """Return noise of variance 1: normal, or t with 3 degrees of freedom."""
    return stream.standard_t(3, shape) / np.sqrt(3.0) if heavy else stream.standard_normal(shape)


def signal(world: World, share: float | None, stream: np.random.Generator, *, heavy: bool) -> NDArray[np.float64]:
    """Return z of which this share goes along the true network, or the t-statistics of random labels."""
    if share is None:
        values = world.loadings @ stream.standard_normal((PATHWAYS, SAMPLES))
        values += noise((GENES, SAMPLES), stream, heavy=heavy)
        return t_statistics(values, stream.permutation(np.arange(SAMPLES) < SAMPLES // 2))
    shared, _ = world.network
    along = shared @ stream.standard_normal(PATHWAYS) / np.sqrt(np.square(shared).sum() / GENES)
    return np.sqrt(share) * along + np.sqrt(1.0 - share) * noise((GENES,), stream, heavy=heavy)


def p_values(cell: str, signals: int, seed: int, shift: float) -> dict[str, NDArray[np.float64]]:
    """Return p of the sets of each signal of a cell by either form, signals × sets."""
    p: dict[str, list[NDArray[np.float64]]] = {form: [] for form in FORMS}
    for at in range(signals):
        stream = np.random.default_rng([seed, at])
        world = drawn_world(stream)
        kernel = of_factor(estimated(world, SAMPLES, stream)[0])
        sets = library(world, stream, nested="nested" in cell)
        share = None if "labels" in cell else SHARES[at % len(SHARES)]
        z = signal(world, share, stream, heavy="t3" in cell)
        z += shift * np.std(z) * sets[[0]].toarray()[0]
        mixture = set_mixture(kernel, sets, make_model(kernel, z).fixed)
        for form in FORMS:
            model = make_model(kernel, signal_scores(z) if form == "normal" else z)
            p[form].append(10.0 ** SetTester(sets, "two-sided", mixture).test(model)[0].log10_p)
    return {form: np.array(of_signals) for form, of_signals in p.items()}


def resampled(of_signals: NDArray[np.float64]) -> str:
    """Return a mean over signals with its 95 % interval by resampling them."""
    stream = np.random.default_rng(0)
    means = of_signals[stream.integers(0, len(of_signals), (RESAMPLES, len(of_signals)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{of_signals.mean():.3f} ({low:.3f}-{high:.3f})"


def binomial(of_signals: NDArray[np.bool_]) -> str:
    """Return a share of signals with Wilson's 95 % interval."""
    interval = binomtest(int(of_signals.sum()), len(of_signals)).proportion_ci(method="wilson")
    return f"{of_signals.mean():.3f} ({interval.low:.3f}-{interval.high:.3f})"


def main() -> None:
    """Print a row a cell and form."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signals", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=CELLS)
    parser.add_argument("--shift", type=float, default=0.0, help="of the first pathway, in standard deviations of z")
    arguments = parser.parse_args()
    print(setting.described(1))
    print(f"# {arguments.signals} signals a cell, seed {arguments.seed}, shift {arguments.shift:g}")
    columns = ("all", "pathways", "random", "halves", "signals with a q < .05")
    print("cell\tform\t" + "\t".join(["power"] if arguments.shift else columns) + "\tseconds")
    for cell in arguments.cells:
        begun = time.perf_counter()
        for form, p in p_values(cell, arguments.signals, arguments.seed, arguments.shift).items():
            below = p < 0.05
            parts = (below, below[:, :PATHWAYS], below[:, PATHWAYS : 2 * PATHWAYS], below[:, 2 * PATHWAYS :])
            shares = [resampled(part.mean(axis=1)) if part.shape[1] else "-" for part in parts]
            shares.append(binomial((false_discovery_control(p, axis=1) < 0.05).any(axis=1)))
            texts = [binomial(below[:, 0])] if arguments.shift else shares
            print("\t".join([cell, form, *texts]), end="")
            print(f"\t{time.perf_counter() - begun:.0f}", flush=True)


if __name__ == "__main__":
    main()
