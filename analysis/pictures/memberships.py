"""Shares of genes in modules: of an analysis that the store keeps, and as Dirichlet distributions draw them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import FormatError, InputError, NotFound
from ...engine.wording import counted
from ..nmf import kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ...storage.history.versions import Version
    from ...storage.networks.artifacts import Artifact
    from ...storage.repository import Repository

BINS = 20
"""Bins of a share, from 0 to 1."""

DRAWS = 10_000
"""Genes that are drawn from each Dirichlet distribution."""

MOST_PANELS = 6
"""Most distributions of a figure."""


@dataclass(frozen=True, slots=True)
class MembershipHistogram:
    """How many entries of the row-normalised W lie where between 0 and 1.

    Parameters
    ----------
    bins : ndarray of float64, shape (B + 1,)
        The ends of the bins.
    main, others : ndarray of int64, shape (B,)
        Shares of the main module of each gene, and shares of all other modules.
    pure, shared : int
        Genes of which no second module has a share of more than `SECOND_SHARE`, and the others.
    modules : int
        R.
    title, remark : str
        Of which version, and which analysis.
    """

    bins: NDArray[np.float64]
    main: NDArray[np.int64]
    others: NDArray[np.int64]
    pure: int
    shared: int
    modules: int
    title: str = ""
    remark: str = ""


def membership_histogram(repo: Repository, rev: str, *, analysis: str | None = None) -> MembershipHistogram:
    """Return the memberships of an analysis of a version that the store keeps: the newest, or one by its id.

    Raises
    ------
    NotFound
        There is none.
    """
    artifact = kept_analysis(repo, rev, analysis)
    named = kept.read(artifact)
    memberships = named.analysis.memberships
    shares = memberships.shares[memberships.main >= 0]
    is_main = np.zeros(shares.shape, dtype=np.bool_)
    is_main[np.arange(len(shares)), shares.argmax(axis=1)] = True
    ends = np.linspace(0.0, 1.0, BINS + 1)
    in_two = int(memberships.in_two_by_share.sum())
    modules = shares.shape[1]
    return MembershipHistogram(
        ends,
        *(np.histogram(shares[which], bins=ends)[0].astype(np.int64) for which in (is_main, ~is_main)),
        pure=len(shares) - in_two,
        shared=in_two,
        modules=modules,
        title=f"{repo.version(rev).name}: shares of {counted(len(shares), 'gene')} in {counted(modules, 'module')}",
        remark=f"analysis {artifact.key[:8]} of {named.description}",
    )


def kept_analysis(
    repo: Repository, rev: str, analysis: str | None = None, *, prefers_surveys: bool = False
) -> Artifact:
    """Return the newest NMF analysis of a version that the store keeps, or one of it or of a file by its id.

    With `prefers_surveys` it is the newest that chose among several ranks, where there is one.

    Raises
    ------
    NotFound
        There is none.
    InputError
        What has that id is of another version: a figure would name the wrong one.
    FormatError
        What has that id is no such analysis.
    """
    version = repo.version(rev)
    if analysis is not None:
        artifact = repo.artifacts.find_by_prefix(analysis)
        _check_version(repo, artifact, version)
        return artifact
    newest_first = kept.kept_of(repo.artifacts, (version.content, version.base))
    surveys = [artifact for artifact in newest_first if prefers_surveys and _has_several_ranks(artifact)]
    if newest_first:
        return [*surveys, *newest_first][0]
    damaged = sum(isinstance(artifact, FormatError) for artifact in repo.artifacts.each())
    but = f", but {counted(damaged, 'analysis', 'analyses')} that cannot be read" if damaged else ""
    raise NotFound(f"The store keeps no NMF analysis of {version.name}{but}.", code="no-analysis-kept")


def _check_version(repo: Repository, artifact: Artifact, version: Version) -> None:
    """Refuse an analysis of other content, where the store has a version of that; a file belongs to none."""
    content = artifact.record.content
    if content in (version.content, version.base):
        return
    others = [other.name for other in repo.versions(None) if content in (other.content, other.base)]
    if others:
        raise InputError(
            f"The analysis {artifact.key[:8]} is of {others[-1]}, and not of {version.name}.",
            code="analysis-of-another-version",
            facts={"version": others[-1]},
        )


def _has_several_ranks(artifact: Artifact) -> bool:
    first, last = (artifact.record.parameters.get(f"{end}_rank") for end in ("first", "last"))
    return first is None or first != last


@dataclass(frozen=True, slots=True)
class DirichletDraws:
    """Shares of one module, and of the largest one, in draws from symmetric Dirichlet distributions.

    Parameters
    ----------
    alpha : tuple of float
        The concentration of each distribution.
    modules : int
        R.
    bins : ndarray of float64, shape (B + 1,)
        The ends of the bins.
    counts : ndarray of int64, shape (A, B)
        Shares of all modules, R a draw.
    largest : ndarray of int64, shape (A, B)
        The largest share of each draw.
    draws, seed : int
        How many, and what they were drawn with.
    """

    alpha: tuple[float, ...]
    modules: int
    bins: NDArray[np.float64]
    counts: NDArray[np.int64]
    largest: NDArray[np.int64]
    draws: int
    seed: int


def dirichlet_draws(
    *, alpha: Sequence[float] = (0.1, 1.0, 10.0), modules: int = 4, seed: int = 42, draws: int = DRAWS
) -> DirichletDraws:
    """Return how shares of modules in genes are distributed that are drawn from Dirichlet(α, …, α).

    Parameters
    ----------
    alpha : sequence of float
        Concentrations: below 1 a gene is mostly in one module, above 1 in all of them.
    modules : int
        R, at least 2.
    seed, draws : int
        Seed of the random numbers, and how many genes are drawn from each distribution.

    Raises
    ------
    InputError
        A concentration is not positive, there are too many of them, or too few modules.
    """
    if not 1 <= len(alpha) <= MOST_PANELS:
        raise InputError(f"A figure has 1 to {MOST_PANELS} Dirichlet distributions, and {len(alpha)} are asked for.")
    if wrong := [value for value in alpha if not 1e-3 <= value <= 1e6]:
        raise InputError(f"A Dirichlet distribution has a concentration of 0.001 to 1e6, not of {wrong[0]:g}.")
    if modules < 2:
        raise InputError(f"Shares are those of two modules or more, not of {modules}.")
    stream = np.random.RandomState(seed)  # its stream is frozen for ever (NEP 19)
    ends = np.linspace(0.0, 1.0, BINS + 1)
    shares = [_draw(value, modules, draws, stream) for value in alpha]
    return DirichletDraws(
        tuple(float(value) for value in alpha),
        modules,
        ends,
        np.stack([np.histogram(each, bins=ends)[0] for each in shares]).astype(np.int64),
        np.stack([np.histogram(each.max(axis=1), bins=ends)[0] for each in shares]).astype(np.int64),
        draws,
        seed,
    )


def _draw(alpha: float, modules: int, draws: int, stream: np.random.RandomState) -> NDArray[np.float64]:
    """Return draws from Dirichlet(α, …, α), shape (draws, R), rows summing to one.

    Notes
    -----
    Gamma variables divided by their sum, as logarithms: for a small α all of a row may be below the smallest number.
    Γ(α) is Γ(α + 1) U^(1/α) for a uniform U (Marsaglia and Tsang, ACM Transactions on Mathematical Software 26, 2000).
    """
    logs = np.log(stream.gamma(alpha + 1.0, size=(draws, modules)))
    logs += np.log(stream.uniform(size=(draws, modules))) / alpha
    shares = np.exp(logs - logs.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)
