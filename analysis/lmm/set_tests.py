"""Gene sets tested beside a version: a library over a model's genes, and its tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from ...engine.errors import InputError, NotFound
from ...engine.lmm.association.component import scatter_p
from ...engine.lmm.association.enrichment import enrich
from ...engine.lmm.association.scan import make_scanner
from ...engine.lmm.association.set_tests import SetTester, leave_own_out, permute_sets
from ...engine.lmm.association.set_variance import set_mixture
from ...engine.lmm.kernels.network_kernel import pathway_columns
from ...engine.lmm.model.fit import fit_many
from ...engine.tabular import Table
from ...engine.wording import counted, some
from ...formats.sets.gene_sets import read_set_library

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.choices import Alternative
    from ...engine.lmm.association.enrichment import Enrichment
    from ...engine.lmm.association.set_tests import SetPermutations
    from ...engine.lmm.association.set_variance import SetMixture
    from ...engine.lmm.model.fit import Fit, Model
    from ...engine.mapping import Mapper
    from .model import StoreModel

ENOUGH_SETS = 10
"""Least number of sets for which the sets' own variance is estimated by default."""

MOST_SETS = 2_000
"""Most sets for which their own variance is estimated: each weight takes the eigenvectors of as many columns."""

PValues = list[float | None]


@dataclass(frozen=True, slots=True)
class GeneSets:
    """The sets of a library over the n genes of a model.

    Parameters
    ----------
    names : tuple of str
        The m sets with enough genes, and not too many.
    sizes : tuple of int
        Number of genes of each in the library.
    genes : tuple of ndarray of intp
        Indices of the genes of each in the model.
    left_out : tuple of str
        Sets with too few genes, or too many.
    membership : csr_array, shape (m, n)
        The same, a set a row.
    notes : tuple of str
        What was decided while the library was read.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    genes: tuple[NDArray[np.intp], ...]
    left_out: tuple[str, ...]
    membership: csr_array
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetTests(Table):
    """The tests of gene sets.

    Parameters
    ----------
    sets : GeneSets
        The m sets.
    null : Fit
        The model without any set.
    enrichment : Enrichment
        The tests.
    own_out : list of float or None, optional
        p of each without its own pathway in the kernel; `None` for a set that is no pathway of the version.
    scatter : list of float, optional
        p of each set's variance component.
    plain : list of float, optional
        p of each without the sets' own variance, where that was estimated.
    set_weight : float, optional
        Share of the sets' own variance in the variance along network and sets.
    permuted : SetPermutations, optional
        The tests of permuted signals.
    """

    sets: GeneSets
    null: Fit
    enrichment: Enrichment
    own_out: PValues | None
    scatter: PValues | None
    plain: PValues | None
    set_weight: float | None
    permuted: SetPermutations | None

    def __repr__(self) -> str:
        return f"<Tests of {counted(len(self.sets.names), 'gene set')}>"

    def __len__(self) -> int:
        """How many sets there are."""
        return len(self.sets.names)

    def columns(self) -> dict[str, Sequence[Any]]:
        """Return what is known of each set, the least p first, and sets that could not be tested last."""
        order, sets, tests = self.order, self.sets, self.enrichment
        t = tests.t[order].tolist()
        numbers = {
            "beta": tests.beta, "se": tests.se, "t": tests.t, "df": tests.freedom, "p": 10.0**tests.log10_p,
            "log10p": tests.log10_p, "q": tests.q,
        }  # fmt: skip
        beside = {
            "p_leave_own_out": self.own_out,
            "p_scatter": self.scatter,
            "p_plain": self.plain,
            "p_permuted": self.permuted and self.permuted.p.tolist(),
        }
        return {
            "set": [sets.names[index] for index in order],
            "n_set": [sets.sizes[index] for index in order],
            "n_used": [len(sets.genes[index]) for index in order],
            **{name: values[order].tolist() for name, values in numbers.items()},
            "direction": ["up" if value > 0 else "down" if value < 0 else None for value in t],
            **{name: [None if values is None else values[index] for index in order] for name, values in beside.items()},
        }

    @property
    def order(self) -> list[int]:
        """Indices of the sets, the least p first; those that could not be tested last."""
        return np.argsort(self.enrichment.log10_p, kind="stable").tolist()  # NaN sorts last


def run_set_tests(
    store_model: StoreModel,
    library: Path,
    *,
    alternative: Alternative = "two-sided",
    sizes: tuple[int, int | None] = (5, None),
    own_out: bool = False,
    scatter: bool = False,
    set_variance: bool | None = None,
    permuted: Model | None = None,
    descriptions: bool | None = None,
    sheet: str | None = None,
    mapper: Mapper | None = None,
    progress: Callable[[float], object] | None = None,
) -> SetTests:
    """Return the tests of a library's sets.

    Parameters
    ----------
    store_model : StoreModel
        The model of one signal.
    library : Path
        A file of gene sets.
    alternative : {"two-sided", "greater", "less"}
        Which shift counts.
    sizes : pair
        The least and the most genes of a set that have a value.
    own_out, scatter : bool
        Whether to test each set without its own pathway in the kernel too, and its scatter.
    set_variance : bool, optional
        Whether sets in general may be shifted, with a variance that is estimated from all of them; by default with 10
        to 2,000 sets.
    permuted : Model, optional
        The same model of permuted signals, a trait each.
    descriptions : bool, optional
        Whether second fields of sets in GMT or GMX are descriptions, or genes; by what stands there when absent.
    sheet : str, optional
        The sheet of a workbook; without it, there must be one that holds something.
    mapper : Mapper, optional
        What tests the permuted signals; one after the other by default.
    progress : callable, optional
        Called with the share that is done.

    Raises
    ------
    NotFound
        There is no such file, or none of its sets has enough genes.
    InputError
        Pathways cannot be left out of this kernel.
    """
    model = store_model.model
    sets = match_sets(library, store_model.rows.ids, sizes, descriptions=descriptions, sheet=sheet)
    null = fit_many(model)[0]
    scanner = make_scanner(model, null, sparse=True)
    tester = SetTester(sets.membership, alternative, _mixture(model, sets.membership, set_variance))
    enrichment, weight = tester.test(model)
    plain = None if weight is None else 10.0 ** enrich(scanner, sets.membership, alternative=alternative).log10_p
    return SetTests(
        sets=sets,
        null=null,
        enrichment=enrichment,
        own_out=_leave_own_out(store_model, sets, alternative) if own_out else None,
        scatter=[scatter_p(scanner, genes) for genes in sets.genes] if scatter else None,
        plain=None if plain is None else plain.tolist(),
        set_weight=weight,
        permuted=None if permuted is None else permute_sets(permuted, tester, enrichment, progress, mapper=mapper),
    )


def match_sets(
    library: Path,
    ids: tuple[str, ...],
    sizes: tuple[int, int | None],
    *,
    descriptions: bool | None = None,
    sheet: str | None = None,
) -> GeneSets:
    """Return the sets of a file over some genes; `sizes`, `descriptions` and `sheet` as for `run_set_tests`.

    Raises
    ------
    NotFound
        There is no such file, or none of its sets has enough genes.
    """
    (least, most), index_of = sizes, {gene: index for index, gene in enumerate(ids)}
    file = read_set_library(library, index_of, descriptions=descriptions, sheet=sheet)
    pathways = file.pathways
    overlaps = [
        (pathway, np.unique([index_of[gene] for gene in pathway.genes if gene in index_of]).astype(np.intp))
        for pathway in pathways
    ]
    used = [(pathway, genes) for pathway, genes in overlaps if least <= len(genes) <= (most or len(ids))]
    if not used:
        raise NotFound(
            f"None of the {counted(len(pathways), 'set')} of {library} has {least} genes or more with a value, such as "
            f"{some(ids, 3)}.",
            code="sets-without-genes",
        )
    names = tuple(pathway.name for pathway, _ in used)
    left_out = tuple(pathway.name for pathway, genes in overlaps if not least <= len(genes) <= (most or len(ids)))
    genes = tuple(genes for _, genes in used)
    counts = tuple(len(pathway.genes) for pathway, _ in used)
    return GeneSets(names, counts, genes, left_out, _rows(genes, len(ids)), file.notes)


def _rows(genes: tuple[NDArray[np.intp], ...], size: int) -> csr_array:
    starts = np.concatenate([[0], np.cumsum([len(one_set) for one_set in genes])])
    return csr_array((np.ones(int(starts[-1])), np.concatenate(genes), starts), shape=(len(genes), size))


def _leave_own_out(store_model: StoreModel, sets: GeneSets, alternative: Alternative) -> PValues:
    """Return p of every set that is a pathway of the version, with that pathway taken out of the kernel."""
    rows, snapshot = store_model.rows, store_model.snapshot
    if rows.part not in ("shared", "full") or rows.genes is None or store_model.weight is not None:
        raise InputError(
            f"Own pathways are left out of what a version shares or of its correlation, not of {rows.description}.",
            code="own-pathways-not-in-kernel",
        )
    owners = [(name, pathway) for pathway in snapshot.pathways for name in pathway.names]
    columns: dict[str, list[int]] = {}
    for column, (name, pathway) in enumerate(owners):
        if pathway.sign > 0 and pathway.rank == 1:
            columns.setdefault(name, []).append(column)
    tested = [index for index, name in enumerate(sets.names) if name in columns and name not in rows.left_out]
    p: PValues = [None] * len(sets.names)
    if tested:
        set_columns = [columns[sets.names[index]] for index in tested]
        loadings, membership = pathway_columns(snapshot, rows.genes), sets.membership[tested]
        values = leave_own_out(store_model.model, loadings, set_columns, membership, alternative, rank=rows.rank)
        for index, value in zip(tested, values, strict=True):
            p[index] = value
    return p


def _mixture(model: Model, sets: csr_array, set_variance: bool | None) -> SetMixture | None:
    """Return the kernel with one of the sets' own beside it; `None` without."""
    number = int(sets.shape[0])
    if set_variance and number > MOST_SETS:
        raise InputError(
            f"The sets' own variance is estimated from up to {MOST_SETS:,} sets, and there are {number:,}.",
            code="too-many-sets",
        )
    if set_variance is False or (set_variance is None and not ENOUGH_SETS <= number <= MOST_SETS):
        return None
    return set_mixture(model.kernel, sets, model.fixed)
