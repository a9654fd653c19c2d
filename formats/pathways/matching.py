"""Pathways of a file matched to a panel: loadings by gene, names that are missing, and what becomes of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...engine.errors import InputError
from ...engine.wording import counted, some
from ..genes.identifiers import missing_genes, missing_reason

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.choices import Missing, Normalize, Units
    from ...engine.network.panel import Panel
    from ..genes.identifiers import Matcher
    from ..models.gene_loadings import GeneLoadings

FEW_GENES = 5
SMALL_SHARE = 0.2
"""A pathway that lost genes is mentioned when fewer than this number, or than this share of them, are left."""


@dataclass(frozen=True, slots=True)
class Matched:
    """A pathway on the panel: loadings other than zero by index, genes that are not on it, and how many are."""

    name: str
    loadings: dict[int, float]
    missing: tuple[str, ...]
    members: int


def match_all(
    pathways: Sequence[GeneLoadings],
    matcher: Matcher,
    missing: Missing,
    path: Path,
    normalize: Normalize,
) -> list[Matched]:
    """Return pathways on the panel; with `missing` at "error", genes that are not on it are refused."""
    matched = [_match(pathway, matcher, normalize) for pathway in pathways]
    lost = dict.fromkeys(gene for pathway in matched for gene in pathway.missing)
    if lost and missing == "error":
        asked = {gene for pathway in pathways for gene in pathway.genes}
        raise missing_genes(path, list(lost), len(asked), matcher.panel)
    return matched


def leave_out_empty(
    matched: list[Matched], path: Path, panel: Panel, *, tied: bool, least: int
) -> tuple[list[Matched], tuple[str, ...], tuple[str, ...]]:
    """Return the pathways that have genes enough left, the names of the others, and a note on them."""
    few = [pathway for pathway in matched if pathway.loadings and pathway.members < least]
    if few and (tied or len(few) == sum(bool(pathway.loadings) for pathway in matched)):
        raise InputError(
            f"{path}: {some([pathway.name for pathway in few])} {'has' if len(few) == 1 else 'have'} fewer than "
            f"{counted(least, 'gene')} on the panel{', and none is left' if not tied else ''}.",
            code="pathways-too-small",
        )
    empty = [pathway for pathway in matched if pathway.missing and not pathway.loadings]
    if few:
        names = [pathway.name for pathway in few]
        matched, left_out, notes = leave_out_empty(
            [pathway for pathway in matched if pathway not in few], path, panel, tied=tied, least=0
        )
        note = f"{counted(len(few), 'pathway')} of fewer than {counted(least, 'gene')} on the panel left out: "
        return matched, (*names, *left_out), (note + some(names), *notes)
    if not empty:
        return matched, (), ()
    names = [pathway.name for pathway in empty]
    if tied or len(empty) == len(matched):
        raise InputError(
            f"{path}: no gene of {some(names)} is on the panel, such as {some(empty[0].missing, 3)}. "
            f"{missing_reason([gene for pathway in empty for gene in pathway.missing], panel)[0]}".strip(),
            code="pathway-without-genes",
        )
    others = [pathway for pathway in matched if pathway.loadings or not pathway.missing]
    note = f"{counted(len(empty), 'pathway')} without a gene on the panel left out: {some(names)}"
    return others, tuple(names), (note,)


def _match(pathway: GeneLoadings, matcher: Matcher, normalize: Normalize) -> Matched:
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
                f"Pathway {pathway.name} has two loadings for the gene {matcher.panel.names([index])[0]}: "
                f"as {names[index]} and as {name}.",
                hint="Keep one of the two rows.",
            )
        else:
            names[index], loadings[index] = name, loading
    members, loadings = len(loadings), _normalised(loadings, normalize)
    source = None if pathway.source is None else matcher.index(pathway.source)
    if source is not None and loadings:
        loadings[source] = 1.0  # +strength, whatever the file says of the source's effect on itself
    return Matched(pathway.name, loadings, tuple(missing), members)


def _normalised(loadings: dict[int, float], normalize: Normalize) -> dict[int, float]:
    """Return loadings scaled within their pathway."""
    if normalize == "none" or not loadings:
        return loadings
    sizes = np.abs(list(loadings.values()))
    if normalize == "rank":
        ranks = np.searchsorted(np.unique(sizes), sizes) + 1.0
        return {
            gene: math.copysign(rank / ranks.max(), loadings[gene]) for gene, rank in zip(loadings, ranks, strict=True)
        }
    size = float(sizes.max()) if normalize == "max" else float(np.linalg.norm(sizes))
    return {gene: loading / size for gene, loading in loadings.items()}


def refuse_large(
    matched: Sequence[Matched],
    matcher: Matcher,
    strength: float | None,
    path: Path,
    units: Units,
    variances: NDArray[np.float64] | None = None,
) -> None:
    """Refuse loadings of more than a standard deviation, as weights without a scale and tables of expression give.

    Parameters
    ----------
    matched : sequence of Matched
        D pathways.
    matcher : Matcher
        With the panel, whose deviations are those by which loadings in raw units are divided; where it has none, these
        are not judged.
    strength : float, optional
        What multiplies the loadings.
    path : Path
        The file.
    units : {"sd", "raw"}
        Of the loadings.
    variances : ndarray of float64, shape (D,), optional
        Of the pathways, where they have a covariance.

    Raises
    ------
    InputError
        The gene, the pathway and the loading are named.
    """
    deviations = matcher.panel.deviations
    if units == "raw" and deviations is None:
        return
    one: dict[int, float] = {}  # of genes whose deviation is the unit, and not 1
    if units == "raw" and deviations is not None:
        genes = np.unique(np.fromiter((gene for pathway in matched for gene in pathway.loadings), dtype=np.intp))
        one = dict(zip(genes.tolist(), deviations[genes].tolist(), strict=True))
    spreads = np.ones(len(matched)) if variances is None else np.sqrt(variances)
    scale = strength or 1.0
    loading, pathway, gene = max(
        (
            (abs(weight) * scale * float(spread) / one.get(gene, 1.0), pathway, gene)
            for pathway, spread in zip(matched, spreads, strict=True)
            for gene, weight in pathway.loadings.items()
        ),
        key=lambda item: item[0],
        default=(0.0, None, 0),
    )
    if loading <= 1.0 or pathway is None:
        return
    code = "loading-too-large" if strength is not None else "loading-too-large-as-given"
    code = "loading-too-large-raw" if units == "raw" else code
    name = matcher.panel.names([gene])[0]
    as_given = f" ({pathway.loadings[gene]:.3g} in units of the expression)" if units == "raw" else ""
    raise InputError(
        f"{path}: {name} would load {loading:.3g} standard deviations{as_given} on {pathway.name}: its variance would "
        f"grow {1 + loading**2:.3g}-fold.",
        code=code,
        facts={"strength": f"{0.1 / abs(pathway.loadings[gene]):.2g}"},
    )


def note_missing(matched: Sequence[Matched], panel: Panel) -> tuple[str, ...]:
    """Return notes on why genes are missing, and on pathways of which little is left."""
    missing = list(dict.fromkeys(gene for pathway in matched for gene in pathway.missing))
    reason, _ = missing_reason(missing, panel)
    small = [
        f"{pathway.name} ({pathway.members} of {pathway.members + len(pathway.missing)})"
        for pathway in matched
        if pathway.missing and pathway.loadings
        if pathway.members < FEW_GENES or pathway.members < SMALL_SHARE * (pathway.members + len(pathway.missing))
    ]
    notes = (reason.rstrip("."),) if reason else ()
    if small:
        notes += (f"{counted(len(small), 'pathway')} with few genes left on the panel: {some(small)}",)
    return notes


def note_regulators(pathways: Sequence[GeneLoadings], matcher: Matcher) -> tuple[str, ...]:
    """Return a note on regulators that are not on the panel: their regulons have no loading of their own."""
    absent = [pathway.source for pathway in pathways if pathway.source and matcher.index(pathway.source) is None]
    if not absent:
        return ()
    return (f"{counted(len(absent), 'regulator')} not on the panel, so that only targets load: {some(absent)}",)
