"""Links of a version: which genes go with the activity of its pathways, or of pathways that are not in it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.errors import NotFound
from ..engine.inference.links import Link, pathway_links, strongest_links
from ..engine.tabular import Table
from ..engine.wording import counted, printable, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ..engine.inference.links import PathwayLinks
    from ..engine.network.pathway import Pathway
    from ..storage.history.versions import ActivePathway, Version
    from ..storage.repository import Repository

CHANGED = 10
"""Number of links gained, and of links lost, that a comparison of versions has at the most."""


COLUMNS = ("pathway", "gene", "rho", "direction", "member")
"""The columns of links, to which tests add q."""


@dataclass(frozen=True, slots=True)
class LinkedPathway:
    """A pathway as links have it: its name, the number of its genes, and how far the genes determine its activity."""

    name: str
    members: int
    leverage: float


@dataclass(frozen=True, slots=True)
class Links(Table):
    """Links of some pathways, strongest first.

    Parameters
    ----------
    genes : sequence of str
        The panel.
    pathways : tuple of LinkedPathway
        All that were asked for, whether or not one of the links is theirs.
    links : tuple of Link
        Indices are those of `pathways` and `genes`.
    q : tuple of float, optional
        The least false discovery rate at which each link is called; absent where nothing was tested.
    p : tuple of float, optional
        The two-sided p that q is made of, of each link alone.
    """

    genes: Sequence[str]
    pathways: tuple[LinkedPathway, ...]
    links: tuple[Link, ...]
    q: tuple[float, ...] | None = None
    p: tuple[float, ...] | None = None

    def __repr__(self) -> str:
        return f"<{counted(len(self), 'link')} with {counted(len(self.pathways), 'pathway')}>"

    def __len__(self) -> int:
        return len(self.links)

    def __iter__(self) -> Iterator[tuple[str, str, float, int, bool]]:
        """Yield (pathway, gene, ρ, direction, whether the gene is a member), strongest first."""
        for link in self.links:
            yield self.pathways[link.pathway].name, self.genes[link.gene], link.rho, link.direction, link.member

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return `pathway`, `gene`, `rho`, `direction` and `member`, and `q` where the links were tested."""
        rows = list(self)
        columns: dict[str, Sequence[Any]] = {name: [row[index] for row in rows] for index, name in enumerate(COLUMNS)}
        return columns if self.q is None else {**columns, "q": list(self.q)}


def links_of(
    repo: Repository,
    rev: str,
    pathways: Sequence[Pathway],
    count: int | None,
    *,
    each: int | None = None,
    name: str | None = None,
    members: bool = True,
    gene: str | None = None,
    tested: bool = False,
) -> Links:
    """Return the strongest links of pathways on the base of a version.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        The version whose base it is.
    pathways : sequence of Pathway
        Additions, active or not: the links of one depend on the base and on itself alone.
    count : int, optional
        How many links at the most; all when absent.
    each : int, optional
        How many of one pathway at the most.
    name : str, optional
        Only the links of pathways of this name.
    members : bool
        Whether a pathway's own genes count.
    gene : str, optional
        Only links of this gene.
    tested : bool
        Whether to say which links can be told from chance, where the base has samples to test them by.

    Raises
    ------
    NotFound
        No pathway has the name, or the gene is not on the panel.
    """
    if name is not None:
        pathways = _named(pathways, name)
    index = None if gene is None else repo.panel.index(gene)
    asked: list[LinkedPathway] = []
    names: list[str] = []
    tested = tested and repo.base(rev).expression is not None
    are_members: list[NDArray[np.bool_]] = []

    def noted() -> Iterator[PathwayLinks]:
        for links in pathway_links(repo.base_snapshot(rev).precision, pathways, repo.base(rev).deviations):
            if name in (None, links.name):
                asked.append(LinkedPathway(links.name, int(links.members.sum()), links.leverage))
                yield links
            if tested:
                are_members.append(links.members)
                names.append(links.name)

    strongest = strongest_links(noted(), count, each=each, members=members, gene=index)
    tests = None
    if are_members:
        from .sample_tests import link_tests  # with SciPy's distributions, which nothing else here needs

        tests = link_tests(repo, rev, pathways, np.stack(are_members, axis=1))
    if tests is None:
        return Links(repo.panel.genes, tuple(asked), tuple(strongest))
    columns = [column for column, other in enumerate(names) if name in (None, other)]
    p, q = (tuple(float(of[link.gene, columns[link.pathway]]) for link in strongest) for of in tests)
    return Links(repo.panel.genes, tuple(asked), tuple(strongest), q, p)


def active_additions(repo: Repository, rev: str) -> tuple[list[Pathway], list[str]]:
    """Return the pathways added in a version, and the names of those subtracted, which have no activity."""
    pathways = repo.pathways(rev)
    subtracted = [name for pathway in pathways if pathway.sign < 0 for name in pathway.names]
    return [pathway for pathway in pathways if pathway.sign > 0], subtracted


def pathways_only_in(repo: Repository, rev: str, other: str | None) -> list[tuple[ActivePathway, Pathway]]:
    """Return the pathways of a version that another does not have, with their loadings; all where there is no other."""
    others = set[str]() if other is None else {active.record.id for active in repo.active(other)}
    pairs = zip(repo.active(rev), repo.pathways(rev), strict=True)
    return [(active, pathway) for active, pathway in pairs if active.record.id not in others]


def changed_links(repo: Repository, before: Version, after: Version, *, tested: bool = False) -> tuple[Links, Links]:
    """Return the links gained from one version to another, and those lost.

    They are those of `gained_links`: gained by the pathways that were added, on the later version's base, and lost by
    those that were dropped, on the earlier one's. `tested` is that of `links_of`.
    """
    return _only_in(repo, after, before, tested=tested), _only_in(repo, before, after, tested=tested)


def gained_links(repo: Repository, rev: str, pathways: Sequence[Pathway], *, tested: bool = False) -> Links:
    """Return the links that a version would gain by pathways: the strongest of genes that are no members.

    They are `CHANGED` at the most, and of one pathway no more than the share that is left to each, rounded up.
    """
    additions = [pathway for pathway in pathways if pathway.sign > 0]
    each = math.ceil(CHANGED / max(len(additions), 1))
    return links_of(repo, rev, additions, CHANGED, each=each, members=False, tested=tested)


def _only_in(repo: Repository, version: Version, other: Version, *, tested: bool) -> Links:
    pathways = [pathway for _, pathway in pathways_only_in(repo, version.name, other.name)]
    return gained_links(repo, version.name, pathways, tested=tested) if pathways else Links((), (), ())


def _named(pathways: Sequence[Pathway], name: str) -> list[Pathway]:
    chosen = [pathway for pathway in pathways if name in pathway.names]
    if not chosen:
        names = sorted(name for pathway in pathways for name in pathway.names)
        hint = f"There are {some(names)}." if names else ""
        raise NotFound(f"No pathway that is added is called {printable(name)!r}; {len(names):,} are there.", hint=hint)
    return chosen
