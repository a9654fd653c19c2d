"""Processes of this machine: the same bits, nothing lost where one dies, and none left."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, cast

import map_steps
import numpy as np
import pytest
from grnledger.analysis.distribution import processes
from grnledger.analysis.distribution.processes import Processes
from grnledger.engine.errors import EngineError, NotPositiveDefinite

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

VALUES = np.random.default_rng(1).normal(size=(80, 6))
EXPECTED = [map_steps.product(VALUES, item).tobytes() for item in range(60)]


@pytest.fixture(scope="module")
def two() -> Iterator[Processes]:
    with contextlib.closing(Processes(2)) as mapper:
        yield mapper


def is_alive(process: int) -> bool:
    """Return whether a process runs, and is not one that has died and was not asked why."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_results_have_the_same_bits_in_the_order_of_the_items(two: Processes) -> None:
    assert not two.here
    for items in (range(60), iter(range(60))):
        results = two(map_steps.product, items, shared=VALUES)
        assert [result.tobytes() for result in results] == EXPECTED
    assert list(two(map_steps.product, [], shared=VALUES)) == []


def test_each_process_has_one_core_and_one_blas_thread(two: Processes) -> None:
    found = list(two(map_steps.environment, range(30), shared=None))
    assert {most for _, *most in found for most in most} == {1}
    assert os.getpid() not in {process for process, _, _ in found}


def test_what_is_shared_is_there_once_for_all_tasks_and_for_the_next_map(two: Processes) -> None:
    first = dict(two(map_steps.identity, range(30), shared=VALUES))
    again = dict(two(map_steps.identity, range(30), shared=VALUES))
    other = dict(two(map_steps.identity, range(30), shared=VALUES.copy()))
    for process in first.keys() & again.keys():
        assert first[process] == again[process]
    for process in first.keys() & other.keys():
        assert first[process] != other[process]


def test_an_error_of_a_step_has_its_own_kind_and_the_next_map_is_undisturbed(two: Processes) -> None:
    with pytest.raises(NotPositiveDefinite, match="x 7") as refusal:
        list(two(map_steps.fail_at_seven, range(20), shared="x"))
    assert refusal.value.code == "some-code"
    assert list(two(map_steps.fail_at_seven, range(5), shared="x")) == list(range(5))


def test_a_process_that_dies_loses_nothing(two: Processes, tmp_path: Path) -> None:
    """Whoever takes an item first is killed by it, as if memory had run out."""
    assert list(two(map_steps.die_once, range(6), shared=str(tmp_path))) == list(range(6))
    assert len(list(tmp_path.iterdir())) == 6


def test_kills_at_random_change_nothing() -> None:
    """As many kills as there are results, at any time."""
    chance = random.Random(5)
    with contextlib.closing(Processes(2)) as mapper:
        results = mapper(map_steps.product, range(60), shared=VALUES)
        found: list[bytes] = []
        for result in results:
            found.append(result.tobytes())
            if len(found) % 3 == 0 and mapper.workers:
                os.kill(chance.choice(mapper.workers), signal.SIGKILL)
    assert found == EXPECTED


def test_a_task_that_kills_whoever_takes_it_is_given_up(two: Processes) -> None:
    with pytest.raises(EngineError, match="4 worker processes ended over one and the same task, the last by SIGKILL"):
        list(two(map_steps.die, range(10), shared=None))
    assert list(two(map_steps.fail_at_seven, range(5), shared="x")) == list(range(5))


def test_a_process_that_cannot_begin_is_said_to_end_with_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PROGRAM", "raise SystemExit(3)")
    with (
        contextlib.closing(Processes(1)) as mapper,
        pytest.raises(EngineError, match="the last by code 3"),
    ):
        list(mapper(map_steps.die, range(1), shared=None))


def test_a_map_that_is_read_no_further_ends_what_computes_and_closing_ends_all(tmp_path: Path) -> None:
    with contextlib.closing(Processes(2)) as mapper:
        results = cast("Generator[int]", mapper(map_steps.wait_for, range(5), shared=str(tmp_path)))
        next(results)
        while not Path(tmp_path, "begun-1").exists():
            pass
        busy = mapper.workers
        results.close()
        assert len(mapper.workers) < len(busy)
        Path(tmp_path, "end").touch()
        rest = list(mapper(map_steps.wait_for, range(5), shared=str(tmp_path)))
        everyone = {*busy, *rest, *mapper.workers}
    assert not any(map(is_alive, everyone))


def test_a_second_map_while_one_is_under_way_is_refused(two: Processes) -> None:
    results = cast("Generator[int]", two(map_steps.fail_at_seven, range(5), shared="x"))
    next(results)
    with pytest.raises(RuntimeError, match="under way"):
        next(two(map_steps.fail_at_seven, range(5), shared="x"))
    results.close()
    assert list(two(map_steps.fail_at_seven, range(5), shared="x")) == list(range(5))


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """The parent is killed while its workers wait for a file that is never made."""
    import subprocess
    import sys

    code = (
        f"import sys; sys.path[:0] = {[str(Path(map_steps.__file__).parent)]!r}\n"
        "import map_steps\n"
        "from grnledger.analysis.distribution.processes import Processes\n"
        "mapper = Processes(2)\n"
        f"results = mapper(map_steps.wait_for, range(3), shared={str(tmp_path)!r})\n"
        "print(next(results), flush=True)\n"
        "print(*mapper.workers, flush=True)\n"
        "next(results)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        workers = list(map(int, parent.stdout.readline().split()))
        while not Path(tmp_path, "begun-1").exists():
            pass
        parent.kill()
    done = threading.Event()
    while any(map(is_alive, workers)):
        done.wait(0.01)
