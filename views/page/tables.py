"""The tables of a page: of each cell its text, and where it is a number, the number in full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ...engine.wording import printable
from .numbers import MISSING, column_texts, rate_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ...analysis.report.report import Report, ReportedChanges

Sort = Literal["name", "text", "number"]
"""What a column has: names of genes or pathways, which the search reads; other words; or numbers."""

CHANGES = {
    "gained": "gained",
    "lost": "lost",
    "sign_flipped": "sign flipped",
    "stronger": "stronger",
    "weaker": "weaker",
}
"""What became of a pair, in words."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, the number that it stands for, and a mark by which the style colours it."""

    text: str
    value: float | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key for the script, its title, what it has, its cells, and whether these may be long."""

    key: str
    title: str
    sort: Sort
    cells: Sequence[Cell]
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a page.

    Parameters
    ----------
    id : str
        The id of its element.
    caption : str
        What it lists, for those who hear it.
    columns : tuple of Column
        All of one length.
    """

    id: str
    caption: str
    columns: tuple[Column, ...]

    @property
    def rows(self) -> list[tuple[tuple[Column, Cell], ...]]:
        """The rows, each cell with its column."""
        cells = zip(*(column.cells for column in self.columns), strict=True)
        return [tuple(zip(self.columns, row, strict=True)) for row in cells]

    def __len__(self) -> int:
        return len(self.columns[0].cells)


def pathway_table(report: Report) -> Table:
    """Return pathways with what samples say of them."""
    pathways = report.pathways
    supports = [pathway.support for pathway in pathways]
    change = _words("change", "change", (pathway.change for pathway in pathways))
    subtracted, missing = any(pathway.sign < 0 for pathway in pathways), any(pathway.missing for pathway in pathways)
    columns = [
        _names("pathway", "pathway", (pathway.name for pathway in pathways)),
        *([] if report.before is None else [change]),
        *([_signs("sign", [pathway.sign for pathway in pathways])] if subtracted else []),
        _numbers("genes", "genes", [pathway.genes for pathway in pathways]),
        *([_numbers("missing", "not on panel", [pathway.missing for pathway in pathways])] if missing else []),
        _words("since", "since", (pathway.since for pathway in pathways)),
    ]
    if any(supports):
        decoys = max(support.decoys for support in supports if support is not None)
        columns += [
            _decimals("nats", "nats a sample", [None if one is None else one.nats for one in supports]),
            _decimals("error", "standard error", [None if one is None else one.error for one in supports]),
            _numbers("rank", f"rank of {decoys + 1}", [None if one is None else one.rank for one in supports]),
            _decimals("median", "decoys’ median", [None if one is None else one.decoys_median for one in supports]),
        ]
    return Table("pathway-table", "Pathways and their support by held-out samples", tuple(columns))


def link_table(report: Report) -> Table:
    """Return links of genes with activities of pathways."""
    links = report.links
    columns = [
        _names("gene", "gene", (link.gene for link in links)),
        _names("pathway", "pathway", (link.pathway for link in links)),
        _reals("rho", "ρ with activity", [link.rho for link in links]),
        _signs("direction", [link.direction for link in links]),
    ]
    if any(link.q is not None for link in links):
        columns.append(_rates("q", "q", [link.q for link in links]))
    if report.before is not None:
        columns.append(_words("change", "change", (link.change for link in links)))
    return Table("link-table", "Links of genes with the activity of pathways that they are not in", tuple(columns))


def change_table(changes: ReportedChanges, names: tuple[str, str]) -> Table:
    """Return the largest changes from one version to another, or between two bases the clearest differences."""
    listed = changes.columns
    columns = [
        _names("gene_a", "gene a", listed["gene_a"]),
        _names("gene_b", "gene b", listed["gene_b"]),
        *_sides("rho", names, listed),
        _reals("delta", "Δρ", listed["delta"]),
    ]
    if "verdict" in listed:
        columns += [
            _reals("expected", "expected", listed["expected"]),
            _decimals("z", "z", listed["z"]),
            _rates("q", "q", listed["q"]),
            _words("verdict", "verdict", listed["verdict"]),
        ]
    for strength in ("score", "clr"):
        if f"{strength}_from" in listed:
            columns += _sides(strength, names, listed)
    columns.append(_words("change", "change", (change.replace("_", " ") for change in listed["change"])))
    if any(changes.pathways):
        texts = (", ".join(map(printable, pathways)) or MISSING for pathways in changes.pathways)
        columns.append(Column("pathways", "both genes in", "name", [Cell(text) for text in texts], is_wide=True))
    return Table("change-table", f"Largest changes from {names[0]} to {names[1]}", tuple(columns))


def edge_table(report: Report) -> Table:
    """Return the strongest edges of the later version."""
    edges = report.edges.edges
    columns = [
        _names("gene_a", "gene a", (edge.gene_a for edge in edges)),
        _names("gene_b", "gene b", (edge.gene_b for edge in edges)),
        _reals("rho", "ρ", [edge.rho for edge in edges]),
    ]
    if report.edges.ranked_by != "rho":
        columns.append(_reals(report.edges.ranked_by, report.edges.ranked_by, [edge.strength for edge in edges]))
    if report.edges.called is not None:
        columns.append(_rates("q", "q", [edge.q for edge in edges]))
        columns.append(_words("origin", "origin", (edge.origin or "" for edge in edges)))
    return Table("edge-table", f"Strongest edges of {report.after.name}", tuple(columns))


def _sides(key: str, names: tuple[str, str], columns: Mapping[str, Sequence[float]]) -> list[Column]:
    """Return a column a side, with as many decimals in both."""
    sides = [columns[f"{key}_{side}"] for side in ("from", "to")]
    texts = column_texts([*sides[0], *sides[1]])
    half = len(sides[0])
    title = "ρ" if key == "rho" else key
    return [
        _number_column(f"{key}_{side}", f"{title} {name}", values, part)
        for side, name, values, part in zip(("from", "to"), names, sides, (texts[:half], texts[half:]), strict=True)
    ]


def _names(key: str, title: str, names: Iterable[str]) -> Column:
    return Column(key, title, "name", [Cell(printable(name)) for name in names])


def _signs(key: str, signs: Iterable[int]) -> Column:
    return _words(key, key, ("+" if sign > 0 else "−" if sign else "" for sign in signs))


def _words(key: str, title: str, words: Iterable[str]) -> Column:
    return Column(
        key, title, "text", [Cell(word, mark=word.replace(" ", "-") if word.isascii() else "") for word in words]
    )


def _mark(word: str) -> str:
    """Return the end of the class of a word that the style may colour."""
    return word.replace(" ", "-") if word.replace(" ", "").isalpha() else ""


def _reals(key: str, title: str, values: Sequence[float | None]) -> Column:
    return _number_column(key, title, values, column_texts(values))


def _numbers(key: str, title: str, values: Sequence[int | None]) -> Column:
    return _number_column(key, title, values, [MISSING if value is None else f"{value:,}" for value in values])


def _decimals(key: str, title: str, values: Sequence[float | None]) -> Column:
    texts = (MISSING if text in ("nan", "-inf", "inf") else text for text in (f"{v:.2f}" for v in map(_or_nan, values)))
    return _number_column(key, title, values, list(texts))


def _rates(key: str, title: str, values: Sequence[float | None]) -> Column:
    return _number_column(key, title, values, [rate_text(value) for value in values])


def _number_column(key: str, title: str, values: Sequence[float | None], texts: Sequence[str]) -> Column:
    return Column(key, title, "number", [Cell(text, value) for text, value in zip(texts, values, strict=True)])


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else value
