"""What a text finds in a store: genes, pathways and versions, those of just that name first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..engine.errors import GrnError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..storage.history.versions import Version
    from ..storage.repository import Repository

Kind = Literal["gene", "pathway", "version"]
"""What a name can be of."""

MOST = 100
"""Most genes, and most pathways, that are listed."""

SEARCHED = 200
"""Newest versions whose messages are searched."""


@dataclass(frozen=True, slots=True)
class PathwayMatch:
    """A pathway by its label, and a version in which it is active: HEAD's where it is active there."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a text finds, those of just that name first, then those that begin with it.

    Parameters
    ----------
    text : str
        The text, without spaces around it.
    genes : tuple of str
        Genes of the panel, `MOST` of them at the most.
    gene_count : int
        How many there are.
    pathways : tuple of PathwayMatch
        Of HEAD, the branches and the tags, `MOST` of them at the most.
    pathway_count : int
        How many there are.
    versions : tuple of Version
        The one that the text names as a REV, then those whose refs or message contain it.
    exact : tuple of (kind, str)
        `gene`, `pathway` or `version` of just that name; upper and lower case count where one spelling alone has both.
    """

    text: str
    genes: tuple[str, ...]
    gene_count: int
    pathways: tuple[PathwayMatch, ...]
    pathway_count: int
    versions: tuple[Version, ...]
    exact: tuple[tuple[Kind, str], ...]


def search_store(repo: Repository, text: str, genes: Sequence[str]) -> SearchResult:
    """Return what a text finds in a store, whatever its case.

    Parameters
    ----------
    repo : Repository
        The store.
    text : str
        What is searched.
    genes : sequence of str
        The genes of its panel.
    """
    text = text.strip()
    matching_genes = _matching(genes, text)
    places = _active_anywhere(repo)
    matching_pathways = _matching(places, text)
    named = _named(repo, text)
    versions = [*([] if named is None else [named]), *_mentioning(repo, text)]
    exact = [
        *_of_kind("gene", _exact(matching_genes, text)),
        *_of_kind("pathway", _exact(matching_pathways, text)),
        *_of_kind("version", [] if named is None else [named.name]),
    ]
    return SearchResult(
        text,
        tuple(matching_genes[:MOST]),
        len(matching_genes),
        tuple(PathwayMatch(name, places[name]) for name in matching_pathways[:MOST]),
        len(matching_pathways),
        tuple({version.id: version for version in versions}.values()),
        tuple(exact),
    )


def _of_kind(kind: Kind, names: Iterable[str]) -> list[tuple[Kind, str]]:
    return [(kind, name) for name in names]


def _matching(names: Iterable[str], text: str) -> list[str]:
    """Return the names that contain a text: first those that are it, then those that begin with it, then by length."""
    folded = text.casefold()
    if not folded:
        return []
    keys = ((name, name.casefold()) for name in names)
    ranked = [
        (name != text, key != folded, not key.startswith(folded), len(name), name)
        for name, key in keys
        if folded in key
    ]
    return [rank[-1] for rank in sorted(ranked)]


def _exact(names: Sequence[str], text: str) -> list[str]:
    """Return the one of these names that is the text, or is it but for upper and lower case."""
    if text in names:
        return [text]
    alike = [name for name in names if name.casefold() == text.casefold()]
    return alike if len(alike) == 1 else []


def _active_anywhere(repo: Repository) -> dict[str, str]:
    """Return the labels of the pathways of HEAD, the branches and the tags, each with a version that has it."""
    tips = [*repo.branches.values(), *repo.tags.values()]
    tips.sort(key=lambda version: ("HEAD" not in version.refs, -version.number))
    places: dict[str, str] = {}
    for version in {version.id: version for version in tips}.values():
        for active in repo.active(version.name):
            places.setdefault(active.label, version.name)
    return places


def _named(repo: Repository, text: str) -> Version | None:
    """Return the version that a text names as a REV."""
    try:
        return repo.version(text) if text else None
    except GrnError:  # a text that is searched need not be a REV
        return None


def _mentioning(repo: Repository, text: str) -> list[Version]:
    folded = text.casefold()
    newest = repo.versions(None, number=SEARCHED) if folded else []
    return [
        version
        for version in newest
        if folded in version.message.casefold() or any(folded in ref.casefold() for ref in version.refs)
    ]
