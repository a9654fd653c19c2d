"""NumPy files and too little memory: what is short is told as that, and only what is wrong with a file as damage."""

from __future__ import annotations

import errno
import io
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.formats.files import archives

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("failure", [MemoryError(), OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))])
def test_a_lack_of_memory_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    path = tmp_path / "model.npz"
    np.savez(path, loadings=np.zeros((4, 2)))

    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(archives.npy, "read_array", fail)
    with pytest.raises(type(failure)):
        archives.read_npz(path, ["loadings"])
    monkeypatch.setattr(archives.npy, "read_array_header_1_0", fail)
    with pytest.raises(type(failure)):
        archives.npz_shapes(path, ["loadings"])


@pytest.mark.parametrize("nested", ["-", "~"])
def test_a_header_that_python_has_not_the_memory_to_parse_is_damage(tmp_path: Path, nested: str) -> None:
    path, head = tmp_path / "matrix.npy", f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({nested * 9_000}1,)}}"
    file = io.BytesIO()
    file.write(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head.encode() + b"\0" * 8)
    path.write_bytes(file.getvalue())
    with pytest.raises(InputError, match="is damaged or not a NumPy file"):
        archives.read_npy(path)
