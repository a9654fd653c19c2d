"""Coverage of 95 % intervals of h²: bootstrap, profile and Wald, near the ends too.

    python -m benchmarks.lmm.intervals                     # 2,000 signals a cell
    python -m benchmarks.lmm.intervals --signals 200

Kernels: of 60 factors over 1,000 rows, whose variances fall from 1 to 1/30, as what a version shares; and of full rank
over 300 rows, as a relationship matrix. An intercept and two covariates. The truth is h² of what covariates leave.
"""

from __future__ import annotations

import argparse

import numpy as np
from grnledger.engine.lmm import (
    bootstrap_interval,
    design,
    fit_many,
    make_model,
    of_factor,
    profile_interval,
    reduced_kernel,
    simulate_null,
    wald_interval,
)

from .. import setting

TRUTHS = (0.0, 0.05, 0.1, 0.3, 0.6, 0.9, 0.95, 1.0)
DRAWS = 6000


def factors(kind: str, stream: np.random.Generator) -> np.ndarray:
    """Return G of a kernel GGᵀ."""
    if kind == "60 factors, 1,000 rows":
        return stream.standard_normal((1000, 60)) * np.geomspace(1.0, 1 / np.sqrt(30), 60)
    return stream.standard_normal((300, 600)) / np.sqrt(600)


def main() -> None:
    """Print a row a cell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--signals", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=8)
    arguments = parser.parse_args()
    print(setting.described(1))
    margin = 1.96 * np.sqrt(0.0475 / arguments.signals)
    print(f"# {arguments.signals} signals a cell, {DRAWS} draws; ± {margin:.3f} of 0.950")
    print("kernel\th2\tbootstrap\tprofile\tWald\tat an end")
    for kind in ("60 factors, 1,000 rows", "full rank, 300 rows"):
        stream = np.random.default_rng(arguments.seed)
        factor = factors(kind, stream)
        n, k = factor.shape
        fixed = design(stream.standard_normal((n, 2)))
        kernel = of_factor(factor)
        scale = make_model(kernel, stream.standard_normal(n), fixed).scale
        for truth in TRUTHS if k >= n else TRUTHS[:-1]:  # all of it within 60 factors is a likelihood without bound
            along = factor @ stream.standard_normal((k, arguments.signals)) / np.sqrt(scale)
            traits = np.sqrt(truth) * along + np.sqrt(1.0 - truth) * stream.standard_normal((n, arguments.signals))
            model = make_model(kernel, traits, fixed)
            draws = simulate_null(reduced_kernel(model), DRAWS, arguments.seed)
            fits = fit_many(model)
            coverage = np.zeros(3)
            for trait, fit in enumerate(fits):
                spans = (
                    bootstrap_interval(draws, fit),
                    profile_interval(model, fit, trait=trait),
                    wald_interval(fit),
                )
                coverage += [low <= truth <= high for low, high in spans]
            ends = np.mean([fit.h2 in (0.0, 1.0) for fit in fits])
            print(f"{kind}\t{truth:g}\t" + "\t".join(f"{share:.3f}" for share in coverage / arguments.signals), end="")
            print(f"\t{ends:.3f}", flush=True)


if __name__ == "__main__":
    main()
