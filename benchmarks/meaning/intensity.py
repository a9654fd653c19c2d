"""How near λ of samples held out comes to the best λ, on samples that neither has seen.

    python -m benchmarks.meaning.intensity                                    # simulated, and E. coli by pip
    python -m benchmarks.meaning.intensity --data DIR --leukemia leukemia.tsv --pbmc pbmc68k_reduced.h5ad

The groups of samples are split into five outer parts. Without each part, λ and λ_var are chosen as `grn init` does, by
the formula and by samples held out; the part is then predicted. Beside them is the best of a grid (λ in 40 steps, λ_var
in 12) on those same outer samples, which nobody can choose by. What is printed is the loss against it in nats a sample,
with two standard errors over groups. Groups are the conditions of E. coli, 20 runs of consecutive cells of PBMC, as
donors would be, and else single samples (arrays; simulated with 10 factors, n = 200).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import grnledger
import numpy as np
from grnledger.analysis.base_values import prepare_kept
from grnledger.engine.estimation.folds import Fold, Samples, fold_of_samples, mean_over_groups
from grnledger.engine.estimation.held_out import hold_out
from grnledger.engine.estimation.shrinkage import shrinkage
from numpy.typing import NDArray

from .ecoli import add_data_option, ecoli_data

if TYPE_CHECKING:
    from collections.abc import Iterator

Matrix = NDArray[np.float64]
Groups = NDArray[np.intp]

OUTER = 5
SHARES = np.concatenate([np.linspace(0.005, 0.1, 12), np.linspace(0.12, 1.0, 28)])
VARIANCE_SHARES = np.concatenate([[0.0, 0.01, 0.02, 0.05], np.linspace(0.1, 0.8, 8)])


def losses(values: Matrix, groups: Groups) -> Iterator[tuple[str, float, float]]:
    """Yield the name of each choice, and the mean and standard error of what it loses against the best of the grid."""
    samples, parts = Samples(values), fold_of_samples(groups, OUTER)
    chosen: dict[str, list[Matrix]] = {"formula": [], "held out": []}
    grid: list[Matrix] = []
    order: list[Groups] = []
    for part in range(OUTER):
        held = parts == part
        others = values[:, ~held]
        formula = shrinkage(others, intensity="analytic")
        analytic = (formula.shrinkage or 0.0, formula.variance_shrinkage or 0.0)
        inner = np.unique(groups[~held], return_inverse=True)[1].astype(np.intp)
        choice = hold_out(others, inner, analytic)
        held_out = analytic if choice is None else (choice.intensity, choice.variance_intensity)
        fold = Fold.of(samples, held)
        for name, (share, variance_share) in (("formula", analytic), ("held out", held_out)):
            chosen[name].append(fold.model(samples, variance_share).held_out().density(share))
        models = [fold.model(samples, float(share)).held_out() for share in VARIANCE_SHARES]
        grid.append(np.array([[model.density(float(share)) for share in SHARES] for model in models]))
        order.append(np.flatnonzero(held))
    densities = np.concatenate(grid, axis=2)
    best = densities.reshape(-1, densities.shape[2])[int(densities.sum(axis=2).argmax())]
    for name, parts_of in chosen.items():
        yield name, *mean_over_groups(best - np.concatenate(parts_of), groups[np.concatenate(order)])


def simulated() -> tuple[Matrix, Groups]:
    """Return 200 samples of 1,000 genes with ten factors."""
    stream = np.random.default_rng(0)
    values = stream.standard_normal((1000, 10)) @ stream.standard_normal((10, 200)) * 0.5
    return values + stream.standard_normal((1000, 200)), np.arange(200)


def of_store(path: Path, folder: Path, **options: object) -> Matrix:
    """Return the expression of a file, prepared."""
    repo = grnledger.init(folder / f"{path.stem}.grn", expression=path, intensity="analytic", **options)
    return prepare_kept(repo.base()).values


def report(name: str, values: Matrix, groups: Groups) -> None:
    """Print the losses on one data set."""
    shape = f"{len(values):,} × {values.shape[1]:,}, {len(np.unique(groups)):,} groups"
    for choice, loss, error in losses(values, groups):
        print(f"{name}\t{shape}\t{choice}\t{loss:,.1f} ± {2 * error:,.1f}", flush=True)


def main() -> None:
    """Measure, and print a table."""
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_option(parser)
    parser.add_argument("--leukemia", type=Path, metavar="FILE")
    parser.add_argument("--pbmc", type=Path, metavar="FILE")
    options = parser.parse_args()
    print("data\tgenes × samples\tλ\tlost against the best, nats a sample")
    report("simulated", *simulated())
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if options.leukemia is not None:
            preparation = {"floor": 20.0, "transform": "log2", "duplicates": "max-variance", "min_detected": 0.2}
            values = of_store(options.leukemia, folder, **preparation)
            report("leukemia", values, np.arange(values.shape[1]))
        if options.pbmc is not None:
            values = of_store(options.pbmc, folder, layer="X")
            report("PBMC", values, np.arange(values.shape[1]) * 20 // values.shape[1])
    ecoli = ecoli_data(options.data)
    report("E. coli", ecoli.values, np.unique(ecoli.conditions, return_inverse=True)[1].astype(np.intp))


if __name__ == "__main__":
    main()
