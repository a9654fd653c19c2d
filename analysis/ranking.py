"""By what the pairs of a stored version are put in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..engine.errors import InputError
from ..engine.inference.noise_edge import score_penalty
from ..engine.inference.ranking import context_likelihood
from ..engine.network.comparison.changes import ChangeList
from ..engine.network.comparison.versions import compare_lists
from ..engine.network.pairs.partial_correlations import GeneRows, partial_correlations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..engine.choices import Crossing, Order, RankBy
    from ..engine.network.comparison.difference import Difference
    from ..engine.network.pairs.edge_rule import EdgeRule
    from ..engine.network.pairs.partial_correlations import PairMeasure, RowMeasure
    from ..engine.network.snapshot import Snapshot
    from ..storage.networks.bases import StoredBase


@dataclass(frozen=True, slots=True)
class Ranking:
    """The order of pairs.

    Parameters
    ----------
    by : {"score", "rho", "clr"}
        What they are ranked by.
    penalty : float
        τ, at which ρ is the score; 0 where pairs are ranked by ρ itself.
    """

    by: RankBy
    penalty: float

    @property
    def facts(self) -> dict[str, str | float]:
        """The order as names and values, for records of what was ranked."""
        return {"rank_by": self.by, "penalty": self.penalty}

    def measure(
        self, read: Callable[[float], Snapshot], progress: Callable[[float], None] | None = None
    ) -> PairMeasure | None:
        """Return the strength of each pair, or `None` where that is ρ of the version itself.

        Parameters
        ----------
        read : callable
            Returns the snapshot of the version with a penalty τ.
        progress : callable, optional
            Called now and then with the share that is done, 0 to 1.
        """
        if self.by == "rho":
            return None
        snapshot = read(self.penalty)
        rho = partial_correlations(snapshot.precision, snapshot.capacitance)
        return rho if self.by == "score" else context_likelihood(rho, len(snapshot.panel), progress=progress)

    def row_measure(self, read: Callable[[float], Snapshot]) -> RowMeasure | None:
        """Return what `measure` returns, for one gene with all others: for a score, nothing of p × K is formed."""
        return GeneRows(read(self.penalty).precision) if self.by == "score" else self.measure(read)


def ranking_of(base: StoredBase, by: RankBy | None, *, threshold: float | None) -> Ranking:
    """Return the order of pairs of a version.

    Parameters
    ----------
    base : StoredBase
        The base of the version.
    by : {"score", "rho", "clr"}, optional
        What to rank by. When absent: by the score, where the base knows its λ and its degrees of freedom; by ρ where it
        does not, or where a threshold is given, which is one of ρ.
    threshold : float, optional
        The least strength of an edge.

    Raises
    ------
    InputError
        The base has no score; or a threshold is given for `clr`, whose strengths have no scale.
    """
    return choose_ranking(by, _penalty(base), threshold=threshold)


def choose_ranking(by: RankBy | None, penalty: float | None, *, threshold: float | None = None) -> Ranking:
    """Return the order of pairs whose score has a penalty, or none where `penalty` is absent; see `ranking_of`."""
    if by is None:
        by = "rho" if penalty is None or threshold is not None else "score"
    if by == "score" and penalty is None:
        raise InputError(
            "Pairs of this version have no score: its base does not know λ and the number of samples that it was "
            "estimated from.",
            code="no-score",
        )
    if by == "clr" and threshold is not None:
        raise InputError(
            f"A threshold of {threshold:g} does not go with clr, whose strengths have no upper bound.",
            code="threshold-for-clr",
        )
    return Ranking(by, 0.0 if by == "rho" or penalty is None else penalty)


def rule_facts(rule: EdgeRule, threshold: float, ranking: Ranking) -> dict[str, Any]:
    """Return a rule as names and values: what it is, the strength it amounts to, its value, and the order of pairs."""
    facts: dict[str, Any] = {"rule": rule.rule, "threshold": threshold}
    if rule.rule != "threshold":
        facts[rule.rule] = rule.value if rule.rule == "fdr" else int(rule.value)
    return {**facts, **ranking.facts}


def shared_ranking(before: StoredBase, after: StoredBase, by: RankBy | None, *, threshold: float | None) -> Ranking:
    """Return the order of pairs for a comparison of two versions: by ρ where they stand on different bases.

    Raises
    ------
    InputError
        As for `ranking_of`; or another order than ρ is requested of two bases, whose strengths have different scales.
    """
    if before.id == after.id:
        return ranking_of(before, by, threshold=threshold)
    if by not in (None, "rho"):
        raise InputError(
            f"Versions on different bases cannot be compared by {by}: its scale depends on the base.",
            code="strengths-of-two-bases",
        )
    return Ranking("rho", 0.0)


def compare_ranked(
    reads: Sequence[Callable[[float], Snapshot]],
    ranking: Ranking,
    edge_rule: EdgeRule,
    *,
    changes: int,
    only: Crossing | None = None,
    by: Order = "rho",
    exact_mean: bool = False,
    progress: Callable[[float], None] | None = None,
) -> Difference:
    """Return what changed from one version to another, where edges and changes are ranked in an order.

    Parameters
    ----------
    reads : two callables
        Each returns the snapshot of its version with a penalty τ.
    ranking : Ranking
        The order, one for both.
    edge_rule, changes, only, by, exact_mean, progress
        As for `engine.network.comparison.versions.compare`.
    """
    lists = (ChangeList(changes, only, by),)
    return compare_ranked_lists(reads, ranking, edge_rule, lists, exact_mean=exact_mean, progress=progress)[0]


def compare_ranked_lists(
    reads: Sequence[Callable[[float], Snapshot]],
    ranking: Ranking,
    edge_rule: EdgeRule,
    lists: Sequence[ChangeList],
    *,
    exact_mean: bool = False,
    progress: Callable[[float], None] | None = None,
) -> tuple[Difference, ...]:
    """Return what `compare_ranked` returns for each of several lists of changes."""
    before, after = (read(0.0) for read in reads)
    first, second = (ranking.measure(read) for read in reads)
    measures = None if first is None or second is None else (first, second)
    differences = compare_lists(
        before, after, edge_rule, lists, ranked_by=measures, exact_mean=exact_mean, progress=progress
    )
    return tuple(replace(difference, measure=ranking.by) for difference in differences)


def _penalty(base: StoredBase) -> float | None:
    degrees, shrinkage = base.degrees_of_freedom, base.shrinkage
    if degrees is None or degrees < 1 or shrinkage is None:
        return None
    return score_penalty(len(base.panel), degrees, shrinkage)
