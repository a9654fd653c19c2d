"""Columns of test results: p-values and ranks are no signal, and fold changes that are no logarithms are noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from grnledger.cli.hints import hint_of
from grnledger.engine.errors import InputError
from grnledger.formats.traits.labels import refuse_spellings
from grnledger.formats.traits.traits import read_traits

if TYPE_CHECKING:
    from pathlib import Path

GENES = ("TP53", "MDM2", "MYC", "EGFR")
P_VALUES = ("0.04", "1e-9", "1", "0.5")
P_TITLES = (
    "P", "q", "p-Wert", "valeur p", "p.value", "pval", "p_val", "P.Value", "adj.P.Val", "padj", "FDR", "q-value",
    "prob", "p_val_adj", "pvals_adj", "Pvalue_SKATO", "Pvalue.Burden", "neg|p-value", "pos|fdr", "CTRL_p_val",
    "max_pval", "p_wald", "p_lrt", "TWAS.P", "FDR q-val", "NOM p-val", "lfsr", "svalue", "LRT p value", "P_MULTI",
)  # fmt: skip
LOG_TITLES = ("-log10(p)", "-log10(padj)", "neg log10 FDR", "mlog10p", "LOG10P")


def table(path: Path, **columns: tuple[str, ...]) -> Path:
    rows = [("gene", *columns), *zip(GENES, *columns.values(), strict=True)]
    path.write_text("".join("\t".join(row) + "\n" for row in rows))
    return path


OTHERS: list[dict[str, tuple[str, ...]]] = [{}, {"a": ("1", "-2", "3", "4")}]


@pytest.mark.parametrize("title", P_TITLES)
@pytest.mark.parametrize("others", OTHERS)
def test_p_values_are_no_signal_and_are_not_offered(tmp_path: Path, title: str, others: dict[str, tuple[str, ...]]):
    path = table(tmp_path / "a.tsv", **{title: P_VALUES}, **others)
    with pytest.raises(InputError) as refusal:
        read_traits(path)
    if others:
        assert refusal.value.facts == {"first": "a", "offered": "a"}
    else:
        assert "has p-values, which have no sign" in refusal.value.message
        assert "-log10 p for the strength alone" in hint_of(refusal.value)
    with pytest.raises(InputError, match="those without an effect would be the largest") as refusal:
        read_traits(path, title)
    assert "z with the sign of the effect" in hint_of(refusal.value)


@pytest.mark.parametrize("title", LOG_TITLES)
@pytest.mark.parametrize("others", OTHERS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_logarithms_of_p_values_are_taken_where_they_are_named(
    tmp_path: Path, title: str, others: dict[str, tuple[str, ...]], sign: str
):
    path = table(tmp_path / "a.tsv", **{title: tuple(sign + value for value in P_VALUES)}, **others)
    with pytest.raises(InputError) as refusal:
        read_traits(path)
    assert refusal.value.code == "column-of-tested-table"
    file = read_traits(path, title)
    assert file.names == (title,)
    assert "logarithms of p-values: they say how strong, not whether up or down" in file.notes[0]
    assert ("the lowest is the strongest" in file.notes[0]) == bool(sign)


def test_a_refusal_of_p_values_names_the_columns_with_a_sign(tmp_path: Path):
    path = table(tmp_path / "a.tsv", t=("1", "-2", "3", "4"), logFC=("1", "-2", "3", "4"), **{"P.Value": P_VALUES})
    with pytest.raises(InputError, match=r"A column with a sign is there: t, logFC\."):
        read_traits(path, "P.Value")


@pytest.mark.parametrize("title", ["PVALB", "8p", "HOMA-IR", "p53", "Q10", "FDRX", "pH", "plasma P mg"])
def test_titles_that_are_like_those_of_p_values_are_signals(tmp_path: Path, title: str):
    assert read_traits(table(tmp_path / "a.tsv", **{title: P_VALUES}), title).names == (title,)
    assert read_traits(table(tmp_path / "a.tsv", **{title: P_VALUES})).names == (title,)


@pytest.mark.parametrize("values", [("0.5", "-0.25", "1", "0"), ("2", "0.5", "0.1", "1")])
def test_a_short_title_of_other_numbers_is_a_signal(tmp_path: Path, values: tuple[str, ...]):
    assert read_traits(table(tmp_path / "a.tsv", P=values)).names == ("P",)


def test_a_title_is_quoted_for_the_shell(tmp_path: Path):
    with pytest.raises(InputError) as refusal:
        read_traits(table(tmp_path / "a.tsv", **{"-log10(p)": P_VALUES}))
    assert "--trait '-log10(p)'" in hint_of(refusal.value)


@pytest.mark.parametrize("title", ["FoldChange", "FC", "fold change", "Fold.Change", "meanFC", "ratio"])
@pytest.mark.parametrize("values", [("2", "0.5", "1.1", "0.9"), ("2", "-2", "1.1", "-1.5")])
@pytest.mark.parametrize("named", [False, True])
def test_fold_changes_without_logarithm_are_noted(tmp_path: Path, title: str, values: tuple[str, ...], named: bool):
    file = read_traits(table(tmp_path / "a.tsv", **{title: values}), title if named else None)
    assert any("no logarithms" in note for note in file.notes)


@pytest.mark.parametrize(
    ("title", "values"),
    [
        ("log2FoldChange", ("2", "0.5", "1.1", "0.9")),
        ("logFC", ("2", "-2", "1.1", "-1.5")),
        ("avg_log2FC", ("2", "-2", "1.1", "-1.5")),
        ("FoldChange", ("2", "-0.5", "0.1", "-1.5")),
        ("t", ("2", "0.5", "1.1", "0.9")),
    ],
)
def test_logarithms_are_not_noted(tmp_path: Path, title: str, values: tuple[str, ...]):
    assert read_traits(table(tmp_path / "a.tsv", **{title: values})).notes == ()


@pytest.mark.parametrize("title", ["rank", "Rank", "ranking", "Rang"])
def test_a_rank_beside_others_is_no_signal(tmp_path: Path, title: str):
    ranks, scores = ("1", "2", "3", "4"), ("9.5", "3", "-1", "-2")
    path = table(tmp_path / "a.tsv", **{title: ranks, "score": scores})
    file = read_traits(path)
    assert file.names == ("score",)
    assert any(title in note for note in file.notes)
    assert read_traits(path, title).names == (title,)
    assert read_traits(table(tmp_path / "b.tsv", **{title: ranks})).names == (title,)


@pytest.mark.parametrize("spelling", ["Control", "CONTROL", "con trol", "control  "])
def test_labels_that_differ_in_capitals_or_blanks_are_asked_about(tmp_path: Path, spelling: str):
    labels = {"s1": "control", "s2": spelling, "s3": "treated", "s4": "control"}
    with pytest.raises(InputError, match=r"'control' \(2 samples\), '.*' \(1 sample\)"):
        refuse_spellings(tmp_path, labels, ("treated", "control"))
    refuse_spellings(tmp_path, labels, ("control", spelling))
    refuse_spellings(tmp_path, labels | {"s5": "other"}, ("treated", "other"))
