"""Mixed models of a store: a version or a file as the kernel, a signal and covariates, matched by their ids."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import numpy as np

from ..engine.errors import Conflict, InputError, NotFound
from ..engine.lmm.design import design
from ..engine.lmm.fit import model
from ..engine.lmm.mixture import mixed
from ..engine.lmm.network_kernel import Part, network_kernel, shared_factor
from ..engine.lmm.spectral import Spectral, of_factor, of_matrix
from ..engine.wording import counted, some
from . import layout
from .formats.kernels import read_kernel
from .formats.traits import read_covariates
from .provenance import software
from .resampling import resampling_of
from .signals import refuse_same, relation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ..engine.lmm.design import Design
    from ..engine.lmm.fit import Model
    from ..engine.lmm.kernel import Kernel
    from ..engine.lmm.likelihood import Method
    from .formats.traits import TraitFile
    from .records import Parameter
    from .repository import Repository
    from .signals import Relation, Signal
    from .versions import Version

SAMPLES = "samples"
"""The kernel over samples: expression times what the version's factors and pathways load on."""

AUTO = "auto"
"""The shared part of a version on a factor base, and the whole correlation on a dense one."""

OF_A_VERSION = (AUTO, *get_args(Part))
"""Kernels over the genes of a version."""

LEAST_SHARE = 0.1
"""If fewer of a signal's ids are rows of the kernel, they are names of something else."""

KEPT_GENES = 5_000
"""The eigenvectors of a version on a dense base are kept up to so many genes: 200 MB."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A kernel with the names of its rows.

    Parameters
    ----------
    kernel : Kernel
        K.
    ids : tuple of str
        One a row.
    places : ndarray of intp, shape (n,), or None
        Where they are on the panel, if they are genes of a version.
    said : str
        What it is, in a line.
    part : str
        `shared`, `full`, `covariance`, `samples` or `file`.
    """

    kernel: Kernel
    ids: tuple[str, ...]
    places: NDArray[np.intp] | None
    said: str
    part: str


@dataclass(frozen=True, slots=True)
class Bound:
    """A model of a store, ready to be fitted.

    Parameters
    ----------
    given : Model
        Kernel, covariates and traits.
    rows : Rows
        What its rows are.
    kept : ndarray of intp, shape (n,)
        Which rows of the signal they are.
    relation : Relation
        How the signal's samples stand to the base's.
    weight : float or None
        Of a second kernel, as found.
    notes : tuple of str
        What was left out.
    """

    given: Model
    rows: Rows
    kept: NDArray[np.intp]
    relation: Relation
    weight: float | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a model is made of, beside the signal.

    Parameters
    ----------
    kernel : str
        `auto`, `shared`, `full`, `covariance`, `samples`, or the path of a file.
    second : str, optional
        Another, to be mixed with it.
    covariates : Path, optional
        Their table.
    intercept : bool
        Whether there is one.
    """

    kernel: str = AUTO
    second: str | None = None
    covariates: Path | None = None
    intercept: bool = True


def bind(
    repo: Repository,
    rev: str,
    signal: Signal,
    asked: Asked,
    method: Method = "reml",
    *,
    same_samples: bool = False,
) -> Bound:
    """Return the model of a signal along a version.

    Rows are those of the kernel that have a value of the signal and of every covariate, in the kernel's order.

    Raises
    ------
    NotFound
        There is no such version or file.
    InputError
        Ids do not match, or the arguments cannot be used.
    EngineError, NotPositiveDefinite
        The numbers do not allow it; or the signal comes from the base's own samples, unless `same_samples`.
    """
    version = repo.version(rev)
    found = relation(repo.base(version.name), signal)
    if not any(kernel in OF_A_VERSION for kernel in (asked.kernel, asked.second)):
        found = replace(found, base=None)
    elif not same_samples:
        refuse_same(found)
    covariates = None if asked.covariates is None else read_covariates(asked.covariates)
    usable = complete(signal.ids, signal.values)
    notes: list[str] = []
    if covariates is not None:
        with_value = len(usable)
        usable &= complete(covariates.ids, covariates.values)
        if len(usable) < 3:
            raise InputError(
                f"{len(usable):,} of the {counted(with_value, 'id')} of the signal with a value have all covariates in "
                f"{asked.covariates}, whose ids are such as {some(covariates.ids, 3)}.",
                hint="Ids must be spelt alike; a column without values is best left out.",
            )
    rows = _rows(repo, version, asked.kernel, usable, signal)
    kernel = rows.kernel
    weight = None
    kept = _places(signal.ids, rows.ids)
    traits = signal.values[kept]
    fixed = _design(covariates, rows.ids, intercept=asked.intercept)
    if asked.second is not None:
        kernel, weight = _mixed(repo, version, asked, rows, traits, fixed, method, signal)
        rows = replace(rows, kernel=kernel)
    notes.extend(_left_out(signal, rows, asked.covariates))
    return Bound(model(kernel, traits, fixed, names=signal.names), rows, kept, found, weight, tuple(notes))


def complete(ids: Sequence[str], values: NDArray[np.float64]) -> set[str]:
    """Return the ids of rows without a missing value."""
    return {ids[place] for place in np.flatnonzero(np.isfinite(values).all(axis=1)).tolist()}


def _rows(repo: Repository, version: Version, kernel: str, usable: set[str], signal: Signal) -> Rows:
    if kernel == SAMPLES:
        return _over_samples(repo, version, usable, signal)
    if kernel not in OF_A_VERSION:
        return _of_file(Path(kernel), usable, signal)
    panel = repo.base(version.name).panel
    places = np.array([place for place, gene in enumerate(panel.genes) if gene in usable], dtype=np.intp)
    _check_overlap(len(places), signal, f"the panel of {counted(len(panel), 'gene')}", panel.genes)
    snapshot = repo.snapshot(version.name, from_base=True)
    dense = not snapshot.capacitance.anchor.is_diagonal
    part = cast("Part", kernel if kernel != AUTO else "full" if dense else "shared")
    found = _decomposed(repo, version, part, places) if dense else network_kernel(snapshot, part, places)
    columns = counted(len(snapshot.capacitance.signature), "factor or pathway", "factors and pathways")
    what = {
        "shared": f"shared part of {version.name}: what {columns} give its genes in common",
        "full": f"whole correlation of {version.name}, what each gene has alone included",
        "covariance": f"whole covariance of {version.name}, what each gene has alone included",
    }[part]
    ids = tuple(panel.genes[int(place)] for place in places)
    return Rows(found, ids, places, what, part)


def _decomposed(repo: Repository, version: Version, part: Part, places: NDArray[np.intp]) -> Kernel:
    """Return the eigenvectors of a version on a dense base, kept with the store as an artifact of the version."""
    genes = layout.content_id(layout.TABLE, "{}", {layout.PLACES: places.astype(np.int64)}, {})
    parameters: dict[str, Parameter] = {"part": part, "genes": genes, "method": 1}
    known = repo.artifacts.find(layout.KERNEL, version.content, parameters)
    if known is not None and layout.VECTORS in known.arrays and layout.VALUES in known.arrays:
        vectors, values = known.arrays[layout.VECTORS], known.arrays[layout.VALUES]
        if vectors.shape == (len(places), len(values)) and np.all(values > 0):
            return Spectral(vectors.astype(np.float64), values.astype(np.float64))
    found = network_kernel(repo.snapshot(version.name, from_base=True), part, places)
    if isinstance(found, Spectral) and len(places) <= KEPT_GENES:
        with contextlib.suppress(Conflict, OSError):  # an exported file, or a full disk: it is made again
            repo.artifacts.keep(
                layout.KERNEL,
                version.content,
                parameters,
                {layout.VECTORS: found.vectors, layout.VALUES: found.values},
                source=f"eigenvectors of the {part} kernel of {counted(len(places), 'gene')}",
                facts={"rank": found.rank},
                software=software(),
            )
    return found


def _over_samples(repo: Repository, version: Version, usable: set[str], signal: Signal) -> Rows:
    drawn = resampling_of(repo, version.name)
    samples = repo.base(version.name).samples
    places = [place for place, name in enumerate(samples) if name in usable]
    _check_overlap(len(places), signal, f"the base of {counted(len(samples), 'sample')}", samples)
    everywhere = np.arange(len(drawn.snapshot.panel), dtype=np.intp)
    loadings, signs = shared_factor(drawn.snapshot, everywhere)
    values = drawn.values
    spread = values.std(axis=1, ddof=1)
    standardised = (values - values.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)[:, None]
    activity = standardised.T @ loadings[:, signs > 0] / np.sqrt(np.count_nonzero(signs > 0))
    said = f"samples of the base, alike in what {version.name}'s factors and pathways load on"
    kernel = of_factor(activity[places])
    return Rows(kernel, tuple(samples[place] for place in places), None, said, SAMPLES)


def _of_file(path: Path, usable: set[str], signal: Signal) -> Rows:
    if not path.exists():
        raise NotFound(
            f"There is no kernel {some([str(path)])}.",
            hint=f"It is a file, or one of {', '.join((*OF_A_VERSION, SAMPLES))}.",
        )
    read = read_kernel(path)
    places = [place for place, name in enumerate(read.ids) if name in usable]
    _check_overlap(len(places), signal, f"{path.name}, a kernel of {counted(len(read.ids), 'row')}", read.ids)
    ids = tuple(read.ids[place] for place in places)
    if read.is_factor:
        said = f"{path.name}: GGᵀ of {counted(read.values.shape[1], 'column')}"
        return Rows(of_factor(read.values[places]), ids, None, said, "file")
    return Rows(of_matrix(read.values[np.ix_(places, places)]), ids, None, f"{path.name}: K as given", "file")


def _mixed(
    repo: Repository,
    version: Version,
    asked: Asked,
    rows: Rows,
    traits: NDArray[np.float64],
    fixed: Design,
    method: Method,
    signal: Signal,
) -> tuple[Kernel, float]:
    other = _rows(repo, version, cast("str", asked.second), set(rows.ids), signal)
    if other.ids != rows.ids:
        raise InputError(
            f"The second kernel has {counted(len(other.ids), 'row')} of the {len(rows.ids):,} that the first has.",
            hint="Both need the same genes or samples.",
        )
    if traits.shape[1] != 1:
        raise InputError("Two kernels are mixed for one trait at a time.", hint="Name it with --trait.")
    found = mixed(rows.kernel, other.kernel, traits[:, 0], fixed, method=method)
    return found.given.kernel, found.weight


def _design(covariates: TraitFile | None, ids: Sequence[str], *, intercept: bool) -> Design:
    if covariates is None:
        return design(size=len(ids), intercept=intercept)
    return design(covariates.values[_places(covariates.ids, ids)], covariates.names, intercept=intercept)


def _places(of: Sequence[str], wanted: Sequence[str]) -> NDArray[np.intp]:
    at = {name: place for place, name in enumerate(of)}
    return np.array([at[name] for name in wanted], dtype=np.intp)


def _check_overlap(found: int, signal: Signal, where: str, names: Sequence[str]) -> None:
    if found < max(3, LEAST_SHARE * min(len(signal.ids), len(names))):
        raise InputError(
            f"{signal.said}: {found:,} of its {counted(len(signal.ids), 'id')} (such as {some(signal.ids, 3)}) have a "
            f"value and are rows of {where} (such as {some(names, 3)}).",
            hint="Ids must be those of the kernel's rows, as they are spelt there.",
        )


def _left_out(signal: Signal, rows: Rows, covariates: Path | None) -> list[str]:
    notes: list[str] = []
    missing = int(np.count_nonzero(~np.isfinite(signal.values).all(axis=1)))
    if missing:
        why = " (constant, or wholly apart between the groups: no finite t)" if signal.contrast is not None else ""
        notes.append(f"{counted(missing, 'id')} of the signal without a value left out{why}.")
    unknown = len(signal.ids) - missing - len(rows.ids)
    if unknown > 0:
        beside = " or have no covariate" if covariates is not None else ""
        are = "is" if unknown == 1 else "are"
        notes.append(f"{counted(unknown, 'id')} of the signal that {are} no row of the kernel{beside} left out.")
    return notes
