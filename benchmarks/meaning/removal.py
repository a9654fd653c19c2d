"""What removing components does: λ against an oracle who knows the hidden factors, their number, and E. coli.

    python -m benchmarks.meaning.removal [--data DIR]

Simulated networks of 300 genes with and without three hidden factors; seeds are fixed. `best` is the λ at which the
base itself, its components removed, is closest (Kullback and Leibler) to the covariance without factors.
"""

from __future__ import annotations

import argparse

import numpy as np
from grnledger.engine.adjustment.adjustment import Adjustment
from grnledger.engine.adjustment.components import standardise
from grnledger.engine.adjustment.design import build_design
from grnledger.engine.adjustment.dominance import sample_structure
from grnledger.engine.adjustment.number_of_components import choose_components
from grnledger.engine.estimation.estimators import estimate_covariance
from grnledger.engine.estimation.shrinkage_intensity import optimal_intensity
from numpy.typing import NDArray

from .ecoli import add_data_option, ecoli_data

GENES, FACTORS, STRENGTH = 300, 3, 0.7
KINDS = ("sparse", "chain", "operons")
Values = NDArray[np.float64]


def covariance_of(kind: str, rng: np.random.Generator) -> Values:
    """Return correlations of genes without hidden factors."""
    genes = np.arange(GENES)
    if kind == "chain":
        return 0.6 ** np.abs(genes[:, np.newaxis] - genes)
    if kind == "operons":
        return np.where(genes[:, np.newaxis] // 5 == genes // 5, 0.7, 0.0) + 0.3 * np.eye(GENES)
    precision = np.zeros((GENES, GENES))
    first, second = rng.integers(0, GENES, (2, GENES))
    apart = first != second
    weights = rng.choice([-1.0, 1.0], int(apart.sum())) * rng.uniform(0.3, 0.6, int(apart.sum()))
    precision[first[apart], second[apart]] = weights
    precision += precision.T
    np.fill_diagonal(precision, np.abs(precision).sum(axis=1) + 0.3)
    covariance = np.linalg.inv(precision)
    deviations = np.sqrt(covariance.diagonal())
    return covariance / np.outer(deviations, deviations)


def study(kind: str, samples: int, factors: int, seed: int) -> tuple[Values, Values, Values]:
    """Return samples, their hidden factors, and the covariance without them."""
    rng = np.random.default_rng(seed)
    covariance = covariance_of(kind, rng)
    values = np.linalg.cholesky(covariance) @ rng.standard_normal((GENES, samples))
    hidden = rng.standard_normal((factors, samples))
    return values + STRENGTH * rng.standard_normal((GENES, factors)) @ hidden, hidden, covariance


def best_intensity(columns: Values, covariance: Values) -> float:
    """Return the λ at which the shrunk correlations of columns are closest to a covariance."""
    degrees = columns.shape[1] - 1
    deviations = np.sqrt(np.square(columns).sum(axis=1) / degrees)
    eigenvalues, vectors = np.linalg.eigh((columns @ columns.T) / degrees / np.outer(deviations, deviations))
    energy = np.einsum("ik,ij,jk->k", vectors, covariance / np.outer(deviations, deviations), vectors)

    def divergence(share: float) -> float:
        scales = share + (1 - share) * eigenvalues
        return float((np.log(scales) + energy / scales).sum())

    return min((step / 100 for step in range(1, 100)), key=divergence)


def intensities(samples: int, kind: str, seed: int) -> str:
    """Return λ held out and by the formula: as the samples are, of an oracle, and with components removed."""
    values, hidden, covariance = study(kind, samples, FACTORS, seed)
    names = tuple(f"factor {number}" for number in range(FACTORS))
    removals = {
        "none": None,
        "oracle": Adjustment(build_design(samples, (), hidden.T, names)),
        "components": Adjustment(build_design(samples), FACTORS),
    }
    texts: list[str] = []
    for name, removal in removals.items():
        estimate = estimate_covariance(values, "shrinkage", intensity="held-out", adjustment=removal)
        formula = estimate_covariance(values, "shrinkage", adjustment=removal)
        texts.append(f"{name} {estimate.shrinkage:.3f} ({formula.shrinkage:.3f})")
    columns = removals["components"].columns(values)
    right = np.linalg.svd(columns, full_matrices=False)[2]
    naive = optimal_intensity(standardise(columns @ right.T))
    return ", ".join([*texts, f"best {best_intensity(columns, covariance):.2f}, formula in their basis {naive:.3f}"])


def main() -> None:
    """Print the three tables."""
    parser = argparse.ArgumentParser(description="What removing components does to λ.")
    add_data_option(parser)
    folder = parser.parse_args().data
    print("λ held out (by the formula), three hidden factors")
    for samples in (60, 200):
        for kind in KINDS:
            print(f"  n {samples} {kind}: " + "; ".join(intensities(samples, kind, seed) for seed in (10, 11)))
    print("components chosen, ten studies each")
    for samples in (48, 200):
        for kind in KINDS:
            for factors in (0, FACTORS):
                drawn = [study(kind, samples, factors, seed)[0] for seed in range(10)]
                print(
                    f"  n {samples} {kind}, {factors} hidden:",
                    [choose_components(x, build_design(samples)) for x in drawn],
                )
    print("E. coli, whole conditions held out")
    data = ecoli_data(folder)
    groups = np.unique(data.conditions, return_inverse=True)[1].astype(np.intp)
    design = build_design(len(data.samples))
    print(" ", sample_structure(data.values))
    print("  components chosen:", choose_components(data.values, design))
    for components in (0, 1, 3, 10):
        removal = Adjustment(design, components) if components else None
        estimate = estimate_covariance(
            data.values, "shrinkage", intensity="held-out", groups=groups, adjustment=removal
        )
        gain = estimate.held_out.gain if estimate.held_out else 0.0
        print(f"  {components} removed: λ {estimate.shrinkage:.3f}, gain over λ* {gain:,.0f}")


if __name__ == "__main__":
    main()
