"""A network to draw: what is around genes and pathways of a version, or what changed between two versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from ...engine.errors import InputError
from ...engine.network.comparison.versions import compare
from ...engine.network.pairs.edge_rule import EdgeRule
from ...engine.network.pairs.edges import edges, edges_of_pairs, neighbors
from ...engine.network.pairs.partial_correlations import partial_correlations
from ...engine.network.pairs.strongest import ROUNDING
from ..links import active_additions, changed_links, links_of
from ..ranking import ranking_of, shared_ranking
from .drawn_network import MOST_EDGES, Line, drawn_network
from .layout import import_networkx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from ...engine.choices import Crossing, RankBy
    from ...engine.network.comparison.difference import Difference
    from ...engine.network.operators import SymmetricOperator
    from ...engine.network.pairs.edges import Edges
    from ...engine.network.pairs.partial_correlations import PairMeasure, PartialCorrelations
    from ...storage.repository import Repository
    from ..comparison.version_difference import VersionDifference
    from ..links import Links
    from .drawn_network import DrawnNetwork, EdgeKind

MOST_CROSSINGS = 10 * MOST_EDGES
"""Number of the largest changes among which those that are drawn are chosen."""

PARTNERS = 20
"""Partners of a gene, and links of a pathway, where no number is given."""

LINKS_OF_GENE = 5
"""Active pathways that a gene is linked to as a member, at the most."""

CROSSINGS: tuple[Crossing, ...] = ("gained", "lost", "sign_flipped")
"""What becomes of a pair that crosses the threshold, or zero between two strengths above it."""


def network_around(
    repo: Repository,
    rev: str,
    *,
    genes: Sequence[str] | None = None,
    pathways: Sequence[str] = (),
    top: int | None = None,
    rank_by: RankBy | None = None,
) -> DrawnNetwork:
    """Return the network around genes and pathways of a version; around nothing, its strongest edges.

    Around a gene are its strongest partners and the active pathways that load on it; around a pathway are its strongest
    links, half of them with genes that are no members. Of the pairs among all genes of the drawing, the strongest are
    edges too: as many as there are genes.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        The version.
    genes, pathways : sequence of str, optional
        What the network is around. A pathway that is subtracted has no activity, and no links.
    top : int, optional
        How many edges at the most; `MOST_EDGES` by default.
    rank_by : {"score", "rho", "clr"}, optional
        What edges are chosen by; see `ranking_of`.

    Raises
    ------
    NotFound
        A gene is not on the panel, or no such pathway is added in the version.
    InputError
        More than `MOST_EDGES` are asked for; or networkx is not installed.

    Notes
    -----
    O(p (K + r)) a gene or pathway; around nothing, a scan of all pairs in bands.
    """
    import_networkx()  # before seconds of numbers
    most = _checked(top)
    name, precision = repo.version(rev).name, repo.snapshot(rev).precision
    ranking = ranking_of(repo.base(rev), rank_by, threshold=None)
    measure = ranking.measure(lambda penalty: repo.snapshot(rev, penalty=penalty))
    if genes or pathways:
        focus = (*dict.fromkeys(repo.panel.locate(list(genes or ())).tolist()), *dict.fromkeys(pathways))
        lines = _around(repo, name, focus, most, precision, measure)
        size = len(_genes_of(lines))
    else:
        focus, size = (), len(repo.panel)
        lines = _lines(edges(precision, EdgeRule("top", most), ranked_by=measure))[:most]
    return drawn_network(
        repo.panel.genes,
        lines,
        focus,
        after=name,
        ranked_by=ranking.by,
        threshold=min((line.strength for line in lines if line.kind == "edge"), default=1.0),
        counts={"edge": size * (size - 1) // 2},
    )


def network_changes(
    repo: Repository,
    before: str,
    after: str,
    *,
    top: int | None = None,
    rank_by: RankBy | None = None,
    comparison: VersionDifference | None = None,
    progress: Callable[[float], None] | None = None,
) -> DrawnNetwork:
    """Return the network of what changed from one version to another.

    Edges are the pairs that are as strong as the p-th strongest of the earlier version. Drawn are those gained, lost
    and of another sign with the largest changes; the strongest edges of both versions among the genes of these; and the
    strongest links, with genes that are no members, of pathways that were added or dropped.

    Parameters
    ----------
    repo : Repository
        The store.
    before, after : str
        The versions.
    top : int, optional
        How many edges at the most; `MOST_EDGES` by default.
    rank_by : {"score", "rho", "clr"}, optional
        What edges are chosen by; see `shared_ranking`.
    comparison : VersionDifference, optional
        What changed, with `MOST_CROSSINGS` crossings, where that has been computed in the same order.
    progress : callable, optional
        Called now and then with the share of the comparison that is done, 0 to 1.

    Raises
    ------
    InputError
        More than `MOST_EDGES` are asked for; or networkx is not installed.

    Notes
    -----
    Two scans of all pairs, in bands; nothing p × p.
    """
    import_networkx()
    most = _checked(top)
    first, second = repo.version(before), repo.version(after)
    ranking = shared_ranking(repo.base(before), repo.base(after), rank_by, threshold=None)
    # Equal content is one network, and must not differ by the rounding of another anchor.
    names = (first.name, first.name if first.content == second.content else second.name)
    snapshots = [repo.snapshot(name) for name in names]
    correlations = [partial_correlations(snapshot.precision) for snapshot in snapshots]
    measures = [
        ranking.measure(lambda penalty, name=name: repo.snapshot(name, penalty=penalty)) or rho
        for name, rho in zip(names, correlations, strict=True)
    ]
    if comparison is None or comparison.crossings is None:
        rule, both = EdgeRule("top", len(repo.panel)), (measures[0], measures[1])
        earlier, later = snapshots
        difference = compare(
            earlier, later, rule, changes=MOST_CROSSINGS, only=CROSSINGS, ranked_by=both, progress=progress
        )
    else:
        difference = comparison.crossings
    gained, lost = changed_links(repo, first, second)
    links = sorted([*_links(gained, is_lost=False), *_links(lost, is_lost=True)], key=lambda link: -link.strength)
    links = links[: most // 3]
    crossings = _crossings(difference)
    some = [*links, *_of_each_kind(crossings, most - len(links) - most // 5)]
    kept = _in_both(some, difference, correlations, measures)[: most // 5]
    lines = [*_of_each_kind(crossings, most - len(links) - len(kept)), *kept, *links]
    counts: dict[EdgeKind, int] = {
        "gained": difference.gained,
        "lost": difference.lost,
        "sign_flipped": difference.sign_flipped,
        "kept": difference.before.edges - difference.lost - difference.sign_flipped,
    }
    return drawn_network(
        repo.panel.genes,
        lines,
        before=first.name,
        after=second.name,
        ranked_by=ranking.by,
        threshold=difference.threshold,
        counts=counts,
        other_base=first.base != second.base,
    )


def _checked(top: int | None) -> int:
    """Return how many edges are drawn at the most."""
    if top is not None and not 1 <= top <= MOST_EDGES:
        raise InputError(
            f"A drawing has 1 to {MOST_EDGES} edges, since more cannot be told apart: not {top}.",
            code="network-too-large-to-draw",
            facts={"most": MOST_EDGES},
        )
    return top or MOST_EDGES


def _around(
    repo: Repository,
    rev: str,
    focus: Sequence[int | str],
    most: int,
    precision: SymmetricOperator,
    measure: PairMeasure | None,
) -> list[Line]:
    """Return partners of the genes and links of the pathways in focus, then other edges among all of their genes."""
    each = max(1, min(PARTNERS, most * 2 // 3 // len(focus)))
    rule = EdgeRule("top", each)
    lines: list[Line] = []
    for gene in focus:
        if isinstance(gene, int):
            partners = neighbors(precision, gene, rule, ranked_by=measure).partners[:each]
            pairs = np.sort(np.stack([np.full(len(partners), gene), partners], axis=1), axis=1)
            lines += _lines(edges_of_pairs(precision, pairs, rule, ranked_by=measure))
    lines += _links_around(repo, rev, focus, each)
    lines = list({(line.source, line.target): line for line in lines}.values())[:most]
    genes = _genes_of(lines)
    among = edges_of_pairs(precision, _other_pairs(lines), EdgeRule("genes", len(genes)), ranked_by=measure)
    others = [line for line in _lines(among) if line.strength > ROUNDING]
    return [*lines, *others[: min(most - len(lines), len(genes))]]


def _links_around(repo: Repository, rev: str, focus: Sequence[int | str], each: int) -> list[Line]:
    """Return the strongest links of the pathways in focus, and of its genes with these, or else with their own."""
    additions, _ = active_additions(repo, rev)
    genes = [repo.panel.genes[gene] for gene in focus if isinstance(gene, int)]
    pathways = [pathway for pathway in focus if isinstance(pathway, str)]
    links: list[Line] = []
    for pathway in pathways:
        others = list(_links(links_of(repo, rev, additions, each // 2, name=pathway, members=False)))
        links += [*list(_links(links_of(repo, rev, additions, each, name=pathway)))[: each - len(others)], *others]
        for gene in genes:
            links += _links(links_of(repo, rev, additions, 1, name=pathway, gene=gene))
    if pathways or not additions:
        return links
    for gene in genes:
        own = [link for link in _links(links_of(repo, rev, additions, None, gene=gene)) if link.is_member]
        links += own[:LINKS_OF_GENE]
    return links


def _lines(listed: Edges) -> list[Line]:
    rows = zip(listed.pairs.tolist(), listed.rho.tolist(), listed.strength.tolist(), strict=True)
    return [Line(left, right, "edge", None, rho, abs(strength)) for (left, right), rho, strength in rows]


def _links(links: Links, *, is_lost: bool = False) -> Iterator[Line]:
    for link in links.links:
        sides = (link.rho, None) if is_lost else (None, link.rho)
        yield Line(links.pathways[link.pathway].name, link.gene, "link", *sides, abs(link.rho), link.member)


def _crossings(difference: Difference) -> list[Line]:
    rows = zip(difference.pairs.tolist(), difference, difference.strength.tolist(), strict=True)
    return [
        Line(left, right, cast("EdgeKind", change), before, after, max(abs(first), abs(second)))
        for (left, right), (_, _, before, after, change), (first, second) in rows
    ]


def _of_each_kind(lines: Sequence[Line], most: int) -> list[Line]:
    """Return the first lines, but of each kind a fifth of them where there are as many: what is rarer shows as well."""
    of_kind = [[index for index, line in enumerate(lines) if line.kind == kind] for kind in CROSSINGS]
    first = {index for indices in of_kind for index in indices[: most // 5]}
    chosen = sorted(range(len(lines)), key=lambda index: (index not in first, index))[:most]
    return [lines[index] for index in sorted(chosen)]


def _in_both(
    lines: Sequence[Line],
    difference: Difference,
    correlations: Sequence[PartialCorrelations],
    measures: Sequence[PairMeasure],
) -> list[Line]:
    """Return the edges of both versions among the genes of some lines, strongest first."""
    pairs = _other_pairs(lines)
    before, after = (measure.pairs(pairs) for measure in measures)
    weaker, stronger = np.minimum(abs(before), abs(after)), np.maximum(abs(before), abs(after))
    chosen = np.flatnonzero((weaker >= difference.threshold) & (np.signbit(before) == np.signbit(after)))
    chosen = chosen[np.argsort(-stronger[chosen], kind="stable")]
    rho = [rho.pairs(pairs[chosen]).tolist() for rho in correlations]
    rows = zip(pairs[chosen].tolist(), *rho, stronger[chosen].tolist(), strict=True)
    return [Line(left, right, "kept", *numbers) for (left, right), *numbers in rows]


def _genes_of(lines: Sequence[Line]) -> list[int]:
    return sorted({end for line in lines for end in (line.source, line.target) if isinstance(end, int)})


def _other_pairs(lines: Sequence[Line]) -> NDArray[np.intp]:
    """Return the pairs of genes of some lines that are no line themselves, shape (E, 2)."""
    genes = np.array(_genes_of(lines), dtype=np.intp)
    pairs = genes[np.stack(np.triu_indices(len(genes), 1), axis=1)]
    drawn = {(line.source, line.target) for line in lines}
    return pairs[[tuple(pair) not in drawn for pair in pairs.tolist()]]
