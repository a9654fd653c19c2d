"""Cloning: a new store with the whole history of another store or of an exported file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import durable, layout
from ..files.locations import DirectoryStore
from ..history.ledger import Ledger
from ..networks.artifacts import copy_artifacts
from .creation import check_free, new_folder
from .pack import RUN, write_pack
from .parcel import bases_of, copy_base

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..files.access import Sharing


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
        copy_artifacts(ledger.locations, store)
        durable.make_folder(unfinished / layout.PACKS)
        for start in range(1, ledger.log.length + 1, RUN):
            end = min(start + RUN - 1, ledger.log.length)
            write_pack(store, ledger.log, start, end)
            if progress is not None:
                progress(end / ledger.log.length)
    Ledger(path).remember_last()
