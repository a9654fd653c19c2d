"""A long answer in parts that need no scheduler: which blocks are whose, and parts joined to the whole.

Blocks are dealt out in turn, so that parts are equally long whatever the number of blocks. Each says which whole it is
a part of; joined are only all the parts of one.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from ...engine.errors import InputError
from ...engine.wording import counted
from ...formats.tables import part_files
from .arithmetic import arithmetic, differences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ...formats.tables.part_files import PartFile, Rows

MOST = 99_999
"""Most parts."""

SAID = 3
"""Most differences of two parts that are told."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of several parts.

    Parameters
    ----------
    number, count : int
        Which of how many, from 1 on.
    """

    number: int
    count: int

    @classmethod
    def of(cls, text: str) -> Part:
        """Return the part that a text such as 3/20 names.

        Raises
        ------
        InputError
            It names none.

        Examples
        --------
        >>> [block for block in range(8) if Part.of("2/3").has(block)]
        [1, 4, 7]
        """
        match = re.fullmatch(r"(\d{1,5})/(\d{1,5})", text)
        if match is None or not 1 <= int(match[1]) <= int(match[2]):
            raise InputError(f"{text!r} is no part: it is K/N, with K from 1 to N and N up to {MOST:,}.",
                             code="part-unknown")  # fmt: skip
        return cls(int(match[1]), int(match[2]))

    def has(self, block: int) -> bool:
        """Return whether a block of that number, from 0 on, is of this part."""
        return block % self.count == self.number - 1


def write_part(path: Path, part: Part, whole: Mapping[str, Any], blocks: Iterator[Rows]) -> None:
    """Write a part of an answer.

    Parameters
    ----------
    path : Path
        The file.
    part : Part
        Which.
    whole : mapping
        All that tells this answer from others, and what else there is to say of it; numbers that are not finite are
        written as none.
    blocks : iterator
        The rows of each block of the whole; of those of other parts any.
    """
    header = {"part": part.number, "parts": part.count, "arithmetic": arithmetic(), "whole": _finite(whole)}
    numbered = ((number, rows if part.has(number) else None) for number, rows in enumerate(blocks))
    part_files.write_part(path, header, numbered)


def read_parts(paths: Sequence[Path]) -> tuple[dict[str, Any], Iterator[list[list[str]]]]:
    """Return what a whole is, and its rows, block by block, from all of its parts in any order.

    Raises
    ------
    NotFound
        A file is not there.
    InputError
        A part is missing, is there twice, is damaged, or is of another whole; which, and how, is said.
    """
    parts = [_checked(part_files.read_part(path)) for path in paths]
    first = parts[0]
    for other in parts[1:]:
        _check_same(first, other)
    by_number: dict[int, PartFile] = {}
    for part in parts:
        if (number := int(part.header["part"])) in by_number:
            raise InputError(
                f"{by_number[number].path} and {part.path} are both part {number} of {part.header['parts']}.",
                code="parts-doubled",
            )
        by_number[number] = part
    count = int(first.header["parts"])
    if missing := [number for number in range(1, count + 1) if number not in by_number]:
        raise InputError(
            f"{counted(len(missing), 'part')} of {count} missing: {_ranges(missing)}.", code="parts-missing"
        )

    def rows() -> Iterator[list[list[str]]]:
        for block in range(first.total):
            yield by_number[block % count + 1].rows(block)

    return cast("dict[str, Any]", first.header["whole"]), rows()


def _checked(part: PartFile) -> PartFile:
    """Return a part whose header has what it must have."""
    header, kinds = part.header, {"part": int, "parts": int, "arithmetic": dict, "whole": dict}
    if not all(isinstance(header.get(name), kind) for name, kind in kinds.items()):
        raise InputError(f"{part.path} is not a part of an answer.", code="no-part-file")
    return part


def _ranges(numbers: Sequence[int]) -> str:
    """Return numbers as a batch system takes them, such as 1,4-6."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _check_same(first: PartFile, other: PartFile) -> None:
    """Refuse two parts that are of two wholes."""
    one, two = (part.header["arithmetic"] for part in (first, other))
    if one != two:
        raise _of_others(first, other, one, two, "parts-of-other-arithmetic")
    one, two = (_whole(part) for part in (first, other))
    if one != two:
        raise _of_others(first, other, one, two, "parts-of-others")


def _whole(part: PartFile) -> dict[str, Any]:
    """Return all that parts of one answer have in common, what is within its fields too."""
    whole: dict[str, Any] = {**part.header["whole"], "parts": part.header["parts"], "blocks": part.total}
    fields = whole.pop("fields", None)
    return {**whole, **(cast("dict[str, Any]", fields) if isinstance(fields, dict) else {})}


def _of_others(first: PartFile, other: PartFile, one: dict[str, Any], two: dict[str, Any], code: str) -> InputError:
    """Return the error of two parts that differ in something: in words first, since numbers follow from them."""
    names = sorted(differences(one, two), key=lambda name: isinstance(one.get(name), float))
    said = "; ".join(f"{name} {_short(one.get(name))} and {_short(two.get(name))}" for name in names[:SAID])
    more = f"; and {len(names) - SAID} more" if len(names) > SAID else ""
    return InputError(f"{first.path} and {other.path} are not parts of one answer: {said}{more}.", code=code)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _finite(part) for name, part in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in cast("list[Any]", value)]
    return value
