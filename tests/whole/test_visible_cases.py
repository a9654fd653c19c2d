"""The cases collected from other projects' issues: each is answered with the right numbers, or refused by name.

They stand beside the checkout, in `../shared/cases`; elsewhere these tests skip. Each step of a case is a command, and
what it must print: lines of a table, of which the first fields are compared, or parts of a sentence.
"""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases"

FEW_SAMPLES = """
gene_a gene_b rho
MYC GAPDH 0.2136370300357548
MDM2 CDKN1A 0.18890311561235293
BAX ACTB 0.18646472297072714
"""
"""The strongest edges of the table of ten genes that most cases hold in one form or another."""
CELLS = """
gene_a gene_b rho
MYC KRAS -0.12095993174235929
TP53 PTEN 0.1123018960908153
TP53 MDM2 -0.1091790675899447
"""
COUNTS = """
gene_a gene_b rho
MYC GAPDH 0.06128527530234513
MYC ACTB -0.053895391090428776
EGFR PTEN -0.05259654648404136
"""
ACTIVATED = """
gene TP53 MDM2 MYC
TP53 86.7212109748838 -0.9453006887732477 -6.1473340317088265
MDM2 -0.9453006887732477 61.52862805399181 0.5238147456819505
MYC -6.1473340317088265 0.5238147456819505 71.8425187663275
"""
REPRESSED = """
gene TP53 MDM2 MYC
TP53 86.7212109748838 -0.9453006887732477 -7.710345137257258
MDM2 -0.9453006887732477 61.52862805399181 -0.7927372406395566
MYC -7.710345137257258 -0.7927372406395566 71.8425187663275
"""
OUTLIERS_MISSING = """
rows|33 of the kernel with a value
variance of the noise|1.007529796604735
variance of the signal|1.0075297966047347
log likelihood (REML)|-45.53
at h² = 0|-45.53
intercept|-0.1325 (SE 0.1747, t -0.7584, log10 p -0.3432)
"""
AS_GSEA = """
set n_set n_used beta se t df p
UPSET 10 10 5.8808638333753604 0.3628797820401755 16.206093930921377 78.0 1.100665577323347e-26
OTHER 20 20 -0.9902531987639515 0.5682321204593649 -1.742691345859541 78.0 0.0853286631964707
"""
WITHOUT_A_SAMPLE = """
gene_a gene_b rho
MYC GAPDH 0.14580945842486737
BAX ACTB 0.13174585937091166
MDM2 CDKN1A 0.12705457206468418
"""
WITHOUT_A_GENE = """
gene_a gene_b rho
MYC GAPDH 0.2134450187606214
BAX ACTB 0.1854775020327815
TP53 EGFR 0.15966962424537967
"""


@dataclass(frozen=True)
class Step:
    """A command, its exit code, the lines that it prints in this order, and parts of its sentences."""

    command: str
    lines: str = ""
    says: str = ""
    code: int = 0


def init(options: str) -> Step:
    """Return the step that makes a store, as a case needs it for the next ones."""
    return Step(f"init a.grn --expression {options} --intensity analytic")


EDGES = "-s a.grn edges --top 3 --rank-by rho --tsv"
EXPORT = "-s a.grn export --matrix covariance --genes TP53,MDM2,MYC"
ENRICH = "-s a.grn lmm enrich --labels c.cls --contrast UP:DN --expression e.tsv --sets s.gmt --no-set-variance --tsv"
ENSEMBL_PANEL = "2 of 2 genes (100 %) are not on the panel | `grn init --gene-column NAME`"
BASE_OF_LOGS = init("o.tsv --transform log2")

STEPS: dict[str, tuple[Step, ...]] = {
    "01": (init("a.csv"), Step(EDGES, FEW_SAMPLES)),
    "02": (init("a.tsv"), Step(EDGES, FEW_SAMPLES)),
    "03": (
        Step("init b.grn --expression a.csv --intensity analytic"),
        Step("-s b.grn edges --top 3 --rank-by rho --tsv", FEW_SAMPLES),
        Step("init c.grn --expression b.csv --intensity analytic"),
        Step("-s c.grn edges --top 3 --rank-by rho --tsv", FEW_SAMPLES),
        Step("init d.grn --expression c.tsv --intensity analytic", says="decimal commas"),
        Step("-s d.grn edges --top 3 --rank-by rho --tsv", FEW_SAMPLES),
    ),
    "04": (Step("init a.grn --expression a.tsv --intensity analytic", says="GeneLength"), Step(EDGES, FEW_SAMPLES)),
    "05": (
        Step(
            "init a.grn --expression a.tsv --counts --intensity analytic",
            says="5 rows of reads that belong to no gene | __no_feature",
        ),
        Step(EDGES, COUNTS),
    ),
    "06": (
        init("e.tsv"),
        Step("-s a.grn commit r.tsv --missing drop -m x", says="1 of 2 pairs repressing | 'Mode'"),
        Step(EXPORT, REPRESSED),
    ),
    "07": (init("e.tsv"), Step("-s a.grn commit r.tsv -m x", says="TP53(+) (3 genes)"), Step(EXPORT, ACTIVATED)),
    "08": (
        init("e.tsv"),
        Step("-s a.grn commit s.gmt -m x", says="SET1: TP53, SET2: EGFR | --descriptions | --no-descriptions", code=2),
        Step("-s a.grn commit s.gmt --no-descriptions --only SET1 -m x", says="SET1 (3 genes)"),
        Step(EXPORT, ACTIVATED),
    ),
    "09": (init("e.tsv"), Step("-s a.grn commit s.gmt -m x", says="SET1 (3 genes) | Enrichr"), Step(EXPORT, ACTIVATED)),
    "10": (init("filtered_feature_bc_matrix.h5"), Step(EDGES, CELLS)),
    "11": (init("a.loom"), Step(EDGES, CELLS)),
    "12": (init("lzf.h5ad"), Step(EDGES, CELLS)),
    "13": (
        Step("init a.grn --expression cellxgene.h5ad --intensity analytic", says="feature_name"),
        Step("-s a.grn commit s.gmt -m x", says=ENSEMBL_PANEL, code=2),
        Step("init b.grn --expression salmon.merged.gene_counts.tsv --counts --intensity analytic", says="gene_name"),
        Step("-s b.grn commit s.gmt -m x", says=ENSEMBL_PANEL, code=2),
        Step("init c.grn --expression cellxgene.h5ad --gene-column feature_name --intensity analytic"),
        Step("-s c.grn commit s.gmt -m x", says="(2 genes)"),
        Step("-s c.grn edges --at v0 --top 3 --tsv", CELLS),
        Step(
            "init d.grn --expression salmon.merged.gene_counts.tsv --counts --gene-column gene_name "
            "--intensity analytic"
        ),
        Step("-s d.grn commit s.gmt -m x", says="(2 genes)"),
        Step("-s d.grn edges --at v0 --top 3 --tsv", COUNTS),
    ),
    "14": (
        Step(
            "init a.grn --expression e.tsv --transform log2 --intensity analytic",
            says="S00 (2 times) | --duplicate-samples",
            code=2,
        ),
    ),
    "15": (
        BASE_OF_LOGS,
        Step(ENRICH, says="GSEA | 1 is UP | GenePattern | 0 is UP | --label-order", code=2),
        Step(f"{ENRICH} --label-order appearance", AS_GSEA),
    ),
    "16": (
        init("e.tsv --transform log2"),
        Step(
            "-s a.grn lmm fit --pheno y.tsv --kernel samples --tsv", OUTLIERS_MISSING, "7 values of -9 in y are missing"
        ),
    ),
    "17": (
        init("e.tsv --transform log2"),
        Step(
            "-s a.grn lmm fit --pheno a.txt --kernel samples --tsv",
            "signal|a.txt: P1\nrows|40 of the kernel with a value",
        ),
        Step(
            "-s a.grn lmm fit --pheno b.txt --kernel samples --tsv",
            says="P1: 0 of its 40 ids (such as 100, 101",
            code=2,
        ),
    ),
    "18": (
        Step("init a.grn --expression . --counts --intensity analytic", "genes|10\nsamples|8"),
        Step("-s a.grn neighbors '\"MDM2' --top 3 --tsv", says='"MDM2'),
    ),
    "19": (
        Step(
            "init a.grn --expression w",
            "genes|10\nsamples|8",
            "of genes.tsv, 'x', | of barcodes.tsv, 'x', | is a header",
        ),
        Step("init b.grn --expression g --intensity analytic", says="g/GSM1_matrix.mtx.gz", code=3),
        Step("init b.grn --expression g/GSM1_matrix.mtx.gz --intensity analytic"),
    ),
    "21": (
        init("e.tsv"),
        Step(
            "-s a.grn commit adj.tsv -m x", says="MDM2 would load 8.53 standard deviations | --strength 0.0012", code=2
        ),
        Step("-s a.grn commit adj.tsv --normalize max -m x"),
    ),
    "22": (
        BASE_OF_LOGS,
        Step(
            "-s a.grn lmm fit --labels l.tsv --contrast UP:DN --expression e.tsv --tsv",
            "signal|t of 8 UP against 8 DN samples of e.tsv",
            "8 names of l.tsv | XS01 is S01",
        ),
    ),
    "23": (
        Step("init a.grn --expression a.tsv.bz2 --intensity analytic"),
        Step(EDGES, FEW_SAMPLES),
        Step("init b.grn --expression a.tsv.xz --intensity analytic"),
        Step("-s b.grn edges --top 3 --rank-by rho --tsv", FEW_SAMPLES),
        Step("init c.grn --expression a.zip --intensity analytic"),
        Step("-s c.grn edges --top 3 --rank-by rho --tsv", FEW_SAMPLES),
        Step("init d.grn --expression a.rds --intensity analytic", says="a.rds | readRDS", code=2),
    ),
    "24": (
        init("e.tsv --transform log2"),
        Step(
            "-s a.grn lmm fit --pheno y.tsv --kernel samples",
            says="60 genes from 40 samples | --estimator factor",
            code=2,
        ),
        Step("-s a.grn lmm fit --pheno y.tsv --kernel full", says="60 genes | use --kernel samples", code=2),
        Step("init b.grn --expression e.tsv --transform log2 --estimator factor --factors 3"),
        Step("-s b.grn lmm fit --pheno y.tsv --kernel samples --tsv", "rows|40 of the kernel with a value"),
    ),
    "25": (
        BASE_OF_LOGS,
        Step("-s a.grn lmm fit --pheno de.csv", says="--trait stat", code=2),
        Step("-s a.grn lmm fit --pheno de.csv --trait stat --tsv", "signal|de.csv: stat"),
    ),
    "26": (
        Step(
            "init b.grn --expression a.tsv --counts --intensity analytic",
            says="more than one row: A | sum with --counts",
            code=2,
        ),
        Step(
            "init a.grn --expression a.tsv --counts --duplicates sum --intensity analytic",
            "genes|9",
            "counts of one gene were added",
        ),
    ),
    "27": (
        BASE_OF_LOGS,
        Step("-s a.grn lmm fit --pheno z.tsv --kernel k.cXX.txt", says="80 × 80 | no names | --ids FILE", code=2),
    ),
    "28": (
        init("e.tsv"),
        Step(
            "-s a.grn nmf --input v.tsv --rank 2:3 --restarts 2", says="1 value of 240 is above zero | --rank 1", code=2
        ),
    ),
    "29": (
        BASE_OF_LOGS,
        Step("-s a.grn lmm fit --pheno z0.tsv --tsv", "h², share along the kernel|0.09365 (95 % 0 to 0.3673, profile)"),
        Step("-s a.grn lmm fit --pheno z1.tsv --tsv", says="2.25e-200 | h² does not depend on the unit", code=5),
        Step("-s a.grn lmm fit --pheno z2.tsv --tsv", says="2.25e+200 | h² does not depend on the unit", code=5),
    ),
    "30": (
        init("e.tsv --transform log2"),
        Step("-s a.grn lmm fit --pheno z.tsv --trait z1 --tsv", "standard error|0.13017467690290016"),
    ),
    "31": (
        Step("init b.grn --expression a.tsv --intensity analytic", says="gene CDKN1A in sample s3", code=2),
        init("a.tsv --samples s.txt"),
        Step(EDGES, WITHOUT_A_SAMPLE),
        Step("init c.grn --expression a.tsv --genes g.txt --intensity analytic"),
        Step("-s c.grn edges --top 3 --rank-by rho --tsv", WITHOUT_A_GENE),
    ),
    "newcomer-huge-weights.csv": (
        init("newcomer-scaled.tsv"),
        Step("-s a.grn commit newcomer-huge-weights.csv", says="G3 would load 4.54 | --normalize max", code=2),
        Step("-s a.grn commit newcomer-huge-weights.csv --normalize max", says="VEGF (3 genes)"),
    ),
    "newcomer-krumsiek11-head.txt": (
        Step(
            "init a.grn --expression newcomer-krumsiek11-head.txt --genes-in columns --intensity analytic",
            "genes|11\nsamples|12",
        ),
    ),
    "newcomer-lognorm-as-counts.tsv": (
        Step(
            "init a.grn --expression newcomer-lognorm-as-counts.tsv --counts",
            says="reach 3.925 | --scale linear",
            code=2,
        ),
    ),
    "newcomer-probe-symbol.gct": (
        init("newcomer-probe-symbol.gct"),
        Step("-s a.grn commit newcomer-sym.gmt", says="3 of 3 genes | Affymetrix | --gene-column", code=2),
    ),
    "newcomer-progeny-columns.csv": (
        init("newcomer-scaled.tsv"),
        Step(
            "-s a.grn commit newcomer-progeny-columns.csv", says="EGFR (2 genes) | names sets of genes, not regulators"
        ),
    ),
    "newcomer-scaled.tsv": (
        Step(
            "init a.grn --expression newcomer-scaled.tsv --min-detected 0.2",
            says="standardised | --min-detected",
            code=2,
        ),
        Step(
            "init a.grn --expression newcomer-scaled.tsv --counts --intensity analytic", says="cannot be counts", code=2
        ),
    ),
    "newcomer-sym.gmt": (
        init("newcomer-probe-symbol.gct --gene-column Description"),
        Step("-s a.grn commit newcomer-sym.gmt", says="SET (3 genes)"),
    ),
}
"""Of each case, its steps: those of its `cmd.sh`, and those that its refusal says to take."""
IN_TESTS_OF_THEIR_OWN = {"20"}


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Return a function that copies the files of a case into a folder, and goes there."""

    def go(name: str) -> Path:
        if not CASES.is_dir():
            pytest.skip("the cases are not beside this checkout")
        folder = tmp_path / "case"
        if name.startswith("newcomer"):
            folder.mkdir()
            for file in CASES.glob("newcomer-*"):
                shutil.copy(file, folder)
        else:
            shutil.copytree(CASES / name / "in", folder)
        monkeypatch.chdir(folder)
        return folder

    return go


def check(answer: Any, step: Step) -> None:
    """Compare what a command printed with what its step says."""
    printed = answer.out + answer.err
    assert answer.code == step.code, printed
    assert "Traceback" not in printed
    assert "np." not in answer.out
    assert [part for part in step.says.split(" | ") if part not in printed] == [], printed
    rest = iter(answer.out.splitlines())
    for line in filter(None, step.lines.splitlines()):
        assert any(begins_with(other, line) for other in rest), f"{line!r} is not in {answer.out}"


def begins_with(printed: str, line: str) -> bool:
    """Whether a line begins with the fields of another; those of a printed table may be parted by spaces."""
    expected, fields = fields_of(line, "|" if "|" in line else " "), fields_of(printed)
    pairs = zip(expected, fields, strict=False)
    return len(fields) >= len(expected) and all(
        pytest.approx(a, rel=1e-6) == b if isinstance(a, float) else a == b for a, b in pairs
    )


def fields_of(line: str, separator: str | None = None) -> list[float | str]:
    """Return the fields of a line, numbers as numbers; those of a printed table are parted by tabs or by spaces."""
    fields: list[float | str] = []
    for field in filter(None, line.split(separator or ("\t" if "\t" in line else "  "))):
        try:
            fields.append(float(field))
        except ValueError:
            fields.append(field.strip())
    return fields


@pytest.mark.parametrize("name", STEPS)
def test_a_case_is_answered_rightly_or_refused(name: str, case: Callable[[str], Path], grn: Callable[..., Any]):
    case(name)
    for step in STEPS[name]:
        check(grn(*shlex.split(step.command)), step)


def test_a_name_that_is_not_utf_8_is_recorded_with_escapes(case: Callable[[str], Path], grn: Callable[..., Any]):
    name = os.fsdecode(b"M\xfcller.tsv")
    try:
        (case("20") / "a.tsv").rename(name)
    except OSError:
        pytest.skip("names of files are UTF-8 here")
    answer = grn("init", "a.grn", "--expression", name, "--intensity", "analytic")
    assert (answer.code, "M\\xfcller.tsv" in answer.out) == (0, True), answer.err
    check(grn(*shlex.split(EDGES)), Step(EDGES, FEW_SAMPLES))


def test_counts_of_one_gene_are_added_to_those_of_a_table_that_has_their_sums(
    case: Callable[[str], Path], grn: Callable[..., Any]
):
    folder = case("26")
    header, first, second, *others = (folder / "a.tsv").read_text().splitlines()
    sums = [str(int(a) + int(b)) for a, b in zip(first.split("\t")[1:], second.split("\t")[1:], strict=True)]
    (folder / "b.tsv").write_text("\n".join([header, "\t".join(["A", *sums]), *others]) + "\n")
    grn("init", "a.grn", "--expression", "a.tsv", "--counts", "--duplicates", "sum")
    grn("init", "b.grn", "--expression", "b.tsv", "--counts")
    a, b = (grn("-s", store, "export", "--matrix", "covariance").out for store in ("a.grn", "b.grn"))
    assert a == b
    assert a.startswith("gene\tA\t")


def test_every_case_is_among_the_steps():
    if not CASES.is_dir():
        pytest.skip("the cases are not beside this checkout")
    names = {file.name for file in CASES.iterdir()}
    assert names == STEPS.keys() | IN_TESTS_OF_THEIR_OWN
