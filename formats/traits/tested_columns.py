"""Columns to be tested, many of them, read block by block: tables, NumPy archives, gene sets and PLINK bed files."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from scipy.sparse import csr_array

from ...engine.errors import InputError, NotFound
from ...engine.wording import counted
from ..files.archives import as_names, as_numbers, read_npz
from ..files.kinds import file_kind
from ..files.names import check_names
from ..files.plain_files import require_file
from ..readers import find_reader
from ..sets.gene_sets import read_gene_sets
from ..tables.delimited import open_table, read_header
from ..tables.table_numbers import read_number_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

BLOCK = 1024
"""Most tests of a block."""

DAMAGED_BED = "Is the .bed of the same run as the .bim and the .fam beside it, and copied to its end?"

BLOCK_BYTES = 32 << 20
"""Most bytes of a block of tests, of which a few copies are made."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some tests.

    Parameters
    ----------
    names : tuple of str
        Of the tests.
    values : ndarray of float64, shape (b, n), or csr_array
        A test a row, missing values filled with the mean of the others.
    present : ndarray of intp, shape (b,)
        How many values each has.
    done : float
        The share of the file that is read with it; NaN where that is not known.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64] | csr_array
    present: NDArray[np.intp]
    done: float


@dataclass(frozen=True, slots=True)
class TestedColumns:
    """A file of tests.

    Parameters
    ----------
    ids : tuple of str or None
        The rows (genes or samples) that a test has values of; `None` for gene sets, which have zero elsewhere.
    count : int or None
        How many tests there are, where that is known before they are read.
    is_sparse : bool
        Whether blocks are sparse.
    blocks : callable
        Given the ids of a model's rows, yields blocks in their order. Of blocks whose number it is not to keep, by a
        second argument, it yields something in their place.
    """

    __test__ = False  # not for pytest

    ids: tuple[str, ...] | None
    count: int | None
    is_sparse: bool
    blocks: Blocks


def every(_: int) -> bool:
    """Return that a block is wanted, whatever its number."""
    return True


class Blocks(Protocol):
    """Yields the tests of a file, block by block."""

    def __call__(self, wanted: Sequence[str], keep: Callable[[int], bool] = every) -> Iterator[Block]:
        """Yield the blocks with values of some ids, empty ones in the place of those that are not to be kept."""
        ...


def read_tested(path: Path) -> TestedColumns:
    """Return the tests of a file, to be read block by block.

    Parameters
    ----------
    path : Path
        A table with a test a row, its name first, and the ids of genes or samples in the header; an .npz with `tests`,
        `ids` and `values` (tests × ids); a .gmt of gene sets; or a PLINK .bed with its .bim and .fam beside it.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        It cannot be read; also while blocks are read. Or a .bed is given and the package `bed-reader` is not there.
    """
    return find_reader("tests", require_file(path)).read(path)


def read_table(path: Path) -> TestedColumns:
    """Return the tests of a table, one a row."""
    with open_table(path) as table:
        ids = read_header(table)[1:]
    check_names(ids, "column", path)
    _check_unique(ids, path)

    def blocks(wanted: Sequence[str], keep: Callable[[int], bool] = every) -> Iterator[Block]:
        return _table_blocks(path, ids, wanted, keep)

    return TestedColumns(ids, None, False, blocks)


def _table_blocks(
    path: Path, ids: tuple[str, ...], wanted: Sequence[str], keep: Callable[[int], bool]
) -> Iterator[Block]:
    indices = _indices(ids, wanted)
    size = path.stat().st_size if file_kind(path) == "text" else None
    with open_table(path) as table:
        header = read_header(table)
        columns, rows = range(1, len(header)), _number(len(ids))
        for block, read in read_number_blocks(table, header, columns, rows=rows, keep=keep):
            done = min(1.0, read / size) if size else float("nan")
            if not block.lines:
                yield _left_out(done)
                continue
            check_names(block.names, f"line {block.lines[0]} and below, test", path)
            yield _filled(tuple(block.names), block.values[:, indices], done)


def read_archive(path: Path) -> TestedColumns:
    """Return the tests of an .npz file."""
    arrays = read_npz(path, ("tests", "ids", "values"))
    tests, ids = as_names(arrays["tests"], "tests", path), as_names(arrays["ids"], "ids", path)
    values = as_numbers(arrays["values"], "values", 2, path)
    if values.shape != (len(tests), len(ids)):
        raise InputError(
            f"{path}: {len(tests):,} tests and {len(ids):,} ids do not fit values of {values.shape}.",
            hint="`values` has a row for each of `tests`, and a column for each of `ids`.",
        )
    _check_unique(ids, path)

    def blocks(wanted: Sequence[str], keep: Callable[[int], bool] = every) -> Iterator[Block]:
        indices = _indices(ids, wanted)
        step = _number(len(wanted))
        for number, start in enumerate(range(0, len(tests), step)):
            stop = min(start + step, len(tests))
            if not keep(number):
                yield _left_out(stop / len(tests))
                continue
            yield _filled(tests[start:stop], values[start:stop][:, indices], stop / len(tests))

    return TestedColumns(ids, len(tests), False, blocks)


def read_sets(path: Path) -> TestedColumns:
    """Return gene sets as tests: the indicator of each."""
    sets = read_gene_sets(path)

    def blocks(wanted: Sequence[str], keep: Callable[[int], bool] = every) -> Iterator[Block]:
        at = {name: index for index, name in enumerate(wanted)}
        for number, start in enumerate(range(0, len(sets), BLOCK)):
            some = sets[start : start + BLOCK]
            if not keep(number):
                yield _left_out((start + len(some)) / len(sets))
                continue
            members = [sorted(at[gene] for gene in gene_set.genes if gene in at) for gene_set in some]
            starts = np.concatenate([[0], np.cumsum([len(gene_set) for gene_set in members])])
            indices = np.array(list(itertools.chain.from_iterable(members)), dtype=np.intp)
            values = csr_array((np.ones(len(indices)), indices, starts), shape=(len(some), len(wanted)))
            present = np.full(len(some), len(wanted), dtype=np.intp)
            yield Block(tuple(gene_set.name for gene_set in some), values, present, (start + len(some)) / len(sets))

    return TestedColumns(None, len(sets), True, blocks)


def read_bed(path: Path) -> TestedColumns:
    """Return the variants of a PLINK .bed file, with its .bim and .fam beside it."""
    try:
        from bed_reader import open_bed  # pyright: ignore[reportMissingTypeStubs]  an extra
    except ImportError:
        raise InputError(
            f"{path} is a PLINK bed file, and the package that reads it is not installed.",
            hint="pip install 'grnledger[bed]'",
        ) from None
    for ending in (".bed", ".bim", ".fam"):
        if not path.with_suffix(ending).is_file():
            raise NotFound(
                f"There is no {path.with_suffix(ending)}.", hint="A .bed needs its .bim and .fam in the same folder."
            )
    try:
        opened: Any = open_bed(path, num_threads=1)
        ids, names = tuple(map(str, opened.iid)), tuple(map(str, opened.sid))
    except Exception as failure:  # noqa: BLE001  the package raises whatever it comes across
        raise InputError(f"{path} cannot be read as a PLINK bed file: {failure}", hint=DAMAGED_BED) from None
    check_names(ids, "sample", path.with_suffix(".fam"))
    check_names(names, "variant", path.with_suffix(".bim"))
    _check_unique(ids, path.with_suffix(".fam"))

    def blocks(wanted: Sequence[str], keep: Callable[[int], bool] = every) -> Iterator[Block]:
        indices = _indices(ids, wanted)
        step = _number(len(wanted))
        for number, start in enumerate(range(0, len(names), step)):
            stop = min(start + step, len(names))
            if not keep(number):
                yield _left_out(stop / len(names))
                continue
            try:
                values = opened.read(index=np.s_[indices, start:stop], dtype="float64", order="F")
            except Exception as failure:  # noqa: BLE001
                raise InputError(f"{path} cannot be read: {failure}", hint=DAMAGED_BED) from None
            yield _filled(names[start:stop], np.ascontiguousarray(values.T), stop / len(names))

    return TestedColumns(ids, len(names), False, blocks)


def _number(rows: int) -> int:
    """Return how many tests of so many rows make a block."""
    return max(16, min(BLOCK, BLOCK_BYTES // (8 * max(rows, 1))))


def _left_out(done: float) -> Block:
    """Return what stands for a block that is not wanted."""
    return Block((), np.empty((0, 0)), np.empty(0, dtype=np.intp), done)


def _filled(names: tuple[str, ...], values: NDArray[np.float64], done: float) -> Block:
    """Return a block whose missing values are the mean of the test's others; a test without any is all NaN."""
    if np.any(np.isinf(values)):
        name = names[int(np.argwhere(np.isinf(values))[0][0])]
        raise InputError(
            f"The test {name!r} has an infinite value.", hint="Write a large number, or NA where it is missing."
        )
    there = np.isfinite(values)
    present = there.sum(axis=1)
    if np.all(there):
        return Block(names, values, present, done)
    sums = np.where(there, values, 0.0).sum(axis=1)
    means = np.divide(sums, present, out=np.full(len(values), np.nan), where=present > 0)
    return Block(names, np.where(there, values, means[:, None]), present, done)


def _indices(ids: Sequence[str], wanted: Sequence[str]) -> NDArray[np.intp]:
    at = {name: index for index, name in enumerate(ids)}
    return np.array([at[name] for name in wanted], dtype=np.intp)


def _check_unique(ids: Sequence[str], path: Path) -> None:
    if len(set(ids)) != len(ids):
        seen: set[str] = set()
        twice = next(name for name in ids if name in seen or seen.add(name))
        raise InputError(
            f"{path}: {counted(len(ids), 'id')}, and {twice!r} occurs twice among them.", hint="Keep one of each."
        )
