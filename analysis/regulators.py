"""Regulators of a version: which genes go with a regulator, given the other regulators alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.errors import InputError
from ..engine.inference.regulators import (
    regulator_clr,
    regulator_correlations,
    regulator_penalty,
    strongest_targets,
)
from ..engine.tabular import Table
from ..engine.wording import counted, some
from ..formats.genes.identifiers import Matcher, missing_reason
from .ranking import choose_ranking
from .sample_tests import regulator_q_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ..engine.choices import RankBy
    from ..engine.network.panel import Panel
    from ..storage.networks.bases import StoredBase
    from ..storage.repository import Repository
    from .ranking import Ranking

MOST_REGULATORS = 5_000
"""Most regulators of a question: ρ of so many with 20,000 genes takes 800 MB."""


@dataclass(frozen=True, slots=True)
class Regulation(Table):
    """Pairs of regulator and target, strongest first.

    Parameters
    ----------
    genes : sequence of str
        The panel.
    regulators : ndarray of intp, shape (|T|,)
        All that are conditioned on, ascending.
    ranking : Ranking
        The order of pairs.
    sources, targets : ndarray of intp, shape (E,)
        Genes of each pair.
    rho : ndarray of float64, shape (E,)
        The correlation given the other regulators, of the version itself.
    strength : ndarray of float64, shape (E,)
        What pairs are ranked by, with its sign: `rho` itself where they are ranked by nothing else.
    q : ndarray of float64, shape (E,), optional
        The least false discovery rate at which each pair is called; absent where the base has no samples to test by.
    """

    genes: Sequence[str]
    regulators: NDArray[np.intp]
    ranking: Ranking
    sources: NDArray[np.intp]
    targets: NDArray[np.intp]
    rho: NDArray[np.float64]
    strength: NDArray[np.float64]
    q: NDArray[np.float64] | None = None

    def __repr__(self) -> str:
        return f"<{counted(len(self), 'pair')} of {counted(len(self.regulators), 'regulator')} and their targets>"

    def __len__(self) -> int:
        return len(self.rho)

    def __iter__(self) -> Iterator[tuple[str | float, ...]]:
        """Yield (regulator, target, ρ), the strength where pairs are ranked by another than ρ, and q if any."""
        yield from zip(*self.columns().values(), strict=True)

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return `regulator`, `target` and `rho`, the strength under the name of its order, and `q`, where they are."""
        genes = self.genes
        return {
            "regulator": [genes[index] for index in self.sources.tolist()],
            "target": [genes[index] for index in self.targets.tolist()],
            "rho": self.rho.tolist(),
            **({} if self.ranking.by == "rho" else {self.ranking.by: self.strength.tolist()}),
            **({} if self.q is None else {"q": self.q.tolist()}),
        }


def match_regulators(names: Sequence[str], panel: Panel) -> tuple[NDArray[np.intp], list[str]]:
    """Return the genes of names, ascending and each once, and sentences on names that are not on the panel.

    Raises
    ------
    InputError
        No name is on the panel, or too many are.
    """
    matcher = Matcher(panel)
    indices = {name: matcher.index(name) for name in names}
    missing = [name for name, index in indices.items() if index is None]
    regulators = np.unique(np.array([index for index in indices.values() if index is not None], dtype=np.intp))
    reason = missing_reason(missing, panel)[0] if missing else ""
    if not len(regulators):
        raise InputError(
            f"None of {counted(len(indices), 'regulator')} is on the panel ({some(missing)}). {reason}".strip(),
            hint=f"The panel has {some(panel.genes)}.",
        )
    if len(regulators) > MOST_REGULATORS:
        raise InputError(
            f"{len(regulators):,} regulators were named, and {MOST_REGULATORS:,} are the most.",
            hint="Name the genes that regulate others: transcription factors, say.",
        )
    if not missing:
        return regulators, []
    text = f"{len(missing):,} of {counted(len(indices), 'regulator')} not on the panel left out: {some(missing)}."
    return regulators, [f"{text} {reason}".strip()]


def regulation_of(
    repo: Repository,
    rev: str,
    regulators: NDArray[np.intp],
    count: int,
    *,
    by: RankBy | None = None,
    target: str | None = None,
) -> Regulation:
    """Return the strongest pairs of regulator and target in a version.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        The version.
    regulators : ndarray of intp, shape (|T|,)
        Ascending, each once.
    count : int
        How many pairs at the most.
    by : {"score", "rho", "clr"}, optional
        What to rank by; the score, where the base knows λ and its degrees of freedom, and else ρ, when absent.
    target : str, optional
        Only pairs with this target.

    Raises
    ------
    NotFound
        The target is not on the panel.
    InputError
        The base has no score, and one is requested.
    """
    base = repo.base(rev)
    ranking = choose_ranking(by, _penalty(base, len(regulators)))
    covariance, panel = repo.snapshot(rev).covariance, base.panel
    targets = np.arange(len(panel)) if target is None else np.array([panel.index(target)])
    rho = regulator_correlations(covariance, regulators)
    strength = rho
    if ranking.penalty:
        strength = regulator_correlations(covariance, regulators, ranking.penalty * np.square(base.deviations))
    if ranking.by == "clr":
        strength = regulator_clr(strength, regulators)
    rows, genes = strongest_targets(strength, targets, count)
    q = regulator_q_values(repo, rev, regulators)
    return Regulation(
        panel.genes,
        regulators,
        ranking,
        regulators[rows],
        genes,
        rho[rows, genes],
        strength[rows, genes],
        None if q is None else q[rows, genes],
    )


def _penalty(base: StoredBase, number: int) -> float | None:
    degrees, shrinkage = base.degrees_of_freedom, base.shrinkage
    if degrees is None or degrees < 1 or shrinkage is None:
        return None
    return regulator_penalty(number, degrees, shrinkage)
