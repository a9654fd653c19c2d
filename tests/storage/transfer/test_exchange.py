"""History on its way between stores: one file, copies, fetch and push; what arrives is what left, or nothing does."""

from __future__ import annotations

import contextlib
import itertools
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.cli.hints import hint_of
from grnledger.engine.errors import Conflict, FormatError, InputError, NotFound, NotPositiveDefinite
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import durable, hdf5, layout, lock
from grnledger.storage.files.locations import DirectoryStore
from grnledger.storage.history import active as history, entries, log
from grnledger.storage.history.checking import check_fits
from grnledger.storage.history.commits import Event
from grnledger.storage.history.records import DropRecord
from grnledger.storage.transfer import fetch_push
from hypothesis import HealthCheck, given, settings, strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from grnledger.storage.history.records import LoggedCommit
    from grnledger.storage.history.versions import Version
    from grnledger.storage.repository import Repository
    from grnledger.storage.transfer.parcel import Parcel

SIZE = 12
GENES = tuple(f"GENE{number}" for number in range(SIZE))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
HASH = "ab" * 32


def covariance(seed: int = 1) -> np.ndarray:
    factors = np.random.default_rng(seed).normal(size=(SIZE, 3))
    return factors @ factors.T + np.eye(SIZE)


def factors() -> FactorCovariance:
    stream = np.random.default_rng(2)
    return FactorCovariance(stream.uniform(0.5, 1.5, SIZE), stream.normal(size=(SIZE, 2)))


def pathway(name: str, *, first: int = 0, sign: int = 1) -> Pathway:
    genes = np.sort((first + np.array([0, 3, 7])) % SIZE).astype(np.intp)
    loadings = np.cos(first + np.arange(3.0))[:, np.newaxis] * (0.5 if sign == 1 else 0.05)
    return Pathway((name,), genes, loadings, 1 if sign == 1 else -1, "sd")


def make(path: Path, *, dense: bool = True, seed: int = 1, author: str = "ada") -> Repository:
    source: dict[str, Any] = {"covariance": covariance(seed)} if dense else {"factor_model": factors()}
    return grnledger.init(path, genes=GENES, author=author, time=NOON, **source)


def opened(path: Path, *, author: str = "bob", minute: int = 1) -> Repository:
    return grnledger.open(path, author=author, time=NOON + timedelta(minutes=minute))


def fill(repo: Repository) -> None:
    """Do a bit of everything: signs, a branch, reverts, a merge undone, full inversions, tags, a rollback."""
    repo.commit([pathway("p53"), pathway("wnt", first=1)])
    repo.commit(pathway("loss", first=4, sign=-1))
    repo.create_branch("drug-a", "v1")
    repo.switch("drug-a")
    repo.commit(pathway("myc", first=2))
    repo.revert("v1", only="wnt")
    repo.switch("main")
    repo.reinvert()
    repo.merge("drug-a")
    repo.create_tag("paper")
    repo.commit(pathway("ras", first=5))
    repo.revert(repo.tags["paper"].name)
    repo.cherry_pick("v3")
    repo.rollback("HEAD~1")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A store on a dense base and one on factors, each with a bit of everything."""
    folder = tmp_path_factory.mktemp("stores")
    for name in ("dense", "factor"):
        fill(make(folder / f"{name}.grn", dense=name == "dense"))
    return {name: folder / f"{name}.grn" for name in ("dense", "factor")}


@pytest.fixture(params=["dense", "factor"])
def lab(request: pytest.FixtureRequest, stores: dict[str, Path], tmp_path: Path) -> Path:
    return shutil.copytree(stores[request.param], tmp_path / "lab.grn")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Repository, Repository]:
    """Two stores that were one: lab.grn and anna.grn, each with a commit of its own on top."""
    lab = make(tmp_path / "lab.grn")
    lab.commit(pathway("p53"))
    grnledger.clone(lab.path, tmp_path / "anna.grn")
    anna = opened(tmp_path / "anna.grn", author="anna")
    anna.commit(pathway("myc", first=2))
    lab.commit(pathway("ras", first=5))
    return lab, anna


def description_of(repo: Repository, version: Version) -> tuple[Any, ...]:
    """Everything that one version says, but for what it is called here."""
    snapshot = repo.snapshot(version.name)
    numbers = snapshot.covariance.to_dense().tobytes(), snapshot.precision.to_dense().tobytes()
    return version.entry, *numbers


def answers(path: Path) -> dict[str, tuple[Any, ...]]:
    """Everything that a store says, by commit."""
    repo = grnledger.open(path)
    return {version.id: description_of(repo, version) for version in repo.versions(None)}


def everything(path: Path) -> tuple[Any, ...]:
    """The same, with names, refs and the journal."""
    repo = grnledger.open(path)
    refs = {name: version.id for name, version in {**repo.branches, **repo.tags}.items()}
    return repo.head, refs, repo.moves, repo.identities(), answers(path)


def files(store: Path) -> dict[str, bytes]:
    """The bytes of a store, but for what is derived."""
    paths = (path for path in sorted(store.rglob("*")) if path.is_file() and path.parts[len(store.parts)] != "cache")
    return {str(path.relative_to(store)): path.read_bytes() for path in paths}


def refs(repo: Repository) -> dict[str, str]:
    return {name: version.name for name, version in {**repo.branches, **repo.tags}.items()}


# One file


def test_an_exported_store_is_read_in_place_with_the_same_answers(lab: Path, tmp_path: Path) -> None:
    grnledger.open(lab).export(tmp_path / "lab.h5")
    assert everything(tmp_path / "lab.h5") == everything(lab)
    assert grnledger.verify(tmp_path / "lab.h5", numbers=True).sound
    opened(lab).pack()
    grnledger.open(lab).export(tmp_path / "packed.h5")
    assert everything(tmp_path / "packed.h5") == everything(lab)


def test_an_exported_version_is_a_store_of_it_and_what_it_descends_from(lab: Path, tmp_path: Path) -> None:
    repo = opened(lab)
    repo.export(tmp_path / "paper.h5", "paper")
    paper = grnledger.open(tmp_path / "paper.h5")
    expected = {version.id: description_of(repo, version) for version in repo.versions("paper")}
    assert answers(tmp_path / "paper.h5") == expected
    assert (paper.head, refs(paper)) == ("main", {"main": f"v{len(expected) - 1}"})
    assert paper.version().id == repo.version("paper").id
    assert grnledger.verify(tmp_path / "paper.h5").sound


def test_an_exported_file_holds_groups_that_h5py_reads(lab: Path, tmp_path: Path) -> None:
    repo = grnledger.open(lab)
    repo.export(tmp_path / "lab.h5")
    with h5py.File(tmp_path / "lab.h5") as file:
        assert (file.attrs["kind"], file.attrs["format"]) == (b"store", b"grnledger store 1")
        assert sorted(file) == ["base", "cache", "log"]
        assert list(file["log"]) == [f"{number:010d}" for number in range(1, len(file["log"]) + 1)]
        assert list(file["base"]) == [repo.version().base]
        for group in file["log"].values():
            assert group.attrs["kind"] == b"entry"
            assert len(group.attrs["id"]) == 64
            assert group["record"][()].startswith(b'{"author":')
        shapes: list[tuple[str, tuple[int, ...]]] = []
        file.visititems(
            lambda name, item: shapes.append((name, item.shape)) if isinstance(item, h5py.Dataset) else None
        )
    square = [name.split("/")[-1] for name, shape in shapes if shape == (SIZE, SIZE)]
    dense = repo.base().record.form == "dense"
    assert square == (["covariance", "precision"] if dense else [])  # nothing new of that size


def test_no_file_contains_its_time_of_creation(lab: Path, tmp_path: Path) -> None:
    """HDF5 would put the time into each dataset, and the same content would not be the same file."""
    repo = opened(lab)
    repo.commit(pathway("new", first=9))
    repo.export(tmp_path / "lab.h5")
    repo.pack()
    made = [*tmp_path.rglob("*.h5")]
    timed: list[str] = []

    def look(name: str, item: h5py.Dataset | h5py.Group) -> None:
        if isinstance(item, h5py.Dataset) and item.id.get_create_plist().get_obj_track_times():
            timed.append(name)

    for path in made:
        with h5py.File(path) as file:
            file.visititems(look)
    assert len(made) > 3
    assert not timed


def test_an_exported_file_is_not_written_to(lab: Path, tmp_path: Path) -> None:
    grnledger.open(lab).export(tmp_path / "lab.h5")
    before = (tmp_path / "lab.h5").read_bytes()
    repo, ahead = opened(tmp_path / "lab.h5"), opened(lab)
    ahead.commit(pathway("new", first=9))
    steps: list[Callable[[], object]] = [
        lambda: repo.commit(pathway("new", first=9)),
        lambda: repo.create_tag("x"),
        lambda: repo.rollback("v1"),
        lambda: repo.revert("v1"),
        lambda: repo.switch("drug-a"),
        repo.pack,
        lambda: repo.fetch(lab, "other"),
        lambda: ahead.push(tmp_path / "lab.h5"),
    ]
    for step in steps:
        with pytest.raises(Conflict, match="read only"):
            step()
    assert (tmp_path / "lab.h5").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lab.grn", "lab.h5"]


@pytest.mark.parametrize("rev", [None, "v1"])
def test_nothing_is_exported_over_what_stands_there(lab: Path, tmp_path: Path, rev: str | None) -> None:
    (tmp_path / "lab.h5").write_text("mine")
    with pytest.raises(Conflict, match=r"lab\.h5 exists already"):
        grnledger.open(lab).export(tmp_path / "lab.h5", rev)
    with pytest.raises(NotFound, match="There is no folder"):
        grnledger.open(lab).export(tmp_path / "nowhere" / "lab.h5", rev)
    with pytest.raises(Conflict, match="is a store"):
        grnledger.open(lab).export(lab / "lab.h5", rev)
    assert (tmp_path / "lab.h5").read_text() == "mine"


def test_of_a_damaged_store_what_is_whole_can_be_exported_and_the_rest_not_at_all(lab: Path, tmp_path: Path) -> None:
    entry = grnledger.open(lab).identities()[-1][1]
    number = grnledger.open(lab)._history[entry].entry
    (lab / "log" / layout.entry_name(number)).write_bytes(b"no HDF5")
    repo = opened(lab)
    with pytest.raises(FormatError, match="damaged"):
        repo.export(tmp_path / "lab.h5")
    repo.export(tmp_path / "v1.h5", "v1")
    assert len(grnledger.open(tmp_path / "v1.h5")) == 2
    assert not (tmp_path / "lab.h5").exists()


# Copies


def test_a_clone_gives_the_same_answers_without_its_source(lab: Path, tmp_path: Path) -> None:
    expected = everything(lab)
    grnledger.open(lab).export(tmp_path / "lab.h5")
    for index, source in enumerate((lab, tmp_path / "lab.h5")):
        grnledger.clone(source, tmp_path / f"copy-{index}.grn")
    shutil.rmtree(lab)
    (tmp_path / "lab.h5").unlink()
    for index in range(2):
        copy = tmp_path / f"copy-{index}.grn"
        assert everything(copy) == expected
        assert grnledger.verify(copy, numbers=True).sound
        assert len(list((copy / "packs").iterdir())) == 1
        assert not list((copy / "log").iterdir())
        assert opened(copy).commit(pathway("new", first=9)).number == len(expected[3])


def test_a_clone_stands_where_nothing_stood(lab: Path, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="exists already"):
        grnledger.clone(lab, lab)
    with pytest.raises(Conflict, match="a store cannot be inside another"):
        grnledger.clone(lab, lab / "copy.grn")
    with pytest.raises(NotFound, match="There is no store"):
        grnledger.clone(tmp_path / "nowhere.grn", tmp_path / "copy.grn")


@pytest.mark.parametrize("which", ["log/0000000002.h5", "base/*.h5"])
def test_a_damaged_store_is_not_cloned_and_nothing_is_left(stores: dict[str, Path], tmp_path: Path, which: str) -> None:
    lab = shutil.copytree(stores["dense"], tmp_path / "lab.grn")
    shutil.rmtree(lab / "cache")
    flip(next(lab.glob(which)))
    with pytest.raises(FormatError):
        grnledger.clone(lab, tmp_path / "copy.grn")
    assert [path.name for path in tmp_path.iterdir()] == ["lab.grn"]


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


# Stores that lie, and stores that are damaged


def flip(path: Path, name: str | None = None) -> None:
    """Change one byte of a file: in its middle, or within a dataset."""
    content = bytearray(path.read_bytes())
    index = len(content) // 2
    if name is not None:
        with h5py.File(path) as file:
            index = file[name].id.get_offset() + 3
    content[index] ^= 1
    path.write_bytes(content)


def forge(store: Path, change: Callable[[LoggedCommit], LoggedCommit], pathways: Sequence[Pathway] = ()) -> None:
    """Rewrite the last entry of a log so that it says something else, and every hash fits."""
    folder = DirectoryStore(store)
    number = folder.look()
    stored, entry = log.Log(folder).read(number)
    logged = change(entry.commits[0])
    logged = logged.model_copy(update={"id": entries.commit_id(logged.commit)})
    move = entry.moves[0].model_copy(update={"after": logged.id})
    entry = entry.model_copy(update={"commits": (logged,), "moves": (move,)})
    brought = pathways or list(entries.pathways_of(stored, stored_entry(stored, number)).values())
    folder.loose_path(number).unlink()
    durable.publish(folder.loose_path(number), entries.entry_content(entry, brought).seal().write)
    shutil.rmtree(store / "cache")


def stored_entry(stored: hdf5.StoredFile, number: int) -> Any:
    return entries.parse_entry(stored, number).entry


def measuring(**update: Any) -> Callable[[LoggedCommit], LoggedCommit]:
    return lambda logged: logged.model_copy(update={"measured": logged.measured.model_copy(update=update)})


def saying(**update: Any) -> Callable[[LoggedCommit], LoggedCommit]:
    return lambda logged: logged.model_copy(update={"commit": logged.commit.model_copy(update=update)})


def dropping(**update: Any) -> Callable[[LoggedCommit], LoggedCommit]:
    def change(logged: LoggedCommit) -> LoggedCommit:
        drop = logged.commit.drops[0].model_copy(update=update)
        return saying(drops=(drop,))(logged)

    return change


LIES: dict[str, tuple[str, Callable[[LoggedCommit], LoggedCommit], str]] = {
    "another content": ("add", measuring(content=HASH), "as its record says"),
    "another rank": ("add", measuring(rank=7), "has rank 7"),
    "an anchor that no version is": ("add", measuring(anchor=HASH), "names an anchor"),
    "a number that no file can hold": ("add", measuring(since_anchor=2**70), "damaged"),
    "a base that it did not bring": ("add", saying(sets_base=True), "sets a base"),
    "a base that is not there": ("add", saying(base=HASH, sets_base=True), "missing"),
    "a parent that is not there": ("add", saying(parents=(HASH,)), "is not before it"),
    "an adding of what is already there, alone": ("add", saying(adds=()), "as its record says"),
    "a drop of what was never there": (
        "add",
        saying(drops=(DropRecord(id=HASH, names=("p53",), seen=(HASH,)),)),
        "not before it|not active",
    ),
    "a drop under another name": ("revert", dropping(names=("tp53",)), "under a name that is not its own"),
    "a drop of nothing": ("revert", saying(drops=()), "as its record says"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_commit_that_lies_is_refused_and_nothing_arrives(
    pair: tuple[Repository, Repository], tmp_path: Path, lie: str
) -> None:
    lab, anna = pair
    last, change, message = LIES[lie]
    if last == "revert":
        lab.revert("v1")
    forge(lab.path, change)
    before = files(anna.path), everything(anna.path)
    with pytest.raises(FormatError, match=message):
        anna.fetch(lab.path)
    with pytest.raises(FormatError, match=f"{message}|not certain"):
        grnledger.open(lab.path).push(anna.path, branch_of_its_own(lab.path))
    assert (files(anna.path), everything(anna.path)) == before
    assert not grnledger.verify(lab.path).sound
    assert opened(anna.path).commit(pathway("after", first=9)).number == 3


def test_an_anchor_with_an_inactive_pathway_folded_in_is_refused_wherever_it_is_read(
    pair: tuple[Repository, Repository],
) -> None:
    lab, anna = pair
    anchor = lab.reinvert().content
    lab.revert("v1")
    forge(lab.path, measuring(anchor=anchor, since_anchor=1))
    before = files(anna.path)
    with pytest.raises(FormatError, match="has taken in"):
        anna.fetch(lab.path)
    assert files(anna.path) == before
    own = grnledger.open(lab.path)
    with pytest.raises(FormatError, match="has taken in"):
        own.snapshot()
    report = grnledger.verify(lab.path)
    assert [finding.versions for finding in report.findings if finding.kind == "damage"] == [(own.version().number,)]


def test_an_anchor_of_another_base_is_refused(pair: tuple[Repository, Repository]) -> None:
    lab, _ = pair
    events = frozenset({Event("a" * 64, "b" * 64)})
    anchor = layout.version_content_id(HASH, ["b" * 64])
    assert check_fits(anchor, events, HASH, {"b" * 64}) == {"b" * 64}
    with pytest.raises(FormatError, match="is not of"):
        check_fits(anchor, events, lab.version().base, {"b" * 64})


def branch_of_its_own(path: Path) -> str:
    """Make a branch that no other store has, so that a push goes as far as looking at what it brings."""
    repo = opened(path)
    if repo.damage:
        return "main"
    repo.create_branch("lie")
    return "lie"


def test_pathways_beyond_the_panel_are_refused(pair: tuple[Repository, Repository]) -> None:
    lab, anna = pair
    beyond = Pathway(("beyond",), np.array([SIZE + 4]), np.array([[0.5]]), 1, "sd")
    record = entries.pathway_record(beyond, (), entries.pathway_id(beyond))
    base = lab.version().base
    active = {item.record.id for item in lab.active("v1")} | {record.id}

    def change(item: LoggedCommit) -> LoggedCommit:
        content = layout.version_content_id(base, active)
        return measuring(content=content)(saying(adds=(record,))(item))

    forge(lab.path, change, [beyond])
    before = files(anna.path)
    with pytest.raises(FormatError, match=r"gene number 16 of a panel of 12 genes"):
        anna.fetch(lab.path)
    assert files(anna.path) == before


def test_a_base_of_another_panel_is_refused(pair: tuple[Repository, Repository], tmp_path: Path) -> None:
    lab, anna = pair
    other = grnledger.init(tmp_path / "other.grn", covariance=covariance(), genes=GENES[::-1], author="ada")
    base = other.version().base
    shutil.copy(other.path / "base" / f"{base}.h5", lab.path / "base")
    content = layout.version_content_id(base, {item.record.id for item in lab.active()})
    forge(lab.path, lambda item: measuring(content=content)(saying(base=base, sets_base=True)(item)))
    before = files(anna.path)
    with pytest.raises(FormatError, match="is of another panel"):
        anna.fetch(lab.path)
    assert files(anna.path) == before


@pytest.mark.parametrize("name", ["covariance", "precision", "genes", "precision_crc32"])
def test_a_damaged_base_does_not_arrive(pair: tuple[Repository, Repository], tmp_path: Path, name: str) -> None:
    _, anna = pair
    other = make(tmp_path / "other.grn", seed=5)
    other.commit(pathway("wnt", first=1))
    flip(next((other.path / "base").iterdir()), name)
    before = files(anna.path)
    with pytest.raises(FormatError, match="damaged"):
        anna.fetch(other.path)
    with pytest.raises(FormatError, match="damaged"):
        grnledger.open(other.path).push(anna.path, branch_of_its_own(other.path))
    assert files(anna.path) == before


@pytest.mark.parametrize("packed", [False, True])
def test_a_damaged_log_is_not_fetched_from(pair: tuple[Repository, Repository], packed: bool) -> None:
    lab, anna = pair
    if packed:
        lab.pack()
    shutil.rmtree(lab.path / "cache")
    for path in sorted((lab.path / ("packs" if packed else "log")).iterdir())[-1:]:
        with h5py.File(path) as file:
            name = "/0000000003/record" if packed else "record"
            index = file[name].id.get_offset() + 40
        content = bytearray(path.read_bytes())
        content[index] ^= 1
        path.write_bytes(content)
    before = files(anna.path)
    with pytest.raises(FormatError, match="damaged"):
        anna.fetch(lab.path)
    assert files(anna.path) == before


def test_a_damaged_store_is_not_pushed_to(pair: tuple[Repository, Repository]) -> None:
    lab, anna = pair
    anna.fetch(lab.path)
    anna.merge("lab/main")
    shutil.rmtree(lab.path / "cache")
    flip(lab.path / "log" / layout.entry_name(2))
    before = files(lab.path)
    with pytest.raises(FormatError, match="Entry 2 of the log is damaged"):
        anna.push(lab.path)
    assert files(lab.path) == before


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
    assert (mine.path / "cache" / "index.h5").is_file()  # it counts versions, and not only entries
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
