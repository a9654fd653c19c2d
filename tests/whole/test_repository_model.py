"""Random programs of versions against a naive model: lists of dense matrices, and sets that are merged as sets.

The model shares nothing with the product's history. A version of it is three frozen sets: what is alive, what was
ever dropped, and its ancestors. Every rule does one thing to a real store and to the model; what the model says must
happen, must happen: the same active pathways, the same refusals, Σ and Θ as dense algebra gives them, and one content
id for each set.
"""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import Conflict, InputError, NotFound, NotPositiveDefinite
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.pathway import Pathway
from grnledger.storage import new_base
from grnledger.storage.networks import anchors
from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = 12
GENES = tuple(f"GENE{number}" for number in range(SIZE))
EPS = float(np.finfo(np.float64).eps)
BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)


def make_base() -> FactorCovariance:
    rng = np.random.default_rng(21)
    return FactorCovariance(rng.uniform(0.4, 1.0, SIZE), 0.5 * rng.normal(size=(SIZE, 2)))


def make_bases() -> list[FactorCovariance]:
    """The first base, and two others, like those of other conditions."""
    first, rng = make_base(), np.random.default_rng(22)
    scales = [rng.uniform(0.8, 1.3, SIZE) for _ in range(2)]
    return [first, *(FactorCovariance(first.noise * scale, -first.loadings * scale[:, None]) for scale in scales)]


BASES = make_bases()
BASE = BASES[0]
DENSE_BASES = [np.diag(base.noise) + base.loadings @ base.loadings.T for base in BASES]
DENSE_BASE = DENSE_BASES[0]


def make_pool() -> list[Pathway]:
    """Ten pathways: two of one name, two tied columns, both units, and three that take away.

    Of `taken-a` and `taken-b` each leaves a covariance, and both together none; `taken-c` takes what `myc` brings.
    """
    rng = np.random.default_rng(20)
    inverse = np.linalg.inv(DENSE_BASE)

    def draw(columns: int = 1) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Genes and loadings with xᵀΘx = 1 for each column x."""
        genes = np.sort(rng.choice(SIZE, size=4, replace=False))
        loadings = rng.uniform(0.5, 1.5, size=(4, columns)) * rng.choice([-1.0, 1.0], size=(4, columns))
        weight = np.einsum("ik,ij,jk->k", loadings, inverse[np.ix_(genes, genes)], loadings)
        return genes, loadings / np.sqrt(weight)

    def one(name: str, drawn: tuple[NDArray[np.intp], NDArray[np.float64]], weight: float, sign: int = 1) -> Pathway:
        genes, loadings = drawn
        return Pathway((name,), genes, np.sqrt(weight) * loadings, 1 if sign == 1 else -1, "raw")

    indices, columns = draw(2)
    tied = Pathway(("stat-1", "stat-2"), indices, columns, 1, "raw", np.array([[1.0, 0.4], [0.4, 0.7]]))
    genes, loadings = draw()
    in_deviations = Pathway(("mapk",), genes, loadings / np.sqrt(np.diag(DENSE_BASE))[genes, np.newaxis], 1, "sd")
    myc, taken = draw(), draw()
    return [
        one("p53", draw(), 0.5),
        one("p53", draw(), 0.8),
        one("nfkb", draw(), 0.4),
        one("wnt", draw(), 1.2),
        in_deviations,
        tied,
        one("myc", myc, 3.0),
        one("taken-a", taken, 0.6, -1),
        one("taken-b", taken, 0.7, -1),
        one("taken-c", myc, 3.5, -1),
    ]


POOL = make_pool()
MYC, TAKEN_A, TAKEN_B, TAKEN_C = 6, 7, 8, 9
KEYS = range(len(POOL))


def dense(keys: Iterable[int], base: int = 0) -> NDArray[np.float64]:
    """The covariance of a base and these pathways of the pool, added up one by one."""
    total = DENSE_BASES[base].copy()
    for key in keys:
        pathway = POOL[key]
        column = np.zeros((SIZE, len(pathway.names)))
        column[pathway.genes] = pathway.loadings
        if pathway.units == "sd":
            column *= np.sqrt(np.diag(DENSE_BASES[base]))[:, np.newaxis]
        middle = np.eye(len(pathway.names)) if pathway.covariance is None else pathway.covariance
        total += pathway.sign * column @ middle @ column.T
    return total


def exists(keys: Iterable[int], base: int) -> bool:
    return bool(np.linalg.eigvalsh(dense(keys, base))[0] > 0)


@pytest.mark.parametrize("base", range(len(BASES)))
def test_the_pool_has_sets_that_exist_and_sets_that_do_not_and_none_on_the_verge(base: int) -> None:
    smallest = [
        np.linalg.eigvalsh(dense(keys, base))[0]
        for size in range(len(POOL))
        for keys in itertools.combinations(KEYS, size)
    ]
    assert min(map(abs, smallest)) > 1e-5
    refused = np.mean(np.array(smallest) < 0)
    assert 0.1 < refused < 0.6


Token = tuple[int, int]
"""One adding: the version that did it, and the pathway's place in the pool."""


@dataclass(frozen=True)
class Truth:
    """A version as the model knows it."""

    alive: frozenset[Token] = frozenset()
    dropped: frozenset[Token] = frozenset()
    ancestors: frozenset[int] = frozenset()
    parents: tuple[int, ...] = ()
    bases: frozenset[Token] = frozenset({(0, 0)})
    seen_bases: frozenset[Token] = frozenset()

    @property
    def base(self) -> int:
        """Its base: settings of it, less those that a later one has seen, are of one."""
        (base,) = {base for _, base in self.bases}
        return base

    @property
    def keys(self) -> frozenset[int]:
        return frozenset(key for _, key in self.alive)


@dataclass
class Model:
    """What the store should hold: versions in order, what the very same commit was called, and refs."""

    versions: list[Truth] = field(default_factory=lambda: [Truth(ancestors=frozenset({0}))])
    made: dict[Any, int] = field(default_factory=dict[Any, int])
    branches: dict[str, int] = field(default_factory=lambda: {"main": 0})
    tags: dict[str, int] = field(default_factory=dict[str, int])
    head: str = "main"
    last: str = ""

    @property
    def tip(self) -> Truth:
        return self.versions[self.branches[self.head]]

    def write(
        self,
        branch: str,
        parents: tuple[int, ...],
        adds: tuple[int, ...],
        drops: frozenset[Token],
        how: Any,
        base: int | None = None,
    ) -> int:
        """Make a version, or find the very same one, and move a branch there."""
        self.last = how[0]
        number = self.made.setdefault((parents, adds, drops, how, base), len(self.versions))
        if number == len(self.versions):
            several = [self.versions[parent] for parent in parents]
            dropped = drops.union(*(version.dropped for version in several))
            alive = frozenset((number, key) for key in adds).union(*(version.alive for version in several)) - dropped
            ancestors = frozenset({number}).union(*(version.ancestors for version in several))
            seen = frozenset[Token]().union(*(version.seen_bases for version in several))
            bases = frozenset[Token]().union(*(version.bases for version in several)) - seen
            if base is not None:
                bases, seen = frozenset({(number, base)}), seen | bases
            self.versions.append(Truth(alive, dropped, ancestors, parents, bases, seen))
        self.branches[branch] = number
        return number

    def brought(self, number: int) -> tuple[frozenset[int], frozenset[int]]:
        """Which pathways a version has that its first parent has not, and the other way round."""
        after = self.versions[number].keys
        before = self.versions[self.versions[number].parents[0]].keys if number else after
        return after - before, before - after


def names_of(keys: Iterable[int]) -> set[str]:
    return {name for key in keys for name in POOL[key].names}


class Programs(RuleBasedStateMachine):
    """Programs over one store."""

    factors: ClassVar[bool]
    folder: ClassVar[Path]
    runs: ClassVar[Iterable[int]]

    def __init__(self) -> None:
        super().__init__()
        self.path = self.folder / f"{next(iter(self.runs))}.grn"
        self.model = Model()
        self.seconds = 0
        self.lost_cache = False
        self.seen: dict[int, bytes] = {}
        source: dict[str, Any] = {"factor_model": BASE} if self.factors else {"covariance": DENSE_BASE}
        self.repo = grnledger.init(self.path, genes=GENES, author="ada", time=BEGINNING, **source)

    # What may be done

    @initialize(
        main=st.sampled_from([[[0], [4]], [[0, MYC], [TAKEN_C]], [[0, TAKEN_A]]]),
        side=st.sampled_from([[[0, 3]], [[1], [2]], [[0], [TAKEN_B]]]),
    )
    def begin(self, main: list[list[int]], side: list[list[int]]) -> None:
        """Two branches that have gone apart, so that there is something to merge, revert and pick."""
        self.check_numbers(0)
        self.create(self.repo.create_branch, self.model.branches, "drug-a", 0)
        for branch, several in (("main", main), ("drug-a", side)):
            self.open_again("later")  # equal pathways on both sides shall be two events
            for keys in several:
                self.commit_to(branch, keys)

    @rule(pick=st.integers(0, 99), where=st.integers(0, 5))
    def commit_what_is_free(self, pick: int, where: int) -> None:
        branch = self.some([self.model.head, *sorted(self.model.branches)], where)
        taken = names_of(self.model.versions[self.model.branches[branch]].keys)
        free = [key for key in KEYS if not taken.intersection(POOL[key].names)]
        self.commit_to(branch, [free[pick % len(free)]] if free else [0])

    @rule(keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=3, unique=True))
    def commit_anything(self, keys: list[int]) -> None:
        self.commit_to(self.model.head, keys)

    def commit_to(self, branch: str, keys: list[int]) -> None:
        tip = self.model.branches[branch]
        here = self.model.versions[tip].keys
        wrong = self.what_is_wrong(set(keys), here, self.model.versions[tip].base)
        if self.does(lambda: self.repo.commit([POOL[key] for key in keys], message="commit", branch=branch), wrong):
            self.model.write(branch, (tip,), tuple(keys), frozenset(), ("commit", self.seconds))

    @rule(pick=st.integers(0, 99))
    def revert(self, pick: int) -> None:
        self.change(self.repo.revert, pick, None, forward=False)

    @rule(pick=st.integers(0, 99), only=st.integers(0, 9))
    def revert_one_pathway(self, pick: int, only: int) -> None:
        self.change(self.repo.revert, pick, only, forward=False)

    @rule(pick=st.integers(0, 99), where=st.integers(0, 5))
    def revert_and_merge(self, pick: int, where: int) -> None:
        """What was dropped here may have been added there as well."""
        self.revert(pick)
        self.merge_a_branch(where)

    @rule(pick=st.integers(0, 99), only=st.none() | st.integers(0, 9))
    def cherry_pick(self, pick: int, only: int | None) -> None:
        self.change(self.repo.cherry_pick, pick, only, forward=True)

    def change(self, step: Callable[..., object], pick: int, index: int | None, *, forward: bool) -> None:
        """Undo or do again what a version brought, or one name of it: the index-th, or one that it has not."""
        number = pick % len(self.model.versions)
        came, went = self.model.brought(number)
        only = None if index is None else self.some([*sorted(names_of(came | went)), "unknown"], index)

        def real() -> object:
            return step(f"v{number}", only=[] if only is None else [only], message="change")

        if not self.model.versions[number].parents or only == "unknown":
            self.does(real, InputError if not self.model.versions[number].parents else NotFound)
            return
        if only is not None:
            came, went = (frozenset(key for key in keys if only in POOL[key].names) for keys in (came, went))
        wanted, unwanted = (came, went) if forward else (went, came)
        adds = wanted - self.model.tip.keys
        drops = frozenset(token for token in self.model.tip.alive if token[1] in unwanted)
        here = base = self.model.tip.base
        if only is None:
            sides = [self.model.versions[which].base for which in (self.model.versions[number].parents[0], number)]
            source, target = sides if forward else sides[::-1]
            if source != target and here not in (source, target):
                self.does(real, Conflict)
                return
            base = here if source == target else target
        wrong = self.what_is_wrong(adds, self.model.tip.keys - unwanted, base)
        if not adds and not drops and base == here:
            wrong = InputError
        tip = self.model.branches[self.model.head]
        if self.does(real, wrong):
            how, new = ("change", self.seconds), None if base == here else base
            self.model.write(self.model.head, (tip,), tuple(sorted(adds)), drops, how, new)

    @rule(base=st.sampled_from(range(len(BASES))), where=st.integers(0, 5))
    def set_base(self, base: int, where: int) -> None:
        branch = self.some([self.model.head, *sorted(self.model.branches)], where)
        tip = self.model.branches[branch]
        truth = self.model.versions[tip]
        new = new_base.from_factor_model(BASES[base], genes=GENES)
        if base == 0 and not self.factors:
            new = new_base.from_covariance(DENSE_BASE, genes=GENES)
        wrong = InputError if truth.base == base else None if exists(truth.keys, base) else NotPositiveDefinite
        if self.does(lambda: self.repo.set_base(new, message="base", branch=branch), wrong):
            self.model.write(branch, (tip,), (), frozenset(), ("base", self.seconds), base)

    @rule(pick=st.integers(0, 99), fast_forward=st.booleans())
    def merge(self, pick: int, *, fast_forward: bool) -> None:
        self.merge_version(pick % len(self.model.versions), fast_forward=fast_forward)

    @rule(pick=st.integers(0, 5))
    def merge_a_branch(self, pick: int) -> None:
        self.merge_version(self.model.branches[self.some(sorted(self.model.branches), pick)], fast_forward=True)

    def merge_version(self, theirs: int, *, fast_forward: bool) -> None:
        ours = self.model.branches[self.model.head]
        left, right = self.model.versions[ours], self.model.versions[theirs]

        def real() -> object:
            return self.repo.merge(f"v{theirs}", message="merge", fast_forward=fast_forward)

        if theirs in left.ancestors:
            assert self.does(real)
        elif fast_forward and ours in right.ancestors:
            assert self.does(real)
            self.model.branches[self.model.head] = theirs
        else:
            alive = (left.alive | right.alive) - left.dropped - right.dropped
            bases = {base for _, base in (left.bases | right.bases) - left.seen_bases - right.seen_bases}
            if len(bases) > 1:
                self.does(real, Conflict)
                return
            fine = exists({key for _, key in alive}, *bases)
            if self.does(real, None if fine else NotPositiveDefinite):
                number = self.model.write(self.model.head, (ours, theirs), (), frozenset(), ("merge", self.seconds))
                if ours not in right.ancestors:
                    self.merges_alike_from_the_other_side(number)

    def merges_alike_from_the_other_side(self, number: int) -> None:
        """Merge the other way round on a copy of the store: the same content id and the same bits."""
        ours, theirs = self.model.versions[number].parents
        copy = self.path.with_suffix(".copy")
        shutil.copytree(self.path, copy)
        other = grnledger.open(copy, author="ada", time=BEGINNING)
        other.rollback(f"v{theirs}")
        mirrored = other.merge(f"v{ours}", message="merge", fast_forward=False)
        original = self.repo.version(f"v{number}")
        assert mirrored.content == original.content
        assert other.snapshot().precision.to_dense().tobytes() == self.bits(number)
        shutil.rmtree(copy)

    @rule(pick=st.integers(0, 99))
    def rollback(self, pick: int) -> None:
        number = pick % len(self.model.versions)
        assert self.does(lambda: self.repo.rollback(f"v{number}"))
        self.model.branches[self.model.head] = number

    @rule(name=st.sampled_from(["drug-a", "drug-b", "paper"]), pick=st.integers(0, 99), branch=st.booleans())
    def branch_or_tag(self, name: str, pick: int, *, branch: bool) -> None:
        step, names = self.repo.create_tag, self.model.tags
        if branch:
            step, names = self.repo.create_branch, self.model.branches
        self.create(step, names, name, pick % len(self.model.versions))

    def create(self, step: Callable[[str, str], object], names: dict[str, int], name: str, number: int) -> None:
        taken = name in self.model.branches or name in self.model.tags
        free = not taken or names.get(name) == number
        if self.does(lambda: step(name, f"v{number}"), None if free else Conflict):
            names[name] = number

    @rule(pick=st.integers(0, 5))
    def switch(self, pick: int) -> None:
        name = self.some([*sorted(self.model.branches), "nowhere"], pick)
        if self.does(lambda: self.repo.switch(name), None if name in self.model.branches else NotFound):
            self.model.head = name

    @precondition(lambda self: len(self.model.branches) > 2)
    @rule(pick=st.integers(0, 5))
    def delete_branch(self, pick: int) -> None:
        name = self.some(sorted(self.model.branches), pick)
        if self.does(lambda: self.repo.delete_branch(name), Conflict if name == self.model.head else None):
            del self.model.branches[name]

    @precondition(lambda self: "reinvert" not in self.model.last)
    @rule()
    def reinvert(self) -> None:
        tip = self.model.branches[self.model.head]
        assert self.does(self.repo.reinvert)
        self.model.write(self.model.head, (tip,), (), frozenset(), ("reinvert", self.seconds))

    @rule(how=st.sampled_from(["later", "again", "again", "lost"]))
    def open_again(self, how: str) -> None:
        """Open the store anew: a second later, in the same second, or with nothing left of its cache."""
        self.seconds += how == "later"
        if how == "lost":
            shutil.rmtree(self.path / "cache", ignore_errors=True)
            self.lost_cache = True
        self.repo = grnledger.open(self.path, author="ada", time=BEGINNING + timedelta(seconds=self.seconds))

    # What must hold

    @invariant()
    def the_active_pathways_are_those_of_the_model(self) -> None:
        alive = self.model.tip.alive
        since = {key: min(number for number, name in alive if name == key) for _, key in alive}
        expected = sorted((", ".join(POOL[key].names), f"v{number}") for key, number in since.items())
        assert sorted((active.label, active.since) for active in self.repo.active()) == expected
        assert self.repo.version().rank == sum(len(POOL[key].names) for key in self.model.tip.keys)

    @invariant()
    def refs_stand_where_the_model_has_them(self) -> None:
        assert self.repo.head == self.model.head
        assert {name: at.number for name, at in self.repo.branches.items()} == self.model.branches
        assert {name: at.number for name, at in self.repo.tags.items()} == self.model.tags

    @invariant()
    def content_ids_are_equal_exactly_where_sets_are(self) -> None:
        versions = self.repo.versions(None)[::-1]
        assert [version.number for version in versions] == list(range(len(self.model.versions)))
        truths = [self.model.versions[version.number] for version in versions]
        pairs = {(version.content, (truth.base, truth.keys)) for version, truth in zip(versions, truths, strict=True)}
        assert len(pairs) == len({content for content, _ in pairs}) == len({keys for _, keys in pairs})

    @rule(pick=st.integers(0, 99))
    def read(self, pick: int) -> None:
        self.check_numbers(pick % len(self.model.versions))

    def check_numbers(self, number: int) -> None:
        truth = dense(self.model.versions[number].keys, self.model.versions[number].base)
        snapshot = self.repo.snapshot(f"v{number}")
        eigenvalues = np.linalg.eigvalsh(truth)
        tolerance = 100 * EPS * eigenvalues[-1] / eigenvalues[0]
        covariance, precision = snapshot.covariance.to_dense(), snapshot.precision.to_dense()
        np.testing.assert_allclose(covariance, truth, rtol=0, atol=100 * EPS * np.abs(truth).max())
        np.testing.assert_allclose(precision, np.linalg.inv(truth), rtol=0, atol=tolerance / eigenvalues[0])
        np.testing.assert_allclose(snapshot.log_det, np.linalg.slogdet(truth)[1], rtol=0, atol=SIZE * tolerance)
        assert np.array_equal(precision, precision.T)
        if not self.lost_cache:
            assert self.bits(number) == self.seen.setdefault(number, precision.tobytes())

    def teardown(self) -> None:
        for number in range(len(self.model.versions)):
            self.check_numbers(number)
        fresh = grnledger.open(self.path)
        assert [version.id for version in fresh.versions(None)] == [version.id for version in self.repo.versions(None)]
        assert fresh.moves == self.repo.moves
        read_alike: dict[tuple[str, str | None], bytes] = {}
        for version in fresh.versions(None):
            precision = fresh.snapshot(version.name).precision.to_dense().tobytes()
            assert read_alike.setdefault((version.content, version.entry.measured.anchor), precision) == precision
        shutil.rmtree(self.path)

    # Inside

    @staticmethod
    def what_is_wrong(new: set[int] | frozenset[int], standing: frozenset[int], base: int) -> Any:
        """What must be raised when pathways come to others; None when nothing."""
        if names_of(new) & names_of(standing):
            return Conflict, InputError
        if len(names_of(new)) < sum(len(POOL[key].names) for key in new):
            return Conflict, InputError
        return None if exists(standing | new, base) else NotPositiveDefinite

    def does(self, step: Callable[[], object], wrong: Any = None) -> bool:
        """Do one thing to the store; where it must be refused, see that it is, and that nothing was written."""
        if wrong is None:
            step()
            return True
        before = self.files(), self.repo.version().id
        with pytest.raises(wrong):
            step()
        assert (self.files(), self.repo.version().id) == before
        return False

    def files(self) -> list[str]:
        return sorted(str(path) for path in self.path.rglob("*") if path.is_file() and "cache" not in path.parts)

    def bits(self, number: int) -> bytes:
        return self.repo.snapshot(f"v{number}").precision.to_dense().tobytes()

    @staticmethod
    def some(names: list[str], pick: int) -> str:
        return names[pick % len(names)]


@pytest.mark.parametrize(
    ("factors", "every", "share"),
    [
        pytest.param(True, 64, 1.0, id="factor base, read from the base"),
        pytest.param(True, 64, 1 / 8, id="factor base, inverted again by rank"),
        pytest.param(False, 64, 1.0, id="dense base, read from the base"),
        pytest.param(False, 3, 1.0, id="dense base, inverted again after three commits"),
    ],
)
def test_random_programs_agree_with_the_naive_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, factors: bool, every: int, share: float
) -> None:
    monkeypatch.setattr(anchors, "COMMITS_PER_ANCHOR", every)
    monkeypatch.setattr(anchors, "RANK_SHARE", share)
    machine = type("Machine", (Programs,), {"factors": factors, "folder": tmp_path, "runs": itertools.count()})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=10,
            stateful_step_count=40,
            derandomize=True,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
