"""A store with names that would be markup, scripts or properties, and a browser."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    "\"quoted\" 'twice' & <b>bold</b>",
    "__proto__",
    "constructor",
    "{{ 7 * 7 }}",
    "גן",
)
"""Names of genes."""
PATHWAY = "<svg onload=alert(2)>P & Q</svg>"
MESSAGE = "</style></script><img src=x onerror=alert(3)>\na\u202ereversed line"
"""Its second line has a character that turns text around."""

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 40 samples of 60 genes in three modules, with two pathways added to its base."""
    stream = np.random.default_rng(11)
    genes = [*HOSTILE, *(f"G{number:02d}" for number in range(1, 61 - len(HOSTILE)))]
    loadings = np.kron(np.eye(3), np.ones((20, 1))) * stream.uniform(0.5, 1.5, size=(60, 1))
    values = stream.normal(size=(60, 40)) + loadings @ stream.normal(size=(3, 40))
    path = tmp_path_factory.mktemp("page") / "s.grn"
    fixed = {"author": "Ada <b>L</b>", "time": datetime(2026, 11, 30, 12, tzinfo=UTC)}
    repo = grnledger.init(path, expression=(values, genes, [f"s{number}" for number in range(40)]), **fixed)
    first = grnledger.Pathway.of(repo.panel, PATHWAY, dict.fromkeys(genes[::6], 0.5))
    second = grnledger.Pathway.of(repo.panel, "P2", dict.fromkeys(genes[30:40], 0.3))
    repo.commit([second], message="second")
    repo.commit([first], message=MESSAGE)
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, where it and playwright are installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, where the environment says where it is."""
    path = os.environ.get("GRN_AXE")
    if not path or not Path(path).is_file():
        pytest.skip("$GRN_AXE names no axe.min.js")
    return Path(path).read_text(encoding="utf-8")
