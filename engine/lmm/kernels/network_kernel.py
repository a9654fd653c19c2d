"""Kernels of a version: what its genes share, or the whole of its correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ...errors import EngineError, InputError, NotPositiveDefinite, check_choice
from .diagonal_kernel import DiagonalAndFactor
from .spectral import Spectral, of_factor, of_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ...network.snapshot import Snapshot
    from .kernel import Kernel

Part = Literal["shared", "full", "covariance"]
"""R_s, the correlation less what each gene has alone; R_v, the correlation; Σ_v, the covariance."""

LARGEST = 12_000
"""Genes of a version on a dense base whose eigenvectors are computed: 1.2 GB, and about five minutes."""


def shared_factor(snapshot: Snapshot, places: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return Ũ with R_s = ŨJŨᵀ, shape (n, q), and the diagonal of J: factors and pathways on the correlation scale.

    Parameters
    ----------
    snapshot : Snapshot
        A version on a factor base, read from its base.
    places : ndarray of intp, shape (n,)
        The genes.

    Raises
    ------
    InputError
        The version stands on a dense base, which does not say what a gene has alone.
    """
    parts = snapshot.capacitance
    if not parts.anchor.is_diagonal:
        raise InputError(
            "The base of this version is dense: it does not say what each gene has alone, so it has no shared part.",
            hint="Take the whole correlation: --kernel full.",
        )
    factor = parts.covariance_factor(places)
    return factor / _deviations(snapshot, places)[:, None], parts.signature


def pathway_columns(snapshot: Snapshot, places: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the columns of the pathways on the correlation scale, shape (n, r), in the order of the snapshot."""
    return snapshot.capacitance.loadings.rows(places) / _deviations(snapshot, places)[:, None]


def network_kernel(
    snapshot: Snapshot,
    part: Part = "shared",
    places: NDArray[np.intp] | None = None,
    *,
    without: Sequence[int] = (),
) -> Kernel:
    """Return a kernel of a version over some genes, or over all.

    Parameters
    ----------
    snapshot : Snapshot
        The version.
    part : {"shared", "full", "covariance"}
        R_s, R_v or Σ_v. With the diagonal inside, h² reads far too high: what a gene has alone is then counted as
        going along the network.
    places : ndarray of intp, shape (n,), optional
        The genes, each once.
    without : sequence of int
        Columns of pathways that are left out of it; the scale stays that of the version.

    Raises
    ------
    InputError
        `shared` of a dense base; or a dense base of too many genes.
    EngineError
        The version shares nothing; or what is subtracted from it makes the shared part no covariance.

    Notes
    -----
    `shared` O(nq²) once; the others of a factor base O(nq²) at every δ, of a dense base O(n³) once.
    """
    check_choice("kernel", part, ("shared", "full", "covariance"))
    where = np.arange(len(snapshot.panel), dtype=np.intp) if places is None else places
    parts = snapshot.capacitance
    first = len(parts.signature) - snapshot.rank  # the factors of the base stand before the pathways
    out = np.array([first + one for one in without], dtype=np.intp)
    if part == "shared":
        factor, signs = shared_factor(snapshot, where)
        return _shared(np.delete(factor, out, axis=1), np.delete(signs, out))
    if not parts.anchor.is_diagonal:
        return _dense(snapshot, part, where, without)
    factor, diagonal = parts.covariance_factor(where), parts.anchor.covariance.diagonal()[where]
    if part == "full":
        deviations = _deviations(snapshot, where)
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
            "What this version subtracts leaves a shared part that is no covariance (eigenvalue "
            f"{refusal.eigenvalue:.3g}): the pathway was never among what the genes share.",
            hint="Take the whole correlation: --kernel full; or a version without the subtraction.",
            eigenvalue=refusal.eigenvalue,
        ) from None
    return Spectral(frame @ inner.vectors, inner.values)


def _dense(snapshot: Snapshot, part: Part, places: NDArray[np.intp], without: Sequence[int]) -> Kernel:
    if len(places) > LARGEST:
        raise InputError(
            f"The eigenvectors of {len(places):,} genes of a dense base are not computed (at most {LARGEST:,}).",
            hint="Give the kernel as a factor, or a store with a factor base.",
        )
    whole = snapshot.covariance.block(places, places)
    deviations = np.sqrt(np.diagonal(whole))
    out = snapshot.capacitance.loadings.rows(places)[:, list(without)]
    whole = whole - (out * snapshot.capacitance.signature[list(without)]) @ out.T
    if part == "full":
        whole = whole / np.outer(deviations, deviations)
    return of_matrix((whole + whole.T) / 2)


def _deviations(snapshot: Snapshot, places: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.sqrt(snapshot.covariance.diagonal(places))
