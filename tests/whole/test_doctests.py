"""The package as it is imported: the examples in its docstrings run, and its public names are what they say."""

from __future__ import annotations

import doctest
import importlib
import json
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger import engine

if TYPE_CHECKING:
    from types import ModuleType

MODULES = [
    module.name
    for module in pkgutil.walk_packages(grnledger.__path__, prefix="grnledger.")
    if not module.name.endswith(".__main__")  # importing it runs the command
    if not module.name.startswith("grnledger.benchmarks")  # they stand on peers, which are not installed everywhere
]


@pytest.mark.parametrize("name", MODULES)
def test_every_example_of_a_module_gives_its_result(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


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


@pytest.mark.parametrize("package", [grnledger, engine])
def test_completion_and_a_star_import_see_the_public_names_and_no_others(package: ModuleType) -> None:
    namespace: dict[str, object] = {}
    exec(f"from {package.__name__} import *", namespace)
    del namespace["__builtins__"]
    assert dir(package) == package.__all__ == sorted(namespace)
    assert all(getattr(package, name) is value for name, value in namespace.items())
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing


def test_public_names_are_imported_when_they_are_asked_for() -> None:
    code = "import sys, grnledger; print(dir(grnledger)); print({'numpy', 'scipy', 'h5py'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines() == [str(grnledger.__all__), "set()"]


@pytest.mark.skipif(shutil.which("pyright") is None, reason="pyright is not installed")
def test_type_checkers_see_the_public_names(tmp_path: Path) -> None:
    lines = ["import grnledger", *(f"reveal_type(grnledger.{name})" for name in grnledger.__all__)]
    lines += [f"reveal_type(grnledger.engine.{name})" for name in engine.__all__]
    (tmp_path / "use.py").write_text("\n".join([*lines, "grnledger.nothing", ""]))
    above = str(Path(next(iter(grnledger.__path__))).resolve().parent)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [above]}))
    command = ["pyright", "--outputjson", "--project", str(tmp_path), "--pythonpath", sys.executable]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    if not checked.stdout.startswith("{"):
        pytest.skip(f"pyright cannot be run: {checked.stderr[:200]}")
    messages = [diagnostic["message"] for diagnostic in json.loads(checked.stdout)["generalDiagnostics"]]
    assert len(messages) == len(lines)
    assert [message for message in messages if not message.startswith("Type of ")] == [
        '"nothing" is not a known attribute of module "grnledger"'
    ]
    assert [message for message in messages if "Unknown" in message or message.endswith('"Any"')] == []
