"""grnledger: the ledger of a lab's gene regulatory network.

    import grnledger

    repo = grnledger.open("tumor.grn")
    v3 = repo.snapshot("v3")
    v3.partial_correlation("TP53", "MDM2")

`open` and `init` give a `Repository`; its snapshots answer by gene names. `grnledger.engine` has the mathematics by
itself, on plain arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .engine.lazy import lazily

if TYPE_CHECKING:
    from . import engine
    from .engine.errors import (
        Conflict,
        EngineError,
        FormatError,
        GrnError,
        InputError,
        NotConverged,
        NotFound,
        NotPositiveDefinite,
        ShapeError,
    )
    from .engine.network.edges import EdgeRule
    from .engine.network.panel import Panel
    from .engine.network.pathway import Pathway
    from .engine.network.snapshot import Snapshot
    from .formats.pathways.pathways import read_pathways
    from .storage.api import clone, init, open, verify  # noqa: A004  the name that a user expects
    from .storage.history.versions import Version
    from .storage.repository import Repository

__all__ = [
    "Conflict",
    "EdgeRule",
    "EngineError",
    "FormatError",
    "GrnError",
    "InputError",
    "NotConverged",
    "NotFound",
    "NotPositiveDefinite",
    "Panel",
    "Pathway",
    "Repository",
    "ShapeError",
    "Snapshot",
    "Version",
    "clone",
    "engine",
    "init",
    "open",
    "read_pathways",
    "verify",
]

__getattr__ = lazily(
    __name__,
    {
        "Conflict": "engine.errors",
        "EdgeRule": "engine.network.edges",
        "EngineError": "engine.errors",
        "FormatError": "engine.errors",
        "GrnError": "engine.errors",
        "InputError": "engine.errors",
        "NotConverged": "engine.errors",
        "NotFound": "engine.errors",
        "NotPositiveDefinite": "engine.errors",
        "Panel": "engine.network.panel",
        "Pathway": "engine.network.pathway",
        "Repository": "storage.repository",
        "ShapeError": "engine.errors",
        "Snapshot": "engine.network.snapshot",
        "Version": "storage.history.versions",
        "clone": "storage.api",
        "engine": "engine",
        "init": "storage.api",
        "open": "storage.api",
        "read_pathways": "formats.pathways.pathways",
        "verify": "storage.api",
    },
)
