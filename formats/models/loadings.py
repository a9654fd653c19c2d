"""Loading tables: one column a pathway or factor, one row a gene, as text or as .npz."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import repeated, some
from ..files.archives import as_names, as_numbers, read_npz
from ..files.kinds import file_kind
from ..files.names import check_names
from ..files.plain_files import require_file
from ..genes.orientation import GENE_WORDS, title_word
from ..layouts.titles import ANNOTATIONS, is_annotation
from ..tables.delimited import open_table, read_header
from ..tables.fields import is_missing, is_number, plain_number
from ..tables.table_numbers import read_named_numbers
from .gene_loadings import GeneLoadings, LoadingsFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ..tables.table import Row

_STATISTICS = (
    "mean means average avg median sd std stdev cv var variance start end stop len bp species pval p_val p_val_adj "
    "fdr fc nes"
)
_OF_GENES = ANNOTATIONS | GENE_WORDS | set(_STATISTICS.split())
_ALSO_PATHWAYS = frozenset(
    "map max stat gc class family type source reverse score size band location locus pep width coverage total".split()  # noqa: SIM905
)
"""Titles that describe genes and may be those of pathways, factors or regulators as well (MAX, the germinal centre)."""

LARGEST_WHOLE_LOADING = 3.0
"""Whole numbers of which some are larger are lengths, positions or ids, and no loadings."""


@dataclass(frozen=True, slots=True)
class LoadingTable:
    """Loadings of genes on columns, as they stand in a file.

    Parameters
    ----------
    path : Path
        Where they come from.
    genes : tuple of str
        g names, each once.
    columns : tuple of str
        D names of pathways or factors, each once.
    values : ndarray of float64, shape (g, D)
        Finite; made read-only.
    covariance : ndarray of float64, shape (D, D), optional
        The pathway covariance F, where the file holds one.
    notes : tuple of str
        What was decided while reading.

    Raises
    ------
    InputError
        The names do not fit the array, a name stands twice, or a loading is not finite.
    """

    path: Path
    genes: tuple[str, ...]
    columns: tuple[str, ...]
    values: NDArray[np.float64]
    covariance: NDArray[np.float64] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        expected = (len(self.genes), len(self.columns))
        if self.values.shape != expected:
            raise InputError(
                f"{self.path}: {expected[0]} genes and {expected[1]} columns do not fit loadings of shape "
                f"{self.values.shape}."
            )
        refuse_repeats(self.path, "gene", self.genes)
        refuse_repeats(self.path, "column", self.columns)
        wrong = np.argwhere(~np.isfinite(self.values))
        if len(wrong):
            gene, column = wrong[0]
            raise InputError(
                f"{self.path}: the loading of {self.genes[gene]} on {self.columns[column]} is "
                f"{self.values[gene, column]}; {len(wrong)} in all are not finite.",
                hint="An empty field means zero.",
            )
        self.values.setflags(write=False)


def read_loadings(path: Path, *, any_title: bool = False) -> LoadingsFile:
    """Return the pathways of a loading table, genes of loading zero left out.

    Parameters
    ----------
    path : Path
        As `read_loading_table` takes it.
    any_title : bool
        Whether the first column has the genes where no title says so.

    Raises
    ------
    NotFound, InputError
        As `read_loading_table`.
    """
    table = read_loading_table(path, any_title=any_title)
    pathways = [_column(table, index) for index in range(len(table.columns))]
    return LoadingsFile(tuple(pathways), table.covariance, table.notes, is_scaled=True)


def read_loading_table(path: Path, *, any_title: bool = False) -> LoadingTable:
    """Return a table of loadings.

    Text has a column `gene` and one column a pathway; an empty field is zero. An .npz file holds `loadings`
    (genes × pathways), `genes`, `pathways` (or `factors`), and perhaps `covariance` (or `factor_covariance`).

    Parameters
    ----------
    path : Path
        Text, plain or gzip, or .npz.
    any_title : bool
        Whether the first column has the genes where no title says so.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        There is no column of genes, a name is empty or stands twice, a loading is no finite number, or the arrays of
        an .npz file do not fit together.
    """
    if file_kind(require_file(path)) == "zip":
        return _read_archive(path)
    with open_table(path) as table:
        header = read_header(table)
        gene_column = find_gene_column(header)
        gene_column = 0 if gene_column is None and any_title else gene_column
        if gene_column is None:
            raise InputError(
                f"{path} has no column 'gene'; its columns are {', '.join(header)[:200]}.",
                hint="Name the column of gene names 'gene'.",
            )
        numbers, notes = choose_columns(header, table.first[1:], gene_column)
        columns = tuple(header[i] for i in numbers)
        check_names(columns, "column", path)
        _refuse_words(path, header, numbers, table.first[1:])
        lines, genes, values = read_named_numbers(table, header, numbers, name=gene_column, blank=0.0)
    first = {gene: line for line, gene in zip(reversed(lines), reversed(genes), strict=True)}
    for line, gene in zip(lines, genes, strict=True):
        if first[gene] != line:
            raise InputError(f"{path}, line {line}: the gene {gene[:60]} occurs more than once.")
    check_names(genes, "gene", path)
    return LoadingTable(path, tuple(genes), columns, values, notes=notes)


def _refuse_words(path: Path, header: Sequence[str], columns: Sequence[int], rows: Sequence[Row]) -> None:
    """Refuse a column that holds words from its first rows on, which is no pathway."""
    for column in columns:
        cells = [row.fields[column].strip() for row in rows if column < len(row.fields)]
        filled = [cell for cell in cells if not is_missing(cell)]
        words = [cell for cell in filled if not is_number(plain_number(cell)) and any(map(str.isalpha, cell))]
        if words and 2 * len(words) >= len(filled):
            raise InputError(
                f"The column {header[column]!r} of {path} holds words, such as {some(words, 3)}, and no loadings: they "
                "may be names of sets, of regulators, or what describes genes.",
                code="words-or-loadings",
                facts={"column": header[column]},
            )


def find_gene_column(header: Sequence[str]) -> int | None:
    """Return which column of a loading table names the genes: the one titled `gene`, else the first if it may."""
    titles = [title_word(title) for title in header]
    if "gene" in titles:
        return titles.index("gene")
    is_untitled = not any(map(str.isalnum, header[0])) if header else False  # a title may be of another alphabet
    return 0 if titles and (titles[0] in GENE_WORDS or is_untitled) else None


def split_columns(header: Sequence[str], first: Sequence[Row], gene_column: int) -> tuple[list[int], list[int]]:
    """Return the columns of pathways or factors, and those that describe genes.

    A column describes genes where its whole title says so; a title that only contains such a word (`CHROMOSOME
    SEGREGATION`), or may be a pathway's too (`MAX`), needs text or large whole numbers below it as well. A single
    column beside the genes is always a pathway.
    """
    columns = [i for i, title in enumerate(header) if i != gene_column and (title or i)]
    if len(columns) == 1:
        return columns, []
    skipped = [i for i in columns if _describes_genes(header[i], first, i)]
    return [i for i in columns if i not in skipped], skipped


def choose_columns(header: Sequence[str], first: Sequence[Row], gene_column: int) -> tuple[list[int], tuple[str, ...]]:
    """Return the columns of pathways or factors, and a note on those that describe genes.

    These are left out, unless there are no others: who insists on loadings then means them.
    """
    columns, skipped = split_columns(header, first, gene_column)
    if not skipped:
        return columns, ()
    which = f"{'column' if len(skipped) == 1 else 'columns'} {some([repr(header[i]) for i in skipped], 10)}"
    if not columns:
        return skipped, (f"{which} read as pathways, though titled as what describes genes",)
    return columns, (f"{which} skipped: no pathways, but what describes genes",)


def _describes_genes(title: str, first: Sequence[Row], column: int) -> bool:
    word = title_word(title)
    if word in _OF_GENES - _ALSO_PATHWAYS:
        return True
    if word not in _ALSO_PATHWAYS and not is_annotation(title):
        return False
    fields = [row.fields[column] for row in first if column < len(row.fields)]
    cells = [field for field in fields if not is_missing(field)]
    if not cells or not all(map(is_number, cells)):
        return bool(cells) and not any(map(is_number, cells))
    numbers = list(map(float, cells))
    return all(number.is_integer() for number in numbers) and max(numbers) > LARGEST_WHOLE_LOADING


def is_loading_header(header: Sequence[str]) -> bool:
    """Whether a header names a column of genes."""
    return find_gene_column(header) is not None


def refuse_repeats(path: Path, what: str, names: Iterable[str]) -> None:
    """Refuse names that stand more than once."""
    twice = repeated(names)
    if twice:
        raise InputError(
            f"{path}: the {what} {twice[0]} occurs more than once"
            + (f", and {len(twice) - 1} others." if len(twice) > 1 else ".")
        )


def _column(table: LoadingTable, index: int) -> GeneLoadings:
    column = table.values[:, index]
    loaded = np.flatnonzero(column)
    return GeneLoadings(table.columns[index], tuple(table.genes[i] for i in loaded), column[loaded])


def _read_archive(path: Path) -> LoadingTable:
    arrays = read_npz(path, ("loadings", "genes"), ("pathways", "factors", "covariance", "factor_covariance"))
    titles = arrays.get("pathways", arrays.get("factors"))
    if titles is None:
        raise InputError(f"{path} has no array named 'pathways' with the names of the columns of its loadings.")
    covariance = arrays.get("covariance", arrays.get("factor_covariance"))
    return LoadingTable(
        path,
        as_names(arrays["genes"], "genes", path),
        as_names(titles, "pathways", path),
        as_numbers(arrays["loadings"], "loadings", 2, path),
        None if covariance is None else as_numbers(covariance, "covariance", 2, path),
    )
