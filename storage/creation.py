"""A new store: built whole under a temporary name beside its own, then renamed."""

from __future__ import annotations

import secrets
import shutil
from typing import TYPE_CHECKING

from ..engine.errors import Conflict, FormatError, NotFound
from . import bases, durable, layout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .bases import NewBase


def create(path: Path, base: NewBase, begin: Callable[[Path, str], None]) -> None:
    """Create a store with a base.

    Parameters
    ----------
    path : Path
        Where it shall stand; nothing may be there.
    base : NewBase
        Its first base.
    begin : callable
        Given the unfinished store and the base's id, writes the first entry of its log.

    Raises
    ------
    Conflict
        Something stands there already.
    NotFound
        The folder that shall hold it does not exist.
    """
    check_free(path)
    unfinished = path.parent / f".{path.name}.{secrets.token_hex(8)}{layout.TEMPORARY_ENDING}"
    try:
        for folder in (unfinished, *(unfinished / name for name in (layout.LOG, layout.BASES, layout.CACHE))):
            folder.mkdir()
        durable.publish(unfinished / layout.FORMAT_FILE, durable.write_bytes(layout.FORMAT_TEXT.encode()))
        begin(unfinished, add_base(unfinished, base))
        durable.flush(unfinished)
        check_free(path)
        _rename(unfinished, path)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    durable.flush(path.parent)


def _rename(unfinished: Path, path: Path) -> None:
    try:
        unfinished.rename(path)
    except OSError:
        check_free(path)  # somebody else was faster
        raise


def check_free(path: Path) -> None:
    """Refuse a path where a store cannot be created."""
    if path.exists() or path.is_symlink():
        raise Conflict(f"{path} exists already.", hint="Choose another name, or remove it first.")
    for folder in path.absolute().parents:
        if (folder / layout.FORMAT_FILE).is_file() and (folder / layout.LOG).is_dir():
            raise Conflict(f"{folder} is a store, and a store cannot stand in another.", hint="Choose another place.")
    if not path.parent.is_dir():
        raise NotFound(f"There is no folder {path.parent} to create {path.name} in.")


def add_base(store: Path, base: NewBase) -> str:
    """Write a base into a store, unless it is there, and return its id."""
    sealed = bases.content_of(base).seal()
    path = store / layout.BASES / f"{sealed.id}{layout.FILE_ENDING}"
    if not path.exists():
        durable.publish(path, sealed.write)
    return sealed.id


def check_format(path: Path) -> None:
    """Refuse what is not a store that this program can read.

    Raises
    ------
    NotFound
        There is no store.
    FormatError
        It is not a store, or a newer one.
    """
    if not path.exists():
        raise NotFound(f"There is no store {path}.", hint="`grn init` makes one.")
    try:
        text = (path / layout.FORMAT_FILE).read_bytes()[:200].decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        raise FormatError(f"{path} is not a grnledger store: it has no {layout.FORMAT_FILE} file.") from None
    if text != layout.FORMAT_TEXT:
        raise FormatError(
            f"{path} is of the format {text.strip()!r}; this grnledger reads {layout.FORMAT_TEXT.strip()!r}.",
            hint="A newer store needs a newer grnledger: pip install --upgrade grnledger.",
        )
