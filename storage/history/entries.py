"""Log entries: commits and moves of refs between their values and the content of their files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import EngineError, FormatError, InputError
from ...engine.network.pathway import Pathway
from ..files import hdf5, layout
from .records import CommitRecord, EntryRecord, PathwayRecord, parse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray


TYPES = {layout.GENES: "<i8", layout.LOADINGS: "<f8", layout.PATHWAY_COVARIANCE: "<f8"}
"""The type of the numbers in each array of an entry."""


@dataclass(frozen=True, slots=True)
class LoggedEntry:
    """An entry as it stands in the log: its record, the content id of its file, and the record's text."""

    entry: EntryRecord
    id: str
    record: str


def pathway_id(pathway: Pathway) -> str:
    """Return the content id of a pathway: of its names, sign, units, genes, loadings and covariance."""
    head = layout.canonical_json({"names": list(pathway.names), "sign": pathway.sign, "units": pathway.units})
    return layout.content_id("pathway", head, _numbers(pathway), {})


def commit_id(commit: CommitRecord) -> str:
    """Return the id of a commit: the hash of what the user said, wherever it is stored."""
    return hashlib.sha256(f"grnledger {layout.FORMAT_VERSION} commit\n{commit.canonical()}".encode()).hexdigest()


def pathway_record(pathway: Pathway, missing: Sequence[str], id_: str) -> PathwayRecord:
    """Return the record of a pathway that a commit adds, under its content id."""
    return PathwayRecord(
        id=id_,
        names=pathway.names,
        genes=len(pathway.genes),
        sign=pathway.sign,
        units=pathway.units,
        covariance=pathway.covariance is not None,
        missing=tuple(missing),
    )


def entry_content(entry: EntryRecord, pathways: Iterable[Pathway] = ()) -> hdf5.Content:
    """Return the content of an entry's file; the pathways of its commits in the order of its record."""
    numbers = [_numbers(pathway) for pathway in pathways]
    arrays: dict[str, NDArray[Any]] = {
        name: np.concatenate([part[name].ravel() for part in numbers if name in part])
        for name in (layout.GENES, layout.LOADINGS, layout.PATHWAY_COVARIANCE)
        if any(name in part for part in numbers)
    }
    return hdf5.Content(layout.ENTRY, entry.canonical(), arrays)


def parse_entry(stored: hdf5.StoredFile, number: int) -> LoggedEntry:
    """Return the entry of the log that a file holds, checked against its number and the ids of its commits.

    Raises
    ------
    FormatError
        The file is another entry's, or damaged.
    """
    entry = parse(EntryRecord, stored.record, stored.location)
    if entry.number != number:
        raise FormatError(f"{stored.location} holds entry {entry.number} of the log, not entry {number}.")
    for logged in entry.commits:
        if commit_id(logged.commit) != logged.id:
            raise FormatError(f"{stored.location} is damaged: the id of a commit does not fit it.")
    return LoggedEntry(entry, stored.id, stored.record)


def pathways_of(
    stored: hdf5.StoredFile, entry: EntryRecord, wanted: Collection[str] | None = None
) -> dict[str, Pathway]:
    """Return the pathways that an entry brings, by their ids; `wanted` names some alone.

    Raises
    ------
    FormatError
        The arrays are not those of the record.
    """
    consumed = dict.fromkeys(TYPES, 0)

    def following(name: str, count: int) -> NDArray[Any]:
        start = consumed[name]
        consumed[name] += count
        part = stored.arrays.get(name, np.empty(0, dtype=TYPES[name]))
        if part.dtype != TYPES[name] or part.ndim != 1:
            raise FormatError(f"{stored.location} is damaged: {name!r} is not a list of {TYPES[name]}.")
        if len(part[start : start + count]) != count:
            raise FormatError(f"{stored.location} is damaged: {name!r} is shorter than its record says.")
        return part[start : start + count]

    pathways: dict[str, Pathway] = {}
    for record in (added for logged in entry.commits for added in logged.commit.adds):
        rank = len(record.names)
        genes = following(layout.GENES, record.genes)
        loadings = following(layout.LOADINGS, record.genes * rank)
        covariance = following(layout.PATHWAY_COVARIANCE, rank * rank) if record.covariance else None
        if wanted is None or record.id in wanted:
            pathways[record.id] = _pathway(stored.location, record, genes, loadings, covariance)
    for name, array in stored.arrays.items():
        if array.size != consumed.get(name, 0):
            raise FormatError(f"{stored.location} is damaged: {name!r} is longer than its record says.")
    return pathways


def _pathway(
    location: hdf5.Location,
    record: PathwayRecord,
    genes: NDArray[Any],
    loadings: NDArray[Any],
    covariance: NDArray[Any] | None,
) -> Pathway:
    rank = len(record.names)
    try:
        pathway = Pathway(
            names=record.names,
            genes=genes.astype(np.intp),
            loadings=loadings.astype(np.float64).reshape(-1, rank),
            sign=record.sign,
            units=record.units,
            covariance=None if covariance is None else covariance.astype(np.float64).reshape(rank, rank),
        )
    except (EngineError, InputError) as failure:
        raise FormatError(f"{location} is damaged: its content is not a valid pathway: {failure}") from None
    if pathway_id(pathway) != record.id:
        raise FormatError(f"{location} is damaged: pathway {pathway.label} does not match its id.")
    return pathway


def _numbers(pathway: Pathway) -> Mapping[str, NDArray[Any]]:
    numbers: dict[str, NDArray[Any]] = {
        layout.GENES: pathway.genes.astype("<i8"),
        layout.LOADINGS: pathway.loadings.astype("<f8"),
    }
    if pathway.covariance is not None:
        numbers[layout.PATHWAY_COVARIANCE] = pathway.covariance.astype("<f8")
    return numbers
