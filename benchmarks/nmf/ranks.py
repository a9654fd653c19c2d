"""How often the right number of modules is chosen, on fresh simulated sets: by hold-out, and by what is beside it.

    python -m benchmarks.nmf.ranks                             # 200 sets, two at a time
    python -m benchmarks.nmf.ranks --sets 24 --jobs 1
    python -m benchmarks.nmf.ranks --sets 24 --genes 100 --depth 20
    python -m benchmarks.nmf.ranks --beyond --sets 8           # more modules than the first ranks of `grn nmf`

Sets go through all of R = 3 … 8, Poisson and negative binomial (α = .1, variance μ + α μ²), even and uneven sizes, 24
kinds in turn. Drawn for each: genes, one of 100, 150 and 200; depth (counts of a gene in a sample, on average), one of
20, 100 and 1,000; uneven sizes as shares ∝ U(.3, 1.7). 60 samples; 5 genes in two modules. Ranks 2 … 10 are looked at
for every set, by `rank_survey` as `analyse` calls it (`LOOKED_AT`), with 10 fits of each rank, as by default. Hold-out
and 1-SE need but 3, and do not change with more.

The choices: `hold-out`, the default: the least mean divergence of entries held out. `1-SE`: the least rank within one
standard error of it. `dispersion`: the rank whose consensus dispersion is greatest, and the largest of several, of
which 2 would often be one. `bend`: the greatest second difference of the log likelihood, which the ranks at the ends
have not.

`--beyond`: 10, 13, 16 and 20 modules in turn, 200 genes × 80 samples, depth 100, two starts, by the survey of `grn
nmf`, which begins with ranks 2 … 8 and goes on until its curve has turned.
"""

from __future__ import annotations

import argparse
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine.mapping import Threads
from grnledger.engine.nmf import rank_survey, simulate_counts
from grnledger.engine.nmf.modules.analysis import SURVEY_FIT
from grnledger.engine.nmf.modules.rank_range import survey_until_turn

from .. import setting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grnledger.engine.nmf import RankSurvey

RANKS = range(2, 11)
MODULES = range(3, 9)

SAMPLES, TWICE, ALPHA = 60, 5, 0.1
GENES, DEPTHS = (100, 150, 200), (20.0, 100.0, 1_000.0)

BEYOND = (10, 13, 16, 20)
"""Numbers of modules beyond the first ranks."""

FIRST = 10_000
"""The seed of the first set, beyond those of prototypes and tests."""

CHOICES = ("hold-out", "1-SE", "dispersion", "bend")
SETTINGS = ("seed", "R", "noise", "sizes", "genes", "depth")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One set, and which rank each way of choosing has chosen."""

    seed: int
    modules: int
    noise: str
    sizes: str
    genes: int
    depth: float
    chosen: tuple[int, ...]
    flat: bool
    seconds: float

    @property
    def right(self) -> list[bool]:
        """Of each way of choosing, whether it was right."""
        return [rank == self.modules for rank in self.chosen]

    @property
    def setting(self) -> list[str]:
        """How it was drawn."""
        return [str(self.seed), str(self.modules), self.noise, self.sizes, str(self.genes), f"{self.depth:g}"]


def look(
    nth: int, *, first: int, restarts: int, genes: Sequence[int] = GENES, depths: Sequence[float] = DEPTHS
) -> Outcome:
    """Draw the n-th set, and survey it."""
    stream = np.random.default_rng([first + nth, 1])
    modules = MODULES[nth % len(MODULES)]
    negative_binomial, uneven = bool(nth // len(MODULES) % 2), bool(nth // (2 * len(MODULES)) % 2)
    size, depth = int(stream.choice(genes)), float(stream.choice(depths))
    drawn = simulate_counts(
        size, SAMPLES, modules, depth=depth, moonlighting=TWICE, seed=first + nth,
        sizes=stream.uniform(0.3, 1.7, modules).tolist() if uneven else None,
        overdispersion=ALPHA if negative_binomial else 0.0,
    )  # fmt: skip
    begun = time.perf_counter()
    survey = rank_survey(drawn.counts, RANKS, restarts=restarts, seed=nth, mapper=Threads(1), **SURVEY_FIT)
    seconds = time.perf_counter() - begun
    kind = ("NB" if negative_binomial else "Poisson", "uneven" if uneven else "even")
    return Outcome(first + nth, modules, *kind, size, depth, choices(survey), survey.is_flat, seconds)


def choices(survey: RankSurvey) -> tuple[int, ...]:
    """Return the rank that each of `CHOICES` chooses."""
    decided = np.array([row.dispersion for row in survey.rows])
    most_decided = int(np.flatnonzero(decided >= decided.max() - 1e-9)[-1])
    sharpest = int(np.nanargmax(survey.second_differences))
    by_curve = [survey.rows[index].rank for index in (most_decided, sharpest)]
    return (survey.chosen.rank, survey.within_one_error.rank, *by_curve)


def shares(outcomes: list[Outcome]) -> list[str]:
    """Return how many of the sets each choice got right."""
    columns = zip(*(outcome.right for outcome in outcomes), strict=True)
    return [f"{sum(column)} ({sum(column) / len(outcomes):.1%})" for column in columns]


def tell(outcomes: list[Outcome]) -> None:
    """Print how often each choice was right, of all and of each kind, and where hold-out was not."""
    print("\t".join(["right", "sets", *CHOICES]))
    kinds = {"all": outcomes}
    for name in ("noise", "sizes", "modules", "genes", "depth"):
        for value in sorted({getattr(outcome, name) for outcome in outcomes}):
            label = f"{name} {value:g}" if isinstance(value, (int, float)) else value
            kinds[label] = [outcome for outcome in outcomes if getattr(outcome, name) == value]
    for label, some in kinds.items():
        print("\t".join([label, str(len(some)), *shares(some)]))
    print("\nmisses of any but 1-SE, * of hold-out")
    print("\t".join(["", *SETTINGS, *CHOICES, "said_flat"]))
    for outcome in outcomes:
        if not all(right for choice, right in zip(CHOICES, outcome.right, strict=True) if choice != "1-SE"):
            star = "" if outcome.right[0] else "*"
            print("\t".join([star, *outcome.setting, *map(str, outcome.chosen), "flat" if outcome.flat else ""]))


def look_beyond(nth: int, first: int) -> None:
    """Print which rank is chosen of a set with more modules than the first ranks have."""
    modules = BEYOND[nth % len(BEYOND)]
    drawn = simulate_counts(200, 80, modules, depth=100.0, moonlighting=TWICE, seed=first + nth)
    begun = time.perf_counter()
    survey = survey_until_turn(drawn.counts, range(2, 9), 30, restarts=2, seed=nth, mapper=Threads(1), **SURVEY_FIT)
    chosen, last = survey.chosen.rank, survey.rows[-1].rank
    print(f"{first + nth}\t{modules}\t{chosen}\t{last}\t{time.perf_counter() - begun:.1f}", flush=True)


def main() -> None:
    """Survey the sets, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=200, help="[200]")
    parser.add_argument("--restarts", type=int, default=10, help="fits of each rank  [10]")
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=min(2, setting.cores()), help="sets at a time  [2]")
    parser.add_argument("--first", type=int, default=FIRST, help=f"seed of the first set  [{FIRST:,}]")
    parser.add_argument("--genes", type=int, nargs="+", default=GENES, help="instead of 100 150 200")
    parser.add_argument("--depth", type=float, nargs="+", default=DEPTHS, help="instead of 20 100 1000")
    parser.add_argument("--beyond", action="store_true", help="more modules than the first ranks have")
    options = parser.parse_args()
    print(setting.described(1))
    if options.beyond:
        print("seed\tmodules\tchosen\tlast rank\tseconds")
        for nth in range(options.sets):
            look_beyond(nth, options.first)
        return
    how = ", ".join(f"{name} {value:g}" for name, value in SURVEY_FIT.items())
    print(f"# {options.sets} sets, ranks {RANKS[0]} to {RANKS[-1]}, {options.restarts} restarts, {how}")
    survey_one = partial(
        look, first=options.first, restarts=options.restarts, genes=options.genes, depths=options.depth
    )
    begun = time.perf_counter()
    with ProcessPoolExecutor(options.jobs) as pool:
        outcomes = list(pool.map(survey_one, range(options.sets)))
    each = statistics.median(outcome.seconds for outcome in outcomes)
    print(f"# {each:.2f} s a set (median), {options.jobs} at a time; {time.perf_counter() - begun:.0f} s in all")
    tell(outcomes)


if __name__ == "__main__":
    main()
