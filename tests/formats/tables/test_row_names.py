"""Names that R or pandas changed are matched where that is one to one."""

from __future__ import annotations

import pytest
from grnledger.formats.tables.row_names import describe_match, match_names


@pytest.mark.parametrize(
    ("name", "known", "any_x"),
    [
        ("X66130_Ascites", "66130_Ascites", False),
        ("HLA.A", "HLA-A", False),
        ("X1.2.3", "1-2 3", False),
        ("66130_Ascites", "X66130_Ascites", False),
        ("7157.0", "7157", False),
        ("X7157", "7157", False),
        ("XS01", "S01", True),
        ("s01", "S01", True),
        ("LU.A01", "lu-a01", True),
        ("Patient.1..a.", "Patient 1 (a)", False),
    ],
)
def test_a_name_of_r_or_pandas_is_matched_and_reported(name: str, known: str, any_x: bool) -> None:
    match = match_names(["same", name], [known, "same", "other"], any_x=any_x)
    assert match == {"same": "same", name: known}
    assert f"{name} is {known}" in describe_match(match, "y.tsv")[0]


@pytest.mark.parametrize(
    ("names", "known", "any_x"),
    [
        (["XIST"], ["IST"], False),  # genes
        (["HLA.A"], ["HLA-A", "HLA A"], False),  # two that it may be
        (["X.1", "X-1"], ["-1"], False),
        (["XS01", "S01"], ["S01"], True),  # another has that name already
        (["7157.5"], ["7157"], False),
        (["s01"], ["S01"], False),  # genes: Trp53 is none of the human's
        (["s01", "S01"], ["S01"], True),
        (["sa1"], ["SA1", "Sa1"], True),
    ],
)
def test_names_that_may_be_several_or_none_are_not_matched(names: list[str], known: list[str], any_x: bool) -> None:
    match = match_names(names, known, any_x=any_x)
    assert all(name == other for name, other in match.items())
    assert describe_match(match, "y.tsv") == []
