"""History moved between stores: which other store, and what arrived."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...engine.errors import InputError, NotFound
from ...engine.wording import counted
from .. import output
from .answer import ROWS, Answer

if TYPE_CHECKING:
    from pathlib import Path

    from ...storage.repository import Repository
    from ...storage.transfer.fetch_push import TransferReport


ELSEWHERE = re.compile(r"[a-z]+:/|[^/]+@[^/]+:")
"""How an address begins that is no path: https://…, user@host:…"""


def other_store(path: Path, *, hint: str = "Name a store, or a file that `grn export` wrote.") -> Path:
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
            f"{path} is not a path: another store is a folder or a file on this machine.",
            hint="Mount the disk, or copy FILE.h5, made by `grn export FILE.h5` there.",
        )
    if not path.exists():
        raise NotFound(f"There is no store {path}.", hint=hint)
    if path.is_dir():
        if not ((path / FORMAT_FILE).exists() or (path / LOG).exists()):
            raise InputError(f"{path} is a folder, but not a store.", hint="A store is a folder that `grn init` made.")
    elif not (path.is_file() and is_hdf5(path)):
        raise InputError(f"{path} is not a store, nor a file that `grn export` wrote.")
    return path


def arrivals(repo: Repository, report: TransferReport, *, nothing: str) -> Answer:
    """Return what arrived in a store.

    Parameters
    ----------
    repo : Repository
        The store that it arrived in.
    report : TransferReport
        What did.
    nothing : str
        What people read where nothing did.
    """
    versions = {id_: (name, content) for name, id_, content in repo.identities()}
    rows = [(*move.ref.partition("/")[::2], *versions[move.after], move.after) for move in report.moves if move.after]

    def text() -> str:
        if not rows:
            return nothing
        news = [counted(len(report.commits), "new version") if report.commits else "all versions were here already"]
        if report.bases:
            news.append(counted(report.bases, "new base"))
        lines = [f"  {kind} {ref} is at {version}" for kind, ref, version, *_ in rows]
        return "\n".join([output.sentence(" and ".join(news)), *lines])

    return Answer(
        columns=("kind", "ref", "version", "content", "id"),
        rows=rows,
        json=lambda: {"versions": len(report.commits), "bases": report.bases, "refs": ROWS},
        text=text,
    )


def note_left_out(source: Repository) -> None:
    """Warn of the analyses of a store that a copy of it lacks, since they cannot be read."""
    if number := source.artifacts.unsound():
        output.warn(f"{counted(number, 'analysis', 'analyses')} left out: `grn verify` shows what is wrong.")
