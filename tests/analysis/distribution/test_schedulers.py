"""Which mapper a text names, and which texts name none."""

from __future__ import annotations

import sys

import map_steps
import pytest
from grnledger.analysis.distribution.schedulers import open_scheduler
from grnledger.engine.errors import InputError
from grnledger.engine.mapping import Threads
from grnledger.engine.threads import cores


def test_threads_and_processes() -> None:
    before = cores()
    with open_scheduler("threads:3") as mapper:
        assert mapper == Threads(3)
        assert cores() == 3
    assert cores() == before
    with open_scheduler("processes:1") as mapper:
        assert list(mapper(map_steps.fail_at_seven, range(5), shared="")) == list(range(5))
        assert not mapper.here


NO_SCHEDULERS = """
 ;threads;threads:;threads:0;threads:-1;threads:2x;threads:01;processes:1025;processes:2:3;dask;tcp://;tcp://host
tcp://host:x;http://host:8786;localhost:8786; threads:2
"""


@pytest.mark.parametrize("text", ["threads:2\n", *NO_SCHEDULERS.strip("\n").replace("\n", ";").split(";")])
def test_what_is_no_scheduler_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no scheduler: it is threads:N, processes:N or tcp://HOST:PORT") as refusal:
        open_scheduler(text).__enter__()
    assert refusal.value.code == "scheduler-unknown"


def test_without_its_package_a_scheduler_of_dask_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="A scheduler of Dask takes the package distributed") as refusal:
        open_scheduler("tcp://127.0.0.1:8786").__enter__()
    assert refusal.value.facts == {"extra": "distributed"}
