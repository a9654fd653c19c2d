"""Fixtures that every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real files beside the checkout; a test that asks for it skips where there is none."""
    if not SHARED.is_dir():
        pytest.skip("the real data files are not beside this checkout")
    return SHARED
