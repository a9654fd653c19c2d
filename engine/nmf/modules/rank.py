"""The number of modules: a survey of ranks by how well each predicts entries held out, beside other measures."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.sparse import csr_array, issparse

from ...errors import InputError
from ...mapping import Threads
from ...network.covariance import row_blocks
from ...threads import cores
from ...wording import counted
from ..solvers.observed import observe, speckled
from ..solvers.solver import check_rank, fit
from ..solvers.symmetric import fit_symmetric, observe_symmetric, speckled_pairs
from .consensus import dispersion
from .likelihood import least_divergence, log_likelihood

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from ...mapping import Mapper
    from ..solvers.factorization import Factorization
    from ..solvers.observed import Observed

MASKS, HELD_OUT = 3, 0.10
"""Number of masks, and the share of the entries that each holds out."""

STARTS, STARTS_IN_A_SPLIT = 3, 2
"""Most starts of a fit to the entries that are not held out, and to the similarities in one half of the samples."""

HeldOut = Literal["entries", "pairs", "samples"]
"""The kinds of hold-out."""

PREDICTED: dict[HeldOut, str] = {
    "entries": "entries held out",
    "pairs": "pairs of genes held out",
    "samples": "the similarities in the other half of the samples",
}

LEAST_PREDICTED = 1e-6
"""The least prediction of an entry, as a share of the mean, so that no single entry decides."""


@dataclass(frozen=True, slots=True)
class RankRow:
    """The measures of one rank.

    Parameters
    ----------
    rank : int
        R.
    held_out : float
        The mean divergence of an entry held out, over all masks, in units of V; NaN where there is one rank alone.
    standard_error : float
        Of that mean, over the masks.
    dispersion : float
        Of the consensus of the restarts, 1 if all agree; NaN with fewer than two.
    log_likelihood : float
        Of Poisson counts, less the log V! that all ranks have in common; NaN where V are no counts, and where the least
        divergence is not known (`least_divergence`).
    divergence : float
        The least among the restarts, which may have ended early, in units of V.
    """

    rank: int
    held_out: float
    standard_error: float
    dispersion: float
    log_likelihood: float
    divergence: float


@dataclass(frozen=True, slots=True)
class RankSurvey:
    """The measures of each rank, and the choice of one.

    Parameters
    ----------
    rows : tuple of RankRow
        In ascending order of ranks.
    by : {"entries", "pairs", "samples"}
        What was held out: entries of V; pairs of genes; or half of the samples, whose similarities were then predicted.
    fits : mapping of int to tuple of Factorization
        The restarts of each rank; empty where the survey was read from a store.
    """

    rows: tuple[RankRow, ...]
    by: HeldOut = "entries"
    fits: Mapping[int, tuple[Factorization, ...]] = field(default_factory=dict[int, "tuple[Factorization, ...]"])

    @property
    def best(self) -> Factorization:
        """The restart of the chosen rank with the least divergence."""
        return min(self.fits[self.chosen.rank], key=_divergence)

    @property
    def chosen(self) -> RankRow:
        """The rank that best predicts what was held out."""
        return min(self.rows, key=lambda row: row.held_out)

    @property
    def within_one_error(self) -> RankRow:
        """The least rank within one standard error of the best."""
        most = self.chosen.held_out + self.chosen.standard_error
        return next((row for row in self.rows if row.held_out <= most), self.chosen)  # NaN with a single rank

    @property
    def second_differences(self) -> NDArray[np.float64]:
        """How sharply the divergence bends at each rank; NaN at the ends, and next to a rank that was not surveyed.

        Of counts that is how sharply the log likelihood bends, from restarts that may have ended early.
        """
        ranks, divergences = (np.array([getattr(row, name) for row in self.rows]) for name in ("rank", "divergence"))
        bends, apart = np.full(len(ranks), np.nan), np.diff(ranks)
        inner = divergences[:-2] + divergences[2:] - 2.0 * divergences[1:-1]
        bends[1:-1] = np.where((apart[1:] == 1) & (apart[:-1] == 1), inner, np.nan)
        return bends

    @property
    def within_two_errors(self) -> list[int]:
        """The ranks that are hardly worse than the best: within two standard errors of it."""
        most = self.chosen.held_out + 2.0 * self.chosen.standard_error
        return [row.rank for row in self.rows if row.held_out <= most]

    @property
    def is_flat(self) -> bool:
        """Whether the curve says little: the least and the largest rank are both within two errors of the best."""
        return len(self.rows) > 1 and {self.rows[0].rank, self.rows[-1].rank} <= set(self.within_two_errors)

    @property
    def has_turned(self) -> bool:
        """Whether two ranks or more beyond the best one were surveyed, all of them worse."""
        return self.chosen.rank < self.rows[-1].rank - 1

    @property
    def reason(self) -> str:
        """Why that rank, in a few sentences."""
        chosen, ends = self.chosen, (self.rows[0].rank, self.rows[-1].rank)
        if len(self.rows) == 1:
            return f"Rank {chosen.rank} is the only one surveyed."
        sentences = [
            f"Rank {chosen.rank} predicts {PREDICTED[self.by]} best: a mean KL divergence of {chosen.held_out:.4g}."
        ]
        if self.is_flat:
            hardly = ", ".join(map(str, self.within_two_errors))
            sentences.append(f"But the curve is flat: ranks {hardly} are within two standard errors of it.")
        elif self.within_one_error.rank != chosen.rank:
            sentences.append(f"Rank {self.within_one_error.rank} is within one standard error of it.")
        if chosen.rank in ends and chosen.rank > 1 and not self.is_flat:
            where = "lower" if chosen.rank == ends[0] else "higher"
            sentences.append(f"It is at the end of the ranks surveyed: try {where} ones too.")
        if self.by == "pairs":
            sentences.append("Pairs share the noise of their samples, so that this tends to too many modules.")
        return " ".join(sentences)


def rank_survey(
    values: Any,
    ranks: Sequence[int],
    *,
    restarts: int = 10,
    seed: int = 0,
    symmetric: bool = False,
    counts: bool = True,
    splits: Sequence[tuple[Any, Any]] = (),
    hold_out: bool | None = None,
    mapper: Mapper | None = None,
    progress: Callable[[float], object] = lambda _: None,
    **options: Any,
) -> RankSurvey:
    """Return a survey of ranks.

    Parameters
    ----------
    values : ndarray or sparse array, shape (p, n)
        V, as for `observe`.
    ranks : sequence of int
        The ranks to survey.
    restarts : int
        Number of fits of each rank, from consecutive seeds.
    seed : int
        The masks and the starts are drawn with it.
    symmetric : bool
        Whether V are similarities, to be factored as W Wᵀ.
    counts : bool
        Whether V are counts, so that there is a likelihood.
    splits : sequence of pairs of V
        Similarities in one part of the samples, and in the others. A fit to the first is compared with the second: what
        all similarities of the same few samples share by chance, a fit would predict of pairs held out among them.
        Without, a tenth of the entries is held out, or of the pairs.
    hold_out : bool, optional
        Whether anything is predicted; by default where there are several ranks.
    mapper : Mapper, optional
        What runs the fits; a thread a core by default.
    progress : callable
        Called with the share that is done.
    options
        Arguments of `fit`.

    Raises
    ------
    InputError
        A rank does not fit the matrix, or there are no ranks.
    """
    ordered = sorted(set(ranks))
    if not ordered or restarts < 1:
        raise InputError(f"A survey needs ranks and restarts, not {list(ranks)} and {restarts}.")
    values = csr_array(values) if bool(issparse(values)) else np.asarray(values)
    whole = observe_symmetric(values) if symmetric else observe(values)
    hold_out = len(ordered) > 1 if hold_out is None else hold_out
    trials = _trials(values, seed, splits, symmetric=symmetric) if hold_out else []
    for rank in (ordered[0], ordered[-1]):
        check_rank(whole, rank)
    starts = range(min(restarts, STARTS_IN_A_SPLIT if splits else STARTS))
    matrices = (whole, *(trial.observed for trial in trials))
    jobs = [(rank, 0, seed + number) for rank in ordered for number in range(restarts)]
    jobs += [
        (rank, matrix, seed + number) for rank in ordered for matrix in range(1, len(matrices)) for number in starts
    ]
    counts, mapper = counts and not symmetric, mapper or Threads(cores())
    done, steps = 0, len(jobs) + counts * len(ordered)
    surveyed = _Surveyed(matrices, seed, options, symmetric=symmetric)
    fits: dict[tuple[int, int], list[Factorization]] = {}
    for (rank, matrix, _), factorization in zip(jobs, mapper(_fit_job, jobs, shared=surveyed), strict=True):
        fits.setdefault((rank, matrix), []).append(factorization)
        progress((done := done + 1) / steps)
    predicted = {
        rank: [trial.divergence_of(min(fits[rank, matrix], key=_divergence)) for matrix, trial in enumerate(trials, 1)]
        for rank in ordered
    }
    likelihoods = [float("nan")] * len(ordered)
    restarted = [fits[rank, 0] for rank in ordered if counts]
    for index, divergence in enumerate(mapper(_least_divergence, restarted, shared=surveyed)):
        likelihoods[index] = log_likelihood(values, divergence)
        progress((done := done + 1) / steps)
    rows = [_row(rank, predicted[rank], fits[rank, 0], at) for rank, at in zip(ordered, likelihoods, strict=True)]
    by: HeldOut = "samples" if splits else "pairs" if symmetric else "entries"
    return RankSurvey(tuple(rows), by, {rank: tuple(fits[rank, 0]) for rank in ordered})


@dataclass(frozen=True, slots=True)
class _Surveyed:
    """What all fits of a survey share: V, V without what each trial holds out, the seed, and arguments of `fit`."""

    matrices: tuple[Observed, ...]
    seed: int
    options: Mapping[str, Any]
    _: KW_ONLY
    symmetric: bool


def _fit_job(surveyed: _Surveyed, job: tuple[int, int, int]) -> Factorization:
    rank, matrix, seed = job
    if surveyed.symmetric:
        return fit_symmetric(surveyed.matrices[matrix], rank, seed=seed, **surveyed.options)
    return fit(surveyed.matrices[matrix], rank, seed=seed, threads=1, **surveyed.options)


def _least_divergence(surveyed: _Surveyed, fits: Sequence[Factorization]) -> float:
    return least_divergence(surveyed.matrices[0], fits, surveyed.seed, **surveyed.options)


@dataclass(frozen=True, slots=True)
class _Trial:
    """A matrix to fit, and what the fit has to predict: entries held out by a mask, or all pairs of other samples."""

    observed: Observed
    values: Any
    mask: Any = None

    def divergence_of(self, factorization: Factorization) -> float:
        """Return the mean divergence of what was held out from the prediction."""
        if self.mask is None:
            return _pairs_divergence(self.values, factorization)
        return _entries_divergence(self.values, self.mask, factorization)


def _trials(values: Any, seed: int, splits: Sequence[tuple[Any, Any]], *, symmetric: bool) -> list[_Trial]:
    if splits:
        return [_Trial(observe_symmetric(first), second) for first, second in splits]
    prepare, draw = (observe_symmetric, speckled_pairs) if symmetric else (observe, speckled)
    masks = [draw(values, HELD_OUT, seed + number) for number in range(MASKS)]
    if any(not mask.sum() for mask in masks):
        p, n = values.shape
        raise InputError(
            f"A matrix of {p:,} × {n:,} is too small to hold anything out of it, so no rank can be chosen.",
            code="too-small-to-hold-out",
        )
    positive = int((values > 0).sum())
    if any(positive <= np.count_nonzero(values[mask.nonzero()] > 0) for mask in masks):
        raise InputError(
            f"{counted(positive, 'value')} of {values.shape[0] * values.shape[1]:,} {'is' if positive == 1 else 'are'} "
            "above zero: too few to hold any out, so no rank can be chosen.",
            code="too-small-to-hold-out",
        )
    return [_Trial(prepare(values, held_out=mask), values, mask) for mask in masks]


def _row(rank: int, predicted: list[float], fits: Sequence[Factorization], log_likelihood: float) -> RankRow:
    return RankRow(
        rank=rank,
        held_out=float(np.mean(predicted)) if predicted else float("nan"),
        standard_error=float(np.std(predicted, ddof=1) / np.sqrt(len(predicted))) if predicted else float("nan"),
        dispersion=dispersion(fits) if len(fits) > 1 else float("nan"),
        log_likelihood=log_likelihood,
        divergence=min(map(_divergence, fits)),
    )


def _divergence(factorization: Factorization) -> float:
    return factorization.divergence


def _entries_divergence(values: Any, mask: Any, factorization: Factorization) -> float:
    """Return the mean divergence of the entries held out from the prediction of a fit without them."""
    rows, columns = mask.nonzero()
    v = np.asarray(values[rows, columns], dtype=np.float64).ravel()
    x: NDArray[np.float64] = np.einsum("er,er->e", factorization.modules[rows], factorization.usage.T[columns])
    seen = ~np.isnan(v)
    v, x = v[seen], x[seen]
    x = np.maximum(x, LEAST_PREDICTED * max(float(v.mean()), np.finfo(np.float64).tiny))
    with np.errstate(divide="ignore", invalid="ignore"):
        log_part = np.where(v > 0.0, v * np.log(v / x), 0.0)
    return float(np.mean(log_part - v + x))


def _pairs_divergence(values: Any, factorization: Factorization) -> float:
    """Return the mean divergence of all pairs of other samples from the prediction of a fit, in O(p² R) or O(nnz R)."""
    size = len(factorization.modules)
    everywhere = np.sum(factorization.modules.sum(axis=0) * factorization.usage.sum(axis=1))
    off_diagonal = float(everywhere - np.einsum("pr,rp->", factorization.modules, factorization.usage))
    total, pairs = 0.0, size * (size - 1)
    for band in row_blocks(size, size):
        part = values[band.start : band.stop]
        rows, columns = part.nonzero()
        apart = rows + band.start != columns
        rows, columns = rows[apart], columns[apart]
        v = np.asarray(part[rows, columns], dtype=np.float64).ravel()
        x = np.einsum("er,re->e", factorization.modules[band][rows], factorization.usage[:, columns])
        total += float(np.sum(v * np.log(v / np.maximum(x, LEAST_PREDICTED * off_diagonal / pairs)) - v))
    return (total + off_diagonal) / pairs
