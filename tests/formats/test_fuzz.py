"""Good files with random damage: every reader answers, or refuses with a sentence; nothing else escapes."""

from __future__ import annotations

import contextlib
import gzip
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import GrnError
from grnledger.engine.network.panel import Panel
from grnledger.formats.expression.expression import read_expression
from grnledger.formats.genes.aliases import read_aliases
from grnledger.formats.models.covariances import read_covariance
from grnledger.formats.models.factor_models import read_factor_model, read_factor_tables
from grnledger.formats.pathways.pathways import read_pathways
from hypothesis import HealthCheck, given, settings, strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GENES = ("TP53", "MDM2", "CDKN1A")
PANEL = Panel(GENES)


def packed(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def archive() -> bytes:
    return packed(
        loadings=np.ones((3, 2)),
        noise=np.ones(3),
        genes=np.array(GENES),
        pathways=np.array(["A", "B"]),
        matrix=np.eye(3),
    )


TABLE = b"Gene\tNAME\ts1\ts2\ts3\nTP53\tx\t1\t2.5\t-3e2\nMDM2\ty\t0\t1\t2\n"
GOOD = {
    "e.tsv": TABLE,
    "e.csv.gz": gzip.compress(TABLE.replace(b"\t", b","), mtime=0),
    "e.gct": b"#1.2\n2\t3\n" + TABLE,
    "h.gmt": b"A\thttp://x\tTP53\tMDM2\nB\t\tCDKN1A\tMDM2\n",
    "r.tsv": b"source\ttarget\tweight\nTP53\tMDM2\t1\nTP53\tCDKN1A\t-.5\n",
    "l.csv": b"gene,A,B\nTP53,1.5,\nMDM2,,-.25\n",
    "c.tsv": b"gene\tTP53\tMDM2\nTP53\t1\t.5\nMDM2\t.5\t1\n",
    "m.mtx": b"%%MatrixMarket matrix coordinate real general\n% x\n3 4 4\n1 1 1.5\n2 3 2\n3 4 1\n3 1 7\n",
    "a.mtx": b"%%MatrixMarket matrix array integer general\n3 3\n1\n2\n3\n4\n5\n6\n7\n8\n9\n",
    "l.npz": archive(),
}
PIECES = [b"\t", b"\n", b'"', b",", b" ", b"\0", b"\xff", b"#", b"!", b"9" * 30, b"-1", b"1e999", b"NaN", b"(", b"_"]

edits = st.tuples(st.sampled_from(["flip", "insert", "delete", "cut", "repeat"]), st.floats(0, 1), st.integers(1, 40))


def damage(content: bytes, changes: list[tuple[str, float, int]]) -> bytes:
    for kind, where, size in changes:
        index = int(where * len(content))
        before, after = content[:index], content[index:]
        if kind == "flip" and after:
            content = before + bytes([after[0] ^ (1 << size % 8)]) + after[1:]
        elif kind == "insert":
            content = before + PIECES[size % len(PIECES)] + after
        elif kind == "delete":
            content = before + after[size:]
        elif kind == "cut":
            content = before
        elif kind == "repeat":
            content = before + after[:size] + after
    return content


def readers(path: Path, names: Path) -> list[Callable[[], object]]:
    return [
        lambda: read_expression(path, gene_names=names if path.suffix == ".mtx" else None),
        lambda: read_pathways(path, PANEL, missing="drop"),
        lambda: read_covariance(path),
        lambda: read_factor_model(path),
        lambda: read_factor_tables(path, path),
        lambda: read_aliases(path),
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples; every example overwrites its file."""
    path = tmp_path_factory.mktemp("damaged")
    (path / "names.txt").write_text("\n".join(GENES))
    return path


@pytest.mark.parametrize("name", GOOD)
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.lists(edits, min_size=1, max_size=4))
def test_damage_never_escapes_as_anything_but_a_refusal(folder: Path, name: str, changes: list[tuple[str, float, int]]):
    path = folder / name
    path.write_bytes(damage(GOOD[name], changes))
    for read in readers(path, folder / "names.txt"):
        with contextlib.suppress(GrnError):
            read()


@pytest.mark.parametrize("name", GOOD)
def test_every_good_file_is_read_by_some_reader(folder: Path, name: str):
    path = folder / name
    path.write_bytes(GOOD[name])
    answers = []
    for read in readers(path, folder / "names.txt"):
        with contextlib.suppress(GrnError):
            answers.append(read())
    assert answers
