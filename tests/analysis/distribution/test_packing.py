"""Values as bytes for another process: the same arrays, as they lay, without a copy."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
import pytest
from grnledger.analysis.distribution.packing import ALIGNMENT, packed, unpack
from grnledger.engine.network.panel import Panel
from grnledger.engine.network.pathway import Pathway
from grnledger.engine.nmf import observe
from scipy.sparse import csr_array, random_array

STREAM = np.random.default_rng(3)


def values() -> dict[str, Any]:
    fortran = np.asfortranarray(STREAM.normal(size=(7, 5)))
    fixed = STREAM.normal(size=9)
    fixed.setflags(write=False)
    one = STREAM.normal(size=(3, 4))
    return {
        "fortran": fortran,
        "fixed": fixed,
        "strided": STREAM.normal(size=(8, 6))[::2, 1::2],
        "empty": np.empty((0, 3)),
        "twice": [one, one],
        "sparse": csr_array(random_array((20, 10), density=0.2, rng=STREAM)),
        "texts": ("a", "β", ""),
        "nothing": None,
    }


def same(first: Any, second: Any) -> None:
    if isinstance(first, np.ndarray):
        assert (first.tobytes(), first.dtype, first.shape) == (second.tobytes(), second.dtype, second.shape)
        assert first.flags.f_contiguous == second.flags.f_contiguous
        assert first.flags.writeable == second.flags.writeable
    elif isinstance(first, csr_array):
        for name in ("data", "indices", "indptr"):
            same(getattr(first, name), getattr(second, name))
    else:
        assert first == second


@pytest.mark.parametrize("name", values())
def test_a_value_comes_back_as_it_was(name: str) -> None:
    value = values()[name]
    copy = unpack(bytearray(b"".join(packed(value))))
    if name == "twice":
        assert copy[0] is copy[1]
        value, copy = value[0], copy[0]
    same(value, copy)


def test_arrays_are_views_of_a_mapped_file_and_aligned() -> None:
    value = [STREAM.normal(size=size) for size in (1, 3, 1000)]
    content = b"".join(packed(value))
    mapped = mmap.mmap(-1, len(content))
    mapped[:] = content
    copy = unpack(mapped)
    begin = np.frombuffer(mapped, dtype=np.uint8).ctypes.data
    for first, second in zip(value, copy, strict=True):
        same(first, second)
        assert second.ctypes.data % ALIGNMENT == 0
        assert begin < second.ctypes.data < begin + len(content)
    assert len(content) < sum(array.nbytes for array in value) + 1000


def test_values_of_the_engine_come_back() -> None:
    panel = Panel(tuple("ABCDEF"))
    pathway = Pathway.of(panel, "p", {"A": 0.5, "C": -0.25})
    observed = observe(STREAM.poisson(3.0, size=(12, 9)).astype(float))
    copies = unpack(bytearray(b"".join(packed((panel, pathway, observed)))))
    assert copies[0] == panel
    assert copies[0].index("C") == 2
    same(copies[1].loadings, pathway.loadings)
    same(copies[2].rows.stored.values, observed.rows.stored.values)
    assert copies[2].scale == observed.scale
