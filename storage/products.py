"""The products of the columns that were read last: the next version mostly has the same ones."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from ..engine.anchor import Known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..engine.anchor import Anchor
    from ..engine.snapshot import Snapshot


class Products:
    """Keeps XᵀA⁻¹X of one version, so that the next one computes the products of its new columns alone."""

    def __init__(self) -> None:
        self._snapshot: Snapshot | None = None
        self._places: Mapping[str, range] = {}

    def known(self, anchor: Anchor, ranks: Mapping[str, int]) -> Known | None:
        """Return what is known of a version's products.

        Parameters
        ----------
        anchor : Anchor
            What the version is read from.
        ranks : mapping of str to int
            The ids of its pathways, in the order of their columns, and how many columns each has.
        """
        if self._snapshot is None or self._snapshot.capacitance.anchor is not anchor:
            return None
        if (gram := self._snapshot.capacitance.gram) is None:
            return None
        places = [self._places.get(one, itertools.repeat(-1, rank)) for one, rank in ranks.items()]
        return Known(gram, np.fromiter(itertools.chain.from_iterable(places), dtype=np.intp))

    def keep(self, snapshot: Snapshot, ranks: Mapping[str, int]) -> None:
        """Keep the products of a version for the next one."""
        ends = itertools.accumulate(ranks.values())
        self._snapshot = snapshot
        self._places = {one: range(end - rank, end) for (one, rank), end in zip(ranks.items(), ends, strict=True)}
