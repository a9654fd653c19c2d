"""Signals to be explained: read from a file, or made of labels and expression; and whose samples they come from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from ...engine.errors import EngineError, InputError, NotFound
from ...engine.estimation.expression import Expression
from ...engine.estimation.preparation import Preparation, prepare
from ...engine.lmm.model.contrast import permuted_groups, t_statistics
from ...engine.wording import counted, some
from ...formats.expression.expression import read_expression
from ...formats.traits.traits import read_labels, read_traits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.estimation.gene_rows import Duplicates
    from ...engine.estimation.normalisation import Transform
    from ...storage.networks.bases import StoredBase
    from ...storage.repository import Repository


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two groups of samples, and the values that their t-statistics are made of.

    Parameters
    ----------
    values : ndarray of float64, shape (n, s)
        Genes by samples, prepared as the base's were.
    first : ndarray of bool, shape (s,)
        Which samples are of the first group.
    """

    values: NDArray[np.float64]
    first: NDArray[np.bool_]

    def drawn(self, number: int, seed: int) -> NDArray[np.float64]:
        """Return the statistics of labels drawn anew, shape (n, b).

        A gene that labels part wholly, whose t has no bound, has the largest of the others.
        """
        found = t_statistics(self.values, permuted_groups(self.first, number, seed))
        return np.where(np.isfinite(found), found, np.nanmax(np.abs(found), axis=0))


@dataclass(frozen=True, slots=True)
class Signal:
    """Numbers by id, one column a trait.

    Parameters
    ----------
    ids : tuple of str
        n genes or samples.
    names : tuple of str
        m traits.
    values : ndarray of float64, shape (n, m)
        NaN where missing.
    samples : tuple of str or None
        Those that it was made from, where that is known.
    said : str
        What it is, in a line.
    contrast : Contrast, optional
        What it was made of, where that was labels.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float64]
    samples: tuple[str, ...] | None
    said: str
    contrast: Contrast | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """How the samples of a signal stand to those that a base was estimated from.

    Parameters
    ----------
    base, own : int or None
        How many the base has, and the signal; `None` where that is not known.
    shared : int
        How many are of both.
    """

    base: int | None
    own: int | None
    shared: int

    @property
    def kind(self) -> Literal["same", "disjoint", "unknown"]:
        """Whether they overlap, or not, or cannot be compared."""
        return "unknown" if self.base is None or self.own is None else "same" if self.shared else "disjoint"

    @property
    def said(self) -> str:
        """The relation in a sentence."""
        if self.base is None:
            return "not known: the base has no sample ids"
        if self.own is None:
            return "not known: say which with --pheno-samples, or a line `# samples: a, b, c` in the file"
        if self.shared:
            return f"{counted(self.own, 'sample')}, {self.shared:,} of them among the base's own {self.base:,}"
        return f"{counted(self.own, 'sample')}, none of them among the base's {self.base:,}"


def relation(base: StoredBase, signal: Signal) -> Relation:
    """Return how the samples of a signal stand to those of a base.

    Raises
    ------
    InputError
        None are named, or some differ from the base's by upper and lower case alone.
    """
    known = set(base.samples)
    if signal.samples is None:
        return Relation(len(known) or None, None, 0)
    if not signal.samples:
        raise InputError("No sample is named that the signal was made from.", hint="Name them, one a line.")
    folded = {name.casefold() for name in known}
    near = [name for name in signal.samples if name not in known and name.casefold().strip() in folded]
    if near:
        raise InputError(
            f"Samples of the signal differ from the base's in upper and lower case alone: {some(near)}.",
            hint="Write them as the base has them.",
        )
    return Relation(len(known) or None, len(signal.samples), len(known & set(signal.samples)))


def among(signal: Signal, ids: Sequence[str], source: str) -> Signal:
    """Return a signal of those ids alone that something else has values of.

    Raises
    ------
    InputError
        It has none of them.
    """
    there = set(ids)
    kept = np.array([name in there for name in signal.ids], dtype=np.bool_)
    if not kept.any():
        raise InputError(
            f"{source} has values of {some(ids, 3)}, and {signal.said} of {some(signal.ids, 3)}: none is the same.",
            hint="The header of the tests names genes or samples as the signal does.",
        )
    named = tuple(name for name, keep in zip(signal.ids, kept.tolist(), strict=True) if keep)
    return replace(signal, ids=named, values=signal.values[kept], contrast=None)


def refuse_same(found: Relation) -> None:
    """Refuse a signal from the base's own samples.

    Raises
    ------
    EngineError
        They overlap.
    """
    if found.kind == "same":
        raise EngineError(
            f"The signal comes from {counted(found.own or 0, 'sample')}, of which {found.shared:,} are the base's own: "
            "then it lies within the network by construction, h² reads near 1 whatever the labels are, and sets cannot "
            "be judged.",
            hint="Make the signal from other samples; --same-samples shows the numbers beside permuted labels.",
        )


def signal_of_file(path: Path, only: str | None = None, samples: Sequence[str] | None = None) -> Signal:
    """Return the signal that a table holds; raises as `read_traits`.

    Parameters
    ----------
    path : Path
        The table.
    only : str, optional
        The column to take.
    samples : sequence of str, optional
        The samples that it was made from, where the file does not say.
    """
    read = read_traits(path, only)
    told = tuple(samples) if samples is not None else read.samples
    columns = some(read.names, 3) if len(read.names) < 4 else counted(len(read.names), "column")
    return Signal(read.ids, read.names, read.values, told, f"{some([path.name])}: {columns}")


def signal_of_labels(
    repo: Repository,
    rev: str,
    labels: Path,
    contrast: str,
    *,
    expression: Path | None = None,
    same_samples: bool = False,
) -> Signal:
    """Return the t-statistic of every gene of the panel between two groups of samples.

    Parameters
    ----------
    repo, rev : Repository, str
        The version whose panel and preparation are taken.
    labels : Path
        Sample and label; or a `.cls` file, which goes by the order of the expression.
    contrast : str
        `A:B`: the labels of the first and the second group.
    expression : Path, optional
        Values of the samples; those kept with the base when absent.
    same_samples : bool
        Whether the base's own samples are used too; they are left out otherwise, where others are there.

    Raises
    ------
    NotFound
        No file, or no such label; or the base keeps no expression.
    InputError
        The contrast is none, or a group has too few samples.
    """
    base = repo.base(rev)
    groups = _groups(contrast)
    values, genes, names, said = _expression(base, expression)
    found = read_labels(labels, names)
    own: set[str] = set() if same_samples else set(base.samples)
    chosen = [place for place, name in enumerate(names) if found.get(name) in groups]
    others = [place for place in chosen if names[place] not in own]
    kept = others or chosen  # a signal of the base's samples alone is refused where it is used, with the reason
    for group in groups:
        if not any(found[names[place]] == group for place in kept):
            if any(found[names[place]] == group for place in chosen):
                raise InputError(
                    f"All samples labelled {some([group])} are the base's own, and were left out.",
                    hint="Label samples that the base was not estimated from; --same-samples takes the base's own too.",
                )
            there = sorted(set(found.values()))
            raise NotFound(
                f"No sample of {labels} that has values is labelled {some([group])}.",
                hint=f"Labels there: {some(there)}; samples with values: {some(names, 3)}.",
            )
    first = np.array([found[names[place]] == groups[0] for place in kept])
    made = Contrast(np.ascontiguousarray(values[:, kept]), first)
    left = len(chosen) - len(kept)
    note = f", {counted(left, 'sample')} of the base left out" if left else ""
    line = f"t of {int(first.sum())} {groups[0]} against {int((~first).sum())} {groups[1]} samples of {said}{note}"
    statistic = t_statistics(made.values, first)
    samples = tuple(names[place] for place in kept)
    return Signal(genes, (f"{groups[0]}:{groups[1]}",), statistic[:, None], samples, line, made)


def _groups(contrast: str) -> tuple[str, str]:
    parts = contrast.split(":")
    if len(parts) != 2 or not all(parts) or parts[0] == parts[1]:
        raise InputError(f"--contrast {contrast!r} names no two groups.", hint="Write --contrast AML:ALL.")
    return parts[0], parts[1]


def _expression(
    base: StoredBase, path: Path | None
) -> tuple[NDArray[np.float64], tuple[str, ...], tuple[str, ...], str]:
    """Return values prepared as the base's, shape (n, s), with their genes and samples, and what they are."""
    asked = base.record.preparation
    duplicates = cast("Duplicates", asked.get("duplicates") or "error")
    if path is None:
        if base.expression is None:
            raise NotFound("The base keeps no expression.", hint="Give the values of the samples: --expression FILE.")
        kept = base.expression.all().astype(np.float64)
        read, said = Expression(kept, base.panel.genes, base.samples), "the base"
    else:
        read, said = read_expression(path).expression, some([path.name])
    there = set(read.genes)
    genes = tuple(gene for gene in base.panel.genes if gene in there)
    if not genes:
        raise NotFound(f"No gene of {said} is on the panel, such as {some(read.genes, 3)}.")
    made = prepare(
        read,
        Preparation(
            floor=cast("float | None", asked.get("floor")),
            transform=cast("Transform", asked.get("transform", "none")),
            counts=bool(asked.get("counts", False)),
            duplicates=duplicates,
            genes=genes,
        ),
    )
    return made.values, tuple(made.panel.genes), made.samples, said
