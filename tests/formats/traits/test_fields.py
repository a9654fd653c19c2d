"""Fields that are no numbers: each is named for what it is, and read where one reading is plain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.cli.hints import hint_of
from grnledger.engine.errors import InputError
from grnledger.formats.traits.covariates import read_covariates
from grnledger.formats.traits.fields import kind_of
from grnledger.formats.traits.traits import read_traits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NUMBERS = ("31.5", "40.25", "28.75", "55.5", "61.25", "47.5", "33", "52.75")

KINDS: dict[str, tuple[str, ...]] = {
    "limit": ("<5.0", "> 100", "≤3", "<LOD", "LOD", "< LLOQ", "BLQ", "below 5", "<0.1 mg/L"),
    "date": (
        *(
            "03. Mai",
            "3-May",
            "5. Jun",
            "Mar-21",
            "May 3, 2021",
            "2021-03-05",
            "05.03.2021",
            "3/5/21",
            "2021-03-05T10:00",
        ),
        *("12-déc.", "3 mrz 21", "31-Dez-2020"),
    ),
    "time": ("10:00", "12:30:05", "1:80", "9:30 am"),
    "percentage": ("40%", "40 %", "40,5 %", "-3.2%", "5‰"),
    "unit": ("90 mg/dL", "5.1mmol/L", "5.1 x10^9/L", "2 µg", "37°C", "12w", "3 Monate", "1.2e5 U/L"),
    "truth value": ("TRUE", "no", "wahr", "T"),
    "text": ("unknown", "ND", "3-5", "5?", "~5", "2.5**", "120/80", "Stage II", "+", "MARCH1", "p53", "6.14E-05"),
}


def column(tmp_path: Path, fields: Sequence[str], *, title: str = "y", sep: str = "\t") -> Path:
    path = tmp_path / "y.tsv"
    rows = [f"S{index}{sep}{field}" for index, field in enumerate(fields)]
    path.write_text("\n".join([f"sample{sep}{title}", *rows]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind, fields in KINDS.items() for field in fields])
def test_a_field_is_known_for_what_it_is(kind: str, field: str) -> None:
    assert kind_of(field) == kind


@pytest.mark.parametrize(
    "field", [field for kind in ("limit", "date", "time", "percentage", "unit") for field in KINDS[kind]]
)
def test_what_is_not_missing_is_named_and_never_said_to_be_a_code(tmp_path: Path, field: str) -> None:
    for read in (read_traits, read_covariates):
        with pytest.raises(InputError, match="is not a number: it is") as refusal:
            read(column(tmp_path, [*NUMBERS, field]))
        assert refusal.value.code == "input"
        assert refusal.value.hint


@pytest.mark.parametrize("field", ["unknown", "ND", "not done"])
def test_words_may_be_missing_values(tmp_path: Path, field: str) -> None:
    with pytest.raises(InputError) as refusal:
        read_traits(column(tmp_path, [*NUMBERS, field]))
    assert refusal.value.code == "field-without-number"


def test_limits_beside_other_columns_are_refused_and_not_passed_over(tmp_path: Path) -> None:
    rows = [f"{number}\t{'<5.0' if index % 2 else number}" for index, number in enumerate(NUMBERS)]
    with pytest.raises(InputError, match=r"'<5\.0' in column CRP is not a number.*4 values"):
        read_traits(column(tmp_path, rows, title="age\tCRP"))


@pytest.mark.parametrize("unit", ["%", " %", " mg/dL", "mm", " x10^9/L"])
def test_one_unit_on_all_values_is_left_out_with_a_note(tmp_path: Path, unit: str) -> None:
    path = column(tmp_path, [*(number + unit for number in NUMBERS), "NA"])
    for read in (read_traits, read_covariates):
        table = read(path)
        assert table.values[:-1, 0].tolist() == list(map(float, NUMBERS))
        assert np.isnan(table.values[-1, 0])
        assert any(f"have the unit {unit.strip()}" in note for note in table.notes)


def test_percentages_with_decimal_commas(tmp_path: Path) -> None:
    path = column(tmp_path, [number.replace(".", ",") + " %" for number in NUMBERS], sep=";")
    assert read_traits(path).values[:, 0].tolist() == list(map(float, NUMBERS))


def test_numbers_with_one_exponent_have_no_unit(tmp_path: Path) -> None:
    table = read_traits(column(tmp_path, [f"{number}E-05" for number in NUMBERS]))
    assert table.values[:, 0].tolist() == [float(f"{number}E-05") for number in NUMBERS]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["90 mg/dL", *(f"{n} mmol/L" for n in NUMBERS)], r"units differ \(mg/dL 1 times, mmol/L 8 times\)"),
        (["40%", *NUMBERS], "it is a percentage"),
        ([f"{n}%" for n in NUMBERS] + ["0.4"], "it is a percentage"),
        (["1,234 mg", *(f"{n} mg" for n in NUMBERS)], "'1,234 mg' in column y"),
        ([f"{day}-May" for day in range(1, 9)], "it is a date"),
    ],
)
def test_units_that_differ_and_dates_of_one_month_are_refused(tmp_path: Path, fields: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_traits(column(tmp_path, fields))


@pytest.mark.parametrize("words", [("TRUE", "FALSE"), ("True", "False"), ("yes", "no"), ("WAHR", "FALSCH"), ("T", "F")])
def test_truth_values_alone_are_one_and_zero(tmp_path: Path, words: tuple[str, str]) -> None:
    table = read_traits(column(tmp_path, [words[0], words[1], words[1], "NA"]))
    np.testing.assert_array_equal(table.values[:, 0], [1, 0, 0, np.nan])
    assert table.notes == (f"y.tsv: y has truth values: {words[0]} is 1, and {words[1]} is 0.",)


def test_truth_values_beside_numbers_are_a_signal_only_where_named(tmp_path: Path) -> None:
    rows = [f"{number}\t{'yes' if index % 2 else 'no'}" for index, number in enumerate(NUMBERS)]
    path = column(tmp_path, rows, title="age\tresponse")
    assert read_traits(path).names == ("age",)
    assert read_traits(path, "response").values[:, 0].tolist() == [0, 1] * 4


@pytest.mark.parametrize("title", ["plate", "Batch", "plate_no", "visit", "lane", "well number"])
def test_numbers_of_plates_and_visits_are_no_signal_unless_named(tmp_path: Path, title: str) -> None:
    path = column(tmp_path, [f"{index % 3}\t{number}" for index, number in enumerate(NUMBERS)], title=f"{title}\tod450")
    table = read_traits(path)
    assert (table.names, table.notes) == (("od450",), (f"y.tsv: no signal is read from {title}.",))
    assert read_traits(path, title).values[:3, 0].tolist() == [0, 1, 2]


def test_several_signals_and_events_are_named_in_notes(tmp_path: Path) -> None:
    path = column(
        tmp_path, [f"{number}\t{index % 2}" for index, number in enumerate(NUMBERS)], title="os_months\tos_event"
    )
    table = read_traits(path)
    assert table.names == ("os_months", "os_event")
    assert "each of 2 columns of numbers is a signal of its own: os_months, os_event" in table.notes[0]
    assert "os_event says by title whether an event came" in table.notes[1]
    path = column(tmp_path, [f"{number}\t{number}1" for number in NUMBERS], title="age\tstatus")
    assert not any("event" in note for note in read_traits(path).notes)


def test_every_kind_of_number_that_is_not_finite_is_counted_at_once(tmp_path: Path) -> None:
    values = ["0.5", "inf", "-inf", "-nan", "-1.5", "inf", "nan", "2.5", "-1.#IND"]
    path = tmp_path / "gene_exp.diff"
    path.write_text("gene\tlfc\n" + "".join(f"G{index}\t{value}\n" for index, value in enumerate(values)))
    with pytest.raises(InputError, match=r"2 values of inf \(the first in line 3\) and 1 value of -inf") as refusal:
        read_traits(path)
    assert "--missing-value for each (inf, -inf)" in hint_of(refusal.value)
    numbers = read_traits(path, missing_values=("inf", "-inf")).values[:, 0]
    assert np.isnan(numbers).tolist() == [value[-1] not in "05" for value in values]


@pytest.mark.parametrize(
    ("first", "second"),
    [("case", "control"), ("patient", "healthy"), ("R", "NR"), ("M", "F"), ("Tumor", "Normal"), ("drug", "DMSO")],
)
@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("named", [False, True])
def test_two_words_in_place_of_numbers_are_named_with_their_contrast(
    tmp_path: Path, first: str, second: str, beside: bool, named: bool
) -> None:
    path = tmp_path / "y.tsv"
    rows = [(f"s{index}", (first, second, "NA")[index % 3], f"note {index}") for index in range(9)]
    titles = ("id", "status", "remark")
    path.write_text("".join("\t".join(row[: 2 + beside]) + "\n" for row in (titles, *rows)))
    with pytest.raises(InputError, match=rf"status has two words and no number: {first} \(3\), {second} \(3\)\.") as r:
        read_traits(path, "status" if named else None)
    assert f"--contrast {first}:{second}." in hint_of(r.value)
    assert f"1 for {first} and 0 for {second}" in hint_of(r.value)
