"""What a report says, in sentences with counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ...engine.wording import counted, printable, some
from ..comparison.two_bases import describe_bases, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..comparison.version_difference import VersionDifference
    from .report import Report, ReportedPathway

STRENGTHS = {"score": "the score", "rho": "ρ", "clr": "clr"}
"""Of each order, the strength of a pair in a sentence."""


def summary_of(report: Report) -> tuple[str, ...]:
    """Return what a report that has no summary yet says."""
    comparison = report.comparison
    if comparison is None:
        return (*_alone(report), *_links(report), *_evidence(report))
    return (*_pathways(report), *_counts(report, comparison), *_made_by(report), *_links(report), *_evidence(report))


def _alone(report: Report) -> Iterator[str]:
    what = f"{report.after.name} has {report.genes:,} genes"
    yield f"{what} and {counted(report.active, 'active pathway')}." if report.active else f"{what} and no pathway."
    yield from _caution(report)


def _pathways(report: Report) -> Iterator[str]:
    """Yield which pathways came and went, and whether samples bear out those that came."""
    names = {
        change: [
            entry.name if entry.sign > 0 else f"{entry.name} (subtracted)"
            for entry in report.pathways
            if entry.change == change
        ]
        for change in ("added", "dropped")
    }
    for change, listed in names.items():
        if listed:
            verb = "was" if len(listed) == 1 else "were"
            yield f"{counted(len(listed), 'pathway')} {verb} {change}: {some(listed)}."
    if not any(names.values()):
        yield "Both versions have the same pathways."
    yield from _support([entry for entry in report.pathways if entry.change == "added"])
    yield from _caution(report)


def _support(added: Sequence[ReportedPathway]) -> Iterator[str]:
    judged = [entry.support for entry in added if entry.support is not None]
    if not judged:
        return
    better = [support for support in judged if support.nats > 2 * support.error]
    first = sum(support.rank == 1 for support in judged)
    if len(judged) == 1:
        yield (
            f"Held-out samples are predicted {'better' if judged[0].nats >= 0 else 'worse'} with it, by "
            f"{abs(judged[0].nats):.2f} ± {judged[0].error:.2f} nats each; its rank among {judged[0].decoys} decoys is "
            f"{judged[0].rank} of {judged[0].decoys + 1}."
        )
    else:
        yield (
            f"{len(better):,} of {len(judged):,} that were judged {'predicts' if len(better) == 1 else 'predict'} "
            f"held-out samples better by more than two standard errors; {first:,} {'ranks' if first == 1 else 'rank'} "
            f"above all {judged[0].decoys} decoys, where about "
            f"{len(judged) / (judged[0].decoys + 1):.2g} would by chance."
        )


def _caution(report: Report) -> Iterator[str]:
    """Yield that the support of pathways rests on one sample, where it does."""
    if report.support is not None and report.support.caution:
        yield f"Of the support of pathways, {report.support.caution}"


def _counts(report: Report, comparison: VersionDifference) -> Iterator[str]:
    """Yield how many edges were gained and lost; of two bases what that is worth, since chance alone makes many."""
    difference, before = comparison.difference, report.before
    names = [before.name if before else "", report.after.name]
    yield from describe_bases(comparison.bases, names)
    yield from verdict(comparison.bases)
    side = names[0] if difference.counted_on == "before" else names[1]
    rule = f"An edge is a pair as strong as the {int(difference.edge_rule.value):,} strongest of {side}."
    if comparison.bases.judgement is not None:
        yield (
            f"{counted(difference.lost, 'pair')} of {report.edges.pairs:,} are edges of {names[0]} alone, "
            f"{difference.gained:,} of {names[1]} alone: this is no finding. {rule}"
        )
    else:
        gained = f"{counted(difference.gained, 'edge')} {'was' if difference.gained == 1 else 'were'} gained"
        yield (
            f"{gained}, {difference.lost:,} lost, and {difference.sign_flipped:,} changed sign, of "
            f"{report.edges.pairs:,} pairs of genes. {rule}"
        )
    if before and before.content == report.after.content:
        yield "Both versions have one content: the same base and the same pathways."
    elif report.changes and comparison.bases.judgement is None:
        names = (printable(report.changes.columns[gene][0]) for gene in ("gene_a", "gene_b"))
        rho = (_plain(report.changes.columns[side][0]) for side in ("rho_from", "rho_to"))
        strength = STRENGTHS[comparison.ranking.by]
        yield f"The largest change of {strength} is that of {' and '.join(names)}: ρ went from {' to '.join(rho)}."


def _made_by(report: Report) -> Iterator[str]:
    """Yield how many of the largest changes are within a pathway, and so what was put in."""
    if not report.changes or (report.comparison and report.comparison.bases.judgement is not None):
        return  # between two bases the samples make changes as well
    if within := sum(map(bool, report.changes.pathways)):
        yield (
            f"Of the {len(report.changes):,} largest changes, {within:,} {'is' if within == 1 else 'are'} between two "
            "genes of a pathway that one version has and the other has not: that is what was put in, not what samples "
            "show."
        )


def _links(report: Report) -> Iterator[str]:
    links = [link for link in report.links if link.change != "lost"]
    if not links:
        return
    tested = [link for link in links if link.q is not None]
    called = sum(link.q is not None and link.q <= report.edges.rate for link in tested)
    genes = list(dict.fromkeys(link.gene for link in links))
    yield (
        f"Genes that go with the activity of a pathway and are not in it: {some(genes)}"
        + (f" ({called:,} of {counted(len(tested), 'link')} with q ≤ {report.edges.rate:g})." if tested else ".")
    )


def _evidence(report: Report) -> Iterator[str]:
    edges = report.edges
    if edges.called is None or not edges.edges:
        return
    yield (
        f"Of the {len(edges.edges):,} strongest edges of {report.after.name}, {edges.called:,} can be told from chance "
        f"(q ≤ {edges.rate:g})."
    )
    if edges.called and edges.components:
        verb = "stands" if edges.components == 1 else "stand"
        yield (
            f"{counted(edges.components, 'principal component')} of the samples {verb} out, as batches and cell types "
            "do: edges with a small q may be of them."
        )


def _plain(value: float) -> str:
    """Return a small number in two digits, without an exponent."""
    decimals = 1 - math.floor(math.log10(abs(value))) if value else 1
    return f"{value:.{max(decimals, 1)}f}"
