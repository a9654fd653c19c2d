"""`grn simulate study`: a small study of two groups from a known network, and the truth beside it."""

from __future__ import annotations

from pathlib import Path

import click

from ....engine.errors import Conflict
from ... import output


@click.command("study")
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=42, show_default=True, help="Of the random numbers.")
def command(folder: Path, seed: int) -> None:
    """Make a small study of two groups, and write it and the truth to a new folder.

    1,500 human genes in 60 samples, 30 of them treated, in three batches; gene sets and regulons, as incomplete and as
    wrong as such lists are; a signal from other samples; and below `truth` what all of it was drawn from. README.txt
    says what each file is. The same seed gives the same bytes.

    \b
    Example:
      grn simulate study study
      grn init study.grn --expression study/expression.tsv --counts --min-detected 0.2
      grn commit study/regulons.tsv --only TP53 --missing drop -m "TP53 targets"
    """
    from ....engine.simulation import simulate_study
    from ....formats.simulated.gene_programs import RESPONSES, gene_programs
    from ....formats.simulated.study_files import write_study

    if folder.exists():
        raise Conflict(f"{folder} exists already.", hint="Choose another name, or remove it first.")
    programs = gene_programs()
    genes = [gene for program in programs for gene in program.genes]
    responses = {genes.index(gene): response for gene, response in RESPONSES.items()}
    study = simulate_study([len(program.genes) for program in programs], responses, seed=seed)
    (folder / "truth").mkdir(parents=True)
    write_study(folder, study, genes, [program.name for program in programs], RESPONSES)
    size = f"{len(genes):,} genes in {study.counts.shape[1]} samples"
    output.note(f"{folder}: {size}, {len(programs)} gene sets, seed {seed}; README.txt says what each file is.")
