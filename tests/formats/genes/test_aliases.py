"""Tables of other names of genes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from grnledger.engine.errors import InputError
from grnledger.formats.genes.aliases import read_aliases

if TYPE_CHECKING:
    from pathlib import Path


def test_aliases_are_two_columns_with_or_without_titles(tmp_path: Path):
    path = tmp_path / "aliases.tsv"
    for title in ("", "alias\tgene\n", "# by hand\nName\tGene symbol\n"):
        path.write_text(f"{title}p53\tTP53\nHDM2\tMDM2\np53\tTP53\n")
        assert read_aliases(path) == {"p53": "TP53", "HDM2": "MDM2"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("p53\tTP53\np53\tTP63\n", "line 2: the alias p53 stands for TP63, and in an earlier line for TP53"),
        ("p53\tTP53\tx\n", "line 1 has 3 fields where 2 belong"),
        ("p53\tTP53\nHDM2\t\n", "empty name"),
    ],
)
def test_aliases_that_cannot_be_used_are_named(tmp_path: Path, content: str, sentence: str):
    path = tmp_path / "aliases.tsv"
    path.write_text(content)
    with pytest.raises(InputError, match=sentence):
        read_aliases(path)
