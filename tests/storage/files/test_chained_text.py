"""A text that counts as far as its hashes go: written by several, torn, cut and changed, it gives what was appended."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from grnledger.storage.files import chained_text
from grnledger.storage.files.chained_text import ChainedText, Unsound, file_hash

if TYPE_CHECKING:
    from pathlib import Path

HEADER = b"a text 1\n"
LINES = [b"one", b"part of two\ntwo", b"\x1cfirst of a block", b"three", b"\x1cblock", b"part\npart\nfour", b"five"]


def text_of(lines: list[bytes], path: Path | None = None) -> ChainedText:
    text = ChainedText(HEADER, path)
    for line in lines:
        text.append(line)
    return text


def content_of(text: ChainedText) -> bytes:
    return text.read(0, text.size)


def ends() -> list[int]:
    """Return where each line with a hash ends, and the header."""
    return [len(HEADER), *(len(content_of(text_of(LINES[: number + 1]))) for number in range(len(LINES)))]


WHOLE = content_of(text_of(LINES))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "text").write_bytes(WHOLE)
    return tmp_path / "text"


def blocks_of(text: ChainedText) -> list[bytes]:
    """Return the blocks of a text, read from its end."""
    blocks: list[bytes] = []
    stop = text.size
    while stop:
        start = text.block_before(stop)
        assert text.block_after(start) == stop
        blocks.insert(0, text.block(start, stop))
        stop = start
    return blocks


def test_a_text_is_its_lines_with_hashes_and_its_blocks_are_those_of_its_separators(path: Path) -> None:
    text = ChainedText(HEADER, path)
    assert (text.whole, text.size, content_of(text)) == (True, len(WHOLE), WHOLE)
    blocks = blocks_of(text)
    assert b"".join(blocks) == WHOLE
    assert [block[:6] for block in blocks] == [HEADER[:6], b"\x1cfirst"[:6], b"\x1cblock"]
    assert text.start == len(WHOLE) - len(blocks[-1])
    plain = b"".join(line for line in WHOLE.splitlines(keepends=True))
    assert all(line.split(b"\n")[-1] in plain for line in LINES)


@pytest.mark.parametrize("piece", [1, 7, 64, 1 << 16])
def test_blocks_are_found_whatever_is_read_at_once(monkeypatch: pytest.MonkeyPatch, path: Path, piece: int) -> None:
    monkeypatch.setattr(chained_text, "PIECE", piece)
    assert b"".join(blocks_of(ChainedText(HEADER, path))) == WHOLE


def test_of_a_text_that_is_cut_what_is_before_the_cut_counts(path: Path) -> None:
    for size in range(len(WHOLE)):
        path.write_bytes(WHOLE[:size])
        text = ChainedText(HEADER, path)
        expected = max([end for end in ends() if end <= size], default=0)
        assert (text.size, text.whole) == (expected, expected == size > 0)
        assert content_of(text) == WHOLE[:expected]


def test_a_changed_byte_is_met_where_its_block_is_read_and_nothing_behind_it_counts(path: Path) -> None:
    text, last = ChainedText(HEADER, path), ChainedText(HEADER, path).start
    starts = [0, text.block_after(0), last]
    for place in range(len(WHOLE)):
        path.write_bytes(WHOLE[:place] + bytes([WHOLE[place] ^ 4]) + WHOLE[place + 1 :])
        text = ChainedText(HEADER, path)
        if place >= last - 65 or place < len(HEADER):  # the hash before a block is part of it
            assert not text.whole
            assert text.size <= place
            assert WHOLE.startswith(content_of(text))
            continue
        with pytest.raises(Unsound):
            blocks_of(text)
        assert text.block(last, text.size) == WHOLE[last:]
        for start, stop in zip(starts, [*starts[1:], len(WHOLE)], strict=True):
            if not max(start - 65, 0) <= place < stop:
                assert text.block(start, stop) == WHOLE[start:stop]


def test_blocks_that_change_places_or_are_left_out_do_not_count(path: Path) -> None:
    first, second, third = blocks_of(ChainedText(HEADER, path))
    for content in (first + third, first + third + second, second + third, first + second + second + third):
        path.write_bytes(content)
        text = ChainedText(HEADER, path)
        if text.whole:  # its end follows what is before it
            with pytest.raises(Unsound):
                blocks_of(text)
        else:
            assert WHOLE.startswith(content_of(text))


def test_it_goes_on_after_what_counts(path: Path) -> None:
    for size in ends()[:-1]:
        path.write_bytes(WHOLE[:size] + b"torn")
        text = ChainedText(HEADER, path)
        for line in LINES[ends().index(size) :]:
            text.append(line)
        text.write()
        assert path.read_bytes() == WHOLE
        assert not text.unwritten


def test_what_is_appended_is_written_behind_the_rest_and_read_from_there(path: Path) -> None:
    text, number = ChainedText(HEADER, path), path.stat().st_ino
    text.append(b"six")
    assert text.unwritten
    before = content_of(text)
    text.write()
    assert (path.read_bytes(), path.stat().st_ino, text.unwritten) == (before, number, False)
    assert content_of(text) == before == content_of(text_of([*LINES, b"six"]))
    assert b"".join(blocks_of(text)) == before


def test_a_cut_forgets_what_is_behind_it_and_the_file_is_then_written_anew(path: Path) -> None:
    for number, end in enumerate(ends()[1:], 1):
        path.write_bytes(WHOLE)
        text = ChainedText(HEADER, path)
        text.append(b"six")
        text.cut(end)
        text.append(b"other")
        text.write()
        assert path.read_bytes() == content_of(text_of([*LINES[:number], b"other"]))


def test_two_that_append_the_same_leave_it_once(path: Path) -> None:
    first, second = ChainedText(HEADER, path), ChainedText(HEADER, path)
    for text in (first, second):
        text.append(b"six")
        text.append(b"\x1cseven")
    first.append(b"eight")
    number = path.stat().st_ino
    second.write()
    first.write()
    second.append(b"eight")
    second.append(b"nine")
    second.write()
    assert path.read_bytes() == content_of(text_of([*LINES, b"six", b"\x1cseven", b"eight", b"nine"]))
    assert path.stat().st_ino == number


def test_where_two_append_different_lines_the_second_writes_it_anew(path: Path) -> None:
    first, second = ChainedText(HEADER, path), ChainedText(HEADER, path)
    first.append(b"mine")
    second.append(b"another")
    second.append(b"and more")
    first.write()
    second.write()
    assert path.read_bytes() == content_of(text_of([*LINES, b"another", b"and more"]))
    assert content_of(first) == content_of(text_of([*LINES, b"mine"]))  # from the file that has no name now


def test_a_file_that_others_have_made_meanwhile_is_written_to_where_it_is_the_same(tmp_path: Path) -> None:
    late = ChainedText(HEADER, tmp_path / "text")
    assert (late.size, late.whole) == (0, False)
    for line in LINES:
        late.append(line)
    text_of(LINES[:3], tmp_path / "text").write()
    number = (tmp_path / "text").stat().st_ino
    late.write()
    assert ((tmp_path / "text").read_bytes(), (tmp_path / "text").stat().st_ino) == (WHOLE, number)


def test_a_file_of_something_else_is_written_anew(path: Path) -> None:
    path.write_bytes(b"a text 0\nof an older kind\n")
    text = ChainedText(HEADER, path)
    assert (text.size, text.whole) == (0, False)
    text.append(b"one")
    text.write()
    assert path.read_bytes() == content_of(text_of(LINES[:1]))


def test_a_file_with_a_second_name_is_not_written_to(path: Path, tmp_path: Path) -> None:
    os.link(path, tmp_path / "backup")
    text = ChainedText(HEADER, path)
    text.append(b"six")
    text.write()
    assert (tmp_path / "backup").read_bytes() == WHOLE
    assert path.read_bytes() == content_of(text_of([*LINES, b"six"]))


def test_no_link_is_followed_and_no_pipe_waited_for(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(WHOLE)
    (tmp_path / "link").symlink_to(tmp_path / "other")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "folder"):
        (tmp_path / "folder").mkdir(exist_ok=True)
        assert ChainedText(HEADER, tmp_path / name).size == 0
        assert file_hash(tmp_path / name) is None


def test_a_text_is_read_from_the_file_it_was_opened_as(path: Path, tmp_path: Path) -> None:
    text = ChainedText(HEADER, path)
    (tmp_path / "new").write_bytes(b"another")
    (tmp_path / "new").rename(path)
    assert content_of(text) == WHOLE
    os.truncate(path, 3)
    assert ChainedText(HEADER, path).size == 0


def test_a_text_that_is_truncated_while_it_is_open_no_longer_counts(path: Path) -> None:
    text = ChainedText(HEADER, path)
    os.truncate(path, 100)
    with pytest.raises(Unsound):
        text.block(text.start, text.size)


def test_a_disk_that_has_gone_is_no_error_of_a_file_that_was_read(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    def gone(descriptor: int) -> None:
        os.close(descriptor)
        raise OSError(107, "Transport endpoint is not connected")

    file = chained_text._open(path)
    assert file is not None
    file.__del__(gone)  # what it raises would be printed, and not be met
    file.descriptor = os.open(path, os.O_RDONLY)
