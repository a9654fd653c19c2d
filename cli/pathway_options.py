"""Options of a file of pathways: how its sets, regulons or loadings are read and matched to the panel."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from ..engine.choices import Missing, Normalize, Units, UnknownSign
from ..engine.wording import counted
from ..formats.readers import READERS, list_formats
from . import output
from .answers.answer import EVERY_FORM, Note

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..engine.network.panel import Panel
    from ..engine.network.pathway import Pathway
    from ..formats.pathways.pathways import PathwayFile


FIT = "fit"
"""The strength of a command that can choose it."""


class Strength(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """A number, or `FIT`."""

    name = "strength"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        """Return the number, or `FIT`."""
        if value == FIT:
            return FIT
        try:
            return float(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number nor {FIT}.", param, ctx)


def reading(*, missing: Missing, can_fit: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what adds the options by which a file of pathways is read; a command hands them on to `read`.

    Parameters
    ----------
    missing : {"error", "drop"}
        What becomes of genes that are not on the panel, by default.
    can_fit : bool
        Whether the command can choose strengths.
    """
    strength = "Loading of a set's genes, in standard deviations.  [0.1]"
    options = (
        click.option(
            "--strength",
            type=Strength() if can_fit else float,
            metavar=f"S|{FIT}" if can_fit else "S",
            help=f"{strength} `{FIT}` chooses a factor of all loadings, 0 among them." if can_fit else strength,
        ),
        click.option("--units", type=click.Choice(get_args(Units)), help="Units of a loading table.  [raw]"),
        click.option(
            "--missing",
            type=click.Choice(get_args(Missing)),
            default=missing,
            show_default=True,
            help="Genes that are not on the panel: refuse, or leave out and record.",
        ),
        click.option(
            "--alias",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Other names of genes: two columns, name and gene.",
        ),
        click.option(
            "--pathway-covariance",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Covariance F of the columns of a loading table.",
        ),
        click.option(
            "--format",
            "kind",
            type=click.Choice(["auto", *READERS["pathways"]]),
            default="auto",
            show_default=True,
            help=f"Kind of the file. {list_formats('pathways', '; ', '; ')}.",
        ),
        click.option(
            "--normalize",
            type=click.Choice(get_args(Normalize)),
            default="none",
            show_default=True,
            help="Scale the weights of each pathway: to a sum of squares of 1, to a largest of 1, or to ranks.",
        ),
        click.option("--allow-large", is_flag=True, help="Allow loadings of more than one standard deviation."),
        click.option(
            "--unknown-sign",
            type=click.Choice(get_args(UnknownSign)),
            default="error",
            show_default=True,
            help="Pairs of a regulon whose sign is not known: refuse, leave out, or take as activation.",
        ),
        click.option(
            "--sign-column", metavar="TITLE", help="The column of signs of a regulon table; `none` reads no sign."
        ),
        click.option(
            "--weight-column", metavar="TITLE", help="The column of weights; with `none` every target has the weight 1."
        ),
        click.option(
            "--source-column",
            metavar="TITLE",
            help="The column of regulators; its number, where no column has a title.",
        ),
        click.option("--set-column", metavar="TITLE", help="The column of names of sets, clusters or modules."),
        click.option("--gene-column", metavar="TITLE", help="The column of targets, or of the genes of sets."),
        click.option(
            "--descriptions/--no-descriptions",
            default=None,
            help="Whether the second field of a set in GMT or GMX is a description, or the first gene.",
        ),
        click.option("--sheet", metavar="NAME", help="The sheet of a workbook."),
        click.option(
            "--min-genes", type=int, default=0, metavar="N", help="Leave out sets of fewer genes on the panel."
        ),
    )

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        return functools.reduce(lambda wrapped, option: option(wrapped), reversed(options), command)

    return add


def read(file: Path, panel: Panel, *, alias: Path | None, **options: Any) -> PathwayFile:
    """Return the pathways of a file on a panel, by the options of `reading` and whatever else `read_pathways` has."""
    from ..formats.pathways.pathways import read_pathways

    aliases = None
    if alias is not None:
        from ..formats.genes.aliases import read_aliases

        aliases = read_aliases(alias)
    return read_pathways(file, panel, aliases=aliases, **options)


def read_uncommitted(
    file: Path, panel: Panel, *, name: str | None = None, **options: Any
) -> tuple[list[Pathway], list[Note]]:
    """Return the pathways of a file that need not be committed, and notes on how it was read.

    Genes that are not on the panel are counted, those of the pathway of one name alone where it is given.
    """
    pathways = read(file, panel, **options)
    notes = [Note(output.sentence(note), EVERY_FORM) for note in pathways.notes]
    missing = sum(len(genes) for pathway, genes in pathways.dropped.items() if name in (None, pathway))
    if missing:
        notes.append(Note(f"{counted(missing, 'gene')} of {name or file.name} not on the panel left out.", EVERY_FORM))
    return list(pathways.pathways), notes


def refuse_without_file(context: click.Context, file: Path | None, option: str, *, but: tuple[str, ...] = ()) -> None:
    """Refuse the options of `reading` where no file is read, unless a command has other use for them.

    Raises
    ------
    click.UsageError
        One of them was given.
    """
    if file is not None:
        return
    probe = reading(missing="error")(lambda: None)
    for parameter in getattr(probe, "__click_params__", []):
        given = context.get_parameter_source(parameter.name) == click.core.ParameterSource.COMMANDLINE
        if given and parameter.name not in but:
            raise click.UsageError(f"{parameter.opts[0]} says how a file is read: name one with {option}.")
