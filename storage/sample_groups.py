"""Which samples of an expression are not independent: groups from a column, a file or the names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import InputError, ShapeError
from ..engine.wording import counted, some
from ..formats.layouts.replicates import replicate_groups

if TYPE_CHECKING:
    from collections.abc import Sequence


def sample_groups(
    groups: str | Path | Sequence[str] | None, samples: tuple[str, ...], source: Any, sample_table: str | Path | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the group of each sample, none where all are independent, and a note.

    Parameters
    ----------
    groups : str, Path or sequence of str, optional
        A column that describes samples, a file, one group a sample, "names" or "none"; see `new_base.from_expression`.
    samples : tuple of str
        The samples, each of which needs a group.
    source : object
        The expression, which may describe its samples.
    sample_table : str or Path, optional
        A table that describes them.

    Raises
    ------
    NotFound, InputError, ShapeError
        There are no such groups, or not one of each sample.
    """
    if groups is None or groups == "none":
        return (), ()
    if not isinstance(groups, str | Path):
        if len(groups) != len(samples):
            raise ShapeError(f"There are {len(groups)} groups for {len(samples)} samples.")
        group_of = tuple(map(str, groups))
        return group_of, (f"{counted(len(set(group_of)), 'group')} of samples, as given",)
    if groups == "names":
        by_name = replicate_groups(samples)
        if by_name is None:
            raise InputError(
                f"The names of the samples do not show which are replicates: {some(samples, 4)}.",
                code="replicates-not-named",
            )
        return by_name, (f"{counted(len(set(by_name)), 'group')} of samples by their names",)
    from ..formats.expression.sample_tables import read_sample_groups

    group_of, note = read_sample_groups(
        str(groups),
        samples,
        expression=Path(source) if isinstance(source, str | Path) else None,
        table=None if sample_table is None else Path(sample_table),
    )
    return group_of, (note,)


def ask_about_replicates(samples: tuple[str, ...]) -> None:
    """Refuse samples that are replicates by their names, where nothing is said about them.

    Raises
    ------
    InputError
        They are.
    """
    groups = replicate_groups(samples)
    if groups is None:
        return
    sizes = Counter(groups)
    first = next(group for group in groups if sizes[group] > 1)
    members = [sample for sample, group in zip(samples, groups, strict=True) if group == first]
    raise InputError(
        f"Samples seem to be replicates by their names: {some(members, 3)} of {first!r}, {len(sizes):,} conditions of "
        f"{len(samples):,} samples in all. Replicates held out one by one are predicted by their like.",
        code="replicates-by-name",
    )
