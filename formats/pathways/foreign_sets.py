"""Files of sets and networks that are known and not read: what each is, and the line that makes a readable one."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ..files.kinds import TEXT_KINDS, file_kind, pandas_call
from ..files.limits import NAMES_PACKING
from ..files.opening import open_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_LOOKED_AT = 4
"""Lines at the top by which a file is known."""

_MOST_TEXT = 1 << 16
"""Characters of a line by which a file is known."""


@dataclass(frozen=True, slots=True)
class ForeignSets:
    """A kind of file that is not read.

    Parameters
    ----------
    name : str
        What it is, with its article.
    way : str
        How to convert it; `{name}` is the file's name, `{read}` the call of pandas that reads it.
    opening : re.Pattern
        What its first lines begin with, or hold.
    """

    name: str
    way: str
    opening: re.Pattern[str]


_PANDAS = "In Python: import pandas; d = {read}"

FOREIGN_SETS = (
    ForeignSets(
        "MSigDB's file of XML",
        "Download the .gmt file of the same release. In Python: import xml.etree.ElementTree as x; "
        'open("sets.gmt", "w").writelines("\\t".join([s.get("STANDARD_NAME"), "na", *(s.get("MEMBERS_SYMBOLIZED") or '
        's.get("MEMBERS")).split(",")]) + "\\n" for s in x.parse("{name}").getroot())',
        re.compile(r"(?s)\s*(<\?xml.*)?<MSIGDB", re.IGNORECASE),
    ),
    ForeignSets(
        "a file of XML", "Write its sets as GMT: name, description and genes between tabs.", re.compile(r"<\?xml")
    ),
    ForeignSets(
        "a file of annotations (GPAD)", "Download the .gaf file, which has symbols.", re.compile(r"!gpad?-version")
    ),
    ForeignSets(
        "an ontology (OBO), which has terms and no genes",
        "The genes of its terms are in files of annotations (GAF), or in MSigDB's GMT.",
        re.compile(r"format-version:"),
    ),
    ForeignSets("a file of places in a genome (GFF)", "Sets are names and genes.", re.compile(r"##g[ft]f-version")),
    ForeignSets(
        "the table of motifs of pySCENIC (reg.csv), with several rows for a regulator",
        "In Python: import json, pyscenic.cli.utils; json.dump(dict((r.name, dict(r.gene2weight)) for r in "
        'pyscenic.cli.utils.load_signatures("{name}")), open("regulons.json", "w"))',
        re.compile(r"(?s).*\bTargetGenes\b.*\bRankAtMax\b"),
    ),
    ForeignSets(
        "scanpy's table of ranked genes, with several columns a group",
        _PANDAS + '; d = d[[c for c in d if c.endswith("_names")]].rename(columns=lambda c: c[:-6]); '
        'd.melt(var_name="set", value_name="gene").to_csv("sets.tsv", sep="\\t", index=False)',
        re.compile(r"[^\n]*_names\b[^\n]*_(scores|pvals|logfoldchanges)\b"),
    ),
    ForeignSets(
        "a base network of CellOracle, with a row for each peak of a gene and a column for each regulator",
        _PANDAS + '; d = d.drop(columns=[c for c in d if c == "peak_id" or c.startswith("Unnamed")])'
        '.groupby("gene_short_name").max().rename_axis("target"); d = d.reset_index()'
        '.melt("target", var_name="source"); d.query("value > 0")[["source", "target"]]'
        '.to_csv("regulons.tsv", sep="\\t", index=False)',
        re.compile(r"[^\n]*\bpeak_id\b[^\n]*\bgene_short_name\b"),
    ),
)
"""Every kind that is told by name; the first that fits counts."""

_UNDIRECTED = (
    re.compile(r"(official_symbol_|alt_ids_|ids?_?s?_?|symbol_|gene_?|protein_?|)interactor_?a(_.*)?"),
    re.compile(r"(node|protein|gene|symbol|partner|interactor|entity)_?(1|a)"),
)
"""Titles of the first of two names between which nothing says a direction."""

_OTHER = {"1": "2", "a": "b"}


def refuse_foreign_sets(path: Path) -> None:
    """Refuse a file that is known to be of another kind, by its first lines.

    Raises
    ------
    InputError
        The sentence says what it is, and the hint how to make a file that is read.
    """
    if file_kind(path) not in TEXT_KINDS:
        return
    with open_text(path, packing=NAMES_PACKING) as stream:
        text = "".join(line[:_MOST_TEXT] for line in itertools.islice(stream, _LOOKED_AT))
    for kind in FOREIGN_SETS:
        if kind.opening.match(text.lstrip("\ufeff")):
            raise InputError(
                f"{path} is {kind.name}.",
                hint=kind.way.replace("{name}", path.name).replace("{read}", pandas_call(path)),
            )


def undirected_columns(titles: Sequence[str]) -> tuple[int, int] | None:
    """Return the two columns of names of a table of undirected pairs, by titles as `title_key` writes them.

    Examples
    --------
    >>> undirected_columns(["node1", "node2", "combined_score"]), undirected_columns(["tf", "gene"])
    ((0, 1), None)
    """
    symbols = [i for i, title in enumerate(titles) if "symbol" in title]
    for column in (*symbols, *range(len(titles))):
        title = titles[column]
        if not any(pattern.fullmatch(title) for pattern in _UNDIRECTED):
            continue
        for one, two in _OTHER.items():
            other = re.sub(rf"(?<=interactor_){one}|(?<=interactor){one}|{one}$", two, title)
            if other != title and other in titles:
                return column, titles.index(other)
    return None
