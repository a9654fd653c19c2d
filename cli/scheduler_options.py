"""Options that say where long maps run, and which part of a long answer: surveys, drawings, nulls, blocks of tests."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

Command = TypeVar("Command", bound="Callable[..., Any]")


part = click.option(
    "--part",
    metavar="K/N",
    help="Compute part K of N alone, and write it to the file of -o; `gather` joins all parts to the same bytes as the "
    "whole.",
)
"""The option that names a part of a long answer."""


def scheduler(command: Command) -> Command:
    """Add `--scheduler`; the command gets the mapper that it names as `mapper`, or `None` for the command's own."""

    @click.option(
        "--scheduler",
        metavar="threads:N|processes:N|tcp://HOST:PORT",
        help="Where the long part runs: on N threads, on N processes, or on the workers of a scheduler of Dask. The "
        "answer has the same bytes with any of them.  [threads, one a core]",
    )
    @click.pass_context
    @functools.wraps(command)
    def wrapped(context: click.Context, *positional: Any, scheduler: str | None, **arguments: Any) -> Any:
        mapper = None
        if scheduler is not None:
            from ..analysis.distribution.schedulers import open_scheduler

            mapper = context.with_resource(open_scheduler(scheduler))
        return command(*positional, mapper=mapper, **arguments)

    return wrapped  # pyright: ignore[reportReturnType]  click keeps the command's name and help, and adds to its options
