"""A scan from file to file: blocks of tests read, tested side by side, and written as they are done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..engine.errors import InputError
from ..engine.lmm.exact import ExactScanner
from ..engine.lmm.fit import fits
from ..engine.lmm.scan import scanner
from ..engine.mapping import in_turn
from ..engine.threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    from ..engine.lmm.fit import Fit
    from ..engine.lmm.scan import Scanned, Statistic
    from ..engine.mapping import Mapper
    from .formats.tested_columns import Block, TestedColumns
    from .mixed_models import Bound

COLUMNS = ("ID", "N", "BETA", "SE", "STAT", "DF", "P", "LOG10P", "H2", "LL")

Row = tuple[str, int, float, float, float, float, float, float, float, float]


def scanned(
    bound: Bound,
    tested: TestedColumns,
    *,
    exact: bool = False,
    statistic: Statistic = "wald",
    single: bool = False,
    mapper: Mapper = in_turn,
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
    null = fits(bound.given, method="ml" if statistic == "lrt" else "reml")[0]
    if exact:
        judge = ExactScanner(bound.given, null, statistic=statistic)
    else:
        judge = scanner(bound.given, null, statistic=statistic, single=single, sparse=tested.is_sparse)

    def step(block: Block) -> tuple[Block, Scanned]:
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


def _dense(block: Block) -> NDArray[np.float64]:
    return block.values if isinstance(block.values, np.ndarray) else np.asarray(block.values.toarray())


def _rows(block: Block, found: Scanned) -> list[Row]:
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
