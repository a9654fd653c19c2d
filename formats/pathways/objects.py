"""Pathways in memory: a DataFrame of pandas, or genes by the names of sets. Pandas is not imported."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ...engine.errors import GrnError, InputError
from ..sets.json_sets import sets_of_mapping
from ..tables.cells import lines_of_rows

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from ..models.gene_loadings import LoadingsFile

FRAME = Path("The DataFrame")
MAPPING = Path("The dictionary")


def is_frame(source: object) -> bool:
    """Whether an object is a DataFrame of pandas, by what it has."""
    return all(hasattr(source, name) for name in ("index", "columns", "iloc", "dtypes"))


def read_mapping(source: object) -> LoadingsFile:
    """Return the gene sets of a dictionary: of each name its genes, or the weights of its genes.

    Raises
    ------
    InputError
        It is no dictionary, or an entry holds no genes.
    """
    if not isinstance(source, Mapping):
        raise InputError(
            f"Pathways cannot be taken from an object of type {type(source).__name__}.",
            hint="Give a path, a DataFrame, or a dictionary of sets: {name: genes} or {name: {gene: weight}}.",
        )
    sets = cast("Mapping[str, Any]", source)
    if not sets:
        raise InputError(f"{MAPPING} holds no gene set.")
    return sets_of_mapping(MAPPING, sets)


@contextmanager
def written_frame(frame: Any) -> Generator[Path]:
    """Write a DataFrame as a table, yield its path, and name the DataFrame in what is raised.

    Raises
    ------
    InputError
        It is empty, or has several levels of names; also what is raised while it is read.
    """
    for axis, name in ((frame.index, "rows"), (frame.columns, "columns")):
        if getattr(axis, "nlevels", 1) > 1:
            raise InputError(f"{FRAME} names its {name} by {axis.nlevels} levels.", hint="Keep one level of names.")
    if not all(frame.shape):
        raise InputError(f"{FRAME} has shape {frame.shape[0]} × {frame.shape[1]}.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.tsv"
        with path.open("w", encoding="utf-8") as stream:
            stream.writelines(lines_of_rows(_rows_of(frame)))
        try:
            yield path
        except GrnError as error:
            error.message = error.message.replace(str(path), str(FRAME))
            error.args = (error.message,)
            raise


def _rows_of(frame: Any) -> Iterator[Sequence[object]]:
    """Yield the header and the rows; an index of whole numbers without a name is none."""
    columns = [frame.iloc[:, number].tolist() for number in range(frame.shape[1])]
    titles, index = [str(title) for title in frame.columns], frame.index
    is_counted = index.name is None and index.dtype.kind in "iu"
    yield [*([] if is_counted else [str(index.name or "")]), *titles]
    names = [] if is_counted else [index.tolist()]
    for row in zip(*names, *columns, strict=True):
        yield [_as_cell(cell) for cell in row]


def _as_cell(cell: object) -> object:
    """Return a cell for a table: a list of genes as one text, numbers with their decimals, missing ones empty."""
    if hasattr(cell, "__iter__") and not isinstance(cell, str | bytes):
        return ";".join(map(str, cast("list[object]", cell)))
    if cell is None or type(cell).__name__ in ("NAType", "NaTType") or cell != cell:
        return None
    return repr(float(cell)) if isinstance(cell, float) else cell
