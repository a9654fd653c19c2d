"""`grn nmf`: gene modules of a version, of its counts, or of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from ....engine.choices import VersionInput
from ... import nmf_options, options, output, scheduler_options
from ...answers import nmf, versions
from ...answers.answer import EVERY_FORM, Answer, Note, caution
from ...lazy_group import LazyGroup

if TYPE_CHECKING:
    from ....analysis.nmf.run import NmfRun
    from ....engine.mapping import Mapper
    from ....storage.history.versions import Version
    from ....storage.repository import Repository

SECTIONS = {
    "Kept analyses": {
        "list": "List the analyses that the store keeps.",
        "show": "Show one of them again.",
        "diff": "Which modules and genes changed between two versions.",
    }
}


VERSION_INPUTS = get_args(VersionInput)
"""Inputs that come from a version; all others are files."""


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
@nmf_options.search_options
@nmf_options.output_options
@scheduler_options.scheduler
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
    least_share: float,
    table: str,
    target: Path | None,
    mapper: Mapper | None,
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
      grn nmf --input counts --table second --min-share .2
      grn nmf --input counts --sets hallmark.gmt -o modules.npz
    """
    nmf_options.check_files(target, library)
    version = None if repo is None else repo.version(at)
    rev = at if version is None else version.name
    run = run_of(repo, rev, source, rank, restarts=restarts, seed=seed, mapper=mapper)
    sets = nmf_options.read_sets(library, run.named_analysis.genes)
    of = f"{version.name}: " if version is not None and source in VERSION_INPUTS else ""
    notes = [*nmf_options.write_factors(target, run.named_analysis), _kept_note(run)]
    return nmf.answer(
        run.named_analysis, run.artifact, table, sets, least_share, identity=_identity(version), of=of, notes=notes
    )


def _identity(version: Version | None) -> dict[str, Any]:
    """Return what names the version in JSON; null where there is no store."""
    return dict.fromkeys(("version", "id", "content")) if version is None else versions.identity(version)


def run_of(
    repo: Repository | None,
    rev: str,
    source: str,
    rank: str | None,
    *,
    restarts: int,
    seed: int,
    mapper: Mapper | None = None,
) -> NmfRun:
    """Return the analysis that the options ask for, with a progress bar while it is computed."""
    from ....analysis.nmf.run import modules_of, modules_of_file

    ranks = nmf_options.ranks_of(rank)
    with output.waiting("factoring") as progress:
        if repo is None:
            return modules_of_file(
                Path(source), ranks=ranks, restarts=restarts, seed=seed, mapper=mapper, progress=progress
            )
        return modules_of(
            repo, rev, source, ranks=ranks, restarts=restarts, seed=seed, mapper=mapper, progress=progress
        )


def _kept_note(run: NmfRun) -> Note:
    """Return whether the store keeps an analysis, or had it already."""
    if run.artifact is None:
        refusal = run.refusal or "no single readable store was found here."
        return caution(f"The analysis is not kept: {refusal}", EVERY_FORM)
    key = run.artifact.key[: nmf.SHORT]
    if run.reused:
        return Note(f"Found again: it was made at {run.artifact.record.time} (`grn nmf show {key}`).")
    return Note(f"Kept: `grn nmf show {key}` shows it again.")
