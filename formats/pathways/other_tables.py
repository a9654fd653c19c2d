"""Tables of genes and numbers that may be no loadings: expression, matrices of genes, groups, ranks and signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import some

if TYPE_CHECKING:
    from pathlib import Path

    from ..genes.identifiers import Matcher
    from ..models.gene_loadings import LoadingsFile


def refuse_other_tables(path: Path, file: LoadingsFile, matcher: Matcher) -> None:
    """Refuse a table that looks like one of loadings and may be something else.

    Parameters
    ----------
    path : Path
        Of the file.
    file : LoadingsFile
        Its columns as pathways.
    matcher : Matcher
        Finds genes on the panel, which knows the samples of the base.

    Raises
    ------
    InputError
        Columns have the names of samples; columns have the names of genes; or numbers are whole: groups, ranks, counts
        or signs. Both readings are named.
    """
    columns = [pathway.name for pathway in file.pathways]
    _refuse_expression(path, columns, set(matcher.panel.samples))
    refuse_matrix(path, file, matcher)
    _refuse_whole(path, file)


def note_other_tables(path: Path, file: LoadingsFile, matcher: Matcher) -> tuple[str, ...]:
    """Return a note on a table that may be something else than loadings, where their units were named."""
    try:
        refuse_other_tables(path, file, matcher)
    except InputError as error:
        return (f"taken for loadings, of which units were named: {error.message.removesuffix('.')}",)
    return ()


def _refuse_expression(path: Path, columns: list[str], samples: set[str]) -> None:
    known = [column for column in columns if column in samples]
    if not known or 2 * len(known) < len(columns):
        return
    raise InputError(
        f"{len(known):,} of {len(columns):,} columns of {path} have the names of samples of the base "
        f"({some(known, 3)}): it may be a table of expression, and no pathways.",
        code="expression-or-loadings",
    )


def refuse_matrix(path: Path, file: LoadingsFile, matcher: Matcher) -> None:
    """Refuse a table whose columns are all named as genes: a covariance, or weights of regulators on targets.

    Raises
    ------
    InputError
        Both readings are named.
    """
    columns = [pathway.name for pathway in file.pathways]
    genes = {gene for pathway in file.pathways for gene in pathway.genes}
    if len(columns) < 2 or not all(column in genes or matcher.index(column) is not None for column in columns):
        return
    is_square = genes <= set(columns)
    what = (
        "the same names in rows and columns: it may be a matrix of covariances, correlations or edges"
        if is_square
        else f"genes in rows and columns ({some(columns, 3)}): it may have the weights of regulators on targets"
    )
    raise InputError(
        f"{path} has {what}, or loadings.", code="matrix-or-loadings" if is_square else "targets-or-loadings"
    )


def _refuse_whole(path: Path, file: LoadingsFile) -> None:
    whole = [pathway for pathway in file.pathways if pathway.genes and np.all(pathway.loadings % 1 == 0)]
    if not whole:
        return
    numbers = np.unique(np.concatenate([pathway.loadings for pathway in whole]))
    shown = some([f"{number:g}" for number in numbers], 4)
    titles = some([repr(pathway.name) for pathway in whole], 4)
    if set(numbers.tolist()) <= {-1.0, 1.0}:
        raise InputError(
            f"{path} has whole numbers alone ({shown}) in {titles}: these may be the signs of members of sets, or "
            "loadings of 1 in units of the expression.",
            code="signs-or-loadings",
        )
    raise InputError(
        f"{path} has whole numbers alone ({shown}) in {titles}: these may be groups, ranks or counts, or loadings in "
        "units of the expression.",
        code="groups-or-loadings",
        facts={"column": whole[0].name},
    )
