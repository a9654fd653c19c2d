"""Rewrites a store so that it says something else, with every id, hash and chain made to fit by the project's own code.

What a forger has: the format, the program, and time. So a lie is planted in what was written, and then ids of
pathways, bases and commits, content ids, moves and the chain of the log are computed anew, and files are written by
`storage/files/hdf5.py`. Where a lie is one about an id or a hash, it stays: only what was right before is made right.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from grnledger.storage.files import durable, hdf5, layout
from grnledger.storage.files.locations import DirectoryStore, group_of

if TYPE_CHECKING:
    from pathlib import Path

LIE = "ab" * 32
"""A hash that is that of nothing."""

TYPES = {"genes": "<i8", "loadings": "<f8", "pathway_covariance": "<f8"}


@dataclass(slots=True)
class Part:
    """A file of a store, taken apart: its record, and its small and large arrays."""

    kind: str
    record: dict[str, Any]
    arrays: dict[str, np.ndarray[Any, Any]]
    bulk: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    @staticmethod
    def read(location: hdf5.Location, kind: str) -> Part:
        """Return what stands somewhere."""
        stored = hdf5.read(location, kind)
        arrays = {name: np.array(array) for name, array in stored.arrays.items()}
        return Part(kind, json.loads(stored.record), arrays, {name: rows.all() for name, rows in stored.bulk.items()})

    def seal(self) -> hdf5.Sealed:
        """Return it with its checksums and its id; its record may be one that no record can be."""
        return hdf5.Content(self.kind, text_of(self.record), self.arrays, self.bulk).seal()


@dataclass(slots=True)
class Store:
    """A store, taken apart.

    Parameters
    ----------
    entries : list of Part
        Those of its log, in their order.
    bases, artifacts : dict of str to Part
        By the id or key that they had.
    kept : set of str
        Messages of commits whose content id stays what it was, though it fits no longer.
    """

    entries: list[Part]
    bases: dict[str, Part]
    artifacts: dict[str, Part]
    kept: set[str] = field(default_factory=set[str])

    @staticmethod
    def read(path: Path) -> Store:
        """Return a store taken apart."""
        folder = DirectoryStore(path)
        entries = [Part.read(folder.entry(number), layout.ENTRY) for number in range(1, folder.look() + 1)]
        bases = {base: Part.read(folder.base(base), layout.BASE) for base in folder.bases()}
        artifacts = {key: Part.read(folder.artifact(key), layout.ARTIFACT) for key in folder.artifacts()}
        return Store(entries, bases, artifacts)

    def copy(self) -> Store:
        """Return a copy in which a lie can be planted."""
        return copy.deepcopy(self)

    def commits(self) -> list[dict[str, Any]]:
        """Return the logged commits, in their order."""
        return [logged for entry in self.entries for logged in entry.record["commits"]]

    def entry_of(self, message: str) -> Part:
        """Return the entry that brings the commit of a message."""
        return next(
            entry for entry in self.entries if any(c["commit"]["message"] == message for c in entry.record["commits"])
        )


def text_of(record: Any) -> str:
    """Return the canonical JSON of a record, which may hold what JSON has no word for."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def columns_of(record: dict[str, Any]) -> int:
    """Return D of a pathway's record."""
    return len(record["names"])


def pathways_in(entry: Part) -> list[tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]]:
    """Return the record of each pathway that an entry brings, with its arrays, as views."""
    starts, found = dict.fromkeys(TYPES, 0), []
    for record in (added for logged in entry.record["commits"] for added in logged["commit"].get("adds", [])):
        rank, genes = columns_of(record), record["genes"]
        lengths = {"genes": genes, "loadings": genes * rank, "pathway_covariance": rank * rank * record["covariance"]}
        arrays = {}
        for name, length in lengths.items():
            if length:
                arrays[name] = entry.arrays[name][starts[name] : starts[name] + length]
                starts[name] += length
        found.append((record, arrays))
    return found


def id_of_pathway(record: dict[str, Any], arrays: dict[str, np.ndarray[Any, Any]]) -> str:
    """Return the content id of a pathway, as `entries.pathway_id` computes it, also of one that is none."""
    rank = max(columns_of(record), 1)
    shaped = {"genes": arrays.get("genes", np.empty(0, "<i8"))}
    shaped["loadings"] = arrays.get("loadings", np.empty(0)).reshape(-1, rank)
    if "pathway_covariance" in arrays:
        shaped["pathway_covariance"] = arrays["pathway_covariance"].reshape(rank, rank)
    head = text_of({"names": record["names"], "sign": record["sign"], "units": record["units"]})
    return layout.content_id("pathway", head, shaped, {})


def id_of_commit(commit: dict[str, Any]) -> str:
    """Return the id of a commit, also of one whose record no program would write."""
    return hashlib.sha256(f"grnledger 1 commit\n{text_of(commit)}".encode()).hexdigest()


class Sealer:
    """Makes ids, content ids, moves and the chain of a store fit, where they did before a lie was planted.

    Parameters
    ----------
    honest : Store
        The store as it was.
    """

    def __init__(self, honest: Store) -> None:
        self._pathways = [
            id_of_pathway(record, arrays) for entry in honest.entries for record, arrays in pathways_in(entry)
        ]
        self._true = {logged["id"]: logged["measured"]["content"] for logged in honest.commits()}

    def seal(self, forged: Store) -> tuple[list[hdf5.Sealed], dict[str, hdf5.Sealed]]:
        """Return the entries and the bases of a store in which a lie was planted, with all that can fit made to fit."""
        bases = {old: part.seal() for old, part in forged.bases.items()}
        new = {old: sealed.id for old, sealed in bases.items()}
        new |= self._new_pathways(forged)
        new |= self._new_commits(forged, new)
        entries, previous = list[hdf5.Sealed](), None
        for entry in forged.entries:
            if entry.record.get("previous") != LIE:
                entry.record["previous"] = previous
            sealed = entry.seal()
            previous = sealed.id
            entries.append(sealed)
        return entries, {sealed.id: sealed for sealed in bases.values()}

    def _new_pathways(self, forged: Store) -> dict[str, str]:
        """Give pathways their ids, where they had the right ones, and return those that have changed."""
        new, at = dict[str, str](), 0
        for entry in forged.entries:
            try:
                found = pathways_in(entry)
            except (TypeError, ValueError, IndexError, KeyError):
                found = []
            for record, arrays in found:
                if at < len(self._pathways) and record.get("id") == self._pathways[at]:
                    with contextlib.suppress(TypeError, ValueError, KeyError):  # of no shape: its id is what it was
                        record["id"] = id_of_pathway(record, arrays)
                        new[self._pathways[at]] = record["id"]
                at += 1
        return new

    def _new_commits(self, forged: Store, new: dict[str, str]) -> dict[str, str]:
        """Give commits their ids and contents, and entries their moves; return the ids by what they were."""
        contents = dict[str, str]()
        state = _Active()
        for entry in forged.entries:
            for logged in entry.record["commits"]:
                commit, old = logged["commit"], logged["id"]
                commit["parents"] = [new.get(parent, parent) for parent in commit.get("parents", [])]
                commit["base"] = new.get(commit["base"], commit["base"])
                for drop in commit["drops"]:
                    drop["id"] = new.get(drop["id"], drop["id"])
                    drop["seen"] = [new.get(seen, seen) for seen in drop["seen"]]
                if old in self._true:
                    new[old] = logged["id"] = id_of_commit(commit)
                content = state.append(logged["id"], commit)
                measured, true = logged["measured"], self._true.get(old)
                if true is not None:
                    contents[true] = content
                    if measured.get("content") == true and str(commit.get("message")) not in forged.kept:
                        measured["content"] = content
                if measured.get("anchor") in contents:
                    measured["anchor"] = contents[measured["anchor"]]
            for move in entry.record["moves"]:
                for end in ("before", "after"):
                    move[end] = new.get(move[end], move[end])
        return new


class _Active:
    """What is active in each commit, as the format says it."""

    def __init__(self) -> None:
        self.parents: dict[str, list[str]] = {}
        self.adds: dict[str, list[tuple[str, str]]] = {}
        self.drops: dict[str, list[tuple[str, str]]] = {}

    def append(self, id_: str, commit: dict[str, Any]) -> str:
        """Take in the next commit, and return the content id of its version."""
        self.parents[id_] = commit["parents"]
        self.adds[id_] = [(id_, str(added["id"])) for added in commit.get("adds", [])]
        self.drops[id_] = [(seen, str(drop["id"])) for drop in commit["drops"] for seen in drop["seen"]]
        waiting, ancestors = [id_], set[str]()
        while waiting:
            one = waiting.pop()
            if one not in ancestors and one in self.parents:
                ancestors.add(one)
                waiting.extend(self.parents[one])
        events = {event for one in ancestors for event in self.adds[one]}
        events -= {event for one in ancestors for event in self.drops[one]}
        return layout.version_content_id(str(commit["base"]), {pathway for _, pathway in events})


def write_folder(path: Path, forged: Store, sealer: Sealer) -> None:
    """Write a forged store as a folder."""
    entries, bases = sealer.seal(forged)
    for folder in (path, path / layout.LOG, path / layout.BASES, path / layout.ARTIFACTS):
        folder.mkdir()
    (path / layout.FORMAT_FILE).write_text(layout.FORMAT_TEXT)
    for number, sealed in enumerate(entries, start=1):
        durable.publish(path / layout.LOG / layout.entry_name(number), sealed.write)
    for base, sealed in bases.items():
        durable.publish(path / layout.BASES / f"{base}{layout.FILE_ENDING}", sealed.write)
    for key, part in forged.artifacts.items():
        durable.publish(path / layout.ARTIFACTS / f"{key}{layout.FILE_ENDING}", part.seal().write)


def write_file(path: Path, forged: Store, sealer: Sealer, index: str | None = None) -> None:
    """Write a forged store as one file, with an index if there is one."""
    entries, bases = sealer.seal(forged)
    parts = [(f"{layout.LOG}/{group_of(number)}", sealed) for number, sealed in enumerate(entries, start=1)]
    parts += [(f"{layout.BASES}/{base}", sealed) for base, sealed in bases.items()]
    parts += [(f"{layout.ARTIFACTS}/{key}", part.seal()) for key, part in forged.artifacts.items()]
    if index is not None:
        text = hdf5.Content(layout.HISTORY, layout.canonical_json({"text": index}), {})
        parts.append((f"{layout.CACHE}/{layout.HISTORY}", text.seal()))
    durable.publish(path, lambda output: hdf5.write_many(output, layout.STORE, parts))
