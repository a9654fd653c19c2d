"""How a verb that makes or moves to a version tells where things stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .. import output
from . import versions

if TYPE_CHECKING:
    from ...storage.history.versions import Version


def tell(version: Version, form: str, said: str, *, changes: bool = False) -> None:
    """Print where a branch or tag stands now.

    Parameters
    ----------
    version : Version
        Where.
    form : {"text", "tsv", "json"}
        How to print it.
    said : str
        What was done, for people.
    changes : bool
        Whether to list what the version added and dropped.
    """
    if form == "json":
        output.emit_json({**versions.version_json(version), "done": said})
    elif form == "tsv":
        output.emit_tsv(
            ("version", "id", "content", "rank"), [(version.name, version.id, version.content, version.rank)]
        )
    else:
        click.echo(said)
        if changes:
            click.echo(versions.head_line(version))
            for line in versions.change_lines(version):
                click.echo(f"    {line}")
