"""The layout of an expression table: where its header is, which column names the rows, and which hold values.

A table is never read for what it is not: where a second reading is plausible, both are named in a refusal, with the
option that chooses (docs/files.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from ...engine.errors import InputError, NotFound
from ...engine.wording import some
from ..files.delimited import clipped, is_missing, is_number, read_titles
from ..genes.identifiers import guess_vocabulary
from ..genes.orientation import GENE_WORDS, SAMPLE_WORDS, title_word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..files.delimited import Row, Table

_ANNOTATIONS = """
name description desc title definition accession chr chrom chromosome chromosome_name seqname seqnames contig start
end start_position end_position txstart txend strand length len width size bp exon_length gene_length genelength
effective_length efflength transcript_length exonic_length entrez entrezid entrez_id entrezgene entrezgene_id
entrez_gene_id ncbi ncbi_id ncbi_gene_id ncbi_geneid gene_id gene_name gene_symbol gene_type genetype gene_biotype
genebiotype symbol hugo_symbol ensembl ensembl_id hgnc_id biotype probe probe_id refseq refseq_id uniprot gc
gc_content percent_gc gene_gc band cytoband location locus map type source class family species organism genome
basemean logfc log2foldchange lfcse stat aveexpr pvalue p_value padj fdr adj_p_val n_cells n_counts highly_variable
means dispersions dispersions_norm mean_counts pct_dropout_by_counts total_counts n_cells_by_counts
mean sd stdev std median cv max min total sum average avg variance var efflen eff_length
"""
ANNOTATIONS = frozenset(_ANNOTATIONS.split())
"""Titles of columns that describe a gene and are no sample, even where they hold numbers."""

_ANNOTATION_PARTS = frozenset(
    {"length", "entrez", "entrezid", "biotype", "ensembl", "refseq", "strand", "description", "chromosome", "gc"}
)
"""Words in a longer title that say as much: `mean exon length`, `ENTREZ gene`."""

_DESCRIPTIONS_OF_SAMPLES = """
group groups batch condition treatment age sex gender dose time timepoint tissue disease status class label labels
target outcome phenotype cohort study site center centre plate lane run replicate rep cluster clusters leiden louvain
cell_type celltype subtype stage grade race ethnicity bmi weight height smoking survival event os os_time patient
donor subject individual sample_type library_size size_factor size_factors rin pmi n_genes n_counts n_genes_by_counts
total_counts log1p_total_counts pct_counts_mt percent_mt percent_mito pct_mito n_umi numi nfeature_rna ncount_rna
doublet_score phase s_score g2m_score total sum
"""
DESCRIPTIONS_OF_SAMPLES = frozenset(_DESCRIPTIONS_OF_SAMPLES.split())
"""Names of rows or columns that describe samples and are no gene, even where they hold numbers."""

COUNTER_ROWS = re.compile(
    r"__(no_feature|ambiguous\w*|too_low_aqual|not_aligned|alignment_not_unique)|"
    r"_?(no_feature|too_low_aqual|not_aligned|alignment_not_unique)|n_(unmapped|multimapping|nofeature|ambiguous)|"
    r"(un)?assigned(_\w+)?",
    re.IGNORECASE,
)
"""Names of the rows in which htseq-count, STAR and featureCounts count reads that belong to no gene."""

_INDEX_TITLES = frozenset({"", "index", "idx", "row", "rows", "rowid", "row_id", "row_number", "rownum", "row_names"})
_INDEX_TITLE = re.compile(r"unnamed(_\d+)*|level_\d+|x|x_?\d+|v1|\d+|no|nr|number|sr_no|s_no")
"""Titles that pandas, R and spreadsheets give to a column that counts rows."""

RISING = 6
"""Fewest rising whole numbers that are names of samples; fewer may be measured values."""

_ID_WORDS = frozenset(
    {"id", "ids", "name", "names", "row", "rowname", "row_names", "index", "key", "locus", "locus_tag"}
)
"""Further titles that only a header begins with."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What stands where in a table of expression.

    Parameters
    ----------
    titles : tuple of str
        One a column; the names of samples s1, s2, … where the file has no header.
    has_header : bool
        Whether the titles stand in the file.
    above : int
        How many rows stand above the values.
    names : int
        The column that names the rows.
    values : tuple of int
        The columns of values, in ascending order.
    notes : tuple of str
        What was decided.
    """

    titles: tuple[str, ...]
    has_header: bool
    above: int
    names: int
    values: tuple[int, ...]
    notes: tuple[str, ...]


def is_annotation(title: str) -> bool:
    """Whether a title is that of a column that describes genes.

    Examples
    --------
    >>> [is_annotation(title) for title in ("GeneLength", "Entrez_Gene_Id", "ALL_3")]
    [True, True, False]
    """
    word = title_word(title)
    parts = set(title_word(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", title)).split("_"))
    return word in ANNOTATIONS | GENE_WORDS or bool(parts & _ANNOTATION_PARTS)


def is_counting(names: Sequence[str]) -> bool:
    """Whether names only count rows: 0, 1, 2 and so on, or 1, 2, 3, perhaps as 0.0, 1.0.

    Examples
    --------
    >>> is_counting(["0", "1", "2"]), is_counting(["7157", "4193", "1026"])
    (True, False)
    """
    if len(names) < 2 or not re.fullmatch(r"[01](\.0)?", names[0].strip()):
        return False
    try:
        numbers = [float(name) for name in names]
    except ValueError:
        return False
    return all(right - left == 1 for left, right in pairwise(numbers))


def lay_out(table: Table, *, header: bool | None = None, gene_column: str | None = None) -> Layout:
    """Return the layout of a table, from its first rows.

    Parameters
    ----------
    table : Table
        Of which nothing has been read but its first rows.
    header : bool, optional
        Whether its first row is a header; decided by what stands there when absent.
    gene_column : str, optional
        The title of the column that names the rows.

    Raises
    ------
    NotFound
        There is no column of that title.
    InputError
        There are no numbers, or the first row may be a header or values.
    """
    first, notes = _below_titles(table)
    if len(first) < 2:
        raise InputError(f"{table.path} holds one row, and no numbers below it.")
    top = first[0]
    has_header = header if header is not None else _has_header(table, top.fields, first[1:])
    if not has_header:
        return _without_header(table, first, notes, gene_column)
    titles = read_titles(table, first)
    if top.fields[0].strip() and not titles[0]:
        if title_word(top.fields[0]) in GENE_WORDS | SAMPLE_WORDS:
            raise InputError(
                f"{table.path}, line {first[1].line} has {len(first[1].fields)} fields where {len(titles) - 1} belong.",
                hint=f"The header names {len(titles) - 1} columns, {top.fields[0]!r} the first of them.",
            )
        notes.append("the header is one name shorter than the rows: it names the columns after the first")
    described = _rows_of_text(first[1:])
    titles, above = _with_distinct_titles(titles, first[: described + 1]), len(table.first) - len(first) + 1 + described
    below = first[1 + described :]
    if described:
        lines = some([str(row.line) for row in first[1 : 1 + described]])
        notes.append(f"{'line' if described == 1 else 'lines'} {lines} below the header skipped: text on samples")
    if not below:
        raise InputError(f"{table.path} has no row of numbers below its header.")
    names, values = _choose_columns(table, titles, below, gene_column)
    notes += [
        f"column {titles[i] or i + 1!r} is skipped: it describes the rows, such as {clipped(below[0].fields[i])}"
        for i in range(len(titles))
        if i != names and i not in values and i < len(below[0].fields)
    ]
    return Layout(titles, has_header=True, above=above, names=names, values=values, notes=tuple(notes))


def _below_titles(table: Table) -> tuple[list[Row], list[str]]:
    """Return the first rows from the header on, and a note on the titles above it."""
    rows = list(table.first)
    width = max((len(row.fields) for row in rows[1:]), default=0)
    skipped: list[Row] = []
    while len(rows) > 2 and width > 2 and sum(bool(field.strip()) for field in rows[0].fields) == 1:
        skipped.append(rows.pop(0))
    titles = [next(field.strip() for field in row.fields if field.strip()) for row in skipped]
    return rows, [f"above the header skipped: {some(titles, 3)}"] if skipped else []


def _without_header(table: Table, first: list[Row], notes: list[str], gene_column: str | None) -> Layout:
    top, below = first[0].fields, first[1:]
    if gene_column is not None:
        raise InputError(f"{table.path} has no header, and so no column named {gene_column!r}.")
    blank = ("",) * len(top)
    names, values = _choose_columns(table, blank, below, None)
    values = tuple(column for column in values if column < len(top) and (top[column].strip() or column < values[-1]))
    titles = tuple(f"s{values.index(column) + 1}" if column in values else "" for column in range(len(top)))
    notes.append(
        f"no header: the first line holds numbers after {clipped(top[0])}; samples are named s1 … s{len(values)}"
    )
    notes += [
        f"column {i + 1} is skipped: it describes the rows, such as {clipped(below[0].fields[i])}"
        for i in range(len(top))
        if i != names and i not in values and top[i].strip()
    ]
    above = len(table.first) - len(first)
    return Layout(titles, has_header=False, above=above, names=names, values=values, notes=tuple(notes))


def _rows_of_text(below: Sequence[Row]) -> int:
    """Return how many rows under the header hold text on samples, where the rows below them hold numbers."""
    if len(below) < 2:
        return 0
    last = below[-1].fields
    numeric = [column for column in range(1, len(last)) if is_number(last[column])]
    count = 0
    for row in below[:-1]:
        cells = [row.fields[column] for column in numeric if column < len(row.fields)]
        is_text = cells and not any(is_number(cell) for cell in cells)
        is_empty = all(not cell.strip() for cell in cells)
        if len(numeric) < 2 or not is_text or (is_empty and title_word(row.fields[0]) not in GENE_WORDS | _ID_WORDS):
            break
        count += 1
    return count if count <= 5 else 0


def _with_distinct_titles(titles: tuple[str, ...], rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the titles, from a row below them where they repeat and that one does not."""
    if len(set(titles[1:])) == len(titles) - 1:
        return titles
    for row in rows[1:]:
        fields = [field.strip() for field in row.fields[1:]]
        if len(fields) == len(titles) - 1 and all(fields) and len(set(fields)) == len(fields):
            return (titles[0], *fields)
    return titles


def _choose_columns(
    table: Table, titles: Sequence[str], below: Sequence[Row], gene_column: str | None
) -> tuple[int, tuple[int, ...]]:
    """Return the column of names, and the columns of values."""
    width = len(titles)
    cells = [
        [row.fields[c].strip() for row in below if c < len(row.fields) and not is_missing(row.fields[c])]
        for c in range(width)
    ]
    are_text = (bool(cells[column]) and not any(map(is_number, cells[column])) for column in range(width))
    text = {column: None for column, is_text in enumerate(are_text) if is_text}  # in order, and quick to look up
    if gene_column is None:
        names = _name_column(titles, cells, text)
    elif gene_column in titles:
        names = list(titles).index(gene_column)
    else:
        raise NotFound(f"{table.path} has no column {gene_column!r}.", hint=f"It has {some(titles, 10)}.")
    others = {names, *(column for column in range(width) if is_annotation(titles[column]))}
    others.update(column for column in range(names) if _is_index(titles[column], cells[column]))
    open_to = [column for column in range(width) if column not in others and column not in text]
    if not open_to:
        raise InputError(f"{table.path} has no column of numbers after {(titles[-1] or below[0].fields[-1])!r}.")
    # Text before and behind the values describes rows; text among them is a fault, which reading names.
    values = tuple(column for column in range(open_to[0], open_to[-1] + 1) if column not in others)
    return names, values


def _is_index(title: str, cells: Sequence[str]) -> bool:
    word = title_word(title)
    is_untitled = word in _INDEX_TITLES or bool(_INDEX_TITLE.fullmatch(word))
    if is_counting(cells):
        return is_untitled or word in _ID_WORDS
    rising = all(cell.isdecimal() for cell in cells) and all(int(a) < int(b) for a, b in pairwise(cells))
    return is_untitled and rising and bool(cells)


def _name_column(titles: Sequence[str], cells: Sequence[Sequence[str]], text: Mapping[int, None]) -> int:
    """Return the column of names: the first, unless it counts rows or describes them and another is titled as names."""
    words = GENE_WORDS | SAMPLE_WORDS | _ID_WORDS
    titled = [column for column, title in enumerate(titles) if title and title_word(title) in words]
    distinct = {column: None for column in text if len(set(cells[column])) == len(cells[column])}
    first = title_word(titles[0])
    if _is_index(titles[0], cells[0]):
        others = (column for column in (*titled, *distinct) if not _is_index(titles[column], cells[column]))
        return next(others, 0)
    repeats = len(set(cells[0])) < len(cells[0])
    if first not in words and (is_annotation(titles[0]) or repeats):
        return next((column for column in titled if column in text and (column in distinct or not repeats)), 0)
    return 0


def _has_header(table: Table, top: Sequence[str], below: Sequence[Row]) -> bool:
    """Whether the first row is a header.

    Raises
    ------
    InputError
        Both readings are plausible.
    """
    if table.is_gct or len(top) < len(below[0].fields):
        return True
    cells = [field.strip() for field in top[1:]]
    while cells and not cells[-1]:
        cells.pop()
    numeric = [cell for cell in cells if cell and (is_number(cell) or is_missing(cell))]
    under = [row.fields[1 + i] for row in below for i in range(len(cells)) if 1 + i < len(row.fields)]
    # Text columns that describe genes have text in both rows where there is no header.
    texts = [i for i, cell in enumerate(cells) if cell and not (is_number(cell) or is_missing(cell))]
    describes = all(not any(is_number(row.fields[1 + i]) for row in below if 1 + i < len(row.fields)) for i in texts)
    if not numeric or not describes:
        return True
    corner = title_word(top[0])
    is_index = corner in _INDEX_TITLES or (bool(_INDEX_TITLE.fullmatch(corner)) and not corner.isdigit())
    if is_index or corner in GENE_WORDS | SAMPLE_WORDS | _ID_WORDS or is_annotation(top[0]):
        return True
    if texts and any(is_annotation(cells[i]) for i in texts):
        return True
    if len(set(numeric)) < len(numeric) or not all(cell.isdecimal() for cell in numeric):
        return False
    steps = [int(b) - int(a) for a, b in pairwise(numeric)]
    names = [row.fields[0].strip() for row in below]
    of_their_kind = _is_of_their_kind(top[0].strip(), names)
    counts_up = bool(steps) and all(step == 1 for step in steps)
    rises = len(steps) >= RISING - 1 and all(step > 0 for step in steps)
    decimals = sum("." in cell or "e" in cell.lower() for cell in under) * 2 > len(under)
    if (counts_up or rises or decimals) and not of_their_kind:
        return True
    if of_their_kind and not (counts_up or rises or decimals):
        return False
    shown = some(numeric, 3)
    raise InputError(
        f"The first row of {table.path} may be a header (of samples named {shown}) or the values of a first gene, "
        f"{clipped(top[0])}.",
        code="header-or-values",
    )


def _is_of_their_kind(name: str, names: Sequence[str]) -> bool:
    """Whether a name is one of a kind with others: of one vocabulary, or next to them in the alphabet."""
    vocabulary = guess_vocabulary(names)
    if vocabulary is not None:
        return guess_vocabulary([name]) == vocabulary
    in_order = all(a.casefold() <= b.casefold() for a, b in pairwise([name, *names]))
    return len(names) > 3 and in_order
