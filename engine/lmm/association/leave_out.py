"""A kernel less some of what it was made of, with δ estimated anew: proximal contamination, and one pathway at a time.

What is tested should not stand in the kernel too: it would have to exceed itself (Listgarten et al. 2012, Nature
Methods 9:525). K' = K − WWᵀ needs no new decomposition: every product under H⁻¹ is changed by the Woodbury identity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import EngineError
from ...threads import one_blas_thread
from ..kernels.moments import not_a_part
from ..model.boundary import at_all, at_none
from ..model.likelihood import profile
from ..model.search import search
from ..model.tails import t_two_sided

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..model.fit import Model
    from ..model.likelihood import Method


@dataclass(frozen=True, slots=True)
class LeaveOutFit:
    """A model without some columns of its kernel.

    Parameters
    ----------
    delta, h2, scale, log_likelihood : float
        As of `Fit`, for the kernel that is left.
    beta, se, t, log10_p : ndarray of float64, shape (q,)
        Of columns tested beside it, at its δ; two-sided, t with n − r − 1 degrees of freedom.
    """

    delta: float
    h2: float
    scale: float
    log_likelihood: float
    beta: NDArray[np.float64]
    se: NDArray[np.float64]
    t: NDArray[np.float64]
    log10_p: NDArray[np.float64]


class LeaveOut:
    """A model, ready to leave out columns of its kernel.

    Parameters
    ----------
    given : Model
        Of one trait.
    columns : ndarray of float64, shape (n, c)
        All columns that may be left out, W among them, in the kernel's units.
    tests : ndarray of float64, shape (n, q), optional
        Columns to be tested beside what is left.
    method : {"reml", "ml"}
        Which likelihood.

    Notes
    -----
    O(nk(c + q)) once, for all columns together; then each question O(gk(r + w)²).
    """

    def __init__(
        self,
        given: Model,
        columns: NDArray[np.float64],
        tests: NDArray[np.float64] | None = None,
        *,
        method: Method = "reml",
    ) -> None:
        self._given = given
        self._method: Method = method
        self._tests = np.empty((given.size, 0)) if tests is None else tests
        self._columns = columns
        with one_blas_thread():
            self._all = given.kernel.rotate(np.hstack([given.fixed.basis, self._tests, columns]), given.traits[:, :1])
            self._lengths = np.einsum("ij,ij->j", given.fixed.residual(columns), columns)
            self._none = at_none(given.rotated, given.size, method)

    def without(self, which: Sequence[int], tests: Sequence[int] = ()) -> LeaveOutFit:
        """Return the model without some of the columns.

        Parameters
        ----------
        which : sequence of int
            Places among the columns.
        tests : sequence of int
            Places among the tests, each tested alone.

        Raises
        ------
        NotPositiveDefinite
            The columns are no part of the kernel.
        EngineError
            Nothing of the kernel is left.
        """
        given, w = self._given, len(which)
        r, q = given.fixed.rank, self._tests.shape[1]
        scale = given.scale - float(np.sum(self._lengths[list(which)])) / (given.size - r)
        if scale < -1e-9 * given.scale:
            raise not_a_part(scale / given.scale)
        if scale <= 1e-9 * given.scale:
            raise EngineError("Nothing of the kernel is left without these columns.")
        places = [*range(r), *(r + q + one for one in which)]
        with one_blas_thread():
            rotated = self._all.taking(places)
            ends = (self._none, at_all(rotated, given.size, self._method, without=w))
            best = search(
                rotated, given.size, scale, self._method, change=lambda moments: moments.without(w), ends=ends
            )
            delta = float(best.deltas[0])
            told = [self._tested(delta, [*range(r), r + one], which) for one in tests]
        return self._told(told, delta, scale, float(best.log_likelihood[0]))

    def without_all(self, tests: Sequence[int] = ()) -> LeaveOutFit:
        """Return the model without any kernel, ordinary least squares; arguments as for `without`."""
        r = self._given.fixed.rank
        told = [self._tested(np.inf, [*range(r), r + one], ()) for one in tests]
        return self._told(told, np.inf, float("nan"), float(self._none.log_likelihood[0]))

    def _told(self, told: list[tuple[float, float]], delta: float, scale: float, log_likelihood: float) -> LeaveOutFit:
        beta, se = (np.array([pair[at] for pair in told]) for at in (0, 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            t = beta / se
        return LeaveOutFit(
            delta=delta,
            h2=0.0 if np.isinf(delta) else scale / (scale + delta),
            scale=scale,
            log_likelihood=log_likelihood,
            beta=beta,
            se=se,
            t=t,
            log10_p=t_two_sided(t, self._given.size - self._given.fixed.rank - 1),
        )

    def _tested(self, delta: float, fixed: list[int], which: Sequence[int]) -> tuple[float, float]:
        """Return the effect of the last fixed effect, and its standard error, at δ."""
        given, first = self._given, self._given.fixed.rank + self._tests.shape[1]
        if np.isinf(delta):
            moments = self._all.taking(fixed).at_identity()
        else:
            rotated = self._all.taking([*fixed, *(first + one for one in which)])
            moments = rotated.grid(np.array([delta]), 1).without(len(which))
        found = profile(moments, np.ones(1), given.size, self._method)
        variance = float(found.residual[0, 0]) / (given.size - len(fixed))
        return float(found.effects[0, -1, 0]), float(np.sqrt(variance * found.inverse[0, -1, -1]))
