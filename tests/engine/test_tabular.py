"""Answers as tables of HTML, which notebooks show."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest
from grnledger.engine.tabular import facts_html, table_html


def cells(html: str) -> tuple[str | None, list[list[str]]]:
    """Return the caption of a table and the text of its rows: it is well formed, or this fails."""
    table = ET.fromstring(html)
    return table.findtext("caption"), [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]


def test_a_table_has_its_caption_its_names_and_a_row_for_each_gene() -> None:
    columns = {
        "gene<": ["TP53 & MDM2", "<script>", "p\x1b[2J"],
        "n": [1_200, None, -3],
        "rho": [0.123456, float("nan"), 1e-12],
        "edge": [True, False, None],
        "pathways": [["a", "<b>"], (), ["c"]],
    }
    assert cells(table_html("edges > 2", columns)) == (
        "edges > 2",
        [
            list(columns),
            ["TP53 & MDM2", "1,200", "0.1235", "yes", "a, <b>"],
            ["<script>", "", "", "no", ""],
            ["p\\x1b[2J", "-3", "1e-12", "", "c"],
        ],
    )


@pytest.mark.parametrize(("count", "left"), [(0, None), (4, None), (5, "… 1 more"), (3_004, "… 3,000 more")])
def test_of_many_rows_the_first_are_shown_and_the_others_counted(count: int, left: str | None) -> None:
    _, rows = cells(table_html("", {"gene": np.arange(count).tolist()}, most=4))
    expected = [[str(number)] for number in range(min(count, 4))]
    assert rows == [["gene"], *expected, *([[left]] if left else [])]


def test_facts_that_are_not_there_are_left_out() -> None:
    assert cells(facts_html("fit", [("h²", 0.25), ("p", None), ("n", 40)])) == ("fit", [["h²", "0.25"], ["n", "40"]])
