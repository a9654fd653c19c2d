"""Equal content is one network: whatever anchor it is read from, and however many threads made its base."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def ill_conditioned(genes: int, condition: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    rng = np.random.default_rng(3)
    turn = np.linalg.qr(rng.standard_normal((genes, genes)))[0]
    covariance = (turn * np.geomspace(1.0, condition, genes)) @ turn.T
    return (covariance + covariance.T) / 2


def test_a_reinversion_moves_no_edge(grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = [f"G{index}" for index in range(40)]
    repo = grnledger.init("s.grn", covariance=ill_conditioned(40, 1e8), genes=names)
    repo.commit(grnledger.Pathway.of(repo.panel, "p53", {"G1": 0.2, "G2": 0.3}), message="p53")
    repo.reinvert()
    before, after = repo.snapshot("v1"), repo.snapshot("v2")
    assert before.content == after.content
    # They do differ by the rounding of two inversions, so that what follows has something to overlook.
    assert np.any(before.partial_correlation(range(40)) != after.partial_correlation(range(40)))
    assert [point["moved"] for point in grn("trace", "G1", "G2", "--json").json["trace"]] == [False, True, False]
    difference = grn("diff", "v1..v2", "--json").json
    assert difference["changes"] == []
    assert difference["summary"]["from"] == difference["summary"]["to"]


@pytest.mark.parametrize(("how", "form"), [("analytic", "dense"), ("held-out", "dense"), ("1", "factor")])
def test_the_id_of_a_base_does_not_depend_on_the_number_of_threads(tmp_path: Path, how: str, form: str) -> None:
    rng = np.random.default_rng(4)
    values = rng.standard_normal((300, 200)) + rng.standard_normal((300, 1)) * rng.standard_normal(200)
    rows = ["\t".join([f"G{gene}", *(f"{value:.6f}" for value in row)]) for gene, row in enumerate(values)]
    header = "\t".join(["gene", *(f"S{sample}" for sample in range(200))])
    (tmp_path / "x.tsv").write_text("\n".join([header, *rows]) + "\n")
    contents: set[str] = set()
    for threads in ("1", "2"):
        environment = os.environ | {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        arguments = ["init", f"{threads}.grn", "--expression", "x.tsv", "--intensity", how, "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "grnledger.cli", *arguments],
            cwd=tmp_path,
            env=environment,
            check=True,
            capture_output=True,
        )
        answer = json.loads(done.stdout)
        assert answer["base"]["form"] == form
        contents.add(answer["content"])
    assert len(contents) == 1


def test_one_pathway_and_one_name_need_no_list(tmp_path: Path) -> None:
    repo = grnledger.init(tmp_path / "s.grn", covariance=np.eye(4), genes=["A", "B", "C", "D"])
    repo.commit(grnledger.Pathway.of(repo.panel, "p53", {"A": 0.2, "B": 0.3}))
    repo.revert("v1", only="p53")
    assert repo.active() == []
    with pytest.raises(grnledger.InputError, match="not a pathway"):
        repo.commit("sets.gmt")  # pyright: ignore[reportArgumentType]
    row = repo.snapshot("v1").partial_correlation("A")
    assert np.shape(row) == (4,)
    assert row[0] == 1.0
