"""Verifying what versions rest on: the log, its commits, the bases, and the numbers of branches and tags."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import FormatError
from ...engine.network.stability import probe
from ..files import hdf5, layout
from ..files.locations import DirectoryStore
from ..history.checking import check_commit, check_stored_genes
from ..networks import bases
from ..networks.reading import Reader
from .findings import Finding, read_problem, read_whole, within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..history.active import History
    from ..history.commits import Commit
    from ..history.ledger import Ledger
    from .findings import Meter, Report

OF_A_COMMIT = 3_000
"""About how many bytes of the log a commit takes; what there is to read is told in shares of bytes."""

WORSE = 100.0
"""A version's numbers are wrong when the probe finds so many times what it found when the version was written."""

LARGEST_ERROR = 1e-6
"""The same, where nothing was found then: a relative error of the precision."""


def log_findings(ledger: Ledger) -> Iterator[Finding]:
    """Yield a finding for each file of the log that is damaged, and for each run of entries that is missing."""
    uncertain = tuple(_uncertain(ledger))
    if not ledger.log.length:
        yield Finding("damage", layout.LOG, "The log is empty: the store was never finished.")
    for run in _damaged_runs(ledger):
        why, path = ledger.log.damage[run[0]], ledger.locations.entry(run[0]).path
        what = why.message
        if len(run) > 1 and why is not ledger.log.damage[run[-1]]:
            if isinstance(why, hdf5.Missing):
                what = f"Entries {run[0]:,} to {run[-1]:,} of the log are missing: {path} and those that follow."
            else:
                what += f" So it is with its other entries to {run[-1]:,}."
        if _stand_elsewhere(ledger, run):
            what += " All that it holds stands in other files too: move it out of the store, and verify again."
        yield Finding("damage", within(ledger, path), what, lost_with(ledger, run), uncertain)


def _stand_elsewhere(ledger: Ledger, run: list[int]) -> bool:
    """Return whether the entries of a pack that is damaged stand in files of their own, or in other packs, as well."""
    places = ledger.locations
    if not isinstance(places, DirectoryStore) or places.entry(run[0]).group == "/":
        return False
    pack = next(one for one in places.packs if one[0] <= run[0] <= one[1])
    elsewhere = set(places.loose())
    for first, last in places.all_packs():
        if (first, last) != pack:
            elsewhere.update(range(first, last + 1))
    return set(range(pack[0], min(pack[1], max(elsewhere, default=0)) + 1)) <= elsewhere


def lost_with(ledger: Ledger, run: list[int]) -> tuple[int, ...]:
    """Return the numbers of the versions that cannot be read for want of damaged entries.

    Those that the entries brought, and what descends from them. Where files one after another are damaged, nobody knows
    which of them brought which; nor which of several lost versions it is that a commit names as its parent.
    """
    history, damage = ledger.history, ledger.log.damage
    end = run[-1]
    while end not in ledger.losses and end + 1 in damage:
        end += 1
    lost = set(ledger.losses.get(end, ()))
    for commit in history.commits:
        number = history.number(commit.id)
        unknown = any(one not in history for one in commit.parents)
        if (unknown and lost and min(lost) < number) or any(
            one in history and history.number(one) in lost for one in commit.parents
        ):
            lost.add(number)
    return tuple(sorted(lost))


def _damaged_runs(ledger: Ledger) -> list[list[int]]:
    """Return the numbers of damaged entries, those together that are missing or stand in one file."""
    runs: list[list[int]] = []
    damage, entry = ledger.log.damage, ledger.locations.entry
    for number in sorted(damage):
        last = runs[-1][-1] if runs else 0
        missing = last in damage and all(isinstance(damage[one], hdf5.Missing) for one in (last, number))
        together = last == number - 1 and (missing or entry(last).path == entry(number).path)
        if last and (together or damage[last] is damage[number]):
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _unreadable(history: History) -> tuple[int, ...]:
    """Return the numbers of the versions that are lost, or descend from one that is."""
    broken: set[int] = {number for number in range(history.length) if history.numbered(number) is None}
    for commit in history.commits:
        if any(one not in history or history.number(one) in broken for one in commit.parents):
            broken.add(history.number(commit.id))
    return tuple(sorted(broken))


def _uncertain(ledger: Ledger) -> Iterator[str]:
    names = {layout.HEAD: layout.HEAD}
    names |= {layout.BRANCH + one: one for one in ledger.refs.branches} | {
        layout.TAG + one: one for one in ledger.refs.tags
    }
    for ref, name in names.items():
        try:
            ledger.refs.check(ref)
        except FormatError:
            yield name


def commit_findings(ledger: Ledger, meter: Meter, *, quick: bool) -> Iterator[Finding]:
    """Yield a finding for each commit whose claims its history, or its pathways' numbers, do not bear out."""
    history, genes = ledger.history, _genes(ledger)
    broken = set(_unreadable(history))

    def check(commit: Commit) -> None:
        check_commit(history, history.logged(commit.id))
        if not quick and commit.adds:
            pathways = ledger.log.pathways(commit.entry, set(commit.adds))
            check_stored_genes(list(pathways.values()), len(genes) or sys.maxsize)

    for commit in (one for one in history.commits if history.number(one.id) not in broken):
        if wrong := read_problem(lambda commit=commit: check(commit)):
            path = within(ledger, ledger.locations.entry(commit.entry).path)
            yield Finding("damage", path, wrong, _descending(history, {commit.id}))
        meter.add(OF_A_COMMIT)


def _genes(ledger: Ledger) -> tuple[str, ...]:
    """Return the genes of the panel, by the first base that can be read; none where no base can."""
    for base in dict.fromkeys(commit.base for commit in ledger.history.commits):
        with contextlib.suppress(FormatError, OSError):
            return bases.read(ledger.locations.base(base), base).panel.genes
    return ()


def base_findings(ledger: Ledger, meter: Meter, *, quick: bool) -> Iterator[Finding]:
    """Yield a finding for each base that is missing, damaged or of another panel."""
    used, genes = {commit.base for commit in ledger.history.commits}, _genes(ledger)

    def check(base: str) -> None:
        place = ledger.locations.base(base)
        if bases.read(place, base).panel.genes != genes:
            raise FormatError(f"{place} is of another panel than the first version's base.")
        read_whole(place, layout.BASE, quick=quick, meter=meter)

    for base in sorted(used.union(ledger.locations.bases())):
        if wrong := read_problem(lambda base=base: check(base)):
            needing = {commit.id for commit in ledger.history.commits if commit.base == base}
            versions = tuple(sorted(ledger.history.number(one) for one in needing))
            path = within(ledger, ledger.locations.base(base).path)
            yield Finding("damage" if base in used else "note", path, wrong, versions)


def number_findings(ledger: Ledger, report: Report) -> Iterator[Finding]:
    """Yield a finding for each branch or tag whose precision is not the inverse of its covariance."""
    history = ledger.history
    reader = Reader(ledger.log, history)
    tips = {commit: None for refs in (ledger.refs.branches, ledger.refs.tags) for commit in sorted(refs.values())}
    for commit in (one for one in tips if history.number(one) in report.whole):
        name = f"v{history.number(commit)}"
        path = within(ledger, ledger.locations.entry(history[commit].entry).path)

        def check(commit: str = commit, name: str = name) -> None:
            snapshots = [reader.snapshot(reader.recipe(commit, from_base=one), name=name) for one in (False, True)]
            report.residuals[name] = probe(*snapshots)

        if wrong := read_problem(check):
            yield Finding("damage", path, f"{name} cannot be read: {wrong}", (history.number(commit),))
            continue
        found, then = report.residuals[name], history.logged(commit).measured.probe
        most = LARGEST_ERROR if then is None else WORSE * max(then, float(np.finfo(float).eps))
        if found > most:
            said = f"The precision of {name} is wrong by {found:.1e}" + (
                "" if then is None else f"; it was {then:.1e}."
            )
            yield Finding("damage", path, said, (history.number(commit),))


def _descending(history: History, commits: set[str]) -> tuple[int, ...]:
    """Return the numbers of commits and of all that descend from them."""
    found = set(commits)
    for commit in history.commits:
        if found.intersection(commit.parents):
            found.add(commit.id)
    return tuple(sorted(history.number(one) for one in found))
