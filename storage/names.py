"""The names that a store has, for whoever completes them: of its index, and of a text in the cache that has the panel.

Where these are what they should be, neither numpy nor HDF5 is loaded.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
from typing import TYPE_CHECKING, Any

from ..engine.errors import FormatError, GrnError
from .files import durable, layout
from .history import revspec
from .history.changes import changed_pathways
from .history.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .files.locations import Location
    from .history.active import History
    from .history.commits import Commit

LARGEST = 64 << 20
"""Most bytes of the text of the panel: a larger one is not read."""


class StoreNames:
    """The names of a store.

    Parameters
    ----------
    path : Path
        The store.

    Raises
    ------
    NotFound
        There is no store.
    FormatError
        It is damaged, or newer than this program.
    """

    def __init__(self, path: Path) -> None:
        self._ledger = Ledger(path)
        first = self._ledger.history.numbered(0)
        if first is None:
            raise self._ledger.lost()
        self._base = first.base

    @functools.cached_property
    def genes(self) -> tuple[str, ...]:
        """The panel: from the cache, else from whichever base can be read."""
        cache = self._ledger.locations.cache
        path = None if cache is None else cache / layout.PANEL
        genes = None if path is None else read_panel(path, self._base)
        if genes is None:
            genes = self._panel()
            if genes and path is not None and not self._ledger.log.damage:
                with contextlib.suppress(OSError):  # of a store that cannot be written
                    _write_panel(path, self._base, genes)
        return genes

    def revs(self) -> list[str]:
        """Return HEAD, the branches, the tags, and the versions, newest first."""
        versions = (f"v{number}" for number in reversed(range(self._history.length)))
        return [layout.HEAD, *self.branches(), *self.tags(), *versions]

    def branches(self) -> list[str]:
        """Return the branches, that of HEAD first."""
        head = self._ledger.refs.head
        return sorted(self._ledger.refs.branches, key=lambda name: (name != head, name))

    def tags(self) -> list[str]:
        """Return the tags."""
        return sorted(self._ledger.refs.tags)

    def active(self, rev: str) -> list[str]:
        """Return the names of the pathways that are active in a version; of all, if it is none of the store's."""
        try:
            active = self._history.active(self._commit(rev))
        except GrnError:
            return self._all()
        return sorted({name for event in active for name in self._names(self._history[event.commit], {event.pathway})})

    def changed(self, rev: str) -> list[str]:
        """Return the names of the pathways that a version added and removed; of all, if it is none of the store's."""
        try:
            commit = self._commit(rev)
            changed = frozenset[str]().union(*changed_pathways(self._history, commit))
        except GrnError:
            return self._all()
        parents = self._history[commit].parents[:1]
        events = self._history.active(commit).union(*map(self._history.active, parents))
        here = [self._history[event.commit] for event in events if event.pathway in changed]
        return sorted({name for added in here for name in self._names(added, changed)})

    @property
    def _history(self) -> History:
        return self._ledger.history

    def _commit(self, rev: str) -> str:
        return revspec.resolve(rev, self._ledger.refs, self._history)

    def _all(self) -> list[str]:
        return sorted({name for commit in self._history.commits for name in self._names(commit, commit.adds)})

    def _names(self, commit: Commit, pathways: Iterable[str]) -> list[str]:
        """Return the names of pathways that a commit adds."""
        if not commit.adds:
            return []
        wanted = set(pathways)
        added = self._history.facts(commit.id).commit.adds
        return [name for record in added if record.id in wanted for name in record.names]

    def _panel(self) -> tuple[str, ...]:
        """Return the panel, from whichever base can be read."""
        for base in dict.fromkeys(commit.base for commit in self._history.commits):
            if genes := read_genes(self._ledger.locations.base(base)):
                return genes
        return ()


def read_genes(location: Location) -> tuple[str, ...] | None:
    """Return the panel of a base; `None` where that cannot be read."""
    from .files import hdf5  # brings numpy and HDF5 in

    with contextlib.suppress(FormatError, KeyError):
        names = hdf5.read(location, layout.BASE).arrays[layout.GENES]
        return tuple(bytes(name).decode() for name in names.tolist())
    return None


def read_panel(path: Path, base: str) -> tuple[str, ...] | None:
    """Return the panel that a text in the cache has, if it is that of the base; `None` where it is not what it was."""
    try:
        if not path.is_file() or path.is_symlink() or path.stat().st_size > LARGEST:
            return None
        checksum, _, body = path.read_bytes().partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != checksum:
            return None
        record: dict[str, Any] = json.loads(body)
        genes: list[Any] = record["genes"]
        if record["base"] == base and type(genes) is list and all(type(gene) is str for gene in genes):
            return tuple(genes)
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        pass
    return None


def _write_panel(path: Path, base: str, genes: tuple[str, ...]) -> None:
    body = json.dumps({"base": base, "genes": genes}, ensure_ascii=False, separators=(",", ":")).encode()
    text = b"%s\n%s" % (hashlib.sha256(body).hexdigest().encode(), body)
    durable.make_folder(path.parent)
    durable.replace(path, lambda output: output.write(text))
