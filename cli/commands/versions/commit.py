"""`grn commit`: pathways added or subtracted, as a new version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ....engine.wording import counted
from ... import nouns, options, output, pathway_options
from ...answers import support, versions
from ...answers.answer import EVERY_FORM, Answer, Note, caution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ....engine.network.pairs.edge_rule import EdgeRule
    from ....formats.pathways.pathways import PathwayFile
    from ....storage.history.planning import Plan
    from ....storage.history.versions import Version
    from ....storage.repository import Repository


@click.command("commit")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--only", multiple=True, metavar="NAME", help="Commit only this pathway; may be given several times.")
@pathway_options.reading(missing="error")
@click.option("--subtract", is_flag=True, help="Subtract the pathways from the covariance.")
@click.option("--if-absent", is_flag=True, help="Skip pathways that are active already with equal content.")
@click.option("--branch", type=nouns.BRANCH, metavar="NAME", help="Commit to this branch, not to HEAD's.")
@click.option("--dry-run", is_flag=True, help="Print the diff that the commit would make; write nothing.")
@options.message
@options.edge_rules
@options.forms
@options.writing
def command(
    repo: Repository,
    *,
    file: Path,
    message: str,
    if_absent: bool,
    branch: str | None,
    dry_run: bool,
    threshold: float | None,
    top: int | None,
    **reading: Any,
) -> Answer:
    """Add the pathways of a FILE to the network, Σ ← Σ + xxᵀ for each, as a new version.

    --format lists what FILE may be. The genes of a set get loadings of --strength standard deviations; those of a
    regulon strength × weight, and its source +strength. A table of loadings, one column a pathway, is taken as it is.

    \b
    Example:
      grn commit hallmark.gmt --only HALLMARK_P53_PATHWAY --missing drop -m "p53"
      grn commit regulons.tsv -m "CollecTRI"
      grn commit loadings.tsv --units sd --dry-run
    """
    read = pathway_options.read(file, repo.panel, **reading)
    notes = [Note(output.sentence(note), EVERY_FORM) for note in read.notes]

    def step() -> tuple[Plan, Version]:
        plan = repo.plan(read, message=message, branch=branch, if_absent=if_absent)
        idle = dry_run or not plan.pathways
        return plan, repo.version(plan.branch) if idle else repo.write(plan, progress)

    with output.waiting("inverting") as progress:
        plan, version = step() if dry_run else repo.transaction(step)
    if not plan.pathways:
        return _answer(repo.version(version.name), read, notes, list, written=False)
    if dry_run:
        return _preview(repo, plan, options.edge_rule(threshold, top, len(repo.panel)), top, notes)

    def judged() -> list[str]:
        return support.lines(repo, version.name, plan.pathways)

    return _answer(repo.version(version.name), read, notes, judged, written=True)


def _preview(repo: Repository, plan: Plan, rule: EdgeRule, top: int | None, notes: list[Note]) -> Answer:
    from ....analysis.comparison.version_difference import preview_difference
    from ...answers import difference

    with output.waiting("comparing") as progress:
        comparison = preview_difference(repo, plan, rule, top, progress=progress)
    parent = comparison.sides[0].name
    return difference.answer(
        comparison,
        judged=lambda: support.lines(repo, parent, plan.pathways),
        notes=[*notes, Note("Dry run: nothing was written.", EVERY_FORM)],
    )


def _answer(
    version: Version, read: PathwayFile, notes: list[Note], judged: Callable[[], list[str]], *, written: bool
) -> Answer:
    missing = sum(map(len, read.dropped.values()))
    changes = (f"    {line}" for line in versions.change_lines(version))
    lines = [versions.head_line(version), *versions.message_lines(version), *changes]
    fields = {"written": written, "probe": version.entry.measured.probe, "missing_genes": missing}
    unchanged = Note(f"All of it is active already in {version.name}: nothing was written.", EVERY_FORM)
    return Answer(
        columns=("version", "id", "content", "rank"),
        rows=[(version.name, version.id, version.content, version.rank)],
        json=lambda: {**versions.version_json(version), **fields},
        text=lambda: "\n".join([*lines, *(f"    {line}" for line in judged())]) if written else None,
        notes=[*notes, *(_notes(version, missing) if written else [unchanged])],
    )


def _notes(version: Version, missing: int) -> Iterator[Note]:
    from ....engine.network.capacitance import WARN_BELOW

    measured = version.entry.measured
    if missing:
        yield Note(f"{counted(missing, 'gene')} not on the panel left out; `grn show {version.name}` names them.")
    if measured.guard < WARN_BELOW:
        yield caution(
            f"In one direction subtractions leave {measured.guard:.2g} of the variance: half of the digits are lost."
        )
    if measured.probe is not None and measured.probe > 1e-6:
        yield caution(f"The probe found a relative error of {measured.probe:.1e}; `grn reinvert` may reduce it.")
