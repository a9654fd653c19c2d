"""Non-negative matrix factorization under the Kullback–Leibler divergence: gene modules, and what they explain."""

from __future__ import annotations

from .factorization import Factorization
from .multiplicative import multiplicative
from .observed import Observed, observe, speckled
from .solver import fit, fit_each

__all__ = ["Factorization", "Observed", "fit", "fit_each", "multiplicative", "observe", "speckled"]
