"""What the rows of a mixed model are, and their kernel: genes of a version, samples of a base, or what a file names."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import numpy as np

from ...engine.errors import Conflict, EngineError, InputError, NotFound
from ...engine.lmm.kernels.network_kernel import Part, network_kernel, shared_factor
from ...engine.lmm.kernels.spectral import Spectral, of_factor, of_matrix
from ...engine.wording import counted, some
from ...formats.traits.kernels import read_kernel
from ...storage.files import layout
from ...storage.networks.provenance import software
from ..resampling import resampling_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ...engine.lmm.kernels.kernel import Kernel
    from ...engine.network.snapshot import Snapshot
    from ...storage.history.records import Parameter
    from ...storage.history.versions import Version
    from ...storage.repository import Repository
    from .signals import Signal

SAMPLES = "samples"
"""The kernel over samples: expression times what the version's factors and pathways load on."""

AUTO = "auto"
"""The shared part of a version on a factor base, and the whole correlation on a dense one."""

OF_A_VERSION = (AUTO, *get_args(Part))
"""Kernels over the genes of a version."""

LEAST_SHARE = 0.1
"""If fewer of a signal's ids, or of the kernel's, are of both, they are names of something else."""

KEPT_GENES = 5_000
"""The eigenvectors of a version on a dense base are kept up to so many genes: 200 MB."""

Between = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
"""A kernel between new rows and those of a model, shape (n*, n), and of each new row with itself, shape (n*,)."""


@dataclass(frozen=True, slots=True)
class KernelRows:
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
    everyone : tuple of str
        All rows that the kernel could have, those of `ids` among them.
    without : tuple of str
        Pathways, or columns of a factor, that were left out.
    columns : int or None
        How many factors and pathways a kernel of what genes share has.
    between : callable
        Given ids of `everyone`, returns the kernel between these and the rows.
    """

    kernel: Kernel
    ids: tuple[str, ...]
    places: NDArray[np.intp] | None
    said: str
    part: str
    everyone: tuple[str, ...]
    between: Callable[[Sequence[str]], Between]
    without: tuple[str, ...] = ()
    columns: int | None = None


def kernel_rows(
    repo: Repository, version: Version, kernel: str, usable: set[str], signal: Signal, without: Sequence[str] = ()
) -> KernelRows:
    """Return the kernel that an option names, over the rows that can be used, in its own order.

    Parameters
    ----------
    repo, version : Repository, Version
        Where kernels of a version come from.
    kernel : str
        `auto`, `shared`, `full`, `covariance`, `samples`, or the path of a file.
    usable : set of str
        Ids that have a value, and all covariates.
    signal : Signal
        For what is said where ids do not match.
    without : sequence of str
        Names of pathways, or of columns of a factor, that are left out.

    Raises
    ------
    NotFound
        There is no such file, or no such pathway or column.
    InputError
        Ids do not match, or nothing can be left out of this kernel.
    EngineError, NotPositiveDefinite
        The numbers do not allow it.
    """
    if kernel == SAMPLES:
        return _over_samples(repo, version, usable, signal, without)
    if kernel not in OF_A_VERSION:
        return _of_file(Path(kernel), usable, signal, without)
    return _of_version(repo, version, kernel, usable, signal, without)


def columns_named(snapshot: Snapshot, names: Sequence[str]) -> list[int]:
    """Return the places, among the columns of all pathways, of those that have these names.

    Raises
    ------
    NotFound
        The version has no such pathway.
    """
    own = [name for pathway in snapshot.pathways for name in pathway.names]
    for name in names:
        if name not in own:
            raise NotFound(
                f"{snapshot.name} has no pathway {some([name])} that could be left out.",
                hint=f"It has {some(own)}." if own else "It has none: `grn commit` adds them.",
            )
    return [place for place, name in enumerate(own) if name in names]


def _of_version(
    repo: Repository, version: Version, kernel: str, usable: set[str], signal: Signal, without: Sequence[str]
) -> KernelRows:
    snapshot = repo.snapshot(version.name, from_base=True)
    genes = snapshot.panel.genes
    places = np.array([place for place, gene in enumerate(genes) if gene in usable], dtype=np.intp)
    _check_overlap(len(places), signal, f"the panel of {counted(len(genes), 'gene')}", genes)
    dense = not snapshot.capacitance.anchor.is_diagonal
    part = cast("Part", kernel if kernel != AUTO else "full" if dense else "shared")
    out = columns_named(snapshot, without)
    if dense and not out:
        found = _decomposed(repo, version, part, places)
    else:
        found = network_kernel(snapshot, part, places, without=out)

    def between(ids: Sequence[str]) -> Between:
        new = snapshot.panel.locate(list(ids))
        both = np.concatenate([new, places])
        operator = snapshot.covariance
        block = operator.block(new, places)
        own = operator.diagonal(new)
        loadings = snapshot.capacitance.loadings.rows(both)[:, out]
        signs = snapshot.capacitance.signature[len(snapshot.capacitance.signature) - snapshot.rank :][out]
        block = block - (loadings[: len(new)] * signs) @ loadings[len(new) :].T
        own = own - np.square(loadings[: len(new)]) @ signs
        if part == "covariance":
            return block, own
        deviations = np.sqrt(operator.diagonal(both))
        block = block / np.outer(deviations[: len(new)], deviations[len(new) :])
        own = own / deviations[: len(new)] ** 2
        if part == "shared":  # between two genes nothing is alone
            own = own - snapshot.capacitance.anchor.covariance.diagonal()[new] / deviations[: len(new)] ** 2
        return block, own

    number = len(snapshot.capacitance.signature) - len(out)
    columns = counted(number, "factor or pathway", "factors and pathways")
    what = {
        "shared": f"shared part of {version.name}: what {columns} give its genes in common",
        "full": f"whole correlation of {version.name}, what each gene has alone included",
        "covariance": f"whole covariance of {version.name}, what each gene has alone included",
    }[part]
    ids = tuple(genes[int(place)] for place in places)
    held = number if part == "shared" else None
    return KernelRows(found, ids, places, what + _less(without), part, tuple(genes), between, tuple(without), held)


def _less(without: Sequence[str]) -> str:
    return f", without {some(without)}" if without else ""


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


def _over_samples(
    repo: Repository, version: Version, usable: set[str], signal: Signal, without: Sequence[str]
) -> KernelRows:
    drawn = resampling_of(repo, version.name)
    samples = repo.base(version.name).samples
    _check_overlap(len(usable & set(samples)), signal, f"the base of {counted(len(samples), 'sample')}", samples)
    snapshot = drawn.snapshot
    loadings, signs = shared_factor(snapshot, np.arange(len(snapshot.panel), dtype=np.intp))
    first = len(signs) - snapshot.rank
    out = [first + one for one in columns_named(snapshot, without)]
    loadings, signs = np.delete(loadings, out, axis=1), np.delete(signs, out)
    values = drawn.values
    spread = values.std(axis=1, ddof=1)
    standardised = (values - values.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)[:, None]
    activity = standardised.T @ loadings[:, signs > 0] / np.sqrt(max(np.count_nonzero(signs > 0), 1))
    said = f"samples of the base, alike in what {version.name}'s factors and pathways load on{_less(without)}"
    return _of_a_factor(activity, samples, usable, said, SAMPLES)


def _of_file(path: Path, usable: set[str], signal: Signal, without: Sequence[str]) -> KernelRows:
    if not path.exists():
        raise NotFound(
            f"There is no kernel {some([str(path)])}.",
            hint=f"It is a file, or one of {', '.join((*OF_A_VERSION, SAMPLES))}.",
        )
    read = read_kernel(path)
    where = f"{path.name}, a kernel of {counted(len(read.ids), 'row')}"
    _check_overlap(len(usable & set(read.ids)), signal, where, read.ids)
    if read.is_factor:
        missing = [name for name in without if name not in read.columns]
        if missing:
            raise NotFound(f"{path} has no column {some(missing)}.", hint=f"It has {some(read.columns)}.")
        kept = [place for place, name in enumerate(read.columns) if name not in without]
        if not kept:
            raise EngineError(f"Nothing of the kernel {path} is left without {some(without)}.")
        said = f"{path.name}: GGᵀ of {counted(len(kept), 'column')}{_less(without)}"
        return _of_a_factor(read.values[:, kept], read.ids, usable, said, "file")
    if without:
        raise InputError(
            f"{path} is a kernel K, which does not say what it was made of: {some(without)} cannot be left out.",
            hint="Give the factor G with K = GGᵀ.",
        )
    places = np.array([place for place, name in enumerate(read.ids) if name in usable], dtype=np.intp)
    ids = tuple(read.ids[int(place)] for place in places)

    def between(new: Sequence[str]) -> Between:
        at = indices_of(read.ids, new)
        return read.values[np.ix_(at, places)], np.diagonal(read.values)[at]

    kernel = of_matrix(read.values[np.ix_(places, places)])
    return KernelRows(kernel, ids, None, f"{path.name}: K as given", "file", read.ids, between)


def _of_a_factor(
    factor: NDArray[np.float64], names: tuple[str, ...], usable: set[str], said: str, part: str
) -> KernelRows:
    places = [place for place, name in enumerate(names) if name in usable]

    def between(new: Sequence[str]) -> Between:
        at = factor[indices_of(names, new)]
        return at @ factor[places].T, np.einsum("ij,ij->i", at, at)

    ids = tuple(names[place] for place in places)
    return KernelRows(of_factor(factor[places]), ids, None, said, part, names, between)


def indices_of(names: Sequence[str], wanted: Sequence[str]) -> NDArray[np.intp]:
    """Return where some names stand among others."""
    at = {name: place for place, name in enumerate(names)}
    return np.array([at[name] for name in wanted], dtype=np.intp)


def _check_overlap(found: int, signal: Signal, where: str, names: Sequence[str]) -> None:
    if found < max(3, LEAST_SHARE * min(len(signal.ids), len(names))):
        raise InputError(
            f"{signal.said}: {found:,} of its {counted(len(signal.ids), 'id')} (such as {some(signal.ids, 3)}) have a "
            f"value and are rows of {where} (such as {some(names, 3)}).",
            hint="Ids must be those of the kernel's rows, as they are spelt there.",
        )
