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
    from .engine.network import Cut
    from .engine.panel import Panel
    from .engine.pathway import Pathway
    from .engine.snapshot import Snapshot
    from .storage.face import clone, init, open, verify  # noqa: A004  the name that a user expects
    from .storage.formats.pathways import read_pathways
    from .storage.repository import Repository
    from .storage.versions import Version

__all__ = [
    "Conflict",
    "Cut",
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
        "Cut": "engine.network",
        "EngineError": "engine.errors",
        "FormatError": "engine.errors",
        "GrnError": "engine.errors",
        "InputError": "engine.errors",
        "NotConverged": "engine.errors",
        "NotFound": "engine.errors",
        "NotPositiveDefinite": "engine.errors",
        "Panel": "engine.panel",
        "Pathway": "engine.pathway",
        "Repository": "storage.repository",
        "ShapeError": "engine.errors",
        "Snapshot": "engine.snapshot",
        "Version": "storage.versions",
        "clone": "storage.face",
        "engine": "engine",
        "init": "storage.face",
        "open": "storage.face",
        "read_pathways": "storage.formats.pathways",
        "verify": "storage.face",
    },
)
