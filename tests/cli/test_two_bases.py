"""`grn base`, and `grn diff` of versions on two bases: what is printed, refused, and called different."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

GENES = tuple(f"G{number:02d}" for number in range(40))
FLIPPED = (4, 12, 20, 28, 36)


def chain(samples: int, seed: int, flipped: tuple[int, ...] = ()) -> NDArray[np.float64]:
    """Samples of a chain of genes, each .7 of the one before; −.7 where it is flipped."""
    values = np.random.default_rng(seed).normal(size=(len(GENES), samples))
    for gene in range(1, len(GENES)):
        values[gene] = (-0.7 if gene in flipped else 0.7) * values[gene - 1] + 0.71 * values[gene]
    return values


VALUES = {"control": chain(70, 1), "same": chain(35, 2), "drug": chain(70, 3, FLIPPED)}


def write(path: Path, values: NDArray[np.float64], genes: tuple[str, ...] = GENES) -> None:
    rows = [f"{gene}\t" + "\t".join(map(repr, row)) for gene, row in zip(genes, values.tolist(), strict=True)]
    header = "\t".join(["gene", *(f"{path.stem}{number}" for number in range(values.shape[1]))])
    path.write_text("\n".join([header, *rows]) + "\n")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a base of the control and a pathway on it, and a branch for each other condition."""
    from grnledger.cli.errors import run
    from grnledger.cli.main import grn

    folder = tmp_path_factory.mktemp("prepared")
    for name, values in VALUES.items():
        write(folder / f"{name}.tsv", values)
    (folder / "sets.gmt").write_text("S1\t-\tG01\tG03\tG07\n")
    story = ["init lab.grn --expression control.tsv --intensity 0.3 --groups none", "commit sets.gmt"]
    for name, intensity in (("drug", 0.4), ("same", 0.6)):
        story += [f"branch {name} v1", f"base {name}.tsv --intensity {intensity} --groups none --branch {name}"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in story:
            assert run(grn, line.split(), None) == 0, line
    return folder


@pytest.fixture
def lab(grn: Callable[..., Any], prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`grn` in a copy of the prepared folder."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)

    def ask(line: str, code: int = 0) -> Any:
        answer = grn(*line.split())
        assert answer.code == code, (line, answer.err)
        return answer

    return ask


def dense_rho(values: NDArray[np.float64], intensity: float) -> NDArray[np.float64]:
    """ρ of a shrunk base with the pathway of the lab, by inversion."""
    covariance = (1 - intensity) * np.corrcoef(values) + intensity * np.eye(len(values))
    covariance[np.ix_([1, 3, 7], [1, 3, 7])] += 0.1**2
    precision = np.linalg.inv(covariance)
    scale = np.sqrt(precision.diagonal())
    return -precision / np.outer(scale, scale)


def test_a_new_base_is_a_version_and_its_decisions_are_printed(lab: Callable[..., Any], tmp_path: Path) -> None:
    order = np.random.default_rng(0).permutation(len(GENES))
    values = np.vstack([VALUES["drug"][order], np.ones((1, 70))])
    write(tmp_path / "more.tsv", values, (*(GENES[gene] for gene in order), "G99"))
    answer = lab("base more.tsv --intensity 0.5 --groups none -m drug --json").json
    assert (answer["version"], answer["message"]) == ("v4", "drug")
    assert answer["added"] == answer["dropped"] == []
    record = answer["base_record"]
    assert (record["genes"], record["samples"], record["parameters"]["lambda"]) == (40, 70, 0.5)
    assert "1 gene left out, not on the panel of the store: G99" in record["notes"]
    rho = lab("edges --threshold 0.05 --rank-by rho --json").json["edges"]
    truth = dense_rho(VALUES["drug"], 0.5)
    assert len(rho) == int((np.abs(np.triu(truth, 1)) >= 0.05).sum())
    for edge in rho:
        expected = truth[GENES.index(edge["gene_a"]), GENES.index(edge["gene_b"])]
        assert edge["rho"] == pytest.approx(expected, abs=1e-9)
    text = lab("base drug.tsv --intensity 0.2 --groups none")
    assert text.out.splitlines()[0].split() == ["version", "v5"]
    assert "Read as a table separated by tabs." in text.err
    assert "base: shrinkage, 70 samples, λ = 0.2, drug.tsv" in lab("log -n 1").out
    assert f"base {answer['base'][:7]}" in lab("show v4").out


def test_what_cannot_be_a_base_is_refused_with_the_way_out(lab: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path / "fewer.tsv", VALUES["drug"][:38], GENES[:38])
    refusal = lab("base fewer.tsv", 3)
    assert "2 of the 40 genes of the panel are not in fewer.tsv: G38, G39." in refusal.err
    assert "--alias FILE" in refusal.err
    assert "v1 has this base already" in lab("base control.tsv --intensity 0.3 --groups none", 2).err
    assert "exactly one of" in lab("base", 2).err
    assert "ridge: this goes with covariance" in lab("base drug.tsv --ridge 1", 2).err
    lab("base same.tsv --intensity 0.5 --groups none")
    refusal = lab("merge drug", 4)
    assert "v4 has shrinkage, 35 samples, λ = 0.5, same.tsv; v2 has shrinkage, 70 samples, λ = 0.4" in refusal.err
    assert "`grn revert v4`" in refusal.err
    lab("revert v4")
    lab("cherry-pick v2")
    assert "Merged drug into main" in lab("merge drug").out


def test_planted_differences_are_told_and_listed_first(lab: Callable[..., Any]) -> None:
    answer = lab("diff v1..drug --changes 12 --json").json
    assert answer["bases"]["from"] | {"base": ""} == {
        "base": "", "estimator": "shrinkage", "samples": 70, "lambda": 0.3,
    }  # fmt: skip
    assert (answer["bases"]["to"]["samples"], answer["bases"]["to"]["lambda"]) == (70, 0.4)
    before, after = dense_rho(VALUES["control"], 0.3), dense_rho(VALUES["drug"], 0.4)
    told = {(row["gene_a"], row["gene_b"]) for row in answer["changes"] if row["verdict"] == "distinguishable"}
    assert told >= {(GENES[gene - 1], GENES[gene]) for gene in FLIPPED}
    for row in answer["changes"]:
        pair = GENES.index(row["gene_a"]), GENES.index(row["gene_b"])
        assert row["rho_from"] == pytest.approx(before[pair], abs=1e-9)
        assert row["rho_to"] == pytest.approx(after[pair], abs=1e-9)
        assert (row["q"] <= 0.05) == (row["verdict"] == "distinguishable")
    assert [row["q"] for row in answer["changes"]] == sorted(row["q"] for row in answer["changes"])
    called = answer["judged"]["distinguishable"]
    text = lab("diff v1..drug --changes 3").out
    assert "v1 is on shrinkage, 70 samples, λ = 0.3, control.tsv." in text
    assert "v2 is on shrinkage, 70 samples, λ = 0.4, drug.tsv." in text
    assert f"{called} of {answer['judged']['pairs']} differences among the strongest pairs can be told" in text
    lab("diff v1..drug --exit-code", 1)
    flipped = lab("diff v1..drug --changes 99 --only sign_flipped --json").json["changes"]
    assert flipped
    assert {row["change"] for row in flipped} == {"sign_flipped"}
    assert len(lab("diff v1..drug --changes 2 --tsv").rows) == 2


def test_two_bases_of_one_truth_are_not_distinguishable(lab: Callable[..., Any]) -> None:
    answer = lab("diff v1..same --exit-code --json").json
    assert answer["summary"]["lost"] > 10
    assert answer["judged"]["distinguishable"] == 0
    assert {row["verdict"] for row in answer["changes"]} == {"not distinguishable"}
    assert "can be told from chance at q = 0.05: not distinguishable" in lab("diff v1..same").out


def test_both_are_read_at_the_larger_lambda_when_that_is_asked(lab: Callable[..., Any]) -> None:
    answer = lab("diff v1..same --same-intensity --changes 5 --json").json
    assert answer["intensity"] == 0.6
    before, after = (dense_rho(VALUES[name], 0.6) for name in ("control", "same"))
    for row in answer["changes"]:
        pair = GENES.index(row["gene_a"]), GENES.index(row["gene_b"])
        assert (row["rho_from"], row["rho_to"]) == pytest.approx((before[pair], after[pair]), abs=1e-9)
    assert answer["summary"]["from"]["max_abs"] == pytest.approx(np.abs(np.triu(before, 1)).max(), abs=1e-9)
    assert "Both are read at λ = 0.6." in lab("diff v1..same --same-intensity").out


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("--covariance identity.npz", "was not estimated from samples"),
        ("drug.tsv --intensity 0.4 --groups none --no-keep-expression", "keeps no expression"),
        ("drug.tsv --estimator factor --factors 1", "was estimated by factor, which does not shrink correlations by"),
    ],
)
def test_a_base_without_samples_to_split_is_not_judged(
    lab: Callable[..., Any], tmp_path: Path, source: str, why: str
) -> None:
    np.savez(tmp_path / "identity.npz", covariance=2 * np.eye(len(GENES)), genes=GENES)
    lab(f"base {source}")
    answer = lab("diff v1..HEAD --json").json
    assert answer["judged"] is None
    assert answer["not_judged"].startswith(f"the base of v4 {why}")
    assert "q" not in answer["changes"][0]
    assert f"Not judged: the base of v4 {why}" in lab("diff v1..HEAD").out
    assert f"The base of v4 {why}" in lab("diff v1..HEAD --same-intensity", 2).err


def test_a_few_groups_are_not_judged(lab: Callable[..., Any], tmp_path: Path) -> None:
    groups = "".join(f"drug{number}\tplate{number % 4}\n" for number in range(70))
    (tmp_path / "plates.tsv").write_text("sample\tplate\n" + groups)
    lab("base drug.tsv --intensity 0.4 --groups plates.tsv")
    assert "Not judged: one side has 4 groups of samples, fewer than 5." in lab("diff v1..HEAD").out


def test_versions_on_one_base_are_not_judged(lab: Callable[..., Any]) -> None:
    text = lab("diff v0..v1").out
    assert "is on shrinkage" not in text
    assert "distinguishable" not in text
    answer = lab("diff v0..v1 --json").json
    assert answer["judged"] is answer["not_judged"] is None
    assert answer["bases"]["from"] == answer["bases"]["to"]
