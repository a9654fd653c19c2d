"""grnledger, through its public interface: one pathway a commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import numpy as np

from .contenders import Refused
from .model import State

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NAME = "model.grn"


def create(folder: Path, base: State) -> None:
    """Begin with the covariance as version 0."""
    genes = [f"G{index:05d}" for index in range(len(base.covariance))]
    grnledger.init(folder / NAME, covariance=base.covariance, genes=genes)


class Opened:
    """The repository: opened once for writing, and for each read."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.repository = grnledger.open(self.path)

    def commit(self, item: int, loadings: NDArray[np.float64]) -> None:
        """Commit the term as a pathway on all genes."""
        genes = np.arange(len(loadings), dtype=np.intp)
        pathway = grnledger.Pathway((f"item {item}",), genes, loadings[:, None].copy(), units="raw")
        try:
            self.repository.commit([pathway], message=f"item {item}")
        except grnledger.Conflict as failure:
            self.repository = grnledger.open(self.path)
            raise Refused from failure

    def versions(self) -> list[int]:
        """Return the numbers of the versions."""
        return sorted(version.number for version in grnledger.open(self.path).versions(None))

    def newest(self) -> State:
        """Return HEAD."""
        return self._state("HEAD")

    def read(self, version: int) -> State:
        """Return a version by its number."""
        return self._state(f"v{version}")

    def _state(self, rev: str) -> State:
        snapshot = grnledger.open(self.path).snapshot(rev)
        return State(snapshot.covariance.to_dense(), snapshot.precision.to_dense())
