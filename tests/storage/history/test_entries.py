"""Entries of the log: their records, and the pathways in their arrays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import grnledger
import pytest
from grnledger.engine.errors import FormatError
from grnledger.storage.files import hdf5, layout
from small_store import answers, damage, entry, forge, readable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.repository import Repository


def test_a_record_with_an_unknown_field_or_a_wrong_type_is_refused(made: Path, store: Path) -> None:
    stored = hdf5.read(hdf5.Location(entry(store, 3)), layout.ENTRY)
    for change in (
        {"surprise": 1}, {"number": "three"}, {"moves": []}, {"time": "yesterday"}, {"versions": -1},
        {"versions": None}, {"previous": "0"}, {"commits": None}, {"author": "a" * 1001}, {"commits": [{}]},
    ):  # fmt: skip
        record = layout.canonical_json(json.loads(stored.record) | change)
        forge(entry(store, 3), hdf5.Content(layout.ENTRY, record, {}))
        assert next(iter(change)) in damage(store, 3)
        assert readable(store, answers(made)) == {0, 1, 2, 3}


def test_a_record_that_is_no_json_is_refused(store: Path) -> None:
    for text in ("{", "[]", "null", "[" * 100_000, '{"number":1e999}', "\x00"):
        forge(entry(store, 3), hdf5.Content(layout.ENTRY, text, {}))
        assert "is damaged" in damage(store, 3)


def rewrite_loadings(store: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Repository:
    """Rewrite the arrays of the last entry but its record, with an id that fits."""
    stored = hdf5.read(hdf5.Location(entry(store, 2)), layout.ENTRY)
    forge(entry(store, 2), hdf5.Content(stored.kind, stored.record, change(dict(stored.arrays))))
    for number in (3, 4, 5):
        entry(store, number).unlink()
    (store / "cache/last").unlink()
    (store / "cache/history").unlink(missing_ok=True)
    repo = grnledger.open(store)
    assert repo.damage == {}
    return repo


def test_arrays_shorter_than_in_their_record_are_refused(store: Path) -> None:
    repo = rewrite_loadings(store, lambda arrays: {name: array[:-1] for name, array in arrays.items()})
    with pytest.raises(FormatError, match="'genes' is shorter than its record says"):
        repo.snapshot("v1")


def test_an_entry_without_the_arrays_that_its_record_needs_is_refused(store: Path) -> None:
    repo = rewrite_loadings(store, lambda _: {})
    with pytest.raises(FormatError, match="'genes' is shorter than its record says"):
        repo.snapshot("v1")


@pytest.mark.parametrize(
    ("name", "change", "what"),
    [
        ("genes", lambda genes: genes[::-1], "must be indices in ascending order"),
        ("genes", lambda genes: genes - 2, "must be indices in ascending order"),
        ("loadings", lambda loadings: loadings * float("nan"), "has a loading that is not finite"),
        ("loadings", lambda loadings: loadings * 0.0, "has no loading other than zero"),
    ],
)
def test_numbers_that_no_pathway_can_have_are_damage(
    store: Path, name: str, change: Callable[[Any], Any], what: str
) -> None:
    repo = rewrite_loadings(store, lambda arrays: arrays | {name: change(arrays[name])})
    with pytest.raises(FormatError, match=f"is damaged: its content is not a valid pathway: .* {what}"):
        repo.snapshot("v1")


def test_a_pathway_whose_numbers_do_not_match_its_id_is_refused(store: Path) -> None:
    repo = rewrite_loadings(store, lambda arrays: arrays | {"loadings": 2 * arrays["loadings"]})
    with pytest.raises(FormatError, match="pathway p53 does not match its id"):
        repo.snapshot("v1")
