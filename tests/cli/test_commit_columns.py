"""`grn commit` with the columns and the sheet that are chosen, and the advice of a refusal, followed to its end."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import openpyxl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

GENES = ["TP53", "MDM2", "CDKN1A", "BAX", "MYC", "GAPDH", "ACTB", "EGFR", "KRAS", "PTEN", "VIM", "CDH1"]
VALUES = np.random.default_rng(5).normal(7, 1, (12, 8))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grn: Callable[..., Any]) -> Callable[..., Any]:
    """Return what runs `grn` on a store of 12 genes and 8 samples, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    rows = ["\t".join([gene, *(f"{value:.2f}" for value in row)]) for gene, row in zip(GENES, VALUES, strict=True)]
    Path("e.tsv").write_text("\n".join(["\t".join(["gene", *(f"s{j}" for j in range(8))]), *rows]) + "\n")
    assert grn("init", "a.grn", "--expression", "e.tsv").code == 0
    return lambda *arguments: grn("-s", "a.grn", *arguments)


def test_the_expression_of_the_base_is_no_file_of_pathways(store: Callable[..., Any]):
    answer = store("commit", "e.tsv")
    assert (answer.code, answer.out) == (2, "")
    assert "8 of 8 columns of e.tsv have the names of samples of the base" in answer.err
    answer = store("commit", "e.tsv", "--format", "loadings")
    assert (answer.code, answer.out) == (2, "")
    assert "standard deviations" in answer.err


FOLLOWED = {
    "swapped columns": (
        "MDM2\tTP53\t-1\nBAX\tTP53\t1\nCDH1\tTP53\t1\nVIM\tMYC\t1\n",
        "--source-column 2 --gene-column 1",
    ),
    "two groupings": (
        "gene\tleiden_1\tleiden_2\nTP53\t0\t1\nMDM2\t0\t2\nBAX\t2\t1\nMYC\t2\t1\n",
        "--set-column 'leiden_1'",
    ),
    "flags of members": ("set\tgene\tleading\nA\tTP53\tTRUE\nA\tMDM2\tFALSE\n", "--weight-column 'leading'"),
    "counts": ("gene\thits\nTP53\t1\nMDM2\t2\nBAX\t3\n", "--set-column 'hits'"),
    "signs": ("gene\tA\tB\nTP53\t1\t0\nMDM2\t-1\t1\nBAX\t0\t-1\n", "--format membership"),
    "weights of regulators": ("gene\tTP53\tMYC\nMDM2\t0.11\t0.05\nBAX\t0.05\t0.12\n", "--format regulon"),
    "pairs without a direction": (
        "protein1\tprotein2\tscore\nTP53\tMDM2\t900\nTP53\tMYC\t400\n",
        "--source-column 'protein1' --gene-column 'protein2'",
    ),
    "words": ("gene\twhat\nTP53\thigh\nMDM2\tlow\nBAX\tlow\n", "--set-column 'what'"),
    "no header": ("TP53\tMDM2\t0.5\nTP53\tMYC\t0.2\nTP53\tBAX\t0.1\n", "--format regulon"),
}


@pytest.mark.parametrize(("content", "advice"), FOLLOWED.values(), ids=FOLLOWED)
def test_the_advice_of_a_refusal_works_when_it_is_followed(store: Callable[..., Any], content: str, advice: str):
    Path("f.tsv").write_text(content)
    answer = store("commit", "f.tsv")
    assert answer.code == 2
    assert advice in answer.err.partition("Hint: ")[2]
    answer = store("commit", "f.tsv", *shlex.split(advice))
    assert answer.code == 0, answer.err


def test_columns_that_have_no_such_title_end_the_command(store: Callable[..., Any]):
    Path("f.tsv").write_text("source\ttarget\nTP53\tMDM2\n")
    for option in ("--gene-column", "--source-column", "--set-column"):
        answer = store("commit", "f.tsv", option, "nonsense")
        assert (answer.code, answer.out) == (3, "")
        assert "has no column 'nonsense'" in answer.err


def test_a_sheet_and_a_column_of_sets_are_chosen(store: Callable[..., Any]):
    book = openpyxl.Workbook()
    book.active.append(["made by", "hand"])
    sheet = book.create_sheet("Modules")
    for row in (["gene", "of"], ["TP53", "one"], ["MDM2", "one"], ["MYC", "two"]):
        sheet.append(row)
    book.save("b.xlsx")
    answer = store("commit", "b.xlsx")
    assert answer.code == 2
    assert "--sheet NAME" in answer.err
    answer = store("commit", "b.xlsx", "--sheet", "Modules", "--set-column", "of")
    assert answer.code == 0
    assert "+ one (2 genes)" in answer.out
