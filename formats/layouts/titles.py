"""Titles of columns and names of rows that tell what an expression table has beside genes and samples."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from ..genes.orientation import GENE_WORDS, SAMPLE_WORDS, title_word

if TYPE_CHECKING:
    from collections.abc import Sequence

_ANNOTATIONS = """
name description desc title definition accession chr chrom chromosome chromosome_name seqname seqnames contig
start_position end_position txstart txend strand length exon_length gene_length genelength
effective_length efflength transcript_length exonic_length gweight entrez entrezid entrez_id entrezgene entrezgene_id
entrez_gene_id ncbi ncbi_id ncbi_gene_id ncbi_geneid gene_type genetype gene_biotype genebiotype hgnc_id biotype
refseq refseq_id uniprot uniprot_id gc_content percent_gc gene_gc cytoband organism genome
pvals pvals_adj logfoldchanges nom_p_val fdr_q_val fwer_p_val adjusted_p_value old_p_value old_adjusted_p_value
odds_ratio combined_score basemean logfc log2fc log2_fc log2foldchange foldchange fold_change lfcse n_sequences
aveexpr
pvalue p_value padj adj_p_val n_cells n_counts highly_variable
dispersions dispersions_norm mean_counts pct_dropout_by_counts total_counts n_cells_by_counts efflen eff_length
class_code nearest_ref_id gene_short_name tss_id q_value qvalue peptides unique_peptides razor_unique_peptides
sequence_coverage mol_weight_kda sequence_length fasta_headers protein_names
only_identified_by_site potential_contaminant number_of_proteins evidence_ids
pli loeuf oe_lof_upper dn_ds dnds phastcons phylop ppi_degree cds_length cds_size exon_count num_exons n_exons
n_transcripts transcript_count tx_len tss txend strand_sign distance_to_tss scaffold probe_count num_probes n_probes
mw_kda molecular_weight pct_expressed signalvalue signal_value summit
peak_summit thickstart thickend itemrgb kme gene_ontology go_terms
länge beschreibung chromosom longueur longitud lunghezza comprimento lengte längd descripción descripcion
descrizione descrição cromosoma cromossomo kromosom длина описание хромосома 长度 描述 染色体 長さ 説明 遺伝子名
"""
ANNOTATIONS = frozenset(_ANNOTATIONS.split())
"""Titles of columns that describe a gene and are no sample, even where they hold numbers."""

_DOUBTFUL = """
start end stop len width size bp gc band location locus map type source class family species stat means
mean sd stdev std median cv max min total sum average avg variance var coverage score pep reverse rank index
ratio pi mw scores es fc nes fdr peak probe probes feature transcript gene genes target
"""
DOUBTFUL = frozenset(_DOUBTFUL.split())
"""Titles of columns that describe genes in many tables, and in others are samples or genes: numbers decide."""

RESULTS = frozenset(
    {
        "logfc",
        "log2fc",
        "log2foldchange",
        "aveexpr",
        "basemean",
        "lfcse",
        "pvalue",
        "p_value",
        "padj",
        "adj_p_val",
        "fdr",
    }
)
"""Titles of results of tests of genes."""

BESIDE_RESULTS = frozenset({"t", "b", "f", "z", "p", "stat", "beta", "lods", "lr", "rank", "se"})
"""Titles that are of results too where two of `RESULTS` stand beside them."""

LOCATIONS = frozenset(
    {
        "chr",
        "chrom",
        "chromosome",
        "chromosome_name",
        "seqname",
        "seqnames",
        "contig",
        "strand",
        "gene_biotype",
        "biotype",
    }
)
"""Titles of where a gene lies."""

BESIDE_LOCATIONS = frozenset(
    {"start", "end", "stop", "length", "len", "width", "size", "bp", "band", "locus", "source", "type"}
)
"""Titles that are of a place too where one of `LOCATIONS` stands beside them, as featureCounts has them."""

_LONGER_ANNOTATION = re.compile(
    r"(gene|transcript|exon|exonic|cds|mean|median|eff|effective|total|union|merged|sequence|protein)(_\w+)*_length|"
    r"(\w+_)?(biotype|chromosome|strand|description|gc_content)|"
    r"(entrez|ensembl|refseq|uniprot|hgnc|ncbi|mgi)(_(gene|transcript|protein|id|ids|name|symbol|accession))*"
)
"""Longer titles that say as much: `mean exon length`, `ENTREZ gene`."""

_DETECTION = re.compile(r"(.*_)?detection(_p(_?val(ue)?)?)?(_\d+)?")
"""Titles of columns of p-values, which often repeat: `Detection Pval`, `S1.Detection Pval`."""

_DESCRIPTIONS_OF_SAMPLES = """
group groups batch condition treatment age sex gender dose time timepoint tissue disease status class label labels
target outcome phenotype cohort study site center centre plate lane run replicate rep cluster clusters leiden louvain
cell_type celltype subtype stage grade race ethnicity bmi weight height smoking survival event os os_time patient
donor subject individual sample_type library_size size_factor size_factors rin pmi n_genes n_counts n_genes_by_counts
total_counts log1p_total_counts pct_counts_mt percent_mt percent_mito pct_mito n_umi numi nfeature_rna ncount_rna
doublet_score phase s_score g2m_score total sum os_time pfi pfi_time dss dss_time dfi dfi_time dv200 tumor_purity
passage smoker years months days pack_years hba1c ldl hdl ldl_c hdl_c wbc rbc hgb sbp tmb msi hrd tin ecog
od600 zt nyha eweight leukocytes neutrophils lymphocytes platelets hemoglobin haemoglobin creatinine salinity
alter âge edad idade età leeftijd ålder geschlecht sexe sexo sesso geslacht kön gewicht poids peso vikt größe taille
возраст пол вес 年龄 性别 体重 年齢 性別
"""
DESCRIPTIONS_OF_SAMPLES = frozenset(_DESCRIPTIONS_OF_SAMPLES.split())
"""Names of rows or columns that describe samples and are no gene, even where they hold numbers."""

_WORDS_ON_SAMPLES = """
age aged year years month months day days week weeks hours weight height kg mg ml bmi dose grade stage survival
diagnosis status purity reads size library batch pct percent mito mitochondrial ribo score sex gender female male date
followup event response treatment smoking smoker pack income education surgery relapse mmol µmol umol nmol dl l iu
"""
WORDS_ON_SAMPLES = frozenset(_WORDS_ON_SAMPLES.split())
"""Words in longer names of what describes people or libraries: `age at diagnosis`, `n_reads`."""

_WORDS_ON_LIBRARIES = """
percent pct duplicates dups reads sequences mapped aligned unaligned uniquely multimapped fails failed coverage insert
error rate mbases gc bp
"""
WORDS_ON_LIBRARIES = frozenset(_WORDS_ON_LIBRARIES.split())
"""Words in titles of reports on sequencing."""

_COMPONENT_OF_SAMPLES = re.compile(r"(pc|umap|tsne|sv|peer|ruv_w|mds)_?\d+|factor_?\d+")
"""Components of samples, which programs put beside their genes."""

_COMPONENT = re.compile(
    r"(pca?|umap|t_?sne|mds|lsi|harmony|factor)_?\d+|kme_?[a-z]+|"
    r"me(turquoise|blue|brown|yellow|green|red|black|pink|magenta|purple|gr[ea]y|tan|salmon|cyan)"
)
"""Components, and modules of WGCNA: a table that has these alone is of no samples."""

MEASURES_OF_BLOOD = frozenset({"LDL", "HDL", "WBC", "RBC", "HGB", "SBP", "TMB", "MSI", "HRD", "ECOG", "NYHA", "ZT"})
"""Those of them that are written as symbols of genes: they are none where they stand before or behind all genes."""

ALSO_GENES = frozenset({"run", "os", "rep", "rin", "pmi", "Race", "tin", "tube"})
"""Those of them that are also names of genes, of flies above all: beside other descriptions they are none."""

_SAMPLE_TITLES = """
control controls ctrl untreated treated wt wildtype wild_type mock input vehicle reference ref pool pooled blank normal
healthy bulk baseline standard qc tumour tumor mutant ko water negative neg ntc empty background
"""
SAMPLE_TITLES = frozenset(_SAMPLE_TITLES.split())
"""Titles of samples that may be unlike the others."""

COUNTER_ROWS = re.compile(
    r"__(no_feature|ambiguous\w*|too_low_aqual|not_aligned|alignment_not_unique)|"
    r"_?(no_feature|too_low_aqual|not_aligned|alignment_not_unique)|n_(unmapped|multimapping|nofeature|ambiguous)|"
    r"(un)?assigned(_\w+)?|(POS|NEG)_[A-H]\(\d+(\.\d+)?\)",
    re.IGNORECASE,
)
"""Names of the rows in which htseq-count, STAR, featureCounts and nCounter count what belongs to no gene."""

_INDEX_TITLES = frozenset(
    {
        "",
        "index",
        "idx",
        "row",
        "rows",
        "rowid",
        "row_id",
        "row_number",
        "rownum",
        "row_names",
        "featurenum",
        "feature_num",
        "spot",
    }
)
_INDEX_TITLE = re.compile(r"unnamed(_\d+)*|level_\d+|x|x_?\d+|v1|\d+|no|nr|number|sr_no|s_no")
"""Titles that pandas, R and spreadsheets give to a column that counts rows."""

_CHROMOSOMES = frozenset({"X", "Y", "Z", "W", "M", "MT", "Mt", "Pt", "XY", "PAR", "Un"})

MOST_CHROMOSOMES = 50
"""The largest number of a chromosome; those of more are named by other signs."""

WIDEST_STEP = 5
"""Numbers of rows that a filter left are so far apart at most, on average; ids of genes are farther."""

ID_WORDS = frozenset(
    {
        *("id", "ids", "name", "names", "row", "rowname", "row_names", "index", "key", "locus", "locus_tag"),
        *("protein_ids", "majority_protein_ids"),
    }
)
"""Further titles that only a header begins with."""


def is_annotation(title: str) -> bool:
    """Whether a title is that of a column that describes genes.

    Examples
    --------
    >>> [is_annotation(title) for title in ("GeneLength", "Entrez_Gene_Id", "ALL_3")]
    [True, True, False]
    """
    if title.strip().casefold() in ANNOTATIONS:  # in other alphabets
        return True
    word = title_word(title)
    spaced = title_word(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", title))
    is_longer = _LONGER_ANNOTATION.fullmatch(spaced) or _LONGER_ANNOTATION.fullmatch(word)
    return (
        bool({word, word.removeprefix("gene_")} & (ANNOTATIONS | GENE_WORDS))
        or bool(is_longer)
        or is_of_detection(title)
    )


def is_of_detection(title: str) -> bool:
    """Whether a title is that of p-values of detection, which stand beside each sample."""
    return bool(_DETECTION.fullmatch(title_word(title)))


def is_doubtful(title: str) -> bool:
    """Whether a title describes genes in many tables, and in others is a sample or a gene."""
    return title_word(title) in DOUBTFUL


def describes_samples(name: str) -> bool:
    """Whether a name among the genes is that of something that describes samples."""
    word = title_word(name)
    words = {word, name.strip().casefold()}  # the second in other alphabets
    return bool(words & (DESCRIPTIONS_OF_SAMPLES | SAMPLE_WORDS)) or bool(_COMPONENT_OF_SAMPLES.fullmatch(word))


def is_component(title: str) -> bool:
    """Whether a title is that of a component, a factor or a module."""
    return bool(_COMPONENT.fullmatch(title_word(title)))


def is_index(title: str, cells: Sequence[str]) -> bool:
    """Whether a column only counts rows, as pandas, R and spreadsheets put in front of a table."""
    word = title_word(title)
    if is_counting(cells):
        return is_index_title(title) or word in ID_WORDS
    if not is_index_title(title) or not cells or not all(cell.isdecimal() for cell in cells):
        return False
    numbers = [int(cell) for cell in cells]
    rises = all(a < b for a, b in pairwise(numbers))
    return rises and numbers[-1] - numbers[0] < WIDEST_STEP * len(numbers) and numbers[0] < WIDEST_STEP * len(numbers)


def is_index_title(title: str) -> bool:
    """Whether a title is none, or one that is made for a column that counts rows."""
    word = title_word(title)
    return word in _INDEX_TITLES or bool(_INDEX_TITLE.fullmatch(word))


def is_counting(names: Sequence[str]) -> bool:
    """Whether names only count rows: 0, 1, 2 and so on, or 1, 2, 3, perhaps as 0.0, 1.0.

    Examples
    --------
    >>> is_counting(["0", "1", "2"]), is_counting(["7157", "4193", "1026"])
    (True, False)
    """
    if len(names) < 2 or not re.fullmatch(r"[01](\.0)?", names[0].strip()):
        return False
    try:
        numbers = [float(name) for name in names]
    except ValueError:
        return False
    return all(right - left == 1 for left, right in pairwise(numbers))


def are_chromosomes(cells: Sequence[str]) -> bool:
    """Whether cells are numbers and letters of chromosomes.

    Examples
    --------
    >>> are_chromosomes(["1", "X", "17"]), are_chromosomes(["1", "2"])
    (True, False)
    """
    numbers = [cell for cell in cells if cell.isdecimal()]
    letters = {cell for cell in cells if not cell.isdecimal()}
    return bool(numbers) and bool(letters) and letters <= _CHROMOSOMES and max(map(int, numbers)) <= MOST_CHROMOSOMES


def stem_of(title: str) -> str:
    """Return a title with 0 for its numbers and N for a barcode: titles of one stem are of one series.

    Examples
    --------
    >>> stem_of("AML_24"), stem_of("AACCTGAGAA-1")
    ('AML_0', 'N-0')
    """
    return re.sub(r"\d+", "0", re.sub(r"[ACGT]{8,}", "N", title))


def has_digit(text: str) -> bool:
    """Whether there is a digit in a text."""
    return any(character.isdigit() for character in text)


def has_letter(text: str) -> bool:
    """Whether there is a letter in a text."""
    return any(character.isalpha() for character in text)
