"""`grn nmf show`: an analysis that the store keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ... import options, output
from ...answers import nmf

if TYPE_CHECKING:
    from pathlib import Path

    from ....storage.repository import Repository


@click.command("show")
@click.argument("analysis", metavar="ID")
@nmf.output_options
@options.forms
@options.repository
def command(
    repo: Repository, *, analysis: str, library: Path | None, table: str, target: Path | None, form: str
) -> None:
    """Show an analysis that the store keeps, by the first digits of its id.

    \b
    Example:
      grn nmf show 3f2a
      grn nmf show 3f2a --table usage --tsv
      grn nmf show 3f2a -o modules.npz
    """
    from ....analysis.nmf import kept

    nmf.check_files(target, library)
    artifact = repo.artifacts.named(analysis)
    named = kept.read(artifact)
    sets = nmf.read_sets(library, named.genes)
    nmf.write_factors(target, named)
    nmf.warn(named, form)
    if form == "json":
        output.emit_json(nmf.json_of(named, artifact, sets))
    elif form == "tsv":
        output.emit_tsv(*nmf.table_of(table, named, sets))
    else:
        nmf.print_analysis(named, table, sets)
        made = artifact.record
        parameters = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in made.parameters.items())
        output.note(f"Made by {made.author} at {made.time}: {parameters}.")
