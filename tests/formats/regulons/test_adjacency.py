"""ARACNe's files of a regulator a line, its targets and their mutual information behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import read_pathways

if TYPE_CHECKING:
    from pathlib import Path

PANEL = Panel(("TP53", "MDM2", "MYC", "TERT", "BAX", "JUN", "IL6"))
ROWS = "TP53\tMDM2\t0.5\tBAX\t0.25\tIL6\t0.125\nMYC\tTERT\t0.75\n"
TRUTH = {"TP53": {"TP53": 1, "MDM2": 0.5, "BAX": 0.25, "IL6": 0.125}, "MYC": {"MYC": 1, "TERT": 0.75}}

READ = {
    "comments": ("a.txt", "> Input file\tx.exp\n> ADJ file\n" + ROWS),
    "the ending": ("a.adj", ROWS),
    "neither": ("a.tsv", ROWS),
    "regulators without targets": ("a.adj", ROWS + "JUN\n"),
    "tabs at the end": ("a.adj", ROWS.replace("\n", "\t\n")),
    "one target a line": ("a.adj", ROWS.replace("\tIL6", "\nTP53\tIL6").replace("\tBAX", "\nTP53\tBAX")),
}


@pytest.mark.parametrize(("name", "content"), READ.values(), ids=READ)
def test_targets_and_numbers_in_turn_are_read(tmp_path: Path, name: str, content: str):
    (tmp_path / name).write_text(content)
    file = read_pathways(tmp_path / name, PANEL, strength=1.0)
    found = {p.names[0]: dict(zip(PANEL.names(p.genes), p.loadings[:, 0].tolist(), strict=True)) for p in file.pathways}
    assert found == TRUTH
    assert file.notes[0].startswith("a regulator a line, as ARACNe writes them: 4 weights, 0.125 to 0.75")


REFUSED = {
    "no number": (ROWS + "JUN\tIL6\t0.5\tBAX\n", "line 3: 'BAX' has no number behind it"),
    "not finite": (ROWS + "JUN\tIL6\tnan\n", "is not a finite number"),
    "two weights": (ROWS + "MYC\tTERT\t0.5\n", "TERT has the weight 0.5, and before 0.75"),
    "both directions": ("TP53\tMYC\t0.5\tJUN\t0.25\nMYC\tTP53\t0.5\nJUN\tTP53\t0.25\n", "in both directions"),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_in_them_is_named(tmp_path: Path, content: str, sentence: str):
    (tmp_path / "a.adj").write_text(content)
    with pytest.raises(InputError) as refusal:
        read_pathways(tmp_path / "a.adj", PANEL)
    assert sentence in refusal.value.message


def test_a_header_behind_its_mark_is_one_of_a_table(tmp_path: Path):
    (tmp_path / "a.tsv").write_text(">target\tsource\tweight\nMDM2\tTP53\t0.5\nTERT\tMYC\t0.75\n")
    file = read_pathways(tmp_path / "a.tsv", PANEL)
    assert [p.names[0] for p in file.pathways] == ["TP53", "MYC"]


def test_an_edge_list_with_more_columns_is_none(tmp_path: Path):
    (tmp_path / "a.tsv").write_text("TP53\tMDM2\t0.5\tENCODE\t123\nMYC\tTERT\t0.75\tChEA\t456\n")
    with pytest.raises(InputError):
        read_pathways(tmp_path / "a.tsv", PANEL, missing="drop")
