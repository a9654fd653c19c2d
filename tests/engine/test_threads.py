"""Cores: as many as this process may use, which a container or a cluster makes fewer than the machine has."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from grnledger.engine.threads import cores

if TYPE_CHECKING:
    import pytest


def test_cores_are_those_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    assert cores() == 2
    monkeypatch.delattr(os, "sched_getaffinity")
    assert cores() == 64
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1
