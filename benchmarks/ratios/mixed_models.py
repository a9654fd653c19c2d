"""Association scans against FaST-LMM, glimix-core and GEMMA; eigenvectors of K are left out of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grnledger.engine.lmm import ExactScanner, fit_many, make_model, of_matrix

from ..lmm import speed
from ..turns import medians
from .rows import Absence, Row, against

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rows import Effort


def measure(effort: Effort) -> Iterator[Row | Absence]:
    """Yield the ratios, on one BLAS thread."""
    with speed.one_thread():
        n = 500 if effort.quick else 2_000
        steps, h2 = speed.p3d_steps(speed.Data(n, 10_000))
        ours = "grnledger, float64"
        chosen = {name: step for name, step in steps.items() if name == ours or name.startswith(("FaST", "glimix"))}
        if "FaST-LMM" not in h2:
            yield Absence("FaST-LMM", "not installed")
        times, _ = medians(chosen, effort.rounds)
        yield from against(ours, times, "10,000 tests at the null's δ", f"n = {n:,}")
        ways = speed.low_rank_steps(200)
        if len(ways) > 1:
            times, _ = medians(ways, effort.rounds)
            goals = {"FaST-LMM": 4.0}
            yield from against("grnledger", times, "1,000 tests, kernel of low rank", "n = 20,000, k = 200", goals)
        yield from _exact(effort, 500 if effort.quick else 1_000)


def _exact(effort: Effort, n: int) -> Iterator[Row | Absence]:
    data = speed.Data(n, 10_000)
    model = make_model(of_matrix(data.matrix), data.trait)
    null = fit_many(model)[0]
    peer = speed.gemma(data)
    if peer is None:
        yield Absence("GEMMA", "no gemma on the path")
        return
    times, _ = medians({"ours": lambda: ExactScanner(model, null).scan(data.tests)}, effort.rounds)
    yield Row("10,000 tests, δ beside each", f"n = {n:,}", "GEMMA -lmm 1", times["ours"], peer[0])
