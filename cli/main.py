"""`grn`: its verbs, and the one place where errors are caught."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING

import click

from . import end, errors, options
from .lazy_group import LazyGroup
from .output import prepare_streams

if TYPE_CHECKING:
    from collections.abc import Sequence

SECTIONS: dict[str, dict[str, str]] = {
    "Versions": {
        "commit": "Add or subtract pathways, as a new version.",
        "base": "Give a branch a new base, such as that of another condition.",
        "log": "List versions, newest first, or the moves of refs.",
        "show": "Show one version: what it changed, and how it is computed.",
        "rollback": "Move this branch to any version.",
        "revert": "Undo the changes of one version, as a new version.",
        "cherry-pick": "Apply the changes of one version to this branch.",
        "branch": "List, create or delete branches.",
        "switch": "Switch to another branch.",
        "merge": "Merge another version into this branch.",
        "tag": "List, create or delete tags.",
        "rev-parse": "Print the id that a REV names.",
    },
    "Questions": {
        "diff": "What changed between two versions, edge by edge.",
        "edges": "The strongest edges of a version.",
        "neighbors": "The strongest partners of a gene.",
        "links": "Genes that go with the activity of a pathway.",
        "regulators": "The strongest targets of regulators, given the other regulators.",
        "support": "Whether samples that are held out bear out a pathway.",
        "trace": "One edge in each version.",
        "factors": "What each pathway does to an edge or a gene.",
        "nmf": "Gene modules, and genes that are also in a second one.",
        "lmm": "How much of a signal goes along the network, and which gene sets exceed it.",
    },
    "Views": {
        "plot": "Draw a figure: a network, a heatmap, what changed, a history.",
        "report": "Write one page on a version, or on what changed, to send and to archive.",
        "serve": "Show the store in a browser: any versions, any gene, as it is now.",
    },
    "Stores": {
        "init": "Create a store from expression data, a covariance or a factor model.",
        "info": "Show a store: panel, base, eigenvalues, sizes.",
        "reinvert": "Invert the current version in full.",
        "clone": "Copy a store with its whole history.",
        "backup": "Bring a backup of the store up to date, and read all that it holds.",
        "fetch": "Copy another store's versions into this one, under its name.",
        "push": "Copy a branch to another store.",
        "export": "Write the store, or a matrix or the edges of a version, to a file.",
        "import": "Copy the versions of an exported file into this store.",
        "verify": "Read every file, and report what is damaged.",
        "pack": "Pack the log into fewer files.",
    },
    "Examples": {
        "simulate": "Simulate a study, counts or a factor model, with known truth.",
        "demo": "Try the main commands on simulated data, in seconds.",
    },
    "Help": {
        "help": "Show the help of a command.",
        "completion": "Print the script that completes commands in a shell.",
    },
}
"""Of each section of the help, the verbs and a line on each. A verb's module is in the folder of its section."""


@click.command(
    cls=LazyGroup,
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@options.named_store
@options.verbose(hidden=False)
@options.color(hidden=False)
@click.version_option(package_name="grnledger", prog_name="grn")
@click.pass_context
def grn(ctx: click.Context) -> None:
    """The ledger of a gene regulatory network.

    A version is a base covariance and a set of pathways; an edge is the correlation of two genes given all others.
    REV names a version: HEAD, v7, a branch, a tag, an id, @{2026-11-01}, with ~N and ^; A..B is a range.

    \b
    Example:
      grn init tumor.grn --expression counts.tsv --counts
      grn commit hallmark.gmt --only HALLMARK_P53_PATHWAY --missing drop -m "p53"
      grn diff v0..HEAD
    """
    click.echo(ctx.get_help())


def main(arguments: Sequence[str] | None = None) -> None:
    """Run `grn` and leave with its exit code."""
    prepare_streams()
    if not os.environ.get(options.EPOCH_VARIABLE):
        os.environ.pop(options.EPOCH_VARIABLE, None)  # numpy reads it too, and stumbles over an empty one
    os.environ["MPLBACKEND"] = "agg"  # no figure goes to a screen, and matplotlib stumbles over one it does not know
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    code = errors.run(grn, arguments, options.colour_of_environment())
    if code == errors.INTERRUPTED:
        _leave(code)
    if signal.getsignal(signal.SIGINT) is end:  # all is done; as Python ends, Ctrl-C would kill it
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(code)


def _leave(code: int) -> None:
    """End the process after an interrupt at once: its threads may be minutes from the end of what nobody wants now."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
