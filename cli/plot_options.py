"""The options of figures, by the keyword of the function that makes the value; the registry says who has which."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import click

from ..engine.choices import LoadingPart
from . import lmm_options, nouns, options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from click.shell_completion import CompletionItem

    from ..analysis.lmm.model import StoreModel
    from ..engine.choices import Method
    from ..storage.repository import Repository
    from .answers.answer import Note


@dataclass(frozen=True, slots=True)
class PlotOption:
    """An option of figures: the decorator that adds it, and what an example in a help text has of it."""

    add: Callable[[Any], Any]
    example: str = ""


class _Genes(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """Genes: names between commas, or a file of them after an @."""

    name = "genes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        del param, ctx
        return cast("tuple[str, ...]", value) if isinstance(value, tuple) else tuple(options.read_names(value))

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the genes that begin as the last one does."""
        return nouns.GENES_OR_FILE.shell_complete(ctx, param, incomplete)


class _Numbers(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """Numbers between commas."""

    name = "numbers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return cast("tuple[float, ...]", value)
        try:
            return tuple(float(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not a list of numbers, such as .1,1,10.", param, ctx)


@dataclass(frozen=True, slots=True)
class ModelReader:
    """What reads the model that the options of `grn lmm fit` name; `notes` then has what is to be said of it."""

    inputs: lmm_options.SignalOptions
    method: Method
    notes: list[Note]

    def __call__(self, repo: Repository, rev: str) -> tuple[StoreModel, Method]:
        """Return the model of a version, and the likelihood to maximise."""
        lmm_options.check_no_same_samples(self.inputs, "plot h2")
        signal = self.inputs.signal(repo, rev)
        store_model, notes = lmm_options.match_model(repo, rev, self.inputs, signal, self.method)
        self.notes.extend(notes)
        return store_model, self.method


def _signal_model(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of `grn lmm fit` that name a model; the command gets what reads it as `model`."""

    @lmm_options.signal_and_kernel
    @lmm_options.method
    @functools.wraps(command)
    def wrapped(*positional: Any, inputs: lmm_options.SignalOptions, method: Method, **arguments: Any) -> Any:
        return command(*positional, model=ModelReader(inputs, method, []), **arguments)

    return wrapped


OPTIONS: dict[str, PlotOption] = {
    # matrices
    "part": PlotOption(
        click.option(
            "--part",
            type=click.Choice(get_args(LoadingPart)),
            default="all",
            show_default=True,
            help="The columns: factors of the base, active pathways, or both.",
        )
    ),
    "genes": PlotOption(
        click.option("--genes", type=_Genes(), metavar="A,B,...", help="These genes, or a file of them after @.")
    ),
    "pathway": PlotOption(
        click.option("--pathway", type=nouns.PATHWAY, metavar="NAME", help="The genes of an active pathway.")
    ),
    "most": PlotOption(
        click.option(
            "--top",
            "most",
            type=click.IntRange(min=1),
            metavar="N",
            help="At most N genes, 400 or fewer: those of the strongest edges, or with the largest loadings.",
        )
    ),
    # distributions
    "threshold": PlotOption(click.option("--threshold", type=float, metavar="RHO", help="The cut of |ρ|.")),
    "edges": PlotOption(
        click.option(
            "--top",
            "edges",
            type=int,
            metavar="N",
            help="The cut that N pairs of A are beyond; by default as many as there are genes.",
        )
    ),
    "analysis": PlotOption(
        click.option("--analysis", metavar="ID", help="An analysis of `grn nmf list`; the newest of REV by default.")
    ),
    "alpha": PlotOption(
        click.option(
            "--alpha",
            type=_Numbers(),
            default=".1,1,10",
            show_default=True,
            metavar="A,B,...",
            help="Concentrations, 1 to 6 of them.",
        ),
        "--alpha .1,1,10",
    ),
    "modules": PlotOption(
        click.option(
            "--modules", type=click.IntRange(2, 1000), default=4, show_default=True, metavar="R", help="Modules."
        )
    ),
    "seed": PlotOption(
        click.option(
            "--seed",
            type=click.IntRange(0, 2**32 - 1),
            default=42,
            show_default=True,
            help="Seed of the random numbers.",
        )
    ),
    # comparisons
    "rank_by": PlotOption(options.rank_by),
    "top": PlotOption(click.option("--top", type=click.IntRange(min=1), metavar="N", help="Draw the N strongest.")),
    # networks
    "pathways": PlotOption(
        click.option(
            "--pathway",
            "pathways",
            type=nouns.PATHWAY,
            multiple=True,
            metavar="NAME",
            help="A pathway in the middle; again for more.",
        ),
    ),
    # history
    "newest": PlotOption(
        click.option(
            "-n", "--number", "newest", type=click.IntRange(1, 400), metavar="N", help="Draw the N newest.  [60]"
        )
    ),
    "pair": PlotOption(
        click.option("--pair", type=nouns.GENE, nargs=2, required=True, metavar="A B", help="The two genes."),
        "--pair TP53 MDM2",
    ),
    # pathways
    "decoys": PlotOption(
        click.option(
            "--decoys", type=click.IntRange(0, 1_000), default=20, show_default=True, help="Decoys of each pathway."
        )
    ),
    "decoy_seed": PlotOption(
        click.option(
            "--seed",
            "decoy_seed",
            type=click.IntRange(0, 2**32 - 1),
            default=0,
            show_default=True,
            help="Seed of the decoys.",
        )
    ),
    "linked_pathway": PlotOption(
        click.option(
            "--pathway",
            "linked_pathway",
            type=nouns.PATHWAY,
            metavar="NAME",
            help="Which pathway, where several are active.",
        )
    ),
    # signals
    "model": PlotOption(_signal_model, "--pheno z.tsv"),
    "most_sets": PlotOption(
        click.option(
            "--top", "most_sets", type=click.IntRange(1, 200), metavar="N", help="Draw the N of least p.  [40]"
        )
    ),
}
"""The option of each keyword of the functions in `analysis/pictures`."""


class _Size(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """Width and height in inches: 6.4x4.8."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        if isinstance(value, tuple):
            return cast("tuple[float, float]", value)
        try:
            width, height = (float(part) for part in value.lower().replace("×", "x").split("x"))
        except ValueError:
            width = height = 0.0
        if not (1 <= width <= 100 and 1 <= height <= 100):
            self.fail(f"{value!r} is no width and height of 1 to 100 inches, such as 6.4x4.8.", param, ctx)
        return width, height


def file_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options on the file that is written."""
    dpi = click.FloatRange(30, 1200)
    file = click.Path(path_type=Path, dir_okay=False)
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Describe what was written as JSON, schema 1."),
        click.option(
            "--dpi",
            type=dpi,
            callback=options.check_finite,
            default=150.0,
            show_default=True,
            help="Dots an inch, of a PNG.",
        ),
        click.option("--size", type=_Size(), metavar="WxH", help="Width and height in inches."),
        click.option(
            "-o", "--output", "target", required=True, type=file, metavar="FILE", help="*.png, *.svg or *.pdf."
        ),
    ):
        command = option(command)
    return command


def value_options(command: Callable[..., Any], names: Iterable[str]) -> Callable[..., Any]:
    """Add the options of keywords."""
    for name in reversed(list(names)):
        command = OPTIONS[name].add(command)
    return command


def example_of(names: Iterable[str]) -> str:
    """Return what an example has of the options of keywords, with a space before each."""
    return "".join(f" {OPTIONS[name].example}" for name in names if OPTIONS[name].example)
