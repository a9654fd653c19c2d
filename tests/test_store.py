"""The store on disk: its layout, its chain of ids, damage, hostile files, races, and disks that fail."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.engine.covariance import FactorCovariance
from grnledger.engine.errors import Conflict, FormatError, InputError, NotFound
from grnledger.engine.panel import Panel
from grnledger.engine.pathway import Pathway
from grnledger.storage import durable, entries, hdf5, layout
from grnledger.storage.records import MoveRecord, RefsEntry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from grnledger.storage.repository import Repository

SIZE = 16
GENES = tuple(f"GENE{place}" for place in range(SIZE))
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def pathway(name: str, strength: float = 0.2) -> Pathway:
    return Pathway.of(Panel(GENES), name, {"GENE1": strength, "GENE4": -strength, "GENE9": 2 * strength})


def base() -> FactorCovariance:
    rng = np.random.default_rng(1)
    return FactorCovariance(rng.uniform(0.5, 1.5, SIZE), rng.normal(size=(SIZE, 2)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five entries: v0, v1, a branch, v2 with its own anchor, and a revert v3 that is read from the base."""
    path = tmp_path_factory.mktemp("made") / "tumor.grn"
    repo = grnledger.init(path, factor_model=base(), genes=GENES, author="ada", time=NOON)
    repo.commit([pathway("p53"), Pathway(("wnt",), np.array([2, 3]), np.array([[0.3], [0.1]]), -1, "raw")])
    repo.create_branch("drug-a")
    repo.reinvert()
    repo.revert("v1", only=["p53"])
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "tumor.grn")


def entry(store: Path, number: int) -> Path:
    return store / "log" / f"{number:010d}.h5"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def answers(store: Path) -> list[tuple[str, str, bytes, bytes]]:
    """Everything that a store says: each version's id, content, Σ and Θ."""
    repo = grnledger.open(store)
    snapshots = [(version, repo.snapshot(version.name)) for version in repo.versions(None)]
    return [
        (version.id, version.content, one.covariance.to_dense().tobytes(), one.precision.to_dense().tobytes())
        for version, one in snapshots
    ]


# Layout and ids


def test_a_store_holds_the_files_that_the_design_names_and_no_others(store: Path) -> None:
    repo = grnledger.open(store)
    assert (store / "FORMAT").read_bytes() == b"grnledger store 1\n"
    assert sorted(files(store)) == sorted(
        [
            "FORMAT",
            f"base/{repo.version().base}.h5",
            *(f"log/{number:010d}.h5" for number in range(1, 6)),
            f"cache/anchors/{repo.version('v2').content}.h5",
        ]
    )


def content_of(path: Path) -> tuple[str, str, dict[str, Any]]:
    """A file's kind, its id as `docs/format.md` says that it is computed, and its record."""
    with h5py.File(path) as file:
        kind, record = file.attrs["kind"].decode(), bytes(file["record"][()])
        arrays = {name: file[name] for name in sorted(file) if name != "record" and not name.endswith("_crc32")}
        digest = hashlib.sha256(f"grnledger 1 {kind}\n{len(record)}\n".encode() + record + b"\n")
        for bulk in (False, True):
            for name, array in arrays.items():
                if (name + "_crc32" in file) != bulk:
                    continue
                is_name = array.dtype.kind == "S"
                shape = f"{name} {'name' if is_name else array.dtype.str} {array.shape}"
                if bulk:
                    whole = hashlib.sha256(array[()].tobytes()).hexdigest()
                    digest.update(f"{shape} bulk {whole}\n".encode() + file[name + "_crc32"][()].tobytes())
                else:
                    values = b"".join(one + b"\n" for one in array[()]) if is_name else array[()].tobytes()
                    digest.update(f"{shape}\n".encode() + values)
        assert file.attrs["id"].decode() == digest.hexdigest()
        return kind, digest.hexdigest(), json.loads(record)


def canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_ids_are_what_the_page_on_the_format_says_and_each_entry_names_the_one_before(store: Path) -> None:
    previous, commits, active = None, [], []
    for number in range(1, 6):
        kind, identity, record = content_of(entry(store, number))
        assert (record["number"], record["previous"]) == (number, previous)
        assert entry(store, number).read_bytes().count(b"GCOL") == 0  # no heap of variable-length data
        if kind == "commit":
            commit = record["commit"]
            assert hashlib.sha256(b"grnledger 1 commit\n" + canonical(commit)).hexdigest() == record["id"]
            dropped = {drop["id"] for drop in commit["drops"]}
            active = [one for one in active if one not in dropped] + [one["id"] for one in commit["adds"]]
            said = "\n".join(["grnledger 1 version", commit["base"], *sorted(active)])
            assert hashlib.sha256(said.encode()).hexdigest() == record["measured"]["content"]
            commits.append(record["id"])
        previous = identity
    assert [version.id for version in grnledger.open(store).versions(None)[::-1]] == commits
    for path in (*store.glob("base/*.h5"), *store.glob("cache/anchors/*.h5")):
        kind, identity, record = content_of(path)
        assert path.stem == (identity if kind == "base" else record["content"])


def test_a_pathways_id_is_what_the_page_on_the_format_says(store: Path) -> None:
    both = Pathway(("a", "b"), np.array([1, 5]), np.array([[0.1, 0.2], [0.3, 0.4]]), -1, "raw", np.diag([1.0, 2.0]))
    record = '{"names":["a","b"],"sign":-1,"units":"raw"}'
    said = f"grnledger 1 pathway\n{len(record)}\n{record}\n".encode()
    said += b"genes <i8 (2,)\n" + np.array([1, 5]).tobytes()
    said += b"loadings <f8 (2, 2)\n" + np.array([0.1, 0.2, 0.3, 0.4]).tobytes()
    said += b"pathway_covariance <f8 (2, 2)\n" + np.array([1.0, 0, 0, 2.0]).tobytes()
    assert entries.pathway_id(both) == hashlib.sha256(said).hexdigest()
    repo = grnledger.open(store)
    repo.commit([both])
    with h5py.File(entry(store, 6)) as file:
        np.testing.assert_array_equal(file["pathway_covariance"], [1.0, 0, 0, 2.0])
        np.testing.assert_array_equal(file["loadings"], [0.1, 0.2, 0.3, 0.4])


def test_what_died_writers_left_is_passed_over(store: Path) -> None:
    before = answers(store)
    for folder in ("log", "base", "cache/anchors"):
        (store / folder / ".0000000006.h5.0123456789abcdef.tmp").write_bytes(b"half an en")
    assert answers(store) == before
    assert grnledger.open(store).commit([pathway("stat")]).name == "v4"


def test_a_store_is_moved_as_a_folder(store: Path, tmp_path: Path) -> None:
    before = answers(store)
    assert answers(store.rename(tmp_path / "elsewhere")) == before


# What is no store


def test_where_there_is_no_store_none_is_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no store") as caught:
        grnledger.open(tmp_path / "nothing.grn")
    assert "grn init" in caught.value.hint


def test_a_folder_or_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.grn").write_text("grnledger store 1\n")
    (tmp_path / "folder.grn").mkdir()
    for name in ("file.grn", "folder.grn"):
        with pytest.raises(FormatError, match="is not a grnledger store: it has no FORMAT file"):
            grnledger.open(tmp_path / name)


@pytest.mark.parametrize("text", [b"grnledger store 2\n", b"grnledger store 1", b"", b"\xff\xfe", b"x" * 100_000])
def test_a_store_of_another_format_is_refused_in_a_sentence(store: Path, text: bytes) -> None:
    (store / "FORMAT").write_bytes(text)
    with pytest.raises(FormatError) as caught:
        grnledger.open(store)
    assert "this grnledger reads 'grnledger store 1'" in caught.value.message
    assert len(caught.value.message) < 500
    assert "newer" in caught.value.hint


def test_a_store_that_was_never_finished_is_refused(store: Path) -> None:
    shutil.rmtree(store / "log")
    (store / "log").mkdir()
    with pytest.raises(FormatError, match="has an empty log"):
        grnledger.open(store).version()


@pytest.mark.parametrize("author", ["a" * 1001, "two\nlines", "\udcff", "a\x1b[31m"])
def test_an_author_whose_name_cannot_stand_in_a_line_is_refused(store: Path, author: str) -> None:
    repo = grnledger.open(store, author=author)
    before = files(store)
    for step in (lambda: repo.commit([pathway("stat")]), lambda: repo.create_tag("paper")):
        with pytest.raises(InputError, match="cannot be an author"):
            step()
    assert files(store) == before


# Damage


def test_a_flipped_bit_is_found_or_did_not_matter(made: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    expected, found = answers(made), 0
    for good in sorted(made.rglob("*.h5")):
        store = shutil.copytree(made, tmp_path / good.stem)
        bad = store / good.relative_to(made)
        content = good.read_bytes()
        for place in np.sort(rng.choice(len(content), size=60, replace=False)).tolist():
            bad.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
            try:
                got = answers(store)
            except FormatError as failure:
                assert str(bad) in failure.message  # noqa: PT017  one of two outcomes
                assert "cache" not in bad.parts  # what is derived is made again
                found += 1
            else:
                assert got == expected
        shutil.rmtree(store)
    assert found > 200


@pytest.mark.parametrize("which", ["log", "base"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_named(store: Path, which: str, share: float) -> None:
    path = entry(store, 2) if which == "log" else next(store.glob("base/*.h5"))
    os.truncate(path, int(share * path.stat().st_size))
    with pytest.raises(FormatError) as caught:
        answers(store)
    assert str(path) in caught.value.message


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_missing_entry_is_named(store: Path, number: int) -> None:
    entry(store, number).unlink()
    with pytest.raises(FormatError) as caught:
        grnledger.open(store)
    assert caught.value.message == f"Entry {number} of the log, {entry(store, number)}, is missing."


def test_a_log_without_its_last_entry_is_the_store_as_it_was_before(store: Path) -> None:
    before = answers(store)
    entry(store, 5).unlink()
    assert answers(store) == before[1:]


def test_a_missing_base_is_named(store: Path) -> None:
    path = next(store.glob("base/*.h5"))
    path.unlink()
    repo = grnledger.open(store)  # history needs no numbers
    assert repo.version().name == "v3"
    with pytest.raises(FormatError) as caught:
        repo.snapshot()
    assert caught.value.message == f"{path} is missing from the store."


def test_swapped_entries_are_told_apart(store: Path, tmp_path: Path) -> None:
    entry(store, 3).rename(tmp_path / "aside")
    entry(store, 4).rename(entry(store, 3))
    (tmp_path / "aside").rename(entry(store, 4))
    with pytest.raises(FormatError) as caught:
        grnledger.open(store)
    assert caught.value.message == f"{entry(store, 3)} holds entry 4 of the log, not entry 3."


def test_a_renamed_entry_leaves_a_gap(store: Path) -> None:
    entry(store, 3).rename(entry(store, 9))
    with pytest.raises(FormatError, match=r"Entry 3 of the log, .*0000000003\.h5, is missing"):
        grnledger.open(store)


def test_an_entry_of_another_store_does_not_follow(store: Path, tmp_path: Path) -> None:
    other = grnledger.init(tmp_path / "other.grn", factor_model=base(), genes=GENES, author="bob", time=NOON)
    other.commit([pathway("nfkb")])
    shutil.copy(entry(other.path, 2), entry(store, 2))
    with pytest.raises(FormatError) as caught:
        grnledger.open(store)
    assert str(entry(store, 2)) in caught.value.message
    assert "does not follow the entry before it" in caught.value.message


def test_a_file_of_another_kind_is_refused(store: Path) -> None:
    shutil.copy(next(store.glob("base/*.h5")), entry(store, 2))
    with pytest.raises(FormatError) as caught:
        grnledger.open(store)
    assert caught.value.message.startswith(f"{entry(store, 2)} holds a 'base', where a 'commit")


def test_a_base_under_another_ones_name_is_refused(store: Path, tmp_path: Path) -> None:
    other = grnledger.init(tmp_path / "other.grn", covariance=np.eye(SIZE), genes=GENES)
    path = next(store.glob("base/*.h5"))
    shutil.copy(next(other.path.glob("base/*.h5")), path)
    with pytest.raises(FormatError) as caught:
        grnledger.open(store).snapshot()
    assert caught.value.message.startswith(f"{path} is damaged: it holds another base")


def test_an_entry_that_somebody_rewrote_breaks_the_chain_or_its_commits_own_id(store: Path) -> None:
    stored = hdf5.read(entry(store, 2), layout.COMMIT)
    entry(store, 2).unlink()
    forged = stored.record.replace('"ada"', '"eve"')
    hdf5.Content(stored.kind, forged, stored.arrays).seal().write(entry(store, 2))
    with pytest.raises(FormatError) as caught:
        grnledger.open(store)
    assert caught.value.message == f"{entry(store, 2)} is damaged: the commit's id does not fit it."


def test_a_record_with_an_unknown_field_or_a_wrong_type_is_refused(store: Path) -> None:
    stored = hdf5.read(entry(store, 3), layout.REFS)
    for change in ({"surprise": 1}, {"number": "three"}, {"moves": []}, {"time": "yesterday"}):
        entry(store, 3).unlink()
        record = layout.canonical_json(json.loads(stored.record) | change)
        hdf5.Content(layout.REFS, record, {}).seal().write(entry(store, 3))
        with pytest.raises(FormatError) as caught:
            grnledger.open(store)
        assert str(entry(store, 3)) in caught.value.message
        assert next(iter(change)) in caught.value.message


def test_a_log_that_puts_head_on_no_branch_is_refused(store: Path) -> None:
    repo = grnledger.open(store)
    move = MoveRecord(ref="HEAD", before="main", after="nowhere")
    moved = RefsEntry(
        number=6, previous=repo._log.last, moves=(move,), reason="", author="eve", time="2026-11-01T12:00:00Z"
    )
    repo._log.append(moved)
    with pytest.raises(FormatError, match="HEAD is on nowhere, and there is no such branch"):
        grnledger.open(store)


def test_an_open_store_takes_nothing_in_from_a_damaged_log_and_all_of_it_once_mended(store: Path) -> None:
    reader, writer = grnledger.open(store), grnledger.open(store)
    writer.commit([pathway("stat")])
    writer.commit([pathway("nfkb")])
    good = entry(store, 7).read_bytes()
    entry(store, 7).write_bytes(good[:-100])
    with pytest.raises(FormatError):
        reader.refresh()
    assert reader.version().name == "v3"
    entry(store, 7).write_bytes(good)
    reader.refresh()
    assert reader.version().id == writer.version().id
    assert reader.commit([pathway("mapk")]).name == "v6"


# Hostile files


def replace(path: Path, name: str, build: Callable[[h5py.File, Any], None]) -> None:
    """Put another thing of the same name and value where a dataset stood."""
    with h5py.File(path, "r+", libver="latest") as file:
        values = file[name][()]
        del file[name]
        build(file, values)


def external_link(file: h5py.File, values: Any) -> None:
    with h5py.File(file.filename + ".outside", "w") as other:
        other["loadings"] = values
    file["loadings"] = h5py.ExternalLink(file.filename + ".outside", "loadings")


def soft_link(file: h5py.File, values: Any) -> None:
    other = file.create_group("aside")
    other["loadings"] = values
    file["loadings"] = h5py.SoftLink("/aside/loadings")


def raw_data_outside(file: h5py.File, values: Any) -> None:
    outside = file.filename + ".raw"
    values.tofile(outside)
    file.create_dataset("loadings", shape=values.shape, dtype=values.dtype, external=[(outside, 0, values.nbytes)])


def virtual(file: h5py.File, values: Any) -> None:
    with h5py.File(file.filename + ".outside", "w") as other:
        other["loadings"] = values
    plan = h5py.VirtualLayout(shape=values.shape, dtype=values.dtype)
    plan[...] = h5py.VirtualSource(file.filename + ".outside", "loadings", shape=values.shape)
    file.create_virtual_dataset("loadings", plan)


def chunked(file: h5py.File, values: Any) -> None:
    file.create_dataset("loadings", data=values, chunks=values.shape, compression="gzip")


def group(file: h5py.File, values: Any) -> None:
    file.create_group("loadings")["values"] = values


def variable_length(file: h5py.File, values: Any) -> None:
    file.create_dataset("loadings", data=[f"{value}" for value in values], dtype=h5py.string_dtype())


@pytest.mark.parametrize(
    "build", [external_link, soft_link, raw_data_outside, virtual, chunked, group, variable_length]
)
@pytest.mark.parametrize("where", ["entry", "base"])
def test_what_reaches_out_of_a_file_or_is_not_plain_data_is_refused(
    store: Path, build: Callable[[h5py.File, Any], None], where: str
) -> None:
    path = entry(store, 2) if where == "entry" else next(store.glob("base/*.h5"))
    replace(path, "loadings", build)
    with pytest.raises(FormatError, match=r"holds a link|not a plain dataset|neither numbers nor") as caught:
        answers(store)
    assert str(path) in caught.value.message
    assert "'loadings'" in caught.value.message or "'aside'" in caught.value.message


def test_a_link_to_itself_or_to_nothing_is_refused(store: Path) -> None:
    def nowhere(file: h5py.File, _: Any) -> None:
        file["loadings"] = h5py.SoftLink("/loadings")

    replace(entry(store, 2), "loadings", nowhere)
    with pytest.raises(FormatError, match="holds a link"):
        grnledger.open(store)


def test_a_dataset_that_claims_more_than_the_file_has_is_never_allocated(store: Path) -> None:
    def vast(file: h5py.File, _: Any) -> None:
        file.create_dataset("loadings", shape=(1 << 50,), dtype="<f8")

    replace(entry(store, 2), "loadings", vast)
    with pytest.raises(FormatError, match="claims 9007199254740992 bytes, more than the file has"):
        grnledger.open(store)


def test_variable_length_attributes_are_refused_unread(store: Path) -> None:
    with h5py.File(entry(store, 2), "r+", libver="latest") as file:
        file.attrs["id"] = file.attrs["id"].decode()
    with pytest.raises(FormatError, match="its attribute 'id' is not fixed-length text") as caught:
        grnledger.open(store)
    assert str(entry(store, 2)) in caught.value.message


def test_an_empty_dataset_without_a_shape_is_refused(store: Path) -> None:
    def empty(file: h5py.File, _: Any) -> None:
        file["loadings"] = h5py.Empty("<f8")

    replace(entry(store, 2), "loadings", empty)
    with pytest.raises(FormatError) as caught:
        grnledger.open(store)
    assert str(entry(store, 2)) in caught.value.message


def test_arrays_shorter_than_their_record_says_are_refused(store: Path) -> None:
    stored = hdf5.read(entry(store, 2), layout.COMMIT)
    short = {name: array[:-1] for name, array in stored.arrays.items()}
    entry(store, 2).unlink()
    hdf5.Content(stored.kind, stored.record, short).seal().write(entry(store, 2))
    for number in (3, 4, 5):
        entry(store, number).unlink()
    with pytest.raises(FormatError, match="'genes' is shorter than its record says"):
        grnledger.open(store).snapshot("v1")


def test_a_pathway_with_other_numbers_than_its_id_says_is_refused(store: Path) -> None:
    stored = hdf5.read(entry(store, 2), layout.COMMIT)
    forged = dict(stored.arrays) | {"loadings": 2 * stored.arrays["loadings"]}
    entry(store, 2).unlink()
    hdf5.Content(stored.kind, stored.record, forged).seal().write(entry(store, 2))
    for number in (3, 4, 5):
        entry(store, number).unlink()
    with pytest.raises(FormatError, match="pathway p53 is not what its id says"):
        grnledger.open(store).snapshot("v1")


# A new store


def test_a_store_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = {"link": 0, "rename": 0, "fsync": 0}
    real = {"link": os.link, "rename": os.rename, "fsync": os.fsync}

    def counting(name: str, fail_at: int | None) -> Callable[..., None]:
        def step(*arguments: Any, **named: Any) -> None:
            steps[name] += 1
            if steps[name] == fail_at:
                raise KeyboardInterrupt
            real[name](*arguments, **named)

        return step

    def make(name: str) -> Repository:
        return grnledger.init(tmp_path / name, factor_model=base(), genes=GENES)

    for name in steps:
        monkeypatch.setattr(os, name, counting(name, None))
    make("counted.grn")
    total = dict(steps)
    assert total["link"] == 3  # FORMAT, the base, the first entry
    assert total["rename"] == 1
    for name, times in total.items():
        for place in range(1, times + 1):
            if name == "fsync" and place == times:
                continue  # the last flushes the folder around a store that stands there whole
            steps.update(dict.fromkeys(steps, 0))
            monkeypatch.setattr(os, name, counting(name, place))
            with pytest.raises(KeyboardInterrupt):
                make("killed.grn")
            monkeypatch.setattr(os, name, counting(name, None))
            assert sorted(path.name for path in tmp_path.iterdir()) == ["counted.grn"]
    assert make("killed.grn").version().name == "v0"


def test_where_something_stands_no_store_is_made_and_nothing_is_touched(tmp_path: Path) -> None:
    (tmp_path / "folder.grn").mkdir()
    (tmp_path / "file.grn").write_text("mine")
    (tmp_path / "link.grn").symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())
    for name in ("folder.grn", "file.grn", "link.grn"):
        with pytest.raises(Conflict, match="exists already"):
            grnledger.init(tmp_path / name, factor_model=base(), genes=GENES)
    with pytest.raises(NotFound, match="There is no folder"):
        grnledger.init(tmp_path / "nowhere" / "x.grn", factor_model=base(), genes=GENES)
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "file.grn").read_text() == "mine"


def test_of_two_that_make_the_same_store_at_once_the_second_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.rename
    path = tmp_path / "tumor.grn"

    def just_before(source: Any, target: Any, **named: Any) -> None:
        monkeypatch.setattr(os, "rename", real)
        grnledger.init(path, factor_model=base(), genes=GENES, author="faster")
        real(source, target, **named)

    monkeypatch.setattr(os, "rename", just_before)
    with pytest.raises(Conflict, match="exists already"):
        grnledger.init(path, factor_model=base(), genes=GENES, author="slower")
    assert grnledger.open(path).version().author == "faster"
    assert list(tmp_path.iterdir()) == [path]


# Several writers


def test_the_loser_of_a_race_for_one_branch_is_told_and_stands_where_it_was(store: Path) -> None:
    first, second = (grnledger.open(store, author=name) for name in ("ada", "bob"))
    plan = second.plan([pathway("nfkb")])
    won = first.commit([pathway("stat")])
    before = files(store)
    with pytest.raises(Conflict, match="branch/main has moved meanwhile"):
        second.write(plan)
    assert files(store) == before
    assert second.version().id == won.id  # it knows by now what the other one wrote
    assert [one.label for one in second.active()] == [one.label for one in first.active()]
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
    assert len({one.id for one in grnledger.open(store).versions(None)}) == 6


def stale(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next refresh see nothing, as when another writer comes between looking and writing."""
    real = repo.refresh

    def once() -> None:
        monkeypatch.setattr(repo, "refresh", real)

    monkeypatch.setattr(repo, "refresh", once)


def test_a_branch_that_another_one_switched_to_is_not_deleted(store: Path) -> None:
    first, second = grnledger.open(store), grnledger.open(store)
    first.switch("drug-a")
    with pytest.raises(Conflict, match="HEAD is on drug-a"):
        second.delete_branch("drug-a")
    assert grnledger.open(store).head == "drug-a"


@pytest.mark.parametrize("what", ["delete", "switch", "tag"])
def test_moves_that_would_contradict_each_other_conflict(
    store: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    first, second = grnledger.open(store), grnledger.open(store)
    stale(second, monkeypatch)
    if what == "delete":
        first.switch("drug-a")
        step: Callable[[], object] = lambda: second._delete_ref(layout.BRANCH, "drug-a")  # noqa: E731
    elif what == "switch":
        first.delete_branch("drug-a")
        step = lambda: second.switch("drug-a")  # noqa: E731
    else:
        first.create_branch("both")
        step = lambda: second.create_tag("both")  # noqa: E731
    with pytest.raises(Conflict, match="has moved meanwhile"):
        step()
    fresh = grnledger.open(store)
    assert fresh.head in fresh.branches
    assert not set(fresh.branches) & set(fresh.tags)


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
    before = {name: {one.label for one in grnledger.open(store).active(name)} for name in branches}
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
        assert {one.label for one in repo.active(name)} == expected
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


# Disks that fail


def failing(monkeypatch: pytest.MonkeyPatch, name: str, number: int, *, at: int = 1) -> None:
    """Let the at-th call of a system function fail, that one only."""
    if name == "fsync" and sys.platform == "darwin":
        pytest.skip("there F_FULLFSYNC flushes")
    real, calls = getattr(os, name), [0]

    def step(*arguments: Any, **named: Any) -> Any:
        calls[0] += 1
        if calls[0] == at:
            raise OSError(number, os.strerror(number))
        return real(*arguments, **named)

    monkeypatch.setattr(os, name, step)


@pytest.mark.parametrize(
    ("name", "number"),
    [("fsync", errno.EIO), ("link", errno.ENOSPC), ("link", errno.EIO), ("fsync", errno.ENOSPC), ("close", errno.EIO)],
)
def test_a_disk_that_fails_leaves_no_entry_and_the_next_commit_works(
    store: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    repo = grnledger.open(store)
    repo.snapshot()
    before = files(store)
    with monkeypatch.context() as patch:
        failing(patch, name, number)
        with pytest.raises(OSError, match=os.strerror(number)):
            repo.commit([pathway("stat")])
    assert files(store) == before
    assert repo.version().name == "v3"
    assert repo.commit([pathway("stat")]).name == "v4"
    assert grnledger.open(store).version().name == "v4"


def test_an_entry_whose_folder_could_not_be_flushed_is_whole_and_taken_in(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = grnledger.open(store)
    repo.snapshot()
    with monkeypatch.context() as patch:
        failing(patch, "fsync", errno.EIO, at=2)
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            repo.commit([pathway("stat")], message="not acknowledged")
    assert grnledger.open(store).version().message == "not acknowledged"
    with pytest.raises(Conflict, match="stat is active already"):
        repo.commit([pathway("stat")])
    assert repo.commit([pathway("nfkb")]).name == "v5"


FULL = """
    import resource, sys
    import numpy as np
    import grnledger
    from grnledger.engine.covariance import FactorCovariance

    genes = [f"GENE{place}" for place in range(300)]
    base = FactorCovariance(np.ones(300), np.ones((300, 1)))
    repo = grnledger.init(sys.argv[1], factor_model=base, genes=genes)
    large = grnledger.Pathway(
        tuple(f"p{column}" for column in range(40)), np.arange(300), np.random.default_rng(0).normal(size=(300, 40))
    )

    def files():
        return sorted(str(path) for path in repo.path.rglob("*") if path.is_file())

    before = files()
    for limit in (1_000, 70_000):  # nothing can be begun; it can, but not ended
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        for step in (lambda: repo.commit([large]), repo.reinvert):
            try:
                step()
            except OSError:
                print("refused")
            assert files() == before
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(repo.commit([large]).name, repo.reinvert().name)
"""


@pytest.mark.usefixtures("compiled_once")
def test_a_file_that_the_system_will_not_let_grow_leaves_no_entry(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL), str(tmp_path / "tumor.grn")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.split() == ["refused"] * 4 + ["v1", "v2"]


def test_a_write_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def half(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        durable.publish(tmp_path / "x.h5", half)
    assert list(tmp_path.iterdir()) == []
    durable.publish(tmp_path / "x.h5", durable.write_bytes(b"whole"))
    assert files(tmp_path) == {"x.h5": b"whole"}


def test_a_name_that_is_taken_stays_as_it_is(tmp_path: Path) -> None:
    durable.publish(tmp_path / "x.h5", durable.write_bytes(b"first"))
    with pytest.raises(FileExistsError):
        durable.publish(tmp_path / "x.h5", durable.write_bytes(b"second"))
    assert files(tmp_path) == {"x.h5": b"first"}


@pytest.mark.parametrize("number", sorted(durable.NO_LINKS))
def test_a_file_system_without_links_is_written_by_exclusive_creation(
    store: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", no_link)
    repo = grnledger.open(store)
    assert repo.commit([pathway("stat")]).name == "v4"
    assert grnledger.open(store).version().name == "v4"
    before = files(store)
    with pytest.raises(FileExistsError):
        durable.publish(entry(store, 6), durable.write_bytes(b"second"))
    assert files(store) == before


def test_without_links_a_full_disk_leaves_no_half_entry_under_its_own_name(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    repo = grnledger.open(store)
    repo.snapshot()
    before = files(store)
    with monkeypatch.context() as patch:
        patch.setattr(os, "link", no_link)
        failing(patch, "fsync", errno.ENOSPC, at=2)  # the first is of the temporary file
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            repo.commit([pathway("stat")])
    assert files(store) == before
    assert repo.commit([pathway("stat")]).name == "v4"


# Reading where nothing can be written


READER = """
    import os, sys
    import numpy as np
    import grnledger

    def read(path):
        repo = grnledger.open(path)
        for version in repo.versions(None):
            snapshot = repo.snapshot(version.name)
            assert np.allclose(snapshot.covariance.to_dense() @ snapshot.precision.to_dense(), np.eye(16))
        return repo

    os.chdir(sys.argv[1])
    read("copy.grn")  # with all imports done, rights can be given up
    if os.getuid() == 0:
        os.setuid(65534)
    repo = read("tumor.grn")
    try:
        repo.create_tag("paper")
    except OSError:
        print("cannot write")
"""


@pytest.mark.usefixtures("compiled_once")
@pytest.mark.parametrize("cached", [True, False])
def test_a_store_on_a_read_only_place_is_read_with_or_without_its_cache(store: Path, cached: bool) -> None:
    shutil.copytree(store, store.with_name("copy.grn"))
    if not cached:
        shutil.rmtree(store / "cache")
    before = files(store)
    everything = [store, *store.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    store.parent.chmod(0o755)
    try:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(READER), str(store.parent)],
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        for path in everything:
            path.chmod(0o755 if path.is_dir() else 0o644)
    assert done.stderr == ""
    assert done.stdout == "cannot write\n"
    assert files(store) == before
