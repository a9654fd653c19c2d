"""How branches and tags are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .. import output
from . import versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...storage.history.versions import Version


def tell(what: str, named: Mapping[str, Version], form: str, *, mark: str = "") -> None:
    """Print names with the versions they stand at; a star before the one that is HEAD."""
    if form == "json":
        output.emit_json({what: [{"name": name, **versions.identity(version)} for name, version in named.items()]})
    elif form == "tsv":
        output.emit_tsv(("name", "version", "id"), [(name, one.name, one.id) for name, one in named.items()])
    elif not named:
        output.note(f"There are no {what}.")
    else:
        rows = [
            ("*" if name == mark else "", name, version.name, version.id[: versions.SHORT], version.message)
            for name, version in named.items()
        ]
        click.echo(output.table(("", "name", "version", "id", "message"), rows))
