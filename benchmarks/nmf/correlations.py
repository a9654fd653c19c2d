"""How many modules the correlations of a version are found to have, where that is known: by other samples, by pairs.

    python -m benchmarks.nmf.correlations                      # 8 sets of each setting
    python -m benchmarks.nmf.correlations --sets 20

Each set is a store of its own, with a shrinkage base, as `grn init --counts --transform log1p` makes it, and ours the
question of it, ranks 1 to 8: `samples` is what it answers, from bases of either half of the samples; `1-SE` is told
beside it; `pairs` is what holding out pairs of genes would choose, as it does where a base keeps no samples. Simulated
counts of 100 genes, three of them in two modules; `none` are independent normal values of 200 genes, and where these
are shrunk to no correlation at all, that counts as one module.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import grnledger
import numpy as np
from grnledger.analysis.nmf.run import modules_of
from grnledger.engine.errors import InputError
from grnledger.engine.estimation.expression import Expression
from grnledger.engine.mapping import Threads
from grnledger.engine.nmf import positive_correlations, rank_survey, simulate_counts
from grnledger.engine.nmf.modules.analysis import SURVEY_FIT

from .. import setting

RANKS = (1, 8)
RESTARTS = 3
FIRST = 20_000

SETTINGS = {
    "none, 20 samples": (1, 20, 0.0, 0.0),
    "none, 60 samples": (1, 60, 0.0, 0.0),
    "3 modules, 24 samples": (3, 24, 100.0, 0.0),
    "3 modules, 60 samples": (3, 60, 100.0, 0.0),
    "5 modules, 60 samples": (5, 60, 1000.0, 0.0),
    "5 modules, 60 samples, NB": (5, 60, 100.0, 0.3),
    "7 modules, 100 samples": (7, 100, 100.0, 0.0),
}
"""True number of modules, samples, depth, α; without a depth the values are independent."""


def expression_of(modules: int, samples: int, depth: float, alpha: float, seed: int) -> tuple[Expression, bool]:
    """Return values of a set, and whether they are counts."""
    if depth:
        drawn = simulate_counts(100, samples, modules, depth=depth, overdispersion=alpha, seed=seed)
        values = drawn.counts[drawn.counts.any(axis=1)]
    else:
        values = np.random.default_rng(seed).standard_normal((200, samples))
    genes = tuple(f"G{index}" for index in range(len(values)))
    return Expression(values, genes, tuple(f"S{index}" for index in range(samples))), bool(depth)


def chosen(folder: Path, expression: Expression, *, counts: bool) -> tuple[int, int, int]:
    """Return the rank by other samples, that within one standard error of it, and that by pairs."""
    repo = grnledger.init(folder, expression=expression, counts=counts, transform="log1p" if counts else "none")
    try:
        survey = modules_of(repo, "v0", ranks=RANKS, restarts=RESTARTS).named_analysis.analysis.survey
    except InputError:  # nothing is correlated
        return 1, 1, 1
    by_pairs = rank_survey(
        positive_correlations(repo.snapshot("v0")), range(RANKS[0], RANKS[1] + 1), restarts=RESTARTS, symmetric=True,
        counts=False, mapper=Threads(setting.cores()), **SURVEY_FIT,
    )  # fmt: skip
    return survey.chosen.rank, survey.within_one_error.rank, by_pairs.chosen.rank


def main() -> None:
    """Run what was asked, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=8, help="of each setting  [8]")
    parser.add_argument("--first", type=int, default=FIRST, help=f"seed of the first set  [{FIRST:,}]")
    options = parser.parse_args()
    print(setting.described(setting.cores()))
    print(f"# ranks {RANKS[0]} to {RANKS[1]}, {RESTARTS} restarts, {options.sets} sets of each setting")
    print("setting\ttrue\tsamples: right\twithin 1\tranks\t1-SE: right\tranks\tpairs: right\tranks")
    for name, (modules, samples, depth, alpha) in SETTINGS.items():
        chosen_ranks: list[tuple[int, int, int]] = []
        for seed in range(options.first, options.first + options.sets):
            expression, counts = expression_of(modules, samples, depth, alpha, seed)
            with tempfile.TemporaryDirectory() as folder:
                chosen_ranks.append(chosen(Path(folder) / "set.grn", expression, counts=counts))
        ranks = [" ".join(map(str, column)) for column in zip(*chosen_ranks, strict=True)]
        right = [sum(rank == modules for rank in column) for column in zip(*chosen_ranks, strict=True)]
        near = sum(abs(rank - modules) <= 1 for rank, _, _ in chosen_ranks)
        row = (name, modules, right[0], near, ranks[0], right[1], ranks[1], right[2], ranks[2])
        print("\t".join(map(str, row)), flush=True)


if __name__ == "__main__":
    main()
