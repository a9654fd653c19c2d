"""`grn show`: one version, what it changed, and how it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ....engine.wording import counted, some
from ....storage.history.commits import PROBED_EVERY
from ... import nouns, options, output
from ...answers import difference, support, versions
from ...answers.answer import Answer, Facts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....storage.history.commits import MeasuredFacts
    from ....storage.history.versions import ActivePathway, Version
    from ....storage.repository import Repository

COLUMNS = ("pathway", "since", "genes", "sign", "units")
DROPPED = ("gene", "source", "reason")


@click.command("show")
@click.argument("rev", type=nouns.REV, default="HEAD", metavar="[REV]")
@click.option(
    "--dropped",
    is_flag=True,
    help="List the genes that are not on the panel: those that `grn init` left out, or those of REV's own pathways.",
)
@options.forms
@options.repository
def command(repo: Repository, *, rev: str, dropped: bool) -> Answer:
    """Show one version: what it changed, which pathways are active, and how its numbers are computed.

    The probe is ‖Σ(Θg) − g‖ / √p for a random vector g of ±1: the relative error of the version's inverse. Every 16th
    commit since an anchor has one; `grn verify --numbers` probes the versions that branches and tags stand at.

    \b
    Example:
      grn show v2
      grn show v0 --dropped
    """
    version = repo.version(rev)
    if dropped:
        return _dropped(repo, version)
    active = sorted(repo.active(version.name), key=lambda pathway: int(pathway.since[1:]))
    rows = [(row.label, row.since, row.record.genes, row.record.sign, row.record.units) for row in active]
    return Answer(
        columns=COLUMNS,
        rows=rows,
        json=lambda: _json(version, active),
        text=lambda: "\n".join(_lines(repo, version, rows)),
        paged=True,
    )


def _lines(repo: Repository, version: Version, active: Sequence[tuple[str, str, int, int, str]]) -> list[str]:
    from ....storage.history.versions import pathway_changes

    names = {id_: name for name, id_, _ in repo.identities()}
    measured = version.entry.measured
    source = version.source
    lines = [versions.head_line(version), *versions.message_lines(version), ""]
    facts: Facts = [
        ("id", version.id),
        ("content", version.content),
        ("parents", ", ".join(names[parent] for parent in version.parents) or "none"),
        ("base", version.base),
        ("source", f"{source.file}, SHA-256 {source.sha256[:16]}…" if source else None),
        ("rank", f"{version.rank} of all active pathways, {measured.rank_since} since the anchor"),
        ("anchor", _anchor(repo, version)),
        ("probe", _probe(measured)),
        (
            "guard",
            None
            if measured.guard == 1.0
            else f"{measured.guard:.3g}: the least share of the variance that subtractions leave in any direction",
        ),
    ]
    lines += [output.facts(facts), ""]
    lines += versions.change_lines(version, most=20)
    lines += _support(repo, version)
    if len(version.parents) > 1:
        first = repo.version(version.parents[0])
        changes = pathway_changes(repo.active(first.name), repo.active(version.name))
        lines += [f"against {names[version.parents[0]]}:", *difference.pathway_lines(*changes)]
    lines += _missing(version)
    if active:
        rows = [(*row[:3], versions.sign_text(row[3]), row[4]) for row in active]
        lines += ["", click.style(f"Active in {version.name}:", bold=True), output.table(COLUMNS, rows)]
    return lines


def _support(repo: Repository, version: Version) -> list[str]:
    if not version.added:
        return []
    from ....analysis.support import own_pathways  # brings the numbers in

    return support.lines(repo, version.name, own_pathways(repo, version))


def _anchor(repo: Repository, version: Version) -> str:
    measured = version.entry.measured
    ago = f", {counted(measured.since_anchor, 'commit')} ago" if measured.since_anchor else ""
    if measured.anchor is None:
        return f"the base's own{ago}"
    if not ago:
        return "its own full inversion"
    inverted = [name for name, _, content in repo.identities() if content == measured.anchor]
    before = [name for name in inverted if int(name[1:]) <= version.number]
    return f"full inversion of {before[-1] if before else 'a version that is lost'}{ago}"


def _probe(measured: MeasuredFacts) -> str:
    if measured.probe is not None:
        return f"{measured.probe:.2g} relative error of ΣΘ"
    if measured.since_anchor % PROBED_EVERY:
        return f"not run: every {PROBED_EVERY}th commit since the anchor has one"
    return "not run: it would have taken more than 50 ms"


def _dropped(repo: Repository, version: Version) -> Answer:
    """Return the genes of a version's data or pathways that are not on the panel, and why."""
    left_out = repo.panel.left_out()
    rows = [(gene, "the data", why) for gene, why in left_out.items()] if not version.parents else []
    rows += [
        (gene, ", ".join(record.names), left_out.get(gene, "not in the data"))
        for record in version.added
        for gene in record.missing
    ]
    return Answer(
        columns=DROPPED,
        rows=rows,
        json=lambda: {
            "version": version.name,
            "dropped": [dict(zip(("gene", "source", "reason"), row, strict=True)) for row in rows],
        },
        text=lambda: (
            output.table(DROPPED, rows) if rows else f"No gene was left out in {version.name}, as far as is recorded."
        ),
        paged=True,
    )


def _missing(version: Version) -> list[str]:
    lost = {", ".join(record.names): record.missing for record in version.added if record.missing}
    return [
        f"  {counted(len(genes), 'gene')} of {name} not on the panel: {some(genes[:8], most=8)}"
        + (" …" if len(genes) > 8 else "")
        for name, genes in lost.items()
    ]


def _json(version: Version, active: list[ActivePathway]) -> dict[str, object]:
    measured = version.entry.measured
    return {
        **versions.version_json(version),
        "anchor": measured.anchor,
        "since_anchor": measured.since_anchor,
        "rank_since_anchor": measured.rank_since,
        "probe": measured.probe,
        "guard": measured.guard,
        "source": version.source._asdict() if version.source else None,
        "missing": {", ".join(record.names): list(record.missing) for record in version.added if record.missing},
        "active": [
            {**names, "since": pathway.since, "units": pathway.record.units}
            for pathway in active
            for names in versions.pathway_json(pathway.record)
        ],
    }
