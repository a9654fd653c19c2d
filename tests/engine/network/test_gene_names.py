"""Packed names: the same answers as a dictionary of texts, and the same refusals."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network import gene_names as module, panel as panel_module
from grnledger.engine.network.gene_names import GeneNames
from grnledger.engine.network.panel import Panel
from hypothesis import given, settings, strategies as st

if TYPE_CHECKING:
    from numpy.typing import NDArray

properties = settings(max_examples=60, derandomize=True, deadline=None)
texts = st.text(min_size=1, max_size=12).filter(str.isprintable)
panels = st.lists(texts, min_size=2, max_size=60, unique=True)


def packed(names: list[str] | tuple[str, ...]) -> NDArray[np.bytes_]:
    return np.array([name.encode() for name in names], dtype=np.bytes_)


@properties
@given(panels, st.lists(st.text(max_size=14), max_size=30))
def test_packed_names_answer_as_a_dictionary_does(names: list[str], asked: list[str]) -> None:
    for table in (GeneNames(packed(names)), GeneNames.of(tuple(names))):
        truth = {name: index for index, name in enumerate(names)}
        for name in [*asked, *names, names[0] + "\0", names[0] + "é"]:
            assert table.find(name) == truth.get(name)
            assert (name in table) == (name in truth)
        assert list(table) == names
        assert table == tuple(names)
        assert tuple(names) == table
        assert table != tuple(names[:-1])
        assert [table[index] for index in range(len(names))] == names
        assert table[1:] == tuple(names[1:])
        assert table.texts(np.array([1, 0, 1])) == [names[1], names[0], names[1]]
        assert [table.index(name) for name in names] == list(range(len(names)))
        assert table == pickle.loads(pickle.dumps(table))


def test_few_are_found_by_hash_and_many_by_a_dictionary_with_the_same_answers() -> None:
    names = tuple(f"ENSG{number:011d}" for number in range(2_000))
    table = GeneNames(packed(names))
    first = [table.find(name) for name in names[:100]]
    assert table._index is None  # pyright: ignore[reportPrivateUsage]  a million names are not made into texts
    every = [table.find(name) for name in names]
    assert table._index is not None  # pyright: ignore[reportPrivateUsage]
    assert every == list(range(2_000))
    assert first == every[:100]


def test_names_of_one_hash_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def constant(names: NDArray[np.bytes_]) -> NDArray[np.uint64]:
        return np.zeros(len(names), dtype=np.uint64)

    monkeypatch.setattr(module, "_hashes", constant)
    monkeypatch.setattr(module, "LOOKUPS", 0)
    names = tuple(f"GENE{number}" for number in range(50))
    table = GeneNames(packed(names))
    assert [table.find(name) for name in names] == list(range(50))
    assert table.find("GENE50") is None
    with pytest.raises(InputError, match=r"1 gene names .* GENE7"):
        GeneNames(packed((*names, "GENE7")))


@pytest.mark.parametrize(
    ("letters", "words"),
    [
        ([b"TP53"], "at least two genes"),
        ([b"TP53", b""], "empty name"),
        ([b"TP53", b"MDM2", b"TP53"], "1 gene names .* TP53"),
        ([b"TP53", b"MDM\x1b2"], r"'MDM\\x1b2' holds a character"),
        ([b"TP53", b"MDM\x002"], r"'MDM\\x002' holds a character"),
        ([b"TP53", b"MDM\x7f"], "cannot be printed"),
        ([b"TP53", "MDM\u200b2".encode()], "cannot be printed"),
        ([b"TP53", b"\x002"], "cannot be printed"),
    ],
)
def test_packed_names_that_make_no_panel_are_refused(letters: list[bytes], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Panel(GeneNames(np.array(letters, dtype=np.bytes_)))


def test_letters_that_are_no_utf_8_are_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        GeneNames(np.array([b"TP53", b"\xff\xfe"]))


def test_a_name_in_other_letters_is_found_whatever_its_script() -> None:
    table = GeneNames(packed(("TP53", "Straße", "ΑΒΓ", "mdm2")))
    assert table.in_any_case(["tp53", "STRASSE", "αβγ", "MDM2", "il6", "a" * 50]) == {
        "tp53": "TP53",
        "strasse": "Straße",
        "αβγ": "ΑΒΓ",
        "mdm2": "mdm2",
    }
    assert table.in_any_case([]) == {}


@pytest.mark.parametrize("asked", ["TP5", "TP533", "PT53", "TQ53", "P53", "TP35"])
def test_a_misspelt_name_of_a_large_panel_is_found_without_comparing_it_with_all(
    monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setattr(panel_module, "MOST_COMPARED", 2)
    panel = Panel(GeneNames(packed(("TP53", "MDM2", "CDKN1A"))))
    assert panel.gene_names.one_edit_away(asked) == ["TP53"]
    with pytest.raises(Exception, match="not on the panel") as refused:
        panel.index(asked)
    assert refused.value.hint == "Did you mean TP53?"  # pyright: ignore[reportAttributeAccessIssue]


def test_names_that_begin_with_some_letters_are_found_in_order() -> None:
    table = GeneNames(packed(("ENSG1", "TP53", "ENSG2", "EN")))
    assert table.starting_with("ENS").tolist() == [0, 2]
