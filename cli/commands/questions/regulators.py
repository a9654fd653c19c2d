"""`grn regulators`: the strongest targets of regulators, given the other regulators alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ....engine.choices import RATE
from ....engine.errors import InputError
from ....engine.wording import counted
from ... import nouns, options, output
from ...answers import edges, versions
from ...answers.answer import EVERY_FORM, ROWS, TEXT_AND_ROWS, Answer, Note

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....analysis.regulators import Regulation
    from ....engine.choices import RankBy
    from ....storage.repository import Repository


@click.command("regulators")
@click.argument("regulators", type=nouns.GENES_OR_FILE, metavar="FILE|NAME,…")
@click.option("--target", type=nouns.GENE, metavar="GENE", help="Only the regulators of this gene.")
@options.at
@click.option(
    "--top", type=click.IntRange(min=1), metavar="N", help="List the N strongest pairs.  [the number of genes]"
)
@options.rank_by
@options.forms
@options.repository
def command(
    repo: Repository, *, regulators: str, target: str | None, at: str, top: int | None, rank_by: RankBy | None
) -> Answer:
    """List the strongest pairs of a regulator and a target, given the other regulators alone.

    Regulators are listed with commas, or in a FILE, one a line. ρ of edges is given all other genes, so that the genes
    of a target's own operon or complex explain its regulator away; here it is given the other regulators only. The list
    gives the direction: what is named may regulate, and any gene may be a target. Between two regulators ρ says nothing
    of the direction, and both are listed. Committed pathways count.

    \b
    Example:
      grn regulators tfs.txt --top 100
      grn regulators TP53,MYC,E2F1 --target CDKN1A --rank-by clr
    """
    from ....analysis.regulators import match_regulators, regulation_of

    version = repo.version(at)
    indices, missing = match_regulators(_names(regulators), repo.panel)
    pairs = regulation_of(repo, version.name, indices, top or len(repo.panel), by=rank_by, target=target)
    columns = list(pairs.columns())
    where = version.name if target is None else f"{target} in {version.name}"
    return Answer(
        columns=columns,
        rows=pairs,
        json=lambda: {
            **versions.identity(version),
            "regulators": len(indices),
            "target": target,
            **pairs.ranking.facts,
            "count": len(pairs),
            "pairs": ROWS,
        },
        text=lambda: output.table(("regulator", "target", "ρ", *columns[3:]), pairs) if len(pairs) else None,
        paged=True,
        notes=[
            *(Note(text, EVERY_FORM) for text in missing),
            *(Note(text, TEXT_AND_ROWS) for text in _notes(pairs, where)),
        ],
    )


def _names(text: str) -> Sequence[str]:
    """Return the regulators that a file lists, or the text itself."""
    if os.path.isfile(text):  # noqa: PTH113  Path refuses a list of names that is longer than a name of a file
        from ....formats.traits.id_lists import read_ids

        names: Sequence[str] = read_ids(Path(text))
    else:
        names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError(f"No regulator is named in {text!r}.", hint="Name a file with one a line, or TP53,MYC.")
    return names


def _notes(pairs: Regulation, where: str) -> Iterator[str]:
    number = counted(len(pairs.regulators), "regulator")
    if not len(pairs):
        yield f"No pair of {number} and a target of {where} has a correlation other than 0."
        return
    yield f"{counted(len(pairs), 'pair')}: the strongest of {number} with {where}, ρ given the other regulators alone"
    if pairs.q is not None:
        yield f"{int((pairs.q <= RATE).sum()):,} of these {len(pairs):,} have q ≤ {RATE:g}."
    if pairs.ranking.by != "rho":
        yield edges.order_text(pairs.ranking)
