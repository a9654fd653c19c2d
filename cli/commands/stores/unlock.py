"""`grn unlock`: the lock of a writer that is gone, removed."""

from __future__ import annotations

import click

from ... import options, output
from ...answers import exchange

FIELDS = ("host", "pid", "started", "boot", "since")


@click.command("unlock")
@click.option("--force", is_flag=True, help="Remove the lock of a process that runs, or may run elsewhere, too.")
@click.option("-s", "--store", metavar="STORE", help="The store; else $GRN_STORE, else the one *.grn here or above.")
@options.forms
@click.pass_context
def command(ctx: click.Context, *, store: str | None, force: bool, form: str) -> None:
    """Remove the lock that a writer left behind.

    The lock only makes writers wait for each other. A writer takes it from one that died on this machine without being
    asked; this is for one that died on another machine, or that hangs. No version can be lost by it. The store is not
    read, so that it may be damaged.

    \b
    Example:
      grn unlock
      grn unlock --force
    """
    from ....storage.files import layout, lock

    path = options.find_store(options.given(ctx).get("store") if store is None else store)
    exchange.other(path, hint="`grn init` makes one.")
    holder = lock.clear(path / layout.LOCK, force=force)
    fields = None if holder is None else {name: getattr(holder, name) for name in FIELDS}
    if form == "json":
        output.emit_json({"removed": fields})
    elif form == "tsv":
        output.emit_tsv(FIELDS, [list(fields.values())] if fields else [])
    elif holder is None:
        click.echo("There was no lock.")
    else:
        click.echo(f"Removed the lock of {holder}, held since {holder.since}.")
