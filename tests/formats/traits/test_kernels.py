"""Kernels without names of their rows, as GEMMA and PLINK write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.formats.traits.kernels import read_kernel

if TYPE_CHECKING:
    from pathlib import Path

IDS = tuple(f"S{index}" for index in range(5))
G = np.random.default_rng(2).normal(size=(5, 8)).round(2)
K = G @ G.T / 8


def write(path: Path, sep: str = "\t") -> Path:
    path.write_text("".join(sep.join(map(repr, row)) + "\n" for row in K.tolist()))
    return path


@pytest.mark.parametrize(
    "ids",
    [
        "\n".join(IDS) + "\n",
        "#FID\tIID\n" + "".join(f"0\t{name}\n" for name in IDS),
        "#IID\n" + "\n".join(IDS) + "\n",
        "IID\n" + "\n".join(IDS) + "\n",
        "".join(f"fam{number} {name}\n" for number, name in enumerate(IDS)),
        "".join(f"0 {name} 0 0 1 -9\n" for name in IDS),
        "FID IID\n" + "".join(f"0 {name}\n" for name in IDS),
    ],
)
@pytest.mark.parametrize("name", ["k.cXX.txt", "k.rel", "k.csv", "k.npy"])
def test_names_in_a_file_of_their_own(tmp_path: Path, name: str, ids: str) -> None:
    path = tmp_path / name
    if name == "k.npy":
        np.save(path, K)
    else:
        write(path, "," if name == "k.csv" else "\t")
    (tmp_path / "ids.txt").write_text(ids)
    kernel = read_kernel(path, ids=tmp_path / "ids.txt")
    assert (kernel.ids, kernel.is_factor) == (IDS, False)
    np.testing.assert_array_equal(kernel.values, K)
    with pytest.raises(InputError, match="5 × 5 numbers and has no names of its rows") as refusal:
        read_kernel(path)
    assert refusal.value.code == "kernel-without-names"


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ("S0\nS1\nS2\nS3\n", "has 4 names, and .* is of 5 × 5 numbers"),
        ("S0\nS1\nS2\nS3\nS4\nS5\n", "has 6 names"),
        ("S0\nS1\nS2\nS3\nS3\n", "S3"),
    ],
)
def test_names_that_do_not_fit_are_refused(tmp_path: Path, ids: str, message: str) -> None:
    (tmp_path / "ids.txt").write_text(ids)
    with pytest.raises(InputError, match=message):
        read_kernel(write(tmp_path / "k.txt"), ids=tmp_path / "ids.txt")


def test_a_kernel_that_has_names_needs_no_others(tmp_path: Path) -> None:
    (tmp_path / "ids.txt").write_text("\n".join(IDS) + "\n")
    named = tmp_path / "named.tsv"
    named.write_text(
        "\t".join(["", *IDS])
        + "\n"
        + "".join(f"{i}\t" + "\t".join(map(repr, r)) + "\n" for i, r in zip(IDS, K.tolist(), strict=True))
    )
    np.testing.assert_array_equal(read_kernel(named).values, K)
    np.savez(tmp_path / "k.npz", ids=IDS, kernel=K)
    for path in (named, tmp_path / "k.npz"):
        with pytest.raises(InputError, match="names its rows") as refusal:
            read_kernel(path, ids=tmp_path / "ids.txt")
        assert refusal.value.code == "kernel-with-names"


def test_numeric_names_are_names(tmp_path: Path) -> None:
    numbers = [str(number) for number in range(5)]
    for corner in ("\t", ""):  # pandas and R
        path = tmp_path / "k.tsv"
        rows = [f"{n}\t" + "\t".join(map(repr, r)) + "\n" for n, r in zip(numbers, K.tolist(), strict=True)]
        path.write_text(corner + "\t".join(numbers) + "\n" + "".join(rows))
        assert read_kernel(path).ids == tuple(numbers)


def test_what_is_no_kernel_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "k.txt"
    path.write_text("1 0.1 0.2\n0.1 1 0.3\n")
    with pytest.raises(InputError, match="2 rows of 3 numbers and no names"):
        read_kernel(path)
    path.write_text("1\n0.1\t1\n0.2\t0.3\t1\n")  # the lower triangle of PLINK
    with pytest.raises(InputError):
        read_kernel(path)
    np.savez(tmp_path / "k.npz", ids=IDS, kernel=K * 1e200)
    with pytest.raises(InputError, match="whose products double precision does not hold"):
        read_kernel(tmp_path / "k.npz")


def test_a_header_that_r_changed_names_the_rows(tmp_path: Path) -> None:
    ids = [f"{number}-a" for number in range(5)]
    rows = [f"{name}\t" + "\t".join(map(repr, row)) + "\n" for name, row in zip(ids, K.tolist(), strict=True)]
    path = tmp_path / "k.tsv"
    path.write_text("\t".join(["id", *(f"X{number}.a" for number in range(5))]) + "\n" + "".join(rows))
    kernel = read_kernel(path)
    assert (kernel.ids, kernel.is_factor) == (tuple(ids), False)
    np.testing.assert_array_equal(kernel.values, K)
