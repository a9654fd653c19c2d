"""The answer of `grn links`, and links as part of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ...engine.choices import RATE
from ...engine.wording import counted
from .. import output
from . import versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...analysis.links import Links

TITLES = ("pathway", "gene", "ρ with activity", "direction", "member", "q")
CHANGES = ("gained", "lost")

DIRECTION = (
    "Direction: the sign of a member's loading, and of another gene that of the loading it would have. The ρ of such a "
    "gene has the other sign, since what it shares with the members is in the base already."
)

LinkChanges = tuple["Links", "Links"]
"""Links that a comparison gained, and that it lost."""


def json(links: Links) -> list[dict[str, Any]]:
    """Return the pathways as the JSON contract has them, each with those of the links that are its own."""
    pathways: list[dict[str, Any]] = [
        {"name": pathway.name, "members": pathway.members, "leverage": pathway.leverage, "links": []}
        for pathway in links.pathways
    ]
    for link, q in zip(links.links, links.q or [None] * len(links), strict=True):
        fields = {"gene": links.genes[link.gene], "rho": link.rho, "direction": link.direction, "member": link.member}
        pathways[link.pathway]["links"].append({**fields, "q": q})
    return pathways


def text(links: Links) -> str | None:
    """Return the links as a table; of one pathway or gene, its name is not repeated."""
    cells = [(*link, _direction(way), "yes" if member else None) for *link, way, member in links]
    q = links.q or [None] * len(links)
    table = [(*row, value) for row, value in zip(cells, q, strict=True)]
    return output.table(*output.without_empty_columns(TITLES, table)) if table else None


def notes(links: Links, *, members: bool, name: str) -> Iterator[str]:
    """Yield the sentences beside the table."""
    genes = "" if members else " of genes that are no members"
    if len(links.pathways) == 1:
        pathway = links.pathways[0]
        yield (
            f"{counted(len(links), 'link')}{genes} with {pathway.name} on the base of {name}; "
            f"{counted(pathway.members, 'member')}, leverage {output.number(pathway.leverage)}."
        )
    else:
        yield f"{counted(len(links), 'link')}{genes} with {counted(len(links.pathways), 'pathway')} of {name}."
    if links.q is not None:
        called = sum(q <= RATE for q in links.q)
        yield f"{called:,} of these {len(links):,} have q ≤ {RATE:g}: the gene goes with the activity that others show."
    yield DIRECTION


def changes_json(changes: LinkChanges) -> dict[str, Any]:
    """Return links gained and lost as the JSON contract has them."""
    from ...analysis.links import COLUMNS

    return {
        what: [dict(zip(COLUMNS[:-1], link[:-1], strict=True)) for link in links]
        for what, links in zip(CHANGES, changes, strict=True)
    }


def changes_lines(changes: LinkChanges) -> list[str]:
    """Return links gained and lost as lines of a comparison."""
    rows = [
        (gene, pathway, rho, _direction(way), what)
        for what, links in zip(CHANGES, changes, strict=True)
        for pathway, gene, rho, way, _ in links
    ]
    title = click.style("Strongest links with activities, of genes that are no members:", bold=True)
    return [title, output.table(("gene", "pathway", "ρ with activity", "direction", "change"), rows)] if rows else []


def _direction(sign: int) -> str:
    return versions.sign_text(sign) if sign else ""
