"""The rows of a mixed model and their kernel: genes of a version, samples of a base, or the rows of a file."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

import numpy as np

from ...engine.errors import Conflict, EngineError, InputError, NotFound
from ...engine.lmm.kernels.network_kernel import (
    Part,
    cross_kernel,
    is_dense_kernel,
    network_kernel,
    pathway_indices,
    sample_factor,
)
from ...engine.lmm.kernels.spectral import Spectral, of_factor, of_matrix
from ...engine.wording import counted, some
from ...formats.files.plain_files import file_name
from ...formats.traits.kernels import read_kernel
from ...storage.files import layout
from ...storage.networks.provenance import software
from ..base_values import adjustment_of, prepare_kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from ...engine.lmm.kernels.kernel import Kernel
    from ...engine.network.snapshot import Snapshot
    from ...formats.traits.kernels import KernelFile
    from ...storage.history.records import Parameter
    from ...storage.networks.artifacts import Artifact, Artifacts
    from ...storage.networks.bases import StoredBase
    from .signals import Signal

SAMPLES = "samples"
"""The kernel over samples: their expression times the loadings of the version's factors and pathways."""

AUTO = "auto"
"""The shared part of a version on a factor base, and the whole correlation on a dense one."""

OF_A_VERSION = (AUTO, *get_args(Part))
"""The kernels over the genes of a version."""

LEAST_SHARE = 0.1
"""Least share of the signal's ids, or of the kernel's, that must be in both; with fewer they name something else."""

KEPT_GENES = 5_000
"""Most genes of a version on a dense base whose eigenvectors are kept in the store: 200 MB."""

CrossKernel = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
"""A kernel between new rows and those of a model, shape (n*, n), and its diagonal for the new rows, shape (n*,)."""


@dataclass(frozen=True, slots=True)
class KernelRows:
    """A kernel with the names of its rows.

    Parameters
    ----------
    kernel : Kernel
        K.
    ids : tuple of str
        The name of each row.
    genes : ndarray of intp, shape (n,), or None
        Their indices on the panel, if they are genes of a version.
    description : str
        The kernel in a line.
    part : str
        `shared`, `full`, `covariance`, `samples` or `file`.
    all_ids : tuple of str
        All rows that the kernel could have, including those of `ids`.
    cross : callable
        Given some of `all_ids`, returns the kernel between these and the rows.
    left_out : tuple of str
        Pathways, or columns of a factor, that were left out.
    rank : int or None
        Number of factors and pathways of a shared part.
    """

    kernel: Kernel
    ids: tuple[str, ...]
    genes: NDArray[np.intp] | None
    description: str
    part: str
    all_ids: tuple[str, ...]
    cross: Callable[[Sequence[str]], CrossKernel]
    left_out: tuple[str, ...] = ()
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class KernelSource:
    """What a kernel is made of, and the names that its rows may have.

    Make one with `load_kernel`.

    Parameters
    ----------
    kernel : str
        `auto`, `shared`, `full`, `covariance`, `samples`, or the path of a file.
    names : tuple of str
        Genes of the panel, samples of the base, or the ids of the file.
    base : StoredBase
        The base of the version.
    file : KernelFile or None
        What the file holds.
    """

    kernel: str
    names: tuple[str, ...]
    base: StoredBase
    file: KernelFile | None = None


def load_kernel(snapshot: Snapshot, base: StoredBase, kernel: str, ids: Path | None = None) -> KernelSource:
    """Return what a kernel of a name is made of.

    Parameters
    ----------
    snapshot, base : Snapshot, StoredBase
        The version, read from its base, and the base.
    kernel : str
        `auto`, `shared`, `full`, `covariance`, `samples`, or the path of a file.
    ids : Path, optional
        The names of the rows of a file that has none.

    Raises
    ------
    NotFound
        There is no such file; or the base keeps no expression of its samples.
    InputError
        Samples of the base have one name; the file cannot be read; or ids are given for a kernel that has names.
    """
    if kernel in OF_A_VERSION:
        return KernelSource(kernel, tuple(snapshot.panel.genes), base)
    if kernel == SAMPLES:
        if base.expression is None:
            raise NotFound("The base keeps no expression of its samples.", code="sample-kernel-without-expression")
        if len(set(base.samples)) < len(base.samples):
            twice = next(name for name in base.samples if base.samples.count(name) > 1)
            raise InputError(
                f"{base.samples.count(twice)} samples of the base are named {some([twice])}: a value of that name is "
                "of one of them, and nothing says of which.",
                code="repeated-samples-of-base",
            )
        return KernelSource(kernel, base.samples, base)
    path = Path(kernel)
    if not path.exists():
        raise NotFound(
            f"There is no kernel {some([kernel])}.",
            hint=f"A kernel is a file, or one of {', '.join((*OF_A_VERSION, SAMPLES))}.",
        )
    table = read_kernel(path, ids=ids)
    return KernelSource(kernel, table.ids, base, table)


def kernel_rows(
    snapshot: Snapshot,
    artifacts: Artifacts,
    source: KernelSource,
    usable: set[str],
    signal: Signal,
    leave_out: Sequence[str] = (),
) -> KernelRows:
    """Return a kernel over the rows that can be used, in its own order.

    Parameters
    ----------
    snapshot : Snapshot
        The version, read from its base.
    artifacts : Artifacts
        Where eigenvectors are kept.
    source : KernelSource
        What the kernel is made of.
    usable : set of str
        Ids that have a value, and all covariates.
    signal : Signal
        For the message where ids do not match.
    leave_out : sequence of str
        Names of pathways, or of columns of a factor, that are left out.

    Raises
    ------
    NotFound
        There is no such pathway or column.
    InputError
        Ids do not match, or nothing can be left out of this kernel.
    EngineError, NotPositiveDefinite
        The numbers do not allow it.
    """
    if source.kernel == SAMPLES:
        return _over_samples(snapshot, source.base, usable, signal, leave_out)
    if source.file is not None:
        return _of_file(Path(source.kernel), source.file, usable, signal, leave_out)
    return _of_version(snapshot, artifacts, source, usable, signal, leave_out)


def _of_version(
    snapshot: Snapshot,
    artifacts: Artifacts,
    source: KernelSource,
    usable: set[str],
    signal: Signal,
    leave_out: Sequence[str],
) -> KernelRows:
    kernel, names = source.kernel, tuple(snapshot.panel.genes)
    genes = np.array([index for index, gene in enumerate(names) if gene in usable], dtype=np.intp)
    of_samples = len(usable & set(source.base.samples)) > len(genes)
    where = f"the panel of {counted(len(names), 'gene')}"
    _check_overlap(len(genes), signal, where, names, code="signal-of-samples" if of_samples else "")
    dense = not snapshot.capacitance.anchor.is_diagonal
    part = cast("Part", kernel if kernel != AUTO else "full" if dense else "shared")
    out = pathway_indices(snapshot, leave_out)
    if dense and not out:
        decomposed = _decompose(snapshot, artifacts, part, genes)
    else:
        decomposed = network_kernel(snapshot, part, genes, leave_out=out)

    def cross(ids: Sequence[str]) -> CrossKernel:
        return cross_kernel(snapshot, part, snapshot.panel.locate(list(ids)), genes, leave_out=out)

    rank = len(snapshot.capacitance.signature) - len(out)
    columns = counted(rank, "factor or pathway", "factors and pathways")
    description = {
        "shared": f"shared part of {snapshot.name}: what {columns} give its genes in common",
        "full": f"whole correlation of {snapshot.name}, including each gene's own variance",
        "covariance": f"whole covariance of {snapshot.name}, including each gene's own variance",
    }[part] + _without(leave_out)
    ids = tuple(names[int(gene)] for gene in genes)
    shared_rank = rank if part == "shared" else None
    return KernelRows(decomposed, ids, genes, description, part, names, cross, tuple(leave_out), shared_rank)


def _without(names: Sequence[str]) -> str:
    return f", without {some(names)}" if names else ""


def _decompose(snapshot: Snapshot, artifacts: Artifacts, part: Part, genes: NDArray[np.intp]) -> Kernel:
    """Return the eigenvectors of a version on a dense base, kept with the store as an artifact of the version."""
    panel = layout.content_id(layout.TABLE, "{}", {layout.PLACES: genes.astype(np.int64)}, {})
    parameters: dict[str, Parameter] = {"part": part, "genes": panel, "method": 1}
    known = artifacts.find(layout.KERNEL, snapshot.content, parameters)
    if known is not None and (kept := _read(known)) is not None:
        stream = np.random.default_rng(int(_digest(kept), 16))
        if is_dense_kernel(kept, snapshot, part, genes, stream):
            return kept
    kernel = network_kernel(snapshot, part, genes)
    if isinstance(kernel, Spectral) and len(genes) <= KEPT_GENES:
        # In the order of memory in which they are read back, so that the answer then has the same bits.
        kernel = Spectral(np.ascontiguousarray(kernel.vectors), kernel.values)
        with contextlib.suppress(Conflict, OSError):  # an exported file, or a full disk: it is computed again
            artifacts.keep(
                layout.KERNEL,
                snapshot.content,
                parameters,
                {layout.VECTORS: kernel.vectors, layout.VALUES: kernel.values},
                source=f"eigenvectors of the {part} kernel of {counted(len(genes), 'gene')}",
                facts={"rank": kernel.rank},
                software=software(),
            )
    return kernel


def _read(artifact: Artifact) -> Spectral | None:
    """Return the eigenvectors that an artifact has, or `None` where they are not what they should be."""
    vectors, values = (artifact.arrays.get(name) for name in (layout.VECTORS, layout.VALUES))
    if vectors is None or values is None or vectors.dtype != np.float64 or values.dtype != np.float64:
        return None
    if vectors.ndim != 2 or values.shape != vectors.shape[1:] or not np.all(values > 0):
        return None
    return Spectral(vectors, values)


def _digest(kernel: Spectral) -> str:
    """Return a hash of all numbers of a kernel, so that nobody can have chosen them to please what is drawn from it."""
    arrays = {layout.VECTORS: kernel.vectors, layout.VALUES: kernel.values}
    return layout.content_id(layout.KERNEL, "{}", arrays, {})


def _over_samples(
    snapshot: Snapshot, base: StoredBase, usable: set[str], signal: Signal, leave_out: Sequence[str]
) -> KernelRows:
    where = f"the base of {counted(len(base.samples), 'sample')}"
    _check_overlap(len(usable & set(base.samples)), signal, where, base.samples)
    values = prepare_kept(base).values
    adjustment = adjustment_of(base.removed, np.arange(len(base.samples), dtype=np.intp))
    if adjustment is not None:
        values = adjustment.residuals(values)
    factor = sample_factor(snapshot, values, leave_out=pathway_indices(snapshot, leave_out))
    alike = f"samples of the base, alike in what {snapshot.name}'s factors and pathways load on"
    return _of_factor(factor, base.samples, usable, alike + _without(leave_out), SAMPLES)


def _of_file(path: Path, table: KernelFile, usable: set[str], signal: Signal, leave_out: Sequence[str]) -> KernelRows:
    where = f"{file_name(path)}, a kernel of {counted(len(table.ids), 'row')}"
    _check_overlap(len(usable & set(table.ids)), signal, where, table.ids)
    if table.is_factor:
        if missing := [name for name in leave_out if name not in table.columns]:
            raise NotFound(f"{path} has no column {some(missing)}.", hint=f"It has {some(table.columns)}.")
        columns = [index for index, name in enumerate(table.columns) if name not in leave_out]
        if not columns:
            raise EngineError(
                f"Nothing of the kernel {path} is left without {some(leave_out)}.", hint="Leave fewer columns out."
            )
        description = f"{file_name(path)}: GGᵀ of {counted(len(columns), 'column')}{_without(leave_out)}"
        return _of_factor(table.values[:, columns], table.ids, usable, description, "file")
    if leave_out:
        raise InputError(
            f"{path} is a kernel K, which does not record what it was made from: {some(leave_out)} cannot be left out.",
            hint="Give the factor G with K = GGᵀ.",
        )
    rows = np.array([index for index, name in enumerate(table.ids) if name in usable], dtype=np.intp)
    ids = tuple(table.ids[int(row)] for row in rows)

    def cross(new: Sequence[str]) -> CrossKernel:
        new_rows = indices_of(table.ids, new)
        return table.values[np.ix_(new_rows, rows)], np.diagonal(table.values)[new_rows]

    kernel = of_matrix(table.values[np.ix_(rows, rows)])
    return KernelRows(kernel, ids, None, f"{file_name(path)}: K as given", "file", table.ids, cross)


def _of_factor(
    factor: NDArray[np.float64], names: tuple[str, ...], usable: set[str], description: str, part: str
) -> KernelRows:
    rows = [index for index, name in enumerate(names) if name in usable]

    def cross(new: Sequence[str]) -> CrossKernel:
        new_rows = factor[indices_of(names, new)]
        return new_rows @ factor[rows].T, np.einsum("ij,ij->i", new_rows, new_rows)

    return KernelRows(of_factor(factor[rows]), tuple(names[row] for row in rows), None, description, part, names, cross)


def indices_of(names: Sequence[str], wanted: Sequence[str]) -> NDArray[np.intp]:
    """Return the indices of some names among others."""
    index_of = {name: index for index, name in enumerate(names)}
    return np.array([index_of[name] for name in wanted], dtype=np.intp)


def _check_overlap(number: int, signal: Signal, where: str, names: Sequence[str], *, code: str = "") -> None:
    if number < max(3, LEAST_SHARE * min(len(signal.ids), len(names))):
        raise InputError(
            f"{signal.description}: {number:,} of its {counted(len(signal.ids), 'id')} (such as {some(signal.ids, 3)}) "
            f"have a value and are rows of {where} (such as {some(names, 3)}).",
            hint="" if code else "Ids must be those of the kernel's rows, as they are spelt there.",
            code=code,
        )
