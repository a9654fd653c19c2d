"""Some blocks of a file of tests: the same as those of the whole, and as many as it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.formats.traits import tested_columns
from grnledger.formats.traits.tested_columns import read_tested

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IDS = tuple(f"s{number}" for number in range(20))
NAMES = tuple(f"t{number}" for number in range(100))
VALUES = np.random.default_rng(2).integers(0, 3, (100, 20)).astype(float)


def lines(values: np.ndarray = VALUES) -> list[str]:
    rows = ["\t".join([name, *map(str, row)]) for name, row in zip(NAMES, values.tolist(), strict=True)]
    return ["\t".join(["id", *IDS]), *rows]


def write_archive(path: Path) -> Path:
    np.savez(path.with_suffix(".npz"), tests=np.array(NAMES), ids=np.array(IDS), values=VALUES)
    return path.with_suffix(".npz")


def write_sets(path: Path) -> Path:
    sets = [
        "\t".join([name, "-", *(IDS[index] for index in np.flatnonzero(row))])
        for name, row in zip(NAMES, VALUES, strict=True)
    ]
    path.with_suffix(".gmt").write_text("\n".join(sets) + "\n")
    return path.with_suffix(".gmt")


def write_bed(path: Path) -> Path:
    bed_reader = pytest.importorskip("bed_reader")
    properties = {"iid": list(IDS), "sid": list(NAMES)}
    bed_reader.to_bed(path.with_suffix(".bed"), VALUES.T, properties=properties)
    return path.with_suffix(".bed")


def write_table(path: Path) -> Path:
    path.with_suffix(".tsv").write_text("\n".join(lines()) + "\n")
    return path.with_suffix(".tsv")


def write_odd_table(path: Path) -> Path:
    """A quoted name, and a blank line."""
    odd = lines()
    odd[30] = f'"{odd[30].partition(chr(9))[0]}"' + odd[30][odd[30].index("\t") :]
    odd.insert(50, "")
    path.with_suffix(".tsv").write_text("\n".join(odd) + "\n")
    return path.with_suffix(".tsv")


@pytest.mark.parametrize("write", [write_table, write_odd_table, write_archive, write_sets, write_bed])
def test_blocks_that_are_kept_are_those_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], Path]
) -> None:
    monkeypatch.setattr(tested_columns, "BLOCK", 16)
    tested = read_tested(write(tmp_path / "tests"))
    whole = list(tested.blocks(IDS[::-1]))
    assert len(whole) > 5
    for number in range(3):
        some = list(tested.blocks(IDS[::-1], lambda block, number=number: block % 3 == number))
        assert len(some) == len(whole)
        for block, (one, other) in enumerate(zip(whole, some, strict=True)):
            assert one.done == pytest.approx(other.done)
            if block % 3 == number:
                assert one.names == other.names
                dense = [
                    part.values if isinstance(part.values, np.ndarray) else part.values.toarray()
                    for part in (one, other)
                ]
                assert dense[0].tobytes() == dense[1].tobytes()


def test_blocks_of_a_table_that_are_not_kept_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A field that is no number is refused by the part that has it alone; one too many or too few by all."""
    monkeypatch.setattr(tested_columns, "BLOCK", 16)
    text = lines()
    path = tmp_path / "tests.tsv"
    path.write_text(
        "\n".join([*text[:20], text[20].replace("\t1.0", "\tx").replace("\t0.0", "\tx"), *text[21:]]) + "\n"
    )
    assert len(list(read_tested(path).blocks(IDS, lambda block: block != 1))) == 7
    with pytest.raises(InputError, match="line 21"):
        list(read_tested(path).blocks(IDS, lambda block: block == 1))
    path.write_text("\n".join([*text[:20], text[20] + "\t1", *text[21:]]) + "\n")
    with pytest.raises(InputError, match="line 21"):
        list(read_tested(path).blocks(IDS, lambda block: block != 1))
