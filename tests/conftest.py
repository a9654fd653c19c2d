"""Fixtures that every test may ask for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

from grnledger.engine.threads import one_blas_thread

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


class RootIsNoTestPackage:
    """Collects the root as a folder: its `__init__.py` is that of grnledger, whatever the checkout's folder is called.

    pytest takes a folder with such a file for a package of the folder's name, and imports it as that before the first
    test. `grnledger-main`, as an archive unpacks, is no name of a package.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Dir | None:
        """Return a plain folder for the root, and leave all others to pytest."""
        return pytest.Dir.from_parent(parent, path=path) if path == ROOT else None


def pytest_configure(config: pytest.Config) -> None:
    """Have the rule of the root count for the root itself, which lies above this file."""
    config.pluginmanager.register(RootIsNoTestPackage())


@pytest.fixture(scope="session", autouse=True)
def blas_on_one_thread() -> Iterator[None]:
    """The dense truth is quicker so: on a busy machine the threads of BLAS mostly wait for each other."""
    with one_blas_thread():
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files beside the checkout; a test that asks for it skips where there is none."""
    if not SHARED.is_dir():
        pytest.skip("the real data files are not beside this checkout")
    return SHARED


@dataclass(frozen=True)
class Answer:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The answer read as JSON; its contract's number is checked and left out."""
        fields = json.loads(self.out)
        assert fields.pop("schema") == 1
        return fields

    @property
    def rows(self) -> list[dict[str, str]]:
        """The answer read as rows of a tsv."""
        head, *rows = (line.split("\t") for line in self.out.splitlines())
        return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.fixture(scope="session")
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Processes that the tests start compile the package once for all, and not in the checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.mktemp("compiled")))
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield


@pytest.fixture
def grn(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """`grn` in this process, with an author and a time that stay the same."""
    for name in ("GRN_STORE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GRN_AUTHOR", "Ada")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1780000000")

    def run(*arguments: object) -> Answer:
        from grnledger.cli.errors import run
        from grnledger.cli.main import grn

        capsys.readouterr()
        code = run(grn, [str(argument) for argument in arguments], None)
        printed = capsys.readouterr()
        return Answer(code, printed.out, printed.err)

    return run
