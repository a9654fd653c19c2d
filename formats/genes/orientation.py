"""Which axis of an expression table holds the genes, and why."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Axis = Literal["rows", "columns"]

_TITLES_OF_GENES = """
gene genes gene_id geneid gene_ids gene_name gene_names genename gene_symbol genesymbol symbol symbols hugo
hugo_symbol hgnc hgnc_id hgnc_symbol mgi_symbol ensembl ensembl_id ensembl_gene_id ensg entrez entrez_id
entrezid entrez_gene_id probe probes probe_id probeid probe_set probeset probeset_id id_ref feature feature_id
transcript transcript_id target_id orf orfs locus_tag locus_tags systematic_name protein_id protein_ids otu otu_id asv
mirna mirna_id isoform isoform_id accession gen gène gene_accession majority_protein_ids unigene
"""
GENE_WORDS = frozenset(_TITLES_OF_GENES.split())
"""Titles of a column of gene names, in lower case with `_` for other signs."""

_TITLES_OF_SAMPLES = """
sample samples sample_id sampleid sample_name sampleids cell cells cell_id cellid cell_barcode barcode barcodes
patient patients patient_id donor donor_id subject subject_id individual individual_id case case_id run
replicate condition specimen specimen_id animal animal_id mouse mouse_id rat_id tube muestra amostra échantillon
echantillon campione staal prov prøve proband participant participant_id library_id aliquot biosample model_id
depmap_id cell_line 样本 样品 образец
"""
SAMPLE_WORDS = frozenset(_TITLES_OF_SAMPLES.split())
"""Titles of a column of sample names, in the same form."""

_KNOWN_GENES = """
ACTB GAPDH TP53 TRP53 B2M MYC EGFR BRCA1 BRCA2 MDM2 CDKN1A CDKN2A PTEN KRAS NRAS BRAF RB1 ERBB2 TNF IL6 IL1B IL2
IL10 IFNG CD4 CD8A CD8B CD3D CD3E CD14 CD19 CD44 CD68 CD79A MS4A1 PTPRC LYZ NKG7 GNLY FOS JUN STAT1 STAT3 NFKB1
RELA AKT1 MAPK1 MAPK3 MTOR VEGFA HIF1A ALB AFP APOE HBA1 HBB TUBB TUBA1B VIM CDH1 FN1 COL1A1 COL1A2 KRT8 KRT18
EEF1A1 EEF2 UBC HPRT1 TBP PPIA PGK1 LDHA ENO1 MALAT1 XIST TOP2A MKI67 PCNA BCL2 BAX CASP3 GATA1 GATA3 SOX2
POU5F1 NANOG
"""
LONGER = 2.0
"""An axis that is so many times longer than the other has the genes, where names tell nothing."""

VERY_FEW, FEW, MANY, MUCH_LONGER = 4, 12, 1000, 5
"""An axis of no known names has the genes if it is longer and has so many, or the other so few and is much shorter."""

_SAMPLE_LIKE = re.compile(
    r"(s|d|t|x|p|n)[-_. ]?\d+|(gsm|srr|err|drr|tcga|gtex)[-_. ]?[\w.-]*\d[\w.-]*|"
    r"(samples?|smp|patients?|pat|pt|subj(ect)?|donor|ctrl|control|case|cell|rep|replicate|day|time|wt|ko|kd|mut|normal|"
    r"tumou?r|healthy|disease|treated|untreated|vehicle|lib|library|run|bc|barcode|all|aml|plate|well)"
    r"([-_. ]?\d+|[-_. ][\w.-]*\d[\w.-]*)|[acgt]{8,}(-\d+)?|"
    r"\d+([.,]\d+)? ?(h|hrs?|hours?|min|d|days?|wks?|weeks?|months?|[µμunmp]m|[mµμun]g(/\w+)?|gy|%)|"
    r"(?!gene|probe|feature|transcript|orf|contig|cluster|protein)[a-z]{2,}[_ ](rep[_ ]?)?\d{1,2}",
    re.IGNORECASE,
)
"""Names that samples and cells are given."""

_SURELY_SAMPLE = re.compile(
    r"TCGA[-.]\w\w[-.]\w{4}.*|GTEX[-.].+|GSM\d{3,}.*|[SED]RR\d{5,}.*|SAM(N|EA|D)\d+|ACH-\d{6}|[ACGT]{12,}(-\d+)?|"
    r".*\.(raw|mzml|d|wiff|bam|sam|cel|chp|idat|gpr|rcc|fastq|fq|htseq|counts)(\.gz)?([ .]\w+)*|.*[/\\\\].+|"
    r".*\.PG\.\w+|(Abundances?|Intensity|LFQ intensity|Reporter intensity).*",
    re.IGNORECASE,
)
"""Names that archives and sequencers give to samples and cells, and nobody to a gene."""

_COUNTED = re.compile(r"([^\W\d]{3,})[-_. ]?(\d{1,3})")

_WORDS_OF_GENES = frozenset(
    {
        "gene",
        "gen",
        "probe",
        "feature",
        "transcript",
        "orf",
        "contig",
        "cluster",
        "protein",
        "otu",
        "asv",
        "peak",
        "loc",
    }
)

FEWEST_KNOWN = 3
"""Fewest known genes that count against the title of the first column."""

_UNIVERSAL = frozenset(_KNOWN_GENES.split())
_GENE_LIKE = re.compile(
    r"ENS[A-Z]{0,6}[GTP]\d{11}(\.\d+)?|RP[SL]\d+[AXYL]?\d?|MT-(ND|CO|ATP|CYB)\w*|FBgn\d{7}|WBGene\d{8}|AT[1-5MC]G\d{5}|"
    r"Y[A-P][LR]\d{3}[WC](-\w)?|SP[ABC]+\w*\d+\.\d+c?|Solyc\d+g\d+(\.\d+)*|b\d{4}|TRINITY_DN\d+_c\d+_g\d+(_i\d+)?|"
    r"XLOC_\d{4,}|M?STRG\.\d+(\.\d+)?|[NX][MRP]_\d{5,}(\.\d+)?|LOC\d{5,}|\d{3,}(_[asx])?_at|ILMN_\d{4,}|A_\d+_P\d+|"
    r"cg\d{8}|\w{3}-(mir|let)-\d+\w*(-[35]p)?|LOC_Os\d+g\d+|Os\d{2}g\d{7}|GRMZM\w+|Zm\d+\w+|ZDB-GENE-\d+-\d+|MGI:\d+|"
    r"HGNC:\d+|(OTU|ASV)_?\d+|[A-Z]\d{1,3}[A-Z]\d{1,2}\.\d+[a-z]?|PA\d{4}|SAOUHSC_\d+|Rv\d{4}c?|[A-Z][\w.-]* \(\d+\)|"
    r"([OPQ]\d[A-Z\d]{3}\d|[A-NR-Z]\d([A-Z][A-Z\d]{2}\d){1,2})(-\d+)?(;.*)?|\w{2,10}_(HUMAN|MOUSE|RAT|YEAST|ECOLI)",
    re.IGNORECASE,
)

_BACTERIAL = re.compile(r"[a-z]{3}[A-Z]\d?")
"""A symbol of a bacterial gene, such as `lacZ`; samples are not called so."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """Where the genes are, and the reason.

    Parameters
    ----------
    genes_in : {"rows", "columns"}
        The axis.
    reason : str
        What decided it, to be read after a colon.
    """

    genes_in: Axis
    reason: str


@lru_cache(maxsize=1 << 16)
def title_word(cell: str) -> str:
    """Return a column title in small letters, with `_` for every run of other signs: `Gene Symbol` → `gene_symbol`."""
    return re.sub(r"[\W_]+", "_", cell.strip().lower()).strip("_")


def is_gene_id(name: str) -> bool:
    """Whether a name is an id of a gene, a transcript or a probe, in the form of one of many databases."""
    return bool(_GENE_LIKE.fullmatch(name))


def is_bacterial(name: str) -> bool:
    """Whether a name is the symbol of a bacterial gene, such as `lacZ`."""
    return bool(_BACTERIAL.fullmatch(name))


def orient(first_cell: str, row_names: Sequence[str], column_names: Sequence[str]) -> Orientation | None:
    """Return which axis of a table holds the genes, or None where nothing decides it.

    The first evidence decides: the title of the first column, unless known genes name the other axis; names that are
    those of genes; names that are those of samples; an axis of twice the length, since panels are larger than studies.

    Parameters
    ----------
    first_cell : str
        The title of the column of row names; may be empty.
    row_names, column_names : sequence of str
        The names along both axes.

    Examples
    --------
    >>> orient("Gene", ["a", "b"], ["s1", "s2", "s3"])
    Orientation(genes_in='rows', reason="the first header cell is 'Gene'")
    """
    word = title_word(first_cell)
    in_rows, in_columns = _gene_like(row_names), _gene_like(column_names)
    are_in_rows = _clearly_more(in_rows, in_columns, len(row_names))
    are_in_columns = _clearly_more(in_columns, in_rows, len(column_names))
    sure = [_surely_samples(names) for names in (row_names, column_names)]
    if word in SAMPLE_WORDS and sure == [False, True]:  # as Xena writes: the title of the header
        return Orientation("rows", f"columns have names of samples, such as {column_names[0]}")
    if word in SAMPLE_WORDS and len(in_rows) >= FEWEST_KNOWN and are_in_rows and are_samples(column_names):
        return Orientation("rows", f"{in_rows[0]} and others name rows, and columns are named as samples")
    if word in GENE_WORDS or word in SAMPLE_WORDS:
        axis: Axis = "rows" if word in GENE_WORDS else "columns"
        is_contradicted = are_in_columns if axis == "rows" else are_in_rows
        return None if is_contradicted else Orientation(axis, f"the first header cell is {first_cell.strip()!r}")
    rows, columns = len(row_names), len(column_names)
    if are_in_rows:
        is_doubtful = rows <= FEW and columns >= LONGER * rows and not are_samples(column_names, numbers=True)
        return None if is_doubtful else Orientation("rows", f"{in_rows[0]} and others name rows")
    if are_in_columns:
        is_doubtful = columns <= FEW and rows >= LONGER * columns and not are_samples(row_names, numbers=True)
        return None if is_doubtful else Orientation("columns", f"{in_columns[0]} and others name columns")
    samples_in_rows, samples_in_columns = are_samples(row_names), are_samples(column_names)
    if (
        not samples_in_rows
        and not samples_in_columns
        and not _are_numbers(row_names)
        and not _are_numbers(column_names)
    ):
        samples_in_rows, samples_in_columns = _are_counted(row_names), _are_counted(column_names)
    if samples_in_rows != samples_in_columns:
        names = column_names if samples_in_columns else row_names
        axis = "rows" if samples_in_columns else "columns"
        genes, samples = (rows, columns) if axis == "rows" else (columns, rows)
        others = row_names if samples_in_columns else column_names
        if (
            samples >= LONGER * genes
            and not _surely_samples(names)
            and (_any_sample(others) or not _all_samples(names))
        ):
            return None
        return Orientation(axis, f"the other axis has names of samples, such as {names[0]}")
    longer, shorter = max(rows, columns), min(rows, columns)
    is_clear = longer >= MANY or shorter <= VERY_FEW or (shorter <= FEW and longer >= MUCH_LONGER * shorter)
    if longer < LONGER * shorter or not is_clear or (longer < MANY and _are_numbers([*row_names, *column_names])):
        return None
    axis = "rows" if rows > columns else "columns"
    shown = f"{rows} rows and {columns} columns" if axis == "rows" else f"{columns} columns and {rows} rows"
    return Orientation(axis, f"there are {shown}")


def are_samples(names: Sequence[str], *, numbers: bool = False) -> bool:
    """Whether most names are as those of samples, perhaps numbers among them."""
    like = sum(
        bool(_SAMPLE_LIKE.fullmatch(name) or _SURELY_SAMPLE.fullmatch(name)) or (numbers and name.isdecimal())
        for name in map(str.strip, names)
    )
    return len(names) > 0 and like > 0.6 * len(names)


def _are_counted(names: Sequence[str]) -> bool:
    """Whether names are one word of no gene and the numbers from 1 on, such as fish01 to fish12."""
    parts = [_COUNTED.fullmatch(name.strip()) for name in names]
    words = {part[1].casefold() for part in parts if part}
    numbers = sorted(int(part[2]) for part in parts if part)
    is_one = len(words) == 1 and None not in parts and not words & _WORDS_OF_GENES
    return is_one and len(numbers) > VERY_FEW and numbers[0] in (0, 1) and numbers[-1] - numbers[0] == len(numbers) - 1


def _any_sample(names: Sequence[str]) -> bool:
    return any(_SAMPLE_LIKE.fullmatch(name.strip()) for name in names)


def _all_samples(names: Sequence[str]) -> bool:
    return all(_SAMPLE_LIKE.fullmatch(name.strip()) for name in names)


def _are_numbers(names: Sequence[str]) -> bool:
    return all(name.strip().isdecimal() for name in names)


def _surely_samples(names: Sequence[str]) -> bool:
    return len(names) > 0 and sum(bool(_SURELY_SAMPLE.fullmatch(name.strip())) for name in names) > 0.6 * len(names)


def _gene_like(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.upper() in _UNIVERSAL or _GENE_LIKE.fullmatch(name) or is_bacterial(name)]


def _clearly_more(here: list[str], there: list[str], size: int) -> bool:
    """Whether one axis bears gene names beyond chance: a sample may be called after the gene it lacks."""
    return len(here) > 3 * len(there) and (len(here) >= 3 or 2 * len(here) >= size)
