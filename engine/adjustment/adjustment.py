"""What is removed from the values of samples before their covariance is estimated, and what that leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..wording import counted
from .components import leading_components, remove, standardise
from .exchangeable import SEED, exchangeable_columns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .design import Design

LEAST_DEGREES = 2
"""Least degrees of freedom that must be left."""

_SAME_DIRECTION = 1e-9
"""Least distance from 1 of the cosine between directions that differ."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What is removed from the values of n samples before their covariance is estimated.

    Parameters
    ----------
    design : Design
        Means, categories and covariates of the samples.
    components : int
        K: how many leading principal components of what the design leaves are removed, too.

    Raises
    ------
    InputError
        K is negative, or leaves fewer than two degrees of freedom.
    """

    design: Design
    components: int = 0

    def __post_init__(self) -> None:
        most = self.design.basis.shape[0] - self.design.basis.shape[1] - LEAST_DEGREES
        if not 0 <= self.components <= most:
            raise InputError(
                f"{self.components} components cannot be removed from {counted(len(self.design.basis), 'sample')}.",
                code="components-out-of-range",
                facts={"most": most},
            )

    @property
    def degrees_of_freedom(self) -> int:
        """ν: n less the columns of the design and the components."""
        return self.design.basis.shape[0] - self.design.basis.shape[1] - self.components

    def independent_degrees_of_freedom(self, groups: NDArray[np.intp]) -> int:
        """Return ν with each group of samples that are not independent counted once.

        Parameters
        ----------
        groups : ndarray of intp, shape (n,)
            The group of each sample, numbered from 0.

        Raises
        ------
        InputError
            Fewer than two are left.

        Notes
        -----
        With D the design and C the indicators of groups, rank([D C]) − rank(D) − K: what differs between groups once
        the design is removed. Where that is nothing but the components, since the design has a mean of each group,
        samples are independent within their groups, and it is n − rank(D) − K. Dimensions that D and C share are those
        of principal angle 0 (Björck and Golub, Mathematics of Computation 27 (1973)). O(nk + Gk²) for G groups.
        """
        sizes = np.bincount(groups)
        sums = np.zeros((len(sizes), self.design.basis.shape[1]))
        np.add.at(sums, groups, self.design.basis)
        cosines = np.linalg.svd(sums / np.sqrt(sizes)[:, np.newaxis], compute_uv=False)
        between = len(sizes) - int(np.count_nonzero(cosines > 1.0 - _SAME_DIRECTION))
        degrees = between - self.components if between else self.degrees_of_freedom
        if degrees < LEAST_DEGREES:
            raise InputError(
                f"What is removed leaves {counted(max(0, degrees), 'degree')} of freedom between "
                f"{counted(len(sizes), 'group')} of samples.",
                code="nothing-left-of-groups",
            )
        return degrees

    def residuals(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what is left of values, shape (p, n), exactly zero where that is rounding.

        Parameters
        ----------
        values : ndarray of float64, shape (p, n)
            Genes by samples, prepared.

        Notes
        -----
        Least squares; components are those of genes that are standardised after the design is removed. O(pn²) with
        components, O(pnk) without.
        """
        return self._removed(values)[0]

    def columns(self, values: NDArray[np.float64], seed: int = SEED) -> NDArray[np.float64]:
        """Return exchangeable columns in place of the samples, shape (p, ν + 1).

        Each row has mean zero, and products of two rows are those of their residuals: variances come out as
        RSS/ν, correlations as those of the residuals. See `exchangeable_columns`.
        """
        residuals, basis = self._removed(values)
        return exchangeable_columns(residuals, basis, seed)

    def _removed(self, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        residuals, basis = remove(values, self.design.basis), self.design.basis
        if self.components:
            scores = leading_components(standardise(residuals), self.components)
            residuals, basis = remove(residuals, scores), np.column_stack([basis, scores])
        return residuals, basis
