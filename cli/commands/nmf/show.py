"""`grn nmf show`: an analysis that the store keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import nmf_options, options
from ...answers import nmf
from ...answers.answer import Answer, Note

if TYPE_CHECKING:
    from pathlib import Path

    from ....storage.repository import Repository


@click.command("show")
@click.argument("analysis", metavar="ID")
@nmf_options.output_options
@options.forms
@options.repository
def command(
    repo: Repository, *, analysis: str, library: Path | None, least_share: float, table: str, target: Path | None
) -> Answer:
    """Show an analysis that the store keeps, by the first digits of its id.

    \b
    Example:
      grn nmf show 3f2a
      grn nmf show 3f2a --table usage --tsv
      grn nmf show 3f2a -o modules.npz
    """
    from ....analysis.nmf import kept

    nmf_options.check_files(target, library)
    artifact = repo.artifacts.find_by_prefix(analysis)
    named_analysis = kept.read(artifact)
    sets = nmf_options.read_sets(library, named_analysis.genes)
    notes = nmf_options.write_factors(target, named_analysis)
    record = artifact.record
    parameters = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in record.parameters.items())
    where = f" Computed elsewhere: {artifact.elsewhere}; `grn nmf` computes it here." if artifact.elsewhere else ""
    made = Note(f"Made by {record.author} at {record.time}: {parameters}.{where}")
    return nmf.answer(named_analysis, artifact, table, sets, least_share, notes=[*notes, made])
