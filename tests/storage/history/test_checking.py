"""What a commit claims against what its history gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import FormatError
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import layout
from grnledger.storage.history import changes, checking, entries
from grnledger.storage.history.records import MeasuredRecord
from grnledger.storage.networks import diagnostics, reading

if TYPE_CHECKING:
    from pathlib import Path


def test_a_pathway_on_genes_outside_the_panel_is_refused_and_reported(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beyond = Pathway(("beyond",), np.array([3, 99]), np.full((2, 1), 0.1))
    with monkeypatch.context() as careless:
        for module in (changes, checking):
            careless.setattr(module, "check_genes", lambda *_: None)
        careless.setattr(reading, "check_stored_genes", lambda *_: None)
        content = layout.version_content_id(grnledger.open(store).version("v3").base, beyond_and_active(store, beyond))
        careless.setattr(diagnostics.Diagnostics, "measure", lambda *_: measured(content, rank=2))
        grnledger.open(store).commit(beyond)
    with pytest.raises(FormatError, match="gene number 99 of a panel of 16 genes"):
        grnledger.open(store).snapshot()
    damaged = [finding for finding in grnledger.verify(store).findings if finding.kind == "damage"]
    assert [(finding.path, finding.versions) for finding in damaged] == [("log/0000000006.h5", (4,))]


def beyond_and_active(store: Path, beyond: Pathway) -> set[str]:
    return {active.record.id for active in grnledger.open(store).active()} | {entries.pathway_id(beyond)}


def measured(content: str, *, rank: int) -> MeasuredRecord:
    none = {"anchor": None, "since_anchor": 1, "probe": None}
    return MeasuredRecord(content=content, rank=rank, rank_since=rank, guard=1.0, **none)
