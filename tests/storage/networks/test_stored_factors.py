"""A base whose factors are read by rows: the same numbers, fewer rows, and no damaged row that is used goes unseen."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest
from grnledger.engine.errors import FormatError
from grnledger.engine.network.covariance import FactorCovariance
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.storage.files import layout
from grnledger.storage.files.bulk_rows import BulkRows
from grnledger.storage.networks import bases

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIZE, FACTORS = 300, 4
GENES = tuple(f"GENE{number}" for number in range(SIZE))


def pathway(name: str, first: int) -> Pathway:
    return Pathway.of(Panel(GENES), name, {f"GENE{first}": 0.3, f"GENE{first + 50}": -0.2, f"GENE{first + 99}": 0.1})


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "tied"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(2)
    middle = np.diag([1.0, 2.0, 0.5, 1.5]) + 0.1 if request.param else None
    model = FactorCovariance(rng.uniform(0.5, 1.5, SIZE), rng.normal(size=(SIZE, FACTORS)), middle)
    path = tmp_path_factory.mktemp("factors") / "large.grn"
    repo = grnledger.init(path, factor_model=model, genes=GENES, author="ada")
    repo.commit([pathway("a", 3)])
    repo.commit([pathway("b", 7)])
    return path


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "large.grn")


@pytest.fixture
def by_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bases, "LARGEST_IN_MEMORY", 0)


@pytest.fixture
def rows_read(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The rows of factors that have been read."""
    seen: set[int] = set()
    fill = BulkRows._fill

    def watched(self: BulkRows, values: NDArray[Any], first: int) -> None:
        seen.update(range(first, first + len(values)))
        fill(self, values, first)

    monkeypatch.setattr(BulkRows, "_fill", watched)
    return seen


def numbers(store: Path) -> list[NDArray[np.float64]]:
    """Return what is asked of a version in many ways."""
    repo = grnledger.open(store)
    snapshot = repo.snapshot("HEAD")
    neighbors = snapshot.neighbors("GENE5", top=10)
    edges = snapshot.edges(top=30)
    links = repo.links()
    return [
        snapshot.covariance.to_dense(),
        snapshot.precision.to_dense(),
        np.asarray(repo.base().deviations),
        neighbors.rho,
        neighbors.partners.astype(float),
        edges.rho,
        edges.pairs.astype(float),
        np.array([link.rho for link in links.links]),
        np.array([snapshot.log_det]),
        repo.snapshot("HEAD", penalty=0.2).precision.diagonal(),
    ]


def test_numbers_are_those_of_factors_in_memory(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = numbers(store)
    monkeypatch.setattr(bases, "LARGEST_IN_MEMORY", 0)
    for actual, other in zip(numbers(store), expected, strict=True):
        np.testing.assert_allclose(actual, other, rtol=1e-11, atol=1e-13)


@pytest.mark.usefixtures("by_rows")
def test_equal_sets_are_equal_bit_for_bit_whichever_way_they_came(store: Path) -> None:
    repo = grnledger.open(store)
    repo.revert("v1")
    repo.commit([pathway("a", 3)])
    one, other = repo.snapshot("v2"), grnledger.open(store).snapshot("HEAD")
    assert one.content == other.content
    assert one.precision.to_dense().tobytes() == other.precision.to_dense().tobytes()
    assert one.precision.diagonal().tobytes() == other.precision.diagonal().tobytes()


@pytest.mark.usefixtures("by_rows")
def test_a_pair_and_a_commit_read_the_rows_of_their_genes(
    store: Path, rows_read: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grnledger.storage.networks.remembered.WORTH_OPERATIONS", 0.0)
    monkeypatch.setattr("grnledger.engine.network.stability.MOST_OPERATIONS", 0.0)  # no probe
    grnledger.open(store).snapshot("v0").precision.diagonal()  # and with it the products of factors
    rows_read.clear()
    repo = grnledger.open(store)
    repo.commit([pathway("c", 20)])
    touched = {first + step for first in (3, 7, 20) for step in (0, 50, 99)}
    assert rows_read == touched
    rows_read.clear()
    repo = grnledger.open(store)
    repo.snapshot("HEAD").partial_correlation("GENE200", "GENE201")
    assert rows_read == touched | {200, 201}


def damage(store: Path, row: int, value: float | None = None) -> None:
    """Change a number of a row of the factors, and with a value, nothing that says so."""
    (path,) = (store / layout.BASES).iterdir()
    with h5py.File(path, "r") as file:
        offset = file[layout.LOADINGS].id.get_offset() + 8 * (row * FACTORS + 1)
    content = bytearray(path.read_bytes())
    content[offset : offset + 8] = np.float64(3.25 if value is None else value).tobytes()
    path.write_bytes(bytes(content))


@pytest.mark.usefixtures("by_rows")
def test_a_damaged_row_is_found_by_whatever_uses_it_and_hinders_nothing_else(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("grnledger.storage.networks.remembered.WORTH_OPERATIONS", 0.0)
        snapshot = grnledger.open(store).snapshot("HEAD")
        before = snapshot.partial_correlation("GENE5", "GENE6")
        snapshot.precision.diagonal()
        damage(store, 150)
        assert grnledger.open(store).snapshot("HEAD").partial_correlation("GENE5", "GENE6") == before
        with pytest.raises(FormatError, match="Row 150 of 'loadings'"):
            grnledger.open(store).snapshot("HEAD").partial_correlation("GENE5", "GENE150")
        with pytest.raises(FormatError, match="Row 150 of 'loadings'"):
            grnledger.open(store).snapshot("HEAD").neighbors("GENE5")
        with pytest.raises(FormatError, match="Row 150 of 'loadings'"):
            grnledger.open(store).commit([pathway("d", 100)])
    with pytest.raises(FormatError, match="Row 150"):  # of so small a base nothing is remembered: all rows are used
        grnledger.open(store).snapshot("HEAD")
    (finding,) = [finding for finding in grnledger.verify(store).findings if finding.kind == "damage"]
    assert "Row 150" in finding.what


@pytest.mark.usefixtures("by_rows")
def test_each_row_that_is_damaged_is_found_when_all_are_used(store: Path) -> None:
    (path,) = (store / layout.BASES).iterdir()
    whole = path.read_bytes()
    for row in (0, 31, 32, 33, 150, SIZE - 1):
        path.write_bytes(whole)
        damage(store, row)
        with pytest.raises(FormatError, match=f"Row {row} of"):
            grnledger.open(store).snapshot("v0")
    path.write_bytes(whole)
    grnledger.open(store).snapshot("v0")


@pytest.mark.usefixtures("by_rows")
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_store_whose_factors_are_not_finite_is_refused(tmp_path: Path, value: float) -> None:
    rng = np.random.default_rng(2)
    loadings = rng.normal(size=(SIZE, FACTORS))
    model = FactorCovariance(np.ones(SIZE), loadings)
    loadings.setflags(write=True)
    loadings[77, 2] = value  # as somebody may have made a store that hashes rightly
    repo_path = tmp_path / "hostile.grn"
    with pytest.raises(FormatError, match="not finite"):
        grnledger.init(repo_path, factor_model=model, genes=GENES).snapshot("v0")
