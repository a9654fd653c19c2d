"""How well orders of pairs find the regulation that is known of E. coli, beside plain correlation and tree ensembles.

    python -m benchmarks.meaning.edges                     # downloads the data with pip
    python -m benchmarks.meaning.edges --data DIR --trees 60

The area under precision and recall (AUPR) of 5,540 known edges among 196 factors × 2,251 targets: over all pairs, with
pairs of one operon left out, and as a mean over the factors that have five targets or more. Conditions are held out
whole to choose λ. With `--trees N`, extremely randomised trees as in GENIE3 (scikit-learn) are fitted for N targets
drawn at random, and all orders are measured on these targets alone. Intervals are two standard errors over factors.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import grnledger
import numpy as np
from grnledger.analysis.ranking import ranking_of
from grnledger.engine.choices import RankBy
from grnledger.engine.estimation.expression import Expression
from grnledger.engine.network.pairs.partial_correlations import partial_correlations

from .ecoli import add_data_option, average_precision, ecoli_data

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grnledger.storage.repository import Repository
    from numpy.typing import NDArray

    from .ecoli import Ecoli

FEWEST_TARGETS = 5
TREES, SEED = 500, 0


class Candidates:
    """Pairs of factor and target, and which of them are known.

    Parameters
    ----------
    ecoli : Ecoli
        The gold standard.
    targets : ndarray of intp
        The targets, ascending.
    """

    def __init__(self, ecoli: Ecoli, targets: NDArray[np.intp]) -> None:
        self.factors, self.targets = ecoli.regulators, targets
        self.is_known = np.zeros((len(self.factors), len(targets)), dtype=bool)
        edges = ecoli.edges[np.isin(ecoli.edges[:, 1], targets)]
        self.is_known[np.searchsorted(self.factors, edges[:, 0]), np.searchsorted(targets, edges[:, 1])] = True
        operons = np.array(ecoli.operons)
        self.is_pair = self.factors[:, np.newaxis] != targets
        self.is_far = self.is_pair & (operons[self.factors][:, np.newaxis] != operons[targets])

    def row(self, name: str, strengths: NDArray[np.float64]) -> str:
        """Return a line of the table for the strengths of all pairs, factors by targets."""
        strengths = np.abs(strengths)
        pooled = [average_precision(strengths[pairs], self.is_known[pairs]) for pairs in (self.is_pair, self.is_far)]
        each = np.array([
            average_precision(strengths[row][pairs], self.is_known[row][pairs])
            for row, pairs in enumerate(self.is_pair)
            if np.count_nonzero(self.is_known[row][pairs]) >= FEWEST_TARGETS
        ])  # fmt: skip
        error = 2 * each.std(ddof=1) / math.sqrt(len(each))
        return f"{name}\t{pooled[0]:.4f}\t{pooled[1]:.4f}\t{each.mean():.3f} ± {error:.3f}"


def orders(repo: Repository, candidates: Candidates) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Yield each order of a store's base, and the strengths of all candidates."""
    for by in get_args(RankBy):
        ranking = ranking_of(repo.base("v0"), by, threshold=None)
        measure = ranking.measure(lambda penalty: repo.snapshot("v0", penalty=penalty))
        if measure is None:
            measure = partial_correlations(repo.snapshot("v0").precision)
        rows = [measure.row(int(factor))[candidates.targets] for factor in candidates.factors]
        yield by, np.array(rows)


def trees(ecoli: Ecoli, candidates: Candidates) -> NDArray[np.float64]:
    """Return importances of factors for targets, of extremely randomised trees, factors by targets."""
    from sklearn.ensemble import ExtraTreesRegressor

    scores = (ecoli.values - ecoli.values.mean(axis=1, keepdims=True)) / ecoli.values.std(axis=1, keepdims=True)
    importances = np.zeros((len(candidates.factors), len(candidates.targets)))
    for column, target in enumerate(candidates.targets):
        others = candidates.factors != target
        forest = ExtraTreesRegressor(TREES, max_features="sqrt", n_jobs=-1, random_state=SEED)
        forest.fit(scores[candidates.factors[others]].T, scores[target])
        importances[others, column] = forest.feature_importances_
    return importances


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_option(parser)
    parser.add_argument("--trees", type=int, metavar="N", help="fit trees for N targets, and measure on these alone")
    options = parser.parse_args()
    ecoli = ecoli_data(options.data)
    with tempfile.TemporaryDirectory() as folder:
        targets = ecoli.targets
        if options.trees:
            targets = np.sort(np.random.default_rng(SEED).choice(targets, options.trees, replace=False))
        candidates = Candidates(ecoli, targets)
        expression = Expression(ecoli.values, ecoli.genes, ecoli.samples)
        print("order\tall pairs\tother operons\tmean per factor")
        print(candidates.row("Pearson", np.corrcoef(ecoli.values)[np.ix_(candidates.factors, targets)]), flush=True)
        for intensity in ("analytic", "held-out"):
            repo = grnledger.init(
                Path(folder) / f"{intensity}.grn", expression=expression, intensity=intensity, groups=ecoli.conditions
            )
            for by, strengths in orders(repo, candidates):
                print(candidates.row(f"{by}, λ {intensity}", strengths), flush=True)
        if options.trees:
            print(candidates.row("extra trees", trees(ecoli, candidates)), flush=True)


if __name__ == "__main__":
    main()
