"""The whole story on real files, as processes: an array of leukemia samples, and single cells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("compiled_once")

GIB = 1 << 30
REGULONS = """\
source	target	weight
TP53	MDM2	1
TP53	CDKN1A	1
TP53	BAX	1
MYC	CDK4	1
MYC	CDKN1A	-1
SPI1	CD14	0.5
"""


LAUNCHER = """
import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
open(sys.argv[1], "w").write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Writes the most memory that a command takes. A process begins with the peak of the one that starts it, so that is
small."""


class Shell:
    """`grn` as processes in a folder; the most memory that any of them took is known."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.peak = 0

    def __call__(self, *arguments: object, code: int = 0) -> tuple[str, str]:
        """Run a command that ends with a code, and return what it printed."""
        command = [sys.executable, "-m", "grnledger.cli", *map(str, arguments)]
        peak = self.folder / "peak"
        env = {**os.environ, "GRN_AUTHOR": "Ada", "SOURCE_DATE_EPOCH": "1780000000"}
        texts = [self.folder / name for name in ("stdout", "stderr")]
        with texts[0].open("wb") as out, texts[1].open("wb") as err:
            launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, str(peak), *command]
            process = subprocess.run(launcher, cwd=self.folder, env=env, stdout=out, stderr=err, check=False)
        self.peak = max(self.peak, int(peak.read_text()) * (1 if sys.platform == "darwin" else 1024))
        out, err = (text.read_text(encoding="utf-8") for text in texts)
        assert process.returncode == code, err
        assert "Traceback" not in err
        return out, err

    def json(self, *arguments: object) -> Any:
        return json.loads(self(*arguments, "--json")[0])


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.delenv("GRN_STORE", raising=False)
    return Shell(tmp_path)


PREPARED = ("--floor", 20, "--transform", "log2", "--duplicates", "max-variance")


def test_leukemia_goes_through_the_whole_story_within_a_gibibyte(shell: Shell, shared_data: Path) -> None:
    array, sets = shared_data / "leukemia.tsv", shared_data / "h.all.v7.0.symbols.gmt"
    (shell.folder / "regulons.tsv").write_text(REGULONS)

    _, notes = shell("init", "leukemia.grn", "--expression", array, *PREPARED, "--min-detected", 0.2)
    assert "11,548 rows name 9,020 genes" in notes
    assert "1,041 of 9,020 genes were left out" in notes
    _, refused = shell("commit", sets, "--only", "HALLMARK_P53_PATHWAY", "-m", "p53", code=2)
    assert "61 of 200 genes (30.5 %) are not on the panel of 7,979 genes" in refused
    shell("commit", sets, "--only", "HALLMARK_P53_PATHWAY", "--missing", "drop", "-m", "p53")
    shell("commit", "regulons.tsv", "--missing", "drop", "-m", "CollecTRI subset")

    info = shell.json("info")
    assert (info["version"], info["rank"], info["parameters_full"]) == ("v2", 4, 7979 * 7980 // 2)
    assert (info["base_record"]["samples"], info["base_record"]["factors"]) == (48, 48)
    log = shell.json("log")["versions"]
    assert [(version["version"], version["message"]) for version in log] == [
        ("v2", "CollecTRI subset"), ("v1", "p53"), ("v0", "base by shrinkage"),
    ]  # fmt: skip
    assert log[1]["added"] == [{"name": "HALLMARK_P53_PATHWAY", "genes": 139, "sign": 1}]
    assert "61 genes of HALLMARK_P53_PATHWAY not on the panel" in shell("show", "v1")[0]

    diff = shell.json("diff", "v0..HEAD", "--top", 20)
    assert diff["summary"]["from"]["edges"] == len(diff["changes"]) == 20
    assert {diff["changes"][0]["gene_a"], diff["changes"][0]["gene_b"]} <= {"TP53", "MDM2", "CDKN1A", "BAX", "MYC"}
    first = shell.json("edges", "--at", "v0", "--top", 50)
    strongest = first["edges"][0]
    assert (strongest["gene_a"], strongest["gene_b"], strongest["origin"]) == ("DDX3Y", "RPS4Y1", "data")
    assert strongest["q"] < 1e-3, "two genes of the Y chromosome"
    by_rho = shell.json("edges", "--at", "v0", "--top", 1, "--rank-by", "rho")["edges"][0]
    assert (by_rho["gene_a"], by_rho["gene_b"]) == ("USP9Y", "XIST")
    assert by_rho["rho"] < 0, "X inactivation and a gene of the Y chromosome"
    empty, message = shell("edges", "--threshold", 0.15)
    assert (empty, "No pair of v2 reaches |ρ| ≥ 0.15: the strongest has 0.0" in message) == ("", True)
    partners = {
        partner["gene"]: partner["rho"]
        for partner in shell.json("neighbors", "TP53", "--top", 5, "--rank-by", "rho")["neighbors"]
    }
    assert {"MDM2", "CDKN1A", "BAX"} <= partners.keys()
    trace = shell.json("trace", "TP53", "MDM2")["trace"]
    assert [step["version"] for step in trace] == ["v0", "v1", "v2"]
    assert trace[0]["rho"] < trace[1]["rho"] < trace[2]["rho"]
    assert trace[2]["rho"] == pytest.approx(partners["MDM2"], abs=1e-12)
    factors = shell.json("factors", "TP53", "MDM2")["factors"]
    assert {factor["pathway"] for factor in factors} == {"HALLMARK_P53_PATHWAY", "TP53", "MYC", "SPI1"}

    assert "v2 is kept: `grn rollback v2` goes back to it." in shell("rollback", "v1")[1]
    shell("rollback", "v2")
    shell("revert", "v2")
    shell("branch", "drug-a", "v1")
    shell("switch", "drug-a")
    shell("commit", sets, "--only", "HALLMARK_HYPOXIA", "--missing", "drop", "--subtract", "--strength", 0.01)
    shell("switch", "main")
    shell("merge", "drug-a")
    shell("tag", "paper", "v2")
    contents = {version["version"]: version["content"] for version in shell.json("log", "--all")["versions"]}
    assert contents["v3"] == contents["v1"], "a revert gives back what was there"
    shown = shell.json("show")
    assert sorted((pathway["name"], pathway["sign"]) for pathway in shown["active"]) == [
        ("HALLMARK_HYPOXIA", -1), ("HALLMARK_P53_PATHWAY", 1),
    ]  # fmt: skip
    assert shown["probe"] is None  # every 16th commit has one

    genes = "TP53,MDM2,CDKN1A"
    shell("export", "--at", "v1", "--matrix", "precision", "--genes", genes, "-o", "theta.tsv")
    head, *rows = ((shell.folder / "theta.tsv").read_text()).splitlines()
    theta = np.array([[float(value) for value in row.split("\t")[1:]] for row in rows])
    assert head.split("\t")[1:] == genes.split(",")
    rho = -theta[0, 1] / np.sqrt(theta[0, 0] * theta[1, 1])
    assert rho == pytest.approx(trace[1]["rho"], abs=1e-12)
    assert shell.peak < GIB


def test_all_9020_genes_never_stand_in_a_matrix(shell: Shell, shared_data: Path) -> None:
    table = shared_data / "leukemia.tsv"
    _, notes = shell("init", "all.grn", "--expression", table, *PREPARED, "--intensity", "analytic")
    assert "consider --min-detected 0.2" in notes
    shell("commit", shared_data / "h.all.v7.0.symbols.gmt", "--missing", "drop", "-m", "all hallmarks")
    info = shell.json("info")
    assert (info["base_record"]["genes"], info["base_record"]["constant_genes"], info["rank"]) == (9020, 101, 50)
    before = shell.json("diff", "v0..v1", "--rank-by", "rho", "--exact-mean")["summary"]["from"]
    assert (before["mean_abs"], before["mean_abs_error"]) == (pytest.approx(5.548062e-4, abs=1e-10), 0.0)
    sampled = shell.json("diff", "v0..v1", "--rank-by", "rho")["summary"]["from"]
    assert 0 < abs(sampled["mean_abs"] - before["mean_abs"]) < 6 * sampled["mean_abs_error"] < 1e-5
    assert sampled["edges"] == before["edges"]
    assert before["max_abs"] == pytest.approx(0.01470669, abs=1e-8)
    assert shell.peak < GIB


def test_a_panel_of_the_most_variable_genes(shell: Shell, shared_data: Path) -> None:
    shell("init", "panel.grn", "--expression", shared_data / "leukemia.tsv", *PREPARED, "--top-variance", 500)
    info = shell.json("info")
    assert (info["base_record"]["genes"], info["base_record"]["form"]) == (500, "factor")
    assert info["smallest_eigenvalue"] > 0


def test_single_cells_go_through_the_story(shell: Shell, shared_data: Path) -> None:
    cells, sets = shared_data / "pbmc68k_reduced.h5ad", shared_data / "h.all.v7.0.symbols.gmt"
    _, notes = shell("init", "pbmc.grn", "--expression", cells, "--counts", "--min-detected", 0.05)
    assert "Cells × genes from X." in notes
    shell("commit", sets, "--only", "HALLMARK_TNFA_SIGNALING_VIA_NFKB", "--missing", "drop")
    shell("commit", sets, "--only", "HALLMARK_INTERFERON_GAMMA_RESPONSE", "--missing", "drop")
    info = shell.json("info")
    assert (info["base_record"]["samples"], info["rank"], info["base_record"]["form"]) == (700, 2, "dense")
    strongest = shell.json("edges", "--at", "v0", "--top", 20)["edges"]
    named = {tuple(sorted((edge["gene_a"], edge["gene_b"]))) for edge in strongest}
    assert {("C1QA", "C1QB"), ("CD8A", "CD8B"), ("S100A8", "S100A9")} <= named, "subunits of one complex go together"
    diff = shell.json("diff", "v0..v2", "--threshold", 0.05)
    assert diff["summary"]["gained"] > 0
    shell("revert", "v1", "-m", "without TNFα")
    shell("reinvert")
    shell("rollback", "v2")
    assert shell.json("rollback", "v4")["version"] == "v4"
    assert [row["name"] for row in shell.json("show")["active"]] == ["HALLMARK_INTERFERON_GAMMA_RESPONSE"]
    shell("export", "--matrix", "partial-correlation", "-o", "rho.npz")
    with np.load(shell.folder / "rho.npz") as archive:
        assert archive["matrix"].shape == (info["base_record"]["genes"],) * 2
        assert np.max(np.abs(archive["matrix"] - np.eye(len(archive["genes"])))) < 1
    assert shell.peak < GIB
