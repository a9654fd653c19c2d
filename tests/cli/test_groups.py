"""`grn init --intensity` and `--groups`: what samples held out decide, and which are held out together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grnledger
import h5py
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CONDITIONS = [f"{strain}_{medium}" for strain in ("wt", "fur", "fnr", "crp") for medium in ("glc", "gly", "fru")]
SAMPLES = [f"{condition}_{number}" for condition in CONDITIONS for number in (1, 2, 3)]
HELD_OUT = ("--intensity", "held-out")
GENES = [f"G{i}" for i in range(40)]


@pytest.fixture
def values() -> np.ndarray:
    """Forty genes in twelve conditions of three replicates that hardly differ."""
    rng = np.random.default_rng(8)
    conditions = rng.standard_normal((40, 2)) @ rng.standard_normal((2, 12)) + rng.standard_normal((40, 12))
    return 8 + np.repeat(conditions, 3, axis=1) + 0.1 * rng.standard_normal((40, 36))


@pytest.fixture
def table(tmp_path: Path, values: np.ndarray) -> Callable[..., Path]:
    """A function that writes the values under names of samples."""

    def write(samples: list[str] = SAMPLES) -> Path:
        rows = ["\t".join([gene, *(f"{value:.6f}" for value in row)]) for gene, row in zip(GENES, values, strict=True)]
        path = tmp_path / "e.tsv"
        path.write_text("\n".join(["\t".join(["gene", *samples]), *rows]) + "\n")
        return path

    return write


def test_replicates_by_name_are_asked_about_and_the_answers_differ(grn: Callable[..., Any], table: Any, tmp_path: Path):
    path = table()
    refused = grn("init", tmp_path / "a.grn", "--expression", path, *HELD_OUT)
    assert refused.code == 2
    assert "wt_glc_1, wt_glc_2, wt_glc_3 of 'wt_glc', 12 conditions of 36 samples" in refused.err
    assert "--groups names" in refused.err
    assert not (tmp_path / "a.grn").exists()
    together = grn("init", tmp_path / "b.grn", "--expression", path, "--groups", "names", *HELD_OUT, "--json").json[
        "base"
    ]
    alone = grn("init", tmp_path / "c.grn", "--expression", path, "--groups", "none", *HELD_OUT, "--json").json["base"]
    assert alone["parameters"]["lambda"] < 0.1 < together["parameters"]["lambda"]
    assert together["parameters"]["held_out_groups"] == 12
    assert "12 groups of samples by their names" in together["notes"]
    assert grnledger.open(tmp_path / "b.grn").base().groups == tuple(name.rsplit("_", 1)[0] for name in SAMPLES)
    assert grnledger.open(tmp_path / "c.grn").base().groups == ()
    for how in ("analytic", "0.3"):
        assert grn("init", tmp_path / f"{how}.grn", "--expression", path, "--intensity", how).code == 0


def test_groups_are_a_column_of_the_table_of_samples_or_a_file(grn: Callable[..., Any], table: Any, tmp_path: Path):
    path = table([f"S{i}" for i in range(36)])
    rows = [f"S{i}\tP{i // 3}\t{30 + i}" for i in range(36)]
    (tmp_path / "s.tsv").write_text("\n".join(["sample\tpatient\tage", *reversed(rows)]) + "\n")
    (tmp_path / "g.tsv").write_text("\n".join(f"S{i}\tP{i // 3}" for i in range(36)) + "\n")
    init = ("init", "--expression", path, *HELD_OUT)
    by_column = grn(*init, tmp_path / "a.grn", "--sample-table", tmp_path / "s.tsv", "--groups", "patient", "--json")
    by_file = grn(*init, tmp_path / "b.grn", "--groups", tmp_path / "g.tsv", "--json")
    assert (by_column.code, by_file.code) == (0, 0)
    assert by_column.json["base"]["parameters"] == by_file.json["base"]["parameters"]
    groups = tuple(f"P{i // 3}" for i in range(36))
    assert all(grnledger.open(tmp_path / f"{store}.grn").base().groups == groups for store in "ab")
    (tmp_path / "few.tsv").write_text("\n".join(f"S{i}\tP{i // 3}" for i in range(30)) + "\n")
    refused = grn(*init, tmp_path / "c.grn", "--groups", tmp_path / "few.tsv")
    assert refused.code == 2
    assert "6 samples without a group" in refused.err


@pytest.mark.parametrize("form", ["h5ad", "loom"])
def test_groups_are_a_column_of_what_describes_cells(
    grn: Callable[..., Any], values: np.ndarray, tmp_path: Path, form: str
):
    path, groups = tmp_path / f"e.{form}", [f"donor{i // 3}" for i in range(36)]
    with h5py.File(path, "w") as file:
        if form == "h5ad":
            file["X"] = values.T
            for axis, names in (("obs", SAMPLES), ("var", GENES)):
                group = file.create_group(axis)
                group.attrs["_index"] = "_index"
                group["_index"] = names
            file["obs/donor"] = groups
        else:
            file["matrix"], file["row_attrs/Gene"], file["col_attrs/CellID"] = values, GENES, SAMPLES
            file["col_attrs/donor"] = groups
            file.create_group("layers")
    answer = grn("init", tmp_path / "a.grn", "--expression", path, "--groups", "donor", *HELD_OUT, "--json")
    assert answer.code == 0, answer.err
    assert grnledger.open(tmp_path / "a.grn").base().groups == tuple(groups)
    assert f"12 groups of samples from column 'donor' of e.{form}" in answer.json["base"]["notes"]


def test_what_was_chosen_is_said_beside_the_formulae(grn: Callable[..., Any], table: Any, tmp_path: Path):
    answer = grn("init", tmp_path / "a.grn", "--expression", table(), "--groups", "names", *HELD_OUT)
    assert "by 36 samples held out in 12 parts; the formulae give" in answer.out
    assert "samples are predicted" in answer.out
    assert "nats each better at λ = " in answer.out
    info = grn("-s", tmp_path / "a.grn", "info")
    facts = [
        [" ".join(line.split()) for line in text.splitlines() if line.startswith(("λ", "held"))]
        for text in (answer.out, info.out)
    ]
    assert facts[0] == facts[1]
    given = grn("init", tmp_path / "b.grn", "--expression", table(), "--intensity", "0.4").out
    assert "as given; the formulae give" in given


@pytest.mark.parametrize("value", ["best", "1.5", "-0.1", "nan"])
def test_an_intensity_that_is_none_is_refused(grn: Callable[..., Any], table: Any, tmp_path: Path, value: str):
    refused = grn("init", tmp_path / "a.grn", "--expression", table(), "--intensity", value)
    assert refused.code == 2
    assert "neither held-out nor analytic nor a number from 0 to 1" in refused.err


@pytest.mark.parametrize(
    "samples",
    [
        [f"S{i}" for i in range(36)],
        [f"tumour_{i}" for i in range(1, 19)] + [f"normal_{i}" for i in range(1, 19)],
        [f"TCGA-AB-{2800 + i}-03" for i in range(36)],
        [f"{'ACGT'[i % 4]}{'ACGT'[i // 4 % 4]}{'ACGT'[i // 16]}TTGCA-1" for i in range(36)],
        [f"GSM{100 + i}" for i in range(36)],
    ],
)
def test_names_that_show_no_replicates_are_not_asked_about(
    grn: Callable[..., Any], table: Any, tmp_path: Path, samples: list[str]
):
    assert grn("init", tmp_path / "a.grn", "--expression", table(samples), *HELD_OUT).code == 0
    refused = grn("init", tmp_path / "b.grn", "--expression", table(samples), "--groups", "names")
    assert refused.code == 2
    assert "do not show which are replicates" in refused.err
