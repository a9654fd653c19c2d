"""Options that choose edges, and the choice that they make: the same for verbs that list them and that write them."""

from __future__ import annotations

import functools
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..engine.errors import InputError
from ..formats.graphs.writers import GRAPH_FORMATS
from . import nouns, options

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..analysis.edges.selection import EdgeChoice
    from ..engine.choices import RankBy

ENDINGS = ", ".join(format_.ending for format_ in GRAPH_FORMATS.values())
"""The endings of files of graphs, for a help text."""

fdr = click.option(
    "--fdr", type=float, metavar="Q", help="Edges are the pairs that can be told from chance: q of at most this."
)
"""The option that chooses edges by their q."""


class _Size(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """A number of bytes, with a unit."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes of a text such as 2G, 500MiB or 0.5 GB."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([KMGT]?)(i?B)?\s*", value, flags=re.IGNORECASE)
        size = 0.0 if match is None else float(match[1]) * 1024.0 ** " KMGT".index(match[2].upper() or " ")
        if not 1 <= size < math.inf:
            self.fail(f"{value!r} is no size: 2G, 500M or a number of bytes is.", param, ctx)
        return int(size)


def memory(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--memory`, which holds for all that the command does."""

    def limit(ctx: click.Context, parameter: click.Parameter, value: int | None) -> None:  # noqa: ARG001
        from ..engine.memory import memory_limit
        from ..formats.files.limits import process_memory

        if (size := process_memory() if value is None else value) is not None:
            ctx.with_resource(memory_limit(size))

    return click.option(
        "--memory",
        type=_Size(),
        metavar="SIZE",
        expose_value=False,
        callback=limit,
        help="The most memory for arrays of genes and pairs, such as 2G; more is refused.  [what this machine has]",
    )(command)


@dataclass(frozen=True, slots=True)
class GraphFile:
    """A file of edges as a graph, as options name it."""

    path: Path | None
    format: str | None
    all_genes: bool
    threshold: float | None
    top: int | None
    fdr: float | None
    gene: str | None
    rank_by: RankBy | None

    @property
    def named_options(self) -> list[str]:
        """The options that are named, but for that of the file."""
        values = {
            "--format": self.format,
            "--all-genes": self.all_genes or None,
            "--threshold": self.threshold,
            "--top": self.top,
            "--fdr": self.fdr,
            "--gene": self.gene,
            "--rank-by": self.rank_by,
        }
        return [option for option, value in values.items() if value is not None]

    def choice(self, genes: str | None) -> EdgeChoice:
        """Return which edges are written, of these genes where any are named; raises as `edge_choice`."""
        return edge_choice(
            threshold=self.threshold, top=self.top, fdr=self.fdr, gene=self.gene, genes=genes, rank_by=self.rank_by
        )


def graph_file(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command a `GraphFile` as its argument of that name, and the options that describe one."""

    @click.option(
        "--edges",
        "path",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"Write the edges of a version as a graph instead of the store: {ENDINGS}.",
    )
    @click.option(
        "--format",
        "format_",
        type=click.Choice(list(GRAPH_FORMATS)),
        help="The format of --edges, where its ending does not say it.",
    )
    @options.edge_rules
    @fdr
    @click.option(
        "--gene", type=nouns.GENE, metavar="GENE", help="Edges are the N strongest of one gene; 20 by default."
    )
    @options.rank_by
    @click.option("--all-genes", is_flag=True, help="Write genes without an edge too; h5ad and npz always have them.")
    @functools.wraps(command)
    def wrapped(
        *positional: Any,
        path: Path | None,
        format_: str | None,
        all_genes: bool,
        threshold: float | None,
        top: int | None,
        fdr: float | None,
        gene: str | None,
        rank_by: RankBy | None,
        **arguments: Any,
    ) -> Any:
        file = GraphFile(path, format_, all_genes, threshold, top, fdr, gene, rank_by)
        return command(*positional, graph_file=file, **arguments)

    return wrapped


def edge_choice(
    *,
    threshold: float | None,
    top: int | None,
    fdr: float | None,
    gene: str | None,
    genes: str | None,
    rank_by: RankBy | None,
) -> EdgeChoice:
    """Return which edges are chosen; raises as `EdgeChoice` and `names_of_pairs`."""
    from ..analysis.edges.selection import EdgeChoice

    return EdgeChoice(threshold, top, fdr, gene, names_of_pairs(genes), rank_by)


def names_of_pairs(text: str | None) -> tuple[str, ...]:
    """Return two genes or more that are listed with commas, or in a file after an @; none where there is no text.

    Raises
    ------
    InputError
        There are fewer.
    """
    if text is None or not text.startswith("@"):
        return options.names_in(text)
    names = tuple(dict.fromkeys(options.read_names(text)))
    if len(names) < 2:
        raise InputError(f"A pair needs two genes, and {text[1:]} names {len(names)}.", hint="Name one a line.")
    return names
