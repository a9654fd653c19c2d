"""What the verbs that move history between stores share: which other store, and what went over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from ...engine.errors import InputError, NotFound
from ...engine.wording import counted
from .. import output

if TYPE_CHECKING:
    from pathlib import Path

    from ...storage.repository import Repository
    from ...storage.transfer.exchange import TransferReport


ELSEWHERE = re.compile(r"[a-z]+:/|[^/]+@[^/]+:")
"""How an address begins that is no path: https://…, user@host:…"""


def other(path: Path, *, hint: str = "Name a store, or a file that `grn export` wrote.") -> Path:
    """Return the path of another store, or of a file that one was exported to.

    Parameters
    ----------
    path : Path
        What the user named.
    hint : str
        What to do where nothing stands there.

    Raises
    ------
    NotFound
        Nothing stands there.
    InputError
        It is something else.
    """
    from ...storage.files.hdf5 import is_hdf5
    from ...storage.files.layout import FORMAT_FILE, LOG

    if ELSEWHERE.match(str(path)) and not path.exists():
        raise InputError(
            f"{path} is no path: other stores are folders or files that this machine can open.",
            hint="Mount the disk, or have FILE.h5 sent, which `grn export FILE.h5` makes there.",
        )
    if not path.exists():
        raise NotFound(f"There is no store {path}.", hint=hint)
    if path.is_dir():
        if not ((path / FORMAT_FILE).exists() or (path / LOG).exists()):
            raise InputError(f"{path} is a folder, but not a store.", hint="A store is a folder that `grn init` made.")
    elif not (path.is_file() and is_hdf5(path)):
        raise InputError(f"{path} is not a store, nor a file that `grn export` wrote.")
    return path


def tell(repo: Repository, done: TransferReport, form: str, *, nothing: str) -> None:
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
    rows = [(*split(move.ref), *names[move.after], move.after) for move in done.moves if move.after]
    columns = ("kind", "ref", "version", "content", "id")
    if form == "json":
        refs = [dict(zip(columns, row, strict=True)) for row in rows]
        output.emit_json({"versions": len(done.commits), "bases": done.bases, "refs": refs})
    elif form == "tsv":
        output.emit_tsv(columns, rows)
    elif not rows:
        click.echo(nothing)
    else:
        came = [counted(len(done.commits), "new version") if done.commits else "all versions were here already"]
        if done.bases:
            came.append(counted(done.bases, "new base"))
        click.echo(output.sentence(" and ".join(came)))
        for kind, ref, version, _, _ in rows:
            click.echo(f"  {kind} {ref} is at {version}")


def split(ref: str) -> tuple[str, str]:
    """Return what a ref is, `branch` or `tag`, and its name."""
    kind, _, name = ref.partition("/")
    return kind, name


def note_left_out(source: Repository) -> None:
    """Say how many analyses of a store a copy of it lacks, since they cannot be read."""
    if number := source.artifacts.unsound():
        output.warn(f"{counted(number, 'analysis', 'analyses')} left out: `grn verify` says what is wrong.")
