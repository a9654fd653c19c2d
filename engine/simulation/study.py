"""A study of two groups from a known network: counts with batches, a signal from other samples, and the truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from .knowledge import Knowledge, recall_knowledge
from .network import TrueNetwork, draw_network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

BATCHES = 3
BATCH_SD = 0.35
"""SD of what a batch does to a gene, as a share of the gene's own."""
MEAN_LEVEL = (6.0, 3.0)
"""Mean and SD over genes of the log₂ of expected counts."""
SPREAD = (0.4, 1.0)
"""Range over genes of the SD of log₂ expression between samples."""
DEPTH_SD = 0.25
"""SD of the logarithm of the samples' depths."""
OVERDISPERSION = 0.02
"""α of the counts' variance μ + α μ²."""


@dataclass(frozen=True, slots=True)
class SimulatedStudy:
    """What a study of p genes in n samples measured, and what is true.

    Parameters
    ----------
    counts : ndarray of float64, shape (p, n)
        Whole numbers.
    treated : ndarray of bool, shape (n,)
        The group of each sample.
    batch : ndarray of intp, shape (n,)
        The batch of each sample, from 0; both groups are in each.
    signal : ndarray of float64, shape (p,)
        t of each gene, treated against control, in as many other samples.
    knowledge : Knowledge
        Regulons and gene sets that were known before.
    network : TrueNetwork
        What the samples were drawn from.
    differences : ndarray of float64, shape (p,)
        The true difference of the groups, in log₂ of the expected counts.
    """

    counts: NDArray[np.float64]
    treated: NDArray[np.bool_]
    batch: NDArray[np.intp]
    signal: NDArray[np.float64]
    knowledge: Knowledge
    network: TrueNetwork
    differences: NDArray[np.float64]


def simulate_study(
    sizes: Sequence[int], responses: Mapping[int, float], *, samples: int = 60, seed: int = 0
) -> SimulatedStudy:
    """Return a study of two groups, drawn from a network of programs.

    Parameters
    ----------
    sizes : sequence of int
        How many genes each program has; the first gene of each regulates it.
    responses : mapping of int to float
        What the treatment does to genes directly, in SD; the network carries it on.
    samples : int
        n, half of them treated; 6 or more.
    seed : int
        All is drawn with it, by NumPy's legacy generator, whose stream is frozen for ever (NEP 19).

    Raises
    ------
    InputError
        There are too few samples or genes.

    Notes
    -----
    O(p² + pn).
    """
    if samples < 2 * BATCHES:
        raise InputError(f"A study has {2 * BATCHES} samples or more, not {samples}.")
    stream = np.random.RandomState(seed)
    network = draw_network(sizes, stream)
    knowledge = recall_knowledge(network, sizes, stream)
    genes = len(network.noise)
    direct = np.zeros((genes, 1))
    direct[list(responses), 0] = list(responses.values())
    shift = network.spread(direct)
    treated = np.arange(samples) >= samples // 2
    batch = np.arange(samples) % BATCHES
    spread = stream.uniform(*SPREAD, (genes, 1))
    states = _states(network, shift, treated, stream)
    states += stream.normal(0.0, BATCH_SD, (genes, BATCHES))[:, batch]
    counts = _counts(spread * states, stream)
    others = _states(network, shift, treated, stream)
    return SimulatedStudy(
        counts, treated, batch, _t(others, treated), knowledge, network, (spread * shift)[:, 0],
    )  # fmt: skip


def _states(
    network: TrueNetwork, shift: NDArray[np.float64], treated: NDArray[np.bool_], stream: np.random.RandomState
) -> NDArray[np.float64]:
    """Return the expression of every gene in new samples, in SD."""
    own = stream.standard_normal((len(network.noise), len(treated))) * np.sqrt(network.noise)[:, None]
    return network.spread(own) + shift * treated


def _counts(log_fold: NDArray[np.float64], stream: np.random.RandomState) -> NDArray[np.float64]:
    """Return negative binomial counts around every gene's own level and every sample's own depth."""
    level = stream.normal(MEAN_LEVEL[0], MEAN_LEVEL[1], (len(log_fold), 1))
    depth = np.exp(stream.normal(0.0, DEPTH_SD, (1, log_fold.shape[1])))
    mean = depth * np.exp2(level + log_fold)
    return stream.poisson(mean * stream.gamma(1.0 / OVERDISPERSION, OVERDISPERSION, mean.shape)).astype(np.float64)


def _t(values: NDArray[np.float64], treated: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return Welch's t of every gene, treated against control."""
    groups = values[:, treated], values[:, ~treated]
    squared_error = sum(group.var(axis=1, ddof=1) / group.shape[1] for group in groups)
    return (groups[0].mean(axis=1) - groups[1].mean(axis=1)) / np.sqrt(squared_error)
