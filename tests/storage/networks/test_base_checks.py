"""What a base says of its samples and of what was removed from them, where that cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import FormatError
from grnledger.storage.files import durable, hdf5, layout
from grnledger.storage.networks.base_checks import check_base
from grnledger.storage.networks.bases import read_base

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GENES, SAMPLES = 12, 20
Arrays = dict[str, np.ndarray[Any, Any]]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dense base with covariates, a gene that was left out, and its expression."""
    folder = tmp_path_factory.mktemp("base")
    values = np.random.default_rng(1).normal(size=(GENES + 1, SAMPLES))
    values[-1] = 1.0
    samples = [f"s{number}" for number in range(SAMPLES)]
    lines = ["\t".join(["gene", *samples])]
    lines += ["\t".join([f"G{gene}", *(f"{value:.4f}" for value in row)]) for gene, row in enumerate(values)]
    (folder / "x.tsv").write_text("\n".join(lines) + "\n")
    table = ["sample\tage\tweight", *(f"{name}\t{20 + number}\t{number % 7}" for number, name in enumerate(samples))]
    (folder / "table.tsv").write_text("\n".join(table) + "\n")
    grnledger.init(
        folder / "a.grn", expression=folder / "x.tsv", covariates=folder / "table.tsv", drop_constant=True,
        keep_expression=True, author="ada",
    )  # fmt: skip
    return next((folder / "a.grn" / "base").glob("*.h5"))


def forged(base: Path, target: Path, change: Callable[[Arrays, Arrays], object], record: tuple[str, str]) -> Path:
    """Write a base anew in which something was changed, with an id that fits."""
    stored = hdf5.read(hdf5.Location(base), layout.BASE)
    arrays = {name: np.array(array) for name, array in stored.arrays.items()}
    bulk = {name: rows.all() for name, rows in stored.bulk.items()}
    change(arrays, bulk)
    assert record[0] in stored.record
    sealed = hdf5.Content(layout.BASE, stored.record.replace(*record), arrays, bulk).seal()
    path = target / f"{sealed.id}.h5"
    durable.publish(path, sealed.write)
    return path


def check(path: Path) -> None:
    check_base(read_base(hdf5.Location(path), path.stem), "The base")


LIES: dict[str, tuple[str, Callable[[Arrays, Arrays], object]]] = {
    "a covariate is not finite": ("covariates is not finite", lambda a, _: a["covariates"].__setitem__((2, 1), np.nan)),
    "no covariates": ("names covariates and has none", lambda a, _: a.pop("covariates")),
    "two covariates of one name": ("covariates have one name", lambda a, _: a["covariate_names"].fill(b"age")),
    "two samples of one name": ("samples have one name", lambda a, _: a["samples"].__setitem__(1, a["samples"][0])),
    "a reason after the last": ("left out cannot be read", lambda a, _: a["left_out_for"].fill(9)),
    "a reason before the first": ("left out cannot be read", lambda a, _: a["left_out_for"].fill(-1)),
    "no reasons": ("left out cannot be read", lambda a, _: a.pop("left_out_reasons")),
    "a variance less": ("'variances' has the shape", lambda a, _: a.update(variances=a["variances"][1:].copy())),
    "a diagonal too long": (
        "'precision_diagonal' has the shape",
        lambda a, _: a.update(precision_diagonal=np.append(a["precision_diagonal"], 1.0)),
    ),
    "an array that no base has": ("an array stowaway, which no dense base", lambda a, _: a.update(stowaway=np.ones(9))),
    "rows that no base has": ("an array stowaway, which no", lambda _, bulk: bulk.update(stowaway=np.ones((9, 9)))),
    "an array of the other form": ("an array noise, which no dense base", lambda a, _: a.update(noise=np.ones(GENES))),
    "rows of the other form": ("an array loadings, which", lambda _, bulk: bulk.update(loadings=np.ones((GENES, 1)))),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_base_whose_arrays_cannot_be_is_refused(base: Path, tmp_path: Path, lie: str) -> None:
    message, change = LIES[lie]
    with pytest.raises(FormatError, match=message):
        check(forged(base, tmp_path, change, ("", "")))


@pytest.mark.parametrize(
    "record",
    [
        ('"degrees_of_freedom":17,', ""),
        ('"covariates":"age, weight",', ""),
        ('"covariates":"age, weight",', '"covariates":"age, weight","removed_components":-3,'),
        ('"covariates":"age, weight",', '"covariates":"age, weight","removed_components":true,'),
        ('"covariates":"age, weight",', '"covariates":"age, weight","removed_components":20,'),
        ('"covariates":"age, weight",', '"covariates":99,'),
        ('"covariates":"age, weight",', '"covariates":"age, weight","within":-3,'),
        ('"lambda":', '"held_out_error":"abc","lambda":'),
        ('"lambda":', '"held_out_samples":1000000,"lambda":'),
        ('"lambda":', '"held_out_groups":true,"lambda":'),
    ],
)
def test_a_base_that_says_in_its_parameters_what_cannot_be_is_refused(
    base: Path, tmp_path: Path, record: tuple[str, str]
) -> None:
    with pytest.raises(FormatError, match="is not what a base can be"):
        check(forged(base, tmp_path, lambda *_: None, record))


def test_a_base_that_was_made_here_is_taken(base: Path) -> None:
    check(base)
