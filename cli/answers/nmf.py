"""An NMF analysis as every verb shows it: its tables, its JSON, and the sentences beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...engine.wording import counted, printable, some
from .. import output
from .answer import EVERY_FORM, Answer, Note, caution, records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ...analysis.nmf.kept import NamedAnalysis
    from ...engine.nmf import BestSet
    from ...storage.networks.artifacts import Artifact

    Rows = list[tuple[object, ...]]
    Sets = Mapping[str, NDArray[np.intp]]

TOP = 5
"""Number of top genes shown for a module."""

SHORT = 8
"""Digits of an analysis's id that people see."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "modules": ("module", "genes", "mass", "top_genes", "best_set", "best_set_q", "best_set_shared", "best_set_genes"),
    "genes": ("gene", "module", "share", "second_module", "second_share", "q", "stability"),
    "second": ("gene", "module", "also_in", "share", "share_low", "share_high", "q", "stability"),
    "ranks": (
        "rank", "held_out", "standard_error", "dispersion", "log_likelihood", "second_difference", "divergence",
    ),
    "histogram": ("share_from", "share_to", "entries"),
}  # fmt: skip
"""The tables that have the same columns whatever the rank."""

NOTES = {
    "modules": "genes: largest share, or tested second share, is in it. mass: share of the fitted total.",
    "sets": "best set: most over-represented among the genes whose largest share is in the module, of those factored; "
    "shared: how many of its genes these are. q: over all modules and sets.",
    "ranks": "held out, standard error: mean KL divergence of an entry. log likelihood: without its "
    "term log V!; – where 20 starts do not agree on one.",
    "second": "share: of the gene, in the module that it is also in; low and high: its 95 % interval, the usages of "
    "modules taken as known. q is not about size: it falls with every sample.",
    "genes": "share: of the gene, in that module. stability: share of the other starts that agree.",
}
"""The note under each table, and that on gene sets."""

TABLES = (*COLUMNS, "weights", "usage")


LEAST_SHARE = 0.1
"""Least share of a second module that is reported by default."""


def table_of(
    name: str, named_analysis: NamedAnalysis, sets: Sets, least_share: float = LEAST_SHARE
) -> tuple[tuple[str, ...], Rows]:
    """Return the columns and the rows of a table."""
    best = named_analysis.analysis.best
    if name in ("weights", "usage"):
        numbered = tuple(f"module_{module}" for module in range(1, best.rank + 1))
        names, values = (
            (named_analysis.genes, best.modules) if name == "weights" else (named_analysis.samples, best.usage.T)
        )
        first = "gene" if name == "weights" or named_analysis.symmetric else "sample"
        return (first, *numbered), [(label, *row) for label, row in zip(names, values.tolist(), strict=True)]
    if name == "second":
        return COLUMNS[name], _second_rows(named_analysis, least_share)
    makers = {"ranks": _rank_rows, "genes": _gene_rows, "histogram": _histogram_rows}
    return COLUMNS[name], _module_rows(named_analysis, sets) if name == "modules" else makers[name](named_analysis)


def _json(named_analysis: NamedAnalysis, artifact: Artifact | None, sets: Sets, least_share: float) -> dict[str, Any]:
    """Return an analysis as the JSON contract has it."""
    analysis = named_analysis.analysis
    best = analysis.best
    record = None if artifact is None else artifact.record
    return {
        "analysis": None if artifact is None else artifact.key,
        "input": named_analysis.description,
        "likelihood": named_analysis.counts,
        **({} if record is None else {"parameters": dict(sorted(record.parameters.items())), "time": record.time}),
        **({} if artifact is None or not artifact.elsewhere else {"elsewhere": artifact.elsewhere}),
        "rank": best.rank,
        "rank_within_one_error": analysis.survey.within_one_error.rank,
        "flat": analysis.survey.is_flat,
        "reason": analysis.survey.reason,
        "converged": best.converged,
        "divergence": best.divergence,
        "residual": best.residual,
        "sweeps": best.sweeps,
        "moonlighting": _gene_names(named_analysis, analysis.in_two) if named_analysis.counts else None,
        "at_sight": _gene_names(named_analysis, analysis.memberships.in_two_by_share),
        "min_share": least_share,
        **{name: records(*table_of(name, named_analysis, sets, least_share)) for name in COLUMNS},
    }


def answer(
    named_analysis: NamedAnalysis,
    artifact: Artifact | None,
    table: str,
    sets: Sets,
    least_share: float,
    *,
    identity: Mapping[str, Any] | None = None,
    of: str = "",
    notes: Sequence[Note] = (),
) -> Answer:
    """Return an analysis: one of its tables, or in JSON all of them.

    Parameters
    ----------
    named_analysis : NamedAnalysis
        The analysis, with the names of genes and samples.
    artifact : Artifact, optional
        What the store keeps of it.
    table : str
        One of `TABLES`.
    sets : mapping
        Gene sets, as indices of genes.
    least_share : float
        Least share of a second module that is reported.
    identity : mapping, optional
        What names the version in JSON.
    of : str
        What people read before the description of what was factored.
    notes : sequence of Note
        What stderr has after the notes of the analysis itself.
    """
    columns, rows = table_of(table, named_analysis, sets, least_share)
    titles, values = output.without_empty_columns(columns, rows)
    return Answer(
        columns=columns,
        rows=rows,
        json=lambda: {**(identity or {}), **_json(named_analysis, artifact, sets, least_share)},
        text=lambda: output.table([title.replace("_", " ") for title in titles], values),
        paged=True,
        notes=[*_warnings(named_analysis), *map(Note, _notes(named_analysis, table, of, sets, least_share)), *notes],
    )


def _warnings(named_analysis: NamedAnalysis) -> Iterator[Note]:
    """Yield what an answer must not be read without, whatever its form."""
    best, survey = named_analysis.analysis.best, named_analysis.analysis.survey
    if not best.converged:
        sweeps = counted(best.sweeps, "sweep")
        yield caution(f"The fit has not converged in {sweeps}: its residual is {best.residual:.1e}.", EVERY_FORM)
    if survey.is_flat:  # the notes for people have the reason
        yield caution(f"The rank is not certain. {survey.reason}", ("tsv", "json"))


def _notes(named_analysis: NamedAnalysis, table: str, of: str, sets: Sets, least_share: float) -> Iterator[str]:
    yield f"{of}{printable(named_analysis.description)}."
    yield named_analysis.analysis.survey.reason
    yield _second_note(named_analysis, least_share)
    if table in NOTES:
        yield NOTES[table]
    if table == "modules" and sets:
        yield NOTES["sets"]


def _second_note(named_analysis: NamedAnalysis, least_share: float) -> str:
    """Return how many genes are also in a second module, those with the largest shares first."""
    rows = _second_rows(named_analysis, least_share)
    which = f" with a share of {output.number(least_share)} or more there" if least_share else ""
    number = f"{len(rows):,} of {counted(len(named_analysis.genes), 'gene')} also in a second module{which}"
    if named_analysis.analysis.moonlighting is None:
        return (
            f"{number}. This is not a test: many of these genes are in one module only. Counts can be tested: --input "
            "counts."
        )
    return f"{number}{': ' if rows else ''}{some([_also_in(row) for row in rows], 5)}."


def _also_in(row: tuple[Any, ...]) -> str:
    """Return a row of the second modules as a phrase."""
    gene, _, also_in, share, low, high, *_ = row
    interval = "" if low != low else f", {low:.2f} to {high:.2f}"
    return f"{gene} in {also_in} ({share:.2f}{interval})"


def _gene_names(named_analysis: NamedAnalysis, which: NDArray[np.bool_]) -> list[str]:
    return [named_analysis.genes[gene] for gene in which.nonzero()[0].tolist()]


def _rank_rows(named_analysis: NamedAnalysis) -> Rows:
    survey = named_analysis.analysis.survey
    bends = survey.second_differences.tolist() if named_analysis.counts else [float("nan")] * len(survey.rows)
    return [
        (row.rank, row.held_out, row.standard_error, row.dispersion, row.log_likelihood, bend, row.divergence)
        for row, bend in zip(survey.rows, bends, strict=True)
    ]


def _module_rows(named_analysis: NamedAnalysis, sets: Sets) -> Rows:
    from ...engine.nmf import best_sets

    analysis = named_analysis.analysis
    memberships = analysis.memberships

    def names(module: int) -> str:
        top: list[int] = analysis.top_genes(module, TOP).tolist()
        return " ".join(named_analysis.genes[gene] for gene in top)

    best: list[BestSet | None] = best_sets(memberships.main, analysis.best.rank, sets)
    return [
        (
            module + 1,
            int(analysis.sizes[module]),
            float(memberships.masses[module]),
            names(module),
            closest.name if (closest := best[module]) else None,
            closest.q if closest else None,
            closest.shared if closest else None,
            closest.size if closest else None,
        )
        for module in range(analysis.best.rank)
    ]


def _gene_rows(named_analysis: NamedAnalysis) -> Rows:
    return list(zip(*named_analysis.columns().values(), strict=True))


def _second_rows(named_analysis: NamedAnalysis, least_share: float) -> Rows:
    """Return the genes that are also in a second module, the largest share first."""
    import numpy as np

    analysis = named_analysis.analysis
    genes: list[int] = analysis.also_in(least_share).tolist()
    (second, share), test = analysis.second, analysis.moonlighting
    q = np.full(len(share), np.nan) if test is None else test.q
    columns = (analysis.memberships.main + 1, share, *analysis.second_interval, q, analysis.stability)
    main, *values = (column[genes].tolist() for column in columns)
    also_in = [module + 1 or None for module in second[genes].tolist()]
    return list(zip([named_analysis.genes[gene] for gene in genes], main, also_in, *values, strict=True))


def _histogram_rows(named_analysis: NamedAnalysis) -> Rows:
    counts, edges = named_analysis.analysis.memberships.histogram()
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True))
