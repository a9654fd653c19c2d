"""A gene network that is known: regulators, the genes they switch, and neighbours that go together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from ..errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RUN = (3, 6)
"""Fewest and most neighbouring genes of a program that go together, like those of an operon."""
LARGEST_EXPLAINED = 0.8
"""Largest share of a gene's variance that its regulators and its neighbour explain."""
REPRESSED = {"own": 0.1, "other": 0.4}
"""Share of the targets that their regulator represses: of its own program, and of others."""


@dataclass(frozen=True, slots=True)
class TrueNetwork:
    """x = B x + e: every gene is a weighted sum of those that act on it, and noise of its own; its variance is 1.

    Parameters
    ----------
    sources, targets : ndarray of intp, shape (E,)
        What acts on what. In this order: all that acts on a gene stands before all that the gene acts on.
    weights : ndarray of float64, shape (E,)
        B at target × source; negative where the source represses.
    regulated : ndarray of bool, shape (E,)
        Whether the source is a regulator of the target, and not its neighbour.
    noise : ndarray of float64, shape (p,)
        The variance of each gene that nothing explains; from 0.2 to 1.
    """

    sources: NDArray[np.intp]
    targets: NDArray[np.intp]
    weights: NDArray[np.float64]
    regulated: NDArray[np.bool_]
    noise: NDArray[np.float64]

    def spread(self, causes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (I − B)⁻¹ Y, shape (p, k): what Y, one column a cause, does to every gene. O(Ek)."""
        effect = causes.copy()
        for source, target, weight in zip(self.sources, self.targets, self.weights, strict=True):
            effect[target] += weight * effect[source]
        return effect

    def partial_correlations(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        """Return the pairs i < j whose partial correlation is not 0, and ρ of each.

        Notes
        -----
        Θ = (I − B)ᵀ diag(noise)⁻¹ (I − B) is sparse: no matrix is inverted. A pair is linked where one acts on the
        other, or where both act on a third gene (Lauritzen, Graphical Models, 3.2.2: the moral graph).
        """
        size = len(self.noise)
        acting = sparse.csr_array((self.weights, (self.targets, self.sources)), shape=(size, size))
        whitened = sparse.diags_array(1.0 / np.sqrt(self.noise)) @ (sparse.eye_array(size) - acting)
        precision = (whitened.T @ whitened).tocoo()
        scale = np.sqrt(precision.diagonal())
        upper = (precision.row < precision.col) & (precision.data != 0.0)
        first, second = precision.row[upper].astype(np.intp), precision.col[upper].astype(np.intp)
        order = np.lexsort((second, first))
        rho = -precision.data[upper] / (scale[first] * scale[second])
        return first[order], second[order], rho[order]


def draw_network(sizes: Sequence[int], stream: np.random.RandomState) -> TrueNetwork:
    """Return a network of programs: of each, the first gene regulates others, which stand in runs of neighbours.

    Parameters
    ----------
    sizes : sequence of int
        How many genes each program has, two or more; the genes are numbered through.
    stream : RandomState
        The random numbers.

    Raises
    ------
    InputError
        There is no program, or one has a single gene.

    Notes
    -----
    O(p²). Regulators act on one another without a circle, on the first gene of most runs of their program, on some of
    the others, and on a few genes of other programs.
    """
    if not sizes or min(sizes) < 2:
        raise InputError(f"Programs have two genes or more each, not {list(sizes)}.")
    regulators = np.cumsum([0, *sizes[:-1]])
    order = stream.permutation(regulators)
    edges = _regulator_edges(order, stream)
    for regulator, size in zip(regulators.tolist(), sizes, strict=True):
        edges += _program_edges(regulator, size, regulators, stream)
    genes = np.arange(sum(sizes))
    return _scaled(edges, [*order.tolist(), *np.setdiff1d(genes, regulators).tolist()])


_Edge = tuple[int, int, float, bool]


def _regulator_edges(order: NDArray[np.intp], stream: np.random.RandomState) -> list[_Edge]:
    """Return an edge for about every second regulator, from one before it in the order."""
    return [
        (int(order[stream.randint(place)]), int(order[place]), _weight(stream, 0.3, 0.6, REPRESSED["other"]), True)
        for place in range(1, len(order))
        if stream.random_sample() < 0.5
    ]


def _program_edges(regulator: int, size: int, others: NDArray[np.intp], stream: np.random.RandomState) -> list[_Edge]:
    """Return the edges into the genes of a program, in their order."""
    edges: list[_Edge] = []
    left = 0
    for gene in range(regulator + 1, regulator + size):
        begins = left == 0
        if begins:
            left = int(stream.randint(RUN[0], RUN[1] + 1))
        else:
            edges.append((gene - 1, gene, stream.uniform(0.5, 0.9), False))
        left -= 1
        if stream.random_sample() < (0.9 if begins else 0.25):
            edges.append((regulator, gene, _weight(stream, 0.4, 0.8, REPRESSED["own"]), True))
        other = int(stream.choice(others))
        if stream.random_sample() < 0.08 and other != regulator:
            edges.append((other, gene, _weight(stream, 0.3, 0.6, REPRESSED["other"]), True))
    return edges


def _weight(stream: np.random.RandomState, low: float, high: float, repressed: float) -> float:
    return stream.uniform(low, high) * (-1.0 if stream.random_sample() < repressed else 1.0)


def _scaled(edges: Sequence[_Edge], order: Sequence[int]) -> TrueNetwork:
    """Return the network with weights and noise such that every gene has the variance 1; causes come first.

    Row g of the paths is what the noise of every gene adds to gene g: a covariance is the product of two rows.
    """
    acting: dict[int, list[_Edge]] = {gene: [] for gene in order}
    for edge in edges:
        acting[edge[1]].append(edge)
    paths, noise = np.zeros((len(order), len(order))), np.ones(len(order))
    scaled: list[_Edge] = []
    for gene in order:
        for source, _, weight, _ in acting[gene]:
            paths[gene] += weight * paths[source]
        explained = float(np.square(paths[gene]).sum())
        factor = np.sqrt(LARGEST_EXPLAINED / max(explained, LARGEST_EXPLAINED))
        paths[gene] *= factor
        noise[gene] -= explained * factor**2
        paths[gene, gene] = np.sqrt(noise[gene])
        scaled += [(source, gene, weight * factor, regulated) for source, _, weight, regulated in acting[gene]]
    columns = np.array(scaled, dtype=[("source", np.intp), ("target", np.intp), ("weight", "f8"), ("regulated", "?")])
    return TrueNetwork(columns["source"], columns["target"], columns["weight"], columns["regulated"], noise)
