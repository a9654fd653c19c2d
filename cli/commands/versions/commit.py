"""`grn commit`: pathways added or subtracted, as a new version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ....engine.wording import counted
from ....formats.readers import READERS
from ... import options, output
from ...answers import difference, versions

if TYPE_CHECKING:
    from ....formats.pathways.pathways import PathwayFile
    from ....storage.history.planning import Plan
    from ....storage.history.versions import Version
    from ....storage.repository import Repository


@click.command("commit")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--only", multiple=True, metavar="NAME", help="Take this pathway alone; may be given several times.")
@click.option("--strength", type=float, metavar="S", help="Loading of a set's genes, in standard deviations.  [0.1]")
@click.option("--units", type=click.Choice(["raw", "sd"]), help="What a loading table counts.  [raw]")
@click.option(
    "--missing",
    type=click.Choice(["error", "drop"]),
    default="error",
    show_default=True,
    help="Genes that are not on the panel: refuse, or leave out and record.",
)
@click.option(
    "--alias", type=click.Path(path_type=Path), metavar="FILE", help="Other names of genes: two columns, name and gene."
)
@click.option(
    "--pathway-covariance",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Covariance F of the columns of a loading table.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["auto", *READERS["pathways"]]),
    default="auto",
    show_default=True,
    help="What the file is.",
)
@click.option("--subtract", is_flag=True, help="Take the pathways away from the covariance.")
@click.option("--if-absent", is_flag=True, help="Pass over what is active already with equal content.")
@click.option("--branch", metavar="NAME", help="Commit to this branch, not to HEAD's.")
@click.option("--dry-run", is_flag=True, help="Print the diff that the commit would make; write nothing.")
@options.message
@options.cuts
@options.forms
@options.writing
def command(
    repo: Repository,
    *,
    file: Path,
    alias: Path | None,
    message: str,
    if_absent: bool,
    branch: str | None,
    dry_run: bool,
    threshold: float | None,
    top: int | None,
    form: str,
    **reading: Any,
) -> None:
    """Add the pathways of a FILE to the network, Σ ← Σ + xxᵀ for each, as a new version.

    FILE is a GMT (loadings are --strength standard deviations), a regulon table (source, target, weight; loadings are
    strength × weight, and the source itself gets +strength) or a table of loadings (a column `gene`, one column a
    pathway; also npz), which is taken as it is.

    \b
    Example:
      grn commit hallmark.gmt --only HALLMARK_P53_PATHWAY --missing drop -m "p53"
      grn commit regulons.tsv -m "CollecTRI"
      grn commit loadings.tsv --units sd --dry-run
    """
    from ....formats.genes.identifiers import read_aliases
    from ....formats.pathways.pathways import read_pathways

    aliases = None if alias is None else read_aliases(alias)
    read = read_pathways(file, repo.panel, aliases=aliases, **reading)
    for note in read.notes:
        output.note(output.sentence(note))

    def step() -> tuple[Plan, Version]:
        plan = repo.plan(read, message=message, branch=branch, if_absent=if_absent)
        idle = dry_run or not plan.pathways
        return plan, repo.version(plan.branch) if idle else repo.write(plan)

    plan, version = step() if dry_run else repo.transaction(step)
    if not plan.pathways:
        output.note(f"All of it is active already in {version.name}: nothing was written.")
        _tell(repo, read, form, written=False, rev=version.name)
    elif dry_run:
        _preview(repo, plan, options.cut(threshold, top, len(repo.panel)), top, form)
    else:
        _tell(repo, read, form, written=True, rev=version.name)


def _preview(repo: Repository, plan: Plan, cut: Any, top: int | None, form: str) -> None:
    from ....engine.network.comparison import compare

    before = repo.version(plan.parents[0])
    after = repo.preview(plan)
    with output.waiting("comparing") as progress:
        found = compare(repo.snapshot(before.name), after, cut, changes=top or 20, progress=progress)
    planned = {"version": after.name, "id": None, "content": after.content}
    named = [(one.label, int(one.sign)) for one in plan.pathways]
    difference.tell(found, (versions.identity(before), planned), form, pathways=(named, []))
    output.note("Dry run: nothing was written.")


def _tell(repo: Repository, read: PathwayFile, form: str, *, written: bool, rev: str) -> None:
    from ....engine.network.capacitance import WARN_BELOW

    version = repo.version(rev)
    measured = version.entry.measured
    lost = sum(len(genes) for genes in read.dropped.values())
    if form == "json":
        told = versions.version_json(version)
        output.emit_json({**told, "written": written, "probe": measured.probe, "missing_genes": lost})
        return
    if form == "tsv":
        output.emit_tsv(("version", "id", "content", "rank"), [(rev, version.id, version.content, version.rank)])
        return
    if not written:
        return
    click.echo(versions.head_line(version))
    changes = (f"    {line}" for line in versions.change_lines(version))
    click.echo("\n".join([*versions.message_lines(version), *changes]))
    if lost:
        output.note(f"{counted(lost, 'gene')} not on the panel left out; `grn show {rev}` names them.")
    if measured.guard < WARN_BELOW:
        output.warn(
            f"In one direction subtractions leave {measured.guard:.2g} of the variance: half of the digits are lost."
        )
    if measured.probe is not None and measured.probe > 1e-6:
        output.warn(f"The probe found a relative error of {measured.probe:.1e}; `grn reinvert` may mend it.")
