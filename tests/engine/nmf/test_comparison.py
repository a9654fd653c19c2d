"""What becomes of modules between two analyses, how far genes move, and whether chance alone moves them as far."""

from __future__ import annotations

import numpy as np
import pytest
from grnledger.engine.nmf.modules.comparison import Movement, align_modules, membership_distances, module_changes
from grnledger.engine.nmf.modules.membership import memberships
from grnledger.engine.nmf.solvers.factorization import Factorization


def made_of(*groups: list[int], genes: int = 12) -> Factorization:
    """A factorization whose modules have these genes, in equal parts."""
    modules = np.zeros((genes, len(groups)))
    for index, group in enumerate(groups):
        modules[group, index] = 1.0 / len(group)
    usage = np.array([[float(len(group))] * 3 for group in groups])
    return Factorization(modules, usage, 1.0, np.ones(1), 0.0, converged=True, seed=0)


ALL = list(range(12))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((ALL[:6], ALL[6:]), (ALL[6:], ALL[:6]), [("matched", 0, 1), ("matched", 1, 0)]),
        ((ALL[:8], ALL[8:]), (ALL[:5], ALL[5:8], ALL[8:]), [("matched", 0, 0), ("matched", 1, 2), ("split", 0, 1)]),
        ((ALL[:5], ALL[5:8], ALL[8:]), (ALL[:8], ALL[8:]), [("matched", 0, 0), ("matched", 2, 1), ("merged", 1, 0)]),
        (
            (ALL[:4], ALL[4:8], ALL[8:]),
            (ALL[:4], ALL[4:8], [8], [9, 10, 11]),
            [("matched", 0, 0), ("matched", 1, 1), ("matched", 2, 3), ("split", 2, 2)],
        ),
        (
            (ALL[:3], ALL[3:6], ALL[6:9], ALL[9:]),
            (ALL[:3], ALL[3:6], ALL[6:9], [0, 3, 6]),
            [("matched", 0, 0), ("matched", 1, 1), ("matched", 2, 2), ("gained", -1, 3), ("lost", 3, -1)],
        ),
        (
            (ALL[:4], ALL[4:9], ALL[9:]),
            (ALL[:4], ALL[4:]),
            [("matched", 0, 0), ("matched", 1, 1), ("merged", 2, 1)],
        ),
        ((ALL[:2],), (ALL,), [("merged", 0, 0)]),  # one has most of the other, and not each of the other
        ((ALL,), (ALL[:2],), [("split", 0, 0)]),
    ],
)
def test_what_became_of_each_module(
    before: tuple[list[int], ...], after: tuple[list[int], ...], expected: list[tuple[str, int, int]]
) -> None:
    changes = module_changes(made_of(*before), made_of(*after))
    assert [(change.fate, change.before, change.after) for change in changes] == expected
    assert all((change.cosine > 0.0) == (change.fate == "matched") for change in changes)


def test_the_distance_of_a_gene_is_the_share_of_it_that_is_elsewhere() -> None:
    before = made_of(ALL[:6], ALL[6:])
    after = made_of([*ALL[7:], 5], [*ALL[:5], 6])  # 5 and 6 change places, and so do the modules
    changes = module_changes(before, after)
    assert [(change.before, change.after) for change in changes] == [(0, 1), (1, 0)]
    moved = membership_distances(changes, memberships(before), memberships(after))
    assert moved.tolist() == [0.0] * 5 + [1.0, 1.0] + [0.0] * 5
    more = made_of(ALL[:6], ALL[6:9], ALL[9:])
    changes = module_changes(before, more)
    assert align_modules(changes, memberships(before), memberships(more)).shape == (12, 3)
    assert membership_distances(changes, memberships(before), memberships(more)).sum() == pytest.approx(3.0)


def test_a_gene_has_moved_farther_than_resampling_moves_it() -> None:
    resamples = np.tile(np.linspace(0.0, 0.2, 100), (19, 1))
    still = Movement(np.full(100, 0.1), resamples)
    assert still.cut == pytest.approx(0.19, abs=0.002)
    assert (still.moved.sum(), still.by_chance, still.p_value) == (0, pytest.approx(5.0), 1.0)
    by_chance = Movement(np.r_[np.full(5, 0.3), np.zeros(95)], resamples)
    assert by_chance.moved.sum() == 5
    assert not by_chance.is_distinguishable
    changed = Movement(np.r_[np.full(10, 0.3), np.zeros(90)], resamples)
    assert changed.p_value == pytest.approx(1 / 20)
    assert changed.is_distinguishable
    assert not Movement(changed.distance, resamples[:18]).is_distinguishable  # too few to tell
    uncut = Movement(np.ones(100), np.empty((0, 100)))
    assert np.isnan(uncut.cut)
    assert np.isnan(uncut.p_value)
    assert not uncut.moved.any()


def test_a_version_differs_from_its_own_resamples_one_time_in_twenty() -> None:
    # Genes move together: in each drawing by a scale of its own, so that one of them may hold most of what is far.
    stream = np.random.default_rng(5)
    distinguished = 0
    for _ in range(400):
        scale = stream.lognormal(0.0, 1.0, 20)[:, None]
        drawn = np.minimum(scale * stream.random((20, 60)) * 0.1, 1.0)
        distinguished += Movement(drawn[0], drawn[1:]).is_distinguishable
    assert distinguished <= 33  # of 400 at .05; 33 or fewer in 99 of 100 cases
