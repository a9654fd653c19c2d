"""Log entries: commits and moves of refs between their values and the content of their files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.errors import FormatError
from ..engine.pathway import Pathway
from . import hdf5, layout
from .records import CommitEntry, CommitRecord, PathwayRecord, RefsEntry, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Entry = CommitEntry | RefsEntry


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry as it stands in the log: what it says, and the content id of its file."""

    entry: Entry
    id: str


def pathway_id(pathway: Pathway) -> str:
    """Return the content id of a pathway: of its names, sign, units, genes, loadings and covariance."""
    head = layout.canonical_json({"names": list(pathway.names), "sign": pathway.sign, "units": pathway.units})
    return layout.content_id("pathway", head, _numbers(pathway), {})


def commit_id(commit: CommitRecord) -> str:
    """Return the id of a commit: the hash of what the user said, wherever it is stored."""
    return hashlib.sha256(f"grnledger {layout.FORMAT_VERSION} commit\n{commit.canonical()}".encode()).hexdigest()


def pathway_record(pathway: Pathway, missing: Sequence[str]) -> PathwayRecord:
    """Return the record of a pathway that a commit adds."""
    return PathwayRecord(
        id=pathway_id(pathway),
        names=pathway.names,
        genes=len(pathway.genes),
        sign=pathway.sign,
        units=pathway.units,
        covariance=pathway.covariance is not None,
        missing=tuple(missing),
    )


def content_of(entry: Entry, pathways: Iterable[Pathway] = ()) -> hdf5.Content:
    """Return the content of an entry's file; the pathways of a commit in the order of its record."""
    if isinstance(entry, RefsEntry):
        return hdf5.Content(layout.REFS, entry.canonical(), {})
    numbers = [_numbers(pathway) for pathway in pathways]
    arrays: dict[str, NDArray[Any]] = {
        name: np.concatenate([part[name].ravel() for part in numbers if name in part])
        for name in (layout.GENES, layout.LOADINGS, layout.PATHWAY_COVARIANCE)
        if any(name in part for part in numbers)
    }
    return hdf5.Content(layout.COMMIT, entry.canonical(), arrays)


def read_entry(path: Path, number: int) -> Logged:
    """Return an entry of the log, checked against its id, its number and, for a commit, the commit's own id.

    Raises
    ------
    FormatError
        The file is missing or damaged, or is another entry's.
    """
    stored = hdf5.read(path, *(layout.COMMIT, layout.REFS))
    entry: Entry
    if stored.kind == layout.COMMIT:
        entry = parse(CommitEntry, stored.record, path)
        if commit_id(entry.commit) != entry.id:
            raise FormatError(f"{path} is damaged: the commit's id does not fit it.")
    else:
        entry = parse(RefsEntry, stored.record, path)
    if entry.number != number:
        raise FormatError(f"{path} holds entry {entry.number} of the log, not entry {number}.")
    return Logged(entry, stored.id)


def read_pathways(path: Path, records: Sequence[PathwayRecord]) -> dict[str, Pathway]:
    """Return the pathways that a commit's entry brings, by their ids.

    Raises
    ------
    FormatError
        The arrays are not those of the record.
    """
    arrays = hdf5.read(path, layout.COMMIT).arrays
    taken = {layout.GENES: 0, layout.LOADINGS: 0, layout.PATHWAY_COVARIANCE: 0}

    def take(name: str, count: int) -> NDArray[Any]:
        start = taken[name]
        taken[name] += count
        part = arrays[name][start : start + count] if name in arrays else np.empty(0)
        if len(part) != count:
            raise FormatError(f"{path} is damaged: {name!r} is shorter than its record says.")
        return part

    answer: dict[str, Pathway] = {}
    for record in records:
        rank = len(record.names)
        pathway = Pathway(
            names=record.names,
            genes=take(layout.GENES, record.genes).astype(np.intp),
            loadings=take(layout.LOADINGS, record.genes * rank).astype(np.float64).reshape(-1, rank),
            sign=record.sign,
            units=record.units,
            covariance=(
                take(layout.PATHWAY_COVARIANCE, rank * rank).astype(np.float64).reshape(rank, rank)
                if record.covariance
                else None
            ),
        )
        if pathway_id(pathway) != record.id:
            raise FormatError(f"{path} is damaged: pathway {pathway.label} is not what its id says.")
        answer[record.id] = pathway
    return answer


def _numbers(pathway: Pathway) -> Mapping[str, NDArray[Any]]:
    numbers: dict[str, NDArray[Any]] = {
        layout.GENES: pathway.genes.astype("<i8"),
        layout.LOADINGS: pathway.loadings.astype("<f8"),
    }
    if pathway.covariance is not None:
        numbers[layout.PATHWAY_COVARIANCE] = pathway.covariance.astype("<f8")
    return numbers
