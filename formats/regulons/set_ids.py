"""Ids of gene sets in databases: pathways, terms of ontologies, families of proteins."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SET_ID = re.compile(
    r"(path:)?[a-z]{2,4}\d{5}|(md:)([a-z]{3,4}_)?M\d{5}|[a-z]{3,4}_M\d{5}|(ds:)H\d{5}|"  # KEGG
    r"R-[A-Z]{3}-\d+(\.\d+)?|REACT_\d+(\.\d+)?|"  # Reactome
    r"(GO|HP|MP|DOID|MONDO|CL|UBERON|EFO|ORPHA|Orphanet|OMIM|MIM|MESH|PW|PO|TO|WBPhenotype|ZFA|FBcv|APO|FYPO|BTO)"
    r"[:_]\w?\d+|"  # terms
    r"(WikiPathways:)?WP\d+(_r?\d+)?|SMP\d{5,7}|"
    r"(InterPro:)?IPR\d{6}|(Pfam:|pfam)?PF\d{5}(\.\d+)?|SM\d{5}|cd\d{5}|TIGR\d{5}|PTHR\d{5}(:SF\d+)?"  # families
)
"""Ids in the spelling of their databases; those of genes (`hsa:836`, `HGNC:11998`, `MGI:98834`) are none."""


def is_set_id(name: str) -> bool:
    """Whether a name is the id of a gene set in a database.

    Examples
    --------
    >>> [is_set_id(name) for name in ("path:hsa04210", "R-HSA-109581", "GO:0006915", "IPR011615", "WP254")]
    [True, True, True, True, True]
    >>> [is_set_id(name) for name in ("hsa:7157", "TP53", "HGNC:11998", "P04637", "ENSG00000141510", "APOPTOSIS")]
    [False, False, False, False, False, False]
    """
    return bool(_SET_ID.fullmatch(name.strip()))


def are_set_ids(names: Iterable[str]) -> bool:
    """Whether names, of which there are some, are all ids of gene sets."""
    names = list(names)
    return bool(names) and all(map(is_set_id, names))
