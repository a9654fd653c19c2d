"""Who may use a store that is there: recorded anew, and the modes of its files made to fit, as far as one may.

Only files are touched that stand in the folder itself: no link is followed, whoever puts one there meanwhile.
"""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from ..files import access, durable, layout
from ..files.locations import check_format

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..files.access import Modes, Sharing

OWN_FILE, OWN_FOLDER = stat.S_IRUSR, stat.S_IRUSR | stat.S_IXUSR
"""What the owner must be able to do with a file and a folder, also where nothing is shared."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A file or folder whose mode or group is not that of its store.

    Parameters
    ----------
    path : str
        Its path within the store; `.` is the store's folder.
    status : stat_result
        What it has.
    wanted : int
        The mode that it should have.
    group : int
        The group that it should have.
    keeps_out : bool
        Whether it keeps others out: that they may only read a file does not, since files are never changed in place
        but where a new one can take their place.
    """

    path: str
    status: os.stat_result
    wanted: int
    group: int
    keeps_out: bool

    @property
    def owner(self) -> str:
        """The name of the account that it belongs to."""
        return access.owner_name(self.status.st_uid)

    @property
    def mode(self) -> str:
        """Its mode, such as `-rw-------`."""
        return stat.filemode(self.status.st_mode)

    @property
    def fault(self) -> str:
        """A sentence that says what it has, and what it should have."""
        kind, strange = stat.S_IFMT(self.status.st_mode), self.status.st_gid != self.group
        has, wanted = (f" and the group {access.group_name(gid)}" if strange else ""
                       for gid in (self.status.st_gid, self.group))  # fmt: skip
        return (
            f"It belongs to {self.owner} and has the mode {self.mode}{has}, which keeps others out of a store that is "
            f"shared; it should have {stat.filemode(kind | self.wanted)}{wanted}."
        )


def set_sharing(store: Path, sharing: Sharing) -> list[Misfit]:
    """Record who may use a store, set the modes of what is there, and return what this account may not set.

    Where it is no longer shared, files keep their modes.

    Raises
    ------
    NotFound, FormatError
        It is no store that can be read.
    AccessDenied
        This account may not write to it.
    """
    check_format(store)
    store = Path(os.path.realpath(store))  # the store itself may be reached by a link
    if sharing != "no":
        durable.give_folder_mode(store, lambda status: access.modes_by(status, sharing))
    record_sharing(store, sharing)
    return set_modes(store)


def mend_record(store: Path) -> None:
    """Record anew who may use a store, by the bits of its folder, where what is recorded makes no sense."""
    if access.makes_no_sense(store):
        durable.remove_empty(store / layout.SHARED_FILE)
        record_sharing(store, access.sharing_by_bits(store))


def record_sharing(store: Path, sharing: Sharing) -> None:
    """Record who may use a store; the modes of what is there stay."""
    text = layout.SHARED_TEXT.format(sharing).encode()
    durable.put(store / layout.SHARED_FILE, lambda output: output.write(text))


def set_modes(store: Path) -> list[Misfit]:
    """Set the modes of the files of a store where they do not fit, and return those that this account may not set.

    Raises
    ------
    OSError
        The disk failed.
    """
    if sys.platform == "win32":
        return []
    return [misfit for misfit, folder in _misfits(store) if not _mended(misfit, folder) and misfit.keeps_out]


def misfits(store: Path) -> list[Misfit]:
    """Return the files of a store whose modes do not fit: of one that is shared, so that they keep others out."""
    return [] if sys.platform == "win32" else [misfit for misfit, _ in _misfits(store) if misfit.keeps_out]


def _misfits(store: Path) -> Iterator[tuple[Misfit, int]]:
    """Yield what does not fit, with a descriptor of the folder that it stands in, folders before what they hold."""
    store = Path(os.path.realpath(store))  # itself may be reached by a link
    try:
        modes = access.modes_by(store.stat(), access.sharing_of(store))
    except OSError:
        return
    if not access.may_read(store):
        return
    for path, folders, files, descriptor in os.fwalk(store, follow_symlinks=False):
        here = Path(path).relative_to(store)
        for name in (*((".",) if here == Path() else ()), *files, *folders):
            if (misfit := _misfit((here / name).as_posix(), name, descriptor, modes)) is not None:
                yield misfit, descriptor


def _misfit(path: str, name: str, folder: int, modes: Modes) -> Misfit | None:
    """Return what does not fit in a file of an open folder."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:  # it has gone
        return None
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISDIR(status.st_mode):
        wanted, needed = (OWN_FOLDER if modes.file is None else modes.folder), ~0
    elif stat.S_ISREG(status.st_mode) and not durable.is_temporary(name):
        wanted = OWN_FILE if modes.file is None else modes.file
        needed = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH
    else:
        return None
    group = status.st_gid if modes.file is None else modes.group
    strange, lacking = group != status.st_gid, wanted & ~mode
    return Misfit(path, status, mode | wanted, group, strange or bool(lacking & needed)) if strange or lacking else None


def _mended(misfit: Misfit, folder: int) -> bool:
    """Set the mode and the group of one file, and return whether they fit then."""
    name = PurePath(misfit.path).name or "."
    return durable.change_mode(name, folder, misfit.status, misfit.wanted, misfit.group)
