"""Changes of expression after a perturbation, whose signs may be turned; and numbers whose signs are those of edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import PathwayFile, read_pathways

if TYPE_CHECKING:
    from pathlib import Path

PANEL = Panel(("TP53", "MDM2", "MYC", "TERT", "BAX", "JUN"))


def read(path: Path, content: str, **options: Any) -> PathwayFile:
    path.write_text(content, encoding="utf-8")
    return read_pathways(path, PANEL, strength=1.0, **options)


def loadings(file: PathwayFile) -> dict[str, float]:
    (pathway,) = file.pathways
    return dict(zip(PANEL.names(pathway.genes), pathway.loadings[:, 0].tolist(), strict=True))


PERTURBED = {
    "KnockTF": "TF\tGene\tMean Expr. of Control\tMean Expr. of Treat\tLog2FC\tup_down\n"
    "TP53\tMDM2\t528.5\t232.7\t-1.18\tdown\nTP53\tMYC\t65.1\t130.2\t1.0\tup\n",
    "method in a column": "TF\tgene\tLog2FC\tup_down\tmethod\n"
    "TP53\tMDM2\t-1.2\tdown\tsiRNA\nTP53\tMYC\t0.4\tup\tsiRNA\n",
    "in the title": "regulator\ttarget\tKO_Log2FC\tup_down\nTP53\tMDM2\t-1.2\tdown\nTP53\tMYC\t0.4\tup\n",
    "words": "TF\ttarget\tLog2FC\tup_down\tset\nTP53\tMDM2\t-1.2\tdown\tTP53 knockdown K562\nTP53\tMYC\t0.4\tup\tKO\n",
}


@pytest.mark.parametrize("choice", ["", "sign_column", "weight_column", "up_down"])
@pytest.mark.parametrize("content", PERTURBED.values(), ids=PERTURBED)
def test_changes_after_a_perturbation_are_no_signs(tmp_path: Path, content: str, choice: str):
    fold = next(title for title in content.split("\n", maxsplit=1)[0].split("\t") if title.endswith("Log2FC"))
    options = {"sign_column": "up_down"} if choice == "up_down" else {choice: fold} if choice else {}
    if "set" in content.split("\n", maxsplit=1)[0].split("\t"):
        options |= {"source_column": "TF"}
    with pytest.raises(InputError, match="those that fall are activated; or after an over-expression") as refusal:
        read(tmp_path / "t.tsv", content, **options)
    assert refusal.value.code == "signs-of-perturbation"


def test_signs_that_were_turned_in_the_file_are_read(tmp_path: Path):
    lines = PERTURBED["KnockTF"].splitlines()
    content = "".join(f"{line}\t{end}\n" for line, end in zip(lines, ("sign", "1", "-1"), strict=True))
    assert loadings(read(tmp_path / "t.tsv", content)) == {"TP53": 1, "MDM2": 1, "MYC": -1}


def test_up_and_down_under_a_title_of_signs_are_doubted_beside_a_knock_down(tmp_path: Path):
    content = "TF\ttarget\tregulation\tmethod\nTP53\tMDM2\tdown\tshRNA\nTP53\tMYC\tup\tshRNA\n"
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "t.tsv", content)
    assert refusal.value.code == "signs-of-perturbation"
    of_papers = content.replace("down", "repression").replace("up", "activation")
    assert loadings(read(tmp_path / "t.tsv", of_papers)) == {"TP53": 1, "MDM2": -1, "MYC": 1}


FOLD = "TF\ttarget\t{}\nTP53\tMDM2\t-1.5\nTP53\tMYC\t0.5\n"


@pytest.mark.parametrize("title", ["Log2FC", "logFC", "log2FoldChange", "avg_log2FC", "fold change"])
def test_a_fold_change_may_be_turned(tmp_path: Path, title: str):
    with pytest.raises(InputError, match="signs are the other way round") as refusal:
        read(tmp_path / "t.tsv", FOLD.format(title))
    assert refusal.value.code == "column-may-be-signs"
    for option in ("sign_column", "weight_column"):
        file = read(tmp_path / "t.tsv", FOLD.format(title), allow_large=True, **{option: title})
        note = f"{title!r} is a fold change: if it is that after a knock-down, the signs are to be turned"
        assert note in file.notes
        assert loadings(file)["MDM2"] < 0 < loadings(file)["MYC"]


def test_clusters_have_fold_changes_that_are_no_signs(tmp_path: Path):
    content = "gene\tcluster\tavg_log2FC\nTP53\t0\t1.5\nMDM2\t0\t0.5\nMYC\t1\t0.7\nBAX\t1\t0.2\n"
    file = read(tmp_path / "t.tsv", content, weight_column="avg_log2FC", allow_large=True)
    assert not any("knock" in note for note in file.notes)


SCENIC = "TF\tgene\tspearCor\tCoexWeight\nTP53\tMDM2\t0.23\t0.5\nTP53\tMYC\t-0.07\t0.25\nTP53\tBAX\t{}\t0.75\n"


def test_numbers_chosen_as_signs_have_those_of_regulation(tmp_path: Path):
    options = {"sign_column": "spearCor", "weight_column": "CoexWeight"}
    file = read(tmp_path / "t.tsv", SCENIC.format("0.9"), **options)
    assert loadings(file) == {"TP53": 1, "MDM2": 0.5, "MYC": -0.25, "BAX": 0.75}
    assert any("from column 'spearCor', whose numbers have signs" in note for note in file.notes)
    assert loadings(read(tmp_path / "t.tsv", SCENIC.format("0.9"), sign_column="spearCor"))["MYC"] == -1


@pytest.mark.parametrize("unknown", ["0", "0.0", "NA", ""])
def test_a_zero_is_a_sign_that_is_not_known(tmp_path: Path, unknown: str):
    options = {"sign_column": "spearCor", "weight_column": "CoexWeight"}
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "t.tsv", SCENIC.format(unknown), **options)
    assert refusal.value.code == "unknown-signs"
    file = read(tmp_path / "t.tsv", SCENIC.format(unknown), unknown_sign="drop", **options)
    assert loadings(file) == {"TP53": 1, "MDM2": 0.5, "MYC": -0.25}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (SCENIC.format("0.9").replace("\t0.25", "\t-0.25").replace("0.5\n", "-0.5\n"), "weight-against-sign"),
        (SCENIC.format("0.9").replace("-0.07", "0.07"), "numbers-without-sign"),
        (SCENIC.format("often"), "sign-not-known"),
    ],
)
def test_numbers_that_cannot_be_signs_are_refused(tmp_path: Path, content: str, code: str):
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "t.tsv", content, sign_column="spearCor", weight_column="CoexWeight")
    assert refusal.value.code == code
