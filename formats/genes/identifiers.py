"""Gene names of a file matched to a panel, and a guess at what kind of names they are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import counted, some

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from ...engine.network.panel import Panel

ENSEMBL = "ENS"
"""What ids with a version begin with."""

_VERSIONED = re.compile(r"(ENS[A-Z]{0,6}[GTP]\d{11})\.\d+")
_FLOAT_ID = re.compile(r"\d+\.0")
_MONTH = (
    r"(jan|f[eé]b|fev|f[eé]vr|m[aä]r|mrz|m[aä]rz|mars|march|mrt|abr|apr|avr|avril|ma[iy]|mei|mag|jun|juni?|juin|giu|jul|"
    r"juli?|juil|lug|aug|ago|ao[uû]t|sept?|set|o[ck]t|out|ott|nov|de[cz]|d[eé]c|dic)\.?"
)
_DATE = re.compile(
    rf"\d{{1,2}}[-./ ]+{_MONTH}([-./ ]+\d{{2,4}})?|{_MONTH}[-./ ]+\d{{1,4}}|\d{{4}}-\d{{2}}-\d{{2}}([ T]00:00(:00)?)?|"
    r"\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|\d{4}/\d{1,2}/\d{1,2}|\d(\.\d+)?E[+]?\d+",
    re.IGNORECASE,
)
"""Dates as spreadsheets of several languages write them, and numbers that they make of RIKEN ids (2310009E13)."""

_SERIAL = re.compile(r"[34]\d{4}")
"""Days from 1982 to 2036 as spreadsheets number them, which are no ids where other names are symbols."""

_RENAMED = (("MARCH", "MARCHF"), ("SEPT", "SEPTIN"), ("MARC", "MTARC"), ("DEC", "DELEC"))
"""Symbols that were renamed in 2020, because spreadsheets made dates of them."""

_SAMPLE = 5000
_SHARE = 0.6

_VOCABULARIES = (
    ("Ensembl gene ids", re.compile(r"ENS[A-Z]{0,6}G\d{11}(\.\d+)?(_PAR_Y)?")),
    ("Ensembl transcript ids", re.compile(r"ENS[A-Z]{0,6}T\d{11}(\.\d+)?(_PAR_Y)?")),
    ("Entrez ids", re.compile(r"\d+")),
    ("Affymetrix probe sets", re.compile(r"\w+_at")),
    (
        "RefSeq/UniProt accessions",
        re.compile(r"[NX][MRP]_\d+(\.\d+)?|[OPQ]\d[A-Z\d]{3}\d(-\d+)?|[A-NR-Z]\d([A-Z][A-Z\d]{2}\d){1,2}(-\d+)?"),
    ),
    ("mouse symbols (Trp53, Mdm2)", re.compile(r"[A-Z][a-z]+[a-z\d.-]*|\d+[A-Z]\d+Rik|H2-\w+|mt-\w+")),
    ("human symbols", re.compile(r"[A-Z][A-Z\d@.-]*(orf\d+[A-Z]?)?")),
)


@dataclass(frozen=True, slots=True)
class Matcher:
    """Finds gene names of a file on a panel.

    Parameters
    ----------
    panel : Panel
        The genes of the store.
    aliases : mapping of str to str
        Other names, as `read_aliases` gives them.

    Examples
    --------
    >>> from grnledger.engine.network.panel import Panel
    >>> matcher = Matcher(Panel(("ENSG00000141510.17", "ENSG00000135679.2")), {"p53": "ENSG00000141510"})
    >>> [matcher.index(name) for name in ("ENSG00000135679.2", "p53", "ENSG00000135679", "TP53")]
    [1, 0, 1, None]
    """

    panel: Panel
    aliases: Mapping[str, str] = field(default_factory=dict[str, str])
    _versioned: dict[str, int | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        genes, versioned = self.panel.gene_names, dict[str, int | None]()
        ensembl = genes.starting_with(ENSEMBL)
        for index, gene in zip(ensembl.tolist(), genes.texts(ensembl), strict=True):
            if (bare := strip_version(gene)) != gene:
                versioned[bare] = None if bare in versioned or bare in genes else index
        object.__setattr__(self, "_versioned", versioned)

    def index(self, name: str) -> int | None:
        """Return the index of a gene on the panel, or None.

        Tried in this order: the name as it stands; its alias; either of them without an Ensembl version suffix,
        unless two genes of the panel differ in nothing else. An id such as 7157.0, as programs write whole numbers
        beside missing ones, is 7157.
        """
        genes = self.panel.gene_names
        if name not in genes and _FLOAT_ID.fullmatch(name):
            name = name.removesuffix(".0")
        alias = self.aliases.get(name, self.aliases.get(strip_version(name)))
        spellings = [spelling for spelling in (name, alias) if spelling is not None]
        for spelling in spellings:
            if (index := genes.find(spelling)) is not None:
                return index
        for bare in map(strip_version, spellings):
            index = self._versioned[bare] if bare in self._versioned else genes.find(bare)
            if index is not None:
                return index
        return None

    def has(self, name: str) -> bool:
        """Return whether a name is that of a gene of the panel."""
        return self.index(name) is not None


def strip_version(name: str) -> str:
    """Return an Ensembl id without its version: ENSG00000141510.17 → ENSG00000141510; other names as they are."""
    versioned = _VERSIONED.fullmatch(name)
    return versioned[1] if versioned else name


def guess_vocabulary(names: Iterable[str]) -> str | None:
    """Return what kind of gene names these look like, in words, or None when less than 60 % agree.

    Examples
    --------
    >>> guess_vocabulary(["Trp53", "Mdm2", "Cdkn1a"])
    'mouse symbols (Trp53, Mdm2)'
    >>> guess_vocabulary(["anise", "apricot"])
    """
    sample = list(islice(names, _SAMPLE))
    for vocabulary, pattern in _VOCABULARIES:
        if sample and sum(bool(pattern.fullmatch(name)) for name in sample) >= _SHARE * len(sample):
            return vocabulary
    return None


def missing_genes(path: Path, missing: Sequence[str], asked: int, panel: Panel) -> InputError:
    """Return the error for genes of a file that are not on the panel.

    Parameters
    ----------
    path : Path
        The file.
    missing : sequence of str
        Their names, in the order of the file, each once.
    asked : int
        How many different genes the file names.
    panel : Panel
        The genes of the store.
    """
    share = 100 * len(missing) / max(asked, 1)
    reason, code = missing_reason(missing, panel)
    message = (
        f"{path}: {len(missing):,} of {counted(asked, 'gene')} ({share:.3g} %) "
        f"{'is' if len(missing) == 1 else 'are'} not on the panel of {counted(len(panel), 'gene')} ({some(missing)})."
    )
    return InputError(" ".join(filter(None, (message, reason))), code=code)


def missing_reason(missing: Sequence[str], panel: Panel) -> tuple[str, str]:
    """Return a sentence on why genes may not be on the panel, perhaps empty, and the code of the error.

    Parameters
    ----------
    missing : sequence of str
        Names in a file.
    panel : Panel
        The genes of the store.
    """
    if not missing:
        return "", ""
    known = panel.left_out()
    left_out = [name for name in missing if name in known]
    if left_out:
        are = "was" if len(left_out) == 1 else "were"
        of_reason: dict[str, list[str]] = {}
        for name in left_out:
            of_reason.setdefault(known[name], []).append(name)
        which = "; ".join(f"{some(names, 3)}: {reason}" for reason, names in of_reason.items())
        return (
            f"{len(left_out):,} of the missing genes {are} left out when the store was made ({which}).",
            "genes-left-out",
        )
    theirs, ours = guess_vocabulary(missing), guess_vocabulary(panel.genes)
    if theirs and ours and theirs != ours:
        return f"These look like {theirs} and the panel like {ours}.", "genes-of-other-vocabulary"
    code = "genes-not-on-panel"
    if dates := spreadsheet_dates(missing):
        return f"Some look like dates that a spreadsheet made of gene names: {some(dates)}.", code
    if renamed := _renamed(missing, panel):
        return f"Symbols were renamed in 2020: {renamed[0][0]} is {renamed[0][1]} on the panel.", code
    if recased := _in_other_letters(missing, panel):
        name, gene = recased[0]
        return f"Upper and lower case matter: {name} may be {gene} ({len(recased):,} such names in all).", code
    return "", code


def without_fractions(genes: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return ids without the `.0` that a program gives whole numbers beside missing ones, and a note on it.

    Examples
    --------
    >>> without_fractions(("7157.0", "4193.0"))
    (('7157', '4193'), ('ids read as whole numbers, such as 7157.0 as 7157',))
    >>> without_fractions(("TP53", "7157.0"))
    (('TP53', '7157.0'), ())
    """
    changed = next((gene for gene in genes if gene.endswith(".0")), None)
    if changed is None or not all(re.fullmatch(r"\d+(\.0)?", gene) for gene in genes):
        return genes, ()
    whole = tuple(gene.removesuffix(".0") for gene in genes)
    return whole, (f"ids read as whole numbers, such as {changed} as {changed.removesuffix('.0')}",)


def spreadsheet_dates(names: Iterable[str]) -> list[str]:
    """Return names that look like dates, which spreadsheets make of genes: SEPT2 became 2-Sep.

    Examples
    --------
    >>> spreadsheet_dates(["TP53", "2-Sep", "2021-03-01", "1. Mrz", "2.31E+19", "SEPT2"])
    ['2-Sep', '2021-03-01', '1. Mrz', '2.31E+19']
    """
    names = list(names)
    numbers = [name for name in names if name.isdecimal()]
    serials = (
        {name for name in numbers if _SERIAL.fullmatch(name)} if 10 * len(numbers) < 2 * len(names) else set[str]()
    )
    return [name for name in names if _DATE.fullmatch(name) or name in serials]


def _renamed(missing: Iterable[str], panel: Panel) -> list[tuple[str, str]]:
    """Return names that the panel has under their symbols of 2020, and the other way round."""
    pairs = [(old, new) for pair in _RENAMED for old, new in (pair, pair[::-1])]
    spelt = [
        (name, new + name[len(old) :]) for name in missing for old, new in pairs if re.fullmatch(rf"{old}\d+", name)
    ]
    return [(name, other) for name, other in spelt if other in panel]


def _in_other_letters(missing: Sequence[str], panel: Panel) -> list[tuple[str, str]]:
    folded = panel.gene_names.in_any_case(missing)
    return [(name, folded[name.casefold()]) for name in missing if name.casefold() in folded]
