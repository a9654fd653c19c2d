"""Options of the verbs of `grn nmf`: which ranks, which table, which gene sets beside it, and the file of W and H."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..engine.errors import InputError, NotFound
from ..engine.wording import counted, some
from .answers.answer import EVERY_FORM, Note
from .answers.nmf import LEAST_SHARE, TABLES
from .options import check_finite

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..analysis.nmf.kept import NamedAnalysis
    from .answers.nmf import Sets


def search_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a search for modules: `--rank`, `--restarts` and `--seed`."""
    command = click.option(
        "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of the random numbers."
    )(command)
    command = click.option(
        "--restarts",
        type=click.IntRange(1, 1000),
        default=10,
        show_default=True,
        metavar="N",
        help="Number of random starts at each rank.",
    )(command)
    return click.option(
        "--rank",
        metavar="R|FROM:TO",
        help="Number of modules, or a range to choose from; by default 2:8, or up to the largest possible, and higher "
        "ones until the curve of --table ranks has turned, at most 30.",
    )(command)


def ranks_of(text: str | None) -> tuple[int, int] | None:
    """Return the first and the last rank that `5` or `3:6` names; None where none is named.

    Raises
    ------
    InputError
        It names none.
    """
    if text is None:
        return None
    if (match := re.fullmatch(r"(\d{1,4})(?::(\d{1,4}))?", text.strip())) is None:
        raise InputError(
            f"--rank {text!r} is neither a rank nor a range of ranks.", hint="Write --rank 5 or --rank 3:6."
        )
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last:
        raise InputError(
            f"--rank {text} is not a range of ranks.", hint="The first is at least 1 and at most the last."
        )
    return first, last


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a verb that shows an analysis: `--sets`, `--min-share`, `--table` and `-o`."""
    command = click.option(
        "-o",
        "--output",
        "target",
        type=click.Path(path_type=Path),
        metavar="FILE.npz",
        help="Write W and H too, with the names of genes and samples.",
    )(command)
    command = click.option(
        "--table",
        type=click.Choice(TABLES),
        default="modules",
        show_default=True,
        help="Which table to print; `second` has the genes of two modules, `weights` is W and `usage` is H.",
    )(command)
    command = click.option(
        "--min-share",
        "least_share",
        type=click.FloatRange(0.0, 1.0),
        callback=check_finite,
        default=LEAST_SHARE,
        show_default=True,
        help="Least share of a gene in a second module that is reported; 0 shows all.",
    )(command)
    return click.option(
        "--sets",
        "library",
        type=click.Path(path_type=Path),
        metavar="FILE.gmt",
        help="Show the gene set that is most over-represented in each module, against all genes factored.",
    )(command)


def check_files(target: Path | None, library: Path | None) -> None:
    """Refuse files that `-o` and `--sets` cannot use before any long computation.

    Raises
    ------
    InputError
        The target is not an .npz file.
    NotFound
        There is no such library.
    """
    from ..formats.files.plain_files import require_file

    if target is not None and target.suffix != ".npz":
        raise InputError(f"W and H go to an .npz file, not to {target}.", hint="Use a name that ends in .npz.")
    if library is not None:
        require_file(library)


def read_sets(path: Path | None, genes: tuple[str, ...]) -> Sets:
    """Return the gene sets of a library, as indices of genes; sets that share none are left out.

    Raises
    ------
    NotFound
        None of them shares any.
    """
    if path is None:
        return {}
    import numpy as np

    from ..formats.sets.gene_sets import read_gene_sets

    indices: dict[str, int] = {gene: index for index, gene in reversed(list(enumerate(genes)))}
    sets = {
        gene_set.name: np.unique([indices[gene] for gene in gene_set.genes if gene in indices]).astype(np.intp)
        for gene_set in read_gene_sets(path)
    }
    if not any(len(inside) for inside in sets.values()):
        raise NotFound(f"No gene of {path} is among the {counted(len(genes), 'gene')} here, such as {some(genes, 3)}.")
    return {name: inside for name, inside in sets.items() if len(inside)}


def write_factors(target: Path | None, named_analysis: NamedAnalysis) -> list[Note]:
    """Write W and H to a file, if one is named, and return a note on it."""
    if target is None:
        return []
    from ..formats.models.matrix_export import write_npz

    best = named_analysis.analysis.best
    arrays = {
        "genes": named_analysis.genes,
        "samples": named_analysis.samples,
        "modules": best.modules,
        "usage": best.usage,
    }
    write_npz(target, arrays)
    size = f"W ({len(named_analysis.genes):,} × {best.rank}) and H ({best.rank} × {len(named_analysis.samples):,})"
    return [Note(f"{target}: {size}, as `modules` and `usage`.", EVERY_FORM)]
