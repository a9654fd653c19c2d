"""Moments: the products of a model's columns under H⁻¹, H⁻² and H⁻³ at some δ, which are all that the likelihood needs.

With A the columns, A(δ) = AᵀH⁻¹A has the derivatives −AᵀH⁻²A and 2AᵀH⁻³A in δ, so the value, slope and curvature of
the likelihood follow from the three.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import NotPositiveDefinite
from .stacks import roots, stacked_inverse

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Moments:
    """Products under H⁻¹ … H⁻ʲ at g values of δ.

    Parameters
    ----------
    ff : ndarray of float64, shape (j, g, f, f)
        Products of the fixed effects with one another.
    ft : ndarray of float64, shape (j, g, f, m)
        Products of the fixed effects with the traits.
    tt : ndarray of float64, shape (j, g, m)
        Products of each trait with itself.
    log_det, trace, trace2 : ndarray of float64, shape (g,)
        log |H|, tr H⁻¹ and tr H⁻².
    """

    ff: NDArray[np.float64]
    ft: NDArray[np.float64]
    tt: NDArray[np.float64]
    log_det: NDArray[np.float64]
    trace: NDArray[np.float64]
    trace2: NDArray[np.float64]

    @property
    def orders(self) -> int:
        """The number j of powers of H⁻¹."""
        return len(self.ff)

    def leave_out_last(self, left_out: int) -> Moments:
        """Return the moments under H − WWᵀ, where W is the last fixed effects, which are no longer fixed effects.

        By the Woodbury identity on every product: with C = (I − WᵀH⁻¹W)⁻¹ and T = [I | AᵀH⁻¹W C], AᵀH'⁻¹A is the
        Schur complement, AᵀH'⁻²A = T(·ᵀH⁻²·)Tᵀ, and AᵀH'⁻³A = T(·ᵀH⁻³·)Tᵀ + (T ·ᵀH⁻²W) C (T ·ᵀH⁻²W)ᵀ.

        Raises
        ------
        NotPositiveDefinite
            WWᵀ is not part of the kernel: H − WWᵀ has a negative eigenvalue.
        """
        count = self.ff.shape[2] - left_out
        inner = np.eye(left_out) - self.ff[0][:, count:, count:]
        try:
            root = roots(inner)
        except np.linalg.LinAlgError:
            raise not_part_of_kernel(float(np.linalg.eigvalsh(inner).min())) from None
        inverse = stacked_inverse(inner)
        carry = self.ff[0][:, :count, count:] @ inverse  # AᵀH⁻¹W C, (g, f, w)
        carry_t = inverse @ self.ft[0][:, count:, :]  # C WᵀH⁻¹t, (g, w, m)
        ff = [self.ff[0][:, :count, :count] + carry @ self.ff[0][:, count:, :count]]
        ft = [self.ft[0][:, :count] + carry @ self.ft[0][:, count:]]
        tt = [self.tt[0] + np.einsum("gwm,gwm->gm", self.ft[0][:, count:], carry_t)]
        for order in range(1, self.orders):
            blocks = self.ff[order], self.ft[order], self.tt[order]
            new_ff, new_ft, new_tt = _schur_blocks(blocks, count, carry, carry_t)
            if order == 2:
                cross = _cross_blocks(self.ff[1], self.ft[1], count, carry, carry_t)
                new_ff = new_ff + cross[0] @ inverse @ cross[0].swapaxes(1, 2)
                new_ft = new_ft + cross[0] @ inverse @ cross[1]
                new_tt = new_tt + np.einsum("gwm,gwv,gvm->gm", cross[1], inverse, cross[1])
            ff.append(new_ff)
            ft.append(new_ft)
            tt.append(new_tt)
        log_det = self.log_det + 2.0 * np.sum(np.log(np.diagonal(root, axis1=1, axis2=2)), axis=1)
        trace, trace2 = self.trace, self.trace2
        if self.orders > 1:
            first = inverse @ self.ff[1][:, count:, count:]
            trace = trace + np.trace(first, axis1=1, axis2=2)
            if self.orders > 2:
                second = inverse @ self.ff[2][:, count:, count:]
                trace2 = trace2 + 2.0 * np.trace(second, axis1=1, axis2=2) + np.trace(first @ first, axis1=1, axis2=2)
        return Moments(np.stack(ff), np.stack(ft), np.stack(tt), log_det, trace, trace2)


def not_part_of_kernel(eigenvalue: float) -> NotPositiveDefinite:
    """Return the error for columns that are left out of a kernel and are not in it."""
    return NotPositiveDefinite(
        f"The columns to be left out are not part of the kernel: what remains has the eigenvalue {eigenvalue:.3g}.",
        hint="Leave out columns of which the kernel was made, in the same units.",
        eigenvalue=eigenvalue,
    )


def _schur_blocks(
    blocks: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    count: int,
    carry: NDArray[np.float64],
    carry_t: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return T M Tᵀ for the blocks of M, with T = [I | AᵀH⁻¹W C]."""
    ff, ft, tt = blocks
    aw, ww, wt = ff[:, :count, count:], ff[:, count:, count:], ft[:, count:]
    mixed = carry @ aw.swapaxes(1, 2)
    new_ff = ff[:, :count, :count] + mixed + mixed.swapaxes(1, 2) + carry @ ww @ carry.swapaxes(1, 2)
    new_ft = ft[:, :count] + carry @ wt + (aw + carry @ ww) @ carry_t
    new_tt = tt + 2.0 * np.einsum("gwm,gwm->gm", wt, carry_t) + np.einsum("gwm,gwv,gvm->gm", carry_t, ww, carry_t)
    return new_ff, new_ft, new_tt


def _cross_blocks(
    ff: NDArray[np.float64],
    ft: NDArray[np.float64],
    count: int,
    carry: NDArray[np.float64],
    carry_t: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return T ·ᵀH⁻²W of the fixed effects, shape (g, f, w), and of the traits, shape (g, w, m)."""
    ww = ff[:, count:, count:]
    return ff[:, :count, count:] + carry @ ww, ft[:, count:] + ww @ carry_t
