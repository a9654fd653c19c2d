"""The registry of readers: a new file format is a file in its wing and a line in `READERS` for all that it may hold.

The file has a function of a path that returns what its line says it holds:

* "expression": an `Expression` and notes, with those keywords of `read_expression` that the line names as `options`;
* "pathways" and "gene sets": a `LoadingsFile`;
* "covariances": values, the names of genes or None, and notes;
* "factor models": a `FactorModelFile`;
* "kernels": of a path and that of names or None, a `KernelFile`; "tests": `TestedColumns`;
* "labels": of a path and the names of samples, `Labels`.

Nothing else lists the formats. Signals (`traits/traits.py`) are read from tables alone, and have no line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..engine.errors import InputError
from ..engine.lazy import load
from ..engine.wording import some
from .files.kinds import MATRIX_MARKET, TABLE_KINDS, FileKind, file_kind
from .files.opening import open_bytes
from .files.packed import without_packing

NOT_RECOGNISED = "pathways-not-recognised"
"""The code of the refusal of a file of pathways that no reader knows."""

Contents = Literal["expression", "pathways", "gene sets", "covariances", "factor models", "kernels", "tests", "labels"]

Sign = Callable[[Path], bool]
"""Whether a file looks as those of a format do."""


def first_bytes(kind: FileKind) -> Sign:
    """Return the sign of files of a kind."""
    return lambda path: file_kind(path) == kind


def ending(text: str) -> Sign:
    """Return the sign of files whose names end so in any case, perhaps with that of a packing behind."""
    return lambda path: without_packing(path.name).endswith(text)


def beginning(text: str) -> Sign:
    """Return the sign of files, plain or packed, that begin with a text in any case."""

    def begins(path: Path) -> bool:
        with open_bytes(path) as stream:
            return stream.read(len(text)).lower() == text.encode()

    return begins


def header(function: str) -> Sign:
    """Return the sign of tables whose titles a function, named by a text, knows."""

    def knows(path: Path) -> bool:
        if file_kind(path) not in TABLE_KINDS:
            return False
        from .tables.delimited import open_table, read_header

        with open_table(path) as table:
            return load(function, __package__)(read_header(table))

    return knows


def opening(function: str) -> Sign:
    """Return the sign of tables that a function, named by a text, knows by their first rows."""

    def knows(path: Path) -> bool:
        if file_kind(path) not in TABLE_KINDS:
            return False
        from .tables.delimited import open_table

        with open_table(path) as table:
            return load(function, __package__)(table)

    return knows


SET_ENDINGS = (".gmt", ".gmx", ".grp", ".json", ".sif")
"""What the names of files of sets and networks end in; a file of another ending is known by what it holds."""


def ending_or_contents(text: str, function: str) -> Sign:
    """Return the sign of files that end so, or have no such ending and are known to a function named by a text."""

    def knows(path: Path) -> bool:
        name = without_packing(path.name)
        return name.endswith(text) if name.endswith(SET_ENDINGS) else bool(load(function, __package__)(path))

    return knows


def is_like(function: str) -> Sign:
    """Return the sign of files that are known to a function named by a text."""
    return lambda path: bool(load(function, __package__)(path))


def never(path: Path) -> bool:
    """Return that no file is known as one of a format that must be asked for."""
    del path
    return False


def either(*signs: Sign) -> Sign:
    """Return the sign of files that have one of some signs."""
    return lambda path: any(sign(path) for sign in signs)


@dataclass(frozen=True, slots=True)
class FormatReader:
    """A line of the registry. The function is named by a text, so that help on a command imports no reader.

    Parameters
    ----------
    caption : str
        The format as part of a list in the help or in a hint.
    function : str
        `wing.module:function`.
    sign : callable, optional
        What its files are recognised by. Lines are tried in their order; one without a sign reads what no other does.
    options : tuple of str
        The keywords of the function.
    """

    caption: str
    function: str
    sign: Sign | None = None
    options: tuple[str, ...] = ()

    def read(self, *arguments: Any, **options: Any) -> Any:
        """Return what the function returns."""
        return load(self.function, __package__)(*arguments, **options)


IS_ZIP = first_bytes("zip")
"""The sign of NumPy archives."""

is_annotations = beginning("!gaf-version")
"""The sign of files of annotations (GAF)."""

REGULON_OPTIONS = ("unknown_sign", "sign_column", "weight_column", "gene_column", "source_column", "set_column")
"""The keywords of tables of sources and targets, or of sets and genes."""

READERS: Mapping[Contents, Mapping[str, FormatReader]] = {
    "expression": {
        "table": FormatReader(
            "tsv, csv (also .gz, .bz2, .xz, .zip), xlsx, parquet",
            "expression.tables:read_expression_table",
            options=(
                "genes_in",
                "header",
                "decimal",
                "sheet",
                "gene_column",
                "where",
                "sample_table",
                "columns",
                "skip_columns",
                "are_samples_chosen",
                "are_genes_chosen",
            ),
        ),
        "hdf5": FormatReader(
            "h5ad, loom, 10x h5",
            "expression.hdf5:read_hdf5",
            first_bytes("hdf5"),
            ("genes_in", "layer", "raw", "gene_column", "where", "counts"),
        ),
        "mtx": FormatReader(
            "mtx, a 10x folder",
            "expression.mtx:read_mtx",
            beginning(MATRIX_MARKET),
            ("genes_in", "gene_names", "gene_column"),
        ),
    },
    "pathways": {
        "json": FormatReader(
            "JSON of sets", "sets.json_sets:read_json", ending_or_contents(".json", "sets.json_sets:is_json")
        ),
        "grp": FormatReader("GRP has one gene a line", "sets.grp:read_grp", ending(".grp")),
        "gaf": FormatReader(
            "GAF has annotations of genes",
            "sets.annotations:read_annotations",
            is_annotations,
            tuple(option for option in REGULON_OPTIONS if option != "source_column"),
        ),
        "msigdb": FormatReader(
            "a TSV of single sets of MSigDB", "sets.msigdb:read_msigdb", is_like("sets.msigdb:is_msigdb")
        ),
        "lists": FormatReader("lists have genes alone, a set a line", "sets.name_lines:read_name_lines", never),
        "sif": FormatReader(
            "SIF is source, relation, targets",
            "regulons.sif:read_sif",
            ending_or_contents(".sif", "regulons.sif:is_sif"),
            ("unknown_sign", "sign_column"),
        ),
        "adj": FormatReader(
            "ADJ of ARACNe",
            "regulons.adjacency:read_adjacency",
            ending_or_contents(".adj", "regulons.adjacency:is_adjacency"),
        ),
        "gmt": FormatReader("GMT has a set a line", "sets.gmt:read_gmt", ending_or_contents(".gmt", "sets.gmt:is_gmt")),
        "gmx": FormatReader(
            "GMX has sets in columns", "sets.gmx:read_gmx", ending_or_contents(".gmx", "sets.gmx:is_gmx")
        ),
        "regulon": FormatReader(
            "a regulon has columns source, target, weight",
            "regulons.regulons:read_regulons",
            opening("regulons.edge_tables:is_regulon_table"),
            REGULON_OPTIONS,
        ),
        "sets": FormatReader(
            "a table of sets has columns set and gene, or genes",
            "sets.set_tables:read_set_table",
            opening("sets.set_tables:is_table_of_sets"),
            REGULON_OPTIONS,
        ),
        "membership": FormatReader(
            "membership has genes in rows, sets in columns, TRUE and FALSE",
            "sets.memberships:read_memberships",
            opening("sets.memberships:is_word_membership"),
        ),
        "loadings": FormatReader(
            "a loading table (also npz) has a column gene",
            "models.loadings:read_loadings",
            either(IS_ZIP, header("models.loadings:is_loading_header")),
        ),
    },
    "gene sets": {
        "json": FormatReader("JSON", "sets.json_sets:read_json", ending_or_contents(".json", "sets.json_sets:is_json")),
        "grp": FormatReader("GRP", "sets.grp:read_grp", ending(".grp")),
        "gaf": FormatReader("GAF", "sets.annotations:read_annotations", is_annotations),
        "msigdb": FormatReader("MSigDB's TSV of a set", "sets.msigdb:read_msigdb", is_like("sets.msigdb:is_msigdb")),
        "gmt": FormatReader("GMT", "sets.gmt:read_gmt", ending_or_contents(".gmt", "sets.gmt:is_gmt")),
        "gmx": FormatReader("GMX", "sets.gmx:read_gmx", ending_or_contents(".gmx", "sets.gmx:is_gmx")),
        "regulon": FormatReader(
            "a table of source and target",
            "regulons.regulons:read_regulons",
            opening("regulons.edge_tables:is_regulon_table"),
        ),
        "sets": FormatReader(
            "a table of set and gene",
            "sets.set_tables:read_set_table",
            opening("sets.set_tables:is_table_of_sets"),
        ),
        "membership": FormatReader(
            "a table of genes by sets, 1 or 0",
            "sets.memberships:read_memberships",
            opening("sets.memberships:is_membership"),
        ),
    },
    "covariances": {
        "table": FormatReader("tsv, csv", "models.covariance_tables:read_covariance_table"),
        "npy": FormatReader("npy", "models.covariances:read_array", first_bytes("npy")),
        "npz": FormatReader("npz", "models.covariances:read_archive", IS_ZIP),
        "hdf5": FormatReader("h5", "models.covariances:read_members", first_bytes("hdf5")),
    },
    "factor models": {
        "npz": FormatReader("an npz with its noise", "models.factor_models:read_archive", IS_ZIP),
    },
    "kernels": {
        "table": FormatReader("a table with one name per row", "traits.kernels:read_table"),
        "npz": FormatReader("an npz of `ids` and `kernel` or `factor`", "traits.kernels:read_archive", IS_ZIP),
        "npy": FormatReader("an npy, whose names are in another file", "traits.kernels:read_array", first_bytes("npy")),
    },
    "tests": {
        "table": FormatReader(
            "A table with one test per row and ids in the header", "traits.tested_columns:read_table"
        ),
        "npz": FormatReader("an npz of `tests`, `ids` and `values`", "traits.tested_columns:read_archive", IS_ZIP),
        "gmt": FormatReader("gene sets (.gmt)", "traits.tested_columns:read_sets", ending(".gmt")),
        "bed": FormatReader("a PLINK .bed", "traits.tested_columns:read_bed", ending(".bed")),
    },
    "labels": {
        "table": FormatReader(
            "a table of sample and label",
            "traits.labels:read_label_table",
            options=("label_column", "id_column"),
        ),
        "cls": FormatReader("a GSEA .cls file", "traits.cls:read_cls", ending(".cls"), ("label_order",)),
    },
}
"""Every reader, by what its files hold and the name of its format."""


def find_reader(contents: Contents, path: Path, *, hint: str = "", code: str = "input") -> FormatReader:
    """Return the reader of a file that is there.

    Raises
    ------
    InputError
        No format of such contents is like it. The hint is what the formats are, where neither a hint nor a code is
        given.
    """
    readers = READERS[contents].values()
    for reader in readers:
        if reader.sign is not None and reader.sign(path):
            return reader
    for reader in readers:
        if reader.sign is None:
            return reader
    from .tables.delimited import open_table, read_header

    with open_table(path) as table:
        opening = some([" ".join(title.split()) for title in read_header(table)], 4)
    raise InputError(
        f"{path} is not recognised as a file of {contents}: it begins with '{opening}'.",
        hint=hint or (f"{list_formats(contents, '; ', '; ')}." if code == "input" else ""),
        code=code,
    )


def list_formats(contents: Contents, separator: str = ", ", last: str = " or ") -> str:
    """Return the captions of the formats of a file, as a list.

    Examples
    --------
    >>> list_formats("covariances")
    'tsv, csv, npy, npz or h5'
    """
    captions = separator.join(reader.caption for reader in READERS[contents].values())
    return last.join(captions.rsplit(separator, 1))
