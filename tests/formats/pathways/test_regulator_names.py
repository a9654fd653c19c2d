"""Sets that have the names of genes: regulators with their targets, or sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import read_pathways

if TYPE_CHECKING:
    from pathlib import Path

PANEL = Panel(("TP53", "MDM2", "BAX", "MYC"))


def test_a_set_named_as_a_gene_that_is_no_member_is_asked_about(tmp_path: Path) -> None:
    (tmp_path / "s.gmt").write_text("TP53\tna\tMDM2\tBAX\n")
    with pytest.raises(InputError, match="names of genes of the panel") as refusal:
        read_pathways(tmp_path / "s.gmt", PANEL)
    assert refusal.value.code == "regulators-or-sets"


def test_a_gene_that_is_a_member_of_its_own_set_loads_in_either_reading(tmp_path: Path) -> None:
    (tmp_path / "s.gmt").write_text("TP53\tna\tTP53\tMDM2\tBAX\n")
    as_set = read_pathways(tmp_path / "s.gmt", PANEL).pathways[0]
    as_regulon = read_pathways(tmp_path / "s.gmt", PANEL, kind="regulon").pathways[0]
    assert as_set.genes.tolist() == as_regulon.genes.tolist()
    assert as_set.loadings.tolist() == as_regulon.loadings.tolist()
