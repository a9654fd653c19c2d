"""Nouns: the types of arguments that name something of a store, each of which completes itself.

A value stays the text that was typed. What there is to choose from is asked of a function in the context's object,
under `NAMES`: it is there only while a shell completes a line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from click.shell_completion import CompletionItem

    from ..storage.names import StoreNames

    Choices = Callable[[StoreNames, click.Context], Iterable[str]]

NAMES = "names"
"""The key of the function that returns the names of the store, or `None`."""


class Noun(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """A word that names something of a store.

    Parameters
    ----------
    name : str
        What it names.
    choices : callable
        Returns all there are, given the names of the store and the context.
    separator : str
        What stands between several in one word, if there can be several.
    is_file : bool
        Whether it may also be the name of a file.
    """

    def __init__(self, name: str, choices: Choices, *, separator: str = "", is_file: bool = False) -> None:
        self.name = name
        self._choices, self._separator, self._is_file = choices, separator, is_file

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text."""
        del param, ctx
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return what begins as the word does, or as the last of several in it."""
        from click.shell_completion import CompletionItem

        del param
        first, separator, last = incomplete.rpartition(self._separator) if self._separator else ("", "", incomplete)
        source = cast("dict[str, Any]", ctx.ensure_object(dict)).get(NAMES)
        names: StoreNames | None = source() if source else None
        choices = self._choices(names, ctx) if names else ()
        there = set(first.split(self._separator)) if separator == "," else set[str]()
        items = [
            CompletionItem(first + separator + choice)
            for choice in choices
            if choice.startswith(last) and choice not in there
        ]
        return items or ([CompletionItem(incomplete, type="file")] if self._is_file else [])


def _branches(names: StoreNames, ctx: click.Context) -> Iterable[str]:
    return () if ctx.params.get("create") else names.branches()


def _active(names: StoreNames, ctx: click.Context) -> Iterable[str]:
    """Return the pathways of the version that the line names with `--at`; none where they are those of a file."""
    has_file = ctx.params.get("sets") is not None
    return () if has_file else names.active(str(ctx.params.get("at") or "HEAD"))


def _changed(names: StoreNames, ctx: click.Context) -> Iterable[str]:
    """Return the pathways that the line's REV changed; where an option has no value yet, click has not come so far."""
    return names.changed(str(ctx.params.get("rev") or next(iter(ctx.args), "")))


REV = Noun("rev", lambda names, _: names.revs())
RANGE = Noun("range", lambda names, _: names.revs(), separator="..")
BRANCH = Noun("branch", _branches)
TAG = Noun("tag", lambda names, _: names.tags())
PATHWAY = Noun("pathway", _active)
CHANGED_PATHWAY = Noun("pathway", _changed)
GENE = Noun("gene", lambda names, _: names.genes)
GENES = Noun("genes", lambda names, _: names.genes, separator=",")
GENES_OR_FILE = Noun("genes", lambda names, _: names.genes, separator=",", is_file=True)
