"""`grn simulate counts`: counts of genes in modules drawn at random, and the truth beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ....engine.errors import InputError
from ....engine.wording import counted, numbered
from ... import output

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....engine.nmf import SimulatedCounts

MODULES = 5

REGIMES = {"deep": (1_000.0, 0.0), "nb": (1_000.0, 0.05), "hard": (100.0, 0.3), "shallow": (3.0, 0.0)}
"""Depth and overdispersion of the data that the analyses were compared on."""

ENDINGS = (".tsv", ".csv")

TRUTH = ("gene", "module", "second_module", "minor_share")


@click.command("counts")
@click.option(
    "--genes",
    type=click.IntRange(2, 1_000_000),
    default=100,
    show_default=True,
    metavar="P",
    help="Number of genes, named G001 and so on.",
)
@click.option(
    "--samples",
    type=click.IntRange(3, 1_000_000),
    default=60,
    show_default=True,
    metavar="N",
    help="Number of samples, named S01 and so on.",
)
@click.option(
    "--modules",
    type=click.IntRange(min=1),
    metavar="R",
    help="Number of modules; by default 5, or as many as --sizes has.",
)
@click.option("--sizes", metavar="A,B,...", help="Shares of the genes that the modules have; equal by default.")
@click.option(
    "--moonlighting",
    type=click.IntRange(min=0),
    default=3,
    show_default=True,
    metavar="G",
    help="Number of genes in two modules.",
)
@click.option(
    "--regime",
    type=click.Choice(list(REGIMES)),
    default="deep",
    show_default=True,
    help="Depth 1000, Poisson; 1000 with α .05; 100 with α .3; or 3, Poisson.",
)
@click.option(
    "--depth",
    type=float,
    metavar="MEAN",
    help="Expected counts of a gene in a sample, on average; by default that of the regime.",
)
@click.option(
    "--overdispersion",
    type=float,
    metavar="ALPHA",
    help="α of the variance μ + α μ² (negative binomial), Poisson at 0; by default that of the regime.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=42, show_default=True, help="Seed of the random numbers."
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE.tsv",
    help="The counts, .tsv or .csv; the truth goes to FILE.truth.tsv.",
)
def command(
    genes: int,
    samples: int,
    modules: int | None,
    sizes: str | None,
    moonlighting: int,
    regime: str,
    depth: float | None,
    overdispersion: float | None,
    seed: int,
    target: Path,
) -> None:
    """Simulate counts of genes in modules, some of them in two, and write them and the truth.

    Counts have the mean depth × P × (W H): how a module spreads over its genes (W), and a sample over the modules (H),
    is Dirichlet. The truth is, of each gene, the module with its largest share; of a gene in two, the other and its
    share. The same seed gives the same bytes with the same NumPy.

    \b
    Example:
      grn simulate counts -o counts.tsv
      grn simulate counts --genes 103 --sizes 20,20,20,43 --regime hard --seed 7 -o hard.tsv
      grn nmf --input counts.tsv --rank 3:7
    """
    from ....engine.nmf import simulate_counts
    from ....formats.files.writing import row_writer

    if target.suffix.lower() not in ENDINGS:
        raise InputError(f"Counts are written to *.tsv or *.csv, and {target} has another ending.")
    shares = None if sizes is None else _shares(sizes)
    usual_depth, usual_overdispersion = REGIMES[regime]
    depth = usual_depth if depth is None else depth
    overdispersion = usual_overdispersion if overdispersion is None else overdispersion
    modules = (MODULES if shares is None else len(shares)) if modules is None else modules
    drawn = simulate_counts(
        genes, samples, modules, depth=depth, moonlighting=moonlighting, sizes=shares, overdispersion=overdispersion,
        seed=seed,
    )  # fmt: skip
    names = numbered("G", genes)
    rows = zip(names, drawn.counts.astype(int).tolist(), strict=True)
    delimiter = "," if target.suffix.lower() == ".csv" else "\t"
    with row_writer(target, ("gene", *numbered("S", samples)), delimiter=delimiter) as write:
        write((name, *counts) for name, counts in rows)
    noise = f"α {overdispersion:g}" if overdispersion else "Poisson"
    size = f"{counted(genes, 'gene')} in {counted(samples, 'sample')}"
    output.note(f"{target}: {size}, depth {depth:,g}, {noise}, seed {seed}.")
    beside = target.with_suffix(".truth.tsv")
    with row_writer(beside, TRUTH) as write:
        write(_truth_rows(drawn, names))
    twice = counted(int((drawn.second >= 0).sum()), "gene")
    output.note(f"{beside}: the truth, {counted(modules, 'module')}, {twice} in two.")


def _shares(text: str) -> list[float]:
    """Return the numbers of a list with commas.

    Raises
    ------
    InputError
        One of them is no number.
    """
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(f"--sizes {text!r} is not a list of numbers.", hint="Write --sizes 20,20,20,43.") from None


def _truth_rows(drawn: SimulatedCounts, names: Sequence[str]) -> Iterator[list[object]]:
    """Return the main module of each gene, from 1, and the other one with its share where there is one."""
    columns = (names, drawn.main.tolist(), drawn.second.tolist(), drawn.minor.tolist())
    for name, main, second, share in zip(*columns, strict=True):
        yield [name, main + 1, *((None, None) if second < 0 else (second + 1, share))]
