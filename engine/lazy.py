"""What is imported on first use: the names of a package, functions that a registry names by a text, and extras."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from typing import TYPE_CHECKING, Any, cast

from .errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.abc import InspectLoader


def attach(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return a package's `__getattr__` and `__dir__`, from the imports that it has for type checkers.

    These imports are the one list of public names: `from .module import Name as Name`, under `if TYPE_CHECKING:` in its
    `__init__.py`; this is called under the `else:`. Type checkers and editors follow them,
    and here they are read from the source, as `lazy_loader` reads them from a stub (Scientific Python, SPEC 1).

    Parameters
    ----------
    package : str
        The package's `__name__`.
    """

    @functools.cache
    def imports() -> dict[str, str]:  # not before a name is asked for: the command line asks for none
        return _typing_imports(package)

    def names() -> list[str]:
        return sorted(imports())

    def get(name: str) -> Any:
        if name == "__all__":
            return names()
        modules = {} if name.startswith("__") else imports()
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name)
        module = importlib.import_module(f".{modules[name] or name}", package)
        return getattr(module, name) if modules[name] else module

    return get, names


def load(function: str, package: str | None) -> Callable[..., Any]:
    """Return the function that a text `module:function` names, the module within a package.

    Raises
    ------
    ValueError
        The text has another form.

    Examples
    --------
    >>> load("wording:counted", "grnledger.engine")(2, "gene")
    '2 genes'
    """
    module, colon, name = function.partition(":")
    if not colon:
        raise ValueError(f"{function!r} names no function: write it as `module:function`")
    return getattr(importlib.import_module(f".{module}", package), name)


def require(package: str, extra: str, purpose: str) -> Any:
    """Return a module of a package that comes with an extra.

    Parameters
    ----------
    package : str
        Its name, such as `pyarrow.parquet`.
    extra : str
        Which extra of this project has it.
    purpose : str
        What takes it, as the subject of a sentence.

    Raises
    ------
    InputError
        It is not installed, or fails as it is loaded: a package that it needs may be missing, or a file of its settings
        be broken.
    """
    name = package.partition(".")[0]
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        missing = (error.name or name).partition(".")[0]
        needs = "" if missing == name else f" needs {missing}, which"
        message = f"{purpose} takes the package {name}, which{needs} is not installed."
        raise InputError(message, code="package-missing", facts={"extra": extra}) from error
    except Exception as error:  # the code of others, which reads files and variables of its own
        problem = f"{purpose} takes the package {name}, which cannot be loaded: {type(error).__name__}: {error}"
        facts = {"package": name, "extra": extra}
        raise InputError(f"{problem.rstrip('.')}.", code="package-broken", facts=facts) from error


def _typing_imports(package: str) -> dict[str, str]:
    """Return the module of each name that a package imports from its own modules for type checkers; "" of a module."""
    import ast

    spec = importlib.util.find_spec(package)
    source = cast("InspectLoader", spec.loader).get_source(package) if spec else None
    if source is None:
        raise ImportError(f"{package} needs its source: its public names are read from it.", name=package)
    return {
        name.name: node.module or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for name in node.names
        if name.asname == name.name
    }
