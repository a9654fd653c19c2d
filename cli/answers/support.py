"""The answer of `grn support`, and the lines of a version that tell the support of its pathways."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ...engine.errors import GrnError
from ...engine.wording import counted, printable
from .. import output
from . import versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...analysis.support import PathwaySupport, Support
    from ...engine.network.pathway import Pathway
    from ...storage.repository import Repository


def text(support: Support, *, fitted: bool) -> str | None:
    """Return the table for people."""
    if not len(support):
        return None
    decoys = support.pathways[0].decoys
    titles = (
        "pathway", "sign", "genes", "nats a sample", "standard error", f"rank of {decoys + 1}", "decoys' median",
        "strength",
    )  # fmt: skip
    subtracted = any(pathway.sign < 0 for pathway in support)
    table = [
        (
            pathway.name,
            versions.sign_text(pathway.sign) if subtracted else None,
            pathway.genes,
            _two_decimals(pathway.nats),
            _two_decimals(pathway.error),
            pathway.rank,
            _two_decimals(pathway.decoys_median),
            _two_decimals(pathway.strength) if fitted else None,
        )
        for pathway in support
    ]
    return output.table(*output.without_empty_columns(titles, table))


def notes(support: Support, name: str, *, fitted: bool, by_component: bool) -> Iterator[str]:
    """Yield what the numbers mean, and what they license."""
    if not len(support):
        return
    sample, group = ("contrast", "part") if support.adjusted else ("sample", "group")
    yield (
        f"Each pathway alone on the base of {name} at λ = {support.intensity:.4g}; "
        f"{counted(support.samples, sample)} held out in turn, the standard error over "
        f"{counted(support.groups, group)}."
    )
    if fitted:
        yield (
            "Strength: the factor of all loadings that predicts best within the samples that are not held out, in the "
            "mean over those that are."
        )
    if by_component:
        yield (
            "Loadings: not the pathway's own, but the first principal component of its genes in the samples that are "
            "not held out."
        )
    if support.caution:
        yield support.caution
    if len(support) == 1:
        yield f"{printable(support.pathways[0].name)} {sentence(support.pathways[0])}."
    elif decoys := support.pathways[0].decoys:
        first = sum(pathway.rank == 1 for pathway in support)
        yield (
            f"{first:,} of {counted(len(support), 'pathway')} predict better than all {decoys:,} decoys of the same "
            f"variances and mean correlation; by chance about {len(support) / (decoys + 1):.2g} would."
        )


def sentence(support: PathwaySupport) -> str:
    """Return what the support of a pathway licenses one to write, without its name."""
    if not math.isfinite(support.nats):
        return "takes more variance away than the samples not held out leave"
    better = "better" if support.nats >= 0 else "worse"
    return (
        f"predicts held-out samples {better} by {_measure(abs(support.nats), support.error)} nats each"
        f"{_than_decoys(support, '; better than')}"
    )


def lines(repo: Repository, rev: str, pathways: Sequence[Pathway]) -> list[str]:
    """Return a line for each pathway that a version adds; none where its support is not to be had at once."""
    try:
        if repo.base(rev).expression is None:
            return []
        from ...analysis.support import FEW, quick_support  # with estimators

        if len(pathways) > FEW:
            return [f"support: `grn support` has that of {len(pathways):,} pathways"]
        supports = quick_support(repo, rev, pathways)
    except (GrnError, OSError):  # the version is there whether or not its pathways can be judged
        return []
    return [_line(support, alone=len(pathways) == 1) for support in supports or ()]


def json(support: Support, **named: Any) -> dict[str, Any]:
    """Return the fields beside the pathways as the JSON contract has them."""
    return {
        "lambda": support.intensity,
        "lambda_variance": support.variance_intensity,
        "samples": support.samples,
        "groups": support.groups,
        **named,
        "count": len(support),
    }


def _line(support: PathwaySupport, *, alone: bool) -> str:
    title = "support" if alone else f"support of {printable(support.name)}"
    if not math.isfinite(support.nats):
        return f"{title}: it {sentence(support)}"
    return f"{title}: {_measure(support.nats, support.error)} nats a sample{_than_decoys(support, ', better than')}"


def _than_decoys(support: PathwaySupport, better: str) -> str:
    if support.rank is None:
        return ""
    return f"{better} {support.decoys + 1 - support.rank:,} of {counted(support.decoys, 'decoy')}"


def _measure(nats: float, error: float) -> str:
    return f"{_two_decimals(nats)} ± {_two_decimals(error)}"


def _two_decimals(value: float | None) -> str | None:
    if value is None:
        return None
    return f"{round(value, 2) + 0.0:.2f}" if math.isfinite(value) else "–"
