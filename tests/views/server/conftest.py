"""A store whose names mean something in addresses, its own copy for each test that writes, and a client."""

from __future__ import annotations

import shutil
import warnings
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.views.server.app import make_app
from grnledger.views.server.security import Access, Hosts

with warnings.catch_warnings():  # newer releases of Starlette would rather have httpx2, older ones know only httpx
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOKEN = "token-of-a-test"
PORT = 8765

NAMES = (
    "HLA-A/B", "..", ".", "a?b=c&d#e", "50%2F", "%2e%2e", "a b+c", "</script><img src=x onerror=alert(1)>", "ΔNp63",
    "'x' \"y\"", "{{ 7 * 7 }}", "__proto__", "//evil.example/x", "v1", "\\back",
)  # fmt: skip
"""Names of genes."""
PATHWAY = "P/../Q?x=1#y & <b>%</b>"


def write_store(path: Path) -> None:
    """Write a store of 40 samples of 45 genes, with a branch, a tag, a subtraction and a pathway of a gene's name."""
    stream = np.random.default_rng(3)
    genes = [*NAMES, *(f"G{number:02d}" for number in range(45 - len(NAMES)))]
    values = stream.normal(size=(45, 40)) + np.kron(np.eye(3), np.ones((15, 1))) @ stream.normal(size=(3, 40))
    repo = grnledger.init(path, expression=(values, genes, [f"s{number}" for number in range(40)]), author="Ada")
    repo.commit([grnledger.Pathway.of(repo.panel, PATHWAY, dict.fromkeys(genes[:10], 0.4))], message="first <b>")
    repo.create_tag("paper/1")
    repo.create_branch("drug-a")
    repo.commit([grnledger.Pathway.of(repo.panel, "G07", dict.fromkeys(genes[20:30], 0.3))], message="second")
    repo.commit([grnledger.Pathway.of(repo.panel, "less", dict.fromkeys(genes[5:9], 0.1), sign=-1)], message="third")


@pytest.fixture(scope="session")
def served_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store, for tests that leave it as it is."""
    path = tmp_path_factory.mktemp("served") / "s.grn"
    write_store(path)
    return path


@pytest.fixture
def own_store(served_store: Path, tmp_path: Path) -> Path:
    """A copy of the store, for a test that writes or damages it."""
    return shutil.copytree(served_store, tmp_path / "own.grn")


@pytest.fixture(scope="session")
def client_of() -> Callable[..., TestClient]:
    """Returns a client of a store, which has the cookie unless it is told not to."""

    def make(path: Path, *, is_in: bool = True, **options: Any) -> TestClient:
        app = make_app(path, Access(TOKEN, Hosts.of("127.0.0.1", PORT)), **options)
        cookies = {f"grnledger-{PORT}": TOKEN} if is_in else {}
        return TestClient(
            app, base_url=f"http://127.0.0.1:{PORT}", cookies=cookies, follow_redirects=False,
            raise_server_exceptions=False,
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def client(served_store: Path, client_of: Callable[..., TestClient]) -> TestClient:
    """A client of the store that nobody changes."""
    return client_of(served_store)
