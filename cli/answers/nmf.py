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
    "modules": ("module", "genes", "mass", "top_genes", "best_set", "best_set_q"),
    "genes": ("gene", "module", "share", "second_module", "second_share", "q", "stability"),
    "ranks": (
        "rank", "held_out", "standard_error", "dispersion", "log_likelihood", "second_difference", "divergence",
    ),
    "histogram": ("share_from", "share_to", "entries"),
}  # fmt: skip
"""The tables that have the same columns whatever the rank."""

NOTES = {
    "modules": "genes: largest share, or tested second share, is in it. mass: share of the fitted total.",
    "ranks": "held out, standard error: mean KL divergence of an entry. log likelihood: without its "
    "term log V!; – where 20 starts do not agree on one.",
    "genes": "share: of the gene, in that module. stability: share of the other starts that agree.",
}
"""The note under each table."""

TABLES = (*COLUMNS, "weights", "usage")


def table_of(name: str, named_analysis: NamedAnalysis, sets: Sets) -> tuple[tuple[str, ...], Rows]:
    """Return the columns and the rows of a table."""
    best = named_analysis.analysis.best
    if name in ("weights", "usage"):
        numbered = tuple(f"module_{module}" for module in range(1, best.rank + 1))
        names, values = (
            (named_analysis.genes, best.modules) if name == "weights" else (named_analysis.samples, best.usage.T)
        )
        first = "gene" if name == "weights" or named_analysis.symmetric else "sample"
        return (first, *numbered), [(label, *row) for label, row in zip(names, values.tolist(), strict=True)]
    makers = {"ranks": _rank_rows, "genes": _gene_rows, "histogram": _histogram_rows}
    return COLUMNS[name], _module_rows(named_analysis, sets) if name == "modules" else makers[name](named_analysis)


def _json(named_analysis: NamedAnalysis, artifact: Artifact | None, sets: Sets) -> dict[str, Any]:
    """Return an analysis as the JSON contract has it."""
    analysis = named_analysis.analysis
    best = analysis.best
    record = None if artifact is None else artifact.record
    return {
        "analysis": None if artifact is None else artifact.key,
        "input": named_analysis.description,
        "likelihood": named_analysis.counts,
        **({} if record is None else {"parameters": dict(sorted(record.parameters.items())), "time": record.time}),
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
        **{name: records(*table_of(name, named_analysis, sets)) for name in COLUMNS},
    }


def answer(
    named_analysis: NamedAnalysis,
    artifact: Artifact | None,
    table: str,
    sets: Sets,
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
    identity : mapping, optional
        What names the version in JSON.
    of : str
        What people read before the description of what was factored.
    notes : sequence of Note
        What stderr has after the notes of the analysis itself.
    """
    columns, rows = table_of(table, named_analysis, sets)
    titles, values = output.without_empty_columns(columns, rows)
    return Answer(
        columns=columns,
        rows=rows,
        json=lambda: {**(identity or {}), **_json(named_analysis, artifact, sets)},
        text=lambda: output.table([title.replace("_", " ") for title in titles], values),
        paged=True,
        notes=[*_warnings(named_analysis), *map(Note, _notes(named_analysis, table, of)), *notes],
    )


def _warnings(named_analysis: NamedAnalysis) -> Iterator[Note]:
    """Yield what an answer must not be read without, whatever its form."""
    best, survey = named_analysis.analysis.best, named_analysis.analysis.survey
    if not best.converged:
        sweeps = counted(best.sweeps, "sweep")
        yield caution(f"The fit has not converged in {sweeps}: its residual is {best.residual:.1e}.", EVERY_FORM)
    if survey.is_flat:  # the notes for people have the reason
        yield caution(f"The rank is not certain. {survey.reason}", ("tsv", "json"))


def _notes(named_analysis: NamedAnalysis, table: str, of: str) -> Iterator[str]:
    from ...engine.nmf.modules.membership import SECOND_SHARE
    from ...engine.nmf.modules.moonlighting import FALSE_DISCOVERY_RATE

    yield f"{of}{printable(named_analysis.description)}."
    yield named_analysis.analysis.survey.reason
    if named_analysis.analysis.moonlighting is not None:
        twice = _gene_names(named_analysis, named_analysis.analysis.in_two)
        how = f"false discovery rate {100 * FALSE_DISCOVERY_RATE:g} %"
        yield f"{counted(len(twice), 'gene')} in two modules ({how}){': ' if twice else ''}{some(twice, 10)}."
    else:
        by_share = counted(int(named_analysis.analysis.memberships.in_two_by_share.sum()), "gene")
        yield (
            f"{by_share} with more than {100 * SECOND_SHARE:g} % in a second module. This is not a test: many of "
            "these genes are in one module only. Counts can be tested: --input counts."
        )
    if table in NOTES:
        yield NOTES[table]


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
        )
        for module in range(analysis.best.rank)
    ]


def _gene_rows(named_analysis: NamedAnalysis) -> Rows:
    analysis = named_analysis.analysis
    memberships = analysis.memberships
    main, shares = memberships.main.tolist(), memberships.shares.max(axis=1).tolist()
    second, second_shares = (part.tolist() for part in analysis.second)
    q = [None] * len(main) if analysis.moonlighting is None else analysis.moonlighting.q.tolist()
    columns = (named_analysis.genes, main, shares, second, second_shares, q, analysis.stability.tolist())
    return [
        (gene, home + 1 or None, share, beside + 1 or None, beside_share, value, stable)
        for gene, home, share, beside, beside_share, value, stable in zip(*columns, strict=True)
    ]


def _histogram_rows(named_analysis: NamedAnalysis) -> Rows:
    counts, edges = named_analysis.analysis.memberships.histogram()
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True))
