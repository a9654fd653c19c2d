"""`grn support`: whether samples that are held out are predicted better with a pathway."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from ....engine.choices import Loadings
from ... import nouns, options, pathway_options, scheduler_options
from ...answers import support as supported, versions
from ...answers.answer import EVERY_FORM, ROWS, TEXT_AND_ROWS, Answer, Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....engine.mapping import Mapper
    from ....engine.network.pathway import Pathway
    from ....storage.repository import Repository


@click.command("support")
@click.argument("names", type=nouns.PATHWAY, nargs=-1, metavar="[PATHWAY…]")
@options.at
@click.option(
    "--sets", type=click.Path(path_type=Path), metavar="FILE", help="Pathways of a file, which need not be committed."
)
@pathway_options.reading(missing="drop", can_fit=True)
@click.option(
    "--loadings",
    type=click.Choice(get_args(Loadings)),
    default="own",
    show_default=True,
    help="The pathway's own loadings, or the first principal component of its genes.",
)
@click.option("--decoys", type=click.IntRange(0, 1_000), default=20, show_default=True, help="Decoys of each pathway.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of the decoys.")
@scheduler_options.scheduler
@options.forms
@options.repository
@click.pass_context
def command(
    context: click.Context,
    repo: Repository,
    *,
    names: tuple[str, ...],
    at: str,
    sets: Path | None,
    loadings: Loadings,
    decoys: int,
    seed: int,
    mapper: Mapper | None,
    **reading: Any,
) -> Answer:
    """Show by how much samples that are held out are predicted better with a pathway, and compare it with decoys.

    The samples of the base are held out in turn, whole groups at a time. Of each, the log density is taken under the
    base estimated from the others, and under that base with the pathway added: the difference, in nats, is above 0
    where the pathway says something that the other samples have not said. Each pathway is judged alone, whatever else
    is active.

    Any set of genes that go together may gain something. So each is compared with decoys: sets of as many genes with
    the same loadings, of the same variances and the same mean correlation, drawn at random. Rank 1 is better than all
    of them, in nats over their standard error.

    λ is that which predicts held-out samples best. With `--strength fit` or `--loadings pc1`, what is chosen is chosen
    from the samples that are not held out.

    \b
    Example:
      grn support HALLMARK_P53_PATHWAY
      grn support --sets hallmark.gmt --tsv
      grn support --sets regulons.tsv --strength fit
    """
    from ....analysis.support import named_pathways, support_of

    fitted = reading["strength"] == pathway_options.FIT
    pathway_options.refuse_without_file(context, sets, "--sets", but=("strength",) if fitted else ())
    version = repo.version(at)
    pathways, notes = _pathways(repo, version.name, sets, {**reading, "strength": None} if fitted else reading)
    support = support_of(
        repo,
        version.name,
        named_pathways(pathways, names),
        decoys=decoys,
        seed=seed,
        choose_strength=fitted,
        loadings=loadings,
        mapper=mapper,
    )
    columns = support.columns()
    remarks = supported.notes(support, version.name, fitted=fitted, by_component=loadings == "pc1")
    chosen = {"strength": "fit" if fitted else "own", "loadings": loadings, "decoys": decoys, "seed": seed}
    return Answer(
        columns=list(columns),
        rows=zip(*columns.values(), strict=True),
        json=lambda: {**versions.identity(version), **supported.json(support, **chosen), "pathways": ROWS},
        text=lambda: supported.text(support, fitted=fitted),
        paged=True,
        notes=[*notes, *(Note(remark, TEXT_AND_ROWS) for remark in remarks)],
    )


def _pathways(
    repo: Repository, rev: str, file: Path | None, reading: dict[str, Any]
) -> tuple[Sequence[Pathway], list[Note]]:
    """Return the pathways that there are to choose from, and what is to be said of them."""
    if file is not None:
        return pathway_options.read_uncommitted(file, repo.panel, **reading)
    pathways = repo.pathways(rev)
    text = f"No pathway is active in {rev}: --sets FILE asks for those of a file."
    return pathways, [] if pathways else [Note(text, EVERY_FORM)]
