"""The software that computed a base or an analysis."""

from __future__ import annotations

import functools
from importlib import metadata


def software(*packages: str) -> dict[str, str]:
    """Return the versions of this program, of NumPy, of SciPy and of other packages named."""
    return {name: _version(name) for name in ("grnledger", "numpy", "scipy", *packages)}


@functools.cache
def _version(package: str) -> str:
    """Return the version of an installed package; an installation is read once in a process."""
    return metadata.version(package)
