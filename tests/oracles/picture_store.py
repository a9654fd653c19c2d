"""A store for figures: 20 genes with hostile names among them, two factors, a pathway added and one subtracted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import numpy as np
from grnledger.engine import FactorCovariance, Panel, Pathway

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.repository import Repository

HOSTILE = ("$A_1$", "</text><script>", "X" * 60, "\u57fa\u56e0", "a\\b", "%s{0}", "e\u0301&<")
GENES = (*HOSTILE, *(f"G{number:02}" for number in range(len(HOSTILE), 20)))
STRONGER, WEAKER = "</svg>$x^2$", "WEAKER"


def base() -> FactorCovariance:
    stream = np.random.RandomState(7)
    return FactorCovariance(stream.uniform(0.5, 1.5, 20), stream.randn(20, 2), np.array([[1.0, 0.3], [0.3, 2.0]]))


def make_store(path: Path) -> Repository:
    """Return a repository whose v0 is the base, v1 has a pathway more, and v2 another one subtracted."""
    repo = grnledger.init(path, factor_model=base(), genes=GENES)
    panel = Panel(GENES)
    repo.commit(Pathway.of(panel, STRONGER, {"$A_1$": 0.9, "G08": -0.7, "G12": 0.4}))
    repo.commit(Pathway.of(panel, WEAKER, {"G09": 0.2, "G10": 0.1}, sign=-1, units="raw"))
    return repo


def dense(repo: Repository, rev: str) -> np.ndarray:
    """Return Σ of a version, formed."""
    return repo.snapshot(rev).covariance.to_dense()


def rho_of(covariance: np.ndarray) -> np.ndarray:
    """Return ρ of all pairs by direct inversion, 1 on the diagonal."""
    precision = np.linalg.inv(covariance)
    scale = np.sqrt(np.diagonal(precision))
    rho = -precision / np.outer(scale, scale)
    np.fill_diagonal(rho, 1.0)
    return rho
