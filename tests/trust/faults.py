"""Every call by which grnledger changes a disk: watched, failed, left out, or made the last one.

Whatever changes a store goes through `grnledger.storage.files.durable`, which calls the system by its own global
`os`. While `watching`, a `Watched` stands there: it reports each changing call before it is made, and may leave it out.
A function of `os` that is in neither list below is refused, so that no new way of changing a disk goes unwatched.

    def on_call(index, name, arguments):
        if index == 7:
            os._exit(137)                             # dies at the eighth call
        if name == "fsync":
            return SKIP                               # as a disk would that lies
        if name == "pwrite":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with watching(on_call) as watched:
        repository.commit(pathway)
    print(watched.calls)
"""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from grnledger.storage.files import durable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

CHANGING = ("open", "pwrite", "ftruncate", "fsync", "close", "link", "unlink", "rename", "mkdir", "rmdir",
            "fchmod", "fchown", "chmod", "chown")  # fmt: skip
"""What is watched, `open` and `close` always: a file may appear with the one, a lost write may show at the other."""

READING = (
    "pread",
    "fstat",
    "stat",
    "lstat",
    "listdir",
    "scandir",
    "walk",
    "fspath",
    "strerror",
    "getpid",
    "urandom",
    "utime",
)
"""What changes nothing, or a time alone, and passes."""


class _Skip:
    def __repr__(self) -> str:
        return "SKIP"


SKIP: Final = _Skip()
"""What `on_call` returns to leave a call out; its caller is told that it went well."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was made.

    Parameters
    ----------
    name : str
        Of the function of `os`.
    arguments : tuple
        Paths as text, data as bytes.
    result : object
        What it returned.
    site : str
        Who asked for it: the function outside of `durable`, and the one of `durable` that it called.
    """

    name: str
    arguments: tuple[Any, ...]
    result: Any = None
    site: str = ""

    def __str__(self) -> str:
        shown = (f"{len(part)} bytes" if isinstance(part, bytes) else str(part) for part in self.arguments)
        return f"{self.name}({', '.join(shown)})"


class Watched:
    """A proxy of the module `os`.

    Parameters
    ----------
    real_os : module
        Where calls go.
    on_call : callable
        Called with the index, name and arguments of each changing call before it is made. It may raise an `OSError`,
        end the process, or return `SKIP`.
    after : callable, optional
        Called with each `Call` that was made and has returned.

    Attributes
    ----------
    calls : int
        How many changing calls there were.
    """

    def __init__(
        self,
        real_os: ModuleType,
        on_call: Callable[[int, str, tuple[Any, ...]], object],
        after: Callable[[Call], object] | None = None,
    ) -> None:
        self._real, self._on_call, self._after = real_os, on_call, after
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._real, name)
        if name in CHANGING:
            return functools.partial(self._watched, name, attribute)
        if callable(attribute) and name not in READING:
            raise NotImplementedError(f"os.{name}: whether it changes the disk has to be said in {__file__}.")
        return attribute

    def _watched(self, name: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        if named:
            raise NotImplementedError(f"os.{name} with {', '.join(named)}: unknown to {__file__}.")
        plain = tuple(_plain(argument) for argument in arguments)
        index, self.calls = self.calls, self.calls + 1
        if self._on_call(index, name, plain) is SKIP:
            return len(plain[1]) if name == "pwrite" else None
        result = function(*arguments)
        if self._after is not None:
            self._after(Call(name, plain, result, _site()))
        return result


@contextlib.contextmanager
def watching(
    on_call: Callable[[int, str, tuple[Any, ...]], object], after: Callable[[Call], object] | None = None
) -> Iterator[Watched]:
    """Put a `Watched` before what `grnledger.storage.files.durable` has as `os`, and take it away at the end."""
    before = durable.os
    durable.os = watched = Watched(before, on_call, after)  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield watched
    finally:
        durable.os = before


@contextlib.contextmanager
def without_links() -> Iterator[None]:
    """Do as a file system does that knows no link()."""

    def refuse(_index: int, name: str, _arguments: tuple[Any, ...]) -> None:
        if name == "link":
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    with watching(refuse):
        yield


def recorded(act: Callable[[], object]) -> list[Call]:
    """Return the changing calls of an act that went well, in order."""
    calls: list[Call] = []
    with watching(lambda *_: None, calls.append):
        act()
    return calls


def _site() -> str:
    """Return who called: the innermost function outside of `durable` and this module, and what it called there."""
    frame, inner = sys._getframe(1), ""
    while frame is not None and frame.f_code.co_filename in (__file__, durable.__file__):
        inner, frame = frame.f_code.co_name, frame.f_back
    outer = frame.f_code if frame is not None else None
    return f"{Path(outer.co_filename).stem}.{outer.co_name}, {inner}" if outer else inner


def _plain(argument: Any) -> Any:
    """Return an argument as it is now: a buffer may change after the call."""
    if isinstance(argument, os.PathLike):
        return os.fspath(argument)
    return bytes(argument) if isinstance(argument, (memoryview, bytearray)) else argument
