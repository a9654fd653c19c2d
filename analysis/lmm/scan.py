"""A scan from file to file: blocks of tests are read, tested side by side, and written as they are done."""

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import EngineError, InputError, NotFound
from ...engine.lmm.association.exact import ExactScanner
from ...engine.lmm.association.scan import make_scanner
from ...engine.lmm.model.fit import fit_many
from ...engine.mapping import Threads
from ...engine.threads import cores, one_blas_thread
from ...engine.wording import some
from ...formats.traits.tested_columns import every

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from ...engine.choices import Statistic
    from ...engine.lmm.association.results import ScanResult
    from ...engine.lmm.association.scan import Scanner
    from ...engine.lmm.model.fit import Fit
    from ...engine.mapping import Mapper
    from ...formats.traits.tested_columns import Block, TestedColumns
    from .model import StoreModel

COLUMNS = ("ID", "N", "BETA", "SE", "STAT", "DF", "P", "LOG10P", "H2", "LL")

NO_VALUES = np.empty((0, 0))
"""In place of a block's tests once they are under way."""

MOST_GROUPED = 4 << 30
"""Most bytes for the tests of all groups, which are in memory at once."""

Row = tuple[str, int, float, float, float, float, float, float, float, float]


def scan_columns(
    store_model: StoreModel,
    tested: TestedColumns,
    *,
    exact: bool = False,
    statistic: Statistic = "wald",
    single: bool = False,
    mapper: Mapper | None = None,
    keep: Callable[[int], bool] = every,
    progress: Callable[[float], object] | None = None,
) -> tuple[Fit, Iterator[list[Row]]]:
    """Return the null model, and the rows of a scan, block by block.

    Parameters
    ----------
    store_model : StoreModel
        The model of one signal; its rows must be among the tests' ids.
    tested : TestedColumns
        The tests.
    exact : bool
        Whether δ is estimated beside each test.
    statistic : {"wald", "lrt", "score"}
        Which test.
    single : bool
        Whether tests are in single precision.
    mapper : Mapper, optional
        What runs the blocks; a thread a core by default.
    keep : callable
        Whether a block of that number, from 0 on, is tested; of the others there are no rows.
    progress : callable, optional
        Called with the share of the file that is done.

    Raises
    ------
    InputError
        Options do not go together.
    """
    if exact and single:
        raise InputError("An exact scan is in double precision.", code="exact-scan-single-precision")
    null = fit_many(store_model.model, method="ml" if statistic == "lrt" else "reml")[0]
    if exact:
        scanner = ExactScanner(store_model.model, null, statistic=statistic)
    else:
        scanner = make_scanner(store_model.model, null, statistic=statistic, single=single, sparse=tested.is_sparse)
    under_way: deque[Block | None] = deque()

    def tests() -> Iterator[NDArray[np.float64] | csr_array]:
        for number, block in enumerate(tested.blocks(_ids_of(store_model, tested), keep)):
            under_way.append(replace(block, values=NO_VALUES) if keep(number) else None)
            if keep(number):
                yield _dense(block) if single else block.values

    def rows() -> Iterator[list[Row]]:
        for scan in (mapper or Threads(cores()))(_scan_block, tests(), shared=scanner):
            while (block := under_way.popleft()) is None:
                yield []
            _report(block, progress)
            yield _rows(block, scan)
        yield from ([] for _ in under_way)

    return null, rows()


def _scan_block(scanner: Scanner | ExactScanner, tests: NDArray[np.float64] | csr_array) -> ScanResult:
    return scanner.scan(tests)


def scan_groups(
    store_model: StoreModel,
    tested: TestedColumns,
    groups: Mapping[str, Sequence[str]],
    *,
    progress: Callable[[float], object] | None = None,
) -> tuple[Fit, Iterator[list[Row]]]:
    """Return the null model, and a row for each group of tests: F of all of them at once.

    N is the number of tests of a group in the file, DF their rank beside the covariates.

    Parameters
    ----------
    store_model, tested, progress
        As for `scan_columns`.
    groups : mapping of str to sequence of str
        The names of the tests of each group.

    Raises
    ------
    NotFound
        No test of any group is in the file.
    InputError
        The tests of all groups together take too much memory.
    """
    null = fit_many(store_model.model)[0]
    scanner = make_scanner(store_model.model, null)
    wanted, ids = {name for names in groups.values() for name in names}, _ids_of(store_model, tested)
    if 8 * len(wanted) * len(ids) > MOST_GROUPED:
        raise InputError(
            f"The {len(wanted):,} tests of all groups, {len(ids):,} rows each, take more than {MOST_GROUPED >> 30} GB.",
            hint="Take fewer groups at a time.",
        )
    columns: dict[str, NDArray[np.float64]] = {}
    with one_blas_thread():
        for block in tested.blocks(ids):
            values = _dense(block)
            columns.update((name, values[row].copy()) for row, name in enumerate(block.names) if name in wanted)
            _report(block, progress)
    if not columns:
        raise NotFound(
            f"No test of any group is in the file, such as {some(sorted(wanted), 3)}.",
            hint="Groups name tests as their file does, in the same letters.",
        )

    def rows() -> Iterator[list[Row]]:
        for group, names in groups.items():
            yield [_group_row(scanner, group, [columns[name] for name in names if name in columns], null.h2)]

    return null, rows()


def _ids_of(store_model: StoreModel, tested: TestedColumns) -> tuple[str, ...]:
    """Return the rows of a model as the tests spell them: as the signal does, and gene sets as the kernel does."""
    return store_model.rows.ids if tested.ids is None else store_model.signal_ids


def _report(block: Block, progress: Callable[[float], object] | None) -> None:
    if progress is not None and block.done == block.done:  # NaN where the length of the file is unknown
        progress(block.done)


def _group_row(scanner: Scanner, name: str, tests: list[NDArray[np.float64]], h2: float) -> Row:
    f = p = log10_p = np.nan
    rank = 0
    if tests:
        with contextlib.suppress(EngineError):  # nothing of the group is left beside the covariates
            f, rank, log10_p = scanner.joint_test(np.array(tests))
            p = 10.0**log10_p
    return (name, len(tests), np.nan, np.nan, f, float(rank), p, log10_p, h2, np.nan)


def _dense(block: Block) -> NDArray[np.float64]:
    return block.values if isinstance(block.values, np.ndarray) else np.asarray(block.values.toarray())


def _rows(block: Block, scan: ScanResult) -> list[Row]:
    freedom = scan.within if np.isfinite(scan.within) else scan.between
    columns: Iterable[list[float]] = (
        scan.beta.tolist(),
        scan.se.tolist(),
        scan.statistic.tolist(),
        [float(freedom)] * len(scan),
        scan.p.tolist(),
        scan.log10_p.tolist(),
        scan.h2.tolist(),
        scan.log_likelihood.tolist(),
    )
    return list(zip(block.names, block.present.tolist(), *columns, strict=True))
