"""Matrices that stand beside others in one file: X is refused where it cannot be what is asked and another can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.estimation.scale import are_standardised
from ...engine.wording import some

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


def refuse_second_reading(
    path: Path, name: str, values: NDArray[np.float64], others: Sequence[str], *, counts: bool
) -> None:
    """Refuse the matrix that is read by default where its values are no expression, and others stand beside it.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        The matrix: `X`, or `matrix` of a loom file.
    values : ndarray of float64, shape (genes, samples)
        Its values.
    others : sequence of str
        The other matrices of the file: `raw` and the names of layers.
    counts : bool
        Whether the values shall be counts.

    Raises
    ------
    InputError
        They are standardised or negative; or counts are asked for and they are not whole numbers from 0 up.
    """
    if not others or values.size == 0:
        return
    lowest = values.min()
    if lowest < 0:
        what = "is standardised: genes have mean 0" if are_standardised(values) else ""
        what = what or f"holds negative values, down to {lowest:g}, so it is neither counts nor their logarithm"
    elif counts and not np.array_equal(values, np.rint(values)):
        what = f"holds decimals up to {values.max():g}, which are no counts"
    else:
        return
    has_raw = "raw" in others
    layers = [other for other in others if other != "raw"]
    beside = [*(["raw/X"] if has_raw else []), *(f"layers/{layer}" for layer in layers)]
    raise InputError(
        f"{path}: {name} {what}, and {some(beside, 8)} {'stands' if len(beside) == 1 else 'stand'} beside it.",
        code="matrix-beside-raw" if has_raw else "matrix-beside-layers",
        facts={"name": name},
    )


def note_standardised(values: NDArray[np.float64]) -> tuple[str, ...]:
    """Return a note where genes look standardised."""
    return ("genes have means of about 0: the values are standardised, or centred",) * are_standardised(values)
