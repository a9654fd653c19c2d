"""Support: by how much samples held out are predicted better once a pathway is added to what was learnt without them.

A pathway adds σXFXᵀ to a covariance whose inverse is Θ. With X F^½ for X, Q = XᵀΘX = E diag(μ) Eᵀ and, of a sample held
out less its mean, β = EᵀXᵀΘy, its log density changes by

    Σ_d  −½ log(1 + σ t² μ_d) + ½ σ t² β_d² / (1 + σ t² μ_d),

t being a factor of all loadings, by the matrix determinant lemma and the formula of Sherman, Morrison and Woodbury. Θ
is that of a fold, (1/λ) I less what its principal axes take away, so that Q and β cost its samples times the members.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..estimation.folds import Fold, Samples, fold_of_samples, folds_of, number_of_folds
from ..mapping import Sequential
from ..network.columns import Columns, columns_of
from ..threads import one_blas_thread
from ..wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ..choices import Loadings
    from ..estimation.folds import FoldModel
    from ..mapping import Mapper
    from ..network.pathway import Pathway

STRENGTHS = (0.0, 0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 5.6, 8.0)
"""Factors of a pathway's loadings among which its strength is chosen."""

INNER_FOLDS = 5
"""Parts of the samples of a fold by which strengths are chosen."""

AT_ONCE = 2_048
"""Pathways whose products are in memory together."""


@dataclass(frozen=True, slots=True)
class Gains:
    """By how much each sample is predicted better with a pathway, when it is held out.

    Parameters
    ----------
    nats : ndarray of float64, shape (n, r)
        Of each sample and pathway; −∞ where a subtraction leaves no covariance. Where more than the mean is removed, of
        each contrast of the samples held out.
    units : ndarray of intp, shape (n,)
        Which of them are not independent: the group of a sample, the fold of a contrast.
    strengths : ndarray of float64, shape (r,)
        The factor of each pathway's loadings, the mean over samples where it was chosen.
    """

    nats: NDArray[np.float64]
    units: NDArray[np.intp]
    strengths: NDArray[np.float64]


def held_out_gains(
    samples: Samples,
    groups: NDArray[np.intp],
    pathways: Sequence[Pathway],
    intensities: tuple[float, float],
    *,
    choose_strength: bool = False,
    loadings: Loadings = "own",
    mapper: Mapper | None = None,
) -> Gains:
    """Return by how much samples held out are predicted better with each of some pathways, alone on the base.

    Parameters
    ----------
    samples : Samples
        Genes by samples, in the units of the base, and what is removed from them; no gene constant.
    groups : ndarray of intp, shape (n,)
        The group of each sample, numbered from 0. A group is held out as a whole.
    pathways : sequence of Pathway
        Additions and subtractions, each judged by itself. Loadings in `sd` units are of the standard deviations that
        the samples not held out give.
    intensities : tuple of float and float
        λ and λ_var.
    choose_strength : bool
        Whether a factor of the loadings, one of `STRENGTHS`, is chosen, for each fold by folds of its own samples.
    loadings : {"own", "pc1"}
        The pathway's own, or the first principal component of its members in the samples not held out, of the same
        sum of squares; of one column alone.
    mapper : Mapper, optional
        What runs the folds; one after the other by default.

    Returns
    -------
    Gains
        Numbers a sample and pathway.

    Raises
    ------
    InputError
        A gene has no variance in the samples that a part leaves to learn from.

    Notes
    -----
    O(pn² + n³) a fold, and O(mn) a pathway and fold; choosing a strength takes `INNER_FOLDS` times as long, and `pc1`
    O(mn²) a pathway and fold. Nothing genes × genes.

    Examples
    --------
    >>> from ..network.pathway import Pathway
    >>> rng = np.random.default_rng(0)
    >>> values = rng.standard_normal((60, 40))
    >>> values[:10] += rng.standard_normal(40)
    >>> real, other = (Pathway((name,), np.arange(10) + first, np.full((10, 1), 0.3)) for name, first in
    ...                (("real", 0), ("other", 20)))
    >>> means = held_out_gains(Samples(values), np.arange(40), [real, other], (0.8, 0.0)).nats.mean(axis=0)
    >>> bool(means[0] > 0.5), bool(means[1] < 0)
    (True, True)
    """
    where = fold_of_samples(groups, number_of_folds(len(groups)))
    held = [where == fold for fold in range(int(where.max()) + 1)]
    arguments = _FoldArguments(samples, groups, tuple(pathways), intensities, loadings, choose_strength=choose_strength)
    nats, factors = zip(*(mapper or Sequential())(_fold_gains, held, shared=arguments), strict=True)
    counts = [len(gains) for gains in nats]
    together, mean = np.concatenate(nats), np.mean(np.repeat(factors, counts, axis=0), axis=0)
    if samples.basis is not None:
        return Gains(together, np.repeat(np.arange(len(held)), counts), mean)
    order = np.argsort(np.concatenate([np.flatnonzero(mask) for mask in held]))
    return Gains(together[order], groups, mean)


@dataclass(frozen=True, slots=True)
class _FoldArguments:
    """What all folds have in common: the arguments of `held_out_gains`."""

    samples: Samples
    groups: NDArray[np.intp]
    pathways: tuple[Pathway, ...]
    intensities: tuple[float, float]
    loadings: Loadings
    _: KW_ONLY
    choose_strength: bool


def _fold_gains(arguments: _FoldArguments, held: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the gains of the samples that a fold holds out, shape (held, r), and the strengths, shape (r,)."""
    samples, intensities, pathways = arguments.samples, arguments.intensities, arguments.pathways
    factors = np.ones(len(pathways))
    with one_blas_thread():
        fold = _checked(Fold.of(samples, held), intensities[1])
        if arguments.choose_strength:
            others = np.flatnonzero(~held)
            numbers = np.unique(arguments.groups[others], return_inverse=True)[1].astype(np.intp)
            factors = _best_strengths(samples.select(others), numbers, pathways, intensities, arguments.loadings)
        model = fold.model(samples, intensities[1])
        return _density_gains(model, pathways, intensities[0], arguments.loadings, factors[np.newaxis])[0], factors


def _best_strengths(
    samples: Samples,
    groups: NDArray[np.intp],
    pathways: Sequence[Pathway],
    intensities: tuple[float, float],
    loadings: Loadings,
) -> NDArray[np.float64]:
    """Return the strength of each pathway at which samples held out are predicted best, shape (r,)."""
    grid = np.repeat(np.array(STRENGTHS)[:, np.newaxis], len(pathways), axis=1)
    totals = np.zeros(grid.shape)
    for fold in folds_of(samples, groups, INNER_FOLDS):
        model = _checked(fold, intensities[1]).model(samples, intensities[1])
        totals += _density_gains(model, pathways, intensities[0], loadings, grid).sum(axis=1)
    return np.array(STRENGTHS)[totals.argmax(axis=0)]


def _checked(fold: Fold, variance_intensity: float) -> Fold:
    """Return a fold in which every gene has a variance."""
    if np.all(fold.shrunk(variance_intensity) > 0):
        return fold
    constant = int(np.count_nonzero(fold.spread == 0))
    raise InputError(
        f"{constant:,} of {counted(len(fold.spread), 'gene')} are constant in the samples that a part leaves to learn "
        f"from, and λ_var = {variance_intensity:g} leaves them no variance.",
        code="no-variance-left",
    )


def _density_gains(
    model: FoldModel, pathways: Sequence[Pathway], share: float, loadings: Loadings, factors: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the changes of log density, shape (t, held, r), by factors of shape (t, r)."""
    gains = np.empty((len(factors), model.new.shape[1], len(pathways)))
    for start in range(0, len(pathways), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        gains[:, :, some] = _some_gains(model, pathways[some], share, loadings, factors[:, some])
    return gains


def _some_gains(
    model: FoldModel, pathways: Sequence[Pathway], share: float, loadings: Loadings, factors: NDArray[np.float64]
) -> NDArray[np.float64]:
    gains = np.empty((len(factors), model.new.shape[1], len(pathways)))
    signed = np.array([pathway.sign for pathway in pathways]) * np.square(factors)
    for chosen, precision, inner in _products(model, pathways, share, loadings):
        squares = signed[:, np.newaxis, chosen, np.newaxis]
        eigenvalues, vectors = np.linalg.eigh(precision)
        rotated = np.einsum("rdh,rde->hre", inner, vectors)
        left = 1.0 + squares * eigenvalues
        possible = np.where(left > 0, left, 1.0)
        change = 0.5 * (squares * np.square(rotated) / possible - np.log(possible))
        gains[:, :, chosen] = np.where(left > 0, change, -np.inf).sum(axis=-1)
    return gains


def _products(
    model: FoldModel, pathways: Sequence[Pathway], share: float, loadings: Loadings
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]]:
    """Yield, of the g pathways of D columns, their indices, XᵀΘX, shape (g, D, D), and XᵀΘY, shape (g, D, held)."""
    columns = _columns(model, pathways, loadings)
    axes, damping = model.coordinates(columns.transposed_times(model.others)), model.damping(share)
    new = model.coordinates((model.others.T @ model.new).T)
    inner = columns.transposed_times(model.new) / share - (axes * damping) @ new.T
    ranks = np.array([pathway.rank for pathway in pathways], dtype=np.intp)
    first = np.cumsum(ranks) - ranks
    for rank in sorted({pathway.rank for pathway in pathways}):
        chosen = np.flatnonzero(ranks == rank)
        which = np.add.outer(first[chosen], np.arange(rank))
        lengths = np.stack([_gram(columns, start, rank) for start in first[chosen]])
        along = axes[which]
        yield chosen, lengths / share - (along * damping) @ along.transpose(0, 2, 1), inner[which]


def _gram(columns: Columns, first: int, rank: int) -> NDArray[np.float64]:
    """Return XᵀX of columns that are one pathway's, and so have entries for the same genes."""
    block = columns.values[columns.starts[first] : columns.starts[first + rank]].reshape(rank, -1)
    return block @ block.T


def _columns(model: FoldModel, pathways: Sequence[Pathway], loadings: Loadings) -> Columns:
    """Return X in standard deviations of the model."""
    columns = columns_of(pathways, model.deviations).weighted(1.0 / model.deviations)
    if loadings == "own":
        return columns
    values = columns.values.copy()
    for start, stop in zip(columns.starts[:-1], columns.starts[1:], strict=True):
        own = values[start:stop]
        values[start:stop] = np.linalg.norm(own) * _first_component(model.others[columns.genes[start:stop]])
    return Columns(columns.shape, columns.genes, columns.starts, values)


def _first_component(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the first principal axis of standardised rows, shape (m,), of length 1."""
    if rows.shape[0] <= rows.shape[1]:
        return np.linalg.eigh(rows @ rows.T)[1][:, -1]
    axis = rows @ np.linalg.eigh(rows.T @ rows)[1][:, -1]
    return axis / np.linalg.norm(axis)
