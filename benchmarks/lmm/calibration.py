"""Share of null sets with p < .05, by network share: beside a known network, and beside one estimated from n samples.

    python -m benchmarks.lmm.calibration                   # 200 signals of 20 sets a cell: 4,000 tests
    python -m benchmarks.lmm.calibration --signals 20 --known
    python -m benchmarks.lmm.calibration --mixed           # 50 sets, of which 5 or 20 are pathways, the others random
    python -m benchmarks.lmm.calibration --shift 1         # power: one set of the 20 is shifted by 1, and tested

1,000 genes, 20 pathways of 50 genes each with loadings U(.3, .7), noise 1; the sets tested are the pathways' own genes,
which is the hardest case: any signal that goes along the network moves whole sets. z = √h u/√s + √(1−h) e with u along
the true shared part; nothing is shifted beyond it. `labels` are t-statistics of random labels over as many other
samples, as a study makes them: then z has the whole correlation, noise and all.

The forms, all with an intercept, Wald's F and σ² estimated: `OLS`; `GLS`, V the whole correlation (MAGMA, PhenoPLIER);
`PoPS`, the same with its ridge of .05 + .9 max(0, var z − 1); `LMM`, ours: the shared part and noise, their ratio by
REML; `LMM+sets`, the test of `grn lmm enrich`: the sets have a variance of their own too, by REML. All but OLS use the
same network, known or estimated by shrinkage.
"""

from __future__ import annotations

import argparse
import itertools
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine.estimation.shrinkage import shrinkage
from grnledger.engine.lmm import (
    DiagonalAndFactor,
    fit_many,
    make_model,
    make_scanner,
    of_factor,
    t_statistics,
)
from grnledger.engine.lmm.association.set_tests import SetTester
from grnledger.engine.lmm.association.set_variance import set_mixture
from grnledger.engine.network.covariance import FactorCovariance
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.stats import false_discovery_control

from .. import setting

if TYPE_CHECKING:
    from grnledger.engine.lmm.model.fit import Model

GENES, PATHWAYS, MEMBERS = 1000, 20, 50
SHARES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9)
SAMPLES = (24, 48, 200)
FORMS = ("OLS", "GLS", "PoPS", "LMM", "LMM+sets")
Network = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class World:
    """A true network: loadings, and the sets that they are on."""

    loadings: NDArray[np.float64]
    sets: csr_array

    @property
    def network(self) -> Network:
        """The shared factor and the diagonal, on the correlation scale."""
        return correlated(FactorCovariance(np.ones(GENES), self.loadings))


def drawn_world(stream: np.random.Generator) -> World:
    """Return a network drawn at random."""
    loadings = np.zeros((GENES, PATHWAYS))
    for pathway in range(PATHWAYS):
        loadings[stream.choice(GENES, MEMBERS, replace=False), pathway] = stream.uniform(0.3, 0.7, MEMBERS)
    return World(loadings, csr_array((loadings.T != 0).astype(float)))


def correlated(base: FactorCovariance) -> Network:
    """Return the factor and the diagonal of a base's correlation."""
    deviations = base.standard_deviations()
    return base.columns() / deviations[:, None], base.noise / deviations**2


def expression(world: World, samples: int, stream: np.random.Generator) -> NDArray[np.float64]:
    """Return samples of the true network, genes by samples."""
    factors = stream.standard_normal((PATHWAYS, samples))
    return world.loadings @ factors + stream.standard_normal((GENES, samples))


def signal(world: World, share: float, stream: np.random.Generator) -> NDArray[np.float64]:
    """Return z of which this share goes along the true shared part."""
    shared, _ = world.network
    along = shared @ stream.standard_normal(PATHWAYS) / np.sqrt(np.square(shared).sum() / GENES)
    return np.sqrt(share) * along + np.sqrt(1.0 - share) * stream.standard_normal(GENES)


def rejected(network: Network, z: NDArray[np.float64], sets: csr_array) -> dict[str, NDArray[np.float64]]:
    """Return p of each set by every form."""
    shared, alone = network
    whole = make_model(DiagonalAndFactor(alone, shared, np.ones(shared.shape[1])), z)
    ours = make_model(of_factor(shared), z)
    null = fit_many(ours)[0]
    deltas = {"OLS": np.inf, "GLS": 0.0, "PoPS": 0.05 + 0.9 * max(0.0, float(np.var(z)) - 1.0)}
    p = {
        name: make_scanner(whole, replace(null, delta=delta), sparse=True).scan(sets).p
        for name, delta in deltas.items()
    }
    return {**p, "LMM": make_scanner(ours, null, sparse=True).scan(sets).p, "LMM+sets": with_sets(ours, sets)}


def with_sets(ours: Model, sets: csr_array) -> NDArray[np.float64]:
    """Return p of each set as `grn lmm enrich` has it: with a variance of the sets' own."""
    enrichment, _ = SetTester(sets, "two-sided", set_mixture(ours.kernel, sets, ours.fixed)).test(ours)
    return 10.0**enrichment.log10_p


def mixed_library(samples: int | None, share: float | None, linked: int, signals: int, seed: int) -> list[float]:
    """Return of a library of pathways and random sets, 50 in all: p < .05 of either, and signals with some q < .05.

    First of LMM, then of LMM+sets.
    """
    p_values: dict[str, list[NDArray[np.float64]]] = {"LMM": [], "LMM+sets": []}
    for at in range(signals):
        stream = np.random.default_rng([seed, at, linked])
        world = drawn_world(stream)
        network = world.network if samples is None else estimated(world, samples, stream)
        z = a_signal(world, share, samples, stream)
        rest = np.zeros((50 - linked, GENES))
        for members in rest:
            members[stream.choice(GENES, MEMBERS, replace=False)] = 1.0
        sets = csr_array(np.vstack([world.sets.toarray()[:linked], rest]))
        p = rejected(network, z, sets)
        for form, of_signals in p_values.items():
            of_signals.append(p[form])
    shares: list[float] = []
    for of_signals in p_values.values():
        p = np.array(of_signals)
        any_q = np.mean([bool((false_discovery_control(of_signal) < 0.05).any()) for of_signal in p])
        shares += [float(np.mean(p[:, :linked] < 0.05)), float(np.mean(p[:, linked:] < 0.05)), float(any_q)]
    return shares


def estimated(world: World, samples: int, stream: np.random.Generator) -> Network:
    """Return the network estimated from samples."""
    base = shrinkage(expression(world, samples, stream), intensity="analytic").base
    assert isinstance(base, FactorCovariance)
    return correlated(base)


def a_signal(
    world: World, share: float | None, samples: int | None, stream: np.random.Generator
) -> NDArray[np.float64]:
    """Return a signal of that share, or the t-statistics of random labels."""
    if share is not None:
        return signal(world, share, stream)
    n = samples or 48
    return t_statistics(expression(world, n, stream), stream.permutation(np.arange(n) < n // 2))


def cell(samples: int | None, share: float | None, signals: int, seed: int, shift: float = 0.0) -> dict[str, float]:
    """Return the share of p < .05 by form; a known network without samples, permuted labels without a share.

    With a shift, of the first set alone, whose genes have so much more.
    """
    below = dict.fromkeys(FORMS, 0)
    for at in range(signals):
        stream = np.random.default_rng([seed, at])
        world = drawn_world(stream)
        network = world.network if samples is None else estimated(world, samples, stream)
        z = a_signal(world, share, samples, stream)
        if shift:
            z = z + shift * world.sets[[0]].toarray()[0]
        for form, p in rejected(network, z, world.sets).items():
            below[form] += int(np.count_nonzero((p[:1] if shift else p) < 0.05))
    return {form: number / (signals * (1 if shift else PATHWAYS)) for form, number in below.items()}


def main() -> None:
    """Print a row a cell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signals", type=int, default=200)
    parser.add_argument("--known", action="store_true", help="the known network alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shift", type=float, default=0.0)
    parser.add_argument("--samples", type=int, nargs="+", choices=SAMPLES, default=SAMPLES)
    parser.add_argument("--mixed", action="store_true", help="libraries of pathways and random sets")
    arguments = parser.parse_args()
    print(setting.described(1))
    print(f"# {arguments.signals} signals of {PATHWAYS} sets a cell, seed {arguments.seed}, shift {arguments.shift:g}")
    networks = (None, *(() if arguments.known else arguments.samples))
    if arguments.mixed:
        columns = ("linked", "random", "any q<.05")
        names = [f"{form} {column}" for form in FORMS[3:] for column in columns]
        print("network\tpathways of 50\tshare\t" + "\t".join(names))
        for samples, linked, share in itertools.product(networks, (5, 20), (0.1, 0.5, None)):
            shares = mixed_library(samples, share, linked, arguments.signals, arguments.seed)
            label = "labels" if share is None else f"{share:g}"
            name = "known" if samples is None else f"from {samples} samples"
            print(f"{name}\t{linked}\t{label}\t" + "\t".join(f"{column:.3f}" for column in shares), flush=True)
        return
    print("network\tshare\t" + "\t".join(FORMS) + "\tseconds")
    for samples in networks:
        for share in (*SHARES, None):
            begun = time.perf_counter()
            shares = cell(samples, share, arguments.signals, arguments.seed, arguments.shift)
            name = "known" if samples is None else f"from {samples} samples"
            label = "labels" if share is None else f"{share:g}"
            print(f"{name}\t{label}\t" + "\t".join(f"{shares[form]:.3f}" for form in FORMS), end="")
            print(f"\t{time.perf_counter() - begun:.0f}", flush=True)


if __name__ == "__main__":
    main()
