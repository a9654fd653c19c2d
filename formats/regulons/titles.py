"""Titles of columns of regulators, targets, sets, genes, weights and signs, in the languages that they come in."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from ..tables.fields import is_missing, is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCE_TITLES = (
    "source_genesymbol", "source", "tf", "regulator", "tf_name", "tf_symbol", "tf_gene", "regulator_symbol",
    "regulator_name", "regulator_gene", "regulatory_gene", "regulatorygene",
    "source_gene", "source_symbol", "source_name", "transcription_factor", "regulated_by", "controlled_by", "bound_by",
    "transcription_factor_associated_gene_name", "entitya", "participant_a", "from", "v1", "src",
    "entry1",
    "transkriptionsfaktor", "reguliert_von", "reguliert_durch", "regulador", "factor_de_transcripcion", "regulado_por",
    "facteur_de_transcription", "ft", "fdt", "тф", "regulateur", "regule_par", "fattore_di_trascrizione", "regolatore",
    "fator_de_transcricao", "转录因子", "调控因子", "調控因子", "轉錄因子", "転写因子", "регулятор",
    "транскрипционныи_фактор",
)  # fmt: skip
"""Titles of a column of regulators, as `title_key` writes them; the first that is there counts."""

SET_TITLES = (
    "gs_name", "term", "term_name", "pathway", "pathway_name", "geneset", "gene_set", "set", "set_name", "geneset_name",
    "gene_set_name", "regulon", "signature", "module", "cell_type",
    "signatur", "gensatz", "genset", "modul", "signatura", "firma", "conjunto", "ensemble", "voie", "基因集", "通路",
    "模块", "経路", "遺伝子セット", "путь",
)  # fmt: skip
"""Titles of a column of sets of genes."""

TARGET_TITLES = (
    "target_genesymbol", "target", "target_gene", "target_symbol", "target_name", "targetgene", "tg",
    "regulated_gene", "regulated_name", "regulated_gene_name", "regulated_symbol",
    "target_gene_associated_gene_name", "entityb", "participant_b", "to", "v2", "entry2", "dest",
    "zielgen", "ziel", "zielgene", "diana", "gen_diana", "blanco", "gen_blanco", "cible", "gene_cible", "bersaglio",
    "gene_bersaglio", "alvo", "gene_alvo", "靶基因", "靶标", "靶標", "標的遺伝子", "ターゲット遺伝子", "мишень",
    "ген_мишень",
)  # fmt: skip
"""Titles of a column of targets."""

GENE_TITLES = (
    "gene", "genesymbol", "gene_symbol", "symbol", "hgnc_symbol", "human_gene_symbol", "gene_name", "ensembl_gene",
    "ensembl_gene_id", "entrez_gene", "ncbi_gene", "entrez_gene_id", "entrezid", "entrez_id", "entrez", "gene_id",
    "geneid", "genes", "official_gene_symbol", "official_symbol",
    "gen", "gensymbol", "genname", "基因", "基因名", "遺伝子", "遺伝子名", "ген",
)  # fmt: skip
"""Titles of a column of genes, which are targets where another column has regulators or sets."""

WEIGHT_TITLES = (
    "weight", "weights", "mor", "importance", "coef_mean", "coef", "coefficient", "likelihood_weight", "beta",
    "estimate", "rho", "cor", "corr", "correlation", "mi", "mutual_information",
    "gewicht", "gewichtung", "peso", "poids", "权重", "權重", "重み", "вес",
)  # fmt: skip
"""Titles of a column of weights; the first that is there counts."""

MAY_BE_WEIGHTS = frozenset({*WEIGHT_TITLES, "likelihood", "score", "strength", "confidence", "confidence_score"})

_SIGN_TITLES = """
mode sign mor effect effect_sign regulation regulation_type type_of_regulation regulatory_effect interaction_type
interaction interaction_sign type tfmode mode_of_regulation moa action direction polarity relation relationship
consensus_sign function mode_of_action activation_or_repression activation_repression regulation_sign edge_sign
edge_type shared_interaction subtype subtype_name
wirkung effekt vorzeichen regulierung efecto efecto_regulador regulacion signo effet signe effetto regolazione segno
efeito regulacao sinal 调控 調控 作用 效应 调控类型 调控方向 作用类型 制御 調節 эффект регуляция знак
"""
SIGN_TITLES = frozenset(_SIGN_TITLES.split())
"""Titles of a column of signs."""

_KNOWN = frozenset((*SOURCE_TITLES, *SET_TITLES, *TARGET_TITLES, *GENE_TITLES, *WEIGHT_TITLES, *SIGN_TITLES))

_COUNTED = re.compile(r"^\(?\d+\)\s*(?=\w)")
"""The number of a column before its title."""

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
"""Where a word begins in a title like `tfName`."""

_GROUPS = r"clusters?|leiden|louvain|k_?means|modules?|communit(y|ies)|clust_?ids?"
_GROUP_TITLE = re.compile(
    rf"([a-z]+_)*({_GROUPS})(_(ids?|labels?|no|nr|number|res|resolution|\d+))*|seurat_clusters?|rna_snn_res(_\d+)*|"
    r"([a-z]+_)?((module|merged|dynamic|net|cluster)_?)?colou?rs?|([a-z]+_)?(module|merged|net|cluster)_?labels?|.*(модуль|кластер)|模块颜色|聚类"
)
"""Titles of a column that says to which of several groups a gene belongs, by the programs that make them."""

_P_TITLE = re.compile(
    r"(.*_)?(p|q)_?(val(ue)?s?|wert|adj(usted)?)?(_.*)?|padj|pvals?(_.*)?|(adj|adjusted|raw|nom|nominal)_p(_.*)?|"
    r"(.*_)?(fdr|fwer)(_.*)?|bonferroni|benjamini(_.*)?|(valeur|valor|valore)_(de_)?p|p_?wert"
)

_ID_TITLE = re.compile(
    r"(.*_)?(ids?|[a-z]?oid|(gene|entrez|protein|uniprot|hgnc|ensembl|tax|taxon|pubmed|geo|ncbi|mgi|sample|dataset)_?ids?|"
    r"entrez|pmids?|pubmed|ncbi|taxon|tax|gene|index|suid|line|row|rownames?|x|unnamed_\d+|uid|accession|"
    r"date|datum|fecha|year|jahr|time|timestamp|curated|updated|created|chr|chrom(osome)?|start|end|position|)"
    r"(_(tf|tg|tfs|tgs|target|source|regulator|gene|a|b|\d+))?",
    re.IGNORECASE,
)
"""Titles of columns of ids, dates and places, whose numbers are no weights."""


def title_key(title: str) -> str:
    """Return a title in small letters of its alphabet, without accents, and `_` for every run of other signs.

    A number before a bracket, as RegulonDB counts its columns, is left out; `tfName` is `tf_name`, where only this is
    known.

    Examples
    --------
    >>> [title_key(title) for title in ("Target Gene", "Régulateur", "转录因子", "2)tfName", "")]
    ['target_gene', 'regulateur', '转录因子', 'tf_name', '']
    """
    plain = _COUNTED.sub("", title.strip())
    key = _key(plain)
    if key in _KNOWN or not _HUMP.search(plain):
        return key
    parted = _key(_HUMP.sub("_", plain))
    return parted if parted in _KNOWN else key


def _key(title: str) -> str:
    return re.sub(r"[\W_]+", "_", without_accents(title.casefold())).strip("_")


def without_accents(text: str) -> str:
    """Return a text without the accents on its letters."""
    if text.isascii():
        return text
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def is_group_title(title: str) -> bool:
    """Whether a title is that of a column of clusters or modules.

    Examples
    --------
    >>> [is_group_title(title) for title in ("moduleColor", "leiden_0.4", "seurat_clusters", "cluster_size", "kMEblue")]
    [True, True, True, False, False]
    """
    return bool(_GROUP_TITLE.fullmatch(title_key(title)))


def is_p_title(title: str) -> bool:
    """Whether a title is that of p-values, which are no weights.

    Examples
    --------
    >>> [is_p_title(title) for title in ("pvalue", "-log10(p)", "FDR q-val", "p_val_adj", "MI", "importance")]
    [True, False, True, True, False, False]
    """
    return not title.strip().startswith("-") and bool(_P_TITLE.fullmatch(title_key(title)))


def is_id_title(word: str) -> bool:
    """Whether a title, as `title_key` writes it, is that of ids, dates or places in a genome.

    Examples
    --------
    >>> [is_id_title(word) for word in ("geneid_tg", "pubmed_id", "oid", "date", "score", "avidity")]
    [True, True, True, True, False, False]
    """
    return bool(_ID_TITLE.fullmatch(word))


def are_labels(cells: Sequence[str]) -> bool:
    """Whether fields are labels of groups: words, or whole numbers from 0, of which some stand again."""
    filled = [cell.strip() for cell in cells if not is_missing(cell)]
    if len(set(filled)) >= len(filled):
        return False
    return all(not is_number(cell) or (float(cell) >= 0 and float(cell).is_integer()) for cell in filled)
