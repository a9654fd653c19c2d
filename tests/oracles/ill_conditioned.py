"""Versions of any form with a condition that is chosen, and pathways that are added and subtracted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from grnledger.engine.network.anchor import anchor_of
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.inversion import invert
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.network.snapshot import Snapshot, build_snapshot

if TYPE_CHECKING:
    from grnledger.engine.network.covariance import Covariance

FORMS = ["dense", "factors", "noise"]


def base_of(form: str, genes: int, condition: float, rng: np.random.Generator) -> Covariance:
    """A dense base, one ill-conditioned by its factors, or one ill-conditioned by its noise."""
    spread = condition ** -rng.permutation(np.linspace(0.0, 1.0, genes))
    if form == "dense":
        axes = np.linalg.qr(rng.standard_normal((genes, genes)))[0]
        product = (axes * spread) @ axes.T
        return invert((product + product.T) / 2)
    loadings = rng.standard_normal((genes, 3))
    if form == "noise":
        return FactorCovariance(spread, 0.1 * loadings)
    scale = np.sqrt(condition) / np.linalg.norm(loadings, 2)
    return FactorCovariance(rng.uniform(1.0, 2.0, genes), scale * loadings)


def version(form: str, genes: int, condition: float, *, seed: int = 0) -> Snapshot:
    """A version with four pathways added and one subtracted."""
    rng = np.random.default_rng([genes, int(condition), seed])
    base = base_of(form, genes, condition, rng)
    panel = Panel(tuple(f"G{number}" for number in range(genes)))
    everyone = np.arange(genes)
    added = Pathway(("a", "b", "c", "d"), everyone, 0.3 * rng.standard_normal((genes, 4)))
    deviations, anchor = base.standard_deviations(), anchor_of(base)
    direction = rng.standard_normal(genes)
    available = build_snapshot(panel, anchor, [added], deviations)
    half = direction * np.sqrt(0.5 / float(direction @ available.precision.to_dense() @ direction))
    removed = Pathway(("e",), everyone.copy(), half[:, None], -1, "raw")
    return build_snapshot(panel, anchor, [added, removed], deviations)
