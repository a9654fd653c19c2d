"""A new store: built whole under a temporary name beside its own, then renamed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ...engine.errors import Conflict, NotFound
from ...engine.progress import by_bytes, part_of, unheard
from ..files import access, durable, layout
from ..networks import bases

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from ...engine.progress import Progress
    from ..files.access import Sharing
    from ..files.hdf5 import Sealed
    from ..networks.bases import NewBase


def create(
    path: Path,
    base: NewBase,
    begin: Callable[[Path, str], None],
    progress: Progress = unheard,
    *,
    sharing: Sharing | None = None,
) -> None:
    """Create a store with a base.

    Parameters
    ----------
    path : Path
        Where it shall stand; nothing may be there.
    base : NewBase
        Its first base.
    begin : callable
        Called with the unfinished store and the base's id, writes the first entry of its log.
    progress : callable
        Called now and then with the share of the base that is written.
    sharing : Sharing, optional
        Who may use it; by default as the folder that holds it says.

    Raises
    ------
    Conflict
        Something stands there already.
    NotFound
        The folder that shall hold it does not exist.
    """
    with new_folder(path, sharing) as unfinished:
        begin(unfinished, add_base(unfinished, base, progress))


@contextlib.contextmanager
def new_folder(path: Path, sharing: Sharing | None = None) -> Generator[Path]:
    """Yield an unfinished store without base and entries, which gets its name at the end; arguments as for `create`."""
    check_free(path)
    for leftover in durable.leftovers(path.parent, named=path.name):
        if (leftover / layout.LOG).is_dir() and (leftover / layout.BASES).is_dir():  # an unfinished store, surely
            durable.remove_folder(leftover)
    unfinished = durable.temporary_of(path)
    try:
        _lay_out(unfinished, sharing, access.sharing_in(path.parent))
        yield unfinished
        durable.flush(unfinished)
        check_free(path)
        _rename(unfinished, path)
    finally:
        durable.remove_folder(unfinished)


def _lay_out(unfinished: Path, sharing: Sharing | None, default: Sharing) -> None:
    """Make the folders of a store, and the files that say what it is; that nothing is shared goes without saying."""
    wanted = sharing or default
    for folder in (unfinished, *(unfinished / name for name in (layout.LOG, layout.BASES, layout.CACHE))):
        durable.make_folder(folder)
        if wanted != "no":
            durable.give_folder_mode(folder, lambda status: access.modes_by(status, wanted))
    modes = access.modes_by(unfinished.stat(), wanted)
    texts = {layout.FORMAT_FILE: layout.FORMAT_TEXT}
    if sharing is not None or wanted != "no":
        texts[layout.SHARED_FILE] = layout.SHARED_TEXT.format(wanted)
    for name, text in texts.items():
        durable.write_whole(unfinished / name, lambda output, text=text: output.write(text.encode()), modes=modes)


def _rename(unfinished: Path, path: Path) -> None:
    try:
        durable.rename_folder(unfinished, path)
    except durable.Unconfirmed:
        raise
    except OSError:
        if not path.exists():
            raise
        check_free(path)  # somebody else was faster


def check_free(path: Path) -> None:
    """Refuse a path where a store cannot be created."""
    if path.exists() or path.is_symlink():
        raise Conflict(f"{path} exists already.", hint="Choose another name, or remove it first.")
    for folder in path.absolute().parents:
        if (folder / layout.FORMAT_FILE).is_file() and (folder / layout.LOG).is_dir():
            raise Conflict(f"{folder} is a store, and a store cannot be inside another.", hint="Choose another folder.")
    if not path.parent.is_dir():
        raise NotFound(f"There is no folder {path.parent} to create {path.name} in.")


def add_base(store: Path, base: NewBase, progress: Progress = unheard) -> str:
    """Write a base into a store, and return its id."""
    sealed = seal_base(base, part_of(progress, 0, 0.4))
    put_base(store, sealed, part_of(progress, 0.4, 1))
    return sealed.id


def seal_base(base: NewBase, progress: Progress = unheard) -> Sealed:
    """Return a base with its id, after reading all of it."""
    content = bases.base_content(base)
    return content.seal(by_bytes(progress, content.bulk_size))


def put_base(store: Path, sealed: Sealed, progress: Progress = unheard) -> None:
    """Write a sealed base into a store, durably; where it is there already, it has the same content."""
    written = by_bytes(progress, sealed.content.bulk_size)
    path = store / layout.BASES / f"{sealed.id}{layout.FILE_ENDING}"
    durable.put(path, lambda output: sealed.write(output, written))
