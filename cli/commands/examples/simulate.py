"""`grn simulate`: a factor model and pathways drawn at random, for trying and for tests."""

from __future__ import annotations

from pathlib import Path

import click

from ....engine.wording import counted, numbered
from ... import output
from ...lazy_group import LazyGroup

WORKED_PATHWAYS = ("p53", "NF-kB", "Wnt/beta-catenin", "MAPK", "JAK-STAT")
"""The pathways of the worked example in docs/mathematics.md."""


@click.command(
    "simulate",
    cls=LazyGroup,
    sections={
        "Commands": {
            "study": "Simulate a small study of two groups, with gene sets, regulons and a signal.",
            "counts": "Simulate counts of genes in modules, and write the true modules.",
        }
    },
)
@click.option(
    "--genes",
    type=click.IntRange(min=2, max=1_000_000),
    default=500,
    show_default=True,
    metavar="P",
    help="Number of genes, named G001 and so on.",
)
@click.option(
    "--factors",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="K",
    help="Number of factors of the base.",
)
@click.option("--scale", type=float, default=0.1, show_default=True, help="SD of the base's loadings.")
@click.option("--noise", type=(float, float), default=(0.01, 0.05), show_default=True, help="Range of noise variances.")
@click.option(
    "--pathways", type=click.IntRange(min=0), default=5, show_default=True, metavar="D", help="Number of pathways."
)
@click.option("--pathway-scale", type=float, default=0.05, show_default=True, help="SD of the pathways' loadings.")
@click.option(
    "--seed",
    type=click.IntRange(min=0, max=2**32 - 1),
    default=42,
    show_default=True,
    help="Seed of the random numbers.",
)
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE.npz",
    help="The factor model; the pathways go to FILE.pathways.npz.",
)
def command(
    genes: int,
    factors: int,
    scale: float,
    noise: tuple[float, float],
    pathways: int,
    pathway_scale: float,
    seed: int,
    target: Path,
) -> None:
    """Simulate a factor model and pathways with normal loadings, and write both as npz.

    The same seed gives the same bits.

    \b
    Example:
      grn simulate --genes 500 --factors 10 --seed 42 -o model.npz
      grn init model.grn --factor-model model.npz
      grn commit model.pathways.npz
    """
    import numpy as np

    from ....engine.estimation.factor_model import simulate_factor_model, simulate_pathways
    from ....formats.models.factor_models import write_factor_model, write_loadings

    # NumPy's legacy generator: its stream is frozen for ever (NEP 19), and the worked example is drawn from it.
    stream = np.random.RandomState(seed)
    names = numbered("G", genes)
    model = simulate_factor_model(genes, factors, seed=stream, scale=scale, noise=noise)
    write_factor_model(target, model, names)
    output.note(f"{target}: {counted(genes, 'gene')}, {counted(factors, 'factor')}, seed {seed}.")
    if pathways:
        beside = target.with_suffix(".pathways.npz")
        labels = [*WORKED_PATHWAYS, *(f"pathway{number}" for number in range(6, pathways + 1))][:pathways]
        write_loadings(beside, simulate_pathways(genes, pathways, seed=stream, scale=pathway_scale), names, labels)
        output.note(f"{beside}: {counted(pathways, 'pathway')}, in units of the expression (raw).")
