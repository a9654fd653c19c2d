"""Names of a package that are imported when they are first asked for: `import grnledger` costs next to nothing."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def lazily(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a package's `__getattr__` that finds names in its modules.

    Parameters
    ----------
    package : str
        The package's `__name__`.
    modules : mapping of str to str
        For each public name, the module below the package that holds it; a name that is a module holds itself.
    """

    def find(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(f"{package}.{modules[name]}")
        return module if modules[name] == name else getattr(module, name)

    return find
