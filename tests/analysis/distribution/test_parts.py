"""Parts joined: all of one whole, in any order, and refused with what is wrong otherwise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from grnledger.analysis.distribution import parts
from grnledger.analysis.distribution.parts import Part, read_parts, write_part
from grnledger.engine.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCKS = [[(f"t{block}.{row}", 0.1 * block + row) for row in range(block % 3)] for block in range(11)]
ROWS = [[[name, repr(value)] for name, value in block] for block in BLOCKS]
WHOLE: dict[str, Any] = {"command": "scan", "fields": {"h2": 0.25, "none": math.inf, "statistic": "wald"}}


def blocks(part: Part) -> Iterator[list[tuple[str, float]]]:
    """The blocks of a part, and nothing of the others, as a scan yields them."""
    return (block if part.has(number) else [] for number, block in enumerate(BLOCKS))


def write_all(folder: Path, count: int, whole: dict[str, Any] = WHOLE) -> list[Path]:
    paths: list[Path] = []
    for number in range(1, count + 1):
        part = Part(number, count)
        paths.append(folder / f"{number}.part")
        write_part(paths[-1], part, whole, blocks(part))
    return paths


@pytest.mark.parametrize("count", [1, 2, 3, 11, 14])
def test_all_parts_in_any_order_are_the_whole(tmp_path: Path, count: int) -> None:
    whole, rows = read_parts(write_all(tmp_path, count)[::-1])
    assert list(rows) == ROWS
    assert whole == {"command": "scan", "fields": {"h2": 0.25, "none": None, "statistic": "wald"}}


@pytest.mark.parametrize("text", ["", "3", "0/3", "4/3", "-1/3", "1/", "a/b", "1/3/5", " 1/3", "1/100000", "1.0/3"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no part: it is K/N") as refusal:
        Part.of(text)
    assert refusal.value.code == "part-unknown"


def refused(paths: list[Path]) -> tuple[str, str]:
    with pytest.raises(InputError) as refusal:
        read_parts(paths)
    return refusal.value.code, refusal.value.message


def test_missing_and_doubled_parts_are_named(tmp_path: Path) -> None:
    paths = write_all(tmp_path, 9)
    assert refused([paths[0], *paths[2:4], paths[8]]) == ("parts-missing", "5 parts of 9 missing: 2,5-8.")
    assert refused(paths[:8]) == ("parts-missing", "1 part of 9 missing: 9.")
    (tmp_path / "again.part").write_bytes(paths[3].read_bytes())
    assert refused([*paths, tmp_path / "again.part"]) == (
        "parts-doubled", f"{paths[3]} and {tmp_path / 'again.part'} are both part 4 of 9.",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fields": {**WHOLE["fields"], "statistic": "lrt", "h2": 0.5}}, "statistic wald and lrt; h2 0.25 and 0.5."),
        ({"tests": {"x.bed": 3}}, "tests None and {'x.bed': 3}."),
    ],
)
def test_parts_of_other_wholes_are_refused_with_what_differs(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    paths = write_all(tmp_path, 3)
    write_part(paths[1], Part(2, 3), {**WHOLE, **change}, blocks(Part(2, 3)))
    assert refused(paths) == (
        "parts-of-others", f"{paths[0]} and {paths[1]} are not parts of one answer: {said}",
    )  # fmt: skip


def test_parts_of_other_numbers_of_parts_or_blocks_are_refused(tmp_path: Path) -> None:
    paths = write_all(tmp_path, 3)
    write_part(paths[2], Part(3, 4), WHOLE, blocks(Part(3, 4)))
    assert refused(paths)[1].endswith("not parts of one answer: parts 3 and 4.")
    write_part(paths[2], Part(3, 3), WHOLE, iter(list(blocks(Part(3, 3)))[:9]))
    assert refused(paths)[1].endswith("not parts of one answer: blocks 11 and 9.")


def test_parts_of_another_arithmetic_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write_all(tmp_path, 3)
    own = parts.arithmetic()
    monkeypatch.setattr(parts, "arithmetic", lambda: {**own, "numpy": "1.0", "BLAS": "abacus"})
    write_part(paths[1], Part(2, 3), WHOLE, blocks(Part(2, 3)))
    code, message = refused(paths)
    assert code == "parts-of-other-arithmetic"
    assert f"numpy {own['numpy']} and 1.0; BLAS {own['BLAS']} and abacus." in message
