"""Files of pathways matched to a panel: gene sets, regulons and loading tables become engine values."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from ...engine.choices import Missing, Normalize, Units
from ...engine.errors import InputError, NotFound, check_choice
from ...engine.network.covariance import check_pathway_covariance
from ...engine.network.pathway import Pathway
from ...engine.wording import some
from ..files.western import note_western
from ..genes.identifiers import Matcher
from ..readers import READERS
from ..sets.unassigned import leave_out_unassigned
from .matching import leave_out_empty, match_all, note_missing, note_regulators, refuse_large
from .reading import Asked, detect_kind, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.choices import UnknownSign
    from ...engine.network.panel import Panel
    from ..models.gene_loadings import LoadingsFile
    from .matching import Matched

__all__ = ("DEFAULT_STRENGTH", "PathwayFile", "detect_kind", "read_pathways")

DEFAULT_STRENGTH = 0.1
"""Loading of a gene of a set in standard deviations; larger overfits held-out samples, or hardly helps them."""


@dataclass(frozen=True, slots=True)
class PathwayFile:
    """The pathways of a file, on a panel.

    Parameters
    ----------
    pathways : tuple of Pathway
        In the order of the file. Columns tied by a pathway covariance stand together, where the first of them does.
    dropped : mapping of str to tuple of str
        For each pathway that lost any, the names of its genes that are not on the panel.
    kind : str
        What the file is: the name of a format of pathways, such as "gmt"; "dict" for a dictionary.
    strength : float, optional
        What the loadings were multiplied by; None for loading tables, which are taken as they are.
    units : {"sd", "raw"}
        What the loadings count.
    sha256 : str
        Of the file's bytes, in hex; empty for an object in memory.
    notes : tuple of str
        What was decided while reading.
    path : Path
        The file, or what stands for an object in memory.
    left_out : tuple of str
        Pathways that have no gene on the panel.
    normalize : {"none", "unit", "max", "rank"}
        How the weights of each pathway were scaled.
    choices : mapping of str to str
        Columns that were chosen, and what became of unknown signs, where that was said.
    """

    pathways: tuple[Pathway, ...]
    dropped: Mapping[str, tuple[str, ...]]
    kind: str
    strength: float | None
    units: Units
    sha256: str
    notes: tuple[str, ...]
    path: Path
    left_out: tuple[str, ...] = ()
    normalize: Normalize = "none"
    choices: Mapping[str, str] = field(default_factory=dict[str, str])


@note_western()
def read_pathways(
    source: Any,
    panel: Panel,
    *,
    only: Sequence[str] = (),
    strength: float | None = None,
    units: Units | None = None,
    missing: Missing = "error",
    aliases: Mapping[str, str] | None = None,
    subtract: bool = False,
    pathway_covariance: str | Path | None = None,
    kind: str = "auto",
    normalize: Normalize = "none",
    allow_large: bool = False,
    unknown_sign: UnknownSign = "error",
    sign_column: str | None = None,
    weight_column: str | None = None,
    gene_column: str | None = None,
    source_column: str | None = None,
    set_column: str | None = None,
    descriptions: bool | None = None,
    min_genes: int = 0,
    sheet: str | None = None,
) -> PathwayFile:
    """Return the pathways of a file, or of an object in memory, matched to a panel.

    Parameters
    ----------
    source : str, Path, DataFrame or dict
        A file of gene sets, a regulon table, or a loading table (text or .npz). A DataFrame of pandas is read by the
        rules of tables. A dictionary has genes by the names of sets, or weights of genes: {name: {gene: weight}}.
    panel : Panel
        The genes of the store.
    only : sequence of str
        Names of the pathways to read; all when empty.
    strength : float, optional
        Loading of a gene of a set, or of a target of weight one, in standard deviations; `DEFAULT_STRENGTH` when
        absent. Not for loading tables.
    units : {"sd", "raw"}, optional
        What the loadings of a loading table count; `raw` when absent. Sets and regulons count standard deviations.
    missing : {"error", "drop"}
        What to do with genes that are not on the panel.
    aliases : mapping of str to str, optional
        Other names of genes, as `read_aliases` gives them.
    subtract : bool
        Whether the pathways are taken away from the covariance.
    pathway_covariance : str or Path, optional
        F of the columns of a loading table. Columns tied by it become one pathway; a column that is not is scaled
        by the root of its own entry.
    kind : str
        What the file is: a name of `READERS["pathways"]`, such as "gmt", "sets", "regulon" or "loadings"; or "auto",
        which goes by its ending, its header and its first rows.
    normalize : {"none", "unit", "max", "rank"}
        How the weights of each pathway are scaled before `strength` multiplies them: not, to a sum of squares of 1, to
        a largest of 1, or to ranks, the largest being 1.
    allow_large : bool
        Whether a gene may load more than one standard deviation; loadings in raw units are compared with the panel's
        deviations, where it has them.
    unknown_sign, sign_column, weight_column, gene_column, source_column, set_column
        Of a table of regulons or sets: see `read_regulons`.
    descriptions : bool, optional
        Of a GMT or GMX file: whether the second field of a set is a description and no gene; decided by what stands
        there when absent.
    min_genes : int
        Pathways of which fewer genes are on the panel are left out.
    sheet : str, optional
        Of a workbook: the sheet to read. Without it, there must be one that holds something.

    Raises
    ------
    NotFound
        There is no such file, or no pathway of a name asked for.
    InputError
        The file cannot be read, an argument does not go with it, genes are not on the panel, a pathway has no gene
        left, two of its rows are one gene of the panel, or its loadings are not finite or all zero.
    NotPositiveDefinite
        The pathway covariance is none.
    """
    check_choice("missing", missing, get_args(Missing))
    check_choice("kind", kind, ("auto", *READERS["pathways"]))
    if units is not None:
        check_choice("units", units, get_args(Units))
    check_choice("normalisation", normalize, get_args(Normalize))
    options = {
        "unknown_sign": None if unknown_sign == "error" else unknown_sign,
        "sign_column": sign_column,
        "weight_column": weight_column,
        "gene_column": gene_column,
        "source_column": source_column,
        "set_column": set_column,
    }
    choices = {option: setting for option, setting in options.items() if setting is not None}
    matcher = Matcher(panel, aliases or {})
    is_set = strength is not None
    is_scaled = (units is not None and not is_set) or pathway_covariance is not None
    asked = Asked(kind, choices, sheet, is_scaled=is_scaled, is_set=is_set, descriptions=descriptions)
    path, kind, sha256, file = read_source(source, asked, matcher)
    file = leave_out_unassigned(path, file, only)
    if normalize != "none" and file.is_scaled and units != "sd":
        raise InputError(f"The loadings of {path} are in the units of the expression, and are not scaled.")
    strength, units = _choose_scale(file, strength, units, pathway_covariance)
    covariance, notes = _choose_covariance(file, pathway_covariance, path)
    chosen = _choose(file, only, path)
    matched = match_all([file.pathways[i] for i in chosen], matcher, missing, path, normalize)
    notes = (*notes, *note_regulators([file.pathways[i] for i in chosen], matcher), *note_missing(matched, panel))
    matched, left_out, empty_notes = leave_out_empty(matched, path, panel, tied=covariance is not None, least=min_genes)
    notes = (*notes, *empty_notes)
    if not allow_large:
        refuse_large(
            matched, matcher, strength, path, units, None if covariance is None else covariance[chosen, chosen]
        )
    if covariance is not None and len(chosen) < len(covariance):
        covariance = covariance[np.ix_(chosen, chosen)]
        notes = (*notes, f"the rows and columns of {len(chosen)} pathways are taken from the pathway covariance")
    pathways = _assemble(matched, covariance, scale=strength or 1.0, sign=-1 if subtract else 1, units=units)
    dropped = {pathway.name: pathway.missing for pathway in matched if pathway.missing}
    return PathwayFile(
        pathways, dropped, kind, strength, units, sha256, (*file.notes, *notes), path, left_out, normalize, choices
    )


def _choose_scale(
    file: LoadingsFile, strength: float | None, units: Units | None, covariance: str | Path | None
) -> tuple[float | None, Units]:
    """Return strength and units with their defaults, refusing what does not go with the kind of file."""
    if file.is_scaled:
        if strength is not None:
            raise InputError(
                f"A strength of {strength:g} was given, but loadings are taken as they are; scale them in the file.",
                code="strength-of-loadings",
            )
        return None, units or "raw"
    if units == "raw":
        raise InputError("Gene sets and regulons are in standard deviations; they have no raw units.")
    if covariance is not None:
        raise InputError(f"The pathway covariance {covariance} is for a loading table, not for gene sets or regulons.")
    strength = DEFAULT_STRENGTH if strength is None else strength
    if not (math.isfinite(strength) and strength > 0):
        raise InputError(f"A strength is a positive number, not {strength:g}.", code="strength-not-positive")
    return strength, "sd"


def _choose_covariance(
    file: LoadingsFile, source: str | Path | None, path: Path
) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    names = [pathway.name for pathway in file.pathways]
    if source is not None and file.covariance is not None:
        raise InputError(f"{path} holds a pathway covariance, and {source} is another.", hint="Keep one of them.")
    if source is not None:
        from ..models.factor_models import read_pathway_covariance

        covariance, notes = read_pathway_covariance(source, names)
    elif file.covariance is not None:
        from ..models.covariances import symmetrise

        covariance, notes = file.covariance.copy(), ()
        notes = symmetrise(covariance, tuple(names), path)
    else:
        return None, ()
    check_pathway_covariance(covariance, len(names))
    return covariance, notes


def _choose(file: LoadingsFile, only: Sequence[str], path: Path) -> list[int]:
    """Return the indices of the pathways asked for, in the order of the file."""
    names = [pathway.name for pathway in file.pathways]
    unknown = [name for name in only if name not in names]
    if unknown:
        folded = {name.casefold(): name for name in names}
        near = difflib.get_close_matches(unknown[0].casefold(), folded, n=3, cutoff=0.6)
        raise NotFound(
            f"{path} has no pathway named {unknown[0]!r}; it has {len(names):,}.",
            hint=f"Did you mean {', '.join(folded[name] for name in near)}?" if near else f"Such as {some(names)}.",
        )
    return [i for i, name in enumerate(names) if not only or name in only]


def _assemble(
    matched: Sequence[Matched],
    covariance: NDArray[np.float64] | None,
    *,
    scale: float,
    sign: Literal[1, -1],
    units: Units,
) -> tuple[Pathway, ...]:
    """Return one pathway a column, and one for all columns that a covariance ties together."""
    pathways: list[Pathway] = []
    for tied in _tied_columns(len(matched), covariance):
        columns = [matched[i] for i in tied]
        genes = sorted(set[int]().union(*(column.loadings for column in columns)))
        loadings = np.array([[column.loadings.get(gene, 0.0) for column in columns] for gene in genes])
        loadings = loadings.reshape(len(genes), len(columns)) * scale
        block = None if covariance is None else covariance[np.ix_(tied, tied)]
        if block is not None and len(tied) == 1:
            loadings, block = loadings * math.sqrt(block[0, 0]), None
        names = tuple(column.name for column in columns)
        pathways.append(Pathway(names, np.array(genes, dtype=np.intp), loadings, sign, units, block))
    return tuple(pathways)


def _tied_columns(count: int, covariance: NDArray[np.float64] | None) -> Iterable[list[int]]:
    """Return groups of columns between which the covariance is zero, in the order of their first."""
    if covariance is None:
        return [[i] for i in range(count)]
    groups = list(range(count))
    for i, j in np.argwhere(np.triu(covariance, 1)).tolist():
        lower, higher = sorted((groups[i], groups[j]))
        if lower != higher:
            groups = [lower if group == higher else group for group in groups]
    members: dict[int, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    return members.values()
