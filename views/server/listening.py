"""Listening at an address of this machine, until an interrupt."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING

import uvicorn

from ...engine.errors import Conflict, InputError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
"""Addresses that stand for all of this machine, and how it calls itself then."""

PATIENCE = 1
"""Seconds that answers which are being written have as the server ends."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 is any that is free.

    Raises
    ------
    Conflict
        Something listens there already.
    InputError
        The host is none of this machine, or the system does not allow the port.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, bound = found[0]
        return socket.create_server(bound[:2], family=family)
    except OSError as refusal:
        if refusal.errno == errno.EADDRINUSE:
            raise Conflict(
                f"Something listens at port {port} of {host} already.", code="port-taken", facts={"port": port}
            ) from None
        raise InputError(
            f"Port {port} of {host!r} cannot be listened at: {refusal.strerror}.", code="no-such-host"
        ) from None
    except UnicodeError:  # of a name that is no name
        raise InputError(f"{host!r} is no name of a host.", code="no-such-host") from None


def address_of(host: str, listening: socket.socket) -> str:
    """Return the address by which this machine reaches a socket."""
    own = EVERYWHERE.get(host, host)
    return f"http://{f'[{own}]' if ':' in own else own}:{port_of(listening)}/"


def port_of(listening: socket.socket) -> int:
    """Return the port that a socket listens at."""
    return int(listening.getsockname()[1])


def answer_requests(app: ASGIApp, listening: socket.socket) -> None:
    """Answer requests until an interrupt, which is raised when the last answer has been written.

    No request is logged: addresses can have the token. Nor is what uvicorn says of answers that the interrupt cut off.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=PATIENCE,
    )
    uvicorn.Server(config).run(sockets=[listening])
