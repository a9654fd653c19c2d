"""Anchors in the cache: full inversions of versions. They are derived, and computed again when they are missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.errors import FormatError, InputError, ShapeError
from ...engine.network.covariance import DenseCovariance
from ...engine.progress import by_bytes, unheard
from ..files import durable, hdf5, layout
from ..history.records import AnchorRecord, parse
from . import bases
from .kept_rows import KeptRows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ...engine.network.covariance import MatrixSource
    from ...engine.progress import Progress
    from ..files.bulk_rows import RowSource

COMMITS_PER_ANCHOR = 64
"""The number of commits on one anchor after which a version on a dense base is inverted again."""

RANK_SHARE = 1 / 8
"""The share of p above which the rank of the pathways since the last anchor makes a new anchor due."""

LARGEST_UNCACHED = 2_000
"""The largest dense panel whose base with a penalty is inverted each time: it takes less than its reading."""

LARGEST_PROBED = 2_000
"""The largest panel of which a cached inversion is read whole before it is believed, in .1 s; else some rows are."""

LARGEST_INVERTED = 20_000
"""The largest panel that is inverted in full: two larger p × p matrices would not fit a workstation."""

LARGEST_FACTOR = 5_000
"""The largest panel on which a factor base is inverted without being asked: its point is to form nothing p × p."""

PROBE_TOLERANCE = 1e-8
"""The relative error of a commit's probe above which a new anchor is due."""


def inversion_due(*, genes: int, rank: int, commits: int, dense: bool, probe: float | None) -> str:
    """Return why a version should be inverted in full, or an empty text when it need not.

    Parameters
    ----------
    genes : int
        p.
    rank : int
        The rank of the pathways since the anchor.
    commits : int
        Commits since the anchor.
    dense : bool
        Whether the base is dense. A factor base is read from its own diagonal each time: nothing accumulates there.
    probe : float, optional
        The relative error that the probe measured, where it was run.
    """
    if genes > (LARGEST_INVERTED if dense else LARGEST_FACTOR):
        return ""
    if dense and commits >= COMMITS_PER_ANCHOR:
        return f"{commits} commits since the last"
    if rank > genes * RANK_SHARE:
        return f"rank {rank} since the last, more than an eighth of {genes} genes"
    if dense and probe is not None and probe > PROBE_TOLERANCE:
        return f"the probe found {probe:.1e}"
    return ""


def inversion_unneeded(genes: int, *, dense: bool) -> bool:
    """Return whether a full inversion would gain nothing and cost what the factor form of a base exists to avoid."""
    return not dense and genes > LARGEST_FACTOR


def check_size(genes: int) -> None:
    """Refuse to invert in full what is too large for it.

    Raises
    ------
    InputError
        The message says what the limit is.
    """
    if genes > LARGEST_INVERTED:
        raise InputError(f"{genes:,} genes are too many to invert in full: the limit is {LARGEST_INVERTED:,}.")


def write_anchor(
    folder: Path,
    content: str,
    base: str,
    pathways: Iterable[str],
    inversion: DenseCovariance,
    progress: Progress = unheard,
) -> None:
    """Write the full inversion of a version to the cache under its content id; `progress` has the share written."""
    arrays: dict[str, NDArray[Any]] = {}
    bulk: dict[str, NDArray[Any] | RowSource] = {}
    bases.add_dense(inversion, arrays, bulk)
    record = AnchorRecord(content=content, base=base, pathways=tuple(sorted(pathways)), log_det=inversion.log_det)
    unsealed = hdf5.Content(layout.ANCHOR, record.canonical(), arrays, bulk)
    done = by_bytes(progress, 2 * unsealed.bulk_size)
    sealed = unsealed.seal(done)
    durable.make_folder(folder.parent)
    durable.make_folder(folder)
    durable.replace(_path(folder, content), lambda output: sealed.write(output, done))


def read_anchor(folder: Path, content: str) -> DenseCovariance | None:
    """Return the full inversion of a version, or `None` when it is missing or damaged and must be computed again."""
    known = read_anchor_and_id(folder, content)
    return None if known is None else known[0]


def read_anchor_and_id(folder: Path, content: str) -> tuple[DenseCovariance, str] | None:
    """Return the same with the id of its file, which depends on all its numbers."""
    path = _path(folder, content)
    try:
        stored = hdf5.read(hdf5.Location(path), layout.ANCHOR)
        record = parse(AnchorRecord, stored.record, path)
        bases.check_array_types(stored)
        inversion = bases.read_dense(stored.arrays, stored.bulk, record.log_det)
    except (FormatError, KeyError, ShapeError, OSError):
        return None
    content_id = layout.version_content_id(record.base, record.pathways)
    return (inversion, stored.id) if record.content == content == content_id else None


@dataclass(frozen=True, slots=True)
class SelfRepairingMatrix:
    """A cached `MatrixSource` that is computed again as soon as a row of it proves damaged.

    Parameters
    ----------
    cached : MatrixSource
        The matrix in the cache.
    recompute : callable
        Returns the same matrix from a new inversion.
    """

    cached: MatrixSource
    recompute: Callable[[], MatrixSource]

    @property
    def shape(self) -> tuple[int, int]:
        """(p, p)."""
        return self.cached.shape

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows in the order asked, shape (m, p)."""
        try:
            return self.cached.rows(indices)
        except (FormatError, OSError):  # damaged, or gone
            return self.recompute().rows(indices)

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield runs of rows from first to last."""
        done = 0
        try:
            for block, rows in self.cached.blocks():
                yield block, rows
                done = block.stop
        except (FormatError, OSError):
            yield from ((block, rows) for block, rows in self.recompute().blocks() if block.start >= done)

    def diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal, shape (p,)."""
        return self.cached.diagonal()


def self_repairing(inversion: DenseCovariance, recompute: Callable[[], DenseCovariance]) -> DenseCovariance:
    """Return a cached full inversion that is computed again as soon as a row of it proves damaged."""
    return DenseCovariance(
        SelfRepairingMatrix(inversion.covariance, lambda: recompute().covariance),
        KeptRows(SelfRepairingMatrix(inversion.precision, lambda: recompute().precision)),
        inversion.log_det,
    )


def _path(folder: Path, content: str) -> Path:
    return folder / f"{content}{layout.FILE_ENDING}"
