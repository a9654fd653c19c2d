"""`grn demo`: the whole story on simulated data, each command printed before what it prints."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ....engine.errors import Conflict
from ... import errors, options, output

if TYPE_CHECKING:
    from collections.abc import Generator

STORY = (
    (
        "A factor model of 500 genes and 10 factors, and five pathways (seed 42).",
        "grn simulate --genes 500 --factors 10 --seed 42 -o model.npz",
    ),
    ("A store begins with a base: it is version v0.", "grn init demo.grn --factor-model model.npz"),
    ("Add five pathways, one by one.", "grn commit model.pathways.npz --only p53 -m 'p53'"),
    ("", "grn commit model.pathways.npz --only NF-kB -m 'NF-kB'"),
    ("", "grn commit model.pathways.npz --only Wnt/beta-catenin -m 'Wnt/beta-catenin'"),
    ("", "grn commit model.pathways.npz --only MAPK -m 'MAPK'"),
    ("", "grn commit model.pathways.npz --only JAK-STAT -m 'JAK-STAT'"),
    ("Every version is kept.", "grn log --oneline"),
    ("What five pathways changed: no edge reaches .15 …", "grn diff v0..HEAD --threshold 0.15 --changes 3"),
    ("… so an edge is one of the p strongest pairs, by default.", "grn diff v0..HEAD --changes 10"),
    ("One gene, one edge, and the pathways that moved it.", "grn neighbors G210 --top 5"),
    ("", "grn trace G210 G412"),
    ("", "grn factors G210 G412"),
    ("Back to v2, and to v5 again: a rollback loses nothing.", "grn rollback v2"),
    ("", "grn rollback v5"),
    ("A second hypothesis: a branch from v3, without p53.", "grn branch drug-a v3"),
    ("", "grn switch drug-a"),
    ("", "grn revert v1"),
    ("Merge the branches: what one side dropped stays dropped.", "grn switch main"),
    ("", "grn merge drug-a"),
    ("", "grn diff v5..HEAD --changes 5"),
    ("", "grn info"),
)


@click.command("demo")
@click.option("--keep", type=click.Path(path_type=Path), metavar="FOLDER", help="Keep the store in this folder.")
@click.pass_context
def command(ctx: click.Context, keep: Path | None) -> None:
    """Show the main commands on simulated data: init, commits, log, diff, rollback, revert, merge.

    Each command is printed before its output, and can be typed again. Without --keep, no file is left.

    \b
    Example:
      grn demo
      grn demo --keep try
    """
    if keep is not None:
        if keep.exists():
            raise Conflict(f"{keep} exists already.", hint="Choose another name for --keep, or remove it first.")
        keep.mkdir(parents=True)
        _play(ctx, keep)
        output.note(f"Kept in {keep}: try `grn -s {keep}/demo.grn log`.")
        return
    with tempfile.TemporaryDirectory(prefix="grn-demo-") as folder:
        _play(ctx, Path(folder))


def _play(ctx: click.Context, folder: Path) -> None:
    grn = ctx.find_root().command
    with contextlib.chdir(folder), _plain_environment(), contextlib.redirect_stderr(sys.stdout):
        for title, line in STORY:
            if title:
                click.echo(click.style(f"\n# {title}", fg="blue"))
            click.echo(click.style(f"$ {line}", bold=True))
            code = errors.run(grn, shlex.split(line)[1:], ctx.color)
            if code in (errors.CLOSED_PIPE, errors.INTERRUPTED):
                raise click.exceptions.Exit(code)
            if code:
                raise click.ClickException(f"`{line}` ended with exit code {code}.")


@contextlib.contextmanager
def _plain_environment() -> Generator[None]:
    """Leave aside a store that the environment names, and a pager, which would stop the story."""
    environment = dict(os.environ)
    os.environ.pop(options.STORE_VARIABLE, None)
    os.environ["PAGER"] = "cat"
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
