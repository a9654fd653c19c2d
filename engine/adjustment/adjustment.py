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
    def residual_dimensions(self) -> int:
        """n less the columns of the design and the components: the degrees of freedom of independent samples."""
        return self.design.basis.shape[0] - self.design.basis.shape[1] - self.components

    def degrees_of_freedom(self, groups: NDArray[np.intp] | None = None) -> int:
        """Return ν, the degrees of freedom that are left, a group of samples that are not independent counted once.

        Parameters
        ----------
        groups : ndarray of intp, shape (n,), optional
            The group of each sample, numbered from 0.

        Raises
        ------
        InputError
            Fewer than two are left.

        Notes
        -----
        With D the design and C the indicators of groups, rank([D C]) − rank(D) − K: what differs between groups once
        the design is removed. Where that is nothing but the components, since the design has a mean of each group,
        samples are independent within their groups, and it is n − rank(D) − K.
        """
        if groups is None:
            return self.residual_dimensions
        indicators = np.zeros((len(groups), int(groups.max()) + 1))
        indicators[np.arange(len(groups)), groups] = 1.0 / np.sqrt(np.bincount(groups))[groups]
        basis = self.design.basis
        between = int(np.linalg.matrix_rank(indicators - basis @ (basis.T @ indicators), tol=1e-7))
        degrees = between - self.components if between else self.residual_dimensions
        if degrees < LEAST_DEGREES:
            raise InputError(
                f"What is removed leaves {counted(max(0, degrees), 'degree')} of freedom between "
                f"{counted(indicators.shape[1], 'group')} of samples.",
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
        """Return exchangeable columns in place of the samples, shape (p, m + 1) with m the `residual_dimensions`.

        Each row has mean zero, and products of two rows are those of their residuals: variances come out as
        RSS/m, correlations as those of the residuals. See `exchangeable_columns`.
        """
        residuals, basis = self._removed(values)
        return exchangeable_columns(residuals, basis, seed)

    def _removed(self, values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        residuals, basis = remove(values, self.design.basis), self.design.basis
        if self.components:
            scores = leading_components(standardise(residuals), self.components)
            residuals, basis = remove(residuals, scores), np.column_stack([basis, scores])
        return residuals, basis
