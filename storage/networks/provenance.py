"""The software that computed a base or an analysis."""

from __future__ import annotations

from importlib.metadata import version


def software(*packages: str) -> dict[str, str]:
    """Return the versions of this program, of NumPy, of SciPy and of other packages named."""
    return {name: version(name) for name in ("grnledger", "numpy", "scipy", *packages)}
