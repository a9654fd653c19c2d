"""The tables of pages that are served, and where the names in tables lead."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...engine.wording import printable
from ..page.columns import (
    Cell,
    Column,
    Table,
    name_column,
    number_column,
    rate_column,
    real_column,
    sign_column,
    word_column,
)
from ..page.numbers import MISSING, column_texts
from .addresses import address, gene_address, pathway_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ...analysis.links import Links
    from ...analysis.report.gene import GeneReport, Membership
    from ...analysis.report.pathway import Member, PathwayReport
    from ...analysis.trace import Trace
    from ...storage.history.versions import Version

GENES, PATHWAYS = ("gene", "gene_a", "gene_b"), ("pathway",)
"""The columns whose names lead to the page of a gene, and of a pathway."""

OTHER_CHANGES = 3
"""Changes of a version that a line has."""


def with_addresses(table: Table | None, version: Version) -> Table | None:
    """Return a table whose names lead to the pages of genes and pathways of a version."""
    if table is None:
        return None
    columns = (
        _leading(column, lambda name: gene_address(name, version))
        if column.key in GENES
        else _leading(column, lambda name: pathway_address(name, version))
        if column.key in PATHWAYS
        else column
        for column in table.columns
    )
    return replace(table, columns=tuple(columns))


def partner_table(report: GeneReport) -> Table:
    """Return the partners of a gene."""
    partners = report.partners
    columns = [
        name_column("gene", "gene", (edge.gene_b for edge in partners)),
        real_column("rho", f"ρ with {report.gene}", [edge.rho for edge in partners]),
    ]
    if report.ranked_by != "rho":
        columns.append(real_column(report.ranked_by, report.ranked_by, [edge.strength for edge in partners]))
    if report.called is not None:
        columns.append(rate_column("q", "q", [edge.q for edge in partners]))
        columns.append(word_column("origin", "origin", (edge.origin or "" for edge in partners)))
    return Table("partner-table", f"Strongest partners of {printable(report.gene)}", tuple(columns))


def link_table(links: Links, *, of: str) -> Table:
    """Return links, of a gene with its pathways or of a pathway with its genes: `of` says whose."""
    columns = links.columns()
    shown = [
        name_column("gene", "gene", columns["gene"]) if of == "pathway" else _pathways(columns["pathway"]),
        real_column("rho", "ρ with activity", columns["rho"]),
        sign_column("direction", columns["direction"]),
    ]
    if "q" in columns:
        shown.append(rate_column("q", "q", columns["q"]))
    if of == "gene":
        shown.append(word_column("member", "member", ("yes" if member else "" for member in columns["member"])))
    return Table("link-table", f"Links of the {of} with activities", tuple(shown))


def membership_table(memberships: Sequence[Membership]) -> Table:
    """Return the pathways that load on a gene."""
    records = [membership.pathway.record for membership in memberships]
    columns = [
        _pathways(membership.pathway.label for membership in memberships),
        sign_column("sign", [record.sign for record in records]),
        _loadings([membership.loadings for membership in memberships]),
        word_column("units", "units", (record.units for record in records)),
        number_column("genes", "genes", [record.genes for record in records], [f"{r.genes:,}" for r in records]),
        Column("since", "since", "text", [_version(membership.pathway.since) for membership in memberships]),
    ]
    return Table("membership-table", "Active pathways that load on the gene", tuple(columns))


def member_table(report: PathwayReport) -> Table:
    """Return the genes of a pathway."""
    members: Sequence[Member] = report.members
    columns = [
        name_column("gene", "gene", (member.gene for member in members)),
        _loadings([member.loadings for member in members]),
    ]
    if report.links is not None:
        columns.append(real_column("rho", "ρ with activity", [member.rho for member in members]))
    if any(member.q is not None for member in members):
        columns.append(rate_column("q", "q", [member.q for member in members]))
    return Table("member-table", "Genes of the pathway", tuple(columns))


def trace_table(trace: Trace) -> Table:
    """Return an edge through versions, the newest first."""
    points = trace.points[::-1]
    steps = [point.step if point.has_moved else None for point in points]
    movers = [Cell(_changes(point.version) if point.has_moved else "") for point in points]
    columns = [
        Column("version", "version", "text", [_version(point.version.name) for point in points]),
        real_column("rho", "ρ", [point.rho for point in points]),
        real_column("delta", "Δρ", steps),
        Column("moved", "moved by", "text", movers),
    ]
    return Table("trace-table", "ρ through versions", tuple(columns))


def _pathways(names: Iterable[str]) -> Column:
    return name_column("pathway", "pathway", names)


def _version(name: str) -> Cell:
    return Cell(name, address=address("version", rev=name))


def _changes(version: Version) -> str:
    """Return in a line what a version did."""
    changes = [*version.changes[:OTHER_CHANGES], *(["…"] if len(version.changes) > OTHER_CHANGES else [])]
    return printable(", ".join(changes) or version.message.partition("\n")[0])


def _loadings(loadings: Sequence[tuple[float, ...]]) -> Column:
    """Return a column of loadings: numbers, or where a pathway has several columns, lists of them."""
    if all(len(one) == 1 for one in loadings):
        return real_column("loading", "loading", [one[0] for one in loadings])
    return Column("loading", "loadings", "text", [Cell(", ".join(column_texts(one)) or MISSING) for one in loadings])


def _leading(column: Column, lead: Callable[[str], str]) -> Column:
    """Return a column whose cells lead to the addresses of their names, which are printable as they are."""
    return replace(column, cells=[replace(cell, address=lead(cell.text)) for cell in column.cells])
