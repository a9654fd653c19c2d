"""The modules of a version, of its counts or of a file: read where the store has them, otherwise computed and kept."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from ...engine.choices import VersionInput
from ...engine.errors import Conflict, FormatError, InputError, NotFound
from ...engine.wording import counted, some
from ...storage.files import layout
from ...storage.networks.bases import encode_names
from . import kept
from .kept import NamedAnalysis, NmfRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ...engine.mapping import Mapper
    from ...storage.history.versions import Version
    from ...storage.networks.artifacts import Artifact
    from ...storage.repository import Repository

CORRELATION, COUNTS = get_args(VersionInput)
FILE = "file"

NO_LIKELIHOOD = "; KL divergence, not a likelihood"
NO_COUNTS = f", not whole numbers and so not counts{NO_LIKELIHOOD}"


DEFAULT_RANKS = (2, 8)
"""The first ranks surveyed by default, from one to the other; higher ones follow until the curve has turned."""

MOST_RANK = 30
"""The highest rank surveyed by default."""

SPLITS = 5
"""Number of ways in which the samples are split in two."""

READING = 0.1
"""Share of the progress that reading takes; factoring takes the rest."""


@dataclass(frozen=True, slots=True)
class NmfRun:
    """An analysis, and what the store keeps of it.

    Parameters
    ----------
    named_analysis : NamedAnalysis
        The analysis, with the names of its rows and columns.
    artifact : Artifact or None
        The artifact in the store; None where there is none.
    reused : bool
        Whether the artifact was there already.
    refusal : str
        Why the store could not keep it; empty where it does, or where there is no store.
    """

    named_analysis: NamedAnalysis
    artifact: Artifact | None
    reused: bool
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class NmfInput:
    """A matrix to factor, with its names and its description."""

    values: Any
    genes: tuple[str, ...]
    samples: tuple[str, ...]
    symmetric: bool
    counts: bool
    description: str
    splits: tuple[tuple[Any, Any], ...] = ()


def modules_of(
    repo: Repository,
    rev: str,
    source: str = CORRELATION,
    *,
    ranks: tuple[int, int] | None = None,
    restarts: int = 10,
    seed: int = 0,
    mapper: Mapper | None = None,
    progress: Callable[[float], object] | None = None,
) -> NmfRun:
    """Return the modules of a version.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        Which version.
    source : str
        `correlation` for its positive correlations, `counts` for what its base keeps, or the path of a table of counts.
    ranks : (int, int), optional
        The first and the last number of modules to survey; by default 2 to 8, or as many as there can be, and higher
        ones up to 30 until two beyond the best are worse.
    restarts, seed : int
        Starts of each rank, and the seed that they are drawn with.
    mapper : Mapper, optional
        What runs the fits of the survey; a thread a core by default.
    progress : callable, optional
        Called with the share that is done.

    Returns
    -------
    NmfRun
        The store keeps the analysis, and returns it where the same is asked of the same content again.

    Raises
    ------
    NotFound
        There is no such version, no counts, or no such file.
    InputError
        The file or the ranks cannot be used.
    """
    version = repo.version(rev)
    if source not in (CORRELATION, COUNTS):
        return modules_of_file(
            Path(source), repo, ranks=ranks, restarts=restarts, seed=seed, mapper=mapper, progress=progress
        )
    content = version.content if source == CORRELATION else version.base
    first, last = ranks or DEFAULT_RANKS

    def read(report: Callable[[float], object]) -> NmfInput:
        return _read_version(repo, version, source, seed, report, choosing=first < last)

    return _run(repo, NmfRequest(content, source, ranks, restarts, seed), read, mapper, progress or (lambda _: None))


def modules_of_file(
    path: Path,
    repo: Repository | None = None,
    *,
    ranks: tuple[int, int] | None = None,
    restarts: int = 10,
    seed: int = 0,
    mapper: Mapper | None = None,
    progress: Callable[[float], object] | None = None,
) -> NmfRun:
    """Return the modules of a table of counts; parameters and errors as for `modules_of`.

    Parameters
    ----------
    path : Path
        The table.
    repo : Repository, optional
        The store that keeps the analysis; without one nothing is kept.
    """
    table = _read_table(path)
    request = NmfRequest(_content_of(table), FILE, ranks, restarts, seed)
    run = _run(repo, request, lambda _: table, mapper, progress or (lambda _: None))
    described = replace(run.named_analysis, description=table.description)  # of the file as it was asked for
    return replace(run, named_analysis=described)


def _run(
    repo: Repository | None,
    request: NmfRequest,
    read: Callable[[Callable[[float], object]], NmfInput],
    mapper: Mapper | None,
    progress: Callable[[float], object],
) -> NmfRun:
    """Return the analysis that the store has of a request, or a new one, kept where there is a store."""
    if repo is not None and (known := kept.find(repo.artifacts, request)) is not None:
        with contextlib.suppress(FormatError):  # an artifact that is no analysis counts as none
            return NmfRun(kept.read(known), known, reused=True)
    from ...engine.nmf import analyse

    matrix = read(lambda share: progress(READING * share))
    first, last = request.ranks or (
        DEFAULT_RANKS[0],
        max(DEFAULT_RANKS[0], min(DEFAULT_RANKS[1], *matrix.values.shape)),
    )
    analysis = analyse(
        matrix.values,
        range(first, last + 1),
        most=None if request.ranks else min(MOST_RANK, *matrix.values.shape),
        symmetric=matrix.symmetric,
        counts=matrix.counts,
        splits=matrix.splits,
        restarts=request.restarts,
        seed=request.seed,
        mapper=mapper,
        progress=lambda share: progress(READING + (1.0 - READING) * share),
    )
    named_analysis = NamedAnalysis(
        analysis, matrix.genes, matrix.samples, matrix.description, matrix.symmetric, matrix.counts
    )
    if repo is None:
        return NmfRun(named_analysis, None, reused=False)
    try:
        return NmfRun(named_analysis, kept.keep(repo.artifacts, request, named_analysis), reused=False)
    except Conflict as refusal:
        return NmfRun(named_analysis, None, reused=False, refusal=refusal.message)
    except OSError as failure:
        return NmfRun(
            named_analysis, None, reused=False, refusal=f"{failure.filename or repo.path}: {failure.strerror}."
        )


def _content_of(table: NmfInput) -> str:
    """Return the id of what was read from a file, and from others beside it: its names and its values."""
    arrays = {
        layout.GENES: encode_names(table.genes),
        layout.SAMPLES: encode_names(table.samples),
        layout.EXPRESSION: np.asarray(table.values, dtype=np.float64),
    }
    return layout.content_id(layout.TABLE, "{}", arrays, {})


def _read_table(path: Path) -> NmfInput:
    from ...formats.expression.expression import read_expression

    expression = read_expression(path).expression
    size = f"{counted(len(expression.genes), 'gene')} in {counted(len(expression.samples), 'sample')}"
    description = f"{some([path.name], 1)}: {size}"
    return _check_measured(expression.values, expression.genes, expression.samples, description)


def _read_version(
    repo: Repository,
    version: Version,
    source: str,
    seed: int,
    progress: Callable[[float], object],
    *,
    choosing: bool,
) -> NmfInput:
    from ...engine.nmf.modules.similarity import NEIGHBORS, positive_correlations

    if source == CORRELATION:
        genes = tuple(repo.panel.genes)
        values = positive_correlations(repo.snapshot(version.name), progress=lambda share: progress(0.1 * share))
        if values.sum() <= 0.0:
            raise InputError(
                f"No two genes of {version.name} are positively correlated, so they have no modules.",
                code="no-positive-correlations",
            )
        description = f"the positive correlations of {counted(len(genes), 'gene')}"
        if hasattr(values, "tocsr"):
            description += f", of each with its {NEIGHBORS} nearest"
        splits = _split_halves(repo, version, seed, lambda share: progress(0.1 + 0.9 * share)) if choosing else ()
        return NmfInput(
            values, genes, genes, symmetric=True, counts=False, description=description + NO_LIKELIHOOD, splits=splits
        )
    base = repo.base(version.name)
    if base.expression is None:
        raise NotFound(f"The base of {version.name} keeps no expression.", code="no-counts-kept")
    size = f"{counted(len(base.panel), 'gene')} in {counted(len(base.samples), 'sample')}"
    description = f"counts of {size}, the same at every version of this base"
    return _check_measured(base.expression.all(), tuple(base.panel.genes), base.samples, description)


def _split_halves(
    repo: Repository, version: Version, seed: int, progress: Callable[[float], object]
) -> tuple[tuple[Any, Any], ...]:
    """Return the positive correlations in half of the samples and in the others, both ways; none without samples."""
    from ...engine.nmf.modules.similarity import positive_correlations
    from ..resampling import resampling_of

    try:
        halves = resampling_of(repo, version.name).halves(SPLITS, seed)
    except NotFound:
        return ()
    splits: list[tuple[Any, Any]] = []
    for first, second in halves:
        splits.append((positive_correlations(first), positive_correlations(second)))
        progress(len(splits) / len(halves))
    if any(part.sum() <= 0.0 for pair in splits for part in pair):  # shrunk to zero: there is nothing to predict
        return ()
    return tuple(pair for first, second in splits for pair in ((first, second), (second, first)))


def _check_measured(
    values: NDArray[Any], genes: tuple[str, ...], samples: tuple[str, ...], description: str
) -> NmfInput:
    """Return measured values to factor; only whole numbers are counts, with a likelihood."""
    negative = np.argwhere(values < 0)
    if len(negative):
        gene, sample = (int(at) for at in negative[0])
        are = "is" if len(negative) == 1 else "are"
        raise InputError(
            f"{counted(len(negative), 'value')} {are} negative: {values[gene, sample]:g} of {some([genes[gene]])} in "
            f"{some([samples[sample]])}.",
            hint="Only amounts have such factors: counts, or intensities whose background was not subtracted.",
        )
    counts = bool((values == values.round()).all())
    return NmfInput(
        values, genes, samples, symmetric=False, counts=counts, description=description + ("" if counts else NO_COUNTS)
    )


def contents_of(repo: Repository) -> dict[str, list[str]]:
    """Return the names of the versions that have each content id, and of those that have each base."""
    names: dict[str, list[str]] = {}
    for version in repo.versions(None):
        for content in (version.content, version.base):
            names.setdefault(content, []).insert(0, version.name)
    return names
