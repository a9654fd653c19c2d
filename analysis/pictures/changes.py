"""The largest changes between two versions, for a figure of bars."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ...engine.errors import InputError, check_count
from ...engine.network.pairs.edge_rule import EdgeRule
from ..ranking import compare_ranked, shared_ranking

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...engine.choices import RankBy
    from ...engine.network.comparison.difference import Difference
    from ...engine.network.snapshot import Snapshot
    from ...storage.repository import Repository

USUAL_CHANGES, MOST_CHANGES = 20, 50
"""Number of changes that are shown by default, and the most whose names can be read."""


def largest_changes(
    repo: Repository,
    before: str,
    after: str,
    *,
    top: int | None = None,
    rank_by: RankBy | None = None,
    progress: Callable[[float], None] | None = None,
) -> Difference:
    """Return the comparison of two versions with its largest changes of strength, as `grn diff --by abs` lists them.

    Parameters
    ----------
    repo : Repository
        The store.
    before, after : str
        Two versions.
    top : int, optional
        How many changes; `USUAL_CHANGES` by default.
    rank_by : {"score", "rho", "clr"}, optional
        The strength; the score where the base has one, else |ρ|, by default.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.

    Raises
    ------
    InputError
        They are too many for a figure.
    """
    check_count("changes", top, 1)
    number = top or USUAL_CHANGES
    if number > MOST_CHANGES:
        raise InputError(
            f"A figure shows at most {MOST_CHANGES} changes, and {number:,} are asked for.",
            code="too-many-changes-to-draw",
            facts={"most": MOST_CHANGES},
        )
    first, second = map(repo.version, (before, after))
    # Equal content is one network, and must not differ by the rounding of another anchor.
    names = (first.name, first.name if first.content == second.content else second.name)
    ranking = shared_ranking(repo.base(names[0]), repo.base(names[1]), rank_by, threshold=None)
    rule = EdgeRule("top", len(repo.panel))
    reads = [partial(_read, repo, name) for name in names]
    difference = compare_ranked(reads, ranking, rule, changes=number, by="abs", progress=progress)
    return replace(difference, names=(first.name, second.name))


def _read(repo: Repository, name: str, penalty: float) -> Snapshot:
    return repo.snapshot(name, penalty=penalty)
