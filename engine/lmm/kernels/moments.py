"""Moments: the products of a model's columns under H⁻¹, H⁻² and H⁻³ at some δ; all that the likelihood needs.

With A the columns, A(δ) = AᵀH⁻¹A has the derivatives −AᵀH⁻²A and 2AᵀH⁻³A in δ, so value, slope and curvature of
everything come from the three.
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
        Of the fixed effects with one another.
    ft : ndarray of float64, shape (j, g, f, m)
        Of the fixed effects with the traits.
    tt : ndarray of float64, shape (j, g, m)
        Of each trait with itself.
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

    def without(self, columns: int) -> Moments:
        """Return the moments under H − WWᵀ, W being the last so many fixed effects, which are fixed effects no more.

        By the Woodbury identity on every product: with C = (I − WᵀH⁻¹W)⁻¹ and T = [I | AᵀH⁻¹W C], AᵀH'⁻¹A is the
        Schur complement, AᵀH'⁻²A = T(·ᵀH⁻²·)Tᵀ, and AᵀH'⁻³A = T(·ᵀH⁻³·)Tᵀ + (T ·ᵀH⁻²W) C (T ·ᵀH⁻²W)ᵀ.

        Raises
        ------
        NotPositiveDefinite
            WWᵀ is no part of the kernel: it takes more than is there.
        """
        kept = self.ff.shape[2] - columns
        inner = np.eye(columns) - self.ff[0][:, kept:, kept:]
        try:
            root = roots(inner)
        except np.linalg.LinAlgError:
            raise not_a_part(float(np.linalg.eigvalsh(inner).min())) from None
        inverse = stacked_inverse(inner)
        carry = self.ff[0][:, :kept, kept:] @ inverse  # AᵀH⁻¹W C, (g, f, w)
        carry_t = inverse @ self.ft[0][:, kept:, :]  # C WᵀH⁻¹t, (g, w, m)
        ff, ft, tt = [self._first_ff(kept, carry)], [self._first_ft(kept, carry)], [self._first_tt(kept, carry_t)]
        for order in range(1, self.orders):
            blocks = self.ff[order], self.ft[order], self.tt[order]
            new_ff, new_ft, new_tt = _sandwiched(blocks, kept, carry, carry_t)
            if order == 2:
                cross = _crossed(self.ff[1], self.ft[1], kept, carry, carry_t)
                new_ff = new_ff + cross[0] @ inverse @ cross[0].swapaxes(1, 2)
                new_ft = new_ft + cross[0] @ inverse @ cross[1]
                new_tt = new_tt + np.einsum("gwm,gwv,gvm->gm", cross[1], inverse, cross[1])
            ff.append(new_ff)
            ft.append(new_ft)
            tt.append(new_tt)
        log_det = self.log_det + 2.0 * np.sum(np.log(np.diagonal(root, axis1=1, axis2=2)), axis=1)
        trace, trace2 = self.trace, self.trace2
        if self.orders > 1:
            turned = inverse @ self.ff[1][:, kept:, kept:]
            trace = trace + np.trace(turned, axis1=1, axis2=2)
        if self.orders > 2:
            third = inverse @ self.ff[2][:, kept:, kept:]
            turned = inverse @ self.ff[1][:, kept:, kept:]
            trace2 = trace2 + 2.0 * np.trace(third, axis1=1, axis2=2) + np.trace(turned @ turned, axis1=1, axis2=2)
        return Moments(np.stack(ff), np.stack(ft), np.stack(tt), log_det, trace, trace2)

    def _first_ff(self, kept: int, carry: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.ff[0][:, :kept, :kept] + carry @ self.ff[0][:, kept:, :kept]

    def _first_ft(self, kept: int, carry: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.ft[0][:, :kept] + carry @ self.ft[0][:, kept:]

    def _first_tt(self, kept: int, carry_t: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.tt[0] + np.einsum("gwm,gwm->gm", self.ft[0][:, kept:], carry_t)


def not_a_part(eigenvalue: float) -> NotPositiveDefinite:
    """Return the refusal to leave out of a kernel what is not in it."""
    return NotPositiveDefinite(
        f"What is left out is no part of the kernel: it takes more than is there (eigenvalue {eigenvalue:.3g}).",
        hint="Leave out what the kernel was made of, in the same units.",
        eigenvalue=eigenvalue,
    )


def _sandwiched(
    blocks: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    kept: int,
    carry: NDArray[np.float64],
    carry_t: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return T M Tᵀ for the blocks of M, with T the identity and what is carried over from W."""
    ff, ft, tt = blocks
    aw, ww, wt = ff[:, :kept, kept:], ff[:, kept:, kept:], ft[:, kept:]
    mixed = carry @ aw.swapaxes(1, 2)
    new_ff = ff[:, :kept, :kept] + mixed + mixed.swapaxes(1, 2) + carry @ ww @ carry.swapaxes(1, 2)
    new_ft = ft[:, :kept] + carry @ wt + (aw + carry @ ww) @ carry_t
    new_tt = tt + 2.0 * np.einsum("gwm,gwm->gm", wt, carry_t) + np.einsum("gwm,gwv,gvm->gm", carry_t, ww, carry_t)
    return new_ff, new_ft, new_tt


def _crossed(
    ff: NDArray[np.float64],
    ft: NDArray[np.float64],
    kept: int,
    carry: NDArray[np.float64],
    carry_t: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return T ·ᵀH⁻²W of the fixed effects, shape (g, f, w), and of the traits, shape (g, w, m)."""
    ww = ff[:, kept:, kept:]
    return ff[:, :kept, kept:] + carry @ ww, ft[:, kept:] + ww @ carry_t
