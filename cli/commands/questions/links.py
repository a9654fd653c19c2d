"""`grn links`: which genes go with the activity of a pathway."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ... import nouns, options, pathway_options
from ...answers import links as linked, versions
from ...answers.answer import EVERY_FORM, TEXT_AND_ROWS, Answer, Note

if TYPE_CHECKING:
    from ....engine.network.pathway import Pathway
    from ....storage.repository import Repository

LINKS = 20
"""Links listed where no number is given."""


@click.command("links")
@click.argument("pathway", type=nouns.PATHWAY, required=False, metavar="[PATHWAY]")
@click.option("--gene", type=nouns.GENE, metavar="GENE", help="Only links of this gene, members or not.")
@options.at
@click.option("--top", type=click.IntRange(min=1), metavar="N", help=f"List the N strongest links.  [{LINKS}]")
@click.option("--all", "everything", is_flag=True, help="List every gene.")
@click.option("--non-members", is_flag=True, help="Only genes that are no members of the pathway.")
@click.option(
    "--sets", type=click.Path(path_type=Path), metavar="FILE", help="Pathways of a file, which need not be committed."
)
@pathway_options.reading(missing="drop")
@options.forms
@options.repository
@click.pass_context
def command(
    context: click.Context,
    repo: Repository,
    *,
    pathway: str | None,
    gene: str | None,
    at: str,
    top: int | None,
    everything: bool,
    non_members: bool,
    sets: Path | None,
    **reading: Any,
) -> Answer:
    """List the genes that go with the activity of a pathway, given all other genes and all other activities.

    An added pathway is a regulator that nobody measured, and ρ is the correlation of a gene with its activity. Genes
    that are no members and link strongly are candidates for the pathway. With PATHWAY, its strongest links, members
    marked; with --gene, those of a gene with every pathway; with neither, the strongest links over all pathways of
    genes that are no members.

    Direction is the sign of a member's loading, and of another gene that of the loading it would have: ρ of a gene that
    varies as the members do, but has no loading, is negative.

    ρ is read on the base alone: it does not depend on what else is active, nor on whether the pathway itself is. So
    --sets asks for sets that are not committed; its other options are those of commit.

    \b
    Example:
      grn links HALLMARK_P53_PATHWAY --non-members
      grn links --gene TP53
      grn links --sets regulons.tsv --top 50 --tsv
    """
    from ....analysis.links import links_of

    if everything and top is not None:
        raise click.UsageError("--top N lists the strongest links and --all lists every one: not both.")
    pathway_options.refuse_without_file(context, sets, "--sets")
    version = repo.version(at)
    pathways, notes = _pathways(repo, version.name, pathway, sets, reading)
    members = not non_members and (pathway is not None or gene is not None)
    count = None if everything else top or LINKS
    links = links_of(repo, version.name, pathways, count, name=pathway, members=members, gene=gene, tested=True)
    columns = links.columns()
    if len(links):
        notes += [Note(text, TEXT_AND_ROWS) for text in linked.notes(links, members=members, name=version.name)]
    elif pathways:
        notes.append(Note("No link is listed: no gene of the panel is outside these pathways.", TEXT_AND_ROWS))
    return Answer(
        columns=list(columns),
        rows=zip(*columns.values(), strict=True),
        json=lambda: {**versions.identity(version), "count": len(links), "pathways": linked.json(links)},
        text=lambda: linked.text(links),
        paged=True,
        notes=notes,
    )


def _pathways(
    repo: Repository, rev: str, name: str | None, file: Path | None, reading: dict[str, Any]
) -> tuple[list[Pathway], list[Note]]:
    """Return the pathways asked for, and what is to be said of them."""
    if file is not None:
        return pathway_options.read_uncommitted(file, repo.panel, name=name, **reading)
    from ....analysis.links import active_additions

    pathways, subtracted = active_additions(repo, rev)
    if not pathways and name is None:
        return [], [Note(f"No pathway is added in {rev}: --sets FILE asks for those of a file.", EVERY_FORM)]
    text = f"Left out, since a pathway that is subtracted has no activity: {', '.join(subtracted)}."
    return pathways, [Note(text, EVERY_FORM)] if subtracted else []
