"""`grn help`: the help of a command, as its own option shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ....engine.errors import InputError
from ... import options
from ...answers.answer import Answer
from ...lazy_group import LazyGroup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem


def _verbs_below(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the verbs below those that the line has already."""
    del parameter
    context = _context_of(ctx.find_root(), ctx.params.get("verbs") or ())
    return context.command.shell_complete(context, incomplete) if isinstance(context.command, LazyGroup) else []


@click.command("help")
@click.argument("verbs", nargs=-1, metavar="[COMMAND…]", shell_complete=_verbs_below)
@options.forms
@click.pass_context
def command(ctx: click.Context, *, verbs: tuple[str, ...]) -> Answer:
    """Show the help of a command, as `--help` after it does.

    \b
    Example:
      grn help
      grn help diff
      grn help nmf diff
    """
    context = _context_of(ctx.find_root(), verbs)
    row = (context.command_path, context.get_help())
    return Answer(
        columns=("command", "help"),
        rows=[row],
        json=lambda: {"command": row[0], "help": row[1]},
        text=lambda: row[1],
    )


def _context_of(context: click.Context, verbs: Sequence[str]) -> click.Context:
    """Return the context of the command that words name, from that of the root.

    Raises
    ------
    InputError
        There is no such command.
    """
    for number, verb in enumerate(verbs):
        group = context.command
        if not isinstance(group, LazyGroup):
            above, whole = " ".join(verbs[:number]), " ".join(verbs[: number + 1])
            raise InputError(f"There is no command {whole!r}.", hint=f"`grn help {above}` shows what there is.")
        group.check_named(context, verbs[number:])
        inner = group.get_command(context, verb)
        assert inner is not None  # noqa: S101  it is one of the group's
        context = click.Context(inner, info_name=verb, parent=context, **inner.context_settings)
    return context
