"""`grn base`: a new base for the pathways of a branch, as a new version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ....storage.networks.base_facts import base_facts
from ... import base_options, nouns, options, output
from ...answers import versions
from ...answers.answer import TEXT_AND_ROWS, Answer, Note, facts_answer

if TYPE_CHECKING:
    from ....engine.choices import Transform
    from ....storage.repository import Repository


@click.command("base")
@click.argument("expression", metavar="[FILE]", required=False, type=click.Path())
@base_options.base_options
@click.option("--genes", type=click.Path(), metavar="FILE", help="For a covariance without names: those of its rows.")
@click.option("--branch", type=nouns.BRANCH, metavar="NAME", help="Give it to this branch, not to HEAD's.")
@options.message
@options.forms
@options.writing
def command(
    repo: Repository,
    *,
    message: str,
    branch: str | None,
    genes: str | None,
    samples: str | None,
    counts: bool,
    transform: Transform | None,
    **settings: Any,
) -> Answer:
    """Give a branch a new base, such as that of another condition: its pathways stay, as a new version.

    FILE is expression, genes × samples, as for `grn init`; --covariance and --factor-model are the other sources. It
    must have every gene of the panel, by name; other genes are left out. Say how it is read and estimated as for the
    first base, since what is estimated otherwise differs. Loadings in standard deviations (sd) are those of the new
    base from then on. Other branches keep theirs, and `grn diff main..BRANCH` tells the two conditions apart.

    Merging takes the base that one side has changed; of two, it refuses to choose.

    \b
    Example:
      grn base drug.tsv --counts --branch drug-a -m "with drug A"
      grn base --covariance others.npz
    """
    from ....analysis.api import set_base

    arguments = base_options.base_arguments(genes=genes, samples=samples, counts=counts, transform=transform)
    with output.waiting("inverting") as progress:
        version = set_base(repo, message=message, branch=branch, progress=progress, **arguments, **settings)
    base = repo.base(version.name)
    return facts_answer(
        [("version", version.name), *base_facts(base)],
        json=lambda: {**versions.version_json(version), "base_record": base.record.model_dump(mode="json")},
        notes=[Note(output.sentence(note), TEXT_AND_ROWS) for note in base.record.notes],
    )
