"""What a file of pathways is, and what it holds, before its genes are matched: the form, the kind, and its reader."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...engine.errors import GrnError, InputError
from ...engine.wording import some
from ..files.kinds import TABLE_KINDS, file_kind
from ..files.packed import without_packing
from ..files.plain_files import fingerprint, require_file
from ..models.gene_loadings import LoadingsFile
from ..models.loadings import find_gene_column, split_columns
from ..models.matrix_axes import has_genes_in_columns, read_transposed
from ..readers import READERS, SET_ENDINGS, find_reader
from ..regulons.titles import is_p_title, title_key
from ..tables.cells import CELLS
from ..tables.delimited import open_table, read_header
from .foreign_sets import refuse_foreign_sets, undirected_columns
from .gmx import read_sets_in_columns
from .memberships import is_membership
from .objects import FRAME, MAPPING, is_frame, read_mapping, written_frame
from .other_tables import refuse_matrix, refuse_other_tables
from .plain_forms import PlainForm, plain_lists, plain_table
from .regulator_names import as_regulators, names_of_regulons, settle_names
from .set_tables import RESULT_TITLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..genes.identifiers import Matcher

NOT_RECOGNISED = "pathways-not-recognised"
OF_ROWS = frozenset({"gmx", "membership", "loadings"})
"""Formats whose files are tables in which a title above would be read as names."""

LARGEST_TRIED = 1 << 24
"""Bytes of a file that is read in one format after the other, to say which of them would do."""


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
    """

    kind: str
    choices: Mapping[str, str]
    sheet: str | None = None
    is_scaled: bool = False
    is_set: bool = False


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
    if asked.sheet is not None:
        raise InputError(f"An object in memory has no sheet {asked.sheet!r}.")
    if is_frame(source):
        with written_frame(source) as path:
            kind, file = _read_file(path, asked, matcher)
        return FRAME, kind, "", file
    file = names_of_regulons(read_mapping(source))
    if asked.choices:
        raise InputError(f"{MAPPING} has no columns to choose ({', '.join(asked.choices)}).")
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
        asked = replace(asked, kind="regulon" if "source_column" in asked.choices else "sets")
    is_cells = file_kind(path) in CELLS
    if is_cells or asked.sheet is not None or asked.kind in OF_ROWS:
        with plain_table(path, asked.sheet) as form:
            return _read_form(form or PlainForm(path), asked, matcher)
    if asked.kind == "gmt":
        with plain_lists(path, insist=True) as form:
            return _read_form(form or PlainForm(path), asked, matcher)
    if not without_packing(path.name).endswith(SET_ENDINGS):
        with plain_table(path) as form:
            if form is not None:
                return _read_form(form, asked, matcher)
    try:
        return _read_form(PlainForm(path), asked, matcher)
    except InputError as error:
        if error.code not in (NOT_RECOGNISED, "columns-not-named"):
            raise
        with plain_lists(path) as form:
            if form is not None and asked.kind in ("auto", "regulon"):
                return _read_form(form, asked, matcher)
        raise _explained(path, error, asked, matcher) from None


def _read_form(form: PlainForm, asked: Asked, matcher: Matcher) -> tuple[str, LoadingsFile]:
    kind, file = _read_kind(form.path, asked, matcher)
    return kind, replace(file, notes=(*form.notes, *file.notes)) if form.notes else file


def _read_kind(path: Path, asked: Asked, matcher: Matcher) -> tuple[str, LoadingsFile]:
    """Return the kind of a file and what it holds.

    Raises
    ------
    InputError
        Choices do not go with it; or it is known by its form as something else than it may be.
    """
    is_guessed = asked.kind == "auto"
    try:
        kind = detect_kind(path) if is_guessed else asked.kind
    except InputError as error:
        refuse_foreign_sets(path)
        found = _read_by_genes(path, matcher) if error.code == NOT_RECOGNISED else None
        if found is None:
            raise
        kind, file = found
        return kind, _judged(path, kind, _without_choices(path, file, asked), asked, matcher)
    if is_guessed and kind == "loadings":
        refuse_foreign_sets(path)
    if kind == "loadings" and has_genes_in_columns(path, matcher):
        file = _without_choices(path, read_transposed(path), asked)
        return kind, _judged(path, kind, file, asked, matcher)
    if is_guessed and kind == "loadings" and not asked.is_scaled:
        kind = _members_or_loadings(path, asked, matcher)
    if asked.kind == "regulon" and (file := as_regulators(path, matcher, asked.choices)) is not None:
        return kind, file
    has_names = asked.kind in ("regulon", "sets") and bool(asked.choices.keys() & {"source_column", "set_column"})
    reader = READERS["pathways"]["sets" if has_names else kind]  # which reads lists of targets too
    if any(option not in reader.options for option in asked.choices):
        _without_choices(path, LoadingsFile(()), asked)
    file = reader.read(path, **asked.choices)
    return kind, _judged(path, kind, file, asked, matcher)


def _judged(path: Path, kind: str, file: LoadingsFile, asked: Asked, matcher: Matcher) -> LoadingsFile:
    """Return what a file holds, with the regulators in its names, or refuse one that may be something else."""
    is_guessed = asked.kind == "auto"
    if is_guessed and kind == "loadings" and not asked.is_scaled and file_kind(path) in TABLE_KINDS:
        refuse_other_tables(path, file, matcher)
    return settle_names(path, kind, file, matcher if is_guessed else None)


def _read_by_genes(path: Path, matcher: Matcher) -> tuple[str, LoadingsFile] | None:
    """Return the kind and content of a table that is known by where it has genes of the panel, or None."""
    if file_kind(path) not in TABLE_KINDS:
        return None
    if has_genes_in_columns(path, matcher):
        return "loadings", read_transposed(path)
    sets = read_sets_in_columns(path, lambda name: matcher.index(name) is not None)
    return None if sets is None else ("gmx", sets)


def _members_or_loadings(path: Path, asked: Asked, matcher: Matcher) -> str:
    """Return what a table like one of loadings is, refusing results of tests, and 0 and 1 that may be either."""
    _refuse_results(path)
    if not _is_binary(path, matcher):
        return "loadings"
    if not asked.is_set:
        raise InputError(
            f"{path} holds nothing but 0 and 1: these may say which genes belong to a set, or be loadings of 1 in the "
            "units of the expression.",
            code="membership-or-loadings",
        )
    return "membership"


def _without_choices(path: Path, file: LoadingsFile, asked: Asked) -> LoadingsFile:
    if asked.choices:
        listed = ", ".join(asked.choices.values())
        raise InputError(f"{path} is not a table of regulons: it has no signs, weights or genes to choose ({listed}).")
    return file


def _refuse_results(path: Path) -> None:
    """Refuse a table with p-values as one of loadings, and one of which all columns describe genes."""
    if file_kind(path) not in TABLE_KINDS:
        return
    with open_table(path) as table:
        header = read_header(table)
        genes = find_gene_column(header)
        columns, described = ([], []) if genes is None else split_columns(header, table.first[1:], genes)
    results = [title for title in header if title_key(title) in RESULT_TITLES or (len(title) > 1 and is_p_title(title))]
    if results:
        raise InputError(
            f"{path} has results of a test in its column {results[0]!r}: it does not look like a table of loadings, in "
            "which every column is a pathway.",
            code="results-not-loadings",
        )
    if described and not columns:
        raise InputError(
            f"All columns of {path} beside its genes may describe them: {some([repr(header[i]) for i in described])}.",
            code="results-not-loadings",
        )


def _is_binary(path: Path, matcher: Matcher) -> bool:
    """Whether a loading table holds nothing but 0 and 1, and both; columns that are genes are asked about."""
    if file_kind(path) not in TABLE_KINDS:
        return False
    with open_table(path) as table:
        if not is_membership(table):
            return False
    file: LoadingsFile = READERS["pathways"]["loadings"].read(path)
    refuse_matrix(path, file, matcher)
    return all(pathway.genes and bool(np.all(pathway.loadings == 1)) for pathway in file.pathways)


def _explained(path: Path, error: InputError, asked: Asked, matcher: Matcher) -> InputError:
    """Return the error for a file that no reader knows, with what would read it."""
    with open_table(path) as table:
        header, comments = read_header(table), table.comments
        width = max(len(row.fields) for row in table.first)
    pair = undirected_columns([title_key(title) for title in header])
    titles = header
    if pair is None and comments:  # BioGRID's header is in a comment: its columns have numbers alone
        named = [title_key(title) for title in comments[-1].split("\t")]
        pair = undirected_columns(named) if len(named) == width else None
        titles = tuple(str(number) for number in range(1, width + 1))
    if pair is not None:
        first, second = (titles[column] for column in pair)
        return InputError(
            f"{path} has pairs without a direction, in its columns {first!r} and {second!r}: nothing says which of two "
            "genes regulates the other.",
            code="undirected-pairs",
            facts={"first": first, "second": second},
        )
    formats = [] if asked.kind != "auto" else _formats_that_work(path, matcher)
    if formats:
        return InputError(error.message, code="format-not-known", facts={"formats": " or ".join(formats)})
    return InputError(error.message, code="columns-not-named" if width > 1 else NOT_RECOGNISED)


def _formats_that_work(path: Path, matcher: Matcher) -> list[str]:
    """Return the formats in which a file that is not known can be read, with genes that are nearly all on the panel."""
    if path.stat().st_size > LARGEST_TRIED:
        return []
    formats: list[str] = []
    for kind, reader in READERS["pathways"].items():
        if kind in ("sif", "adj"):  # which read any text with blanks, and any edges with weights
            continue
        with contextlib.suppress(GrnError):
            file: LoadingsFile = reader.read(path)
            genes = {gene for pathway in file.pathways for gene in pathway.genes}
            known = sum(matcher.index(gene) is not None for gene in genes)
            names = [pathway.name for pathway in file.pathways]
            is_of_sets = kind in ("gmt", "gmx") and any(matcher.index(name) is not None for name in names)
            if genes and 10 * known >= 9 * len(genes) and not is_of_sets:
                formats.append(kind)
    return [kind for kind in formats if kind != "sets" or "regulon" not in formats]
