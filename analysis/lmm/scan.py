"""A scan from file to file: blocks of tests read, tested side by side, and written as they are done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import EngineError, InputError, NotFound
from ...engine.lmm.association.exact import ExactScanner
from ...engine.lmm.association.scan import make_scanner
from ...engine.lmm.model.fit import fit_many
from ...engine.mapping import sequentially
from ...engine.threads import one_blas_thread
from ...engine.wording import some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from ...engine.lmm.association.scan import Scanner, ScanResult, Statistic
    from ...engine.lmm.model.fit import Fit
    from ...engine.mapping import Mapper
    from ...formats.traits.tested_columns import Block, TestedColumns
    from .model import StoreModel

COLUMNS = ("ID", "N", "BETA", "SE", "STAT", "DF", "P", "LOG10P", "H2", "LL")

MOST_GROUPED = 4 << 30
"""Bytes of the tests of all groups, which are held at once."""

Row = tuple[str, int, float, float, float, float, float, float, float, float]


def scan_columns(
    bound: StoreModel,
    tested: TestedColumns,
    *,
    exact: bool = False,
    statistic: Statistic = "wald",
    single: bool = False,
    mapper: Mapper = sequentially,
    progress: Callable[[float], object] | None = None,
) -> tuple[Fit, Iterator[list[Row]]]:
    """Return the null model, and the rows of a scan, block by block.

    Parameters
    ----------
    bound : Bound
        The model of one signal; its rows must be among the tests' ids.
    tested : TestedColumns
        The tests.
    exact : bool
        Whether δ is found anew beside each test.
    statistic : {"wald", "lrt", "score"}
        Which test.
    single : bool
        Whether tests are taken in single precision.
    mapper : Mapper
        What tests the blocks; the answers are the same bits whatever runs side by side.
    progress : callable, optional
        Told the share of the file that is done.

    Raises
    ------
    InputError
        Options do not go together.
    """
    if exact and single:
        raise InputError("An exact scan is in double precision.", hint="Leave out --float32, or take --mode p3d.")
    null = fit_many(bound.given, method="ml" if statistic == "lrt" else "reml")[0]
    if exact:
        judge = ExactScanner(bound.given, null, statistic=statistic)
    else:
        judge = make_scanner(bound.given, null, statistic=statistic, single=single, sparse=tested.is_sparse)

    def step(block: Block) -> tuple[Block, ScanResult]:
        if isinstance(judge, ExactScanner):
            return block, judge.scan(_dense(block))
        return block, judge.scan(_dense(block).astype(np.float32) if single else block.values)

    def rows() -> Iterator[list[Row]]:
        with one_blas_thread():  # around all threads: what one of them sets on leaving is then what it was
            for block, found in mapper(step, tested.blocks(bound.rows.ids)):
                if progress is not None and block.done == block.done:
                    progress(block.done)
                yield _rows(block, found)

    return null, rows()


def scan_groups(
    bound: StoreModel,
    tested: TestedColumns,
    groups: Mapping[str, Sequence[str]],
    *,
    progress: Callable[[float], object] | None = None,
) -> tuple[Fit, Iterator[list[Row]]]:
    """Return the null model, and a row for each group of tests: F of all of them at once.

    N is how many tests of a group were found, DF how many of them are no mixture of the others and the covariates.

    Parameters
    ----------
    bound, tested, progress
        As for `scanned`.
    groups : mapping of str to sequence of str
        The names of the tests of each group.

    Raises
    ------
    NotFound
        No test of any group is in the file.
    InputError
        The tests of all groups together take too much memory.
    """
    null = fit_many(bound.given)[0]
    judge = make_scanner(bound.given, null)
    wanted = {name for names in groups.values() for name in names}
    if 8 * len(wanted) * len(bound.rows.ids) > MOST_GROUPED:
        raise InputError(
            f"The {len(wanted):,} tests of all groups, {len(bound.rows.ids):,} rows each, take more than "
            f"{MOST_GROUPED >> 30} GB.",
            hint="Take fewer groups at a time.",
        )
    columns: dict[str, NDArray[np.float64]] = {}
    with one_blas_thread():
        for block in tested.blocks(bound.rows.ids):
            values = _dense(block)
            columns.update((name, values[at].copy()) for at, name in enumerate(block.names) if name in wanted)
            if progress is not None and block.done == block.done:
                progress(block.done)
    if not columns:
        raise NotFound(f"No test of any group is in the file, such as {some(sorted(wanted), 3)}.")

    def rows() -> Iterator[list[Row]]:
        for name, tests in groups.items():
            held = [columns[one] for one in tests if one in columns]
            yield [_group_row(judge, name, held, null.h2)]

    return null, rows()


def _group_row(judge: Scanner, name: str, held: list[NDArray[np.float64]], h2: float) -> Row:
    nothing = float("nan")
    if not held:
        return (name, 0, nothing, nothing, nothing, 0.0, nothing, nothing, h2, nothing)
    try:
        f, rank, log10_p = judge.block(np.array(held))
    except EngineError:  # nothing of the group is left beside the covariates
        return (name, len(held), nothing, nothing, nothing, 0.0, nothing, nothing, h2, nothing)
    return (name, len(held), nothing, nothing, f, float(rank), 10.0**log10_p, log10_p, h2, nothing)


def _dense(block: Block) -> NDArray[np.float64]:
    return block.values if isinstance(block.values, np.ndarray) else np.asarray(block.values.toarray())


def _rows(block: Block, found: ScanResult) -> list[Row]:
    freedom = found.within if np.isfinite(found.within) else found.between
    columns: Iterable[list[float]] = (
        found.beta.tolist(),
        found.se.tolist(),
        found.statistic.tolist(),
        [float(freedom)] * len(found),
        found.p.tolist(),
        found.log10_p.tolist(),
        found.h2.tolist(),
        found.log_likelihood.tolist(),
    )
    return list(zip(block.names, block.present.tolist(), *columns, strict=True))
