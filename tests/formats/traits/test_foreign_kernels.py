"""Kernels as GEMMA, PLINK, GCTA, KING, R and Python write them: the same numbers, or a refusal that says what it is."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import GrnError
from grnledger.formats.traits.kernels import read_kernel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IDS = tuple(f"S{index}" for index in range(6))
G = np.random.default_rng(2).normal(size=(6, 9)).round(2)
K = (G @ G.T / 9).round(6)
LOWER = np.tril_indices(6)
EYE = "#FID\tIID\n" + "".join(f"0\t{name}\n" for name in IDS)


def square(sep: str = "\t", end: str = "\n", decimal: str = ".") -> str:
    return "".join(sep.join(str(v).replace(".", decimal) for v in row) + end for row in K.tolist())


def named(sep: str = "\t", corner: str = "", *, quote: str = "", decimal: str = ".") -> str:
    head = sep.join(f"{quote}{name}{quote}" for name in IDS)
    rows = [
        f"{quote}{name}{quote}{sep}" + sep.join(str(v).replace(".", decimal) for v in row) + "\n"
        for name, row in zip(IDS, K.tolist(), strict=True)
    ]
    return f"{corner}{head}\n" + "".join(rows)


NAMELESS: dict[str, Callable[[Path], Path]] = {}
NAMED: dict[str, str] = {
    "R write.table": named(),
    "R write.table with a corner": named(corner="\t"),
    "R write.csv": named(",", '"",', quote='"'),
    "R write.csv2": named(";", '"";', quote='"', decimal=","),
    "pandas": named(",", ","),
    "pandas with a title": named(corner="id\t"),
    "white space": named(" "),
}
TEXTS: dict[str, tuple[str, str]] = {
    "GEMMA centred": ("k.cXX.txt", square()),
    "GEMMA standardised": ("k.sXX.txt", square()),
    "GEMMA with a tab at the end of rows": ("k.cXX.txt", square(end="\t\n")),
    "PLINK rel": ("k.rel", square()),
    "plink2 king": ("k.king", square()),
    "GEMMA of Windows": ("k.txt", square(end="\r\n")),
    "numpy.savetxt": ("k.txt", square(" ")),
    "csv without names": ("k.csv", square(",")),
}


@pytest.mark.parametrize("which", NAMED)
def test_a_square_with_names_is_k(tmp_path: Path, which: str) -> None:
    (tmp_path / "k.txt").write_text(NAMED[which])
    kernel = read_kernel(tmp_path / "k.txt")
    assert (kernel.ids, kernel.is_factor) == (IDS, False)
    np.testing.assert_array_equal(kernel.values, K)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("which", TEXTS)
def test_a_square_without_names_takes_those_beside_it(tmp_path: Path, which: str, packed: bool) -> None:
    name, text = TEXTS[which]
    path = tmp_path / (name + ".gz" * packed)
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    ids = tmp_path / f"{name}.id"
    ids.write_text(EYE)
    kernel = read_kernel(path, ids=ids)
    assert kernel.ids == IDS
    np.testing.assert_array_equal(kernel.values, K)
    with pytest.raises(GrnError, match=rf"no names of its rows\. Beside it stands {re.escape(ids.name)}"):
        read_kernel(path)
    ids.write_text(EYE + "0\tS9\n")
    with pytest.raises(GrnError, match=r"has 7 names, and .* is of 6 × 6 numbers"):
        read_kernel(path, ids=ids)


def _asymmetric(scale: float = 1.5) -> str:
    values = K.copy()
    values[4, 1] *= scale
    return named().replace(str(K[4, 1]), str(values[4, 1]), 1) if scale == 0 else _table(values)


def _table(values: np.ndarray) -> str:
    rows = zip(IDS, values.tolist(), strict=True)
    return "\t".join(["", *IDS]) + "\n" + "".join("\t".join(map(str, [name, *row])) + "\n" for name, row in rows)


PAIRS = [(i + 1, j + 1, 1000, K[i, j]) for i, j in zip(*LOWER, strict=True)]
TRIANGLE = "".join("\t".join(map(str, K[row, : row + 1])) + "\n" for row in range(6))
BELOW = "".join("\t".join(map(str, K[row, :row])) + "\n" for row in range(1, 6))

REFUSED: dict[str, tuple[str, bytes, str]] = {
    "GCTA binary": ("k.grm.bin", K[LOWER].astype("f4").tobytes(), "GCTA's binary relatedness matrix"),
    "GCTA numbers": ("k.grm.N.bin", np.ones(21, "f4").tobytes(), "numbers of variants"),
    "GCTA text": (
        "k.grm.gz",
        gzip.compress("".join("\t".join(map(str, p)) + "\n" for p in PAIRS).encode()),
        "as a list of pairs",
    ),
    "PLINK binary": ("k.rel.bin", K.tobytes(), "PLINK's binary relatedness matrix"),
    "names for numbers": ("k.rel.id", EYE.encode(), "names of a kernel's rows"),
    "KING pairs": (
        "k.kin0",
        b"FID1\tID1\tFID2\tID2\tN_SNP\tHetHet\tIBS0\tKinship\nF\tS0\tF\tS1\t9\t0.1\t0.2\t0.3\n",
        "list of pairs of individuals",
    ),
    "plink2 pairs": ("k.kin0", b"#FID1\tIID1\tFID2\tIID2\tNSNP\tKINSHIP\nF\tS0\tF\tS1\t9\t0.1\n", "list of pairs"),
    "PLINK genome": ("k.genome", b" FID1 IID1 FID2 IID2 RT EZ PI_HAT\n F S0 F S1 UN NA 0.5\n", "list of pairs"),
    "triangle": ("k.rel", TRIANGLE.encode(), "lower half of a matrix"),
    "triangle without the diagonal": ("k.king", BELOW.encode(), "lower half of a matrix"),
    "not symmetric": ("k.tsv", _asymmetric().encode(), "is not symmetric"),
    "half of a square": ("k.tsv", _table(np.tril(K)).encode(), "is not symmetric"),
    "a row too few": ("k.tsv", named().rsplit("S5", 1)[0].encode(), "are named as rows are"),
    "a value missing": ("k.tsv", named().replace(str(K[2, 3]), "NA", 1).encode(), "has no value of"),
    "a name twice": ("k.tsv", named().replace("S3", "S2").encode(), "S2"),
    "not square": ("k.txt", square().split("\n", 1)[1].encode(), "5 rows of 6 numbers"),
}


@pytest.mark.parametrize("which", REFUSED)
def test_what_is_no_square_says_what_it_is(tmp_path: Path, which: str) -> None:
    name, content, message = REFUSED[which]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GrnError, match=message):
        read_kernel(tmp_path / name)


@pytest.mark.parametrize("which", ["GCTA binary", "GCTA text", "PLINK binary"])
def test_the_line_that_converts_a_file_makes_a_kernel_of_it(
    tmp_path: Path, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, content, _ = REFUSED[which]
    (tmp_path / name).write_bytes(content)
    ids = tmp_path / ("k.rel.id" if "rel" in name else "k.grm.id")
    ids.write_text("".join(f"0\t{name}\n" for name in IDS))
    with pytest.raises(GrnError) as refusal:
        read_kernel(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    line = refusal.value.hint.removeprefix("In Python: ").split(". ")[0]
    exec(line, {"numpy": np})
    np.testing.assert_allclose(read_kernel(tmp_path / "k.npy", ids=ids).values, K, rtol=1e-6)
