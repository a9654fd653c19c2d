"""By how much the matrices of a version are shrunk, in words; and the samples' own matrices, where there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from ...engine.choices import MatrixKind
    from ...engine.network.snapshot import Snapshot
    from ...storage.networks.bases import StoredBase

OF_SAMPLES = ("covariance", "correlation")
"""The matrices that samples have by themselves: their inverse is theirs only with shrinkage."""


def shrinkage_text(base: StoredBase, kind: MatrixKind, *, has_pathways: bool) -> str | None:
    """Return by how much a matrix is shrunk, in a sentence; `None` where the base has no λ."""
    shrinkage = base.shrinkage
    if shrinkage is None:
        return None
    of_what = "correlations of the base" if has_pathways else "correlations"
    way_out = "" if has_pathways or kind not in OF_SAMPLES or shrinkage == 1 else "; --sample writes the sample's"
    sentence = f"{of_what} are the sample's times 1−λ = {1 - shrinkage:.4g}{way_out}."
    return sentence[0].upper() + sentence[1:] if kind in OF_SAMPLES else f"Before inversion, {sentence}"


def matrix_of_samples(
    snapshot: Snapshot, base: StoredBase, kind: MatrixKind, genes: Sequence[str] | None, *, has_pathways: bool
) -> Iterator[NDArray[np.float64]]:
    """Return the samples' own correlations or covariances in blocks of rows, as before they were shrunk.

    Raises
    ------
    InputError
        The matrix is no such one, the version has pathways, or its base does not say by how much it is shrunk.
    """
    from ...engine.network.matrix_blocks import matrix_blocks, sample_blocks, unshrunk_variances

    if kind not in OF_SAMPLES:
        raise InputError(
            f"Samples have no {kind} of their own: without shrinkage their covariance has, in general, no inverse.",
            hint="--sample goes with --matrix correlation or covariance.",
        )
    if has_pathways:
        raise InputError(
            f"{snapshot.name} has active pathways besides what the samples say.",
            hint="Name a version without any, such as --at v0, or leave out --sample.",
        )
    if base.record.estimator == "empirical":
        return matrix_blocks(snapshot, kind, genes)
    if base.shrinkage is None:
        raise InputError(
            f"The base ({base.record.estimator}) has no shrinkage intensity that could be taken back.",
            hint="`grn init` from expression, with the estimator shrinkage, records one; or leave out --sample.",
        )
    variance_shrinkage = base.record.parameters.get("lambda_variance")
    of_variances = variance_shrinkage if isinstance(variance_shrinkage, float) else 0.0
    if base.shrinkage == 1.0 or (kind == "covariance" and of_variances == 1.0):
        what = "correlations" if base.shrinkage == 1.0 else "variances"
        raise InputError(
            f"The {what} were shrunk wholly: nothing of the samples' own is left.",
            hint="`grn init --intensity VALUE` with a smaller one makes another base."
            if base.shrinkage == 1.0
            else "--matrix correlation does not need them.",
        )
    variances = None
    if kind == "covariance":
        variances = unshrunk_variances(np.square(base.deviations), of_variances)
    return sample_blocks(snapshot, base.shrinkage, genes, variances=variances)
