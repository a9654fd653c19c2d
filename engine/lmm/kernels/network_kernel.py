"""Kernels of a version: what its genes share, or its whole correlation or covariance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from ...errors import EngineError, InputError, NotFound, NotPositiveDefinite, check_choice
from ...estimation.expression import centred, variances
from ...network.inverse_probe import ROUNDING, SOUND_ERROR, VECTORS
from ...wording import some
from .diagonal_kernel import DiagonalAndFactor
from .spectral import Spectral, of_factor, of_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ...network.snapshot import Snapshot
    from .kernel import Kernel

Part = Literal["shared", "full", "covariance"]
"""R_s, the correlation without what each gene has alone; R_v, the correlation; Σ_v, the covariance."""

LARGEST_DENSE = 12_000
"""Most genes of a dense base whose eigenvectors are computed: 1.2 GB, and about five minutes."""


def shared_factor(snapshot: Snapshot, genes: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Ũ with R_s = ŨJŨᵀ, shape (n, q), and the diagonal of J: factors and pathways on the correlation scale.

    Parameters
    ----------
    snapshot : Snapshot
        A version on a factor base, read from its base.
    genes : ndarray of intp, shape (n,)
        Indices on the panel.

    Raises
    ------
    InputError
        The base of the version is dense: it does not say what each gene has alone.
    """
    parts = snapshot.capacitance
    if not parts.anchor.is_diagonal:
        raise InputError(
            "The base of this version is dense: each gene's own variance is not known, so it has no shared part.",
            code="dense-base-without-shared-part",
        )
    return parts.covariance_factor(genes) / _standard_deviations(snapshot, genes)[:, None], parts.signature


def pathway_columns(snapshot: Snapshot, genes: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the columns of the pathways on the correlation scale, shape (n, r), in the order of the snapshot."""
    return snapshot.capacitance.loadings.rows(genes) / _standard_deviations(snapshot, genes)[:, None]


def pathway_indices(snapshot: Snapshot, names: Sequence[str]) -> list[int]:
    """Return the indices, among the columns of all pathways, of the columns with these names.

    Raises
    ------
    NotFound
        The version has no such pathway.
    """
    columns = [name for pathway in snapshot.pathways for name in pathway.names]
    for name in names:
        if name not in columns:
            raise NotFound(
                f"{snapshot.name} has no pathway {some([name])} that could be left out.",
                hint=f"It has {some(columns)}." if columns else "",
                code="" if columns else "version-without-pathways",
            )
    return [index for index, name in enumerate(columns) if name in names]


def network_kernel(
    snapshot: Snapshot,
    part: Part = "shared",
    genes: NDArray[np.intp] | None = None,
    *,
    leave_out: Sequence[int] = (),
) -> Kernel:
    """Return a kernel of a version over some genes, or over all.

    Parameters
    ----------
    snapshot : Snapshot
        The version.
    part : {"shared", "full", "covariance"}
        R_s, R_v or Σ_v. The last two include the diagonal and give an h² that is far too high: what a gene has alone
        then counts as going along the network.
    genes : ndarray of intp, shape (n,), optional
        Indices of the genes on the panel, each once.
    leave_out : sequence of int
        Columns of pathways that are left out; the scale stays that of the version.

    Raises
    ------
    InputError
        `shared` of a dense base; or a dense base of too many genes.
    EngineError
        The genes of the version share nothing; or a subtracted pathway makes the shared part no covariance.

    Notes
    -----
    `shared` O(nq²) once; the others of a factor base O(nq²) at every δ, of a dense base O(n³) once.
    """
    check_choice("kernel", part, get_args(Part))
    genes = np.arange(len(snapshot.panel), dtype=np.intp) if genes is None else genes
    parts, out = snapshot.capacitance, _after_factors(snapshot, leave_out)
    if part == "shared":
        factor, signs = shared_factor(snapshot, genes)
        return _shared(np.delete(factor, out, axis=1), np.delete(signs, out))
    if not parts.anchor.is_diagonal:
        return _dense(snapshot, part, genes, leave_out)
    factor, diagonal = parts.covariance_factor(genes), parts.anchor.covariance.diagonal()[genes]
    if part == "full":
        deviations = _standard_deviations(snapshot, genes)
        factor, diagonal = factor / deviations[:, None], diagonal / deviations**2
    return DiagonalAndFactor(diagonal, np.delete(factor, out, axis=1), np.delete(parts.signature, out))


def _shared(factor: NDArray[np.float64], signs: NDArray[np.float64]) -> Kernel:
    added = factor[:, signs > 0]
    if not added.size:
        raise EngineError(
            "This version has no factors and no pathways: its genes share nothing that a signal could go along."
        )
    if np.all(signs > 0):
        return of_factor(added)
    frame, triangle = np.linalg.qr(factor)
    try:
        inner = of_matrix((triangle * signs) @ triangle.T)
    except NotPositiveDefinite as refusal:
        raise NotPositiveDefinite(
            "What this version subtracts leaves a shared part that is not a covariance (eigenvalue "
            f"{refusal.eigenvalue:.3g}): the pathway was not part of what the genes share.",
            code="subtraction-without-shared-part",
            eigenvalue=refusal.eigenvalue,
        ) from None
    return Spectral(frame @ inner.vectors, inner.values)


def _dense(snapshot: Snapshot, part: Part, genes: NDArray[np.intp], leave_out: Sequence[int]) -> Kernel:
    if len(genes) > LARGEST_DENSE:
        raise InputError(
            f"The eigenvectors of {len(genes):,} genes of a dense base are not computed (at most {LARGEST_DENSE:,}).",
            hint="Give the kernel as a factor, or use a store with a factor base.",
        )
    return of_matrix(_dense_matrix(snapshot, part, genes, leave_out))


def _dense_matrix(
    snapshot: Snapshot, part: Part, genes: NDArray[np.intp], leave_out: Sequence[int] = ()
) -> NDArray[np.float64]:
    """Return a kernel of a version on a dense base as a matrix, shape (n, n)."""
    whole = snapshot.covariance.block(genes, genes)
    deviations = np.sqrt(np.diagonal(whole))
    out = snapshot.capacitance.loadings.rows(genes)[:, list(leave_out)]
    whole = whole - (out * snapshot.capacitance.signature[list(leave_out)]) @ out.T
    if part == "full":
        whole = whole / np.outer(deviations, deviations)
    return (whole + whole.T) / 2


def is_dense_kernel(
    kernel: Spectral, snapshot: Snapshot, part: Part, genes: NDArray[np.intp], stream: np.random.Generator
) -> bool:
    """Return whether eigenvectors are those of a kernel on a dense base: O(n²), where finding them takes O(n³).

    Parameters
    ----------
    kernel : Spectral
        The eigenvectors, from elsewhere.
    snapshot, part, genes
        As for `network_kernel`.
    stream : Generator
        Draws vectors by which both are multiplied. Whoever chose the eigenvectors must not have known them.

    Notes
    -----
    They are if U Λ Uᵀ g = K g, in units where the diagonal of K is 1, and UᵀU h = h, to the error of a sound inverse.
    """
    if kernel.size != len(genes) or not (np.isfinite(kernel.vectors).all() and np.isfinite(kernel.values).all()):
        return False
    matrix = _dense_matrix(snapshot, part, genes)
    scale = np.sqrt(np.diagonal(matrix))[:, np.newaxis]
    columns = stream.standard_normal((len(genes), VECTORS))
    inside = stream.standard_normal((kernel.rank, VECTORS))
    largest = float(kernel.values.max(initial=0.0)) / float(scale.min()) ** 2
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is none
        product = (kernel.times(columns / scale) - matrix @ (columns / scale)) / scale
        gap = kernel.vectors.T @ (kernel.vectors @ inside) - inside
    return bool(
        np.abs(product).max(initial=0.0) <= max(SOUND_ERROR, ROUNDING * len(genes) * largest)
        and np.abs(gap).max(initial=0.0) <= SOUND_ERROR
    )


def cross_kernel(
    snapshot: Snapshot,
    part: Part,
    new: NDArray[np.intp],
    genes: NDArray[np.intp],
    *,
    leave_out: Sequence[int] = (),
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a kernel of a version between new genes and those of a model, and its diagonal for the new genes.

    Parameters
    ----------
    snapshot, part, leave_out
        As for `network_kernel`.
    new, genes : ndarray of intp, shapes (n*,) and (n,)
        Indices on the panel; no gene is in both.

    Returns
    -------
    cross, diagonal : ndarray of float64, shapes (n*, n) and (n*,)
    """
    both, operator, parts = np.concatenate([new, genes]), snapshot.covariance, snapshot.capacitance
    loadings = parts.loadings.rows(both)[:, list(leave_out)]
    signs = parts.signature[_after_factors(snapshot, leave_out)]
    cross = operator.block(new, genes) - (loadings[: len(new)] * signs) @ loadings[len(new) :].T
    diagonal = operator.diagonal(new) - np.square(loadings[: len(new)]) @ signs
    if part == "covariance":
        return cross, diagonal
    deviations = np.sqrt(operator.diagonal(both))
    cross = cross / np.outer(deviations[: len(new)], deviations[len(new) :])
    diagonal = diagonal / deviations[: len(new)] ** 2
    if part == "shared":  # what a gene has alone is on the diagonal only
        diagonal = diagonal - parts.anchor.covariance.diagonal()[new] / deviations[: len(new)] ** 2
    return cross, diagonal


def sample_factor(
    snapshot: Snapshot, values: NDArray[np.float64], *, leave_out: Sequence[int] = ()
) -> NDArray[np.float64]:
    """Return G of a kernel K = GGᵀ over samples: their expression times the loadings of factors and pathways.

    Parameters
    ----------
    snapshot : Snapshot
        A version on a factor base.
    values : ndarray of float64, shape (p, n)
        Expression of the samples, prepared as the base's.
    leave_out : sequence of int
        Columns of pathways that are left out.

    Raises
    ------
    InputError
        The base of the version is dense: it has no factors that samples could load on.
    """
    if not snapshot.capacitance.anchor.is_diagonal:
        p, n = values.shape
        raise InputError(
            f"The base of this version is dense ({p:,} genes from {n:,} samples), so it has no factors that samples "
            "could be alike in.",
            code="dense-base-without-sample-kernel",
        )
    loadings, signs = shared_factor(snapshot, np.arange(len(snapshot.panel), dtype=np.intp))
    out = _after_factors(snapshot, leave_out)
    loadings, signs = np.delete(loadings, out, axis=1), np.delete(signs, out)
    if not np.any(signs > 0):
        raise EngineError(
            "This version has no factors and no pathways that add: its samples have nothing to be alike in.",
            code="no-factors-for-samples",
        )
    deviations = np.sqrt(variances(values))[:, None]
    standardised = np.divide(centred(values), deviations, out=np.zeros(values.shape), where=deviations > 0)
    return standardised.T @ loadings[:, signs > 0] / np.sqrt(max(np.count_nonzero(signs > 0), 1))


def _after_factors(snapshot: Snapshot, pathways: Sequence[int]) -> NDArray[np.intp]:
    """Return the indices of pathway columns among all columns: the factors of the base stand before them."""
    first = len(snapshot.capacitance.signature) - snapshot.rank
    return np.array([first + column for column in pathways], dtype=np.intp)


def _standard_deviations(snapshot: Snapshot, genes: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.sqrt(snapshot.covariance.diagonal(genes))
