"""Files for others, written whole or not at all: bytes, and tables of rows as they are made; and nameless files."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from ...engine.errors import InputError, NotFound
from ...engine.wording import field_text
from .plain_files import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence


@contextmanager
def write_whole_file(path: str | Path) -> Generator[BinaryIO]:
    """Open a file to write that takes its name only when the block ends well.

    The bytes go to a temporary name in the same folder, which is renamed over the old file or removed: nobody
    ever sees half of it.

    Raises
    ------
    NotFound
        The folder is not there.
    InputError
        The path is a folder or a device, or may not be written.
    """
    with write_whole_path(path) as draft, draft.open("xb") as stream:
        yield stream


def check_target(path: str | Path) -> Path:
    """Return where a file will be written, before what is in it takes minutes to compute.

    Raises
    ------
    NotFound
        The folder is not there.
    InputError
        The path is a folder or a device, or its folder may not be written.
    """
    try:
        target = Path(path).resolve()
        if not target.parent.is_dir():
            raise NotFound(f"There is no folder {target.parent} to write {target.name} in.")
        if target.exists() and not target.is_file():
            raise InputError(f"{target} is not a file that could be replaced.")
    except (OSError, RuntimeError) as error:  # a name that is too long, or links in a circle
        reason = reason_of(error) if isinstance(error, OSError) else "its links go in a circle"
        raise InputError(f"{path} cannot be written: {reason}.") from error
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise InputError(f"{target} cannot be written: its folder may not be changed.")
    return target


@contextmanager
def write_whole_path(path: str | Path) -> Generator[Path]:
    """Yield a temporary path to write to, for what writes files by name; otherwise as `write_whole_file`."""
    target = check_target(path)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield draft
        draft.replace(target)
    except OSError as error:
        raise InputError(f"{target} cannot be written: {reason_of(error)}.") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def nameless_file() -> BinaryIO:
    """Return a new file that nobody else sees: in memory where the system has that, else in the temporary folder."""
    if sys.platform == "linux":
        return os.fdopen(os.memfd_create("grnledger"), "w+b")
    return cast("BinaryIO", tempfile.TemporaryFile())


@contextmanager
def row_writer(
    path: Path, columns: Sequence[str], *, delimiter: str = "\t"
) -> Generator[Callable[[Iterable[Sequence[object]]], None]]:
    """Give a function that writes rows under a header; the file has its name when all are written.

    Parameters
    ----------
    path : Path
        What stood there is replaced at the end.
    columns : sequence of str
        The header. Numbers are written in full, so that they can be read back; what is no number, or None, is empty.
    delimiter : str
        Between the fields; no field may contain it.
    """
    with write_whole_file(path) as stream:

        def write(rows: Iterable[Sequence[object]]) -> None:
            stream.writelines((delimiter.join(map(field_text, row)) + "\n").encode() for row in rows)

        write([columns])
        yield write
