"""`grn factors`: what each active pathway does to an edge, or to a gene."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ... import options, output
from ...answers import versions

if TYPE_CHECKING:
    from ....engine.network.attribution import Contribution
    from ....storage.history.versions import ActivePathway
    from ....storage.repository import Repository

TITLES = {"partner": "with", "rho": "ρ", "rho_without": "ρ without", "delta": "Δρ", "mean_abs_delta": "mean |Δρ|"}


@click.command("factors")
@click.argument("gene")
@click.argument("partner", required=False, metavar="[GENE]")
@options.at
@options.forms
@options.repository
def command(repo: Repository, *, gene: str, partner: str | None, at: str, form: str) -> None:
    """Tell what each active pathway does to ρ of two genes, or of a gene with all others.

    That is ρ of the version less ρ of the version without the pathway; for one gene, the partner that it moves most,
    and the mean of |Δρ| over all partners.

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
    place = int(snapshot.panel.locate(gene)[0])
    others = (
        np.setdiff1d(np.arange(len(snapshot.panel)), [place]) if partner is None else snapshot.panel.locate(partner)
    )
    found = contributions(snapshot, gene, others)
    genes = snapshot.panel.names(others)
    rows = [_row(active, one, genes) for active, one in zip(repo.active(version.name), found, strict=True)]
    rows.sort(key=lambda row: -abs(row["delta"]))
    if partner is not None:
        for row in rows:
            del row["mean_abs_delta"]
    if form == "json":
        output.emit_json({**versions.identity(version), "gene": gene, "partner": partner, "factors": rows})
        return
    columns = tuple(rows[0]) if rows else ("pathway", "since", "partner", "rho", "rho_without", "delta")
    if form == "tsv":
        output.emit_tsv(columns, [tuple(row.values()) for row in rows])
    elif not rows:
        output.note(f"No pathway is active in {version.name}: {gene} is as the base has it.")
    else:
        click.echo(output.table([TITLES.get(one, one) for one in columns], [tuple(row.values()) for row in rows]))


def _row(active: ActivePathway, one: Contribution, genes: list[str]) -> dict[str, Any]:
    import numpy as np

    size = np.abs(one.delta)
    most = 0 if np.all(np.isnan(size)) else int(np.nanargmax(size))
    return {
        "pathway": active.label,
        "since": active.since,
        "partner": genes[most],
        "rho": float(one.rho[most]),
        "rho_without": float(one.rho_without[most]),
        "delta": float(one.delta[most]),
        "mean_abs_delta": float(np.mean(size)),
    }
