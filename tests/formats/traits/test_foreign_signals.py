"""Signals and labels in files as programs write them, each with what is right about it: its values, or a refusal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import GrnError
from grnledger.formats.traits.covariates import read_covariates
from grnledger.formats.traits.labels import read_labels
from grnledger.formats.traits.traits import read_traits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class Truth:
    """Genes by three names and a number of each; samples with two groups."""

    symbols: tuple[str, ...]
    z: tuple[float, ...]
    samples: tuple[str, ...]
    groups: tuple[str, ...]

    @property
    def ensembl(self) -> list[str]:
        return [f"ENSG{100 + index:011d}" for index in range(len(self.symbols))]

    @property
    def entrez(self) -> list[int]:
        return [5001 + 13 * index for index in range(len(self.symbols))]

    @property
    def p(self) -> list[float]:
        return [round(float(np.exp(-abs(z))), 6) for z in self.z]


@dataclass(frozen=True)
class Foreign:
    """A file: its text, the options that it needs, and what is right: values, or a part of the refusal."""

    name: str
    text: Callable[[Truth], str]
    options: tuple[tuple[str, str], ...] = ()
    refusal: str = ""


def table(rows: Iterable[Sequence[object]], sep: str = "\t", *, quote: bool = False, end: str = "\n") -> str:
    def field(value: object) -> str:
        return f'"{value}"' if quote and isinstance(value, str) else str(value)

    return "".join(sep.join(map(field, row)) + end for row in rows)


def comma(value: float) -> str:
    return str(value).replace(".", ",")


def _deseq2(t: Truth, *extra: tuple[str, Sequence[object]], sep: str = ",", ids: Sequence[str] | None = None) -> str:
    head = ["", "baseMean", "log2FoldChange", "lfcSE", "stat", "pvalue", "padj", *(title for title, _ in extra)]
    rows = [
        [name, round(50 + 3.3 * i, 1), round(z / 4, 5), 0.25, z, p, "NA", *(column[i] for _, column in extra)]
        for i, (name, z, p) in enumerate(zip(ids or t.symbols, t.z, t.p, strict=True))
    ]
    return table([head, *rows], sep, quote=True).replace('"NA"', "NA")


def _limma(t: Truth, *, corner: bool, sep: str = "\t", decimal: str = ".") -> str:
    head = ["logFC", "AveExpr", "t", "P.Value", "adj.P.Val", "B"]
    rows = [
        [name, *(str(v).replace(".", decimal) for v in (round(z / 3, 5), 7.25, z, p, min(1.0, 2 * p), -z))]
        for name, z, p in zip(t.symbols, t.z, t.p, strict=True)
    ]
    return table([["ID", *head] if corner else head, *rows], sep)


def _columns(head: Sequence[str], *columns: Sequence[object], sep: str = "\t", **how: bool) -> str:
    return table([head, *zip(*columns, strict=True)], sep, **how)


Z = (("only", "stat"),)
T = (("only", "t"),)

SIGNALS: dict[str, Foreign] = {
    "GSEA rnk": Foreign("pre.rnk", lambda t: table(zip(t.symbols, t.z, strict=True))),
    "GSEA rnk with a comment": Foreign("pre.rnk", lambda t: "#gene\tscore\n" + table(zip(t.symbols, t.z, strict=True))),
    "rnk of Windows": Foreign("w.rnk", lambda t: table(zip(t.symbols, t.z, strict=True), end="\r\n")),
    "DESeq2 write.csv": Foreign("de.csv", _deseq2, Z),
    "DESeq2 write.csv without a choice": Foreign("de.csv", _deseq2, refusal="is a table of test results"),
    "DESeq2 by Ensembl with symbols behind": Foreign(
        "de.csv", lambda t: _deseq2(t, ("symbol", t.symbols), ids=t.ensembl), Z
    ),
    "DESeq2 with symbols and Entrez ids": Foreign(
        "de.csv", lambda t: _deseq2(t, ("symbol", t.symbols), ("entrez", t.entrez), ids=t.ensembl), Z
    ),
    "DESeq2 in a spreadsheet of Europe": Foreign(
        "de.csv",
        lambda t: table(
            [
                ("gene", "baseMean", "log2FoldChange", "stat", "pvalue"),
                *(
                    (g, comma(12.75), comma(round(z / 4, 5)), comma(z), comma(p))
                    for g, z, p in zip(t.symbols, t.z, t.p, strict=True)
                ),
            ],
            ";",
        ),
        Z,
    ),
    "Perseus": Foreign(
        "perseus.txt",
        lambda t: table(
            [
                ("Significant", "Difference", "Gene names"),
                ("#!{Type}C", "N", "T"),
                ("#!{C:Group}a", "", ""),
                *(("+", z, g) for g, z in zip(t.symbols, t.z, strict=True)),
            ]
        ),
        (("only", "Difference"),),
    ),
    "Perseus with names in front": Foreign(
        "perseus.txt",
        lambda t: table([("Gene names", "Difference"), ("#!{Type}T", "N"), *zip(t.symbols, t.z, strict=True)]),
    ),
    "edgeR topTags": Foreign(
        "tt.txt",
        lambda t: _columns(
            ("logFC", "logCPM", "F", "PValue", "FDR"),
            *([f'"{g}"' for g in t.symbols], t.z, [5.5] * len(t.z), np.square(t.z).round(4), t.p, t.p),
        ),
        (("only", "logFC"),),
    ),
    "limma topTable with row names": Foreign("tt.txt", lambda t: _limma(t, corner=False), T),
    "limma topTable with ID": Foreign("tt.txt", lambda t: _limma(t, corner=True), T),
    "limma with decimal commas": Foreign("tt.csv", lambda t: _limma(t, corner=True, sep=";", decimal=","), T),
    "limma with row numbers and genes behind": Foreign(
        "tt.csv",
        lambda t: _columns(
            ("", "PROBEID", "SYMBOL", "GENENAME", "logFC", "t", "P.Value"),
            *(range(1, len(t.z) + 1), [f"{i}_at" for i in t.entrez], t.symbols, [f"protein {i}" for i in t.entrez]),
            *(np.round(np.divide(t.z, 3), 4), t.z, t.p),
            sep=",",
        ),
        T,
    ),
    "Seurat FindMarkers": Foreign(
        "m.csv",
        lambda t: _columns(
            ("", "p_val", "avg_log2FC", "pct.1", "pct.2", "p_val_adj"),
            *(t.symbols, t.p, t.z, [0.5] * len(t.z), [0.25] * len(t.z), t.p),
            sep=",",
            quote=True,
        ),
        (("only", "avg_log2FC"),),
    ),
    "Seurat FindAllMarkers of one cluster": Foreign(
        "m.csv",
        lambda t: _columns(
            ("", "p_val", "avg_log2FC", "pct.1", "pct.2", "p_val_adj", "cluster", "gene"),
            *([f"{g}1" for g in t.symbols], t.p, t.z, [0.5] * len(t.z), [0.2] * len(t.z), t.p, ["T"] * len(t.z)),
            t.symbols,
            sep=",",
        ),
        (("only", "avg_log2FC"),),
    ),
    "scanpy rank_genes_groups": Foreign(
        "r.csv",
        lambda t: _columns(
            ("", "names", "scores", "logfoldchanges", "pvals", "pvals_adj"),
            *(range(len(t.z)), t.symbols, t.z, np.round(np.divide(t.z, 2), 4), t.p, t.p),
            sep=",",
        ),
        (("only", "scores"),),
    ),
    "scanpy of two groups": Foreign(
        "r.csv",
        lambda t: _columns(
            ("", "group", "names", "scores", "pvals"),
            *(range(2 * len(t.z)), ["A"] * len(t.z) + ["B"] * len(t.z), t.symbols * 2, t.z + t.z[::-1], t.p * 2),
            sep=",",
        ),
        (("only", "scores"),),
        refusal="occurs already",
    ),
    "sleuth": Foreign(
        "s.csv",
        lambda t: _columns(
            ("target_id", "pval", "qval", "b", "se_b", "mean_obs"),
            *(t.symbols, t.p, t.p, t.z, [0.3] * len(t.z), [6.5] * len(t.z)),
            sep=",",
        ),
        (("only", "b"),),
    ),
    "ids between other names": Foreign(
        "z.csv", lambda t: _columns(("ensembl", "symbol", "stat"), t.ensembl, t.symbols, t.z, sep=",")
    ),
    "ids last": Foreign("z.csv", lambda t: _columns(("stat", "symbol"), t.z, t.symbols, sep=",")),
    "ids last without titles": Foreign("z.tsv", lambda t: table(zip(t.z, t.symbols, strict=True))),
    "Entrez before symbols": Foreign(
        "z.tsv", lambda t: _columns(("entrezgene_id", "hgnc_symbol", "z"), t.entrez, t.symbols, t.z)
    ),
    "a rank before the genes": Foreign(
        "z.tsv", lambda t: _columns(("rank", "gene", "score"), range(1, len(t.z) + 1), t.symbols, t.z)
    ),
    "two columns of names that differ": Foreign(
        "z.tsv",
        lambda t: _columns(("ligand", "receptor", "z"), t.symbols, t.symbols[::-1], t.z),
        refusal="the ids may be in the columns ligand, receptor",
    ),
    "two columns of names of which one is named": Foreign(
        "z.tsv",
        lambda t: _columns(("ligand", "receptor", "z"), t.symbols[::-1], t.symbols, t.z),
        (("id_column", "receptor"),),
    ),
    "gene beside its neighbour": Foreign(
        "z.tsv", lambda t: _columns(("gene", "nearest", "z"), t.symbols, t.symbols[::-1], t.z)
    ),
    "the NCBI's numbers before symbols": Foreign(
        "z.tsv", lambda t: _columns(("NCBI", "HGNC", "z"), t.entrez, t.symbols, t.z)
    ),
    "numbers of another database without titles": Foreign(
        "z.tsv", lambda t: table(zip(t.entrez, t.symbols, t.z, strict=True))
    ),
    "the same names twice": Foreign("z.tsv", lambda t: _columns(("gene", "gene_name", "z"), t.symbols, t.symbols, t.z)),
    "symbols that are missing of some": Foreign(
        "z.tsv",
        lambda t: _columns(
            ("ensembl", "symbol", "z"),
            *([*t.ensembl, "ENSG9", "ENSG8"], [*t.symbols, "NA", ""], [*t.z, 1.5, 2.5]),
        ),
    ),
    "symbols of no gene several times": Foreign(
        "z.tsv",
        lambda t: _columns(
            ("ensembl", "symbol", "z"),
            *([*t.ensembl, "ENSG9", "ENSG8"], [*t.symbols, "Y_RNA", "Y_RNA"], [*t.z, 1.5, 2.5]),
        ),
    ),
    "a gene twice": Foreign(
        "z.tsv",
        lambda t: _columns(("ensembl", "symbol", "z"), ["E", *t.ensembl], [t.symbols[0], *t.symbols], [9.5, *t.z]),
        refusal="occurs already",
    ),
    "sep= of Excel": Foreign("z.csv", lambda t: "sep=,\n" + _columns(("gene", "z"), t.symbols, t.z, sep=",")),
    "sep= with semicolons and commas": Foreign(
        "z.csv",
        lambda t: "sep=;\r\n" + table([("gene", "z"), *zip(t.symbols, map(comma, t.z), strict=True)], ";", end="\r\n"),
    ),
    "a byte order mark and sep=": Foreign(
        "z.csv", lambda t: "\ufeffsep=;\n" + _columns(("gene", "z"), t.symbols, t.z, sep=";")
    ),
    "typographic minus": Foreign(
        "z.tsv", lambda t: _columns(("gene", "z"), t.symbols, [str(z).replace("-", "\u2212") for z in t.z])
    ),
    "spaces that do not break around numbers": Foreign(
        "z.tsv", lambda t: _columns(("gene", "z"), t.symbols, [f"\u00a0{z}\u202f" for z in t.z])
    ),
    "a text column behind": Foreign(
        "z.tsv", lambda t: _columns(("gene", "z", "regulation"), t.symbols, t.z, ["up", "down"] * (len(t.z) // 2))
    ),
    "a description behind": Foreign(
        "z.csv",
        lambda t: (
            "gene,z,description\n"
            + "".join(f'{g},{z},"kinase, {i}"\n' for i, (g, z) in enumerate(zip(t.symbols, t.z, strict=True)))
        ),
    ),
    "values below detection": Foreign(
        "z.tsv", lambda t: _columns(("gene", "z"), t.symbols, ["<LOD", *t.z[1:]]), refusal="'<LOD' in column z"
    ),
    "stars of significance": Foreign(
        "z.tsv", lambda t: _columns(("gene", "z"), t.symbols, [f"{z}**" for z in t.z]), refusal="Write the number alone"
    ),
    "a caption above": Foreign(
        "z.csv", lambda t: "Table S3: treated against control,\n,\n" + _columns(("gene", "z"), t.symbols, t.z, sep=",")
    ),
    "sep= and a caption above": Foreign(
        "z.csv", lambda t: "sep=;\nTable S3;\n" + _columns(("gene", "z"), t.symbols, t.z, sep=";")
    ),
    "a footnote below": Foreign("z.tsv", lambda t: _columns(("gene", "z"), [*t.symbols, "* p < 0.05"], [*t.z, ""])),
    "truth values": Foreign(
        "z.tsv", lambda t: _columns(("gene", "z"), t.symbols, ["TRUE"] * len(t.z)), refusal="Write 1 and 0"
    ),
    "several numbers in a field": Foreign(
        "z.tsv", lambda t: _columns(("gene", "z"), t.symbols, ["1,2,3", *t.z[1:]]), refusal="one number in each"
    ),
    "points between thousands or decimals": Foreign(
        "z.csv",
        lambda t: _columns(("gene", "z"), t.symbols, [f"1,{200 + i}" for i in range(len(t.z))], sep=";"),
        refusal="may have a decimal comma",
    ),
}


def _gsm(t: Truth) -> list[str]:
    return [f"GSM{4000 + index}" for index in range(len(t.samples))]


def _ages(t: Truth) -> list[int]:
    return [40 + index % 7 for index in range(len(t.samples))]


GROUP = (("label_column", "group"),)
CODES = {"case": "1", "control": "0"}

LABELS: dict[str, Foreign] = {
    "two columns": Foreign("l.tsv", lambda t: _columns(("sample", "label"), t.samples, t.groups)),
    "without titles": Foreign("l.tsv", lambda t: table(zip(t.samples, t.groups, strict=True))),
    "csv with quotes": Foreign("l.csv", lambda t: _columns(("id", "group"), t.samples, t.groups, sep=",", quote=True)),
    "swapped": Foreign("l.tsv", lambda t: _columns(("label", "sample"), t.groups, t.samples)),
    "swapped without titles": Foreign("l.tsv", lambda t: table(zip(t.groups, t.samples, strict=True))),
    "swapped under unknown titles": Foreign("l.tsv", lambda t: _columns(("arm", "who"), t.groups, t.samples)),
    "row names of R": Foreign(
        "l.csv", lambda t: '"","x"\n' + table(zip(t.samples, t.groups, strict=True), ",", quote=True)
    ),
    "row names of R without a corner": Foreign(
        "l.txt", lambda t: "condition\n" + table(zip(t.samples, t.groups, strict=True))
    ),
    "row numbers of pandas": Foreign(
        "l.csv", lambda t: _columns(("", "sample", "group"), range(len(t.samples)), t.samples, t.groups, sep=",")
    ),
    "metadata with a batch": Foreign(
        "m.tsv",
        lambda t: _columns(("sample", "batch", "group"), t.samples, ["b1", "b2"] * (len(t.samples) // 2), t.groups),
        refusal="labels are one of them: group (case, control), batch (b1, b2)",
    ),
    "metadata with a batch and the title": Foreign(
        "m.tsv",
        lambda t: _columns(("sample", "batch", "group"), t.samples, ["b1", "b2"] * (len(t.samples) // 2), t.groups),
        GROUP,
    ),
    "GEO series matrix": Foreign(
        "geo.csv",
        lambda t: _columns(
            ("geo_accession", "title", "status", "group"),
            *(_gsm(t), t.samples, ["Public"] * len(t.samples), t.groups),
            sep=",",
        ),
    ),
    "GEO with characteristics": Foreign(
        "geo.csv",
        lambda t: _columns(
            ("title", "geo_accession", "characteristics_ch1", "characteristics_ch1.1", "group"),
            *(t.samples, _gsm(t), [f"age: {a}" for a in _ages(t)], ["tissue: liver"] * len(t.samples), t.groups),
            sep=",",
            quote=True,
        ),
        GROUP,
    ),
    "TCGA clinical": Foreign(
        "clinical.tsv",
        lambda t: _columns(
            ("case_id", "submitter_id", "age", "gender", "group"),
            *([f"uuid-{i}" for i in range(len(t.samples))], t.samples, _ages(t)),
            *(["female", "male"] * (len(t.samples) // 2), t.groups),
        ),
        GROUP,
    ),
    "a title that is not there": Foreign(
        "m.tsv",
        lambda t: _columns(("sample", "batch", "group"), t.samples, ["b"] * len(t.samples), t.groups),
        (("label_column", "condition"),),
        refusal="has no column condition; it has batch, group",
    ),
    "numbers": Foreign(
        "l.tsv", lambda t: _columns(("sample", "case"), t.samples, [CODES[g] for g in t.groups]), (("contrast", "1:0"),)
    ),
    "numbers without titles": Foreign(
        "l.tsv", lambda t: table(zip(t.samples, [CODES[g] for g in t.groups], strict=True)), (("contrast", "1:0"),)
    ),
    "numbers of pandas": Foreign(
        "l.tsv",
        lambda t: _columns(("sample", "case"), [*t.samples, "Q"], [*(f"{CODES[g]}.0" for g in t.groups), ""]),
        (("contrast", "1:0"),),
    ),
    "truth values": Foreign(
        "l.csv",
        lambda t: _columns(("sample", "treated"), t.samples, [g == "case" for g in t.groups], sep=","),
        (("contrast", "True:False"),),
    ),
    "truth values of R": Foreign(
        "l.csv",
        lambda t: _columns(("sample", "treated"), t.samples, [str(g == "case").upper() for g in t.groups], sep=","),
        (("contrast", "TRUE:FALSE"),),
    ),
    "plus and minus": Foreign(
        "l.tsv",
        lambda t: _columns(("sample", "HER2"), t.samples, ["+" if g == "case" else "-" for g in t.groups]),
        (("contrast", "+:-"),),
    ),
    "none as a group": Foreign(
        "l.tsv",
        lambda t: _columns(("sample", "drug"), t.samples, ["drug" if g == "case" else "none" for g in t.groups]),
        (("contrast", "drug:none"),),
    ),
    "sep= of Excel": Foreign(
        "l.csv", lambda t: "sep=;\r\n" + _columns(("sample", "group"), t.samples, t.groups, sep=";")
    ),
    "names of R": Foreign("l.tsv", lambda t: _columns(("sample", "group"), [f"X{s}" for s in t.samples], t.groups)),
    "other samples": Foreign(
        "l.tsv",
        lambda t: _columns(("sample", "group"), _gsm(t), t.groups),
        refusal="None of the",
    ),
    "a sample twice": Foreign(
        "l.tsv",
        lambda t: _columns(("sample", "group"), [*t.samples, t.samples[0]], [*t.groups, "control"]),
        refusal="occurs already",
    ),
    "two columns of samples that differ": Foreign(
        "l.tsv",
        lambda t: _columns(("tumour", "normal", "group"), t.samples, t.samples[::-1], t.groups),
        refusal="the ids may be in the columns tumour, normal",
    ),
    "cls of other samples": Foreign(
        "c.cls",
        lambda _: "4 2 1\n# case control\ncase case control control\n",
        refusal="labels and no names",
    ),
    "cls": Foreign(
        "c.cls", lambda t: f"{len(t.samples)} 2 1\n# {' '.join(dict.fromkeys(t.groups))}\n{' '.join(t.groups)}\n"
    ),
}


TRUTH = Truth(
    ("TP53", "MDM2", "CDKN1A", "BAX", "FAS", "HIF1A", "VEGFA", "CA9", "E2F1", "MCM3", "PCNA", "MYC"),
    (-1.25, 0.5, 2.125, -0.75, 1.5, 0.0625, -3.5, 0.875, 1.0625, -0.3125, 2.75, -1.875),
    tuple(f"S{index:02d}" for index in range(16)),
    tuple("case" if index % 4 < 2 else "control" for index in range(16)),
)


def write(tmp_path: Path, file: Foreign) -> Path:
    path = tmp_path / file.name
    path.write_text(file.text(TRUTH), encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("which", SIGNALS)
def test_a_signal_is_read_as_it_is_meant_or_refused(tmp_path: Path, which: str) -> None:
    file = SIGNALS[which]
    path, options = write(tmp_path, file), dict(file.options)
    if file.refusal:
        with pytest.raises(GrnError) as error:
            read_traits(path, options.get("only"), known=lambda: TRUTH.symbols)
        assert file.refusal in f"{error.value.message} {error.value.hint}"
        return
    table = read_traits(path, options.get("only"), known=lambda: TRUTH.symbols, id_column=options.get("id_column"))
    values = dict(zip(table.ids, table.values[:, 0].tolist(), strict=True))
    assert {name: values[name] for name in TRUTH.symbols} == dict(zip(TRUTH.symbols, TRUTH.z, strict=True))
    assert len(table.names) == 1
    assert set(table.ids) - set(TRUTH.symbols) <= {"* p < 0.05"}


TESTED = [which for which, file in SIGNALS.items() if not file.refusal and "last" not in which]
"""The first field of a row is never a decimal comma's: names stand there in nearly all tables."""


@pytest.mark.parametrize("which", [which for which in TESTED if "Europe" not in which and "commas" not in which])
def test_a_signal_from_a_spreadsheet_of_europe_is_the_same(tmp_path: Path, which: str) -> None:
    file = SIGNALS[which]
    text = re.sub(r"(?<=\d)\.(?=\d)", ",", re.sub(r"[\t,]", ";", file.text(TRUTH)))
    (tmp_path / file.name).write_text(text)
    options = dict(file.options)
    table = read_traits(
        tmp_path / file.name, options.get("only"), known=lambda: TRUTH.symbols, id_column=options.get("id_column")
    )
    values = dict(zip(table.ids, table.values[:, 0].tolist(), strict=True))
    assert {name: values[name] for name in TRUTH.symbols} == dict(zip(TRUTH.symbols, TRUTH.z, strict=True))


@pytest.mark.parametrize("which", LABELS)
def test_labels_are_read_as_they_are_meant_or_refused(tmp_path: Path, which: str) -> None:
    file = LABELS[which]
    path, options = write(tmp_path, file), dict(file.options)
    contrast = options.pop("contrast", "case:control").split(":")
    if file.refusal and "None of the" not in file.refusal:
        with pytest.raises(GrnError, match=re.escape(file.refusal)):
            read_labels(path, TRUTH.samples, **options)
        return
    label_of = read_labels(path, TRUTH.samples, **options).label_of
    spelt = {name.removeprefix("X"): label.removesuffix(".0") for name, label in label_of.items()}
    right = {name: contrast[group == "control"] for name, group in zip(TRUTH.samples, TRUTH.groups, strict=True)}
    if not file.refusal:
        assert {name: spelt[name] for name in TRUTH.samples} == right


def test_a_note_says_where_the_ids_are_and_what_is_left_out(tmp_path: Path) -> None:
    path = write(tmp_path, SIGNALS["symbols of no gene several times"])
    notes = read_traits(path, known=lambda: TRUTH.symbols).notes
    assert notes == (
        "z.tsv: ids are those of the column symbol: 12 of 14 rows have a known name there, and 0 in ensembl.",
        "z.tsv: 2 rows of ids that stand in several rows and are not known (Y_RNA) are left out.",
        "z.tsv: no signal is read from ensembl.",
    )
    path = write(tmp_path, SIGNALS["symbols that are missing of some"])
    assert "z.tsv: 2 rows without an id are left out." in read_traits(path, known=lambda: TRUTH.symbols).notes
    assert read_traits(path, id_column="ensembl").ids[0] == TRUTH.ensembl[0]


def test_names_are_asked_for_only_where_two_columns_may_have_the_ids(tmp_path: Path) -> None:
    def never() -> tuple[str, ...]:
        raise AssertionError

    path = write(tmp_path, SIGNALS["limma topTable with ID"])
    assert read_traits(path, "t", known=never).ids == TRUTH.symbols


def test_one_note_for_the_codes_and_one_for_the_groups_of_many_columns(tmp_path: Path) -> None:
    rows = [(f"0 {name}", -9 if i < 2 else i % 3, -9 if i < 1 else i % 4) for i, name in enumerate(TRUTH.samples)]
    (tmp_path / "c.txt").write_text("FID IID site plate\n" + table(rows, " "))
    notes = read_covariates(tmp_path / "c.txt").notes
    assert len(notes) == 2
    assert notes[0] == "c.txt: 3 values of -9 in 2 columns (site, plate) are missing, as in PLINK's files."
    assert "the covariates site (0, 1, 2); plate (0, 1, 2, 3) are taken for numbers" in notes[1]


def test_a_covariate_of_names_is_left_out_with_a_note(tmp_path: Path) -> None:
    rows = [("sample", "title", "age"), *((name, f"patient {name}", i) for i, name in enumerate(TRUTH.samples))]
    (tmp_path / "c.tsv").write_text(table(rows))
    covariates = read_covariates(tmp_path / "c.tsv", known=lambda: TRUTH.samples)
    assert covariates.names == ("age",)
    assert covariates.notes == ("c.tsv: no covariate is read from title: text that differs in each row.",)
