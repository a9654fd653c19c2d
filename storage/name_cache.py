"""Making the names of a store, and keeping them in its cache for `names` to read."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from typing import TYPE_CHECKING, Any

from ..engine.errors import FormatError
from .files import durable, hdf5, layout
from .files.locations import DirectoryStore
from .history.ledger import Ledger
from .names import NOT_OURS, StoreNames, last_entry_file, names_of, read_record

if TYPE_CHECKING:
    from pathlib import Path

READING_TIME = 1.0
"""Seconds for reading the names of pathways that the text has not yet; the next one who asks goes on."""


def refresh_names(ledger: Ledger) -> None:
    """Make the names in the cache those of the log as it has been read, if there are any; they are not begun here."""
    store = ledger.locations
    if isinstance(store, DirectoryStore) and store.cache and (store.cache / layout.NAMES).is_file():
        with contextlib.suppress(*NOT_OURS):
            _write(store, ledger, _collect(ledger, _before(store)))


def make_names(path: Path) -> StoreNames:
    """Return the names of a store, and keep them in its cache where that can be written.

    Raises
    ------
    NotFound
        There is no store.
    FormatError
        It is damaged, or newer than this program.
    """
    ledger = Ledger(path)
    store = ledger.locations
    if not isinstance(store, DirectoryStore):
        return _collect(ledger, None)
    names = _collect(ledger, _before(store))
    with contextlib.suppress(OSError):  # of a store that cannot be written
        _write(store, ledger, names)
    return names


def _collect(ledger: Ledger, before: StoreNames | None) -> StoreNames:
    """Return the names of a log as it has been read; what was known before of the same store is not read again."""
    first = ledger.history.numbered(0)
    if first is None:
        raise ledger.lost()
    known = before if before and first.id in before.history else None
    pathways = dict(known.pathways) if known else {}
    end = time.monotonic() + READING_TIME
    for commit in reversed(ledger.history.commits):
        if pathways.keys() >= set(commit.adds):
            continue
        if time.monotonic() > end:
            break
        with contextlib.suppress(FormatError):  # damaged: what it added has no name then
            pathways.update((record.id, record.names) for record in ledger.history.logged(commit.id).commit.adds)
    return StoreNames(known.genes if known else _genes(ledger), ledger.refs, ledger.history, pathways)


def _genes(ledger: Ledger) -> tuple[str, ...]:
    """Return the panel, from whichever base can be read."""
    for base in dict.fromkeys(commit.base for commit in ledger.history.commits):
        with contextlib.suppress(FormatError):
            names = hdf5.read(ledger.locations.base(base), layout.BASE).arrays[layout.GENES]
            return tuple(bytes(name).decode() for name in names.tolist())
    return ()


def _before(store: DirectoryStore) -> StoreNames | None:
    """Return the names that the cache has of whatever log they were made of."""
    try:
        return names_of(read_record(store))
    except NOT_OURS:
        return None


def _write(store: DirectoryStore, ledger: Ledger, names: StoreNames) -> None:
    """Put names into the cache, unless the log is damaged or others have gone on writing to it."""
    entry = last_entry_file(store)
    if store.cache is None or ledger.log.damage or entry[0] != ledger.log.length:
        return
    body = json.dumps({"entry": entry, **_record_of(names)}, ensure_ascii=False, separators=(",", ":")).encode()
    durable.make_folder(store.cache)
    text = b"%s\n%s" % (hashlib.sha256(body).hexdigest().encode(), body)
    durable.replace(store.cache / layout.NAMES, lambda output: output.write(text))


def _record_of(names: StoreNames) -> dict[str, Any]:
    """Return names as they stand in the text: commits and pathways by their positions."""
    commits = names.history.commits
    rows = {commit.id: row for row, commit in enumerate(commits)}
    ids = list(dict.fromkeys(pathway for commit in commits for pathway in commit.adds))
    places = {pathway: place for place, pathway in enumerate(ids)}
    return {
        "genes": names.genes,
        "head": names.refs.head,
        "branches": names.refs.branches,
        "tags": names.refs.tags,
        "pathways": [[pathway, names.pathways.get(pathway)] for pathway in ids],
        "commits": [
            [
                commit.id,
                commit.content,
                [rows[parent] for parent in commit.parents],
                [places[pathway] for pathway in commit.adds],
                [[rows[event.commit], places[event.pathway]] for event in commit.drops],
            ]
            for commit in commits
        ],
    }
