"""Shrinkage of the sample covariance: of its correlations, of its covariances, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np

from ..choices import Intensity
from ..errors import InputError, NotPositiveDefinite
from ..network.covariance import FactorCovariance
from ..wording import counted
from .estimators import Estimate
from .expression import centred, is_constant, variances
from .factor_model import form_covariance
from .folds import FEWEST_GROUPS, can_hold_out
from .held_out import hold_out
from .shrinkage_intensity import optimal_intensity, variance_intensity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..adjustment.adjustment import Adjustment
    from ..network.covariance import Covariance, DenseCovariance

LARGEST_DENSE = 20_000
"""Largest number of genes of a dense base, except where no other form is possible."""


def shrinkage(
    values: NDArray[np.float64],
    *,
    intensity: Intensity | float | tuple[float, float] = "held-out",
    groups: NDArray[np.intp] | None = None,
    adjusted: tuple[NDArray[np.float64], Adjustment] | None = None,
) -> Estimate:
    """Return the shrinkage estimate: correlations shrunk to zero, variances to their median.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples, in the units the base is to have (log2, say). Constant genes remain as isolated genes:
        nothing is correlated with them, and their variance is zero shrunk to the median.
    intensity : {"analytic", "held-out"}, float or tuple of float and float
        λ, 0 to 1; or λ and λ_var; or the analytic λ* and λ_var; or those that predict samples held out best, see
        `hold_out`. With fewer than five groups, or one that has more than half of the samples, the analytic ones are
        taken.
    groups : ndarray of intp, shape (n,), optional
        The group of each sample, numbered from 0; a group is held out as a whole. Each sample is one when absent.
    adjusted : tuple of ndarray and Adjustment, optional
        Where `values` are exchangeable columns of residuals: what they are residuals of, genes by samples, from which
        samples are held out, and what was removed.

    Returns
    -------
    Estimate
        With a factor base of K = n columns, V^½ [λI + (1−λ) ZZᵀ/(n−1)] V^½, where Z is standardised and V the
        shrunk variances; a dense one where 2n ≥ p, or λ = 0.

    Raises
    ------
    InputError
        Too few samples; an intensity outside 0 to 1; a constant gene is left without variance.
    NotPositiveDefinite
        λ = 0 and the empirical correlations are singular.

    Notes
    -----
    λ* = Σ var(r_ij) / Σ r_ij² over i ≠ j, clipped to 1: Schäfer and Strimmer, Statistical Applications in Genetics and
    Molecular Biology 4 (2005), article 32, target D. λ_var = Σ var(v_i) / Σ (v_i − median)², clipped to 1: Opgen-Rhein
    and Strimmer, the same journal 6 (2007), article 9. Both as in R's corpcor 1.6.10. O(pn min(p, n)); never p × p
    unless the base is dense, and then O(p³).

    Examples
    --------
    >>> values = np.random.default_rng(0).standard_normal((40, 6))
    >>> estimate = shrinkage(values, intensity=0.5)
    >>> estimate.base.size, estimate.base.loadings.shape
    (40, (40, 6))
    """
    deviations = centred(values)
    genes, samples = values.shape
    constant = is_constant(values)
    isolated = int(np.count_nonzero(constant))
    spread = variances(values)
    scores = deviations / np.sqrt(np.where(constant, 1.0, spread))[:, np.newaxis]
    analytic = optimal_intensity(scores), variance_intensity(deviations)
    share, variance_share = analytic
    held_out, notes = None, ()
    if intensity == "held-out":
        measured, adjustment = (values, None) if adjusted is None else adjusted
        groups = np.arange(measured.shape[1], dtype=np.intp) if groups is None else groups
        if can_hold_out(groups) and np.median(spread) > 0:
            held_out = hold_out(measured, groups, analytic, adjustment=adjustment)
        if held_out is None:
            notes = (_note_not_held_out(groups),)
        else:
            share, variance_share = held_out.intensity, held_out.variance_intensity
    elif isinstance(intensity, tuple):
        share, variance_share = map(_check_intensity, intensity)
    elif intensity != "analytic":
        share = _check_intensity(intensity)
    shrunk = _shrunk_variances(spread, variance_share)
    noise = np.where(constant, shrunk, share * shrunk)
    rank = isolated + min(genes - isolated, samples - 1)
    base = _shrunk_base(np.sqrt(shrunk)[:, np.newaxis] * scores, noise, share, rank)
    return Estimate(
        base,
        samples,
        share,
        variance_share,
        analytic=None if intensity == "analytic" else analytic,
        held_out=held_out,
        constant=isolated,
        notes=(*notes, *_notes(genes, isolated, share)),
    )


def ledoit_wolf(values: NDArray[np.float64]) -> Estimate:
    """Return the covariance shrunk to its diagonal: λ diag(S) + (1−λ) S.

    Variances stay as they are. This is not scikit-learn's `LedoitWolf`, which shrinks to a multiple of the identity
    and so pulls the variances of all genes together; here the target is diagonal with the variances themselves. It
    differs from `shrinkage` in that the intensity weighs pairs by the variances of their genes.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples; no gene constant.

    Returns
    -------
    Estimate
        With a factor base of K = n columns, or a dense one where 2n ≥ p or λ* = 0.

    Raises
    ------
    InputError
        Too few samples, or a gene is constant.
    NotPositiveDefinite
        λ* = 0 and the empirical covariance is singular.

    Notes
    -----
    λ* = Σ var(s_ij) / Σ s_ij² over i ≠ j, clipped to 1: Ledoit and Wolf, Journal of Empirical Finance 10 (2003), with
    the target of Schäfer and Strimmer (2005), table 2, D. O(pn min(p, n)).

    Examples
    --------
    >>> values = np.random.default_rng(0).standard_normal((40, 6))
    >>> estimate = ledoit_wolf(values)
    >>> np.allclose(estimate.base.standard_deviations() ** 2, values.var(axis=1, ddof=1))
    True
    """
    deviations = centred(values)
    refuse_constant(values, "ledoit-wolf")
    genes, samples = values.shape
    share = optimal_intensity(deviations)
    base = _shrunk_base(deviations, share * variances(values), share, min(genes, samples - 1))
    return Estimate(base, samples, share, notes=_notes(genes, 0, share))


def empirical(values: NDArray[np.float64]) -> Estimate:
    """Return the empirical covariance S = Σ (x − x̄)(x − x̄)ᵀ / (n−1), dense.

    Parameters
    ----------
    values : ndarray of float64, shape (p, n)
        Genes by samples; n > p and no gene constant.

    Returns
    -------
    Estimate
        With a dense base.

    Raises
    ------
    InputError
        Too few samples, or a gene is constant.
    NotPositiveDefinite
        S is singular; the message gives n, p and the rank.

    Notes
    -----
    O(p²n + p³). Singular means that an eigenvalue of the correlations lies at or below eps · p times the largest: on
    that scale the units of a gene do not matter.

    Examples
    --------
    >>> values = np.random.default_rng(0).standard_normal((3, 20))
    >>> np.allclose(empirical(values).base.covariance.diagonal(), values.var(axis=1, ddof=1))
    True
    """
    deviations = centred(values)
    refuse_constant(values, "empirical")
    genes, samples = values.shape
    base = _shrunk_base(deviations, np.zeros(len(values)), 0.0, min(genes, samples - 1))
    return Estimate(base, samples)


def refuse_constant(values: NDArray[np.float64], estimator: str) -> None:
    """Refuse genes that have one value in all samples, for an estimator that cannot use them."""
    number = int(np.count_nonzero(is_constant(values)))
    if number:
        raise InputError(
            f"{number:,} of {counted(len(values), 'gene')} {'is' if number == 1 else 'are'} constant, "
            f"and the {estimator} estimate cannot keep such genes.",
            code="constant-genes",
        )


def _shrunk_variances(spread: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Return variances shrunk to their median, all positive."""
    median = float(np.median(spread))
    shrunk = share * median + (1.0 - share) * spread
    if not np.all(shrunk > 0):
        constant = int(np.count_nonzero(spread == 0))
        raise InputError(
            f"{constant:,} of {counted(len(spread), 'gene')} are constant; shrinking their variance to the median of "
            f"all, which is {median:g}, leaves them no variance.",
            code="no-variance-left",
        )
    return shrunk


def _shrunk_base(deviations: NDArray[np.float64], noise: NDArray[np.float64], share: float, rank: int) -> Covariance:
    """Return diag(noise) + (1−λ) XXᵀ/(n−1) in its smaller form; `rank` is the most that λ = 0 can give."""
    genes, samples = deviations.shape
    if share == 1.0:
        return FactorCovariance(noise, np.zeros((genes, 0)))
    if share == 0.0 and rank < genes:
        raise _singular(genes, samples, rank, 0.0)
    columns = deviations * np.sqrt((1.0 - share) / (samples - 1))
    if share == 0.0:
        return _invert_unshrunk(form_covariance(columns, noise), samples)
    if 2 * samples >= genes and genes <= LARGEST_DENSE:
        from ..network.inversion import invert  # with SciPy, which an estimate in factors has no need of

        return invert(form_covariance(columns, noise))
    return FactorCovariance(noise, columns)


def _invert_unshrunk(covariance: NDArray[np.float64], samples: int) -> DenseCovariance:
    """Return a covariance that nothing was added to with its inverse, unless it is singular in these digits."""
    genes = len(covariance)
    scale = 1.0 / np.sqrt(covariance.diagonal())
    eigenvalues = np.linalg.eigvalsh(covariance * scale * scale[:, np.newaxis])
    least = np.finfo(np.float64).eps * genes * float(eigenvalues[-1])
    if eigenvalues[0] <= least:
        raise _singular(genes, samples, int(np.count_nonzero(eigenvalues > least)), float(eigenvalues[0]))
    from ..network.inversion import invert

    return invert(covariance)


def _singular(genes: int, samples: int, rank: int, eigenvalue: float) -> NotPositiveDefinite:
    return NotPositiveDefinite(
        f"Without shrinkage the covariance of {counted(genes, 'gene')} from {samples:,} samples is singular: "
        f"its rank is {rank:,} (smallest eigenvalue of the correlations {eigenvalue:.3g}).",
        code="singular-estimate",
        eigenvalue=eigenvalue,
    )


def _note_not_held_out(groups: NDArray[np.intp]) -> str:
    sizes = np.bincount(groups)
    if len(sizes) < FEWEST_GROUPS:
        why = f"there are {counted(len(sizes), 'group')} of samples"
    elif not can_hold_out(groups):
        why = f"one group has {int(sizes.max()):,} of {len(groups):,} samples"
    else:
        why = "more than half of the genes are constant in most samples"
    return f"No samples were held out to choose the intensities, as {why}: they are the analytic ones."


def _check_intensity(intensity: float | str) -> float:
    if isinstance(intensity, str):
        raise InputError(f"A shrinkage intensity is a number, or one of {', '.join(get_args(Intensity))}.")
    if not 0.0 <= intensity <= 1.0:
        raise InputError(f"A shrinkage intensity lies between 0 and 1, and is not {intensity:g}.")
    return float(intensity)


def _notes(genes: int, isolated: int, share: float) -> tuple[str, ...]:
    notes: list[str] = []
    if isolated:
        clause = "it is kept as an isolated gene" if isolated == 1 else "they are kept as isolated genes"
        notes.append(f"{isolated:,} of {counted(genes, 'gene')} {'is' if isolated == 1 else 'are'} constant: {clause}.")
    if share == 1.0:
        notes.append("Shrinkage is complete (λ = 1): these samples support no correlation, and the base has no edges.")
    return tuple(notes)
