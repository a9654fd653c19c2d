"""What is known of a true network before a study: regulons and gene sets, not all of it right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .network import TrueNetwork

KNOWN = 0.85
"""Share of the true targets, and of the members of a program, that are known."""
MISTAKEN = 0.1
"""How many wrong targets and members there are, as a share of the true ones."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Regulons and gene sets; about one entry in ten is wrong, and three true ones in twenty are missing.

    Parameters
    ----------
    sources, targets : ndarray of intp, shape (T,)
        The regulons, source by source.
    signs : ndarray of float64, shape (T,)
        1 where the source activates the target, −1 where it represses it.
    sets : tuple of ndarray of intp
        The genes of each program's set.
    """

    sources: NDArray[np.intp]
    targets: NDArray[np.intp]
    signs: NDArray[np.float64]
    sets: tuple[NDArray[np.intp], ...]


def recall_knowledge(network: TrueNetwork, sizes: Sequence[int], stream: np.random.RandomState) -> Knowledge:
    """Return what is known of a network of programs.

    Parameters
    ----------
    network : TrueNetwork
        As `draw_network` makes it.
    sizes : sequence of int
        How many genes each program has.
    stream : RandomState
        The random numbers.
    """
    genes, true = len(network.noise), network.regulated
    pairs = np.column_stack([network.sources[true], network.targets[true]])
    signs = np.sign(network.weights[true])
    recalled = stream.random_sample(len(pairs)) < KNOWN
    wrong = np.column_stack([
        stream.choice(pairs[:, 0], round(MISTAKEN * len(pairs))),
        stream.randint(genes, size=round(MISTAKEN * len(pairs))),
    ])  # fmt: skip
    every = np.vstack([pairs[recalled], wrong])
    every_sign = np.concatenate([signs[recalled], stream.choice([1.0, -1.0], len(wrong))])
    _, first = np.unique(every, axis=0, return_index=True)
    first = first[every[first, 0] != every[first, 1]]
    members = np.split(np.arange(genes), np.cumsum(sizes)[:-1])
    sets = tuple(_recall_set(program, genes, stream) for program in members)
    return Knowledge(every[first, 0], every[first, 1], every_sign[first], sets)


def _recall_set(program: NDArray[np.intp], genes: int, stream: np.random.RandomState) -> NDArray[np.intp]:
    recalled = program[stream.random_sample(len(program)) < KNOWN]
    wrong = stream.randint(genes, size=round(MISTAKEN * len(program)))
    return np.unique(np.concatenate([recalled, wrong]))
