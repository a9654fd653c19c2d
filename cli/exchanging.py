"""How verbs that move history between stores tell what went over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..engine.wording import counted
from . import output

if TYPE_CHECKING:
    from ..storage.exchange import Exchanged
    from ..storage.repository import Repository


def tell(repo: Repository, done: Exchanged, form: str, *, nothing: str) -> None:
    """Print what arrived in a store.

    Parameters
    ----------
    repo : Repository
        The store that it arrived in.
    done : Exchanged
        What did.
    form : {"text", "tsv", "json"}
        How to print it.
    nothing : str
        What to say when nothing did.
    """
    names = {id_: (name, content) for name, id_, content in repo.identities()}
    rows = [(move.ref.partition("/")[2], *names[move.after], move.after) for move in done.moves if move.after]
    columns = ("ref", "version", "content", "id")
    if form == "json":
        refs = [dict(zip(columns, row, strict=True)) for row in rows]
        output.emit_json({"versions": len(done.commits), "bases": done.bases, "refs": refs})
    elif form == "tsv":
        output.emit_tsv(columns, rows)
    elif not rows:
        click.echo(nothing)
    else:
        came = [counted(len(done.commits), "new version")] if done.commits else ["no new version"]
        if done.bases:
            came.append(counted(done.bases, "new base"))
        click.echo(output.sentence(" and ".join(came)))
        for ref, version, _, _ in rows:
            click.echo(f"  {ref} is at {version}")
