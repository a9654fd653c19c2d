"""Names of branches and tags beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.engine.errors import Conflict, InputError
from grnledger.storage.history.ref_names import check_new_names

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "name", ["Main", "MAIN", "mаin", "mаіn", "ｍａｉｎ", "maın", "Μain", "MAIΝ", "ＭＡＩＮ", "mᎪin", "ｍａιｎ", "mаɪn"]
)
def test_a_name_that_would_be_taken_for_another_is_refused(name: str) -> None:
    with pytest.raises(Conflict, match=r"which there is\.$"):
        check_new_names([name], ["main", "side"])
    with pytest.raises(Conflict, match=r"which there is\.$"):
        check_new_names([name, "main"], [])


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("run1", "runl"),
        ("run1", "runI"),
        ("runI", "runl"),
        ("RUN1", "runl"),
        ("rep0", "repo"),
        ("REP0", "REPO"),
        ("mаin1", "mainl"),
        ("l0", "1o"),
        ("x/1", "x/l"),
    ],
)
def test_letters_and_digits_that_look_alike_are_taken_for_each_other(name: str, other: str) -> None:
    for new, standing in ((name, other), (other, name)):
        with pytest.raises(Conflict, match="can be taken for"):
            check_new_names([new], [standing, "main"])
        with pytest.raises(Conflict, match="can be taken for"):
            check_new_names([standing, new], [])


@pytest.mark.parametrize("names", [["mail", "mall"], ["ali", "all"], ["run10", "run100"], ["v1.0-a", "v1.1-a"]])
def test_small_letters_that_can_be_told_apart_stand_beside_each_other(names: list[str]) -> None:
    check_new_names(names, [])


@pytest.mark.parametrize(
    "names", [["étude", "etude"], ["лаб", "lab"], ["run1", "run2"], ["β", "b/β"], ["main", "mains"]]
)
def test_names_that_differ_to_the_eye_stand_beside_each_other(names: list[str]) -> None:
    check_new_names(names, ["main2"])
    check_new_names(["new"], ["Main", "main"])  # what is there already may look alike


@pytest.mark.parametrize(
    ("letters", "name"),
    [
        ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"),
        ("АВЕЅІЈКМНОРСТУХҮ", "ABESIJKMHOPCTYXY"),
        ("ᎪᏴᏟᎠᎬᏀᎻᎫᏦᏞᎷᏢᎡᏚᎢᏙᏔᎩᏃ", "ABCDEGHJKLMPRSTVWYZ"),
    ],
)
def test_a_capital_is_taken_for_what_it_looks_like_and_not_for_what_its_small_letter_does(
    letters: str, name: str
) -> None:
    for standing in (name, name.lower()):
        for position, letter in enumerate(letters):
            with pytest.raises(Conflict, match="can be taken for"):
                check_new_names([standing[:position] + letter + standing[position + 1 :]], [standing])


@pytest.mark.parametrize("name", ["ΗEAD", "НEAD", "heаd", "ѵ7", "v７", "аbcdef1"])
def test_a_name_that_looks_like_one_that_is_reserved_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot name a branch or tag"):
        check_new_names([name], [])


def test_letters_that_are_not_composed_are_refused() -> None:
    with pytest.raises(InputError, match="NFC"):
        check_new_names(["\u1100\u1161"], [])


@pytest.mark.parametrize("make", ["create_branch", "create_tag"])
def test_a_branch_or_tag_that_would_be_taken_for_another_is_not_made(store: Path, make: str) -> None:
    repo = grnledger.open(store)
    moves = len(repo.moves)
    with pytest.raises(Conflict, match="differs by case alone from 'main'"):
        getattr(repo, make)("Main")
    assert len(grnledger.open(store).moves) == moves
