"""Names of branches and tags beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.engine.errors import Conflict, InputError
from grnledger.storage.history.ref_names import check_new_names

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["Main", "MAIN", "mаin", "mаіn", "ｍａｉｎ", "maın", "Μain"])
def test_a_name_that_would_be_taken_for_another_is_refused(name: str) -> None:
    with pytest.raises(Conflict, match=r"which there is\.$"):
        check_new_names([name], ["main", "side"])
    with pytest.raises(Conflict, match=r"which there is\.$"):
        check_new_names([name, "main"], [])


@pytest.mark.parametrize(
    "names", [["étude", "etude"], ["лаб", "lab"], ["run1", "runl"], ["β", "b/β"], ["main", "mains"]]
)
def test_names_that_differ_to_the_eye_stand_beside_each_other(names: list[str]) -> None:
    check_new_names(names, ["main2"])
    check_new_names(["new"], ["Main", "main"])  # what is there already may look alike


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
