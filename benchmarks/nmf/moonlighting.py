"""Precision and recall of genes found in two modules, by the test and by the plain rule, beside one another.

    python -m benchmarks.nmf.moonlighting                      # 20 sets of each regime
    python -m benchmarks.nmf.moonlighting hard shallow --sets 5

Each set: 100 genes × 60 samples in 5 modules of equal size, 8 genes in two modules, by `simulate_counts`. The regimes
differ in depth (counts of a gene in a sample, on average) and in the overdispersion α of a negative binomial, 0 for
Poisson. `analyse` is asked for the right rank with its defaults, as `grn nmf` would. A gene found is right if any
second module truly has a share of it, however small; recall is over genes with a true second share of 10 % or more.
All sets of a regime are pooled. `plain` is the rule that a second share is above 10 %. `covered` is the share of 95 %
intervals of second shares that hold the true one, over the genes found by the test whose true share is 10 % or more.
Seconds are a whole analysis.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine.mapping import Threads
from grnledger.engine.nmf import analyse, simulate_counts

from .. import setting

if TYPE_CHECKING:
    from numpy.typing import NDArray

REGIMES = {"deep": (1_000.0, 0.0), "NB": (1_000.0, 0.05), "hard": (100.0, 0.3), "shallow": (3.0, 0.0)}
"""Depth and overdispersion of each."""

GENES, SAMPLES, MODULES, TWICE = 100, 60, 5, 8

CLEAR = 0.10
"""Recall is over true second shares of at least so much."""

FIRST = 1_000
"""The seed of the first set, beyond those of the tests."""


@dataclass(slots=True)
class Tally:
    """How often a rule was right."""

    reported: int = 0
    wrong: int = 0
    clear: int = 0
    seen: int = 0

    def add(self, reported: NDArray[np.bool_], minor: NDArray[np.float64]) -> None:
        """Count one set's genes, from those told and the true second shares."""
        self.reported += int(np.count_nonzero(reported))
        self.wrong += int(np.count_nonzero(reported & (minor == 0.0)))
        self.clear += int(np.count_nonzero(minor >= CLEAR))
        self.seen += int(np.count_nonzero(reported & (minor >= CLEAR)))

    def cells(self) -> list[str]:
        """Return precision, recall, and what they are of."""
        precision = f"{1.0 - self.wrong / self.reported:.3f}" if self.reported else "-"
        recall = f"{self.seen / self.clear:.3f}" if self.clear else "-"
        return [precision, recall, f"{self.wrong}/{self.reported}", f"{self.clear - self.seen}/{self.clear}"]


@dataclass(slots=True)
class Regime:
    """What was found in the sets of one regime."""

    test: Tally = field(default_factory=Tally)
    plain: Tally = field(default_factory=Tally)
    covered: list[bool] = field(default_factory=list[bool])
    overdispersion: list[float] = field(default_factory=list[float])
    seconds: list[float] = field(default_factory=list[float])

    def look(self, depth: float, alpha: float, seed: int, threads: int) -> None:
        """Analyse one set."""
        drawn = simulate_counts(
            GENES, SAMPLES, MODULES, depth=depth, overdispersion=alpha, moonlighting=TWICE, seed=seed
        )
        begun = time.perf_counter()
        analysis = analyse(drawn.counts, [MODULES], symmetric=False, seed=seed, mapper=Threads(threads))
        self.seconds.append(time.perf_counter() - begun)
        self.test.add(analysis.moonlighting.by_test, drawn.minor)
        self.plain.add(analysis.memberships.in_two_by_share, drawn.minor)
        low, high = analysis.second_interval
        clear = analysis.in_two & (drawn.minor >= CLEAR)
        self.covered.extend(((low <= drawn.minor) & (drawn.minor <= high))[clear].tolist())
        self.overdispersion.append(analysis.moonlighting.overdispersion)


def main() -> None:
    """Run what was asked, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("regimes", nargs="*", metavar="REGIME", help=f"any of {', '.join(REGIMES)}  [all]")
    parser.add_argument("--sets", type=int, default=20, help="of each regime  [20]")
    parser.add_argument("--first", type=int, default=FIRST, help=f"seed of the first set  [{FIRST}]")
    options = parser.parse_args()
    if unknown := set(options.regimes) - set(REGIMES):
        parser.error(f"no regime {', '.join(sorted(unknown))}; there are {', '.join(REGIMES)}")
    print(setting.described(setting.cores()))
    print(f"# {GENES} genes × {SAMPLES} samples, {MODULES} modules, {TWICE} genes in two; {options.sets} sets each")
    print(
        "\t".join(["regime", "depth", "alpha", "rule", "precision", "recall", "wrong/found", "missed/clear"]), end="\t"
    )
    print("covered\tmedian_overdispersion\tmedian_seconds", flush=True)
    for name in options.regimes or REGIMES:
        depth, alpha = REGIMES[name]
        regime = Regime()
        for seed in range(options.first, options.first + options.sets):
            regime.look(depth, alpha, seed, setting.cores())
        medians = [
            f"{np.mean(regime.covered):.3f}",
            f"{np.median(regime.overdispersion):.2f}",
            f"{np.median(regime.seconds):.3f}",
        ]
        for rule, tally in (("test", regime.test), ("plain", regime.plain)):
            print("\t".join([name, f"{depth:g}", f"{alpha:g}", rule, *tally.cells(), *medians]), flush=True)


if __name__ == "__main__":
    main()
