"""Lines of genes without names, and sets in columns beside a column that numbers the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import PathwayFile, read_pathways

if TYPE_CHECKING:
    from pathlib import Path

GENES = ("TP53", "MDM2", "CDKN1A", "IL6", "TNF", "MYC", "BAX", "JUN")
PANEL = Panel(GENES)


def read(path: Path, content: str, **options: object) -> PathwayFile:
    path.write_text(content)
    return read_pathways(path, PANEL, **options)  # type: ignore[arg-type]


def members(file: PathwayFile) -> dict[str, list[str]]:
    return {pathway.label: [GENES[gene] for gene in pathway.genes] for pathway in file.pathways}


MCL = "TP53\tMDM2\tCDKN1A\tBAX\nIL6\tTNF\tJUN\n"
CLUSTERS = {"cluster_1": ["TP53", "MDM2", "CDKN1A", "BAX"], "cluster_2": ["IL6", "TNF", "JUN"]}


@pytest.mark.parametrize("content", [MCL, MCL.replace("\t", ","), MCL.replace("TNF", "IFNG1P")])
def test_lines_of_genes_are_asked_about_with_three_readings(tmp_path: Path, content: str):
    with pytest.raises(InputError, match="sets without names") as refusal:
        read(tmp_path / "out.mcl", content)
    assert refusal.value.code == "lines-of-genes"


@pytest.mark.parametrize("mark", ["\t", ",", ";", " "])
def test_lists_are_sets_called_by_their_places(tmp_path: Path, mark: str):
    content = MCL.replace("\t", mark) + f"MYC{mark}MYC\n"
    file = read(tmp_path / "out.mcl", content, kind="lists")
    assert members(file) == {**CLUSTERS, "cluster_3": ["MYC"]}
    assert file.notes[0] == "lines of genes without names: 3 sets, called by their places cluster_1, cluster_2, …"
    assert "1 gene that occurred twice in a set counted once" in file.notes


def test_the_other_readings_take_every_gene_of_a_line(tmp_path: Path):
    sets = read(tmp_path / "a.txt", MCL, kind="gmt", descriptions=False)
    assert members(sets) == {"TP53": ["MDM2", "CDKN1A", "BAX"], "IL6": ["TNF", "JUN"]}
    regulons = read(tmp_path / "a.txt", MCL, kind="regulon", descriptions=False)
    assert members(regulons) == {"TP53": CLUSTERS["cluster_1"], "IL6": CLUSTERS["cluster_2"]}


def test_second_fields_of_regulons_are_asked_about(tmp_path: Path):
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "a.txt", MCL, kind="regulon")
    assert refusal.value.code == "gmt-without-descriptions"
    described = read(tmp_path / "a.txt", MCL, kind="regulon", descriptions=True)
    assert members(described)["TP53"] == ["TP53", "CDKN1A", "BAX"]
    with pytest.raises(InputError, match="no descriptions of sets"):
        read(tmp_path / "b.tsv", "source\ttarget\nTP53\tMDM2\n", kind="regulon", descriptions=False)


def test_the_first_target_of_a_repressor_is_turned_with_the_others(tmp_path: Path):
    file = read(tmp_path / "a.txt", "TP53(-)\tMDM2\tBAX\nMYC(+)\tJUN\tIL6\tTNF\n", kind="regulon", descriptions=False)
    signs = dict(zip([GENES[g] for g in file.pathways[0].genes], file.pathways[0].loadings[:, 0] > 0, strict=True))
    assert signs == {"TP53": True, "MDM2": False, "BAX": False}


def test_clusters_of_pairs_and_single_genes_are_offered_as_lists(tmp_path: Path):
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "out.mcl", f"{MCL}MYC\n")
    assert (refusal.value.code, refusal.value.facts) == ("format-not-known", {"formats": "lists"})


COLUMNS = (("T cells", "B cells", "NK", "Mono"), ("TP53", "MDM2", "IL6", "JUN"), ("BAX", "MYC", "TNF", "CDKN1A"))
OF_COLUMNS = {"T cells": ["TP53", "BAX"], "B cells": ["MDM2", "MYC"], "NK": ["IL6", "TNF"], "Mono": ["CDKN1A", "JUN"]}


@pytest.mark.parametrize("title", ["", "rank", "Unnamed: 0", None])
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("mark", [",", "\t"])
def test_a_column_that_numbers_rows_is_no_set(tmp_path: Path, title: str | None, first: int, mark: str):
    header = COLUMNS[0] if title is None else (title, *COLUMNS[0])
    rows = [header, *((str(i + first), *row) for i, row in enumerate(COLUMNS[1:]))]
    content = "".join(mark.join(row) + "\n" for row in rows)
    file = read(tmp_path / "names.csv", content)
    assert members(file) == OF_COLUMNS
    assert f"the first column, which numbers the rows ({first}, {first + 1}, …), skipped" in file.notes


@pytest.mark.parametrize("options", [{"kind": "gmt"}, {"kind": "json"}, {"kind": "adj"}, {}])
def test_activation_may_be_asked_for_where_there_are_no_signs(tmp_path: Path, options: dict[str, Any]):
    contents = {
        "gmt": "A\tna\tTP53\tMDM2\n",
        "json": '{"A": ["TP53", "MDM2"]}',
        "adj": "TP53\tMDM2\t0.5\tBAX\t0.25\n",
        "": "set\tgenes\nA\tTP53;MDM2\n",
    }
    content = contents[options.get("kind", "")]
    file = read(tmp_path / "f.txt", content, unknown_sign="plus", **options)
    plain = read(tmp_path / "f.txt", content, **options)
    assert members(file) == members(plain)
    with pytest.raises(InputError):
        read(tmp_path / "f.txt", content, unknown_sign="drop", **options)
