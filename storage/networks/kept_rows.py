"""The rows of a dense matrix that pathways touch, kept in memory for the next commit or question, up to a bound."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

import numpy as np

from ...engine.network.covariance import row_blocks
from ...engine.network.dense import touched_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from ...engine.network.columns import Columns
    from ...engine.network.covariance import MatrixSource

KEPT_BYTES = 256 << 20
"""Most bytes of rows that are kept of one matrix: 1,552 rows of 20,000 genes."""

WIDTH = 1_024
"""Most columns of a part of a row: a sum over rows stays in the processor's first cache then."""


class KeptRows:
    """A `MatrixSource` that keeps the rows that `gram` and `times` were last asked for.

    Several threads may use it. Rows are kept in parts of up to `WIDTH` columns, all rows of a part side by side; and
    their entries at the genes of the rows that are kept a second time, since in the rows each of these is in a cache
    line of its own.

    Parameters
    ----------
    source : MatrixSource
        The matrix, symmetric to the last bit.
    most_bytes : int
        Most bytes that rows may take. A product that touches more of them reads them a block at a time, and keeps none.
    """

    def __init__(self, source: MatrixSource, most_bytes: int = KEPT_BYTES) -> None:
        self._source = source
        size = source.shape[0]
        self._parts = max(1, -(-size // WIDTH))
        self._width = -(-size // self._parts)
        columns = self._parts * self._width
        # n rows take 8n bytes a column, and 8n² more with one another.
        self._capacity = min(size, int((math.sqrt(columns**2 + most_bytes / 2) - columns) / 2))
        self._lock = threading.Lock()
        self._slots: NDArray[np.intp] | None = None  # of each gene, −1 where its row is not kept
        self._rows = np.empty((self._parts, 0, self._width))
        self._shared = np.empty((0, 0))  # at the genes of all slots in use
        self._genes = np.empty(0, dtype=np.intp)  # of each slot in use
        self._last_use = np.empty(0, dtype=np.int64)

    @property
    def shape(self) -> tuple[int, int]:
        """(p, p)."""
        return self._source.shape

    @property
    def bytes_kept(self) -> int:
        """The bytes that rows take, once there is room for all of them."""
        return self._rows.nbytes + self._shared.nbytes

    def rows(self, indices: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return rows in the order asked, shape (m, p)."""
        return self._source.rows(indices)

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield runs of rows from first to last, each valid until the next one."""
        return self._source.blocks()

    def diagonal(self) -> NDArray[np.float64]:
        """Return the diagonal, shape (p,)."""
        return self._source.diagonal()

    def gram(self, columns: Columns) -> NDArray[np.float64]:
        """Return XᵀMX, shape (r, r): once the rows are kept in O(mn) for m entries of X and n rows."""
        touched = columns.touched()
        if len(touched) > self._capacity:
            return touched_rows.gram(self._source, columns)
        with self._lock:
            slots = self._keep(touched, columns)
            weights = touched_rows.weights_of(columns, slots[columns.genes], len(self._genes))
            return touched_rows.small_products(weights, np.asarray(weights @ self._shared))

    def times(self, columns: Columns) -> NDArray[np.float64]:
        """Return M X, shape (p, r): once the rows are kept in O(mp) for m entries of X."""
        touched = columns.touched()
        if len(touched) > self._capacity:
            return touched_rows.times(self._source, columns)
        answer = np.empty((columns.shape[1], self._parts * self._width))
        with self._lock:
            slots = self._keep(touched, columns)
            weights = touched_rows.weights_of(columns, slots[columns.genes], self._rows.shape[1])
            for number, part in enumerate(self._rows):
                answer[:, number * self._width : (number + 1) * self._width] = weights @ part
        return answer[:, : self.shape[0]].T

    def _keep(self, genes: NDArray[np.intp], columns: Columns) -> NDArray[np.intp]:
        """Read the rows of genes that are not kept, and return the slot of each gene of the panel.

        The rows of a pathway stand one after the other as far as they can: going through them then is twice as fast.
        """
        if self._slots is None:
            self._slots = np.full(self.shape[0], -1, dtype=np.intp)
            self._rows = np.empty((self._parts, self._capacity, self._width))
        missing, first = np.unique(columns.genes[self._slots[columns.genes] < 0], return_index=True)
        if len(missing):
            free = self._free_slots(self._slots, genes, len(missing))
            self._fill(self._slots, free, missing[np.argsort(first)])
        self._last_use[self._slots[genes]] = self._last_use.max(initial=0) + 1
        return self._slots

    def _free_slots(self, slots: NDArray[np.intp], wanted: NDArray[np.intp], count: int) -> NDArray[np.intp]:
        """Return slots for rows: new ones while there are any, then those of the rows not used for longest."""
        used = len(self._genes)
        new = np.arange(used, min(used + count, self._capacity), dtype=np.intp)
        last_use = self._last_use.copy()
        last_use[slots[wanted[slots[wanted] >= 0]]] = np.iinfo(np.int64).max
        old = np.sort(np.argsort(last_use, kind="stable")[: count - len(new)])
        return np.concatenate([old, new])

    def _fill(self, slots: NDArray[np.intp], free: NDArray[np.intp], genes: NDArray[np.intp]) -> None:
        """Read rows into slots; until all of them are read, those slots are nobody's."""
        used = len(self._genes)
        taken = free[free < used]
        slots[self._genes[taken[slots[self._genes[taken]] == taken]]] = -1
        in_use = max(used, int(free.max()) + 1)
        shared, owners = np.zeros((in_use, in_use)), np.concatenate([self._genes, genes[free >= used]])
        shared[:used, :used] = self._shared
        owners[free] = genes
        for block in row_blocks(len(genes), self.shape[1]):
            rows, here = self._source.rows(genes[block]), free[block]
            for number, part in enumerate(self._rows):
                columns = rows[:, number * self._width : (number + 1) * self._width]
                part[here, : columns.shape[1]] = columns
            shared[here] = rows[:, owners]
            shared[:, here] = shared[here].T
        self._shared, self._genes = shared, owners
        self._last_use = np.concatenate([self._last_use, np.zeros(in_use - used, dtype=np.int64)])
        slots[genes] = free
