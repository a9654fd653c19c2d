"""Functions that a registry names by a text."""

from __future__ import annotations

import pytest
from grnledger.engine.estimation.estimators import ESTIMATORS
from grnledger.engine.lazy import load
from grnledger.formats.readers import READERS


def test_a_text_that_names_a_module_alone_is_refused_with_the_form_it_is_to_have() -> None:
    with pytest.raises(ValueError, match="'oas' names no function: write it as `module:function`"):
        load("oas", "grnledger.engine.estimation")


def test_every_line_of_a_registry_names_a_function() -> None:
    for estimator in ESTIMATORS.values():
        assert callable(load(estimator.function, "grnledger.engine.estimation"))
    for reader in (reader for readers in READERS.values() for reader in readers.values()):
        assert callable(load(reader.function, "grnledger.formats"))
