"""Signals: read from a file, or computed from labels and expression; and the samples from which they come."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from ...engine.errors import EngineError, InputError, NotFound
from ...engine.estimation.preparation import Preparation, prepare
from ...engine.lmm.model.contrast import permuted_groups, t_statistics
from ...engine.wording import counted, repeated, some
from ...formats.expression.expression import read_expression
from ...formats.files.plain_files import file_name
from ...formats.tables.row_names import describe_match, match_names
from ...formats.traits.labels import read_labels, refuse_missing_groups, refuse_spellings, same_label
from ...formats.traits.traits import read_traits
from ..base_values import prepare_kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.choices import Duplicates, Scale, Transform
    from ...engine.estimation.preparation import Prepared
    from ...formats.traits.id_columns import Names
    from ...storage.networks.bases import StoredBase


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two groups of samples, and the values from which their t-statistics are computed.

    Parameters
    ----------
    values : ndarray of float64, shape (n, s)
        Genes by samples, prepared as the base's were.
    first : ndarray of bool, shape (s,)
        Which samples belong to the first group.
    """

    values: NDArray[np.float64]
    first: NDArray[np.bool_]

    def permuted_statistics(self, number: int, seed: int) -> NDArray[np.float64]:
        """Return the t-statistics of permuted labels, shape (n, b).

        A gene without a finite t gets the largest of the others.
        """
        t = t_statistics(self.values, permuted_groups(self.first, number, seed))
        return np.where(np.isfinite(t), t, np.nanmax(np.abs(t), axis=0))


@dataclass(frozen=True, slots=True)
class Signal:
    """Values of genes or samples by id, one column a trait.

    Parameters
    ----------
    ids : tuple of str
        n genes or samples.
    names : tuple of str
        m traits.
    values : ndarray of float64, shape (n, m)
        NaN where missing.
    samples : tuple of str or None
        The samples from which it was computed, where these are known.
    description : str
        The signal in a line.
    contrast : Contrast, optional
        The groups from which it was computed, where it comes from labels.
    notes : tuple of str
        Sentences on how its files were read.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    values: NDArray[np.float64]
    samples: tuple[str, ...] | None
    description: str
    contrast: Contrast | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relation:
    """The overlap of the samples of a signal and those from which a base was estimated.

    Parameters
    ----------
    base, signal : int or None
        Number of samples of the base, and of the signal; `None` where it is not known.
    shared : int
        Number of samples in both.
    """

    base: int | None
    signal: int | None
    shared: int

    @property
    def kind(self) -> Literal["same", "disjoint", "unknown"]:
        """Whether they overlap, or not, or cannot be compared."""
        return "unknown" if self.base is None or self.signal is None else "same" if self.shared else "disjoint"

    @property
    def description(self) -> str:
        """The relation in a sentence."""
        if self.base is None:
            return "not known: the base has no sample ids"
        if self.signal is None:
            return "not known"
        if self.shared:
            return f"{counted(self.signal, 'sample')}, {self.shared:,} of them among the base's own {self.base:,}"
        return f"{counted(self.signal, 'sample')}, none of them among the base's {self.base:,}"


def compare_samples(base: StoredBase, signal: Signal) -> Relation:
    """Return the overlap of the samples of a signal and those of a base, by their names or what R makes of these.

    Raises
    ------
    InputError
        The list of samples is empty, or some differ from the base's by upper and lower case alone.
    """
    known = set(base.samples)
    if signal.samples is None:
        return Relation(len(known) or None, None, 0)
    if not signal.samples:
        raise InputError("No sample is named that the signal was made from.", hint="Name them, one a line.")
    folded = {name.casefold() for name in known}
    shared = match_names(signal.samples, base.samples, any_x=True)
    near = [name for name in signal.samples if name not in shared and name.casefold().strip() in folded]
    if near:
        raise InputError(
            f"Samples of the signal differ from the base's in upper and lower case alone: {some(near)}.",
            hint="Write them as in the base.",
        )
    return Relation(len(known) or None, len(signal.samples), len(set(shared.values())))


def among(signal: Signal, ids: Sequence[str], source: str) -> Signal:
    """Return the part of a signal with some ids, those of `source`.

    Raises
    ------
    InputError
        The signal has none of them.
    """
    wanted = set(ids)
    shared = np.array([name in wanted for name in signal.ids], dtype=np.bool_)
    if not shared.any():
        raise InputError(
            f"{source} has values of {some(ids, 3)}, and {signal.description} of {some(signal.ids, 3)}: "
            "no id is in both.",
            hint="The header of the tests names genes or samples as the signal does.",
        )
    names = tuple(name for name in signal.ids if name in wanted)
    return replace(signal, ids=names, values=signal.values[shared], contrast=None)


def refuse_same(relation: Relation) -> None:
    """Refuse a signal from the base's own samples.

    Raises
    ------
    EngineError
        They overlap.
    """
    if relation.kind == "same":
        raise EngineError(
            f"The signal comes from {counted(relation.signal or 0, 'sample')}, of which {relation.shared:,} are the "
            "base's own: then it lies within the network by construction, h² is near 1 whatever the labels are, and "
            "sets cannot be tested.",
            code="signal-from-own-samples",
        )


def signal_of_file(
    path: Path,
    only: str | None = None,
    samples: Sequence[str] | None = None,
    *,
    missing_values: Sequence[object] | None = None,
    known: Names | None = None,
    id_column: str | None = None,
    row_ids: Path | None = None,
) -> Signal:
    """Return the signal in a table; raises as `read_traits`.

    Parameters
    ----------
    path : Path
        The table.
    only : str, optional
        The column to take.
    samples : sequence of str, optional
        The samples from which it was computed, where the file does not name them.
    missing_values : sequence of str or float, optional
        Codes that stand for a missing value, as for `read_traits`.
    known : callable, optional
        Returns the names of the kernel's rows, by which the column of ids is found.
    id_column : str, optional
        The title of the column of ids.
    row_ids : Path, optional
        The names of the kernel's rows, for a table that has none and as many rows.
    """
    table = read_traits(path, only, missing_values=missing_values, known=known, id_column=id_column, row_ids=row_ids)
    columns = some(table.names, 3) if len(table.names) < 4 else counted(len(table.names), "column")
    made_from = table.samples if samples is None else tuple(samples)
    description = f"{some([file_name(path)])}: {columns}"
    return Signal(table.ids, table.names, table.values, made_from, description, notes=table.notes)


def signal_of_values(values: Mapping[str, float], samples: Sequence[str] | None = None) -> Signal:
    """Return the signal that values in memory are.

    Parameters
    ----------
    values : mapping of str to float
        A value a gene or sample, NaN where it is missing: a dict, or a Series of pandas.
    samples : sequence of str, optional
        The samples from which it was computed.

    Raises
    ------
    InputError
        A name is there twice, or a value is no number.
    """
    ids = tuple(str(name) for name in values.keys())  # noqa: SIM118  of a Series, the names are its keys
    if repeats := repeated(ids):
        raise InputError(f"The signal names {repeats[0]} more than once.", hint="Give each gene one value.")
    try:
        numbers = np.array([values[name] for name in values.keys()], dtype=np.float64)  # noqa: SIM118
    except (TypeError, ValueError) as error:
        raise InputError(f"A value of the signal is no number: {error}.") from error
    made_from = None if samples is None else tuple(samples)
    return Signal(ids, ("signal",), numbers[:, np.newaxis], made_from, f"values of {counted(len(ids), 'name')}")


def one_signal(signal: Signal) -> Signal:
    """Return a signal of one column; others are refused.

    Raises
    ------
    InputError
        There are more.
    """
    if len(signal.names) > 1:
        raise InputError(f"One signal is asked for, and {signal.description} has {len(signal.names):,}.")
    return signal


def signal_of_labels(
    base: StoredBase,
    labels: Path,
    contrast: str,
    *,
    expression: Path | None = None,
    same_samples: bool = False,
    label_order: str | None = None,
    label_column: str | None = None,
    id_column: str | None = None,
    missing_values: Sequence[object] | None = None,
) -> Signal:
    """Return the t-statistic of every gene of the panel between two groups of samples.

    Parameters
    ----------
    base : StoredBase
        The base whose panel and preparation are used.
    labels : Path
        Sample and label; or a `.cls` file, in the order of the expression.
    contrast : str
        `A:B`: the labels of the first and the second group.
    expression : Path, optional
        Values of the samples; those kept with the base when absent.
    same_samples : bool
        Whether the base's own samples are used too; otherwise they are left out where there are others.
    label_order : {"appearance", "value"}, optional
        How the labels of a `.cls` file are joined to its names, as for `read_labels`.
    label_column, id_column : str, optional
        Of a table, the titles of the columns of labels and of samples.
    missing_values : sequence of str, optional
        Fields of a table that are no label, as for `read_labels`.

    Raises
    ------
    NotFound
        No file, or no such label; or the base keeps no expression.
    InputError
        The contrast does not name two groups, or a group has too few samples.
    """
    groups = _groups(contrast)
    prepared, source = _expression(base, expression)
    names = prepared.samples
    table = read_labels(
        labels,
        names,
        label_order=label_order,
        label_column=label_column,
        id_column=id_column,
        groups=groups,
        missing_values=missing_values,
    )
    refuse_missing_groups(labels, table, groups)
    groups = _as_labelled(groups, table.label_of)
    refuse_spellings(labels, table.label_of, groups)
    wanted = [name for name, label in table.label_of.items() if label in groups]
    match = match_names(wanted, names, any_x=True)
    if wanted and not match and not match_names(list(table.label_of), names, any_x=True):
        raise NotFound(
            f"None of the {counted(len(table.label_of), 'sample')} of {labels} (such as "
            f"{some(list(table.label_of), 3)}) is among the {counted(len(names), 'sample')} of {source} (such as "
            f"{some(names, 3)}).",
            code="labels-of-other-samples",
        )
    label_of = {known: table.label_of[name] for name, known in match.items()}
    notes = (*table.notes, *describe_match(match, labels.name), *_describe_unknown(wanted, match, source))
    labelled = [index for index, name in enumerate(names) if name in label_of]
    _refuse_repeated([names[index] for index in labelled], source)
    base_samples = frozenset[str]() if same_samples else frozenset(match_names(names, base.samples, any_x=True))
    others = [index for index in labelled if names[index] not in base_samples]
    chosen = others or labelled  # a signal of the base's samples alone is refused where it is used, with the reason
    for group in groups:
        if not any(label_of[names[index]] == group for index in chosen):
            if any(label_of[names[index]] == group for index in labelled):
                raise InputError(
                    f"All samples labelled {some([group])} are the base's own, and were left out.",
                    code="group-of-own-samples",
                )
            raise NotFound(
                f"No sample of {labels} that has values is labelled {some([group])}.",
                hint=f"Its labels: {some(sorted(set(table.label_of.values())))}; its samples: "
                f"{some(list(table.label_of), 3)}; samples with values: {some(names, 3)}.",
            )
    first = np.array([label_of[names[index]] == groups[0] for index in chosen])
    two_groups = Contrast(np.ascontiguousarray(prepared.values[:, chosen]), first)
    left_out = len(labelled) - len(chosen)
    without = f", {counted(left_out, 'sample')} of the base left out" if left_out else ""
    sizes = f"{int(first.sum())} {groups[0]} against {int((~first).sum())} {groups[1]}"
    statistic = t_statistics(two_groups.values, first)
    samples = tuple(names[index] for index in chosen)
    line = f"t of {sizes} samples of {source}{without}"
    genes = tuple(prepared.panel.genes)
    return Signal(genes, (":".join(groups),), statistic[:, None], samples, line, two_groups, notes)


def _describe_unknown(wanted: Sequence[str], match: dict[str, str], source: str) -> list[str]:
    """Return a sentence on labelled samples without values; none where there is none."""
    unknown = [name for name in wanted if name not in match]
    if not unknown:
        return []
    are = "is" if len(unknown) == 1 else "are"
    of = counted(len(wanted), "labelled sample")
    return [f"{len(unknown):,} of {of} {are} not in the expression of {source} ({some(unknown, 3)})."]


def _refuse_repeated(names: Sequence[str], source: str) -> None:
    """Refuse labels by name where several samples have one name."""
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(
            f"{source}: {names.count(twice)} labelled samples are named {some([twice])}, and a label goes by the name.",
            hint="Give each sample its own name.",
        )


def _groups(contrast: str) -> tuple[str, str]:
    groups = contrast.split(":")
    if len(groups) != 2 or not all(groups) or groups[0] == groups[1]:
        raise InputError(f"The contrast {contrast!r} does not name two groups.", code="contrast-without-two-groups")
    return groups[0], groups[1]


def _as_labelled(groups: tuple[str, str], label_of: Mapping[str, str]) -> tuple[str, str]:
    """Return the groups of a contrast as the labels are spelt: 1 is 1.0 where a program wrote whole numbers so."""
    labels = set(label_of.values())
    spelt: list[str] = []
    for group in groups:
        same = [label for label in labels if same_label(group, label)]
        spelt.append(same[0] if group not in labels and len(same) == 1 else group)
    return spelt[0], spelt[1]


def _expression(base: StoredBase, path: Path | None) -> tuple[Prepared, str]:
    """Return the values of a file, or of the base, prepared as the base's, and where they come from."""
    if path is None:
        return prepare_kept(base), "the base"
    settings, source = base.record.preparation, some([file_name(path)])
    expression = read_expression(path).expression
    available = set(expression.genes)
    genes = tuple(gene for gene in base.panel.genes if gene in available)
    if not genes:
        raise NotFound(
            f"No gene of {source} is on the panel, such as {some(expression.genes, 3)}.",
            hint="Genes must be named as those of the panel are.",
        )
    preparation = Preparation(
        floor=cast("float | None", settings.get("floor")),
        transform=cast("Transform", settings.get("transform", "none")),
        counts=bool(settings.get("counts", False)),
        duplicates=cast("Duplicates", settings.get("duplicates") or "error"),
        genes=genes,
        scale=cast("Scale", settings.get("scale", "auto")),
    )
    return prepare(expression, preparation), source
