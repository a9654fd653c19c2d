"""Part files: blocks of rows come back as they were, and what is cut or changed is seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.formats.tables.part_files import PartFile, read_part, write_part

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = {"part": 2, "whole": {"command": "scan", "name": "β", "numbers": [0.1, None]}}
BLOCKS = [
    (0, None),
    (1, [("rs1", 5, 0.1, float("nan")), ("#end 3", 6, -1e-300, 2.0)]),
    (2, []),
    (3, [("#block 9 9", 1, 1.0, 1.0)]),
    (4, None),
]


@pytest.fixture
def part(tmp_path: Path) -> PartFile:
    write_part(tmp_path / "a.part", HEADER, BLOCKS)
    return read_part(tmp_path / "a.part")


def test_header_blocks_and_their_number_come_back(part: PartFile) -> None:
    assert (part.header, part.total, list(part.blocks)) == (HEADER, 5, [1, 2, 3])
    assert part.rows(1) == [["rs1", "5", "0.1", ""], ["#end 3", "6", "-1e-300", "2.0"]]
    assert (part.rows(2), part.rows(3)) == ([], [["#block 9 9", "1", "1.0", "1.0"]])
    with pytest.raises(KeyError):
        part.rows(0)


def test_a_part_without_blocks_knows_how_many_there_are(tmp_path: Path) -> None:
    write_part(tmp_path / "a.part", HEADER, [(0, None), (1, None)])
    assert (read_part(tmp_path / "a.part").blocks, read_part(tmp_path / "a.part").total) == ({}, 2)
    write_part(tmp_path / "b.part", HEADER, [])
    assert read_part(tmp_path / "b.part").total == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda content: content[:-1], "part-damaged"),
        (lambda content: content[: content.index(b"#end 5")], "part-damaged"),
        (lambda content: content[: content.index(b"#block 2")], "part-damaged"),
        (lambda content: content[: content.index(b"#end 3")], "part-damaged"),
        (lambda content: content + b"\n", "part-damaged"),
        (lambda content: content.replace(b"0.1\t\n", b"0.2\t\n"), "part-damaged"),
        (lambda content: content.replace(b"#block 1 2", b"#block 1 9"), "part-damaged"),
        (lambda content: content.replace(b"#block 1 2", b"#block 5 2"), "part-damaged"),
        (lambda content: content.replace(b'"part": 2', b'"part": 3'), "part-damaged"),
        (lambda content: content[1:], "no-part-file"),
        (lambda content: content.replace(b"{", b"[", 1), "part-damaged"),
        (lambda content: content.split(b"\n", 1)[0], "no-part-file"),
    ],
)
def test_a_part_that_is_cut_or_changed_is_refused(part: PartFile, change: Callable[[bytes], bytes], code: str) -> None:
    content = part.path.read_bytes()
    assert change(content) != content
    part.path.write_bytes(change(content))
    with pytest.raises(InputError) as refusal:
        read_part(part.path)
    assert (refusal.value.code, str(part.path) in refusal.value.message) == (code, True)


def test_other_files_and_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "scan.tsv").write_text("ID\tN\nrs1\t5\n")
    with pytest.raises(InputError, match="not a part of an answer"):
        read_part(tmp_path / "scan.tsv")
    write_part(tmp_path / "list.part", ["no", "header"], [])  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError, match="not a part of an answer"):
        read_part(tmp_path / "list.part")
    with pytest.raises(NotFound):
        read_part(tmp_path / "none.part")
