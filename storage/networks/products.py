"""The products of the columns that were read last: the next version mostly has the same ones."""

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
        # One value, put in place at once: others may read versions in threads of their own.
        self._kept: tuple[Anchor, NDArray[np.float64], Mapping[str, range]] | None = None

    def known(self, anchor: Anchor, ranks: Mapping[str, int]) -> KnownProducts | None:
        """Return what is known of a version's products.

        Parameters
        ----------
        anchor : Anchor
            What the version is read from.
        ranks : mapping of str to int
            The ids of its pathways, in the order of their columns, and how many columns each has.
        """
        kept = self._kept
        if kept is None or kept[0] is not anchor:
            return None
        _, products, places = kept
        found = [places.get(one, itertools.repeat(-1, rank)) for one, rank in ranks.items()]
        return KnownProducts(products, np.fromiter(itertools.chain.from_iterable(found), dtype=np.intp))

    def keep(self, snapshot: Snapshot, ranks: Mapping[str, int]) -> None:
        """Keep the products of a version for the next one, where it has them."""
        if (products := snapshot.capacitance.products) is None:
            return
        ends = itertools.accumulate(ranks.values())
        places = {one: range(end - rank, end) for (one, rank), end in zip(ranks.items(), ends, strict=True)}
        self._kept = snapshot.capacitance.anchor, products, places
