"""`grn nmf`: gene modules of a version, of its counts, or of a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ....engine.errors import InputError
from ... import options, output
from ...answers import nmf, versions
from ...answers.answer import EVERY_FORM, Answer, Note, caution
from ...lazy_group import LazyGroup

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....analysis.nmf.run import NmfRun
    from ....storage.history.versions import Version
    from ....storage.repository import Repository

SECTIONS = {
    "Kept analyses": {
        "list": "List the analyses that the store keeps.",
        "show": "Show one of them again.",
        "diff": "Which modules and genes changed between two versions.",
    }
}


VERSION_INPUTS = ("correlation", "counts")
"""Inputs that come from a version; all others are files."""


def search_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a search for modules: `--rank`, `--restarts` and `--seed`."""
    command = click.option(
        "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of the random numbers."
    )(command)
    command = click.option(
        "--restarts",
        type=click.IntRange(1, 1000),
        default=10,
        show_default=True,
        metavar="N",
        help="Number of random starts at each rank.",
    )(command)
    return click.option(
        "--rank",
        metavar="R|FROM:TO",
        help="Number of modules, or a range to choose from; by default 2:8, or up to the largest possible.",
    )(command)


def _needs_a_store(*, source: str, at: str, **_: object) -> bool:
    return source in VERSION_INPUTS or at != "HEAD"


@click.command("nmf", cls=LazyGroup, sections=SECTIONS)
@options.at
@click.option(
    "--input",
    "source",
    default="correlation",
    show_default=True,
    metavar="correlation|counts|FILE",
    help="What to factor: the version's positive correlations, the counts kept with its base, or a file of counts.",
)
@search_options
@nmf.output_options
@options.forms
@options.repository_if_needed(_needs_a_store)
def command(
    repo: Repository | None,
    *,
    at: str,
    source: str,
    rank: str | None,
    restarts: int,
    seed: int,
    library: Path | None,
    table: str,
    target: Path | None,
) -> Answer:
    """Find gene modules by non-negative matrix factorization under the Kullback–Leibler divergence.

    The rank is the one that best predicts held-out data: entries of counts, or correlations in other samples. Counts
    are the same at every version of a base and have a likelihood, so that second modules are tested; the correlations
    of a version change with its pathways and have no likelihood. The store keeps the analysis, and it is shown again
    when the same analysis of the same content is asked for. A file can be factored without a store; then
    nothing is kept.

    \b
    Example:
      grn nmf --rank 3:6
      grn nmf --at v3 --rank 5 --table genes --tsv
      grn nmf --input counts --sets hallmark.gmt -o modules.npz
    """
    nmf.check_files(target, library)
    version = None if repo is None else repo.version(at)
    run = run_of(repo, at if version is None else version.name, source, rank, restarts=restarts, seed=seed)
    sets = nmf.read_sets(library, run.named.genes)
    nmf.write_factors(target, run.named)
    of = f"{version.name}: " if version is not None and source in VERSION_INPUTS else ""
    notes = [_kept_note(run)]
    return nmf.answer(run.named, run.artifact, table, sets, identity=_identity(version), of=of, notes=notes)


def _identity(version: Version | None) -> dict[str, Any]:
    """Return what names the version in JSON; null where there is no store."""
    return dict.fromkeys(("version", "id", "content")) if version is None else versions.identity(version)


def run_of(repo: Repository | None, rev: str, source: str, rank: str | None, *, restarts: int, seed: int) -> NmfRun:
    """Return the analysis that the options ask for, with a progress bar while it is computed."""
    from ....analysis.nmf.run import modules_of, modules_of_file

    ranks = ranks_of(rank)
    with output.waiting("factoring") as progress:
        if repo is None:
            return modules_of_file(Path(source), ranks=ranks, restarts=restarts, seed=seed, progress=progress)
        return modules_of(repo, rev, source, ranks=ranks, restarts=restarts, seed=seed, progress=progress)


def _kept_note(run: NmfRun) -> Note:
    """Return whether the store keeps an analysis, or had it already."""
    if run.artifact is None:
        return caution(f"The analysis is not kept: {run.refusal}", EVERY_FORM)
    key = run.artifact.key[: nmf.SHORT]
    if run.reused:
        return Note(f"Found again: it was made at {run.artifact.record.time} (`grn nmf show {key}`).")
    return Note(f"Kept: `grn nmf show {key}` shows it again.")


def ranks_of(text: str | None) -> tuple[int, int] | None:
    """Return the first and the last rank that `5` or `3:6` names; None where none is named.

    Raises
    ------
    InputError
        It names none.
    """
    if text is None:
        return None
    if (match := re.fullmatch(r"(\d{1,4})(?::(\d{1,4}))?", text.strip())) is None:
        raise InputError(
            f"--rank {text!r} is neither a rank nor a range of ranks.", hint="Write --rank 5 or --rank 3:6."
        )
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last:
        raise InputError(
            f"--rank {text} is not a range of ranks.", hint="The first is at least 1 and at most the last."
        )
    return first, last
