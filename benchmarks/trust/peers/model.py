"""The model that every store keeps: a covariance and its inverse, changed by one rank-one term a version."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

TOLERANCE = 1e-8
"""Relative to a matrix's largest entry: other sums of the same terms agree to 1e-12, versions differ by 1e-2."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a version holds: Σ and Θ = Σ⁻¹, float64, shape (p, p) each."""

    covariance: NDArray[np.float64]
    precision: NDArray[np.float64]

    def plus(self, loadings: NDArray[np.float64]) -> State:
        """Return the state with the term xxᵀ added: Θ by Sherman and Morrison (1950), O(p²)."""
        with np.errstate(invalid="ignore", over="ignore"):  # a store may hand out anything, infinities too
            image = self.precision @ loadings
            precision = self.precision - np.outer(image, image / (1.0 + loadings @ image))
            return State(self.covariance + np.outer(loadings, loadings), precision)

    def fits(self, other: State) -> bool:
        """Return whether both matrices are those of another state, but for rounding."""
        return _close(self.covariance, other.covariance) and _close(self.precision, other.precision)

    def digest(self) -> str:
        """Return the SHA-256 of all bits of both matrices."""
        return hashlib.sha256(self.covariance.tobytes() + self.precision.tobytes()).hexdigest()


@dataclass(frozen=True, slots=True)
class Truth:
    """What each version has to be, computed without any store.

    Parameters
    ----------
    genes : int
        p.
    seed : int
        Of the base and of all terms.
    """

    genes: int
    seed: int

    def base(self) -> State:
        """Return the state of version 0, a factor model made dense."""
        return _base(self.genes, self.seed)

    def loadings(self, item: int) -> NDArray[np.float64]:
        """Return x of the term with a number ≥ 1, shape (p,)."""
        return _loadings(self.genes, self.seed, item)

    def with_items(self, items: Iterable[int]) -> State:
        """Return the base with terms added, in O(p³)."""
        covariance = self.base().covariance
        columns = [self.loadings(item) for item in items]
        if columns:
            stacked = np.column_stack(columns)
            covariance = covariance + stacked @ stacked.T
        return State(covariance, _inverse(covariance))

    def version(self, number: int) -> State:
        """Return the state of version n when one writer adds term after term: the base with terms 1 … n."""
        return self.with_items(range(1, number + 1))

    def number_of(self, state: State) -> int | None:
        """Return which version of a single writer a state is, or None when it is none: a mixture, say.

        The first variance grows with each term, so that it points to the only version that it can be.
        """
        reached, number = self.base().covariance[0, 0], 0
        while reached < state.covariance[0, 0] - TOLERANCE:  # NaN ends it too
            number += 1
            reached += self.loadings(number)[0] ** 2
            if number > 100_000:
                return None
        return number if state.fits(self.version(number)) else None

    def items_in(self, state: State, candidates: Iterable[int]) -> tuple[set[int], bool]:
        """Return which terms the numbers of a state contain, by least squares, and whether they are all it contains."""
        numbers = list(candidates)
        size = min(self.genes, 16 + int(np.sqrt(4 * len(numbers))))
        columns = [np.outer(x, x)[np.triu_indices(size)] for x in (self.loadings(n)[:size] for n in numbers)]
        excess = (state.covariance - self.base().covariance)[:size, :size][np.triu_indices(size)]
        if not np.all(np.isfinite(excess)):
            return set(), False
        weights = np.linalg.lstsq(np.column_stack(columns), excess, rcond=None)[0]
        items = {number for number, weight in zip(numbers, weights, strict=True) if weight > 0.5}
        return items, state.fits(self.with_items(sorted(items)))


@functools.lru_cache(maxsize=1)
def _base(genes: int, seed: int) -> State:
    generator = np.random.default_rng([seed, 0])
    loadings = generator.normal(scale=0.5, size=(genes, 4))
    covariance = loadings @ loadings.T + np.diag(generator.uniform(0.5, 1.5, genes))
    return State(covariance, _inverse(covariance))


@functools.lru_cache(maxsize=1024)
def _loadings(genes: int, seed: int, item: int) -> NDArray[np.float64]:
    return np.random.default_rng([seed, item]).normal(scale=0.3, size=genes)


def _close(matrix: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    with np.errstate(invalid="ignore", over="ignore"):
        return matrix.shape == other.shape and _distance(matrix, other) <= TOLERANCE * float(np.max(np.abs(other)))


def _distance(matrix: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.max(np.abs(matrix - other)))


def _inverse(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    inverse = np.linalg.inv(covariance)
    return (inverse + inverse.T) / 2
