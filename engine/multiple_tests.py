"""q-values of many tests (Benjamini and Hochberg 1995).

The algorithm is SciPy's, `scipy.stats.false_discovery_control`, to the bit; it stands here because loading
`scipy.stats` takes half a second, longer than most analyses that ask for q.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def benjamini_hochberg(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the q of each of m tests: the least false discovery rate at which it is called.

    Parameters
    ----------
    p : ndarray of float64, shape (m,)
        p of each test, from 0 to 1.

    Returns
    -------
    ndarray of float64, shape (m,)
        In O(m log m): q_(i) = min over j ≥ i of m p_(j)/j, at the most 1.

    Raises
    ------
    ValueError
        A p is not a number from 0 to 1.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.5, 0.6, 0.1, 0.001])).tolist()
    [0.6, 0.6, 0.2, 0.004]
    """
    if not np.all((p >= 0.0) & (p <= 1.0)):
        raise ValueError("p must be numbers from 0 to 1.")
    order = np.argsort(p)
    q = np.empty_like(p)
    scaled = p[order] * (len(p) / np.arange(1.0, len(p) + 1.0))
    q[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return q
