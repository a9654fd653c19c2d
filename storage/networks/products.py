"""The inner products of the columns that were read last: the next version mostly has the same columns."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from ...engine.network.anchor import KnownProducts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ...engine.network.anchor import Anchor
    from ...engine.network.snapshot import Snapshot


class Products:
    """Keeps XᵀA⁻¹U of one version, so that the next one computes the products of its new columns alone."""

    def __init__(self) -> None:
        # One tuple, replaced at once: other threads may read versions at the same time.
        self._cached: tuple[Anchor, NDArray[np.float64], Mapping[str, range]] | None = None

    def known(self, anchor: Anchor, ranks: Mapping[str, int]) -> KnownProducts | None:
        """Return the products of a version that are known already.

        Parameters
        ----------
        anchor : Anchor
            The anchor that the version is read from.
        ranks : mapping of str to int
            The ids of its pathways, in the order of their columns, and the number of columns of each.
        """
        previous = self._cached
        if previous is None or previous[0] is not anchor:
            return None
        _, products, indices = previous
        columns = [indices.get(pathway, itertools.repeat(-1, rank)) for pathway, rank in ranks.items()]
        return KnownProducts(products, np.fromiter(itertools.chain.from_iterable(columns), dtype=np.intp))

    def keep(self, snapshot: Snapshot, ranks: Mapping[str, int]) -> None:
        """Keep the products of a version for the next one, where it has them."""
        if (products := snapshot.capacitance.products) is None:
            return
        ends = itertools.accumulate(ranks.values())
        indices = {pathway: range(end - rank, end) for (pathway, rank), end in zip(ranks.items(), ends, strict=True)}
        self._cached = snapshot.capacitance.anchor, products, indices
