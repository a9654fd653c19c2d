"""Functions that a registry names by a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.estimation.estimators import ESTIMATORS
from grnledger.engine.lazy import load, require
from grnledger.formats.readers import READERS

if TYPE_CHECKING:
    from pathlib import Path


def test_a_text_that_names_a_module_alone_is_refused_with_the_form_it_is_to_have() -> None:
    with pytest.raises(ValueError, match="'oas' names no function: write it as `module:function`"):
        load("oas", "grnledger.engine.estimation")


def test_every_line_of_a_registry_names_a_function() -> None:
    for estimator in ESTIMATORS.values():
        assert callable(load(estimator.function, "grnledger.engine.estimation"))
    for reader in (reader for readers in READERS.values() for reader in readers.values()):
        assert callable(load(reader.function, "grnledger.formats"))


@pytest.mark.parametrize(
    ("source", "code", "sentence"),
    [
        ("raise ValueError('MPLBACKEND is nonsense')", "package-broken", "ValueError: MPLBACKEND is nonsense"),
        ("import a_module_that_nobody_has", "package-missing", "which needs a_module_that_nobody_has, which is not"),
    ],
)
def test_a_package_that_fails_as_it_is_loaded_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, code: str, sentence: str
) -> None:
    (tmp_path / "a_broken_package.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=sentence) as refusal:
        require("a_broken_package", "plot", "A figure")
    assert refusal.value.code == code
