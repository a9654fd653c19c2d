"""Options that say how a base is made: which source it has, how expression is read, and how it is estimated."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from ..engine.choices import DecimalMark, Duplicates, DuplicateSamples, GenesIn, Scale, Transform
from ..engine.estimation.estimators import ESTIMATORS, WITH_FACTORS, WITH_INTENSITY
from ..formats.readers import list_formats
from . import options

Command = TypeVar("Command", bound=Callable[..., Any])

*CAPTIONS, LAST_CAPTION = (estimator.caption for estimator in ESTIMATORS.values())

_OPTIONS = (
    click.option(
        "--covariance", type=click.Path(), metavar="FILE", help=f"A covariance: {list_formats('covariances')}."
    ),
    click.option(
        "--factor-model",
        type=click.Path(),
        metavar="FILE",
        help=f"Loadings B: {list_formats('factor models')}, or a table.",
    ),
    click.option("--noise", type=click.Path(), metavar="FILE", help="Noise variances, with a table of loadings."),
    click.option(
        "--factor-covariance", type=click.Path(), metavar="FILE", help="Factor covariance F, with a table of loadings."
    ),
    click.option(
        "--estimator",
        type=click.Choice(list(ESTIMATORS)),
        default="shrinkage",
        show_default=True,
        help=f"How the covariance is estimated: {', '.join(CAPTIONS)}, or {LAST_CAPTION}.",
    ),
    click.option(
        "--intensity",
        type=options.INTENSITY,
        metavar="HOW",
        help=f"λ for {WITH_INTENSITY}: held-out (samples held out are predicted best), analytic (the formula of "
        "Schäfer and Strimmer), or a number from 0 to 1.  [held-out]",
    ),
    click.option(
        "--groups",
        metavar="WHICH",
        help="Samples that are not independent, to be held out together: a column that describes samples, a FILE of "
        "samples and groups, names (wt_1 and wt_2 are replicates) or none.",
    ),
    click.option(
        "--within",
        metavar="COLUMN",
        help="Remove the means of categories of samples, such as donor, batch or cell type: a column that describes "
        "samples, or a FILE of samples and categories.",
    ),
    click.option(
        "--covariates",
        type=click.Path(),
        metavar="FILE",
        help="Remove covariates by least squares: a table of samples and covariates; text means categories.",
    ),
    click.option(
        "--remove-pcs",
        type=options.COMPONENTS,
        default=0,
        metavar="K",
        help="Remove the first K principal components of what these leave; auto removes those that stand out.",
    ),
    click.option(
        "--factors", type=int, metavar="K", help=f"Number of factors for {WITH_FACTORS}; chosen when not given."
    ),
    click.option(
        "--counts",
        is_flag=True,
        help="The values are counts: scale samples to the median library size, then log1p by default.",
    ),
    click.option(
        "--floor", type=float, metavar="VALUE", help="Raise smaller values to this value, before the transform."
    ),
    click.option(
        "--transform",
        type=click.Choice(get_args(Transform)),
        help="Applied to every value after the floor.  [none; log1p with --counts]",
    ),
    click.option(
        "--scale",
        type=click.Choice(get_args(Scale)),
        default="auto",
        show_default=True,
        help="What the values are: counts or intensities (linear), or logarithms. By default no logarithm is taken "
        "twice.",
    ),
    click.option(
        "--duplicates",
        type=click.Choice(get_args(Duplicates)),
        default="error",
        show_default=True,
        help="Rows that name one gene: refuse them, or use the most variable, the mean, the first or (counts) the sum.",
    ),
    click.option(
        "--duplicate-samples",
        type=click.Choice(get_args(DuplicateSamples)),
        default="error",
        show_default=True,
        help="Columns that name one sample: refuse them, use the first or the mean, or number the names.",
    ),
    click.option(
        "--alias",
        type=click.Path(),
        metavar="FILE",
        help="Other names of genes, replaced first: two columns, name and gene.",
    ),
    click.option("--samples", type=click.Path(), metavar="FILE", help="Estimate from these samples, one per line."),
    click.option(
        "--genes-in",
        type=click.Choice(get_args(GenesIn)),
        default="auto",
        show_default=True,
        help="Where the file has its genes; by default detected and reported.",
    ),
    click.option("--header/--no-header", default=None, help="Whether a table has a header; by default detected."),
    click.option(
        "--decimal",
        type=click.Choice(get_args(DecimalMark)),
        default="auto",
        show_default=True,
        help="The sign before the decimals of a table; by default detected.",
    ),
    click.option(
        "--layer", metavar="NAME", help="For an h5ad or loom file: read this layer; X (matrix) insists on that."
    ),
    click.option("--raw", is_flag=True, help="For an h5ad file: read raw/X."),
    click.option("--gene-names", type=click.Path(), metavar="FILE", help="For an mtx file: its genes, one per line."),
    click.option(
        "--gene-column",
        metavar="NAME",
        help="The column that names the genes: of a table, var (h5ad), row_attrs (loom) or features (10x).",
    ),
    click.option(
        "--where",
        multiple=True,
        metavar="COLUMN=VALUE",
        help="Use samples that have this in obs (h5ad), col_attrs (loom) or the table of samples; may be repeated.",
    ),
    click.option(
        "--sample-table",
        type=click.Path(),
        metavar="FILE",
        help="For a table: another table that describes its samples, one a row, for --where, --groups and --within.",
    ),
    click.option("--sheet", metavar="NAME", help="For an xlsx workbook: the sheet to read."),
    click.option(
        "--columns",
        multiple=True,
        metavar="PATTERN",
        help="For a table: read the columns with such titles, such as 'counts.*', as they are; may be repeated.",
    ),
    click.option(
        "--skip-columns",
        multiple=True,
        metavar="PATTERN",
        help="For a table: leave out the columns with such titles; may be repeated.",
    ),
    click.option(
        "--keep-expression/--no-keep-expression",
        default=None,
        help="Whether to keep the values read with the base; by default up to 256 MB are kept.",
    ),
    click.option("--ridge", type=float, default=0.0, metavar="VALUE", help="Add to the diagonal of a covariance."),
)


def base_options(command: Command) -> Command:
    """Give a command the options that say how a base is made, but for those that choose the genes of a panel."""
    return functools.reduce(lambda inner, option: option(inner), reversed(_OPTIONS), command)


def base_arguments(
    *, genes: str | None, samples: str | None, counts: bool, transform: Transform | None
) -> dict[str, Any]:
    """Return what these options mean to `init` and `set_base`; all others are as they stand."""
    from ..formats.traits.id_lists import read_ids

    return {
        "genes": None if genes is None else read_ids(Path(genes)),
        "samples": None if samples is None else read_ids(Path(samples)),
        "counts": counts,
        "transform": transform or ("log1p" if counts else "none"),
    }
