"""`grn factors`: what each active pathway does to an edge, or to a gene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import nouns, options, output
from ...answers.answer import ROWS, Answer, Note
from ...answers.versions import identity

if TYPE_CHECKING:
    from ....engine.network.attribution import Contribution
    from ....storage.history.versions import ActivePathway
    from ....storage.repository import Repository

TITLES = {
    "pathway": "pathway", "since": "since", "partner": "with", "rho": "ρ", "rho_without": "ρ without", "delta": "Δρ",
    "mean_abs_delta": "mean |Δρ|",
}  # fmt: skip
"""Of each column, its title for people; the last is of all partners of a gene, and not of a pair."""


@click.command("factors")
@click.argument("gene", type=nouns.GENE)
@click.argument("partner", type=nouns.GENE, required=False, metavar="[GENE]")
@options.at
@options.forms
@options.repository
def command(repo: Repository, *, gene: str, partner: str | None, at: str) -> Answer:
    """Show how each active pathway changes ρ of two genes, or of a gene with all others.

    The change is ρ of the version minus ρ of the version without the pathway; for one gene, the partner that it
    changes most, and the mean of |Δρ| over all partners.

    \b
    Example:
      grn factors TP53 MDM2
      grn factors TP53 --at v2
    """
    import numpy as np

    from ....engine.network.attribution import contributions

    options.check_pair(gene, partner)
    version = repo.version(at)
    snapshot = repo.snapshot(version.name, from_base=True)
    index = int(snapshot.panel.locate(gene)[0])
    everybody = np.arange(len(snapshot.panel))
    others = np.setdiff1d(everybody, [index]) if partner is None else snapshot.panel.locate(partner)
    genes = snapshot.panel.names(others)
    pairs = zip(repo.active(version.name), contributions(snapshot, gene, others), strict=True)
    last = None if partner is None else -1
    rows = [_row(active, contribution, genes)[:last] for active, contribution in pairs]
    rows.sort(key=lambda row: -abs(float(row[5])))
    columns = list(TITLES)[:last] if rows else list(TITLES)[:-1]
    return Answer(
        columns=columns,
        rows=rows,
        json=lambda: {**identity(version), "gene": gene, "partner": partner, "factors": ROWS},
        text=lambda: output.table([TITLES[name] for name in columns], rows) if rows else None,
        notes=[] if rows else [Note(f"No pathway is active in {version.name}: {gene} is as in the base.")],
    )


def _row(active: ActivePathway, contribution: Contribution, genes: list[str]) -> tuple[str | float, ...]:
    import numpy as np

    size = np.abs(contribution.delta)
    most = 0 if np.all(np.isnan(size)) else int(np.nanargmax(size))
    numbers = (contribution.rho[most], contribution.rho_without[most], contribution.delta[most], np.mean(size))
    return (active.label, active.since, genes[most], *map(float, numbers))
