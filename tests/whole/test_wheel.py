"""The wheel, built from a copy of this tree: every module of the rooms, and nobody's site-packages gets more."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("engine", "formats", "storage", "analysis", "views", "cli")
NOT_THE_TREE = shutil.ignore_patterns(".*", "*.egg-info", "__pycache__", "build", "dist", "*.grn")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """The wheel of a copy, so that building leaves nothing in the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = shutil.copytree(ROOT, folder / "tree", ignore=NOT_THE_TREE)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        yield archive


@pytest.fixture(scope="module")
def names(wheel: zipfile.ZipFile) -> set[str]:
    return set(wheel.namelist())


def test_the_wheel_holds_every_module_of_the_rooms_and_no_other(names: set[str]) -> None:
    files = [ROOT / "__init__.py", *(file for room in ROOMS for file in (ROOT / room).rglob("*.py"))]
    expected = {f"grnledger/{file.relative_to(ROOT).as_posix()}" for file in files}
    assert {name for name in names if name.endswith(".py")} == expected


def test_the_wheel_declares_its_types(names: set[str]) -> None:
    assert "grnledger/py.typed" in names


def test_the_wheel_brings_one_top_level_name(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names} == {"grnledger", "grnledger-0.1.0.dist-info"}


def test_the_wheel_holds_nothing_else(names: set[str]) -> None:
    rest = {name for name in names if name.startswith("grnledger/") and not name.endswith(".py")}
    others = {
        f"grnledger/{path.relative_to(ROOT).as_posix()}"
        for path in (ROOT / "views").rglob("*")
        if path.suffix in (".css", ".js", ".html")
    }
    assert len(others) > 10
    assert rest == {"grnledger/py.typed", "grnledger/formats/simulated/gene_programs.txt"} | others


def test_the_wheel_brings_the_command(wheel: zipfile.ZipFile) -> None:
    entry_points = wheel.read("grnledger-0.1.0.dist-info/entry_points.txt").decode()
    assert "grn = grnledger.cli.__main__:main" in entry_points


def test_the_wheel_asks_for_what_the_rooms_import(wheel: zipfile.ZipFile) -> None:
    metadata = Parser().parsestr(wheel.read("grnledger-0.1.0.dist-info/METADATA").decode())
    core = {
        line.split(">")[0].split("<")[0].strip() for line in metadata.get_all("Requires-Dist", []) if ";" not in line
    }
    assert core == {"numpy", "scipy", "h5py", "pydantic", "click", "threadpoolctl", "numba"}
    assert metadata["Requires-Python"] == ">=3.11"
