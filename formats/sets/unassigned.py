"""Names of sets that mean "no set": the grey of WGCNA, the noise of a clustering, genes that are not assigned."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.wording import counted, some

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..models.gene_loadings import GeneLoadings, LoadingsFile

_NO_SET = re.compile(
    r"(un|not?[ _.-]?|non[ _.-]?)(assigned|classified|clustered|grouped)(([ _.-](genes?|module|cluster))?)|"
    r"no[ _.-](module|cluster|set|group)|noise|nicht[ _.-]zugeordnet|no[ _.-]asignad[oa]s?|"
    r"non[ _.-]assign[eé]e?s?|未分配",
    re.IGNORECASE,
)
"""Names that say that genes belong to no set."""

_MODULE = r"(ME|kME|M|module|modul)?[ _.-]?"
_GREY = re.compile(_MODULE + r"gr[ea]y([ _.-]?module)?", re.IGNORECASE)
_COLOUR = re.compile(
    _MODULE + r"(light|dark|medium|midnight|pale|deep|hot|dodger|corn|lawn|spring|forest|cadet|powder|alice)?"
    r"(yellow|green|steel|sky|slate|sea|olive|violet|navajo|antique|floral|saddle|indian|orange|royal|blue)?"
    r"(turquoise|blue|brown|yellow|green|red|black|pink|magenta|purple|tan|salmon|cyan|gr[ea]y60|gr[ea]y|orange|white|"
    r"violet|plum|ivory|bisque|thistle|maroon|lavender(blush)?|honeydew|coral|sienna|firebrick|mistyrose|wheat|"
    r"orchid|tomato|khaki|gold|beige|lime|navy|chocolate|aquamarine|burlywood|peru|rosybrown)\d*([ _.-]?module)?|"
    r"[\w.-]*?[_.-]?M\d+",  # as hdWGCNA renames modules, all but the grey one
    re.IGNORECASE,
)
_MINUS_ONE = re.compile(r"-1(\.0+)?")
_WHOLE = re.compile(r"\d+(\.0+)?")


def leave_out_unassigned(path: Path, file: LoadingsFile, only: Sequence[str] = ()) -> LoadingsFile:
    """Return gene sets without those whose names mean that their genes belong to none, with a note on them.

    They are: words such as `unassigned`; the `grey` of WGCNA, where other sets have the names of its colours; and −1
    beside 0, 1, 2, as clusterings number noise. A plain 0 is a cluster like others. Regulons and loadings stay.

    Parameters
    ----------
    path : Path
        The file, for errors.
    file : LoadingsFile
        What it holds.
    only : sequence of str
        Names of sets that are asked for: where there are any, nothing is left out.

    Raises
    ------
    InputError
        The sets are −1, 0 and 1: these may be clusters, or directions of change.
    """
    sets = [pathway for pathway in file.pathways if pathway.source is None]
    if only or file.is_scaled or len(sets) < len(file.pathways):
        return file
    names = [pathway.name.strip() for pathway in sets]
    unassigned = _unassigned(names)
    if not unassigned or len(unassigned) == len(sets):
        return file
    if {_number(name) for name in names} == {"-1", "0", "1"}:
        raise InputError(
            f"The sets of {path} are -1, 0 and 1: these may be clusters, of which -1 is that of no cluster, or "
            "directions of change, of which 0 is none.",
            code="clusters-or-directions",
        )
    out = [pathway for pathway, name in zip(sets, names, strict=True) if name in unassigned]
    left = tuple(pathway for pathway, name in zip(sets, names, strict=True) if name not in unassigned)
    return replace(file, pathways=left, notes=(*file.notes, _note(out)))


def _unassigned(names: Sequence[str]) -> set[str]:
    """Return the names that mean "no set" among others."""
    words = {name for name in names if _NO_SET.fullmatch(name)}
    grey = {name for name in names if _GREY.fullmatch(name)}
    others = [name for name in names if name not in words | grey]
    if others and 2 * sum(bool(_COLOUR.fullmatch(name)) for name in others) >= len(others):
        words |= grey
    if any(_number(name) == "0" for name in names) and all(
        _WHOLE.fullmatch(name) or _MINUS_ONE.fullmatch(name) or name in words for name in names
    ):
        words |= {name for name in names if _MINUS_ONE.fullmatch(name)}
    return words


def _number(name: str) -> str:
    return re.sub(r"\.0+$", "", name)


def _note(sets: Sequence[GeneLoadings]) -> str:
    genes = sum(len(pathway.genes) for pathway in sets)
    listed = some([repr(pathway.name) for pathway in sets], 3)
    its = "its genes belong" if len(sets) == 1 else "their genes belong"
    return f"{listed} ({counted(genes, 'gene')}) left out: by the name, {its} to no set; it can be asked for by name"
