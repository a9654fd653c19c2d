"""What a result was made with."""

from __future__ import annotations

from importlib.metadata import version


def software(*beside: str) -> dict[str, str]:
    """Return the versions of this program, NumPy, SciPy and of other packages named."""
    return {name: version(name) for name in ("grnledger", "numpy", "scipy", *beside)}
