"""The comparison of two versions, of `diff` and of `commit --dry-run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ...engine.wording import counted
from .. import output
from . import edges, links as linked, two_bases, versions
from .answer import ROWS, Answer, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ...analysis.comparison.version_difference import VersionDifference
    from ...analysis.ranking import Ranking
    from ...engine.network.comparison.difference import Difference, Summary
    from ...storage.history.versions import PathwayChanges

SIDES = ("from", "to")


def pathway_lines(added: PathwayChanges, dropped: PathwayChanges, most: int = 10) -> list[str]:
    """Return the pathways added and dropped: a line each, at most `most` of either."""
    lines = [f"  {versions.sign_text(sign)} {name}" for name, sign in added[:most]]
    lines += [f"  dropped {name}" for name, _ in dropped[:most]]
    left = len(added[most:]) + len(dropped[most:])
    return [*lines, f"  … and {counted(left, 'more pathway')}"] if left else lines


def answer(
    comparison: VersionDifference,
    *,
    judged: Callable[[], Sequence[str]] = list,
    notes: Iterable[Note] = (),
    code: int = 0,
) -> Answer:
    """Return what changed between two versions.

    Parameters
    ----------
    comparison : VersionDifference
        What changed.
    judged : callable
        Returns lines on the support of pathways added; called for the text alone.
    notes, code
        As for `Answer`.
    """
    columns = comparison.columns()
    rows = list(zip(*columns.values(), strict=True))
    return Answer(
        columns=list(columns),
        rows=rows,
        json=lambda: _json(comparison),
        text=lambda: _text(comparison, rows, judged()),
        paged=True,
        notes=[*_sample_notes(comparison.difference), *notes],
        code=code,
    )


def _json(comparison: VersionDifference) -> dict[str, Any]:
    difference = comparison.difference
    sides = [{"version": side.name, "id": side.id, "content": side.content} for side in comparison.sides]
    return {
        **dict(zip(SIDES, sides, strict=True)),
        **two_bases.bases_json(comparison.bases),
        **edges.rule_json(difference.edge_rule, difference.threshold, comparison.ranking),
        "by": difference.by,
        "pathways": {
            "added": [name for name, _ in comparison.added],
            "dropped": [name for name, _ in comparison.dropped],
        },
        "links": linked.changes_json(comparison.links),
        "summary": {
            "from": _summary(difference.before),
            "to": _summary(difference.after),
            "gained": difference.gained,
            "lost": difference.lost,
            "sign_flipped": difference.sign_flipped,
        },
        "changes": ROWS,
    }


def _sample_notes(difference: Difference) -> list[Note]:
    """Return what means are of, where they are not of all pairs."""
    if not difference.before.mean_abs_error and not difference.after.mean_abs_error:
        return []
    text = "Means are those of a sample of the pairs, ± their standard errors; `grn diff --exact-mean` takes all pairs."
    return [Note(text)]


def _summary(side: Summary) -> dict[str, Any]:
    return {
        "edges": side.edges,
        "mean_abs": side.mean_abs,
        "mean_abs_error": side.mean_abs_error,
        "max_abs": side.max_abs,
        "density": side.density,
    }


def mean_text(side: Summary) -> float | str:
    """Return the mean strength, with its error where it is that of a sample of pairs."""
    if not side.mean_abs_error:
        return side.mean_abs
    return f"{output.number(side.mean_abs)} ± {side.mean_abs_error:.1g}"


def _text(comparison: VersionDifference, rows: list[tuple[Any, ...]], judged: Sequence[str]) -> str:
    from ...analysis.comparison.two_bases import describe_bases, verdict

    difference, ranking, bases, links = comparison.difference, comparison.ranking, comparison.bases, comparison.links
    names = [side.name for side in comparison.sides]
    before, after = difference.before, difference.after
    size = edges.SYMBOLS[ranking.by]
    lines = [click.style(f"{names[0]} → {names[1]}", bold=True)]
    lines += [*describe_bases(bases, names), *pathway_lines(comparison.added, comparison.dropped), *judged]
    lines += ["", *linked.changes_lines(links)] if any(map(len, links)) else []
    lines += [
        "",
        _rule(difference, names, ranking),
        "",
        output.table(
            ("", names[0], names[1]),
            [
                ("edges", before.edges, after.edges),
                (f"mean {size}", mean_text(before), mean_text(after)),
                (f"max {size}", before.max_abs, after.max_abs),
                ("density", before.density, after.density),
            ],
        ),
        f"gained {difference.gained:,}, lost {difference.lost:,}, sign-flipped {difference.sign_flipped:,}",
        *verdict(bases),
        "",
    ]
    if not rows:
        return "\n".join([*lines, f"No {_strength(ranking, difference)} changed."])
    if bases.called() is not None:
        return "\n".join([*lines, *_judged(rows, names)])
    return "\n".join([*lines, *_changes(difference, ranking, rows, names)])


def _judged(rows: list[tuple[Any, ...]], names: Sequence[str]) -> list[str]:
    """Return the table of differences between two bases under its title, the clearest first."""
    header = ("gene a", "gene b", f"ρ {names[0]}", f"ρ {names[1]}", "Δρ", "expected", "z", "q", "verdict")
    table = [(*row[:5], *row[7:]) for row in rows]
    return [click.style("Clearest differences of ρ:", bold=True), output.table(header, table)]


def _changes(difference: Difference, ranking: Ranking, rows: list[tuple[Any, ...]], names: Sequence[str]) -> list[str]:
    """Return the table of the largest changes under its title."""
    symbol, change = ("ρ", 4) if difference.by == "rho" else ("|ρ|", 5)
    if ranking.by == "rho":
        table = [(*row[:4], row[change], row[6].replace("_", "-")) for row in rows]
        header = ("gene a", "gene b", f"ρ {names[0]}", f"ρ {names[1]}", f"Δ{symbol}", "change")
    else:
        table = [(*row[:4], *row[7:], row[6].replace("_", "-")) for row in rows]
        columns = (f"{what} {name}" for what in ("ρ", ranking.by) for name in names)
        header = ("gene a", "gene b", *columns, f"by {ranking.by}")
    title = f"Largest changes of {_strength(ranking, difference)}:"
    return [click.style(title, bold=True), output.table(header, table)]


def _strength(ranking: Ranking, difference: Difference) -> str:
    """Return the words for what changed: ρ or the score, with its sign or without."""
    if ranking.by == "rho":
        return "ρ" if difference.by == "rho" else "|ρ|"
    return f"the {ranking.by}" if difference.by == "rho" else f"the size of the {ranking.by}"


def _rule(difference: Difference, names: Sequence[str], ranking: Ranking) -> str:
    least = f"An edge has {edges.SYMBOLS[ranking.by]} ≥ {difference.threshold:.4g}"
    if difference.edge_rule.rule == "top":
        side = names[0] if difference.counted_on == "before" else f"{names[1]}, since {names[0]} has no edge"
        count = int(difference.edge_rule.value)
        return f"{least}: that of the {count:,} strongest pairs of {side}."
    if difference.before.edges or difference.after.edges:
        return f"{least}."
    strongest = max(difference.before.max_abs, difference.after.max_abs)
    return f"{least}. {edges.no_edges_text(difference.threshold, strongest, 'of either side', ranking.by)}"
