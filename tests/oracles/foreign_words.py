"""Names and titles of other people's tables, collected from how organisms, repositories and clinics call things.

They were collected before the reader's lists were made longer, or beside them: many stand on no list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    Names = Callable[[random.Random, int], list[str]]
    Numbers = Callable[[random.Random, int, Sequence[float]], "str | float | int"]

HUMAN = """
BRCA1 BRCA2 ATM CHEK2 PALB2 RAD51 XRCC1 MLH1 MSH2 APC SMAD4 TGFBR2 NOTCH1 HES1 DLL4 JAG1 WNT3A AXIN2 LGR5 CTNNB1 GLI1
PTCH1 SHH FGFR3 FLT3 KIT PDGFRA NPM1 DNMT3A TET2 IDH1 RUNX1 GATA2 CEBPA SPI1 CD19 MS4A1 CD8A FOXP3 IL2RA HLA-DRA C1orf56
"""
MOUSE = """
Trp53 Brca1 Actb Gapdh Myc Sox2 Pou5f1 Nanog Klf4 Gata4 Nkx2-5 Myh6 Tnnt2 Pax6 Neurod1 Ascl1 Olig2 Gfap Aif1 Cx3cr1 Cd4
Cd8a Ptprc Itgam H2-K1 H2-Ab1 Xist Hbb-bt Alb Apoa1 1700001C02Rik Gm12878 mt-Co1 Rps18-ps3 Zfp36l1 Adgre1 Lyz2 Cst3
"""
FLY = """
dpp wg hh en eve ftz hb Kr kni gt tll bcd nos osk Ubx Antp abd-A Abd-B sc ac N Dl Su(H) E(spl)m8-HLH w y v f ey so eya
dac toy Act5C RpL32 CG1234 CG42797 bHLH-PAS l(2)gl
"""
ZEBRAFISH = """
sox2 pax6a pax6b tp53 mdm2 gata1a gata2b myod1 myf5 tbx16 tbxta shha shhb fgf8a wnt8a bmp2b chrd nog1 hoxb1a
hoxd13a krt4
si:ch211-1a19.3 zgc:114188 actb1 gapdhs mpx lyz mpeg1.1 kdrl fli1a cdh5 tal1 lmo2 hbae3 myl7 vmhc nkx2.5
"""
COLI = """
lacZ lacY lacA araB araC galK rpoS rpoD rpoB recA lexA umuC dnaA dnaK groEL groES ompF ompC fimA flhD flhC fliC
motA cheA
cheY crp fis hns ihfA arcA fnr soxS marA rob katG ahpC sodA sodB
"""
YEAST = """
GAL1 GAL4 GAL80 ACT1 TDH3 PGK1 CUP1 HIS3 LEU2 URA3 ADE2 TRP1 CLN1 CLN2 CLB2 CDC28 SWI4 SWI6 MBP1 STE12 FUS1 MSN2 MSN4
HSP104 SSA1 PHO5 PHO4 GCN4 RPL3 RPS6A mt-COX1
"""


def chosen(names: str) -> Names:
    words = names.split()
    return lambda draw, n: draw.sample(words, min(n, len(words)))


def numbered(form: str, first: int, last: int) -> Names:
    """Return names of one form and distinct numbers."""
    return lambda draw, n: [form.format(i) for i in draw.sample(range(first, last), n)]


def arms(form: str, arms_of: str, last: int) -> Names:
    """Return names of loci: of an arm, a number and a strand."""

    def names(draw: random.Random, n: int) -> list[str]:
        return [form.format(draw.choice(arms_of), i, draw.choice("WC")) for i in draw.sample(range(1, last), n)]

    return names


GENES: dict[str, Names] = {
    "human": chosen(HUMAN),
    "mouse": chosen(MOUSE),
    "fly": chosen(FLY),
    "FlyBase": numbered("FBgn{:07d}", 8, 40_000),
    "worm": numbered("WBGene{:08d}", 1, 25_000),
    "worm loci": numbered("F56F11.{}", 1, 90),
    "yeast": chosen(YEAST),
    "yeast loci": arms("YA{0}{1:03d}{2}", "LR", 300),
    "fission yeast": numbered("SPAC{}.05c", 100, 2000),
    "Arabidopsis": numbered("AT1G{:05d}", 1010, 80_000),
    "tomato": numbered("Solyc01g{:06d}.3", 5000, 99_999),
    "rice": numbered("LOC_Os01g{:05d}", 1010, 70_000),
    "E. coli": chosen(COLI),
    "E. coli loci": numbered("b{:04d}", 1, 4400),
    "zebrafish": chosen(ZEBRAFISH),
    "TRINITY": numbered("TRINITY_DN{}_c0_g1", 10, 90_000),
    "Cufflinks": numbered("XLOC_{:06d}", 1, 60_000),
    "StringTie": numbered("STRG.{}", 1, 30_000),
    "Entrez": numbered("{}", 12, 110_000),
    "Ensembl": numbered("ENSG{:011d}", 460, 290_000),
    "Ensembl versions": numbered("ENSMUSG{:011d}.7", 460, 100_000),
    "RefSeq": numbered("NM_{:06d}.4", 14, 999_999),
    "UniProt": numbered("P{:05d}", 100, 99_999),
    "Affymetrix": numbered("{}_s_at", 1007, 240_000),
    "Affymetrix exon": numbered("{}", 2_315_000, 4_050_000),
    "Illumina": numbered("ILMN_{}", 1_343_000, 3_311_000),
    "Agilent": numbered("A_23_P{}", 100_001, 430_000),
    "cg probes": numbered("cg{:08d}", 29, 27_000_000),
    "miRNA": numbered("hsa-miR-{}-5p", 1, 900),
    "OTU": numbered("OTU{}", 1, 900),
}

TISSUES = """
liver kidney heart brain lung spleen thymus muscle skin colon stomach testis ovary placenta blood adipose pancreas
retina
"""
CELL_LINES = "MCF7 HeLa K562 A549 HepG2 Jurkat U2OS PC3 DU145 LNCaP T47D MDA-MB-231 HCT116 SW480 THP-1 HL-60"
STAGES = "start middle end early late peak before after dawn dusk day night first second third last"


def replicated(*conditions: str) -> Names:
    """Return conditions with the number of a replicate."""

    def names(draw: random.Random, n: int) -> list[str]:
        mark = draw.choice(["_", "-rep", ".", " ", "_R"])
        return [f"{conditions[j % len(conditions)]}{mark}{j // len(conditions) + 1}" for j in range(n)]

    return names


def dates(draw: random.Random, n: int) -> list[str]:
    form = draw.choice(["2021-03-{:02d}", "{:02d}.03.2021", "{:02d}/03/21", "202103{:02d}"])
    return [form.format(day) for day in sorted(draw.sample(range(1, 29), n))]


def barcodes(draw: random.Random, n: int) -> list[str]:
    return ["".join(draw.choices("ACGT", k=16)) + "-1" for _ in range(n)]


SAMPLES: dict[str, Names] = {
    "tissues": chosen(TISSUES),
    "Tissues": lambda draw, n: [word.capitalize() for word in draw.sample(TISSUES.split(), n)],
    "GSM": numbered("GSM{}", 100_000, 6_000_000),
    "SRR": numbered("SRR{}", 1_000_000, 9_000_000),
    "TCGA": numbered("TCGA-A7-{:04d}-01A", 1, 9999),
    "TCGA of R": numbered("TCGA.A7.{:04d}.01A", 1, 9999),
    "counted": lambda _, n: [str(j + 1) for j in range(n)],
    "numbers": numbered("{}", 10, 9999),
    "numbers of R": numbered("X{}", 10, 9999),
    "patients": numbered("Pat-{:03d}", 1, 200),
    "P numbers": numbered("P{}", 1, 60),
    "patients of a clinic": numbered("{}/21", 100, 999),
    "barcodes": barcodes,
    "conditions": replicated("ctrl", "treated"),
    "knock-outs": replicated("WT", "KO", "het"),
    "times": lambda _, n: [f"{hours}h" for hours in (0, 1, 2, 4, 8, 12, 24, 48, 72, 96, 120, 144)[:n]],
    "doses": lambda _, n: [f"{dose} µM" for dose in ("0", "0.1", "0.3", "1", "3", "10", "30", "100", "300")[:n]],
    "dates": dates,
    "cell lines": chosen(CELL_LINES),
    "stages": chosen(STAGES),
    "GC": lambda _, n: [f"GC_{j + 1}" for j in range(n)],
    "length": lambda _, n: [f"short_{j + 1}" if j % 2 else f"long_{j + 1}" for j in range(n)],
    "wells": lambda _, n: [f"{'ABCDEFGH'[j % 8]}{j // 8 + 1:02d}" for j in range(n)],
    "paths": lambda _, n: [f"/data/run1/s{j}.sorted.bam" for j in range(n)],
    "chromosomes": lambda _, n: [f"chr{j + 1}_pool" for j in range(n)],
}

CORNERS = {
    "genes": [
        "", "", "gene", "Gene ID", "locus_tag", "ORF", "Systematic Name", "probe_id", "ID_REF", "target_id", "feature",
        "Row.names", "rownames", "TAIR", "Protein IDs", "Gen", "gène", "基因", "Locus", "transcript", "name", "id",
    ],
    "samples": [
        "", "", "sample", "Sample_ID", "Run", "barcode", "patient", "cell_id", "Mouse", "individual", "Échantillon",
        "样本", "Muestra", "Tube", "animal", "specimen", "id", "name",
    ],
}  # fmt: skip


def whole(low: int, high: int) -> Numbers:
    return lambda draw, _, __: draw.randint(low, high)


def decimal(low: float, high: float, digits: int = 3) -> Numbers:
    return lambda draw, _, __: round(draw.uniform(low, high), digits)


def one_of(*words: str) -> Numbers:
    return lambda draw, _, __: draw.choice(words)


def text(form: str) -> Numbers:
    return lambda draw, i, _: form.format(i=i, n=draw.randint(100, 99_999))


def contrast(_: random.Random, __: int, row: Sequence[float]) -> float:
    half = len(row) // 2
    return round(sum(row[half:]) / (len(row) - half) - sum(row[:half]) / half, 4)


def tiny(draw: random.Random, _: int, __: Sequence[float]) -> float:
    return float(f"{10 ** -draw.uniform(0.01, 12):.3g}")


ANNOTATIONS: dict[str, Numbers] = {
    # where it lies, and how long it is
    "Length": whole(200, 12_000), "gene length (kb)": decimal(0.4, 120, 2), "tx_len": whole(200, 12_000),
    "exon_count": whole(1, 40), "num_exons": whole(1, 40), "n_transcripts": whole(1, 15), "CDS size": whole(200, 9000),
    "chromosome": one_of("1", "2", "X", "17"), "Chr": one_of("chr1", "chr7", "chrX"), "strand": one_of("+", "-"),
    "strand_sign": one_of("1", "-1"), "start": whole(10_000, 240_000_000), "txEnd": whole(10_000, 240_000_000),
    "TSS": whole(10_000, 240_000_000), "cytoband": text("17p{i}.1"), "distance to TSS": whole(-90_000, 90_000),
    "scaffold": text("scaffold_{i}"), "%GC": decimal(30, 65, 1), "GC fraction": decimal(0.3, 0.65),
    # what it is called elsewhere
    "Entrez Gene": whole(12, 110_000), "NCBI GeneID": whole(12, 110_000), "HGNC ID": text("HGNC:{n}"),
    "UniProtKB": text("Q{n:05d}"), "RefSeq": text("NM_{n:06d}"), "ortholog": text("Ortho{i}"),
    "synonyms": text("p{i}, tumour protein {i}"), "locus": text("L{n}"), "KEGG": text("hsa:{n}"),
    "probe count": whole(3, 30),
    # what it does
    "description": text("protein {i}, of the cell"), "GO terms": text("GO:{n:07d};GO:0006915"),
    "biotype": one_of("protein_coding", "lincRNA"), "family": one_of("kinase", "receptor", "other"),
    "is_TF": one_of("TRUE", "FALSE"), "essential": one_of("yes", "no"), "pathway": one_of("p53", "cell cycle"),
    # of proteins
    "MW [kDa]": decimal(8, 320, 1), "pI": decimal(4, 11, 2), "protein length (aa)": whole(80, 3000),
    "# peptides": whole(1, 60), "Sequence coverage [%]": decimal(2, 90, 1), "Q-value": tiny,
    "Score": decimal(2, 323, 2),
    # statistics
    "baseMean": decimal(1, 90_000, 2), "log2FoldChange": contrast, "logFC (treated vs ctrl)": contrast, "p": tiny,
    "adjusted p": tiny, "FDR.BH": tiny, "AveExpr": lambda _, __, row: round(sum(row) / len(row), 4),
    "Mean": lambda _, __, row: sum(row) / len(row), "Total": lambda _, __, row: round(sum(row), 4),
    "Max": lambda _, __, row: max(row), "dispersion": decimal(0.01, 3), "tau": decimal(0.05, 1), "module": whole(0, 12),
    "cluster_k5": whole(1, 5), "rank": lambda _, i, __: i + 1, "kME": decimal(-1, 1),
    "highly_variable": one_of("True", "False"),
    "n_cells": whole(3, 2700), "pct.expressed": decimal(0, 100, 1), "degree": whole(1, 300),
    # constraint and conservation
    "pLI": decimal(0, 1), "LOEUF": decimal(0.05, 1.9), "phastCons": decimal(0, 1), "dN/dS": decimal(0.01, 1.2),
    "half-life (h)": decimal(0.5, 30, 1),
    # in other languages
    "Länge": whole(200, 12_000), "Beschreibung": text("Eiweiß {i}"), "Chromosom": one_of("1", "2", "X"),
    "longueur": whole(200, 12_000), "description du gène": text("protéine {i}"), "longitud": whole(200, 12_000),
    "cromosoma": one_of("1", "2", "X"), "lunghezza": whole(200, 12_000), "长度": whole(200, 12_000),
    "描述": text("蛋白 {i}"),
    "染色体": one_of("1", "2", "X"), "длина": whole(200, 12_000), "遺伝子名": text("遺伝子{i}"),
    "uzunluk": whole(200, 12_000), "geenipituus": whole(200, 12_000), "μήκος": whole(200, 12_000),
    "길이": whole(200, 12_000), "الطول": whole(200, 12_000), "antall eksoner": whole(1, 40),
    # of further kinds
    "aa_len": whole(80, 3000), "codon adaptation index": decimal(0.1, 0.9), "GRAVY": decimal(-2, 1.5),
    "ΔG (kcal/mol)": decimal(-60, -5, 1), "mRNA half life": decimal(0.5, 30, 1), "ribosome density": decimal(0.1, 2),
    "n_orthologs": whole(0, 9), "paralogues": whole(0, 12), "CERES": decimal(-2, 0.5),
    "gnomAD mis_z": decimal(-3, 7, 2),
    "HPA level": one_of("high", "low", "not detected"), "on_panel": one_of("0", "1"), "operon_no": whole(1, 800),
    "CNV gain %": decimal(0, 40, 1), "cM/Mb": decimal(0, 5, 2), "UMI share": decimal(0, 0.01, 6),
    "probe affinity": decimal(-1, 1), "Tm": decimal(55, 65, 1), "n.papers": whole(0, 9000),
}  # fmt: skip
"""Of each title of a column that describes genes, what stands below it: of a gene's number and its values."""

CLINICAL: dict[str, Numbers] = {
    "age": whole(18, 90), "Age at diagnosis": whole(18, 90), "age_months": whole(2, 30), "sex": one_of("F", "M"),
    "is_female": one_of("0", "1"), "batch": whole(1, 4), "Batch ID": one_of("B1", "B2"),
    "stage": one_of("I", "II", "IV"),
    "tumor grade": whole(1, 4), "weight_kg": decimal(45, 120, 1), "Body weight (g)": decimal(18, 35, 1),
    "BMI": decimal(17, 41, 1), "OS.time": whole(12, 4000), "survival (days)": whole(12, 4000),
    "event": one_of("0", "1"),
    "vital status": one_of("dead", "alive"), "treatment": one_of("drug", "vehicle"),
    "dose mg/kg": one_of("0", "5", "20"),
    "timepoint": whole(0, 96), "RIN": decimal(5, 10, 1), "site": one_of("Leeds", "Bonn"), "plate": whole(1, 12),
    "library size": whole(1_000_000, 60_000_000), "n_reads": whole(1_000_000, 60_000_000), "% mito": decimal(0, 20, 2),
    "doublet score": decimal(0, 0.6), "leiden": one_of("0", "1", "2"), "pack-years": whole(0, 60),
    "response": one_of("CR", "PD"), "tumour purity": decimal(0.2, 0.98, 2), "HbA1c": decimal(4.5, 11, 1),
    "passage": whole(3, 30), "Alter": whole(18, 90), "Geschlecht": one_of("w", "m"), "âge": whole(18, 90),
    "edad": whole(18, 90), "peso": decimal(45, 120, 1), "年龄": whole(18, 90), "性别": one_of("男", "女"),
    "ikä": whole(18, 90), "wiek": whole(18, 90), "yaş": whole(18, 90), "ηλικία": whole(18, 90), "나이": whole(18, 90),
    "العمر": whole(18, 90), "kjønn": one_of("k", "m"), "ECOG": whole(0, 3), "LDH (U/l)": whole(120, 900),
    "creatinine µmol/L": whole(45, 180), "leukocytes": decimal(3, 14, 1), "ldl_chol": decimal(1, 6, 1),
    "gestational_week": whole(20, 41), "litter": whole(1, 20), "cage": one_of("C1", "C2"), "diet kcal%": whole(10, 60),
    "alignment_rate": decimal(70, 99, 2), "dup_fraction": decimal(0.05, 0.6), "TIN": decimal(40, 90, 1),
    "elevation_m": whole(0, 3000), "pH": decimal(4, 9, 1), "salinity": decimal(0, 35, 1), "NYHA": whole(1, 4),
}  # fmt: skip
"""Of each title of a column that describes samples, what stands below it."""
