"""The package as it is imported: the examples in its docstrings run, and its public names are what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import grnledger
import pytest
from grnledger import engine

MODULES = [
    found.name
    for found in pkgutil.walk_packages(grnledger.__path__, prefix="grnledger.")
    if not found.name.endswith(".__main__")  # importing it runs the command
]


@pytest.mark.parametrize("name", MODULES)
def test_every_example_of_a_module_gives_what_it_says(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


def test_the_modules_of_all_rooms_are_looked_at_and_many_have_examples() -> None:
    rooms = {name.split(".")[1] for name in MODULES}
    assert {"engine", "formats", "storage", "analysis", "cli"} <= rooms
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(examples) >= 10


@pytest.mark.parametrize("name", engine.__all__)
def test_every_public_name_of_the_engine_is_a_function_or_a_class(name: str) -> None:
    for module in MODULES:
        importlib.import_module(module)
    assert callable(getattr(engine, name))
