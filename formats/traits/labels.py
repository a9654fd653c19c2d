"""Labels of samples: from a column of a table that describes them, or a GSEA `.cls` file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from shlex import quote
from typing import TYPE_CHECKING, Any

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..files.plain_files import require_file
from ..files.western import note_western
from ..readers import find_reader
from ..tables.fields import is_number
from ..tables.id_titles import TITLES, normalised
from ..tables.row_names import match_names
from .foreign_layouts import read_lists
from .id_columns import find_title
from .trait_tables import read_trait_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .trait_tables import TraitTable

FEWEST_IN_BLOCKS = 3
"""Least mean number of rows of blocks whose label stands on the first."""

_NO_LABEL = frozenset({"", "na", "nan", "n/a", "#n/a", "<na>"})
"""Fields that are no label, in small letters; `none` and `-` are names of groups where they are asked for."""

_MEASURED = frozenset({
    "strandedness", "strand", "libtype", "librarytype", "librarylayout", "layout", "lane", "flowcell", "batch", "plate",
    "well", "chip", "slide", "array", "instrument", "platform", "readlength", "sequencer", "color", "colour", "shape",
    "pch", "replicate", "rep", "n",
})  # fmt: skip
"""Titles, in small letters and without signs, of how samples were measured or are drawn: labels only where named."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The label of each sample.

    Parameters
    ----------
    label_of : mapping of str to str
        By the name of the sample.
    notes : tuple of str
        Sentences on how the file was read.
    missing : mapping of str to int
        Fields that are read as no label, and of how many samples.
    """

    label_of: Mapping[str, str]
    notes: tuple[str, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict[str, int])


@note_western(as_sentence=True)
def read_labels(
    path: Path,
    samples: tuple[str, ...],
    *,
    label_order: str | None = None,
    label_column: str | None = None,
    id_column: str | None = None,
    groups: Sequence[str] | None = None,
    missing_values: Sequence[object] | None = None,
) -> Labels:
    """Return the label of each sample, from a table of samples and labels, or a GSEA `.cls` file.

    Parameters
    ----------
    path : Path
        The file.
    samples : tuple of str
        The samples in the order of the expression: a `.cls` file has that order, and a table has the column with most
        of these names.
    label_order : {"appearance", "value"}, optional
        How the labels of a `.cls` file are joined to its names, where both are possible and differ.
    label_column, id_column : str, optional
        Of a table, the titles of the columns of labels and of samples.
    groups : sequence of str, optional
        The labels that are compared: of several columns, the only one that has them all is the one of the labels.
    missing_values : sequence of str, optional
        Fields of a table that are no label beside empty ones; where there is none, NA is a label too.

    Raises
    ------
    NotFound
        There is no such file or column.
    InputError
        A `.cls` file is none, has not as many labels as there are samples, or can be read in two ways; or a sample
        stands twice; several columns of a table may have the labels; or an order is named for a table, or a column for
        a `.cls` file.
    """
    reader = find_reader("labels", require_file(path))
    asked = {"label_order": label_order, "label_column": label_column, "id_column": id_column}
    options: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    if label_order is not None and "label_order" not in reader.options:
        raise InputError(
            f"{path} is a table, whose labels go by the names of samples: an order of labels is for a .cls file.",
            hint="Leave the order of labels out.",
        )
    if options.keys() - set(reader.options):
        raise InputError(
            f"{path} is a .cls file, which has no columns: a title is of a table of samples.",
            hint="Leave the titles of columns out.",
        )
    more = {"groups": groups, "missing_values": missing_values} if "label_column" in reader.options else {}
    return reader.read(path, samples, **options, **more)


def read_label_table(
    path: Path,
    samples: tuple[str, ...] = (),
    *,
    label_column: str | None = None,
    id_column: str | None = None,
    groups: Sequence[str] | None = None,
    missing_values: Sequence[object] | None = None,
) -> Labels:
    """Return the label of each sample from a table; the order of the samples does not matter."""
    try:
        table = read_trait_table(path, known=lambda: samples, id_column=id_column, decimal="point", wanted=label_column)
    except InputError as error:
        lists = _lists(path, samples) if error.code in ("id-column-ambiguous", InputError.code) else None
        if lists is None:
            raise
        return lists
    if id_column is None and _has_samples_alone(table, samples) and (lists := _lists(path, samples)) is not None:
        return lists
    no_label = _no_labels(missing_values)
    labels, notes = _labelled(path, table, samples, label_column, groups, no_label)
    _refuse_headings(path, labels)
    missing = Counter(label for label in labels if label and label.lower() in no_label)
    if empty := labels.count(""):
        notes.append(f"{path.name}: {counted(empty, 'sample')} {'has' if empty == 1 else 'have'} no label.")
    notes += [
        f"{path.name}: {counted(number, 'sample')} {'has' if number == 1 else 'have'} no label, but {code}."
        for code, number in missing.items()
    ]
    labelled = zip(table.ids, labels, strict=True)
    label_of = {name: label for name, label in labelled if label.lower() not in no_label}
    return Labels(label_of, (*table.notes, *notes), missing)


def _refuse_headings(path: Path, labels: Sequence[str]) -> None:
    """Refuse labels that stand on the first row of blocks, as cells that a spreadsheet has merged."""
    empty = [not label for label in labels]
    heads = [row for row, is_empty in enumerate(empty) if not is_empty]
    are_heads = bool(heads) and heads[0] == 0 and all(row + 1 < len(empty) and empty[row + 1] for row in heads)
    if are_heads and len(labels) >= FEWEST_IN_BLOCKS * len(heads):
        shown = some([labels[row] for row in heads])
        raise InputError(
            f"{path}: labels stand on {counted(len(heads), 'row')} alone ({shown}), and the rows below each have none: "
            "they may be of the whole block, or of one sample.",
            hint="Write the label on every row, as a spreadsheet does when it fills down.",
        )


def _lists(path: Path, samples: tuple[str, ...]) -> Labels | None:
    """Return the labels of a table whose columns are lists of samples."""
    lists = read_lists(path, lambda: samples)
    if lists is None:
        return None
    sizes = Counter(lists.values())
    shown = some([f"{label} ({number:,})" for label, number in sizes.items()])
    return Labels(lists, (f"{path.name}: lists of samples, whose titles are their labels: {shown}.",))


def _has_samples_alone(table: TraitTable, samples: Sequence[str]) -> bool:
    """Whether what should be labels are names of samples."""
    fields = {field for row in table.fields for field in row if field}
    return bool(fields) and len(match_names(sorted(fields), samples, any_x=True)) == len(fields)


def same_label(one: str, other: str) -> bool:
    """Whether two labels are the same, or one number: 1 is 1.0 where a program wrote whole numbers so."""
    return one == other or (is_number(one) and is_number(other) and float(one) == float(other))


def refuse_missing_groups(path: Path, labels: Labels, groups: Sequence[str]) -> None:
    """Refuse to compare a group that was read as no label.

    Raises
    ------
    InputError
        Such as NA, which may be the name of one; the number of its samples is in the sentence.
    """
    for group in groups:
        if group in labels.missing and group not in labels.label_of.values():
            raise InputError(
                f"{path}: {group} is read as no label ({counted(labels.missing[group], 'sample')}), and the contrast "
                "names it as a group.",
                code="label-read-as-missing",
                facts={"group": group},
            )


def refuse_spellings(path: Path, label_of: Mapping[str, str], groups: Sequence[str]) -> None:
    """Refuse labels that are those of a group but for capitals and blanks, where no other group is called so.

    Parameters
    ----------
    path : Path
        For the sentence of the error.
    label_of : mapping of str to str
        The label of each sample.
    groups : sequence of str
        The labels that are compared.

    Raises
    ------
    InputError
        Such as `Control` beside `control`: both are named, with how many samples each has.
    """
    counts = Counter(label_of.values())
    for group in groups:
        alike = sorted(label for label in counts if _folded(label) == _folded(group) and label not in groups)
        if alike:
            shown = [f"{label!r} ({counted(counts[label], 'sample')})" for label in (group, *alike)]
            raise InputError(
                f"{path} has labels that differ in capitals or blanks alone: {some(shown)}. They may be one group, or "
                "several.",
                hint="If they are one group, spell its label in one way; else write names that differ in more.",
            )


def _folded(label: str) -> str:
    return "".join(label.split()).casefold()


def _no_labels(missing_values: Sequence[object] | None) -> frozenset[str]:
    """Return the fields that are no label, in small letters."""
    if missing_values is not None and not missing_values:
        return frozenset({""})
    return _NO_LABEL | {str(value).lower() for value in missing_values or ()}


def _labelled(
    path: Path,
    table: TraitTable,
    samples: Sequence[str],
    label_column: str | None,
    groups: Sequence[str] | None,
    no_label: frozenset[str],
) -> tuple[list[str], list[str]]:
    """Return the labels of all rows, and a note on where they are.

    They are in the column that is named; else in the only one that has the groups that are compared; else in the only
    one that has groups. The rows of samples decide.
    """
    if label_column is not None:
        return table.column(find_title(path, table.names, label_column)), []
    if len(table.names) == 1:
        return table.column(0), []
    known = match_names(table.ids, samples, any_x=True)
    rows = [row for row, name in enumerate(table.ids) if name in known] or list(range(len(table.ids)))
    if (labels := _one_hot(table, rows, groups)) is not None:
        shown = some(table.names)
        return labels, [f"{path.name}: the label is the title of the column that has 1 in a row, of {shown}."]
    columns = [[table.fields[row][index] for row in rows] for index in range(len(table.names))]
    levels = [sorted({field for field in fields if field.lower() not in no_label}) for fields in columns]
    plain = [normalised(name) not in _MEASURED for name in table.names]
    if groups is not None:
        having = [index for index, found in enumerate(levels) if all(_is_among(group, found) for group in groups)]
        if len(having) == 1 and plain[having[0]]:
            why = f", the only one with {' and '.join(map(str, groups))}"
            return table.column(having[0]), [_note(path, table, having[0], why)]
    may_be = [index for index, fields in enumerate(columns) if 2 <= len(levels[index]) <= max(2, len(fields) // 2)]
    others = [index for index in range(len(columns)) if index not in may_be and len(levels[index]) > 1]
    are_other_ids = all(len(levels[index]) == len(columns[index]) for index in others)
    if len(may_be) == 1 and are_other_ids and plain[may_be[0]]:
        return table.column(may_be[0]), [_note(path, table, may_be[0])]
    offered = may_be or [index for index in range(len(columns)) if len(levels[index]) > 1] or list(range(len(columns)))
    offered.sort(key=lambda index: (not plain[index], normalised(table.names[index]) in TITLES))
    shown = [f"{table.names[index]} ({some(levels[index], 3)})" for index in offered]
    why = "" if any(plain[index] for index in offered) else "; by title that tells how samples were measured"
    raise InputError(
        f"{path} has {counted(len(table.names) + 1, 'column')}, and labels are one of them: {some(shown, 10)}{why}.",
        code="label-column-ambiguous",
        facts={"first": quote(table.names[offered[0]]), "offered": some([table.names[index] for index in offered], 10)},
    )


def _note(path: Path, table: TraitTable, index: int, why: str = "") -> str:
    return f"{path.name}: labels are those of the column {some([table.names[index]])}{why}."


def _is_among(group: str, levels: Sequence[str]) -> bool:
    return any(same_label(group, level) for level in levels)


def _one_hot(table: TraitTable, rows: Sequence[int], groups: Sequence[str] | None) -> list[str] | None:
    """Return the titles of the columns that have 1, where each row has one 1 and else 0; `None` for other tables.

    Where groups are compared that are no titles, the columns are labels of 1 and 0.
    """
    if groups is not None and not set(groups) <= set(table.names):
        return None
    labels = [""] * len(table.ids)
    for row in rows:
        numbers = [float(field) if is_number(field) else -1.0 for field in table.fields[row]]
        if sorted(numbers) != [0.0] * (len(numbers) - 1) + [1.0]:
            return None
        labels[row] = table.names[numbers.index(1.0)]
    return labels
