"""Where long maps run, as a text names it: threads, processes of this machine, or workers of a scheduler of Dask."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.mapping import Threads
from ...engine.threads import limit_cores

if TYPE_CHECKING:
    from collections.abc import Generator

    from ...engine.mapping import Mapper

FORMS = ("threads:N", "processes:N", "tcp://HOST:PORT")
"""What a scheduler is written as."""

MOST = 1024
"""Most threads, or processes."""


@contextlib.contextmanager
def open_scheduler(scheduler: str) -> Generator[Mapper]:
    """Hold the mapper that a text names: results have the same bits with any of them.

    Parameters
    ----------
    scheduler : str
        `threads:N` for N threads of this process, which then uses no more cores; `processes:N` for N processes of this
        machine; or the address of a scheduler of Dask, tcp://HOST:PORT or tls://HOST:PORT.

    Raises
    ------
    InputError
        It is none of these, or the package for a scheduler of Dask is not installed.
    NotFound
        No scheduler answers there.

    Examples
    --------
    >>> with open_scheduler("threads:2") as mapper:
    ...     list(mapper(pow, range(4), shared=3))
    [1, 3, 9, 27]
    """
    if re.fullmatch(r"(tcp|tls)://\S+:\d{1,5}", scheduler):
        from .cluster import connect

        with connect(scheduler) as mapper:
            yield mapper
        return
    match = re.fullmatch(r"(threads|processes):([1-9]\d{0,3})", scheduler)
    if match is None or int(match[2]) > MOST:
        raise InputError(
            f"{scheduler!r} is no scheduler: it is {', '.join(FORMS[:-1])} or {FORMS[-1]}, with N from 1 to {MOST:,}.",
            code="scheduler-unknown",
        )
    number = int(match[2])
    if match[1] == "threads":
        with limit_cores(number):
            yield Threads(number)
        return
    from .processes import Processes

    with contextlib.closing(Processes(number)) as mapper:
        yield mapper
