"""What a file of pathways is, and what it holds, before its genes are matched: the form, the kind, and its reader."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.errors import InputError
from ..files.kinds import CELL_KINDS, TABLE_KINDS, file_kind
from ..files.packed import without_packing
from ..files.plain_files import fingerprint, require_file
from ..models.gene_loadings import LoadingsFile
from ..readers import NOT_RECOGNISED, READERS, SET_ENDINGS, find_reader, is_annotations
from ..sets.gmt import choose_descriptions, no_descriptions
from .regulator_names import names_of_regulons, settle_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..genes.identifiers import Matcher
    from ..sets.plain_forms import PlainForm

OF_ROWS = frozenset({"gmx", "membership", "loadings"})
"""Formats whose files are tables in which a title above would be read as names."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller says of a file.

    Parameters
    ----------
    kind : str
        A name of `READERS["pathways"]`, or "auto".
    choices : mapping of str to str
        The columns that were chosen, and what becomes of unknown signs.
    sheet : str, optional
        Of a workbook.
    is_scaled : bool
        Whether units of loadings were named.
    is_set : bool
        Whether a strength was named, which loadings have not.
    descriptions : bool, optional
        Of sets in lines or columns: whether their second fields are descriptions.
    """

    kind: str
    choices: Mapping[str, str]
    sheet: str | None = None
    is_scaled: bool = False
    is_set: bool = False
    descriptions: bool | None = None


def read_source(source: Any, asked: Asked, matcher: Matcher) -> tuple[Path, str, str, LoadingsFile]:
    """Return the path of a source, its kind, the SHA-256 of its bytes (empty for an object), and what it holds.

    Parameters
    ----------
    source : str, Path, DataFrame or dict
        As `read_pathways` takes it.
    asked : Asked
        What is said of it.
    matcher : Matcher
        Finds genes on the panel; where a file may be two things, they decide or show that it is doubtful.

    Raises
    ------
    NotFound, InputError
        It cannot be read, choices do not go with it, or a second reading of it is plausible.
    """
    if isinstance(source, str | Path):
        path = require_file(source)
        kind, file = _read_file(path, asked, matcher)
        return path, kind, fingerprint(path), file
    from .objects import FRAME, MAPPING, is_frame, read_mapping, written_frame

    if asked.sheet is not None:
        raise InputError(f"An object in memory has no sheet {asked.sheet!r}.")
    if is_frame(source):
        with written_frame(source) as path:
            kind, file = _read_file(path, asked, matcher)
        return FRAME, kind, "", file
    file = names_of_regulons(read_mapping(source))
    if asked.descriptions is not None:
        raise no_descriptions(MAPPING)
    if choices := _without_plus(asked.choices):
        raise InputError(f"{MAPPING} has no columns to choose ({', '.join(choices)}).")
    return MAPPING, "dict", "", file


def detect_kind(path: Path) -> str:
    """Return what a file of pathways is, by its ending and its header.

    Raises
    ------
    InputError
        Neither says.
    """
    reader = find_reader("pathways", path, code=NOT_RECOGNISED)
    return next(kind for kind, other in READERS["pathways"].items() if other is reader)


def _read_file(path: Path, asked: Asked, matcher: Matcher) -> tuple[str, LoadingsFile]:
    """Return the kind of a file and what it holds, in the form that a reader knows."""
    if asked.kind == "auto" and ("source_column" in asked.choices or "set_column" in asked.choices):
        is_sets = "source_column" not in asked.choices
        asked = replace(asked, kind="gaf" if is_sets and is_annotations(path) else "sets" if is_sets else "regulon")
    is_rows = file_kind(path) in CELL_KINDS or asked.sheet is not None or asked.kind in OF_ROWS
    if is_rows or asked.kind == "gmt":
        from ..sets.plain_forms import plain_lists, plain_table

        with plain_table(path, asked.sheet) if is_rows else plain_lists(path, insist=True) as form:
            return _read_kind(path, asked, matcher) if form is None else _read_form(form, asked, matcher)
    if not without_packing(path.name).endswith(SET_ENDINGS):
        from ..sets.plain_forms import plain_table

        with plain_table(path) as form:
            if form is not None:
                return _read_form(form, asked, matcher)
    try:
        return _read_kind(path, asked, matcher)
    except InputError as error:
        if error.code not in (NOT_RECOGNISED, "columns-not-named"):
            raise
        from ..sets.plain_forms import plain_lists
        from .undecided import explain

        with plain_lists(path) as form:
            if form is not None and asked.kind in ("auto", "regulon"):
                return _read_form(form, asked, matcher)
        raise explain(path, error, matcher, is_guessed=asked.kind == "auto") from None


def _read_form(form: PlainForm, asked: Asked, matcher: Matcher) -> tuple[str, LoadingsFile]:
    kind, file = _read_kind(form.path, asked, matcher)
    return kind, replace(file, notes=(*form.notes, *file.notes)) if form.notes else file


def _read_kind(path: Path, asked: Asked, matcher: Matcher) -> tuple[str, LoadingsFile]:
    """Return the kind of a file and what it holds, second fields of sets taken for descriptions or for genes.

    Raises
    ------
    InputError
        Choices do not go with it; or it is known by its form as something else than it may be.
    """
    if asked.kind == "regulon":
        from .regulator_matrices import as_regulators

        choices = _without_plus(asked.choices)
        if (file := as_regulators(path, matcher, choices, asked.descriptions)) is not None:
            return asked.kind, file
    kind, file = _read_by_form(path, asked, matcher)
    if kind in ("gmt", "gmx"):
        return kind, choose_descriptions(path, file, kind, matcher.has, asked.descriptions)
    if asked.descriptions is not None:
        raise no_descriptions(path)
    return kind, file


def _read_by_form(path: Path, asked: Asked, matcher: Matcher) -> tuple[str, LoadingsFile]:
    """Return the kind of a file and what it holds, by its form or as it is said to be."""
    is_guessed = asked.kind == "auto"
    try:
        kind = detect_kind(path) if is_guessed else asked.kind
    except InputError as error:
        return _read_unknown(path, error, asked, matcher)
    if kind == "loadings":
        from ..models.matrix_axes import has_genes_in_columns, read_transposed
        from .foreign_sets import refuse_foreign_sets
        from .undecided import members_or_loadings, read_numbered_columns

        if is_guessed:
            refuse_foreign_sets(path)
            if (sets := read_numbered_columns(path, matcher)) is not None:
                return "gmx", _judged(path, "gmx", _without_choices(path, sets, asked), asked, matcher)
        if has_genes_in_columns(path, matcher):
            file = _without_choices(path, read_transposed(path), asked)
            return kind, _judged(path, kind, file, asked, matcher)
        if is_guessed and not asked.is_scaled:
            kind = members_or_loadings(path, matcher, is_set=asked.is_set)
    has_names = asked.kind in ("regulon", "sets") and bool(asked.choices.keys() & {"source_column", "set_column"})
    reader = READERS["pathways"]["sets" if has_names else kind]  # which reads lists of targets too
    choices = asked.choices if "unknown_sign" in reader.options else _without_plus(asked.choices)
    if any(option not in reader.options for option in choices):
        _without_choices(path, LoadingsFile(()), asked)
    file = reader.read(path, **choices)
    return kind, _judged(path, kind, file, asked, matcher)


def _read_unknown(path: Path, error: InputError, asked: Asked, matcher: Matcher) -> tuple[str, LoadingsFile]:
    """Return the kind and content of a file of no known form, by where it has genes of the panel, or raise the error.

    Raises
    ------
    InputError
        Nothing says what it is; or it is known to be of another kind.
    """
    from .foreign_sets import refuse_foreign_sets
    from .id_tables import read_sets_by_id
    from .undecided import read_by_genes

    refuse_foreign_sets(path)
    if error.code != NOT_RECOGNISED:
        raise error
    by_id = read_sets_by_id(path, matcher, asked.choices)
    if by_id is not None:
        return "sets", by_id
    found = read_by_genes(path, matcher)
    if found is None:
        raise error
    kind, file = found
    return kind, _judged(path, kind, _without_choices(path, file, asked), asked, matcher)


def _judged(path: Path, kind: str, file: LoadingsFile, asked: Asked, matcher: Matcher) -> LoadingsFile:
    """Return what a file holds, with the regulators in its names, or refuse one that may be something else."""
    is_guessed = asked.kind == "auto"
    if is_guessed and kind == "loadings" and file_kind(path) in TABLE_KINDS:
        from .other_tables import note_other_tables, refuse_other_tables

        if asked.is_scaled:
            file = replace(file, notes=(*file.notes, *note_other_tables(path, file, matcher)))
        else:
            refuse_other_tables(path, file, matcher)
    return settle_names(path, kind, file, matcher if is_guessed else None, is_described=asked.descriptions)


def _without_plus(choices: Mapping[str, str]) -> Mapping[str, str]:
    """Return choices without that of activation for unknown signs, which files that have no signs are read with."""
    return {option: choice for option, choice in choices.items() if (option, choice) != ("unknown_sign", "plus")}


def _without_choices(path: Path, file: LoadingsFile, asked: Asked) -> LoadingsFile:
    if choices := _without_plus(asked.choices):
        listed = ", ".join(choices.values())
        raise InputError(f"{path} is not a table of regulons: it has no signs, weights or genes to choose ({listed}).")
    return file
