"""Verbs that are loaded when they run: click's lazy group. Until then the help has a line on each.

`grn log` is `command` of commands/versions/log.py, in the folder of its section; `grn nmf diff` is `command` of
commands/nmf/diff.py, in the folder of its verb.
"""

from __future__ import annotations

import importlib
import keyword
from typing import TYPE_CHECKING, Any

import click

from ..engine.errors import InputError
from . import options
from .hints import OTHER_TOOLS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from click.shell_completion import CompletionItem

ROOT = "grn"
"""The group whose verbs are in the folders of their sections."""

STORES = (".grn", ".h5")
"""What the names of stores end in, and those of no verb."""


class LazyGroup(click.Group):
    """The verbs of `grn`, or those below a verb. A verb that has any below it takes no arguments of its own.

    Its own options are those of the bare form, which runs where no verb is named. Before a verb they are refused, but
    for those that no function gets as an argument, such as `--store` and `--verbose`: these hold for the verb too.

    Parameters
    ----------
    sections : mapping
        Of each title in the help, the names of the verbs and a line on each.
    callback : callable, optional
        The bare form; without it, a verb has to be named.
    """

    def __init__(self, *arguments: Any, sections: Mapping[str, Mapping[str, str]], **named: Any) -> None:
        bare = named.get("callback") is not None
        super().__init__(*arguments, invoke_without_command=bare, no_args_is_help=False, **named)
        self.sections = sections

    def module_of(self, verb: str) -> str:
        """Return the name of the module of a verb, below `commands`."""
        section = next(title.lower() for title, verbs in self.sections.items() if verb in verbs)
        folder = section if self.name == ROOT else self.name
        return f"{folder}.{verb.replace('-', '_')}" + ("_" if keyword.iskeyword(verb) else "")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all verbs, in the order of the help."""
        del ctx
        return [verb for verbs in self.sections.values() for verb in verbs]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one verb's command, or `None`."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f".commands.{self.module_of(cmd_name)}", __package__)
        command: click.Command = module.command
        if not any(parameter.name == "verbose" for parameter in command.params):
            options.color(hidden=True)(options.verbose(hidden=True)(command))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs by section, without loading them."""
        del ctx
        for title, verbs in self.sections.items():
            with formatter.section(title):
                formatter.write_dl(list(verbs.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the verbs that begin so, with their lines of the help, and options; no verb is loaded."""
        from click.shell_completion import CompletionItem

        lines = {verb: line for verbs in self.sections.values() for verb, line in verbs.items()}
        verbs = [CompletionItem(verb, help=line) for verb, line in lines.items() if verb.startswith(incomplete)]
        return [*verbs, *click.Command.shell_complete(self, ctx, incomplete)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the options of the bare form, or those before a verb; then the bare form's need not be there."""
        _, rest, order = self.make_parser(ctx).parse_args(args=list(args))
        if not rest:
            return super().parse_args(ctx, args)
        before = args[: len(args) - len(rest)]
        if not ctx.resilient_parsing:
            self.check_named(ctx, rest)
            _check_shared(ctx, rest[0], order)
        shared = [parameter for parameter in self.params if not parameter.expose_value]
        click.Command(self.name, params=shared).parse_args(ctx, before)
        ctx.args = rest
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb that is named, or the bare form."""
        if not ctx.args and self.callback is None:
            verbs = ", ".join(self.list_commands(ctx))
            raise click.UsageError(f"`{ctx.command_path}` needs a command: one of {verbs}.")
        if not ctx.args:
            return click.Command.invoke(self, ctx)
        options.invocation(ctx)["command"] = f"{ctx.command_path} {ctx.args[0]}"
        name, command, rest = self.resolve_command(ctx, ctx.args)
        assert command is not None  # noqa: S101  the arguments were parsed
        ctx.invoked_subcommand = name
        with command.make_context(name, rest, parent=ctx) as inner:
            return command.invoke(inner)

    def check_named(self, ctx: click.Context, rest: Sequence[str]) -> None:
        """Refuse words that begin with no verb; one of another tool gets ours, an unknown one its near spellings.

        Raises
        ------
        InputError
            They begin with none.
        """
        if rest[0] in self.list_commands(ctx):
            return
        import difflib

        above = ctx.command_path.split()[1:]
        hint = f"`{ctx.command_path} --help` lists the commands."
        if self.name == ROOT and rest[0] in OTHER_TOOLS:
            hint = OTHER_TOOLS[rest[0]]
        elif near := difflib.get_close_matches(rest[0], self.list_commands(ctx), n=3):
            hint = f"Did you mean {', '.join(near)}?"
        elif rest[0].endswith(STORES):
            hint = f"Name the store before the command: `{' '.join(['grn -s', rest[0], *above, *rest[1:]])}`."
        raise InputError(f"There is no command {' '.join([*above, rest[0]])!r}.", hint=hint)


def _check_shared(ctx: click.Context, verb: str, order: Sequence[click.Parameter]) -> None:
    """Refuse options before a verb that are the bare form's alone: they would have no effect."""
    stray = dict.fromkeys("/".join(parameter.opts) for parameter in order if parameter.expose_value)
    if stray:
        whole = f"{ctx.command_path} {verb}"
        raise InputError(
            f"{', '.join(stray)} cannot come before {verb}: it is for `{ctx.command_path}` without a command.",
            hint=f"Write the options of `{whole}` after it: `{whole} --help` lists them.",
        )
