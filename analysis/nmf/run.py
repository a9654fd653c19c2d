"""The modules of a version, of its counts or of a file: found again where the store has them, else made and kept."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import Conflict, FormatError, InputError, NotFound
from ...engine.wording import counted, some
from ...storage.files import layout
from ...storage.networks.bases import encode_names
from . import kept
from .kept import NamedAnalysis, NmfRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ...storage.history.versions import Version
    from ...storage.networks.artifacts import Artifact
    from ...storage.repository import Repository

CORRELATION, COUNTS, FILE = "correlation", "counts", "file"

NO_LIKELIHOOD = "; KL divergence, not a likelihood"
NO_COUNTS = f", not whole numbers and so no counts{NO_LIKELIHOOD}"


DEFAULT_RANKS = (2, 8)
"""The ranks that are looked at unless others are named."""

PARTINGS = 5
"""So many ways of parting the samples in two."""

READING = 0.1
"""About the share of the time that reading takes; factoring takes the rest."""


@dataclass(frozen=True, slots=True)
class NmfRun:
    """An analysis that was asked for.

    Parameters
    ----------
    named : Named
        The analysis, with the names of its rows and columns.
    artifact : Artifact or None
        What the store keeps of it.
    again : bool
        Whether the store had it already.
    unkept : str
        Why the store could not keep it; empty where it does.
    """

    named: NamedAnalysis
    artifact: Artifact | None
    again: bool
    unkept: str = ""


@dataclass(frozen=True, slots=True)
class NmfInput:
    """What is factored, and what to say of it."""

    values: Any
    genes: tuple[str, ...]
    samples: tuple[str, ...]
    symmetric: bool
    counts: bool
    said: str
    parted: tuple[tuple[Any, Any], ...] = ()


def modules_of(
    repo: Repository,
    rev: str,
    source: str = CORRELATION,
    *,
    ranks: tuple[int, int] | None = None,
    restarts: int = 10,
    seed: int = 0,
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
        The first and the last number of modules to look at; 2 to 8 by default, or as many as there can be.
    restarts, seed : int
        Starts of each rank, and what they are drawn with.
    progress : callable, optional
        Told the share that is done.

    Returns
    -------
    Run
        The store keeps the analysis, and gives it again where the same is asked of the same content.

    Raises
    ------
    NotFound
        There is no such version, no counts, or no such file.
    InputError
        The file or the ranks cannot be used.
    """
    version = repo.version(rev)
    first, last = ranks or DEFAULT_RANKS
    table = None if source in (CORRELATION, COUNTS) else _read(Path(source))
    content = _content(version, source) if table is None else _content_of(table)
    asked = NmfRequest(content, FILE if table is not None else source, ranks, restarts, seed)
    if (known := kept.find(repo.artifacts, asked)) is not None:
        with contextlib.suppress(FormatError):  # whoever sealed it sealed no analysis: as good as none
            named = kept.read(known)
            return NmfRun(named if table is None else replace(named, said=table.said), known, again=True)
    from ...engine.nmf import analyse

    def tell(share: float) -> None:
        if progress is not None:
            progress(share)

    given = table or _given(repo, version, source, seed, lambda share: tell(READING * share), choosing=first < last)
    found = analyse(
        given.values,
        range(first, (last if ranks else max(first, min(last, *given.values.shape))) + 1),
        symmetric=given.symmetric,
        counts=given.counts,
        parted=given.parted,
        restarts=restarts,
        seed=seed,
        threads=os.cpu_count() or 1,
        progress=lambda share: tell(READING + (1.0 - READING) * share),
    )
    named = NamedAnalysis(found, given.genes, given.samples, given.said, given.symmetric, given.counts)
    try:
        return NmfRun(named, kept.keep(repo.artifacts, asked, named), again=False)
    except Conflict as refusal:
        return NmfRun(named, None, again=False, unkept=refusal.message)
    except OSError as failure:
        return NmfRun(named, None, again=False, unkept=f"{failure.filename or repo.path}: {failure.strerror}.")


def _content(version: Version, source: str) -> str:
    """Return the id of what is factored of a version."""
    return version.content if source == CORRELATION else version.base


def _content_of(table: NmfInput) -> str:
    """Return the id of what was read of a file, and of others beside it: its names and its values."""
    arrays = {
        layout.GENES: encode_names(table.genes),
        layout.SAMPLES: encode_names(table.samples),
        layout.EXPRESSION: np.asarray(table.values, dtype=np.float64),
    }
    return layout.content_id(layout.TABLE, "{}", arrays, {})


def _read(path: Path) -> NmfInput:
    from ...formats.expression.expression import read_expression

    expression = read_expression(path).expression
    size = f"{counted(len(expression.genes), 'gene')} in {counted(len(expression.samples), 'sample')}"
    said = f"{some([path.name], 1)}: {size}"
    return _measured(expression.values, expression.genes, expression.samples, said)


def _given(
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
                hint="These samples support none: `grn info` tells the base. Counts may: --input counts.",
            )
        said = f"the positive correlations of {counted(len(genes), 'gene')}"
        if hasattr(values, "tocsr"):
            said += f", of each with its {NEIGHBORS} nearest"
        parted = _parted(repo, version, seed, lambda share: progress(0.1 + 0.9 * share)) if choosing else ()
        return NmfInput(values, genes, genes, symmetric=True, counts=False, said=said + NO_LIKELIHOOD, parted=parted)
    base = repo.base(version.name)
    if base.expression is None:
        raise NotFound(
            f"The base of {version.name} keeps no expression.", hint="Give the counts as a file: --input FILE."
        )
    size = f"{counted(len(base.panel), 'gene')} in {counted(len(base.samples), 'sample')}"
    said = f"counts of {size}, the same at every version of this base"
    return _measured(base.expression.all(), tuple(base.panel.genes), base.samples, said)


def _parted(
    repo: Repository, version: Version, seed: int, progress: Callable[[float], object]
) -> tuple[tuple[Any, Any], ...]:
    """Return the positive correlations in half of the samples and in the others, both ways; none without samples."""
    from ...engine.nmf.modules.similarity import positive_correlations
    from ..resampling import resampling_of

    try:
        halves = resampling_of(repo, version.name).halves(PARTINGS, seed)
    except NotFound:
        return ()
    found: list[tuple[Any, Any]] = []
    for one, other in halves:
        found.append((positive_correlations(one), positive_correlations(other)))
        progress(len(found) / len(halves))
    if any(part.sum() <= 0.0 for pair in found for part in pair):  # shrunk to nothing: there is nothing to foretell
        return ()
    return tuple(pair for one, other in found for pair in ((one, other), (other, one)))


def _measured(values: NDArray[Any], genes: tuple[str, ...], samples: tuple[str, ...], said: str) -> NmfInput:
    """Return measured values to factor; only whole numbers are counts, with a likelihood."""
    negative = np.argwhere(values < 0)
    if len(negative):
        gene, sample = (int(at) for at in negative[0])
        are = "is" if len(negative) == 1 else "are"
        raise InputError(
            f"{counted(len(negative), 'value')} {are} negative: {values[gene, sample]:g} of {some([genes[gene]])} in "
            f"{some([samples[sample]])}.",
            hint="Amounts alone have such factors: counts, or intensities whose background was not subtracted.",
        )
    counts = bool((values == values.round()).all())
    return NmfInput(values, genes, samples, symmetric=False, counts=counts, said=said + ("" if counts else NO_COUNTS))


def contents_of(repo: Repository) -> dict[str, list[str]]:
    """Return the names of the versions that have each content id, and of those that have each base."""
    found: dict[str, list[str]] = {}
    for version in repo.versions(None):
        for content in (version.content, version.base):
            found.setdefault(content, []).insert(0, version.name)
    return found
