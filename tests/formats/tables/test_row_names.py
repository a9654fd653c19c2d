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


@pytest.mark.parametrize("form", ["{} ({})", "{}({})", "{}|{}"])
@pytest.mark.parametrize("any_x", [False, True])
def test_one_of_two_names_is_matched_where_nearly_all_have_two(form: str, any_x: bool) -> None:
    pairs = [("TP53", "7157"), ("HLA-A", "3105"), ("MYC", "4609"), ("SLC35E2", "9906"), ("SLC35E2", "728661")]
    names = [form.format(*pair) for pair in pairs]
    match = match_names(names, ["TP53", "HLA-A", "SLC35E2", "BAX"], any_x=any_x)
    assert match == {names[0]: "TP53", names[1]: "HLA-A"}
    assert "2 names of effect.csv are spelt with a second name beside" in describe_match(match, "effect.csv")[0]
    assert match_names(names, ["7157", "4609"], any_x=any_x) == {names[0]: "7157", names[2]: "4609"}


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (["TP53 (7157)", "MYC"], ["TP53"]),  # not the form of the others
        (["TP53 (7157)", "TP53"], ["TP53"]),  # the name stands alone too
        (["TP53 (MYC)", "MYC (TP53)"], ["TP53", "MYC"]),  # either
        (["P1 (a)", "P1 (b)"], ["P1"]),
    ],
)
def test_two_names_that_may_be_several_or_none_are_not_matched(names: list[str], known: list[str]) -> None:
    match = match_names(names, known)
    assert {name for name, other in match.items() if name != other} == set()
