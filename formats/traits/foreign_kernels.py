"""Files of relatedness that are known and not read: what each is, and the line that makes a kernel of it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from ...engine.errors import InputError
from ..files.packed import without_packing
from ..tables.id_titles import normalised

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TRIANGLE = (
    "In Python: v = VALUES; n = int((2 * len(v)) ** 0.5); i = numpy.tril_indices(n); K = numpy.zeros((n, n)); "
    "K[i] = K.T[i] = v; numpy.save('{stem}.npy', K). Its names are in {stem}.grm.id."
)
_SQUARE = (
    "In Python: K = numpy.fromfile('{name}', 'f8'); numpy.save('{stem}.npy', K.reshape(2 * (int(len(K) ** 0.5),))). "
    "This is of a square; its names are in {name_without_bin}.id."
)


class _Foreign(NamedTuple):
    """What a file is, and how to make a kernel of it."""

    name: str
    way: str


# fmt: off
_BY_ENDING = {
    ".grm.n.bin": _Foreign(
        "GCTA's numbers of variants (.grm.N.bin), no kernel", "The kernel is the .grm.bin beside it."),
    ".grm.bin": _Foreign(
        "GCTA's binary relatedness matrix (.grm.bin)",
        _TRIANGLE.replace("VALUES", "numpy.fromfile('{name}', 'f4')")),
    ".grm": _Foreign(
        "GCTA's relatedness matrix as a list of pairs (.grm.gz)",
        _TRIANGLE.replace("VALUES", "numpy.loadtxt('{name}', usecols=3)")),
    ".rel.bin": _Foreign("PLINK's binary relatedness matrix (.rel.bin)", _SQUARE),
    ".king.bin": _Foreign("PLINK's binary KING matrix (.king.bin)", _SQUARE),
    **{
        f"{kind}.id": _Foreign(
            f"the names of a kernel's rows ({kind}.id), no kernel", "The numbers are in the file beside it.")
        for kind in (".rel", ".king", ".grm")
    },
}
# fmt: on
"""Of each ending, in small letters and without that of a packing."""

_PAIRS = ("fid1", "id1", "iid1")
"""Titles of lists of pairs of individuals, in small letters and without signs."""


def refuse_foreign_kernel(path: Path) -> None:
    """Refuse a file of relatedness that is no square of numbers, by its name.

    Raises
    ------
    InputError
        The sentence says what it is, and the hint how to make a kernel of it.
    """
    name = without_packing(path.name).lower()
    for ending, (what, way) in _BY_ENDING.items():
        if name.endswith(ending):
            stem = path.name[: len(name) - len(ending)]
            without_bin = path.name.removesuffix(".bin")
            raise InputError(
                f"{path} is {what}.", hint=way.format(name=path.name, stem=stem, name_without_bin=without_bin)
            )


def refuse_pairs(path: Path, titles: Sequence[str]) -> None:
    """Refuse a table with a pair of individuals a row.

    Raises
    ------
    InputError
        Its titles say so.
    """
    if any(normalised(title) in _PAIRS for title in titles[:4]):
        raise InputError(
            f"{path} is a list of pairs of individuals, with {', '.join(titles[:6])}: a kernel is a square.",
            code="kernel-not-square",
        )


def refuse_triangle(path: Path, widths: Sequence[int]) -> None:
    """Refuse the lower half of a matrix, whose rows have one number more each.

    Raises
    ------
    InputError
        The rows have 1, 2, 3, … fields, or from two on as PLINK writes them without a diagonal.
    """
    if len(widths) > 2 and widths[0] in (1, 2) and all(b == a + 1 for a, b in itertools.pairwise(widths)):
        raise InputError(
            f"{path} is the lower half of a matrix: its rows have {widths[0]}, {widths[1]}, {widths[2]}, … numbers.",
            code="kernel-not-square",
        )
