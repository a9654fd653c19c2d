"""A report as the bytes of one page: everything is in it, and its policy lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ...analysis.report.summary import STRENGTHS
from ...engine.lazy import require
from ...engine.wording import counted, printable
from .history import draw_history
from .numbers import fact_text
from .tables import change_table, edge_table, link_table, pathway_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ...analysis.pictures.drawn_network import DrawnNetwork
    from ...analysis.report.report import Report
    from .figures import Figure

PACKAGE = __name__.rpartition(".")[0]
"""Where templates, style and script are."""

STYLE, SCRIPT = "page.css", "page.js"
"""The files beside the templates, which the page has within it."""

SECTIONS = (
    "summary", "pathways", "links", "changes", "network", "edges", "figures", "history", "analyses", "provenance",
    "methods",
)  # fmt: skip
"""The sections of a page, in their order; one without content is left out."""

ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
"""What JSON within HTML must not have as it is: `</script>` in the name of a gene would end the script."""


def import_jinja() -> Any:
    """Return the package jinja2.

    Raises
    ------
    InputError
        It is not installed.
    """
    return require("jinja2", "report", "A page")


def render_page(report: Report, figures: Sequence[Figure] = (), commands: Mapping[str, str] | None = None) -> bytes:
    """Return a report as one page of HTML, the same bytes for the same arguments.

    Parameters
    ----------
    report : Report
        What the page says.
    figures : sequence of Figure
        Its figures.
    commands : mapping of str to str, optional
        Of the sections `changes`, `edges`, `links` and `pathways`, the command that prints what they list in full.

    Raises
    ------
    InputError
        Jinja2 is not installed.

    Notes
    -----
    Script and style stand in the page, and its policy names them by their hashes; figures are images with their bytes
    in the address. The page asks for nothing, and every name in it is text, in the markup and in the data.
    """
    style, script = (asset(PACKAGE, name) for name in (STYLE, SCRIPT))
    text = (
        environment()
        .get_template("report.html")
        .render(
            **report_values(report, has_figures=bool(figures)),
            figures=[(figure, _data_address(figure.svg)) for figure in figures],
            commands=commands or {},
            addresses={},
            style=style,
            script=script,
            policy=content_policy(script, style),
        )
    )
    return text.encode("utf-8", "backslashreplace")


def report_values(report: Report, *, has_figures: bool) -> dict[str, Any]:
    """Return what the template of a report needs of the report itself."""
    tables = _tables(report)
    return {
        "report": report,
        "sections": _sections(report, tables, has_figures=has_figures),
        "tables": tables,
        "history": draw_history(report.history),
        "network": json_text(network_data(report.network)),
    }


def environment(*packages: str) -> Any:
    """Return the environment of the templates of this folder, and before them those of other packages.

    Every value is escaped, and one that is missing is an error.
    """
    jinja = import_jinja()
    made = jinja.Environment(
        loader=jinja.ChoiceLoader([jinja.PackageLoader(package) for package in (*packages, PACKAGE)]),
        autoescape=True,
        undefined=jinja.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(counted=counted, fact=fact_text, printable=printable)
    made.globals.update(strengths=STRENGTHS)
    return made


def asset(package: str, name: str) -> str:
    """Return the text of a file beside the templates of a package: a style or a script."""
    return files(package).joinpath(name).read_text(encoding="utf-8")


def content_policy(script: str, style: str) -> str:
    """Return the policy of a page: this script and this style by their hashes, images within the page, nothing else."""
    return (
        f"default-src 'none'; script-src {source_hash(script)}; style-src {source_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def json_text(value: object) -> str:
    """Return JSON that may stand in a script element of a page."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(ESCAPES)


def network_data(network: DrawnNetwork) -> dict[str, Any]:
    """Return a drawn network as the script of the page reads it.

    Edges come in an order of which any beginning is a drawing: of each kind the strongest first, all kinds in step.
    """
    by_kind: dict[str, int] = {}
    ranks: list[float] = []
    totals = {kind: sum(edge.kind == kind for edge in network.edges) for kind in {edge.kind for edge in network.edges}}
    for edge in network.edges:
        by_kind[edge.kind] = by_kind.get(edge.kind, 0) + 1
        ranks.append((by_kind[edge.kind] - 0.5) / totals[edge.kind])
    order = sorted(range(len(network.edges)), key=lambda index: (ranks[index], index))
    return {
        "before": network.before,
        "after": network.after,
        "counts": dict(network.counts),
        "nodes": [[printable(node.name), node.kind, node.x, node.y] for node in network.nodes],
        "edges": [
            [edge.source, edge.target, edge.kind, edge.rho_before, edge.rho_after]
            for edge in (network.edges[index] for index in order)
        ],
    }


def _tables(report: Report) -> dict[str, Any]:
    changes = None
    if report.before is not None and report.changes:
        changes = change_table(report.changes, (report.before.name, report.after.name))
    return {
        "pathways": pathway_table(report) if report.pathways else None,
        "links": link_table(report) if report.links else None,
        "changes": changes,
        "edges": edge_table(report) if report.edges.edges else None,
    }


def _sections(report: Report, tables: Mapping[str, Any], *, has_figures: bool) -> list[tuple[str, str]]:
    """Return the sections that the page has, as the navigation lists them."""
    absent = {
        "pathways": not tables["pathways"],
        "links": not tables["links"],
        "changes": report.before is None,
        "figures": not has_figures,
        "analyses": not report.analyses,
    }
    return [(section, section.capitalize()) for section in SECTIONS if not absent.get(section)]


def source_hash(text: str) -> str:
    """Return what names a script or a style in a policy."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _data_address(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()
