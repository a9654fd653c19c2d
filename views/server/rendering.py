"""Templates filled for the server: one policy for all pages, and failures as pages of a sentence."""

from __future__ import annotations

from typing import Any

from starlette.responses import HTMLResponse

from ...engine.errors import AccessDenied, EngineError, FormatError, GrnError, InputError, NotFound
from ..page.render import PACKAGE as PAGE, SCRIPT, STYLE, asset, environment, source_hash
from .addresses import address

PACKAGE = __name__.rpartition(".")[0]
"""Where templates and style are."""

STATUSES: tuple[tuple[type[GrnError], int, str], ...] = (
    (NotFound, 404, "Not found"),
    (InputError, 400, "That cannot be asked"),
    (AccessDenied, 403, "This may not be read"),
    (EngineError, 422, "The numbers do not allow it"),
    (FormatError, 500, "The store is damaged"),
    (GrnError, 500, "That did not work"),
)
"""Of each kind of error, the status and the title of its page."""

TITLES = {400: "That cannot be asked", 403: "Not for everybody", 404: "Not found", 405: "Only to be read"}
"""Of a refusal's status, the title of its page."""


class Renderer:
    """The templates of the server.

    Parameters
    ----------
    store : str
        The name of the store, which every page has but those for who may not read it.
    """

    def __init__(self, store: str) -> None:
        self._environment = environment(PACKAGE)
        self._environment.globals.update(address=address)
        self._store = store
        self._style = asset(PAGE, STYLE) + asset(PACKAGE, "server.css")
        self._script = asset(PAGE, SCRIPT)
        self._policy = (
            f"default-src 'none'; script-src {source_hash(self._script)}; style-src {source_hash(self._style)}; "
            "img-src 'self' data:; connect-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )

    def page(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page."""
        text = self._environment.get_template(template).render(
            **{"store": self._store, "query": "", "policy": "", **values}, style=self._style, script=self._script
        )
        headers = {"Content-Security-Policy": self._policy}
        return HTMLResponse(text.encode("utf-8", "backslashreplace"), status, headers)

    def refusal(self, status: int, sentence: str) -> HTMLResponse:
        """Return the page of a refusal to somebody who may not know what is served."""
        return self.page("failure.html", status, store="", title=TITLES[status], sentence=sentence, hint="")

    def failure(self, error: GrnError, name: str = "") -> HTMLResponse:
        """Return the page of an error of the tree: its sentence, and of a name that is not there a search."""
        status, title = next((status, title) for kind, status, title in STATUSES if isinstance(error, kind))
        query = name if isinstance(error, NotFound) else ""
        return self.page("failure.html", status, title=title, sentence=error.message, hint=error.hint, query=query)

    def fault(self, status: int, title: str, sentence: str) -> HTMLResponse:
        """Return the page of any other failure."""
        return self.page("failure.html", status, title=title, sentence=sentence, hint="")
