"""`grn completion`: the script with which a shell completes commands and names."""

from __future__ import annotations

import click

from ... import options
from ...answers.answer import Answer
from ...completion import shells


@click.command("completion")
@click.argument("shell", type=click.Choice(list(shells.SCRIPTS)))
@options.forms
def command(*, shell: str) -> Answer:
    """Print the script that completes `grn` in bash (4.4 or newer), zsh or fish.

    It completes commands, options, files, versions, branches, tags, pathways and genes. The first time, and after
    others have written to the store, that takes half a second, since the store is opened; then its names are kept in
    its cache.

    \b
    Example:
      grn completion fish > ~/.config/fish/completions/grn.fish
      eval "$(grn completion bash)"    # as a line of ~/.bashrc
      eval "$(grn completion zsh)"     # as a line of ~/.zshrc, after compinit
    """
    script = shells.SCRIPTS[shell]
    return Answer(
        columns=("shell", "script"),
        rows=[(shell, script)],
        json=lambda: {"shell": shell, "script": script},
        text=lambda: script.rstrip("\n"),
    )
