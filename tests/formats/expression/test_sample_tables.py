"""Tables that describe samples, as GEO, TCGA, R, pandas and spreadsheets write them: which samples are chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import GrnError
from grnledger.engine.estimation.expression import Expression
from grnledger.formats.expression.sample_tables import select_described

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

SAMPLES = tuple(f"S{index:02d}" for index in range(10))
GROUPS = ["case", "case", "control", "case", "control", "control", "case", "control", "case", "control"]
CASES = tuple(sample for sample, group in zip(SAMPLES, GROUPS, strict=True) if group == "case")
BATCH = ["b1", "b2"] * 5
AGES = [41 + 3 * index for index in range(10)]
GSM = [f"GSM{100 + index}" for index in range(10)]
FLAGS = ["1" if group == "case" else "0" for group in GROUPS]
EXPRESSION = Expression(np.arange(30.0).reshape(3, 10), ("A", "B", "C"), SAMPLES)


def table(head: Sequence[str], *columns: Iterable[object], sep: str = "\t", quote: str = "", end: str = "\n") -> str:
    rows = [head, *zip(*columns, strict=True)]
    return "".join(sep.join(f"{quote}{field}{quote}" for field in row) + end for row in rows)


TABLES: dict[str, tuple[str, str]] = {
    "tabs": (table(("sample", "group"), SAMPLES, GROUPS), "group=case"),
    "commas and quotes": (table(("sample", "group"), SAMPLES, GROUPS, sep=",", quote='"'), "group=case"),
    "semicolons": (table(("sample", "age", "group"), SAMPLES, AGES, GROUPS, sep=";"), "group=case"),
    "sep= of Excel": ("sep=;\r\n" + table(("sample", "group"), SAMPLES, GROUPS, sep=";", end="\r\n"), "group=case"),
    "in another order": (table(("sample", "group"), SAMPLES[::-1], GROUPS[::-1]), "group=case"),
    "row names of R": (table(("", "group"), SAMPLES, GROUPS, sep=",", quote='"'), "group=case"),
    "row names of R without a corner": (
        "group\tbatch\n" + table((SAMPLES[0], "case", "b1"), SAMPLES[1:], GROUPS[1:], BATCH[1:]),
        "group=case",
    ),
    "row numbers of pandas": (table(("", "sample", "group"), range(10), SAMPLES, GROUPS, sep=","), "group=case"),
    "GEO, named by title": (
        table(("geo_accession", "title", "group"), GSM, SAMPLES, GROUPS, sep=","),
        "group=case",
    ),
    "GEO, characteristics of one title": (
        table(("title", "characteristics_ch1", "characteristics_ch1", "group"), SAMPLES, AGES, BATCH, GROUPS),
        "group=case",
    ),
    "TCGA": (
        table(("case_id", "submitter_id", "age", "group"), [f"u{i}" for i in range(10)], SAMPLES, AGES, GROUPS),
        "group=case",
    ),
    "ids last": (table(("group", "age", "sample"), GROUPS, AGES, SAMPLES), "group=case"),
    "a sheet of text under unknown titles": (table(("arm", "who"), GROUPS, SAMPLES), "arm=case"),
    "truth values": (table(("sample", "is_case"), SAMPLES, [flag == "1" for flag in FLAGS]), "is_case=True"),
    "numbers": (table(("sample", "is_case"), SAMPLES, FLAGS), "is_case=1"),
    "decimal commas beside": (
        table(("sample", "rin", "group"), SAMPLES, [f"8,{index}" for index in range(10)], GROUPS, sep=";"),
        "group=case",
    ),
    "thousands beside": (
        table(("sample", "reads", "group"), SAMPLES, [f'"1,{200 + index}"' for index in range(10)], GROUPS, sep=","),
        "group=case",
    ),
    "empty fields": (table(("sample", "stage", "group"), SAMPLES, ["", "II"] * 5, GROUPS), "group=case"),
    "names of R": (table(("sample", "group"), [f"X{name}" for name in SAMPLES], GROUPS), "group=case"),
    "samples of other studies several times": (
        table(("sample", "group"), [*SAMPLES, "Q", "Q"], [*GROUPS, "case", "case"]),
        "group=case",
    ),
    "a byte order mark": ("\ufeff" + table(("sample", "group"), SAMPLES, GROUPS), "group=case"),
    "lines of comment": ("# from the clinic\n" + table(("sample", "group"), SAMPLES, GROUPS), "group=case"),
}

REFUSED: dict[str, tuple[str, str, str]] = {
    "two columns of samples": (
        table(("tumour", "normal", "group"), SAMPLES, SAMPLES[::-1], GROUPS),
        "group=case",
        "the ids may be in the columns tumour, normal",
    ),
    "a sample twice": (
        table(("sample", "group"), [*SAMPLES, "S00"], [*GROUPS, "control"]),
        "group=case",
        "S00 occurs already",
    ),
    "other samples": (table(("sample", "group"), GSM, GROUPS), "group=case", "describes none of the 10 samples"),
    "no such column": (table(("sample", "group"), SAMPLES, GROUPS), "arm=case", "has no column 'arm'; it has group"),
    "no such value": (table(("sample", "group"), SAMPLES, GROUPS), "group=Case", "there are case, control"),
    "no titles": (
        "".join(f"{name}\t{group}\n" for name, group in zip(SAMPLES, GROUPS, strict=True)),
        "group=case",
        "has no column 'group'",
    ),
    "the column twice": (
        table(("sample", "group", "group"), SAMPLES, GROUPS, GROUPS[::-1]),
        "group=case",
        "two columns named group",
    ),
    "a row too long": (table(("sample", "group"), SAMPLES, GROUPS) + "S1\ta\tb\tc\n", "group=case", "4 fields where 2"),
}


@pytest.mark.parametrize("which", TABLES)
def test_samples_are_chosen_as_they_are_described(tmp_path: Path, which: str) -> None:
    text, where = TABLES[which]
    (tmp_path / "s.txt").write_text(text, encoding="utf-8", newline="")
    chosen, notes = select_described(EXPRESSION, tmp_path / "s.txt", (where,))
    assert chosen.samples == CASES
    assert f"5 of 10 samples have {where.replace('=', ' = ')}" in notes


@pytest.mark.parametrize("which", REFUSED)
def test_a_table_that_does_not_say_which_is_refused(tmp_path: Path, which: str) -> None:
    text, where, message = REFUSED[which]
    (tmp_path / "s.txt").write_text(text)
    with pytest.raises(GrnError, match=message):
        select_described(EXPRESSION, tmp_path / "s.txt", (where,))
