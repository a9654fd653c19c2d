"""Checking what versions need: the log, its commits, the bases, and the numbers of branches and tags."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import FormatError
from ...engine.network.covariance import DenseCovariance
from ...engine.network.stability import LARGEST_CONDITION, correlation_condition, ill_conditioned, probe
from ..files import hdf5, layout
from ..files.locations import DirectoryStore
from ..history.checking import check_commit, check_stored_genes
from ..networks import bases
from ..networks.base_checks import base_condition, check_base, largest_probe
from ..networks.reading import VersionReader
from .findings import Finding, read_problem, read_whole, within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..history.active import History
    from ..history.commits import Commit
    from ..history.ledger import Ledger
    from ..networks.bases import StoredBase
    from .findings import Meter, Report

COMMIT_BYTES = 3_000
"""The approximate size of a commit in the log, in bytes; progress is reported in shares of bytes."""

WORST_GROWTH = 100.0
"""The largest ratio of the probe's relative error now to its error when the version was written."""


def log_findings(ledger: Ledger) -> Iterator[Finding]:
    """Yield a finding for each file of the log that is damaged, and for each run of entries that is missing."""
    uncertain = tuple(_uncertain_refs(ledger))
    if not ledger.log.length:
        yield Finding("damage", layout.LOG, "The log is empty: the store was never finished.")
    for run in _damaged_runs(ledger):
        why, path = ledger.log.damage[run[0]], ledger.locations.entry(run[0]).path
        what = why.message
        if len(run) > 1 and why is not ledger.log.damage[run[-1]]:
            if isinstance(why, hdf5.Missing):
                what = f"Entries {run[0]:,} to {run[-1]:,} of the log are missing: {path} and those that follow."
            else:
                what += f" The same is true of its other entries to {run[-1]:,}."
        if _is_redundant(ledger, run):
            what += " Everything in it is in other files too: move it out of the store, and verify again."
        yield Finding("damage", within(ledger, path), what, versions_lost_with(ledger, run), uncertain)


def _is_redundant(ledger: Ledger, run: list[int]) -> bool:
    """Return whether all entries of a damaged pack also stand in files of their own, or in other packs."""
    locations = ledger.locations
    if not isinstance(locations, DirectoryStore) or locations.entry(run[0]).group == "/":
        return False
    pack = next(span for span in locations.packs if span[0] <= run[0] <= span[1])
    elsewhere = set(locations.loose()).union(
        *(range(first, last + 1) for first, last in locations.all_packs() if (first, last) != pack)
    )
    return elsewhere.issuperset(range(pack[0], pack[1] + 1))


def versions_lost_with(ledger: Ledger, run: list[int]) -> tuple[int, ...]:
    """Return the numbers of the versions that cannot be read because entries are damaged.

    These are the versions that the entries hold, and their descendants. Where files in a row are damaged, it is unknown
    which of them holds which version, and which of several lost versions a commit names as its parent.
    """
    history, damage = ledger.history, ledger.log.damage
    end = run[-1]
    while end not in ledger.losses and end + 1 in damage:
        end += 1
    lost = set(ledger.losses.get(end, ()))
    for commit in history.commits:
        number = history.number(commit.id)
        unknown = any(parent not in history for parent in commit.parents)
        if (unknown and lost and min(lost) < number) or any(
            parent in history and history.number(parent) in lost for parent in commit.parents
        ):
            lost.add(number)
    return tuple(sorted(lost))


def _damaged_runs(ledger: Ledger) -> list[list[int]]:
    """Return the numbers of damaged entries in runs: those of one file, and missing ones in a row, stand together."""
    runs: list[list[int]] = []
    damage, entry = ledger.log.damage, ledger.locations.entry
    for number in sorted(damage):
        last = runs[-1][-1] if runs else 0
        missing = last in damage and isinstance(damage[last], hdf5.Missing) and isinstance(damage[number], hdf5.Missing)
        together = last == number - 1 and (missing or entry(last).path == entry(number).path)
        if last and (together or damage[last] is damage[number]):
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _unreadable_versions(history: History) -> tuple[int, ...]:
    """Return the numbers of the versions that are lost, and of their descendants."""
    broken: set[int] = {number for number in range(history.length) if history.numbered(number) is None}
    for commit in history.commits:
        if any(parent not in history or history.number(parent) in broken for parent in commit.parents):
            broken.add(history.number(commit.id))
    return tuple(sorted(broken))


def _uncertain_refs(ledger: Ledger) -> Iterator[str]:
    kinds = (("", [layout.HEAD]), (layout.BRANCH, ledger.refs.branches), (layout.TAG, ledger.refs.tags))
    for kind, name in ((kind, name) for kind, names in kinds for name in names):
        try:
            ledger.refs.check(kind + name)
        except FormatError:
            yield name


def commit_findings(ledger: Ledger, meter: Meter, *, quick: bool) -> Iterator[Finding]:
    """Yield a finding for each commit whose record contradicts its history or the arrays of its pathways."""
    history, genes = ledger.history, _genes(ledger)
    broken = set(_unreadable_versions(history))

    def check(commit: Commit) -> None:
        check_commit(history, history.logged(commit.id))
        if not quick and commit.adds:
            pathways = ledger.log.pathways(commit.entry, set(commit.adds))
            check_stored_genes(list(pathways.values()), len(genes) or sys.maxsize)

    for commit in (commit for commit in history.commits if history.number(commit.id) not in broken):
        if wrong := read_problem(lambda commit=commit: check(commit)):
            path = within(ledger, ledger.locations.entry(commit.entry).path)
            yield Finding("damage", path, wrong, _descendants(history, {commit.id}))
        meter.add(COMMIT_BYTES)


def _genes(ledger: Ledger) -> Sequence[str]:
    """Return the genes of the panel, from the first base that can be read; none where no base can."""
    for base in dict.fromkeys(commit.base for commit in ledger.history.commits):
        with contextlib.suppress(FormatError, OSError):
            return bases.read_base(ledger.locations.base(base), base).panel.genes
    return ()


def base_findings(ledger: Ledger, meter: Meter, *, quick: bool) -> Iterator[Finding]:
    """Yield a finding for each base that is missing, damaged or of another panel."""
    used, genes = {commit.base for commit in ledger.history.commits}, _genes(ledger)

    def check(base: str) -> None:
        location = ledger.locations.base(base)
        stored = bases.read_base(location, base)
        if stored.panel.genes != genes:
            raise FormatError(f"{location} is of another panel than the first version's base.")
        read_whole(location, layout.BASE, quick=quick, meter=meter)

    for base in sorted(used.union(ledger.locations.bases())):
        if wrong := read_problem(lambda base=base: check(base)):
            needing = {commit.id for commit in ledger.history.commits if commit.base == base}
            versions = tuple(sorted(map(ledger.history.number, needing)))
            path = within(ledger, ledger.locations.base(base).path)
            yield Finding("damage" if base in used else "note", path, wrong, versions)


def number_findings(ledger: Ledger, report: Report) -> Iterator[Finding]:
    """Yield a finding for each branch or tag whose precision is not the inverse of its covariance, or is hardly so.

    Where a base is at fault, that is named, and not what stands on it.
    """
    history = ledger.history
    reader = VersionReader(ledger.log, history)
    wrong_bases = list(_base_number_findings(ledger, reader, report))
    yield from wrong_bases
    wrong_versions = {number for finding in wrong_bases for number in finding.versions}
    conditions = dict[str, float]()
    tips = {commit: None for refs in (ledger.refs.branches, ledger.refs.tags) for commit in sorted(refs.values())}
    for commit in (tip for tip in tips if history.number(tip) in set(report.whole) - wrong_versions):
        name = f"v{history.number(commit)}"
        path = within(ledger, ledger.locations.entry(history[commit].entry).path)

        def check(commit: str = commit, name: str = name) -> None:
            recipes = (reader.recipe(commit), reader.recipe(commit, from_base=True))
            report.residuals[name] = probe(*(reader.snapshot(recipe, name=name) for recipe in recipes))

        if wrong := read_problem(check):
            yield Finding("damage", path, f"{name} cannot be read: {wrong}", (history.number(commit),))
            continue
        measured, base = history.logged(commit).measured, history[commit].base
        now, then = report.residuals[name], measured.probe
        if base not in conditions:
            conditions[base] = base_condition(reader.base(base))
        most = largest_probe(conditions[base], measured.guard)
        if then is not None:
            most = min(most, WORST_GROWTH * max(then, float(np.finfo(float).eps)))
        if not now <= most:
            earlier = "" if then is None else f"; it was {then:.1e}"
            what = f"The precision of {name} is wrong by {now:.1e}{earlier}. At most {most:.1e} is sound."
            yield Finding("damage", path, what, (history.number(commit),))


def _base_number_findings(ledger: Ledger, reader: VersionReader, report: Report) -> Iterator[Finding]:
    """Yield a finding for each base, of versions that can be read, that is no covariance with its inverse."""
    needing: dict[str, list[int]] = {}
    for commit in ledger.history.commits:
        number = ledger.history.number(commit.id)
        if number in report.whole:
            needing.setdefault(commit.base, []).append(number)
    for base, versions in sorted(needing.items()):
        location = ledger.locations.base(base)
        if wrong := read_problem(lambda base=base, location=location: _check_numbers(reader.base(base), str(location))):
            yield Finding("damage", within(ledger, location.path), wrong, tuple(versions))


def _check_numbers(base: StoredBase, name: str) -> None:
    """Refuse a base that is no covariance with its inverse, or whose inverse has fewer than four digits."""
    if isinstance(base.covariance, DenseCovariance):
        condition = correlation_condition(base.covariance)
        if not condition <= LARGEST_CONDITION:
            raise ill_conditioned(base.covariance, condition)
    check_base(base, name)


def _descendants(history: History, commits: set[str]) -> tuple[int, ...]:
    """Return the numbers of commits and of all their descendants."""
    ids = set(commits)
    for commit in history.commits:
        if ids.intersection(commit.parents):
            ids.add(commit.id)
    return tuple(sorted(history.number(id_) for id_ in ids))
