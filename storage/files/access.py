"""Who may use a store: what it records of that, the modes of its files that follow, and what the system refuses.

As git's `core.sharedRepository`: of a store that is shared, every file and folder gets its mode whatever the umask of
the account that makes it. What others than owner and group may do, the store's own folder says.
"""

from __future__ import annotations

import errno
import os
import shlex
import stat
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from ...engine.errors import AccessDenied, check_choice
from . import layout

if TYPE_CHECKING:
    from pathlib import Path

Sharing = Literal["no", "group", "all"]
"""Who may use a store: each account as its umask says; the group of the folder; or it, and all others may read."""

BY_GROUP = stat.S_ISGID | stat.S_IRWXU | stat.S_IRWXG
SHARED_BITS: dict[Sharing, int] = {"no": 0, "group": BY_GROUP, "all": BY_GROUP | stat.S_IROTH | stat.S_IXOTH}
"""Bits that the folders of a store have at least; with the first, what is made in them gets their group."""

RECORDED = {layout.SHARED_TEXT.format(sharing): sharing for sharing in get_args(Sharing)}

DENIED = {errno.EACCES, errno.EPERM}
"""Errors of the system for what an account may not do."""


@dataclass(frozen=True, slots=True)
class Modes:
    """The modes of what is made in a store.

    Parameters
    ----------
    folder : int
        Of a folder, which has these bits at least.
    file : int, optional
        Of a file; `None` where the umask decides.
    note : int
        Of the note of the last entry, at least: it shows a loss to whoever can read it, and holds nothing else.
    group : int
        The group of files whose mode is not the umask's.
    """

    folder: int
    file: int | None
    note: int
    group: int


def check_sharing(sharing: str | None) -> None:
    """Refuse what is no way of sharing; `None` is as the folder says."""
    if sharing is not None:
        check_choice("way of sharing", sharing, get_args(Sharing))


def recorded_sharing(store: Path) -> Sharing | None:
    """Return what a store records of who may use it; `None` where it records nothing that makes sense."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(store / layout.SHARED_FILE, flags)
    except OSError:
        return None
    try:
        text = os.read(descriptor, 100)
    except OSError:  # a folder
        return None
    finally:
        os.close(descriptor)
    return RECORDED.get(text.decode(errors="replace"))


def makes_no_sense(store: Path) -> bool:
    """Return whether a store has a record of who may use it that this account may read, and that says nothing."""
    path = store / layout.SHARED_FILE
    return os.path.lexists(path) and may_read(path) and recorded_sharing(store) is None


def sharing_of(store: Path) -> Sharing:
    """Return who may use a store: as it records, else as the bits of its folder say."""
    return recorded_sharing(store) or sharing_by_bits(store)


def sharing_by_bits(folder: Path) -> Sharing:
    """Return `group` for a folder that its group may write to, and whose group all get that is made in it; else `no`.

    Raises
    ------
    OSError
        There is no such folder.
    """
    bits = stat.S_ISGID | stat.S_IWGRP
    return "group" if sys.platform != "win32" and os.stat(folder).st_mode & bits == bits else "no"


def sharing_in(folder: Path) -> Sharing:
    """Return who may use a store that this account makes in a folder: as its bits say, if the account is of its group.

    An account outside of that group may not give it files: what it makes is its own.

    Raises
    ------
    OSError
        There is no such folder.
    """
    return sharing_by_bits(folder) if sys.platform != "win32" and _may_give_to(os.stat(folder).st_gid) else "no"


def modes_by(status: os.stat_result, sharing: Sharing) -> Modes:
    """Return the modes of what is made in a store, by those of its folder."""
    folder = stat.S_IMODE(status.st_mode) | SHARED_BITS[sharing]
    file = folder & 0o664  # nobody else writes
    return Modes(folder, None if sharing == "no" else file, file & 0o644, status.st_gid)


def modes_in(folder: Path) -> Modes | None:
    """Return the modes of what is made in a folder of a store; `None` for a folder that is not of a store."""
    if sys.platform == "win32":
        return None
    for store in (folder, folder.parent, folder.parent.parent):
        if os.path.isfile(store / layout.FORMAT_FILE):
            return modes_by(os.stat(store), sharing_of(store))
    return None


def refusal(reason: int, path: Path, *, writing: bool = False) -> OSError:
    """Return the error to raise where the system has refused a file of a store: where an account may not, who may.

    Parameters
    ----------
    reason : int
        The system's number of its error.
    path : Path
        The file or folder.
    writing : bool
        Whether it was to be written to.
    """
    obstacle = _obstacle(path)
    store = _store_around(obstacle)
    if reason not in DENIED or (writing and store is None):
        return OSError(reason, os.strerror(reason), str(path))
    deed = "written to" if writing else "read"
    try:
        if sys.platform != "win32":
            return _denied(obstacle, store, reason, deed)
    except OSError:  # it has gone, or nothing may be known of it
        pass
    message = f"{obstacle} may not be {deed}: {os.strerror(reason)}."
    return AccessDenied(message, code="may-not-see", path=str(obstacle), reason=(reason, os.strerror(reason)))


def _denied(path: Path, store: Path | None, reason: int, deed: str) -> AccessDenied:
    status = os.stat(path)
    wanted = status if store is None else os.stat(store)
    account, owner, group = account_name(), owner_name(status.st_uid), group_name(status.st_gid)
    why = "" if reason == errno.EACCES else f" ({os.strerror(reason)})"
    return AccessDenied(
        f"{path} may not be {deed} by {account}: it belongs to {owner} and the group {group}, and its mode is "
        f"{stat.filemode(status.st_mode)}{'+' if has_acl(path) else ''}{why}.",
        code="may-not-see" if store is None else _code(status, wanted, deed),
        facts={
            "account": account,
            "owner": owner,
            "group": group_name(wanted.st_gid),
            "store": store,
            "command": command_to_share(path, status, wanted) if store is not None else "",
        },
        path=str(path),
        reason=(reason, os.strerror(reason)),
    )


def _code(status: os.stat_result, wanted: os.stat_result, deed: str) -> str:
    """Return the code of who can help: oneself, an administrator, or the owner."""
    if status.st_uid == os.geteuid():
        return "may-not-use-own"
    if not _is_in(wanted.st_gid):
        return "may-not-as-stranger"
    return "may-not-read" if deed == "read" else "may-not-write"


def _is_in(group: int) -> bool:
    return group in {os.getegid(), *os.getgroups()}


def _may_give_to(group: int) -> bool:
    """Return whether this account may give files to a group: to its own, and an administrator to any."""
    return os.geteuid() == 0 or _is_in(group)


def command_to_share(path: Path, status: os.stat_result, wanted: os.stat_result) -> str:
    """Return what the owner of a file types, so that the group of its store can use it."""
    name, is_folder = shlex.quote(os.path.abspath(path)), stat.S_ISDIR(status.st_mode)
    change = "" if status.st_gid == wanted.st_gid else f"chgrp {group_name(wanted.st_gid)} {name} && "
    if has_acl(path):  # of which the bits of the group are but the mask
        return f"{change}setfacl -m u::rwX,g::rwX,m::rwX{',d:g::rwX,d:m::rwX' if is_folder else ''} {name}"
    return f"{change}chmod u+rwX,{'g+rwxs' if is_folder else 'g+rw'} {name}"


def has_acl(path: Path) -> bool:
    """Return whether a file has an access control list, which may refuse what its mode does not: `ls` shows it by a +.

    Only where Linux has it among a file's attributes.
    """
    try:
        return sys.platform == "linux" and bool(os.getxattr(path, "system.posix_acl_access"))
    except OSError:  # it has none, or the file system knows none
        return False


def account_name() -> str:
    """Return the name of the account that this process acts for."""
    return owner_name(os.geteuid()) if sys.platform != "win32" else "this account"


def owner_name(number: int) -> str:
    """Return the name of an account by its number, which stands for it where it has none."""
    try:
        import pwd

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError, OSError):
        return f"the account {number}"


def group_name(number: int) -> str:
    """Return the name of a group by its number, which stands for it where it has none."""
    try:
        import grp

        return grp.getgrgid(number).gr_name
    except (ImportError, KeyError, OSError):
        return str(number)


def may_read(path: Path) -> bool:
    """Return whether this account may read a file, or list and enter a folder."""
    need = os.R_OK | (os.X_OK if os.path.isdir(path) else 0)
    return os.access(path, need, effective_ids=os.access in os.supports_effective_ids)


def _obstacle(path: Path) -> Path:
    """Return what is in the way to a file: the first folder on the way that may not be entered, or the file itself."""
    for folder in reversed(path.absolute().parents):
        if not os.access(folder, os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            return folder
    return path


def _store_around(path: Path) -> Path | None:
    """Return the store that a file or folder is of, or is; `None` where it is of none."""
    for folder in (path, *path.absolute().parents[:3]):
        if os.path.isfile(folder / layout.FORMAT_FILE):
            return folder
    return path if path.suffix == layout.SUFFIX else None  # which may be closed
