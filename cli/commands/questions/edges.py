"""`grn edges`: the strongest edges of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ....engine.errors import InputError
from ... import edge_options, nouns, options, output, scheduler_options
from ...answers import edges as answers
from ...answers.answer import ROWS, Answer
from ...answers.versions import identity

if TYPE_CHECKING:
    from ....engine.choices import RankBy
    from ....engine.mapping import Mapper
    from ....storage.repository import Repository


@click.command("edges")
@options.at
@options.edge_rules
@edge_options.fdr
@click.option("--gene", type=nouns.GENE, metavar="GENE", help="List the N strongest edges of one gene; 20 by default.")
@click.option(
    "--genes",
    type=nouns.GENES_OR_FILE,
    metavar="A,B,…",
    help="List all pairs among some genes, or a file of them after @.",
)
@options.rank_by
@click.option(
    "--halves",
    type=click.IntRange(min=1),
    metavar="R",
    help="Split the samples into halves R times, and say how many of the N strongest edges both halves share.",
)
@edge_options.memory
@scheduler_options.scheduler
@options.forms
@options.repository
def command(
    repo: Repository,
    *,
    at: str,
    threshold: float | None,
    top: int | None,
    fdr: float | None,
    gene: str | None,
    genes: str | None,
    rank_by: RankBy | None,
    halves: int | None,
    mapper: Mapper | None,
) -> Answer:
    """List the edges of a version, strongest first: pairs of genes that are correlated given all other genes.

    By default the N strongest, with N the number of genes: with few samples every |ρ| is small, and no fixed
    threshold fits. They are ranked by a score, in which components of pure noise weigh little. The score is no test:
    q is. It is the least false discovery rate at which the samples of the base tell the pair from chance. An edge is
    of the data, of a pathway (prior), or of both.

    \b
    Example:
      grn edges --top 50 --tsv
      grn edges --fdr 0.2
      grn edges --at v1 --threshold 0.15
      grn edges --genes TP53,MDM2,CDKN1A
    """
    from ....analysis.edges.selection import select_edges

    choice = edge_options.edge_choice(threshold=threshold, top=top, fdr=fdr, gene=gene, genes=genes, rank_by=rank_by)
    with output.waiting("scanning") as progress:
        selected = select_edges(repo, at, choice, mapper=mapper, progress=progress)
    version, listed, ranking, evidence = selected.version, selected.edges, selected.ranking, selected.evidence
    shares = None
    if halves is not None:
        if listed.edge_rule.rule != "top" or gene is not None:
            raise InputError("Halves of the samples are compared by their N strongest edges.", hint="Give --top N.")
        from ....analysis.recurrence import shared_between_halves  # with estimators

        with output.waiting("splitting") as progress:
            count = int(listed.edge_rule.value)
            shares = shared_between_halves(repo, version.name, ranking, count, halves, mapper=mapper, progress=progress)
    where = f"of {version.name}" if gene is None else f"of {gene} in {version.name}"
    columns = selected.columns()
    rows = list(zip(*columns.values(), strict=True))
    return Answer(
        columns=list(columns),
        rows=rows,
        json=lambda: {
            **identity(version),
            **answers.rule_json(listed.edge_rule, listed.threshold, ranking),
            **({} if shares is None else {"halves": {"splits": len(shares), "shared": float(shares.mean())}}),
            "count": len(listed),
            "edges": ROWS,
        },
        text=lambda: output.table(("gene a", "gene b", "ρ", *list(columns)[3:]), rows) if len(listed) else None,
        paged=True,
        notes=[
            *answers.rule_notes(listed, where, ranking),
            *answers.evidence_notes(listed, evidence),
            *answers.halves_notes(listed, shares),
        ],
    )
