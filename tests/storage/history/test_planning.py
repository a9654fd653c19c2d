"""What a planned commit may say: the limits of a message and of the names of pathways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.engine.errors import InputError
from grnledger.storage.history.changes import LONGEST_MESSAGE, LONGEST_PATHWAY_NAME
from small_store import pathway

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("excess", [0, 1])
@pytest.mark.parametrize(("name", "message"), [(LONGEST_PATHWAY_NAME, 1), (1, LONGEST_MESSAGE)])
def test_what_is_too_long_is_refused_and_changes_nothing(store: Path, name: int, message: int, excess: int) -> None:
    repo = grnledger.open(store, author="ada")
    before = len(repo)
    long = pathway("n" * (name + excess if name > 1 else 1))
    text = "m" * (message + excess if message > 1 else 1)
    if not excess:
        assert repo.commit(long, message=text).number == before
        return
    with pytest.raises(InputError, match=r"characters at the most, and '[nm]{20}'… has [0-9,]+1\."):
        repo.commit(long, message=text)
    assert len(grnledger.open(store)) == before
