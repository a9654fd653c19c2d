"""grnledger: the ledger of a lab's gene regulatory network.

    import grnledger

    repo = grnledger.open("tumor.grn")
    v3 = repo.snapshot("v3")
    v3.partial_correlation("TP53", "MDM2")

`open` and `init` return a `Repository`; its snapshots are indexed by gene names. `grnledger.engine` has the
mathematics alone, on plain arrays.
"""

from __future__ import annotations

import sys

if (_program := (getattr(sys, "argv", None) or [""])[0].replace("\\", "/").rpartition("/")[2]) in (
    "grn",
    "grn.exe",
) or (_program == "-m" and "grnledger.cli" in sys.orig_argv):
    from .cli import heed_interrupts  # before anything else: this process is `grn`, and is being loaded

    heed_interrupts()

from typing import TYPE_CHECKING

from .engine.lazy import attach

if TYPE_CHECKING:
    from . import engine as engine
    from .analysis.api import (
        clone as clone,
        init as init,
        open as open,  # noqa: A004  the name that a user expects
        set_base as set_base,
        verify as verify,
    )
    from .analysis.distribution.schedulers import open_scheduler as open_scheduler
    from .analysis.repository import Repository as Repository
    from .engine.errors import (
        AccessDenied as AccessDenied,
        Conflict as Conflict,
        EngineError as EngineError,
        FormatError as FormatError,
        GrnError as GrnError,
        InputError as InputError,
        NotConverged as NotConverged,
        NotFound as NotFound,
        NotPositiveDefinite as NotPositiveDefinite,
        ShapeError as ShapeError,
    )
    from .engine.network.pairs.edge_rule import EdgeRule as EdgeRule
    from .engine.network.panel import Panel as Panel
    from .engine.network.pathway import Pathway as Pathway
    from .engine.network.snapshot import Snapshot as Snapshot
    from .formats.pathways.pathways import read_pathways as read_pathways
    from .storage.history.versions import Version as Version
    from .views import plot as plot
else:
    __getattr__, __dir__ = attach(__name__)
