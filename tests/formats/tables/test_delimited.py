"""Delimited text: every shape that R, pandas, GEO and spreadsheets give it, and refusals that name the place."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
from typing import TYPE_CHECKING

import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.formats.files.kinds import file_kind
from grnledger.formats.files.limits import refuse_beyond_budget
from grnledger.formats.files.plain_files import fingerprint, require_file
from grnledger.formats.files.writing import write_whole_file
from grnledger.formats.tables.delimited import open_table, read_body, read_header
from grnledger.formats.tables.table_numbers import read_numbers

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path) -> tuple[tuple[str, ...], list[list[str]]]:
    with open_table(path) as table:
        header = read_header(table)
        return header, [row.fields for row in read_body(table, len(header))]


def write_half(path: Path) -> float:
    with write_whole_file(path) as stream:
        stream.write(b"half")
        return 1 / 0


@pytest.mark.parametrize(
    "content",
    [
        "gene\ts1\ts2\nTP53\t1\t2\nMDM2\t3\t4\n",
        "gene,s1,s2\nTP53,1,2\nMDM2,3,4\n",
        "gene s1   s2\n  TP53    1 2  \nMDM2\t3  4\n",
        "gene\ts1\ts2\r\nTP53\t1\t2\r\nMDM2\t3\t4\r\n",
        "\ufeffgene\ts1\ts2\nTP53\t1\t2\nMDM2\t3\t4",
        "gene\ts1\ts2\t\nTP53\t1\t2\t\nMDM2\t3\t4\t\n",
        "gene\ts1\ts2\nTP53\t1\t2\t\nMDM2\t3\t4\n",
        "# a comment\n!another\n\ngene\ts1\ts2\nTP53\t1\t2\n\n\t\t\nMDM2\t3\t4\n!table_end\n",
        "# a comment\n#gene\ts1\ts2\nTP53\t1\t2\nMDM2\t3\t4\n",
        '"gene","s1","s2"\n"TP53",1,2\n"MDM2","3","4"\n',
        '"gene" "s1" "s2"\n"TP53" 1 2\n"MDM2" 3 4\n',
    ],
)
def test_one_table_in_many_spellings_reads_the_same(tmp_path: Path, content: str):
    for packed in (content.encode(), gzip.compress(content.encode())):
        header, rows = read(write(tmp_path / "t", packed))
        assert header == ("gene", "s1", "s2")
        assert rows == [["TP53", "1", "2"], ["MDM2", "3", "4"]]


def test_a_header_of_r_is_one_name_short(tmp_path: Path):
    header, rows = read(write(tmp_path / "t", '"s1" "s2"\n"TP53" 1 2\n'))
    assert header == ("", "s1", "s2")
    assert rows == [["TP53", "1", "2"]]


def test_a_quoted_field_may_hold_the_delimiter_and_a_line_end(tmp_path: Path):
    _, rows = read(write(tmp_path / "t", 'gene,about\nTP53,"guardian, of\nthe genome"\n'))
    assert rows == [["TP53", "guardian, of\nthe genome"]]


def test_the_delimiter_is_reported_and_comments_are_kept(tmp_path: Path):
    with open_table(write(tmp_path / "t", "#1.2\n1\t2\nNAME\tDescription\ts1\nTP53\tna\t1\n")) as table:
        assert (table.delimiter, table.comments, table.is_gct) == ("\t", ("#1.2", "1\t2"), True)
        assert [row.line for row in table.rows] == [3, 4]


def test_numbers_read_as_float_reads_them_and_missing_ones_are_nan(tmp_path: Path):
    path = write(tmp_path / "t", "gene\ta\tb\tc\td\te\nTP53\t-2.5e-3\t\tNA\tn/a\t1e300\n")
    with open_table(path) as table:
        header = read_header(table)
        (row,) = read_body(table, len(header))
        numbers = read_numbers(table, row, range(1, 6), header)
        assert numbers[0] == -2.5e-3
        assert [math.isnan(number) for number in numbers[1:4]] == [True, True, True]
        assert read_numbers(table, row, range(1, 6), header, blank=0.0)[1] == 0.0


@pytest.mark.parametrize("field", ["abc", "1_000", "1,5", "1.2.3", "0x1f"])
def test_a_field_that_is_no_number_is_named_with_line_and_column(tmp_path: Path, field: str):
    path = write(tmp_path / "t.tsv", f"# comment\ngene\ts1\tALL_3\nTP53\t1\t2\nMDM2\t1\t{field}\n")
    with open_table(path, decimal="point") as table:
        header = read_header(table)
        _, wrong = read_body(table, 3)
        with pytest.raises(InputError, match=r"line 4, column ALL_3") as caught:
            read_numbers(table, wrong, [1, 2], header)
    assert repr(field) in caught.value.message
    assert ("comma" in caught.value.hint) == (field == "1,5")


@pytest.mark.parametrize("row", ["MDM2\t1", "MDM2\t1\t2\t3"])
def test_a_ragged_row_is_named_with_its_line(tmp_path: Path, row: str):
    with pytest.raises(InputError, match=r"line 3 has \d fields where 3 belong"):
        read(write(tmp_path / "t", f"gene\ts1\ts2\nTP53\t1\t2\n{row}\n"))


def test_an_open_quotation_mark_is_a_sentence(tmp_path: Path):
    content = 'gene,s1\n"TP53,1\n' + "MDM2,1\n" * 30_000
    with pytest.raises(InputError, match="cannot be read as a table") as caught:
        read(write(tmp_path / "t", content))
    assert "quotation mark" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"# nothing\n\n", "nothing after its comments"),
        (b"gene\0\1\2\ts1\n", "binary"),
        (b"\xff\xfe" + "gene\ts1\nTP53\t1\n".encode("utf-16-le") + b"\x00\xd8a", "not UTF-16 text"),
        (b"\xfe\xff" + "gene\0".encode("utf-16-be"), "binary"),
        (b"PK\x03\x04 and so on", "zip archive"),
        (b"gene\ts1\nTP53\x81\t1\n", "0x81"),
        (gzip.compress(b"gene\ts1\nTP53\t1\n" * 500, mtime=0)[:-9], "cut short"),
        (b"\x1f\x8b\x08\x00 no gzip", "cut short or damaged"),
    ],
)
def test_a_file_that_is_no_text_is_refused_with_a_sentence(tmp_path: Path, content: bytes, sentence: str):
    with pytest.raises(InputError, match=sentence):
        read(write(tmp_path / "t", content))


def test_what_is_no_file_is_refused(tmp_path: Path):
    with pytest.raises(NotFound, match="There is no file"):
        require_file(tmp_path / "absent")
    with pytest.raises(NotFound):
        require_file(write(tmp_path / "t", "x") / "below")
    with pytest.raises(InputError, match="is a folder"):
        require_file(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        require_file("a\0b")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe"):
        require_file(tmp_path / "pipe")


def test_kinds_go_by_the_first_bytes_and_fingerprints_by_all(tmp_path: Path):
    path = write(tmp_path / "t.tsv", gzip.compress(b"x"))
    assert file_kind(path) == "gzip"
    assert fingerprint(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path):
    path = write(tmp_path / "out", "old")
    with pytest.raises(ZeroDivisionError):
        write_half(path)
    assert path.read_text() == "old"
    with write_whole_file(path) as stream:
        stream.write(b"new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_has_the_rights_that_the_user_gives_new_files(tmp_path: Path):
    with write_whole_file(tmp_path / "out") as stream:
        stream.write(b"x")
    ordinary = write(tmp_path / "ordinary", "x")
    assert (tmp_path / "out").stat().st_mode == ordinary.stat().st_mode


def test_a_matrix_beyond_memory_is_refused_before_room_is_made(tmp_path: Path):
    path = write(tmp_path / "x", "x")
    refuse_beyond_budget(path, (1000, 1000))
    with pytest.raises(InputError, match=r"100,000,000 × 100,000,000 values take [\d,.]+ GiB"):
        refuse_beyond_budget(path, (10**8, 10**8))


def test_a_link_is_written_through_and_a_folder_is_not_replaced(tmp_path: Path):
    target, link = write(tmp_path / "target", "old"), tmp_path / "link"
    link.symlink_to(target)
    with write_whole_file(link) as stream:
        stream.write(b"new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    with pytest.raises(InputError, match="not a file"), write_whole_file(tmp_path):
        pass
    with pytest.raises(NotFound, match="no folder"), write_whole_file(tmp_path / "absent" / "out"):
        pass
