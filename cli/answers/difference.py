"""The comparison of two versions, of `diff` and of `commit --dry-run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ...engine.wording import counted
from .. import output
from . import links as linked, versions
from .answer import ROWS, Answer, Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ...engine.network.comparison import Difference, Summary
    from ...storage.history.versions import Version
    from ...storage.repository import Repository
    from .links import LinkChanges

COLUMNS = ("gene_a", "gene_b", "rho_from", "rho_to", "delta", "delta_abs", "change")
SIDES = ("from", "to")

PathwayChanges = tuple[list[tuple[str, int]], list[tuple[str, int]]]
"""Names and signs of the pathways that one version has and another has not: added, and dropped."""


def pathway_changes(repo: Repository, before: Version, after: Version) -> PathwayChanges:
    """Return which pathways one version has and the other has not."""
    first, second = (
        {active.record.id: (active.label, int(active.record.sign)) for active in repo.active(version.name)}
        for version in (before, after)
    )
    added = [pathway for id_, pathway in second.items() if id_ not in first]
    return sorted(added), sorted(pathway for id_, pathway in first.items() if id_ not in second)


def pathway_lines(changes: PathwayChanges, most: int = 10) -> list[str]:
    """Return the pathways added and dropped: a line each, at most `most` of either."""
    added, dropped = changes
    lines = [f"  {versions.sign_text(sign)} {name}" for name, sign in added[:most]]
    lines += [f"  dropped {name}" for name, _ in dropped[:most]]
    left = len(added[most:]) + len(dropped[most:])
    return [*lines, f"  … and {counted(left, 'more pathway')}"] if left else lines


def answer(
    difference: Difference,
    sides: Sequence[Mapping[str, Any]],
    *,
    pathways: PathwayChanges,
    links: LinkChanges,
    notes: Iterable[Note] = (),
    code: int = 0,
) -> Answer:
    """Return what changed between two versions.

    Parameters
    ----------
    difference : Difference
        The comparison.
    sides : two mappings
        What names each side: version, id, content.
    pathways : two lists of (name, sign)
        Pathways added and dropped.
    links : two Links
        Links gained and lost.
    notes, code
        As for `Answer`.
    """
    rows = [
        (gene_a, gene_b, before, after, after - before, abs(after) - abs(before), change)
        for gene_a, gene_b, before, after, change in difference
    ]
    return Answer(
        columns=COLUMNS,
        rows=rows,
        json=lambda: _json(difference, sides, pathways, links),
        text=lambda: _text(difference, sides, rows, pathways, links),
        paged=True,
        notes=notes,
        code=code,
    )


def _json(
    difference: Difference, sides: Sequence[Mapping[str, Any]], pathways: PathwayChanges, links: LinkChanges
) -> dict[str, Any]:
    return {
        **dict(zip(SIDES, sides, strict=True)),
        **versions.rule_json(difference.edge_rule, difference.threshold),
        "by": difference.by,
        "pathways": {
            what: [name for name, _ in names] for what, names in zip(("added", "dropped"), pathways, strict=True)
        },
        "links": linked.changes_json(links),
        "summary": {
            "from": _summary(difference.before),
            "to": _summary(difference.after),
            "gained": difference.gained,
            "lost": difference.lost,
            "sign_flipped": difference.sign_flipped,
        },
        "changes": ROWS,
    }


def _summary(side: Summary) -> dict[str, Any]:
    return {"edges": side.edges, "mean_abs": side.mean_abs, "max_abs": side.max_abs, "density": side.density}


def _text(
    difference: Difference,
    sides: Sequence[Mapping[str, Any]],
    rows: list[tuple[Any, ...]],
    pathways: PathwayChanges,
    links: LinkChanges,
) -> str:
    names = [str(side["version"]) for side in sides]
    before, after = difference.before, difference.after
    lines = [click.style(f"{names[0]} → {names[1]}", bold=True)]
    lines += pathway_lines(pathways)
    lines += ["", *linked.changes_lines(links)] if any(map(len, links)) else []
    lines += [
        "",
        _rule(difference, names),
        "",
        output.table(
            ("", names[0], names[1]),
            [
                ("edges", before.edges, after.edges),
                ("mean |ρ|", before.mean_abs, after.mean_abs),
                ("max |ρ|", before.max_abs, after.max_abs),
                ("density", before.density, after.density),
            ],
        ),
        f"gained {difference.gained:,}, lost {difference.lost:,}, sign-flipped {difference.sign_flipped:,}",
        "",
    ]
    if not rows:
        return "\n".join([*lines, f"No {'partial correlation' if difference.by == 'rho' else '|ρ|'} changed."])
    symbol, change = ("ρ", 4) if difference.by == "rho" else ("|ρ|", 5)
    table = [(*row[:4], row[change], row[6].replace("_", "-")) for row in rows]
    header = ("gene a", "gene b", f"ρ {names[0]}", f"ρ {names[1]}", f"Δ{symbol}", "change")
    return "\n".join([*lines, click.style(f"Largest changes of {symbol}:", bold=True), output.table(header, table)])


def _rule(difference: Difference, names: Sequence[str]) -> str:
    if difference.edge_rule.rule == "top":
        side = names[0] if difference.counted_on == "before" else f"{names[1]}, since {names[0]} has no edge"
        count = int(difference.edge_rule.value)
        return f"An edge has |ρ| ≥ {difference.threshold:.4g}: that of the {count:,} strongest pairs of {side}."
    text = f"An edge has |ρ| ≥ {difference.threshold:.4g}."
    if difference.before.edges or difference.after.edges:
        return text
    strongest = max(difference.before.max_abs, difference.after.max_abs)
    return f"{text} {versions.no_edges_text(difference.threshold, strongest, 'of either side')}"
