"""Where the numbers of a report come from: bases, files with their hashes, software, and analyses that are kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ...engine.wording import counted
from ...storage.networks.base_facts import base_facts
from ...storage.networks.provenance import software
from ..nmf import kept
from .report import Provenance, ReportedAnalysis, SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ...storage.history.commits import SourceFacts
    from ...storage.history.records import Parameter, SourceRecord
    from ...storage.history.versions import Version
    from ...storage.repository import Repository


SHOWN = ("input", "rank", "restarts", "seed", "held_out", "converged", "divergence")
"""Of an analysis, the parameters and results that a report names."""


def provenance_of(repo: Repository, versions: Sequence[Version]) -> Provenance:
    """Return where the numbers of versions come from, the later one first."""
    by_base: dict[str, list[str]] = {}
    for version in versions:
        by_base.setdefault(version.base, []).append(version.name)
    bases = {names[0]: repo.base(names[0]) for names in by_base.values()}
    facts = tuple(
        (" and ".join(reversed(names)), (("id", base_id), *base_facts(bases[names[0]])))
        for base_id, names in by_base.items()
    )
    sources = [
        _source(f"base of {' and '.join(reversed(names))}", record)
        for names in by_base.values()
        if (record := bases[names[0]].record.source) is not None
    ]
    newest = bases[versions[0].name].record
    packages = {"base": dict(newest.software), "report": {**software(), "Python": sys.version.split()[0]}}
    return Provenance(facts, (*sources, *_pathway_files(repo, versions)), packages, newest.notes)


def analyses_of(repo: Repository, versions: Sequence[Version]) -> tuple[ReportedAnalysis, ...]:
    """Return the NMF analyses that the store keeps of versions and of their bases, the newest first."""
    of = {version.base: f"the base of {version.name}" for version in versions}
    of |= {version.content: version.name for version in versions}
    return tuple(
        ReportedAnalysis(
            artifact.key,
            of[artifact.record.content],
            artifact.record.source,
            artifact.record.time,
            artifact.record.author + (f", elsewhere ({artifact.elsewhere})" if artifact.elsewhere else ""),
            _shown({**artifact.record.parameters, **artifact.record.facts}),
        )
        for artifact in kept.kept_of(repo.artifacts, of)
    )


def _shown(facts: Mapping[str, Parameter]) -> dict[str, Parameter]:
    return {name: facts[name] for name in SHOWN if facts.get(name) is not None}


def _pathway_files(repo: Repository, versions: Sequence[Version]) -> Iterator[SourceFile]:
    """Yield the files that the active pathways were read from, in the order of the versions that added them."""
    since = {active.since for version in versions for active in repo.active(version.name)}
    for name in sorted(since, key=lambda name: int(name[1:])):
        version = repo.version(name)
        if version.source is not None:
            yield _source(f"{counted(len(version.added), 'pathway')} of {name}", version.source)


def _source(what: str, record: SourceFacts | SourceRecord) -> SourceFile:
    return SourceFile(what, record.file, record.sha256, record.parameters)
