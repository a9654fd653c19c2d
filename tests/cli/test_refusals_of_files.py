"""Every refusal of a foreign file that has a code: a small file that raises it, its exit code, and the printed hint."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pytest
from grnledger.cli.hints import HINTS

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = ROOT / "tests" / "formats" / "written"

GENES = ["TP53", "MDM2", "CDKN1A", "BAX", "MYC", "GAPDH", "ACTB", "EGFR", "KRAS", "PTEN", "VIM", "CDH1"]
SAMPLES = [f"s{j}" for j in range(8)]
VALUES = np.random.default_rng(5).normal(7, 2, (12, 1)) + np.random.default_rng(6).normal(0, 0.7, (12, 8))


def table(titles: list[str], names: list[str], values: Any, *, decimals: int = 2) -> str:
    """Return a table of numbers, separated by tabs."""
    rows = [[name, *(f"{value:.{decimals}f}" for value in row)] for name, row in zip(names, values, strict=True)]
    return "".join("\t".join(row) + "\n" for row in [titles, *rows])


def signal(*fields: str, titles: str = "gene\tz") -> str:
    """Return a table of genes and what stands behind them, numbers where nothing is said."""
    more = [*fields, *(f"0.{37 * (i + 3) % 89}" for i in range(len(GENES) - len(fields)))]
    return "".join(line + "\n" for line in [titles, *(f"{g}\t{f}" for g, f in zip(GENES, more, strict=True))])


def square(size: int) -> str:
    """Return a kernel without names."""
    return "".join(" ".join(f"{(i == j) + 0.01:.2f}" for j in range(size)) + "\n" for i in range(size))


EXPRESSION = table(["gene", *SAMPLES], GENES, VALUES)
PATTERNED = [f"{measure}.{sample}" for measure in ("counts", "abundance") for sample in SAMPLES[:4]]
LEUKEMIA = "8 2 1\n# AML ALL\n{}\n"


@dataclass(frozen=True)
class Refusal:
    """A code, the command that ends with it, the file `f` that raises it, and the facts of its hint."""

    code: str
    command: str
    file: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    exit: int = 2
    name: str = "f.tsv"


INIT = "init b.grn --expression f.tsv"
COMMIT = "-s a.grn commit f.tsv"
FIT = "-s a.grn lmm fit --kernel full --pheno f.tsv"
LABELS = "-s a.grn lmm fit --contrast AML:ALL --same-samples --labels f.tsv"

REFUSALS = [
    # expression
    Refusal(
        "column-may-describe-genes",
        INIT,
        table(["gene", "stock", *SAMPLES], GENES, np.column_stack([np.random.default_rng(3).normal(7, 2, 12), VALUES])),
        {"column": "stock"},
    ),
    Refusal(
        "columns-of-one-sample", INIT, table(["gene", "expected_count", "TPM", "FPKM"], GENES, np.exp2(VALUES[:, :3]))
    ),
    Refusal("decimal-comma-or-thousands", INIT, table(["gene", *SAMPLES], GENES, VALUES, decimals=3).replace(".", ",")),
    Refusal(
        "decimals-or-thousands",
        INIT,
        table(["gene", *SAMPLES], GENES, 20 * VALUES, decimals=3),
    ),
    Refusal(
        "decimals-or-thousands",
        INIT,
        "gene\ts1\ts2\ts3\n"
        + "".join(f"{gene}\t{i + 1}.526\t{214 + i}\t{300 + 7 * i}\n" for i, gene in enumerate(GENES))
        + "TBP\t214\t3.118\t2.007\n",
    ),
    Refusal("gene-column-unknown", "init b.grn --expression unknown.loom"),
    Refusal("genes-are-row-numbers", INIT, table(["gene", *SAMPLES], [str(i + 1) for i in range(12)], VALUES)),
    Refusal(
        "genes-as-one-date",
        INIT,
        table(["gene", *SAMPLES], [*(f"GENE{i}" for i in range(10)), "1-Mar", "1-Mar"], VALUES),
    ),
    Refusal(
        "genes-in-rows-or-columns",
        INIT,
        table(["", *(f"a_{j}x" for j in range(8))], [f"b_{i}y" for i in range(12)], VALUES),
    ),
    Refusal(
        "genes-may-describe-samples",
        INIT,
        table(["sample", *GENES, "mouse_room"], SAMPLES, np.column_stack([VALUES.T, np.arange(8) * 3.7 + 61])),
        {"column": "mouse_room"},
    ),
    Refusal(
        "header-or-values",
        INIT,
        "zeta\t204\t187\t356\t91\n"
        + "".join(
            f"{name}\t{i + 20}\t{31 * i % 17 + 80}\t{47 * i % 90}\t{i * i + 5}\n"
            for i, name in enumerate(["kappa", "mu", "alpha", "pi", "eta"])
        ),
    ),
    Refusal(
        "matrix-beside-layers", f"init b.grn --expression {WRITTEN / 'loompy_layers.loom'}", facts={"name": "matrix"}
    ),
    Refusal(
        "matrix-beside-raw", f"init b.grn --expression {WRITTEN / 'scanpy_scaled_with_raw.h5ad'}", facts={"name": "X"}
    ),
    Refusal("matrix-without-gene-names", f"init b.grn --expression {WRITTEN / 'scipy_dense.mtx'}"),
    Refusal(
        "sample-id-column-ambiguous",
        "init b.grn --expression e.tsv --sample-table f.tsv --where group=x",
        "who\twhom\tgroup\n" + "".join(f"s{j}\ts{7 - j}\t{'xxxxyyyy'[j]}\n" for j in range(8)),
        {"offered": "who, whom"},
    ),
    Refusal("samples-not-described", f"{INIT} --where group=x", EXPRESSION),
    Refusal(
        "samples-without-condition", "init b.grn --expression e.tsv --sample-table f.tsv", "sample\tgroup\ns1\tx\n"
    ),
    Refusal("several-measures", INIT, table(["gene", *PATTERNED], GENES, VALUES), {"pattern": "counts.*"}),
    Refusal(
        "results-not-expression", INIT, table(["gene", "logFC.a", "pvalue.a", "logFC.b", "FDR.b"], GENES, VALUES[:, :4])
    ),
    Refusal("components-not-expression", INIT, table(["gene", *(f"PC{j}" for j in range(1, 9))], GENES, VALUES)),
    Refusal(
        "one-value-a-row",
        INIT,
        "gene\tsample\tvalue\n" + "".join(f"G{i}\ts{j}\t{i + j}.5\n" for i in range(4) for j in range(4)),
        {"read": 'pandas.read_csv("f.tsv", sep=None, engine="python")'},
    ),
    Refusal("square-not-expression", INIT, table(["gene", *GENES], GENES, np.corrcoef(VALUES), decimals=6)),
    Refusal(
        "qualities-not-expression",
        INIT,
        table(["sample", "percent_gc", "percent_dup", "total_reads", "mapped", "x_y"], SAMPLES, VALUES[:5].T),
    ),
    Refusal(
        "samples-of-samples",
        INIT,
        table(
            ["sample", *GENES],
            [*SAMPLES[:6], "m1", "m2"],
            np.vstack([VALUES.T.round(1)[:6], VALUES.T.round(1)[:4].reshape(2, 2, 12).mean(axis=1)]),
        ),
    ),
    Refusal(
        "sample-of-text",
        INIT,
        "gene\ts1\ts2\ts3\n" + "".join(f"G{i}\t{i}.5\t{7 - i}.5\t<0.1\n" for i in range(5)),
        {"column": "s3"},
    ),
    Refusal(
        "column-of-text-and-numbers",
        INIT,
        "gene\ts1\ts2\ts3\tremark\n"
        + "".join(f"G{i}\t{i}.5\t{i % 7}.5\t{i % 5}.1\t{'low' if i < 55 else i}\n" for i in range(60)),
        {"column": "remark"},
    ),
    Refusal(
        "values-as-names",
        INIT,
        "s1\ts2\ts3\ts4\n" + "".join(f"{i}.25\t{i}.5\t{7 - i}.5\t{i % 3}.1\n" for i in range(9)),
    ),
    Refusal("several-sheets", f"init b.grn --expression {WRITTEN / 'pandas_two_sheets.xlsx'}"),
    Refusal(
        "missing-or-value",
        INIT,
        "gene\ts1\ts2\ts3\n" + "".join(f"G{i}\t{i}\t{-999 if i % 2 else 5}\t{i % 7}\n" for i in range(9)),
        {"value": "-999"},
    ),
    # pathways
    Refusal(
        "clusters-or-directions",
        f"{COMMIT} --set-column direction --gene-column gene",
        "gene\tdirection\nTP53\t-1\nMDM2\t0\nMYC\t1\nBAX\t1\n",
    ),
    Refusal(
        "columns-of-sets-ambiguous",
        COMMIT,
        "GO:0006915\tTP53\tMDM2\nGO:0006915\tMYC\tBAX\n",
        {"set": "1", "gene": "2"},
    ),
    Refusal(
        "numbers-without-sign",
        f"{COMMIT} --sign-column NES",
        "source\ttarget\tNES\nTP53\tMDM2\t4.5\nTP53\tBAX\t3.5\n",
        {"column": "NES"},
    ),
    Refusal(
        "signs-of-perturbation",
        COMMIT,
        "TF\tgene\tlogFC\tmethod\nTP53\tMDM2\t-1.5\tsiRNA\nTP53\tMYC\t0.5\tsiRNA\n",
        {"column": "logFC"},
    ),
    Refusal(
        "codes-or-weights",
        COMMIT,
        "source\ttarget\teffect\nTP53\tMDM2\t1\nTP53\tMYC\t2\nTP53\tBAX\t1\n",
        {"column": "effect"},
    ),
    Refusal("column-may-be-signs", COMMIT, "source\ttarget\tremark\nTP53\tMDM2\tinduces\nTP53\tMYC\trepresses\n"),
    Refusal("column-may-be-signs", COMMIT, "source\ttarget\tsign_decision\nTP53\tMDM2\tPMID\nTP53\tMYC\tPMID\n"),
    Refusal(
        "genes-left-out", "-s few.grn commit f.tsv", "source\ttarget\nTP53\tMDM2\nTP53\tBAX\nTP53\tMYC\nTP53\tEGFR\n"
    ),
    Refusal("genes-not-on-panel", COMMIT, "source\ttarget\nTP53\tMDM2\nTP53\tBRCA1\n"),
    Refusal(
        "genes-of-other-vocabulary",
        COMMIT,
        "set\tgene\n" + "".join(f"P53\tENSG{141510 + 97 * i:011d}\n" for i in range(6)),
    ),
    Refusal(
        "gmt-without-descriptions", "-s a.grn commit f.gmt", "A\tTP53\tMDM2\tBAX\nB\tEGFR\tKRAS\tMYC\n", name="f.gmt"
    ),
    Refusal("lines-of-genes", COMMIT, "TP53\tMDM2\tBAX\nEGFR\tKRAS\tMYC\tVIM\n"),
    Refusal("strength-of-loadings", f"{COMMIT} --strength 0.1 --units sd", "gene\tp1\nTP53\t0.5\nMDM2\t-0.25\n"),
    Refusal("loading-too-large", COMMIT, "source\ttarget\tweight\nTP53\tMDM2\t85.3\n", {"strength": "0.0012"}),
    Refusal("loading-too-large-as-given", f"{COMMIT} --units sd", "gene\tp1\nTP53\t3.5\nMDM2\t-0.5\n"),
    Refusal("membership-or-loadings", COMMIT, "gene\tA\tB\nTP53\t1\t0\nMDM2\t1\t1\nBAX\t0\t1\n"),
    Refusal("one-flag-of-sign", COMMIT, "source\ttarget\tis_stimulation\nTP53\tMDM2\t1\nTP53\tMYC\t0\n"),
    Refusal("pathway-without-genes", f"{COMMIT} --missing drop", "set\tgene\nP53\tBRCA1\nP53\tBRCA2\n"),
    Refusal("pathways-not-recognised", COMMIT, "nothing\nof\nthe\nkind\n"),
    Refusal("columns-not-named", COMMIT, "ind\tvalues\nP53\tTP53\nP53\tMDM2\n"),
    Refusal("columns-not-named", f"{COMMIT} --source-column ind", "ind\ta\tb\nP53\tTP53\tx\nP53\tMDM2\ty\n"),
    Refusal("format-not-known", COMMIT, "TP53\tMDM2\t0.5\nTP53\tMYC\t0.2\nTP53\tBAX\t0.1\n", {"formats": "regulon"}),
    Refusal("expression-or-loadings", COMMIT, table(["gene", *SAMPLES], GENES, np.abs(VALUES) / 100)),
    Refusal("flags-of-members", COMMIT, "set\tgene\tleading\nA\tTP53\tTRUE\nA\tMDM2\tFALSE\n", {"column": "leading"}),
    Refusal("groups-not-found", INIT + " --groups patient", table(["gene", *SAMPLES], GENES, VALUES), exit=3),
    Refusal(
        "several-columns-of-groups",
        INIT + " --groups g.tsv",
        table(["gene", *SAMPLES], GENES, VALUES),
    ),
    Refusal("categories-not-found", INIT + " --within patient", table(["gene", *SAMPLES], GENES, VALUES), exit=3),
    Refusal("several-columns-of-categories", INIT + " --within g.tsv", table(["gene", *SAMPLES], GENES, VALUES)),
    Refusal("samples-without-covariates", INIT + " --covariates c.tsv", table(["gene", *SAMPLES], GENES, VALUES)),
    Refusal("groups-or-loadings", COMMIT, "gene\thits\nTP53\t1\nMDM2\t2\nBAX\t3\n", {"column": "hits"}),
    Refusal("signs-or-loadings", COMMIT, "gene\tA\tB\nTP53\t1\t0\nMDM2\t-1\t1\nBAX\t0\t-1\n"),
    Refusal("loading-too-large-raw", COMMIT, "gene\tA\nTP53\t71.5\nMDM2\t-60.25\n"),
    Refusal("matrix-or-loadings", COMMIT, "\tTP53\tMDM2\nTP53\t0.11\t0.05\nMDM2\t0.05\t0.12\n"),
    Refusal("targets-or-loadings", COMMIT, "gene\tTP53\tMYC\nMDM2\t0.11\t0.05\nBAX\t0.05\t0.12\n"),
    Refusal(
        "regulators-in-rows-or-columns",
        f"{COMMIT} --format regulon",
        "\tTP53\tMYC\nMDM2\t0.11\t0.05\nBAX\t0.05\t0.12\n",
        {"column": "1"},
    ),
    Refusal(
        "regulators-or-sets", COMMIT.replace(".tsv", ".json"), '{"TP53": ["MDM2"]}', {"kind": "json"}, name="f.json"
    ),
    Refusal(
        "regulators-or-targets",
        COMMIT,
        "MDM2\tTP53\t-1\nBAX\tTP53\t1\nCDH1\tTP53\t1\nVIM\tMYC\t1\n",
        {"first": "1", "second": "2"},
    ),
    Refusal(
        "set-column-ambiguous",
        COMMIT,
        "gene\tleiden_0.4\tleiden_0.8\nTP53\t0\t1\nMDM2\t0\t2\nBAX\t2\t1\nMYC\t2\t1\n",
        {"first": "leiden_0.4"},
    ),
    Refusal(
        "undirected-pairs",
        COMMIT,
        "protein1\tprotein2\tscore\nTP53\tMDM2\t900\nTP53\tMYC\t400\n",
        {"first": "protein1", "second": "protein2"},
    ),
    Refusal("words-or-loadings", COMMIT, "gene\twhat\nTP53\thigh\nMDM2\tlow\nBAX\tlow\n", {"column": "what"}),
    Refusal("pathways-too-small", f"{COMMIT} --min-genes 5", "set\tgene\nP53\tTP53\nP53\tMDM2\n"),
    Refusal("results-not-loadings", COMMIT, "gene\tlogFC\tpvalue\nTP53\t1.5\t0.01\nMDM2\t-0.5\t0.2\n"),
    Refusal("sign-not-known", COMMIT, "source\ttarget\tsign\nTP53\tMDM2\t+\nTP53\tMYC\tsplicing\n"),
    Refusal(
        "sign-not-known", f"{COMMIT} --sign-column way", "source\ttarget\tway\nTP53\tMDM2\t+\nTP53\tMYC\tsplicing\n"
    ),
    Refusal("strength-not-positive", f"{COMMIT} --strength=-1", "source\ttarget\nTP53\tMDM2\n"),
    Refusal("unknown-signs", COMMIT, "source\ttarget\tMode\nTP53\tMDM2\tActivation\nTP53\tMYC\tUnknown\n"),
    Refusal(
        "unknown-signs",
        "-s a.grn commit f.sif",
        "TP53\tactivates\tMDM2\nTP53\tinhibits\tMYC\nTP53\tbinds\tBAX\n",
        name="f.sif",
    ),
    Refusal(
        "weight-against-sign",
        COMMIT,
        "source\ttarget\tweight\tMode\nTP53\tMDM2\t0.5\tRepression\nTP53\tMYC\t-0.4\tActivation\n",
    ),
    Refusal("weight-not-a-number", COMMIT, "source\ttarget\tweight\nTP53\tMDM2\t0.5\nTP53\tMYC\tstrong\n"),
    # signals, kernels and labels
    Refusal(
        "column-of-tested-table",
        FIT,
        signal(*(f"{0.3 * i - 1:.2f}\t{i - 4}.5\t0.{i + 11}" for i in range(12)), titles="gene\tlog2FC\tstat\tpvalue"),
        {"first": "stat", "offered": "stat, log2FC"},
    ),
    Refusal("field-without-number", FIT, signal("0.5", "not done"), {"value": "'not done'"}),
    Refusal(
        "id-column-ambiguous",
        FIT,
        "who\twhom\tz\n" + "".join(f"{GENES[i]}\t{GENES[-i - 1]}\t0.{i + 11}\n" for i in range(12)),
        {"offered": "who, whom"},
    ),
    Refusal("infinite-value", FIT, signal("0.5", "inf", "-Inf", "inf"), {"values": "inf, -Inf"}),
    Refusal(
        "kernel-not-square",
        "-s a.grn lmm fit --pheno y.tsv --kernel f.tsv",
        "FID1\tIID1\tFID2\tIID2\tKINSHIP\n0\ta\t0\tb\t0.1\n",
    ),
    Refusal(
        "kernel-not-square",
        "-s a.grn lmm fit --pheno y.tsv --kernel f.tsv",
        "1\n0.1\t1\n0.2\t0.1\t1\n0.1\t0.2\t0.1\t1\n",
    ),
    Refusal(
        "kernel-with-names",
        "-s a.grn lmm fit --pheno y.tsv --kernel f.tsv --ids ids.txt",
        table(["", *GENES], GENES, np.eye(12) + 0.01),
    ),
    Refusal("kernel-with-names", "-s a.grn lmm fit --pheno y.tsv --kernel full --ids ids.txt"),
    Refusal("kernel-without-names", "-s a.grn lmm fit --pheno y.tsv --kernel f.cXX.txt", square(12), name="f.cXX.txt"),
    Refusal(
        "label-column-ambiguous",
        LABELS,
        "sample\tgroup\tfirst\n"
        + "".join(f"s{j}\t{'AML' if j < 4 else 'ALL'}\t{('AML', 'ALL')[j % 2]}\n" for j in range(8)),
        {"first": "group", "offered": "group, first"},
    ),
    Refusal("label-order-ambiguous", LABELS.replace(".tsv", ".cls"), LEUKEMIA.format("1 1 1 1 0 0 0 0"), name="f.cls"),
    Refusal(
        "labels-of-other-expression",
        LABELS.replace(".tsv", ".cls"),
        "9 2 1\n# AML ALL\n0 0 0 0 1 1 1 1 1\n",
        name="f.cls",
    ),
    Refusal(
        "labels-of-other-samples",
        LABELS,
        "sample\tgroup\n" + "".join(f"patient{j}\t{'AML' if j < 4 else 'ALL'}\n" for j in range(8)),
        exit=3,
    ),
    Refusal(
        "label-read-as-missing",
        LABELS.replace("AML:ALL", "NA:EU"),
        "sample\tregion\n" + "".join(f"s{j}\t{('NA', 'EU', 'AS')[j % 3]}\n" for j in range(8)),
    ),
    Refusal(
        "missing-or-name",
        "-s a.grn lmm fit --kernel full --pheno y.tsv --covariates f.tsv",
        signal(*(("NA", "EU", "AS")[i % 3] for i in range(12))),
        {"value": "NA"},
    ),
    Refusal(
        "signal-is-a-row",
        FIT,
        table(["line", *GENES], [f"ACH-{i:06d}" for i in range(13)], np.random.default_rng(1).normal(size=(13, 12))),
        {"first": "ACH-000000"},
    ),
    Refusal("text-in-place-of-numbers", FIT, signal(*["tumor", "normal", "edge"] * 4)),
    Refusal(
        "words-in-place-of-numbers",
        FIT,
        signal(*["tumor", "normal"] * 6),
        {"contrast": "tumor:normal", "first": "tumor", "second": "normal"},
    ),
    Refusal("missing-or-number", FIT, signal("-999", "-999"), {"value": "-999"}),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a table of 12 genes and 8 samples, groups, ages, a signal, names, and a loom file."""
    monkeypatch.chdir(tmp_path)
    Path("e.tsv").write_text(EXPRESSION)
    Path("y.tsv").write_text(signal())
    groups = "".join(f"{sample}\t{sample[-1]}\tmale\n" for sample in SAMPLES)
    Path("g.tsv").write_text(f"sample\tpatient\tsex\n{groups}")
    Path("c.tsv").write_text("sample\tage\n" + "".join(f"{name}\t{30 + i}\n" for i, name in enumerate(SAMPLES[1:])))
    Path("ids.txt").write_text("\n".join(GENES) + "\n")
    with h5py.File("unknown.loom", "w") as file:
        file["matrix"], file["row_attrs/Feature"], file["col_attrs/CellID"] = VALUES, GENES, SAMPLES
    return tmp_path


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.code)
def test_a_refusal_prints_the_hint_of_its_code_with_its_facts(refusal: Refusal, folder: Path, grn: Callable[..., Any]):
    if "a.grn" in refusal.command:
        assert grn("init", "a.grn", "--expression", "e.tsv").code == 0
    if "few.grn" in refusal.command:
        assert grn("init", "few.grn", "--expression", "e.tsv", "--top-variance", "8").code == 0
    (folder / refusal.name).write_text(refusal.file)
    answer = grn(*shlex.split(refusal.command))
    hint = HINTS[refusal.code].format(**refusal.facts)
    assert (answer.code, answer.out, f"Hint: {hint}\n" in answer.err) == (refusal.exit, "", True), answer.err
    assert not (folder / "b.grn").exists()


def test_every_code_of_files_is_raised_by_one():
    lines = (ROOT / "cli" / "hints.py").read_text(encoding="utf-8").partition("    # formats\n")[2]
    codes = {
        line.split('"')[1] for line in lines.partition("    # storage\n")[0].splitlines() if line.startswith('    "')
    }
    elsewhere = {"graph-format-unknown", "no-part-file", "part-damaged"}  # of files written, and of parts of a scan
    assert {refusal.code for refusal in REFUSALS} == codes - elsewhere
