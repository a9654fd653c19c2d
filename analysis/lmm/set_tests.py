"""Gene sets tested beside a version: a library matched to a model's genes, and the tests that go with the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from ...engine.errors import InputError, NotFound
from ...engine.lmm.association.component import run_component_test
from ...engine.lmm.association.enrichment import OwnVariance, enrich, links, sided
from ...engine.lmm.association.leave_out import LeaveOut
from ...engine.lmm.association.scan import make_scanner
from ...engine.lmm.kernels.network_kernel import pathway_columns
from ...engine.lmm.kernels.spectral import of_factor
from ...engine.lmm.model.fit import fit_many, make_model
from ...engine.lmm.model.mixture import Mixture, MixtureFit
from ...engine.wording import counted, some
from ...formats.pathways.gmt import read_gmt
from .permutations import PermutationNull

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.lmm.association.enrichment import Alternative, Enrichment
    from ...engine.lmm.association.scan import Scanner
    from ...engine.lmm.model.fit import Fit, Model
    from ...storage.repository import Repository
    from .model import StoreModel


MOST_SCATTERED = 1_500
"""Genes of a set whose scatter is tested: it takes the eigenvectors of as many columns."""

ENOUGH_SETS = 10
"""A variance of the sets' own is estimated unasked from so many of them."""

MOST_SETS = 2_000
"""And up to so many: each weight that is tried costs the eigenvectors of as many columns."""


@dataclass(frozen=True, slots=True)
class SetTests:
    """Gene sets and what became of them.

    Parameters
    ----------
    names : tuple of str
        The m sets tested.
    sizes, used : tuple of int
        How many genes each has, and how many of them the model.
    null : Fit
        The model without any set.
    found : Enriched
        The tests.
    own_out : list of float or None, optional
        p of each without its own pathway in the kernel; `None` for a set that the version has as no pathway.
    scatter : list of float, optional
        p of each set's variance component.
    plain : list of float, optional
        p of each without the sets' own variance, where that was allowed for.
    set_weight : float, optional
        The part that the sets' own variance has of what goes along network and sets.
    permuted : list of float, optional
        p of each by permutations.
    null_h2 : Null, optional
        h² of the permutations.
    null_share, null_most : float
        The share of permutations whose p is below .05: over all sets, and of the set that has most.
    left_out : tuple of str
        Sets with too few genes, or too many.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    used: tuple[int, ...]
    null: Fit
    found: Enrichment
    own_out: list[float | None] | None
    scatter: list[float | None] | None
    plain: list[float | None] | None
    set_weight: float | None
    permuted: list[float | None] | None
    null_h2: PermutationNull | None
    null_share: float
    null_most: float
    left_out: tuple[str, ...]

    @property
    def order(self) -> list[int]:
        """Places of the sets, the least p first; those that could not be tested last."""
        return np.argsort(self.found.log10_p, kind="stable").tolist()  # NaN sorts last


def run_set_tests(
    repo: Repository,
    rev: str,
    bound: StoreModel,
    library: Path,
    *,
    alternative: Alternative = "two-sided",
    sizes: tuple[int, int | None] = (5, None),
    leave_own_out: bool = False,
    scatter: bool = False,
    set_variance: bool | None = None,
    permuted: Model | None = None,
    progress: Callable[[float], object] | None = None,
) -> SetTests:
    """Return the tests of a library's sets.

    Parameters
    ----------
    repo, rev : Repository, str
        The version of the kernel.
    bound : Bound
        The model of one signal.
    library : Path
        A GMT file.
    alternative : {"two-sided", "greater", "less"}
        Which shift counts.
    sizes : pair
        The least and the most genes of a set that have a value.
    leave_own_out, scatter : bool
        Which tests stand beside.
    set_variance : bool, optional
        Whether sets in general may be shifted, by a variance of their own that is estimated from all of them; by
        default where there are enough of them, and not too many.
    permuted : Model, optional
        The same model of permuted signals, a trait each.
    progress : callable, optional
        Told the share that is done.

    Raises
    ------
    NotFound
        There is no such file, or none of its sets has enough genes.
    InputError
        Own pathways cannot be left out of this kernel.
    """
    names, held, used, left_out = _matched(library, bound.rows.ids, sizes)
    sets = _membership(held, len(bound.rows.ids))
    null = fit_many(bound.given)[0]
    plain_by = make_scanner(bound.given, null, sparse=True)
    tests = _Tests(sets, alternative, _mixture(bound, sets, set_variance))
    found, weight = tests.of(bound.given)
    plain = None if weight is None else _listed(enrich(plain_by, sets, alternative=alternative).log10_p)
    own = _own_out(repo, rev, bound, names, held, alternative) if leave_own_out else None
    spread: list[float | None] | None = None
    if scatter:
        spread = [_scatter(plain_by, genes, int(sets.shape[1])) for genes in held]
    by_permutation: list[float | None] | None = None
    null_h2: PermutationNull | None = None
    share = most = float("nan")
    if permuted is not None:
        by_permutation, null_h2, share, most = _permuted(permuted, tests, found, progress)
    return SetTests(
        names=tuple(names),
        sizes=tuple(size for size, _ in used),
        used=tuple(number for _, number in used),
        null=null,
        found=found,
        own_out=own,
        scatter=spread,
        plain=plain,
        set_weight=weight,
        permuted=by_permutation,
        null_h2=null_h2,
        null_share=share,
        null_most=most,
        left_out=tuple(left_out),
    )


def _matched(
    library: Path, ids: tuple[str, ...], sizes: tuple[int, int | None]
) -> tuple[list[str], list[NDArray[np.intp]], list[tuple[int, int]], list[str]]:
    places = {gene: place for place, gene in enumerate(ids)}
    names: list[str] = []
    held: list[NDArray[np.intp]] = []
    used: list[tuple[int, int]] = []
    left_out: list[str] = []
    least, most = sizes
    read = read_gmt(library).pathways
    for one in read:
        genes = np.unique([places[gene] for gene in one.genes if gene in places]).astype(np.intp)
        if len(genes) < least or (most is not None and len(genes) > most):
            left_out.append(one.name)
            continue
        names.append(one.name)
        held.append(genes)
        used.append((len(one.genes), len(genes)))
    if not names:
        raise NotFound(
            f"None of the {counted(len(read), 'set')} of {library} has {least} genes or more with a value, such as "
            f"{some(ids, 3)}.",
            hint="Are the genes spelt as on the panel? --min-genes takes smaller sets.",
        )
    return names, held, used, left_out


def _membership(held: list[NDArray[np.intp]], genes: int) -> csr_array:
    starts = np.concatenate([[0], np.cumsum([len(one) for one in held])])
    return csr_array((np.ones(int(starts[-1])), np.concatenate(held), starts), shape=(len(held), genes))


def _scatter(null: Scanner, genes: NDArray[np.intp], size: int) -> float | None:
    if len(genes) > MOST_SCATTERED:
        return None
    return float(10.0 ** run_component_test(null, _units(genes, size)).log10_p)


def _units(genes: NDArray[np.intp], size: int) -> NDArray[np.float64]:
    answer = np.zeros((len(genes), size))
    answer[np.arange(len(genes)), genes] = 1.0
    return answer


def _own_out(
    repo: Repository,
    rev: str,
    bound: StoreModel,
    names: list[str],
    held: list[NDArray[np.intp]],
    alternative: Alternative,
) -> list[float | None]:
    """Return p of every set that the version has as a pathway, with that taken out of the kernel."""
    if bound.rows.part not in ("shared", "full") or bound.rows.places is None or bound.weight is not None:
        raise InputError(
            f"Own pathways are left out of what a version shares or of its correlation, not of {bound.rows.said}.",
            hint="Leave out --leave-own-out, or take --kernel shared.",
        )
    snapshot = repo.snapshot(rev, from_base=True)
    loadings = pathway_columns(snapshot, bound.rows.places)
    column = 0
    columns: dict[str, list[int]] = {}
    for pathway in snapshot.pathways:
        for name in pathway.names:
            if pathway.sign > 0 and pathway.rank == 1:
                columns.setdefault(name, []).append(column)
            column += 1
    own = [place for place, name in enumerate(names) if name in columns and name not in bound.rows.without]
    answer: list[float | None] = [None] * len(names)
    if not own:
        return answer
    used = sorted({one for place in own for one in columns[names[place]]})
    tests = _membership([held[place] for place in own], len(bound.rows.ids)).toarray().T
    leaving = LeaveOut(bound.given, np.ascontiguousarray(loadings[:, used]), tests)
    for test, place in enumerate(own):
        out = [used.index(one) for one in columns[names[place]]]
        alone = len(out) == bound.rows.columns  # it is all there is of the kernel
        found = leaving.without_all([test]) if alone else leaving.without(out, [test])
        answer[place] = float(10.0 ** sided(found.log10_p, found.t, alternative)[0])
    return answer


def _mixture(bound: StoreModel, sets: csr_array, asked: bool | None) -> SetVariance | None:
    """Return the kernel with one of the sets' own beside it, whose weight is to be found; `None` without."""
    number = int(sets.shape[0])
    if asked and number > MOST_SETS:
        raise InputError(
            f"The sets' own variance is estimated from up to {MOST_SETS:,} sets, and there are {number:,}.",
            hint="--no-set-variance does without; or test fewer sets, by --min-genes and --max-genes.",
        )
    if asked is False or (asked is None and not ENOUGH_SETS <= number <= MOST_SETS):
        return None
    linked = links(bound.given.kernel, sets)
    factor = sets.toarray().T * np.sqrt(linked)
    return SetVariance(Mixture(bound.given.kernel, of_factor(factor), bound.given.fixed), linked)


@dataclass(frozen=True, slots=True)
class SetVariance:
    """A kernel with one of the sets' own beside it.

    Parameters
    ----------
    mixture : Mixture
        Both.
    linked : ndarray of float64, shape (m,)
        How far each set moves as one; its own variance goes with that.
    """

    mixture: Mixture
    linked: NDArray[np.float64]

    def found(self, mixed: MixtureFit) -> OwnVariance:
        """Return the variance of each set's shift in a fitted mixture."""
        weight = mixed.weight if mixed.weight == mixed.weight else 0.0  # none at h² = 0
        number = float(np.sum(self.linked) ** 2 / np.sum(self.linked**2))
        return OwnVariance(mixed.fit.variance_kernel * weight * self.linked / self.mixture.scales[1], number)


@dataclass(frozen=True, slots=True)
class _Tests:
    """How the sets of a library are tested, the same for the signal and for its permutations."""

    sets: csr_array
    alternative: Alternative
    variance: SetVariance | None

    def of(self, given: Model) -> tuple[Enrichment, float | None]:
        """Return the tests of a signal, and the weight of the sets' own variance."""
        if self.variance is None:
            null = make_scanner(given, fit_many(given)[0], sparse=True)
            return enrich(null, self.sets, alternative=self.alternative), None
        found = self.variance.mixture.best(given.traits[:, 0])
        null = make_scanner(found.given, found.fit, sparse=True)
        own = self.variance.found(found)
        return enrich(null, self.sets, alternative=self.alternative, own=own), found.weight


def _listed(log10_p: NDArray[np.float64]) -> list[float | None]:
    return [float(value) for value in 10.0**log10_p]


def _permuted(
    drawn: Model, tests: _Tests, found: Enrichment, progress: Callable[[float], object] | None
) -> tuple[list[float | None], PermutationNull, float, float]:
    """Return p of each set by permutations, h² of each, and the share of p < .05: over all sets, and at most."""
    number = drawn.traits.shape[1]
    more, below = np.zeros(len(found.t)), np.zeros(len(found.t))
    for at in range(number):
        again, _ = tests.of(make_model(drawn.kernel, drawn.traits[:, at], drawn.fixed))
        more += again.log10_p <= found.log10_p
        below += again.log10_p < np.log10(0.05)
        if progress is not None:
            progress((at + 1) / number)
    testable = np.isfinite(found.t)
    p = np.where(testable, (1.0 + more) / (number + 1.0), np.nan)
    null = PermutationNull(np.array([one.h2 for one in fit_many(drawn)]))
    shares = below[testable] / number
    return [float(value) for value in p], null, float(shares.mean()), float(shares.max(initial=0.0))
