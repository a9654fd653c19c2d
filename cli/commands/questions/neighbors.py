"""`grn neighbors`: the strongest partners of a gene."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ... import edge_options, nouns, options, output
from ...answers import edges as answers
from ...answers.answer import ROWS, Answer, Note
from ...answers.versions import identity
from ...nmf_options import read_sets

if TYPE_CHECKING:
    from ....engine.choices import RankBy
    from ....engine.network.pairs.edges import Neighbors
    from ....engine.nmf import BestSet
    from ....storage.repository import Repository
    from ...answers.nmf import Sets

PARTNERS = 20
"""Partners listed where no rule is given."""


@click.command("neighbors")
@click.argument("gene", type=nouns.GENE)
@options.at
@options.edge_rules
@options.rank_by
@click.option(
    "--sets",
    "library",
    type=click.Path(path_type=Path),
    metavar="FILE.gmt",
    help="Name the gene set that is most over-represented among the partners listed, against the panel.",
)
@edge_options.memory
@options.forms
@options.repository
def command(
    repo: Repository,
    *,
    gene: str,
    at: str,
    threshold: float | None,
    top: int | None,
    rank_by: RankBy | None,
    library: Path | None,
) -> Answer:
    """List the strongest partners of a gene, given all other genes: 20 of them by default.

    \b
    Example:
      grn neighbors TP53
      grn neighbors TP53 --at v1 --threshold 0.05
      grn neighbors TP53 --top 50 --sets hallmark.gmt
    """
    import numpy as np

    from ....analysis.edges.evidence import evidence_if_any
    from ....analysis.ranking import ranking_of
    from ....engine.network.pairs.edges import neighbors

    version = repo.version(at)
    sets = None if library is None else read_sets(library, tuple(repo.panel.genes))
    rule = options.edge_rule(threshold, top, PARTNERS)
    ranking = ranking_of(repo.base(version.name), rank_by, threshold=threshold)
    measure = ranking.row_measure(lambda penalty: repo.snapshot(version.name, penalty=penalty))
    partners = neighbors(repo.snapshot(version.name).precision, gene, rule, ranked_by=measure)
    index = repo.panel.index(gene)
    pairs = np.stack([np.full(len(partners), index), partners.partners], axis=1)
    with output.waiting("testing") as progress:
        evidence = evidence_if_any(repo, version.name, pairs, progress=progress)
    columns, rows = answers.extra_columns(ranking, evidence), answers.with_extras(partners, ranking, evidence)
    best = None if sets is None else _best_set(partners, sets)
    return Answer(
        columns=("gene", "rho", *columns),
        rows=rows,
        json=lambda: {
            **identity(version),
            "gene": partners.gene,
            **answers.rule_json(partners.edge_rule, partners.threshold, ranking),
            "count": len(partners),
            **({} if library is None else {"best_set": None if best is None else asdict(best)}),
            "neighbors": ROWS,
        },
        text=lambda: output.table(("gene", f"ρ with {partners.gene}", *columns), rows) if len(partners) else None,
        paged=True,
        notes=[
            *answers.rule_notes(partners, f"of {partners.gene} in {version.name}", ranking),
            *answers.evidence_notes(partners, evidence),
            *([] if library is None else [_note(best, len(partners))]),
        ],
    )


def _best_set(partners: Neighbors, sets: Sets) -> BestSet | None:
    """Return the set that is most over-represented among the partners; the gene itself is left out of all."""
    import numpy as np

    from ....engine.nmf import best_sets

    own = partners.panel.index(partners.gene)
    labels = np.full(len(partners.panel), -1, dtype=np.intp)
    labels[partners.partners] = 0
    others = np.arange(len(labels)) != own
    renumbered = np.cumsum(others) - 1
    without = {name: renumbered[genes[genes != own]] for name, genes in sets.items()}
    return best_sets(labels[others], 1, without)[0]


def _note(best: BestSet | None, partners: int) -> Note:
    if best is None:
        return Note("None of these genes is in any set.")
    return Note(
        f"{best.shared} of these {partners:,} are in {best.name}, which has {best.size:,} genes of the panel: the most "
        f"over-represented set (q = {output.number(best.q)} over all sets)."
    )
