"""The tables of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.wording import printable
from .columns import (
    Cell,
    Column,
    Table,
    count_column,
    decimal_column,
    name_column,
    number_column,
    rate_column,
    real_column,
    sign_column,
    word_column,
)
from .numbers import MISSING, column_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...analysis.report.report import Report, ReportedChanges


def pathway_table(report: Report) -> Table:
    """Return pathways with what samples say of them."""
    pathways = report.pathways
    supports = [pathway.support for pathway in pathways]
    change = word_column("change", "change", (pathway.change for pathway in pathways))
    subtracted, missing = any(pathway.sign < 0 for pathway in pathways), any(pathway.missing for pathway in pathways)
    columns = [
        name_column("pathway", "pathway", (pathway.name for pathway in pathways)),
        *([] if report.before is None else [change]),
        *([sign_column("sign", [pathway.sign for pathway in pathways])] if subtracted else []),
        count_column("genes", "genes", [pathway.genes for pathway in pathways]),
        *([count_column("missing", "not on panel", [pathway.missing for pathway in pathways])] if missing else []),
        word_column("since", "since", (pathway.since for pathway in pathways)),
    ]
    if any(supports):
        decoys = max(support.decoys for support in supports if support is not None)
        medians = [None if one is None else one.decoys_median for one in supports]
        columns += [
            decimal_column("nats", "nats a sample", [None if one is None else one.nats for one in supports]),
            decimal_column("error", "standard error", [None if one is None else one.error for one in supports]),
            count_column("rank", f"rank of {decoys + 1}", [None if one is None else one.rank for one in supports]),
            decimal_column("median", "decoys’ median", medians),
        ]
    return Table("pathway-table", "Pathways and their support by held-out samples", tuple(columns))


def link_table(report: Report) -> Table:
    """Return links of genes with activities of pathways."""
    links = report.links
    columns = [
        name_column("gene", "gene", (link.gene for link in links)),
        name_column("pathway", "pathway", (link.pathway for link in links)),
        real_column("rho", "ρ with activity", [link.rho for link in links]),
        sign_column("direction", [link.direction for link in links]),
    ]
    if any(link.q is not None for link in links):
        columns.append(rate_column("q", "q", [link.q for link in links]))
    if report.before is not None:
        columns.append(word_column("change", "change", (link.change for link in links)))
    return Table("link-table", "Links of genes with the activity of pathways that they are not in", tuple(columns))


def change_table(changes: ReportedChanges, names: tuple[str, str]) -> Table:
    """Return the largest changes from one version to another, or between two bases the clearest differences."""
    listed = changes.columns
    columns = [
        name_column("gene_a", "gene a", listed["gene_a"]),
        name_column("gene_b", "gene b", listed["gene_b"]),
        *_sides("rho", names, listed),
        real_column("delta", "Δρ", listed["delta"]),
    ]
    if "verdict" in listed:
        columns += [
            real_column("expected", "expected", listed["expected"]),
            decimal_column("z", "z", listed["z"]),
            rate_column("q", "q", listed["q"]),
            word_column("verdict", "verdict", listed["verdict"]),
        ]
    strengths = [strength for strength in ("score", "clr") if f"{strength}_from" in listed]
    for strength in strengths:
        columns += _sides(strength, names, listed)
    of_strength = "".join(f" of {strength}" for strength in strengths)
    columns.append(
        word_column("change", f"change{of_strength}", (change.replace("_", " ") for change in listed["change"]))
    )
    if any(changes.pathways):
        texts = (", ".join(map(printable, pathways)) or MISSING for pathways in changes.pathways)
        columns.append(Column("pathways", "both genes in", "name", [Cell(text) for text in texts], is_wide=True))
    title = "Clearest differences" if "verdict" in listed else "Largest changes"
    return Table("change-table", f"{title} from {names[0]} to {names[1]}", tuple(columns))


def edge_table(report: Report) -> Table:
    """Return the strongest edges of the later version."""
    edges = report.edges.edges
    columns = [
        name_column("gene_a", "gene a", (edge.gene_a for edge in edges)),
        name_column("gene_b", "gene b", (edge.gene_b for edge in edges)),
        real_column("rho", "ρ", [edge.rho for edge in edges]),
    ]
    if report.edges.ranked_by != "rho":
        columns.append(real_column(report.edges.ranked_by, report.edges.ranked_by, [edge.strength for edge in edges]))
    if report.edges.called is not None:
        columns.append(rate_column("q", "q", [edge.q for edge in edges]))
        columns.append(word_column("origin", "origin", (edge.origin or "" for edge in edges)))
    return Table("edge-table", f"Strongest edges of {report.after.name}", tuple(columns))


def _sides(key: str, names: tuple[str, str], columns: Mapping[str, Sequence[float]]) -> list[Column]:
    """Return a column a side, with as many decimals in both."""
    sides = [columns[f"{key}_{side}"] for side in ("from", "to")]
    texts = column_texts([*sides[0], *sides[1]])
    half = len(sides[0])
    title = "ρ" if key == "rho" else key
    return [
        number_column(f"{key}_{side}", f"{title} {name}", values, part)
        for side, name, values, part in zip(("from", "to"), names, sides, (texts[:half], texts[half:]), strict=True)
    ]
