"""Files of pathways matched to a panel: gene sets, regulons and loading tables become engine values."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from ...engine.choices import Missing, Units
from ...engine.errors import InputError, NotFound, check_choice
from ...engine.network.covariance import check_pathway_covariance
from ...engine.network.pathway import Pathway
from ...engine.wording import counted, some
from ..files.plain_files import fingerprint, require_file
from ..genes.identifiers import Matcher, missing_genes
from ..models.covariances import symmetrise
from ..models.factor_models import read_pathway_covariance
from ..readers import READERS, find_reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.network.panel import Panel
    from ..models.gene_loadings import GeneLoadings, LoadingsFile

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
        What the file is: the name of a format of pathways, such as "gmt".
    strength : float, optional
        What the loadings were multiplied by; None for loading tables, which are taken as they are.
    units : {"sd", "raw"}
        What the loadings count.
    sha256 : str
        Of the file's bytes, in hex.
    notes : tuple of str
        What was decided while reading.
    path : Path
        The file.
    left_out : tuple of str
        Pathways that have no gene on the panel.
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


@dataclass(frozen=True, slots=True)
class _Matched:
    """A pathway on the panel: loadings other than zero by index, and the genes that are not on it."""

    name: str
    loadings: dict[int, float]
    missing: tuple[str, ...]


def read_pathways(
    path: str | Path,
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
) -> PathwayFile:
    """Return the pathways of a file, matched to a panel.

    Parameters
    ----------
    path : str or Path
        A GMT file, a regulon table, or a loading table (text or .npz).
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
        What the file is: "gmt", "regulon", "loadings", or "auto", which goes by its ending and its header.

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
    path = require_file(path)
    kind = detect_kind(path) if kind == "auto" else kind
    file: LoadingsFile = READERS["pathways"][kind].read(path)
    strength, units = _choose_scale(file, strength, units, pathway_covariance)
    covariance, notes = _choose_covariance(file, pathway_covariance, path)
    chosen = _choose(file, only, path)
    matched = _match_all([file.pathways[i] for i in chosen], Matcher(panel, aliases or {}), missing, path)
    matched, left_out, empty_notes = _leave_out_empty(matched, path, tied=covariance is not None)
    notes = (*notes, *empty_notes)
    if covariance is not None and len(chosen) < len(covariance):
        covariance = covariance[np.ix_(chosen, chosen)]
        notes = (*notes, f"the rows and columns of {len(chosen)} pathways are taken from the pathway covariance")
    pathways = _assemble(matched, covariance, scale=strength or 1.0, sign=-1 if subtract else 1, units=units)
    dropped = {pathway.name: pathway.missing for pathway in matched if pathway.missing}
    return PathwayFile(
        pathways, dropped, kind, strength, units, fingerprint(path), (*file.notes, *notes), path, left_out
    )


def detect_kind(path: Path) -> str:
    """Return what a file of pathways is, by its ending and its header.

    Raises
    ------
    InputError
        Neither says.
    """
    reader = find_reader("pathways", path)
    return next(kind for kind, other in READERS["pathways"].items() if other is reader)


def _choose_scale(
    file: LoadingsFile, strength: float | None, units: Units | None, covariance: str | Path | None
) -> tuple[float | None, Units]:
    """Return strength and units with their defaults, refusing what does not go with the kind of file."""
    if file.is_scaled:
        if strength is not None:
            raise InputError(
                f"A strength of {strength:g} was given, but loadings are taken as they are; scale them in the file."
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
        covariance, notes = read_pathway_covariance(source, names)
    elif file.covariance is not None:
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


def _match_all(pathways: Sequence[GeneLoadings], matcher: Matcher, missing: Missing, path: Path) -> list[_Matched]:
    matched = [_match(pathway, matcher) for pathway in pathways]
    lost = dict.fromkeys(gene for pathway in matched for gene in pathway.missing)
    if lost and missing == "error":
        asked = {gene for pathway in pathways for gene in pathway.genes}
        raise missing_genes(path, list(lost), len(asked), matcher.panel)
    return matched


def _leave_out_empty(
    matched: list[_Matched], path: Path, *, tied: bool
) -> tuple[list[_Matched], tuple[str, ...], tuple[str, ...]]:
    """Return the pathways that have a gene left, the names of the others, and a note on them."""
    empty = [pathway for pathway in matched if pathway.missing and not pathway.loadings]
    if not empty:
        return matched, (), ()
    names = [pathway.name for pathway in empty]
    if tied or len(empty) == len(matched):
        raise InputError(
            f"{path}: no gene of {some(names)} is on the panel, such as {some(empty[0].missing, 3)}.",
            code="pathway-without-genes",
        )
    others = [pathway for pathway in matched if pathway.loadings or not pathway.missing]
    note = f"{counted(len(empty), 'pathway')} without a gene on the panel left out: {some(names)}"
    return others, tuple(names), (note,)


def _match(pathway: GeneLoadings, matcher: Matcher) -> _Matched:
    loadings: dict[int, float] = {}
    names: dict[int, str] = {}
    missing: list[str] = []
    for name, loading in zip(pathway.genes, pathway.loadings.tolist(), strict=True):
        index = matcher.index(name) if loading != 0 else None
        if loading == 0:
            continue
        if index is None:
            missing.append(name)
        elif index in names and not pathway.is_set:
            raise InputError(
                f"Pathway {pathway.name} has two loadings for the gene {matcher.panel.genes[index]}: "
                f"as {names[index]} and as {name}.",
                hint="Keep one of the two rows.",
            )
        else:
            names[index], loadings[index] = name, loading
    source = None if pathway.source is None else matcher.index(pathway.source)
    if source is not None and loadings:
        loadings[source] = 1.0  # +strength, whatever the file says of the source's effect on itself
    return _Matched(pathway.name, loadings, tuple(missing))


def _assemble(
    matched: Sequence[_Matched],
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
