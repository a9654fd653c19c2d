"""Changes of expression after a perturbation of a regulator: after a knock-down, signs of regulation are turned."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ..files.names import clipped
from ..tables.fields import is_missing, is_number
from .titles import title_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from .edge_tables import Layout

_FOLD = re.compile(
    r"(.*_)?((avg|mean|median)_?)?(log(2|10|e)?_?)?(fc|lfc|l2fc|fold_?change[ds]?|fold_?diff(erence)?|ratio|"
    r"log_?ratio)(_.*)?"
)
_UP_DOWN = re.compile(r"(.*_)?(up_?(or_|and_)?down|up_?dn|de_?status|deg(_.*)?|diff_?expressed|differential.*)(_.*)?")
_UP_WORDS = frozenset({"up", "down", "dn", "upregulated", "downregulated", "up-regulated", "down-regulated"})

_KNOCK = re.compile(
    r"knock[ _-]?(downs?|outs?|ed|in|[ _-]?method)?|kd|ko|si_?rnas?|sh_?rnas?|sg_?rnas?|crispr[ai]?|morpholinos?|"
    r"deplet(ed|ion)|degron|null|mutants?|deletions?|deleted|silenc(ed|ing)|perturb\w*|over_?express\w*",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"(controls?|ctrl|ctl|wt|wild_?type|mock|untreated|scrambled?|vehicle|parental|sinc|shnc)\d*")
_TREATED = re.compile(r"(treat(ed|ment|ments)?|case|kd|ko|si|sh|mut(ant)?|test|experiment(al)?|perturb\w*|oe)\d*")
_LONGEST_WORD = 40
"""Letters of a field that says how a regulator was perturbed; longer ones are sentences from papers."""


def is_change_title(title: str) -> bool:
    """Whether a title is that of fold changes, or of what goes up or down.

    Examples
    --------
    >>> [is_change_title(title) for title in ("Log2FC", "avg_log2FC", "fold change", "up_down", "spearCor", "effect")]
    [True, True, True, True, False, False]
    """
    word = title_key(title)
    return bool(_FOLD.fullmatch(word) or _UP_DOWN.fullmatch(word))


def are_changes(title: str, cells: Iterable[str]) -> bool:
    """Whether a column holds changes of expression, by its title or as its fields are up and down."""
    filled = {cell.strip().casefold() for cell in cells if not is_missing(cell)}
    return is_change_title(title) or (bool(filled) and filled <= _UP_WORDS)


def sign_of_perturbation(layout: Layout) -> str:
    """Return by what a table shows that regulators were perturbed, as text for an error; else empty."""
    keys = [title_key(title) for title in layout.header]
    words = [set(re.split(r"_", key)) for key in keys]
    control = next((i for i, parts in enumerate(words) if any(map(_CONTROL.fullmatch, parts))), None)
    treated = next((i for i, parts in enumerate(words) if i != control and any(map(_TREATED.fullmatch, parts))), None)
    if control is not None and treated is not None:
        return f"columns {layout.header[control]!r} and {layout.header[treated]!r}"
    for title, key in zip(layout.header, keys, strict=True):
        if any(map(_KNOCK.fullmatch, (key, *key.split("_")))) or re.search(r"knock_?(down|out)|sirna|shrna", key):
            return f"its column {title!r}"
    for row in layout.first:
        for column, cell in enumerate(row.fields):
            if column in (layout.source, layout.target) or len(cell) > _LONGEST_WORD or is_number(cell):
                continue
            if any(map(_KNOCK.fullmatch, re.split(r"[\s;,/|()]+", cell.strip()))):
                return f"{clipped(cell.strip())} in line {row.line}"
    return ""


def note_changes(path: Path, layout: Layout, signs: Sequence[int], weight: int | None, perturbation: str) -> list[str]:
    """Return notes on columns of changes of expression that are read as signs or signed weights of regulation.

    Parameters
    ----------
    path : Path
        The file.
    layout : Layout
        Where it has its names.
    signs : sequence of int
        The columns of signs.
    weight : int, optional
        The column of weights.
    perturbation : str
        What `sign_of_perturbation` returns.

    Raises
    ------
    InputError
        The table shows that regulators were perturbed.
    """
    if layout.are_sets:
        return []
    notes: list[str] = []
    for column in sorted({*signs, *(() if weight is None else (weight,))}):
        title, cells = layout.header[column], cells_of(layout, column)
        is_signed = column in signs or any(is_number(cell) and float(cell) < 0 for cell in cells)
        if not is_signed or not are_changes(title, cells):
            continue
        if perturbation:
            raise turned_signs(path, title, perturbation)
        notes.append(f"{title!r} {what_of(title)}: if it is that after a knock-down, the signs are to be turned")
    return notes


def cells_of(layout: Layout, column: int) -> list[str]:
    """Return the first fields of a column."""
    return [row.fields[column] for row in layout.first if column < len(row.fields)]


def what_of(title: str) -> str:
    """Return what a column of changes is, as the end of a sentence."""
    return "is a fold change" if _FOLD.fullmatch(title_key(title)) else "says what goes up or down"


def turned_signs(path: Path, title: str, perturbation: str) -> InputError:
    """Return the error for changes of expression in a table of perturbations, which may be no signs of regulation."""
    return InputError(
        f"{path} is of perturbed regulators ({perturbation}). {title!r} may say how targets changed after a knock-down "
        "or knock-out, where those that fall are activated; or after an over-expression, where they are repressed.",
        code="signs-of-perturbation",
        facts={"column": title},
    )
