"""Matrices of regulators and targets, and sets named after regulators, where the file is said to hold regulons."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import some
from ..files.kinds import TABLE_KINDS, file_kind
from ..models.loadings import find_gene_column, read_loadings
from ..models.matrix_axes import FEWEST_GENES, read_transposed
from ..readers import READERS
from ..regulons.signs import is_regulon_name, split_regulon_name
from ..regulons.titles import GENE_TITLES, SOURCE_TITLES, TARGET_TITLES, title_key
from ..sets.gmt import choose_descriptions, no_descriptions
from ..tables.delimited import open_table, read_header
from ..tables.fields import is_missing, is_number
from .regulator_names import FORMS, name_regulators

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..genes.identifiers import Matcher
    from ..models.gene_loadings import LoadingsFile


def as_regulators(
    path: Path, matcher: Matcher, choices: Mapping[str, str], descriptions: bool | None = None
) -> LoadingsFile | None:
    """Return a file that is said to hold regulons, its sets or columns as the targets of what they are named after.

    None where it is neither a file of sets by name nor a matrix of genes of the panel and numbers.

    Parameters
    ----------
    path : Path
        The file.
    matcher : Matcher
        Finds genes on the panel.
    choices : mapping of str to str
        `source_column` or `gene_column`: the first column of a matrix, by title or number, as that of regulators or of
        targets.
    descriptions : bool, optional
        Of lines or columns of names, as `choose_descriptions` takes it.

    Raises
    ------
    InputError
        Second fields of lines may be targets or descriptions; JSON has none of them, and something was said of them; or
        nothing says whether the regulators of a matrix are its rows or its columns.
    """
    form = None if choices else _form_of_names(path)
    if form is None and descriptions is not None:
        return None
    if form is not None:
        file: LoadingsFile = READERS["pathways"][form].read(path)
        if form == "json" and descriptions is not None:
            raise no_descriptions(path)
        if form != "json":
            file = choose_descriptions(path, file, form, matcher.has, descriptions)
    else:
        axis = _axis_of_regulators(path, matcher, choices)
        if axis is None:
            return None
        where, why = axis
        file = read_transposed(path) if where == "rows" else read_loadings(path, any_title=True)
        others = "columns" if where == "rows" else "rows"
        file = replace(file, notes=(f"regulators in {where}, targets in {others}, {why}", *_own_notes(file)))
    named = name_regulators(file, "as was said")
    return replace(named, is_scaled=False)


def _form_of_names(path: Path) -> str | None:
    """Return the format of a file of sets by name, or None where it is none."""
    for form in FORMS:
        sign = READERS["pathways"][form].sign
        if sign is not None and sign(path):
            return form
    return None


def _own_notes(file: LoadingsFile) -> tuple[str, ...]:
    return tuple(note for note in file.notes if not note.startswith("pathways in rows"))


def _axis_of_regulators(path: Path, matcher: Matcher, choices: Mapping[str, str]) -> tuple[str, str] | None:
    """Return which axis of a matrix of genes has the regulators, "rows" or "columns", and why; None where it is none.

    The title of the names of rows says it, or what was chosen, or that one axis alone is of genes of the panel: targets
    are genes that load.
    """
    if file_kind(path) not in TABLE_KINDS or not choices.keys() <= {"source_column", "gene_column"}:
        return None
    with open_table(path) as table:
        header, rows = read_header(table), table.first[1:]
    corner = find_gene_column(header) or 0
    titles = [title for column, title in enumerate(header) if column != corner]
    cells = [field for row in rows for column, field in enumerate(row.fields) if column != corner]
    if not titles or not rows or not all(is_number(cell) or is_missing(cell) for cell in cells):
        return None
    known = sum(matcher.index(split_regulon_name(title)[0]) is not None for title in titles)
    if known < (0.6 * len(titles) if len(titles) >= FEWEST_GENES else len(titles)):
        return None
    names = [row.fields[corner].strip() for row in rows if corner < len(row.fields)]
    if choices:
        (option, choice), *others = choices.items()
        if others or choice not in (header[corner], str(corner + 1)):
            return None
        return "rows" if option == "source_column" else "columns", "as was chosen"
    axis = _axis_of_names(header[corner], names, titles, matcher)
    if axis is not None:
        return axis
    column = header[corner] or str(corner + 1)
    raise InputError(
        f"{path} has genes in rows ({some(names, 2)}) and in columns ({some(titles, 2)}): the regulators may be its "
        "rows, and the targets its columns, or the other way round.",
        code="regulators-in-rows-or-columns",
        facts={"column": column},
    )


def _axis_of_names(title: str, rows: list[str], columns: list[str], matcher: Matcher) -> tuple[str, str] | None:
    """Return which axis has the regulators by the names in both and the title of the rows, and why."""
    for where, names in (("rows", rows), ("columns", columns)):
        if all(map(is_regulon_name, names)):
            return where, "as their names say"
    where = _axis_of_title(title_key(title), is_square=set(rows) <= set(columns))
    if where is not None:
        return where, f"as the title {title!r} says"
    if not any(matcher.index(name) is not None for name in rows):
        return "rows", "as rows have no names of genes of the panel"
    return None


def _axis_of_title(word: str, *, is_square: bool) -> str | None:
    """Return the axis of the regulators by the title of the names of rows; a `gene` of a square may be either."""
    for title in (word, word.removesuffix("s")):
        if title in SOURCE_TITLES:
            return "rows"
        if title in TARGET_TITLES or (title in GENE_TITLES and not is_square):
            return "columns"
    return None
