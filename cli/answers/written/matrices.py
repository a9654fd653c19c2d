"""A matrix of a version, written to a file or to stdout: which, of how many genes, and how it was shrunk."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ....engine.errors import InputError
from ....engine.wording import repeated
from .. import versions
from ..answer import Answer, Note
from ..shrinkage import matrix_of_samples, shrinkage_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ....engine.choices import MatrixKind
    from ....storage.repository import Repository


def write_matrix_file(
    repo: Repository,
    at: str,
    matrix: MatrixKind,
    genes: Sequence[str] | None,
    target: Path | None,
    *,
    of_samples: bool,
) -> Answer:
    """Write a matrix of a version, and return what was written.

    Parameters
    ----------
    repo : Repository
        The store.
    at : str
        Which version.
    matrix : MatrixKind
        Which matrix.
    genes : sequence of str, optional
        The genes; the whole panel by default.
    target : Path, optional
        The file; stdout by default.
    of_samples : bool
        Whether what the shrinkage did is taken back.
    """
    from ....engine.network.matrix_blocks import matrix_blocks
    from ....formats.models.matrix_export import write_matrix, write_rows

    version = repo.version(at)
    snapshot, base = repo.snapshot(version.name), repo.base(version.name)
    names = list(snapshot.panel.genes) if genes is None else list(genes)
    if repeats := repeated(names):
        raise InputError(f"--genes names {repeats[0]} more than once.", hint="Name each gene once.")
    snapshot.panel.locate(names)  # refuses strangers before anything is printed
    chosen = None if genes is None else names
    has_pathways = bool(repo.active(version.name))
    if of_samples:
        blocks, shrinkage = matrix_of_samples(snapshot, base, matrix, chosen, has_pathways=has_pathways), None
        how = "Of the samples themselves, not shrunk."
    else:
        blocks, shrinkage = matrix_blocks(snapshot, matrix, chosen), base.shrinkage
        how = shrinkage_text(base, matrix, has_pathways=has_pathways)
    notes = [] if how is None else [Note(how)]
    if target is None:
        write_rows(sys.stdout, blocks, names, names)
        return Answer(json=dict, text=lambda: None, notes=notes)
    write_matrix(target, blocks, names, names, shrinkage=shrinkage)
    shape = f"{len(names):,} × {len(names):,}"
    note = Note(f"{target}: {matrix} of {version.name} ({version.content[: versions.SHORT]}), {shape}.")
    return Answer(
        json=lambda: {
            **versions.identity(version),
            "matrix": matrix,
            "genes": len(names),
            "file": str(target),
            "shrinkage": shrinkage,
            "of_samples": of_samples,
        },
        text=lambda: None,
        notes=[note, *notes],
    )
