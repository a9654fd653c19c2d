"""Two bases: how many differences are called where the truth is one, and how many planted ones are found.

    python -m benchmarks.meaning.two_bases [--data DIR] [--studies 10]

Every study is a store with two bases, made with default options; what is judged is what `grn diff v0..v1` judges: the
p strongest pairs of either base. `chain` is an autoregression of 500 genes, each .6 of the one before (partial
correlation .44), `operons` blocks of five that share .6 of their variance; of E. coli the 1,200 most variable genes,
conditions dealt out at random. Planted are 50 edges of the chain that one side has not (`lost`: the second, `gained`:
the first), or has with the other sign (`flipped`); calls elsewhere count as false unless the pair is within three genes
of a planted edge, where shrunk correlations differ truly. `naive` is the share of edges (of the chain its true ones) of
which the difference exceeds 1.96 standard errors, those of independent pairs. Intervals are two standard errors over
studies.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from pathlib import Path

import grnledger
import numpy as np
from grnledger.analysis.base_differences import judge
from grnledger.engine.estimation.expression import Expression
from grnledger.engine.network.pairs.partial_correlations import partial_correlations
from numpy.typing import NDArray

from .ecoli import add_data_option, ecoli_data

Matrix = NDArray[np.float64]
Samples = tuple[Matrix, tuple[str, ...] | str]
GENES, PLANTED, NEAR = 500, 50, 3
MOST_VARIABLE = 1_200


def chain(genes: int = GENES) -> Matrix:
    """Return the precision of the chain, at which every gene has the variance 1."""
    precision = np.diag(np.full(genes, 1.36))
    precision[0, 0] = precision[-1, -1] = 1.0
    first = np.arange(genes - 1)
    precision[first, first + 1] = precision[first + 1, first] = -0.6
    return precision / 0.64


def operons(genes: int = GENES) -> Matrix:
    """Return the precision of blocks of five genes."""
    return np.kron(np.eye(genes // 5), np.linalg.inv(np.full((5, 5), 0.6) + 0.4 * np.eye(5)))


def planted(stream: np.random.Generator, factor: float) -> tuple[Matrix, NDArray[np.intp]]:
    """Return the chain with some edges times a factor, and the first genes of those."""
    precision, first = chain(), stream.choice(GENES - 1, PLANTED, replace=False)
    precision[first, first + 1] *= factor
    precision[first + 1, first] = precision[first, first + 1]
    return precision, np.sort(first)


def draw(precision: Matrix, samples: int, stream: np.random.Generator) -> Samples:
    """Return independent normal samples of a network, genes by samples."""
    lower = np.linalg.cholesky(precision)
    return np.linalg.solve(lower.T, stream.standard_normal((len(precision), samples))), "none"


def judged(before: Samples, after: Samples) -> tuple[NDArray[np.intp], NDArray[np.bool_], Matrix, Matrix]:
    """Return the judged pairs of two bases, which are called, z of a naive test, and λ of both."""
    names = tuple(f"G{number}" for number in range(len(before[0])))

    def options(side: Samples) -> dict[str, object]:
        values, groups = side
        samples = tuple(f"S{number}" for number in range(values.shape[1]))
        return {"expression": Expression(values, names, samples), "groups": groups}

    with tempfile.TemporaryDirectory() as folder:
        repo = grnledger.init(Path(folder) / "two.grn", **options(before))
        grnledger.set_base(repo, **options(after))
        differences = judge(repo, "v0", "v1", len(names)).differences
        assert differences is not None
        variances = []
        for rev in ("v0", "v1"):
            rho = partial_correlations(repo.snapshot(rev).precision)
            variances.append(np.median([np.median(np.abs(rho.row(gene))) for gene in range(50)]) / 0.6745)
        intensities = np.array([repo.base(rev).shrinkage for rev in ("v0", "v1")])
    naive = (differences.rho[:, 1] - differences.rho[:, 0]) / math.hypot(*variances)
    return differences.pairs, differences.called(), naive, intensities


def with_error(values: list[float]) -> str:
    """Return a mean and two standard errors of it."""
    return f"{np.mean(values):.4f} ± {2 * np.std(values, ddof=1) / math.sqrt(len(values)):.4f}"


def one_truth(name: str, studies: list[tuple[Samples, Samples]]) -> None:
    """Print the share that is called where both bases have one truth."""
    shares, naive, intensities, seconds = [], [], [], 0.0
    for before, after in studies:
        start = time.perf_counter()
        pairs, called, z, shrinkage = judged(before, after)
        seconds += time.perf_counter() - start
        shares.append(float(called.mean()))
        edges = pairs[:, 1] - pairs[:, 0] == 1 if name.startswith("chain") else np.ones(len(pairs), dtype=np.bool_)
        naive.append(float((np.abs(z[edges]) > 1.96).mean()))
        intensities.append(shrinkage)
    lambdas = " ".join(f"{value:.3f}" for value in np.mean(intensities, axis=0))
    print(name, lambdas, with_error(shares), f"{max(shares):.4f}", with_error(naive), f"{seconds / len(studies):.1f}",
          sep="\t", flush=True)  # fmt: skip


def differing(name: str, studies: list[tuple[Samples, Samples, NDArray[np.intp]]]) -> None:
    """Print the share of planted differences that is called, and the share of false ones among what is called."""
    power, false = [], []
    for before, after, first in studies:
        pairs, called, _, _ = judged(before, after)
        is_planted = np.isin(pairs[:, 0], first) & (pairs[:, 1] == pairs[:, 0] + 1)
        gaps = np.abs(pairs[:, :, np.newaxis] - first).min(axis=(1, 2))
        power.append(float((called & is_planted).sum() / PLANTED))
        false.append(float((called & (gaps > NEAR)).sum() / max(1, called.sum())))
    print(name, with_error(power), with_error(false), sep="\t", flush=True)


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_option(parser)
    parser.add_argument("--studies", type=int, default=10, help="studies a row  [10]")
    options = parser.parse_args()
    number = options.studies
    print("one truth\tλ of both\tcalled, share of edges in either\tmost\tnaive\tseconds a study")
    for name, precision in (("chain", chain()), ("operons", operons())):
        streams = [np.random.default_rng([study, 1]) for study in range(number)]
        one_truth(f"{name} 200 v 48", [(draw(precision, 200, s), draw(precision, 48, s)) for s in streams])
    data = ecoli_data(options.data)
    values = data.values[np.sort(np.argsort(-data.values.var(axis=1))[:MOST_VARIABLE])]
    conditions = np.array(data.conditions)
    names = np.unique(conditions)
    for size in (30, 81):
        studies: list[tuple[Samples, Samples]] = []
        for study in range(number):
            chosen = np.isin(conditions, np.random.default_rng([study, 2]).permutation(names)[:size])
            studies.append(
                (
                    (values[:, ~chosen], tuple(conditions[~chosen].tolist())),
                    (values[:, chosen], tuple(conditions[chosen].tolist())),
                )
            )
        one_truth(f"E. coli, {len(names) - size} conditions v {size}", studies)
    print("\nplanted\tfound\tfalse among calls")
    for kind, factor in (("lost", 0.0), ("flipped", -1.0), ("gained", 0.0)):
        for sizes in ((200, 200), (200, 48)):
            rows: list[tuple[Samples, Samples, NDArray[np.intp]]] = []
            for study in range(number):
                stream = np.random.default_rng([study, 3])
                changed, first = planted(stream, factor)
                networks = (changed, chain()) if kind == "gained" else (chain(), changed)
                before, after = (draw(network, size, stream) for network, size in zip(networks, sizes, strict=True))
                rows.append((before, after, first))
            differing(f"{kind} {sizes[0]} v {sizes[1]}", rows)


if __name__ == "__main__":
    main()
