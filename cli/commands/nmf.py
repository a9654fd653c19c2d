"""`grn nmf`: gene modules of a version, of its counts, or of a file."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...engine.errors import InputError, NotFound
from ...engine.wording import counted, some
from .. import describe, options, output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from ...engine.nmf import Analysis, BestSet
    from ...storage.repository import Repository
    from ...storage.versions import Version

    Rows = list[tuple[object, ...]]
    Sets = Mapping[str, NDArray[np.intp]]

RANKS = ("rank", "held_out", "standard_error", "dispersion", "log_likelihood", "second_difference", "divergence")
MODULES = ("module", "genes", "mass", "top_genes", "best_set", "best_set_q")
GENES = ("gene", "module", "share", "second_module", "second_share", "q", "stability")

NO_LIKELIHOOD = "; KL divergence, not a likelihood"
NO_COUNTS = f", not whole numbers and so no counts{NO_LIKELIHOOD}"

TOP = 5
"""Genes of a module that are told."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is factored: the values, the names of its rows, and what to say of it."""

    values: Any
    genes: tuple[str, ...]
    symmetric: bool
    counts: bool
    said: str


@click.command("nmf")
@options.at
@click.option(
    "--input",
    "source",
    default="correlation",
    show_default=True,
    metavar="correlation|counts|FILE",
    help="What to factor: the version's positive correlations, the counts kept with its base, or a file of counts.",
)
@click.option("--rank", default="2:8", show_default=True, metavar="R|FROM:TO", help="How many modules to look for.")
@click.option(
    "--restarts", type=click.IntRange(1, 1000), default=10, show_default=True, metavar="N", help="Starts of each rank."
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of the random numbers.")
@click.option(
    "--sets",
    "library",
    type=click.Path(path_type=Path),
    metavar="FILE.gmt",
    help="Name each module's closest set.",
)
@click.option(
    "--table",
    type=click.Choice(["modules", "genes", "ranks"]),
    default="modules",
    show_default=True,
    help="Which table to print; --json has all three.",
)
@options.forms
@options.repository
def command(
    repo: Repository,
    *,
    at: str,
    source: str,
    rank: str,
    restarts: int,
    seed: int,
    library: Path | None,
    table: str,
    form: str,
) -> None:
    """Find gene modules by non-negative matrix factorization under the Kullback–Leibler divergence.

    The rank that foretells entries held out best is used. Genes may be in two modules. The counts of a base are the
    same at every version, and have a likelihood; the correlations of a version change with its pathways, and have none.

    \b
    Example:
      grn nmf --rank 3:6
      grn nmf --at v3 --rank 5 --table genes --tsv
      grn nmf --input counts --sets hallmark.gmt
    """
    from ...engine.nmf import analyse

    version, ranks = repo.version(at), _ranks(rank)
    with output.waiting("reading") as progress:
        given = _given(repo, version, source, progress or (lambda _: None))
    sets: Sets = {} if library is None else _sets(library, given.genes)
    with output.waiting("factoring") as progress:
        found = analyse(
            given.values, ranks, symmetric=given.symmetric, counts=given.counts, restarts=restarts, seed=seed,
            threads=os.cpu_count() or 1, progress=progress or (lambda _: None),
        )  # fmt: skip
    rows = {"ranks": _rank_rows(found), "modules": _module_rows(found, given, sets), "genes": _gene_rows(found, given)}
    if form == "json":
        output.emit_json(_json(version, given, found, rows, {"restarts": restarts, "seed": seed}))
    elif form == "tsv":
        output.emit_tsv({"ranks": RANKS, "modules": MODULES, "genes": GENES}[table], rows[table])
    else:
        _tell(found, given, table, rows)


def _ranks(text: str) -> range:
    """Return the ranks that `5` or `3:6` names.

    Raises
    ------
    InputError
        It names none.
    """
    if (match := re.fullmatch(r"(\d{1,4})(?::(\d{1,4}))?", text.strip())) is None:
        raise InputError(f"--rank {text!r} is no rank and no range of ranks.", hint="Write --rank 5 or --rank 3:6.")
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last:
        raise InputError(f"--rank {text} names no rank.", hint="The first is at least 1 and at most the last.")
    return range(first, last + 1)


def _given(repo: Repository, version: Version, source: str, progress: Callable[[float], object]) -> Given:
    """Return what to factor.

    Raises
    ------
    NotFound
        There are no counts, or there is no such file.
    InputError
        The file cannot be read.
    """
    from ...engine.nmf.similarity import NEIGHBORS, positive_correlations

    if source == "correlation":
        values = positive_correlations(repo.snapshot(version.name), progress=progress)
        said = f"{version.name}: the positive correlations of {counted(len(repo.panel), 'gene')}"
        if hasattr(values, "tocsr"):
            said += f", of each with its {NEIGHBORS} nearest"
        said += NO_LIKELIHOOD
        return Given(values, tuple(repo.panel.genes), symmetric=True, counts=False, said=said)
    if source == "counts":
        base = repo.base(version.name)
        if base.expression is None:
            raise NotFound(
                f"The base of {version.name} keeps no expression.", hint="Give the counts as a file: --input FILE."
            )
        size = f"{counted(len(base.panel), 'gene')} in {counted(len(base.samples), 'sample')}"
        said = f"counts of {size}, the same at every version of this base"
        return _measured(base.expression.all(), tuple(base.panel.genes), said)
    from ...storage.formats.expression import read_expression

    file = read_expression(Path(source))
    expression = file.expression
    said = f"{source}: {counted(len(expression.genes), 'gene')} in {counted(len(expression.samples), 'sample')}"
    return _measured(expression.values, expression.genes, said)


def _measured(values: NDArray[Any], genes: tuple[str, ...], said: str) -> Given:
    """Return measured values to factor; only whole numbers are counts, with a likelihood."""
    counts = bool((values == values.round()).all())
    return Given(values, genes, symmetric=False, counts=counts, said=said + ("" if counts else NO_COUNTS))


def _sets(path: Path, genes: tuple[str, ...]) -> Sets:
    """Return the gene sets of a library, as places among genes; those that share none are left out."""
    import numpy as np

    from ...storage.formats.gmt import read_gmt

    places: dict[str, int] = {gene: place for place, gene in reversed(list(enumerate(genes)))}
    found = {
        one.name: np.unique([places[gene] for gene in one.genes if gene in places]).astype(np.intp)
        for one in read_gmt(path).pathways
    }
    if not any(len(inside) for inside in found.values()):
        raise NotFound(
            f"No gene of {path} is among the {counted(len(genes), 'gene')} factored, such as {some(genes, 3)}."
        )
    return {name: inside for name, inside in found.items() if len(inside)}


def _rank_rows(found: Analysis) -> Rows:
    bends = found.survey.second_differences.tolist()
    return [
        (row.rank, row.held_out, row.standard_error, row.dispersion, row.log_likelihood, bend, row.best.divergence)
        for row, bend in zip(found.survey.rows, bends, strict=True)
    ]


def _module_rows(found: Analysis, given: Given, sets: Sets) -> Rows:
    from ...engine.nmf import best_sets

    def names(module: int) -> str:
        top: list[int] = found.top_genes(module, TOP).tolist()
        return " ".join(given.genes[place] for place in top)

    best: list[BestSet | None] = best_sets(found.memberships.main, found.best.rank, sets)
    return [
        (
            module + 1,
            int(found.sizes[module]),
            float(found.memberships.masses[module]),
            names(module),
            closest.name if (closest := best[module]) else None,
            closest.q if closest else None,
        )
        for module in range(found.best.rank)
    ]


def _gene_rows(found: Analysis, given: Given) -> Rows:
    main, shares = found.memberships.main.tolist(), found.memberships.shares.max(axis=1).tolist()
    second, second_shares = (part.tolist() for part in found.second)
    q = [None] * len(main) if found.moonlighting is None else found.moonlighting.q.tolist()
    columns = (given.genes, main, shares, second, second_shares, q, found.stability.tolist())
    return [
        (gene, home + 1 or None, share, beside + 1 or None, beside_share, value, stable)
        for gene, home, share, beside, beside_share, value, stable in zip(*columns, strict=True)
    ]


def _json(
    version: Version,
    given: Given,
    found: Analysis,
    rows: Mapping[str, Rows],
    how: Mapping[str, int],
) -> dict[str, Any]:
    columns = {"ranks": RANKS, "modules": MODULES, "genes": GENES}
    tables = {name: [dict(zip(columns[name], row, strict=True)) for row in rows[name]] for name in columns}
    best = found.best
    return {
        **describe.identity(version),
        "input": given.said,
        "likelihood": given.counts,
        **how,
        "rank": found.best.rank,
        "reason": found.survey.reason,
        "converged": best.converged,
        "residual": best.residual,
        "sweeps": best.sweeps,
        "moonlighting": [given.genes[place] for place in found.in_two.nonzero()[0].tolist()],
        **tables,
    }


def _tell(found: Analysis, given: Given, table: str, rows: Mapping[str, Rows]) -> None:
    columns = {"ranks": RANKS, "modules": MODULES, "genes": GENES}[table]
    kept = [place for place in range(len(columns)) if any(row[place] is not None for row in rows[table])]
    names = tuple(columns[place].replace("_", " ") for place in kept)
    output.page(output.table(names, [tuple(row[place] for place in kept) for row in rows[table]]))
    output.note(f"{given.said}.")
    output.note(found.survey.reason)
    twice = [given.genes[place] for place in found.in_two.nonzero()[0].tolist()]
    how = "a second share of more than 10 %" if found.moonlighting is None else "false discovery rate 1 %"
    output.note(f"{counted(len(twice), 'gene')} in two modules ({how}){': ' if twice else ''}{some(twice, 10)}.")
    if not found.best.converged:
        output.warn(f"The fit has not converged in {counted(found.best.sweeps, 'sweep')}.")
