"""Titles of columns of ids: what programs and people write above names of genes and samples."""

from __future__ import annotations

import re

_SIGNS = re.compile(r"[^a-z0-9]")

# fmt: off
TITLES = frozenset({
    "", "id", "ids", "name", "names", "rowname", "rownames", "gene", "genes", "geneid", "geneids", "genename",
    "genenames", "genesymbol", "genesymbols", "symbol", "symbols", "hgncsymbol", "ensembl", "ensemblid", "ensg",
    "entrez", "entrezid", "entrezgene", "probe", "probeid", "feature", "featureid", "featurename", "transcript",
    "transcriptid", "targetid", "sample", "samples", "sampleid", "sampleids", "samplename", "samplenames", "iid", "fid",
    "individual", "individualid", "subject", "subjectid", "patient", "patientid", "donor", "donorid", "cell", "cellid",
    "barcode", "run", "trait", "entrezgeneid", "ncbigene", "ncbigeneid", "ncbiid", "geneentrez", "externalgenename",
    "ensemblgene", "ensemblgeneid", "ensemblgeneidversion", "ensembltranscriptid", "hgncid", "mgisymbol", "mgiid",
    "uniprot", "uniprotid", "refseq", "refseqid", "geoaccession", "samplegeoaccession", "submitterid",
    "samplesubmitterid", "caseid", "casesubmitterid", "bcrpatientbarcode", "tcgabarcode", "samplebarcode", "library",
    "libraryid", "participant", "participantid", "individuals",
})
# fmt: on
"""Titles of a column of ids, in small letters and without signs; a first row that begins with one is a header."""

NO_IDS = frozenset({"", "run", "cell", "trait"})
"""Of these, the titles below which there may be something else."""

FAMILIES = frozenset({"fid", "famid", "familyid", "family"})
"""Titles of PLINK's column of families, beside which ids are in the next column."""

INDIVIDUALS = frozenset({"iid", "indid", "individual", "individualid", "id", "sample", "sampleid", "subject"})
"""Titles of PLINK's column of ids."""

ROW_NUMBERS = frozenset({"", "unnamed0", "index", "row", "rownumber", "x"})
"""Titles of a column that numbers the rows, as pandas and R write it."""


def normalised(title: str) -> str:
    """Return a title in small letters, without spaces and signs; as it is where nothing else is left."""
    return _SIGNS.sub("", title.lower()) or title.strip()
