"""Pairs that may be among the strongest, from magnitudes that are known up to an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .strongest import ROUNDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEW = 1 << 12
"""A number of candidates below which none is dropped."""


@dataclass(frozen=True, slots=True)
class CandidatePairs:
    """Pairs by their positions, and between which bounds their magnitudes lie.

    Parameters
    ----------
    positions : ndarray of int32, shape (E, 2)
        Row and column of each pair, in the order in which genes stand.
    least, most : ndarray of float64, shape (E,)
        The bounds.
    """

    positions: NDArray[np.int32]
    least: NDArray[np.float64]
    most: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.least)

    def select(self, chosen: NDArray[np.bool_]) -> CandidatePairs:
        """Return some of the pairs."""
        return CandidatePairs(self.positions[chosen], self.least[chosen], self.most[chosen])


class Candidates:
    """All pairs that may be among the n strongest or tie with the last of them, or may exceed a magnitude.

    Several threads may call `select`, on blocks in any order: it changes nothing. `append` is called from one thread.

    Parameters
    ----------
    floor : float
        Magnitudes at or below this are never selected.
    count : int, optional
        n, at least 1; all that exceed the floor are candidates when it is absent.
    """

    def __init__(self, floor: float, count: int | None = None) -> None:
        self.floor = floor
        self.count = count
        self.least = floor
        """What a magnitude must exceed to be a candidate; rises."""
        self.certain = 0
        """How many candidates exceed the floor for certain, of those that were appended."""
        self._parts: list[CandidatePairs] = []
        self._size = 0
        self._most = max(FEW, count or 0)

    def select(
        self, magnitude: NDArray[np.floating], rows: NDArray[np.intp], columns: NDArray[np.intp], error: float
    ) -> CandidatePairs | None:
        """Return the candidates of a block, if any.

        Parameters
        ----------
        magnitude : ndarray of float32 or float64, shape (b, w)
            The magnitudes; negative where there is no pair.
        rows, columns : ndarray of intp, shape (b,), (w,)
            Their positions.
        error : float
            By how much a magnitude may differ from the true one, at the most.
        """
        flat = magnitude.ravel()
        chosen = np.flatnonzero(flat >= _rounded_down(max(self.least - error, 0.0), flat.dtype))
        values = flat[chosen]
        if self.count is not None:
            for enough in (4 * self.count, len(chosen)):  # of few of them, a first bound is found sooner
                if len(chosen) > 2 * self.count:
                    some = values[:enough]
                    last = float(np.partition(some, -self.count)[-self.count])
                    strong = values >= _rounded_down(last - 2 * error - 2 * ROUNDING, flat.dtype)
                    chosen, values = chosen[strong], values[strong]
        if not len(chosen):
            return None
        left, right = np.divmod(chosen, magnitude.shape[1])
        positions = np.stack([rows[left], columns[right]], axis=1).astype(np.int32)
        values = values.astype(np.float64)
        return CandidatePairs(positions, values - error, values + error)

    def __len__(self) -> int:
        return self._size

    def append(self, candidates: CandidatePairs) -> None:
        """Add candidates that `select` returned."""
        self._parts.append(candidates)
        self._size += len(candidates)
        self.certain += int(np.count_nonzero(candidates.least > self.floor))
        self.exceed(candidates)
        if self.count is not None and self._size > self._most:
            self._prune(self.count)

    def exceed(self, pairs: CandidatePairs) -> None:
        """Raise the least to what pairs are known to exceed, if they are as many as are wanted or more."""
        if self.count is not None and len(pairs) >= self.count:
            last = float(np.partition(pairs.least, -self.count)[-self.count])
            self.least = max(self.least, last - 2 * ROUNDING)

    def positions(self) -> NDArray[np.int32]:
        """Return the positions of all candidates, shape (E, 2)."""
        if not self._parts:
            return np.empty((0, 2), dtype=np.int32)
        return np.concatenate([part.positions for part in self._parts])

    def replace(self, candidates: CandidatePairs) -> None:
        """Have other candidates, of those there are: what is known better, without what is ruled out."""
        self._parts, self._size = [candidates], len(candidates)
        if self.count is not None:
            self._prune(self.count)

    def _prune(self, count: int) -> None:
        """Drop what can neither be among the n strongest nor tie with the last of them, and raise the least."""
        pairs = CandidatePairs(
            np.concatenate([part.positions for part in self._parts]),
            np.concatenate([part.least for part in self._parts]),
            np.concatenate([part.most for part in self._parts]),
        )
        self.exceed(pairs)
        pairs = pairs.select(pairs.most >= self.least)
        self._parts, self._size = [pairs], len(pairs)
        self._most = max(FEW, count + count // 2, 2 * len(pairs) - count)


def _rounded_down(value: float, kind: np.dtype[np.floating]) -> np.floating:
    """Return a value below this in another precision, so that nothing is lost by comparing with it."""
    return np.nextafter(kind.type(value), kind.type(-np.inf))
