"""The libraries that a server stands on, looked for before any module of this folder imports them."""

from __future__ import annotations

import importlib.util

from ...engine.errors import InputError


def check_libraries() -> None:
    """Refuse to serve without the libraries that this takes.

    Raises
    ------
    InputError
        Starlette or uvicorn is not installed.
    """
    missing = [name for name in ("starlette", "uvicorn") if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"Pages are served with Starlette and uvicorn; {' and '.join(missing)} cannot be imported.",
            code="needs-starlette",
        )
