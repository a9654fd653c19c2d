"""`grn edges`: the strongest edges of a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from ....engine.errors import InputError
from ... import nouns, options, output
from ...answers import edges as answers
from ...answers.answer import ROWS, Answer
from ...answers.versions import identity

if TYPE_CHECKING:
    from ....analysis.chance import Progress
    from ....analysis.ranking import Ranking
    from ....engine.choices import RankBy
    from ....engine.network.edges import Edges
    from ....storage.repository import Repository

PARTNERS = 20
"""Edges of one gene that are listed where no rule is given."""


@click.command("edges")
@options.at
@options.edge_rules
@click.option(
    "--fdr", type=float, metavar="Q", help="Edges are the pairs that can be told from chance: q of at most this."
)
@click.option("--gene", type=nouns.GENE, metavar="GENE", help="List the N strongest edges of one gene; 20 by default.")
@click.option("--genes", type=nouns.GENES, metavar="A,B,…", help="List all pairs among some genes.")
@options.rank_by
@click.option(
    "--halves",
    type=click.IntRange(min=1),
    metavar="R",
    help="Split the samples into halves R times, and say how many of the N strongest edges both halves share.",
)
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
    from ....analysis.chance import evidence_if_any
    from ....analysis.ranking import ranking_of
    from ....analysis.recurrence import shared_between_halves

    version = repo.version(at)
    ranking = ranking_of(repo.base(version.name), rank_by, threshold=threshold)
    choice = _Choice(threshold, top, fdr, gene, options.names_in(genes))
    with output.waiting("scanning") as progress:
        listed = _listed(repo, version.name, ranking, choice, progress)
    with output.waiting("testing") as progress:
        evidence = evidence_if_any(repo, version.name, listed.pairs, progress=progress)
    shares = None
    if halves is not None:
        if listed.edge_rule.rule != "top" or gene is not None:
            raise InputError("Halves of the samples are compared by their N strongest edges.", hint="Give --top N.")
        with output.waiting("splitting") as progress:
            count = int(listed.edge_rule.value)
            shares = shared_between_halves(repo, version.name, ranking, count, halves, progress=progress)
    where = f"of {version.name}" if gene is None else f"of {gene} in {version.name}"
    columns, rows = answers.extra_columns(ranking, evidence), answers.with_extras(listed, ranking, evidence)
    return Answer(
        columns=("gene_a", "gene_b", "rho", *columns),
        rows=rows,
        json=lambda: {
            **identity(version),
            **answers.rule_json(listed.edge_rule, listed.threshold, ranking),
            **({} if shares is None else {"halves": {"splits": len(shares), "shared": float(shares.mean())}}),
            "count": len(listed),
            "edges": ROWS,
        },
        text=lambda: output.table(("gene a", "gene b", "ρ", *columns), rows) if len(listed) else None,
        paged=True,
        notes=[
            *answers.rule_notes(listed, where, ranking),
            *answers.evidence_notes(listed, evidence),
            *answers.halves_notes(listed, shares),
        ],
    )


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which edges are listed: by at most one of these."""

    threshold: float | None
    top: int | None
    fdr: float | None
    gene: str | None
    genes: tuple[str, ...]

    def check(self) -> None:
        """Refuse options that choose edges in two ways."""
        ways = {
            "--threshold": self.threshold is not None,
            "--top": self.top is not None and self.gene is None,
            "--fdr": self.fdr is not None,
            "--gene": self.gene is not None and self.threshold is None,
            "--genes": bool(self.genes),
        }
        if sum(ways.values()) > 1:
            named = " and ".join(option for option, is_given in ways.items() if is_given)
            raise InputError(f"{named} choose edges in different ways.", hint="Give one of them.")


def _listed(repo: Repository, name: str, ranking: Ranking, choice: _Choice, progress: Progress | None) -> Edges:
    """Return the edges that are listed."""
    import numpy as np

    from ....analysis.chance import pair_tests
    from ....engine.network.edges import EdgeRule, edges, edges_of_pairs, neighbors

    choice.check()
    precision = repo.snapshot(name).precision
    measure = ranking.measure(lambda penalty: repo.snapshot(name, penalty=penalty), progress)
    if choice.fdr is not None:
        rule = EdgeRule("fdr", choice.fdr)
        pairs = pair_tests(repo, name, progress=progress).called(choice.fdr)
        return edges_of_pairs(precision, pairs, rule, ranked_by=measure)
    if choice.genes:
        chosen = np.unique(repo.panel.locate(list(choice.genes)))
        pairs = chosen[np.stack(np.triu_indices(len(chosen), 1), axis=1)]
        return edges_of_pairs(precision, pairs, EdgeRule("genes", len(chosen)), ranked_by=measure)
    if choice.gene is not None:
        rule = options.edge_rule(choice.threshold, choice.top, PARTNERS)
        partners = neighbors(precision, choice.gene, rule, ranked_by=measure).partners
        index = repo.panel.index(choice.gene)
        pairs = np.sort(np.stack([np.full(len(partners), index), partners], axis=1), axis=1)
        return edges_of_pairs(precision, pairs, rule, ranked_by=measure)
    rule = options.edge_rule(choice.threshold, choice.top, len(repo.panel))
    return edges(precision, rule, ranked_by=measure, progress=progress)
