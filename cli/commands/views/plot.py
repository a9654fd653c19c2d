"""`grn plot`: a figure of a version, of what changed between two, of the history, or of a file of results."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ....engine.errors import InputError
from ....views.plot.kinds import KINDS, Subject
from ... import options, output, plot_options
from ...answers import versions
from ...answers.answer import Answer
from ...answers.emit import emit
from ...lazy_group import LazyGroup
from ...plot_options import ModelReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ....storage.repository import Repository
    from ....views.plot.kinds import Kind
    from ...answers.answer import Note

FORMS = ("png", "svg", "pdf")
"""The endings of figures."""

EXAMPLES: dict[Subject, str] = {
    "version": "grn plot {name} --at HEAD{options} -o {name}.png",
    "range": "grn plot {name} v0..HEAD{options} -o {name}.png",
    "store": "grn plot {name}{options} -o {name}.svg",
    "file": "grn plot {name} results.tsv{options} -o {name}.png",
    "options": "grn plot {name}{options} -o {name}.png",
}
"""Of each subject, an example."""


class PlotGroup(LazyGroup):
    """The kinds of figures as verbs: each has the options of its line in the registry."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of one kind, or `None`."""
        del ctx
        kind = KINDS.get(cmd_name)
        return None if kind is None else _command_of(cmd_name, kind)


def _sections() -> dict[str, dict[str, str]]:
    titles = dict.fromkeys(kind.section for kind in KINDS.values())
    return {title: {name: kind.caption for name, kind in KINDS.items() if kind.section == title} for title in titles}


@click.command("plot", cls=PlotGroup, sections=_sections())
@click.pass_context
def command(ctx: click.Context) -> None:
    """Draw a figure into a PNG, SVG or PDF file.

    The same version gives the same bytes. Each kind is also a function in Python: `grnledger.plot.KIND(values, ax)`.
    It needs matplotlib: pip install "grnledger[plot]".

    \b
    Example:
      grn plot changes v0..HEAD -o changes.png
    """
    click.echo(ctx.get_help())


Arguments = tuple[tuple[Any, ...], dict[str, Any]]
"""The first arguments of the function that makes a value, and what names them in JSON."""


def _of_version(repo: Repository, arguments: dict[str, Any]) -> Arguments:
    version = repo.version(arguments.pop("at"))
    return (repo, version.name), versions.identity(version)


def _of_range(repo: Repository, arguments: dict[str, Any]) -> Arguments:
    before, after = map(repo.version, options.pair_of_versions(repo, arguments.pop("range_")))
    return (repo, before.name, after.name), {"from": versions.identity(before), "to": versions.identity(after)}


def _of_store(repo: Repository, arguments: dict[str, Any]) -> Arguments:
    del arguments
    return (repo,), {"store": str(repo.path)}


def _of_file(path: Path, arguments: dict[str, Any]) -> Arguments:
    del arguments
    return (path,), {"source": str(path)}


def _of_options(arguments: dict[str, Any]) -> Arguments:
    del arguments
    return (), {}


_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")

SUBJECTS: dict[str, tuple[Callable[..., Arguments], tuple[Callable[..., Any], ...]]] = {
    "version": (_of_version, (options.at, options.repository)),
    "range": (_of_range, (options.repository,)),  # and the range itself, whose default is the kind's
    "store": (_of_store, (options.repository,)),
    "file": (_of_file, (_file,)),
    "options": (_of_options, ()),
}
"""Of what a figure is: how that is read from the arguments, and the decorators that give a command these."""


def _command_of(name: str, kind: Kind) -> click.Command:
    """Return the command that draws one kind."""
    read, decorators = SUBJECTS[kind.of]

    def callback(*positional: Any, target: Path, size: tuple[float, float] | None, dpi: float, **arguments: Any) -> int:
        from ....formats.files.writing import check_target

        as_json = arguments.pop("as_json")
        form = _form_of(target)
        check_target(target)  # before minutes of numbers, as the library that draws
        subject, identity = read(*positional, *([arguments.pop("file")] if kind.of == "file" else []), arguments)
        _draw(name, kind, subject, arguments, target, (form, size, dpi), _source_of(subject, identity))
        notes = [note for value in arguments.values() if isinstance(value, ModelReader) for note in value.notes]
        return emit(_answer(name, target, identity, notes), "json" if as_json else "text")

    decorated = plot_options.value_options(plot_options.file_options(callback), kind.options)
    for decorator in reversed(decorators):
        decorated = decorator(decorated)
    if kind.of == "range":
        decorated = options.versions(kind.default)(decorated)
    return click.command(name, help=_help_of(name, kind))(decorated)


def _form_of(target: Path) -> str:
    """Return the format that the ending of a file names, before anything is computed."""
    form = target.suffix.lower().removeprefix(".")
    if form not in FORMS:
        raise InputError(
            f"{target} has an ending that is not known: {target.suffix or 'none'!r}.",
            hint=f"Name it *.{', *.'.join(FORMS)}.",
        )
    return form


def _draw(
    name: str,
    kind: Kind,
    subject: tuple[Any, ...],
    arguments: dict[str, Any],
    target: Path,
    file: tuple[str, tuple[float, float] | None, float],
    source: str,
) -> None:
    """Compute the value of a figure, draw it and write the file."""
    from ....formats.files.writing import write_whole_file
    from ....views.plot.style import import_matplotlib
    from ....views.plot.write import figure_of, render

    form, size, dpi = file
    import_matplotlib()  # before minutes of numbers
    compute = kind.compute()
    with output.waiting("computing") as progress:
        reports = {"progress": progress} if "progress" in inspect.signature(compute).parameters else {}
        value = compute(*subject, **arguments, **reports)
    content = render(figure_of(name, value, size, source=source), form, dpi)
    with write_whole_file(target) as stream:
        stream.write(content)


def _source_of(subject: tuple[Any, ...], identity: dict[str, Any]) -> str:
    """Return what a figure is of, for its lower edge: the store, and the versions with the beginning of their ids."""
    if "source" in identity or not subject:
        return Path(identity.get("source", "")).name
    sides = [identity[side] for side in ("from", "to") if side in identity] or [identity]
    named = [f"{side['version']} ({side['content'][: versions.SHORT]})" for side in sides if "version" in side]
    return " ".join([subject[0].path.name, " to ".join(named)]).strip()


def _answer(name: str, target: Path, identity: dict[str, Any], notes: Iterable[Note]) -> Answer:
    size = target.stat().st_size
    return Answer(
        json=lambda: {**identity, "kind": name, "file": str(target), "bytes": size},
        text=lambda: f"{target}: {name}, {size:,} bytes.",
        notes=notes,
    )


def _help_of(name: str, kind: Kind) -> str:
    """Return the help text of a kind, with an example."""
    example = EXAMPLES[kind.of].format(name=name, options=plot_options.example_of(kind.options))
    return f"{kind.caption}\n\n\b\nExample:\n  {example}"
