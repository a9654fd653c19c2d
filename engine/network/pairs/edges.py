"""Questions to one version: its edges, and the partners of a gene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...tabular import Table
from ..operators import bound_correlations
from .edge_rule import amounts_to
from .partial_correlations import GeneRows, partial_correlations
from .strongest import ROUNDING, rounding_steps
from .strongest_pairs import strongest_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from ..operators import SymmetricOperator
    from ..panel import Gene, Panel
    from .edge_rule import EdgeRule
    from .partial_correlations import PairMeasure, RowMeasure


@dataclass(frozen=True, slots=True)
class Edges(Table):
    """The edges of a version under a rule, strongest first, ties in panel order.

    Parameters
    ----------
    panel : Panel
        The genes that the indices refer to.
    edge_rule : EdgeRule
        The rule.
    threshold : float
        The strength that the rule amounts to: of the weakest edge for `top`.
    pairs : ndarray of intp, shape (E, 2)
        Indices of the two genes, the first before the second.
    rho : ndarray of float64, shape (E,)
        Partial correlations.
    strength : ndarray of float64, shape (E,)
        What the edges are ranked by, with its sign: `rho` itself where they are ranked by nothing else.
    max_abs : float
        The largest strength of all pairs, edge or not, without its sign.
    """

    panel: Panel
    edge_rule: EdgeRule
    threshold: float
    pairs: NDArray[np.intp]
    rho: NDArray[np.float64]
    strength: NDArray[np.float64]
    max_abs: float

    def __post_init__(self) -> None:
        bound_correlations(self)

    def __repr__(self) -> str:
        symbol = "|ρ|" if self.strength is self.rho else "strength"
        return f"<{len(self):,} edges with {symbol} ≥ {self.threshold:.4g}>"

    def __len__(self) -> int:
        return len(self.rho)

    def __iter__(self) -> Iterator[tuple[str, str, float]]:
        """Yield (gene_a, gene_b, ρ), strongest first."""
        first, second = (self.panel.names(self.pairs[:, side]) for side in (0, 1))
        yield from zip(first, second, self.rho.tolist(), strict=True)

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return `gene_a`, `gene_b` and `rho`, and `strength` where edges are ranked by another than ρ."""
        first, second = (self.panel.names(self.pairs[:, side]) for side in (0, 1))
        strength = {} if self.strength is self.rho else {"strength": self.strength.tolist()}
        return {"gene_a": first, "gene_b": second, "rho": self.rho.tolist(), **strength}


@dataclass(frozen=True, slots=True)
class Neighbors(Table):
    """The partners of one gene under a rule, strongest first, ties in panel order.

    Parameters
    ----------
    panel : Panel
        The genes that the indices refer to.
    gene : str
        The gene.
    edge_rule : EdgeRule
        The rule, among this gene's pairs.
    threshold : float
        The strength that the rule amounts to.
    partners : ndarray of intp, shape (E,)
        Indices of the partners.
    rho : ndarray of float64, shape (E,)
        Partial correlations.
    strength : ndarray of float64, shape (E,)
        What the partners are ranked by, with its sign: `rho` itself where they are ranked by nothing else.
    max_abs : float
        The largest strength of this gene with any other, without its sign.
    """

    panel: Panel
    gene: str
    edge_rule: EdgeRule
    threshold: float
    partners: NDArray[np.intp]
    rho: NDArray[np.float64]
    strength: NDArray[np.float64]
    max_abs: float

    def __post_init__(self) -> None:
        bound_correlations(self)

    def __repr__(self) -> str:
        symbol = "|ρ|" if self.strength is self.rho else "strength"
        return f"<{len(self):,} partners of {self.gene} with {symbol} ≥ {self.threshold:.4g}>"

    def __len__(self) -> int:
        return len(self.rho)

    def __iter__(self) -> Iterator[tuple[str, float]]:
        """Yield (partner, ρ), strongest first."""
        yield from zip(self.panel.names(self.partners), self.rho.tolist(), strict=True)

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return `gene` and `rho`, and `strength` where partners are ranked by another than ρ."""
        strength = {} if self.strength is self.rho else {"strength": self.strength.tolist()}
        return {"gene": self.panel.names(self.partners), "rho": self.rho.tolist(), **strength}


def edges(
    precision: SymmetricOperator,
    edge_rule: EdgeRule,
    *,
    ranked_by: PairMeasure | None = None,
    progress: Callable[[float], None] | None = None,
) -> Edges:
    """Return the edges of a version under a rule.

    Parameters
    ----------
    precision : SymmetricOperator
        Θ of the version.
    edge_rule : EdgeRule
        The rule. A pair whose strength is 0, but for rounding, is never an edge.
    ranked_by : PairMeasure, optional
        The strength of each pair, by whose magnitude pairs are ranked and cut; ρ of the version when absent.
    progress : callable, optional
        Called now and then with the share of the pairs that is done, 0 to 1.

    Returns
    -------
    Edges
        In O(p² (K + r)), in bands, over all cores.

    Raises
    ------
    InputError
        More than `MOST_EDGES` pairs are requested, or pass the threshold.
    """
    rho = partial_correlations(precision)
    measure = rho if ranked_by is None else ranked_by
    ranked, max_abs = strongest_pairs(measure, len(precision.panel), edge_rule, progress=progress)
    strength = ranked.values.ravel()
    own = strength if ranked_by is None else rho.pairs(ranked.pairs)
    threshold = amounts_to(edge_rule, ranked.magnitudes)
    return Edges(precision.panel, edge_rule, threshold, ranked.pairs, own, strength, max_abs)


def edges_of_pairs(
    precision: SymmetricOperator,
    pairs: NDArray[np.intp],
    edge_rule: EdgeRule,
    *,
    ranked_by: PairMeasure | None = None,
) -> Edges:
    """Return pairs that were chosen otherwise as the edges of a version, strongest first.

    Parameters
    ----------
    precision : SymmetricOperator
        Θ of the version.
    pairs : ndarray of intp, shape (E, 2)
        Indices of two different genes, the first before the second.
    edge_rule : EdgeRule
        How they were chosen.
    ranked_by : PairMeasure, optional
        The strength of each pair; ρ of the version when absent.
    """
    rho = partial_correlations(precision).pairs(pairs)
    strength = rho if ranked_by is None else ranked_by.pairs(pairs)
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -rounding_steps(np.abs(strength))))
    magnitudes = np.abs(strength[order])
    own = rho[order]
    return Edges(
        precision.panel,
        edge_rule,
        amounts_to(edge_rule, magnitudes),
        pairs[order],
        own,
        own if ranked_by is None else strength[order],
        float(magnitudes.max(initial=0.0)),
    )


def neighbors(
    precision: SymmetricOperator, gene: Gene, edge_rule: EdgeRule, *, ranked_by: RowMeasure | None = None
) -> Neighbors:
    """Return the partners of one gene under a rule.

    Parameters
    ----------
    precision : SymmetricOperator
        Θ of the version.
    gene : str or int
        By name or index.
    edge_rule : EdgeRule
        The rule, among this gene's pairs alone.
    ranked_by : RowMeasure, optional
        The strength of each pair, by whose magnitude partners are ranked and cut; ρ of the version when absent.

    Returns
    -------
    Neighbors
        In O(p (K + r)²) for the diagonal of the precision where it is not remembered, then O(p (K + r)).

    Raises
    ------
    NotFound, InputError
        The gene is not on the panel, or not one gene.
    """
    index = precision.panel.index(gene)
    rho = GeneRows(precision).row(index)
    strength = rho if ranked_by is None else ranked_by.row(index)
    magnitude = np.abs(strength)
    magnitude[index] = 0.0
    steps = rounding_steps(magnitude)
    if edge_rule.rule == "top":
        count = min(int(edge_rule.value), len(magnitude))
        passes = (steps >= np.partition(steps, -count)[-count]) & (magnitude > ROUNDING)
    else:
        passes = magnitude >= edge_rule.value
    partners = np.flatnonzero(passes)
    partners = partners[np.argsort(-steps[partners], kind="stable")]
    own = rho[partners]
    return Neighbors(
        precision.panel,
        precision.panel.names([index])[0],
        edge_rule,
        amounts_to(edge_rule, magnitude[partners]),
        partners,
        own,
        own if ranked_by is None else strength[partners],
        float(magnitude.max()),
    )
