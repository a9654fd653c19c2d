"""Numbers of tables: what NumPy reads has the bits, the names and the refusals of the reader by field."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.formats.tables import table_numbers
from grnledger.formats.tables.delimited import open_table, read_header
from grnledger.formats.tables.table_numbers import read_named_numbers
from hypothesis import example, given, strategies as st

if TYPE_CHECKING:
    from pathlib import Path

Outcome = tuple[list[str], list[int], tuple[int, ...], bytes] | str

WORDS = """
1 -2.5 +3 .5 5. 1e5 1E-5 1e400 1e-400 -0 0x1f 1_0 1,5 1.2.3 inf -inf Infinity nan -nan NaN NA na n/a null - # #1 !1
1d5 1f 1j 1+2j (1) 0b1 1e 1e+ e5 . +-1 --1 ١ １ 0.1000000000000000055511151231257827 2.2250738585072011e-308 True
1. 00012 4.9e-324 1e23 9007199254740993 "1" "1 1" 1"" 'a' %
"""
SPACED = ["", " ", " 1", "1 ", "1 2", "\xa01", "1\xa0", "1\x85", "1\u20282", "1\x0b", "\x0c", "\x1c1"]
FIELDS = [*WORDS.split(), *SPACED, "1\x00", '"', '"1']


def outcome(path: Path, *, start: int = 1, has_header: bool = True, blank: float = np.nan) -> Outcome:
    try:
        with open_table(path, decimal="point") as table:
            header = read_header(table)
            names = None if start == 0 else 0
            columns = range(start, len(header))
            entries = read_named_numbers(table, header, columns, name=names, after_header=has_header, blank=blank)
    except InputError as error:
        return f"{error.message} {error.hint}"
    return entries.names, list(entries.lines), entries.values.shape, entries.values.tobytes()


def both(path: Path, content: bytes, **how: Any) -> tuple[Outcome, Outcome, int]:
    """Return what the two readers make of a file, and how many blocks NumPy read of it."""
    path.write_bytes(content)
    quick = table_numbers._read_plain
    blocks: list[bool] = []

    def counted(*arguments: object) -> object:
        block = quick(*arguments)  # pyright: ignore[reportArgumentType]
        blocks.append(block is not None)
        return block

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_numbers, "_read_plain", lambda *_: None)
        expected = outcome(path, **how)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table_numbers, "_read_plain", counted)
        return outcome(path, **how), expected, sum(blocks)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("delimiter", ["\t", ",", " "])
def test_a_field_means_the_same_to_both_readers(tmp_path: Path, field: str, delimiter: str):
    for position in range(3):
        fields = ["1.5", "2", "3"]
        fields[position] = field
        rows = [["gene", "a", "b", "c"], ["G0", "1", "2", "3"], ["G1", *fields], ["G2", "4", "5", "6"]]
        content = "".join(delimiter.join(row) + "\n" for row in rows).encode()
        new, old, _ = both(tmp_path / "t", content)
        assert new == old
        new, old, _ = both(tmp_path / "t", content, blank=0)
        assert new == old


BODIES = [
    "G1\t1\t2\nG2\t3\t4\n",
    "G1\t1\t2\n\n  \n\t\t\nG2\t3\t4\n",
    "#G1\t1\t2\n# G2\t3\t4\n",
    "#\n",
    "# only a comment\nG2\t3\t4\n",
    "!G1\t1\t2\nG2\t3\t4\n!table_end\n",
    '"!G1"\t1\t2\nG2\t3\t4\n',
    '"!G1\t1\t2\nG2\t3\t4\n',
    '!a"\t1\t2\nG2\t3\t4\n"\n',
    "G1\t1\nG2\t3\t4\n",
    "G1\t1\t2\t3\nG2\t3\t4\n",
    "G1\t1\t2\t\t\nG2\t3\t4\t\n",
    "G1\t1\t2\t \nG2\t3\t4\n",
    "G1\t1\t\nG2\t3\t4\n",
    "G1\t\t\nG2\t3\t4\n",
    "\t1\t2\n\t3\t4\n",
    "G1\nG2\t3\t4\n",
    '"G1"\t1\t2\n"G2"\t3\t4\n',
    '"G\t1"\t1\t2\nG2\t3\t4\n',
    '"G""1"\t1\t2\nG2\t3\t4\n',
    '"G1\ngoes on"\t1\t2\nG2\t3\t4\n',
    'G1\t"1\t2\nG2\t3"\t4\nG3\t5\t6\n',
    'G"1\t1\t2\nG2\t3\t4\n',
    '""\t1\t2\n"\t3\t4\n',
    '"G1" \t1\t2\nG2\t3\t4\n',
    "G1\t1\t2\r\nG2\t3\t4\r\n",
    "G1\t1\t2\rG2\t3\t4\r",
    "G1\t1\t2\r\nG2\t3\t4\nG3\t5\t6\r\r\nG4\t7\t8",
    " G1 \t 1\t2 \nG2\t3\t4",
    "G1\t1\t2\nG2\t3\t4x\nG3\t5\t6\n",
    "G1\t1\t2\nG2\tNA\t4\nG3\t5\t6\n",
    "",
    "\n\n",
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("delimiter", ["\t", ",", " "])
@pytest.mark.parametrize("rows", [1, 2, 1000])
def test_rows_mean_the_same_to_both_readers(
    tmp_path: Path, body: str, delimiter: str, rows: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(table_numbers, "BATCH", 3 * rows)
    for header in ("gene\ta\tb\n", "# about\n\ngene\ta\tb\r\n", '"ge\nne"\ta\tb\n'):
        content = (header + body).replace("\t", delimiter).encode()
        new, old, _ = both(tmp_path / "t", content)
        assert new == old
        new, old, _ = both(tmp_path / "t", gzip.compress(content))
        assert new == old


@pytest.mark.parametrize("start", [0, 1, 2])
def test_names_may_be_none_or_stand_before_text(tmp_path: Path, start: int):
    body = b"1\t2\t3\n4\t5\t6\n"
    new, old, blocks = both(tmp_path / "t", body, start=start, has_header=False)
    assert new == old
    assert new[0] == ([] if start == 0 else ["1", "4"])
    assert blocks == 1


@pytest.mark.parametrize(
    "content",
    [
        b"gene\ta\nG1\t1\n\nG2\tinf\n",
        b"gene,a\r\n\"G1\",1\r\n'G2', 2 \r\n",
        b"gene a\n#G1   -1e-5\n G2 nan\n",
        b"!remark\ngene\ta\t\nG1\t1\t\n!end\n",
    ],
)
def test_ordinary_tables_are_read_by_numpy(tmp_path: Path, content: bytes):
    new, old, blocks = both(tmp_path / "t", content)
    assert new == old
    assert blocks == 1


@given(
    st.lists(st.lists(st.sampled_from([*FIELDS, *["1", "2.5"] * 40]), min_size=1, max_size=4), max_size=8),
    st.sampled_from(["\t", ",", " "]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@example([['"', "1", "1"], ["a", "1", "1"]], "\t", "\n")
def test_random_tables_mean_the_same_to_both_readers(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], delimiter: str, end: str
):
    path = tmp_path_factory.getbasetemp() / "random"
    lines = [["gene", "a", "b"], *rows]
    content = "".join(delimiter.join(line) + end for line in lines).encode()
    for start in (0, 1):
        new, old, _ = both(path, content, start=start)
        assert new == old


@given(st.lists(st.floats(), min_size=1, max_size=50))
def test_numbers_written_in_full_come_back_to_the_bit(tmp_path_factory: pytest.TempPathFactory, numbers: list[float]):
    path = tmp_path_factory.getbasetemp() / "full"
    content = "gene\ta\n" + "".join(f"g\t{number!r}\n" for number in numbers)
    new, old, _ = both(path, content.encode())
    assert new == old
    assert not isinstance(new, str)
    assert np.array_equal(np.frombuffer(new[3]), numbers, equal_nan=True)


def test_a_refusal_below_many_plain_blocks_names_line_and_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(table_numbers, "BATCH", 30)
    rows = [f"G{i}\t{i}.5\t{i}\n" for i in range(100)]
    rows[77] = "G77\t1\tabc\n"
    path = tmp_path / "t"
    path.write_text("# comment\ngene\ts1\tALL_3\n" + "\n".join(rows))
    assert "line 157, column ALL_3: 'abc' is not a number" in str(outcome(path))
    rows[77] = "G77\t1\n"
    path.write_text("# comment\ngene\ts1\tALL_3\n" + "".join(rows))
    assert "line 80 has 2 fields where 3 belong" in str(outcome(path))
