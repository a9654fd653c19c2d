"""What `verify` finds, what it says of it, and what `--repair` mends: the harnesses of `tests/trust`, in short."""

from __future__ import annotations

import errno
import importlib
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.cli.commands.stores.verify import ranges
from grnledger.engine.errors import Conflict, FormatError, NotFound
from grnledger.engine.network.covariance import ArraySource, DenseCovariance
from grnledger.engine.network.inversion import invert
from grnledger.engine.network.panel import Panel
from grnledger.storage.files import layout
from grnledger.storage.files.chained_text import ChainedText
from grnledger.storage.files.locations import group_of
from grnledger.storage.history.index import log_index
from grnledger.storage.history.index.blocks import HEADER
from grnledger.storage.history.records import BaseRecord
from grnledger.storage.networks.bases import NewBase
from grnledger.storage.transfer import pack
from grnledger.storage.verify.repair import repair
from grnledger.storage.verify.store import verify
from small_store import files

if TYPE_CHECKING:
    from collections.abc import Callable

TRUST = Path(__file__).resolve().parents[2] / "trust"

FACTOR, DENSE, WHOLE = "factor.grn", "dense.grn", "whole.h5"


@pytest.fixture(scope="module")
def harness() -> Any:
    """What imports a module of the harnesses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(TRUST))
        yield importlib.import_module


@pytest.fixture(scope="module")
def ground(harness: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Stores with every kind of file, and what they answer."""
    return harness("specimens").Ground.lay(tmp_path_factory.mktemp("ground"))


@pytest.fixture
def store(ground: Any, tmp_path: Path) -> Callable[[str], Path]:
    """What makes a copy of one of the stores."""

    def copied(name: str) -> Path:
        source = ground.specimens[name].path
        return Path((shutil.copytree if source.is_dir() else shutil.copyfile)(source, tmp_path / name))

    return copied


def entry(number: int) -> str:
    return f"log/{number:010d}.h5"


def flip(path: Path, near: bytes) -> None:
    """Flip a bit of the first place where some bytes stand."""
    content = bytearray(path.read_bytes())
    content[content.index(near)] ^= 1
    path.write_bytes(content)


# The harnesses, in short


def test_one_flipped_bit_is_reported_or_harmless(ground: Any, harness: Any, tmp_path: Path) -> None:
    flips = harness("flips")
    drawn = flips.draw(ground, 44, seed=20)
    assert {flip.kind for flip in drawn} >= {
        "FORMAT",
        "entry",
        "pack",
        "base",
        "anchor",
        "index",
        "high-water mark",
        "exported",
    }
    tally = flips.run(ground, drawn, 1, tmp_path)
    assert tally.total == 44
    assert tally.bad == []


@pytest.mark.parametrize(
    ("plant", "name", "near", "outcome"),
    [
        ("ids-unchecked", f"{FACTOR}/{entry(14)}", b'"create at', "wrong"),
        ("ids-unchecked", f"{DENSE}/{entry(10)}", b'"create at', "wrong"),
        ("rows-unchecked", f"{DENSE}/base/", None, "wrong"),
        ("rows-unread", f"{DENSE}/base/", None, "missed"),
    ],
)
def test_a_reader_or_a_verify_without_one_check_is_detected(
    ground: Any, harness: Any, store: Callable[[str], Path], plant: str, name: str, near: bytes | None, outcome: str
) -> None:
    flips, which = harness("flips"), name.partition("/")[0]
    path = store(which)
    file = next(inner for inner in ground.files[which] if f"{which}/{inner}".startswith(name))
    content = ground.files[which][file]
    if near is None:
        with h5py.File(path / file) as opened:
            index = opened["precision"].id.get_offset() + 5
    else:
        index = content.rindex(near) + 2
    assert flips.examine(ground, flips.Flip(which, file, index, 1), path)[0] == "damage"
    with flips.PLANTS[plant]():
        assert flips.examine(ground, flips.Flip(which, file, index, 1), path)[0] == outcome


@pytest.fixture(scope="module")
def strangers(harness: Any, tmp_path_factory: pytest.TempPathFactory, ground: Any) -> Any:
    """Files of other stores of the same shape."""
    return harness("specimens").strangers(ground.specimens[FACTOR].path.parent)


@pytest.mark.parametrize("first", [0, 31])
def test_a_damaged_file_is_named_with_the_versions_that_it_touches(
    ground: Any, harness: Any, strangers: Any, tmp_path: Path, first: int
) -> None:
    damage = harness("damage")
    for nth, case in enumerate(list(damage.cases(ground, strangers))[first::53]):
        folder = tmp_path / str(nth)
        folder.mkdir()
        assert damage.run(ground, case, folder) == []


@pytest.mark.parametrize(
    "name", [f"{FACTOR}/packs/0000000001-0000000009.h5", f"{DENSE}/{entry(1)}", f"{DENSE}/{entry(5)}"]
)
@pytest.mark.parametrize("whose", ["another store's", "a fork's"])
def test_another_stores_file_in_place_of_one_is_not_believed(
    ground: Any, harness: Any, strangers: Any, tmp_path: Path, name: str, whose: str
) -> None:
    damage, (which, _, file) = harness("damage"), name.partition("/")
    case = damage.Case(which, file, f"replaced by {whose}", content=strangers[f"{whose} {which}"][file])
    same = (whose, file) == ("a fork's", entry(1))  # the fork has it too
    assert (damage.run(ground, case, tmp_path) == []) != same


@pytest.mark.parametrize(
    ("plant", "case"),
    [
        ("descendants-forgotten", (DENSE, entry(2), "deleted")),
        ("writing-on", (DENSE, entry(2), "zeroed")),
        ("repair-too-much", (DENSE, entry(2), "zeroed")),
    ],
)
def test_a_faulty_verify_writer_or_repair_is_detected(
    ground: Any, harness: Any, tmp_path: Path, plant: str, case: tuple[str, str, str]
) -> None:
    damage, (which, name, done) = harness("damage"), case
    file = max(
        (inner for inner in ground.files[which] if inner.startswith(name)),
        key=lambda inner: len(ground.files[which][inner]),
    )
    with damage.PLANTS[plant]():
        assert damage.run(ground, damage.Case(which, file, done), tmp_path) != []


# What it says


def test_a_whole_store_is_reported_as_whole(store: Callable[[str], Path], grn: Any) -> None:
    for name in (FACTOR, DENSE, WHOLE):
        path = store(name)
        before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
        printed = grn("-s", path, "verify", "--numbers")
        assert (printed.code, printed.err) == (0, "")
        assert "Nothing is damaged." in printed.out
        assert "its precision is the inverse of its covariance to a relative error of" in printed.out
        answer = grn("-s", path, "verify", "--json").json
        assert (answer["sound"], answer["findings"]) == (True, [])
        assert answer["readable"] == [f"v{number}" for number in range(answer["versions"])]
        assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before


def test_damage_is_reported_with_the_file_the_versions_and_the_refs(store: Callable[[str], Path], grn: Any) -> None:
    path = store(FACTOR)
    (path / entry(13)).unlink()
    printed = grn("-s", path, "verify")
    assert printed.code == 1
    assert f"{entry(13)}: damaged\n    Entry 13 of the log" in printed.out
    assert "    It affects v9–v10.\n    The positions of these are no longer certain: HEAD, " in printed.out
    assert "Readable: v0–v8.\n" in printed.out
    assert printed.err.startswith("`grn verify --repair --from OTHER` puts these files back")
    (row,) = (line for line in grn("-s", path, "verify", "--tsv").rows if line["kind"] == "damage")
    assert (row["file"], row["versions"], row["repaired"]) == (entry(13), "v9,v10", "False")
    assert grn("-s", path, "edges", "--at", "v8", "--top", 3).code == 0
    assert grn("-s", path, "edges", "--at", "v10", "--top", 3).code == 6


def test_a_run_of_missing_entries_is_reported_together_and_so_are_the_entries_of_a_pack(
    store: Callable[[str], Path],
) -> None:
    path = store(DENSE)
    for number in (4, 5, 6):
        (path / entry(number)).unlink()
    (finding,) = grnledger.verify(path).findings
    assert finding.what.startswith("Entries 4 to 6 of the log are missing: ")
    path = store(FACTOR)
    next((path / "packs").iterdir()).write_bytes(b"")
    (finding,) = grnledger.verify(path).findings
    assert (finding.path, finding.versions) == ("packs/0000000001-0000000009.h5", (0, 1, 2, 3, 4, 5, 6, 9, 10))
    assert finding.what.endswith(" The same is true of its other entries to 9.")


def test_what_is_derived_is_repaired_and_reported_as_repaired(
    store: Callable[[str], Path], grn: Any, ground: Any
) -> None:
    path = store(FACTOR)
    expected = ground.expected[FACTOR]
    for name in ("FORMAT", "cache/history", "cache/last"):
        (path / name).write_bytes(b"x")
    anchor = next((path / "cache" / "anchors").iterdir())
    anchor.write_bytes(anchor.read_bytes()[:-1])
    assert grn("-s", path, "log").code == 6
    printed = grn("-s", path, "verify")
    assert (printed.code, printed.out.count("damaged, can be made again\n")) == (1, 4)
    assert "`grn verify --repair` repairs this." in printed.err
    printed = grn("-s", path, "verify", "--repair")
    assert (printed.code, printed.out.count("(repaired)")) == (0, 4)
    assert grn("-s", path, "verify").code == 0
    repo = grnledger.open(path)
    assert [repo.version(f"v{number}").id for number in range(len(repo))] == [
        expected[f"v{n} told"][1] for n in range(11)
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\tadd p53\t", b"\tadd p52\t"),  # of a commit
        (b"\tadd p53\t", b"\tadd p54\t"),
        (b"\tcreate at v0\t", b"\tcreate at u0\t"),  # of another entry
        (b"\tcreate at v0\t", b"\tcreate at w0\t"),
    ],
)
def test_an_index_that_says_anything_else_than_the_log_is_reported_though_its_hashes_fit(
    store: Callable[[str], Path], old: bytes, new: bytes
) -> None:
    path = store(DENSE)
    index = path / "cache" / "history"
    text, content = ChainedText(HEADER), index.read_bytes().removeprefix(HEADER)
    assert old in content
    for lines in re.split(rb" [0-9a-f]{64}\n", content.replace(old, new, 1))[:-1]:
        text.append(lines)
    index.write_bytes(text.read(0, text.size))
    (finding,) = grnledger.verify(path).findings
    assert (finding.kind, finding.path) == ("derived", "cache/history")
    assert "is not the index of this log" in finding.what


def test_what_the_disk_does_not_let_be_repaired_is_reported_so(
    store: Callable[[str], Path], grn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store(FACTOR)
    (path / "cache" / "history").write_bytes(b"x")

    def refuse(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    for name in ("unlink", "rename", "replace"):
        monkeypatch.setattr(os, name, refuse)
    printed = grn("-s", path, "verify", "--repair")
    assert (printed.code, printed.out.count("damaged, can be made again\n")) == (1, 1)
    assert f"{importlib.import_module('outcomes').NOT_MENDED}check free space" in printed.err
    assert "`grn verify --repair` repairs this." not in printed.err


def test_quick_leaves_out_the_large_matrices_and_the_loadings(store: Callable[[str], Path]) -> None:
    path = store(DENSE)
    base = next((path / "base").iterdir())
    with h5py.File(base) as file:
        index = file["precision"].id.get_offset()
    flip(base, base.read_bytes()[index : index + 64])
    assert grnledger.verify(path, quick=True).sound
    (finding,) = grnledger.verify(path).findings
    assert (finding.kind, finding.path, finding.versions) == ("damage", f"base/{base.name}", tuple(range(7)))


def test_a_precision_that_is_not_the_inverse_is_reported_by_the_check_of_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grnledger.storage.networks.diagnostics.probe", lambda _: 1e-16)
    covariance = np.diag(np.arange(1.0, 9.0))
    wrong = DenseCovariance(ArraySource(covariance), ArraySource(np.diag(1 / np.arange(2.0, 10.0))), 0.0)
    record = BaseRecord(form="dense", genes=8, factors=0, estimator="given", log_det=0.0)
    panel = Panel(tuple(f"GENE{index}" for index in range(8)))
    grnledger.Repository.create(tmp_path / "wrong.grn", NewBase(panel, wrong, record), author="ada")
    assert grnledger.verify(tmp_path / "wrong.grn").sound
    report = grnledger.verify(tmp_path / "wrong.grn", numbers=True)
    (finding,) = (item for item in report.findings if item.kind == "damage")
    assert "its precision is not the inverse of its covariance" in finding.what
    assert (finding.path.split("/")[0], finding.versions) == ("base", (0,))


def test_a_base_without_four_digits_is_found_where_numbers_are_tried(tmp_path: Path, grn: Any) -> None:
    """A store of an earlier program, which refused none."""
    covariance = np.diag(np.arange(1.0, 9.0))
    covariance[1, 0] = covariance[0, 1] = np.sqrt(2.0) * (1.0 - 1e-13)
    record = BaseRecord(form="dense", genes=8, factors=0, estimator="given", log_det=0.0)
    panel = Panel(tuple(f"GENE{place}" for place in range(8)))
    grnledger.Repository.create(tmp_path / "old.grn", NewBase(panel, invert(covariance), record), author="ada")
    assert grnledger.verify(tmp_path / "old.grn").sound
    report = grnledger.verify(tmp_path / "old.grn", numbers=True)
    first = next(item for item in report.findings if item.kind == "damage")
    assert "fewer than four digits of an inverse are right" in first.what
    assert (first.path.split("/")[0], first.versions) == ("base", (0,))
    assert grn("-s", tmp_path / "old.grn", "verify", "--numbers").code == 1


def test_where_there_is_no_store_nothing_is_verified(tmp_path: Path, grn: Any) -> None:
    with pytest.raises(NotFound, match="There is no store"):
        grnledger.verify(tmp_path / "nothing.grn")
    (tmp_path / "folder.grn").mkdir()
    with pytest.raises(FormatError, match="is not a grnledger store"):
        grnledger.verify(tmp_path / "folder.grn", repair=True)
    assert list((tmp_path / "folder.grn").iterdir()) == []
    assert grn("-s", tmp_path / "nothing.grn", "verify").code == 3
    assert grn("-s", tmp_path / "folder.grn", "verify").code == 6


def test_leftovers_are_notes_and_no_damage(store: Callable[[str], Path], grn: Any) -> None:
    path = store(DENSE)
    (path / "log" / ".0000000011.h5.0123456789abcdef.tmp").write_bytes(b"half an en")
    (path / "notes.txt").write_text("mine")
    printed = grn("-s", path, "verify")
    assert printed.code == 0
    assert "A writer left it, or is still writing" in printed.err
    assert "notes.txt: It is not a file of a store: --repair moves it to aside/." in printed.err
    assert grn("-s", path, "verify", "--repair").code == 0
    assert (path / "aside" / "notes.txt").read_text() == "mine"
    assert not (path / "notes.txt").exists()


def test_a_stray_link_and_an_empty_folder_are_told_as_that_and_go(store: Callable[[str], Path], grn: Any) -> None:
    path = store("factor.grn")
    (path / "log" / "link").symlink_to("0000000001.h5")
    (path / "log" / "deep" / "er").mkdir(parents=True)
    (path / "empty").mkdir()
    printed = grn("-s", path, "verify")
    assert printed.code == 0
    assert "log/link: It is not a file of a store: --repair moves it to aside/." in printed.err
    for folder in ("empty", "log/deep", "log/deep/er"):
        assert f"{folder}: It is an empty folder that no store has: --repair removes it." in printed.err
    printed = grn("-s", path, "verify", "--repair")
    assert printed.code == 0
    assert "log/link: moved to aside/log/link, since it is not a file of a store" in printed.out
    assert "log/link: note" not in printed.out
    assert "its target" not in printed.out
    assert "--repair" not in printed.out
    assert not (path / "empty").exists()
    assert not (path / "log" / "deep").exists()
    assert (path / "aside" / "log" / "link").is_symlink()


@pytest.mark.parametrize(("beyond", "noted"), [(-1, True), (0, True), (1, False)])
def test_only_a_log_long_enough_for_an_index_is_noted_to_have_none(
    store: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, beyond: int, noted: bool
) -> None:
    """`beyond` is by how many entries the length from which opening is slow exceeds that of the log."""
    path = store(DENSE)
    (path / "cache" / "history").unlink()
    monkeypatch.setattr(log_index, "STATE_EVERY", len(list((path / "log").iterdir())) + beyond)
    report = verify(path)
    assert report.sound
    assert [finding.path for finding in report.findings if "There is no index" in finding.what] == (
        ["cache/history"] if noted else []
    )


def test_a_claim_to_a_number_is_reported_and_kept_for_an_hour(store: Callable[[str], Path], grn: Any) -> None:
    path = store(DENSE)
    repo = grnledger.open(path)
    claim = path / entry(repo._ledger.log.next)
    claim.touch()
    assert f"{entry(repo._ledger.log.next)}: A writer has claimed it" in grn("-s", path, "verify", "--repair").err
    assert claim.exists()
    with pytest.raises(Conflict, match="is claimed by a writer"):
        grnledger.open(path, wait=0).create_tag("late")
    os.utime(claim, (0, 0))
    assert f"{entry(repo._ledger.log.next)}: note (repaired)" in grn("-s", path, "verify", "--repair").out
    assert not claim.exists()
    assert grnledger.open(path).create_tag("late").name == "v6"


def test_a_commit_while_a_store_is_verified_is_no_damage(store: Callable[[str], Path]) -> None:
    path = store(DENSE)
    left = iter(range(70))  # more than the index waits for

    def commit_on(_: float) -> None:
        for nth in left:
            grnledger.open(path).create_tag(f"t{nth}", "v1")

    report = verify(path, progress=commit_on)
    assert report.sound
    assert [finding for finding in report.findings if finding.kind == "derived" or "claims" in finding.what] == []


def test_each_damaged_entry_is_reported_with_the_versions_that_need_it(tmp_path: Path) -> None:
    genes = [f"GENE{index}" for index in range(8)]
    repo = grnledger.init(tmp_path / "two.grn", covariance=np.eye(8), genes=genes, author="ada")
    for name in ("x", "y"):
        repo.create_branch(name, "v0")
        for nth in range(2):
            repo.commit(grnledger.Pathway.of(repo.panel, f"{name}{nth}", {"GENE1": 0.1}), branch=name)
    # 2: x, 3: v1, 4: v2, 5: y, 6: v3, 7: v4
    for number in (3, 7):
        (repo.path / entry(number)).write_bytes(b"damaged")
    versions = {item.path: item.versions for item in grnledger.verify(repo.path).findings if item.kind == "damage"}
    assert versions == {entry(3): (1, 2), entry(7): (4,)}


def test_damage_that_only_other_programs_read_is_reported_and_repaired(store: Callable[[str], Path]) -> None:
    path, name = store(FACTOR), "packs/0000000001-0000000009.h5"
    flip_free_space(path / name)
    expected = [version.id for version in grnledger.open(path).versions(None)]
    findings = [(finding.kind, finding.path) for finding in grnledger.verify(path).findings if finding.kind != "note"]
    assert findings == [("derived", name)]
    assert grnledger.verify(path, repair=True).sound
    assert grnledger.verify(path).sound
    assert [version.id for version in grnledger.open(path).versions(None)] == expected
    with h5py.File(path / name) as file:
        file.visit(lambda _: None)


def test_so_it_is_in_an_exported_file_of_which_a_clone_is_sound(store: Callable[[str], Path], tmp_path: Path) -> None:
    path = store(WHOLE)
    flip_free_space(path)
    assert [finding.kind for finding in grnledger.verify(path).findings] == ["damage"]
    clone = grnledger.clone(path, tmp_path / "clone.grn")
    assert grnledger.verify(clone.path).sound


def flip_free_space(path: Path) -> None:
    """Flip a bit of what says where a large group of a file has room, which reading does not need."""
    content = bytearray(path.read_bytes())
    content[content.index(b"FSHD") + 14] ^= 1
    path.write_bytes(content)


def test_a_damaged_pack_whose_entries_are_loose_too_is_reported_as_such(store: Callable[[str], Path]) -> None:
    path = store(DENSE)
    contents = {file.name: file.read_bytes() for file in sorted((path / "log").iterdir())}
    grnledger.open(path).pack()
    pack = next((path / "packs").iterdir())
    pack.write_bytes(pack.read_bytes()[: pack.stat().st_size // 2])
    told = "Everything in it is in other files too"
    for name, content in contents.items():
        assert told not in grnledger.verify(path).findings[0].what
        (path / "log" / name).write_bytes(content)
    assert told in grnledger.verify(path).findings[0].what
    for missing in [name for name in contents if name != max(contents)]:
        (path / "log" / missing).unlink()
        assert told not in grnledger.verify(path).findings[0].what
        (path / "log" / missing).write_bytes(contents[missing])
    pack.unlink()
    assert grnledger.verify(path).sound


@pytest.mark.parametrize(("run", "checked"), [(512, 64), (4, 1)])
@pytest.mark.parametrize("number", [2, 4])
def test_loose_copies_stay_as_long_as_their_pack_has_a_damaged_entry(
    store: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, number: int, run: int, checked: int
) -> None:
    """Also where the index, which looks at the files of the last entries alone, knows nothing of the damage."""
    path = store(DENSE)
    monkeypatch.setattr(pack, "RUN", run)
    monkeypatch.setattr(log_index, "CHECKED", checked)
    contents = files(path / "log")
    grnledger.open(path).pack()
    damaged = f"{number:010}.h5"
    copies = {name: content for name, content in contents.items() if name != damaged}
    for name, content in copies.items():
        (path / "log" / name).write_bytes(content)
    with h5py.File(min((path / "packs").iterdir()), "r+") as file:
        file[group_of(number)].attrs["id"] = np.bytes_(b"0" * 64)
    assert repair(path).findings
    left = {name for name in copies if layout.entry_number(name) in range(1, run + 1)}
    assert files(path / "log") == {name: copies[name] for name in left}


def test_versions_are_shown_in_ranges() -> None:
    assert ranges([]) == ""
    assert ranges([4]) == "v4"
    assert ranges([7, 0, 1, 2, 5]) == "v0–v2, v5, v7"
