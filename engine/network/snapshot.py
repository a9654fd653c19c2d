"""A snapshot: the numbers of one version, Σ and Θ over the panel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..tabular import facts_html
from ..threads import one_blas_thread
from .anchor import chosen, has_trace
from .capacitance import Capacitance, factor
from .operators import SymmetricOperator, bounded
from .panel import Gene, GeneSelection, Panel, is_single
from .stored_rows import compute_anew

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .anchor import Anchor, KnownProducts
    from .pairs.edges import Edges, Neighbors
    from .pathway import Pathway
    from .stored_rows import Recall


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of the network: Σ = A + U J Uᵀ and its inverse, as values.

    Two snapshots of the same base, anchor and set of pathways are the same to the last bit, whatever the history
    that led to them. Make one with `build_snapshot`, or with `Repository.snapshot`.

    Parameters
    ----------
    panel : Panel
        The p genes.
    pathways : tuple of Pathway
        The active pathways that are columns, additions first, each part in its canonical order.
    capacitance : Capacitance
        The factored small matrix.
    name : str
        The name of the version in answers, such as `v3`; may be empty.
    content : str
        The content id of the version; may be empty.
    recall : Recall
        Remembers the diagonal of Θ and the extreme eigenvalues of Σ.
    """

    panel: Panel
    pathways: tuple[Pathway, ...]
    capacitance: Capacitance
    name: str = ""
    content: str = ""
    recall: Recall = field(default=compute_anew, repr=False, compare=False)

    def __repr__(self) -> str:
        return (
            f"<Snapshot {self.name or 'unnamed'}: {len(self.panel):,} genes, {len(self.pathways)} pathways as columns>"
        )

    def _repr_html_(self) -> str:
        facts = [
            ("version", self.name or None),
            ("content", self.content[:12] or None),
            ("genes", len(self.panel)),
            ("pathways as columns", [pathway.label for pathway in self.pathways[:10]]),
            ("rank", self.rank),
        ]
        return facts_html(repr(self), facts)

    @property
    def covariance(self) -> SymmetricOperator:
        """Σ, for `@` and SciPy's solvers, with `rows`, `block`, `diagonal` and `to_dense`; keep it during use."""
        parts = self.capacitance
        return SymmetricOperator(
            self.panel, parts.anchor.covariance, parts.covariance_factor, parts.covariance_factor_times, parts.signature
        )

    @property
    def precision(self) -> SymmetricOperator:
        """Θ = Σ⁻¹, for `@` and SciPy's solvers, with `rows`, `block`, `diagonal` and `to_dense`; keep it during use."""
        parts = self.capacitance
        return SymmetricOperator(
            self.panel,
            parts.anchor.precision,
            parts.precision_factor,
            parts.precision_factor_times,
            -parts.signature,
            self._precision_diagonal if parts.anchor.is_diagonal else None,
        )

    def _precision_diagonal(self) -> NDArray[np.float64]:
        parts, size = self.capacitance, len(self.panel)
        if not self.rank:
            return parts.precision_diagonal()  # remembered with the base
        operations = float(size * self.rank * len(parts.signature))

        def check(values: NDArray[np.float64], stream: np.random.Generator) -> bool:
            genes = chosen(stream, size)
            own = self.precision.diagonal(genes)
            return bool(
                (values > 0).all()
                and np.allclose(values[genes], own, rtol=1e-6, atol=0.0)
                and has_trace(values, parts.anchor.covariance.diagonal(), parts.triangle, parts.signature, parts.guard)
            )

        return self.recall("diagonal", parts.precision_diagonal, shape=(size,), operations=operations, check=check)

    @property
    def log_det(self) -> float:
        """log |Σ|."""
        return self.capacitance.log_det

    @property
    def rank(self) -> int:
        """The rank of the pathways that are columns."""
        return self.capacitance.loadings.shape[1]

    def correlation(self, genes: GeneSelection, others: GeneSelection | None = None) -> NDArray[np.float64] | float:
        """Return correlations Σ_ij / √(Σ_ii Σ_jj).

        Parameters
        ----------
        genes : gene or genes
            Rows, by name or index.
        others : gene or genes, optional
            Columns; when absent the same genes, or the whole panel for a single gene.

        Returns
        -------
        ndarray of float64, shape (m, k), or float
            A number when both are single genes; shape (p,) for a single gene with the panel. A gene with itself has 1.
        """
        return self._scaled(self.covariance, genes, others, sign=1.0)

    def partial_correlation(
        self, genes: GeneSelection, others: GeneSelection | None = None
    ) -> NDArray[np.float64] | float:
        """Return partial correlations ρ_ij = −Θ_ij / √(Θ_ii Θ_jj), each conditional on all other genes.

        Parameters
        ----------
        genes : gene or genes
            Rows, by name or index.
        others : gene or genes, optional
            Columns; the same genes when absent.

        Returns
        -------
        ndarray of float64, shape (m, k), or float
            A number when both are single genes. A gene with itself has 1. In O((m + k) (K + r)²).
        """
        return self._scaled(self.precision, genes, others, sign=-1.0)

    def edges(self, *, threshold: float | None = None, top: int | None = None) -> Edges:
        """Return the strongest pairs, strongest first; see `network.pairs.edges`.

        Parameters
        ----------
        threshold : float, optional
            An edge has |ρ| of at least this.
        top : int, optional
            As many edges as this, and any that tie with the last; p when both are absent.
        """
        from .pairs.edge_rule import EdgeRule  # a dozen modules, which a commit or a pair has no need of
        from .pairs.edges import edges

        return edges(self.precision, EdgeRule.of(threshold, top, len(self.panel)))

    def neighbors(self, gene: Gene, *, threshold: float | None = None, top: int | None = None) -> Neighbors:
        """Return the strongest partners of one gene, strongest first; see `network.pairs.edges`.

        Parameters
        ----------
        gene : str or int
            By name or index.
        threshold : float, optional
            A partner has |ρ| of at least this.
        top : int, optional
            As many partners as this; 20 when both are absent.
        """
        from .pairs.edge_rule import EdgeRule
        from .pairs.edges import neighbors

        return neighbors(self.precision, gene, EdgeRule.of(threshold, top, 20))

    def _scaled(
        self, operator: SymmetricOperator, genes: GeneSelection, others: GeneSelection | None, *, sign: float
    ) -> NDArray[np.float64] | float:
        rows = self.panel.locate(genes)
        if others is None:
            columns = np.arange(len(self.panel), dtype=np.intp) if is_single(genes) else rows
        else:
            columns = self.panel.locate(others)
        with one_blas_thread():
            both = np.concatenate([rows, columns])
            roots = np.sqrt(operator.diagonal(both))
            block = sign * operator.block(rows, columns) / np.outer(roots[: len(rows)], roots[len(rows) :])
        block[rows[:, None] == columns[None, :]] = 1.0
        block = bounded(block)
        if not is_single(genes):
            return block
        return float(block[0, 0]) if others is not None and is_single(others) else block[0] if others is None else block


def build_snapshot(
    panel: Panel,
    anchor: Anchor,
    pathways: Sequence[Pathway],
    deviations: NDArray[np.float64],
    *,
    known: KnownProducts | None = None,
    name: str = "",
    content: str = "",
    recall: Recall = compute_anew,
) -> Snapshot:
    """Return the snapshot of a set of pathways on an anchor.

    Parameters
    ----------
    panel : Panel
        The p genes.
    anchor : Anchor
        What the pathways are added to.
    pathways : sequence of Pathway
        Additions before subtractions, in the order of their columns.
    deviations : ndarray of float64, shape (p,)
        The standard deviation of each gene under the base.
    known : KnownProducts, optional
        Products of some of the columns, computed before on this anchor.
    name, content : str
        The name of the version, and its content id.
    recall : Recall
        Remembers what the version's numbers are.

    Raises
    ------
    NotPositiveDefinite
        The subtractions leave no positive definite covariance.

    Examples
    --------
    >>> from .anchor import anchor_of
    >>> from .covariance import FactorCovariance
    >>> from .pathway import Pathway
    >>> base = FactorCovariance(np.ones(3), np.empty((3, 0)))
    >>> p53 = Pathway(("p53",), np.array([0, 1]), np.ones((2, 1)))
    >>> panel = Panel(("TP53", "MDM2", "GAPDH"))
    >>> v1 = build_snapshot(panel, anchor_of(base), [p53], base.standard_deviations())
    >>> round(v1.partial_correlation("TP53", "MDM2"), 6)
    0.5
    """
    with one_blas_thread():
        capacitance = factor(anchor, pathways, deviations, known)
    return Snapshot(panel, tuple(pathways), capacitance, name, content, recall)
