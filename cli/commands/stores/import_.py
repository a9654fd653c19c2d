"""`grn import`: what an exported file has, brought in under its name."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import click

from ....engine.errors import InputError, NotFound
from ... import options, output
from ...answers import exchange

if TYPE_CHECKING:
    from pathlib import Path

    from ....storage.repository import Repository
    from ...answers.answer import Answer


@click.command("import")
@click.argument("file", type=options.OTHER_STORE, metavar="FILE.h5")
@click.option("--as", "name", metavar="NAME", help="Prefix of its branches and tags here; its own name by default.")
@options.forms
@options.writing
def command(repo: Repository, *, file: Path, name: str | None) -> Answer:
    """Copy the versions of a file that `grn export FILE.h5` wrote into this store; of lab.h5, main becomes lab/main.

    The file must be of the same panel. `grn clone FILE.h5 NAME.grn` makes a new store from it, and
    `grn -s FILE.h5 log` reads it where it is.

    \b
    Example:
      grn import lab.h5
      grn merge lab/main
    """
    from ....storage.files.hdf5 import is_hdf5
    from ....storage.files.locations import mode_of

    if (mode := mode_of(file)) is None:
        raise NotFound(f"There is no file {file}.", hint="`grn export FILE.h5` writes one.")
    if stat.S_ISDIR(mode):
        raise InputError(f"{file} is a folder, not an exported file.", hint=f"`grn fetch {file}` reads a store.")
    if not (stat.S_ISREG(mode) and is_hdf5(file)):
        raise InputError(f"{file} is not a file that `grn export` wrote.", hint="`grn export FILE.h5` writes one.")
    with output.waiting("importing") as progress:
        report = repo.fetch(file, name, progress)
    return exchange.arrivals(repo, report, nothing=f"Nothing new in {file}.")
