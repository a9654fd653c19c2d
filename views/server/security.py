"""Who may read what is served: those who know the token, from this server's own pages, and nothing is ever written."""

from __future__ import annotations

import hmac
import ipaddress
import re
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "HEAD")
"""What may be asked: nothing that is served changes anything."""

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""Names of this machine for itself."""

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\[\]:/@\s]+)(?::(?P<port>\d{1,5}))?", re.IGNORECASE)
"""The header Host: a name or an address, and a port."""

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""What every answer has, beside its policy."""

STRICTEST = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The policy of an answer that has none of its own."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """The values of the header Host that are answered: a page elsewhere can give its own name our address.

    Parameters
    ----------
    names : frozenset of str
        Names and addresses, in lower case.
    port : int
        The port.
    any_address : bool
        Whether any address of numbers is answered too, which no page elsewhere can take for its name.
    """

    names: frozenset[str]
    port: int
    any_address: bool = False

    @staticmethod
    def of(host: str, port: int) -> Hosts:
        """Return the hosts of a server that listens at a host, which may stand for all addresses of this machine."""
        literal = f"[{host}]" if ":" in host else host
        names = {*LOOPBACK, literal.lower()}
        if not (is_any := host in ("0.0.0.0", "::", "")):  # noqa: S104
            return Hosts(frozenset(names), port)
        own = socket.gethostname().lower()
        return Hosts(frozenset({*names, own, f"{own}.local", socket.getfqdn().lower()}), port, any_address=is_any)

    def __contains__(self, header: object) -> bool:
        match = HOST.fullmatch(str(header))
        if match is None or int(match["port"] or 80) != self.port:
            return False
        name = match["name"].lower()
        return name in self.names or (self.any_address and _is_address(name.strip("[]")))


@dataclass(frozen=True, slots=True)
class Access:
    """What a request has to show.

    Parameters
    ----------
    token : str
        Known to whoever was given the address.
    hosts : Hosts
        The hosts that are answered.
    passes : set of str
        Tokens that serve once, as a command line that opens a browser has: others can read that.
    """

    token: str
    hosts: Hosts
    passes: set[str] = field(default_factory=set[str])

    @property
    def cookie(self) -> str:
        """The name of the cookie: a browser sends those of one port to all ports."""
        return f"grnledger-{self.hosts.port}"

    def is_known(self, token: str | None) -> bool:
        """Return whether this is the token."""
        return token is not None and hmac.compare_digest(token.encode(), self.token.encode())

    def admits(self, token: str) -> bool:
        """Return whether an address with this token is answered; a pass is so once."""
        if token in self.passes:
            self.passes.discard(token)
            return True
        return self.is_known(token)


class Guard:
    """An application behind the checks of every request, which gives every answer its headers.

    Parameters
    ----------
    app : ASGI application
        What answers those who may ask.
    access : Access
        What they have to show.
    refuse : callable
        Returns the page of a refusal: of its status and a sentence.
    """

    def __init__(self, app: ASGIApp, access: Access, refuse: Callable[[int, str], Response]) -> None:
        self._app, self._access, self._refuse = app, access, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            raise RuntimeError(f"a request of type {scope['type']} is not answered")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Content-Security-Policy", STRICTEST)
            await send(message)

        answer = self._refusal(Request(scope)) or self._entrance(Request(scope)) or self._app
        await answer(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> Response | None:
        """Return the refusal of a request that does not come from a page of this server, or would write."""
        hosts = request.headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._access.hosts:
            return self._refuse(403, "This server is not called so: ask for it by the address that was printed.")
        origins = request.headers.getlist("origin")
        if any(origin.lower() != f"http://{hosts[0].lower()}" for origin in origins) or _is_embedded(request):
            return self._refuse(403, "Pages from elsewhere are not answered.")
        if request.method not in METHODS:
            refusal = self._refuse(405, "Nothing can be written here: a store is served to be read.")
            refusal.headers["Allow"] = ", ".join(METHODS)
            return refusal
        return None

    def _entrance(self, request: Request) -> Response | None:
        """Return the way in for an address with the token, a refusal without, `None` for those who are in."""
        token = request.query_params.get("token")
        is_in = self._access.is_known(request.cookies.get(self._access.cookie))
        if token is None and is_in:
            return None
        if not is_in and (token is None or not self._access.admits(token)):
            return self._refuse(403, "This takes the address that was printed as the server started, with its token.")
        target = _without_token(request)
        if request.headers.get("sec-fetch-site") == "cross-site":  # after a redirect the cookie would not be sent
            way: Response = HTMLResponse("", headers={"Refresh": f"0; url={target}"})
        else:
            way = RedirectResponse(target, 303)
        way.set_cookie(self._access.cookie, self._access.token, httponly=True, samesite="strict", path="/")
        return way


def _without_token(request: Request) -> str:
    """Return the address of a request without its token; it is one of this server, whatever slashes it begins with."""
    query = parse_qsl(request.url.query, keep_blank_values=True)
    kept = urlencode([(name, value) for name, value in query if name != "token"], quote_via=quote, safe="")
    return "/" + quote(request.scope["path"].lstrip("/"), safe="/") + (f"?{kept}" if kept else "")


def _is_embedded(request: Request) -> bool:
    """Return whether a page of another origin asks, and it is not somebody who follows a link there."""
    site, mode = (request.headers.get(f"sec-fetch-{name}") for name in ("site", "mode"))
    return site in ("cross-site", "same-site") and mode != "navigate"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
