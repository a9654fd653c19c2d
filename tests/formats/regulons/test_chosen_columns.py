"""Columns of names: those that are chosen, those of other languages, and an order that says nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import PathwayFile, read_pathways

if TYPE_CHECKING:
    from pathlib import Path

PANEL = Panel(("TP53", "MDM2", "MYC", "TERT", "BAX", "JUN"))


def read(path: Path, content: str, **options: Any) -> PathwayFile:
    path.write_text(content, encoding="utf-8")
    return read_pathways(path, PANEL, strength=1.0, **options)


def loadings(file: PathwayFile) -> dict[str, dict[str, float]]:
    return {
        pathway.label: dict(zip(PANEL.names(pathway.genes), pathway.loadings[:, 0].tolist(), strict=True))
        for pathway in file.pathways
    }


PAIRS = (("TP53", "MDM2", 1), ("TP53", "BAX", -1), ("MYC", "TERT", 1), ("MYC", "JUN", 1))
TRUTH = {"TP53": {"TP53": 1, "MDM2": 1, "BAX": -1}, "MYC": {"MYC": 1, "TERT": 1, "JUN": 1}}

LANGUAGES = {
    "German": ("Transkriptionsfaktor;Zielgen;Wirkung", "aktivierend", "hemmend"),
    "Spanish": ("regulador;diana;efecto", "activador", "represor"),
    "French": ("Régulateur;gène cible;effet", "activateur", "répresseur"),
    "French, short": ("FT;Cible;Signe", "+", "-"),
    "Russian, short": ("ТФ;ген-мишень;знак", "+", "-"),
    "Italian": ("regolatore;bersaglio;effetto", "attivatore", "inibitore"),
    "Portuguese": ("regulador;gene alvo;efeito", "ativador", "repressor"),
    "Chinese": ("转录因子;靶基因;调控", "激活", "抑制"),
    "Japanese": ("転写因子;標的遺伝子;制御", "活性化", "抑制"),
    "Russian": ("Регулятор;мишень;эффект", "активация", "подавление"),
    "arrows": ("regulator;target;effect", "↑", "↓"),
    "thick arrows": ("regulator;target;effect", "▲", "▼"),
}


@pytest.mark.parametrize(("titles", "plus", "minus"), LANGUAGES.values(), ids=LANGUAGES)
def test_titles_and_signs_are_read_in_several_languages(tmp_path: Path, titles: str, plus: str, minus: str):
    rows = "".join(f"{source};{target};{plus if sign > 0 else minus}\n" for source, target, sign in PAIRS)
    assert loadings(read(tmp_path / "r.csv", f"{titles}\n{rows}")) == TRUTH


def pairs(order: str, *more: str) -> str:
    """Return the pairs as lines, s for source, t for target, w for the sign as a number, and other fields."""
    rows = ({"s": source, "t": target, "w": str(sign)} for source, target, sign in PAIRS)
    return "".join("\t".join([*(row[letter] for letter in order), *more]) + "\n" for row in rows)


CHOSEN = {
    "titles that are not known": ("wer\twen\twie\n" + pairs("stw"), {"source": "wer", "gene": "wen", "sign": "wie"}),
    "in another order": ("wen\twie\twer\n" + pairs("tws"), {"source": "wer", "gene": "wen", "sign": "wie"}),
    "a title that is known otherwise": ("gene\tpartner\tsign\n" + pairs("tsw"), {"source": "partner", "gene": "gene"}),
    "targets by their title": ("target\tx\tsign\n" + pairs("tsw"), {"source": "x"}),
    "numbers": (pairs("tsw"), {"source": "2", "gene": "1"}),
    "numbers of seven columns": (
        "".join(f"R{i}\t{line}" for i, line in enumerate(pairs("stw", "e", "f").splitlines(keepends=True))),
        {"source": "2", "gene": "3", "sign": "4"},
    ),
    "numbers of TRRUST": (
        pairs("tsw").replace("-1", "Repression").replace("\t1\n", "\tActivation\n"),
        {"source": "2", "gene": "1"},
    ),
}


@pytest.mark.parametrize(("content", "columns"), CHOSEN.values(), ids=CHOSEN)
def test_columns_of_names_can_be_chosen(tmp_path: Path, content: str, columns: dict[str, str]):
    options = {f"{name}_column": title for name, title in columns.items()}
    assert loadings(read(tmp_path / "r.tsv", content, **options)) == TRUTH


@pytest.mark.parametrize("column", ["gene_column", "source_column", "set_column", "sign_column", "weight_column"])
@pytest.mark.parametrize(
    "content",
    [
        pairs("tsw"),
        pairs("stw").replace("-1", "Repression").replace("\t1\n", "\tActivation\n"),
        "source\ttarget\tsign\n" + pairs("stw"),
        "TF\tTargets\nTP53\tMDM2,BAX\nMYC\tTERT,JUN\n",
        "set\tgene\nA\tTP53\nA\tMYC\n",
    ],
    ids=["headless", "TRRUST", "titles", "lists", "sets"],
)
def test_a_column_that_is_not_there_is_never_ignored(tmp_path: Path, content: str, column: str):
    with pytest.raises((NotFound, InputError)) as refusal:
        read(tmp_path / "r.tsv", content, **{column: "nonsense"})
    assert refusal.value.code in ("not-found", "input")


SWAPPED = {
    "weights": pairs("tsw"),
    "words": pairs("tsw").replace("-1", "Repression").replace("\t1\n", "\tActivation\n"),
    "as many on both sides": "TP53\tMDM2\t0.5\nTP53\tBAX\t-1\nMYC\tBAX\t0.5\n",
}


@pytest.mark.parametrize("content", SWAPPED.values(), ids=SWAPPED)
@pytest.mark.parametrize("kind", ["auto", "regulon"])
def test_without_titles_the_fewer_names_may_be_the_regulators(tmp_path: Path, content: str, kind: str):
    with pytest.raises(InputError, match="either may be that of the regulators") as refusal:
        read(tmp_path / "r.tsv", content, kind=kind)
    facts = refusal.value.facts
    assert (refusal.value.code, facts) == ("regulators-or-targets", {"first": "1", "second": "2"})
    one = read(tmp_path / "r.tsv", content, source_column="1", gene_column="2")
    other = read(tmp_path / "r.tsv", content, source_column="2", gene_column="1")
    assert set(loadings(one)) != set(loadings(other))


def test_the_order_of_trrust_with_references_is_known(tmp_path: Path):
    content = "TP53\tMDM2\tActivation\t123\nMYC\tMDM2\tRepression\t124\n"
    assert loadings(read(tmp_path / "r.tsv", content)) == {
        "TP53": {"TP53": 1, "MDM2": 1},
        "MYC": {"MYC": 1, "MDM2": -1},
    }


LISTS = {
    "one column": (
        "TF\tTargets\nTP53\tMDM2,BAX\nMYC\tTERT,JUN\n",
        {"TP53": ["TP53", "MDM2", "BAX"], "MYC": ["MYC", "TERT", "JUN"]},
    ),
    "a title of one target": (
        "TF;Target\nTP53;MDM2,BAX\nMYC;TERT,JUN\n",
        {"TP53": ["TP53", "MDM2", "BAX"], "MYC": ["MYC", "TERT", "JUN"]},
    ),
    "in German": (
        'TF,Zielgene\nTP53,"MDM2;BAX"\nMYC,"TERT;JUN"\n',
        {"TP53": ["TP53", "MDM2", "BAX"], "MYC": ["MYC", "TERT", "JUN"]},
    ),
    "of cells": ('cell_type,markers\nT,"MDM2, BAX"\nB,"TERT, JUN"\n', {"T": ["MDM2", "BAX"], "B": ["TERT", "JUN"]}),
}


@pytest.mark.parametrize(("content", "genes"), LISTS.values(), ids=LISTS)
def test_lists_of_targets_and_of_markers(tmp_path: Path, content: str, genes: dict[str, list[str]]):
    assert {name: list(of) for name, of in loadings(read(tmp_path / "l.txt", content)).items()} == genes


def test_lists_of_activated_and_of_repressed_targets(tmp_path: Path):
    content = "TF\tActivated\tRepressed\tnote\nTP53\tMDM2\tBAX\tx\nMYC\tTERT,JUN\t\ty\n"
    file = read(tmp_path / "l.tsv", content)
    assert loadings(file) == TRUTH
    assert "columns not read: 'note'" in file.notes
    file = read(tmp_path / "l.tsv", content, source_column="TF", gene_column="Activated")
    assert loadings(file)["TP53"] == {"TP53": 1, "MDM2": 1}
    content = content.replace("\tBAX", "\tBAX,MDM2")
    with pytest.raises(InputError, match="MDM2 is both activated and repressed by TP53"):
        read(tmp_path / "l.tsv", content)


@pytest.mark.parametrize("title", ["pvalue", "p.adj", "FDR", "P-Wert", "q_value", "adj.P.Val"])
def test_p_values_are_never_offered_as_weights(tmp_path: Path, title: str):
    file = read(tmp_path / "r.tsv", f"source\ttarget\t{title}\nTP53\tMDM2\t0.01\nTP53\tBAX\t0.2\n")
    assert f"columns not read: {title!r}" in file.notes


def test_mutual_information_is_a_weight(tmp_path: Path):
    file = read(tmp_path / "r.tsv", "Regulator\tTarget\tMI\tpvalue\nTP53\tMDM2\t0.5\t0.01\nTP53\tBAX\t0.25\t0.2\n")
    assert loadings(file)["TP53"] == {"TP53": 1, "MDM2": 0.5, "BAX": 0.25}
