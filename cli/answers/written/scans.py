"""A scan as an answer: as it is computed, one part of it, and as it is joined from all parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....engine.wording import counted
from ... import output
from ..answer import EVERY_FORM, TEXT_AND_ROWS, Answer, Note, records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from ....analysis.distribution.parts import Part
    from ....analysis.lmm.scan import Row


def answer(
    blocks: Iterable[list[Row]],
    columns: Sequence[str],
    fields: Mapping[str, Any],
    notes: Iterable[Note],
    *,
    target: Path | None,
    unit: str = "test",
) -> Answer:
    """Return the answer of a scan, whose rows are written to a file where one is named.

    Parameters
    ----------
    blocks : iterable of list of Row
        The rows, block by block, read once and as they are printed.
    columns : sequence of str
        Their columns.
    fields : mapping
        What JSON says of the whole scan.
    notes : iterable of Note
        What stands beside the rows.
    target : Path, optional
        The file.
    unit : str
        What a row is of.
    """
    sizes: list[int] = []
    rows = (row for block in _counted(blocks, sizes) for row in block)
    if target is not None:
        from ....formats.files.writing import row_writer

        with row_writer(target, columns) as write:
            write(rows)

    def as_json() -> dict[str, object]:
        tests = records(columns, rows)
        return {
            **fields,
            "count": sum(sizes),
            "output": None if target is None else str(target),
            "tests": tests,
        }

    def every_note() -> Iterator[Note]:
        yield from notes
        yield _last_note(fields, sum(sizes), unit)

    return Answer(columns=columns if target is None else (), rows=rows, json=as_json, notes=every_note())


def part_answer(
    blocks: Iterable[list[Row]],
    whole: Mapping[str, Any],
    fields: Mapping[str, Any],
    notes: Sequence[Note],
    *,
    target: Path,
    part: Part,
) -> Answer:
    """Return the answer of one part of a scan, which is written to a file; `whole` tells this scan from others."""
    from ....analysis.distribution.parts import write_part

    sizes: list[int] = []
    of_whole = {**whole, "fields": fields, "notes": [[note.text, *note.forms] for note in notes]}
    write_part(target, part, of_whole, _counted(blocks, sizes))
    count, name = sum(sizes), f"{part.number}/{part.count}"
    blocks_in_part = sum(1 for number in range(len(sizes)) if part.has(number))
    said = f"{target}: part {name}, {blocks_in_part:,} of {counted(len(sizes), 'block')}, {counted(count, 'test')}."
    return Answer(
        json=lambda: {**fields, "count": count, "output": str(target), "part": name, "tests": []},
        notes=[*notes, _last_note(fields, count, "test"), Note(said, EVERY_FORM)],
    )


def gathered_notes(whole: Mapping[str, Any]) -> list[Note]:
    """Return the notes that a part has kept, with the forms that each goes beside."""
    return [Note(text, tuple(forms)) for text, *forms in whole["notes"]]


def _counted(blocks: Iterable[list[Row]], sizes: list[int]) -> Iterator[list[Row]]:
    for block in blocks:
        sizes.append(len(block))
        yield block


def _last_note(fields: Mapping[str, Any], count: int, unit: str) -> Note:
    h2 = output.number(fields["h2"])
    how = f"{fields['mode']}, {fields['statistic']}"
    return Note(f"h² without a test: {h2}. {counted(count, unit)} by {how}.", TEXT_AND_ROWS)
