"""Columns of a regulon table that are not read: what they turn out to hold, and what is said or refused for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import some
from ..files.names import clipped
from ..tables.fields import is_missing, is_number
from .perturbations import are_changes, turned_signs, what_of
from .signs import (
    SignMarks,
    has_dash,
    names_one_sign,
    read_flags,
    read_known_signs,
    read_sign,
    says_repression,
    without_number,
)
from .titles import MAY_BE_WEIGHTS, is_id_title, is_p_title, title_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOT_SIGNS = frozenset({"sign_decision", "pmid", "references", "reference", "resources", "source_db", "evidence"})
"""Titles of columns that say where a sign comes from."""

_RELATION_TITLES = """
interaction interaction_type shared_interaction edge_type relation relationship type subtype subtype_name function
"""
RELATION_TITLES = frozenset(_RELATION_TITLES.split())
"""Titles of columns that say what an edge is: of some, whether it activates or represses."""

_OF_MODULES = re.compile(r"gs(_\w+|\d+)?|gene_?(trait_?)?significance(_\w+)?|(mm|kme)_?\w+|k(total|within|out|diff)")
"""Titles of WGCNA: the significance of a gene for a trait, and its correlations with each of several modules."""

_FLAGS = re.compile(r"(is|has|consensus)_.*|.*_present")

_LONG = re.compile(r"\d{4,}")
"""A whole number of several digits, as ids and dates are."""

_LONGEST_SIGN = 60
"""Letters of a field that may be a sign."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table has its weights and signs.

    Parameters
    ----------
    weight : int, optional
        The column of weights.
    signs : tuple of int
        Columns of signs: one; two flags, one for each sign; or several that must agree.
    are_flags : bool
        Whether `signs` are two flags.
    unread : dict of int to UnreadColumn
        Other columns that may hold signs or weights.
    are_members : bool
        Whether the column of weights holds TRUE and FALSE: of a set, only the genes that it marks are members.
    are_numbers : bool
        Whether the column of signs holds numbers, such as correlations: their signs count.
    perturbation : str
        By what the table shows that regulators were perturbed, or empty.
    """

    weight: int | None
    signs: tuple[int, ...]
    are_flags: bool = False
    unread: dict[int, UnreadColumn] = field(default_factory=dict["int", "UnreadColumn"])
    are_members: bool = False
    are_numbers: bool = False
    perturbation: str = ""


@dataclass(slots=True)
class UnreadColumn:
    """What a column that is not read turns out to hold: numbers, signs, flags, or something else."""

    title: str
    may_be_numbers: bool = True
    may_be_signs: bool = True
    may_be_flags: bool = True
    is_empty: bool = True
    negative: str = ""
    sign: str = ""
    repression: str = ""
    counts: bool = True
    is_relation: bool = field(init=False)
    _words: set[str] = field(default_factory=set["str"])
    _last: int | None = None
    _are_long: bool = True
    _marks: SignMarks = field(default_factory=SignMarks)
    _dash: str = ""
    _filled: int = 0
    _signs: int = 0
    _dashes: int = 0
    _minus_ones: int = 0
    _minus: str = ""
    _has_plus: bool = False

    def __post_init__(self) -> None:
        self.is_relation = is_relation_title(title_key(self.title))

    @property
    def is_open(self) -> bool:
        """Whether further fields can change anything."""
        return self.may_be_numbers or self.may_be_signs or self.may_be_flags or self.is_relation or not self.repression

    def add(self, cell: str) -> None:
        """Take note of a field."""
        if has_dash(cell):
            self._dash = cell.strip()
            self._dashes += 1
        if is_missing(cell):
            return
        self._count_signs(cell)
        self.is_empty = False
        self._marks.add(cell)
        number = is_number(cell)
        sign = read_sign(cell) if self.may_be_signs or self.is_relation else None
        self.may_be_numbers &= number
        self.may_be_signs &= sign is not None
        self.may_be_flags &= read_flags(cell, "0") is not None
        if self.may_be_flags and not number:
            self._words.add(cell.strip().lower())
        if not self.negative and ((number and float(cell) < 0) or sign == -1):
            self.negative = cell.strip()
        if sign and not number:
            self.sign = self.sign or cell.strip()
        if not (number or self.repression) and says_repression(cell):
            self.repression = cell.strip()
        self._are_long &= bool(_LONG.fullmatch(cell.strip()))
        value = int(cell) if cell.strip().isdecimal() else None
        self.counts &= value is not None and (value in (0, 1) if self._last is None else value == self._last + 1)
        self._last = value

    def _count_signs(self, cell: str) -> None:
        """Count a field, and whether it has a sign; a dash alone is counted by itself."""
        self._filled += not has_dash(cell)
        known = read_known_signs([cell]) if len(cell) <= _LONGEST_SIGN else None
        if not known or has_dash(cell):
            return
        self._signs += 1
        self._has_plus |= 1 in known
        self._minus_ones += is_number(cell) and -1 in known
        if -1 in known and not self._minus:
            self._minus = cell.strip()

    @property
    def often_signs(self) -> str:
        """A sign of repression, where a quarter of the fields are signs and both occur, or half are −1; else empty."""
        dashes = self._dashes if self._marks.are_dashes_minus else 0
        are_both = self._has_plus and 4 * (self._signs + dashes) >= self._filled + dashes
        are_minus = self._minus_ones > 0 and 2 * self._minus_ones >= self._filled
        return (self._minus or ("-" if dashes else "")) if are_both or are_minus else ""

    @property
    def has_dashes_for_minus(self) -> bool:
        """Whether it has dashes, and `+` beside them, and no word of a sign."""
        return bool(self._dash) and self._marks.are_dashes_minus

    @property
    def has_flags_in_words(self) -> bool:
        """Whether it holds TRUE and FALSE, or yes and no, and nothing else."""
        return self.may_be_flags and {read_flags(word, "0") for word in self._words} == {0, 1}

    @property
    def holds_numbers(self) -> bool:
        """Whether it holds numbers that may be weights: no ids, dates, p-values, nor a count of the rows.

        Without a title, long whole numbers are taken for ids and dates.
        """
        word = title_key(self.title)
        is_of_names = is_id_title(word) or word in NOT_SIGNS or bool(_FLAGS.fullmatch(word))
        is_of_names = is_of_names or is_p_title(self.title) or (word.isdecimal() and self._are_long)
        return self.may_be_numbers and not (self.is_empty or self.counts or is_of_names)


def look_at_unread(
    fields: Sequence[str], unread: Sequence[tuple[int, UnreadColumn]]
) -> Sequence[tuple[int, UnreadColumn]]:
    """Take note of the fields of a row, and return the columns of which further fields can change anything."""
    for column, seen in unread:
        seen.add(fields[column])
    if all(seen.is_open for _, seen in unread):
        return unread
    return [(column, seen) for column, seen in unread if seen.is_open]


def refuse_unread_signs(
    path: Path, columns: Columns, *, is_signed: bool, has_negative: bool, are_groups: bool = False
) -> None:
    """Refuse a table of which a column that was not read may hold the signs.

    Parameters
    ----------
    path : Path
        The file.
    columns : Columns
        With what was seen of columns that are not read.
    is_signed : bool
        Signs were read, or the weights have some; or none are wanted.
    has_negative : bool
        Some of those that were read are negative; or none are wanted.
    are_groups : bool
        Whether the table has modules of genes, beside which WGCNA writes the correlations of genes with traits and with
        every module: these are no signs of their members.

    Raises
    ------
    InputError
        A column may hold signs.
    """
    if has_negative:
        return
    for column in columns.unread.values():
        word = title_key(column.title)
        if column.repression and word not in NOT_SIGNS:
            raise _may_be_signs(path, columns, column.title, column.repression)
    if is_signed:
        return
    for column in columns.unread.values():
        if not (are_groups and column.may_be_numbers and _OF_MODULES.fullmatch(title_key(column.title))):
            _refuse_unread(path, columns, column)
    if columns.weight is None and any(title_key(c.title) == "sign_decision" for c in columns.unread.values()):
        raise InputError(
            f"{path} says in 'sign_decision' how signs were decided, and has no column of the signs themselves.",
            code="column-may-be-signs",
            facts={"column": "sign_decision"},
        )


def _refuse_unread(path: Path, columns: Columns, column: UnreadColumn) -> None:
    """Refuse a column whose numbers, flags or marks may be signs, where no other column has signs."""
    word = title_key(column.title)
    if column.is_empty or (word in NOT_SIGNS and not (column.may_be_signs and column.negative)):
        return
    if names_one_sign(word) and column.may_be_flags:
        raise one_flag(path, column.title)
    if column.sign and column.is_relation:
        column.negative = column.sign
    if column.has_dashes_for_minus and not column.may_be_numbers:
        column.negative = column.negative or "-"
    if column.often_signs and not column.may_be_numbers:
        raise _may_be_signs(path, columns, column.title, column.negative or column.often_signs)
    if column.negative and (column.is_relation or column.may_be_signs or column.may_be_numbers):
        raise _may_be_signs(path, columns, column.title, column.negative)


def _may_be_signs(path: Path, columns: Columns, title: str, sign: str) -> InputError:
    if are_changes(title, [sign]) and columns.perturbation:
        return turned_signs(path, title, columns.perturbation)
    turned = (
        f" It {what_of(title)}: after a knock-down or knock-out of the regulator, signs are the other way round."
        if are_changes(title, [sign])
        else ""
    )
    return InputError(
        f"The column {title!r} of {path} may hold the signs of regulation, such as {clipped(sign)}, or something else."
        f"{turned}",
        code="column-may-be-signs",
        facts={"column": title},
    )


def is_relation_title(word: str) -> bool:
    """Whether a title, as `title_key` writes it, is that of a column that says what an edge is."""
    return without_number(word) in RELATION_TITLES


def note_unread(header: Sequence[str], columns: Columns) -> list[str]:
    """Return notes on all columns that were not read, and on the choice between columns of weights."""
    unread = [column for column in columns.unread.values() if not (column.counts and not column.is_empty)]
    can_be = [column.title for column in unread if column.holds_numbers]
    others = [title for title in can_be if title_key(title) in MAY_BE_WEIGHTS]
    titles = [column.title for column in unread]
    notes: list[str] = []
    if columns.weight is not None and others:
        listed, be = some([repr(title) for title in others]), "is" if len(others) == 1 else "are"
        titles = [title for title in titles if title not in others]
        note = f"weights are column {header[columns.weight]!r}; {listed} may be weights too and {be} not read"
        notes = [f"{note}, and can be chosen instead"]
    if not titles:
        return notes
    chooses = ""
    if columns.weight is None and can_be:
        one = "it" if len(titles) == 1 else "one" if len(can_be) == len(titles) else some(list(map(repr, can_be)), 3)
        chooses = f"; {one} can be chosen as weights"
    return [*notes, f"columns not read: {some([repr(title) for title in titles], 12)}{chooses}"]


def refuse_flags_of_members(path: Path, columns: Columns) -> None:
    """Refuse a table of sets with a column of TRUE and FALSE that was not read: it may say which genes belong.

    Raises
    ------
    InputError
        The message names the column.
    """
    for column in columns.unread.values():
        if column.has_flags_in_words:
            raise InputError(
                f"The column {column.title!r} of {path} holds TRUE and FALSE: it may say which genes belong to a set, "
                "or something else of them.",
                code="flags-of-members",
                facts={"column": column.title},
            )


def one_flag(path: Path, title: str) -> InputError:
    """Return the error for flags of one sign of regulation without those of the other."""
    return InputError(
        f"The column {title!r} of {path} says which pairs have one sign of regulation, and there is no column of the "
        "other: a pair that is not flagged may have the other sign, or none that is known.",
        code="one-flag-of-sign",
        facts={"column": title},
    )
