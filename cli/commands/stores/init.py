"""`grn init`: a store from expression data, a covariance or a factor model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ....formats.readers import list_formats
from ....storage.networks.base_facts import base_facts
from ... import base_options, options, output
from ...answers import exchange
from ...answers.answer import TEXT_AND_ROWS, Answer, Note, facts_answer
from ...answers.versions import identity

if TYPE_CHECKING:
    from pathlib import Path

    from ....engine.choices import Transform
    from ....storage.files.access import Sharing
    from ....storage.repository import Repository

SOURCES = ("expression", "covariance", "factor_model")


@click.command("init")
@click.argument("path", metavar="STORE", type=options.OTHER_STORE)
@click.option(
    "--expression",
    type=click.Path(),
    metavar="FILE",
    help=f"Genes × samples: {list_formats('expression')}.",
)
@base_options.base_options
@click.option("--genes", type=click.Path(), metavar="FILE", help="The panel, one gene per line, in this order.")
@click.option(
    "--min-detected",
    type=float,
    metavar="SHARE",
    help="Leave out genes above the floor (or 0) in a smaller share of samples than this, such as 0.2.",
)
@click.option("--drop-constant", is_flag=True, help="Leave out genes with one value in all samples.")
@click.option("--top-variance", type=int, metavar="N", help="Keep the N most variable genes.")
@options.shared
@options.message
@options.forms
def command(
    path: Path,
    genes: str | None,
    samples: str | None,
    counts: bool,
    transform: Transform | None,
    shared: Sharing | None,
    **settings: Any,
) -> Answer:
    """Create a store: its panel, and the covariance that all versions start from.

    For a store that is there, --shared alone changes who may use it, and sets the modes of its files.

    \b
    Example:
      grn init tumor.grn --expression counts.tsv --counts --min-detected 0.2
      grn init panel.grn --expression array.tsv --floor 20 --transform log2 --duplicates max-variance
      grn init cells.grn --expression pbmc.h5ad --counts --within cell_type --remove-pcs auto
      grn init model.grn --factor-model model.npz
      grn init tumor.grn --shared group
    """
    if shared is not None and path.is_dir() and not any(settings[name] for name in SOURCES):
        return exchange.share(path, shared)
    from ....analysis.api import init

    arguments = base_options.base_arguments(genes=genes, samples=samples, counts=counts, transform=transform)
    with output.waiting("inverting") as progress:
        repo = init(
            path,
            shared=shared,
            author=options.author(),
            time=options.clock(),
            progress=progress,
            **arguments,
            **settings,
        )
    return _answer(repo)


def _answer(repo: Repository) -> Answer:
    """Return what was made, and what was decided on the way."""
    from ....storage.files.layout import SUFFIX

    base = repo.base()
    notes = [output.sentence(note) for note in base.record.notes]
    if repo.path.suffix != SUFFIX:
        notes.append(f"A store that is not named *{SUFFIX} is not found automatically: give it with -s or $GRN_STORE.")
    return facts_answer(
        [("store", str(repo.path)), *base_facts(base)],
        json=lambda: {
            "store": str(repo.path),
            **identity(repo.version()),
            "base": base.record.model_dump(mode="json"),
        },
        notes=[*(Note(note, TEXT_AND_ROWS) for note in notes), *exchange.shared_notes(repo.path)],
    )
