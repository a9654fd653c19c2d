"""A scan in parts: what tells one scan from another, and the rows of all parts as those of the whole."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

from ...engine.errors import InputError
from ..distribution.parts import read_parts
from .scan import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from .model import StoreModel
    from .scan import Row

COMMAND = "scan"
"""What a part is a part of."""


def whole_of(store_model: StoreModel, tests: Path, **options: Any) -> dict[str, Any]:
    """Return what tells a scan from others.

    Parameters
    ----------
    store_model : StoreModel
        The model of one signal.
    tests : Path
        The file of tests, of which name and size count.
    **options
        All else that its numbers depend on, or that is to be said of it.
    """
    model, digest = store_model.model, hashlib.sha256()
    for array in (model.traits, model.fixed.basis):
        digest.update(array.tobytes())
    digest.update("\0".join(store_model.rows.ids).encode())
    files = [tests, *(file for ending in (".bim", ".fam") if (file := tests.with_suffix(ending)).is_file())]
    return {
        "command": COMMAND,
        "columns": list(COLUMNS),
        "tests": {file.name: file.stat().st_size for file in files},
        "model": digest.hexdigest()[:16],
        **options,
    }


def gather_scan(parts: Sequence[Path]) -> tuple[Mapping[str, Any], Iterator[list[Row]]]:
    """Return what a scan is, and its rows, block by block, from all of its parts; raises as `read_parts`.

    Raises
    ------
    InputError
        They are no parts of a scan.
    """
    whole, blocks = read_parts(parts)
    if (whole.get("command"), whole.get("columns")) != (COMMAND, list(COLUMNS)):
        raise InputError(f"{parts[0]} is not a part of a scan.", code="no-part-file")
    return whole, ([_row(fields) for fields in block] for block in blocks)


def _row(fields: Sequence[str]) -> Row:
    name, present, *numbers = fields
    beta, se, statistic, freedom, p, log10_p, h2, log_likelihood = (
        float(text) if text else math.nan for text in numbers
    )
    return (name, int(present), beta, se, statistic, freedom, p, log10_p, h2, log_likelihood)
