"""Values of the engine are frozen: nobody who has one can change it for another who has it."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from pathlib import Path

import grnledger.engine
import pytest
from grnledger.engine.nmf.solvers.estimator import KLNMF

ROOM = Path(grnledger.engine.__file__ or "").parent
MODULES = sorted(module.name for module in pkgutil.walk_packages([str(ROOM)], "grnledger.engine."))
CHANGED_BY_FIT = {KLNMF}
"""Estimators in the way of scikit-learn."""


@pytest.mark.parametrize("module", MODULES)
def test_every_value_is_frozen_and_has_no_more_than_its_fields(module: str) -> None:
    for _, kind in inspect.getmembers(importlib.import_module(module), dataclasses.is_dataclass):
        if kind.__module__ == module and kind not in CHANGED_BY_FIT:
            assert kind.__dataclass_params__.frozen, kind
            assert "__slots__" in vars(kind), kind
