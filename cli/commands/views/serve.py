"""`grn serve`: the store in a browser, read only."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

import click

from ... import options
from ...answers.answer import EVERY_FORM, Answer, caution
from ...answers.emit import emit
from ...answers.reports import commands_of

if TYPE_CHECKING:
    from pathlib import Path

HOST, PORT = "127.0.0.1", 8765

TOKEN_BYTES = 32
"""Random bytes of a token: more than can be guessed."""


@click.command("serve")
@click.option("--host", default=HOST, show_default=True, metavar="HOST", help="The address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=PORT,
    show_default=True,
    metavar="N",
    help="The port to listen at; 0 is any that is free.",
)
@click.option("--open/--no-open", "opens", default=False, help="Open it in the browser of this machine.  [no-open]")
@click.option("--json", "as_json", is_flag=True, help="Print the address as JSON, schema 1.")
@options.store
def command(path: Path, *, host: str, port: int, opens: bool, as_json: bool) -> int:
    """Show the store in a browser, until Ctrl-C.

    There is a page of the history, of what changed between any two versions (that of `grn report`), of a version, of
    any gene with its partners, pathways and past, of a pathway with its members and links; and a search. Every page has
    an address that stays. A version that is committed meanwhile is there with the next page.

    Nothing is written, but what any question keeps in the store's cache. Only whoever has the address that is printed,
    with its token, can read, and by default only on this machine. For a store on another machine, log in there with
    `ssh -L 8765:localhost:8765`, serve it there, and open the address here.

    \b
    Example:
      grn serve
      grn -s lab.grn serve --port 0 --open
    """
    import secrets

    from ....engine.lazy import require

    for library in ("starlette", "uvicorn", "jinja2", "networkx"):
        require(library, "serve", "A server of pages")
    from ....views.server.app import make_app
    from ....views.server.listening import address_of, answer_requests, listen, port_of
    from ....views.server.security import Access, Hosts

    with listen(host, port) as listening:
        hosts = Hosts.of(host, port_of(listening))
        access = Access(secrets.token_urlsafe(TOKEN_BYTES), hosts)
        app = make_app(path, access, commands=commands_of)
        plain = address_of(host, listening)
        form = "json" if as_json else "text"
        emit(_answer(path, plain, access.token, is_open_to_others=hosts.any_address or host not in LOOPBACK), form)
        if opens:
            _open(plain, access.passes)
        with contextlib.suppress(KeyboardInterrupt):
            answer_requests(app, listening)
    return _end(form)


LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Hosts that nobody else can reach."""


def _answer(path: Path, address: str, token: str, *, is_open_to_others: bool) -> Answer:
    """Return the address that opens the store, and a warning where others can reach it."""
    whole = f"{address}?token={token}"
    text = "Others on the network can reach this: whoever has the address with its token can read the whole store."
    return Answer(
        json=lambda: {"store": str(path), "address": whole},
        text=lambda: f"{whole}\nThis shows {path.name} until Ctrl-C.",
        notes=[caution(text, EVERY_FORM)] if is_open_to_others else [],
    )


def _end(form: str) -> int:
    """Say that this is the end, and end the process where threads still compute pages that nobody waits for."""
    import threading

    code = emit(Answer(json=dict, text=lambda: "Stopped."), "text") if form == "text" else 0
    if threading.active_count() > 1:
        sys.stdout.flush()
        os._exit(code)
    return code


def _open(address: str, passes: set[str]) -> None:
    """Open a browser, with a token that serves once: others can read the command line that it is started with."""
    import secrets
    import webbrowser

    once = secrets.token_urlsafe(TOKEN_BYTES)
    passes.add(once)
    webbrowser.open(f"{address}?token={once}")
