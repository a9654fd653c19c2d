"""Titles of columns and names of rows that tell what an expression table has beside genes and samples."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from ..genes.orientation import GENE_WORDS, title_word

if TYPE_CHECKING:
    from collections.abc import Sequence

_ANNOTATIONS = """
name description desc title definition accession chr chrom chromosome chromosome_name seqname seqnames contig start
end start_position end_position txstart txend strand length len width size bp exon_length gene_length genelength
effective_length efflength transcript_length exonic_length entrez entrezid entrez_id entrezgene entrezgene_id
entrez_gene_id ncbi ncbi_id ncbi_gene_id ncbi_geneid gene_id gene_name gene_symbol gene_type genetype gene_biotype
genebiotype symbol hugo_symbol ensembl ensembl_id hgnc_id biotype probe probe_id refseq refseq_id uniprot gc
gc_content percent_gc gene_gc band cytoband location locus map type source class family species organism genome
basemean logfc log2foldchange lfcse stat aveexpr pvalue p_value padj fdr adj_p_val n_cells n_counts highly_variable
means dispersions dispersions_norm mean_counts pct_dropout_by_counts total_counts n_cells_by_counts
mean sd stdev std median cv max min total sum average avg variance var efflen eff_length
class_code nearest_ref_id gene_short_name tss_id coverage score q_value qvalue pep peptides unique_peptides
razor_unique_peptides sequence_coverage mol_weight_kda sequence_length fasta_headers protein_names majority_protein_ids
protein_ids reverse only_identified_by_site potential_contaminant number_of_proteins evidence_ids
"""
ANNOTATIONS = frozenset(_ANNOTATIONS.split())
"""Titles of columns that describe a gene and are no sample, even where they hold numbers."""

_ANNOTATION_PARTS = frozenset(
    {"length", "entrez", "entrezid", "biotype", "ensembl", "refseq", "strand", "description", "chromosome", "gc"}
)
"""Words in a longer title that say as much: `mean exon length`, `ENTREZ gene`."""

_DETECTION = re.compile(r"(.*_)?(detection(_p(_?val(ue)?)?)?|p_?val(ue)?)(_\d+)?")
"""Titles of columns of p-values, which often repeat: `Detection Pval`, `S1.Detection Pval`."""

_DESCRIPTIONS_OF_SAMPLES = """
group groups batch condition treatment age sex gender dose time timepoint tissue disease status class label labels
target outcome phenotype cohort study site center centre plate lane run replicate rep cluster clusters leiden louvain
cell_type celltype subtype stage grade race ethnicity bmi weight height smoking survival event os os_time patient
donor subject individual sample_type library_size size_factor size_factors rin pmi n_genes n_counts n_genes_by_counts
total_counts log1p_total_counts pct_counts_mt percent_mt percent_mito pct_mito n_umi numi nfeature_rna ncount_rna
doublet_score phase s_score g2m_score total sum
"""
DESCRIPTIONS_OF_SAMPLES = frozenset(_DESCRIPTIONS_OF_SAMPLES.split())
"""Names of rows or columns that describe samples and are no gene, even where they hold numbers."""

ALSO_GENES = frozenset({"run", "os", "rep", "rin", "pmi"})
"""Those of them that are also names of genes, of flies above all: beside other descriptions they are none."""

COUNTER_ROWS = re.compile(
    r"__(no_feature|ambiguous\w*|too_low_aqual|not_aligned|alignment_not_unique)|"
    r"_?(no_feature|too_low_aqual|not_aligned|alignment_not_unique)|n_(unmapped|multimapping|nofeature|ambiguous)|"
    r"(un)?assigned(_\w+)?",
    re.IGNORECASE,
)
"""Names of the rows in which htseq-count, STAR and featureCounts count reads that belong to no gene."""

_INDEX_TITLES = frozenset({"", "index", "idx", "row", "rows", "rowid", "row_id", "row_number", "rownum", "row_names"})
_INDEX_TITLE = re.compile(r"unnamed(_\d+)*|level_\d+|x|x_?\d+|v1|\d+|no|nr|number|sr_no|s_no")
"""Titles that pandas, R and spreadsheets give to a column that counts rows."""

ID_WORDS = frozenset(
    {"id", "ids", "name", "names", "row", "rowname", "row_names", "index", "key", "locus", "locus_tag"}
)
"""Further titles that only a header begins with."""


def is_annotation(title: str) -> bool:
    """Whether a title is that of a column that describes genes.

    Examples
    --------
    >>> [is_annotation(title) for title in ("GeneLength", "Entrez_Gene_Id", "ALL_3")]
    [True, True, False]
    """
    word = title_word(title)
    parts = set(title_word(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", title)).split("_"))
    return word in ANNOTATIONS | GENE_WORDS or bool(parts & _ANNOTATION_PARTS) or bool(_DETECTION.fullmatch(word))


def is_index(title: str, cells: Sequence[str]) -> bool:
    """Whether a column only counts rows, as pandas, R and spreadsheets put in front of a table."""
    word = title_word(title)
    if is_counting(cells):
        return is_index_title(title) or word in ID_WORDS
    rising = all(cell.isdecimal() for cell in cells) and all(int(a) < int(b) for a, b in pairwise(cells))
    return is_index_title(title) and rising and bool(cells)


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
