"""`grn report`: one page of HTML on a version, or on what changed between two."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ....engine.errors import InputError
from ... import nouns, options, output
from ...answers import versions
from ...answers.answer import Answer, Note
from ...answers.emit import emit
from ...answers.reports import commands_of
from ...hints import hint_of

if TYPE_CHECKING:
    from ....analysis.report.report import Report
    from ....storage.history.versions import Version
    from ....storage.repository import Repository


ENDINGS = (".html", ".htm")
"""The endings of pages."""


@click.command("report")
@click.argument("range_", type=nouns.RANGE, required=False, metavar="[REV | A..B]")
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="*.html.",
)
@click.option("--json", "as_json", is_flag=True, help="Describe what was written as JSON, schema 1.")
@options.repository
def command(repo: Repository, *, range_: str | None, target: Path, as_json: bool) -> int:
    """Write one page on what changed from A to B, to open in a browser, to send or to archive.

    It has what changed in words; pathways with their support; links gained and lost; the largest changes, in the
    numbers of `grn diff`; a network of them; the strongest edges of B with q and origin; figures; where all numbers
    come from; and a paragraph on the methods for a paper. Tables sort and filter, a gene or pathway shows its
    neighbourhood. The page needs no network and no other file, and is the same bytes for the same versions.

    A single REV is compared with its first parent, and without one is shown by itself, as v0 is. The default is HEAD.

    \b
    Example:
      grn report v0..HEAD -o report.html
      grn report paper -o paper.html
    """
    from ....analysis.pictures.layout import import_networkx
    from ....analysis.report.gather import report_of
    from ....formats.files.writing import check_target, write_whole_file
    from ....views.page.figures import figures_of
    from ....views.page.render import import_jinja, render_page

    _check_ending(target)
    check_target(target)
    before, after = _versions(repo, range_)
    import_jinja()  # before seconds of numbers
    import_networkx()
    with output.waiting("computing") as progress:
        report = report_of(repo, before, after, progress=progress)
    notes: list[Note] = []
    try:
        figures = figures_of(repo, report)
    except InputError as error:
        figures = ()
        notes.append(Note(f"The page has no figures. {error.message} {hint_of(error)}"))
    page = render_page(report, figures, commands_of(report))
    with write_whole_file(target) as stream:
        stream.write(page)
    return emit(_answer(report, target, len(page), notes), "json" if as_json else "text")


def _check_ending(target: Path) -> None:
    """Refuse a name of another kind of file: a page must not take the place of a figure or of a store."""
    if target.suffix.lower() not in ENDINGS:
        raise InputError(
            f"A page is written to FILE.html, and {target} does not end in .html.",
            hint=f"`grn report -o {target.stem or 'report'}.html`; `grn plot` draws figures.",
        )


def _versions(repo: Repository, text: str | None) -> tuple[Version | None, Version]:
    """Return both sides of a range; a single REV comes with its first parent, or alone."""
    if text is not None and ".." in text:
        return repo.split_range(text)
    after = repo.version("HEAD" if text is None else text)
    return repo.version(after.parents[0]) if after.parents else None, after


def _answer(report: Report, target: Path, size: int, notes: list[Note]) -> Answer:
    before, comparison = report.before, report.comparison
    sides: dict[str, Any] = {
        "from": None if before is None else versions.identity(before),
        "to": versions.identity(report.after),
    }
    counts = {
        "changes": len(report.changes or ()),
        "edges": len(report.edges.edges),
        "gained": None if comparison is None else comparison.difference.gained,
        "lost": None if comparison is None else comparison.difference.lost,
    }
    return Answer(
        json=lambda: {**sides, **counts, "file": str(target), "bytes": size},
        text=lambda: f"{target}: {report.title}, {size:,} bytes. Open it in a browser.",
        notes=notes,
    )
