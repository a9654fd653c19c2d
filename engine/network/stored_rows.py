"""An array whose rows are read, or computed, as they are asked for: what a large base has instead of one in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from ..threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Blocks = Iterator[tuple[slice, NDArray[np.float64]]]
    Check = Callable[[NDArray[np.float64], np.random.Generator], bool]


class Recall(Protocol):
    """What remembers numbers that take long, such as a cache on disk; what it returns has the bits of computing it."""

    def __call__(
        self,
        what: str,
        compute: Callable[[], NDArray[np.float64]],
        *,
        shape: tuple[int, ...],
        operations: float,
        check: Check | None = None,
    ) -> NDArray[np.float64]:
        """Return numbers by what they are called: from memory, or else computed and remembered.

        Parameters
        ----------
        what : str
            What they are called.
        compute : callable
            Returns them.
        shape : tuple of int
            Of their array.
        operations : float
            About how many floating-point operations computing them takes.
        check : callable, optional
            Gets numbers from memory and a stream of random numbers, and returns whether they can be right: what is much
            cheaper than computing them. What it refuses is computed.
        """
        ...


def compute_anew(
    what: str,  # noqa: ARG001
    compute: Callable[[], NDArray[np.float64]],
    *,
    shape: tuple[int, ...],  # noqa: ARG001
    operations: float,  # noqa: ARG001
    check: Check | None = None,  # noqa: ARG001
) -> NDArray[np.float64]:
    """Return numbers computed: a `Recall` that remembers nothing."""
    return compute()


class RowSource(Protocol):
    """A float64 array that is read by rows."""

    @property
    def shape(self) -> tuple[int, int]:
        """(p, K)."""
        ...

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows in the order of the indices, shape (m, K)."""
        ...

    def blocks(self) -> Blocks:
        """Yield runs of rows from first to last."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class StoredRows:
    """An array of p rows that stands somewhere else, and is used like one of numpy.

    Indexed by rows it returns these; multiplied it is read block by block, on one BLAS thread; anything else, such as
    `np.asarray`, reads all of it. A row has the same bits whichever others are asked for with it.

    Parameters
    ----------
    shape : tuple of int
        (p,) or (p, K).
    read : callable
        Returns the rows of indices, shape (m,) or (m, K).
    read_blocks : callable
        Yields runs of rows from first to last.
    """

    shape: tuple[int, ...]
    read: Callable[[NDArray[np.intp]], NDArray[np.float64]]
    read_blocks: Callable[[], Blocks]

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"<rows on demand, shape {self.shape}>"

    @property
    def ndim(self) -> int:
        """1 or 2."""
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[np.float64]:
        """float64."""
        return np.dtype(np.float64)

    def __getitem__(self, key: Any) -> Any:
        parts: list[Any] = list(cast("tuple[Any, ...]", key)) if isinstance(key, tuple) else [key]
        rows, others = parts[0], parts[1:]
        indices: NDArray[Any] = np.arange(*rows.indices(len(self))) if isinstance(rows, slice) else np.asarray(rows)
        if indices.dtype.kind not in "iu" or indices.ndim > 1:
            return np.asarray(self)[key]
        if not indices.ndim:
            return self[indices.reshape(1)][0][(..., *others)]
        values = self.read(np.where(indices < 0, indices + len(self), indices).astype(np.intp))
        return values[(slice(None), *others)]

    def take(self, indices: NDArray[np.intp], axis: int | None = None) -> NDArray[np.float64]:
        """Return rows, as numpy's `take` along the first axis."""
        if axis not in (0, None) or (axis is None and self.ndim > 1):
            raise ValueError(f"Rows are taken along the first axis, not along {axis}.")
        return self[indices]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("Rows that stand somewhere else cannot be had without a copy.")
        values = np.empty(self.shape)
        for rows, block in self.read_blocks():
            values[rows] = block
        return values if dtype is None else values.astype(dtype, copy=False)

    def blocks(self) -> Blocks:
        """Yield runs of rows from first to last."""
        yield from self.read_blocks()

    def __matmul__(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        answer = np.empty((len(self), *right.shape[1:]))
        with one_blas_thread():
            for rows, block in self.read_blocks():
                np.matmul(block, right, out=answer[rows])
        return answer

    @property
    def T(self) -> TransposedRows:  # noqa: N802  numpy's name
        """The transposed array, to be multiplied."""
        return TransposedRows(self)


def stored_rows(source: RowSource) -> NDArray[np.float64]:
    """Return the rows of a source as `StoredRows`, which are used, and typed, as an array of numpy."""
    return cast("NDArray[np.float64]", StoredRows(source.shape, source.rows, source.blocks))


def is_stored(array: object) -> bool:
    """Return whether an array is `StoredRows`."""
    return isinstance(array, StoredRows)


def map_rows(
    array: NDArray[np.float64],
    step: Callable[[Any, NDArray[np.float64]], NDArray[np.float64]],
    *,
    shape: tuple[int, ...] | None = None,
) -> NDArray[np.float64]:
    """Return what a step makes of rows of `StoredRows`, computed as it is asked for.

    Parameters
    ----------
    array : StoredRows
        Of p rows.
    step : callable
        Gets indices or a slice and the rows there, and returns as many rows. Of a row it must make the same bits
        whichever others it gets.
    shape : tuple of int, optional
        That of all it makes; that of the array when absent.
    """
    rows = cast("StoredRows", array)

    def read(indices: NDArray[np.intp]) -> NDArray[np.float64]:
        return step(indices, rows.read(indices))

    def read_blocks() -> Blocks:
        for block, values in rows.read_blocks():
            yield block, step(block, values)

    return cast("NDArray[np.float64]", StoredRows(shape or rows.shape, read, read_blocks))


@dataclass(frozen=True, slots=True)
class TransposedRows:
    """The transposed array of `StoredRows`, shape (K, p), which can be multiplied."""

    whole: StoredRows

    def __matmul__(self, right: NDArray[np.float64]) -> NDArray[np.float64]:
        answer = np.zeros((self.whole.shape[1], *right.shape[1:]))
        with one_blas_thread():
            for rows, block in self.whole.blocks():
                answer += block.T @ right[rows]
        return answer
