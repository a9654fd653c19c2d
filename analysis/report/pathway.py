"""A report on one active pathway of a version: its genes, its links, its support, and what is around it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ...engine.errors import InputError, NotFound
from ...engine.wording import printable, some
from ..links import links_of
from ..pictures.network import network_around
from ..support import quick_support, support_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...engine.network.pathway import Pathway
    from ...storage.history.versions import ActivePathway, Version
    from ...storage.repository import Repository
    from ..links import Links
    from ..pictures.drawn_network import DrawnNetwork
    from ..support import Support

LINKS = 100
"""Links with genes that are no members, at the most."""


@dataclass(frozen=True, slots=True)
class Member:
    """A gene of a pathway: its loadings, one a column, and of an added pathway its link with the first column."""

    gene: str
    loadings: tuple[float, ...]
    rho: float | None
    q: float | None


@dataclass(frozen=True, slots=True)
class PathwayReport:
    """An active pathway of a version.

    Parameters
    ----------
    active : ActivePathway
        The pathway.
    version : Version
        The version.
    members : tuple of Member
        Its genes on the panel, the largest loading first.
    links : Links, optional
        The strongest links with genes that are no members; none of a pathway that is subtracted.
    support : Support, optional
        What the samples of the base say of it; none where they cannot, or it would take long and was not asked for.
    no_support : str
        Why they cannot, as a sentence; empty where it was not asked for.
    network : DrawnNetwork, optional
        Around it; none of a pathway that is subtracted, which has no activity.
    """

    active: ActivePathway
    version: Version
    members: tuple[Member, ...]
    links: Links | None
    support: Support | None
    no_support: str
    network: DrawnNetwork | None


def pathway_report(repo: Repository, version: Version, name: str, *, support: bool = False) -> PathwayReport:
    """Return the report of an active pathway.

    Parameters
    ----------
    repo : Repository
        The store.
    version : Version
        The version.
    name : str
        The name of the pathway, or of one of its columns, or all of these joined.
    support : bool
        Whether its support is computed also where that takes long.

    Raises
    ------
    NotFound
        No active pathway has the name.
    InputError
        networkx is not installed.
    """
    active, pathway = _named(repo, version, name)
    links, network = None, None
    if pathway.sign > 0:
        links = links_of(repo, version.name, [pathway], None, name=pathway.names[0], tested=True)
        network = network_around(repo, version.name, pathways=[pathway.names[0]])
    judged, refusal = _support(repo, version, pathway, asked=support)
    members = _members(repo, pathway, links)
    return PathwayReport(active, version, members, links and _of_others(links), judged, refusal, network)


def _named(repo: Repository, version: Version, name: str) -> tuple[ActivePathway, Pathway]:
    """Return the active pathway of a name; of several, which have different signs, the first."""
    pairs = list(zip(repo.active(version.name), repo.pathways(version.name), strict=True))
    for active, pathway in pairs:
        if name in (active.label, *pathway.names):
            return active, pathway
    names = sorted(name for _, pathway in pairs for name in pathway.names)
    there = f"There are {some(names)}." if names else ""
    raise NotFound(f"No pathway {printable(name)!r} is active in {version.name}; {len(names):,} are.", hint=there)


def _members(repo: Repository, pathway: Pathway, links: Links | None) -> tuple[Member, ...]:
    """Return the genes of a pathway, the largest loading first, with their links where there are any."""
    genes = repo.panel.names(pathway.genes)
    linked: dict[str, tuple[float | None, float | None]] = {}
    if links is not None:
        rates: Sequence[float | None] = links.q or [None] * len(links)
        for (_, gene, rho, _, is_member), q in zip(links, rates, strict=True):
            if is_member:
                linked[gene] = rho, q
    members = [
        Member(gene, tuple(loadings), *linked.get(gene, (None, None)))
        for gene, loadings in zip(genes, pathway.loadings.tolist(), strict=True)
    ]
    return tuple(sorted(members, key=lambda member: (-max(map(abs, member.loadings)), -abs(member.rho or 0.0))))


def _of_others(links: Links) -> Links:
    """Return the strongest links with genes that are no members."""
    rows = [row for row, link in enumerate(links.links) if not link.member][:LINKS]
    q = None if links.q is None else tuple(links.q[row] for row in rows)
    return replace(links, links=tuple(links.links[row] for row in rows), q=q)


def _support(repo: Repository, version: Version, pathway: Pathway, *, asked: bool) -> tuple[Support | None, str]:
    """Return the support of a pathway, or why there is none."""
    try:
        quick = quick_support(repo, version.name, [pathway])
        if quick is not None or not asked:
            return quick, ""
        return support_of(repo, version.name, [pathway]), ""
    except (InputError, NotFound) as refusal:
        return None, refusal.message
