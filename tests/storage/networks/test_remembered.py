"""Numbers that a store remembers: the same answers with them and without, whatever becomes of their files."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.eigenvalues.spectrum import spectrum
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import durable, layout
from grnledger.storage.networks import bases, remembered
from grnledger.storage.networks.remembered import Remembered, read_numbers
from small_store import GENES, files

if TYPE_CHECKING:
    from collections.abc import Callable

Numbers = list[bytes]


@pytest.fixture(autouse=True)
def everything_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "WORTH_OPERATIONS", 0.0)


def asked(store: Path, **options: Any) -> Numbers:
    """Return the bits of all that is remembered of three versions: eigenvalues, diagonals, a gene's row, links."""
    repo = grnledger.open(store, **options)
    numbers: Numbers = []
    for rev in ("v0", "v1", "v3"):
        snapshot = repo.snapshot(rev)
        extremes = spectrum(snapshot)
        numbers.append(np.array([extremes.smallest, extremes.largest]).tobytes())
        numbers.append(snapshot.precision.diagonal().tobytes())
        numbers.append(snapshot.neighbors(GENES[1], top=5).rho.tobytes())
    numbers.append(repo.snapshot("v1", penalty=0.5).precision.diagonal().tobytes())
    return numbers


def folder(store: Path) -> Path:
    return store / layout.CACHE / layout.NUMBERS


def test_answers_are_the_same_with_and_without_the_cache(store: Path) -> None:
    without = asked(store, cache_limit=0)
    assert not folder(store).exists() or not list(folder(store).iterdir())
    assert asked(store) == without
    kept = files(folder(store))
    assert len(kept) > 5
    assert asked(store) == without
    assert files(folder(store)) == kept


def test_what_is_remembered_is_not_computed(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = asked(store)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr("grnledger.engine.network.anchor._weighted_gram", refuse)
    for way in ("_iterated", "_counted"):
        monkeypatch.setattr(f"grnledger.engine.network.eigenvalues.spectrum.{way}", refuse)
    monkeypatch.setattr("grnledger.engine.network.capacitance.Capacitance.precision_diagonal", refuse)
    repo = grnledger.open(store)
    actual = repo.snapshot("v1").precision.diagonal().tobytes()
    assert actual in before


def test_a_change_of_any_byte_changes_no_answer_and_is_mended(store: Path) -> None:
    before = asked(store)
    whole = files(folder(store))
    rng = np.random.default_rng(3)
    for name, content in whole.items():
        for place in [*range(0, len(content), 17), len(content) - 1]:
            damaged = bytearray(content)
            damaged[place] ^= 1 << int(rng.integers(8))
            (folder(store) / name).write_bytes(damaged)
            assert read_numbers(folder(store) / name) is None
        (folder(store) / name).write_bytes(bytes(damaged))  # pyright: ignore[reportPossiblyUnboundVariable]
    assert asked(store) == before
    assert files(folder(store)) == whole


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99, 1.5])
def test_a_file_that_is_too_short_or_too_long_counts_as_none(store: Path, share: float) -> None:
    before = asked(store)
    whole = files(folder(store))
    for name, content in whole.items():
        (folder(store) / name).write_bytes((content * 2)[: int(share * len(content))])
    assert asked(store) == before
    assert files(folder(store)) == whole


def test_a_file_under_the_name_of_another_counts_as_none(store: Path) -> None:
    before = asked(store)
    whole = files(folder(store))
    for name, other in zip(whole, [*list(whole)[1:], next(iter(whole))], strict=True):
        (folder(store) / name).write_bytes(whole[other])
    assert asked(store) == before
    assert files(folder(store)) == whole


def put_folder(path: Path) -> None:
    path.mkdir()


def put_pipe(path: Path) -> None:
    os.mkfifo(path)


def put_link(path: Path) -> None:
    path.symlink_to("/etc/hostname")


def put_text(path: Path) -> None:
    path.write_text('{"shape": [1e99]}\n' * 3)


def put_huge_claim(path: Path) -> None:
    path.write_bytes(b"0" * 64 + b"\n" + remembered.HEADER + b'{"shape":[999999999999]}\n')


@pytest.mark.parametrize("put", [put_folder, put_pipe, put_link, put_text, put_huge_claim])
def test_what_is_foreign_in_the_place_of_a_file_changes_no_answer(store: Path, put: Callable[[Path], None]) -> None:
    before = asked(store)
    for path in list(folder(store).iterdir()):
        path.unlink()
        put(path)
        assert read_numbers(path) is None
    assert asked(store) == before


def test_a_link_is_not_followed_even_to_the_very_same_numbers(store: Path, tmp_path: Path) -> None:
    asked(store)
    path = next(folder(store).iterdir())
    assert read_numbers(path) is not None
    path.rename(tmp_path / "moved")
    path.symlink_to(tmp_path / "moved")
    assert read_numbers(path) is None


@pytest.mark.parametrize("where", ["numbers", "cache"])
@pytest.mark.parametrize("what", ["file", "link"])
def test_what_is_foreign_in_the_place_of_the_folder_changes_no_answer_and_is_not_written_through(
    store: Path, tmp_path: Path, where: str, what: str
) -> None:
    before = asked(store, cache_limit=0)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    path = folder(store) if where == "numbers" else store / layout.CACHE
    durable.remove_folder(path)
    if what == "file":
        path.write_bytes(b"")
    else:
        path.symlink_to(elsewhere)
    assert asked(store) == before
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_a_store_that_cannot_be_written_to_gives_the_same_answers(
    store: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = asked(store, cache_limit=0)

    def refused(*_: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(durable, "replace", refused)
    assert asked(store) == before


def test_an_exported_store_remembers_nothing_and_gives_the_same_answers(store: Path, tmp_path: Path) -> None:
    before = asked(store, cache_limit=0)
    grnledger.open(store).export(tmp_path / "tumor.h5")
    assert asked(tmp_path / "tumor.h5") == before


def test_the_oldest_leave_first_and_the_limit_holds(tmp_path: Path) -> None:
    memory = Remembered(tmp_path / "cache" / "numbers", limit=3_000)
    paths: list[Path] = []
    for number in range(6):
        memory.recall({"version": str(number)}, "diagonal", lambda: np.ones(100), shape=(100,), operations=1.0)
        (new,) = set((tmp_path / "cache" / "numbers").iterdir()) - set(paths)
        os.utime(new, ns=(number, number))
        paths = [path for path in [*paths, new] if path.exists()]
        assert sum(path.stat().st_size for path in paths) <= 3_000
        assert paths[-1] == new
    assert len(paths) == 2
    kept = [path.stat().st_mtime_ns for path in paths]
    assert kept == [4, 5]


def test_numbers_beyond_the_limit_are_not_kept(tmp_path: Path) -> None:
    memory = Remembered(tmp_path / "cache" / "numbers", limit=100)
    for _ in range(2):
        values = memory.recall({}, "diagonal", lambda: np.arange(50.0), shape=(50,), operations=1.0)
        assert values.tolist() == list(range(50))
    assert not (tmp_path / "cache").exists()


def test_numbers_of_another_machine_are_not_used(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(store)
    here = set(files(folder(store)))
    monkeypatch.setattr(remembered, "made_by", lambda: "another processor")
    asked(store)
    assert set(files(folder(store))) > here
    assert len(files(folder(store))) == 2 * len(here)


def test_little_work_is_not_remembered(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "WORTH_OPERATIONS", 1e9)
    asked(store)
    assert not folder(store).exists()


ASK = """
import sys
from grnledger.storage.networks import remembered
remembered.WORTH_OPERATIONS = 0.0
sys.path.insert(0, sys.argv[2])
from pathlib import Path
while not Path(sys.argv[3]).exists():
    pass
import test_remembered
sys.stdout.write(b"".join(test_remembered.asked(Path(sys.argv[1]))).hex())
"""


def test_those_who_ask_first_at_the_same_time_get_the_same(store: Path, tmp_path: Path) -> None:
    before = asked(store, cache_limit=0)
    here = str(Path(__file__).parent)
    paths = os.pathsep.join([*sys.path, here])
    start = tmp_path / "start"
    command = [sys.executable, "-c", ASK, str(store), here, str(start)]
    environment = {**os.environ, "PYTHONPATH": paths}
    asking = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) for _ in range(4)]
    time.sleep(0.5)
    start.touch()
    answers = [process.communicate()[0] for process in asking]
    assert answers == [b"".join(before).hex()] * 4
    assert asked(store) == before
    assert all(read_numbers(path) is not None for path in folder(store).iterdir())


def test_verify_names_what_is_damaged_and_repair_removes_it(store: Path) -> None:
    asked(store)
    first, second, *_ = sorted(folder(store).iterdir())
    assert not grnledger.verify(store).findings
    first.write_bytes(first.read_bytes()[:-1] + b"x")
    (folder(store) / "notes.txt").write_text("mine")
    report = grnledger.verify(store)
    assert {(finding.kind, finding.path) for finding in report.findings} == {
        ("derived", f"cache/numbers/{first.name}"),
        ("note", "cache/numbers/notes.txt"),
    }
    repaired = grnledger.verify(store, repair=True)
    assert [finding.repaired for finding in repaired.findings if finding.kind == "derived"] == [True]
    assert not first.exists()
    assert second.exists()


def test_leftovers_of_dead_writers_are_swept(store: Path) -> None:
    asked(store)
    left = durable.temporary_of(next(folder(store).iterdir()))
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    durable.sweep(store)
    assert not left.exists()


def test_a_base_read_by_rows_gives_the_same_with_the_cache_and_without(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bases, "LARGEST_IN_MEMORY", 0)
    without = asked(store, cache_limit=0)
    assert asked(store) == without
    assert asked(store) == without


SIZE = 200
"""Genes of a panel of which some are not among those by which a diagonal is judged."""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store on factors, with an addition and a subtraction."""
    stream = np.random.default_rng(2)
    path, genes = tmp_path_factory.mktemp("large") / "large.grn", [f"G{index}" for index in range(SIZE)]
    model = FactorCovariance(stream.uniform(1e-3, 10.0, SIZE), stream.normal(size=(SIZE, 3)))
    repo = grnledger.init(path, genes=genes, factor_model=model, author="Ada")
    loss = Pathway.of(repo.panel, "loss", {"G5": 0.1, "G9": 0.05}, sign=-1)
    repo.commit([Pathway.of(repo.panel, "set", {"G1": 0.5, "G2": 0.2, "G150": 0.3}), loss])
    return path


def diagonals(store: Path) -> list[np.ndarray[Any, Any]]:
    repo = grnledger.open(store)
    asked = [("v0", 0.0), ("v1", 0.0), ("v0", 0.5), ("v1", 0.5)]
    return [repo.snapshot(rev, penalty=penalty).precision.diagonal() for rev, penalty in asked]


@pytest.mark.parametrize("factor", [1.001, 0.999, 1.5, 0.2])
@pytest.mark.parametrize("gene", [0, 2, 5, 77, 131, 150, SIZE - 1])
def test_one_wrong_number_of_a_diagonal_is_not_believed(large: Path, tmp_path: Path, gene: int, factor: float) -> None:
    store = Path(shutil.copytree(large, tmp_path / "large.grn"))
    true = diagonals(store)
    forged = 0
    for path in folder(store).iterdir():
        _, head, request, content = path.read_bytes().split(b"\n", 3)
        if json.loads(request)["numbers"] == "diagonal":
            numbers = np.frombuffer(content, dtype="<f8").copy()
            numbers[gene] *= factor
            rest = b"\n".join((head, request, numbers.tobytes()))
            path.write_bytes(hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)
            forged += read_numbers(path) is not None
    assert forged == len(true)
    for answer, expected in zip(diagonals(store), true, strict=True):
        np.testing.assert_array_equal(answer, expected)
