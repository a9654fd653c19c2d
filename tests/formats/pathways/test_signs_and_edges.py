"""Signs of regulation that are read, those that are asked about, and edges without a header."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import PathwayFile, read_pathways

if TYPE_CHECKING:
    from pathlib import Path

PANEL = Panel(("TP53", "MDM2", "MYC", "CDKN1A", "EGFR", "BAX", "TERT"))


def read(path: Path, content: str, **options: object) -> PathwayFile:
    path.write_text(content)
    return read_pathways(path, PANEL, **options)  # type: ignore[arg-type]


def loadings(file: PathwayFile) -> dict[str, dict[str, float]]:
    """Return the loadings by pathway and gene, in units of the strength."""
    return {
        pathway.names[0]: {
            PANEL.genes[gene]: round(float(loading) * 10, 6)
            for gene, loading in zip(pathway.genes.tolist(), pathway.loadings[:, 0], strict=True)
        }
        for pathway in file.pathways
    }


UNSIGNED = {"TP53": {"TP53": 1.0, "MDM2": 1.0, "MYC": 1.0}, "MYC": {"MYC": 1.0, "TERT": 1.0}}
SIGNED = {"TP53": {"TP53": 1.0, "MDM2": 1.0, "MYC": -1.0}, "MYC": {"MYC": 1.0, "TERT": 1.0}}
WEIGHTED = {"TP53": {"TP53": 1.0, "MDM2": 0.5, "MYC": -0.25}, "MYC": {"MYC": 1.0, "TERT": 1.5}}


REGULATES = ("expression", "activation", "aktiviert", "UP", "transactivates", "activates expression", "-->", "induces")
REPRESSES = ("repression", "inhibition", "hemmt", "DN", "transrepresses", "inhibits expression", "--|", "blocks")


@pytest.mark.parametrize(("plus", "minus"), [*zip(REGULATES, REPRESSES, strict=True)])
@pytest.mark.parametrize(
    "titles", ["source,target,effect", "from,to,subtype1", "entry1,entry2,name", "tf,target,Type2"]
)
def test_words_of_both_signs_are_read(tmp_path: Path, plus: str, minus: str, titles: str):
    table = f"{titles}\nTP53,MDM2,{plus}\nTP53,MYC,{minus}\nMYC,TERT,{plus}\n"
    assert loadings(read(tmp_path / "a.csv", table)) == SIGNED


@pytest.mark.parametrize("title", ["subtype_of_edge", "Class", "remark", "outcome", "notes"])
@pytest.mark.parametrize("plus", ["expression", "binding", "GErel", "phosphorylation", "+p", ""])
@pytest.mark.parametrize("minus", ["repression", "inhibition", "--|", "represses expression", "downregulates"])
def test_words_of_repression_under_any_title_are_asked_about(tmp_path: Path, title: str, plus: str, minus: str):
    table = f"source,target,{title}\nTP53,MDM2,{plus}\nTP53,MYC,{minus}\nMYC,TERT,{plus}\n"
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "a.csv", table)
    assert refusal.value.code == "column-may-be-signs"
    assert loadings(read(tmp_path / "a.csv", table, sign_column="none")) == UNSIGNED


@pytest.mark.parametrize("field", ["-", "–", "R", "Down syndrome", "GErel", "MYC repressor"])
def test_marks_that_may_be_anything_are_no_words_of_repression(tmp_path: Path, field: str):
    table = f"source,target,note\nTP53,MDM2,{field}\nTP53,MYC,text\nMYC,TERT,{field}\n"
    assert loadings(read(tmp_path / "a.csv", table)) == UNSIGNED


def test_repression_in_a_second_column_is_asked_about_where_the_first_has_none(tmp_path: Path):
    table = "from,to,subtype1,subtype2\nTP53,MDM2,activation,\nTP53,MYC,expression,inhibition\nMYC,TERT,activation,\n"
    with pytest.raises(InputError, match=r"'subtype2'.*'inhibition'"):
        read(tmp_path / "a.csv", table)


@pytest.mark.parametrize("title", ["effect", "sign", "mode", "Regulation", "subtype1"])
@pytest.mark.parametrize(
    ("plus", "minus"), [("1", "2"), ("2", "1"), ("1.0", "2.0"), ("0", "2"), ("2", "2"), ("3", "1")]
)
def test_codes_under_a_title_of_signs_are_no_weights(tmp_path: Path, title: str, plus: str, minus: str):
    table = f"source,target,{title}\nTP53,MDM2,{plus}\nTP53,MYC,{minus}\nMYC,TERT,{plus}\n"
    with pytest.raises(InputError, match="codes of activation and repression, or weights") as refusal:
        read(tmp_path / "a.csv", table)
    assert refusal.value.code == "codes-or-weights"
    assert loadings(read(tmp_path / "a.csv", table, sign_column="none")) == UNSIGNED


@pytest.mark.parametrize(
    ("weights", "expected"),
    [(("1", "-1", "1"), SIGNED), (("0.5", "-0.25", "1.5"), WEIGHTED), (("1", "1", "1"), UNSIGNED)],
)
@pytest.mark.parametrize("mark", ["\t", ",", " "])
def test_edges_with_weights_need_no_header(tmp_path: Path, weights: tuple[str, ...], expected: object, mark: str):
    pairs = (("TP53", "MDM2"), ("TP53", "MYC"), ("MYC", "TERT"))
    table = "".join(mark.join((*pair, weight)) + "\n" for pair, weight in zip(pairs, weights, strict=True))
    file = read(tmp_path / "a.tsv", table)
    assert loadings(file) == expected
    assert "no header: read as source, target, weight" in file.notes


@pytest.mark.parametrize(
    "weights", [("0.5", "0.25", "0.01"), ("1", "2", "1"), ("10022617", "12202480", "1"), ("0", "1", "1")]
)
def test_numbers_that_may_be_no_weights_want_a_title(tmp_path: Path, weights: tuple[str, ...]):
    pairs = (("TP53", "MDM2"), ("TP53", "MYC"), ("MYC", "TERT"))
    table = "".join("\t".join((*pair, weight)) + "\n" for pair, weight in zip(pairs, weights, strict=True))
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "a.tsv", table)
    assert refusal.value.code == "pathways-not-recognised"


def test_importances_without_a_header_are_weights(tmp_path: Path):
    table = "TP53\tMDM2\t12.5\nTP53\tMYC\t8.25\nMYC\tTERT\t3.1\n"
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "a.tsv", table)
    assert refusal.value.code == "loading-too-large"
    assert loadings(read(tmp_path / "a.tsv", table, normalize="max"))["TP53"] == {"TP53": 1.0, "MDM2": 1.0, "MYC": 0.66}


@pytest.mark.parametrize("title", ["official gene symbol", "Official Symbol"])
def test_markers_of_cell_types_are_sets(tmp_path: Path, title: str):
    table = f"species\t{title}\tcell type\tcanonical marker\nHs\tMDM2\tT cells\t1\nHs\tMYC\tT cells\t1\n"
    assert loadings(read(tmp_path / "a.tsv", table)) == {"T cells": {"MDM2": 1.0, "MYC": 1.0}}
