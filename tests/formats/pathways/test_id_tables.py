"""Tables without a header that have ids of gene sets in one column and genes of the panel in another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import PathwayFile, read_pathways

if TYPE_CHECKING:
    from pathlib import Path

PANEL = Panel(("TP53", "MDM2", "MYC", "CDKN1A", "BAX", "IL6", "TNF"))
ALIASES = {f"hsa:{7157 + i}": gene for i, gene in enumerate(PANEL.genes)} | {
    f"ENSG{141510 + i:011d}": gene for i, gene in enumerate(PANEL.genes)
}


def read(path: Path, content: str, **options: Any) -> PathwayFile:
    path.write_text(content)
    return read_pathways(path, PANEL, aliases=ALIASES, **options)


def members(file: PathwayFile) -> dict[str, set[str]]:
    return {pathway.label: set(PANEL.names(pathway.genes)) for pathway in file.pathways}


IDS = (
    ("path:hsa04210", "path:hsa04110"),
    ("hsa04210", "mmu04110"),
    ("R-HSA-109581", "R-HSA-69278"),
    ("GO:0006915", "GO:0007049"),
    ("WP254", "WP179"),
    ("HP:0000006", "HP:0000007"),
    ("DOID:162", "DOID:1612"),
    ("IPR011615", "IPR002117"),
    ("PF00870", "PF00069"),
)
GENES = (("TP53", "BAX", "MDM2"), ("MYC", "CDKN1A"))


@pytest.mark.parametrize("mark", ["\t", ","])
@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("ids", IDS, ids=lambda ids: ids[0])
def test_ids_of_sets_beside_genes_are_sets(tmp_path: Path, ids: tuple[str, str], swapped: bool, mark: str):
    rows = [[name, gene] for name, genes in zip(ids, GENES, strict=True) for gene in genes]
    content = "".join(mark.join(row[::-1] if swapped else row) + "\n" for row in rows)
    file = read(tmp_path / "t.txt", content)
    assert members(file) == {name: set(genes) for name, genes in zip(ids, GENES, strict=True)}
    columns = ("2", "1") if swapped else ("1", "2")
    assert (
        f"column {columns[0]} has ids of gene sets, such as {ids[0]}, and column {columns[1]} the genes"
        in file.notes[0]
    )


def test_kegg_links_are_read_by_other_names(tmp_path: Path):
    content = "path:hsa04210\thsa:7157\npath:hsa04210\thsa:7161\npath:hsa04110\thsa:7159\npath:hsa04110\thsa:99\n"
    assert members(read(tmp_path / "t.txt", content, missing="drop")) == {
        "path:hsa04210": {"TP53", "BAX"},
        "path:hsa04110": {"MYC"},
    }
    with pytest.raises(InputError, match="not on the panel") as refusal:
        read(tmp_path / "t.txt", content)
    assert refusal.value.code.startswith("genes-")


def test_reactome_may_begin_with_another_species(tmp_path: Path):
    line = "{}\t{}\thttps://reactome.org/PathwayBrowser/#/{}\tApoptosis\t{}\t{}\n"
    cow = [line.format(f"ENSBTAG{i:011d}", "R-BTA-109581", "R-BTA-109581", "IEA", "Bos taurus") for i in range(80)]
    human = [
        line.format(f"ENSG{141510 + i:011d}", "R-HSA-109581", "R-HSA-109581", "TAS", "Homo sapiens") for i in range(3)
    ]
    file = read(tmp_path / "Ensembl2Reactome.txt", "".join(cow + human), missing="drop")
    assert members(file) == {"R-HSA-109581": {"TP53", "MDM2", "MYC"}}


AMBIGUOUS = {
    "two columns of genes": "GO:0006915\tTP53\thsa:7157\nGO:0006915\tMDM2\thsa:7158\n",
    "two columns of ids": "GO:0006915\tTP53\tIPR011615\nGO:0006915\tMDM2\tIPR002117\n",
}


@pytest.mark.parametrize("content", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_several_columns_are_asked_about(tmp_path: Path, content: str):
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "t.txt", content)
    assert (refusal.value.code, refusal.value.facts) == ("columns-of-sets-ambiguous", {"set": "1", "gene": "2"})
    file = read(tmp_path / "t.txt", content, set_column="1", gene_column="2")
    assert members(file) == {"GO:0006915": {"TP53", "MDM2"}}


@pytest.mark.parametrize("qualifier", ["NOT", "NOT|involved_in"])
def test_annotations_that_say_not_are_left_out(tmp_path: Path, qualifier: str):
    content = f"TP53\tenables\tGO:0006915\nMDM2\t{qualifier}\tGO:0006915\n"
    file = read(tmp_path / "t.txt", content)
    assert members(file) == {"GO:0006915": {"TP53"}}
    assert "1 row left out that says NOT in column '2'" in file.notes


def test_annotations_that_may_say_not_are_refused(tmp_path: Path):
    content = "TP53\tenables\tGO:0006915\nMDM2\tNOT_seen\tGO:0006915\n"
    with pytest.raises(InputError, match=r"line 2.*NOT belong"):
        read(tmp_path / "t.txt", content)


def test_ids_under_titles_of_regulators_are_those_of_sets(tmp_path: Path):
    file = read(tmp_path / "t.txt", "from\tto\nGO:0006915\tTP53\nGO:0006915\tMDM2\n")
    assert members(file) == {"GO:0006915": {"TP53", "MDM2"}}
    assert any("names sets of genes, not regulators" in note for note in file.notes)


def test_genes_alone_are_no_ids(tmp_path: Path):
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "t.txt", "TP53\tMDM2\nTP53\tBAX\n")
    assert refusal.value.code == "format-not-known"
