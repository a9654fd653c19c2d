"""Fetch and push: what arrives is what left, or nothing does."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.cli.hints import hint_of
from grnledger.engine.errors import Conflict, InputError, NotFound, NotPositiveDefinite
from grnledger.storage.files import durable, hdf5, layout, lock
from grnledger.storage.history import active as history
from grnledger.storage.transfer import fetch_push
from hypothesis import HealthCheck, given, settings, strategies as st
from two_stores import (
    GENES,
    NOON,
    answers,
    covariance,
    description_of,
    files,
    make,
    opened,
    pathway,
    refs,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.repository import Repository
    from grnledger.storage.transfer.parcel import Parcel

# Fetch


def test_what_is_fetched_has_the_same_ids_content_and_bits(lab: Path, tmp_path: Path) -> None:
    source = grnledger.open(lab)
    mine = make(tmp_path / "mine.grn", dense=source.base().record.form == "dense")
    done = mine.fetch(lab)
    theirs = answers(lab)
    left = theirs.keys() - answers(mine.path).keys()
    assert left == {source.versions(None)[0].id}  # where no branch stands any more
    assert answers(mine.path) == {id_: version for id_, version in theirs.items() if id_ not in left}
    assert {name: version.id for name, version in mine.branches.items() if name != "main"} == {
        f"lab/{name}": version.id for name, version in source.branches.items()
    }
    assert {name: version.id for name, version in mine.tags.items()} == {
        f"lab/{name}": version.id for name, version in source.tags.items()
    }
    assert (len(done.commits), done.bases, mine.version().name) == (len(source) - 2, 0, "v0")
    assert len(files(mine.path)) == 4  # FORMAT, the base, v0, and one entry for all that came
    assert grnledger.verify(mine.path, numbers=True).sound


def test_fetching_twice_brings_nothing_new_and_writes_nothing(pair: tuple[Repository, Repository]) -> None:
    lab, anna = pair
    assert len(anna.fetch(lab.path).commits) == 1
    before = files(anna.path)
    assert anna.fetch(lab.path) == fetch_push.TransferReport()
    assert files(anna.path) == before
    lab.export(lab.path.with_suffix(".h5"))
    assert (
        anna.fetch(lab.path.with_suffix(".h5")) == fetch_push.TransferReport()
    )  # the same branches under the same name


def test_fetched_branches_follow_the_other_store_forward_and_back(pair: tuple[Repository, Repository]) -> None:
    lab, anna = pair
    anna.fetch(lab.path)
    lab.commit(pathway("wnt", first=1))
    assert anna.fetch(lab.path).commits == (lab.version().id,)
    assert anna.version("lab/main").id == lab.version().id
    lab.rollback("v1")
    assert anna.fetch(lab.path).commits == ()
    assert anna.version("lab/main").id == lab.version("v1").id
    assert anna.version().message == "add myc"  # nothing of its own has moved


def test_two_stores_that_fetch_from_each_other_do_not_fetch_what_was_fetched(
    pair: tuple[Repository, Repository],
) -> None:
    lab, anna = pair
    for _ in range(3):
        anna.fetch(lab.path)
        lab.fetch(anna.path)
    assert sorted(anna.branches) == ["lab/main", "main"]
    assert sorted(lab.branches) == ["anna/main", "main"]
    lab.switch("anna/main")
    lab.commit(pathway("wnt", first=1))  # a branch of its own from now on
    anna.fetch(lab.path)
    assert sorted(anna.branches) == ["lab/anna/main", "lab/main", "main"]


def test_a_branch_made_or_moved_by_hand_is_never_overwritten(pair: tuple[Repository, Repository]) -> None:
    lab, anna = pair
    anna.create_branch("lab/main", "v0")
    before = files(anna.path)
    with pytest.raises(Conflict, match=r"lab/main was made or moved here, not by a fetch"):
        anna.fetch(lab.path)
    assert files(anna.path) == before
    assert anna.fetch(lab.path, "shared").moves[0].ref == "branch/shared/main"
    anna.switch("shared/main")
    anna.commit(pathway("wnt", first=1))
    lab.commit(pathway("nfkb", first=8))
    with pytest.raises(Conflict, match=r"shared/main was made or moved here, not by a fetch"):
        anna.fetch(lab.path, "shared")
    assert anna.version("shared/main").message == "add wnt"


def test_a_name_is_a_branch_or_a_tag_and_not_both(pair: tuple[Repository, Repository]) -> None:
    lab, anna = pair
    lab.create_tag("paper")
    anna.create_branch("lab/paper", "v0")
    with pytest.raises(Conflict, match="lab/paper is a branch here, and would be a tag"):
        anna.fetch(lab.path)
    anna.delete_branch("lab/paper")
    assert anna.fetch(lab.path).moves[-1].ref == "tag/lab/paper"


def test_a_name_that_no_branch_can_have_is_refused(pair: tuple[Repository, Repository]) -> None:
    lab, anna = pair
    for name in ("my lab", "../lab", "-lab", "a..b", "x" * 196):
        with pytest.raises(InputError, match=r"cannot name a branch or tag|200 characters") as refused:
            anna.fetch(lab.path, name)
        assert "--as NAME" in hint_of(refused.value)
    shutil.copytree(lab.path, lab.path.with_name("v7.grn"))
    anna.fetch(lab.path.with_name("v7.grn"))
    assert anna.version("v7/main").id == lab.version().id


def test_a_store_is_not_fetched_into_itself(pair: tuple[Repository, Repository], tmp_path: Path) -> None:
    lab, _ = pair
    (tmp_path / "again.grn").symlink_to(lab.path)
    for path in (lab.path, tmp_path / "again.grn"):
        with pytest.raises(InputError, match="is this store itself"):
            lab.fetch(path)
        with pytest.raises(InputError, match="is this store itself"):
            lab.push(path)


def test_only_bases_that_are_missing_move(pair: tuple[Repository, Repository], tmp_path: Path) -> None:
    lab, anna = pair
    base = next((anna.path / "base").iterdir())
    before = base.stat()
    assert anna.fetch(lab.path).bases == 0
    other = make(tmp_path / "other.grn", seed=5)
    other.commit(pathway("wnt", first=1))
    assert anna.fetch(other.path).bases == 1
    assert anna.fetch(other.path, "again").bases == 0
    after = base.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert {**answers(other.path), **answers(anna.path)} == answers(anna.path)


def test_stores_that_began_apart_exchange_pathways_but_do_not_merge(
    pair: tuple[Repository, Repository], tmp_path: Path
) -> None:
    lab, _ = pair
    other = make(tmp_path / "other.grn", seed=5)
    other.commit(pathway("wnt", first=1))
    lab.fetch(other.path)
    with pytest.raises(Conflict, match="Both sides changed the base"):
        lab.merge("other/main")
    picked = lab.cherry_pick("other/main")
    assert [item.label for item in lab.active()] == ["p53", "ras", "wnt"] or picked.added[0].names == ("wnt",)
    assert picked.base == lab.version("v0").base


def test_another_panel_is_refused_both_ways(pair: tuple[Repository, Repository], tmp_path: Path) -> None:
    lab, _ = pair
    fewer = grnledger.init(tmp_path / "fewer.grn", covariance=np.eye(3), genes=GENES[:3], author="ada")
    turned = grnledger.init(tmp_path / "turned.grn", covariance=covariance(), genes=GENES[::-1], author="ada")
    fewer.commit(pathway("p53", first=0).__class__(("x",), np.array([0]), np.array([[0.1]]), 1, "sd"))
    before = [files(repo.path) for repo in (lab, fewer, turned)]
    for other, message in ((fewer, r"3 genes, not 12"), (turned, "gene number 0 is GENE11, not GENE0")):
        with pytest.raises(Conflict, match=message):
            lab.fetch(other.path)
        with pytest.raises(Conflict, match="has another panel"):
            lab.push(other.path)
        with pytest.raises(Conflict, match="has another panel"):
            other.push(lab.path)
    assert [files(repo.path) for repo in (lab, fewer, turned)] == before


# Push


def test_a_push_goes_forward_only(pair: tuple[Repository, Repository]) -> None:
    lab, anna = pair
    before = files(lab.path)
    with pytest.raises(Conflict, match="has versions that main here does not have") as refused:
        anna.push(lab.path)
    assert "merge lab/main" in hint_of(refused.value)
    assert files(lab.path) == before
    anna.fetch(lab.path)
    merged = anna.merge("lab/main")
    done = anna.push(lab.path)
    assert (len(done.commits), done.bases) == (2, 0)
    lab.refresh()
    assert (lab.version().id, lab.version().content) == (merged.id, merged.content)
    described = [{version.id: description_of(repo, version) for version in repo.versions()} for repo in (lab, anna)]
    assert described[0] == described[1]
    assert anna.push(lab.path) == fetch_push.TransferReport()
    anna.rollback("v1")
    with pytest.raises(Conflict, match="has versions that main here does not have"):
        anna.push(lab.path)


def test_a_branch_is_pushed_by_name_and_made_where_it_is_not(pair: tuple[Repository, Repository]) -> None:
    lab, anna = pair
    anna.create_branch("drug-a")
    anna.push(lab.path, "drug-a")
    lab.refresh()
    assert (lab.version("drug-a").id, lab.version().message) == (anna.version().id, "add ras")
    with pytest.raises(NotFound, match="There is no branch 'nowhere'"):
        anna.push(lab.path, "nowhere")
    lab.create_tag("drug-b")
    anna.create_branch("drug-b")
    with pytest.raises(Conflict, match="has a tag named drug-b"):
        anna.push(lab.path, "drug-b")


def test_a_push_of_what_is_there_already_moves_the_branch_alone(pair: tuple[Repository, Repository]) -> None:
    lab, anna = pair
    anna.fetch(lab.path)
    anna.create_branch("same", "lab/main")
    done = anna.push(lab.path, "same")
    assert (done.commits, [move.ref for move in done.moves]) == ((), ["branch/same"])


# Others write meanwhile


def test_a_store_that_is_written_meanwhile_is_fetched_as_it_was(
    pair: tuple[Repository, Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, anna = pair
    tip = lab.version().id
    parcel_of = fetch_push.parcel_of

    def meanwhile(*arguments: Any) -> Parcel:
        lab.commit(pathway("wnt", first=1))
        lab.pack()
        lab.rollback("v0")
        return parcel_of(*arguments)

    monkeypatch.setattr(fetch_push, "parcel_of", meanwhile)
    assert anna.fetch(lab.path).commits == (tip,)
    assert anna.version("lab/main").id == tip
    monkeypatch.undo()
    assert anna.fetch(lab.path).commits == ()
    assert anna.version("lab/main").name == "v0"


def test_a_store_that_others_write_to_meanwhile_receives_both(
    pair: tuple[Repository, Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, anna = pair
    check = fetch_push._check_arrival
    others = iter([lambda: again.fetch(lab.path), lambda: again.commit(pathway("wnt", first=1))])
    again = grnledger.open(anna.path, author="anna", time=NOON + timedelta(hours=1))
    again.wait = 0.0

    def meanwhile(*arguments: Any) -> None:
        check(*arguments)
        monkeypatch.setattr(fetch_push, "_check_arrival", check)
        for step in others:
            step()

    monkeypatch.setattr(fetch_push, "_check_arrival", meanwhile)
    monkeypatch.setattr(lock, "hold", lambda *_: contextlib.nullcontext(False))
    anna.fetch(lab.path)
    assert refs(anna) == {"main": "v4", "lab/main": "v3"}
    assert [version.message for version in anna.versions(None)][:-1] == ["add wnt", "add ras", "add myc", "add p53"]
    assert grnledger.verify(anna.path).sound


# Long histories


def test_more_commits_than_are_kept_in_memory_arrive(
    pair: tuple[Repository, Repository], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, anna = pair
    monkeypatch.setattr(history, "MOST_CACHED", 16)
    for index in range(24):
        lab.commit(pathway(f"path-{index}", first=index))
    assert len(anna.fetch(lab.path).commits) == 25
    assert {**answers(anna.path), **answers(lab.path)} == answers(anna.path)


def test_many_commits_that_came_as_one_entry_are_read_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grn: Callable[..., Any]
) -> None:
    lab = make(tmp_path / "lab.grn", dense=False)
    monkeypatch.setattr(durable, "_sync", lambda _: None)
    for index in range(150):
        lab.commit(pathway(f"path-{index}", first=index))
        lab.revert("HEAD")
    mine = make(tmp_path / "mine.grn", dense=False)
    mine.fetch(lab.path)
    assert len(mine) == 301
    assert (mine.path / "cache" / "history").is_file()
    assert len(list((mine.path / "log").iterdir())) == 2
    opened_files: list[str] = []
    read = hdf5.read

    def counted(index: hdf5.Location, *kinds: str) -> hdf5.StoredFile:
        opened_files.append(index.path.name)
        return read(index, *kinds)

    monkeypatch.setattr(hdf5, "read", counted)
    answer = grn("-s", mine.path, "log", "lab/main", "-n", 20, "--tsv")
    assert len(answer.rows) == 20
    assert opened_files.count(layout.entry_name(2)) <= 2
    third = make(tmp_path / "third.grn", dense=False)
    opened_files.clear()
    assert len(third.fetch(mine.path, "mine").commits) == 0  # what was fetched is not fetched on
    assert len(mine.push(third.path, "lab/main").commits) == 300
    assert opened_files.count(layout.entry_name(2)) <= 3


# Two stores that grow apart

POOL = [pathway(f"path-{number}", first=number) for number in range(6)] + [pathway("loss", first=4, sign=-1)]

STEPS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(
            ["commit", "commit", "commit", "revert", "rollback", "fetch", "fetch", "merge", "push", "pack"]
        ),
        st.integers(0, 99),
        st.booleans(),
    ),
    min_size=6,
    max_size=18,
)
FOLDERS = itertools.count()


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, dense=st.booleans())
def test_stores_that_grow_apart_agree_on_every_commit_and_merge_alike(
    tmp_path: Path, steps: list[tuple[int, str, int, bool]], dense: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durable, "_sync", lambda _: None)
        patch.setattr("grnledger.storage.networks.anchors.COMMITS_PER_ANCHOR", 3)
        folder = tmp_path / str(next(FOLDERS))
        folder.mkdir()
        grow_apart(folder, steps, dense=dense)
        shutil.rmtree(folder)


def grow_apart(folder: Path, steps: list[tuple[int, str, int, bool]], *, dense: bool) -> None:
    make(folder / "a.grn", dense=dense)
    grnledger.clone(folder / "a.grn", folder / "b.grn")
    for minute, (which, verb, pick, later) in enumerate(steps):
        if later or minute == 0:  # where no time goes by, both may write the very same commit
            both = {name: opened(folder / f"{name}.grn", author="ada", minute=minute) for name in ("a", "b")}
        ours, theirs = ("a", "b") if which == 0 else ("b", "a")
        do(both[ours], both[theirs], theirs, verb, pick)
    for target, source in (("a", "b"), ("b", "a"), ("a", "b")):
        opened(folder / f"{target}.grn").fetch(folder / f"{source}.grn")
    agree(folder)
    merged = [merge(folder, *names) for names in (("a", "b"), ("b", "a"))]
    assert merged[0] == merged[1]
    for name in ("a", "b"):
        assert grnledger.verify(folder / f"{name}.grn").sound


def do(ours: Repository, theirs: Repository, name: str, verb: str, pick: int) -> None:
    """Do one thing to a store; what cannot be done, is refused."""
    ours.refresh()
    rev = f"v{pick % len(ours)}"
    steps: dict[str, Callable[[], object]] = {
        "commit": lambda: ours.commit(POOL[pick % len(POOL)]),
        "revert": lambda: ours.revert(rev),
        "rollback": lambda: ours.rollback(rev),
        "fetch": lambda: ours.fetch(theirs.path),
        "merge": lambda: ours.merge(f"{name}/main"),
        "push": lambda: ours.push(theirs.path),
        "pack": ours.pack,
    }
    try:
        steps[verb]()
    except (Conflict, InputError, NotFound, NotPositiveDefinite):
        return
    if verb == "push":
        theirs.refresh()
        assert theirs.version("main").id == ours.version(ours.head).id


def agree(folder: Path) -> None:
    """See that what both stores have is the same in both, and that every content id has one set and one matrix."""
    answers_a, answers_b = (answers(folder / f"{name}.grn") for name in ("a", "b"))
    shared = answers_a.keys() & answers_b.keys()
    assert shared >= {
        version.id for name in ("a", "b") for version in grnledger.open(folder / f"{name}.grn").versions()
    }
    assert {id_: answers_a[id_] for id_ in shared} == {id_: answers_b[id_] for id_ in shared}
    contents: dict[str, np.ndarray] = {}
    for entry, matrix, _ in (*answers_a.values(), *answers_b.values()):
        values = np.frombuffer(matrix)
        np.testing.assert_allclose(contents.setdefault(entry.measured.content, values), values, rtol=1e-12, atol=1e-12)


def merge(folder: Path, name: str, other: str) -> tuple[str, str] | str:
    """Merge a copy of one store with the other's branch; return the version's content and its bits from the base."""
    copy = folder / f"merged-{name}.grn"
    shutil.copytree(folder / f"{name}.grn", copy)
    repo = opened(copy, author="ada", minute=999)
    try:
        version = repo.merge(f"{other}/main")
    except NotPositiveDefinite:
        return "refused"
    return version.content, repo.snapshot(version.name, from_base=True).precision.to_dense().tobytes().hex()
