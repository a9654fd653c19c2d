"""The page of a store with hostile names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import pytest
from grnledger.analysis.report.gather import report_of
from grnledger.views.page.render import render_page

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.analysis.report.report import Report


@pytest.fixture(scope="session")
def report(store: Path) -> Report:
    """What changed from v0 to v2."""
    repo = grnledger.open(store)
    return report_of(repo, repo.version("v0"), repo.version("v2"))


@pytest.fixture(scope="session")
def page_file(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of that report."""
    file = tmp_path_factory.mktemp("html") / "page.html"
    file.write_bytes(render_page(report, commands={"changes": "grn diff v0..v2"}))
    return file
