"""The table of times that `benchmarks/woodbury.py` writes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import some
from ...formats.tables.delimited import open_table
from ...formats.tables.table_numbers import read_named_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = {
    "commit_us": "commit: factor the small matrix",
    "first_question_us": "first question: commit, and W",
    "woodbury_us": "Woodbury identity on Θ",
    "inv_us": "direct inversion",
}
"""The columns of microseconds, and what they are the time of; the last is what the others are compared with."""

SIZES = "p"
"""The column of numbers of genes."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Times of a commit and of direct inversion.

    Parameters
    ----------
    genes : ndarray of int64, shape (N,)
        Numbers of genes p, ascending.
    seconds : ndarray of float64, shape (S, N)
        Of each step, direct inversion last.
    steps : tuple of str
        What they are.
    machine : str
        What the file says of where they were measured.
    """

    genes: NDArray[np.int64]
    seconds: NDArray[np.float64]
    steps: tuple[str, ...]
    machine: str = ""

    @property
    def speed_ups(self) -> NDArray[np.float64]:
        """How many times faster than direct inversion each step is, shape (S, N); 1 for that itself."""
        return self.seconds[-1] / self.seconds


def timings(path: str | Path) -> Timings:
    """Return the times of a file that `benchmarks/woodbury.py` wrote.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It is another table.
    """
    path = Path(path)
    with open_table(path, decimal="point") as table:
        header = [field.strip() for field in table.first[0].fields]
        missing = [name for name in (SIZES, *STEPS) if name not in header]
        if missing:
            raise InputError(
                f"{path} is no table of `benchmarks/woodbury.py`: it has no column {some(missing)}.",
                code="no-table-of-timings",
            )
        columns = sorted(map(header.index, STEPS))
        numbers = read_named_numbers(table, header, columns, name=header.index(SIZES))
        machine = next((line.lstrip("# ").strip() for line in table.comments), "")
    try:
        genes = np.array([int(name) for name in numbers.names], dtype=np.int64)
    except (ValueError, OverflowError):
        raise InputError(f"{path}: {some(numbers.names, 3)} are no numbers of genes.") from None
    seconds = 1e-6 * numbers.values[:, [columns.index(header.index(name)) for name in STEPS]].T
    if not (np.all(np.isfinite(seconds)) and np.all(seconds > 0) and np.all(genes > 0)):
        raise InputError(f"{path} holds a time or a number of genes that is not positive.")
    if not len(genes):
        raise InputError(f"{path} has no row: nothing was measured.", code="no-table-of-timings")
    order = np.argsort(genes, kind="stable")
    return Timings(genes[order], seconds[:, order], tuple(STEPS.values()), machine)
