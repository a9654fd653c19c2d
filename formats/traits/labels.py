"""Labels of samples: from a table of two columns, or a GSEA `.cls` file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...engine.errors import InputError
from ...engine.wording import counted
from ..files.plain_files import require_file
from ..readers import find_reader
from .trait_tables import is_blank, read_trait_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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


def read_labels(path: Path, samples: tuple[str, ...], *, label_order: str | None = None) -> Labels:
    """Return the label of each sample, from a table of two columns, or a GSEA `.cls` file, which has them in order.

    Parameters
    ----------
    path : Path
        The file.
    samples : tuple of str
        The samples in the order of the expression, for a `.cls` file.
    label_order : {"appearance", "value"}, optional
        How the labels of a `.cls` file are joined to its names, where both are possible and differ.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        A `.cls` file is none, has not as many labels as there are samples, or can be read in two ways; or a sample
        stands twice; or an order is named for a table, which has none.
    """
    reader = find_reader("labels", require_file(path))
    options: dict[str, Any] = {}
    if label_order is not None:
        if "label_order" not in reader.options:
            raise InputError(
                f"{path} is a table, whose labels go by the names of samples: an order of labels is for a .cls file."
            )
        options["label_order"] = label_order
    return reader.read(path, samples, **options)


def read_label_table(path: Path, samples: tuple[str, ...] = ()) -> Labels:
    """Return the label of each sample from a table of two columns; the order of the samples does not matter."""
    del samples
    table = read_trait_table(path)
    if len(table.names) != 1:
        raise InputError(
            f"{path} has {counted(len(table.names) + 1, 'column')}, and labels have two: sample and label."
        )
    labelled = zip(table.ids, table.fields, strict=True)
    return Labels({name: row[0] for name, row in labelled if not is_blank(row[0])}, table.notes)
