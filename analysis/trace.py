"""One edge through history: ρ of two genes in each of several versions, and which of these moved it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..engine.errors import InputError
from ..engine.network.pairs.strongest import ROUNDING
from ..engine.tabular import Table
from ..engine.wording import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..storage.history.versions import Version
    from ..storage.repository import Repository


@dataclass(frozen=True, slots=True)
class TracePoint:
    """An edge in one version.

    Parameters
    ----------
    version : Version
        The version.
    rho : float
        ρ there.
    step : float
        By how much it differs from the version before; 0 in the first.
    has_moved : bool
        Whether that is more than rounding.
    """

    version: Version
    rho: float
    step: float
    has_moved: bool


@dataclass(frozen=True, slots=True)
class Trace(Table):
    """An edge through versions.

    Parameters
    ----------
    gene_a, gene_b : str
        Its genes.
    points : tuple of TracePoint
        In the order of the versions.
    """

    gene_a: str
    gene_b: str
    points: tuple[TracePoint, ...]

    def __repr__(self) -> str:
        return f"<ρ of {printable(self.gene_a)} and {printable(self.gene_b)} in {counted(len(self), 'version')}>"

    def __len__(self) -> int:
        """How many versions there are."""
        return len(self.points)

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return `version`, `rho`, and of versions that moved it `delta`, with their `message`."""
        return {
            "version": [point.version.name for point in self.points],
            "rho": [point.rho for point in self.points],
            "delta": [point.step if point.has_moved else None for point in self.points],
            "message": [point.version.message for point in self.points],
        }


def versions_between(repo: Repository, first: Version, last: Version) -> list[Version]:
    """Return the versions from one to another along first parents, the earliest first.

    Where the first is no such ancestor of the last, they begin with the first version of that line.
    """
    newest_first = repo.line(last.name)
    numbers = [version.number for version in newest_first]
    end = numbers.index(first.number) + 1 if first.number in numbers else len(numbers)
    return newest_first[:end][::-1]


def trace_of(repo: Repository, versions: Sequence[Version], gene_a: str, gene_b: str) -> Trace:
    """Return ρ of two genes in each of some versions.

    Parameters
    ----------
    repo : Repository
        The store.
    versions : sequence of Version
        The versions, such as those of `versions_between`.
    gene_a, gene_b : str
        Two different genes.

    Raises
    ------
    NotFound
        A gene is not on the panel.
    InputError
        Both are one gene.
    """
    if repo.panel.index(gene_a) == repo.panel.index(gene_b):
        raise InputError(f"An edge joins two genes, and {gene_a} was named twice.", hint="Name another partner.")
    rho = [float(repo.snapshot(version.name).partial_correlation(gene_a, gene_b)) for version in versions]
    steps = [0.0, *(after - before for before, after in itertools.pairwise(rho))]
    # A version of equal content is the same network, read from another anchor: what differs is rounding.
    differs = [False, *(before.content != after.content for before, after in itertools.pairwise(versions))]
    return Trace(
        gene_a,
        gene_b,
        tuple(
            TracePoint(version, value, step, differs_here and abs(step) > ROUNDING)
            for version, value, step, differs_here in zip(versions, rho, steps, differs, strict=True)
        ),
    )
