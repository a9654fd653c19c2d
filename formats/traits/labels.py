"""Labels of samples: from a column of a table that describes them, or a GSEA `.cls` file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING, Any

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..files.plain_files import require_file
from ..readers import find_reader
from .id_columns import find_title
from .trait_tables import read_trait_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .trait_tables import TraitTable

_NO_LABEL = frozenset({"", "na", "nan", "n/a", "#n/a", "<na>"})
"""Fields that are no label, in small letters; `none` and `-` are names of groups where they are asked for."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The label of each sample.

    Parameters
    ----------
    label_of : mapping of str to str
        By the name of the sample.
    notes : tuple of str
        Sentences on how the file was read.
    """

    label_of: Mapping[str, str]
    notes: tuple[str, ...] = ()


def read_labels(
    path: Path,
    samples: tuple[str, ...],
    *,
    label_order: str | None = None,
    label_column: str | None = None,
    id_column: str | None = None,
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
            f"{path} is a table, whose labels go by the names of samples: an order of labels is for a .cls file."
        )
    if options.keys() - set(reader.options):
        raise InputError(f"{path} is a .cls file, which has no columns: a title is of a table of samples.")
    return reader.read(path, samples, **options)


def read_label_table(
    path: Path, samples: tuple[str, ...] = (), *, label_column: str | None = None, id_column: str | None = None
) -> Labels:
    """Return the label of each sample from a table; the order of the samples does not matter."""
    table = read_trait_table(path, known=lambda: samples, id_column=id_column, decimal="point")
    column, notes = _labelled(path, table, label_column)
    labelled = zip(table.ids, table.column(column), strict=True)
    return Labels({name: field for name, field in labelled if field.lower() not in _NO_LABEL}, (*table.notes, *notes))


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


def _labelled(path: Path, table: TraitTable, label_column: str | None) -> tuple[int, list[str]]:
    """Return the column of the labels: the one that is named, or the only one that has groups."""
    if label_column is not None:
        return find_title(path, table.names, label_column), []
    if len(table.names) == 1:
        return 0, []
    columns = [table.column(index) for index in range(len(table.names))]
    levels = [sorted({field for field in fields if field.lower() not in _NO_LABEL}) for fields in columns]
    may_be = [index for index, fields in enumerate(columns) if 2 <= len(levels[index]) <= max(2, len(fields) // 2)]
    others = [index for index in range(len(columns)) if index not in may_be and len(levels[index]) > 1]
    are_other_ids = all(len(levels[index]) == len(columns[index]) for index in others)
    if len(may_be) == 1 and are_other_ids:
        return may_be[0], [f"{path.name}: labels are those of the column {some([table.names[may_be[0]]])}."]
    offered = may_be or [index for index in range(len(columns)) if len(levels[index]) > 1] or list(range(len(columns)))
    shown = [f"{table.names[index]} ({some(levels[index], 3)})" for index in offered]
    raise InputError(
        f"{path} has {counted(len(table.names) + 1, 'column')}, and labels are one of them: {some(shown, 10)}.",
        code="label-column-ambiguous",
        facts={"first": quote(table.names[offered[0]]), "offered": some([table.names[index] for index in offered], 10)},
    )
