"""Lists of genes or samples: one name a line, as people, R, pandas and PLINK write them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import some
from ..files.limits import NAMES_PACKING
from ..files.opening import open_text
from ..files.plain_files import require_file
from ..tables.delimited import open_table
from ..tables.id_titles import FAMILIES, INDIVIDUALS, NO_IDS, TITLES, normalised

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROW_TITLES = frozenset({"fid", "iid", "id", "ids", "name", "names", "sample", "samples", "gene", "genes"})
"""Titles of names of rows, in small letters and without signs."""


def read_ids(path: Path) -> tuple[str, ...]:
    """Return the names of a file, one a line; what follows a tab is passed over, and so are lines that begin with #.

    Of a file of PLINK's with FID and IID, the names are IID; of one that R or pandas wrote, those behind the numbers of
    rows. A title of ids in the first line is no name.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        A line has several names.
    """
    with open_text(require_file(path), packing=NAMES_PACKING) as lines:
        stripped = [line.strip("\r\n ") for line in lines]
    texts = [line for line in stripped if line and (not line.startswith("#") or _is_plink_header(line))]
    ids = _plink_ids(texts) or _numbered_ids(texts)
    if ids is None:
        ids = tuple(name for line in texts if (name := line.split("\t")[0].strip()))
        ids = tuple(name.removesuffix(",") for name in ids) if all(name.endswith(",") for name in ids) else ids
    ids = tuple(name[1:-1] if len(name) > 2 and name[0] == name[-1] == '"' else name for name in ids)
    if ids and all("," in name for name in ids):
        what = "one line" if len(ids) == 1 else "lines with commas"
        way = f"tr ',' '\\n' < {path.name} > names.txt" if len(ids) == 1 else f"cut -d, -f1 {path.name} > names.txt"
        raise InputError(
            f"{path} has {what}, {some(ids)}, and a list of names has one name per line.", hint=f"In a shell: {way}"
        )
    return ids[1:] if len(ids) > 1 and normalised(ids[0]) in TITLES - NO_IDS else ids


def read_row_ids(path: Path) -> tuple[str, ...]:
    """Return one name a line, the IID of a file of FID and IID, with or without a header, or of a .fam."""
    with open_table(require_file(path)) as table:
        comment = table.comments[-1].lstrip("#").split() if table.comments else []
        rows = [[field.strip() for field in row.fields] for row in table.rows]
    titles: list[str] = []
    if normalised(rows[0][0]) in ROW_TITLES:
        titles, rows = rows[0], rows[1:]
    elif comment and normalised(comment[0]) in ROW_TITLES:
        titles = comment
    is_paired = normalised(titles[0]) == "fid" if titles else len(rows[0]) > 1
    return tuple(row[1] if is_paired and len(row) > 1 else row[0] for row in rows)


def _is_plink_header(line: str) -> bool:
    titles = [normalised(title) for title in line.split()[:2]]
    return len(titles) == 2 and titles[0] in FAMILIES and titles[1] in INDIVIDUALS


def _plink_ids(lines: Sequence[str]) -> tuple[str, ...] | None:
    """Return the second column of a file of FID and IID, known by its header or by a first column that is no id."""
    has_header = bool(lines) and _is_plink_header(lines[0])
    rows = [line.split() for line in (lines[1:] if has_header else lines)]
    if not rows or any(len(row) < 2 for row in rows):
        return None
    has_families = len(rows) > 1 and all(row[0] == "0" for row in rows)
    if has_header or has_families or all(row[0] == row[1] for row in rows):
        return tuple(row[1] for row in rows)
    return None


def _numbered_ids(lines: Sequence[str]) -> tuple[str, ...] | None:
    """Return what stands behind the numbers of rows, below a title, as `write.table` of R and `to_csv` of pandas write.

    The first column must count the rows from 0 or 1.
    """
    for delimiter in (",", "\t", " "):
        rows = list(csv.reader(lines[1:], delimiter=delimiter))
        counts = [row[0].strip() for row in rows if len(row) == 2]
        starts = (counts == [str(number + start) for number in range(len(rows))] for start in (0, 1))
        if len(rows) > 1 and any(starts):
            return tuple(row[1].strip() for row in rows)
    return None
