"""Several writers: who is first, who is refused, and who begins again."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import Conflict, FormatError, NotFound
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.storage import new_base
from grnledger.storage.files import durable
from grnledger.storage.repository import Repository
from small_store import GENES, base, files, pathway

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.history.versions import Version
    from grnledger.storage.networks.bases import NewBase


def test_the_loser_of_a_race_for_one_branch_is_refused_and_stands_where_it_was(store: Path) -> None:
    first, second = (Repository(store, author=name, wait=0) for name in ("ada", "bob"))
    plan = second.plan([pathway("nfkb")])
    won = first.commit([pathway("stat")])
    before = files(store)
    with pytest.raises(Conflict, match="branch/main has moved meanwhile"):
        second.write(plan)
    assert files(store) == before
    assert second.version().id == won.id  # it knows by now what the other one wrote
    assert [active.label for active in second.active()] == [active.label for active in first.active()]
    assert second.commit([pathway("nfkb")]).parents == (won.id,)


def test_writers_to_different_branches_both_succeed(store: Path) -> None:
    first, second = grnledger.open(store), grnledger.open(store)
    plan = second.plan([pathway("nfkb")], branch="drug-a")
    won = first.commit([pathway("stat")])
    also = second.write(plan)
    first.refresh()
    assert first.branches["main"].id == won.id
    assert first.branches["drug-a"].id == also.id
    assert (won.name, also.name) == ("v4", "v5")
    assert len({version.id for version in grnledger.open(store).versions(None)}) == 6


def stale(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next refresh see nothing, as when another writer comes between looking and writing."""
    real = repo._session.refresh

    def once() -> None:
        monkeypatch.setattr(repo._session, "refresh", real)

    monkeypatch.setattr(repo._session, "refresh", once)


def test_a_branch_that_another_one_switched_to_is_not_deleted(store: Path) -> None:
    first, second = grnledger.open(store), grnledger.open(store)
    first.switch("drug-a")
    with pytest.raises(Conflict, match="HEAD is on drug-a"):
        second.delete_branch("drug-a")
    assert grnledger.open(store).head == "drug-a"


def contradict(first: Repository, second: Repository, what: str) -> tuple[Callable[[], object], str]:
    """Let one writer do what another is about to contradict; return its step, and what it is told in the end."""
    if what == "delete":
        first.switch("drug-a")
        return lambda: second.delete_branch("drug-a"), "HEAD is on drug-a"
    if what == "switch":
        first.delete_branch("drug-a")
        return lambda: second.switch("drug-a"), "There is no branch 'drug-a'"
    first.create_branch("both")
    return lambda: second.create_tag("both"), "There is a branch both already"


@pytest.mark.parametrize("what", ["delete", "switch", "tag"])
def test_moves_that_would_contradict_each_other_conflict(
    store: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    first, second = grnledger.open(store), Repository(store, wait=0)
    step, _ = contradict(first, second, what)
    stale(second, monkeypatch)
    before = files(store)
    with pytest.raises(Conflict, match="has moved meanwhile"):
        step()
    assert files(store) == before
    fresh = grnledger.open(store)
    assert fresh.head in fresh.branches
    assert not set(fresh.branches) & set(fresh.tags)


@pytest.mark.parametrize("what", ["delete", "switch", "tag"])
def test_a_writer_that_waits_looks_again_and_is_refused_for_what_is_so_by_then(
    store: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    first, second = grnledger.open(store), Repository(store, wait=60)
    step, message = contradict(first, second, what)
    stale(second, monkeypatch)
    with pytest.raises((Conflict, NotFound), match=message):
        step()


def test_a_writer_that_waits_commits_on_top_of_who_was_faster(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = grnledger.open(store, author="ada"), Repository(store, author="bob", wait=60)
    won = first.commit([pathway("stat")])
    stale(second, monkeypatch)
    assert second.commit([pathway("nfkb")]).parents == (won.id,)
    assert (store / "lock").exists()  # they have met


def other_base() -> NewBase:
    return new_base.from_factor_model(FactorCovariance(2.0 * base().noise, base().loadings), genes=GENES)


@pytest.mark.parametrize(
    "step",
    [
        lambda repo: repo.commit([pathway("nfkb")]),
        lambda repo: repo.set_base(other_base()),
        lambda repo: repo.revert("v1"),
        lambda repo: repo.cherry_pick("v1"),
        lambda repo: repo.merge("drug-a"),
        lambda repo: repo.reinvert(),
        lambda repo: repo.rollback("v4"),
        lambda repo: repo.create_branch("mine"),
        lambda repo: repo.create_tag("mine"),
        lambda repo: repo.switch("new"),
        lambda repo: repo.delete_branch("new"),
        lambda repo: repo.delete_tag("paper"),
    ],
)
def test_whatever_is_written_begins_with_what_the_store_holds_then(
    store: Path, step: Callable[[Repository], Version]
) -> None:
    repo, other = Repository(store, wait=0), grnledger.open(store)
    newest = other.commit([pathway("stat")])
    other.create_branch("new")
    other.create_tag("paper")
    answer = step(repo)
    assert newest.id in (answer.id, *answer.parents)


WRITER = """
    import sys
    import grnledger
    path, branch = sys.argv[1:]
    repo = grnledger.open(path, author=branch)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(20):
        repo.commit(
            [grnledger.Pathway.of(repo.panel, f"{branch}-{number}", {"GENE1": 0.1, "GENE2": 0.01 * (number + 1)})],
            branch=branch,
        )
"""


@pytest.mark.usefixtures("compiled_once")
def test_two_processes_write_forty_commits_and_none_is_lost(store: Path) -> None:
    branches = ("main", "drug-a")
    before = {name: {active.label for active in grnledger.open(store).active(name)} for name in branches}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(store), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in branches
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    repo = grnledger.open(store)
    assert len(repo.versions(None)) == 4 + 40
    for name in branches:
        expected = before[name] | {f"{name}-{number}" for number in range(20)}
        assert {active.label for active in repo.active(name)} == expected
        assert sum(version.author == name for version in repo.versions(name)) == 20
    assert len(files(store / "log")) == 5 + 40


def test_a_reader_beside_a_writer_sees_the_log_up_to_where_it_looked(store: Path) -> None:
    reader, writer = grnledger.open(store), grnledger.open(store)
    before = reader.snapshot().precision.to_dense()
    writer.commit([pathway("stat")])
    assert reader.version().name == "v3"
    np.testing.assert_array_equal(reader.snapshot().precision.to_dense(), before)
    reader.refresh()
    assert reader.version().name == "v4"


def test_an_iterator_of_pathways_is_committed_after_a_lost_race(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo, other = grnledger.open(store), grnledger.open(store)
    claim = durable._claim

    def slow(temporary: Path, path: Path) -> None:
        monkeypatch.setattr(durable, "_claim", claim)
        other.rollback("v1")
        other.rollback("v3")
        claim(temporary, path)

    monkeypatch.setattr(durable, "_claim", slow)
    assert repo.commit(item for item in [pathway("once")]).message == "add once"


QUESTIONS: dict[str, Callable[[Repository], object]] = {
    "damage": lambda repo: dict(repo.damage),
    "panel": lambda repo: repo.panel.genes,
    "numbers": lambda repo: repo.snapshot("HEAD").precision.to_dense().tobytes(),
    "version": lambda repo: repo.version("v3").id,
    "versions": lambda repo: [version.id for version in repo.versions(None)],
    "identities": lambda repo: repo.identities(),
    "count": len,
    "head": lambda repo: repo.head,
    "branches": lambda repo: {name: version.id for name, version in repo.branches.items()},
    "tags": lambda repo: list(repo.tags),
    "moves": lambda repo: [str(move) for move in repo.moves],
}
"""What a notebook may ask next."""


@pytest.mark.parametrize("damage", ["first", "middle", "last", "pack", "folder"])
@pytest.mark.parametrize("question", QUESTIONS)
def test_an_open_store_sees_what_has_been_put_back(store: Path, damage: str, question: str) -> None:
    if damage == "pack":
        Repository(store, author="ada").pack()
    expected = QUESTIONS[question](Repository(store))
    (pack,) = store.glob("packs/*.h5") if damage == "pack" else (None,)
    number = {"first": 1, "middle": 3, "last": 5}.get(damage, 0)
    path = (store / "log") if damage == "folder" else pack or store / "log" / f"{number:010d}.h5"
    path.rename(store.with_name("gone"))
    if damage == "folder":
        path.mkdir()
    repo = Repository(store)
    assert repo.damage or not repo._history.known
    if damage == "folder":
        path.rmdir()
    store.with_name("gone").rename(path)
    assert QUESTIONS[question](repo) == expected
    assert not repo.damage


def test_an_open_store_sees_a_file_that_was_written_over(store: Path) -> None:
    path = store / "log" / "0000000003.h5"
    good = path.read_bytes()
    path.write_bytes(good[:-600])
    repos = [Repository(store) for _ in range(3)]
    assert all(repo.damage for repo in repos)
    path.write_bytes(good)
    repos[0].refresh()
    assert not repos[0]._ledger.log.damage
    assert repos[1].commit([pathway("new")]).name == "v4"
    assert repos[2].version("main").name == "v4"


def test_a_store_that_stays_damaged_is_not_read_again_for_each_question(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store / "log" / "0000000003.h5").unlink()
    repo = Repository(store)
    assert repo.damage
    readings: list[bool] = []
    monkeypatch.setattr(type(repo._session), "read_anew", lambda _, indexed: readings.append(indexed))
    for question in ("damage", "count", "identities"):
        QUESTIONS[question](repo)
    assert readings == []


def test_an_open_store_reads_a_base_that_has_been_put_back(store: Path) -> None:
    (path,) = store.glob("base/*.h5")
    good, expected = path.read_bytes(), Repository(store).snapshot().precision.to_dense().tobytes()
    path.write_bytes(good[:-600])
    repo = Repository(store)
    with pytest.raises(FormatError):
        repo.snapshot()
    path.write_bytes(good)
    assert repo.snapshot().precision.to_dense().tobytes() == expected
