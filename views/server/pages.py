"""The pages: what each reads of the store, and the template that it fills.

They are plain functions, which Starlette runs in threads: reading a store waits for the disk and for numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from ...analysis.history_graph import history_graph
from ...analysis.search import search_store
from ...engine.choices import RATE
from ...engine.errors import FormatError, InputError, NotFound
from ..page.history import draw_history
from ..page.render import json_text, network_data, report_values
from ..plot.kinds import KINDS
from .addresses import address, diff_address, gene_address, prefixes
from .figures import FIGURE_POLICY, figures_of_range, trace_address
from .tables import link_table, member_table, membership_table, partner_table, trace_table, with_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request

    from ...analysis.report.report import Report
    from ...analysis.search import SearchResult
    from ...storage.history.versions import Version
    from ...storage.repository import Repository
    from .reading import StoreReader
    from .rendering import Renderer

    Commands = Callable[[Report], Mapping[str, str]]

NEWEST = 50
"""Versions of a page of history."""

NAMED = 200
"""Newest versions that a list to choose from has, beside branches and tags."""

LONGEST = 1_000
"""Most characters of a name in an address."""


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a store.

    Parameters
    ----------
    reader : StoreReader
        Reads it.
    renderer : Renderer
        Fills templates.
    commands : callable
        Returns the commands that answer in full what sections of a report list.
    """

    reader: StoreReader
    renderer: Renderer
    commands: Commands

    def home(self, request: Request) -> Response:
        """Return the page of the store: history, branches and tags, and two versions to choose."""
        before = request.query_params.get("before")
        with self.reader.history() as repo:
            newer = 0 if before is None else len(repo) - repo.version(before).number
            ids = [id_ for _, id_, _ in repo.identities()[::-1]][newer:]
            graph = history_graph([repo.version(id_) for id_ in ids[:NEWEST]])
            values = {
                "versions": len(repo),
                "head": _head(repo),
                "branches": sorted(repo.branches.items()),
                "tags": sorted(repo.tags.items(), key=lambda item: -item[1].number),
                "damage": repo.damage,
                "choices": _choices(repo),
                "genes": _count_genes(repo),
            }
        oldest = graph.versions[-1].name if len(ids) > NEWEST else None
        return self.renderer.page(
            "home.html",
            **values,
            graph=graph,
            history=draw_history(graph),
            older=None if oldest is None else address("", before=oldest) + "#history",
            is_newest=before is None,
            addresses={"version": "/version?rev=", "changes": "/diff?to="},
        )

    def version(self, request: Request) -> Response:
        """Return the report of a version."""
        with self.reader.history() as repo:
            after = repo.version(_query(request, "rev", "HEAD"))
        return self._report(request, None, after)

    def diff(self, request: Request) -> Response:
        """Return the report of what changed between two versions; from the first parent where one alone is named."""
        with self.reader.history() as repo:
            after = repo.version(_query(request, "to", "HEAD"))
            named = _query(request, "from", "")
            before = repo.version(named) if named else repo.version(after.parents[0]) if after.parents else None
        return self._report(request, before, after)

    def gene(self, request: Request) -> Response:
        """Return the page of a gene of a version."""
        name, partner = _name(request, "gene"), request.query_params.get("partner")
        with self.reader.history() as repo:
            version, choices = repo.version(_query(request, "at", "HEAD")), _choices(repo)
            repo.panel.index(name)  # refuses one that is not there before anything is computed
        report = self.reader.gene(version, name, partner or None)
        memberships = membership_table(report.memberships) if report.memberships else None
        tables = {
            "partners": partner_table(report) if report.partners else None,
            "links": link_table(report.links, of="gene") if len(report.links) else None,
            "memberships": memberships,
        }
        return self.renderer.page(
            "gene.html",
            report=report,
            choices=choices,
            tables={name: with_addresses(table, version) for name, table in tables.items()},
            trace=None if report.trace is None else trace_table(report.trace),
            figure=None if report.trace is None else trace_address(report.trace),
            rate=RATE,
            network=json_text(network_data(report.network)),
            addresses=prefixes(version),
        )

    def pathway(self, request: Request) -> Response:
        """Return the page of a pathway of a version."""
        name = _name(request, "pathway")
        with self.reader.history() as repo:
            version, choices = repo.version(_query(request, "at", "HEAD")), _choices(repo)
        asked = "support" in request.query_params
        report = self.reader.pathway(version, name, support=asked)
        links = report.links if report.links is not None and len(report.links) else None
        tables = {
            "members": member_table(report),
            "links": None if links is None else link_table(links, of="pathway"),
        }
        return self.renderer.page(
            "pathway.html",
            report=report,
            choices=choices,
            tables={name: with_addresses(table, version) for name, table in tables.items()},
            network=None if report.network is None else json_text(network_data(report.network)),
            addresses=prefixes(version),
            ask=None if asked else address("pathway", name=name, at=version.name, support="1") + "#support",
        )

    def search(self, request: Request) -> Response:
        """Return what a text finds; of just one exact name its page."""
        text = _query(request, "q", "")
        genes = self.reader.genes()
        with self.reader.history() as repo:
            result, head = search_store(repo, text, genes), repo.version()
        if len(result.exact) == 1:
            return RedirectResponse(_address_of(result, head), 303)
        return self.renderer.page("search.html", query=result.text, result=result, at=head)

    def figure(self, request: Request) -> Response:
        """Return a figure of what changed between two versions, as SVG."""
        kind = _query(request, "kind", "")
        if kind not in KINDS or KINDS[kind].of != "range":
            raise NotFound(f"There is no figure {kind!r} of two versions.")
        with self.reader.history() as repo:
            before, after = (repo.version(_query(request, side, "HEAD")) for side in ("from", "to"))
        pair = request.query_params.getlist("gene")
        options = {"pair": tuple(pair[:2])} if "pair" in KINDS[kind].options and len(pair) == 2 else {}
        svg = self.reader.figure(kind, before, after, **options)
        return Response(svg, media_type="image/svg+xml", headers={"Content-Security-Policy": FIGURE_POLICY})

    def _report(self, request: Request, before: Version | None, after: Version) -> Response:
        """Return the report of two versions, or of one."""
        asked = "support" in request.query_params
        with self.reader.history() as repo:
            choices = _choices(repo)
        report = self.reader.report(before, after, support=asked)
        figures = figures_of_range(report)
        values = report_values(report, has_figures=bool(figures))
        values["tables"] = {name: with_addresses(table, after) for name, table in values["tables"].items()}
        if before is None:
            ask = address("version", rev=after.name, support="1")
        else:
            ask = diff_address(before.name, after.name, support="1")
        return self.renderer.page(
            "live_report.html",
            **values,
            figures=figures,
            commands=self.commands(report),
            addresses=prefixes(after),
            ask=None if asked or report.support or report.no_support else f"{ask}#pathways",
            choices=choices,
        )


def _query(request: Request, name: str, default: str) -> str:
    """Return what an address says of something; of an empty field of a form, the default."""
    text = request.query_params.get(name, "").strip()
    if len(text) > LONGEST:
        raise InputError(f"What is asked for has {len(text):,} characters; {LONGEST:,} are the most.")
    return text or default


def _name(request: Request, what: str) -> str:
    """Return the name that an address asks for, just as it is."""
    name = request.query_params.get("name", "")
    if not name or len(name) > LONGEST:
        raise InputError(f"The address names no {what}.", hint=f"It ends in ?name= and the name of the {what}.")
    return name


def _choices(repo: Repository) -> list[str]:
    """Return the names of versions that a field offers: HEAD, branches, tags, and the newest versions."""
    numbers = range(len(repo) - 1, max(len(repo) - 1 - NAMED, -1), -1)
    return ["HEAD", *repo.branches, *repo.tags, *(f"v{number}" for number in numbers)]


def _head(repo: Repository) -> str | None:
    """Return the branch that HEAD is; where the log is damaged it may not be known."""
    try:
        return repo.head
    except FormatError:
        return None


def _count_genes(repo: Repository) -> int | None:
    try:
        return len(repo.panel)
    except FormatError:
        return None


def _address_of(result: SearchResult, head: Version) -> str:
    """Return the page of the one thing that has just the name that was searched."""
    [(kind, name)] = result.exact
    if kind == "gene":
        return gene_address(name, head)
    if kind == "version":
        return address("version", rev=name)
    return address("pathway", name=name, at=next(match.version for match in result.pathways if match.name == name))
