"""Which edges of a stored version are listed, in what order, and what the samples say of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.network.pairs.edge_rule import EdgeRule
from ...engine.network.pairs.edges import edges, edges_of_pairs, neighbors
from ..ranking import ranking_of
from .evidence import evidence_if_any
from .selected import SelectedEdges

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ...engine.choices import RankBy
    from ...engine.mapping import Mapper
    from ...engine.network.pairs.partial_correlations import PairMeasure
    from ...storage.repository import Repository

    Progress = Callable[[float], None]

PARTNERS = 20
"""Edges of one gene that are listed where no rule is given."""

_WAYS = {
    "threshold": "a threshold",
    "top": "a number of the strongest",
    "fdr": "a false discovery rate",
    "gene": "one gene",
    "genes": "pairs among some genes",
}


@dataclass(frozen=True, slots=True)
class EdgeChoice:
    """Which edges are listed: those that at most one way chooses, or the strongest, as many as there are genes.

    Parameters
    ----------
    threshold : float, optional
        Those with |ρ| (or a score) of at least this.
    top : int, optional
        As many of the strongest.
    fdr : float, optional
        Those that the samples tell from chance at this false discovery rate.
    gene : str, optional
        Those of one gene: with `threshold`, or the `top` strongest, `PARTNERS` by default.
    genes : tuple of str
        All pairs among some genes.
    rank_by : {"score", "rho", "clr"}, optional
        What they are ranked by; see `ranking.ranking_of`.

    Raises
    ------
    InputError
        Two ways are given.
    """

    threshold: float | None = None
    top: int | None = None
    fdr: float | None = None
    gene: str | None = None
    genes: tuple[str, ...] = ()
    rank_by: RankBy | None = None

    def __post_init__(self) -> None:
        has_way = {
            "threshold": self.threshold is not None,
            "top": self.top is not None and self.gene is None,
            "fdr": self.fdr is not None,
            "gene": self.gene is not None and self.threshold is None,
            "genes": bool(self.genes),
        }
        ways = [way for way, is_given in has_way.items() if is_given]
        if len(ways) > 1:
            named = " and ".join(_WAYS[way] for way in ways)
            raise InputError(
                f"{named[0].upper()}{named[1:]} choose edges in different ways.",
                code="edges-chosen-twice",
                facts={"first": ways[0], "second": ways[1]},
            )


def select_edges(
    repo: Repository,
    rev: str,
    choice: EdgeChoice,
    *,
    mapper: Mapper | None = None,
    progress: Progress | None = None,
) -> SelectedEdges:
    """Return the edges of a version that a choice names, with their order and their evidence.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        Which version.
    choice : EdgeChoice
        Which edges.
    mapper : Mapper, optional
        What runs the scans of the null; one after the other by default, each on all cores.
    progress : callable, optional
        Called with the share that is done: listing is the first half, testing the second.

    Raises
    ------
    NotFound
        There is no such version or gene; or pairs shall be told from chance, and the base has no samples to do so.
    InputError
        The choice does not fit the version, or too many edges would be listed.
    """
    version = repo.version(rev)
    ranking = ranking_of(repo.base(version.name), choice.rank_by, threshold=choice.threshold)
    precision = repo.snapshot(version.name).precision
    first, second = _half(progress, 0.0), _half(progress, 0.5)
    measure = ranking.measure(lambda penalty: repo.snapshot(version.name, penalty=penalty), first)
    if choice.fdr is not None:
        from ..chance import evidence_of, pair_tests  # with SciPy's distributions, which nothing else here needs

        rule = EdgeRule("fdr", choice.fdr)
        tests = pair_tests(repo, version.name, mapper=mapper, progress=first)
        called = edges_of_pairs(precision, tests.called(choice.fdr, progress=second), rule, ranked_by=measure)
        return SelectedEdges(
            repo, version, called, ranking, evidence_of(tests, repo.pathways(version.name), called.pairs)
        )
    if choice.gene is not None or choice.genes:
        pairs, rule = _pairs_of_genes(repo, version.name, choice, measure)
        listed = edges_of_pairs(precision, pairs, rule, ranked_by=measure)
    else:
        rule = EdgeRule.of(choice.threshold, choice.top, len(repo.panel))
        listed = edges(precision, rule, ranked_by=measure, progress=first)
    evidence = evidence_if_any(repo, version.name, listed.pairs, mapper=mapper, progress=second)
    return SelectedEdges(repo, version, listed, ranking, evidence)


def _pairs_of_genes(
    repo: Repository, name: str, choice: EdgeChoice, measure: PairMeasure | None
) -> tuple[NDArray[np.intp], EdgeRule]:
    """Return the pairs among some genes, or of one gene, and their rule."""
    if choice.genes:
        chosen = np.unique(repo.panel.locate(list(choice.genes)))
        return chosen[np.stack(np.triu_indices(len(chosen), 1), axis=1)], EdgeRule("genes", len(chosen))
    rule = EdgeRule.of(choice.threshold, choice.top, PARTNERS)
    index = repo.panel.index(choice.gene or "")
    partners = neighbors(repo.snapshot(name).precision, index, rule, ranked_by=measure).partners
    return np.sort(np.stack([np.full(len(partners), index), partners], axis=1), axis=1), rule


def _half(progress: Progress | None, begin: float) -> Progress | None:
    return None if progress is None else lambda share: progress(begin + 0.5 * share)
