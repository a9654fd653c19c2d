"""The application: which address is which page, and what becomes of an error."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.routing import Route

from ...engine.errors import GrnError
from ...storage.history.revspec import split_range
from .addresses import address
from .pages import Pages
from .reading import StoreReader
from .rendering import Renderer
from .security import Guard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from ...analysis.report.report import Report
    from .security import Access

    Commands = Callable[[Report], Mapping[str, str]]

SHORT = {"gene": "name", "pathway": "name", "version": "rev"}
"""Pages that can be typed as `/page/NAME`, and where their address has the name."""


def make_app(path: Path, access: Access, *, commands: Commands = lambda report: {}) -> Guard:  # noqa: ARG005
    """Return the application that serves a store, read only.

    Parameters
    ----------
    path : Path
        The store, which others may write to meanwhile.
    access : Access
        What a request has to show.
    commands : callable, optional
        Returns, of a report, the commands that print in full what its sections list.

    Raises
    ------
    NotFound
        There is no store.
    FormatError
        It is no store, or a newer one.
    InputError
        Jinja2 is not installed.
    """
    reader = StoreReader(path)
    renderer = Renderer(reader.name)
    pages = Pages(reader, renderer, commands)

    def failure(request: Request, error: Exception) -> Response:
        return renderer.failure(cast("GrnError", error), request.query_params.get("name", ""))

    def system_failure(request: Request, error: Exception) -> Response:
        del request
        cause = cast("OSError", error)
        return renderer.fault(500, "The system refused", f"{cause.filename or 'The system'}: {cause.strerror}.")

    def bug(request: Request, error: Exception) -> Response:
        del request
        logging.getLogger(__name__).error("A page could not be made.", exc_info=error)
        sentence = f"This is a bug: {type(error).__name__}. What ran as the server has the traceback."
        return renderer.fault(500, "That did not work", sentence)

    def no_page(request: Request, error: Exception) -> Response:
        del request, error
        return renderer.fault(404, "Not found", "There is no such page.")

    routes = [
        Route("/", pages.home),
        *(
            Route(f"/{name}", getattr(pages, name))
            for name in ("diff", "version", "gene", "pathway", "search", "figure")
        ),
        Route("/diff/{range:path}", _typed_range),
        *(Route(f"/{page}/{{name:path}}", _typed(page, key), name=f"{page} by path") for page, key in SHORT.items()),
    ]
    handlers = {GrnError: failure, OSError: system_failure, HTTPException: no_page, Exception: bug}
    return Guard(Starlette(routes=routes, exception_handlers=handlers), access, renderer.refusal)


def _typed(page: str, key: str) -> Callable[[Request], Response]:
    """Return what leads from `/page/NAME` to the address of that page, and keeps what else it asks for."""

    def lead(request: Request) -> Response:
        return RedirectResponse(address(page, **{key: request.path_params["name"], **request.query_params}), 303)

    return lead


def _typed_range(request: Request) -> Response:
    """Lead from `/diff/A..B` to the page of what changed between both."""
    before, after = split_range(request.path_params["range"])
    return RedirectResponse(address("diff", **{"from": before, "to": after, **request.query_params}), 303)
