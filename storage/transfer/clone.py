"""Cloning: a new store with the whole history of another store or of an exported file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.errors import Conflict, FormatError, InputError
from ..files import durable, layout
from ..files.locations import DirectoryStore
from ..history.changes import check_reason
from ..history.ledger import Ledger
from ..history.ref_names import check_kinds, check_new_names
from ..history.writing import check_author
from ..networks.artifacts import copy_artifacts
from ..networks.reading import VersionReader
from .arrival import Arrival, Bases, RunLoadings
from .creation import check_free, new_folder
from .pack import RUN, write_pack
from .parcel import bases_of, copy_base

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..files.access import Sharing

WRITING_SHARE = 0.7
"""The share of the time of a clone that writing takes; checking takes the rest."""


def clone(
    source: Path,
    path: Path,
    progress: Callable[[float], None] | None = None,
    *,
    sharing: Sharing | None = None,
) -> None:
    """Make a store with every entry of another store's log as it is, every base, and the sound analyses.

    Parameters
    ----------
    source : Path
        The other store, or the file.
    path : Path
        Where the new store shall stand; nothing may be there.
    progress : callable, optional
        Called with the share of the log that has been written.
    sharing : Sharing, optional
        Who may use the new store; by default as the folder that holds it says.

    Raises
    ------
    Conflict
        Something stands at the path.
    FormatError
        The other store is damaged.
    """
    check_free(path)
    ledger = Ledger(source)
    ledger.log.check()
    with new_folder(path, sharing) as unfinished:
        store = DirectoryStore(unfinished)
        for base in bases_of(ledger.history):
            copy_base(ledger.locations, store, base)
        copy_artifacts(ledger.locations, store, elsewhere=True)
        durable.make_folder(unfinished / layout.PACKS)
        for start in range(1, ledger.log.length + 1, RUN):
            end = min(start + RUN - 1, ledger.log.length)
            write_pack(store, ledger.log, start, end)
            if progress is not None:
                progress(WRITING_SHARE * end / ledger.log.length)
        copy = Ledger(unfinished)
        _check(copy, source, lambda share: progress and progress(WRITING_SHARE + (1.0 - WRITING_SHARE) * share))
    Ledger(path).remember_last()


def _check(copy: Ledger, source: Path, progress: Callable[[float], object]) -> None:
    """Refuse a copy whose commits and bases could not have been made here, or whose names would be taken for others."""
    history, loadings = copy.history, RunLoadings(copy.log, Bases({}, copy.locations.base), RUN)
    arrival = Arrival(history, VersionReader(loadings, history))
    try:
        copy.log.check()
        panel = None
        for base in bases_of(history):
            panel = arrival.check_base(base, panel).panel.genes
        for entry in loadings.entries():
            check_author(entry.author)
            check_reason(entry.reason)
            for logged in entry.commits:
                if history[logged.id].entry == entry.number:  # and not there before
                    arrival.check(logged)
            progress(entry.number / copy.log.length)
        check_kinds(copy.refs)
        check_new_names([*copy.refs.branches, *copy.refs.tags], ())
    except (FormatError, InputError, Conflict) as failure:
        raise FormatError(
            f"Nothing was copied from {source}: {failure.message}", code="source-damaged", facts={"store": source}
        ) from None
