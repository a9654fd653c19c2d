"""Writing to the log: who signs, and which number an entry gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.engine.errors import InputError
from small_store import files, pathway

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("author", ["a" * 1001, "two\nlines", "\udcff", "a\x1b[31m"])
def test_an_author_whose_name_cannot_stand_in_a_line_is_refused(store: Path, author: str) -> None:
    repo = grnledger.open(store, author=author)
    before = files(store)
    for step in (lambda: repo.commit([pathway("stat")]), lambda: repo.create_tag("paper")):
        with pytest.raises(InputError, match="cannot be an author"):
            step()
    assert files(store) == before


def test_a_number_that_was_packed_and_freed_while_a_writer_was_slow_is_not_given_to_it(store: Path) -> None:
    slow, other = grnledger.open(store), grnledger.open(store)
    plan = slow.plan([pathway("slow")], branch="drug-a")
    won = other.commit([pathway("quick")])
    other.pack()
    assert list((store / "log").iterdir()) == []
    late = slow.write(plan)
    assert (won.name, late.name) == ("v4", "v5")
    assert [path.name for path in (store / "log").iterdir()] == ["0000000007.h5"]
    fresh = grnledger.open(store)
    assert (fresh.version("main").id, fresh.version("drug-a").id) == (won.id, late.id)
