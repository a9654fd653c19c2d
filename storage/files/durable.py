"""The write protocol, through which everything that changes a store goes: a file appears whole, or not at all.

A file is written under a name of its own, flushed to the disk, and linked to a name that nobody has taken; then its
folder is flushed. What is derived is put in its place without flushing: whoever reads it checks it.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import stat
import sys
import time
from typing import TYPE_CHECKING, Any

from . import access, layout

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from .access import Modes

NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK}
"""Errors of `link` on a file system that has no hard links."""

NO_MODES = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL}
"""Errors of `fchmod` and `fchown` on a file system that has no modes, and for a group that an account is not in."""

MAY_NOT_WRITE = {errno.EACCES, errno.EPERM, errno.EROFS}
"""Errors of the system for an account that can only read, and so has nothing to flush."""

GRACE = 3_600.0
"""Seconds after which a temporary file that nobody has written to is a dead writer's leftover."""

_ENDING = f".{'0' * 16}{layout.TEMPORARY_ENDING}"
TEMPORARY = re.compile(rf"\..+\.[0-9a-f]{{16}}{re.escape(layout.TEMPORARY_ENDING)}", re.DOTALL)


class Unconfirmed(OSError):
    """A file has its name, but the disk refused to confirm it: it might not outlast a power cut."""


class Output(io.RawIOBase):
    """A new file being written; the first failure of the disk is kept, since HDF5 hides what its callbacks meet.

    Parameters
    ----------
    path : Path
        Where nothing stands yet.
    mode : callable
        Returns the mode that the file must have, of those of its store; `None` where the umask decides.
    modes : Modes, optional
        Those of its store, where that does not say so itself yet.
    """

    def __init__(
        self,
        path: Path,
        *,
        mode: Callable[[Modes], int | None] = lambda modes: modes.file,
        modes: Modes | None = None,
    ) -> None:
        super().__init__()
        self._path = path
        with _explained(path.parent):
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0)
            self._descriptor = os.open(path, flags, 0o644)
        self._position = 0
        self.failure: OSError | None = None
        try:
            if (of_store := modes or access.modes_in(path.parent)) is not None:
                give_mode(self._descriptor, of_store, mode(of_store))
        except BaseException:
            os.close(self._descriptor)
            super().close()
            remove(path)
            raise

    def readable(self) -> bool:
        """Return true: HDF5 reads back what it wrote."""
        return True

    def writable(self) -> bool:
        """Return true."""
        return True

    def seekable(self) -> bool:
        """Return true."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position, and return it."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position}.get(whence)
        self._position = offset + (os.fstat(self._descriptor).st_size if start is None else start)
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        """Read what fits the buffer, and return how many bytes that is."""
        view = memoryview(buffer).cast("B")
        content = os.pread(self._descriptor, len(view), self._position)
        view[: len(content)] = content
        self._position += len(content)
        return len(content)

    def write(self, buffer: Any, /) -> int:
        """Write all bytes, and return how many; the system may take them in parts."""
        view = memoryview(buffer).cast("B")
        done = 0
        with self._recorded():
            while done < len(view):
                done += os.pwrite(self._descriptor, view[done:], self._position + done)
        self._position += done
        return done

    def truncate(self, size: int | None = None, /) -> int:
        """Make the file so many bytes long."""
        length = self._position if size is None else size
        with self._recorded():
            os.ftruncate(self._descriptor, length)
        return length

    def finish(self) -> None:
        """Return when all is on the disk and the file is closed; raises what the disk refused."""
        if self.failure is not None:
            raise self.failure
        _sync(self._descriptor)
        self.close()

    def close(self) -> None:
        """Close the file; the system may report only now that a write has failed."""
        if not self.closed:
            super().close()
            os.close(self._descriptor)

    @contextlib.contextmanager
    def _recorded(self) -> Generator[None]:
        try:
            yield
        except OSError as failure:
            failure.filename = str(self._path)
            self.failure = self.failure or failure
            raise


def publish(path: Path, write: Callable[[Output], object], *, taken: Callable[[], bool] = lambda: False) -> None:
    """Write a file under a temporary name, make it durable, and link it to its own name.

    Parameters
    ----------
    path : Path
        Where it shall appear; its folder exists.
    write : callable
        Called with the open file, writes all of it.
    taken : callable
        Called once the file has its name: returns whether the name had been given away and freed again meanwhile.

    Raises
    ------
    FileExistsError
        The name is taken; nothing was changed.
    Unconfirmed
        The file stands there whole, but its folder could not be flushed.
    OSError
        The disk refused; the name is not taken.
    """
    temporary = temporary_of(path)
    try:
        write_whole(temporary, write)
        _claim(temporary, path)
    finally:
        remove(temporary)
    try:
        lost = taken()
    except OSError as failure:
        reason = f"it is written, but it is not known whether its name was in use before ({failure.strerror})"
        raise Unconfirmed(failure.errno, reason, str(path)) from None
    if lost:
        remove(path)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    try:
        flush(path.parent)
    except OSError as failure:
        reason = f"it is written, but the folder could not be flushed ({failure.strerror}): a power cut might undo it"
        raise Unconfirmed(failure.errno, reason, str(path)) from None


def write_whole(path: Path, write: Callable[[Output], object], *, modes: Modes | None = None) -> None:
    """Write a new file, and return when its bytes are on the disk; its name is not, until its folder is flushed."""
    output = Output(path, modes=modes)
    try:
        write(output)
        output.finish()
    except BaseException:
        with contextlib.suppress(OSError):
            output.close()
        raise


def put(path: Path, write: Callable[[Output], object], *, check: Callable[[Path], object] = lambda _: None) -> None:
    """Write a file and put it in its place durably, whatever stood there: for what has one content wherever it is made.

    Parameters
    ----------
    path : Path
        Where it shall stand; its folder exists.
    write : callable
        Called with the open file, writes all of it.
    check : callable
        Called with the path of the written file before that is put in its place; raises where it must not be.

    Raises
    ------
    OSError
        The disk refused; what stood there stands, or the new file does.
    """
    temporary = temporary_of(path)
    try:
        write_whole(temporary, write)
        check(temporary)
        with _explained(path):
            os.rename(temporary, path)
    except BaseException:
        remove(temporary)
        raise
    flush(path.parent)


def replace(
    path: Path, write: Callable[[Output], object], *, mode: Callable[[Modes], int | None] = lambda modes: modes.file
) -> None:
    """Put a derived file in its place, whole but not flushed: after a power cut it may be damaged or gone.

    Parameters
    ----------
    path : Path
        Where it shall stand; its folder exists.
    write : callable
        Called with the open file, writes all of it.
    mode : callable
        As in `Output`.
    """
    temporary = temporary_of(path)
    output = Output(temporary, mode=mode)
    try:
        write(output)
        output.close()
        with _explained(path):
            os.rename(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            output.close()
        remove(temporary)
        raise


def overwrite(path: Path, content: bytes) -> None:
    """Write a note of a fixed length over itself, not flushed: whoever reads it checks it.

    No link is followed out of the store, and no pipe waited for. Where there is none, where another account's may not
    be written to, and where it has a second name, as in a backup made of hard links, a new one takes its place. Whoever
    may enter its folder may read it.
    """
    descriptor = _open_to_write(path)
    written = False
    if descriptor is not None:
        try:
            status = os.fstat(descriptor)
            modes = access.modes_in(path.parent)
            written = status.st_nlink == 1 and (modes is None or not modes.note & ~status.st_mode)
            if written:
                os.pwrite(descriptor, content, 0)
        finally:
            os.close(descriptor)
    if not written:
        replace(path, lambda output: output.write(content), mode=lambda modes: modes.file or modes.note)


def append(path: Path, content: bytes, size: int) -> bool:
    """Append to a derived file that has a size, not flushed, and return whether that was done.

    No link is followed out of the store, and no pipe waited for. A file that has another size, or a second name, or
    that may not be written to, is not.
    """
    descriptor = _open_to_write(path)
    if descriptor is None:
        return False
    try:
        status = os.fstat(descriptor)
        fits = stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and status.st_size == size
        done = 0
        while fits and done < len(content):
            done += os.pwrite(descriptor, content[done:], size + done)
        return fits
    finally:
        os.close(descriptor)


def _open_to_write(path: Path) -> int | None:
    """Return a descriptor of a derived file; `None` where there is none, or it may not be written to."""
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
    try:
        return os.open(path, flags)
    except (FileNotFoundError, PermissionError):
        return None


def give_mode(descriptor: int, modes: Modes, mode: int | None) -> None:
    """Give a file or folder of a store its mode, whatever the umask is, and its group; `None` leaves it as it is.

    Raises
    ------
    OSError
        The disk failed. A file system that knows no modes does not raise.
    """
    if mode is None or sys.platform == "win32":
        return
    status = os.fstat(descriptor)
    if modes.file is not None and status.st_gid != modes.group:
        with _if_there_are_modes():
            os.fchown(descriptor, -1, modes.group)
    if stat.S_IMODE(status.st_mode) != mode:
        with _if_there_are_modes():
            os.fchmod(descriptor, mode)


def give_folder_mode(path: Path, modes: Callable[[os.stat_result], Modes]) -> None:
    """Give a folder of a store its mode and its group, by what it has; a link is not followed."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        wanted = modes(os.fstat(descriptor))
        give_mode(descriptor, wanted, wanted.folder)
    finally:
        os.close(descriptor)


def change_mode(name: str, folder: int, before: os.stat_result, mode: int, group: int) -> bool:
    """Set the mode and the group of a file of a folder that is open, and return whether this account may.

    Neither a link that somebody puts there meanwhile is followed, nor a file changed that has a second name: both may
    be outside of the store.

    Parameters
    ----------
    name : str
        The name of the file, or of a folder.
    folder : int
        The descriptor of the folder that it stands in.
    before : stat_result
        What it had when it was looked at.
    mode, group : int
        What it shall have.
    """
    flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        try:
            descriptor, is_open = os.open(name, os.O_RDONLY | flags, dir_fd=folder), True
        except PermissionError:  # one's own may be so, too
            descriptor, is_open = os.open(name, os.O_PATH | flags, dir_fd=folder), False
    except (OSError, AttributeError):  # it is a link by now; or the system has no other way
        return False
    try:
        status = os.fstat(descriptor)
        if not os.path.samestat(status, before) or (status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode)):
            return False
        target = descriptor if is_open else f"/proc/self/fd/{descriptor}"
        if status.st_gid != group:
            os.chown(target, -1, group)
        os.chmod(target, mode)
    except (PermissionError, FileNotFoundError):
        return False
    finally:
        os.close(descriptor)
    return True


@contextlib.contextmanager
def _if_there_are_modes() -> Generator[None]:
    try:
        yield
    except OSError as failure:
        if failure.errno not in NO_MODES:
            raise


@contextlib.contextmanager
def _explained(path: Path) -> Generator[None]:
    """Raise what an account may not do to a path as an error that says who may."""
    try:
        yield
    except PermissionError as failure:
        raise access.refusal(failure.errno or errno.EACCES, path, writing=True) from None


def flush(path: Path) -> None:
    """Return when a folder's names are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def flush_if_writable(path: Path) -> None:
    """Return when a folder's names are on the disk; an account that can only read has nothing to flush."""
    try:
        flush(path)
    except OSError as failure:
        if failure.errno not in MAY_NOT_WRITE:
            raise


def remove(path: Path) -> None:
    """Remove a file nobody needs, as far as that can be done: what stays is swept later."""
    with contextlib.suppress(OSError):
        os.unlink(path)


def remove_empty(path: Path) -> None:
    """Remove a folder that stands where a file should, if it is empty."""
    with contextlib.suppress(OSError):
        os.rmdir(path)


def make_folder(path: Path) -> None:
    """Make a folder, unless it is there; in a store, with the mode of the store's own folder, whatever the umask is."""
    modes = access.modes_in(path.parent)
    if modes is None or modes.file is None:
        with contextlib.suppress(FileExistsError), _explained(path.parent):
            os.mkdir(path)
            if modes is not None and modes.folder & ~os.stat(path).st_mode:
                give_folder_mode(path, lambda _: modes)
    elif not os.path.lexists(path):
        _make_shared_folder(path, modes)


def _make_shared_folder(path: Path, modes: Modes) -> None:
    """Make a folder that others can use from the moment when it has its name."""
    temporary = temporary_of(path)
    with _explained(path.parent):
        os.mkdir(temporary)
    try:
        give_folder_mode(temporary, lambda _: modes)
        os.rename(temporary, path)
    except OSError:
        if not os.path.lexists(path):  # otherwise another was faster
            raise
    finally:
        remove_empty(temporary)


def rename_folder(path: Path, name: Path) -> None:
    """Give a finished folder its name, and return when that is on the disk.

    Raises
    ------
    OSError
        Something stands there already, or the disk refused.
    """
    os.rename(path, name)
    try:
        flush(name.parent)
    except OSError as failure:
        reason = f"it is written, but the folder that holds it could not be flushed: {failure.strerror}"
        raise Unconfirmed(failure.errno, reason, str(name)) from None


def remove_folder(path: Path) -> None:
    """Remove a folder and what it holds, as far as that can be done; of a link, the link."""
    if os.path.islink(path):
        remove(path)
    for folder, _, files in os.walk(path, topdown=False):
        with contextlib.suppress(OSError):
            for name in files:
                os.unlink(os.path.join(folder, name))
            os.rmdir(folder)


def temporary_of(path: Path) -> Path:
    """Return a name beside a path that is taken for a leftover once its writer is dead."""
    return path.parent / f".{path.name}.{os.urandom(8).hex()}{layout.TEMPORARY_ENDING}"


def leftovers(folder: Path, *, named: str = "") -> list[Path]:
    """Return what dead writers have left in a folder: temporary names that nobody has written to for `GRACE` seconds.

    Parameters
    ----------
    folder : Path
        Where to look.
    named : str
        Only what was to get this name.
    """
    paths: list[Path] = []
    with contextlib.suppress(OSError), os.scandir(folder) as listing:
        names = [item.name for item in listing if is_temporary(item.name)]
        paths = [folder / name for name in names if not named or name[: -len(_ENDING)] == f".{named}"]
    return abandoned(paths)


def abandoned(paths: Sequence[Path]) -> list[Path]:
    """Return those of some files of one folder that nobody has written to for `GRACE` seconds.

    Their times are those of the disk, whose clock need not be that of this machine: nothing counts as old that is not
    old by both of them.
    """
    old = _older_than_grace(paths, time.time())
    return _older_than_grace(old, disk_time(old[0].parent)) if old else []


def _older_than_grace(paths: Sequence[Path], now: float) -> list[Path]:
    old: list[Path] = []
    for path in paths:
        with contextlib.suppress(OSError):
            if now - _last_written(path) > GRACE:
                old.append(path)
    return old


def disk_time(folder: Path) -> float:
    """Return the time that the disk gives to what is written to a folder now, seconds since 1970; 0 where nothing can.

    A file comes and goes for that, so that the client of a network disk asks anew what is in the folder.
    """
    probe = temporary_of(folder / "time")
    try:
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            os.utime(probe)
            return os.stat(probe).st_mtime
        finally:
            os.close(descriptor)
            remove(probe)
    except OSError:
        return 0.0


def _last_written(path: Path) -> float:
    """Return when a file, or a folder or anything in it, was last written to, in seconds since 1970."""
    last = os.lstat(path).st_mtime
    for folder, folders, files in () if os.path.islink(path) else os.walk(path):
        last = max([last, *(os.lstat(os.path.join(folder, name)).st_mtime for name in (*folders, *files))])
    return last


def sweep(store: Path) -> int:
    """Remove the leftovers of dead writers from a store, as far as that can be done, and return their number."""
    cache = store / layout.CACHE
    folders = [store, *(store / name for name in (layout.LOG, layout.PACKS, layout.BASES, layout.ARTIFACTS)), cache]
    if not os.path.islink(cache):
        folders += [cache / layout.ANCHORS, cache / layout.NUMBERS]
    swept = 0
    for path in [path for folder in folders if not os.path.islink(folder) for path in leftovers(folder)]:
        with contextlib.suppress(OSError):
            if stat.S_ISDIR(os.lstat(path).st_mode):
                remove_folder(path)
            else:
                os.unlink(path)
            swept += 1
    return swept


def is_temporary(name: str) -> bool:
    """Return whether a name is that of a file still being written, or of a dead writer's leftover."""
    return name[:1] == "." and TEMPORARY.fullmatch(name) is not None  # of a log's ten thousand, hardly one


def _sync(descriptor: int) -> None:
    if sys.platform == "darwin":
        import fcntl

        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        except OSError:  # a network volume knows fsync only
            os.fsync(descriptor)
    else:
        os.fsync(descriptor)


def give_name(temporary: Path, path: Path) -> None:
    """Give a file that is whole and flushed its name, and return when that is on the disk; raises as `publish`."""
    _claim(temporary, path)
    flush(path.parent)


def _claim(temporary: Path, path: Path) -> None:
    """Give a finished file its name, which at most one writer can."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        # A network disk may have made the link, and lost its answer; or the name has gone again, to a pack.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.stat(temporary), os.stat(path)):
                return
        raise
    except OSError as failure:
        if failure.errno not in NO_LINKS:
            raise
        _claim_without_links(temporary, path)


def _claim_without_links(temporary: Path, path: Path) -> None:
    """Do the same where a file system has no links: an empty file made with O_EXCL is the claim, to be renamed over.

    A claim that is very old is taken away by others. So it is looked at again before anything is done to the name.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o644)
    try:
        _check_stands(descriptor, path)
        os.rename(temporary, path)
    except BaseException:
        if _stands(descriptor, path):
            remove(path)
        raise
    finally:
        os.close(descriptor)


def _check_stands(descriptor: int, path: Path) -> None:
    """Refuse to go on with a claim that others have taken away."""
    if not _stands(descriptor, path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _stands(descriptor: int, path: Path) -> bool:
    """Return whether a claim that a writer has made still has its name."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False
